"""`make e2e-consumers`: deploys the sample consumers beside the stack and tortures them; deploys the stack first if needed.

The Rust and the TypeScript consumer stand in the stack's own account. The Python consumer stands in another account, which
subscribes as the parameter SubscriberAccounts allows.
"""

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import deploy
import e2e
import emulator
from project import LOCAL, LOGS, REGION, ROOT, Failure, aws_environment, recall, remember, run, say, tail
from tools import executable, install

SOURCES = ROOT / "infra" / "consumers"
BUILT = LOCAL / "consumers"
OWN = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
# The emulator takes an access key of twelve digits for the root of that account.
OTHER = {"AWS_ACCESS_KEY_ID": deploy.OTHER_ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"}
SAMPLES = {"rust": OWN, "python": OTHER, "typescript": OWN}


def main():
    state = recall()
    if not state.get("outputs") or not emulator.is_healthy(state["endpoint"]):
        deploy.main()
    install("sam", "build", "e2e")
    e2e.ops()
    say(f"building and deploying the consumers in {', '.join(SAMPLES)}")
    tell_other_account()
    with ThreadPoolExecutor(len(SAMPLES)) as pool:
        outputs = list(pool.map(deployed, SAMPLES))
    samples = {name: {"outputs": it, "key": SAMPLES[name]["AWS_ACCESS_KEY_ID"]} for name, it in zip(SAMPLES, outputs)}
    remember(consumers=samples)
    subscribe_other(samples["python"]["outputs"])
    say("testing them")
    e2e.pytest(["-rP", "test_consumers.py"], {})


def tell_other_account():
    """Tells the other account the topic, in a parameter of its own, as the README of the consumers says."""
    state = recall()
    name, arn = f"/{state['stack']}/topic-arn", state["outputs"]["TopicArn"]
    code = f"import boto3; boto3.client('ssm').put_parameter(Name={name!r}, Value={arn!r}, Type='String', Overwrite=True)"
    checked([executable("e2e", "python"), "-c", code], OTHER, "consumers-parameter")


def subscribe_other(outputs):
    """Subscribes the other account's queue. On AWS its stack does that.

    The emulator makes the subscription of a stack only in the stack's own account, and knows neither sns:Endpoint nor
    aws:PrincipalAccount. So the conditions of the topic's policy are taken out first; tests/architecture holds them.
    """
    topic = recall()["outputs"]["TopicArn"]
    lend = f"""
import boto3, json
sns = boto3.client("sns")
policy = json.loads(sns.get_topic_attributes(TopicArn={topic!r})["Attributes"]["Policy"])
for statement in policy["Statement"]:
    if statement["Effect"] == "Allow":
        statement.pop("Condition", None)
sns.set_topic_attributes(TopicArn={topic!r}, AttributeName="Policy", AttributeValue=json.dumps(policy))
"""
    subscribe = f"""
import boto3, json
queue = boto3.client("sqs").get_queue_attributes(QueueUrl={outputs["QueueUrl"]!r}, AttributeNames=["QueueArn"])
settings = {{"RawMessageDelivery": "true", "FilterPolicy": json.dumps({{"eventType": ["OrderConfirmed"]}})}}
boto3.client("sns").subscribe(TopicArn={topic!r}, Protocol="sqs", Endpoint=queue["Attributes"]["QueueArn"], Attributes=settings)
"""
    python = executable("e2e", "python")
    checked([python, "-c", lend], OWN, "consumers-policy")
    checked([python, "-c", subscribe], OTHER, "consumers-subscribe")


def deployed(name):
    """Builds and deploys one consumer; returns the outputs of its stack."""
    folder = BUILT / name
    shutil.rmtree(folder, ignore_errors=True)
    template = built(name, folder)
    stack, state = f"shipments-{name}", recall()
    command = [executable("sam", "sam"), "deploy", "--template-file", template, "--stack-name", stack, "--resolve-s3",
               "--region", REGION, "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset",
               "--no-fail-on-empty-changeset", "--parameter-overrides", f"TopicArn=/{state['stack']}/topic-arn"]
    if name == "rust":
        command.append(f"Architecture={state['architecture']}")
    checked(command, SAMPLES[name], f"consumers-deploy-{name}")
    listed = [executable("sam", "sam"), "list", "stack-outputs", "--stack-name", stack, "--region", REGION, "--output", "json"]
    outputs = json.loads(checked(listed, SAMPLES[name], f"consumers-outputs-{name}"))
    say(f"the consumer in {name} is deployed")
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def built(name, folder):
    """Runs `sam build`; returns the built template."""
    source = SOURCES / name / "template.yaml"
    if name == "rust":
        return prebuilt(source, folder)
    if name == "typescript" and not shutil.which("npm"):
        raise Failure("the consumer in TypeScript needs Node.js and npm", "install Node.js 20 or newer, then run this again")
    checked([executable("sam", "sam"), "build", "--template-file", source, "--build-dir", folder, "--region", REGION],
            OWN, f"consumers-build-{name}")
    return folder / "template.yaml"


def prebuilt(source, folder):
    """The consumer in Rust as `make test` built it. A release build as for AWS takes minutes, and behaves alike."""
    command = ["cargo", "build", "--workspace", "--features", "local/jwt", "--locked", "--quiet", "--bin", "shipments"]
    checked(command, {}, "consumers-build-rust")
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug" / "shipments"
    code = folder / "code"
    code.mkdir(parents=True)
    # The debug information is most of the file.
    stripped = shutil.which("strip") and subprocess.run(["strip", "-o", code / "bootstrap", target]).returncode == 0
    if not stripped:
        shutil.copy(target, code / "bootstrap")
    text = source.read_text()
    if text.count("CodeUri: ../../..") != 1:
        raise Failure(f"{source} has no CodeUri of the workspace", f"look at {__file__}")
    template = folder / "template.yaml"
    template.write_text(text.replace("CodeUri: ../../..", "CodeUri: code"))
    return template


def checked(command, credentials, log):
    """Runs a command with its output in a log; returns what it said."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    environment = {**aws_environment(recall()["endpoint"]), **credentials}
    with path.open("w") as err:
        ended = subprocess.run(command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=err, text=True)
    if ended.returncode != 0:
        raise Failure(f"{command[0]} {command[1]} ended with code {ended.returncode}:\n{ended.stdout[-2000:]}\n{tail(path, 30)}",
                      f"the log is {path}; the emulator's is .local/logs/emulator.log")
    return ended.stdout


if __name__ == "__main__":
    run(main)
