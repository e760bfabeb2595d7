"""The jobs: what people and the queue start."""

from typing import Any

import dagster as dg
from pydantic import Field

from dub_assets.resources.tags import TASK
from dub_assets.service.edits.jobs import segment_mix_job, segment_tts_job
from dub_assets.stages.assets import ALL as ASSETS

dub_job = dg.define_asset_job(
    "dub_job",
    selection=dg.AssetSelection.assets(*[asset.key for asset in ASSETS if isinstance(asset, dg.AssetsDefinition)]),
    tags={TASK: "full_pipeline"},
    description="Dubs one video, from its sound to its metadata document. Stages whose inputs are unchanged are kept.",
)

rebuild_video_job = dg.define_asset_job(
    "rebuild_video_job",
    selection=dg.AssetSelection.assets("final_video", "quality", "metadata", "report"),
    description="Brings a job's video, document and report up to date with its lines and mixes. The picture is copied.",
)


class Refusal(dg.Config):
    """Why a message is refused, and what it asked for as far as it could be read.

    Earlier versions made a run of each refused message. What is left of these runs still ends with its reason.
    """

    reason: str = Field(description="What is wrong with the message.")
    task: str | None = Field(default=None, description="The task that it asked for.")
    segments: list[int] = Field(default=[], description="The segments that it named.")


@dg.op(description="Fails with the reason why a message is refused.")
def refused_message(config: Refusal) -> None:
    """Fail with the reason."""
    raise dg.Failure(description=config.reason, allow_retries=False)


@dg.job(description="Runs that earlier versions made of refused messages: each fails with the reason.")
def refused_message_job() -> None:
    """The run of a refused message."""
    refused_message()


ALL: list[Any] = [  # Dagster has no public type for both kinds of job
    dub_job,
    rebuild_video_job,
    segment_mix_job,
    segment_tts_job,
    refused_message_job,
]
"""Every job that a message can lead to (``service/queue/tasks.py``), and those that people start."""
