"""The commands of ``dub-assets``."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from dub_assets.cli import interruptions
from dub_assets.cli.job_commands import JobId
from dub_assets.cli.job_commands import register as register_job_commands
from dub_assets.core.errors import DubError
from dub_assets.core.keys import segment_index
from dub_assets.core.printable import printable
from dub_assets.settings import documented_variables, settings_from

NOT_FOR_USERS = ("Function `dev_command` is superseded", "Parameter `owners` of initializer `SensorDefinition")
"""How the warnings begin that Dagster 1.13 gives about calls of its own."""

app = typer.Typer(
    help="AI video dubbing: separate, transcribe, translate, speak, mix.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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


@app.command()
def dub(  # noqa: PLR0913, PLR0917  # a command's options
    video: Annotated[Path, typer.Argument(help="The video to dub.")],
    source: Annotated[
        str | None,
        typer.Option("--from", help="Language spoken, such as en; auto detects it; unset: JOB_SOURCE_LANG, else auto."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--to", help="Language to dub into, such as pt; unset: JOB_TARGET_LANG, else en.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of the results.")] = Path("results"),
    speakers: Annotated[
        int | None, typer.Option(min=1, max=100, help="How many speak; unset: as many as heard.")
    ] = None,
    voice: Annotated[
        list[str] | None, typer.Option(help="A speaker's voice, such as A=jm_kumo; again for others.")
    ] = None,
    glossary: Annotated[
        Path | None,
        typer.Option(help='Terms, as JSON: {"glossary": {"sea": "oceano"}, "do_not_translate": ["Dagster"]}.'),
    ] = None,
    clips: Annotated[bool, typer.Option("--clips", help="Also make the clips of every segment.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Dub a video. Running it again makes only what changed."""
    from dub_assets.cli.dub import Order, dub_video

    order = Order(
        video=video,
        source=source,
        target=target,
        clips=clips,
        speakers=speakers,
        voices=voice or (),
        glossary=glossary,
    )
    dub_video(order, out, quiet=quiet, as_json=as_json)


_Job = JobId
_Segment = typer.Argument(parser=segment_index, metavar="SEGMENT", help="By name or number: 0003, or 3.")
_Rebuild = Annotated[bool, typer.Option("--rebuild", help="Bring the video up to date too; the picture is copied.")]
_Out = Annotated[
    Path | None, typer.Option("--out", help="Folder of the files; unset: where the job's results are, or results.")
]
_Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_Gain = typer.Option(min=0, max=10, help="Linear gain, 0 is silence; unset: as it was.")


@app.command()
def mix(
    job: _Job,
    segments: Annotated[list[int], _Segment],
    bgm_gain: Annotated[float | None, _Gain] = None,
    tts_gain: Annotated[float | None, _Gain] = None,
    rebuild: _Rebuild = False,
    out: _Out = None,
    quiet: _Quiet = False,
    as_json: _Json = False,
) -> None:
    """Mix segments of a dubbed job again, with other gains of background and speech."""
    from dub_assets.cli.edit import Output, mix_again
    from dub_assets.stages.segment_mixes.values import GainChange

    output = Output(rebuild=rebuild, folder=out, quiet=quiet, as_json=as_json)
    mix_again(job, segments, GainChange(background=bgm_gain, speech=tts_gain), output)


@app.command()
def say(
    job: _Job,
    segment: Annotated[int, _Segment],
    text: Annotated[str, typer.Argument(help="What it is to say, in the job's target language.")],
    rebuild: _Rebuild = False,
    out: _Out = None,
    quiet: _Quiet = False,
    as_json: _Json = False,
) -> None:
    """Speak a new text for a segment of a dubbed job; later runs keep it."""
    from dub_assets.cli.edit import Output, say_again

    say_again(job, segment, text, Output(rebuild=rebuild, folder=out, quiet=quiet, as_json=as_json))


register_job_commands(app)


@app.command()
def report(job: _Job, out: _Out = None, quiet: _Quiet = False) -> None:
    """Make the page that shows a job to an editor: timeline, texts, findings, players; print where it is."""
    from dub_assets.cli.report import report_job

    report_job(job, out, quiet=quiet)


@app.command()
def submit(
    message: Annotated[Path, typer.Argument(help="A file with a message in JSON, or - for what comes in.")],
) -> None:
    """Send a message to the queue of jobs, JOB_QUEUE_URL, and print its id."""
    from dub_assets.cli.submit import submit_message

    submit_message(message, settings_from(os.environ))


@app.command()
def metrics(
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 9464,
    gpu_only: Annotated[bool, typer.Option("--gpu-only", help="Tell of this machine's GPUs alone.")] = False,
    log_backlog: Annotated[bool, typer.Option("--log-backlog", help="Log what there is to do each minute.")] = False,
) -> None:
    """Serve figures for Prometheus: jobs, stages, queue, callbacks, daemons, GPU memory."""
    from dub_assets.cli.metrics import serve_metrics

    interruptions.release()
    serve_metrics(host, port, settings_from(os.environ), gpu_only=gpu_only, log_backlog=log_backlog)


@app.command()
def worker(
    name: Annotated[str, typer.Option("--name", help="Unlike that of any other worker on the machine.")] = "",
    queues: Annotated[str, typer.Option("--queues", help="Queues to take runs from, comma-separated.")] = "",
) -> None:
    """Work on runs, one at a time, keeping the engines loaded in between: docs/workers.md."""
    from dub_assets.cli.worker import run_worker

    interruptions.release()
    run_worker(settings_from(os.environ), name=name, queues=queues)


@app.command()
def check(
    pull: Annotated[bool, typer.Option("--pull", help="Pull missing models first.")] = False,
) -> None:
    """Report everything that a worker with this configuration is missing; fail if anything is."""
    from dub_assets.cli.startup import report, startup_log
    from dub_assets.service.readiness import Role

    settings = settings_from(os.environ)
    with startup_log(settings):
        report(settings, Role(takes_messages=True), pulls=pull)


@app.command()
def engines() -> None:
    """Show the engines: installed or how to install them, languages, licence, where their weights are."""
    from dub_assets.cli.engines import show_engines

    show_engines(settings_from(os.environ))


models = typer.Typer(invoke_without_command=True, help="Show the models that the configuration needs, or pull them.")
app.add_typer(models, name="models")


@models.callback()
def show_models(context: typer.Context) -> None:
    """Show the models that the configured engines need, and the translation pairs that are here."""
    from dub_assets.cli.models import show_models as show

    if context.invoked_subcommand is None:
        show(settings_from(os.environ))


@models.command()
def pull(
    engines: Annotated[
        list[str] | None, typer.Argument(help="Engines to pull for too, beside those that are configured.")
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

    pull_models(settings_from(os.environ), engines or [], pair or [])


@app.command()
def settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/settings.md.")] = False,
) -> None:
    """Show every setting: its environment variable, default and meaning."""
    from rich.table import Table

    from dub_assets.cli.terminal import PlainConsole

    settings_from(os.environ)
    rows = list(documented_variables())
    if markdown:
        sys.stdout.write("".join(f"| `{variable}` | {default} | {meaning} |\n" for variable, default, meaning in rows))
        return
    table = Table("variable", "default", "meaning", box=None)
    for row in rows:
        table.add_row(*row)
    PlainConsole().print(table)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def dev(context: typer.Context) -> None:
    """Open Dagster's UI on the jobs dubbed here; further arguments go to `dagster dev`."""
    from dub_assets.cli.dev import run_dev

    interruptions.release()
    warnings_off = ",".join(f"ignore:{message}" for message in NOT_FOR_USERS)
    sys.exit(run_dev(settings_from(os.environ), context.args, warnings_off=warnings_off))


def main() -> None:
    """Run the command line; an error is one line, and the exit code says that there was one."""
    atexit.register(gc.freeze)  # what ends with the process need not be looked through first: a third of a second
    for message in NOT_FOR_USERS:
        warnings.filterwarnings("ignore", message=message)
    try:
        app()
    except DubError as error:
        sys.stderr.write(f"dub-assets: {printable(str(error))}\n")
        sys.exit(1)
