"""`make drill-restore`, `make drill-bus`, `make drill-rollback`: one drill of the runbook on the local AWS; deploys first if
needed."""

import os
import subprocess
import sys

import deploy
import e2e
import emulator
from project import ROOT, Failure, recall, run, say
from tools import executable, install

DRILLS = ("restore", "bus", "rollback")


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in DRILLS:
        raise Failure(f"there is no drill called {name or 'nothing'}", f"choose one of {', '.join(DRILLS)}")
    state = recall()
    if not state.get("outputs") or not emulator.is_healthy(state["endpoint"]):
        deploy.main()
    install("e2e")
    e2e.ops()
    say(f"the drill {name} against the deployed stack")
    command = [executable("e2e", "python"), "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "-k", f"test_drill_{name}"]
    ended = subprocess.run(command, cwd=ROOT / "tests" / "drills", env=os.environ)
    if ended.returncode != 0:
        raise Failure(f"the drill ended with code {ended.returncode}", "the emulator's log is .local/logs/emulator.log")
    say("the drill passed: write its date into infra/runbook.md")


if __name__ == "__main__":
    run(main)
