"""The deployed system behind the API: its queues and tables, and what its subscribers hear."""

import threading
import time
from contextlib import ExitStack

from boto3.dynamodb.types import TypeDeserializer

VIEWS = ("OrderSummary", "CustomerSummary", "DailySales", "PriceList", "Fulfilment")
# The names by which the simulator's checks know them.
NAMES = {"OrderSummary": "order-summary", "CustomerSummary": "customer-summary", "DailySales": "daily-sales",
         "PriceList": "price-list", "Fulfilment": "fulfilment"}

# With the template's three and six minutes, a run would mostly wait.
VISIBILITY_SECONDS = 20
REST_SECONDS_MAX = 300
# The system rests when nothing has changed for so long.
STILL_SECONDS = 6


class System:
    """Reads a deployed stack."""

    def __init__(self, aws):
        self.aws = aws
        self.queues = {NAMES[view]: f"{view}Queue" for view in VIEWS}
        self.queues |= {"policy": "FulfilmentPolicyQueue", "retries": "PublisherRetryQueue"}
        self.dead = {NAMES[view]: f"{view}Dlq" for view in VIEWS}
        self.dead |= {"policy": "FulfilmentPolicyDlq", "retries": "PublisherDlq", "stream": "PublisherStreamDlq",
                      "subscriptions": "SubscriptionDlq"}

    def hurry(self):
        """Makes failed messages visible again sooner than the template does."""
        for name in self.queues.values():
            self.aws.sqs.set_queue_attributes(QueueUrl=self.aws.queue_url(name),
                                              Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)})

    def waiting(self):
        """The queues that hold messages, with how many."""
        depths = {name: self.aws.depth(self.aws.queue_url(queue)) for name, queue in self.queues.items()}
        return {name: depth for name, depth in depths.items() if depth}

    def items(self, table):
        """Every item of a table."""
        read, items, more = TypeDeserializer(), [], {}
        while True:
            page = self.aws.dynamodb.scan(TableName=self.aws.outputs[table], ConsistentRead=True, **more)
            for item in page["Items"]:
                plain = {name: read.deserialize(value) for name, value in item.items()}
                items.append({name: value if isinstance(value, str) else int(value) for name, value in plain.items()})
            if "LastEvaluatedKey" not in page:
                return items
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def letters(self, queue):
        """The messages of a queue that nobody reads."""
        found = self.aws.take(self.aws.queue_url(queue), lambda _: True)
        reason = lambda message: message.get("MessageAttributes", {}).get("reason", {}).get("StringValue")
        return [{"body": message["Body"], "reason": reason(message)} for message in found]

    def rests(self, ears):
        """Waits until the system rests. Returns the seconds that it took."""
        began = changed = time.monotonic()
        seen = None
        while time.monotonic() - changed < STILL_SECONDS:
            waiting = self.waiting()
            now = (sorted(waiting.items()), ears.count())
            if now != seen or waiting:
                seen, changed = now, time.monotonic()
            assert time.monotonic() - began < REST_SECONDS_MAX, f"not at rest after {REST_SECONDS_MAX} s: {waiting}"
            time.sleep(1)
        return changed - began


class Ears:
    """Subscribers of everything on the topic and on the bus."""

    def __init__(self, aws):
        self.aws = aws
        self.heard = {"topic": [], "bus": []}
        self._stack = ExitStack()
        self._ended = threading.Event()

    def __enter__(self):
        everything = {"source": ["dekigoto.orders"]}
        queues = {"topic": self._stack.enter_context(self.aws.subscriber({"eventType": [{"exists": True}]})),
                  "bus": self._stack.enter_context(self.aws.rule(everything))}
        self._threads = [threading.Thread(target=self.listen, args=it, daemon=True) for it in queues.items()]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._stack.close()

    def count(self):
        return sum(len(messages) for messages in self.heard.values())

    def listen(self, name, url):
        while not self._ended.is_set():
            answer = self.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
            messages = answer.get("Messages", [])
            if not messages:
                self._ended.wait(0.5)
                continue
            entries = [{"Id": str(place), "ReceiptHandle": it["ReceiptHandle"]} for place, it in enumerate(messages)]
            self.aws.sqs.delete_message_batch(QueueUrl=url, Entries=entries)
            self.heard[name] += [{"body": message["Body"], "attributes": attributes(message)} for message in messages]


def attributes(message):
    return {name: it["StringValue"] for name, it in message.get("MessageAttributes", {}).items()}
