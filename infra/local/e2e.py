"""`make e2e`: runs the end-to-end tests and the stores' contract suites against the emulator; deploys first if needed.

It tests the deployed version: after a change, run `make deploy-local` first. Arguments go to pytest:
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
    ops()
    say("running the end-to-end tests against the deployed stack")
    pytest(sys.argv[1:], {})
    if not sys.argv[1:]:
        contract(recall()["endpoint"])


def ops():
    """Builds the operator's command, which the tests run; from what `make test` has built."""
    command = ["cargo", "build", "--workspace", "--features", "local/jwt", "--locked", "--quiet", "--bin", "dekigoto"]
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        raise Failure("the operator's command does not build", "fix cargo's errors above and run this again")


def contract(endpoint):
    """Runs the stores' contract suites against the emulator. They create their own tables."""
    say("running the contract suites of the event store and the view store against the local AWS")
    # The whole workspace, so that cargo reuses the build of `make test`; the test's name selects the tests.
    command = ["cargo", "test", "--workspace", "--features", "local/jwt", "--locked", "--quiet", "--test", "contract", "--",
               "--ignored", "the_aws_emulator"]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, "DEKIGOTO_AWS_ENDPOINT": endpoint})
    if ended.returncode != 0:
        raise Failure(f"the contract suites ended with code {ended.returncode}",
                      "the failing case names itself above; the same suites run on memory in `make unit`")


def pytest(arguments, environment):
    """Runs pytest on the end-to-end tests and shows its output."""
    command = [executable("e2e", "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    ended = subprocess.run(command, cwd=TESTS, env={**os.environ, **environment})
    if ended.returncode != 0:
        raise Failure(f"pytest ended with code {ended.returncode}",
                      "the emulator's log is .local/logs/emulator.log; make deploy-local deploys what you changed")


if __name__ == "__main__":
    run(main)
