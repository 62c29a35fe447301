"""The drills of infra/runbook.md on the local AWS, as far as it goes. `make drill-restore`, `make drill-bus` and
`make drill-rollback` run one each."""

import json
import time

from client import ON_ACCOUNT, eventually, fresh, place
from stack import Stack, carry_over, with_recovery
from test_delivery import about, is_in_its_view
from test_ops import AGREED, ATTENTION, FINE, VIEWS

SHIPMENT = {"carrier": "DHL", "trackingNumber": "0034"}


def timed(what, call):
    began = time.monotonic()
    result = call()
    print(f"  {what}: {time.monotonic() - began:.1f} s")
    return result


def test_drill_restore(api, aws, ops):
    """The event table is lost. It is restored as another table, which is attached; old orders are read and go on."""
    orders = [place(api) for _ in range(5)]
    for order in orders:
        is_in_its_view(api, order)
    old, new = aws.outputs["EventTableName"], fresh("restored")
    stack = Stack(aws)
    with_recovery(aws)
    code, said = ops("restore", "--table", new)
    assert (code, said["changed"]) == (FINE, False), "a dry run"
    try:
        code, said = timed("restore", lambda: ops("restore", "--table", new, *AGREED))
        assert code in (FINE, ATTENTION) and said["checked"]["different"] == 0 and said["checked"]["same"] >= 5, said
        assert len(said["plan"]) == 6
        again = ops("restore", "--table", new, *AGREED)[1]
        assert again["checked"]["same"] == said["checked"]["same"], "repeating it is safe"
        before = aws.dynamodb.scan(TableName=old, Select="COUNT")["Count"]
        with stack.on_table(old, new):
            # From the store, not from a view.
            read = lambda: [api.get(f"/v1/orders/{it}", atVersion=1).status for it in orders]
            timed("reads from the restored table", lambda: eventually(read, lambda all_: all_ == [200] * 5, "old orders"))
            goes_on = lambda: api.post(f"/v1/orders/{orders[0]}/confirm", ON_ACCOUNT).status
            assert goes_on() == 200
            is_shown = lambda: is_in_its_view(api, orders[0], 2)
            timed("an old order goes on, and its view shows it", is_shown)
            new_one = place(api)
            is_in_its_view(api, new_one)
        assert aws.dynamodb.scan(TableName=old, Select="COUNT")["Count"] == before, "nothing was written to the old table"
        # The views have counted what was committed meanwhile.
        carry_over(aws, new, old)
    finally:
        aws.dynamodb.delete_table(TableName=new)
    for view in VIEWS:
        code, said = ops("verify", view, "--all")
        # The tests before this one may have damaged commits.
        assert [it for it in said["differences"] if "event store" not in it["row"]] == [], said
    is_live_again = lambda: api.get(f"/v1/orders/{orders[1]}", atVersion=1).status
    eventually(is_live_again, lambda status: status == 200, "the old table is attached again")


def test_drill_bus(api, aws, ops):
    """The region's bus refuses everything for a while (an hour in the runbook, seconds here)."""
    stack = Stack(aws)
    retry = aws.queue_url("PublisherRetryQueue")
    usual = aws.sqs.get_queue_attributes(QueueUrl=retry, AttributeNames=["VisibilityTimeout"])["Attributes"]
    aws.sqs.set_queue_attributes(QueueUrl=retry, Attributes={"VisibilityTimeout": "5"})
    deaf = {"Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": "events:PutEvents", "Resource": "*"}]}
    role = stack.role(aws.outputs["PublisherFunctionName"])
    try:
        with aws.subscriber({"eventType": ["OrderPlaced"]}) as topic, aws.rule({"source": ["dekigoto.orders"]}) as bus:
            with stack.policy(role, deaf):
                orders = [place(api) for _ in range(3)]
                for order in orders:
                    # The topic and the views do not suffer with the bus.
                    is_in_its_view(api, order)
                    aws.arrives(topic, about(order), "on the topic")
                waits = lambda: ops("status")[1]
                is_waiting = lambda said: any(it["name"] == "publisher" and it["waiting"] + it["inFlight"] >= 1 for it in said["hops"])
                timed("status shows what waits", lambda: eventually(waits, is_waiting, "pointers wait"))
                assert aws.take(bus, lambda _: True) == [], "the bus is deaf"
            for order in orders:
                timed("on the bus after the outage", lambda: aws.arrives(bus, about(order), "on the bus"))
            assert aws.take(topic, lambda it: any(order in it["Body"] for order in orders)) == [], "no duplicate on the topic"
            aws.drained(retry)
    finally:
        aws.sqs.set_queue_attributes(QueueUrl=retry, Attributes=usual)
    assert ops("dlq", "list", "--queue", "publisher")[1]["letters"] == 0


def test_drill_rollback(api, aws, ops):
    """A bad deployment of a projector: it cannot start. Nothing is lost, and the version before applies what waited."""
    stack = Stack(aws)
    function = aws.outputs["OrderSummaryFunctionName"]
    queue = aws.queue_url("OrderSummaryQueue")
    aws.drained(queue)
    usual = aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    aws.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "5"})
    try:
        with stack.settings([function], VIEW="no-such-view"):
            order = place(api)
            waits = lambda: aws.depth(queue)
            timed("its message waits", lambda: eventually(waits, lambda depth: depth >= 1, "the message waits"))
            assert api.get(f"/v1/orders/{order}").status in (200, 404)
            # A client that says which version it knows is served from the store.
            assert api.get(f"/v1/orders/{order}", minVersion=1).status == 200
            assert ops("trace", order)[0] == ATTENTION, "the trace names the view that lacks it"
        timed("the view shows it after the rollback", lambda: is_in_its_view(api, order))
        aws.drained(queue)
    finally:
        aws.sqs.set_queue_attributes(QueueUrl=queue, Attributes=usual)
    letters = ops("dlq", "list", "--queue", "order-summary")[1]
    assert order not in json.dumps(letters), "nothing was dead-lettered"
    assert ops("trace", order)[0] == FINE
