"""A deployed stack: `sam deploy`, its outputs, and the data that an operator can read."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import boto3
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from api import Api
from emulator import ACCOUNT, REGION, ROOT, Emulator

NAME = "order-ledger"
DEPLOYED_WITHIN_S = 300


class Stack:
    """The stack in the emulator, with its name from samconfig.toml."""

    def __init__(self, emulator: Emulator, repository: Path, template: Path) -> None:
        self._emulator = emulator
        self._repository = repository
        self._template = template
        self.outputs: dict[str, str] = {}

    def deploy(self, **parameters: str) -> None:
        """Runs `sam deploy` with the repository's samconfig.toml. Raises SAM's output if it fails."""
        command = ["sam", "deploy", "--template-file", self._template, "--no-confirm-changeset", "--no-progressbar"]
        command += ["--config-file", self._repository / "samconfig.toml"]
        command += ["--parameter-overrides", *(_override(name, value) for name, value in parameters.items())]
        done = subprocess.run(
            command, env=os.environ | self._emulator.client_environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEPLOYED_WITHIN_S, check=False,
        )
        if done.returncode != 0:
            raise DeploymentFailed(done.stdout)
        described = self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def refusal_of(self, **parameters: str) -> str:
        """The reason why CloudFormation rejects the plan of an update with these parameters; empty if it accepts it."""
        changed = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        try:
            self.client("cloudformation").create_change_set(
                StackName=NAME, ChangeSetName="refused", UsePreviousTemplate=True, Parameters=changed,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        except ClientError as refused:
            return str(refused)
        return ""

    def client(self, service: str) -> Any:
        """An AWS client with the account's root credentials."""
        client = boto3.client(
            service, endpoint_url=self._emulator.endpoint, region_name=REGION,
            aws_access_key_id=ROOT["AWS_ACCESS_KEY_ID"], aws_secret_access_key=ROOT["AWS_SECRET_ACCESS_KEY"],
        )
        # Queues and buckets reject requests without TLS. Requests on loopback have none, so this header says what a proxy
        # that terminates TLS would say.
        client.meta.events.register("before-send.*.*", _say_that_tls_ended_before)
        return client

    def api(self, credentials: Credentials | None = None, bearer: str | None = None, api: str = "ApiUrl") -> Api:
        """An API, by the name of the output with its address."""
        return Api(self.outputs[api], REGION, credentials, bearer)

    def user(self, name: str, *invoke: str, api: str = "ApiUrl") -> Credentials:
        """A new IAM user with permission to call these `METHOD/path` patterns of an API, and no other permission."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        api_id = self.outputs[api].split("//")[1].split(".")[0]
        resources = [f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/*/{pattern}" for pattern in invoke]
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resources}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="call-the-api", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def items(self, table: str) -> list[dict[str, Any]]:
        """All items of the table with this logical id, as DynamoDB writes them."""
        resource = self.client("cloudformation").describe_stack_resource(StackName=NAME, LogicalResourceId=table)
        name = resource["StackResourceDetail"]["PhysicalResourceId"]
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=name)
        return [item for page in pages for item in page["Items"]]

    def logged(self) -> dict[str, list[dict[str, Any]]]:
        """Each function's log entries."""
        functions = {name: value for name, value in self.outputs.items() if name.endswith("Function")}
        return {name: self._entries(f"/aws/lambda/{value}") for name, value in functions.items()}

    def _entries(self, group: str) -> list[dict[str, Any]]:
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        messages = [event["message"] for page in pages for event in page["events"]]
        # Lambda's own lines: START, END and REPORT.
        return [json.loads(message) for message in messages if message.startswith("{")]

    def objects(self, bucket: str) -> list[str]:
        """The keys in a bucket."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [kept["Key"] for page in pages for kept in page.get("Contents", [])]

    def subscribe(self, topic: str) -> str:
        """The URL of a new queue that receives the topic's messages unchanged."""
        sqs = self.client("sqs")
        queue = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }]}
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
        self.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        return queue

    def take(self, queue: str) -> list[str]:
        """Receives and deletes the messages in a queue, and returns their bodies."""
        sqs = self.client("sqs")
        bodies: list[str] = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                bodies.append(message["Body"])
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return bodies


class DeploymentFailed(Exception):
    """An error of `sam deploy`; the message is its output."""


def _override(name: str, value: str) -> str:
    """A parameter in the form that `sam deploy` parses: quoted, because SAM splits at spaces and removes bare quotes."""
    return f'{name}="' + value.replace('"', r'\"') + '"'


def _say_that_tls_ended_before(request: Any, **_: Any) -> None:
    request.headers["X-Forwarded-Proto"] = "https"
