"""The products of a job that version 0.1.0 made are up to date, except those whose stages have changed.

These are its stems, in which more speech is found now, its transcript, whose speakers have a sex, and its translation.
Lines that have the same text in the new translation are not spoken again.
"""

from __future__ import annotations

import os
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from support.programmes import StageHarness

from dub_assets.core.keys import JobKeys, job_record_key
from dub_assets.core.request import DubRequest
from dub_assets.resources.engines import EnginesResource
from dub_assets.resources.storage import StorageResource
from dub_assets.settings import settings_from
from dub_assets.stages.segment_mixes.stage import mix_segments
from dub_assets.stages.segment_mixes.values import SegmentMixes
from dub_assets.stages.stems.values import Stems
from dub_assets.stages.transcript.values import Transcript
from dub_assets.stages.translation.stage import translate
from dub_assets.stages.translation.values import Translation
from dub_assets.stages.tts_segments.stage import synthesise
from dub_assets.stages.tts_segments.values import TtsSegments

pytestmark = pytest.mark.models

ARCHIVE = Path(__file__).parents[1] / "fixtures" / "job_of_0.1.tar.xz"


def test_stages_keep_their_products_and_a_new_translation_keeps_the_spoken_lines(tmp_path: Path, harness: StageHarness):
    with tarfile.open(ARCHIVE) as home:
        home.extractall(tmp_path / "home", filter="data")
    paths = {"DUB_ASSETS_HOME": str(tmp_path / "home"), "DUB_ASSETS_CACHE": str(tmp_path / "cache")}
    settings = settings_from(os.environ | paths)
    archive = StorageResource.of(settings).archive
    request = archive.load(DubRequest, job_record_key("talk-pt-2798b054"))
    engines, options = EnginesResource.of(settings).engines(request.engines), settings.options
    ctx = replace(harness.ctx, keys=JobKeys(request=request), workspace=archive.workspace)

    stems = archive.load(Stems, ctx.keys.manifest("stems"))
    transcript = archive.load(Transcript, ctx.keys.manifest("transcript"))
    common = {"engines": engines, "ctx": ctx}
    translation = archive.load(Translation, ctx.keys.manifest("translation"))
    again = translate(transcript, request.target_language, previous=translation, **common)
    assert [line.text for line in again.lines] == [line.text for line in translation.lines]
    tts = archive.load(TtsSegments, ctx.keys.manifest("tts_segments"))
    assert synthesise(stems, transcript, again, options=options, previous=tts, **common).segments == tts.segments
    mixes = archive.load(SegmentMixes, ctx.keys.manifest("segment_mixes"))
    assert mix_segments(stems, tts, changes={}, options=options.mix, ctx=ctx, previous=mixes) is mixes
