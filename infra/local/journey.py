"""Runs the end-to-end tests against the one-process system: starts it, tests it over HTTP, and ends it with Ctrl-C. First
as `make run` starts it, with the journey; then it is killed again and again; then with AUTH_MODE=jwt and its own issuer, with the token tests.

Part of `make test`: needs cargo and Python, and no AWS.
"""

import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import time

from e2e import pytest
from project import LOCAL, LOGS, ROOT, Failure, run, say, tail
from tools import install

READY_SECONDS_MAX = 10
END_SECONDS_MAX = 10


def main():
    install("e2e")
    say("building the one-process system")
    binary = build_all()
    with running(binary, "none") as url:
        pytest(["-rP", "test_journey.py", "test_fulfilment.py", "test_bad_inputs.py", "test_load.py",
                "test_subscribers.py"], {"DEKIGOTO_URL": url})
    killed = LOCAL / "journey-killed.db"
    environment = {"DEKIGOTO_BINARY": binary, "DATABASE": str(killed), "AUTH_MODE": "none"}
    subprocess.run([binary, "reset"], env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
    pytest(["-rP", "test_kills.py", "test_files.py", "test_ready.py", "test_dev.py"], environment)
    with running(binary, "jwt") as url:
        pytest(["test_tokens.py"], {"DEKIGOTO_URL": url, "DEKIGOTO_ISSUER": url})


@contextlib.contextmanager
def running(binary, auth_mode, name="journey"):
    """Starts the one-process system and yields its URL; then ends it with Ctrl-C and checks that it ends cleanly. Systems
    that run at the same time have different names."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"local-{name}-{auth_mode}.log"
    # A file of its own: another process may have that of `make run`.
    environment = {**os.environ, "AUTH_MODE": auth_mode, "DATABASE": str(LOCAL / f"{name}-{auth_mode}.db")}
    subprocess.run([binary, "reset"], env=environment, check=True, stdout=subprocess.DEVNULL)
    with log.open("w") as err:
        # Port 0: any free port.
        process = subprocess.Popen([binary], env={**environment, "PORT": "0"},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err)
    try:
        line = ready_line(process, log)
        say(f"{line} (AUTH_MODE={auth_mode})")
        yield re.search(r"http://\S+", line).group()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure("the one-process system did not end on Ctrl-C", "look at functions/local") from None
    if code != 0:
        raise Failure(f"the one-process system ended with code {code} on Ctrl-C:\n{tail(log)}", "look at functions/local")


def build_all(*features):
    """Builds the binary with AUTH_MODE=jwt, from what `make test` has built: with the features of the whole workspace."""
    return build("--workspace", "--bin", "local", "--features", ",".join(f"local/{name}" for name in ("jwt", *features)))


def build_alone(*features):
    """Builds the binary as `make run` does: it needs no AWS SDK, so the first build is short."""
    return build("-p", "local", "--features", ",".join(features))


def build(*arguments):
    """Builds the binary and returns its path."""
    command = ["cargo", "build", "--locked", "--message-format", "json-render-diagnostics", *arguments]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        raise Failure("cargo could not build the one-process system", "fix the errors above")
    messages = (json.loads(line) for line in built.stdout.splitlines() if line.startswith("{"))
    return [message["executable"] for message in messages if message.get("executable")][-1]


def ready_line(process, log):
    """The line on standard output that says that the system is ready."""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline and process.poll() is None:
            if selector.select(0.2):
                line = process.stdout.readline().decode().strip()
                if line:
                    return line
    raise Failure(f"the one-process system did not say that it is ready:\n{tail(log)}", "run `make run` and look")


if __name__ == "__main__":
    run(main)
