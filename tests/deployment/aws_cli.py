"""The AWS CLI for moto's server: ``aws`` on the PATH of the guides' commands.

``aws_cli.py SOCKET`` serves CLIENT, which is ``aws`` there. The CLI itself parses and checks every command. What moto
does not serve is answered with the CLI's sample output, and commands that are more than one operation become operations
that moto serves.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import sys
from pathlib import Path

from awscli.clidriver import create_clidriver

CLIENT = """
import json, os, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(os.environ["AWS_SOCKET"])
request = {"folder": os.getcwd(), "arguments": sys.argv[1:], "environment": dict(os.environ)}
socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
sys.exit(int(connection.recv(8) or 1))
"""
SAMPLE_OUTPUT = {
    ("service-quotas", "get-service-quota"),
    ("service-quotas", "request-service-quota-increase"),
    ("ecs", "execute-command"),
    ("ecs", "list-tasks"),
    ("ecs", "describe-tasks"),
    ("eks", "create-pod-identity-association"),
    ("logs", "get-log-events"),
    ("ssm", "start-session"),
    ("sqs", "start-message-move-task"),
}
"""Operations that moto does not serve, that need containers to run, or that open a terminal."""


def translated(arguments: list[str]) -> list[str]:
    """Return the arguments of a command that moto's server can answer at once."""
    service, operation = arguments[:2]
    if (service, operation) == ("ecs", "wait"):
        return translated([service, waited_operation(service, arguments[2]), *arguments[3:]])
    if (service, operation) == ("cloudformation", "deploy"):
        return deployed(arguments[2:])
    if (service, operation) == ("logs", "tail"):
        return tailed(arguments[2:])
    network = operation == "delete-stack" and arguments[-1].endswith("-network")  # moto cannot delete a VPC with routes
    if network or (service, operation) in SAMPLE_OUTPUT:
        return [*arguments, "--generate-cli-skeleton", "output"]
    if service == "sqs":
        return [*arguments, "--endpoint-url", os.environ["AWS_ENDPOINT_URL"]]
    return arguments


def waited_operation(service: str, waiter: str) -> str:
    """Return the operation that a waiter polls, as the CLI spells it."""
    import botocore.session

    model = botocore.session.get_session().get_waiter_model(service)
    name = next(name for name in model.waiter_names if botocore.xform_name(name, "-") == waiter)
    return botocore.xform_name(model.get_waiter(name).operation, "-")


def tailed(arguments: list[str]) -> list[str]:
    """Return the operation behind ``logs tail``, a command of version 2 of the CLI alone."""
    group, *options = [argument for argument in arguments if argument != "--follow"]
    since = options.index("--since")
    if not re.fullmatch(r"\d+[smhdw]", options[since + 1]):
        sys.exit(f"invalid --since {options[since + 1]}")
    return ["logs", "filter-log-events", "--log-group-name", group, *options[:since], *options[since + 2 :]]


def deployed(arguments: list[str]) -> list[str]:
    """Return the creation or update of a stack; parameters that are not given keep their values.

    moto computes no outputs when it executes a change set, as ``cloudformation deploy`` does.
    """
    parser = argparse.ArgumentParser()
    for option, count in {"stack-name": None, "template-file": None, "capabilities": "*"}.items():
        parser.add_argument(f"--{option}", nargs=count, required=count is None, default=[])
    parser.add_argument("--parameter-overrides", nargs="*", default=[])
    given = parser.parse_args(arguments)
    known = json.loads(Path(given.template_file).read_text(encoding="utf-8")).get("Parameters", {})
    state = Path(os.environ["AWS_CALLS"]).with_name(f"{given.stack_name}.json")
    parameters = json.loads(state.read_text(encoding="utf-8")) if state.exists() else {}
    operation = "update-stack" if state.exists() else "create-stack"
    parameters |= dict(override.split("=", 1) for override in given.parameter_overrides)
    if unknown := parameters.keys() - known:
        sys.exit(f"the template has no parameters {sorted(unknown)}")
    state.write_text(json.dumps(parameters), encoding="utf-8")
    command = ["cloudformation", operation, "--stack-name", given.stack_name]
    command += ["--template-body", f"file://{given.template_file}"]
    command += ["--capabilities", *given.capabilities] if given.capabilities else []
    pairs = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    return [*command, "--parameters", json.dumps(pairs)] if pairs else command


def answer(connection: socket.socket) -> None:
    """Run one command in a process of its own, with the client's streams and folder, and send its exit code."""
    message, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    if os.fork() == 0:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        request = json.loads(message)
        os.chdir(request["folder"])
        os.environ.update(request["environment"])
        try:
            code = create_clidriver().main(translated(request["arguments"]))
        except SystemExit as stopped:
            print(stopped.code, file=sys.stderr)
            code = 1
        with Path(os.environ["AWS_CALLS"]).open("a", encoding="utf-8") as calls:
            calls.write(f"{code} {' '.join(request['arguments'])}\n")
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(str(code).encode())
        os._exit(0)
    for stream in streams:
        os.close(stream)
    connection.close()


def serve(address: str) -> None:
    """Answer commands until the process is ended: the CLI takes longer to load than to run."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # ignored if the tests run in the background of a script
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen(64)
    print("ready", flush=True)
    while True:
        answer(server.accept()[0])


if __name__ == "__main__":
    serve(sys.argv[1])
