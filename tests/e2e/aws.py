"""Access behind the API: clients of the deployed emulator, test queues, and dead letters."""

import contextlib
import json
import time

import boto3
from botocore.config import Config

from client import CONSISTENT_SECONDS_MAX, eventually, fresh

ROOT = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


class Aws:
    """The deployed stack, and clients of its services with `credentials` (the account's root by default)."""

    def __init__(self, state, credentials=None):
        self.state = state
        self.outputs = state["outputs"]
        self.credentials = credentials or ROOT
        self._clients = {}

    def __getattr__(self, service):
        if service not in self._clients:
            # No retries: these tests expect refusals.
            config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)
            self._clients[service] = boto3.client(
                service, endpoint_url=self.state["endpoint"], region_name=self.state["region"], config=config,
                **self.credentials)
        return self._clients[service]

    def queue_url(self, name):
        return self.outputs[f"{name}Url"]

    def queue_arn(self, url):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def depth(self, url):
        """The number of messages in a queue, visible or in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(counts[name]) for name in names)

    def drained(self, url):
        eventually(lambda: self.depth(url), lambda depth: depth == 0, f"{url} is empty")

    def take(self, url, wanted):
        """Takes the wanted messages out of a queue. The others stay."""
        taken, seen = [], set()
        while True:
            answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=2,
                                              MessageAttributeNames=["All"])
            fresh_ones = [m for m in answer.get("Messages", []) if m["MessageId"] not in seen]
            if not fresh_ones:
                return taken
            for message in fresh_ones:
                seen.add(message["MessageId"])
                if wanted(message):
                    self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    taken.append(message)

    def arrives(self, url, wanted, what, count=1):
        """Waits for that many wanted messages and takes them."""
        found = []
        deadline = time.monotonic() + CONSISTENT_SECONDS_MAX
        while len(found) < count:
            found += self.take(url, wanted)
            assert len(found) >= count or time.monotonic() < deadline, f"{what}: {len(found)} of {count} came"
            time.sleep(0.2)
        return found

    @contextlib.contextmanager
    def queue(self, service, source_arn):
        """A subscriber's queue that lets a service send for one source, as the README describes."""
        url = self.sqs.create_queue(QueueName=fresh("subscriber"))["QueueUrl"]
        arn = self.queue_arn(url)
        policy = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}}}]}
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        try:
            yield url, arn
        finally:
            self.sqs.delete_queue(QueueUrl=url)

    @contextlib.contextmanager
    def subscriber(self, filter_policy):
        """A subscription to the topic with a filter."""
        topic = self.outputs["TopicArn"]
        with self.queue("sns.amazonaws.com", topic) as (url, arn):
            subscription = self.sns.subscribe(
                TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True,
                Attributes={"RawMessageDelivery": "true", "FilterPolicy": json.dumps(filter_policy)})["SubscriptionArn"]
            try:
                yield url
            finally:
                self.sns.unsubscribe(SubscriptionArn=subscription)

    @contextlib.contextmanager
    def rule(self, pattern):
        """A rule on the bus with a queue as its target."""
        bus, name = self.outputs["BusName"], fresh("rule")
        rule = self.events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))["RuleArn"]
        with self.queue("events.amazonaws.com", rule) as (url, arn):
            self.events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
            try:
                yield url
            finally:
                self.events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
                self.events.delete_rule(Name=name, EventBusName=bus)

    @contextlib.contextmanager
    def payment_seconds(self, seconds):
        """Another time to pay, for orders that are placed meanwhile. As a deployment does, it publishes a version with the
        changed setting and moves the alias to it: what calls the alias got the old setting until then."""
        function, lambdas = self.outputs["FulfilmentPolicyFunctionName"], self.__getattr__("lambda")
        live = {"FunctionName": function, "Name": self.outputs["FunctionAlias"]}
        version = lambdas.get_alias(**live)["FunctionVersion"]
        variables = lambdas.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        shortened = {**variables, "PAYMENT_SECONDS": str(seconds)}
        lambdas.update_function_configuration(FunctionName=function, Environment={"Variables": shortened})
        try:
            lambdas.update_alias(**live, FunctionVersion=lambdas.publish_version(FunctionName=function)["Version"])
            yield
        finally:
            lambdas.update_alias(**live, FunctionVersion=version)
            lambdas.update_function_configuration(FunctionName=function, Environment={"Variables": variables})

    def tick(self):
        """Looks for deadlines that are due, as the schedule does each minute."""
        function = f"{self.outputs['FulfilmentPolicyFunctionName']}:{self.outputs['FunctionAlias']}"
        answer = self.__getattr__("lambda").invoke(FunctionName=function, Payload=json.dumps({"tick": True}))
        assert "FunctionError" not in answer, answer["Payload"].read()

    def role_of(self, function):
        """The name of a function's role."""
        found = self.__getattr__("lambda").get_function(FunctionName=self.outputs[f"{function}Name"])
        return found["Configuration"]["Role"]

    def as_role_of(self, function):
        """The same stack, with the credentials of a function's role."""
        session = self.sts.assume_role(RoleArn=self.role_of(function), RoleSessionName="e2e")["Credentials"]
        return Aws(self.state, {
            "aws_access_key_id": session["AccessKeyId"], "aws_secret_access_key": session["SecretAccessKey"],
            "aws_session_token": session["SessionToken"]})


def attribute(message, name):
    return message["MessageAttributes"][name]["StringValue"]
