"""Kills the one-process system while it works, several times, and checks that nothing it acknowledged is lost or counted
twice: the orders, their views, and the totals of their customers. DEKIGOTO_BINARY is the program, and DATABASE its file."""

import http.client
import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
from journey import ready_line

from client import Api, basket, eventually, fresh, place

KILLS = 8
CLIENTS = 8
CUSTOMERS = 5
READY_SECONDS_MAX = 5
PAYMENT_SECONDS = 2

pytestmark = pytest.mark.skipif(
    "DEKIGOTO_BINARY" not in os.environ, reason="only the one-process system can be killed; make journey does")


class System:
    """The process, which is started again after each kill."""

    def __init__(self, log):
        self.log = Path(log)
        self.ready_seconds = []

    def start(self):
        began = time.monotonic()
        with self.log.open("a") as err:
            self.process = subprocess.Popen([os.environ["DEKIGOTO_BINARY"]], env={**os.environ, "PORT": "0"},
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err)
        self.api = Api(ready_line(self.process, self.log).split(" on ")[1].split()[0])
        self.ready_seconds.append(time.monotonic() - began)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Clients:
    """Place orders until the system is killed, and send again with the same key what got no answer."""

    def __init__(self, customers, outages=()):
        """`outages` are the answers that say that a server is down: the order is sent again later."""
        self.customers = customers
        self.outages = outages
        self.is_stopped = False
        self.acknowledged = {}
        self.unanswered = []
        self.sent = 0
        self.lock = threading.Lock()

    def next(self):
        with self.lock:
            if self.unanswered:
                return self.unanswered.pop()
            self.sent += 1
            return fresh("key"), basket(self.customers[self.sent % CUSTOMERS], unit_amount=self.sent)

    def work(self, api):
        while not self.is_stopped:
            key, body = self.next()
            try:
                answer = api.post("/v1/orders", body, {"Idempotency-Key": key})
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.unanswered.append((key, body))
                return
            if answer.status in self.outages:
                with self.lock:
                    self.unanswered.append((key, body))
                time.sleep(0.1)
                continue
            assert answer.status == 201, answer
            with self.lock:
                self.acknowledged[answer.body["orderId"]] = body

    def finish(self, api):
        """Sends what is still unanswered."""
        for key, body in self.unanswered:
            answer = api.post("/v1/orders", body, {"Idempotency-Key": key})
            assert answer.status == 201, answer
            self.acknowledged[answer.body["orderId"]] = body


def test_a_process_that_is_killed_loses_nothing_that_it_acknowledged_s3_l2(tmp_path):
    system, clients = System(tmp_path / "log"), Clients([fresh("killed") for _ in range(CUSTOMERS)])
    for number in range(KILLS):
        system.start()
        workers = [threading.Thread(target=clients.work, args=(system.api,)) for _ in range(CLIENTS)]
        for worker in workers:
            worker.start()
        time.sleep(0.2 + 0.07 * number)
        system.kill()
        for worker in workers:
            worker.join()
    system.start()
    try:
        clients.finish(system.api)
        check(system.api, clients)
    finally:
        system.kill()
    print(f"\n{KILLS} kills, {len(clients.acknowledged)} orders: nothing lost, nothing counted twice; ready again in "
          f"{max(system.ready_seconds):.2f} s at most")
    note(f"the process, on {os.environ.get('STORE', 'sqlite')}", KILLS, f"{len(clients.acknowledged)} orders", __file__)
    assert max(system.ready_seconds) < READY_SECONDS_MAX


def test_a_deadline_that_passes_while_the_process_is_dead_is_met_after_its_start_l3(tmp_path, monkeypatch):
    system = System(tmp_path / "log")
    monkeypatch.setenv("PAYMENT_SECONDS", str(PAYMENT_SECONDS))
    system.start()
    order = place(system.api)
    eventually(lambda: system.api.get("/local/stored", stream=f"Fulfilment#{order}"), lambda a: len(a.body) > 0,
               "the process with its deadline is stored")
    system.kill()
    time.sleep(PAYMENT_SECONDS)
    # Only the stored deadline ends so soon.
    monkeypatch.delenv("PAYMENT_SECONDS")
    system.start()
    try:
        eventually(lambda: system.api.get(f"/v1/orders/{order}", minVersion=1),
                   lambda a: a.status == 200 and a.body["status"] == "cancelled", "the order that nobody paid is cancelled")
    finally:
        system.kill()


def note(what, kills, checked, test):
    """A row for the table of REFERENCE.md, if `make platforms` wants it. Written after the checks have passed."""
    if "DEKIGOTO_KILLS" in os.environ:
        row = {"what": what, "kills": kills, "checked": checked, "test": f"tests/e2e/{Path(test).name}"}
        with open(os.environ["DEKIGOTO_KILLS"], "a") as rows:
            rows.write(json.dumps(row) + "\n")


def check(api, clients):
    for customer in clients.customers:
        amounts = [total(body) for body in clients.acknowledged.values() if body["customerId"] == customer]
        summary = eventually(lambda: api.get(f"/v1/customers/{customer}/summary"),
                             lambda a: a.status == 200 and a.body["orderCount"] == len(amounts), "the totals catch up",
                             # Thousands of orders may wait for their views.
                             progress=lambda a: a.status == 200 and a.body["orderCount"])
        assert summary.body["totals"] == {"JPY": sum(amounts)}
    for order, body in clients.acknowledged.items():
        shown = eventually(lambda: api.get(f"/v1/orders/{order}"),
                           lambda a: a.status == 200 and a.headers["served-from"] == "view", "the view catches up")
        assert shown.body["totalAmount"] == total(body)


def total(body):
    return sum(item["unitAmount"] * item["quantity"] for item in body["items"])
