"""Checks of our contract that schemathesis does not have, and their counts.

schemathesis loads this file in its own process, together with api_fuzz_requests.py.
"""

import atexit
import json
import os
from collections import Counter, defaultdict
from urllib.parse import parse_qs, unquote, urlsplit

import requests
import schemathesis
from api_fuzz_requests import OTHER

# Bytes of a request that an error may repeat.
ECHO_BYTES_MAX = 200
ANSWER_SECONDS_MAX = 10
# Recorded payments and refunds, with their answers and ETags. A repeated payment must get the same answer under any key.
PAYMENTS = {}
STAFF_COMMANDS = ("confirm", "ship", "deliver", "payments", "refunds")
# Counts of requests and answers, for the table of `make api-fuzz`.
STATUSES = defaultdict(Counter)
SLOWEST = Counter()
REPEATED = Counter()
HIDDEN = Counter()


@schemathesis.hook
def after_call(context, case, response):
    operation = f"{case.operation.method.upper()} {case.operation.path}"
    STATUSES[operation][response.status_code] += 1
    SLOWEST[operation] = max(SLOWEST[operation], response.elapsed)


@schemathesis.check
def errors_are_problems(ctx, response, case):
    """Every error is a problem with a code from the document."""
    if response.status_code < 400:
        return
    kind = response.headers.get("content-type", [""])[0]
    assert kind == "application/problem+json", f"an error of type {kind!r}"
    problem = response.json()
    known = case.operation.schema.raw_schema["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert problem["code"] in known, f"unknown code {problem['code']!r}"
    assert problem["status"] == response.status_code, "the body says another status"
    # Where the state forbids a command, the type is the family and the code says exactly why.
    families = {problem["code"], "illegal-transition"} if response.status_code == 409 else {problem["code"]}
    assert problem["type"].removeprefix("urn:dekigoto:problem:") in families, "type and code differ"
    comes_back = problem["code"] in ("version-conflict", "throttled", "unavailable")
    assert ("retry-after" in response.headers) == comes_back, "Retry-After is set if and only if a retry helps"


@schemathesis.check
def errors_echo_little(ctx, response, case):
    """No error repeats more than 200 bytes of the request."""
    if response.status_code < 400:
        return
    sent = texts_sent(response.request)
    for text in texts(response.json()):
        said = text.encode()
        for start in range(len(said) - ECHO_BYTES_MAX):
            piece = said[start:start + ECHO_BYTES_MAX + 1]
            assert not any(piece in input for input in sent), f"the answer repeats {len(piece)} bytes of the request"


def texts_sent(request):
    """The long parts of the request, encoded and decoded."""
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    parts = [body, requests.utils.unquote(request.url).encode(errors="replace")]
    parts += [value.encode() if isinstance(value, str) else value for value in request.headers.values()]
    try:
        parts += [text.encode(errors="replace") for text in texts(json.loads(body))]
    except (ValueError, RecursionError):
        pass
    return [part for part in parts if len(part) > ECHO_BYTES_MAX]


def texts(value):
    """Every string in a JSON value, including names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


@schemathesis.check
def commands_repeat(ctx, response, case):
    """A command sent again under its key gets the first answer again, marked if it had succeeded."""
    key = response.headers.get("idempotency-key")
    if response.request.method != "POST" or not key or response.status_code == 404 and not is_known(case, response):
        return
    again = response.request.copy()
    again.headers["Idempotency-Key"] = key[0]
    with requests.Session() as session:
        answer = session.send(again, timeout=ANSWER_SECONDS_MAX, allow_redirects=False)
    REPEATED[case.operation.method.upper() + " " + case.operation.path] += 1
    first, second = response.json(), answer.json()
    assert answer.status_code == response.status_code, f"{response.status_code}, then {answer.status_code}"
    if response.status_code < 300:
        assert second == first, f"{first}, then {second}"
        assert answer.headers.get("idempotent-replayed") == "true", "the second answer is not marked as the first one again"
        assert answer.headers.get("etag") == response.headers.get("etag", [None])[0], "another ETag"
        assert answer.headers.get("location") == response.headers.get("location", [None])[0], "another Location"
    else:
        assert second["code"] == first["code"], f"{first['code']}, then {second['code']}"
        assert "idempotent-replayed" not in answer.headers, "a refusal is not remembered"


@schemathesis.check
def payments_are_answered_once(ctx, response, case):
    """A repeated payment or refund gets its first answer again, marked, under any key."""
    if response.request.method != "POST" or response.status_code != 201 or "paymentId" not in response.text:
        return
    answer = (response.json(), response.headers["etag"])
    sent = json.loads(response.request.body)
    fact = (answer[0]["orderId"], sent.get("refundReference"), sent["reference"], sent["outcome"])
    known = PAYMENTS.get(fact)
    if known:
        assert answer == known, f"{known}, then {answer}"
        assert response.headers.get("idempotent-replayed") == ["true"], "a repeated payment's answer is not marked"
    PAYMENTS[fact] = answer


@schemathesis.check
def others_stay_hidden(ctx, response, case):
    """For a customer, another customer's orders do not exist: they are not shown, listed, counted or changed."""
    if not OTHER:
        return
    told = [order for order in OTHER["orders"] if response.status_code < 300 and order in response.text]
    assert not told, f"{told[0]} is another customer's"
    refusals = refusals_of(response.request)
    if refusals:
        assert response.status_code in refusals, f"{response.status_code} to a request for another customer's"
        HIDDEN[case.operation.method.upper() + " " + case.operation.path] += response.status_code == refusals[0]


def refusals_of(request):
    """The allowed answers to a request for another customer's data, if it is one: the refusal, then those of requests
    that are also malformed."""
    url = urlsplit(request.url)
    path = unquote(url.path).split("/")
    malformed = [400, 401, 405, 413, 415]
    if path[1:3] == ["v1", "orders"] and len(path) > 3 and path[3] in OTHER["orders"]:
        # Staff commands are refused before anything is read.
        is_for_staff = request.method == "POST" and path[4:] and path[4] in STAFF_COMMANDS
        return [403, 401, 405] if is_for_staff else [404, *malformed]
    if path[1:] == ["v1", "customers", OTHER["customer"], "summary"]:
        return [404, *malformed]
    if path[1:] != ["v1", "orders"]:
        return []
    if parse_qs(url.query).get("customerId") == [OTHER["customer"]]:
        return [403, *malformed]
    # Limits of the body are checked with its shape, before the customers are compared.
    return [403, *malformed, 422] if places_for(request) == OTHER["customer"] else []


def places_for(request):
    """The customer in the body, if there is one."""
    try:
        return json.loads(request.body or b"")["customerId"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def is_known(case, response):
    """Whether the 404 came from one of our routes: only those return the command's key."""
    return case.operation.method.upper() == response.request.method


@atexit.register
def tell():
    """Writes the counts for `make api-fuzz`."""
    target = os.environ.get("API_FUZZ_TALLY")
    if target and STATUSES:
        rows = {name: {"statuses": dict(counts), "slowest": SLOWEST[name], "repeated": REPEATED[name],
                       "hidden": HIDDEN[name]}
                for name, counts in STATUSES.items()}
        with open(target, "w") as out:
            json.dump(rows, out)
