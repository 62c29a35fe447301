"""`make trigger EVENT=OrderShipped`: makes a real order reach that event, and waits until the event is stored.

EVENT is a domain event or an integration event. Uses the system of `make run` (PORT), else that of `make deploy-local`.
"""

import json
import os
import sys
import time

from demo import KINDS, OneProcess, events, running
from project import ROOT, Failure, run, say

sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from client import Api, basket, fresh  # noqa: E402  (the e2e tests' own client)

CONTRACT = ROOT / "infra" / "asyncapi.json"
WAIT_SECONDS_MAX = 40
AMOUNT = {"amount": 3000, "currency": "JPY"}
PARCEL = {"carrier": "DHL", "trackingNumber": "00340434161094042557", "onAccount": True}

PAY = ("payments", {**AMOUNT, "outcome": "captured"})
# On account, so that the order need not wait for its payment.
CONFIRM, SHIP, DELIVER = ("confirm", {"onAccount": True}), ("ship", PARCEL), ("deliver", {})
CANCEL = ("cancel", {"reason": "ordered twice"})
REFUND, FAIL_REFUND = ("refunds", {"amount": 1000, "outcome": "refunded"}), ("refunds", {"amount": 1000, "outcome": "failed"})
# The commands after placing an order, in their order.
WAYS = {
    "OrderPlaced": [],
    "OrderConfirmed": [CONFIRM],
    "OrderShipped": [CONFIRM, SHIP],
    "OrderDelivered": [CONFIRM, SHIP, DELIVER],
    "OrderCancelled": [CANCEL],
    "PaymentReceived": [PAY],
    "PaymentFailed": [("payments", {**AMOUNT, "outcome": "declined", "declineReason": "insufficient funds"})],
    "PaymentRefunded": [PAY, REFUND],
    "RefundFailed": [PAY, FAIL_REFUND],
    "RefundRequested": [PAY, CANCEL],
    "FulfilmentStarted": [],
    "FulfilmentPaymentCounted": [PAY],
    "FulfilmentRefundCounted": [PAY, REFUND],
    "FulfilmentOrderStatusNoted": [CONFIRM],
    "FulfilmentRequestEnded": [PAY],
    "ConfirmationRequested": [PAY],
    "CancellationRequested": [],
}
PRICE, VALID_FROM = "PriceSet", "2026-01-01T00:00:00.000Z"
# Why an event may not come.
SLOW = {
    "CancellationRequested": "the order must stay unpaid until its deadline; PAYMENT_SECONDS=3 make run makes it short",
    "ConfirmationRequested": "with CONFIRMATION=manual, a person confirms",
    "FulfilmentRequestEnded": "with CONFIRMATION=manual, a person confirms",
}


def main():
    event = domain_event(os.environ.get("EVENT", ""))
    target = running()
    if target is None:
        raise Failure("no system runs", "make run, in another terminal, then this command again")
    try:
        subject = trigger(Api(target.url), event)
        if event != PRICE:
            wait(target, subject, event)
    finally:
        target.close()
    say(f"done: {event} of {subject} is stored, and on its way to the subscribers")
    if event != PRICE and isinstance(target, OneProcess):
        print(f"\n  curl {target.url}/v1/orders/{subject}/events")


def domain_event(wanted):
    """The domain event of this name, or the one that an integration event of this name announces."""
    messages = json.loads(CONTRACT.read_text())["components"]["messages"].values()
    announced = {message["name"]: message["x-announces"][0] for message in messages if message.get("x-announces")}
    event = announced.get(wanted, wanted)
    if event not in WAYS and event != PRICE:
        raise Failure(f"EVENT={wanted or '(nothing)'} is no event of the contract",
                      f"choose one of {', '.join([*WAYS, PRICE])}, or its integration event")
    return event


def trigger(api, event, tell=say):
    """Sends the commands that lead a new order to its event; returns the order's id, or the product's for a price."""
    if event == PRICE:
        product = fresh("p")
        sent(api, "PUT", f"/v1/prices/{product}", {"currency": "JPY", "unitAmount": 1500, "validFrom": VALID_FROM}, tell)
        return product
    placed = sent(api, "POST", "/v1/orders", basket(fresh("customer")), tell)
    order, reference = placed["orderId"], fresh("ch")
    for action, body in WAYS[event]:
        if action in ("payments", "refunds"):
            body = {**body, "reference": reference}
        if action == "refunds":
            body["refundReference"] = fresh("re")
        sent(api, "POST", f"/v1/orders/{order}/{action}", body, tell)
    return order


def wait(target, order, event, tell=say):
    """Waits until the event is stored: fulfilment makes some events by itself."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    told = False
    while not is_stored(target, order, event):
        if not told:
            told = True
            tell(f"waiting for {event}, at most {WAIT_SECONDS_MAX} s")
        if time.monotonic() > deadline:
            raise Failure(f"{event} of order {order} did not come within {WAIT_SECONDS_MAX} s",
                          SLOW.get(event, "look at the system's log"))
        time.sleep(0.3)


def is_stored(target, order, event):
    return any(stored["t"] == event for kind in KINDS for stored in events(target, f"{kind}#{order}"))


def sent(api, method, path, body, tell):
    answer = api.request(method, path, body)
    if answer.status not in (200, 201):
        raise Failure(f"{method} {path} answered {answer.status}: {answer.text}", "look at the system's log")
    tell(f"{method} {path}: {answer.status}")
    return answer.body


if __name__ == "__main__":
    run(main)
