"""`make platforms`: runs the contract suites of every store, on servers that it starts and stops.

Then kills the one-process system on PostgreSQL again and again. SQLite, memory and the embedded DynamoDB need no server.
PostgreSQL comes from the Python registry; DATABASE_URL names a
server of yours instead. On it, each case makes a schema of its own, whose name begins with `t`.
"""

import contextlib
import os
import subprocess

import journey
import postgres
from e2e import pytest
from project import ROOT, Failure, run, say
from tools import install

def main():
    with database() as url:
        say("running the contract suites in memory, and on SQLite, PostgreSQL and the embedded DynamoDB")
        # The whole workspace, so that cargo reuses the build of `make test`; the target's names select the suites.
        command = ["cargo", "test", "--workspace", "--features", "dekigoto-postgres/server,local/jwt", "--locked", "--quiet",
                   "--test", "contract", "--test", "kills"]
        ended = subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url})
        if ended.returncode != 0:
            raise Failure("a platform does not keep its contracts", "the failed cases stand above")
        say("killing the one-process system on PostgreSQL")
        install("e2e")
        environment = {"DEKIGOTO_BINARY": journey.build("jwt", "postgres"), "AUTH_MODE": "none", "STORE": "postgres",
                       "DATABASE_URL": url}
        pytest(["-rP", "test_kills.py"], environment)
    say("every store keeps its contracts")


def database():
    """The server that DATABASE_URL names, or a new one."""
    url = os.environ.get("DATABASE_URL")
    if url:
        return contextlib.nullcontext(url)
    install("platforms")
    return postgres.server()


if __name__ == "__main__":
    run(main)
