"""The operator's command on the deployed emulator. `make e2e` builds it first."""

import json
import os
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from client import ON_ACCOUNT, eventually, fresh, place
from test_delivery import about, events_of, is_in_its_view

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "dekigoto"
VIEWS = ["order-summary", "customer-summary", "daily-sales"]
AGREED = ["--yes", "--why", "an end-to-end test"]

# Exit codes.
FINE, ATTENTION, WRONG_ARGUMENTS, FAILED = range(4)


@pytest.fixture
def ops(aws):
    """Runs the command with `--json`; returns its exit code and what it said."""

    def run(*arguments, credentials=None, text=False, **environment):
        credentials = credentials or aws.credentials
        names = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
                 "aws_session_token": "AWS_SESSION_TOKEN"}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = {**inherited, "AWS_ENDPOINT_URL": aws.state["endpoint"], "AWS_REGION": aws.state["region"],
                       "AWS_EC2_METADATA_DISABLED": "true", "DEKIGOTO_STACK": aws.state["stack"],
                       **{names[name]: value for name, value in credentials.items()}, **environment}
        command = [COMMAND, *arguments] + ([] if text else ["--json"])
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        if text:
            return ended.returncode, ended.stdout + ended.stderr
        lines = ended.stdout.strip().splitlines()
        assert lines, ended.stderr
        return ended.returncode, json.loads(lines[-1])

    return run


def bury(aws, queue, body, reason=None):
    attributes = {"reason": reason, "function": "a test"} if reason else {}
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    aws.sqs.send_message(QueueUrl=aws.queue_url(queue), MessageBody=body, MessageAttributes=attributes)


def test_status_shows_every_hop(ops):
    code, said = ops("status")
    assert code in (FINE, ATTENTION)
    assert {hop["name"] for hop in said["hops"]} >= {"publisher", *VIEWS}
    assert all(hop["delivery"] == "on" for hop in said["hops"]), said


def test_the_doctor_finds_what_a_throwaway_stack_leaves_open(ops):
    code, said = ops("doctor")
    found = {finding["finding"] for finding in said["findings"]}
    assert code == ATTENTION
    assert {"alarms notify nobody", "the tables can be deleted"} <= found, found
    assert all(finding["remedy"] for finding in said["findings"])


def test_a_trace_follows_an_order_into_every_view(api, ops):
    order = place(api)
    assert api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT).status == 200
    events = {"OrderPlaced", "OrderConfirmed", "FulfilmentStarted", "FulfilmentOrderStatusNoted"}
    is_complete = lambda seen: seen[0] == FINE and {event["event"] for event in seen[1]["events"]} == events
    code, said = eventually(lambda: ops("trace", order), is_complete, "every view has every event")
    views = {event["event"]: event["views"] for event in said["events"]}
    assert views["OrderPlaced"] == {view: True for view in VIEWS}
    assert views["OrderConfirmed"] == {"order-summary": True}
    assert views["FulfilmentStarted"] == {"fulfilment": True}


def test_a_stream_is_shown_as_of_a_version_and_masked(api, ops):
    customer = fresh("c")
    order = place(api, customer)
    assert api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT).status == 200
    code, said = ops("show", f"Order#{order}", "--at", "1")
    assert (code, said["version"], len(said["events"])) == (FINE, 1, 1)
    assert customer not in json.dumps(said)
    code, said = ops("show", f"Order#{order}", "--payloads")
    assert said["events"][0]["payload"]["customerId"] == customer and said["version"] == 2


def test_tail_shows_an_event_soon_after_its_commit(api, aws, ops):
    process = subprocess.Popen(
        [COMMAND, "tail", "--for", "20s", "--json"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "AWS_ENDPOINT_URL": aws.state["endpoint"], "AWS_REGION": aws.state["region"],
             "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "DEKIGOTO_STACK": aws.state["stack"]})
    try:
        orders = []
        # The command needs a moment to find the end of the stream.
        eventually(lambda: orders.append(place(api)) or process.poll(), lambda _: len(orders) >= 5, "five orders")
        lines = process.communicate(timeout=60)[0]
    finally:
        process.kill()
    assert f"Order#{orders[-1]}" in lines, lines


@pytest.mark.parametrize("view", VIEWS)
def test_a_sample_of_every_view_equals_the_fold_of_its_events(api, ops, view):
    place(api)
    code, said = ops("verify", view, "--sample", "50")
    assert said["streams"] > 0, said
    strange = [it for it in said["differences"] if "event store" not in it["row"]]
    assert strange == [], said


def test_a_parked_event_is_listed_redriven_and_recorded(api, aws, ops):
    order = place(api)
    is_in_its_view(api, order)
    reason = fresh("a reason")
    bury(aws, "OrderSummaryDlq", json.dumps(events_of(api, order)[0]), reason)
    mine = ["--queue", "order-summary", "--reason", reason]
    code, said = ops("dlq", "list", *mine)
    assert (code, said["letters"]) == (ATTENTION, 1)
    assert said["groups"][0]["wayBack"] == "to order-summary"
    code, said = ops("dlq", "show", *mine)
    assert said["letters"][0]["about"] == f"Order#{order} version 1" and "customerId" in said["letters"][0]["body"]["payload"]
    # Without agreement nothing moves.
    code, said = ops("dlq", "redrive", *mine)
    assert code == FINE and ops("dlq", "list", *mine)[1]["letters"] == 1
    code, said = ops("dlq", "redrive", *mine, *AGREED)
    assert (code, said["sent"], said["left"]) == (FINE, 1, 0)
    assert ops("dlq", "list", *mine)[1]["letters"] == 0
    aws.drained(aws.queue_url("OrderSummaryQueue"))
    # Repeating it is safe.
    assert ops("dlq", "redrive", *mine, *AGREED)[0] == FINE
    code, said = ops("journal")
    assert any(it["why"] == "an end-to-end test" and it["outcome"].startswith("sent 1") for it in said["changes"]), said


def test_what_sns_could_not_deliver_goes_to_the_views_that_want_it(api, aws, ops):
    order = place(api)
    is_in_its_view(api, order)
    bury(aws, "SubscriptionDlq", json.dumps(events_of(api, order)[0]))
    mine = ["--queue", "subscription", "--stream", f"Order#{order}"]
    assert ops("dlq", "redrive", *mine)[1]["plan"][0]["wayBack"] == "to order-summary, customer-summary, daily-sales, fulfilment-policy"
    assert ops("dlq", "redrive", *mine, *AGREED)[1]["sent"] == 1
    assert ops("dlq", "list", *mine)[1]["letters"] == 0


def test_a_note_of_lambda_is_published_again(api, aws, ops):
    order = place(api)
    is_in_its_view(api, order)
    at = events_of(api, order)[0]["occurredAt"]
    note = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": {
        "batchSize": 1, "approximateArrivalOfFirstRecord": at, "approximateArrivalOfLastRecord": at}}
    bury(aws, "PublisherStreamDlq", json.dumps(note))
    with aws.subscriber({"eventType": ["OrderPlaced"]}) as queue:
        code, said = ops("dlq", "redrive", "--queue", "stream", *AGREED)
        assert (code, said["sent"]) == (FINE, 1)
        aws.arrives(queue, about(order), "the event, published again")
    assert ops("dlq", "list", "--queue", "stream")[1]["letters"] == 0


def test_a_letter_without_a_way_back_stays_until_it_is_discarded(aws, ops):
    text = fresh("nonsense")
    bury(aws, "DailySalesDlq", text, text)
    mine = ["--queue", "daily-sales", "--reason", text]
    code, said = ops("dlq", "redrive", *mine, *AGREED)
    assert (code, said["left"]) == (ATTENTION, 1)
    code, said = ops("dlq", "show", *mine)
    assert text not in json.dumps(said["letters"][0]["body"]), "masked"
    assert ops("dlq", "discard", *mine)[1]["letters"] == 1
    assert ops("dlq", "discard", *mine, *AGREED)[1]["deleted"] == 1
    assert ops("dlq", "list", *mine)[1]["letters"] == 0


def test_a_stream_or_a_time_window_is_published_again(api, aws, ops):
    order = place(api)
    is_in_its_view(api, order)
    at = datetime.fromisoformat(events_of(api, order)[0]["occurredAt"])
    stamp = lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    window = ["--from", stamp(at), "--to", stamp(at + timedelta(milliseconds=1))]
    with aws.subscriber({"eventType": ["OrderPlaced"]}) as queue:
        for what in (["--stream", f"Order#{order}", "--to-target", "topic"], window):
            assert ops("republish", *what)[0] == FINE
            assert aws.take(queue, about(order)) == [], "a dry run publishes nothing"
            assert ops("republish", *what, *AGREED)[0] == FINE
            aws.arrives(queue, about(order), f"the event, published again by {what}")


def test_a_view_is_paused_and_resumed(aws, ops):
    delivery = lambda: next(hop for hop in ops("status")[1]["hops"] if hop["name"] == "daily-sales")["delivery"]
    assert ops("pause", "daily-sales")[1]["changed"] is False and delivery() == "on"
    try:
        assert ops("pause", "daily-sales", "--for", "5m", *AGREED)[0] == FINE
        code, said = ops("status")
        assert code == ATTENTION
        eventually(delivery, lambda text: text.endswith("nothing is delivered"), "paused")
    finally:
        assert ops("resume", "daily-sales", *AGREED)[0] == FINE
    eventually(delivery, lambda text: text == "on", "resumed")


@pytest.mark.parametrize("view", ["order-summary", "customer-summary"])
def test_a_view_is_rebuilt_switched_to_and_its_old_generation_is_dropped(api, aws, ops, view):
    order = place(api)
    is_in_its_view(api, order)
    generations = lambda: next(it for it in ops("generations")[1]["views"] if it["view"] == view)["generations"]
    live = lambda: generations()["live"]
    if "beside" in generations():
        code, said = ops("drop", view, *AGREED, text=True)
        if code != FINE:
            pytest.skip(f"an earlier run on this stack left a generation: {said}")
    before = live()
    assert ops("rebuild", view)[1]["changed"] is False and live() == before, "a dry run"
    code, said = ops("rebuild", view, "--segments", "3", *AGREED)
    # Another test has damaged a commit, which the rebuild names and passes over.
    assert code in (FINE, ATTENTION) and said["progress"]["done"] == 3 and said["progress"]["open"] == [], said
    assert ops("rebuild", view, *AGREED, text=True)[0] == FAILED, "a generation is there already"
    built = str(said["generation"])
    code, said = ops("verify", view, "--generation", built, "--all")
    # So a switch needs `--despite-gaps`.
    differences = [it for it in said["differences"] if not it["row"].startswith("event store:")]
    assert code in (FINE, ATTENTION) and differences == [] and said["rows"] > 0, said
    assert ops("switch", view, "--despite-gaps", *AGREED)[1]["live"] == int(built)
    later = place(api)
    is_in_its_view(api, later)
    is_in_its_view(api, order)
    assert ops("rollback", view, *AGREED)[1]["live"] == before
    assert ops("switch", view, "--despite-gaps", *AGREED)[1]["live"] == int(built)
    assert "was live a moment ago" in ops("drop", view, *AGREED, text=True)[1]


def test_costs_are_shown(ops):
    code, said = ops("cost", "--over", "1h")
    assert code == FINE and {item["what"] for item in said["items"]} >= {"write units", "bytes of log"}


@pytest.mark.parametrize("arguments, code, text", [
    (["--stack", "no-such-stack", "status"], FAILED, "the stack no-such-stack in us-east-1 does not exist"),
    (["verify", "order-sumary"], WRONG_ARGUMENTS, "choose one of fulfilment, order-summary, customer-summary, daily-sales, price-list"),
    (["pause", "orders", *AGREED], WRONG_ARGUMENTS, "the stack has no view called orders"),
    (["dlq", "list", "--queue", "orders"], WRONG_ARGUMENTS, "there is no dead-letter queue called orders"),
    (["show", "Order"], WRONG_ARGUMENTS, "names no stream"),
    (["show", "Order#no-such-order"], FAILED, "does not exist"),
    (["trace", "no-such-order"], FAILED, "no Order or Payment or Price or Fulfilment has the id no-such-order"),
    (["--endpoint", "http://127.0.0.1:9", "status"], FAILED, "127.0.0.1:9 in region us-east-1 does not answer"),
    (["dlq", "redrive", "--yes"], WRONG_ARGUMENTS, "--why"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_bad_input_is_one_sentence_and_an_exit_code(ops, arguments, code, text):
    ended, said = ops(*arguments, text=True)
    assert ended == code and text in said, said
    assert "panicked" not in said


def test_unknown_credentials_and_missing_permissions_are_told_apart(aws, ops):
    nobody = {"aws_access_key_id": "AKIANOBODY0000000000", "aws_secret_access_key": "wrong"}
    code, said = ops("status", credentials=nobody, text=True)
    assert code == FAILED and "AWS does not accept these credentials" in said, said
    code, said = ops("status", credentials=aws.as_role_of("DailySalesFunction").credentials, text=True)
    assert code == FAILED and "you may not do cloudformation:DescribeStacks" in said, said
