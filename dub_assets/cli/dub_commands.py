"""Signatures of the commands that dub and edit: ``dub``, ``edit``, ``mix``, ``say``.

The module of a command is imported when the command runs, so that ``--help`` is fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dub_assets.cli.parameters import SEGMENT, AsJson, JobId, Out, Quiet

_Rebuild = Annotated[bool, typer.Option("--rebuild", help="Rebuild the video too; its picture is copied.")]
_GAIN = typer.Option(min=0, max=10, help="Linear gain, 0 is silence; unset: unchanged.")


def dub(  # noqa: PLR0913, PLR0917  # a command's options
    video: Annotated[Path, typer.Argument(help="The video to dub.")],
    source: Annotated[
        str | None,
        typer.Option("--from", help="Language spoken, such as en; auto detects it; unset: JOB_SOURCE_LANG, else auto."),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--to", help="Language to dub into, such as pt; repeat it for others; unset: JOB_TARGET_LANG, else en."
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of the results.")] = Path("results"),
    speakers: Annotated[
        int | None, typer.Option(min=1, max=100, help="Number of speakers; unset: as many as are heard.")
    ] = None,
    voice: Annotated[
        list[str] | None, typer.Option(help="A speaker's voice, such as A=jm_kumo; repeat it for other speakers.")
    ] = None,
    glossary: Annotated[
        Path | None,
        typer.Option(help='JSON file of terms: {"glossary": {"sea": "oceano"}, "do_not_translate": ["Dagster"]}.'),
    ] = None,
    track: Annotated[
        str | None,
        typer.Option(
            help="Sound track to dub: its index from 0, or its language; unset: a track in --from's language."
        ),
    ] = None,
    transcript: Annotated[
        Path | None, typer.Option(help="Subtitles (SRT, VTT, ASS) of what is said; replace recognition.")
    ] = None,
    translation: Annotated[
        Path | None, typer.Option(help="Subtitles (SRT, VTT, ASS) of what is to be said; replace translation.")
    ] = None,
    clips: Annotated[bool, typer.Option("--clips", help="Also write clips of every segment.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Dub a video. A second run regenerates only what changed."""
    from dub_assets.cli.dub import DubArguments, dub_video

    arguments = DubArguments(
        video=video,
        source=source,
        targets=target or (),
        clips=clips,
        speakers=speakers,
        voices=voice or (),
        glossary=glossary,
        track=track,
        transcript=transcript,
        translation=translation,
    )
    dub_video(arguments, out, quiet=quiet, as_json=as_json)


def edit(
    job: JobId,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
) -> None:
    """Open the editing page of a job: change lines next to the picture, hear them, rebuild the video."""
    from dub_assets.cli.editor.server import edit_job

    edit_job(job, port=port, opens_browser=browser)


def mix(
    job: JobId,
    segments: Annotated[list[int], SEGMENT],
    bgm_gain: Annotated[float | None, _GAIN] = None,
    tts_gain: Annotated[float | None, _GAIN] = None,
    rebuild: _Rebuild = False,
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Mix segments of a job again, with other gains of background and speech."""
    from dub_assets.cli.edit import Output, mix_again
    from dub_assets.stages.segment_mixes.values import GainChange

    output = Output(rebuild=rebuild, folder=out, quiet=quiet, as_json=as_json)
    mix_again(job, segments, GainChange(background=bgm_gain, speech=tts_gain), output)


def say(
    job: JobId,
    segment: Annotated[int, SEGMENT],
    text: Annotated[str, typer.Argument(help="The new text, in the job's target language.")],
    rebuild: _Rebuild = False,
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Speak a new text for a segment of a job; later runs keep it."""
    from dub_assets.cli.edit import Output, say_again

    say_again(job, segment, text, Output(rebuild=rebuild, folder=out, quiet=quiet, as_json=as_json))
