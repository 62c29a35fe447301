"""What schemathesis cannot know of our contract: checks of our own, and the rules that no schema can say.

Loaded by schemathesis (infra/policy/schemathesis.toml) inside its own process.
"""

import atexit
import json
import os
from collections import Counter, defaultdict
from datetime import date, timedelta
from hashlib import sha256
from urllib.parse import parse_qs, unquote, urlsplit

import requests
import schemathesis
from schemathesis import GenerationMode

# Bytes of a request that its error may repeat.
ECHO_BYTES_MAX = 200
SALES_DAYS_MAX = 92
ANSWER_SECONDS_MAX = 10
# Cursors that the service gave, with the lists that they belong to. Every other one is refused, whatever it looks like.
CURSORS = []
# Payments that are known, with their answers and ETags. One that is said again gets the same, under whatever key.
PAYMENTS = {}
# Orders that were placed: where each stands, and its currency.
ORDERS = {}
# Where an order must stand for a command to be done.
BEFORE = {"confirm": ["pending"], "ship": ["confirmed"], "deliver": ["shipped"], "cancel": ["pending", "confirmed"]}
# Another customer than the one who asks, and their orders; empty unless a customer asks.
OTHER = json.loads(os.environ.get("API_FUZZ_OTHER", "{}"))
STAFF_COMMANDS = ("confirm", "ship", "deliver", "payments")
# What was asked and answered, for the table of `make api-fuzz`.
STATUSES = defaultdict(Counter)
SLOWEST = Counter()
REPLAYED = Counter()
HIDDEN = Counter()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Repairs requests that are meant to be good but break a rule that the document can say only in words, and gives
    some of the bad ones much to repeat."""
    if case.meta is None:
        return
    if case.meta.generation.mode != GenerationMode.POSITIVE:
        if case.meta.phase.name == "fuzzing" and is_one_in(3, [case.query, case.body]):
            talk_long(case)
        return
    operation = case.operation.definition.raw.get("operationId")
    query = case.query if isinstance(case.query, dict) else {}
    if operation == "getOrder" and {"minVersion", "atVersion"} <= query.keys():
        del query["minVersion" if is_one_in(2, query) else "atVersion"]
    if operation == "getDailySales":
        near(query)
    if operation == "listOrders":
        one_list(query)
    if OTHER and case.meta.phase.name == "fuzzing" and is_one_in(4, ["other", case.path_parameters, query, case.body]):
        ask_for_other(case, query)
    if isinstance(case.body, dict):
        within_bytes(case.body, case.operation.schema.raw_schema["components"]["schemas"])
        case.body = written_as_integers(case.body)
    if case.method == "POST":
        get_further(case)


def talk_long(case):
    """A field, or a parameter, that is not known and goes on and on."""
    place = case.body if isinstance(case.body, dict) else case.query
    if isinstance(place, dict):
        place["é" * ECHO_BYTES_MAX] = "x" * 4 * ECHO_BYTES_MAX


def get_further(case):
    """By chance alone hardly a command would be done: most keys are short and meet again, most versions do not hold, and
    most orders are unknown or stand elsewhere."""
    command = case.operation.path.rsplit("/", 1)[-1]
    ready = [order for order, (status, _) in ORDERS.items() if status in BEFORE.get(command, [status])]
    if case.path_parameters.get("orderId") in OTHER.get("orders", []):
        ready = []
    if command != "orders" and ready and is_one_in(2, [command, case.path_parameters, case.body]):
        case.path_parameters["orderId"] = ready[-1]
        if command == "payments" and isinstance(case.body, dict):
            case.body["currency"] = ORDERS[ready[-1]][1]
    meant = getattr(case.meta.phase.data, "parameter", None)
    for name in ("Idempotency-Key", "If-Match"):
        if name in case.headers and name != meant and not is_one_in(4, [name, case.headers, case.body]):
            del case.headers[name]


def is_one_in(count, value):
    """By lot, but the same for the same value: a run repeats with its seed."""
    return sha256(repr(value).encode()).digest()[0] % count == 0


def ask_for_other(case, query):
    """Aims the request at another customer. By chance alone nobody would guess their orders."""
    if "orderId" in case.path_parameters:
        place = sha256(repr([query, case.body]).encode()).digest()[1] % len(OTHER["orders"])
        case.path_parameters["orderId"] = OTHER["orders"][place]
    elif "customerId" in case.path_parameters:
        case.path_parameters["customerId"] = OTHER["customer"]
    elif "customerId" in query and "cursor" not in query:
        query["customerId"] = OTHER["customer"]


def near(query):
    """A report ends after it begins, and within 92 days."""
    try:
        first, last = (date.fromisoformat(query[name]) for name in ("from", "to"))
        query["to"] = str(first + timedelta(days=abs((last - first).days) % SALES_DAYS_MAX))
    except (KeyError, TypeError, ValueError, OverflowError):
        pass


def one_list(query):
    """A list is of one customer, or of one status and day; and a cursor belongs to the list that gave it."""
    if query.pop("cursor", None) and CURSORS:
        known = CURSORS[sha256(repr(query).encode()).digest()[0] % len(CURSORS)]
        query.clear()
        query.update(known)
    if "customerId" in query or not {"status", "placedOn"} <= query.keys():
        query.pop("placedOn", None)
        query.setdefault("customerId", "c-42")


def within_bytes(body, schemas):
    """`maxLength` counts characters; the service counts bytes of UTF-8."""
    named = [schema.get("properties", {}) for schema in schemas.values()]
    for name, text in body.items():
        limit = min((fields[name].get("maxLength", 64) for fields in named if name in fields), default=None)
        if isinstance(text, str) and limit and len(text.encode()) > limit:
            body[name] = text.encode()[:limit].decode(errors="ignore").strip() or "x"


def written_as_integers(value):
    """To JSON Schema 3.0 is an integer. The service takes integers only as they are written."""
    if isinstance(value, dict):
        return {name: written_as_integers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [written_as_integers(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schemathesis.hook
def after_call(context, case, response):
    operation = f"{case.operation.method.upper()} {case.operation.path}"
    STATUSES[operation][response.status_code] += 1
    SLOWEST[operation] = max(SLOWEST[operation], response.elapsed)
    if response.status_code == 200 and operation == "GET /v1/orders" and "nextCursor" in response.text:
        CURSORS.append({**case.query, "cursor": response.json()["nextCursor"]})
    if response.status_code < 300 and case.method == "POST" and "paymentId" not in response.text:
        done = response.json()
        currency = case.body["currency"] if response.status_code == 201 else ORDERS.get(done["orderId"], (0, "JPY"))[1]
        ORDERS[done["orderId"]] = (done["status"], currency)


@schemathesis.check
def errors_are_problems(ctx, response, case):
    """Every error is a problem of ours, with a code that the document names."""
    if response.status_code < 400:
        return
    kind = response.headers.get("content-type", [""])[0]
    assert kind == "application/problem+json", f"an error of type {kind!r}"
    problem = response.json()
    known = case.operation.schema.raw_schema["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert problem["code"] in known, f"unknown code {problem['code']!r}"
    assert problem["status"] == response.status_code, "the body says another status"
    assert problem["type"] == f"urn:dekigoto:problem:{problem['code']}", "type and code differ"
    comes_back = problem["code"] in ("version-conflict", "throttled", "unavailable")
    assert ("retry-after" in response.headers) == comes_back, "Retry-After is there when it helps, and only then"


@schemathesis.check
def errors_echo_little(ctx, response, case):
    """No error repeats more than 200 bytes of what was sent."""
    if response.status_code < 400:
        return
    sent = texts_sent(response.request)
    for text in texts(response.json()):
        said = text.encode()
        for start in range(len(said) - ECHO_BYTES_MAX):
            piece = said[start:start + ECHO_BYTES_MAX + 1]
            assert not any(piece in input for input in sent), f"the answer repeats {len(piece)} bytes of the request"


def texts_sent(request):
    """The request's parts that are long enough, as they were sent and as a reader sees them."""
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
    """Every string in a JSON value, names too."""
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
    """A command that is sent again under its key gets the same answer, marked as replayed when it had been done."""
    key = response.headers.get("idempotency-key")
    if response.request.method != "POST" or not key or response.status_code == 404 and not is_known(case, response):
        return
    again = response.request.copy()
    again.headers["Idempotency-Key"] = key[0]
    with requests.Session() as session:
        answer = session.send(again, timeout=ANSWER_SECONDS_MAX, allow_redirects=False)
    REPLAYED[case.operation.method.upper() + " " + case.operation.path] += 1
    first, second = response.json(), answer.json()
    assert answer.status_code == response.status_code, f"{response.status_code}, then {answer.status_code}"
    if response.status_code < 300:
        assert second == first, f"{first}, then {second}"
        assert answer.headers.get("idempotent-replayed") == "true", "the second answer is not marked as replayed"
        assert answer.headers.get("etag") == response.headers.get("etag", [None])[0], "another ETag"
        assert answer.headers.get("location") == response.headers.get("location", [None])[0], "another Location"
    else:
        assert second["code"] == first["code"], f"{first['code']}, then {second['code']}"
        assert "idempotent-replayed" not in answer.headers, "a refusal is not remembered"


@schemathesis.check
def payments_are_answered_once(ctx, response, case):
    """A payment that is known is answered as when it was recorded, and marked as replayed, under whatever key."""
    if response.request.method != "POST" or response.status_code != 201 or "paymentId" not in response.text:
        return
    answer = (response.json(), response.headers["etag"])
    known = PAYMENTS.get(answer[0]["paymentId"])
    if known:
        assert answer == known, f"{known}, then {answer}"
        assert response.headers.get("idempotent-replayed") == ["true"], "a known payment is not marked as replayed"
    PAYMENTS[answer[0]["paymentId"]] = answer


@schemathesis.check
def others_stay_hidden(ctx, response, case):
    """To a customer, another one's orders do not exist, and nothing of theirs is listed, added up or done."""
    if not OTHER:
        return
    told = [order for order in OTHER["orders"] if response.status_code < 300 and order in response.text]
    assert not told, f"{told[0]} is another customer's"
    refusals = refusals_of(response.request)
    if refusals:
        assert response.status_code in refusals, f"{response.status_code} to a request for another customer's"
        HIDDEN[case.operation.method.upper() + " " + case.operation.path] += response.status_code == refusals[0]


def refusals_of(request):
    """What a request for another customer's is answered with, if it is one: the refusal first, then those of requests
    that are malformed besides."""
    url = urlsplit(request.url)
    path = unquote(url.path).split("/")
    malformed = [400, 401, 405, 413, 415]
    if path[1:3] == ["v1", "orders"] and len(path) > 3 and path[3] in OTHER["orders"]:
        # Staff's commands are refused before anything of them is read.
        return [403, 401, 405] if path[4:] and path[4] in STAFF_COMMANDS else [404, *malformed]
    if path[1:] == ["v1", "customers", OTHER["customer"], "summary"]:
        return [404, *malformed]
    if path[1:] == ["v1", "orders"] and parse_qs(url.query).get("customerId") == [OTHER["customer"]]:
        return [403, *malformed]
    return []


def is_known(case, response):
    """Whether the 404 came from one of our routes: only those know what a command is."""
    return case.operation.method.upper() == response.request.method


@atexit.register
def tell():
    """Leaves what was counted for `make api-fuzz`."""
    target = os.environ.get("API_FUZZ_TALLY")
    if target and STATUSES:
        rows = {name: {"statuses": dict(counts), "slowest": SLOWEST[name], "replayed": REPLAYED[name],
                       "hidden": HIDDEN[name]}
                for name, counts in STATUSES.items()}
        with open(target, "w") as out:
            json.dump(rows, out)
