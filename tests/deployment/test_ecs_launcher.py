"""setups/ecs: Dagster's launcher starts, watches and stops the task of a run on moto's ECS."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pytest
import yaml
from dagster._core.launcher import LaunchRunContext, WorkerStatus
from dagster._core.test_utils import instance_for_test
from support.aws_server import REGION
from templates import NETWORK, SERVICE, create_stack, read_template

PROJECT = Path(__file__).parents[2]
SETUP = yaml.safe_load((PROJECT / "setups/ecs/dagster.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ecs(aws_endpoint: str) -> Iterator[Any]:
    client = boto3.client("ecs", endpoint_url=aws_endpoint, region_name=REGION)
    yield client
    client.close()


@pytest.fixture(scope="module")
def stack(aws_endpoint: str) -> dict[str, str]:
    """Names of a stack that starts a task per run: its cluster, its definition of a run's task, its subnets."""
    cloudformation = boto3.client("cloudformation", endpoint_url=aws_endpoint, region_name=REGION)

    network = create_stack(cloudformation, "tasks-network", NETWORK)
    images = {"CpuImage": "dub-assets:cpu-1", "GpuImage": "dub-assets:gpu-1"}
    outputs = create_stack(
        cloudformation,
        "tasks",
        SERVICE,
        VpcId=network["VpcId"],
        Subnets=network["PrivateSubnets"],
        Runs="tasks",
        **images,
    )
    resources = cloudformation.describe_stack_resources(StackName="tasks")["StackResources"]
    cloudformation.close()
    named = [each for each in resources if "LogicalResourceId" in each]  # moto omits it for some types
    return outputs | {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in named}


@pytest.fixture
def in_the_daemons_task(stack, ecs, aws_endpoint: str, monkeypatch) -> Iterator[None]:
    """The environment of the daemon's task, with a server of the task's metadata."""
    ec2 = boto3.client("ec2", endpoint_url=aws_endpoint, region_name=REGION)
    _add_gpu_instance(stack["ClusterName"], ecs, ec2)
    network = {
        "awsvpcConfiguration": {
            "subnets": stack["TaskSubnets"].split(",")[:1],
            "securityGroups": [stack["TaskSecurityGroup"]],
        }
    }
    (daemon,) = ecs.run_task(
        cluster=stack["ClusterName"],
        taskDefinition=stack["Control"],
        launchType="FARGATE",
        networkConfiguration=network,
    )["tasks"]
    ec2.close()
    metadata = {
        "TaskARN": daemon["taskArn"],
        "Cluster": daemon["clusterArn"],
        "Containers": [{"Name": "daemon"}],
    }
    server = _metadata_server(json.dumps(metadata).encode())
    for name, value in {
        "AWS_ENDPOINT_URL": aws_endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "DUB_ASSETS_RUN_TASK": stack["Run"],
        "ECS_CONTAINER_METADATA_URI_V4": f"http://127.0.0.1:{server.server_port}",
    }.items():
        monkeypatch.setenv(name, value)
    yield
    server.shutdown()
    server.server_close()


def _add_gpu_instance(cluster: str, ecs: Any, ec2: Any) -> None:
    image = ec2.describe_images(MaxResults=5)["Images"][0]["ImageId"]
    (instance,) = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
    document = {"instanceId": instance["InstanceId"], "accountId": "123456789012", "region": REGION}
    ecs.register_container_instance(cluster=cluster, instanceIdentityDocument=json.dumps(document))


def _metadata_server(body: bytes) -> http.server.ThreadingHTTPServer:
    class Metadata(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Keep the tests' output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@dg.job
def sample_job() -> None:
    """A job that can be found by its module."""


def test_a_run_is_a_task_of_its_own_that_is_watched_and_stopped(in_the_daemons_task, stack, ecs):
    origin = dg.reconstructable(sample_job).get_python_origin()
    with instance_for_test({"run_launcher": SETUP["run_launcher"]}) as instance:
        run = instance.create_run_for_job(sample_job, job_code_origin=origin)
        instance.run_launcher.launch_run(LaunchRunContext(run, None))
        run = instance.get_run_by_id(run.run_id)
        assert instance.run_launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
        arn = run.tags["ecs/task_arn"]
        (task,) = ecs.describe_tasks(cluster=stack["ClusterName"], tasks=[arn])["tasks"]
        assert task["taskDefinitionArn"] == stack["Run"]
        (override,) = task["overrides"]["containerOverrides"]
        assert (override["name"], override["command"][:3]) == ("run", ["dagster", "api", "execute_run"])
        assert run.run_id in override["command"][3]
        instance.run_launcher.terminate(run.run_id)
        (task,) = ecs.describe_tasks(cluster=stack["ClusterName"], tasks=[arn])["tasks"]
        assert task["lastStatus"] == "STOPPED"


def test_the_set_up_differs_from_that_of_warm_workers_by_its_launcher_alone():
    warm = yaml.safe_load((PROJECT / "setups/cluster/dagster.yaml").read_text(encoding="utf-8"))
    assert warm | {"run_launcher": None} == SETUP | {"run_launcher": None}


def test_the_stack_has_no_workers_and_no_broker(stack):
    assert not stack.keys() & {"Redis", "RedisSubnets", "RedisAccess", "Worker", "WorkerService"}


def test_the_capacity_of_runs_has_the_name_in_the_set_up():
    provider = read_template(SERVICE)["Resources"]["GpuCapacity"]["Properties"]["Name"]["Fn::If"][1]
    (strategy,) = SETUP["run_launcher"]["config"]["run_task_kwargs"]["capacityProviderStrategy"]
    assert strategy["capacityProvider"] == provider
