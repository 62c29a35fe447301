"""Fuzzes the HTTP API of the one-process system with schemathesis: every check, every phase, valid and invalid data.

Runs three times: without authentication, with a staff token, and with a customer's token. The checks are in
infra/policy/schemathesis.toml and infra/local/api_fuzz_checks.py, the requests in api_fuzz_requests.py.

Usage: python3 infra/local/api_fuzz.py [short]
SEED repeats a run; EXAMPLES is the largest number of cases for one operation in each phase.
"""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from journey import build_all, running
from project import LOCAL, ROOT, Failure, run, say
from tools import executable, install

CONFIG = ROOT / "infra" / "policy" / "schemathesis.toml"
CHECKS = ROOT / "infra" / "local" / "api_fuzz_checks.py"
HOME = LOCAL / "api-fuzz"
STAFF = {"sub": "staff-1", "scope": "openid orders:staff"}
EXAMPLES = 200
# In `make test`: the same few requests each time.
SHORT_EXAMPLES = 10
SHORT_SEED = 1
# The callers: the AUTH_MODE, and the claims of the token.
CALLERS = {
    "none": ("none", None),
    "jwt, staff": ("jwt", STAFF),
    "jwt, customer": ("jwt", {"sub": "c-42", "scope": "openid"}),
}
# Operations that are forbidden to customers.
STAFF_ONLY = ["POST /v1/orders/{orderId}/confirm", "POST /v1/orders/{orderId}/ship", "POST /v1/orders/{orderId}/deliver",
              "POST /v1/orders/{orderId}/payments", "POST /v1/orders/{orderId}/refunds", "PUT /v1/prices/{productId}", "GET /v1/sales/daily"]
# The commands that prepare the orders that exist before the run.
STAGES = [[], ["confirm"], ["confirm", "ship"]]
# Another customer, whose orders must stay hidden.
OTHER = "c-7"


def main(arguments):
    is_short = arguments == ["short"]
    examples = int(os.environ.get("EXAMPLES", SHORT_EXAMPLES if is_short else EXAMPLES))
    seed = int(os.environ.get("SEED", SHORT_SEED if is_short else random.randrange(2**32)))
    install("api-fuzz")
    say("building the one-process system")
    binary = build_all()
    # Orders that confirm themselves would leave the fuzzer few to confirm.
    os.environ["CONFIRMATION"] = "manual"
    with ThreadPoolExecutor(max_workers=2) as pool:
        started = {name: pool.submit(fuzz, binary, name, *caller, examples, seed) for name, caller in CALLERS.items()}
    runs = {name: run.result() for name, run in started.items()}
    table(runs, seed)
    repeat = f"SEED={seed} EXAMPLES={examples} make api-fuzz repeats it"
    failed = [name for name, (report, _) in runs.items() if report["exit_code"] != 0]
    if failed:
        raise Failure(f"the API broke its contract ({'; '.join(failed)})", f"read the output above; {repeat}")
    idle = [f"{name}: {operation}" for name, (_, tally) in runs.items() for operation, row in tally.items()
            if not was_met(name, operation, row)]
    if idle:
        raise Failure(f"these operations were not reached, so they are untested: {'; '.join(idle)}", repeat)


def was_met(name, operation, row):
    """Whether an operation succeeded at least once, or was refused if it must be."""
    is_done = any(status.startswith("2") for status in row["statuses"])
    if name != "jwt, customer":
        return is_done
    is_as_it_must = "403" in row["statuses"] and not is_done if operation in STAFF_ONLY else is_done
    # Operations that name an order or a customer must also be tried with another customer's.
    names_somebody = "{orderId}" in operation or "{customerId}" in operation or operation.endswith(" /v1/orders")
    return is_as_it_must and (row["hidden"] > 0 or not names_somebody)


def fuzz(binary, name, mode, claims, examples, seed):
    """Runs once. Returns schemathesis' report and the counts of our checks."""
    with running(binary, mode, "fuzz-" + slug_of(name)) as url:
        say(f"asking {url}: {name}, {examples} examples, seed {seed}")
        token, staff = (token_of(url, claims), token_of(url, STAFF)) if claims else (None, None)
        customers = ["c-42", OTHER] if name == "jwt, customer" else ["c-42"]
        price = {"currency": "JPY", "unitAmount": 1500, "validFrom": "2020-01-01T00:00:00.000Z"}
        ask(url + "/v1/prices/p-1", price, staff, "PUT")
        orders = {customer: [placed(url, staff, customer, steps) for steps in STAGES] for customer in customers}
        other = {"customer": OTHER, "orders": orders[OTHER]} if OTHER in orders else {}
        document = given(url, mode, orders, name == "jwt, customer")
        report, tally = schemathesis(name, url, document, token, other, examples, seed)
        nothing = {"statuses": {}, "slowest": 0, "repeated": 0, "hidden": 0}
        return report, {operation: tally.get(operation, nothing) for operation in operations(document)}


def slug_of(name):
    return re.sub(r"\W+", "-", name)


def schemathesis(name, url, document, token, other, examples, seed):
    home = HOME / slug_of(name)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    given, report, tally = home / "openapi.json", home / "report.json", home / "tally.json"
    given.write_text(json.dumps(document))
    command = [executable("api-fuzz", "schemathesis"), "--config-file", CONFIG, "run", given, "--url", url,
               "--max-examples", str(examples), "--seed", str(seed), "--report", "json", "--report-json-path", report,
               # `GET /` leads everybody else to the documentation page.
               "--header", "Accept: application/json"]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKS.parent), "SCHEMATHESIS_HOOKS": str(CHECKS),
                   "API_FUZZ_TALLY": str(tally), "API_FUZZ_OTHER": json.dumps(other)}
    done = subprocess.run(command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (home / "output.txt").write_text(done.stdout)
    if done.returncode != 0:
        print(done.stdout, flush=True)
    if not report.exists() or not tally.exists():
        raise Failure(f"schemathesis ended with code {done.returncode} and no report", "read its output above")
    return json.loads(report.read_text()), json.loads(tally.read_text())


def given(url, mode, orders, is_customer):
    """The served document, with existing customers and orders as its examples."""
    document = json.loads(ask(url + "/v1/openapi.json"))
    exist = {"orderId": [order for placed in orders.values() for order in placed], "customerId": list(orders)}
    parameters = [document["components"]["parameters"]["OrderId"]]
    parameters += [it for operation in operations(document).values() for it in operation.get("parameters", [])]
    for parameter in parameters:
        if parameter.get("name") in exist:
            del parameter["example"]
            parameter["examples"] = {f"example{place}": {"value": value}
                                     for place, value in enumerate(exist[parameter["name"]])}
    baskets = document["paths"]["/v1/orders"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for place, customer in enumerate(orders):
        baskets[f"example{place}"] = {"value": basket(customer, not is_customer)}
    schemes = document["components"]["securitySchemes"]
    # The one-process system verifies no signatures, and without authentication it needs no credentials.
    for scheme in list(schemes) if mode == "none" else ["sigv4"]:
        del schemes[scheme]
    for place in [document, *operations(document).values()]:
        if "security" in place:
            place["security"] = [it for it in place["security"] if it.keys() <= schemes.keys()]
    return document


def operations(document):
    """The operations of a document, by method and path."""
    return {f"{method.upper()} {path}": operation for path, item in document["paths"].items()
            for method, operation in item.items() if method != "parameters"}


def placed(url, token, customer, steps):
    """Places a customer's order and takes it through these steps."""
    order = json.loads(ask(url + "/v1/orders", basket(customer), token))["orderId"]
    bodies = {"confirm": {"onAccount": True}, "ship": {"carrier": "DHL", "trackingNumber": "0034"}}
    for step in steps:
        ask(f"{url}/v1/orders/{order}/{step}", bodies[step], token)
    return order


def basket(customer, is_priced=True):
    items = [{"productId": "p-1", "quantity": 2, **({"unitAmount": 1500} if is_priced else {})}]
    return {"customerId": customer, "currency": "JPY", "items": items}


def ask(url, body=None, token=None, method=None):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=10) as answer:
        return answer.read()


def token_of(url, claims):
    """A token of the local issuer."""
    with urllib.request.urlopen(url + "/local/token", urllib.parse.urlencode(claims).encode(), timeout=10) as answer:
        return answer.read().decode().strip()


def table(runs, seed):
    print(f"\n{'operation':48} {'asked':>6} {'again':>6} {'hidden':>6} {'slowest':>8}  answers")
    for name, (report, tally) in runs.items():
        cases, failures = report["test_cases"]["generated"], report["test_cases"]["unique_failures"]
        phases = ", ".join(f"{phase} {result['status']}" for phase, result in report["phases"].items())
        print(f"-- {name}: {report['operations']['tested']} operations, {cases} cases, {failures} failures, "
              f"{report['running_time']:.0f} s, seed {seed} ({phases})")
        for operation, row in sorted(tally.items()):
            answers = " ".join(f"{status}×{count}" for status, count in sorted(row["statuses"].items()))
            asked = sum(row["statuses"].values())
            print(f"{operation:48} {asked:6} {row['repeated']:6} {row['hidden']:6} {row['slowest'] * 1000:5.0f} ms  "
                  f"{answers}")
    print(flush=True)


if __name__ == "__main__":
    run(lambda: main(sys.argv[1:]))
