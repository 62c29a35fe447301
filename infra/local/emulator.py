"""Starts and stops the AWS emulator. It enforces IAM, so that a missing permission fails here before it fails on AWS."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from project import LOGS, Failure, aws_environment, recall, remember, say, tail
from tools import executable

START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 10
LOG = LOGS / "emulator.log"


def endpoint(port):
    return f"http://localhost:{port}"


def by_path(api_url, port):
    """The URL of an API that every language resolves: Node and Python do not resolve *.localhost."""
    api = urllib.parse.urlsplit(api_url).hostname.split(".")[0]
    return f"http://127.0.0.1:{port}/_aws/execute-api/{api}"


def is_healthy(url):
    """Whether an emulator answers at this URL."""
    try:
        with urllib.request.urlopen(f"{url}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def ensure(port):
    """The URL of our emulator; starts it if needed."""
    url = endpoint(port)
    state = recall()
    ours = state.get("endpoint") == url and _is_alive(state.get("pid"))
    if ours and is_healthy(url):
        say(f"emulator is running on {url} (pid {state['pid']})")
        return url
    if is_healthy(url):
        raise Failure(
            f"an AWS emulator that this checkout did not start answers on {url}",
            "stop it, or choose another port: AWS_PORT=4567 make deploy-local",
        )
    if _is_alive(state.get("pid")):
        stop(state["pid"])
    return _start(port, url)


def _start(port, url):
    process = launch(port, url, LOG, lambda process: remember(endpoint=url, port=port, pid=process.pid))
    say(f"emulator is running on {url} with IAM enforced (pid {process.pid})")
    return url


def launch(port, functions_call, log, started=lambda process: None):
    """Starts an emulator on this port, whose functions call AWS at the URL `functions_call`. Returns its process when it is
    ready. `started` is called before that, to note what must be stopped."""
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        # The functions inherit this: without the endpoint their SDK would call the real AWS.
        **aws_environment(functions_call),
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        # Functions run as processes on this machine, not in containers.
        "LAMBDA_EXECUTOR": "local",
        # Turns off servers that we do not use, to leave their ports free.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }
    with log.open("w") as out:
        process = subprocess.Popen(
            [executable("emulator", "ministack")], env=environment, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )
    started(process)
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failure(f"the emulator ended at once:\n{tail(log)}",
                          f"if port {port} is taken, choose another: AWS_PORT=4567 make deploy-local")
        if is_healthy(endpoint(port)):
            return process
        time.sleep(0.2)
    stop(process.pid)
    raise Failure(f"the emulator did not answer within {START_SECONDS_MAX} s:\n{tail(log)}",
                  f"run it again; the whole log is {log}")


def stop(pid):
    """Ends the emulator and its functions: they share its process group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while time.monotonic() < deadline and _is_alive(pid):
            time.sleep(0.1)
        if not _is_alive(pid):
            return


def _is_alive(pid):
    if not pid:
        return False
    try:
        # An ended child must be waited for; otherwise it counts as alive for ever.
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    # Pids are reused: check that the process is still the emulator.
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as line:
            return b"ministack" in line.read()
    except OSError:
        return _responds(pid)


def _responds(pid):
    if os.path.isdir("/proc/self"):
        return False
    try:
        os.kill(pid, 0)
        return True
    except OSError:
        return False
