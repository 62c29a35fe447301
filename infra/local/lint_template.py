"""`make template`: checks template.yaml with the SAM CLI, it and the stacks of infra/stacks with cfn-lint and the serverless
rules, and plays recorded series to its alarms. Needs no AWS."""

import subprocess

from project import REGION, ROOT, Failure, aws_environment, run, say
from tools import executable, install

CHECKS = (
    ("sam validate --lint", [executable("sam", "sam"), "validate", "--lint", "--region", REGION]),
    ("cfn-lint with the serverless rules",
     [executable("lint", "cfn-lint"), "--config-file", "infra/policy/cfnlintrc.yaml"]),
    ("the alarms (tests/alarms)", [executable("lint", "python"), "-m", "unittest", "discover", "-s", "tests/alarms"]),
)


def main():
    install("sam", "lint")
    for name, command in CHECKS:
        checked = subprocess.run(command, cwd=ROOT, env=aws_environment("http://localhost:9"), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if checked.returncode != 0:
            raise Failure(f"{name} found:\n{checked.stdout}", "fix it, or suppress the rule in its block with a reason")
        say(f"{name}: no findings")


if __name__ == "__main__":
    run(main)
