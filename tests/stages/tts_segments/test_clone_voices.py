"""Cloned voices: speakers keep their own if the engine clones voices."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from support.contracts.synthesis import CloningContract
from support.fakes import FakeEngines, FakeSpeakerEmbedder, FakeSynthesiser
from support.programmes import SPEECH, WORDS

from dub_assets.core.consent import Consent, ConsentOptions
from dub_assets.core.engine import Voice
from dub_assets.core.errors import ConsentMissingError
from dub_assets.core.signal.level import active_speech_level_dbfs
from dub_assets.core.signal.sound import Sound
from dub_assets.core.speech import RecognisedWord
from dub_assets.core.timing import Interval
from dub_assets.stages.stems.stage import separate
from dub_assets.stages.transcript.stage import transcribe
from dub_assets.stages.translation.stage import translate
from dub_assets.stages.tts_segments.stage import synthesise

VOICES = tuple(Voice(name=name, languages=frozenset({"pt", "en"})) for name in ("studio one", "studio two"))


@pytest.fixture(scope="module")
def synthesiser() -> FakeSynthesiser:
    return FakeSynthesiser(clones_voice=True)


class TestTheFake(CloningContract):
    """The fake keeps the contract, so these tests hold for engines that do."""


def dialogue(level: float = 0.2) -> Sound:
    """A voice in the first half and a softer one in the second, which is another speaker to the fake embedder."""
    time = np.arange(10 * 48_000) / 48_000
    tone = sum(np.sin(2 * np.pi * 130 * time * partial) / partial for partial in (1, 2, 3))
    samples = np.repeat((level / 2 * tone * np.where(time < 4.5, 1.0, 0.1))[:, None], 2, axis=1)
    return Sound(samples=samples.astype(np.float32), rate_hz=48_000)


def synthesise_dialogue(
    harness, synthesiser, *, embedder=True, speech=SPEECH, words=WORDS, previous=None, voices=None, consent=True
):
    engines = FakeEngines(
        regions=speech,
        words=words,
        diariser=FakeSpeakerEmbedder() if embedder else None,
        synthesiser=synthesiser,
    )
    if consent:
        everyone = Consent(person="everyone", valid_until="9999-12-31", document="test")
        for speaker in ((), ("A",), ("B",)):
            harness.ctx.consents.records.add(replace(everyone, speakers=speaker))
    common = {"engines": engines, "ctx": harness.ctx}
    stems = separate(harness.source, previous=None, **common)
    speakers = 2 if embedder else None
    transcript = transcribe(stems, "en", options=harness.options, previous=None, speakers=speakers, **common)
    translation = translate(transcript, "pt", previous=None, **common)
    return synthesise(
        stems, transcript, translation, options=harness.options, previous=previous, voices=voices, **common
    )


def cloner() -> FakeSynthesiser:
    return FakeSynthesiser(voices=VOICES, clones_voice=True)


def test_clones_each_speaker_from_their_own_vocals(new_harness):
    synthesiser = cloner()
    tts = synthesise_dialogue(new_harness(dialogue()), synthesiser)
    assert [line.speech.voice for line in tts.segments] == ["cloned-A", "cloned-B"]
    references = synthesiser.references
    assert [references[name].sound.duration_ms for name in ("cloned-A", "cloned-B")] == [2_000, 2_000]
    assert references["cloned-A"] != references["cloned-B"]
    for reference in references.values():
        assert (reference.sound.rate_hz, reference.sound.channels) == (24_000, 1)
    assert active_speech_level_dbfs(references["cloned-A"].sound) == pytest.approx(-23.0, abs=0.5)


def test_clones_one_voice_without_diarisation(new_harness):
    synthesiser = cloner()
    tts = synthesise_dialogue(new_harness(dialogue()), synthesiser, embedder=False)
    assert [line.speech.voice for line in tts.segments] == ["cloned", "cloned"]
    (reference,) = synthesiser.references.values()
    assert reference.sound.duration_ms == 4_200, "two stretches and a pause between"


def test_a_chosen_voice_replaces_the_cloned_one(new_harness):
    synthesiser = cloner()
    tts = synthesise_dialogue(new_harness(dialogue()), synthesiser, voices={"A": "studio two"})
    assert [line.speech.voice for line in tts.segments] == ["studio two", "cloned-B"]
    assert list(synthesiser.references) == ["cloned-B"]


def test_a_speaker_with_too_little_speech_has_an_engine_voice(new_harness):
    speech = [SPEECH[0], Interval(start_ms=5000, end_ms=6900)]
    words = [*WORDS[:-1], RecognisedWord(text="night.", start_ms=6300, end_ms=6900, probability=0.9)]
    tts = synthesise_dialogue(new_harness(dialogue()), cloner(), speech=speech, words=words)
    assert [line.speech.voice for line in tts.segments] == ["cloned-A", "studio two"]


def test_does_not_clone_from_uncertain_words(new_harness):
    tts = synthesise_dialogue(
        new_harness(dialogue()), cloner(), words=[replace(word, probability=0.3) for word in WORDS]
    )
    assert [line.speech.voice for line in tts.segments] == ["studio one", "studio two"]


def test_gives_no_reference_to_an_engine_that_does_not_clone(new_harness):
    synthesiser = FakeSynthesiser(voices=VOICES)
    tts = synthesise_dialogue(new_harness(dialogue()), synthesiser)
    assert {line.speech.voice for line in tts.segments} == {"studio one", "studio two"}
    assert synthesiser.references == {}


def test_speaks_again_only_if_the_references_change(new_harness):
    harness = new_harness(dialogue())
    first = synthesise_dialogue(harness, cloner())
    again = cloner()
    assert synthesise_dialogue(harness, again, previous=first) is first
    assert again.spoken == []
    other = cloner()
    synthesise_dialogue(new_harness(dialogue(level=0.25)), other, previous=first)
    assert len(other.spoken) == len(other.predicted) == 2


def test_keeps_lines_in_a_chosen_voice_if_the_references_change(new_harness):
    chosen = {"A": "studio two"}
    first = synthesise_dialogue(new_harness(dialogue()), cloner(), voices=chosen)
    other = cloner()
    synthesise_dialogue(new_harness(dialogue(level=0.25)), other, previous=first, voices=chosen)
    assert other.spoken == [first.segments[1].speech.text]


def consent_of(harness, **fields) -> None:
    consent = Consent(person="Mina Kim", valid_until="9999-12-31", document="contract 17")
    harness.ctx.consents.records.add(replace(consent, **fields))


def test_each_of_several_voices_needs_a_consent_of_its_own(new_harness):
    harness, synthesiser = new_harness(dialogue()), cloner()
    consent_of(harness)
    with pytest.raises(
        ConsentMissingError, match=r"the voices of speakers A, B would be cloned .* add job --speaker A`"
    ):
        synthesise_dialogue(harness, synthesiser, consent=False)
    consent_of(harness, speakers=("A",))
    with pytest.raises(ConsentMissingError, match="the voice of speaker B would be cloned"):
        synthesise_dialogue(harness, synthesiser, consent=False)
    assert synthesiser.spoken == []
    tts = synthesise_dialogue(harness, synthesiser, voices={"B": "studio two"}, consent=False)
    assert [line.speech.voice for line in tts.segments] == ["cloned-A", "studio two"]


def test_speakers_without_consent_have_an_engine_voice_if_the_options_say_so(new_harness):
    harness, synthesiser = new_harness(dialogue()), cloner()
    harness = replace(harness, options=replace(harness.options, consent=ConsentOptions(missing="studio")))
    consent_of(harness, speakers=("B",))
    tts = synthesise_dialogue(harness, synthesiser, consent=False)
    assert [line.speech.voice for line in tts.segments] == ["studio one", "cloned-B"]
    assert list(synthesiser.references) == ["cloned-B"]


def test_a_consent_that_expires_during_a_run_ends_it(new_harness):
    harness, days = new_harness(dialogue()), [date(2027, 3, 31)]
    consent_of(harness, valid_until="2027-03-31")
    harness = replace(harness, ctx=replace(harness.ctx, consents=replace(harness.ctx.consents, day=lambda: days[-1])))
    products = harness.run_stages(FakeEngines(regions=SPEECH, words=WORDS, synthesiser=cloner()))
    assert {line.speech.voice for line in products.tts.segments} == {"cloned"}
    days.append(date(2027, 4, 1))
    with pytest.raises(ConsentMissingError, match="no consent to it is valid any more"):
        harness.render(products)
    with pytest.raises(ConsentMissingError, match="no consent to it is valid any more"):
        harness.remix(products)


def test_a_consent_that_is_revoked_while_the_video_is_made_keeps_it_from_being_stored(new_harness, monkeypatch):
    harness = new_harness(dialogue())
    consent_of(harness)
    products = harness.run_stages(FakeEngines(regions=SPEECH, words=WORDS, synthesiser=cloner()))
    records, render = harness.ctx.consents.records, harness.media.render

    def revoking(*arguments):
        records.revoke(next(records.records()).consent_id)
        return render(*arguments)

    monkeypatch.setattr(harness.media, "render", revoking)
    with pytest.raises(ConsentMissingError):
        harness.render(products)
