"""``final_video``: mixes the programme and muxes it with the picture, the original sound and the subtitles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dub_assets.core.batches import prefetched
from dub_assets.core.consent import VoiceConsent
from dub_assets.core.fingerprint import fingerprint
from dub_assets.core.media import Subtitles
from dub_assets.core.ports import StageContext
from dub_assets.core.provenance import Provenance
from dub_assets.core.signal.loudness import integrated_lufs, loudness_powers
from dub_assets.stages.final_video.claims import dub_claims, line_fingerprints, revisions
from dub_assets.stages.final_video.dub_track import track_loudness
from dub_assets.stages.final_video.programme_gain import programme_gain
from dub_assets.stages.final_video.programme_mix import ProgrammeLayers, ProgrammeMix, kept_of
from dub_assets.stages.final_video.subtitles import Cue, srt, subtitles, vtt
from dub_assets.stages.final_video.values import FinalVideo, SubtitleFiles
from dub_assets.stages.final_video.video_file import VideoParts, write_video
from dub_assets.stages.products import Products
from dub_assets.stages.segment_mixes.options import MixOptions
from dub_assets.stages.tts_segments.consent import voice_consents

STAGE = "final_video"
STAGE_VERSION = 7
"""Version of this stage's code: part of the fingerprint, and Dagster's code version."""

_MAX_CORRECTIONS = 3
"""Times that the gain is raised again for a loudness that the limiter has lowered."""

_TOLERANCE_LU = 0.1


def render_video(
    products: Products, *, options: MixOptions, ctx: StageContext, previous: FinalVideo | None
) -> FinalVideo:
    """Mix the programme and mux it with the picture, the original sound and the subtitles.

    Return ``previous`` if its fingerprint is the same. Without any line the dub is the original sound. Raises
    ConsentMissingError if a cloned voice may not be used any more, also if that happens while the video is made.
    """
    consents = voice_consents(products.tts.segments, ctx)
    inputs_fingerprint = _fingerprint(products, options, consents, ctx)
    if previous is not None and previous.provenance.fingerprint == inputs_fingerprint:
        return previous
    with ctx.meter.measure() as measurement:
        mix = _programme_mix(products, options, ctx, previous)
        source_subtitles, target_subtitles = _write_subtitles(products, ctx)
        tracks = _tracks(products, source_subtitles, target_subtitles, ctx)
        parts = VideoParts(mix=mix, tracks=tracks, source=source_subtitles, target=target_subtitles)
        target, blocks = write_video(parts, previous)
        lines = line_fingerprints(products)
        history = revisions(previous, lines)
        if ctx.signer is not None:
            ctx.signer.sign(target, dub_claims(products, consents, history, ctx=ctx))
        voice_consents(products.tts.segments, ctx)
    return FinalVideo(
        video=ctx.workspace.seal(ctx.keys.request.result_key),
        source_subtitles=source_subtitles,
        target_subtitles=target_subtitles,
        gain=mix.gain,
        loudness=track_loudness(blocks),
        revision=history[-1].number,
        consents=consents,
        history=history,
        lines=lines,
        container=parts.container,
        blocks=blocks,
        provenance=Provenance(
            fingerprint=inputs_fingerprint,
            engines=(),
            figures=measurement.figures(media_ms=products.stems.info.duration_ms),
        ),
    )


def _fingerprint(products: Products, options: MixOptions, consents: Sequence[VoiceConsent], ctx: StageContext) -> str:
    kept = kept_of(products)
    return fingerprint(
        STAGE,
        version=STAGE_VERSION,
        result_key=ctx.keys.request.result_key,
        stems=[products.stems.source.sha256, products.stems.background.sha256],
        languages=[products.translation.source_language, products.translation.target_language],
        texts=[
            [(segment.interval, segment.text) for segment in products.transcript.segments],
            sorted(products.texts().items()),
        ],
        speech=[(segment.clip.sha256, segment.placed, segment.window) for segment in products.tts.segments],
        gains=[(segment.window, segment.gains) for segment in products.mixes.segments],
        options=options,
        **({"kept": kept} if kept else {}),
        **({"other_tracks": others} if (others := products.stems.info.other_tracks) else {}),
        **({} if ctx.signer is None else {"signed_by": ctx.signer.certificate_sha256}),
        **({"consents": consents} if consents else {}),
    )


def _programme_mix(
    products: Products, options: MixOptions, ctx: StageContext, previous: FinalVideo | None
) -> ProgrammeMix:
    """Return the mix; correct a new gain for ``options.target_lufs`` while the limiter lowers the loudness."""
    earlier = previous.gain if previous is not None else None
    layers = ProgrammeLayers(products, options, ctx)
    mix = ProgrammeMix(layers=layers, gain=programme_gain(products, options=options, ctx=ctx, earlier=earlier))
    target = options.target_lufs
    for _ in range(_MAX_CORRECTIONS):
        if target is None or mix.gain == earlier:
            break
        mix_lufs = integrated_lufs(loudness_powers(prefetched(mix.blocks())))
        if mix_lufs is None or abs(target - mix_lufs) <= _TOLERANCE_LU:
            break
        mix = replace(mix, gain=replace(mix.gain, programme_db=round(mix.gain.programme_db + target - mix_lufs, 2)))
    return mix


def _write_subtitles(products: Products, ctx: StageContext) -> tuple[SubtitleFiles, SubtitleFiles]:
    """Write the subtitles of the original, timed by its words, and of the dub, timed by its lines."""
    texts = products.texts()
    original = [
        Cue(interval=segment.interval, text=segment.text, words=segment.words)
        for segment in products.transcript.segments
    ]
    dubbed = [Cue(interval=segment.placed, text=texts[segment.index]) for segment in products.tts.segments]
    duration_ms = products.stems.info.duration_ms
    return (
        _write_files(original, products.translation.source_language, duration_ms, ctx),
        _write_files(dubbed, products.translation.target_language, duration_ms, ctx),
    )


def _write_files(cues: Iterable[Cue], language: str, duration_ms: int, ctx: StageContext) -> SubtitleFiles:
    timed = subtitles(cues, language=language, duration_ms=duration_ms)
    return SubtitleFiles(
        srt=ctx.workspace.write(ctx.keys.subtitles(language, "srt"), srt(timed).encode()),
        vtt=ctx.workspace.write(ctx.keys.subtitles(language, "vtt"), vtt(timed).encode()),
    )


def _tracks(
    products: Products, source: SubtitleFiles, target: SubtitleFiles, ctx: StageContext
) -> tuple[Subtitles, ...]:
    """Return the subtitle tracks, the dub's first, without those that have no text."""
    languages = ((target, products.translation.target_language), (source, products.translation.source_language))
    return tuple(
        Subtitles(path=ctx.workspace.open(files.srt), language=language)
        for files, language in languages
        if files.srt.size_bytes
    )
