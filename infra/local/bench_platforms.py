"""`make bench-platforms`: measures the adapters for SQLite, PostgreSQL and Kafka beside the bare statements of their clients, and
the same command on other event stores on PostgreSQL, on servers that it starts and stops."""

import os
import subprocess

import broker
import postgres
from project import ROOT, Failure, run
from tools import install


def main():
    install("platforms")
    with postgres.server() as database, broker.broker() as kafka:
        environment = {**os.environ, "DATABASE_URL": database.url, "KAFKA_BROKERS": kafka.brokers}
        # The others first: a budget of ours that is exceeded ends the run.
        for name in ("rivals", "platforms"):
            command = ["cargo", "run", "--release", "--locked", "--quiet", "--manifest-path", f"tests/bench/{name}/Cargo.toml",
                       "--target-dir", f"target/{name}"]
            if subprocess.run(command, cwd=ROOT, env=environment).returncode != 0:
                raise Failure("a budget is exceeded, or the measurement failed", "read the lines above")


if __name__ == "__main__":
    run(main)
