"""The sample video that the demo, the end-to-end tests and the benchmarks dub."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest

from dub_assets.core.timing import FRAMES_PER_MS, SAMPLE_RATE_HZ
from sample.build import build, cut
from sample.picture import HEIGHT, frame_number
from sample.timeline import FRAME_MS, phrases


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return build(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def excerpt(whole, tmp_path_factory):
    return cut(whole, 20.2, 28.4, tmp_path_factory.mktemp("excerpt"))


def stem(path):
    import soundfile

    samples, rate_hz = soundfile.read(path, dtype="int16", always_2d=True)
    assert rate_hz == SAMPLE_RATE_HZ
    return samples.astype(np.float64)


def decoded_sound(path):
    import av

    with av.open(path) as container:
        frames = list(container.decode(audio=0))
    assert frames[0].pts == 0
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1).T.astype(np.float64) * 32_767


def shown_numbers(path):
    import av

    with av.open(path) as container:
        return [frame_number(frame.to_ndarray()[:HEIGHT]) for frame in container.decode(video=0)]


def level_db(samples):
    return 10 * np.log10(np.mean(samples**2) + 1e-12)


def loudness_lufs(path):
    import imageio_ffmpeg

    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostats", "-i", path, "-af", "ebur128=framelog=quiet"]
    result = subprocess.run([*command, "-f", "null", "-"], capture_output=True, text=True, check=True)
    return float(result.stderr.rsplit("I:", 1)[1].split()[0])


def test_the_video_is_a_minute_of_720p_h264_with_stereo_aac_at_48_khz(whole):
    import av

    with av.open(whole.video) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert container.duration == whole.duration_ms * 1000 == 60_000_000
        assert (picture.codec_context.name, picture.width, picture.height) == ("h264", 1280, 720)
        assert (picture.average_rate, picture.frames) == (25, 1500)
        assert (sound.codec_context.name, sound.rate, sound.channels) == ("aac", 48_000, 2)


def test_every_frame_shows_its_number_after_encoding(whole, excerpt):
    assert shown_numbers(excerpt.video) == list(range(505, 710))
    assert excerpt.first_frame == 505
    assert shown_numbers(whole.video) == list(range(1500))


def test_the_sound_of_the_video_is_the_sum_of_the_stems(whole):
    mix = stem(whole.speech) + stem(whole.bed)
    heard = decoded_sound(whole.video)[: len(mix)]
    assert len(mix) == len(heard) == whole.duration_ms * FRAMES_PER_MS
    assert level_db(mix) - level_db(heard - mix) > 25  # what AAC at 192 kbit/s loses; one sample off gives 17


def test_the_speech_stem_is_silent_outside_the_phrases_and_speaks_in_each(whole):
    speech = stem(whole.speech)
    outside = np.ones(len(speech), dtype=bool)
    for interval in whole.speech_intervals:
        assert level_db(speech[interval.start_frame : interval.end_frame] / 32_767) > -30
        outside[interval.start_frame : interval.end_frame] = False
    assert not speech[outside].any()


def test_the_bed_lies_under_the_speech_and_is_truly_stereo(whole):
    bed = stem(whole.bed)
    assert -26 <= loudness_lufs(whole.bed) <= -24
    assert 5 < loudness_lufs(whole.speech) - loudness_lufs(whole.bed) < 8
    assert level_db(bed[:, 0] - bed[:, 1]) - level_db(bed[:, 0] + bed[:, 1]) > -6


def test_each_event_stands_out_of_the_music_outside_speech(whole):
    bed = stem(whole.bed)
    assert [event.name for event in whole.events] == ["chime", "applause"]
    for event in whole.events:
        assert not any(event.interval.overlap_ms(spoken) for spoken in whole.speech_intervals)
        length = event.interval.end_frame - event.interval.start_frame
        before = bed[event.interval.start_frame - length : event.interval.start_frame]
        assert level_db(bed[event.interval.start_frame : event.interval.end_frame]) > level_db(before) + 2


def test_the_transcript_is_the_text_that_is_read(whole):
    assert whole.transcript.startswith("It was the best of times, it was the worst of times, it was the age of wisdom,")
    assert "direct the other way—in short, the period was so far" in whole.transcript
    assert whole.transcript.endswith("in the superlative degree of comparison only.")
    assert len(whole.transcript.replace("—", " ").split()) == 119


def test_a_finished_build_is_taken_as_it_is_and_a_damaged_one_is_made_again(whole):
    made = whole.video.stat().st_mtime_ns
    stems = whole.speech.read_bytes(), whole.bed.read_bytes()
    assert build(whole.video.parent) == whole
    assert whole.video.stat().st_mtime_ns == made
    whole.bed.unlink()
    assert build(whole.video.parent) == whole
    assert (whole.speech.read_bytes(), whole.bed.read_bytes()) == stems
    assert whole.video.stat().st_mtime_ns > made


def test_an_excerpt_has_the_phrases_and_stems_of_its_stretch(whole, excerpt):
    assert excerpt.duration_s == 8.2
    assert excerpt.transcript == phrases()[4].text
    assert excerpt.phrases[0].interval.start_ms == phrases()[4].interval.start_ms - 505 * FRAME_MS
    assert [event.name for event in excerpt.events] == ["chime"]
    frames = slice(505 * FRAME_MS * FRAMES_PER_MS, 710 * FRAME_MS * FRAMES_PER_MS)
    assert np.array_equal(stem(excerpt.speech), stem(whole.speech)[frames])
    assert np.array_equal(stem(excerpt.bed), stem(whole.bed)[frames])
    noted = json.loads((excerpt.video.parent / "sample.json").read_text(encoding="utf-8"))
    assert (noted["transcript"], noted["duration_ms"], noted["first_frame"]) == (excerpt.transcript, 8_200, 505)


@pytest.mark.parametrize(("start_s", "end_s"), [(5, 20), (50, 61)])
def test_an_excerpt_that_cuts_a_phrase_or_reaches_beyond_the_end_is_refused(whole, tmp_path, start_s, end_s):
    with pytest.raises(ValueError, match="no excerpt"):
        cut(whole, start_s, end_s, tmp_path)
    assert not list(tmp_path.iterdir())
