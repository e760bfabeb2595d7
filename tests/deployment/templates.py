"""CloudFormation templates as data, and reduced to what moto's server can create."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml
from moto.cloudformation.parsing import get_model_map

PROJECT = Path(__file__).parents[2]
SERVICE = PROJECT / "deploy/aws/service.yaml"
NETWORK = PROJECT / "deploy/aws/network.yaml"


def read_template(path: Path) -> dict[str, Any]:
    """Return a template with the long form of its functions."""
    return json.loads(json.dumps(cfn_yaml.load(str(path))))


def unsupported(template: dict[str, Any]) -> set[str]:
    """Return the names of the resources whose types moto cannot create."""
    supported = get_model_map()
    types = {name: resource["Type"] for name, resource in template["Resources"].items()}
    return {name for name, kind in types.items() if kind not in supported}


def for_moto(template: dict[str, Any], runs: str = "workers") -> dict[str, Any]:
    """Return the template without unsupported resources; a text stands for each reference to them.

    Resources of the other kind of ``runs`` are left out too, because moto ignores their condition in an update.
    """
    other = "TaskPerRun" if runs == "workers" else "WarmWorkers"
    missing = unsupported(template)
    missing |= {name for name, resource in template["Resources"].items() if resource.get("Condition") == other}
    reduced = _replace(template, missing)
    reduced["Resources"] = {name: value for name, value in reduced["Resources"].items() if name not in missing}
    if "Database" in reduced["Resources"]:  # moto loses a database that it replaces
        reduced["Resources"]["Database"]["Properties"] |= {
            "DBSnapshotIdentifier": {"Ref": "AWS::NoValue"},
            "DBName": "dagster",
            "MasterUsername": "dagster",
        }
    for resource in reduced["Resources"].values():
        if resource.get("DependsOn") in missing:
            del resource["DependsOn"]
        for container in resource.get("Properties", {}).get("ContainerDefinitions", ()):
            container.setdefault("Memory", 512)  # moto sums the memory of containers when it runs a task
        if not isinstance(resource.get("Properties", {}).get("DesiredCount", 0), int):
            resource["Properties"]["DesiredCount"] = 0  # moto does not turn a parameter's text into a number
    return reduced


def create_stack(cloudformation: Any, name: str, path: Path, **parameters: str) -> dict[str, str]:
    """Create a stack on moto's server and return its outputs."""
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(for_moto(read_template(path), parameters.get("Runs", "workers"))),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def _replace(value: Any, missing: set[str]) -> Any:
    if isinstance(value, list):
        return [_replace(item, missing) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref" and argument in missing:
            return f"ref-{argument}"
        if function == "Fn::GetAtt":
            name, *attributes = argument.split(".") if isinstance(argument, str) else argument
            return f"{name}.{'.'.join(attributes)}" if name in missing else {function: [name, ".".join(attributes)]}
        if function == "Fn::Sub" and isinstance(argument, str):
            return {function: re.sub(rf"\$\{{({'|'.join(missing) or 'x^'})([.\w]*)}}", r"ref-\1\2", argument)}
    return {key: _replace(item, missing) for key, item in value.items()}
