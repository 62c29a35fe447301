"""Adjusts the requests of schemathesis: rules that no schema can express, and states that random requests rarely reach.

api_fuzz_checks.py loads this file.
"""

import json
import os
import re
from datetime import date, timedelta
from hashlib import sha256

import schemathesis
from schemathesis import GenerationMode

# Longer than what an error may repeat.
LONG_BYTES = 200
SALES_DAYS_MAX = 92
# What nobody sees above U+FFFF: the contract's patterns list only what is below, which every reader of patterns understands.
UNSEEN = re.compile("[\U00013441\U00013442\U00016FE4\U0001BCA0-\U0001BCA3\U0001D159\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]")
# Joiners without a visible character before them.
LONELY_JOINERS = re.compile("(?<!\\S)[\u200C\u200D\uFE00-\uFE0F]+")
# Cursors from the service, with their lists. Any other cursor is refused.
CURSORS = []
# Placed orders: the status and currency of each.
ORDERS = {}
# Captured payments: their order and reference.
CAPTURED = []
# The status that each command needs.
BEFORE = {"confirm": ["pending"], "ship": ["confirmed"], "deliver": ["shipped"], "cancel": ["pending", "confirmed"]}
# Another customer than the caller, and their orders; empty unless the caller is a customer.
OTHER = json.loads(os.environ.get("API_FUZZ_OTHER", "{}"))


@schemathesis.hook
def before_call(context, case, kwargs):
    """Repairs valid requests that break a rule that the document expresses only in words, and makes
    some of the invalid ones long."""
    if case.meta is None:
        return
    if case.meta.generation.mode != GenerationMode.POSITIVE:
        if case.meta.phase.name == "fuzzing" and is_one_in(3, [case.query, case.body]):
            talk_long(case)
        return
    operation = case.operation.definition.raw.get("operationId")
    query = case.query if isinstance(case.query, dict) else {}
    newest = {"minVersion", "minPaymentVersion"} & query.keys()
    if operation == "getOrder" and newest and "atVersion" in query:
        for name in newest if is_one_in(2, query) else ["atVersion"]:
            del query[name]
    if operation == "getDailySales":
        near(query)
    if operation == "listOrders":
        one_list(query)
    if operation == "placeOrder" and OTHER and isinstance(case.body, dict):
        # Customers name no prices, and the price list has one product.
        case.body.update(currency="JPY", items=[{"productId": "p-1", "quantity": 1}])
    if OTHER and case.meta.phase.name == "fuzzing" and is_one_in(4, ["other", case.path_parameters, query, case.body]):
        ask_for_other(case, query)
    if isinstance(case.body, dict):
        seen(case.body)
        within_bytes(case.body, case.operation.schema.raw_schema["components"]["schemas"])
        case.body = written_as_integers(case.body)
    if case.method == "POST":
        get_further(case)


def talk_long(case):
    """Adds a very long unknown field or parameter."""
    place = case.body if isinstance(case.body, dict) else case.query
    if isinstance(place, dict):
        place["é" * LONG_BYTES] = "x" * 4 * LONG_BYTES


def get_further(case):
    """Random requests hardly ever succeed: most keys are short and repeat, most versions do not match, and
    most orders are unknown or in another status."""
    command = case.operation.path.rsplit("/", 1)[-1]
    ready = [order for order, (status, _) in ORDERS.items() if status in BEFORE.get(command, [status])]
    if case.path_parameters.get("orderId") in OTHER.get("orders", []):
        ready = []
    if command != "orders" and ready and is_one_in(2, [command, case.path_parameters, case.body]):
        case.path_parameters["orderId"] = ready[-1]
        if command == "payments" and isinstance(case.body, dict):
            case.body["currency"] = ORDERS[ready[-1]][1]
    if command == "refunds" and CAPTURED and isinstance(case.body, dict) and not OTHER:
        case.path_parameters["orderId"], case.body["reference"] = CAPTURED[-1]
        case.body["amount"] = 1
    meant = getattr(case.meta.phase.data, "parameter", None)
    for name in ("Idempotency-Key", "If-Match"):
        if name in case.headers and name != meant and not is_one_in(4, [name, case.headers, case.body]):
            del case.headers[name]


def is_one_in(count, value):
    """Pseudo-random, but the same for the same value, so that a seed repeats a run."""
    return sha256(repr(value).encode()).digest()[0] % count == 0


def ask_for_other(case, query):
    """Aims the request at another customer. Random requests would never guess their orders."""
    if "orderId" in case.path_parameters:
        place = sha256(repr([query, case.body]).encode()).digest()[1] % len(OTHER["orders"])
        case.path_parameters["orderId"] = OTHER["orders"][place]
    elif "customerId" in case.path_parameters:
        case.path_parameters["customerId"] = OTHER["customer"]
    elif "customerId" in query and "cursor" not in query:
        query["customerId"] = OTHER["customer"]
    elif isinstance(case.body, dict) and "customerId" in case.body:
        case.body["customerId"] = OTHER["customer"]


def near(query):
    """A report ends on or after its first day, and within 92 days."""
    try:
        first, last = (date.fromisoformat(query[name]) for name in ("from", "to"))
        query["to"] = str(first + timedelta(days=abs((last - first).days) % SALES_DAYS_MAX))
    except (KeyError, TypeError, ValueError, OverflowError):
        pass


def one_list(query):
    """A list is of one customer, or of one status and day; a cursor belongs to its list."""
    if query.pop("cursor", None) and CURSORS:
        known = CURSORS[sha256(repr(query).encode()).digest()[0] % len(CURSORS)]
        query.clear()
        query.update(known)
    if "customerId" in query or not {"status", "placedOn"} <= query.keys():
        query.pop("placedOn", None)
        query.setdefault("customerId", "c-42")


def seen(body):
    """Takes the characters that nobody sees out of the texts."""
    for name, text in body.items():
        if isinstance(text, str):
            body[name] = LONELY_JOINERS.sub("", UNSEEN.sub("", text)).strip() or "x"


def within_bytes(body, schemas):
    """`maxLength` counts characters; the service counts bytes of UTF-8."""
    named = [schema.get("properties", {}) for schema in schemas.values()]
    for name, text in body.items():
        limit = min((fields[name].get("maxLength", 64) for fields in named if name in fields), default=None)
        if isinstance(text, str) and limit and len(text.encode()) > limit:
            body[name] = text.encode()[:limit].decode(errors="ignore").strip() or "x"


def written_as_integers(value):
    """JSON Schema accepts 3.0 as an integer. The service accepts only digits."""
    if isinstance(value, dict):
        return {name: written_as_integers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [written_as_integers(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schemathesis.hook
def after_call(context, case, response):
    """Learns orders and cursors from the answers."""
    is_list = case.operation.definition.raw.get("operationId") == "listOrders"
    if response.status_code == 200 and is_list and "nextCursor" in response.text:
        CURSORS.append({**case.query, "cursor": response.json()["nextCursor"]})
    if response.status_code == 201 and case.operation.path.endswith("/payments") and case.body["outcome"] == "captured":
        CAPTURED.append((response.json()["orderId"], case.body["reference"]))
    if response.status_code < 300 and case.method == "POST" and "paymentId" not in response.text:
        done = response.json()
        currency = case.body["currency"] if response.status_code == 201 else ORDERS.get(done["orderId"], (0, "JPY"))[1]
        ORDERS[done["orderId"]] = (done["status"], currency)
