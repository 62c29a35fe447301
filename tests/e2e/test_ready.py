"""The one-process system is ready soon, however much is stored: it reads nothing at its start."""

import hashlib
import os
import sqlite3
import uuid

import pytest

from client import basket, fresh
from test_kills import System

COMMITS = 100_000
READY_SECONDS_MAX = 0.3
# The machine may be busy: the fastest start counts.
STARTS = 5

pytestmark = pytest.mark.skipif("DEKIGOTO_BINARY" not in os.environ, reason="needs the one-process system; make journey builds it")


def test_it_is_ready_at_once_with_a_hundred_thousand_commits(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE", str(tmp_path / "it.db"))
    system = System(tmp_path / "log")
    system.start()
    placed = system.api.post("/v1/orders", basket(fresh("ready")), {"Idempotency-Key": fresh("key")})
    assert placed.status == 201
    system.kill()
    fill(tmp_path / "it.db", placed.body["orderId"])
    system.ready_seconds.clear()
    for _ in range(STARTS):
        system.start()
        assert system.api.get(f"/v1/orders/{placed.body['orderId']}").status == 200
        system.kill()
    print(f"\nready in {min(system.ready_seconds):.3f} s with {COMMITS:,} commits")
    assert min(system.ready_seconds) < READY_SECONDS_MAX, system.ready_seconds


def fill(path, order):
    """Copies the order's commit to other streams."""
    with sqlite3.connect(path) as database:
        names = [column[1] for column in database.execute("pragma table_info(commits)")]
        row = dict(zip(names, database.execute(f"select * from commits where pk = 'Order#{order}' limit 1").fetchone()))

        def copies():
            for _ in range(COMMITS):
                pk = f"Order#{uuid.uuid4()}"
                yield [*({**row, "pk": pk, "seg": hashlib.sha256(pk.encode()).digest()[0]}[name] for name in names)]

        database.executemany(f"insert into commits ({', '.join(names)}) values ({', '.join('?' * len(names))})", copies())
        assert database.execute("select count(*) from commits").fetchone()[0] > COMMITS
    database.close()
