"""`make e2e`: the end-to-end tests against the deployed emulator; deploys first if nothing is deployed.

What is deployed is tested as it is: after a change, run `make deploy-local` first. Arguments go to pytest:
python3 infra/local/e2e.py -k duplicates
"""

import os
import subprocess
import sys

import deploy
import emulator
from project import ROOT, Failure, recall, run, say
from tools import executable, install

TESTS = ROOT / "tests" / "e2e"


def main():
    state = recall()
    if not state.get("outputs") or not emulator.is_healthy(state["endpoint"]):
        deploy.main()
    install("e2e")
    say("running the end-to-end tests against the deployed stack")
    pytest(sys.argv[1:], {})


def pytest(arguments, environment):
    """Runs pytest on the end-to-end tests. Its output is the command's own."""
    command = [executable("e2e", "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    ended = subprocess.run(command, cwd=TESTS, env={**os.environ, **environment})
    if ended.returncode != 0:
        raise Failure(f"pytest ended with code {ended.returncode}",
                      "the emulator's log is .local/logs/emulator.log; make deploy-local deploys what you changed")


if __name__ == "__main__":
    run(main)
