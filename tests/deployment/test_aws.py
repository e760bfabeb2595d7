"""The CloudFormation template: checked by cfn-lint, and held against what the service does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from support.aws_server import REGION
from templates import NETWORK, PROJECT, SERVICE, create_stack, read_template, unsupported
from typer.testing import CliRunner

from dub_assets.cli.app import app
from dub_assets.settings import documented_variables

S3_ACTIONS = {
    "abort_multipart_upload": "AbortMultipartUpload",
    "copy": "PutObject",
    "delete_objects": "DeleteObject",
    "download_file": "GetObject",
    "generate_presigned_url": "GetObject",
    "get_object": "GetObject",
    "head_bucket": "ListBucket",
    "head_object": "GetObject",
    "list_objects_v2": "ListBucket",
    "put_object": "PutObject",
    "upload_file": "PutObject",
    "upload_fileobj": "PutObject",
}
"""The permission that each call to S3 needs."""
WITHOUT_RESOURCES = {
    "cloudwatch:GetMetricStatistics",
    "ec2:DescribeNetworkInterfaces",
    "ecs:DescribeTaskDefinition",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
"""Actions that IAM cannot limit to a resource."""


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    template = read_template(SERVICE)
    return {
        name: resource["Properties"] for name, resource in template["Resources"].items() if "Properties" in resource
    }


def containers(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all containers by name; those of the task of a run as ``Run.NAME``."""
    return {
        each["Name"] if task != "Run" else f"Run.{each['Name']}": each
        for task in ("Control", "Tools", "Worker", "Run")
        for each in resources[task]["ContainerDefinitions"]
    }


def actions(policy: dict[str, Any]) -> set[str]:
    statements = policy["PolicyDocument"]["Statement"]
    return {
        action
        for each in statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }


def policies(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in resources.items() if "PolicyDocument" in each}


def called(*files: str) -> set[str]:
    """The methods of AWS clients that the code calls, paginators included; a batch needs the right of a single call."""
    text = "".join((PROJECT / "dub_assets" / file).read_text(encoding="utf-8") for file in files)
    found = re.findall(r"_client\.(\w+)|get_paginator\(\"(\w+)\"|\"(\w+)_batch\"", text)
    names = {name.removesuffix("_batch") for groups in found for name in groups if name}
    return names - {"get_paginator", "close", "meta"}


@pytest.mark.parametrize("template", [SERVICE, NETWORK], ids=lambda path: path.name)
def test_the_template_is_as_cloudformation_wants_it(template: Path):
    command = [Path(sys.executable).parent / "cfn-lint", "-r", "ap-northeast-2", "us-east-1", "-t", str(template)]
    lint = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (lint.returncode, lint.stdout) == (0, "")


def test_moto_creates_the_stack_and_its_queue_takes_messages(aws_endpoint: str):
    connection = {"endpoint_url": aws_endpoint, "region_name": REGION}
    cloudformation, sqs, ecs = (boto3.client(name, **connection) for name in ("cloudformation", "sqs", "ecs"))

    network = create_stack(cloudformation, "network", NETWORK)
    outputs = create_stack(
        cloudformation,
        "service",
        SERVICE,
        VpcId=network["VpcId"],
        Subnets=network["PrivateSubnets"],
        CpuImage="dub-assets:cpu-1",
        GpuImage="dub-assets:gpu-1",
    )
    queue = f"{aws_endpoint}/{outputs['QueueUrl'].partition('://')[2].partition('/')[2]}"
    sqs.send_message(QueueUrl=queue, MessageBody="{}")
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"] == outputs["DeadLettersArn"]
    assert attributes["ApproximateNumberOfMessages"] == "1"
    names = [outputs["ControlService"], outputs["WorkerService"]]
    services = ecs.describe_services(cluster=outputs["ClusterName"], services=names)["services"]
    assert {each["desiredCount"] for each in services} == {0, 1}
    for client in (cloudformation, sqs, ecs):
        client.close()


def test_what_moto_cannot_create_is_not_what_holds_jobs():
    template = read_template(SERVICE)
    assert not unsupported(template) & {
        *("JobQueue", "DeadLetters", "Bucket", "Database", "Cluster", "Logs", "GpuInstances", "GpuInstance"),
        *("Control", "Tools", "Worker", "ControlService", "WorkerService"),
        *(name for name, each in template["Resources"].items() if each["Type"].startswith("AWS::IAM::")),
    }


def test_no_right_is_wider_than_its_use(resources):
    assert {f"s3:{S3_ACTIONS[name]}" for name in called("adapters/storage/s3.py")} | {
        "s3:AbortMultipartUpload"
    } == actions(resources["Objects"])
    sqs = {"".join(part.capitalize() for part in name.split("_")) for name in called("service/queue/sqs.py")}
    assert {f"sqs:{name}" for name in sqs} <= actions(resources["Queues"])
    metrics = {"".join(part.capitalize() for part in name.split("_")) for name in called("service/metrics/external.py")}
    assert {f"cloudwatch:{name}" for name in metrics} == {"cloudwatch:GetMetricStatistics"}
    assert not any("*" in action for policy in policies(resources).values() for action in actions(policy))
    assert resources["WorkerRole"]["ManagedPolicyArns"] == [{"Ref": "Objects"}]


def test_only_actions_without_resources_have_a_wildcard_for_one(resources):
    for policy in policies(resources).values():
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Resource"] == "*":
                assert actions({"PolicyDocument": {"Statement": [statement]}}) <= WITHOUT_RESOURCES


def test_s3_tells_a_missing_object_from_a_forbidden_one(resources):
    """HEAD of a bucket or of a missing object needs ListBucket without a condition on the prefix."""
    (listing,) = [
        each for each in resources["Objects"]["PolicyDocument"]["Statement"] if each["Action"] == "s3:ListBucket"
    ]
    assert "Condition" not in listing
    kubernetes = json.loads((PROJECT / "deploy/kubernetes/policy.json").read_text(encoding="utf-8"))
    assert [each for each in kubernetes["Statement"] if "Condition" in each] == []


def test_the_queue_outlasts_an_outage(resources):
    queue = resources["JobQueue"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 10
    assert resources["DeadLetters"]["MessageRetentionPeriod"] == queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_a_worker_is_told_of_an_interruption_and_has_time_to_hand_its_run_back(resources):
    user_data = json.dumps(resources["GpuInstance"]["LaunchTemplateData"]["UserData"])
    assert "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true" in user_data
    worker = containers(resources)["worker"]
    grace_s = next(int(each["Value"]) for each in worker["Environment"] if each["Name"] == "WORKER_GRACE")
    assert grace_s + 20 <= worker["StopTimeout"] <= 120


def test_a_worker_starts_with_its_models_and_is_watched(resources):
    found = containers(resources)
    assert found["worker"]["DependsOn"] == [{"ContainerName": "models", "Condition": "SUCCESS"}]
    assert found["models"]["Command"]["Fn::If"][1] == ["dub-assets", "check", "--pull"]
    assert "inspect ping" in found["worker"]["HealthCheck"]["Command"][1]


def test_there_are_never_two_daemons(resources):
    control = resources["ControlService"]
    assert (control["DesiredCount"], control["DeploymentConfiguration"]["MaximumPercent"]) == (1, 100)


def test_workers_follow_the_figure_that_the_exporter_logs(resources):
    told = resources["Backlog"]
    assert told["FilterPattern"] == '{ $.event = "backlog" }'
    assert told["MetricTransformations"][0]["MetricValue"] == "$.wanted_workers"
    assert "--log-backlog" in containers(resources)["metrics"]["Command"]


@pytest.mark.parametrize(
    ("setup", "names"),
    [
        ("cluster", {"daemon", "webserver", "metrics", "tools", "worker", "models"}),
        ("ecs", {"daemon", "webserver", "metrics", "tools"}),
    ],
)
def test_containers_are_given_the_variables_of_their_set_up(resources, setup: str, names: set[str]):
    text = (PROJECT / f"setups/{setup}/dagster.yaml").read_text(encoding="utf-8")
    for name, container in containers(resources).items():
        if name in names:
            assert set(re.findall(r"env: (\w+)", text)) <= given_variables(container), name


def test_containers_are_given_variables_that_there_are(resources):
    known = {variable for variable, _, _ in documented_variables()} | {"DAGSTER_HOME"}
    known |= {"DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS"}
    for setup in ("cluster", "ecs"):
        known |= set(re.findall(r"env: (\w+)", (PROJECT / f"setups/{setup}/dagster.yaml").read_text(encoding="utf-8")))
    for container in containers(resources).values():
        assert given_variables(container) <= known


def given_variables(container: dict[str, Any]) -> set[str]:
    return {each["Name"] for each in (*container["Environment"], *container["Secrets"])}


def test_a_tick_may_take_as_long_as_in_compose(resources):
    compose = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
    variable = "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS"
    given = {each["Name"]: each["Value"] for each in containers(resources)["daemon"]["Environment"]}
    assert given[variable] == compose["services"]["daemon"]["environment"][variable]


def test_a_deployment_stops_no_worker_before_its_successor_runs(resources):
    service = resources["WorkerService"]
    deployment = service["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
    assert service["DesiredCount"]["Fn::If"][2] == {"Ref": "AWS::NoValue"}
    most = read_template(SERVICE)["Parameters"]["MaxWorkers"]["MaxValue"]
    assert int(resources["GpuInstances"]["MaxSize"]) >= 2 * most


@pytest.mark.parametrize("name", ["ControlService", "WorkerService"])
def test_a_deployment_that_does_not_start_is_rolled_back(resources, name: str):
    assert resources[name]["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_operators_have_sessions_in_the_control_task(resources):
    assert resources["ControlService"]["EnableExecuteCommand"] is True
    assert {"Ref": "Sessions"} in resources["ControlRole"]["ManagedPolicyArns"]
    assert "webserver" in containers(resources)


def test_commands_of_the_containers_parse(resources):
    for container in containers(resources).values():
        command = container["Command"]
        program, *arguments = command["Fn::If"][1] if isinstance(command, dict) else command
        if program == "dub-assets":
            parsed = CliRunner().invoke(app, [*arguments, "--help"])
            assert parsed.exit_code == 0, (arguments, parsed.output)
        else:
            assert shutil.which(program, path=str(Path(sys.executable).parent)), program


def test_tools_see_the_service_as_the_daemon_does(resources):
    known = containers(resources)
    for key in ("Environment", "Secrets"):
        assert known["tools"][key] == known["daemon"][key] == known["webserver"][key] == known["metrics"][key]
