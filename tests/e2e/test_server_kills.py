"""Kills the database, the broker and the one-process system while it works on PostgreSQL and Kafka, and checks that nothing it
acknowledged is lost or counted twice. DEKIGOTO_BINARY is the program, and DEKIGOTO_JUDGE the simulator with its checks."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time

import broker
import postgres
import pytest

from client import fresh
from conftest import ROOT
from test_kills import CLIENTS, CUSTOMERS, Clients, System, check, note

# The clients of `make chaos`, which carry orders through their life.
sys.path.append(str(ROOT / "tests" / "chaos"))

import clients as carriers  # noqa: E402

ROUNDS = 2
ORDERS = 24
AT_ONCE = 8
# The sample subscriber keeps no more: INBOX_MESSAGES_MAX in shared/local/src/inbox.rs.
MESSAGES_MAX = 1000
STILL_SECONDS = 3
REST_SECONDS_MAX = 90

pytestmark = pytest.mark.skipif("DEKIGOTO_KILLS_SERVERS" not in os.environ, reason="needs servers; make platforms starts them")


@contextlib.contextmanager
def servers(monkeypatch):
    """Starts a database and a broker, and names them in the environment."""
    with postgres.server() as database, broker.storage() as bucket, broker.broker(bucket) as kafka:
        settings = {"STORE": "postgres", "DATABASE_URL": database.url, "BUS": "kafka", "KAFKA_BROKERS": kafka.brokers,
                    "AUTH_MODE": "none"}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield database, kafka


def test_killing_database_broker_and_process_loses_nothing_and_doubles_nothing_s3_l2(tmp_path, monkeypatch):
    clients = Clients([fresh("server-killed") for _ in range(CUSTOMERS)], outages=(500, 503))
    with servers(monkeypatch) as (database, kafka):
        check_refuses_to_start()
        # For development. An operator runs `dekigoto migrate`.
        monkeypatch.setenv("MIGRATE", "yes")
        system = System(tmp_path / "log")
        system.start()
        try:
            for _ in range(ROUNDS):
                for victim in (database, kafka, system):
                    kill_while_they_work(victim, system, clients)
            clients.finish(system.api)
            check(system.api, clients)
        finally:
            system.kill()
    print(f"\n{3 * ROUNDS} kills of database, broker and process, {len(clients.acknowledged)} orders: nothing lost, nothing "
          "counted twice")
    for victim in ("the database", "the broker", "the process"):
        note(f"{victim}, on PostgreSQL and Kafka", ROUNDS, f"{len(clients.acknowledged)} orders", __file__)


def check_refuses_to_start():
    """On a database without tables: it says in one sentence what to do, and makes none."""
    for _ in range(2):
        refused = subprocess.run([os.environ["DEKIGOTO_BINARY"]], env={**os.environ, "PORT": "0"}, stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=20)
        assert refused.returncode == 1
        sentence = r"the tables have version 0, and this program needs version \d+: run dekigoto migrate\n"
        assert re.fullmatch(sentence, refused.stderr), refused.stderr


def kill_while_they_work(victim, system, clients):
    clients.is_stopped = False
    workers = [threading.Thread(target=clients.work, args=(system.api,)) for _ in range(CLIENTS)]
    for worker in workers:
        worker.start()
    time.sleep(0.4)
    victim.kill()
    time.sleep(0.4)
    victim.start()
    time.sleep(0.6)
    clients.is_stopped = True
    for worker in workers:
        worker.join()


def test_orders_that_are_paid_and_shipped_during_the_kills_keep_every_invariant(tmp_path, monkeypatch):
    with servers(monkeypatch) as (database, kafka):
        monkeypatch.setenv("MIGRATE", "yes")
        system = System(tmp_path / "log")
        system.start()
        try:
            clients = carriers.Clients(system.api, ORDERS, AT_ONCE, seed=1)
            working = threading.Thread(target=clients.run, daemon=True)
            working.start()
            for victim in (database, kafka, system):
                time.sleep(0.7)
                assert working.is_alive(), "the orders were done before the kills"
                victim.kill()
                time.sleep(0.4)
                victim.start()
                clients.api = system.api
            working.join()
            left = rest(lambda: left_behind(database, system.api, clients))
        finally:
            system.kill()
    path = tmp_path / "left.json"
    path.write_text(json.dumps(left))
    judged = subprocess.run([os.environ["DEKIGOTO_JUDGE"], "--judge", path], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    print(f"\n{judged.stdout}")
    note("database, broker and process, while orders are paid and shipped", 3,
         f"{len(left['commands'])} commands and {len(left['events'])} commits, by the simulator's checks", __file__)


def left_behind(database, api, clients):
    """What `make chaos` gives to the simulator's checks, too."""
    heard = json.loads(api.get("/local/messages").text)
    assert len(heard) < MESSAGES_MAX, "the sample subscriber has forgotten some"
    waiting = select(database, "select count(*) as entries from dekigoto.outbox")[0]["entries"]
    return {
        "commands": [command.record() for command in clients.history],
        "events": select(database, "select pk, sk, v, at, ev, key, fp, act, cor, cau, tp, sn from dekigoto.commits"),
        "rows": select(database, "select partition as pk, sort as sk, body from dekigoto.rows"),
        "topic": [{"body": it["body"], "attributes": dict(it["attributes"])} for it in heard if it["from"] == "topic"],
        # As EventBridge wraps it.
        "bus": [{"body": json.dumps({"detail": json.loads(it["body"])}), "attributes": {}} for it in heard if it["from"] == "bus"],
        "waiting": {"outbox": waiting} if waiting else {},
        "dead": {"parked": select(database, "select body, reason from dekigoto.parked")},
    }


def select(database, query):
    """The rows of a query, without its nulls."""
    text = f"select coalesce(json_agg(json_strip_nulls(row_to_json(it))), '[]') from ({query}) it"
    told = subprocess.run([database.programs / "psql", database.url, "-XqAtc", text], capture_output=True, text=True, check=True)
    return json.loads(told.stdout)


def rest(look):
    """Waits until nothing changes any more."""
    began = changed = time.monotonic()
    seen = None
    while time.monotonic() - changed < STILL_SECONDS:
        now = look()
        if now != seen or now["waiting"]:
            seen, changed = now, time.monotonic()
        assert time.monotonic() - began < REST_SECONDS_MAX, f"not at rest after {REST_SECONDS_MAX} s: {now['waiting']}"
        time.sleep(0.5)
    return seen
