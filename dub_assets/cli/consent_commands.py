"""Signatures of the commands of ``dub-assets consent``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dub_assets.cli.parameters import AsJson

consent = typer.Typer(no_args_is_help=True, help="Consents of persons whose voices are cloned.")
_Project = Annotated[str, typer.Option("--project", help="The project; `dub` works in `local`.")]


@consent.command()
def add(  # noqa: PLR0913, PLR0917  # a command's options
    jobs: Annotated[
        list[str] | None, typer.Argument(help="Ids of the jobs that the consent is for; none with --every-job.")
    ] = None,
    person: Annotated[str, typer.Option(help="Who consents; no result names them without --named.")] = "",
    until: Annotated[str, typer.Option(help="Last day (UTC) on which the voice may be used, such as 2027-03-31.")] = "",
    document: Annotated[str | None, typer.Option(help="Name or number of the document in which they agreed.")] = None,
    document_file: Annotated[
        Path | None, typer.Option(help="The document as a file; only its hash is recorded.")
    ] = None,
    purpose: Annotated[str | None, typer.Option(help="What they agreed to.")] = None,
    speaker: Annotated[
        list[str] | None,
        typer.Option(help="Their letter in the video; repeat it for others; unset: the only speaker who is cloned."),
    ] = None,
    every_job: Annotated[bool, typer.Option("--every-job", help="For every job of the project.")] = False,
    named: Annotated[bool, typer.Option("--named", help="Name the person, purpose and document in results.")] = False,
    project: _Project = "local",
    as_json: AsJson = False,
) -> None:
    """Record that a person consents to a clone of their voice, and print the consent's id."""
    from dub_assets.cli.consents import NewConsent, add_consent

    new = NewConsent(
        jobs=jobs or (),
        every_job=every_job,
        person=person,
        until=until,
        document=document,
        document_file=document_file,
        purpose=purpose,
        speakers=speaker or (),
        named=named,
    )
    add_consent(new, project, as_json=as_json)


@consent.command("list")
def list_(project: _Project = "local", as_json: AsJson = False) -> None:
    """Show the consents of a project, and the jobs that have used them."""
    from dub_assets.cli.consents import show_consents

    show_consents(project, as_json=as_json)


@consent.command()
def revoke(
    consent_id: Annotated[str, typer.Argument(metavar="ID", help="The consent's id, or its unique beginning.")],
    project: _Project = "local",
    as_json: AsJson = False,
) -> None:
    """Revoke a consent: later runs do not use the voice. Finished results with it are named, and kept."""
    from dub_assets.cli.consents import revoke_consent

    revoke_consent(consent_id, project, as_json=as_json)
