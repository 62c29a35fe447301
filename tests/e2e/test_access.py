"""Permissions: signed callers of the API, and the functions' roles. The emulator enforces IAM."""

import json
import os
import re
import subprocess
import urllib.request
import uuid
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from aws import Aws
from client import Api, basket, eventually, fresh, place
from conftest import deployed_again

ROOT = Path(__file__).resolve().parents[2]
POLICY = "FulfilmentPolicyFunction"
PROJECTORS = ["FulfilmentFunction", "OrderSummaryFunction", "CustomerSummaryFunction", "DailySalesFunction"]
REBUILD = "RebuildFunction"
FUNCTIONS = ["ApiFunction", "PublisherFunction", POLICY, REBUILD, *PROJECTORS]
SCANNERS = ["PublisherFunction", REBUILD]
ENVIRONMENT = {
    "ApiFunction": ["AUTH_MODE", "EVENT_TABLE", "VIEW_TABLE"],
    "PublisherFunction": ["BUS_NAME", "DLQ_URL", "EVENT_SOURCE", "EVENT_TABLE", "RETRY_QUEUE_URL", "TOPIC_ARN"],
    "OrderSummaryFunction": ["DLQ_URL", "EVENT_TABLE", "VIEW", "VIEW_TABLE"],
    # The binary of a projector. Its queue makes it the rebuild function; without any setting it asks for a view.
    REBUILD: ["DLQ_URL", "EVENT_TABLE", "VIEW", "VIEW_TABLE"],
    POLICY: ["CONFIRMATION", "DLQ_URL", "EVENT_TABLE", "PAYMENT_SECONDS", "POLICY", "QUEUE_URL", "VIEW_TABLE"],
}


# ---------------------------------------------------------------- callers


@pytest.fixture(scope="session")
def closed(aws):
    """Another deployment of the template, with AuthMode iam, its default."""
    if aws.state["authMode"] == "iam":
        return aws
    return Aws({**aws.state, "outputs": deployed_again(aws, "iam")})


def signed(aws, method, path, body=None):
    """Headers that sign a request with `aws.credentials`."""
    keys = aws.credentials
    credentials = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"], keys.get("aws_session_token"))
    request = AWSRequest(method, aws.outputs["ApiUrl"] + path, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(credentials, "execute-api", aws.state["region"]).add_auth(request)
    return dict(request.headers.items())


@pytest.mark.parametrize("method, path", [
    ("POST", "/v1/orders"), ("GET", "/v1/orders"), ("GET", f"/v1/orders/{uuid.uuid4()}"),
    ("POST", f"/v1/orders/{uuid.uuid4()}/ship"), ("GET", "/v1/sales/daily"), ("GET", "/v1/nowhere"),
])
def test_an_unsigned_request_is_refused(closed, method, path):
    api = Api(closed.outputs["ApiUrl"])
    body = basket(fresh("c")) if method == "POST" else None
    answer = api.request(method, path, body)
    assert answer.status == 403, answer
    forged = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261123/us-east-1/execute-api/aws4_request, "
                               "SignedHeaders=host, Signature=00"}
    assert api.request(method, path, body, forged).status == 403


@pytest.mark.parametrize("path", ["/", "/v1/health", "/v1/openapi.json"])
def test_open_routes_need_no_signature(closed, path):
    assert Api(closed.outputs["ApiUrl"]).get(path).status == 200


def test_a_signed_request_is_answered(closed):
    api, body = Api(closed.outputs["ApiUrl"]), json.dumps(basket(fresh("c"))).encode()
    answer = api.request("POST", "/v1/orders", body, signed(closed, "POST", "/v1/orders", body))
    assert answer.status == 201, answer
    path = f"/v1/orders/{answer.body['orderId']}"
    read = eventually(lambda: api.request("GET", path, None, signed(closed, "GET", path)), lambda a: a.status == 200, path)
    assert read.body["version"] == 1


def test_a_signature_without_permission_is_refused(closed):
    # A function's own role may not call the API.
    stranger = closed.as_role_of("DailySalesFunction")
    answer = Api(closed.outputs["ApiUrl"]).request("GET", "/v1/orders", None, signed(stranger, "GET", "/v1/orders"))
    assert answer.status == 403, answer


# ---------------------------------------------------------------- roles


def refused(call, **arguments):
    """Asserts that IAM refuses a call."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    code = error.value.response["Error"]["Code"]
    assert code in ("AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"), code


@pytest.fixture(scope="session")
def commit(api, aws):
    """The key of an existing commit."""
    return {"pk": {"S": f"Order#{place(api)}"}, "sk": {"N": "1"}}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_role_can_change_history(aws, commit, function):
    role, table = aws.as_role_of(function), aws.outputs["EventTableName"]
    stored = aws.dynamodb.get_item(TableName=table, Key=commit, ConsistentRead=True)["Item"]
    refused(role.dynamodb.update_item, TableName=table, Key=commit, UpdateExpression="REMOVE ev")
    refused(role.dynamodb.delete_item, TableName=table, Key=commit)
    refused(role.dynamodb.batch_write_item, RequestItems={table: [{"DeleteRequest": {"Key": commit}}]})
    refused(role.dynamodb.transact_write_items, TransactItems=[{"Delete": {"TableName": table, "Key": commit}}])
    refused(role.dynamodb.execute_statement,
            Statement=f'DELETE FROM "{table}" WHERE pk=\'{commit["pk"]["S"]}\' AND sk=1')
    refused(role.dynamodb.delete_table, TableName=table)
    assert aws.dynamodb.get_item(TableName=table, Key=commit, ConsistentRead=True)["Item"] == stored


@pytest.mark.parametrize("function", ["PublisherFunction", REBUILD, *PROJECTORS])
def test_only_the_api_and_the_policy_can_append(aws, function):
    item = {"pk": {"S": f"Order#{uuid.uuid4()}"}, "sk": {"N": "1"}}
    refused(aws.as_role_of(function).dynamodb.put_item, TableName=aws.outputs["EventTableName"], Item=item)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_role_can_read_the_store(aws, commit, function):
    answer = aws.as_role_of(function).dynamodb.query(
        TableName=aws.outputs["EventTableName"], ConsistentRead=True, KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": commit["pk"]})
    assert answer["Count"] == 1


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_the_publisher_and_the_rebuild_can_scan_and_only_the_event_table(aws, function):
    # They scan to publish a time window again, and to build a view anew.
    role = aws.as_role_of(function)
    refused(role.dynamodb.scan, TableName=aws.outputs["ViewTableName"])
    if function in SCANNERS:
        assert role.dynamodb.scan(TableName=aws.outputs["EventTableName"], Limit=1)["ScannedCount"] <= 1
    else:
        refused(role.dynamodb.scan, TableName=aws.outputs["EventTableName"])


def test_the_api_can_read_views_but_not_change_them(aws):
    # The template's tests check that it may put only the row of its cursor key. This test cannot: the emulator does not
    # know dynamodb:LeadingKeys, so the condition holds for every row.
    role, table = aws.as_role_of("ApiFunction"), aws.outputs["ViewTableName"]
    key = {"pk": {"S": fresh("row")}, "sk": {"S": "row"}}
    assert "Item" not in role.dynamodb.get_item(TableName=table, Key=key)
    for index in ("index1", "index2"):
        name = f"ix{index[-1]}pk"
        assert role.dynamodb.query(TableName=table, IndexName=index, KeyConditionExpression=f"{name} = :p",
                                   ExpressionAttributeValues={":p": {"S": "nobody"}})["Count"] == 0
    refused(role.dynamodb.update_item, TableName=table, Key=key, UpdateExpression="REMOVE rev")
    refused(role.dynamodb.delete_item, TableName=table, Key=key)
    refused(role.dynamodb.batch_write_item, RequestItems={table: [{"DeleteRequest": {"Key": key}}]})
    refused(role.dynamodb.transact_write_items, TransactItems=[{"Delete": {"TableName": table, "Key": key}}])
    refused(role.dynamodb.execute_statement, Statement=f'DELETE FROM "{table}" WHERE pk=\'{key["pk"]["S"]}\' AND sk=\'row\'')
    refused(role.dynamodb.delete_table, TableName=table)


@pytest.mark.parametrize("function", PROJECTORS)
def test_a_projector_can_use_only_its_own_queue_and_dead_letters(aws, function):
    role, view = aws.as_role_of(function), function.removesuffix("Function")
    for other in (name.removesuffix("Function") for name in PROJECTORS):
        queue, dlq = aws.queue_url(f"{other}Queue"), aws.queue_url(f"{other}Dlq")
        if other == view:
            role.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        else:
            refused(role.sqs.receive_message, QueueUrl=queue)
            refused(role.sqs.send_message, QueueUrl=dlq, MessageBody="x")
    refused(role.sns.publish, TopicArn=aws.outputs["TopicArn"], Message="x")


def test_the_policy_can_change_no_view_and_use_only_its_own_queue(aws):
    role, table = aws.as_role_of(POLICY), aws.outputs["ViewTableName"]
    assert role.dynamodb.query(TableName=table, IndexName="index1", KeyConditionExpression="ix1pk = :p",
                               ExpressionAttributeValues={":p": {"S": "nobody"}})["Count"] == 0
    refused(role.dynamodb.put_item, TableName=table, Item={"pk": {"S": fresh("row")}, "sk": {"S": "row"}})
    role.sqs.get_queue_attributes(QueueUrl=aws.queue_url("FulfilmentPolicyQueue"), AttributeNames=["QueueArn"])
    refused(role.sqs.receive_message, QueueUrl=aws.queue_url("OrderSummaryQueue"))
    refused(role.sns.publish, TopicArn=aws.outputs["TopicArn"], Message="x")


def test_the_publisher_can_use_only_its_own_topic_and_bus(aws):
    # The template's tests check that it may use no other source: the emulator does not know events:source.
    role, bus = aws.as_role_of("PublisherFunction"), aws.outputs["BusName"]
    entry = {"DetailType": "Test", "Detail": "{}", "Source": "dekigoto.test"}
    assert role.events.put_events(Entries=[{**entry, "EventBusName": bus}])["FailedEntryCount"] == 0
    refused(role.events.put_events, Entries=[{**entry, "EventBusName": "default"}])
    refused(role.sqs.send_message, QueueUrl=aws.queue_url("OrderSummaryQueue"), MessageBody="x")


# ---------------------------------------------------------------- start


def test_the_url_that_a_deployment_prints_resolves_without_help(aws):
    import emulator

    url = emulator.by_path(aws.outputs["ApiUrl"], aws.state["port"])
    with urllib.request.urlopen(f"{url}/v1/health", timeout=10) as answer:
        assert json.load(answer)["status"] == "ok"



@pytest.mark.parametrize("function, names", ENVIRONMENT.items(), ids=ENVIRONMENT.keys())
def test_a_function_without_its_environment_names_every_missing_variable(function, names):
    binary = ROOT / ".aws-sam" / "build" / function / "bootstrap"
    # Nothing serves this Runtime API: a function that calls it has not checked its environment.
    environment = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", "AWS_REGION": "us-east-1", "PATH": os.environ["PATH"],
                   "AWS_LAMBDA_FUNCTION_NAME": "e2e", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                   "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_LOG_STREAM_NAME": "e2e",
                   "AWS_LAMBDA_LOG_GROUP_NAME": "e2e"}
    ended = subprocess.run([binary], env=environment, capture_output=True, text=True, timeout=20)
    assert ended.returncode != 0
    said = ended.stdout + ended.stderr
    assert [name for name in names if not re.search(rf"\b{name}\b", said)] == [], said
