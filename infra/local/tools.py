"""Installs the project's Python-packaged tools into `.tools/`, one virtual environment for each set.

They need separate environments because they require different versions of the same libraries: the emulator pins botocore.
`requirements/<set>.txt` lists the packages of a set; a set is installed again only if that file changes.

Usage: python3 infra/local/tools.py SET [SET ...]
"""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from project import LOGS, REQUIREMENTS, TOOLS, Failure, say, tail

SETS = ("deny", "sam", "build", "emulator", "lint", "e2e", "api-fuzz", "node", "consumer-python", "platforms")


def executable(tool_set, name):
    """The path of a tool, which exists after its set is installed."""
    return TOOLS / tool_set / "bin" / name


def install(*tool_sets):
    """Installs the sets that are missing or out of date, two at a time: most of the work is unpacking."""
    stale = [name for name in tool_sets if not _is_current(name)]
    if not stale:
        return
    say(f"installing tools into .tools/: {', '.join(stale)} (about 20 s each, once)")
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(_install, stale))


def _stamp(tool_set):
    return TOOLS / tool_set / "installed"


def _wanted(tool_set):
    text = (REQUIREMENTS / f"{tool_set}.txt").read_bytes()
    # Includes the interpreter and the path: an environment breaks if either changes.
    return hashlib.sha256(text + sys.version.encode() + str(TOOLS).encode()).hexdigest()


def _is_current(tool_set):
    stamp = _stamp(tool_set)
    return stamp.exists() and stamp.read_text() == _wanted(tool_set)


def _install(tool_set):
    home = TOOLS / tool_set
    log = LOGS / f"tools-{tool_set}.log"
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [str(home / "bin" / "pip"), "install", "--disable-pip-version-check", "--no-deps",
         "-r", str(REQUIREMENTS / f"{tool_set}.txt")],
    )
    LOGS.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        for step in steps:
            if subprocess.run(step, stdout=out, stderr=subprocess.STDOUT).returncode != 0:
                raise Failure(
                    f"could not install the tools in {tool_set}.txt:\n{tail(log)}",
                    "check that PyPI is reachable and Python 3.11 or newer has venv and pip, then run this again",
                )
    _stamp(tool_set).write_text(_wanted(tool_set))


def main(arguments):
    unknown = [name for name in arguments if name not in SETS]
    if unknown or not arguments:
        raise Failure(f"unknown tool set: {' '.join(unknown) or '(none)'}", f"choose from {', '.join(SETS)}")
    install(*arguments)


if __name__ == "__main__":
    from project import run

    run(lambda: main(sys.argv[1:]))
