"""`make deploy-local`: builds the functions with the SAM CLI and deploys the real template to a local AWS emulator.

Run it again after a change: it builds what changed and updates the stack. AUTH_MODE=iam|jwt|none (default none, so that
curl works), JWT_ISSUER and JWT_AUDIENCE for jwt, AWS_PORT (default 4566).
"""

import json
import os
import platform
import re
import subprocess
import time

import emulator
import zips
from project import LOGS, REGION, ROOT, Failure, aws_environment, recall, remember, run, say, tail
from tools import executable, install

STACK = os.environ.get("STACK_NAME", "dekigoto")
# The names of functions begin with it, and have 64 characters at most.
STACK_NAME_MAX = 40
HEARTBEAT_SECONDS = 15
# May subscribe: a sample consumer of `make e2e-consumers` stands there.
OTHER_ACCOUNT = "222222222222"


def main():
    if len(STACK) > STACK_NAME_MAX:
        raise Failure(f"the stack name {STACK} has {len(STACK)} characters", f"choose one of at most {STACK_NAME_MAX}")
    install("sam", "build", "emulator")
    # Builds for this machine's processor: few machines have another target installed.
    architecture = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    build(architecture)
    url = emulator.ensure(int(os.environ.get("AWS_PORT", "4566")))
    outputs = deploy(url, STACK, auth_parameters(), architecture)
    remember(stack=STACK, region=REGION, architecture=architecture, authMode=auth_mode(), outputs=outputs)
    report(url, outputs)


def auth_mode():
    return os.environ.get("AUTH_MODE", "none")


def auth_parameters():
    """The template parameters for AUTH_MODE."""
    mode = auth_mode()
    if mode not in ("none", "iam", "jwt"):
        raise Failure(f"AUTH_MODE={mode} is not a mode", "use none, iam or jwt")
    parameters = {"AuthMode": mode}
    if mode == "jwt":
        for name, variable in (("JwtIssuer", "JWT_ISSUER"), ("JwtAudience", "JWT_AUDIENCE")):
            if not os.environ.get(variable):
                raise Failure(f"AUTH_MODE=jwt needs {variable}",
                              "JWT_ISSUER=https://issuer JWT_AUDIENCE=orders AUTH_MODE=jwt make deploy-local")
            parameters[name] = os.environ[variable]
    return parameters


def build(architecture):
    """Compiles all functions in one go, then lets `sam build` collect them.

    `sam build` alone would compile them one after the other and without output. It finds everything compiled in
    the checkout's own target folder, so a second build compiles only what changed.
    """
    say("compiling the functions (the first time with the AWS SDK: some minutes on two cores)")
    cargo_lambda = executable("build", "cargo-lambda")
    environment = aws_environment("http://localhost:9")
    environment["PATH"] = f"{cargo_lambda.parent}{os.pathsep}{environment['PATH']}"
    binaries = sorted(set(re.findall(r"Binary: (\w+)", (ROOT / "template.yaml").read_text())))
    command = [cargo_lambda, "lambda", "build", "--release", "--locked"]
    command += [word for binary in binaries for word in ("--bin", binary)]
    if architecture == "arm64":
        command.append("--arm64")
    _supervise(command, environment, LOGS / "cargo-lambda.log", "fix cargo's errors above and run this again")
    zips.check(binaries)
    say("collecting them with sam build")
    command = [executable("sam", "sam"), "build", "--region", REGION, "--parameter-overrides",
               f"Architecture={architecture}"]
    _supervise(command, environment, LOGS / "sam-build.log",
               "fix the errors above and run this again; the whole log is .local/logs/sam-build.log")
    say("functions are built: .aws-sam/build")


def deploy(url, stack, parameters, architecture):
    """`sam deploy` of the built template; returns the stack's outputs."""
    say(f"deploying template.yaml as stack {stack} with {' '.join(f'{k}={v}' for k, v in parameters.items())}")
    # ARCHITECTURE.md lists what the emulator lacks.
    overrides = {"Architecture": architecture, "DeletionProtection": "false", "ArchiveDays": "0", "Emulated": "true",
                 "Deployment": "AllAtOnce", "SubscriberAccounts": OTHER_ACCOUNT, **parameters}
    command = [executable("sam", "sam"), "deploy", "--stack-name", stack, "--resolve-s3", "--region", REGION,
               "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset",
               "--parameter-overrides", *(f"{name}={value}" for name, value in overrides.items())]
    _supervise(command, aws_environment(url), LOGS / f"sam-deploy-{stack}.log",
               "read .local/logs/emulator.log; to start afresh, run `make undeploy-local` and then this command")
    return stack_outputs(url, stack)


def stack_outputs(url, stack):
    """The outputs of a deployed stack, by name."""
    command = [executable("sam", "sam"), "list", "stack-outputs", "--stack-name", stack, "--region", REGION,
               "--output", "json"]
    listed = subprocess.run(command, env=aws_environment(url), capture_output=True, text=True, cwd=ROOT)
    if listed.returncode != 0:
        raise Failure(f"could not read the outputs of stack {stack}: {listed.stderr.strip()}",
                      "make undeploy-local, then make deploy-local")
    return {output["OutputKey"]: output["OutputValue"] for output in json.loads(listed.stdout)}


def _supervise(command, environment, log, next_step):
    """Runs a long command with its output in a log, and reports progress from time to time."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT)
        shown = time.monotonic()
        try:
            while process.poll() is None:
                time.sleep(0.2)
                if time.monotonic() - shown > HEARTBEAT_SECONDS:
                    shown = time.monotonic()
                    say(f"  ... {tail(log, 1).strip()[:100]}")
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise Failure(f"{command[0].name} {command[1]} ended with code {process.returncode}:\n{tail(log, 30)}", next_step)


def report(url, outputs):
    api = emulator.by_path(outputs["ApiUrl"], recall()["port"])
    say("deployed")
    print(f"""
  API    {api}
  topic  {outputs['TopicArn']}
  AWS    {url}  (AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={REGION})

  try    curl -i {api}/v1/orders -H 'content-type: application/json' \\
           -d '{{"customerId":"c-42","currency":"JPY","items":[{{"productId":"p-1","quantity":2,"unitAmount":1500}}]}}'

  next   make demo, make e2e, make undeploy-local""")
    if auth_mode() != "none":
        print(f"  note   AuthMode is {auth_mode()}: an unsigned curl is refused, except for {api}/v1/health")


if __name__ == "__main__":
    run(main)
