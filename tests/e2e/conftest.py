"""What the end-to-end tests run against.

`test_journey.py` runs against any base URL: DEKIGOTO_URL, or what `make deploy-local` deployed. `test_aws.py` needs the
latter, and looks behind the API.
"""

import json
import os
from pathlib import Path

import pytest

from client import Api

STATE = Path(__file__).resolve().parents[2] / ".local" / "state.json"


def deployed():
    return json.loads(STATE.read_text()) if STATE.exists() else {}


@pytest.fixture(scope="session")
def api():
    url = os.environ.get("DEKIGOTO_URL") or deployed().get("outputs", {}).get("ApiUrl")
    assert url, "nothing to test: set DEKIGOTO_URL, or run make deploy-local first"
    return Api(url)


@pytest.fixture(scope="session")
def aws():
    # Imported here: the journey needs no boto3.
    from aws import Aws

    state = deployed()
    assert state.get("outputs"), "nothing is deployed: run make deploy-local first"
    return Aws(state)
