"""An edit of a rendered video: what has changed is encoded, all else is copied."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest
from support.fakes import FakeEngines
from support.media_clips import decoded, ffmpeg, packet_hashes
from support.media_tool import loudness_of, media_tool
from support.programmes import REQUEST, SPEECH, WORDS, StageHarness, programme

from dub_assets.adapters.ffmpeg.tool import FfmpegMediaTool
from dub_assets.core.media import AAC_FRAMES
from dub_assets.stages.final_video.programme_mix import ProgrammeLayers, ProgrammeMix
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.values import GainChange

pytestmark = pytest.mark.media

DURATION_MS = 45_000
"""Two blocks and a half."""


@pytest.fixture
def job(new_harness, tmp_path) -> tuple[StageHarness, Products]:
    """Return a job with the real media tool, and its products."""
    sound = programme(DURATION_MS)
    harness = new_harness(sound)
    picture = f"testsrc=size=64x48:rate=25:duration={DURATION_MS / 1000}"
    tone = f"sine=440:sample_rate=48000:duration={DURATION_MS / 1000}"
    clip = tmp_path / "talk.mp4"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, "-ac", "2", "-pix_fmt", "yuv420p", clip)
    source = harness.ctx.workspace.write(REQUEST.input_key, clip.read_bytes())
    products = replace(harness, source=source).run_stages(FakeEngines(regions=SPEECH, words=WORDS))
    real = replace(harness, ctx=replace(harness.ctx, media=media_tool()))
    stems = replace(products.stems, info=replace(media_tool().probe(clip), duration_ms=DURATION_MS))
    return real, replace(products, stems=stems)


def quieter(harness: StageHarness, products: Products, index: int) -> Products:
    """Return the products after an edit of a segment's gains."""
    return replace(products, mixes=harness.remix(products, {index: GainChange(background=0.2, speech=0.3)}))


def test_only_the_packets_of_the_change_are_encoded(job, monkeypatch):
    harness, products = job
    first = harness.render(products)
    path = harness.ctx.workspace.open(first.video)
    (_, before), hashes = decoded(path), packet_hashes(path)
    edited = quieter(harness, products, 0)
    encoded = []
    encode = FfmpegMediaTool.encode
    monkeypatch.setattr(FfmpegMediaTool, "encode", lambda tool, sound: encoded.append(sound) or encode(tool, sound))
    second = harness.render(edited, previous=first)
    path = harness.ctx.workspace.open(second.video)
    (_, after) = decoded(path)
    assert len(encoded) == 1
    assert packet_hashes(path) == hashes
    window = edited.mixes.segments[0].window
    changed = np.flatnonzero((before != after).any(axis=1))
    fade = 50 * 48
    assert window.start_frame - fade - 2 * AAC_FRAMES <= changed.min() < window.start_frame + AAC_FRAMES
    assert window.end_frame - AAC_FRAMES < changed.max() < window.end_frame + fade + 2 * AAC_FRAMES


def test_an_edited_video_sounds_like_one_that_is_rendered_in_one_go(job):
    harness, products = job
    edited = quieter(harness, products, 0)
    spliced = harness.render(edited, previous=(first := harness.render(products)))
    _, of_edit = decoded(harness.ctx.workspace.open(spliced.video))
    whole = harness.render(edited, previous=replace(first, container=""))
    _, of_whole = decoded(harness.ctx.workspace.open(whole.video))
    mix = np.concatenate([block.samples for block in mix_of(harness, edited, whole).blocks()])
    noise_of_edit, noise_of_whole = (np.sqrt(np.square(heard[: len(mix)] - mix)) for heard in (of_edit, of_whole))
    assert noise_of_edit.mean() == pytest.approx(noise_of_whole.mean(), rel=0.05)
    assert noise_of_edit.max() < 1.5 * noise_of_whole.max()
    assert len(of_edit) == len(of_whole)
    assert spliced.loudness == whole.loudness
    measured = loudness_of(harness.ctx.workspace.open(whole.video))
    assert spliced.loudness.integrated_lufs == pytest.approx(measured.integrated_lufs, abs=0.11)
    assert spliced.loudness.true_peak_dbtp == pytest.approx(measured.true_peak_dbtp, abs=0.21)


def mix_of(harness, products, final):
    """Return the mix of a video."""
    return ProgrammeMix(layers=ProgrammeLayers(products, harness.options.mix, harness.ctx), gain=final.gain)


def test_new_texts_change_the_subtitles_of_the_dub_and_nothing_else(job):
    harness, products = job
    first = harness.render(products)
    line, *others = products.tts.segments
    said = replace(line, speech=replace(line.speech, text="Uma frase nova."))
    edited = replace(products, tts=replace(products.tts, segments=(said, *others)))
    second = harness.render(edited, previous=first)
    video = harness.ctx.workspace.open(second.video)
    rendered = harness.render(edited, previous=replace(first, container=""))
    assert subtitles(video) == subtitles(harness.ctx.workspace.open(rendered.video))
    assert any("Uma frase nova." in text for _, text in subtitles(video)[0])


def subtitles(path):
    """Return times and texts of each subtitle track."""
    with av.open(str(path)) as container:
        tracks = {stream.index: [] for stream in container.streams.subtitles}
        for packet in container.demux():
            if packet.stream.index in tracks and packet.size:
                tracks[packet.stream.index].append(
                    ((packet.pts, packet.duration), bytes(packet).decode(errors="replace"))
                )
    return list(tracks.values())


def test_many_edits_leave_a_file_of_the_same_length(job):
    harness, products = job
    final = harness.render(products)
    size_bytes = final.video.size_bytes
    for number in range(6):
        gain = GainChange(speech=0.5 + 0.05 * number)
        products = replace(products, mixes=harness.remix(products, {number % 2: gain}))
        final = harness.render(products, previous=final)
    assert final.revision == 7
    assert abs(final.video.size_bytes - size_bytes) < 0.02 * size_bytes
