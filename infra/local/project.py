"""Shared by the local commands: paths, output, failures, and the saved state."""

import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "infra" / "local" / "requirements"
TOOLS = ROOT / ".tools"
LOCAL = ROOT / ".local"
LOGS = LOCAL / "logs"
# Read by `make demo`, `make e2e` and `make undeploy-local`.
STATE = LOCAL / "state.json"

REGION = "us-east-1"
STARTED = time.monotonic()


class Failure(Exception):
    """An error that the user can fix: what went wrong, and what to do next."""

    def __init__(self, what, next_step):
        super().__init__(what)
        self.next_step = next_step


def say(message):
    """Prints one line of progress, with the seconds since the command began."""
    print(f"[{time.monotonic() - STARTED:6.1f}s] {message}", flush=True)


def run(main):
    """Runs a command's main; a Failure becomes two readable paragraphs and exit code 1."""
    try:
        main()
    except Failure as failure:
        print(f"\nfailed: {failure}\nnext:   {failure.next_step}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\ninterrupted; run it again to continue", file=sys.stderr)
        sys.exit(130)


def tail(path, lines=15):
    """The last lines of a log, indented."""
    text = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(f"    {line}" for line in text[-lines:])


def remember(**facts):
    """Adds facts to the state that other commands read. Replaces the file atomically."""
    LOCAL.mkdir(exist_ok=True)
    state = {**recall(), **facts}
    aside = STATE.with_suffix(".new")
    aside.write_text(json.dumps(state, indent=2) + "\n")
    aside.replace(STATE)


def recall():
    """The state of the last deployment; empty if there is none."""
    return json.loads(STATE.read_text()) if STATE.exists() else {}


def forget():
    """Removes the state, but not the logs."""
    STATE.unlink(missing_ok=True)


def aws_environment(endpoint):
    """An environment in which the SAM CLI and the SDKs call only the emulator."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **inherited,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        # The emulator's root credentials; it checks every other key.
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        # Keeps a developer's own profile from reaching the real AWS.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
    }
