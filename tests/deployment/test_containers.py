"""Dockerfile, compose.yaml and .env.example: read by the tools that know their languages, and held against the project.

Nothing is built here; docs/decisions/0011-images.md says what was built and run beside the tests.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from support.aws_server import REGION

from dub_assets.cli.app import NOT_FOR_USERS, app
from dub_assets.engines.catalogue import ENTRIES
from dub_assets.settings import documented_variables, settings_from
from stack.prepare import prepare
from tests.image.dockerfile import Image

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
CONTRACT = {
    "JOB_QUEUE_URL", "JOB_DLQ_URL", "AWS_S3_BUCKET", "AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "JOB_TARGET_LANG",
    "JOB_SOURCE_LANG", "JOB_RESULT_VIDEO_PREFIX", "JOB_RESULT_METADATA_PREFIX", "JOB_INTERIM_SEGMENT_PREFIX",
    "JOB_VISIBILITY_TIMEOUT", "JOB_QUEUE_WAIT", "JOB_CALLBACK_LOCALHOST_HOST", "JOB_CALLBACK_SECRET", "VAD_AGGR",
    "VAD_FRAME_MS", "STT_INTERVAL_MARGIN",
}  # fmt: skip
"""The variables of the wire contract."""


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(read("compose.yaml"))


def variables(text: str) -> dict[str, str]:
    """The lines of an .env file, those that are commented out too; the last of a name counts."""
    return dict(re.findall(r"^#?([A-Z0-9_]+)=(.*)$", text, re.MULTILINE))


def test_the_dockerfile_is_as_hadolint_wants_it():
    told = subprocess.run([BIN / "hadolint", "Dockerfile"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "")


def test_compose_is_as_its_specification_wants_it():
    command = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_what_is_copied_into_the_image_is_there_and_sent_to_the_builder():
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(?:--chown=\S+ )?(.+)$", read("Dockerfile"), re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert {"requirements-workers.lock", "requirements-gpu-image.lock", "dub_assets"} <= copied
    assert [source for source in copied if not (PROJECT / source).exists()] == []
    sent = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    assert copied <= sent


def test_an_image_of_the_last_stage_is_the_gpu_worker():
    stages = re.split(r"^(?=FROM )", read("Dockerfile"), flags=re.MULTILINE)
    last = stages[-1]
    assert re.match(r"FROM runtime AS gpu\n", last)
    assert "ENGINE_SET=gpu" in last
    assert re.findall(r"^CMD (.*)$", last, re.MULTILINE) == ['["dub-assets", "worker"]']
    assert "inspect ping" in re.search(r"^HEALTHCHECK .*?\n *CMD (.*)$", last, re.MULTILINE)[1]


def test_the_stages_that_the_gpu_image_is_made_of_are_found(tmp_path: Path):
    image = Image(PROJECT, "gpu", tmp_path)
    assert image.command == ["dub-assets", "worker"]
    found = image.environment()
    assert found["ENGINE_SET"] == "gpu"
    assert found["PYTHONPATH"] == f"{tmp_path}/app/code"
    assert found["PATH"].startswith(f"{tmp_path}/app/.venv/bin:{tmp_path}/app/code/bin:")
    settings = settings_from(found)
    assert settings.paths.cache == tmp_path / "app/cache"
    assert settings.options.engines.separation == "demucs"


def test_the_gpu_image_has_the_packages_of_its_engines():
    locked = {
        (name, version)
        for lock in ("requirements-gpu-image.lock", "requirements-weights.lock")
        for name, version in re.findall(r"^([a-z0-9-]+)==([^\s;]+)", read(lock), re.MULTILINE)
    }
    set_of_image = {"demucs", "whisperx", "campplus", "firefox", "m2m100", "hibari", "kokoro"}
    entries = [entry for entry in ENTRIES if entry.name in set_of_image]
    assert len(entries) == len(set_of_image)
    needed = {name for entry in entries for name in entry.requirements.distributions}
    assert needed - {name for name, _ in locked} == set()
    files = [file for entry in entries for file in entry.models.packaged]
    weights = {(part.distribution, part.version) for file in files for part in file.parts}
    assert weights - locked == set()
    assert "PACKAGED_WEIGHTS=yes" in read("Dockerfile").partition("AS gpu-packages")[2]


def test_the_image_is_silent_about_what_the_command_line_is_silent_about():
    (warnings_off,) = re.findall(r'PYTHONWARNINGS="(.*)"', read("Dockerfile"))
    assert warnings_off.split(",") == [f"ignore:{message}" for message in NOT_FOR_USERS]


def test_weights_that_are_taken_out_are_in_the_locks():
    named = [line for line in read("weights.txt").splitlines() if not line.startswith("#")]
    for lock in ("requirements-workers.lock", "requirements-gpu-image.lock"):
        locks = read(lock) + read("requirements-weights.lock")
        locked = set(re.findall(r"^([a-z0-9-]+)==", locks, re.MULTILINE))
        assert [name for name in named if name not in locked] == []


@pytest.mark.parametrize("lock", ["requirements-workers.lock", "requirements-gpu-image.lock"])
def test_images_have_what_a_worker_of_the_cluster_needs(lock: str):
    locked = set(re.findall(r"^([a-z0-9-]+)==", read(lock), re.MULTILINE))
    assert {"celery", "redis", "dagster-celery", "dagster-postgres", "psycopg2-binary"} <= locked
    dependencies = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    assert sorted({re.split(r"[^a-zA-Z0-9-]", each)[0] for each in dependencies} - locked) == []


def test_the_engines_on_torch_are_tested_with_all_that_the_project_needs_and_as_the_image_has_it():
    tested = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", read("requirements-gpu.lock"), re.MULTILINE))
    built = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", read("requirements-gpu-image.lock"), re.MULTILINE))
    project = tomllib.loads(read("pyproject.toml"))["project"]
    needed = {re.split(r"[^a-zA-Z0-9-]", each)[0] for each in project["dependencies"]}
    engines = {re.split(r"[^a-zA-Z0-9-]", each)[0] for each in project["optional-dependencies"]["gpu"]}
    assert sorted((needed | engines) - tested.keys()) == []
    assert {name: tested[name] for name in engines} == {name: built[name] for name in engines}
    assert tested["whisperx"].replace(".", "").isdigit()


def test_the_services_of_a_deployment_and_of_a_machine_by_itself(compose):
    services = compose["services"]
    assert {"worker", "worker-cpu", "webserver", "daemon", "postgres", "redis", "metrics"} <= services.keys()
    assert services["worker"]["build"]["target"] == "gpu"
    for worker in ("worker", "worker-cpu"):
        assert services[worker]["depends_on"].keys() == {"daemon", "postgres", "redis"}
    local = {name for name, service in services.items() if "local" in service.get("profiles", ())}
    assert local == {"worker-cpu", "aws", "aws-setup", "consumer"}
    unprofiled = {name for name, service in services.items() if "profiles" not in service}
    assert {needed for service in services.values() for needed in service.get("depends_on", ())} <= unprofiled | {"aws"}


def test_the_old_workers_volumes_are_where_they_were(compose):
    for name in ("worker", "worker-cpu", "daemon"):
        assert {mount.rpartition(":")[2] for mount in compose["services"][name]["volumes"]} == {
            "/app/data",
            "/app/cache",
        }


def test_a_worker_has_time_to_hand_its_run_back(compose):
    grace_s = settings_from({}).worker.grace_ms / 1000
    for name in ("worker", "worker-cpu"):
        assert compose["services"][name]["stop_grace_period"] == "2m"
    assert grace_s + 20 <= 120


def test_commands_are_commands_of_the_project_and_of_dagster(compose):
    ours = {command.name or command.callback.__name__ for command in app.registered_commands}
    for service in compose["services"].values():
        command = service.get("command", ["dub-assets", "dev"])
        if command[0] == "dub-assets":
            assert command[1] in ours
        elif command[0].startswith("dagster"):
            assert shutil.which(command[0], path=str(BIN))
        elif command[0] == "python":
            assert (PROJECT / f"{command[2].replace('.', '/')}.py").exists()


def test_the_server_that_stands_for_aws_is_the_one_of_the_tests(compose):
    locked = re.search(r"^moto==(\S+)", read("requirements-dev.lock"), re.MULTILINE).group(1)
    assert compose["services"]["aws"]["image"] == f"motoserver/moto:{locked}"


def test_every_variable_stands_in_the_example():
    listed = variables(read(".env.example"))
    documented = {variable for variable, _, _ in documented_variables()}
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", read("compose.yaml").replace("$$", "")))
    assert sorted((CONTRACT | documented | used) - listed.keys()) == []


def test_the_example_is_readable_as_it_stands_and_with_what_is_commented_out():
    text = read(".env.example")
    settings_from(variables(re.sub(r"^#.*$", "", text, flags=re.MULTILINE)))
    settings = settings_from(variables(text))
    assert settings.queue.wait_s == 20


def test_the_local_profile_gets_its_bucket_and_queues_twice_over(aws_endpoint: str, sqs):
    local = read(".env.example").partition("profile `local`")[2].partition("# --- jobs")[0]
    environment = variables(local) | {"AWS_ENDPOINT_URL": aws_endpoint, "AWS_REGION": REGION}
    names = prepare(environment)
    assert prepare(environment) == names == ["dub-assets", "jobs", "dead-letters"]
    for variable in ("JOB_QUEUE_URL", "JOB_DLQ_URL"):
        path = environment[variable].partition("://")[2].partition("/")[2]
        sqs.get_queue_attributes(QueueUrl=f"{aws_endpoint}/{path}", AttributeNames=["QueueArn"])
    s3 = boto3.client("s3", endpoint_url=aws_endpoint, region_name=REGION)
    assert s3.head_bucket(Bucket="dub-assets")["ResponseMetadata"]["HTTPStatusCode"] == 200
    s3.close()


def test_nothing_is_made_at_amazons():
    with pytest.raises(SystemExit, match="AWS_ENDPOINT_URL"):
        prepare({"AWS_S3_BUCKET": "dub-assets"})
