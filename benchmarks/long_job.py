"""Makes a long finished job of a short one, whose sound, texts and speech are repeated.

The stages after the speech run as in any job. What an edit of the long job costs does not depend on how its first
products were made.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

from dub_assets.adapters.ffmpeg.ffmpeg import find_ffmpeg
from dub_assets.cli.display import display_for
from dub_assets.cli.running import LocalRun, run_here
from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.media import MediaObject
from dub_assets.core.request import DubRequest
from dub_assets.core.signal.sound import silence
from dub_assets.core.timing import Interval
from dub_assets.resources.asset import ORDER
from dub_assets.resources.media import MediaResource
from dub_assets.resources.storage import StorageResource
from dub_assets.settings import Settings, settings_from
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript, TranscriptSegment
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.values import TtsSegment, TtsSegments


def repeated_job(job_id: str, count: int, *, environment: dict[str, str] | None = None) -> str:
    """Make a job that is the finished job ``job_id``, ``count`` times over, and run its stages after the speech."""
    settings = settings_from(environment or dict(os.environ))
    job = _Repeated.of(job_id, count, settings)
    job.write_products()
    run = LocalRun(job_id=job.keys.request.job_id, job="dub_job", assets=ORDER[ORDER.index("tts_segments") :])
    with display_for(quiet=True) as display:
        run_here(run, settings, display)
    return job.keys.request.job_id


class _Repeated:
    """The products of a long job, made from those of a short one."""

    def __init__(self, short: JobKeys, keys: JobKeys, count: int, settings: Settings) -> None:
        self.short, self.keys, self.count = short, keys, count
        self.archive = StorageResource.of(settings).archive
        self.workspace = self.archive.workspace
        media = MediaResource.of(settings)
        self.sounds, self.tool = media.sounds(), media.tool()

    @classmethod
    def of(cls, job_id: str, count: int, settings: Settings) -> _Repeated:
        """Return the repetition of a job."""
        request = StorageResource.of(settings).archive.load(DubRequest, job_record_key(job_id))
        name = f"{job_id}-times-{count}"
        long = {
            field: getattr(request, field).replace(job_id, name)
            for field in ("job_id", "input_key", "result_key", "metadata_key", "segment_prefix")
        }
        return cls(JobKeys(request=request), JobKeys(request=replace(request, **long)), count, settings)

    def write_products(self) -> None:
        """Write job record, stems, transcript, translation and speech."""
        stems = self.archive.load(Stems, self.short.manifest("stems"))
        transcript = self.archive.load(Transcript, self.short.manifest("transcript"))
        translation = self.archive.load(Translation, self.short.manifest("translation"))
        speech = self.archive.load(TtsSegments, self.short.manifest("tts_segments"))
        step_ms, size = stems.info.duration_ms, len(transcript.segments)
        long_stems = self._stems(stems)
        segments = tuple(
            _moved(segment, number * size, number * step_ms)
            for number in range(self.count)
            for segment in transcript.segments
        )
        lines = tuple(
            replace(line, index=line.index + number * size, passage=line.passage + number * size)
            for number in range(self.count)
            for line in translation.lines
        )
        spoken = tuple(self._spoken(line, number * size) for number in range(self.count) for line in speech.segments)
        self.archive.save(job_record_key(self.keys.request.job_id), self.keys.request)
        self.archive.save(self.keys.manifest("stems"), long_stems)
        self.archive.save(
            self.keys.manifest("transcript"),
            replace(transcript, duration_ms=long_stems.info.duration_ms, segments=segments),
        )
        self.archive.save(self.keys.manifest("translation"), replace(translation, lines=lines))
        self.archive.save(self.keys.manifest("tts_segments"), replace(speech, segments=spoken))

    def _stems(self, stems: Stems) -> Stems:
        video = self.workspace.new(self.keys.request.input_key)
        loop = ["-stream_loop", str(self.count - 1), "-i", self.workspace.open(stems.source), "-c", "copy"]
        subprocess.run([find_ffmpeg(), "-v", "error", *loop, video], check=True)
        info = self.tool.probe(video)
        sounds = {name: self._sound(getattr(stems, name), name, info.sound_frames) for name in _STEMS}
        regions = tuple(
            _shifted(region, number * stems.info.duration_ms) for number in range(self.count) for region in stems.speech
        )
        return replace(
            stems, source=self.workspace.seal(self.keys.request.input_key), info=info, speech=regions, **sounds
        )

    def _sound(self, short: MediaObject, name: str, frames: int) -> MediaObject:
        path, key = self.workspace.open(short), self.keys.stem(name)
        with self.sounds.writer(self.workspace.new(key), channels=self.sounds.channels(path), rate_hz=48_000) as file:
            for block in (block for _ in range(self.count) for block in self.sounds.blocks(path)):
                file.write(block)
                frames -= block.frames
            file.write(silence(frames, self.sounds.channels(path), 48_000))  # a loop adds some milliseconds
        return self.workspace.seal(key)

    def _spoken(self, line: TtsSegment, offset: int) -> TtsSegment:
        index = line.index + offset
        speech = self.workspace.copy(line.speech.media, self.keys.speech(index))
        clip = self.workspace.copy(line.clip, self.keys.clip(index, "tts"))
        # the clips are made again, at their places
        return replace(line, index=index, clip=clip, fingerprint="", speech=replace(line.speech, media=speech))


_STEMS = ("original", "vocals", "background")


def _moved(segment: TranscriptSegment, offset: int, by_ms: int) -> TranscriptSegment:
    words = tuple(replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms) for word in segment.words)
    return replace(segment, index=segment.index + offset, interval=_shifted(segment.interval, by_ms), words=words)


def _shifted(interval: Interval, by_ms: int) -> Interval:
    return Interval(start_ms=interval.start_ms + by_ms, end_ms=interval.end_ms + by_ms)
