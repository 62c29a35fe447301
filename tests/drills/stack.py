"""Changes of a deployed stack that a drill makes, and takes back."""

import contextlib
import json

from client import eventually

# The alias that the event sources use, where the stack has one.
ALIAS = "live"


def with_recovery(aws):
    """Turns on what the template asks for: CloudFormation of the local AWS passes it over."""
    aws.dynamodb.update_continuous_backups(TableName=aws.outputs["EventTableName"],
                                           PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})


def carry_over(aws, source, target):
    """Puts the commits of one event table that another lacks into that one."""
    items = lambda table: {(it["pk"]["S"], it["sk"]["N"]): it for page in aws.dynamodb.get_paginator("scan").paginate(
        TableName=table, ConsistentRead=True) for it in page["Items"]}
    there = items(target)
    for key, item in items(source).items():
        if key not in there:
            aws.dynamodb.put_item(TableName=target, Item=item)


class Stack:
    """The functions of the deployed stack."""

    def __init__(self, aws):
        self.aws = aws
        self.functions = getattr(aws, "lambda")

    def names(self):
        return [value for name, value in self.aws.outputs.items() if name.endswith("FunctionName")]

    def variables(self, function):
        found = self.functions.get_function_configuration(FunctionName=function)
        return found.get("Environment", {}).get("Variables", {})

    def alias(self, function):
        try:
            return self.functions.get_alias(FunctionName=function, Name=ALIAS)["FunctionVersion"]
        except self.functions.exceptions.ResourceNotFoundException:
            return None

    def set(self, function, variables):
        """Deploys other settings; an alias then names a version with them."""
        self.functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
        if self.alias(function):
            version = self.functions.publish_version(FunctionName=function)["Version"]
            self.functions.update_alias(FunctionName=function, Name=ALIAS, FunctionVersion=version)

    def back(self, function, variables, version):
        """Rolls back: to the version before where there is an alias, else to the settings before."""
        self.functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
        if version:
            self.functions.update_alias(FunctionName=function, Name=ALIAS, FunctionVersion=version)

    @contextlib.contextmanager
    def settings(self, functions, **changed):
        """These functions with other settings."""
        before = {it: (self.variables(it), self.alias(it)) for it in functions}
        try:
            for function, (variables, _) in before.items():
                self.set(function, {**variables, **changed})
            yield
        finally:
            for function, (variables, version) in before.items():
                self.back(function, variables, version)

    @contextlib.contextmanager
    def policy(self, role, document):
        """A role with one policy more."""
        name = role.rsplit("/", 1)[-1]
        self.aws.iam.put_role_policy(RoleName=name, PolicyName="drill", PolicyDocument=json.dumps(document))
        try:
            yield
        finally:
            self.aws.iam.delete_role_policy(RoleName=name, PolicyName="drill")

    def role(self, function):
        return self.functions.get_function_configuration(FunctionName=function)["Role"]

    @contextlib.contextmanager
    def on_table(self, old, new):
        """Attaches another event table: each function's setting, its permissions, and the publisher's stream."""
        users = [it for it in self.names() if self.variables(it).get("EVENT_TABLE") == old]
        arn = self.aws.dynamodb.describe_table(TableName=new)["Table"]
        actions = ["dynamodb:Query", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:DescribeStream",
                   "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        allowed = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": [arn["TableArn"], f"{arn['TableArn']}/*"]}]}
        with contextlib.ExitStack() as stack:
            for role in {self.role(it) for it in users}:
                stack.enter_context(self.policy(role, allowed))
            stack.enter_context(self.settings(users, EVENT_TABLE=new))
            stack.enter_context(self.stream(self.aws.outputs["PublisherFunctionName"], arn["LatestStreamArn"]))
            yield

    @contextlib.contextmanager
    def stream(self, function, arn):
        """A mapping of this stream to a function, from now on."""
        target = f"{function}:{ALIAS}" if self.alias(function) else function
        mapping = self.functions.create_event_source_mapping(
            FunctionName=target, EventSourceArn=arn, StartingPosition="TRIM_HORIZON", BatchSize=100,
            FunctionResponseTypes=["ReportBatchItemFailures"])["UUID"]
        is_on = lambda: self.functions.get_event_source_mapping(UUID=mapping)["State"]
        try:
            eventually(is_on, lambda state: state == "Enabled", "the mapping")
            yield
        finally:
            self.functions.delete_event_source_mapping(UUID=mapping)
