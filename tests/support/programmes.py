"""A programme of two lines, and a harness that runs the stages over it with fake engines."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from support.fakes import FakeEngines, FakeMediaTool, FakeProgress

from dub_assets.core.keys import JobKeys
from dub_assets.core.media import MediaObject
from dub_assets.core.ports import StageContext
from dub_assets.core.request import DubRequest
from dub_assets.core.signal.sound import Samples, Sound
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.options import DubOptions
from dub_assets.stages.final_video.stage import render_video
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.metadata.stage import write_metadata
from dub_assets.stages.metadata.values import Metadata
from dub_assets.stages.products import Products
from dub_assets.stages.quality.stage import measure_quality
from dub_assets.stages.quality.values import Quality
from dub_assets.stages.segment_mixes.stage import mix_segments
from dub_assets.stages.segment_mixes.values import GainChange, SegmentMixes
from dub_assets.stages.stems.stage import separate
from dub_assets.stages.transcript.stage import transcribe
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.stage import translate
from dub_assets.stages.tts_segments.stage import synthesise

DURATION_MS = 10_000
SPEECH = [Interval(start_ms=1000, end_ms=3000), Interval(start_ms=5000, end_ms=7000)]
WORDS = [
    RecognisedWord(text="Good", start_ms=1000, end_ms=1800, probability=0.9),
    RecognisedWord(text="morning.", start_ms=1900, end_ms=3000, probability=0.8),
    RecognisedWord(text="And", start_ms=5000, end_ms=5500, probability=0.9),
    RecognisedWord(text="good", start_ms=5600, end_ms=6200, probability=0.9),
    RecognisedWord(text="night.", start_ms=6300, end_ms=7000, probability=0.9),
]
REQUEST = DubRequest(
    job_id="job",
    project_id="project",
    input_key="projects/project/inputs/talk.mp4",
    source_language="en",
    target_language="pt",
    result_key="projects/project/outputs/videos/job.mp4",
    metadata_key="projects/project/outputs/metadata/job.json",
    segment_prefix="projects/project/interim/job/segments",
    segment_clips=True,
)


def programme(duration_ms: int = DURATION_MS, channels: int = 2, level: float = 0.1) -> Sound:
    """Return noise at 48 kHz with peaks at ``level``."""
    noise = np.random.default_rng(1).normal(0, level / 3, (duration_ms * 48, channels))
    return Sound(samples=np.clip(noise, -level, level).astype(np.float32), rate_hz=48_000)


@dataclass(frozen=True)
class StageHarness:
    """A job with real files and a real workspace, a fake media tool and fake engines."""

    ctx: StageContext
    media: FakeMediaTool
    progress: FakeProgress
    source: MediaObject
    options: DubOptions

    def with_mix_options(self, **options: object) -> StageHarness:
        """Return the same job with other mix options."""
        return replace(self, options=replace(self.options, mix=replace(self.options.mix, **options)))

    def without_clips(self) -> StageHarness:
        """Return the same job, whose request does not ask for clips."""
        keys = JobKeys(request=replace(REQUEST, segment_clips=False))
        return replace(self, ctx=replace(self.ctx, keys=keys))

    def samples(self, media: MediaObject) -> Samples:
        """Return the samples of a sound in the workspace."""
        return self.ctx.sounds.read(self.ctx.workspace.open(media)).samples

    def dub(self, final: FinalVideo) -> Samples:
        """Return the samples of a video's dub, which the fake media tool stores as they are."""
        return self.samples(final.video)

    def run_stages(self, engines: FakeEngines, previous: Products | None = None) -> Products:
        """Run all stages before the video, one after the other."""
        stems = separate(self.source, engines=engines, ctx=self.ctx, previous=previous and previous.stems)
        common = {"engines": engines, "ctx": self.ctx}
        transcript = transcribe(stems, "en", options=self.options, previous=previous and previous.transcript, **common)
        translation = translate(transcript, "pt", previous=previous and previous.translation, **common)
        tts = synthesise(
            stems, transcript, translation, options=self.options, previous=previous and previous.tts, **common
        )
        mixes = mix_segments(
            stems,
            tts,
            changes={},
            options=self.options.mix,
            ctx=self.ctx,
            previous=previous and previous.mixes,
        )
        return Products(stems=stems, transcript=transcript, translation=translation, tts=tts, mixes=mixes)

    def transcribe(
        self,
        engines: FakeEngines,
        *,
        language: str = "en",
        speakers: int | None = None,
        previous: Transcript | None = None,
        options: DubOptions | None = None,
    ) -> Transcript:
        """Run the first two stages."""
        stems = separate(self.source, engines=engines, ctx=self.ctx, previous=None)
        return transcribe(
            stems,
            language,
            engines=engines,
            options=options or self.options,
            ctx=self.ctx,
            previous=previous,
            speakers=speakers,
        )

    def remix(
        self,
        products: Products,
        changes: Mapping[int, GainChange] | None = None,
        only: Collection[int] | None = None,
    ) -> SegmentMixes:
        """Mix the segments again."""
        return mix_segments(
            products.stems,
            products.tts,
            changes=changes or {},
            options=self.options.mix,
            ctx=self.ctx,
            previous=products.mixes,
            only=only,
        )

    def render(self, products: Products, previous: FinalVideo | None = None) -> FinalVideo:
        """Render the video."""
        return render_video(products, options=self.options.mix, ctx=self.ctx, previous=previous)

    def measure(self, products: Products, final: FinalVideo | None = None) -> Quality:
        """Measure the quality of the video."""
        final = final or self.render(products)
        return measure_quality(
            products, final, engines=FakeEngines(), options=self.options, ctx=self.ctx, previous=None
        )

    def write_metadata(self, products: Products) -> Metadata:
        """Write the metadata document."""
        final = self.render(products)
        return write_metadata(products, final, self.measure(products, final), ctx=self.ctx)
