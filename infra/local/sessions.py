"""`make ops-sessions`: runs each command of `dekigoto` against the local AWS, and writes what it says into infra/sessions.md.
Deploys first if needed."""

import os
import subprocess

import deploy
import e2e
import emulator
from project import ROOT, Failure, recall, run, say
from tools import executable, install

PAGE = ROOT / "infra" / "sessions.md"


def main():
    state = recall()
    if not state.get("outputs") or not emulator.is_healthy(state["endpoint"]):
        deploy.main()
    install("e2e", "platforms")
    e2e.ops()
    say("recording a session of each command")
    # The recorder has the clients of the end-to-end tests.
    ended = subprocess.run([executable("e2e", "python"), "record.py", PAGE], cwd=ROOT / "tests" / "drills", env=os.environ)
    if ended.returncode != 0:
        raise Failure(f"the recorder ended with code {ended.returncode}", "the emulator's log is .local/logs/emulator.log")
    say(f"{PAGE.relative_to(ROOT)} is written")


if __name__ == "__main__":
    run(main)
