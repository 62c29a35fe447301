"""`make demo`: takes one order through its life and shows its stored events, the subscriber's messages and the views. Two
more orders show what happens when a paid order is cancelled, and what without payment in time.

Uses the running system: that of `make run` (PORT, default 3000), else the stack of `make deploy-local`. If neither
runs, it starts the one-process system for the demo.
"""

import contextlib
import json
import os
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request

import emulator
import journey
from project import LOCAL, LOGS, ROOT, Failure, recall, run, say
from tools import executable, install

sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from client import Api, basket, eventually, fresh  # noqa: E402  (the e2e tests' own client)

WIDTH = 118
KINDS = ("Order", "Payment", "Fulfilment")
# Events of the walk below: four of the order, two of its payment, and six of its fulfilment.
EVENTS = 12
# The time to pay, shortened.
PAYMENT_SECONDS = 3
VALID_FROM = "2020-01-01T00:00:00.000Z"


class OneProcess:
    """The system of `make run`, which has two debug routes."""

    name = "the system in one process (make run)"

    def __init__(self, url, is_short=False):
        self.url, self.is_short = url, is_short

    def stored(self, stream):
        return json.loads(Api(self.url).get("/local/stored", stream=stream).text)

    def messages(self, order):
        got = json.loads(Api(self.url).get("/local/messages").text)
        mine = [message for message in got if order in message["body"]]
        return [(message["from"], message["kind"], json.loads(message["body"]), message.get("place", "")) for message in mine]

    @contextlib.contextmanager
    def short_deadline(self):
        """Yields what looks for deadlines that are due: the process itself does, each second. None if they are long."""
        yield (lambda: None) if self.is_short else None

    def close(self):
        pass


class Deployed:
    """The deployed stack, with a subscriber that the demo adds and removes."""

    name = "the stack deployed to the local AWS (make deploy-local)"

    def __init__(self, state):
        from aws import Aws

        self.url = state["outputs"]["ApiUrl"]
        self.aws = Aws(state)
        topic = self.aws.outputs["TopicArn"]
        self.queue_of_subscriber = self.aws.queue("sns.amazonaws.com", topic)
        self.queue, arn = self.queue_of_subscriber.__enter__()
        self.subscription = self.aws.sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True,
            Attributes={"RawMessageDelivery": "true"})["SubscriptionArn"]
        self.got = []

    def stored(self, stream):
        from boto3.dynamodb.types import TypeDeserializer

        answer = self.aws.dynamodb.query(
            TableName=self.aws.outputs["EventTableName"], ConsistentRead=True, KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": stream}})
        return [{name: TypeDeserializer().deserialize(value) for name, value in item.items()} for item in answer["Items"]]

    def messages(self, order):
        taken = self.aws.take(self.queue, lambda message: True)
        bodies = [json.loads(message["Body"]) for message in taken]
        self.got += [("topic", body["eventType"], body, "") for body in bodies if body["aggregateId"] == order]
        return self.got

    @contextlib.contextmanager
    def short_deadline(self):
        """Yields what looks for deadlines that are due, as the schedule does each minute."""
        with self.aws.payment_seconds(PAYMENT_SECONDS):
            yield self.aws.tick

    def close(self):
        self.aws.sns.unsubscribe(SubscriptionArn=self.subscription)
        self.queue_of_subscriber.__exit__(None, None, None)


def main():
    started = None
    target = running()
    if target is None:
        say("nothing runs yet: starting the system in one process")
        started, target = start()
    try:
        walk(target)
        refund(target)
        unpaid(target)
    finally:
        target.close()
        if started:
            started.terminate()
            started.wait()


def running():
    """The running system; None if neither runs."""
    url = f"http://127.0.0.1:{os.environ.get('PORT', '3000')}"
    try:
        with urllib.request.urlopen(f"{url}/local/messages", timeout=2):
            return OneProcess(url)
    except (urllib.error.URLError, OSError):
        pass
    state = recall()
    if not state.get("outputs") or not emulator.is_healthy(state["endpoint"]):
        return None
    if state["authMode"] != "none":
        raise Failure(f"the stack is deployed with AuthMode {state['authMode']}, and the demo does not sign requests",
                      "make deploy-local (its default is AUTH_MODE=none), then make demo")
    install("e2e")
    python = executable("e2e", "python")
    if os.path.realpath(sys.prefix) != os.path.realpath(python.parent.parent):
        # The AWS SDK for Python is in the tests' environment.
        os.execv(python, [str(python), *sys.argv])
    return Deployed(state)


def start():
    binary = journey.build_alone()
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "demo.log"
    with log.open("w") as err:
        process = subprocess.Popen([binary], env={**os.environ, "PORT": "0", "AUTH_MODE": "none", "DATABASE": str(LOCAL / "demo.db"),
                                                  "PAYMENT_SECONDS": str(PAYMENT_SECONDS)},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err)
    return process, OneProcess(journey.ready_line(process, log).split(" on ")[1].split()[0], is_short=True)


def walk(target):
    api, customer, product, reference = Api(target.url), fresh("customer"), fresh("tea"), fresh("ch")
    title(f"One order's life, on {target.name}")
    price = {"currency": "JPY", "unitAmount": 1500, "validFrom": VALID_FROM}
    command(api, "price", f"/v1/prices/{product}", price, "PUT")
    wish = {"customerId": customer, "currency": "JPY", "items": [{"productId": product, "quantity": 2}]}
    order = command(api, "place", "/v1/orders", wish)["orderId"]
    path = f"/v1/orders/{order}"
    command(api, "price", f"/v1/prices/{product}", {**price, "unitAmount": 2000}, "PUT")
    payment = {"reference": reference, "amount": 3000, "currency": "JPY", "outcome": "captured"}
    command(api, "pay", f"{path}/payments", payment)
    becomes(api, order, "confirmed", "paid in full, the order confirmed itself")
    command(api, "ship", f"{path}/ship", {"carrier": "DHL", "trackingNumber": "00340434161094042557"})
    command(api, "deliver", f"{path}/deliver", {})
    command(api, "refund", f"{path}/refunds", {"reference": reference, "refundReference": fresh("re"), "amount": 1500,
                                               "outcome": "refunded", "reason": "one arrived broken"})

    title("The event store: one item for each commit. The order froze its price before it rose")
    for kind, identity in [("Price", product), *((kind, order) for kind in KINDS)]:
        for item in target.stored(f"{kind}#{identity}"):
            for event in json.loads(item["ev"]):
                line(kind, f"commit {item['sk']} v{item['v']}", event["t"], event["p"])

    title("The messages of a subscriber of the topic (and, in one process, of the bus)")
    eventually(lambda: len([m for m in target.messages(order) if m[0] == "topic"]), lambda n: n >= EVENTS,
               "the subscriber has every event")
    for source, kind, body, place in target.messages(order):
        line(source, kind, place, body.get("payload", body.get("data")))

    title("The views")
    shown = eventually(lambda: api.get(path), lambda a: a.status == 200 and a.body["status"] == "delivered"
                       and a.body["paidAmount"] == 1500 and a.headers["served-from"] == "view", "the order's view")
    line("order", "", "", shown.body)
    summary = f"/v1/customers/{customer}/summary"
    line("customer", "", "", eventually(lambda: api.get(summary), lambda a: a.status == 200, "the customer's view").body)
    day = shown.body["placedAt"][:10]
    sales = eventually(lambda: api.get("/v1/sales/daily", **{"from": day, "to": day}),
                       lambda a: any(row["currency"] == "JPY" for row in a.body["items"]), "the day's sales")
    for row in sales.body["items"]:
        line("sales", "", "", row)
    print(f"\ntry next: curl '{target.url}{path}?atVersion=2'")


def refund(target):
    """A paid order is cancelled: fulfilment asks for a refund, and the provider answers."""
    api = Api(target.url)
    title("A paid order that is cancelled")
    order = command(api, "place", "/v1/orders", basket(fresh("customer")))["orderId"]
    path, reference = f"/v1/orders/{order}", fresh("ch")
    payment = {"reference": reference, "amount": 3000, "currency": "JPY", "outcome": "captured"}
    command(api, "pay", f"{path}/payments", payment)
    becomes(api, order, "confirmed", "paid in full, the order confirmed itself")
    command(api, "cancel", f"{path}/cancel", {"reason": "changed my mind"})

    def requests():
        return [event["p"] for event in events(target, f"Fulfilment#{order}") if event["t"] == "RefundRequested"]

    asked = eventually(requests, lambda found: len(found) == 1, "the request for a refund")
    line("asked", "RefundRequested", "", asked[0])
    command(api, "refund", f"{path}/refunds",
            {"reference": reference, "refundReference": fresh("re"), "amount": 3000, "outcome": "refunded"})
    row = eventually(lambda: api.get(path).body, lambda row: row.get("paidAmount") == 0, "the refund in the view")
    line("order", "", "", {name: row[name] for name in ("status", "totalAmount", "paidAmount")})


def unpaid(target):
    """Nobody pays: the order is cancelled at its deadline."""
    api = Api(target.url)
    with target.short_deadline() as tick:
        if tick is None:
            print(f"\nAn order that nobody pays is cancelled at its deadline; "
                  f"`PAYMENT_SECONDS={PAYMENT_SECONDS} make run` makes it short")
            return
        title(f"An order that nobody pays; its deadline is shortened to {PAYMENT_SECONDS} s")
        order = command(api, "place", "/v1/orders", basket(fresh("customer")))["orderId"]
        becomes(api, order, "cancelled", "the deadline passed, and the order was cancelled", tick)
    last = events(target, f"Order#{order}")[-1]
    line("stored", last["t"], "", last["p"])


def events(target, stream):
    return [event for item in target.stored(stream) for event in json.loads(item["ev"])]


def becomes(api, order, status, what, meanwhile=lambda: None):
    """Waits until the order has this status by itself."""
    began = time.monotonic()

    def look():
        meanwhile()
        return api.get(f"/v1/orders/{order}", minVersion=1).body

    eventually(look, lambda row: row.get("status") == status, what)
    print(f"{'':<9}      {(time.monotonic() - began) * 1000:6.1f} ms  {what}")


def title(text):
    print(f"\n{text}\n{'-' * len(text)}")


def command(api, verb, path, body, method="POST"):
    def send():
        began = time.monotonic()
        return api.request(method, path, body), (time.monotonic() - began) * 1000

    # The price list knows a product a moment after its first price is set. Until then an order of it answers 422.
    answer, took = eventually(send, lambda sent: sent[0].status != 422, f"{verb} is accepted")
    if answer.status not in (200, 201):
        raise Failure(f"{verb} answered {answer.status}: {answer.text}", "look at the system's log")
    print(f"{verb:<9} {answer.status}  {took:6.1f} ms  {answer.text}")
    return answer.body


def line(first, second, third, facts):
    """Prints one row: its labels and its facts, wrapped if needed."""
    head = f"{first:<9} {f'{second} {third}'.strip():<32} "
    wrapped = textwrap.wrap(json.dumps(facts), WIDTH - len(head), break_on_hyphens=False)
    print(head + f"\n{' ' * len(head)}".join(wrapped))


if __name__ == "__main__":
    run(main)
