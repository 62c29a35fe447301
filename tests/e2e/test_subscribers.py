"""`make trigger` and `make forward`, against the system that runs."""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from client import eventually
from conftest import ROOT

import demo
import trigger

CONTRACT = json.loads((ROOT / "infra" / "asyncapi.json").read_text())
EVENTS = sorted({message["name"] for message in CONTRACT["components"]["messages"].values() if "x-aggregate" in message})
FORWARD, TRIGGER = ROOT / "infra" / "local" / "forward.py", ROOT / "infra" / "local" / "trigger.py"
# It comes only when an order stays unpaid until its deadline, which test_fulfilment shortens.
QUICK = [event for event in EVENTS if event != "CancellationRequested"]
UNNOTICED = {"tell": lambda line: None}
# Else the deployed stack, whose messages only a subscriber sees.
IS_ONE_PROCESS = "DEKIGOTO_URL" in os.environ
NOBODY_LISTENS = "9"

shows_messages = pytest.mark.skipif(not IS_ONE_PROCESS, reason="only the one-process system shows its messages")


def messages(api, subject):
    got = json.loads(api.get("/local/messages").text)
    return [message for message in got if subject in message["body"]]


def started(api, script, **environment):
    port = api.host.rsplit(":", 1)[1] if IS_ONE_PROCESS else NOBODY_LISTENS
    return subprocess.Popen([sys.executable, str(script)], env={**os.environ, "PORT": port, **environment},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@shows_messages
@pytest.mark.parametrize("event", QUICK)
def test_trigger_makes_a_real_order_reach_every_event_of_the_contract(api, event):
    subject = trigger.trigger(api, event, **UNNOTICED)
    eventually(lambda: [message["kind"] for message in messages(api, subject)], lambda kinds: event in kinds, event)


def test_trigger_knows_every_event_of_the_contract():
    assert sorted([*trigger.WAYS, trigger.PRICE]) == EVENTS


def test_trigger_takes_the_name_of_an_integration_event():
    assert trigger.domain_event("OrderCreatedIntegrationEvent") == "OrderPlaced"
    with pytest.raises(trigger.Failure, match="EVENT=OrderLost"):
        trigger.domain_event("OrderLost")


def test_trigger_says_each_step_and_that_the_event_is_stored(api):
    process = started(api, TRIGGER, EVENT="OrderShipped")
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 0, said
    for step in ("POST /v1/orders: 201", "/confirm: 200", "/ship: 200", "done: OrderShipped of "):
        assert step in said, said


def test_trigger_without_a_known_event_lists_the_events(api):
    process = started(api, TRIGGER, EVENT="OrderLost")
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1 and "is no event of the contract" in said and "OrderShipped" in said, said


@shows_messages
def test_trigger_gives_up_with_the_reason_when_an_event_does_not_come(api, monkeypatch):
    monkeypatch.setattr(trigger, "WAIT_SECONDS_MAX", 0.5)
    order = trigger.trigger(api, "CancellationRequested", **UNNOTICED)
    with pytest.raises(trigger.Failure, match="did not come") as failure:
        trigger.wait(demo.OneProcess(f"http://{api.host}"), order, "CancellationRequested", **UNNOTICED)
    assert "unpaid" in failure.value.next_step


class Hook(BaseHTTPRequestHandler):
    """A local endpoint that refuses as many messages as its server says."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.got.append((self.headers.get("x-attribute-eventtype"), json.loads(body)))
        self.send_response(503 if len(self.server.got) <= self.server.refusals else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hook():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.got, server.refusals = [], 0
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def identity(body):
    return body.get("eventId") or body["id"]


def forwarding(api, to, **environment):
    process = started(api, FORWARD, TO=to, **environment)
    assert "forwarding" in process.stdout.readline()
    return process


def test_forward_posts_each_new_message_again_until_it_is_accepted(api, hook):
    # Orders of other tests may still be on their way, so only the messages of this one count.
    hook.refusals = 1
    process = forwarding(api, hook.url)
    order = trigger.trigger(api, "OrderPlaced", **UNNOTICED)
    wanted = {"OrderPlaced", "FulfilmentStarted", "jp.dekigoto.orders.OrderCreated.v1"}
    kinds = lambda: {body.get("eventType") or body["type"] for _, body in hook.got if order in json.dumps(body)}
    eventually(kinds, lambda kinds: kinds == wanted, "the messages of the order")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[0]
    assert process.returncode == 0 and "0 given up" in said and "503 (attempt 1 of 5)" in said, said
    mine = [(kind, body) for kind, body in hook.got if order in json.dumps(body)]
    assert {kind for kind, body in mine if body.get("eventType") == "OrderPlaced"} == {"OrderPlaced"}, "attributes are headers"


@shows_messages
def test_forward_ends_after_the_wanted_number_and_sends_nothing_of_before(api, hook):
    old = trigger.trigger(api, "OrderPlaced", **UNNOTICED)
    eventually(lambda: len(messages(api, old)), lambda count: count == 3, "the messages before")
    before = {identity(json.loads(message["body"])) for message in messages(api, "")}
    process = forwarding(api, hook.url, COUNT="2")
    trigger.trigger(api, "OrderPlaced", **UNNOTICED)
    said = process.communicate(timeout=30)[0]
    assert process.returncode == 0 and "done: 2 messages delivered, 0 given up" in said, said
    assert len(hook.got) == 2 and not before & {identity(body) for _, body in hook.got}


def test_forward_gives_up_a_message_that_is_always_refused_and_fails(api, hook):
    hook.refusals = 1000
    process = forwarding(api, hook.url, COUNT="1")
    trigger.trigger(api, "OrderPlaced", **UNNOTICED)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1 and "done: 0 messages delivered, 1 given up" in said, said
    assert len(hook.got) == 5


@pytest.mark.parametrize("to", ["", "http://example.com/hook", "ftp://127.0.0.1/hook", "127.0.0.1:80"])
def test_forward_sends_nothing_to_another_machine(api, to):
    process = started(api, FORWARD, TO=to, COUNT="1")
    said = process.communicate(timeout=30)[0]
    assert process.returncode == 1 and "is no URL of this machine" in said, said
