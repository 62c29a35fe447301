"""Callers with tokens: which tokens are accepted, and what they allow.

The same tests run against the one-process system and the deployed stack. The stack's gateway refuses tokens in its own
form, which an HTTP API cannot change; every other answer comes from the service.
"""

import hashlib
import hmac
import json
import uuid

import pytest

from client import base64url, basket, eventually, fresh, is_problem, unbase64url

REFUND = {"reference": "psp-1", "refundReference": "re-1", "amount": 1, "outcome": "refunded"}
SHIPMENT = {"carrier": "DHL", "trackingNumber": "00340434161094021501"}
PAYMENT = {"reference": "psp-1", "amount": 3000, "currency": "JPY", "outcome": "captured"}
CANCELLATION = {"reason": "ordered twice"}

# A key that is not the issuer's. Its primes are well known, which does not matter: it must not be trusted.
OTHER_P, OTHER_Q, EXPONENT = 2**1279 - 1, 2**2203 - 1, 65537
OTHER_N = OTHER_P * OTHER_Q


# ---------------------------------------------------------------- refused tokens


def part(fields):
    return base64url(json.dumps(fields).encode())


def parts(token):
    """The header, claims and signature of a token."""
    header, claims, signature = token.split(".")
    return json.loads(unbase64url(header)), json.loads(unbase64url(claims)), signature


def signed_by_another(header, claims):
    """A token with a valid RS256 signature (RFC 8017, 8.2.1) by the wrong key."""
    text = f"{part(header)}.{part(claims)}"
    size = (OTHER_N.bit_length() + 7) // 8
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(text.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    private = pow(EXPONENT, -1, (OTHER_P - 1) * (OTHER_Q - 1))
    return f"{text}.{base64url(pow(int.from_bytes(padded), private, OTHER_N).to_bytes(size))}"


def unsigned(issuer, token):
    header, claims, _ = parts(token)
    return f"{part({**header, 'alg': 'none'})}.{part(claims)}."


def unsigned_with_a_signature(issuer, token):
    header, claims, signature = parts(token)
    return f"{part({**header, 'alg': 'none'})}.{part(claims)}.{signature}"


def signed_with_the_public_key_as_a_secret(issuer, token):
    header, claims, _ = parts(token)
    text = f"{part({**header, 'alg': 'HS256'})}.{part(claims)}"
    secret = unbase64url(issuer.key()["n"])
    return f"{text}.{base64url(hmac.digest(secret, text.encode(), 'sha256'))}"


def of_another_key(issuer, token):
    header, claims, _ = parts(token)
    return signed_by_another(header, claims)


def of_another_key_that_it_brings_along(issuer, token):
    header, claims, _ = parts(token)
    number = {"n": OTHER_N, "e": EXPONENT}
    jwk = {name: base64url(value.to_bytes((value.bit_length() + 7) // 8)) for name, value in number.items()}
    return signed_by_another({**header, "kid": "mine", "jwk": {"kty": "RSA", "kid": "mine", **jwk}}, claims)


def raised_to_staff(issuer, token):
    header, claims, signature = parts(token)
    return f"{part(header)}.{part({**claims, 'scope': 'orders:staff'})}.{signature}"


def cut_short(issuer, token):
    return token[:-8]


def without_its_signature(issuer, token):
    return token.rsplit(".", 1)[0]


FORGERIES = [unsigned, unsigned_with_a_signature, signed_with_the_public_key_as_a_secret, of_another_key,
             of_another_key_that_it_brings_along, raised_to_staff, cut_short, without_its_signature]
MISISSUED = {
    "for another audience": {"audience": "invoices"},
    "of another issuer": {"issuer": "https://issuer.example"},
    "expired": {"lifetimeSeconds": -1},
    "not valid yet": {"startsInSeconds": 600},
}
HEADERS = {
    "no header": {},
    "an empty one": {"Authorization": ""},
    "no token": {"Authorization": "Bearer "},
    "garbage": {"Authorization": "Bearer garbage"},
    "garbage in three parts": {"Authorization": "Bearer a.b.c"},
    "a password": {"Authorization": "Basic Yy00Mjpj"},
}


def is_refused(gate, headers, customer):
    """Asserts that these headers allow nothing, and that the refusals reveal nothing."""
    for method, path, body in (
            ("POST", "/v1/orders", basket(customer)), ("GET", f"/v1/orders?customerId={customer}", None),
            ("GET", f"/v1/orders/{uuid.uuid4()}", None), ("POST", f"/v1/orders/{uuid.uuid4()}/confirm", None),
            ("GET", f"/v1/customers/{customer}/summary", None)):
        answer = gate.api.request(method, path, body, headers)
        if gate.is_ours:
            is_problem(answer, 401, "unauthenticated")
        assert answer.status == 401, (method, path, answer)
        assert customer not in answer.text
    assert gate.api.request("GET", "/v1/health", None, headers).status == 200


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS.keys())
def test_a_request_without_a_token_is_refused(gate, headers):
    is_refused(gate, headers, fresh("c"))


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forged_token_is_refused(gate, forge):
    customer = fresh("c")
    token = gate.issuer.token(customer)
    # The token is valid before it is forged, so the forgery is what is refused.
    assert gate.api.bearing(token).get("/v1/orders", customerId=customer).status == 200
    is_refused(gate, {"Authorization": f"Bearer {forge(gate.issuer, token)}"}, customer)


@pytest.mark.parametrize("wanted", MISISSUED.values(), ids=MISISSUED.keys())
def test_a_token_for_another_service_or_time_is_refused(gate, wanted):
    customer = fresh("c")
    token = gate.issuer.token(customer, **wanted)
    is_refused(gate, {"Authorization": f"Bearer {token}"}, customer)


@pytest.mark.parametrize("sub", ["", "a b", "c#42", "c" * 300])
def test_a_token_without_a_valid_customer_id_is_refused(gate, sub):
    # The gateway accepts it because its signature is valid. The service refuses it.
    answer = gate.api.bearing(gate.issuer.token(sub)).get("/v1/orders", customerId="c-42")
    is_problem(answer, 401, "unauthenticated")


# ---------------------------------------------------------------- permissions of customers


@pytest.fixture
def customer():
    return fresh("c")


@pytest.fixture
def me(gate, customer):
    """The API as a customer."""
    return gate.api.bearing(gate.issuer.token(customer, scope="openid"))


@pytest.fixture
def other(gate):
    """The API as another customer."""
    return gate.api.bearing(gate.issuer.token(fresh("c")))


@pytest.fixture
def staff(gate):
    return gate.api.bearing(gate.issuer.token(fresh("s"), scope="openid orders:staff"))


@pytest.fixture(scope="module", autouse=True)
def priced(gate):
    """The price list has the product of every basket. Customers name no prices."""
    staff = gate.api.bearing(gate.issuer.token(fresh("s"), scope="openid orders:staff"))
    price = {"currency": "JPY", "unitAmount": 1500, "validFrom": "2020-01-01T00:00:00.000Z"}
    assert staff.request("PUT", "/v1/prices/p-1", price).status == 200
    eventually(lambda: staff.post("/v1/orders", wish(fresh("c"))), lambda a: a.status == 201, "the price list")


def wish(customer):
    """A basket without prices."""
    return basket(customer, unit_amount=None)


def placed(api, customer):
    answer = api.post("/v1/orders", wish(customer))
    assert answer.status == 201, answer
    return answer.body["orderId"]


def test_customers_place_read_list_and_cancel_their_own_orders(me, customer):
    order = placed(me, customer)
    assert me.get(f"/v1/orders/{order}", minVersion=1).body["customerId"] == customer
    assert me.get(f"/v1/orders/{order}", atVersion=1).body["status"] == "pending"
    assert [event["eventType"] for event in me.get(f"/v1/orders/{order}/events").body["items"]] == ["OrderPlaced"]
    listed = eventually(lambda: me.get("/v1/orders", customerId=customer), lambda a: a.body["items"], "the order listed")
    assert [item["orderId"] for item in listed.body["items"]] == [order]
    cancelled = me.post(f"/v1/orders/{order}/cancel", CANCELLATION)
    assert (cancelled.status, cancelled.body["status"]) == (200, "cancelled")
    summary = eventually(lambda: me.get(f"/v1/customers/{customer}/summary"),
                         lambda a: a.status == 200 and a.body["cancelledCount"] == 1, "the summary")
    assert summary.body["orderCount"] == 1


def test_another_customers_order_looks_like_an_unknown_one(me, other, customer):
    order, unknown = placed(me, customer), str(uuid.uuid4())
    eventually(lambda: me.get(f"/v1/orders/{order}"), lambda a: a.headers.get("served-from") == "view", "the view")
    for method, rest, body in (("GET", "", None), ("GET", "?minVersion=1", None), ("GET", "?atVersion=1", None),
                               ("GET", "/events", None), ("POST", "/cancel", CANCELLATION)):
        seen = []
        for name in (order, unknown):
            problem = is_problem(other.request(method, f"/v1/orders/{name}{rest}", body), 404, "not-found")
            seen.append({field: value for field, value in problem.items() if field != "instance"})
        assert seen[0] == seen[1], (method, rest)
    is_problem(other.get(f"/v1/customers/{customer}/summary"), 404, "not-found")
    is_problem(other.get("/v1/orders", customerId=customer), 403, "forbidden")
    assert me.get(f"/v1/orders/{order}", atVersion=1).status == 200
    is_problem(me.get(f"/v1/orders/{order}", atVersion=2), 404, "not-found")


def test_customers_cannot_act_for_another_customer(other, customer):
    is_problem(other.post("/v1/orders", wish(customer)), 403, "forbidden")


def test_customers_pay_the_price_of_the_price_list(me, customer):
    order = placed(me, customer)
    assert me.get(f"/v1/orders/{order}", minVersion=1).body["totalAmount"] == 3000
    assert [price["unitAmount"] for price in me.get("/v1/prices/p-1").body["prices"]] == [1500]
    is_problem(me.post("/v1/orders", basket(customer, unit_amount=0)), 422, "invalid-order")
    unknown = wish(customer)
    unknown["items"][0]["productId"] = fresh("p")
    problem = is_problem(me.post("/v1/orders", unknown), 422, "invalid-order")
    assert problem["errors"][0]["pointer"] == "/items/0/productId"


def test_customers_get_403_for_staff_operations(me, customer):
    order = placed(me, customer)
    for step, body in (("confirm", None), ("ship", SHIPMENT), ("deliver", None), ("payments", PAYMENT),
                       ("refunds", REFUND)):
        for name in (order, uuid.uuid4()):
            is_problem(me.post(f"/v1/orders/{name}/{step}", body), 403, "forbidden")
    price = {"currency": "JPY", "unitAmount": 0, "validFrom": "2020-01-01T00:00:00.000Z"}
    is_problem(me.request("PUT", "/v1/prices/p-1", price), 403, "forbidden")
    is_problem(me.get("/v1/sales/daily", **{"from": "2026-11-23", "to": "2026-11-23"}), 403, "forbidden")
    is_problem(me.get("/v1/orders", status="pending", placedOn="2026-11-23"), 403, "forbidden")
    assert len(me.get(f"/v1/orders/{order}/events").body["items"]) == 1


@pytest.mark.parametrize("scope", ["orders:staffing", "ORDERS:STAFF", "orders:staff,openid", "orders staff"])
def test_a_similar_scope_does_not_make_a_caller_staff(gate, customer, scope):
    api = gate.api.bearing(gate.issuer.token(customer, scope=scope))
    is_problem(api.post(f"/v1/orders/{placed(api, customer)}/confirm"), 403, "forbidden")


def test_the_same_key_from_two_customers_is_two_commands(me, other, customer):
    key = {"Idempotency-Key": fresh("key")}
    mine = me.post("/v1/orders", wish(customer), key)
    # The other customer's id comes from the token's claims.
    _, claims, _ = parts(other.standing["Authorization"].removeprefix("Bearer "))
    theirs = other.post("/v1/orders", wish(claims["sub"]), key)
    assert (mine.status, theirs.status) == (201, 201)
    assert mine.body["orderId"] != theirs.body["orderId"]
    assert "idempotent-replayed" not in theirs.headers


def test_staff_may_use_every_operation(staff, me, customer):
    order = placed(me, customer)
    assert staff.post(f"/v1/orders/{order}/confirm", {"onAccount": True}).status == 200
    assert staff.post(f"/v1/orders/{order}/payments", {**PAYMENT, "reference": fresh("psp")}).status == 201
    for step, body in (("ship", SHIPMENT), ("deliver", None)):
        assert staff.post(f"/v1/orders/{order}/{step}", body).status == 200, step
    assert staff.get(f"/v1/orders/{order}", minVersion=4).body["status"] == "delivered"
    day = staff.get(f"/v1/orders/{order}", minVersion=1).body["placedAt"][:10]
    assert staff.get("/v1/sales/daily", **{"from": day, "to": day}).status == 200
    assert staff.get("/v1/orders", status="delivered", placedOn=day).status == 200
    assert staff.post(f"/v1/orders/{placed(staff, customer)}/cancel", CANCELLATION).status == 200


def test_the_debug_routes_are_closed(gate):
    # The one-process system has them only without authentication, for `make demo`.
    for path in ("/local/stored", "/local/messages"):
        assert gate.api.get(path).status in (401, 404), path
