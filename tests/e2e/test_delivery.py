"""Delivery through AWS: subscribers, rules, dead letters, duplicates. Runs against the deployed emulator."""

import json
import uuid
from datetime import datetime, timedelta

import pytest

from aws import attribute
from client import ON_ACCOUNT, eventually, fresh, place, steadily

PROJECTIONS = ["OrderSummary", "CustomerSummary", "DailySales"]
SHIPMENT = {"carrier": "DHL", "trackingNumber": "00340434161094021501"}


def about(order):
    return lambda message: order in message["Body"]


def events_of(api, order):
    return api.get(f"/v1/orders/{order}/events").body["items"]


def published(event):
    """What other services get of a stored event: neither its actor nor its command key."""
    internal = ("actor", "commandKey")
    return {**event, "metadata": {name: it for name, it in event["metadata"].items() if name not in internal}}


def is_in_its_view(api, order, version=1):
    eventually(lambda: api.get(f"/v1/orders/{order}"),
               lambda a: a.status == 200 and a.headers["served-from"] == "view" and a.body["version"] >= version,
               f"the view of {order}")


def test_a_subscriber_gets_only_what_its_filter_matches(api, aws):
    with aws.subscriber({"eventType": ["OrderConfirmed"], "aggregateType": ["Order"]}) as queue:
        order = place(api)
        assert api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT).status == 200
        assert api.post(f"/v1/orders/{order}/ship", SHIPMENT).status == 200
        [message] = aws.arrives(queue, about(order), "the confirmation")
        # The message is the stored event, without what is internal.
        assert json.loads(message["Body"]) == published(events_of(api, order)[1])
        attributes = {name: attribute(message, name) for name in message["MessageAttributes"]}
        assert attributes == {"eventType": "OrderConfirmed", "aggregateType": "Order", "schemaVersion": "1"}
        is_in_its_view(api, order, 3)
        steadily(lambda: aws.take(queue, about(order)), lambda found: found == [], 2, "no other message")


def test_a_subscriber_can_filter_by_a_range_of_schema_versions(api, aws):
    with aws.subscriber({"schemaVersion": [{"numeric": [">=", 1, "<", 2]}], "aggregateType": ["Order"]}) as queue:
        order = place(api)
        [message] = aws.arrives(queue, about(order), "the order")
    assert message["MessageAttributes"]["schemaVersion"]["DataType"] == "Number"


def test_a_rule_gets_the_cloud_event(api, aws):
    with aws.rule({"detail-type": ["OrderCreatedIntegrationEvent"], "source": ["dekigoto.orders"]}) as queue:
        order = place(api)
        assert api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT).status == 200
        [message] = aws.arrives(queue, about(order), "the integration event")
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == ("dekigoto.orders", "OrderCreatedIntegrationEvent")
    cloud_event, placed = event["detail"], events_of(api, order)[0]
    assert cloud_event["specversion"] == "1.0"
    assert cloud_event["source"] == "dekigoto.orders"
    assert cloud_event["type"] == "jp.dekigoto.orders.OrderCreated.v1"
    assert cloud_event["subject"] == f"Order/{order}"
    assert cloud_event["sequence"] == "0000000000000000001"
    assert "commandKey" not in message["Body"] and "actor" not in message["Body"]
    # One domain event makes one integration event, so a subscriber can recognise a duplicate.
    assert cloud_event["id"] == placed["eventId"]
    assert cloud_event["data"]["orderId"] == order


def test_a_refund_of_a_cancelled_order_is_requested_on_the_bus_once(api, aws):
    with aws.rule({"detail-type": ["RefundRequestedIntegrationEvent"]}) as queue:
        order, reference = place(api), fresh("psp")
        payment = {"reference": reference, "amount": 3000, "currency": "JPY", "outcome": "captured"}
        assert api.post(f"/v1/orders/{order}/payments", payment).status == 201
        assert api.post(f"/v1/orders/{order}/cancel", {"reason": "ordered twice"}).status == 200
        [message] = aws.arrives(queue, about(order), "the request for a refund")
        data = json.loads(message["Body"])["detail"]["data"]
        assert (data["orderId"], data["reference"], data["amount"], data["reason"]) == (order, reference, 3000, "cancelled")
        steadily(lambda: aws.take(queue, about(order)), lambda found: found == [], 2, "no second request")


def test_an_unpaid_order_is_cancelled_when_its_deadline_is_due(api, aws):
    with aws.payment_seconds(2):
        order = place(api)

        def status():
            aws.tick()
            return api.get(f"/v1/orders/{order}", minVersion=1).body.get("status")

        eventually(status, lambda found: found == "cancelled", f"{order} is cancelled")
    assert [event["eventType"] for event in events_of(api, order)] == ["OrderPlaced", "OrderCancelled"]
    assert events_of(api, order)[1]["metadata"]["actor"] == "policy:fulfilment"


def test_another_stack_finds_the_topic_and_the_bus_by_parameters(aws):
    read = lambda name: aws.ssm.get_parameter(Name=f"/{aws.state['stack']}/{name}")["Parameter"]["Value"]
    assert read("topic-arn") == aws.outputs["TopicArn"]
    assert (read("bus-name"), read("bus-arn")) == (aws.outputs["BusName"], aws.outputs["BusArn"])
    assert read("event-source") == "dekigoto.orders"


@pytest.mark.parametrize("view", PROJECTIONS)
@pytest.mark.parametrize("poison", ["not json", '{"hello":"world"}'], ids=["not JSON", "JSON of another kind"])
def test_a_poison_message_is_parked_with_its_reason_and_its_neighbours_are_applied(api, aws, view, poison):
    queue, dlq = aws.queue_url(f"{view}Queue"), aws.queue_url(f"{view}Dlq")
    body = f"{poison} " if poison.startswith("{") else f"{poison} {fresh('poison')}"
    already = len(aws.take(dlq, lambda message: message["Body"] == body))
    aws.sqs.send_message(QueueUrl=queue, MessageBody=body)
    customer = fresh("c")
    order = place(api, customer)
    [message] = aws.arrives(dlq, lambda message: message["Body"] == body, f"the poison, beside {already} older ones")
    assert attribute(message, "reason")
    assert attribute(message, "function")
    is_in_its_view(api, order)
    eventually(lambda: api.get(f"/v1/customers/{customer}/summary").status, lambda status: status == 200, "the summary")
    aws.drained(queue)


def test_a_poison_commit_is_parked_with_its_reason_and_its_neighbours_are_published(api, aws):
    dlq, table = aws.queue_url("PublisherDlq"), aws.outputs["EventTableName"]
    broken = str(uuid.uuid4())
    key = {"pk": {"S": f"Order#{broken}"}, "sk": {"N": "1"}}
    with aws.subscriber({"eventType": ["OrderPlaced"]}) as queue:
        before = place(api)
        aws.dynamodb.put_item(TableName=table, Item={**key, "ev": {"S": "nonsense"}})
        after = place(api)
        for order in (before, after):
            aws.arrives(queue, about(order), f"order {order}")
    [message] = aws.arrives(dlq, about(broken), "the poison commit")
    assert attribute(message, "reason")
    # Parked as a pointer, it is published after the fix by a redrive to the retry queue.
    assert json.loads(message["Body"])["stream"] == {"aggregateType": "Order", "aggregateId": broken}
    assert attribute(message, "function") == "publisher"
    assert aws.depth(aws.queue_url("PublisherStreamDlq")) == 0, "no record was given up"


def test_a_change_of_history_is_parked(api, aws):
    dlq, table = aws.queue_url("PublisherDlq"), aws.outputs["EventTableName"]
    order = place(api)
    is_in_its_view(api, order)
    key = {"pk": {"S": f"Order#{order}"}, "sk": {"N": "1"}}
    # Only the account's root can do this; no function's role can (see test_access).
    aws.dynamodb.update_item(TableName=table, Key=key, UpdateExpression="SET act = :a",
                             ExpressionAttributeValues={":a": {"S": "somebody else"}})
    [modified] = aws.arrives(dlq, about(order), "the changed commit")
    aws.dynamodb.delete_item(TableName=table, Key=key)
    [removed] = aws.arrives(dlq, about(order), "the removed commit")
    for message in (modified, removed):
        assert attribute(message, "reason")


def test_a_pointer_in_the_retry_queue_is_published_from_the_store(api, aws):
    order = place(api)
    is_in_its_view(api, order)
    with aws.subscriber({"eventType": ["OrderPlaced"]}) as queue:
        pointer = {"stream": {"aggregateType": "Order", "aggregateId": order}, "ordinal": 1}
        aws.sqs.send_message(QueueUrl=aws.queue_url("PublisherRetryQueue"), MessageBody=json.dumps(pointer))
        [message] = aws.arrives(queue, about(order), "the event, published again")
    assert json.loads(message["Body"]) == published(events_of(api, order)[0])


def test_a_pointer_reaches_only_the_targets_that_it_names(api, aws):
    everything = {"source": ["dekigoto.orders"]}
    with aws.rule(everything) as copies, aws.subscriber({"eventType": ["OrderPlaced"]}) as queue:
        order = place(api)
        aws.arrives(copies, about(order), "the event on the bus")
        aws.arrives(queue, about(order), "the event on the topic")
        pointer = {"stream": {"aggregateType": "Order", "aggregateId": order}, "ordinal": 1, "targets": ["bus"]}
        aws.sqs.send_message(QueueUrl=aws.queue_url("PublisherRetryQueue"), MessageBody=json.dumps(pointer))
        aws.arrives(copies, about(order), "the event on the bus, once more")
        steadily(lambda: aws.take(queue, about(order)), lambda found: found == [], 2, "the topic hears nothing")


def test_a_time_window_is_published_again(api, aws):
    order = place(api)
    is_in_its_view(api, order)
    at = datetime.fromisoformat(events_of(api, order)[0]["occurredAt"])
    stamp = lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    window = {"from": stamp(at), "to": stamp(at + timedelta(milliseconds=1))}
    with aws.subscriber({"eventType": ["OrderPlaced"]}) as queue:
        answer = aws.__getattr__("lambda").invoke(FunctionName=f"{aws.outputs['PublisherFunctionName']}:live",
                                                  Payload=json.dumps({"republish": window}))
        said = json.loads(answer["Payload"].read())
        assert said["next"] is None and said["pointers"] >= 1, said
        aws.arrives(queue, about(order), "the event, once more")


def test_a_poison_pointer_is_parked_with_its_reason(aws):
    lost = str(uuid.uuid4())
    pointer = {"stream": {"aggregateType": "Order", "aggregateId": lost}, "ordinal": 1}
    aws.sqs.send_message(QueueUrl=aws.queue_url("PublisherRetryQueue"), MessageBody=json.dumps(pointer))
    [message] = aws.arrives(aws.queue_url("PublisherDlq"), about(lost), "the pointer to nothing")
    assert attribute(message, "reason")


def test_duplicates_change_no_view(api, aws):
    customer = fresh("c")
    order = place(api, customer, currency="SEK")
    paid = api.post(f"/v1/orders/{order}/payments",
                    {"reference": fresh("psp"), "amount": 3000, "currency": "SEK", "outcome": "captured"})
    assert paid.status == 201
    assert api.post(f"/v1/orders/{order}/cancel", {"reason": "ordered twice"}).status == 200
    day = eventually(lambda: api.get(f"/v1/orders/{order}"),
                     lambda a: a.status == 200 and a.body["version"] == 2 and a.body["paidAmount"] == 3000,
                     "the view").body["placedAt"][:10]

    def views():
        sales = api.get("/v1/sales/daily", **{"from": day, "to": day}).body["items"]
        return (api.get(f"/v1/orders/{order}").body, api.get(f"/v1/customers/{customer}/summary").body,
                [item for item in sales if item["currency"] == "SEK"])

    settled = eventually(views, lambda seen: seen[1].get("cancelledCount") == 1 and seen[2] and
                         seen[2][0]["cancelledCount"] > 0, "all views")
    for view in PROJECTIONS:
        queue = aws.queue_url(f"{view}Queue")
        for event in events_of(api, order)[::-1] * 3:
            aws.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(event))
    for view in PROJECTIONS:
        aws.drained(aws.queue_url(f"{view}Queue"))
        assert aws.take(aws.queue_url(f"{view}Dlq"), about(order)) == [], "a duplicate is not a dead letter"
    assert views() == settled
