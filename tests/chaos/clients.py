"""Clients that place orders and carry them on, and send a request again under the same key until it is answered."""

import http.client
import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from client import basket

CUSTOMERS = 20
TRIES_MAX = 60
PAUSE_SECONDS = (0.2, 1.5)
# The policy confirms an order that is paid. Until then it cannot be shipped.
CONFIRMED_SECONDS_MAX = 240

# Without authentication, the API records every caller by this name.
ACTOR = "anonymous"


def pause(dice):
    time.sleep(dice.uniform(*PAUSE_SECONDS))


class Command:
    """One command with all its sendings, as the simulator's checks read it."""

    def __init__(self, asked, path, body, order=None, is_parallel=False):
        self.asked, self.path, self.body, self.order = asked, path, body, order
        self.key = uuid.uuid4().hex
        self.is_parallel = is_parallel
        self.attempts = []

    def send(self, api):
        """Sends it once. Returns the answer, or None."""
        began = time.time()
        try:
            answer = api.post(self.path, self.body, {"Idempotency-Key": self.key})
            said = answer.body if answer.text.startswith("{") else {}
            heard = {"status": answer.status, "body": said,
                     "replayed": answer.headers.get("idempotent-replayed") == "true"}
        except (OSError, http.client.HTTPException):
            heard = None
        self.attempts.append({"began": int(began * 1000), "ended": int(time.time() * 1000), "answer": heard})
        return heard

    def record(self):
        return {"actor": ACTOR, "key": self.key, "asked": self.asked, "order": self.order, "body": self.body,
                "isParallel": self.is_parallel, "attempts": self.attempts}


def is_definite(answer):
    """Whether the client may stop asking."""
    return answer is not None and answer["status"] < 500 and answer["body"].get("code") != "version-conflict" \
        and answer["status"] != 429


class Clients:
    """Carry `orders` orders on, `at_once` at a time."""

    def __init__(self, api, orders, at_once, seed):
        self.api, self.orders, self.at_once, self.seed = api, orders, at_once, seed
        self.history = []
        self._lock = threading.Lock()

    def run(self):
        with ThreadPoolExecutor(self.at_once) as pool:
            list(pool.map(self.order, range(self.orders)))

    def order(self, number):
        dice = random.Random(f"{self.seed} {number}")
        body = basket(f"c-{number % CUSTOMERS}", quantity=1 + number % 7, unit_amount=100 + number)
        place = Command("place", "/v1/orders", body, is_parallel=dice.random() < 0.1)
        order = self.ask(place, dice)["body"]["orderId"]
        place.order = order
        amount = body["items"][0]["quantity"] * body["items"][0]["unitAmount"]
        fate = dice.random()
        if fate < 0.75:
            if dice.random() < 0.15:
                self.ask(payment(order, number, amount, "declined"), dice)
            self.ask(payment(order, number, amount, "captured", dice.random() < 0.1), dice)
        if fate < 0.25:
            shipment = {"carrier": "DHL", "trackingNumber": f"0034-{number}"}
            ship = Command("ship", f"/v1/orders/{order}/ship", shipment, order)
            if self.patiently(ship, dice) and dice.random() < 0.5:
                self.ask(Command("deliver", f"/v1/orders/{order}/deliver", None, order), dice)
        elif fate > 0.9:
            self.ask(Command("cancel", f"/v1/orders/{order}/cancel", {"reason": "ordered twice"}, order), dice)

    def ask(self, command, dice):
        """Sends a command until it has a definite answer. A double click sends it twice at the same time."""
        with self._lock:
            self.history.append(command)
        if command.is_parallel:
            other = threading.Thread(target=command.send, args=(self.api,))
            other.start()
            command.send(self.api)
            other.join()
        for _ in range(TRIES_MAX):
            answer = command.send(self.api)
            if is_definite(answer):
                assert answer["status"] < 300, (command.asked, command.path, answer)
                return answer
            pause(dice)
        raise AssertionError(f"{command.asked} {command.path} was not answered in {TRIES_MAX} tries")

    def patiently(self, command, dice):
        """Sends a command until it is accepted: what refuses it passes."""
        with self._lock:
            self.history.append(command)
        deadline = time.monotonic() + CONFIRMED_SECONDS_MAX
        while time.monotonic() < deadline:
            answer = command.send(self.api)
            if is_definite(answer) and answer["status"] < 300:
                return True
            assert not is_definite(answer) or answer["status"] == 409, (command.path, answer)
            pause(dice)
        raise AssertionError(f"{command.path} was refused for {CONFIRMED_SECONDS_MAX} s")


def payment(order, number, amount, outcome, is_parallel=False):
    body = {"reference": f"psp-{number}-{outcome}", "amount": amount, "currency": "JPY", "outcome": outcome}
    return Command("pay", f"/v1/orders/{order}/payments", body, order, is_parallel)
