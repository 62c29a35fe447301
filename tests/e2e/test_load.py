"""A load test of the one-process system: every accepted order is in the store, in its view and in its customer's
totals. On memory adapters it does not measure AWS's speed; it checks that no event is lost between the parts."""

import concurrent.futures
import itertools
import json
import os
import time

import pytest

from client import basket, eventually, fresh

ORDERS = 2_000
CLIENTS = 16
CUSTOMERS = 20
PAGE = 100

pytestmark = pytest.mark.skipif(
    "DEKIGOTO_URL" not in os.environ, reason="only the one-process system has debug routes, and an emulator is too slow")


def test_every_accepted_order_of_a_load_is_in_the_store_the_view_and_the_totals(api):
    customers = [fresh("load") for _ in range(CUSTOMERS)]
    # Different amounts, so that a sum shows which orders it contains.
    wanted = [basket(customer, unit_amount=number + 1)
              for number, customer in zip(range(ORDERS), itertools.cycle(customers))]
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda body: api.post("/v1/orders", body), wanted))
    seconds = time.monotonic() - began
    assert {answer.status for answer in answers} == {201}, [a for a in answers if a.status != 201][:3]
    accepted = {answer.body["orderId"]: body for answer, body in zip(answers, wanted)}
    assert len(accepted) == ORDERS
    print(f"\n{ORDERS} orders by {CLIENTS} clients: {seconds:.1f} s, {ORDERS / seconds:.0f} a second")

    stored = {item["pk"].removeprefix("Order#"): item for item in json.loads(api.get("/local/stored").text)
              if item["pk"].startswith("Order#")}
    for order, body in accepted.items():
        payload = json.loads(stored[order]["ev"])[0]["p"]
        assert (payload["customerId"], payload["totalAmount"]) == (body["customerId"], total(body))

    for customer in customers:
        mine = {order: total(body) for order, body in accepted.items() if body["customerId"] == customer}
        summary = eventually(lambda: api.get(f"/v1/customers/{customer}/summary"),
                             lambda a: a.status == 200 and a.body["orderCount"] == len(mine), "the totals catch up")
        assert summary.body["totals"] == {"JPY": sum(mine.values())}
        # The list is another view and is updated independently.
        eventually(lambda: {row["orderId"]: row["totalAmount"] for row in listed(api, customer)},
                   lambda rows: rows == mine, "the list catches up")


def listed(api, customer):
    """Every listed order, read page by page."""
    rows, cursor = [], {}
    while True:
        page = api.get("/v1/orders", customerId=customer, limit=PAGE, **cursor)
        assert page.status == 200, page
        rows += page.body["items"]
        if "nextCursor" not in page.body:
            return rows
        cursor = {"cursor": page.body["nextCursor"]}


def total(body):
    return sum(item["quantity"] * item["unitAmount"] for item in body["items"])
