"""`make ops-sessions`: runs each command of `dekigoto` against the local AWS, and keeps what it says in shared/ops/SESSIONS.md.
Deploys first if needed."""

import json
import os
import shlex
import signal
import subprocess
import time
import urllib.request
from datetime import datetime, timezone

import deploy
import e2e
import emulator
from project import ROOT, Failure, aws_environment, recall, run, say
from tools import install

COMMAND = os.path.join(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"), "debug", "dekigoto")
PAGE = ROOT / "shared" / "ops" / "SESSIONS.md"
SECONDS_MAX = 180
LINES_MAX = 24
WHY = ["--yes", "--why", "a recorded session"]

HEAD = """# A session of each command

`make ops-sessions` deployed the real template to the local AWS, ran these commands against it one after the other, and wrote
this page on {date}. `$?` is the exit code: 0 all is well, 1 something needs attention, 2 wrong arguments, 3 it could not be
done. A stack for trials has findings that a real one has not.
"""


class Recorder:
    """Runs commands, and writes down what they say."""

    def __init__(self, state):
        self.environment = {**{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
                            **aws_environment(state["endpoint"]), "DEKIGOTO_STACK": state["stack"],
                            "AWS_ENDPOINT_URL": state["endpoint"], "AWS_EC2_METADATA_DISABLED": "true"}
        self.text = [HEAD.format(date=datetime.now(timezone.utc).date())]

    def title(self, text):
        self.text.append(f"\n## {text}\n")

    def run(self, *arguments, seconds=None, codes=(0, 1)):
        """Records one command. `seconds` ends a command that goes on for ever."""
        process = subprocess.Popen([COMMAND, *arguments], env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        try:
            said = process.communicate(timeout=seconds or SECONDS_MAX)[0]
            code = process.returncode
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT if seconds else signal.SIGKILL)
            said = process.communicate()[0]
            code = 0 if seconds else 124
        line = shlex.join(["dekigoto", *arguments])
        if code not in codes:
            raise Failure(f"{line} ended with code {code}:\n{said}", "look at .local/logs/emulator.log")
        # A bar draws its line again and again.
        lines = [it.rsplit("\r", 1)[-1].rstrip() for it in said.rstrip().splitlines()]
        if len(lines) > LINES_MAX:
            lines = [*lines[:LINES_MAX], f"… {len(lines) - LINES_MAX} lines more"]
        self.text += ["```", f"$ {line}", *lines, f"$ echo $?\n{code}", "```", ""]
        return said

    def write(self):
        PAGE.write_text("\n".join(self.text))
        say(f"{PAGE.relative_to(ROOT)} is written")


def post(api, path, body):
    request = urllib.request.Request(api + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=40) as answer:
        return json.load(answer)


def an_order(api, customer):
    items = [{"productId": "p-1", "quantity": 2, "unitAmount": 1500}]
    order = post(api, "/v1/orders", {"customerId": customer, "currency": "JPY", "items": items})["orderId"]
    post(api, f"/v1/orders/{order}/payments", {"reference": customer, "amount": 3000, "currency": "JPY", "outcome": "captured"})
    return order


def bury(recorder, state, body):
    """A dead letter, as a projector that gave up would leave it."""
    program = ("import boto3, os, sys; boto3.client('sqs', endpoint_url=os.environ['AWS_ENDPOINT_URL']).send_message("
               "QueueUrl=sys.argv[1], MessageBody=sys.argv[2], MessageAttributes={'reason': {'DataType': 'String', "
               "'StringValue': sys.argv[3]}})")
    from tools import executable

    url = state["outputs"]["OrderSummaryDlqUrl"]
    subprocess.run([executable("e2e", "python"), "-c", program, url, body, "a fault of 1.4.1"], check=True,
                   env=recorder.environment)


def main():
    state = recall()
    if not state.get("outputs") or not emulator.is_healthy(state["endpoint"]):
        deploy.main()
        state = recall()
    install("e2e")
    e2e.ops()
    api = emulator.by_path(state["outputs"]["ApiUrl"], state["port"])
    orders = [an_order(api, f"c-session-{number}") for number in range(3)]
    time.sleep(5)
    recorder = Recorder(state)
    session(recorder, state, api, orders[0])
    recorder.write()


def session(recorder, state, api, order):
    title, record = recorder.title, recorder.run
    title("Look")
    record("status")
    record("doctor")
    record("trace", order)
    record("show", f"Order#{order}", "--at", "2")
    record("rows", order)
    record("deadlines")
    tail = lambda: record("tail", "--for", "8s")
    an_order(api, "c-session-tail")
    tail()
    record("cost", "--over", "1h")
    title("Dead letters")
    with urllib.request.urlopen(f"{api}/v1/orders/{order}/events", timeout=40) as answer:
        event = json.load(answer)["items"][0]
    bury(recorder, state, json.dumps(event))
    bury(recorder, state, "nonsense")
    mine = ["--queue", "order-summary"]
    record("dlq", "list", *mine)
    record("dlq", "show", *mine)
    record("dlq", "redrive", *mine)
    record("dlq", "redrive", *mine, *WHY)
    record("dlq", "discard", *mine, *WHY)
    title("Publish again")
    record("republish", "--stream", f"Order#{order}", *WHY)
    record("replay", "--to", queue_arn(recorder, state), "--from", "2026-01-01T00:00:00Z", *WHY)
    title("Generations")
    record("verify", "order-summary", "--sample", "20")
    record("generations")
    record("rebuild", "order-summary", "--segments", "2", *WHY)
    record("rebuild", "order-summary", "--watch", codes=(0, 1, 3))
    record("verify", "order-summary", "--generation", "2")
    record("switch", "order-summary", *WHY)
    record("rollback", "order-summary", *WHY)
    record("drop", "order-summary", *WHY, codes=(0, 1, 3))
    title("Pause")
    record("pause", "daily-sales", "--for", "5m", *WHY)
    record("status")
    record("resume", "daily-sales", *WHY)
    title("Restore and export")
    record("restore", "--table", "dekigoto-restored")
    record("restore", "--table", "dekigoto-restored", *WHY)
    record("export", "--bucket", "dekigoto-exports")
    record("export", "--bucket", "dekigoto-exports", *WHY)
    title("The rest")
    record("journal")
    record("console", "--port", "0", seconds=3)
    record("migrate", "--database", "postgres://127.0.0.1:9/none", codes=(2, 3))
    record("completions", "bash")


def queue_arn(recorder, state):
    """A queue of a new subscriber."""
    from tools import executable

    program = ("import boto3, os; sqs = boto3.client('sqs', endpoint_url=os.environ['AWS_ENDPOINT_URL']); "
               "url = sqs.create_queue(QueueName='new-subscriber')['QueueUrl']; "
               "print(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['QueueArn'])['Attributes']['QueueArn'])")
    made = subprocess.run([executable("e2e", "python"), "-c", program], check=True, env=recorder.environment,
                          stdout=subprocess.PIPE, text=True)
    return made.stdout.strip()


if __name__ == "__main__":
    run(main)
