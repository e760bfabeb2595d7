"""Signatures of the commands that run and prepare the service.

The module of a command is imported when the command runs, so that ``--help`` is fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

models = typer.Typer(invoke_without_command=True, help="Show the models that the configuration needs, or pull them.")


def submit(
    message: Annotated[Path, typer.Argument(help="A file with a message in JSON, or - for standard input.")],
) -> None:
    """Send a message to the queue of jobs, JOB_QUEUE_URL, and print its id."""
    from dub_assets.cli.submit import submit_message

    submit_message(message)


def metrics(
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 9464,
    gpu_only: Annotated[bool, typer.Option("--gpu-only", help="Serve figures of this machine's GPUs only.")] = False,
    log_backlog: Annotated[bool, typer.Option("--log-backlog", help="Log the backlog once a minute.")] = False,
) -> None:
    """Serve figures for Prometheus: jobs, stages, queue, callbacks, daemons, GPU memory."""
    from dub_assets.cli.metrics import serve_metrics

    serve_metrics(host, port, gpu_only=gpu_only, log_backlog=log_backlog)


def worker(
    name: Annotated[str, typer.Option("--name", help="Name, unlike that of any other worker on the machine.")] = "",
    queues: Annotated[str, typer.Option("--queues", help="Queues to take runs from, comma-separated.")] = "",
) -> None:
    """Take runs, one at a time, and keep engines loaded between them: docs/workers.md."""
    from dub_assets.cli.worker import run_worker

    run_worker(name=name, queues=queues)


def check(
    pull: Annotated[bool, typer.Option("--pull", help="Pull missing models first.")] = False,
) -> None:
    """Report everything that a worker with this configuration is missing; fail if anything is."""
    from dub_assets.cli.startup import check_readiness

    check_readiness(pulls=pull)


def engines() -> None:
    """Show the engines: installed or how to install them, languages, licence, weights."""
    from dub_assets.cli.engines import show_engines

    show_engines()


@models.callback()
def show_models(context: typer.Context) -> None:
    """Show the models that the configured engines need, and the translation pairs that are installed."""
    from dub_assets.cli.models import show_models as show

    if context.invoked_subcommand is None:
        show()


@models.command()
def pull(
    engines: Annotated[
        list[str] | None, typer.Argument(help="Engines to pull models for, beside those that are configured.")
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(
            "--pair",
            help="Pull Firefox's translation model from one language into another, such as ko-en; may be repeated. "
            "A pair without a model of its own is served by two, through English.",
        ),
    ] = None,
) -> None:
    """Download models, verify them, and write their hashes into the lock. An interrupted pull continues."""
    from dub_assets.cli.models import pull_models

    pull_models(engines or [], pair or [])


def settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/settings.md.")] = False,
) -> None:
    """Show every setting: its environment variable, default and meaning."""
    from dub_assets.cli.settings import show_settings

    show_settings(markdown=markdown)


def dev(context: typer.Context) -> None:
    """Open Dagster's UI on the jobs dubbed here; further arguments go to `dagster dev`."""
    from dub_assets.cli.dev import run_dev

    raise typer.Exit(run_dev(context.args))
