"""Orders carry themselves: paid in full they confirm themselves; cancelled after payment they are refunded.

Over HTTP, against the one-process system and the deployed stack.
"""

from client import ON_ACCOUNT, eventually, fresh, place
from test_journey import pay


def status(api, order):
    return api.get(f"/v1/orders/{order}", minVersion=1).body.get("status")


def becomes(api, order, wanted):
    eventually(lambda: status(api, order), lambda found: found == wanted, f"{order} is {wanted}")


def test_an_order_that_is_paid_in_parts_confirms_itself(api):
    order = place(api)
    assert pay(api, order, outcome="declined").status == 201
    assert pay(api, order, amount=1000).status == 201
    assert pay(api, order, amount=2000).status == 201
    becomes(api, order, "confirmed")


def test_a_confirmation_by_a_person_and_a_payment_do_not_disturb_each_other(api):
    order = place(api)
    assert api.post(f"/v1/orders/{order}/confirm", ON_ACCOUNT).status == 200
    assert pay(api, order).status == 201
    becomes(api, order, "confirmed")
    events = api.get(f"/v1/orders/{order}/events").body["items"]
    assert [event["eventType"] for event in events] == ["OrderPlaced", "OrderConfirmed"]


def test_an_order_that_is_cancelled_after_its_payment_takes_the_refund(api):
    order, reference = place(api), fresh("psp")
    assert pay(api, order, reference=reference).status == 201
    becomes(api, order, "confirmed")
    assert api.post(f"/v1/orders/{order}/cancel", {"reason": "ordered twice"}).status == 200
    refund = {"reference": reference, "refundReference": fresh("re"), "amount": 3000, "outcome": "refunded"}
    assert api.post(f"/v1/orders/{order}/refunds", refund).status == 201
    eventually(lambda: api.get(f"/v1/orders/{order}").body, lambda row: row.get("paidAmount") == 0
               and row["status"] == "cancelled", f"{order} is refunded")
