"""The life of an order, and every kind of refusal, over HTTP.

The same tests run against the one-process system and the deployed stack. Each test makes its own order and customer.
"""

import time
import uuid

import pytest

from client import ON_ACCOUNT, basket, eventually, fresh, is_problem, place

SHIPMENT = {"carrier": "DHL", "trackingNumber": "00340434161094021501"}


def pay(api, order, amount=3000, reference=None, **fields):
    body = {"reference": reference or fresh("psp"), "amount": amount, "currency": "JPY", "outcome": "captured", **fields}
    return api.post(f"/v1/orders/{order}/payments", body)


def view(api, order, version, **wanted):
    """The order's view, as soon as it is at that version and has the wanted fields."""
    def caught_up(answer):
        if answer.status != 200 or answer.headers.get("served-from") != "view":
            return False
        row = answer.body
        return row["version"] >= version and all(row.get(name) == value for name, value in wanted.items())

    return eventually(lambda: api.get(f"/v1/orders/{order}"), caught_up, f"view of {order} at version {version}").body


def confirmed(api, order):
    """Waits until the order has confirmed itself."""
    eventually(lambda: api.get(f"/v1/orders/{order}", minVersion=1), lambda a: a.body.get("status") == "confirmed",
               f"{order} is confirmed")


def shipped(api):
    order = place(api)
    for step, body in (("confirm", ON_ACCOUNT), ("ship", SHIPMENT)):
        assert api.post(f"/v1/orders/{order}/{step}", body).status == 200
    return order


# ---------------------------------------------------------------- the journey


def test_a_delivered_order_is_visible_everywhere(api):
    customer = fresh("c")
    placed = api.post("/v1/orders", basket(customer))
    assert placed.status == 201
    order = placed.body["orderId"]
    assert placed.body == {"orderId": order, "version": 1, "status": "pending"}
    assert placed.headers["location"] == f"/v1/orders/{order}"
    assert placed.headers["etag"] == '"1"'
    assert placed.headers["idempotency-key"]

    paid = pay(api, order)
    assert paid.status == 201
    assert paid.body == {"paymentId": paid.body["paymentId"], "orderId": order, "version": 1, "status": "received"}

    # Paid in full, it confirms itself.
    confirmed(api, order)
    steps = (("ship", SHIPMENT, "shipped"), ("deliver", {}, "delivered"))
    for version, (step, body, status) in enumerate(steps, start=3):
        answer = api.post(f"/v1/orders/{order}/{step}", body)
        assert (answer.status, answer.body) == (200, {"orderId": order, "version": version, "status": status})
        assert answer.headers["etag"] == f'"{version}"'

    row = view(api, order, 4, paidAmount=3000)
    for field, value in {"orderId": order, "customerId": customer, "status": "delivered", "currency": "JPY",
                         "totalAmount": 3000, "itemCount": row["itemCount"], "version": 4}.items():
        assert row[field] == value, field
    assert row["placedAt"] <= row["confirmedAt"] <= row["shippedAt"] <= row["deliveredAt"]
    assert "cancelledAt" not in row

    events = api.get(f"/v1/orders/{order}/events").body["items"]
    assert [event["eventType"] for event in events] == ["OrderPlaced", "OrderConfirmed", "OrderShipped", "OrderDelivered"]
    assert [event["version"] for event in events] == [1, 2, 3, 4]
    assert len({event["eventId"] for event in events}) == 4
    assert all(event["aggregateId"] == order and event["aggregateType"] == "Order" for event in events)
    assert events[0]["payload"]["totalAmount"] == 3000
    assert events[0]["metadata"]["commandKey"] == placed.headers["idempotency-key"]

    summary = eventually(lambda: api.get(f"/v1/customers/{customer}/summary"), lambda a: a.status == 200, "summary").body
    assert (summary["customerId"], summary["orderCount"], summary["cancelledCount"]) == (customer, 1, 0)
    assert summary["totals"] == {"JPY": 3000}


def test_a_cancelled_order_is_excluded_from_the_totals(api):
    customer = fresh("c")
    kept, given_up = place(api, customer), place(api, customer, unit_amount=7)
    answer = api.post(f"/v1/orders/{given_up}/cancel", {"reason": "ordered twice"})
    assert (answer.status, answer.body["status"], answer.body["version"]) == (200, "cancelled", 2)
    assert view(api, given_up, 2)["status"] == "cancelled"
    summary = eventually(lambda: api.get(f"/v1/customers/{customer}/summary"),
                         lambda a: a.status == 200 and a.body["cancelledCount"] == 1 and a.body["orderCount"] == 2,
                         "summary").body
    assert summary["totals"] == {"JPY": 3000}, kept


def test_daily_sales_count_the_orders_of_the_day(api):
    # A separate currency, so that today's orders of other tests do not count.
    day = view(api, place(api, currency="ISK"), 1)["placedAt"][:10]

    def sales():
        items = api.get("/v1/sales/daily", **{"from": day, "to": day}).body["items"]
        found = [item for item in items if item["currency"] == "ISK"]
        return found[0] if found else {"orderCount": 0, "cancelledCount": 0, "totalAmount": 0}

    before = eventually(sales, lambda row: row["orderCount"] > 0, "the first order of the day")
    kept, given_up = place(api, currency="ISK"), place(api, currency="ISK", unit_amount=5)
    assert api.post(f"/v1/orders/{given_up}/cancel", {"reason": "ordered twice"}).status == 200
    after = eventually(sales, lambda row: row["orderCount"] == before["orderCount"] + 2
                       and row["cancelledCount"] == before["cancelledCount"] + 1, f"both orders, {kept} and {given_up}")
    assert after["date"] == day
    assert after["totalAmount"] == before["totalAmount"] + 3000


def test_health_answers(api):
    answer = api.get("/v1/health")
    assert answer.status == 200
    assert answer.body["status"] == "ok" and answer.body["version"]


def test_tools_read_the_contract(api):
    document = api.get("/v1/openapi.json")
    assert document.status == 200 and "/v1/orders" in document.body["paths"]


# ---------------------------------------------------------------- idempotency


def test_a_repeated_command_gets_the_first_answer_again(api):
    body, key = basket(fresh("c")), {"Idempotency-Key": fresh("key")}
    first, again = api.post("/v1/orders", body, key), api.post("/v1/orders", body, key)
    assert first.status == again.status == 201
    assert first.body == again.body
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"] == key["Idempotency-Key"]
    order = first.body["orderId"]
    assert len(api.get(f"/v1/orders/{order}/events").body["items"]) == 1


def test_a_repeated_command_gets_the_first_answer_again_after_later_commands(api):
    order, key = place(api), {"Idempotency-Key": fresh("key")}
    first = api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT, key)
    assert api.post(f"/v1/orders/{order}/ship", SHIPMENT).status == 200
    again = api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT, key)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotent-replayed"] == "true"


def test_a_key_with_another_body_is_refused(api):
    key = {"Idempotency-Key": fresh("key")}
    customer = fresh("c")
    assert api.post("/v1/orders", basket(customer), key).status == 201
    is_problem(api.post("/v1/orders", basket(customer, quantity=3), key), 422, "key-reused")


def test_a_payment_reference_is_one_payment(api):
    order, reference = place(api), fresh("psp")
    first, again = pay(api, order, reference=reference), pay(api, order, reference=reference)
    assert first.status == again.status == 201
    assert first.body["paymentId"] == again.body["paymentId"]
    assert view(api, order, 1, paidAmount=3000)


def test_what_the_provider_captured_is_recorded_and_its_surplus_is_refunded(api):
    order, once, twice = place(api), fresh("psp"), fresh("psp")
    for answer in (pay(api, order, reference=once, outcome="declined"), pay(api, order, reference=once),
                   pay(api, order, reference=twice)):
        assert answer.status == 201
    payments = api.get(f"/v1/orders/{order}/payments")
    assert [item["status"] for item in payments.body["items"]] == ["received", "received"]
    assert (payments.body["capturedAmount"], payments.body["surplusAmount"]) == (6000, 3000)
    # The order is at version 1 or, when it has confirmed itself, at 2.
    assert payments.headers["etag"] in ('"1.3"', '"2.3"')

    refund = {"reference": twice, "refundReference": fresh("re"), "amount": 3000, "outcome": "refunded"}
    first, again = (api.post(f"/v1/orders/{order}/refunds", refund) for _ in range(2))
    assert (first.status, first.body["status"], again.body) == (201, "refunded", first.body)
    is_problem(api.post(f"/v1/orders/{order}/refunds", {**refund, "refundReference": fresh("re")}), 409,
               "refund-too-large")
    assert api.get(f"/v1/orders/{order}", minPaymentVersion=first.body["version"]).body["paidAmount"] == 3000
    confirmed(api, order)


def test_a_cancellation_is_refused_when_a_payment_came_first(api):
    order = place(api)
    unpaid = api.get(f"/v1/orders/{order}").headers["etag"]
    assert pay(api, order).status == 201
    cancelled = api.post(f"/v1/orders/{order}/cancel", {"reason": "never paid"}, {"If-Match": unpaid})
    is_problem(cancelled, 412, "precondition-failed")


def test_a_declined_payment_does_not_count_as_paid(api):
    order = place(api)
    answer = pay(api, order, outcome="declined", declineReason="card expired")
    assert (answer.status, answer.body["status"]) == (201, "failed")
    assert view(api, order, 1)["paidAmount"] == 0


# ---------------------------------------------------------------- queries


def test_a_reader_sees_their_own_write(api):
    order = place(api)
    assert api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT).status == 200
    # Reads at once: the view may be behind, but the answer must not be.
    answer = api.get(f"/v1/orders/{order}", minVersion=2)
    assert answer.status == 200 and answer.body["version"] >= 2 and answer.body["status"] == "confirmed"
    assert answer.headers["served-from"] in ("view", "store")
    view(api, order, 2)
    assert api.get(f"/v1/orders/{order}", minVersion=2).headers["served-from"] == "view"
    assert api.get(f"/v1/orders/{order}").headers["etag"] == '"2.0"'


def test_the_past_can_be_read(api):
    order = place(api)
    assert api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT).status == 200
    was, is_now = api.get(f"/v1/orders/{order}", atVersion=1), api.get(f"/v1/orders/{order}", atVersion=2)
    assert (was.body["status"], was.body["version"]) == ("pending", 1)
    assert (is_now.body["status"], is_now.body["version"]) == ("confirmed", 2)
    assert "paidAmount" not in was.body and "confirmedAt" not in was.body
    is_problem(api.get(f"/v1/orders/{order}", atVersion=3), 404, "not-found")


def test_events_come_in_pages(api):
    order = shipped(api)
    first = api.get(f"/v1/orders/{order}/events", limit=2).body
    assert [event["version"] for event in first["items"]] == [1, 2]
    rest = api.get(f"/v1/orders/{order}/events", fromVersion=first["nextVersion"], limit=2).body
    assert [event["version"] for event in rest["items"]] == [3]
    assert "nextVersion" not in rest


def test_a_customers_orders_come_in_pages_newest_first(api):
    customer, orders = fresh("c"), []
    for _ in range(3):
        orders.append(place(api, customer))
        # Orders of one millisecond have no defined order.
        time.sleep(0.002)
    full = eventually(lambda: api.get("/v1/orders", customerId=customer),
                      lambda a: a.status == 200 and len(a.body["items"]) == 3, "three orders listed").body
    assert [item["orderId"] for item in full["items"]] == orders[::-1]
    assert "nextCursor" not in full

    first = api.get("/v1/orders", customerId=customer, limit=2).body
    second = api.get("/v1/orders", customerId=customer, limit=2, cursor=first["nextCursor"]).body
    listed = first["items"] + second["items"]
    assert [item["orderId"] for item in listed] == orders[::-1]


def test_a_cursor_is_bound_to_its_query_and_cannot_be_altered(api):
    customer = fresh("c")
    for _ in range(2):
        place(api, customer)
    eventually(lambda: api.get("/v1/orders", customerId=customer), lambda a: len(a.body["items"]) == 2, "two orders")
    cursor = api.get("/v1/orders", customerId=customer, limit=1).body["nextCursor"]
    altered = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    for bad in (altered, "nonsense"):
        is_problem(api.get("/v1/orders", customerId=customer, limit=1, cursor=bad), 400, "malformed-request")
    is_problem(api.get("/v1/orders", customerId=fresh("c"), cursor=cursor), 400, "malformed-request")


def test_orders_of_a_day_are_listed_by_status(api):
    order = place(api)
    day = view(api, order, 1)["placedAt"][:10]

    def listed(status):
        found, cursor = [], {}
        while True:
            page = api.get("/v1/orders", status=status, placedOn=day, limit=100, **cursor).body
            found += [item["orderId"] for item in page["items"]]
            if "nextCursor" not in page:
                return found
            cursor = {"cursor": page["nextCursor"]}

    eventually(lambda: listed("pending"), lambda found: order in found, "the order among the pending")
    assert api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT).status == 200
    eventually(lambda: listed("confirmed"), lambda found: order in found, "the order among the confirmed")
    assert order not in listed("pending")


# ---------------------------------------------------------------- refusals

PLACE = basket("c-42")
BROKEN_BODIES = {
    "empty": b"",
    "not JSON": b"{",
    "not an object": b"[]",
    "two values": b"{}{}",
    "unknown field": {**PLACE, "isAdmin": True},
    "duplicate field": b'{"customerId":"c","customerId":"d","currency":"JPY","items":[]}',
    "wrong type": {**PLACE, "items": "none"},
    "missing field": {"customerId": "c-42", "currency": "JPY"},
    "quantity 0": basket("c-42", quantity=0),
    "quantity 1.5": basket("c-42", quantity=1.5),
    "quantity as text": basket("c-42", quantity="1"),
    "amount over 10^12": basket("c-42", unit_amount=10**12 + 1),
    "id with our separator": basket("c#42"),
    "lone surrogate": b'{"customerId":"\\ud800","currency":"JPY","items":[]}',
    "not UTF-8": b'{"customerId":"\xff","currency":"JPY","items":[]}',
}


@pytest.mark.parametrize("body", BROKEN_BODIES.values(), ids=BROKEN_BODIES.keys())
def test_a_malformed_body_is_refused(api, body):
    answer = api.request("POST", "/v1/orders", body, {"Content-Type": "application/json"})
    is_problem(answer, 400, "malformed-request")


def test_a_problem_names_the_invalid_fields(api):
    problem = is_problem(api.post("/v1/orders", basket("c-42", quantity=0)), 400, "malformed-request")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/items/0/quantity"]
    assert problem["errors"][0]["detail"]


@pytest.mark.parametrize("path", [
    "/v1/orders/nonsense", "/v1/orders/0198C1F2-7A3B-5C4D-8E5F-60718293A4B5", "/v1/orders/a%23b",
    "/v1/orders", "/v1/orders?customerId=c-42&limit=0", "/v1/orders?customerId=c-42&limit=101",
    "/v1/orders?customerId=c-42&limit=1&limit=2", "/v1/orders?customerId=c-42&color=red", "/v1/orders?status=pending",
    "/v1/sales/daily", "/v1/sales/daily?from=2026-01-01&to=2026-12-31", "/v1/sales/daily?from=2026-01-02&to=2026-01-01",
    "/v1/orders/0198c1f2-7a3b-5c4d-8e5f-60718293a4b5?atVersion=0",
])
def test_a_malformed_query_is_refused(api, path):
    is_problem(api.get(path), 400, "malformed-request")


@pytest.mark.parametrize("headers", [{"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 256}, {"If-Match": "1"}])
def test_a_malformed_header_is_refused(api, headers):
    is_problem(api.post(f"/v1/orders/{place(api)}/confirm", {}, headers), 400, "malformed-request")


def test_unknown_paths_and_ids_are_not_found(api):
    unknown = str(uuid.uuid4())
    for path in (f"/v1/orders/{unknown}", f"/v1/orders/{unknown}/events", f"/v1/customers/{fresh('c')}/summary", "/v1/nowhere"):
        is_problem(api.get(path), 404, "not-found")
    for step, body in (("confirm", None), ("ship", SHIPMENT), ("deliver", None), ("cancel", {"reason": "x"})):
        is_problem(api.post(f"/v1/orders/{unknown}/{step}", body), 404, "not-found")
    is_problem(pay(api, unknown), 404, "not-found")


@pytest.mark.parametrize("method, path, allowed", [
    ("PUT", "/v1/orders", {"GET", "POST"}), ("DELETE", f"/v1/orders/{uuid.uuid4()}", {"GET"}),
    ("GET", f"/v1/orders/{uuid.uuid4()}/confirm", {"POST"}), ("POST", "/v1/sales/daily", {"GET"}),
])
def test_another_method_is_not_allowed(api, method, path, allowed):
    answer = api.request(method, path)
    is_problem(answer, 405, "method-not-allowed")
    assert allowed <= {name.strip() for name in answer.headers["allow"].split(",")}


def test_a_command_that_the_state_forbids_is_refused_and_leaves_no_event(api):
    order = shipped(api)
    is_problem(api.post(f"/v1/orders/{order}/cancel", {"reason": "too late"}), 409, "already-shipped")
    is_problem(api.post(f"/v1/orders/{order}/confirm"), 409, "already-shipped")
    assert len(api.get(f"/v1/orders/{order}/events").body["items"]) == 3
    pending = place(api)
    is_problem(api.post(f"/v1/orders/{pending}/ship", SHIPMENT), 409, "not-confirmed")
    is_problem(api.post(f"/v1/orders/{pending}/deliver"), 409, "not-shipped")
    is_problem(api.post(f"/v1/orders/{pending}/confirm"), 409, "not-paid")


def test_a_command_on_another_version_is_refused(api):
    order = place(api)
    is_problem(api.post(f"/v1/orders/{order}/confirm", {}, {"If-Match": '"9"'}), 412, "precondition-failed")
    assert api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT, {"If-Match": '"1"'}).status == 200


def test_a_body_over_the_limit_is_refused(api):
    huge = {**PLACE, "customerId": "c" * 300_000}
    is_problem(api.post("/v1/orders", huge), 413, "payload-too-large")


@pytest.mark.parametrize("headers", [
    {"Content-Type": "text/plain"}, {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "application/json", "Content-Encoding": "gzip"},
])
def test_another_media_type_is_refused(api, headers):
    is_problem(api.post("/v1/orders", basket("c-42"), headers), 415, "unsupported-media-type")


@pytest.mark.parametrize("body", [
    {**PLACE, "items": []}, {**PLACE, "items": PLACE["items"] * 101}, {**PLACE, "currency": "XXQ"},
    basket("c-42", quantity=10_000, unit_amount=10**12),
], ids=["no items", "101 items", "unknown currency", "total too large"])
def test_an_order_over_a_business_limit_is_refused(api, body):
    is_problem(api.post("/v1/orders", body), 422, "invalid-order")


def test_a_payment_over_a_business_limit_is_refused(api):
    order = place(api)
    is_problem(pay(api, order, amount=0), 422, "invalid-payment")
