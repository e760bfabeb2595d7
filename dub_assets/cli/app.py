"""The command line ``dub-assets``: its commands, in the order of ``--help``."""

from __future__ import annotations

import atexit
import errno
import gc
import sys
import warnings
from typing import Annotated, NoReturn

import typer

from dub_assets.cli import (
    consent_commands,
    credential_commands,
    dub_commands,
    job_commands,
    segment_commands,
    service_commands,
)
from dub_assets.core.errors import DubError
from dub_assets.core.files import full_disk_of
from dub_assets.core.printable import printable

NOT_FOR_USERS = ("Function `dev_command` is superseded", "Parameter `owners` of initializer `SensorDefinition")
"""Beginnings of warnings that Dagster 1.13 gives about its own calls."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"dub-assets {version('dub-assets')}\n")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """AI video dubbing: separate, transcribe, translate, speak, mix."""


for command in (
    dub_commands.dub,
    dub_commands.edit,
    dub_commands.mix,
    dub_commands.say,
    job_commands.jobs,
    job_commands.status,
    job_commands.cancel,
    job_commands.segments,
    job_commands.revisions,
    job_commands.voices,
    job_commands.export,
    job_commands.report,
    service_commands.submit,
    service_commands.metrics,
    service_commands.worker,
    service_commands.check,
    service_commands.engines,
    service_commands.settings,
):
    app.command()(command)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(service_commands.dev)
app.add_typer(segment_commands.segment, name="segment")
app.add_typer(job_commands.callbacks, name="callbacks")
app.add_typer(service_commands.models, name="models")
app.add_typer(consent_commands.consent, name="consent")
app.add_typer(credential_commands.credentials, name="credentials")


def main() -> None:
    """Run the command line. An error is one line on standard error, with exit code 1."""
    atexit.register(gc.freeze)  # skips the last garbage collection, which takes a third of a second
    for message in NOT_FOR_USERS:
        warnings.filterwarnings("ignore", message=message)
    try:
        app()
    except DubError as error:
        _fail(str(error))
    except Exception as error:
        if fault := full_disk_of(error):
            _fail(f"{fault}: make room, or set DUB_ASSETS_HOME and DUB_ASSETS_CACHE to other folders")
        if isinstance(error, OSError) and error.filename and error.errno != errno.ENOENT:
            _fail(f"cannot use {error.filename} ({error.strerror}): choose another folder or file")
        raise


def _fail(reason: str) -> NoReturn:
    sys.stderr.write(f"dub-assets: {printable(reason)}\n")
    sys.exit(1)
