"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _segment_index(name: str) -> int:
    from dub_assets.core.keys import segment_index

    return segment_index(name)


SEGMENT = typer.Argument(parser=_segment_index, metavar="SEGMENT", help="Name or number: 0003, or 3.")

JobId = Annotated[str, typer.Argument(help="The job's id, as `dub-assets jobs` shows it, or its unique beginning.")]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder of the files; unset: where the job's results are, or results.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
