"""`make demo` on a bus that is a log."""

import os
import re

import pytest

import demo

pytestmark = pytest.mark.skipif(os.environ.get("BUS") != "kafka", reason="only a log has places; make platforms starts one")

TOPICS = {"topic": "dekigoto.orders-events", "bus": "dekigoto.orders-integration-events"}
# From, kind, and topic, partition and offset.
MESSAGE = re.compile(r"(topic|bus) +\w+ ([a-z.-]+)-(\d+)@(\d+) +\{")


def test_the_demo_prints_where_each_message_is(api, capsys):
    demo.walk(demo.OneProcess(os.environ["DEKIGOTO_URL"]))
    printed = capsys.readouterr().out
    shown = printed.split("The messages of a subscriber")[1].split("The views")[0].splitlines()
    messages = [line for line in shown if line.startswith(tuple(TOPICS))]
    places = [MESSAGE.match(line) for line in messages]
    assert all(places), messages
    assert sum(place[1] == "topic" for place in places) >= demo.EVENTS
    assert {place[1]: place[2] for place in places} == TOPICS
    assert len({place.groups() for place in places}) == len(messages), "two messages are in one place"
