"""A small HTTP client on the standard library: no redirects, no retries, no exception for an error status."""

import base64
import copy
import http.client
import json
import time
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

REQUEST_SECONDS_MAX = 40
# Views are usually updated within two seconds. The limit allows for slow machines.
CONSISTENT_SECONDS_MAX = 40


# Staff confirms an order without payment.
ON_ACCOUNT = {"onAccount": True}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict
    text: str

    @property
    def body(self):
        return json.loads(self.text)


class Api:
    """The API at one base URL."""

    # Headers for every request.
    standing = {}

    def __init__(self, base_url):
        url = urlsplit(base_url)
        self.host = url.netloc
        self.prefix = url.path.rstrip("/")
        # RFC 6761 maps *.localhost to this machine, but not every resolver does.
        address = "127.0.0.1" if url.hostname.endswith(".localhost") else url.hostname
        secure = url.scheme == "https"
        self.connect = lambda: (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(
            address, url.port or (443 if secure else 80), timeout=REQUEST_SECONDS_MAX)

    def request(self, method, path, body=None, headers=None):
        """Sends one request. A body that is not bytes is sent as JSON."""
        sent = {"Host": self.host, "Accept": "*/*"}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent.update(self.standing | (headers or {}))
        connection = self.connect()
        try:
            connection.request(method, self.prefix + path, body, sent)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read().decode())
        finally:
            connection.close()

    def bearing(self, token):
        """The same API with a bearer token."""
        other = copy.copy(self)
        other.standing = {"Authorization": f"Bearer {token}"}
        return other

    def get(self, path, **query):
        return self.request("GET", path + ("?" + urlencode(query) if query else ""))

    def post(self, path, body=None, headers=None):
        return self.request("POST", path, body, headers)


class Issuer:
    """The token issuer of the one-process system with AUTH_MODE=jwt."""

    def __init__(self, base_url):
        self.api = Api(base_url)
        self.url = f"{base_url}/local/issuer"

    def token(self, sub, **wanted):
        """A token for `sub`, with other fields as wanted."""
        form = urlencode({"sub": sub, **wanted}).encode()
        answer = self.api.request("POST", "/local/token", form, {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status == 200, answer
        return answer.text

    def key(self):
        """The published public key."""
        discovery = self.api.get("/local/issuer/.well-known/openid-configuration").body
        assert discovery["issuer"] == self.url
        (key,) = self.api.get(urlsplit(discovery["jwks_uri"]).path).body["keys"]
        return key


def base64url(data):
    """Encodes a part of a token."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def eventually(look, until, what, progress=lambda seen: None):
    """Calls `look` until `until` is true for its result; returns the result. While `progress` changes, the time begins again."""
    deadline, before = time.monotonic() + CONSISTENT_SECONDS_MAX, None
    while True:
        seen = look()
        if until(seen):
            return seen
        if progress(seen) != before:
            deadline, before = time.monotonic() + CONSISTENT_SECONDS_MAX, progress(seen)
        assert time.monotonic() < deadline, f"{what}: not within {CONSISTENT_SECONDS_MAX} s; last seen: {seen}"
        time.sleep(0.2)


def steadily(look, holds, seconds, what):
    """Checks for a while that `holds` stays true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen = look()
        assert holds(seen), f"{what}: {seen}"
        time.sleep(0.3)


def fresh(prefix):
    """A unique name, so that tests need no order and no empty system."""
    return f"{prefix}-{uuid.uuid4().hex[:16]}"


def basket(customer, currency="JPY", quantity=2, unit_amount=1500):
    items = [{"productId": "p-1", "quantity": quantity}]
    if unit_amount is not None:
        items[0]["unitAmount"] = unit_amount
    return {"customerId": customer, "currency": currency, "items": items}


def place(api, customer=None, **basket_fields):
    """Places an order and returns its id."""
    answer = api.post("/v1/orders", basket(customer or fresh("c"), **basket_fields))
    assert answer.status == 201, answer
    return answer.body["orderId"]


def is_problem(answer, status, code):
    """Asserts that an answer is the documented error in the documented form."""
    assert answer.status == status, answer
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json", answer
    problem = answer.body
    assert problem["code"] == code, problem
    assert problem["status"] == status, problem
    for field in ("type", "title", "detail", "instance"):
        assert isinstance(problem[field], str) and problem[field], (field, problem)
    return problem
