"""deploy/kubernetes: values of Dagster's chart and manifests, read by Dagster and by Kubernetes' own models."""

from __future__ import annotations

import json
import re
import string
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._config import process_config
from dagster._core.instance.config import dagster_instance_config_schema
from dagster._core.launcher import LaunchRunContext
from dagster._core.test_utils import instance_for_test
from dagster_aws.s3 import S3ComputeLogManager
from dagster_k8s import K8sRunLauncher
from dagster_k8s.models import k8s_model_from_dict, k8s_snake_case_dict
from kubernetes.client import models
from typer.testing import CliRunner

from dub_assets.cli.app import app
from dub_assets.service.workers.launcher import WarmRunLauncher

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "deploy/kubernetes"
FILLED = {
    "REGISTRY": "registry.example.com",
    "VERSION": "abc1234",
    "POSTGRES_HOST": "postgres.example.com",
    "STORAGE_CLASS": "shared",
    "AWS_S3_BUCKET": "bucket",
    "DUB_ASSETS_REDIS_URL": "$DUB_ASSETS_REDIS_URL",  # read in the pod
    "QUEUE_ARN": "arn:aws:sqs:ap-northeast-2:123456789012:jobs",
    "DLQ_ARN": "arn:aws:sqs:ap-northeast-2:123456789012:dead-letters",
}
KINDS = {
    "PersistentVolumeClaim": models.V1PersistentVolumeClaim,
    "Job": models.V1Job,
    "Deployment": models.V1Deployment,
}


def filled(name: str) -> Any:
    """A file after envsubst; a variable that the guide does not set fails."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return yaml.safe_load(re.sub(r"\$([A-Z0-9_]+)", lambda name: FILLED[name[1]], body))


@pytest.fixture
def values() -> dict[str, Any]:
    return filled("values.yaml")


def snake(value: Any) -> Any:
    """The chart's camel case as Dagster's snake case."""
    if isinstance(value, dict):
        return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower(): snake(item) for key, item in value.items()}
    return value


def launcher_config(values: dict[str, Any]) -> dict[str, Any]:
    """What the chart makes of the values of a run launcher."""
    given = dict(values["runLauncher"]["config"]["k8sRunLauncher"])
    run_config = {snake({key: 0}).popitem()[0]: part for key, part in given.pop("runK8sConfig").items()}
    return snake(given) | {
        "run_k8s_config": run_config,
        "job_namespace": "dub",
        "service_account_name": values["global"]["serviceAccountName"],
        "dagster_home": values["global"]["dagsterHome"],
        "instance_config_map": "dub-dagster-instance",
        "postgres_password_secret": values["global"]["postgresqlSecretName"],
    }


def test_dagster_takes_the_instance_configuration(values, monkeypatch):
    for name, value in {"DUB_ASSETS_WORKERS": "4", "AWS_S3_BUCKET": "bucket", "AWS_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(name, value)
    logs = snake(values["computeLogManager"]["config"]["s3ComputeLogManager"])
    configuration = {
        **values["additionalInstanceConfig"],
        "run_launcher": {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": launcher_config(values)},
        "compute_logs": {"module": "dagster_aws.s3", "class": "S3ComputeLogManager", "config": logs},
        "telemetry": values["telemetry"],
    }
    checked = process_config(dagster_instance_config_schema(), configuration)
    assert checked.success, checked.errors
    for section, kind in (("run_launcher", K8sRunLauncher), ("compute_logs", S3ComputeLogManager)):
        checked = process_config(kind.config_type(), configuration[section]["config"])
        assert checked.success, checked.errors


def test_settings_of_the_instance_are_those_of_the_cluster(values):
    cluster = yaml.safe_load((PROJECT / "setups/cluster/dagster.yaml").read_text(encoding="utf-8"))
    given = values["additionalInstanceConfig"]
    for section in ("run_queue", "run_retries", "sensors", "schedules", "python_logs", "retention", "nux"):
        assert given[section] == cluster[section], section
    assert cluster["run_monitoring"].keys() - given["run_monitoring"].keys() == set()
    assert given["run_monitoring"]["max_resume_run_attempts"] == 0


def test_a_tick_may_take_as_long_as_in_compose(values):
    compose = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
    variable = "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS"
    limit = {"name": variable, "value": compose["services"]["daemon"]["environment"][variable]}
    assert values["dagsterDaemon"]["env"] == [limit]


def test_the_chart_writes_no_section_twice(values):
    """A section that additionalInstanceConfig has is off in the chart."""
    daemon = values["dagsterDaemon"]
    assert [daemon[name]["enabled"] for name in ("runCoordinator", "runMonitoring", "runRetries")] == [False] * 3
    assert values["retention"] == {"enabled": False}
    assert [daemon[name]["useThreads"] for name in ("sensors", "schedules")] == [False] * 2
    assert not values["additionalInstanceConfig"].keys() & {"run_launcher", "compute_logs", "telemetry", "scheduler"}


class ApiServer(BaseHTTPRequestHandler):
    """Takes the jobs that are created, as the Kubernetes API does."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, json.loads(body)))
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def api_server(tmp_path: Path) -> Iterator[tuple[Path, list[tuple[str, dict[str, Any]]]]]:
    """A configuration that leads to a server on this machine, and what the server receives."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), ApiServer)
    server.received = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kubeconfig = {
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "users": [{"name": "test", "user": {}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    yield tmp_path / "kubeconfig", server.received
    server.shutdown()
    server.server_close()


@pytest.fixture
def job(values, api_server) -> dict[str, Any]:
    """The Kubernetes job that Dagster's launcher creates for a run."""
    kubeconfig, received = api_server
    config = launcher_config(values) | {"load_incluster_config": False, "kubeconfig_file": str(kubeconfig)}
    overrides = {"run_launcher": {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": config}}
    origin = dg.reconstructable(sample_job).get_python_origin()
    with instance_for_test(overrides) as instance:
        run = instance.create_run_for_job(sample_job, job_code_origin=origin)
        instance.run_launcher.launch_run(LaunchRunContext(run, None))
    ((path, created),) = received
    assert path == "/apis/batch/v1/namespaces/dub/jobs"
    return created


@dg.job
def sample_job() -> None:
    """A job that can be found by its module."""


def test_a_run_is_a_pod_with_a_gpu_the_cache_and_the_database(job):
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "registry.example.com/dub-assets:gpu-abc1234"
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert container["args"][:3] == ["dagster", "api", "execute_run"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/app/cache"}
    secrets = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container["env"] if "valueFrom" in each}
    assert secrets["DAGSTER_PG_PASSWORD"]["name"] == "dub-assets-postgres"
    assert (job["spec"]["backoffLimit"], pod["restartPolicy"], pod["serviceAccountName"]) == (0, "Never", "dub-assets")
    assert job["spec"]["activeDeadlineSeconds"] == 21600
    assert pod["securityContext"]["fsGroup"] == 1000


def test_dagster_takes_the_launcher_of_warm_workers(monkeypatch):
    monkeypatch.setenv("DUB_ASSETS_REDIS_URL", "redis://redis.example.com:6379/0")
    launcher = filled("warm-values.yaml")["runLauncher"]["config"]
    assert launcher["k8sRunLauncher"] is None
    custom = launcher["customRunLauncher"]
    checked = process_config(WarmRunLauncher.config_type(), custom["config"])
    assert (custom["class"], checked.success) == (WarmRunLauncher.__name__, True), checked.errors
    cluster = yaml.safe_load((PROJECT / "setups/cluster/dagster.yaml").read_text(encoding="utf-8"))["run_launcher"]
    assert (custom["module"], custom["class"]) == (cluster["module"], cluster["class"])


def test_a_warm_worker_has_what_the_pod_of_a_run_has(values):
    spec = filled("workers.yaml")["spec"]["template"]["spec"]
    (worker,) = spec["containers"]
    run = values["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    assert worker["image"] == run["containerConfig"]["image"]
    assert worker["resources"] == run["containerConfig"]["resources"]
    assert spec["tolerations"] == run["podSpecConfig"]["tolerations"]
    assert spec["terminationGracePeriodSeconds"] >= 90 + 20  # WORKER_GRACE and time to hand a run back


@pytest.mark.parametrize("name", ["cache.yaml", "models.yaml", "migrate.yaml", "metrics.yaml", "workers.yaml"])
def test_kubernetes_knows_every_field_of_a_manifest(name: str):
    manifest = filled(name)
    kind = KINDS[manifest["kind"]]
    assert k8s_model_from_dict(kind, k8s_snake_case_dict(kind, manifest)).kind == manifest["kind"]


@pytest.mark.parametrize("name", ["models.yaml", "metrics.yaml", "workers.yaml"])
def test_commands_of_the_manifests_parse(name: str):
    (container,) = filled(name)["spec"]["template"]["spec"]["containers"]
    program, *arguments = container["command"]
    assert program == "dub-assets"
    assert CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0


def test_names_in_the_manifests_are_those_of_the_values(values):
    claim = filled("cache.yaml")["metadata"]["name"]
    pods = [
        filled(name)["spec"]["template"]["spec"]
        for name in ("models.yaml", "migrate.yaml", "metrics.yaml", "workers.yaml")
    ]
    pods.append(values["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]["podSpecConfig"])
    volumes = [volume for pod in pods for volume in pod["volumes"]]
    claims = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume}
    assert claims == {claim}
    assert {volume["configMap"]["name"] for volume in volumes if "configMap" in volume} == {"dub-dagster-instance"}
    assert {pod.get("serviceAccountName", "dub-assets") for pod in pods} == {values["global"]["serviceAccountName"]}


def test_pods_may_do_in_s3_and_sqs_what_the_service_does():
    policy = json.loads(string.Template((FOLDER / "policy.json").read_text(encoding="utf-8")).substitute(FILLED))
    wild = [each["Action"] for each in policy["Statement"] if each["Resource"] == "*"]
    assert wild == ["cloudwatch:GetMetricStatistics"]
    assert "*" not in "".join(str(each["Action"]) for each in policy["Statement"])


def test_the_guides_chart_is_of_the_version_of_dagster():
    guide = (PROJECT / "docs/kubernetes.md").read_text(encoding="utf-8")
    lock = (PROJECT / "requirements-workers.lock").read_text(encoding="utf-8")
    locked = re.search(r"^dagster==(\S+)", lock, re.MULTILINE)
    assert re.findall(r"--version (\S+)", guide) == [locked.group(1)] * guide.count("helm upgrade")
