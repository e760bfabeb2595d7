"""docs/aws.md and docs/kubernetes.md, run from the first command to the last: bash, the AWS CLI, and moto's server.

Stand-ins with their names take the arguments of docker, git, kubectl and helm, which are not installed here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import aws_cli
import boto3
import pytest
import yaml
from aws_cli import CLIENT
from support.aws_server import REGION
from templates import NETWORK, PROJECT, SERVICE, for_moto, read_template

from dub_assets.service.queue.resources import QueueResource
from dub_assets.settings import settings_from

AWS, KUBERNETES = ((PROJECT / "docs" / name).read_text(encoding="utf-8") for name in ("aws.md", "kubernetes.md"))
STATED = {"What it costs"}
"""Sections whose blocks are no commands."""


def commands(guide: str) -> str:
    """The indented blocks of a guide, in order."""
    blocks = [
        textwrap.dedent(block)
        for section in re.split(r"^## ", guide, flags=re.MULTILINE)
        if section.partition("\n")[0] not in STATED
        for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", section, re.MULTILINE)
    ]
    return "\n".join(blocks)


ENVSUBST = """
import os, re, sys
names = re.findall(r"[A-Z0-9_]+", sys.argv[1]) if sys.argv[1:] else list(os.environ)
filled = lambda found: os.environ[found[1]] if found[1] in names else found[0]
print(re.sub(r"[$]([A-Z0-9_]+)", filled, sys.stdin.read()))
"""
"""What gettext's program does, for machines without it."""


def install(folder: Path, name: str, script: str) -> None:
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """What the guide uses of a checkout, with templates that moto can create, and the programs that it calls."""
    (tmp_path / "deploy/aws").mkdir(parents=True)
    for template in (SERVICE, NETWORK):
        reduced = json.dumps(for_moto(read_template(template)))
        (tmp_path / "deploy/aws" / template.name).write_text(reduced, encoding="utf-8")
    shutil.copy(PROJECT / "deploy/aws/run-task", tmp_path / "deploy/aws/run-task")
    (tmp_path / "talk.mp4").write_bytes(b"video")
    install(tmp_path, "docker", '[ "$1" != login ] || cat > /dev/null')
    install(tmp_path, "git", "echo abc1234")
    shutil.copytree(PROJECT / "deploy/kubernetes", tmp_path / "deploy/kubernetes")
    (tmp_path / "message.json").write_text("{}", encoding="utf-8")
    install(tmp_path, "helm", "")
    install(
        tmp_path,
        "kubectl",
        'echo "kubectl $*" >> programs; case "$*" in *"-f -") cat >> manifests; echo --- >> manifests; esac',
    )
    install(tmp_path, "envsubst", f"exec {sys.executable} -c '{ENVSUBST}' \"$@\"")
    install(tmp_path, "aws", f"exec {sys.executable} -IS -c '{CLIENT}' \"$@\"")
    server = [sys.executable, "-W", "ignore", Path(aws_cli.__file__), tmp_path / "aws.socket"]
    with subprocess.Popen(server, stdout=subprocess.PIPE, cwd="/") as process:
        process.stdout.readline()
        yield tmp_path
        process.terminate()


@pytest.fixture
def account(aws_endpoint: str) -> Iterator[str]:
    """An AWS account with what the guide finds there: a producer's role, and the secret that moto's stack lacks."""
    connection = {"endpoint_url": aws_endpoint, "region_name": REGION}
    iam, secrets = boto3.client("iam", **connection), boto3.client("secretsmanager", **connection)
    iam.create_role(RoleName="my-producer", AssumeRolePolicyDocument="{}")
    secrets.create_secret(Name="ref-CallbackSecret", SecretString="secret")
    yield aws_endpoint
    iam.delete_role(RoleName="my-producer")
    secrets.delete_secret(SecretId="ref-CallbackSecret", ForceDeleteWithoutRecovery=True)
    iam.close()
    secrets.close()


def run(checkout: Path, endpoint: str, script: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{checkout / 'bin'}:{os.environ['PATH']}",
        "HOME": str(checkout),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SOCKET": str(checkout / "aws.socket"),
        "AWS_CALLS": str(checkout / "calls"),
        "PYTHONWARNINGS": "ignore",
    }
    command = ["bash", "-c", f"set -euo pipefail\n{script}"]
    return subprocess.run(
        command, cwd=checkout, env=environment, input="password\n", capture_output=True, text=True, check=False
    )


def calls_of(checkout: Path, endpoint: str, script: str) -> list[str]:
    """Run a script whose every command has to succeed; return the calls of the AWS CLI, each with its exit code."""
    done = run(checkout, endpoint, script)
    calls = (checkout / "calls").read_text(encoding="utf-8").splitlines()
    assert (done.returncode, [call for call in calls if not call.startswith("0 ")]) == (0, []), done.stderr
    return calls


def test_every_command_of_the_guide_to_aws_works_in_order(checkout: Path, account: str):
    calls = calls_of(checkout, account, commands(AWS))
    for command in ("cloudformation deploy", "ecs run-task", "ssm start-session", "sqs send-message", "rds wait"):
        assert any(call.startswith(f"0 {command} ") for call in calls), command
    assert not any(re.search(r"\bNone\b", call) for call in calls)


def test_every_command_of_the_guide_to_kubernetes_works_in_order(checkout: Path, account: str):
    calls = calls_of(checkout, account, commands(KUBERNETES))
    assert any(call.startswith("0 sqs send-message ") for call in calls)
    manifests = list(yaml.safe_load_all((checkout / "manifests").read_text(encoding="utf-8")))
    kinds = [manifest["kind"] for manifest in manifests if manifest]
    assert kinds == ["PersistentVolumeClaim", "Job", "Deployment", "Deployment", "Job"]
    values = (checkout / "values.yaml").read_text(encoding="utf-8")
    for text in (values, (checkout / "policy.json").read_text(encoding="utf-8"), json.dumps(manifests)):
        left = set(re.findall(r"\$\{?[A-Z_]+", re.sub(r"^ *#.*$", "", text, flags=re.MULTILINE)))
        assert left <= {"$DUB_ASSETS_REDIS_URL", "${WORKER_NAME"}  # read in the pod
    assert "registry" not in values or "dkr.ecr" in values


def test_the_guides_message_is_one_that_the_service_takes():
    body = re.search(r"cat > message.json <<'JSON'\n(.*?)^    JSON$", AWS, re.MULTILINE | re.DOTALL).group(1)
    request = QueueResource.of(settings_from({})).parse(body)
    assert (request.job_id, request.input_key) == ("demo-1", "projects/demo/inputs/talk.mp4")


def test_outputs_that_are_named_exist():
    """A variable of the shell with a capital is an output of a stack."""
    outputs = {name for path in (SERVICE, NETWORK) for name in read_template(path)["Outputs"]}
    script = (PROJECT / "deploy/aws/run-task").read_text(encoding="utf-8")
    named = set(re.findall(r"\$\{?([A-Z][a-z]\w*)", commands(AWS) + script))
    assert {"ClusterName", "ToolsTask", "VpcId"} <= named <= outputs


def test_parameters_that_are_named_exist():
    parameters = read_template(SERVICE)["Parameters"]
    named = set(
        re.findall(r"\b([A-Z]\w+)=", " ".join(re.findall(r"^deploy (.*(?:\\\n.*)*)$", commands(AWS), re.MULTILINE)))
    )
    assert {"VpcId", "CpuImage", "MaxWorkers", "DatabaseSnapshot"} <= named <= parameters.keys()
    assert {name for name, each in parameters.items() if "Default" not in each} <= named
