"""Kills the database, the broker and the one-process system while it works on PostgreSQL and Kafka, and checks that nothing it
acknowledged is lost or counted twice. DEKIGOTO_BINARY is the program."""

import os
import subprocess
import threading
import time

import broker
import postgres
import pytest

from client import fresh
from test_kills import CLIENTS, CUSTOMERS, Clients, System, check, note

ROUNDS = 2

pytestmark = pytest.mark.skipif("DEKIGOTO_KILLS_SERVERS" not in os.environ, reason="needs servers; make platforms starts them")


def test_killing_database_broker_and_process_loses_nothing_and_doubles_nothing_s3_l2(tmp_path, monkeypatch):
    clients = Clients([fresh("server-killed") for _ in range(CUSTOMERS)], outages=(500, 503))
    with postgres.server() as database, broker.storage() as bucket, broker.broker(bucket) as kafka:
        settings = {"STORE": "postgres", "DATABASE_URL": database.url, "BUS": "kafka", "KAFKA_BROKERS": kafka.brokers,
                    "AUTH_MODE": "none"}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
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
        assert refused.stderr == "the tables have version 0, and this program needs version 2: run dekigoto migrate\n"


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
