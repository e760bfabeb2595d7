"""Every job: what people, commands and messages start."""

from typing import Any

import dagster as dg
from pydantic import Field

from dub_assets.resources.tags import TASK
from dub_assets.service.edits.jobs import edit_segments_job, segment_mix_job, segment_tts_job
from dub_assets.service.edits.restore import restore_revision_job
from dub_assets.stages.assets import NAMES

dub_job = dg.define_asset_job(
    "dub_job",
    selection=dg.AssetSelection.assets(*NAMES),
    tags={TASK: "full_pipeline"},
    description="Dubs one video, from its sound to its metadata document. Assets whose inputs are unchanged are kept.",
)

rebuild_video_job = dg.define_asset_job(
    "rebuild_video_job",
    selection=dg.AssetSelection.assets("final_video", "quality", "metadata", "report"),
    description="Brings a job's video, metadata document and report up to date with its mixes. The picture is copied.",
)


class Refusal(dg.Config):
    """Why a message is refused, and what it asked for as far as it could be read."""

    reason: str = Field(description="What is wrong with the message.")
    task: str | None = Field(default=None, description="The task that the message asked for.")
    segments: list[int] = Field(default=[], description="The segments that the message named.")


@dg.op(description="Fails with the reason why a message is refused.")
def refused_message(config: Refusal) -> None:
    """Fail with the reason."""
    raise dg.Failure(description=config.reason, allow_retries=False)


@dg.job(description="Runs that earlier versions queued for refused messages: each fails with the reason.")
def refused_message_job() -> None:
    """Run the op."""
    refused_message()


ALL: list[Any] = [  # Dagster has no public type for both kinds of job
    dub_job,
    rebuild_video_job,
    edit_segments_job,
    restore_revision_job,
    segment_mix_job,
    segment_tts_job,
    refused_message_job,
]
"""The jobs of the queue's tasks (``service/queue/tasks.py``), and those that people start."""
