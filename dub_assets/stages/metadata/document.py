"""Builds the metadata document, which consumers and editors read. ``docs/metadata.md`` documents its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dub_assets.core.engine import EngineIdentity
from dub_assets.core.keys import segment_name
from dub_assets.core.marking import DIGITAL_SOURCE_TYPE
from dub_assets.core.provenance import StageFigures
from dub_assets.core.request import DubRequest
from dub_assets.core.timing import seconds
from dub_assets.stages.final_video.values import FinalVideo
from dub_assets.stages.issues import LineIssue
from dub_assets.stages.metadata.source import source_document
from dub_assets.stages.products import Products, is_made
from dub_assets.stages.quality.values import Check, DubFigures, Quality
from dub_assets.stages.segment_mixes.background import undubbed_speech
from dub_assets.stages.segment_mixes.values import SegmentMix
from dub_assets.stages.transcript.values import Speaker, TranscriptSegment
from dub_assets.stages.tts_segments.casting import is_cloned
from dub_assets.stages.tts_segments.values import TtsSegment

Json = dict[str, Any]


def metadata_document(request: DubRequest, products: Products, final: FinalVideo | None, quality: Quality) -> Json:
    """Return the document of a job: JSON-ready, times in seconds.

    ``final`` is None if a check ended the job before its video was made; ``products`` are then those made until there.
    """
    provenances = {
        "stems": products.stems.provenance,
        "transcript": products.transcript.provenance,
        "translation": products.translation.provenance,
        "tts_segments": products.tts.provenance,
        "segment_mixes": products.mixes.provenance,
        **({} if final is None else {"final_video": final.provenance}),
        "quality": quality.provenance,
    }
    stages = {name: provenance for name, provenance in provenances.items() if is_made(provenance)}
    return {
        "job_id": request.job_id,
        "project_id": request.project_id,
        "input_key": request.input_key,
        "result_key": request.result_key,
        "metadata_key": request.metadata_key,
        "segment_assets_prefix": request.segment_prefix,
        "source_lang": products.translation.source_language,
        "source_lang_probability": round(products.transcript.language_probability, 3),
        "target_lang": products.translation.target_language,
        "duration": seconds(products.stems.info.duration_ms),
        **_origin(products, final),
        "source": source_document(products.stems.info, products.stems.findings),
        "speech": _speech(products, final),
        "undubbed": _undubbed(products),
        "loudness": _loudness(final),
        **({} if quality.refusal is None else {"error_code": "quality_check"}),
        "quality": _quality(quality),
        "speakers": [_speaker(speaker) for speaker in products.transcript.speakers],
        "segments": _segments(products, quality),
        "stages": {name: _stage_cost(provenance.figures) for name, provenance in stages.items()},
        "engines": {name: [_engine(engine) for engine in provenance.engines] for name, provenance in stages.items()},
    }


def _speech(products: Products, final: FinalVideo | None) -> str:
    if products.tts.segments:
        return "dubbed"
    return "none: the original sound is kept" if final else "not dubbed: a check failed"


def _undubbed(products: Products) -> list[Json]:
    """Return the speech that has no line; before the lines are spoken, the speech without a segment."""
    spoken = undubbed_speech(products.stems, (line.segment for line in products.tts.segments))
    stretches = spoken if is_made(products.tts.provenance) else products.undubbed()
    return [{"start": seconds(stretch.start_ms), "end": seconds(stretch.end_ms)} for stretch in stretches]


def _loudness(final: FinalVideo | None) -> Json | None:
    if final is None:
        return None
    return {
        "integrated_lufs": final.loudness.integrated_lufs,
        "true_peak_dbtp": final.loudness.true_peak_dbtp,
        "source_lufs": final.gain.source_lufs,
        "target_lufs": final.gain.target_lufs,
        "speech_gain_db": final.gain.speech_db,
        "programme_gain_db": final.gain.programme_db,
    }


def _origin(products: Products, final: FinalVideo | None) -> Json:
    """Return what is synthetic: whether speech is, in which voices by whose consent, and the marks of the video."""
    notice = products.notice()
    marks = {} if notice is None else {"digital_source_type": DIGITAL_SOURCE_TYPE, "notice": notice}
    return {"ai_generated": notice is not None, **marks, "voices": _voices(products, final)}


def _voices(products: Products, final: FinalVideo | None) -> list[Json]:
    """Return the voices in the order in which they are heard, with the speakers whose lines they speak."""
    speaker_of = {segment.index: segment.speaker for segment in products.transcript.segments}
    speakers: dict[str, dict[str, None]] = {}
    for line in products.tts.segments:
        named = speakers.setdefault(line.speech.voice, {})
        if speaker := speaker_of.get(line.index):
            named[speaker] = None
    consents = {consent.voice: {"consent": consent.reference()} for consent in (final.consents if final else ())}
    return [
        {"voice": voice, "cloned": is_cloned(voice), "speakers": list(named), **consents.get(voice, {})}
        for voice, named in speakers.items()
    ]


def _segments(products: Products, quality: Quality) -> list[Json]:
    """Return the segments of the transcript, in order."""
    spoken = {segment.index: segment for segment in products.tts.segments}
    texts = products.texts()
    mixed = {segment.index: segment for segment in products.mixes.segments}
    issues = {line.index: line.issues for line in quality.lines}
    return [
        _segment(
            segment,
            texts.get(segment.index, ""),
            spoken.get(segment.index),
            mixed.get(segment.index),
            issues.get(segment.index, ()),
        )
        for segment in products.transcript.segments
    ]


def _segment(
    segment: TranscriptSegment,
    translated: str,
    speech: TtsSegment | None,
    mix: SegmentMix | None,
    issues: Sequence[LineIssue],
) -> Json:
    start, end = seconds(segment.interval.start_ms), seconds(segment.interval.end_ms)
    length = seconds((speech.slot if speech else segment.interval).duration_ms)
    score = None if segment.probability is None else round(segment.probability, 3)
    assets = _assets(speech, mix)
    return {
        "segment_id": str(segment.index),
        "seg_id": segment.index,
        "segment_text": segment.text,
        "seg_txt": segment.text,
        "translate_context": translated,
        "trans_txt": translated,
        "speaker": segment.speaker,
        "score": score,
        "editor_id": None,
        "editor": None,
        "issues": [*(speech.issues if speech else ()), *issues],
        "start_point": start,
        "start": start,
        "end_point": end,
        "end": end,
        "sub_length": length,
        "sub_langth": length,
        "length": length,
        "assets": {name: key for name, key in assets.items() if key is not None},
        **assets,
        **({} if speech is None or mix is None else {"dub": _dub(speech, mix)}),
    }


def _assets(speech: TtsSegment | None, mix: SegmentMix | None) -> Mapping[str, str | None]:
    """Return the keys of the clips, None for each clip that was not made."""
    clips = mix.clips if mix else None
    return {
        "source_key": clips.source.key if clips else None,
        "bgm_key": clips.bgm.key if clips else None,
        "tts_key": speech.clip.key if speech else None,
        "mix_key": clips.mix.key if clips else None,
        "video_key": clips.video.key if clips and clips.video else None,
    }


def _dub(speech: TtsSegment, mix: SegmentMix) -> Json:
    """Return how a line was synthesised, fitted and mixed."""
    return {
        "start": seconds(speech.placed.start_ms),
        "end": seconds(speech.placed.end_ms),
        "voice": speech.speech.voice,
        "tempo": speech.tempo,
        "rung": speech.rung,
        "rendering": speech.rendering,
        "engine_speed": speech.speech.speed,
        "stretch": speech.stretch,
        "late": seconds(speech.late_ms),
        "gain_db": speech.gain_db,
        "bgm_gain": mix.gains.background,
        "tts_gain": mix.gains.speech,
    }


def _speaker(speaker: Speaker) -> Json:
    return {"name": speaker.name, "pitch_hz": speaker.pitch_hz, "speech": seconds(speaker.speech_ms)}


def _stage_cost(figures: StageFigures) -> Json:
    return {
        "seconds": figures.wall_s,
        "cpu_seconds": figures.cpu_s,
        "real_time_factor": figures.real_time_factor,
        "peak_memory_mib": figures.peak_memory_mib,
        "usage": dict(figures.usage),
    }


def _engine(engine: EngineIdentity) -> Json:
    return {
        "name": engine.name,
        "version": engine.version,
        "licence": engine.licence,
        "settings": dict(engine.settings),
        "weights": [
            {"name": file.name, "sha256": file.sha256, "licence": file.licence, "origin": file.origin}
            for file in engine.weights
        ],
    }


def _quality(quality: Quality) -> Json:
    return {
        "passed": quality.passed,
        "refusal": quality.refusal,
        "figures": _quality_figures(quality.figures),
        "checks": [_check(check) for check in quality.checks],
    }


def _quality_figures(figures: DubFigures) -> Json:
    return {
        "unspoken": None if figures.unspoken_ms is None else seconds(figures.unspoken_ms),
        "text_language": figures.text_language,
        "agreement": figures.agreement,
        "leftover_db": figures.leftover_db,
        "sound_lag_ms": figures.sound_lag_ms,
        "length_difference_ms": figures.length_difference_ms,
    }


def _check(check: Check) -> Json:
    return asdict(check) | {"segments": [segment_name(index) for index in check.segments]}
