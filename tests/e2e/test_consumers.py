"""The sample consumers beside the deployed stack: one shipment for each confirmed order, whatever the queue brings.

`make e2e-consumers` deploys them, the one in Python in another account.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from aws import Aws
from client import ON_ACCOUNT, eventually, fresh, place, steadily
from conftest import ROOT, deployed
from test_delivery import events_of, published
from test_ops import ATTENTION, FINE, ops  # noqa: F401  (a fixture)

MESSAGES = ROOT / "infra" / "consumers" / "messages" / "topic-twice-shuffled.jsonl"
DEPLOYED = deployed().get("consumers", {})
OTHER_ACCOUNT = "222222222222"
ORDERS, COPIES = 5, 3
# Failed messages come again soon. The samples wait 180 s, which a test cannot.
SOON = "1"

pytestmark = pytest.mark.skipif(not DEPLOYED, reason="no consumer is deployed: run make e2e-consumers")


@dataclass
class Consumer:
    """A deployed sample, seen from its own account."""

    name: str
    aws: Aws

    @property
    def queue(self):
        return self.aws.outputs["QueueUrl"]

    @property
    def dead(self):
        return self.aws.outputs["DeadLettersUrl"]

    def shipments(self):
        """The number of shipments of each order."""
        counts, after = Counter(), {}
        while True:
            page = self.aws.dynamodb.scan(TableName=self.aws.outputs["ShipmentsTable"], ConsistentRead=True, **after)
            for item in page["Items"]:
                order, count = shipment(item)
                counts[order] += count
            if "LastEvaluatedKey" not in page:
                return {order: count for order, count in counts.items() if count}
            after = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def send(self, body, attributes=None):
        typed = {name: {"DataType": it["dataType"], "StringValue": it["stringValue"]} for name, it in (attributes or {}).items()}
        self.aws.sqs.send_message(QueueUrl=self.queue, MessageBody=body, MessageAttributes=typed)

    def ships(self, orders, what):
        """Waits until each order has a shipment, and the queue is empty. Then each has one."""
        eventually(self.shipments, lambda counts: set(orders) <= set(counts), what)
        self.aws.drained(self.queue)
        counts = self.shipments()
        assert {order: counts[order] for order in orders} == dict.fromkeys(orders, 1), what
        return counts

    def redrive(self):
        """Moves the dead letters back to the queue, as SQS's redrive does. The emulator has no such task."""
        moved = self.aws.take(self.dead, lambda message: True)
        for message in moved:
            self.aws.sqs.send_message(QueueUrl=self.queue, MessageBody=message["Body"])
        return len(moved)

    def set_tables(self, change):
        """Replaces the function's settings that name tables."""
        lambdas = getattr(self.aws, "lambda")
        function = self.function()
        settings = lambdas.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        changed = {name: change(name, value) for name, value in settings.items()}
        lambdas.update_function_configuration(FunctionName=function, Environment={"Variables": changed})
        return settings

    def function(self):
        arn = self.aws.queue_arn(self.queue)
        [mapping] = getattr(self.aws, "lambda").list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
        return mapping["FunctionArn"].split(":function:")[1]


def shipment(item):
    """The order and the count of one row: the kit's row, or the row of the other samples."""
    if "sk" in item:
        view, _, order = item["pk"]["S"].partition("#")
        # Beside the rows stand the records of counted events.
        is_row = view == "shipments" and item["sk"]["S"].startswith("row")
        return order, json.loads(item["body"]["S"])["count"] if is_row else 0
    return item["pk"]["S"], 1


@pytest.fixture(params=sorted(DEPLOYED))
def consumer(request, aws):
    found = DEPLOYED[request.param]
    key = {"aws_access_key_id": found["key"], "aws_secret_access_key": "test"}
    it = Consumer(request.param, Aws({**aws.state, "outputs": found["outputs"]}, key))
    it.aws.sqs.set_queue_attributes(QueueUrl=it.queue, Attributes={"VisibilityTimeout": SOON})
    it.aws.take(it.dead, lambda message: True)
    return it


def confirmed(api):
    order = place(api)
    assert api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT).status == 200
    return order


def test_each_confirmed_order_gets_one_shipment_despite_duplicates_disorder_and_poison(api, consumer):
    waiting = place(api)
    orders = [confirmed(api) for _ in range(ORDERS)]
    consumer.ships(orders, "the orders that the topic told of")
    history = [json.dumps(published(event)) for order in orders for event in events_of(api, order)]
    samples = [json.loads(line) for line in MESSAGES.read_text().splitlines()]
    lacking = {**json.loads(history[1]), "payload": {}, "aggregateId": fresh("order")}
    poison = [f"not json {fresh('poison')}", json.dumps(lacking)]
    torture = [(body, None) for body in history * COPIES + poison]
    torture += [(sample["body"], sample["attributes"]) for sample in samples]
    random.Random(4711).shuffle(torture)
    for body, attributes in torture:
        consumer.send(body, attributes)
    last = confirmed(api)
    dead = consumer.aws.arrives(consumer.dead, lambda message: message["Body"] in poison, "the poison", count=len(poison))
    counts = consumer.ships([*orders, last], "all orders")
    assert sorted(message["Body"] for message in dead) == sorted(poison)
    assert waiting not in counts, "nobody confirmed it"
    of_samples = {json.loads(it["body"])["aggregateId"] for it in samples
                  if json.loads(it["body"])["eventType"] == "OrderConfirmed"}
    assert {order: counts[order] for order in of_samples} == dict.fromkeys(of_samples, 1)
    assert consumer.aws.depth(consumer.dead) == 0, "nothing else is a dead letter"
    print(f"{consumer.name}: {len(torture)} messages, {len(poison)} of them poison; {len(counts)} shipments, each once")


def test_after_a_redrive_an_order_whose_message_failed_has_one_shipment(api, consumer):
    settings = consumer.set_tables(lambda name, value: "missing" if name.endswith("_TABLE") else value)
    try:
        order = confirmed(api)
        consumer.send("still not json")
        eventually(lambda: consumer.aws.depth(consumer.dead), lambda depth: depth == 2, "both are dead letters")
        assert order not in consumer.shipments()
    finally:
        consumer.set_tables(lambda name, _: settings[name])
    assert consumer.redrive() == 2
    consumer.ships([order], "the order, after the redrive")
    [poison] = consumer.aws.arrives(consumer.dead, lambda message: True, "the poison, once more")
    assert poison["Body"] == "still not json"
    # Redriven once more, by mistake.
    consumer.send(json.dumps(published(events_of(api, order)[1])))
    steadily(lambda: consumer.shipments()[order], lambda count: count == 1, 2, "one shipment")


def let_the_publisher_send(consumer, aws):
    """Lets the operator of the order service send to the queue, which another account must allow."""
    policy = json.loads(consumer.aws.sqs.get_queue_attributes(QueueUrl=consumer.queue, AttributeNames=["Policy"])["Attributes"]["Policy"])
    account = aws.sts.get_caller_identity()["Account"]
    policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sqs:SendMessage",
                                "Resource": consumer.aws.queue_arn(consumer.queue)})
    consumer.aws.sqs.set_queue_attributes(QueueUrl=consumer.queue, Attributes={"Policy": json.dumps(policy)})


def test_a_replay_brings_history_to_one_queue_and_changes_no_shipment(api, aws, consumer, ops):  # noqa: F811
    let_the_publisher_send(consumer, aws)
    order = confirmed(api)
    before = consumer.ships([order], "the order")
    queue = consumer.aws.queue_arn(consumer.queue)
    code, said = ops("replay", "--to", queue, "--from", "2020-01-01T00:00:00Z", "--types", "OrderConfirmed", "--rate", "500",
                     "--yes", "--why", "a test")
    # Attention, if another test has damaged a commit: the replay names it and passes over it.
    assert code in (FINE, ATTENTION) and said["types"].keys() == {"OrderConfirmed"} and said["events"] >= len(before) - 1, said
    consumer.aws.drained(consumer.queue)
    after = consumer.shipments()
    assert {name: after[name] for name in before} == before, "the history made no second shipment"
    assert set(after.values()) == {1}


def test_a_new_subscriber_gets_history_marked_as_replayed(api, aws, ops):  # noqa: F811
    order = confirmed(api)
    url = aws.sqs.create_queue(QueueName=fresh("newcomer"))["QueueUrl"]
    try:
        code, said = ops("replay", "--to", aws.queue_arn(url), "--from", "2020-01-01T00:00:00Z", "--types", "OrderConfirmed",
                         "--rate", "500", "--yes", "--why", "a test")
        assert code in (FINE, ATTENTION), said
        messages = aws.arrives(url, lambda message: True, "the history", count=said["events"])
    finally:
        aws.sqs.delete_queue(QueueUrl=url)
    assert order in {json.loads(message["Body"])["aggregateId"] for message in messages}
    marks = {message["MessageAttributes"]["replayed"]["StringValue"] for message in messages}
    assert marks == {"true"} and len(messages) == said["events"]


def test_the_named_account_is_subscribed_and_no_other_account_may_subscribe(aws):
    topic = aws.outputs["TopicArn"]
    endpoints = [it["Endpoint"] for it in aws.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]]
    [queue] = [endpoint for endpoint in endpoints if f":{OTHER_ACCOUNT}:" in endpoint]
    stranger = Aws(aws.state, {"aws_access_key_id": "333333333333", "aws_secret_access_key": "test"})
    with pytest.raises(ClientError, match="not authorized"):
        stranger.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.replace(OTHER_ACCOUNT, "333333333333"))
