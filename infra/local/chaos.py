"""`make chaos`: deploys the real template to a local AWS of its own, with a proxy between the functions and that AWS, and lets
calls fail and processes die while clients order. Arguments go to tests/chaos/chaos.py: --orders, --at-once, --seed, --write.
"""

import json
import os
import platform
import re
import socket
import subprocess
import sys

import deploy
import emulator
from project import LOCAL, LOGS, REGION, ROOT, Failure, run, say
from tools import executable, install

STACK = "chaos"
FOLDER = LOCAL / "chaos"
# Nobody sets a price or rebuilds a view, so these functions never run.
IDLE = ("PriceListFunctionName", "RebuildFunctionName")


def main():
    install("sam", "build", "emulator", "e2e")
    architecture = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    deploy.build(architecture)
    judge = build_judge()
    FOLDER.mkdir(parents=True, exist_ok=True)
    port, proxy = free_port(), free_port()
    url = emulator.endpoint(port)
    process = emulator.launch(port, emulator.endpoint(proxy), LOGS / "chaos-emulator.log")
    try:
        outputs = deploy.deploy(url, STACK, {"AuthMode": "none"}, architecture)
        state = {"endpoint": url, "port": port, "proxyPort": proxy, "emulator": process.pid, "stack": STACK,
                 "region": REGION, "outputs": outputs, "folder": str(FOLDER), "judge": str(judge),
                 "functions": [value for name, value in outputs.items()
                               if re.fullmatch(r"\w+FunctionName", name) and name not in IDLE]}
        say("orders, failing calls and killed functions")
        command = [executable("e2e", "python"), ROOT / "tests" / "chaos" / "chaos.py", *sys.argv[1:]]
        ended = subprocess.run(command, cwd=ROOT, env={**os.environ, "CHAOS_STATE": json.dumps(state)})
        if ended.returncode != 0:
            raise Failure(f"the chaos run ended with code {ended.returncode}",
                          "what it left behind is .local/chaos/left.json; the emulator's log is "
                          ".local/logs/chaos-emulator.log; --seed repeats the faults, not their moments")
    finally:
        emulator.stop(process.pid)


def build_judge():
    """Builds the simulator, whose checks read what the run leaves behind."""
    # The same features as the Makefile's, so that nothing is built twice.
    command = ["cargo", "build", "--workspace", "--features", "local/jwt", "--locked", "--quiet", "--bin", "sim"]
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        raise Failure("the simulator does not build", "fix cargo's errors above and run this again")
    return os.path.join(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"), "debug", "sim")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


if __name__ == "__main__":
    run(main)
