"""`make forward TO=http://127.0.0.1:8080/hook`: posts each new message of the running system to a local URL.

A domain event of the topic goes as its envelope, an integration event of the bus as its CloudEvent. The attributes for
filters are headers, such as `x-attribute-eventtype`. A message that the URL refuses is sent again, like one in a queue.
COUNT=3 ends after three messages; else Ctrl-C ends.
"""

import contextlib
import json
import os
import signal
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

from demo import OneProcess, running
from project import Failure, run, say

POLL_SECONDS = 0.3
ATTEMPTS_MAX = 5
POST_SECONDS_MAX = 10
# Only this machine: orders of customers must not leave it by a slip of the keyboard.
HERE = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Message:
    """A message of the topic or the bus."""

    key: tuple
    kind: str
    attributes: dict
    body: str


def main():
    to, count = os.environ.get("TO", ""), os.environ.get("COUNT", "0")
    if urlsplit(to).scheme != "http" or urlsplit(to).hostname not in HERE:
        raise Failure(f"TO={to or '(nothing)'} is no URL of this machine", "make forward TO=http://127.0.0.1:8080/hook")
    if not count.isdecimal():
        raise Failure(f"COUNT={count} is no number", "make forward TO=http://127.0.0.1:8080/hook COUNT=3")
    target = running()
    if target is None:
        raise Failure("no system runs", "make run, in another terminal, then this command again")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        forward(target, to, int(count))
    finally:
        target.close()


def forward(target, to, count):
    accepted = refused = 0
    try:
        with messages_of(target) as messages:
            say(f"forwarding new messages of {target.name} to {to}; Ctrl-C ends")
            for message in messages:
                good = delivered(to, message)
                accepted, refused = accepted + good, refused + (not good)
                if count and accepted + refused >= count:
                    break
    except KeyboardInterrupt:
        print()
    say(f"done: {accepted} messages delivered, {refused} given up")
    if refused:
        raise Failure(f"{to} refused {refused} messages {ATTEMPTS_MAX} times each",
                      "look at your consumer's log; a queue would now move them to its dead-letter queue")


@contextlib.contextmanager
def messages_of(target):
    """Every message from now on, once."""
    if isinstance(target, OneProcess):
        seen = {message.key for message in from_one_process(target)}
        yield polled(lambda: from_one_process(target), seen)
        return
    source = target.aws.ssm.get_parameter(Name=f"/{target.aws.state['stack']}/event-source")["Parameter"]["Value"]
    with target.aws.rule({"source": [source]}) as bus:
        queues = (target.queue, bus)
        yield polled(lambda: (message for queue in queues for message in from_queue(target, queue)), set())


def polled(read, seen):
    while True:
        for message in read():
            if message.key not in seen:
                seen.add(message.key)
                yield message
        time.sleep(POLL_SECONDS)


def from_one_process(target):
    with urllib.request.urlopen(f"{target.url}/local/messages", timeout=POST_SECONDS_MAX) as answer:
        for message in json.load(answer):
            body = json.loads(message["body"])
            key = (message["from"], body.get("eventId") or body.get("id"))
            yield Message(key, message["kind"], dict(message["attributes"]), message["body"])


def from_queue(target, queue):
    for message in target.aws.take(queue, lambda message: True):
        attributes = {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
        body = json.loads(message["Body"])
        if "detail-type" in body:
            yield Message((message["MessageId"],), body["detail-type"], attributes, json.dumps(body["detail"]))
        else:
            yield Message((message["MessageId"],), body.get("eventType", "message"), attributes, message["Body"])


def delivered(to, message):
    """Posts a message until the URL accepts it, at most ATTEMPTS_MAX times."""
    headers = {f"x-attribute-{name}": str(value) for name, value in message.attributes.items()}
    headers["content-type"] = "application/json"
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            request = urllib.request.Request(to, message.body.encode(), headers, method="POST")
            with urllib.request.urlopen(request, timeout=POST_SECONDS_MAX) as answer:
                say(f"{message.kind}: {answer.status}")
                return True
        except urllib.error.HTTPError as refusal:
            said = str(refusal.code)
        except OSError as cause:
            said = str(cause)
        say(f"{message.kind}: {said} (attempt {attempt} of {ATTEMPTS_MAX})")
        time.sleep(POLL_SECONDS * attempt)
    return False


if __name__ == "__main__":
    run(main)
