"""The function behind the queue: one shipment for each confirmed order.

Powertools report each failed message by itself, so that its neighbours are not delivered again, and remember handled
events, so that a duplicate costs one read. The condition of the table holds also after that memory has expired.
"""

import os

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function

import events
from shipments import Shipments

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
# An event is one version of one stream. A day is longer than any redelivery, save for a redrive.
config = IdempotencyConfig(event_key_jmespath="[aggregateType, aggregateId, version]", expires_after_seconds=24 * 3600)


def consumer(shipments, memory):
    """The handler of one message, with its table and its memory of handled events."""

    @idempotent_function(data_keyword_argument="event", persistence_store=memory, config=config)
    def handle(*, event):
        customer = events.confirmed_customer(event)
        if customer is not None:
            shipments.prepare(event["aggregateId"], customer)

    return lambda record: handle(event=events.read(record.body))


def handler_with(handle):
    def handler(event, context):
        # With the time that is left, Powertools let another delivery take over an event whose handling was cut off.
        config.register_lambda_context(context)
        return process_partial_response(event=event, record_handler=handle, processor=processor, context=context)

    return handler


def connected():
    shipments = Shipments(boto3.resource("dynamodb").Table(os.environ["SHIPMENTS_TABLE"]))
    return handler_with(consumer(shipments, DynamoDBPersistenceLayer(table_name=os.environ["HANDLED_TABLE"])))


# Clients are made once, at the start of the function.
lambda_handler = connected() if "SHIPMENTS_TABLE" in os.environ else None
