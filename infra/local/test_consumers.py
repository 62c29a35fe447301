"""`make consumers`: tests the sample consumers that are not in the cargo workspace. Part of `make test`; needs no AWS."""

import os
import shutil
import subprocess

from node import install_packages, node
from project import ROOT, Failure, run, say
from tools import executable, install

CONSUMERS = ROOT / "infra" / "consumers"


def main():
    python()
    typescript()


def python():
    install("consumer-python")
    say("testing the Python consumer")
    checked("python", [executable("consumer-python", "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
            CONSUMERS / "python")


def typescript():
    """Checks the types and runs the tests, in a copy beside the installed packages: modules are found by their place."""
    source = CONSUMERS / "typescript"
    copy = install_packages(source).parent
    for name in ("src", "test"):
        shutil.rmtree(copy / name, ignore_errors=True)
        shutil.copytree(source / name, copy / name)
    shutil.copyfile(source / "tsconfig.json", copy / "tsconfig.json")
    say("testing the TypeScript consumer")
    checked("typescript", [node(), "node_modules/typescript/bin/tsc"], copy)
    checked("typescript", [node(), "--test", "test/consumer.test.ts"], copy)


def checked(consumer, command, folder):
    environment = {**os.environ, "SAMPLES": str(CONSUMERS / "messages")}
    if subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL).returncode != 0:
        raise Failure(f"the consumer in {consumer} failed its tests", f"look at {CONSUMERS / consumer}")


if __name__ == "__main__":
    run(main)
