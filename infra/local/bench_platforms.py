"""`make bench-platforms`: measures the adapters for SQLite, PostgreSQL and Kafka beside the bare statements of their clients, on
servers that it starts and stops."""

import os
import subprocess

import broker
import postgres
from project import ROOT, Failure, run
from tools import install


def main():
    install("platforms")
    with postgres.server() as database, broker.broker() as kafka:
        command = ["cargo", "run", "--release", "--locked", "--quiet", "--manifest-path", "tests/bench/platforms/Cargo.toml",
                   "--target-dir", "target/platforms"]
        environment = {**os.environ, "DATABASE_URL": database.url, "KAFKA_BROKERS": kafka.brokers}
        if subprocess.run(command, cwd=ROOT, env=environment).returncode != 0:
            raise Failure("a budget is exceeded, or the measurement failed", "read the lines above")


if __name__ == "__main__":
    run(main)
