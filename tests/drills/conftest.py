"""The deployed stack and the operator's command, as the end-to-end tests have them."""

import importlib.util
import sys
from pathlib import Path

E2E = Path(__file__).resolve().parents[1] / "e2e"
sys.path.insert(0, str(E2E))

# That folder's conftest.py has the name of this one.
spec = importlib.util.spec_from_file_location("e2e_fixtures", E2E / "conftest.py")
e2e_fixtures = importlib.util.module_from_spec(spec)
sys.modules["e2e_fixtures"] = e2e_fixtures
spec.loader.exec_module(e2e_fixtures)

from test_ops import ops  # noqa: E402, F401

api, aws = e2e_fixtures.api, e2e_fixtures.aws
