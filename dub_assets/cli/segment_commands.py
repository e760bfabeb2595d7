"""Signatures of the commands that edit the place, the number, the speaker and the voice of segments.

The module of a command is imported when the command runs, so that ``--help`` is fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dub_assets.cli.parameters import SEGMENT, AsJson, JobId, Out, Quiet

if TYPE_CHECKING:
    from dub_assets.cli.edit import Output

segment = typer.Typer(no_args_is_help=True, help="Split, merge, move, delete and insert segments; notes about them.")

_Segment = Annotated[int, SEGMENT]
_Rebuild = Annotated[bool, typer.Option("--rebuild", help="Rebuild the video too; its picture is copied.")]
_START = typer.Option("--start", min=0, help="Start of the segment in seconds.")
_END = typer.Option("--end", min=0, help="End of the segment in seconds.")
_SPEAKER = typer.Option("--speaker", help="Name of the speaker, such as A.")


@segment.command()
def split(
    job: JobId,
    segment: _Segment,
    at: Annotated[float, typer.Option("--at", min=0, help="Where the second half begins, in seconds.")],
    text: Annotated[
        list[str] | None, typer.Option("--text", help="Text of each half, given twice; unset: the text is split.")
    ] = None,
    rebuild: _Rebuild = False,
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Split a segment in two; the second half is a new segment."""
    from dub_assets.cli.edit import split_segment

    split_segment(job, segment, _ms(at), text or [], _output(rebuild, out, quiet, as_json))


@segment.command()
def merge(
    job: JobId,
    segment: _Segment,
    text: Annotated[str | None, typer.Option("--text", help="Text of the whole; unset: both texts.")] = None,
    rebuild: _Rebuild = False,
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Merge a segment with the one after it."""
    from dub_assets.cli.edit import edit_segment
    from dub_assets.stages.transcript.editing import SegmentEdit

    texts = {} if text is None else {segment: text}
    edit_segment(job, SegmentEdit(kind="merge", index=segment), texts, _output(rebuild, out, quiet, as_json))


@segment.command()
def move(
    job: JobId,
    segment: _Segment,
    start: Annotated[float, _START],
    end: Annotated[float, _END],
    rebuild: _Rebuild = False,
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Move the borders of a segment."""
    from dub_assets.cli.edit import edit_segment
    from dub_assets.stages.transcript.editing import SegmentEdit

    edit = SegmentEdit(kind="move", index=segment, start_ms=_ms(start), end_ms=_ms(end))
    edit_segment(job, edit, {}, _output(rebuild, out, quiet, as_json))


@segment.command()
def delete(
    job: JobId,
    segment: _Segment,
    rebuild: _Rebuild = False,
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Delete a segment: its line is not spoken."""
    from dub_assets.cli.edit import edit_segment
    from dub_assets.stages.transcript.editing import SegmentEdit

    edit_segment(job, SegmentEdit(kind="delete", index=segment), {}, _output(rebuild, out, quiet, as_json))


@segment.command()
def insert(  # noqa: PLR0913, PLR0917  # a command's options
    job: JobId,
    original: Annotated[str, typer.Argument(help="The text of the original.")],
    text: Annotated[str, typer.Argument(help="The text to speak, in the job's target language.")],
    start: Annotated[float, _START],
    end: Annotated[float, _END],
    speaker: Annotated[str | None, _SPEAKER] = None,
    rebuild: _Rebuild = False,
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Insert a segment where there is none."""
    from dub_assets.cli.edit import insert_segment
    from dub_assets.stages.transcript.editing import SegmentEdit

    edit = SegmentEdit(kind="insert", start_ms=_ms(start), end_ms=_ms(end), text=original, speaker=speaker)
    insert_segment(job, edit, text, _output(rebuild, out, quiet, as_json))


@segment.command()
def speaker(
    job: JobId,
    segment: _Segment,
    name: Annotated[str, typer.Argument(help="Name of the speaker, such as A.")],
    rebuild: _Rebuild = False,
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Give a segment another speaker, whose voice then speaks it."""
    from dub_assets.cli.edit import edit_segment
    from dub_assets.stages.transcript.editing import SegmentEdit

    edit = SegmentEdit(kind="speaker", index=segment, speaker=name)
    edit_segment(job, edit, {}, _output(rebuild, out, quiet, as_json))


@segment.command()
def voice(
    job: JobId,
    segment: _Segment,
    name: Annotated[str, typer.Argument(help="A voice that `dub-assets voices` shows; empty: that of the speaker.")],
    rebuild: _Rebuild = False,
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Speak a segment in another voice."""
    from dub_assets.cli.edit import choose_voice

    choose_voice(job, segment, name, _output(rebuild, out, quiet, as_json))


@segment.command()
def note(
    job: JobId, segment: _Segment, text: Annotated[str, typer.Argument(help="The note; empty removes it.")]
) -> None:
    """Write a note about a segment."""
    from dub_assets.cli.edit import review_segment

    review_segment(job, segment, note=text, is_checked=None)


@segment.command()
def check(
    job: JobId,
    segment: _Segment,
    undo: Annotated[bool, typer.Option("--undo", help="Take the mark away.")] = False,
) -> None:
    """Mark a segment as checked by a person."""
    from dub_assets.cli.edit import review_segment

    review_segment(job, segment, note=None, is_checked=not undo)


def _output(rebuild: bool, out: Path | None, quiet: bool, as_json: bool) -> Output:
    from dub_assets.cli.edit import Output

    return Output(rebuild=rebuild, folder=out, quiet=quiet, as_json=as_json)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
