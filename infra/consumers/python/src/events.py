"""Reads the messages of the order service's topic. The contract is infra/asyncapi.json."""

import json

# The newest version of OrderConfirmed that this code understands.
CONFIRMED_VERSION_MAX = 1
FIELDS = {"eventId": str, "eventType": str, "aggregateId": str, "aggregateType": str, "version": int, "schemaVersion": int,
          "payload": dict}


class NotAnEvent(Exception):
    """The message can never be handled. Its text says what is missing, and never a value."""


class NewerEvent(Exception):
    """A later deployment of this code will understand the event, so the message stays in the queue."""


def read(body):
    """The event in the body of a message."""
    try:
        event = json.loads(body)
    except ValueError:
        raise NotAnEvent("the body is not JSON") from None
    if not isinstance(event, dict):
        raise NotAnEvent("the body is not a JSON object")
    for name, kind in FIELDS.items():
        if not isinstance(event.get(name), kind):
            raise NotAnEvent(f"the field {name} is missing or of another type")
    return event


def confirmed_customer(event):
    """The customer of a confirmed order; None for every other event.

    Decided by the body: attributes of a message are for filters only, and anybody who may send can forge them.
    """
    if (event["aggregateType"], event["eventType"]) != ("Order", "OrderConfirmed"):
        return None
    if event["schemaVersion"] > CONFIRMED_VERSION_MAX:
        raise NewerEvent(f"OrderConfirmed has version {event['schemaVersion']}; this code knows {CONFIRMED_VERSION_MAX}")
    customer = event["payload"].get("customerId")
    if not isinstance(customer, str):
        raise NotAnEvent("the field payload.customerId is missing or of another type")
    return customer
