"""Records a session of each command of `dekigoto` on the local AWS. `make ops-sessions` runs it."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import conftest
import postgres
from aws import Aws
from client import Api, fresh, place
from stack import with_recovery
from test_delivery import events_of, is_in_its_view
from test_ops import COMMAND, FAILED, FINE, WRONG_ARGUMENTS, bury

SECONDS_MAX = 180
LINES_MAX = 24
# A generation that was live may be dropped after this time.
SECONDS_UNTIL_DROPPED = 61
WHY = ["--yes", "--why", "a recorded session"]
VIEW = "order-summary"

HEAD = """# A session of each command

`make ops-sessions` deployed the real template to the local AWS, ran these commands against it one after the other, and wrote
this page on {date}. The [runbook](runbook.md) says when to use which. An exit code of 0 means that all is well, 1 that
something needs attention, 2 that the arguments are wrong, and 3 that it could not be done. A stack for trials has findings
that a real one has not, and it has just been deployed: there is no lag to see.
"""


class Recorder:
    """Runs commands, and writes down what they say."""

    def __init__(self, aws):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.environment = {**inherited, "AWS_ENDPOINT_URL": aws.state["endpoint"], "AWS_REGION": aws.state["region"],
                            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "COLUMNS": "160",
                            "AWS_EC2_METADATA_DISABLED": "true", "DEKIGOTO_STACK": aws.state["stack"]}
        self.text = [HEAD.format(date=datetime.now(timezone.utc).date())]

    def title(self, text):
        self.text.append(f"\n## {text}\n")

    def run(self, *arguments, code=None, seconds=None):
        """Records one command, which ends with this code. `seconds` ends a command that goes on until it is interrupted."""
        process = subprocess.Popen([COMMAND, *arguments], env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        try:
            said = process.communicate(timeout=seconds or SECONDS_MAX)[0]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            said = process.communicate()[0]
            assert seconds, f"{arguments} did not end within {SECONDS_MAX} s: {said}"
        line = shlex.join(["dekigoto", *arguments])
        assert code is None or seconds or process.returncode == code, f"{line} ended with {process.returncode}:\n{said}"
        assert "panicked" not in said, said
        self.text += ["```", f"$ {line}", *readable(said), "```", ""]
        if not seconds and process.returncode != FINE:
            self.text[-2:-2] = ["$ echo $?", str(process.returncode)]
        print(line, process.returncode, flush=True)
        return said


def readable(said):
    """The lines as a person saw them: a bar draws its line again and again, and a token is nobody's business."""
    lines = [it.rsplit("\r", 1)[-1].rstrip() for it in said.rstrip().splitlines()]
    lines = [re.sub(r"token=[\w-]+", "token=…", line) for line in lines]
    return lines if len(lines) <= LINES_MAX else [*lines[:LINES_MAX], f"… {len(lines) - LINES_MAX} lines more"]


def session(recorder, aws, api):
    title, record = recorder.title, recorder.run
    order = place(api)
    paid = {"reference": fresh("ch"), "amount": 3000, "currency": "JPY", "outcome": "captured"}
    assert api.post(f"/v1/orders/{order}/payments", paid).status == 201
    is_in_its_view(api, order, 2)
    title("Look")
    record("status")
    record("doctor")
    record("trace", order)
    record("show", f"Order#{order}", "--at", "2", code=FINE)
    record("rows", order, code=FINE)
    waiting = place(api)
    is_in_its_view(api, waiting)
    record("deadlines", code=FINE)
    threading.Timer(3, place, [api]).start()
    record("tail", "--for", "8s", code=FINE)
    record("cost", "--over", "1h", code=FINE)
    title("Dead letters")
    bury(aws, "OrderSummaryDlq", json.dumps(events_of(api, order)[0]), "a fault of 1.4.1")
    bury(aws, "OrderSummaryDlq", "nonsense", "the body is not JSON")
    mine = ["--queue", VIEW]
    record("dlq", "list", *mine)
    record("dlq", "show", *mine)
    record("dlq", "redrive", *mine)
    record("dlq", "redrive", *mine, *WHY)
    record("dlq", "discard", *mine)
    record("dlq", "discard", *mine, *WHY, code=FINE)
    title("Publish again")
    record("republish", "--stream", f"Order#{order}", code=FINE)
    record("republish", "--stream", f"Order#{order}", *WHY, code=FINE)
    with aws.queue("sns.amazonaws.com", aws.outputs["TopicArn"]) as (_, arn):
        record("replay", "--to", arn, "--from", "2026-01-01T00:00:00Z", *WHY, code=FINE)
    title("Verify a view, and build it anew")
    record("verify", VIEW, "--sample", "20", code=FINE)
    record("generations", code=FINE)
    record("rebuild", VIEW, code=FINE)
    record("rebuild", VIEW, "--segments", "2", *WHY, code=FINE)
    record("rebuild", VIEW, "--watch")
    record("verify", VIEW, "--generation", "2", code=FINE)
    record("switch", VIEW, *WHY, code=FINE)
    record("rollback", VIEW, *WHY, code=FINE)
    record("drop", VIEW, *WHY, code=FAILED)
    time.sleep(SECONDS_UNTIL_DROPPED)
    record("drop", VIEW, *WHY, code=FINE)
    title("Pause a view")
    record("pause", "daily-sales", "--for", "5m", *WHY, code=FINE)
    record("status")
    record("resume", "daily-sales", *WHY, code=FINE)
    title("Restore and export")
    with_recovery(aws)
    record("restore", "--table", "dekigoto-restored", code=FINE)
    record("restore", "--table", "dekigoto-restored", *WHY, code=FINE)
    aws.s3.create_bucket(Bucket="dekigoto-exports")
    record("export", "--bucket", "dekigoto-exports", code=FINE)
    record("export", "--bucket", "dekigoto-exports", *WHY, code=FINE)
    title("The journal, the console, and the rest")
    record("journal", code=FINE)
    record("console", "--port", "0", seconds=3)
    with postgres.server() as server:
        record("migrate", "--database", server.url, code=FINE)
        record("migrate", "--database", server.url, *WHY, code=FINE)
    record("completions", "bash", code=FINE)
    title("Bad input")
    record("--stack", "no-such-stack", "status", code=FAILED)
    record("verify", "order-sumary", code=WRONG_ARGUMENTS)
    record("dlq", "redrive", "--yes", code=WRONG_ARGUMENTS)


def main(page):
    state = conftest.e2e_fixtures.deployed()
    aws, api = Aws(state), Api(state["outputs"]["ApiUrl"])
    recorder = Recorder(aws)
    session(recorder, aws, api)
    page.write_text("\n".join(recorder.text))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
