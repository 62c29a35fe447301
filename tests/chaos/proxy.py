"""A proxy between the deployed functions and the local AWS. It passes calls on unchanged, and makes some of them fail."""

import http.client
import json
import socket
import struct
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from faults import Fault

UPSTREAM_SECONDS_MAX = 60

# The code by which each service refuses a call for now.
THROTTLES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "awsevents": "ThrottlingException",
    "amazonsqs": "com.amazonaws.sqs#RequestThrottled",
}


class Proxy(ThreadingHTTPServer):
    """Listens on `port`, and calls the AWS at `upstream`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, upstream, chance):
        super().__init__(("127.0.0.1", port), Handler)
        self.upstream = upstream
        self.chance = chance

    def handle_error(self, request, client_address):
        """A function that was killed, or that waited too long, has closed its connection."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection of a function's SDK."""

    protocol_version = "HTTP/1.1"
    # Header and body are two writes: without this, Nagle's algorithm would hold the second one back.
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.upstream = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        fault, delay = self.server.chance.draw(call_of(self.headers, body), body)
        if fault is Fault.RESET:
            return self.reset()
        if fault is Fault.THROTTLED:
            return self.answer(400, *throttled(self.headers))
        if fault is Fault.DELAYED:
            time.sleep(delay)
        answer, text = self.forward(body)
        if fault is Fault.REPLY_LOST:
            return self.reset()
        self.answer(answer.status, answer.getheader("content-type", ""), text, answer.getheader("x-amzn-requestid"))

    def forward(self, body):
        """Sends the call on with its own headers: its signature covers them."""
        if self.upstream is None:
            self.upstream = http.client.HTTPConnection(*self.server.upstream, timeout=UPSTREAM_SECONDS_MAX)
        self.upstream.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            self.upstream.putheader(name, value)
        self.upstream.endheaders(body)
        answer = self.upstream.getresponse()
        return answer, answer.read()

    def answer(self, status, kind, text, request=None):
        self.send_response_only(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        if request:
            self.send_header("x-amzn-requestid", request)
        self.end_headers()
        self.wfile.write(text)

    def reset(self):
        """Ends the connection without an answer, so that the client sees a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def finish(self):
        if self.upstream is not None:
            self.upstream.close()
        try:
            super().finish()
        except OSError:
            # A function that was killed reads no answer.
            pass

    def log_message(self, *_):
        """Nothing: the counts say what happened."""


def call_of(headers, body):
    """The name of an AWS call: in a header, or for SNS in the body."""
    target = headers.get("x-amz-target")
    if target:
        return target.rpartition(".")[2]
    return urllib.parse.parse_qs(body.decode(errors="replace")).get("Action", ["?"])[0]


def throttled(headers):
    """The refusal of a call, as its service words it."""
    service = headers.get("x-amz-target", "").partition(".")[0].partition("_")[0].lower()
    if service in THROTTLES:
        text = {"__type": THROTTLES[service], "message": "too many calls, says the test"}
        return headers.get("content-type", "application/x-amz-json-1.0"), json.dumps(text).encode()
    error = "<Error><Type>Sender</Type><Code>Throttling</Code><Message>too many calls, says the test</Message></Error>"
    return "text/xml", f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode()
