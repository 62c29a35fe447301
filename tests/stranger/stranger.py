"""`make stranger`: a team with another domain writes its first service, and somebody adds a part to the order service.

Everything is done as a user would do it, by the commands that the documentation names. What is written goes to
target/stranger, with a build folder of its own, so that a second run is fast. The copy of the order service has the libraries
of this checkout, so it builds in this checkout's folder.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infra" / "local"))

sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from client import Api, eventually, steadily  # noqa: E402
from project import Failure, run, say  # noqa: E402
from tools import executable, install  # noqa: E402

WORK = ROOT / "target" / "stranger"
ENVIRONMENT = {**os.environ, "CARGO_TARGET_DIR": str(WORK / "build"), "SAM_CLI_TELEMETRY": "0"}
BUILD_OF_THIS_CHECKOUT = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
LINES_MAX = 400
# Lines of a policy without its specs, and the registry lines beside its module.
POLICY_LINES_MAX, REGISTRY_LINES = 100, 1


def main():
    shutil.rmtree(WORK / "stock", ignore_errors=True)
    make(ROOT, "new", "NAME=stock", f"DIR={WORK / 'stock'}")
    it_is_small_and_about_nothing_else(WORK / "stock")
    the_template_is_valid(WORK / "stock")
    its_views_can_be_rebuilt(WORK / "stock")
    say("its tests and its demo (the first build takes about a minute)")
    make(WORK / "stock", "test")
    make(WORK / "stock", "demo")
    say("a view, an aggregate and a policy more")
    make(WORK / "stock", "new-view", "NAME=stock-levels")
    make(WORK / "stock", "new-aggregate", "NAME=supplier")
    before = registry(WORK / "stock")
    make(WORK / "stock", "new-policy", "NAME=checking")
    a_policy_is_one_file_and_one_registry_line(WORK / "stock", before)
    make(WORK / "stock", "test")
    the_template_is_valid(WORK / "stock")
    the_policy_has_one_effect(WORK / "stock")
    say("a view and an aggregate in a copy of the order service (the first build takes about two minutes)")
    copy = copy_of_this_checkout()
    make(copy, "new-view", "NAME=refund-totals")
    make(copy, "new-aggregate", "NAME=coupon")
    tests = ["-p", "orders", "-p", "order-service", "-p", "architecture-tests"]
    command(copy, "cargo", "test", "--quiet", *tests, CARGO_TARGET_DIR=BUILD_OF_THIS_CHECKOUT)
    say("the stranger is at home")


def it_is_small_and_about_nothing_else(service):
    files = [file for file in service.rglob("*") if file.is_file() and file.name != "Cargo.lock"]
    lines = {file: file.read_text().splitlines() for file in files}
    count = sum(map(len, lines.values()))
    if count >= LINES_MAX:
        raise Failure(f"a new service has {count} lines", f"keep it under {LINES_MAX}: infra/scaffold/templates/service")
    for file, text in lines.items():
        for line in text:
            if re.search(r"\border(s|ed)?\b|\bpayment", line, re.IGNORECASE):
                raise Failure(f"{file} speaks of orders: {line}", "look at infra/scaffold/templates/service")
    say(f"a new service has {count} lines in {len(files)} files")


def its_views_can_be_rebuilt(service):
    """The template has the rebuild function, what it may do, and what `dekigoto rebuild` reads."""
    template = (service / "template.yaml").read_text()
    function = template.split("  RebuildFunction:", 1)[-1].split("\nOutputs:", 1)
    needed = ["REBUILD_QUEUE_URL: !Ref RebuildQueue", "Queue: !GetAtt RebuildQueue.Arn", "dynamodb:Scan", "dynamodb:PutItem",
              "ReportBatchItemFailures", "Resource: [!GetAtt RebuildQueue.Arn"]
    missing = [it for it in needed if it not in function[0]]
    outputs = ["EventTableName", "ViewTableName", "RebuildQueueUrl"]
    missing += [it for it in outputs if f"{it}: {{Value: !Ref" not in function[-1]]
    if missing:
        raise Failure(f"a new service cannot rebuild its views: its template lacks {', '.join(missing)}",
                      "look at infra/scaffold/templates/service/template.yaml")
    say("its views can be rebuilt")


def registry(service):
    """The lines of the registry, without the list of modules."""
    lines = (service / "src" / "lib.rs").read_text().splitlines()
    return [line for line in lines if not line.startswith("pub mod ")]


def a_policy_is_one_file_and_one_registry_line(service, before):
    added = [line for line in registry(service) if line not in before]
    code, specs = (service / "src" / "checking.rs").read_text().split("#[cfg(test)]")
    lines, lines_of_specs = len(code.splitlines()), len(specs.splitlines()) + 1
    if lines > POLICY_LINES_MAX or len(added) != REGISTRY_LINES:
        raise Failure(f"a policy has {lines} lines and {len(added)} registry lines", "look at infra/scaffold/templates/policy")
    say(f"a policy has {lines} lines in one file, {lines_of_specs} more for its specs, and {len(added)} line in the registry")


def the_policy_has_one_effect(service):
    """The service runs in one process. A title that is created is changed by the policy, once."""
    command(service, "cargo", "build", "--quiet", "--no-default-features", "--bin", "local")
    binary = Path(ENVIRONMENT["CARGO_TARGET_DIR"]) / "debug" / "local"
    server = subprocess.Popen([binary], env={**ENVIRONMENT, "PORT": "0", "STORE": "memory"}, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    try:
        api = Api(re.search(r"http://\S+", server.stdout.readline()).group())
        created = api.post("/v1/stock", {"title": "first"})
        path = f"/v1/stock/{created.body['id']}"
        wanted = {"title": "first (checked)", "changes": 2}
        began = time.monotonic()
        eventually(lambda: api.get(path), lambda it: it.status == 200 and it.body == wanted, "the effect of the policy")
        took = time.monotonic() - began
        steadily(lambda: api.get(path).body, lambda body: body == wanted, 1, "no second effect")
        stored = json.loads(api.get("/local/stored", stream=f"Checking#{created.body['id']}").text)
        assert [event["t"] for item in stored for event in json.loads(item["ev"])] == ["CheckingRequested", "CheckingEnded"]
    finally:
        server.terminate()
        server.wait()
    say(f"the effect of the policy happened once, after {took:.1f} s")


def the_template_is_valid(service):
    install("sam")
    flags = ["--lint", "--language-extensions", "--region", "us-east-1"]
    command(service, str(executable("sam", "sam")), "validate", *flags)


def copy_of_this_checkout():
    """The files that git knows or would add, where the last copy was: cargo then builds only what changed."""
    copy = WORK / "orders"
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            stdout=subprocess.PIPE, check=True)
    names = [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    for old in copy.rglob("*"):
        if old.is_file() and str(old.relative_to(copy)) not in names:
            old.unlink()
    for name in names:
        source, target = ROOT / name, copy / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return copy


def make(folder, *arguments):
    command(folder, "make", "--no-print-directory", *arguments)


def command(folder, *words, **environment):
    done = subprocess.run(words, cwd=folder, env={**ENVIRONMENT, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        shown = "\n".join(done.stdout.splitlines()[-60:])
        raise Failure(f"{' '.join(words)} failed in {folder}:\n{shown}", "run it there and look")
    say(f"{' '.join(Path(word).name if '/' in word else word for word in words)}: ok")


if __name__ == "__main__":
    run(main)
