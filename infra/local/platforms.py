"""`make platforms`: runs the contract suites of every store and bus, on servers that it starts and stops.

Then it runs the journey on PostgreSQL and Kafka, and kills process, database and broker again and again. SQLite, memory and
the embedded DynamoDB need no server. The others come from the Python registry; DATABASE_URL and KAFKA_BROKERS name servers of
yours instead. On them, each case makes a schema or a topic of its own, whose name begins with `t`.

At its end it prints what was killed, and how long each step took. WRITE=1 writes the first table into REFERENCE.md, and
WRITE_TIMES=1 the second.
"""

import contextlib
import json
import os
import subprocess
from pathlib import Path

import broker
import journey
import postgres
from chaos import build_judge
from e2e import pytest
from project import LOCAL, ROOT, Failure, run, say
from times import Times
from tools import install

# One line of JSON for each test that kills, written after it has passed.
KILLS = LOCAL / "kills.jsonl"
# The test programs that hold the contracts.
SUITES = ("contract", "kills", "runbook")


def main():
    times = Times()
    with times.of("install the servers and the tools"):
        install("platforms", "emulator", "e2e")
    LOCAL.mkdir(exist_ok=True)
    KILLS.unlink(missing_ok=True)
    os.environ["DEKIGOTO_KILLS"] = str(KILLS)
    with database() as url, brokers() as addresses:
        servers = {"DATABASE_URL": url, "KAFKA_BROKERS": addresses}
        certificates = os.environ.get("DATABASE_CERTIFICATES", str(postgres.TLS / "ca.crt"))
        suites({**servers, "DATABASE_CERTIFICATES": certificates}, times)
        with times.of("dekigoto migrate"):
            migrated(url)
        with times.of("build the one-process system"):
            binary = journey.build_all("postgres", "kafka")
        on_servers = {"DEKIGOTO_BINARY": binary, "AUTH_MODE": "none", "STORE": "postgres", "DATABASE_URL": url}
        say("killing the one-process system on PostgreSQL")
        with times.of("kill the process, on PostgreSQL"):
            pytest(["-rP", "test_kills.py"], on_servers)
        say("running the journey and the demo on PostgreSQL and Kafka")
        os.environ.update(servers, STORE="postgres", BUS="kafka")
        with times.of("the journey and the demo, on PostgreSQL and Kafka"):
            with journey.running(binary, "none", "platforms") as system:
                pytest(["test_journey.py", "test_fulfilment.py", "test_demo.py"], {"DEKIGOTO_URL": system})
    with times.of("build the simulator, for its checks"):
        judge = build_judge()
    say("killing process, database and broker")
    with times.of("kill process, database and broker"):
        pytest(["-rP", "test_server_kills.py"],
               {"DEKIGOTO_BINARY": binary, "DEKIGOTO_JUDGE": judge, "DEKIGOTO_KILLS_SERVERS": "yes"})
    kills, took = table_of([json.loads(line) for line in KILLS.read_text().splitlines()]), times.table("step")
    print(f"{kills}\n{took}")
    if os.environ.get("WRITE") == "1":
        write("kills", kills)
    if os.environ.get("WRITE_TIMES") == "1":
        write("times", took)
    say("every store and bus keeps its contracts")


def table_of(rows):
    lines = ["| what was killed | kills | checked afterwards | lost | counted twice | test |", "|---|---|---|---|---|---|"]
    lines += [f"| {row['what']} | {row['kills']} | {row['checked']} | nothing | nothing | `{row['test']}` |" for row in rows]
    return "\n".join(lines) + "\n"


def write(name, table):
    """Replaces a table of REFERENCE.md."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    reference = ROOT / "REFERENCE.md"
    before, rest = reference.read_text().split(begin)
    reference.write_text(before + begin + table + end + rest.split(end)[1])


def suites(servers, times):
    """Runs each suite by itself, to measure it."""
    say("building the contract suites")
    with times.of("build the contract suites"):
        programs = built_suites()
    say("running the contract suites in memory, and on SQLite, PostgreSQL, Kafka, SNS, EventBridge and the embedded DynamoDB")
    for name, folder, program in programs:
        # The tests that need a server are ignored elsewhere; that of the AWS emulator is a part of `make e2e`.
        command = [program, "--quiet", "--include-ignored", "--skip", "the_aws_emulator"]
        print(name, flush=True)
        with times.of(name):
            if subprocess.run(command, cwd=folder, env={**os.environ, **servers}).returncode != 0:
                raise Failure(f"{name}: a platform does not keep its contracts", "the failed cases stand above")


def built_suites():
    """The name, the folder and the program of each suite."""
    # The whole workspace, so that cargo reuses the build of `make test`; the target's names select the suites.
    command = ["cargo", "test", "--workspace", "--features", "local/jwt", "--locked", "--quiet", "--no-run",
               "--message-format", "json-render-diagnostics", *(word for name in SUITES for word in ("--test", name))]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        raise Failure("cargo could not build the contract suites", "fix the errors above")
    artifacts = (json.loads(line) for line in built.stdout.splitlines() if line.startswith("{"))
    programs = []
    for artifact in artifacts:
        if artifact.get("executable") and artifact["target"]["kind"] == ["test"]:
            folder = Path(artifact["manifest_path"]).parent
            programs.append((f"{folder.relative_to(ROOT)}, {artifact['target']['name']}", folder, artifact["executable"]))
    return sorted(programs)


def migrated(url):
    """Makes the tables of the one-process system as an operator does."""
    say("dekigoto migrate")
    # Built by the suites, for its own tests.
    program = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "dekigoto"
    for agreement, said in (([], "would bring"), (["--yes", "--why", "make platforms"], "brought"), ([], "up to date")):
        ran = subprocess.run([program, "migrate", *agreement], env={**os.environ, "DATABASE_URL": url}, text=True,
                             capture_output=True)
        if ran.returncode != 0 or said not in ran.stdout:
            raise Failure(f"dekigoto migrate did not say {said!r}: {ran.stdout}{ran.stderr}", "look at shared/ops")


@contextlib.contextmanager
def database():
    """The server that DATABASE_URL names, or a new one."""
    url = os.environ.get("DATABASE_URL")
    if url:
        yield url
        return
    with postgres.server() as started:
        yield started.url


@contextlib.contextmanager
def brokers():
    """The brokers that KAFKA_BROKERS names, or a new one."""
    known = os.environ.get("KAFKA_BROKERS")
    if known:
        yield known
        return
    with broker.broker() as started:
        yield started.brokers


if __name__ == "__main__":
    run(main)
