"""`make console-test`: uses the console of the one-process system in a real browser, as tests/console says.

Needs Node.js 20 and Chromium, as `make browsers` does. Also takes pictures, into .local/console. With PICTURES=1, those
of the documentation in infra/site/pictures are renewed from them.
"""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import urllib.request

import browsers
from journey import END_SECONDS_MAX, build_all, ready_line
from project import LOCAL, LOGS, ROOT, Failure, run, say

SOURCES = ROOT / "tests" / "console"
DATABASE = LOCAL / "console.db"
# The pictures of the documentation.
SHOWN = ("pipeline-1280-light", "stream-1280-light", "letters-1280-dark", "redrive-400-dark")
ORDER = {"customerId": "c-42", "currency": "JPY", "items": [{"productId": "p-1", "quantity": 2, "unitAmount": 1500}]}


def main():
    environment = {"CHROMIUM": browsers.chromium()}
    browsers.install()
    for source in SOURCES.glob("*.mjs"):
        shutil.copy(source, browsers.HOME)
    pictures = LOCAL / "console"
    pictures.mkdir(parents=True, exist_ok=True)
    say("building the one-process system")
    binary = build_all()
    subprocess.run([binary, "reset"], env={**os.environ, "DATABASE": str(DATABASE)}, check=True, stdout=subprocess.DEVNULL)
    with process(binary) as url:
        order, message = place(url)
    park(message)
    with process(binary) as url:
        environment |= {**os.environ, "DEKIGOTO_URL": url, "ORDER": order, "PICTURES": str(pictures)}
        tested = subprocess.run(["node", "--test", "console.test.mjs"], cwd=browsers.HOME, env=environment)
    if tested.returncode != 0:
        raise Failure("the console does not work in a browser", "read the failed test above")
    if os.environ.get("PICTURES"):
        for name in SHOWN:
            shutil.copy(pictures / f"{name}.png", ROOT / "infra/site/pictures" / f"console-{name}.png")
    say(f"the pictures are in {pictures.relative_to(ROOT)}")


@contextlib.contextmanager
def process(binary):
    """The one-process system on the database of this test."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "console.log"
    environment = {**os.environ, "AUTH_MODE": "none", "DATABASE": str(DATABASE), "PORT": "0"}
    with log.open("w") as err:
        started = subprocess.Popen([binary], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err)
    try:
        yield ready_line(started, log).split(" on ")[1].split()[0]
    finally:
        started.send_signal(signal.SIGINT)
        started.wait(END_SECONDS_MAX)


def place(url):
    """Places an order. Returns its id, and its first message on the topic."""
    request = urllib.request.Request(f"{url}/v1/orders", json.dumps(ORDER).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        order = json.load(answer)["orderId"]
    # The answer comes before the message.
    for _ in range(500):
        with urllib.request.urlopen(f"{url}/local/messages") as answer:
            for it in json.load(answer):
                if it["from"] == "topic" and order in it["body"]:
                    return order, it["body"]
    raise Failure("the order's event is not published", "read .local/logs/console.log")


def park(message):
    """Parks two messages, as if functions had done it: one that may go back, and one that may not."""
    with contextlib.closing(sqlite3.connect(DATABASE)) as database, database:
        for body, reason in ((message, "order-summary: schema version 9 is newer than this code"), ("oops", "daily-sales: no JSON")):
            database.execute("insert into parked (at, body, reason) values (unixepoch(), ?, ?)", (body, reason))


if __name__ == "__main__":
    run(main)
