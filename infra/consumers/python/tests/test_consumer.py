"""What the consumer does with the messages of the contract, and with bad ones. Needs no AWS."""

import json
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError, IdempotencyItemNotFoundError)

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "src"))

import app  # noqa: E402

SAMPLES = HERE.parents[1] / "messages"


class Memory(BasePersistenceLayer):
    """Powertools' memory of handled events, in a dictionary."""

    def __init__(self):
        super().__init__()
        self.records = {}

    def _get_record(self, idempotency_key):
        if idempotency_key not in self.records:
            raise IdempotencyItemNotFoundError
        return self.records[idempotency_key]

    def _put_record(self, data_record):
        if data_record.idempotency_key in self.records:
            raise IdempotencyItemAlreadyExistsError(old_data_record=self.records[data_record.idempotency_key])
        self.records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record):
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record):
        self.records.pop(data_record.idempotency_key, None)


class Shipments:
    def __init__(self):
        self.customers = {}
        self.asked = Counter()

    def prepare(self, order, customer):
        self.asked[order] += 1
        self.customers.setdefault(order, customer)


class Consumer:
    def __init__(self):
        self.shipments, self.memory = Shipments(), Memory()
        self._handler = app.handler_with(app.consumer(self.shipments, self.memory))

    def takes(self, *messages):
        """Delivers one batch, and returns the places of the messages that failed."""
        records = [{"messageId": str(place), "receiptHandle": "r", "eventSource": "aws:sqs", "body": body,
                    "eventSourceARN": "arn:aws:sqs:us-east-1:1:q", "attributes": {}, "messageAttributes": attributes}
                   for place, (body, attributes) in enumerate(messages)]
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)
        failed = self._handler({"Records": records}, context)["batchItemFailures"]
        return [int(item["itemIdentifier"]) for item in failed]


def samples(name):
    lines = (SAMPLES / name).read_text().splitlines()
    return [(sample["body"], sample["attributes"]) for sample in map(json.loads, lines)]


def confirmed(**changes):
    """A confirmation, with other values for some fields; None removes a field."""
    body, attributes = next(it for it in samples("topic.jsonl") if json.loads(it[0])["eventType"] == "OrderConfirmed")
    event = {**json.loads(body), **changes}
    return json.dumps({name: value for name, value in event.items() if value is not None}), attributes


@pytest.fixture
def consumer():
    return Consumer()


def test_every_sample_twice_and_shuffled_gives_one_shipment_for_each_confirmed_order(consumer):
    messages = samples("topic-twice-shuffled.jsonl")
    assert consumer.takes(*messages) == []
    events = [json.loads(body) for body, _ in messages]
    orders = {event["aggregateId"] for event in events if event["eventType"] == "OrderConfirmed"}
    assert orders and set(consumer.shipments.customers) == orders
    assert set(consumer.shipments.asked.values()) == {1}, "the memory of handled events stops duplicates"


def test_each_confirmed_order_has_its_own_shipment(consumer):
    assert consumer.takes(confirmed(), confirmed(aggregateId="another")) == []
    assert len(consumer.shipments.customers) == 2


def test_a_late_duplicate_makes_no_second_shipment_after_the_memory_is_gone(consumer):
    assert consumer.takes(confirmed()) == []
    consumer.memory.records.clear()
    assert consumer.takes(confirmed(occurredAt="2020-01-01T00:00:00.000Z")) == []
    assert len(consumer.shipments.customers) == 1


def test_an_event_of_a_newer_version_stays_in_the_queue_and_is_handled_after_the_deployment(consumer, monkeypatch):
    newer = confirmed(schemaVersion=2)
    assert consumer.takes(newer) == [0]
    assert consumer.shipments.customers == {}
    monkeypatch.setattr(app.events, "CONFIRMED_VERSION_MAX", 2)
    assert consumer.takes(newer) == []
    assert len(consumer.shipments.customers) == 1


@pytest.mark.parametrize("poison", [
    ("not json", {}), ("[]", {}), ("{}", {}), confirmed(payload={}), confirmed(payload={"customerId": 7}),
    confirmed(version=None), confirmed(eventId=None), confirmed(schemaVersion="1"),
])
def test_a_message_without_a_field_fails_alone_and_its_neighbour_is_handled(consumer, poison):
    assert consumer.takes(poison, confirmed()) == [0]
    assert len(consumer.shipments.customers) == 1


def test_an_event_of_another_service_is_skipped(consumer):
    assert consumer.takes(confirmed(aggregateType="Parcel")) == []
    assert consumer.shipments.customers == {}


def test_a_forged_attribute_changes_nothing(consumer):
    _, attributes = confirmed()
    other = next(body for body, _ in samples("topic.jsonl") if json.loads(body)["eventType"] == "OrderDelivered")
    assert consumer.takes((other, attributes)) == []
    assert consumer.shipments.customers == {}
    body, _ = confirmed()
    assert consumer.takes((body, {"eventType": {"dataType": "String", "stringValue": "OrderDelivered"}})) == []
    assert len(consumer.shipments.customers) == 1


def test_an_unknown_field_is_ignored(consumer):
    assert consumer.takes(confirmed(addedLater=True)) == []
    assert len(consumer.shipments.customers) == 1
