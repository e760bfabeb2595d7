"""The CloudFormation template: checked by cfn-lint, and held against what the service does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from dub_assets.settings import documented_variables

PROJECT = Path(__file__).parents[2]
TEMPLATE = PROJECT / "deploy/aws/service.yaml"


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    template = json.loads(json.dumps(cfn_yaml.load(str(TEMPLATE))))
    return {
        name: resource["Properties"] for name, resource in template["Resources"].items() if "Properties" in resource
    }


def containers(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["Name"]: each for task in ("Control", "Worker") for each in resources[task]["ContainerDefinitions"]}


def actions(policy: dict[str, Any]) -> set[str]:
    statements = policy["PolicyDocument"]["Statement"]
    return {
        action
        for each in statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }


def test_the_template_is_as_cloudformation_wants_it():
    command = [Path(sys.executable).parent / "cfn-lint", "-r", "ap-northeast-2", "us-east-1", "-t", str(TEMPLATE)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "")


def test_no_right_is_wider_than_its_use(resources):
    assert actions(resources["Objects"]) == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListBucket",
    }
    used = set(re.findall(r"self\._client\.(\w+)|\"(\w+)_batch\"", (PROJECT / "dub_assets/clients/sqs.py").read_text()))
    wanted = {"".join(part.capitalize() for part in (one or other).split("_")) for one, other in used}
    assert {f"sqs:{name}" for name in wanted} <= actions(resources["Queues"])
    assert not any("*" in action for name in ("Objects", "Queues", "Producers") for action in actions(resources[name]))
    assert resources["WorkerRole"]["ManagedPolicyArns"] == [{"Ref": "Objects"}]


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


def test_containers_are_given_variables_that_there_are(resources):
    known = {variable for variable, _, _ in documented_variables()}
    setup = (PROJECT / "setups/cluster/dagster.yaml").read_text(encoding="utf-8")
    known |= set(re.findall(r"env: (\w+)", setup)) | {"DAGSTER_HOME"}
    for container in containers(resources).values():
        given = {each["Name"] for each in (*container["Environment"], *container["Secrets"])}
        assert given <= known
        assert set(re.findall(r"env: (\w+)", setup)) <= given
