"""The systems that the end-to-end tests run against.

`test_journey.py`, `test_bad_inputs.py` and `test_tokens.py` run against the base URL DEKIGOTO_URL (the last one with the
issuer DEKIGOTO_ISSUER) or the stack of `make deploy-local`. The others need that stack, because they check more than the
API.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from client import Api, Issuer

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".local" / "state.json"

# The modules of the make commands, to deploy and start systems as they do.
sys.path.append(str(ROOT / "infra" / "local"))


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


def deployed_again(aws, mode, **parameters):
    """Deploys the same template again with another AuthMode; returns its outputs."""
    import deploy

    return deploy.deploy(aws.state["endpoint"], f"{aws.state['stack']}-{mode}", {"AuthMode": mode, **parameters},
                         aws.state["architecture"])


@dataclass(frozen=True)
class Gate:
    """An API that requires tokens, and the issuer that it trusts."""

    api: Api
    issuer: Issuer
    # Whether refusals come from our own authorizer as problem details. API Gateway's refusals have its own form.
    is_ours: bool


@pytest.fixture(scope="session")
def gate(request):
    """The one-process system with its own issuer, or another deployment that trusts such an issuer."""
    if "DEKIGOTO_ISSUER" in os.environ:
        yield Gate(Api(os.environ["DEKIGOTO_URL"]), Issuer(os.environ["DEKIGOTO_ISSUER"]), True)
        return
    import journey

    aws = request.getfixturevalue("aws")
    with journey.running(journey.build_all(), "jwt") as url:
        issuer = Issuer(url)
        outputs = deployed_again(aws, "jwt", JwtIssuer=issuer.url, JwtAudience="orders")
        yield Gate(Api(outputs["ApiUrl"]), issuer, False)
