"""What fails while chaos lasts: which calls of the functions, how, and how often."""

import enum
import random
import threading
from collections import Counter
from dataclasses import dataclass


class Fault(enum.Enum):
    """What happens to a call."""

    THROTTLED = "the call is refused as too many (throttled)"
    RESET = "the connection is reset before the call is done"
    REPLY_LOST = "the call is done, and its reply is dropped"
    DELAYED = "the call is done seconds later"


WRITES = (Fault.THROTTLED, Fault.RESET, Fault.REPLY_LOST, Fault.DELAYED)
READS = (Fault.THROTTLED, Fault.RESET, Fault.DELAYED)
# The emulator moves on after a stream batch of which the publisher reported a record as failed; AWS delivers it again. The
# publisher reports one only if the retry queue is unreachable, so calls to queues fail once each, and the SDK's retry works.
QUEUES = (Fault.REPLY_LOST, Fault.DELAYED)

# The calls that fail, in which ways, and how many of a thousand.
PLAN = {
    "PutItem": (WRITES, 120),
    "TransactWriteItems": (WRITES, 160),
    "Query": (READS, 75),
    "BatchGetItem": (READS, 120),
    "PublishBatch": (WRITES, 320),
    "PutEvents": (WRITES, 320),
    "SendMessageBatch": (QUEUES, 600),
}

# Events wait in the retry queue while these calls are refused.
OUTAGES = ("PublishBatch", "PutEvents")

DELAY_SECONDS = (0.5, 3.0)


@dataclass(frozen=True)
class Planned:
    """A way in which a call may fail."""

    call: str
    fault: Fault


def planned():
    """Every planned fault. Each must fire."""
    return [Planned(call, fault) for call, (faults, _) in PLAN.items() for fault in faults]


class Chance:
    """Draws the fault of each call from a seed, and counts what fired."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.fired = Counter()
        self.calls = Counter()
        self.refused = Counter()
        self.is_on = False
        self.outage = None
        self._failed_once = set()
        self._lock = threading.Lock()

    def draw(self, call, body):
        """The fault of this call, if it has one, and the seconds that a delayed one waits."""
        with self._lock:
            self.calls[call] += 1
            if not self.is_on or call not in PLAN:
                return None, 0.0
            if call == self.outage:
                self.refused[call] += 1
                return Fault.THROTTLED, 0.0
            faults, share = PLAN[call]
            is_spared = faults is QUEUES and body in self._failed_once
            if is_spared or self.random.random() * 1000 >= share:
                return None, 0.0
            self._failed_once.add(body)
            # The rarest so far, so that a short run has them all.
            fault = min(faults, key=lambda it: self.fired[Planned(call, it)])
            self.fired[Planned(call, fault)] += 1
            return fault, self.random.uniform(*DELAY_SECONDS)
