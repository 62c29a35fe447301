"""`make asyncapi`: reads infra/asyncapi.json with AsyncAPI's own parser, and checks that the parser refuses a damaged one."""

import json
import subprocess
import tempfile
from pathlib import Path

from node import install_packages, run_node
from project import ROOT, Failure, run, say

CHECK = ROOT / "infra" / "asyncapi" / "check.cjs"
DOCUMENT = ROOT / "infra" / "asyncapi.json"


def main():
    modules = install_packages(CHECK.parent)
    checked = parsed(DOCUMENT, modules)
    if checked.returncode != 0:
        raise Failure(f"AsyncAPI's parser found:\n{checked.stdout}", "look at tests/contract/tests/asyncapi.rs")
    say(checked.stdout.strip())
    document = json.loads(DOCUMENT.read_text())
    del document["channels"]["domainEvents"]
    with tempfile.TemporaryDirectory() as folder:
        damaged = Path(folder) / "asyncapi.json"
        damaged.write_text(json.dumps(document))
        if parsed(damaged, modules).returncode == 0:
            raise Failure("AsyncAPI's parser accepts a document without a channel that it names", f"look at {CHECK}")
    say("it refuses the document without its topic")


def parsed(document, modules):
    return run_node(CHECK, document, modules=modules, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


if __name__ == "__main__":
    run(main)
