"""Signatures of the commands of ``dub-assets credentials``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dub_assets.cli.parameters import AsJson

credentials = typer.Typer(
    no_args_is_help=True, help="Content credentials: who signed a file, and whether it is unchanged."
)
_File = Annotated[Path, typer.Argument(help="A result of a dub, or another file.")]


@credentials.command()
def init(
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the files; unset: credentials/ in DUB_ASSETS_HOME.")
    ] = None,
) -> None:
    """Make a certificate for development, and print the variables that sign with it."""
    from dub_assets.cli.credentials import make_development_chain

    make_development_chain(out)


@credentials.command()
def show(file: _File, as_json: AsJson = False) -> None:
    """Show the credentials and marks of a file."""
    from dub_assets.cli.credentials import show_credentials

    show_credentials(file, as_json=as_json)


@credentials.command()
def verify(
    file: _File,
    trust: Annotated[
        Path | None, typer.Option("--trust", help="PEM file of the certificates to trust; unset: any signer.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify that a file is unchanged since it was signed; fail if it is not, or has no credentials."""
    from dub_assets.cli.credentials import verify_credentials

    verify_credentials(file, trust, as_json=as_json)


@credentials.command()
def sign(
    file: Annotated[Path, typer.Argument(help="A file that was made of a signed dub, such as another encoding.")],
    dub: Annotated[Path, typer.Option("--from", help="The signed dub that it was made of.")],
) -> None:
    """Sign a file that was made of a signed dub; credentials that it has no place for go to FILE.c2pa."""
    from dub_assets.cli.credentials import sign_copy

    sign_copy(file, dub)
