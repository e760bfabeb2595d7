"""The choice of the sound track to dub."""

import pytest

from dub_assets.core.errors import InputError
from dub_assets.core.media import SoundTrack
from dub_assets.core.track_choice import TrackChoice, parse_track


def track(index: int, language: str | None = None, *, default: bool = False, secondary: bool = False) -> SoundTrack:
    return SoundTrack(
        index=index,
        codec="aac",
        channels=2,
        rate_hz=48_000,
        language=language,
        default=default,
        secondary=secondary,
    )


FRENCH, ENGLISH = track(0, "fra", default=True), track(1, "eng")


@pytest.mark.parametrize(
    ("wanted", "language", "chosen"),
    [
        (None, "auto", 0),  # the default track
        (None, "en", 1),
        (None, "fr", 0),
        (None, "de", 0),
        ("1", "auto", 1),
        ("1", "fr", 1),
        ("en", "auto", 1),
        ("en", "fr", 1),
    ],
)
def test_the_wanted_track_precedes_one_in_the_language_and_that_the_default_one(wanted, language, chosen):
    assert TrackChoice(wanted=wanted, language=language).of([FRENCH, ENGLISH]).index == chosen


@pytest.mark.parametrize(
    ("tracks", "chosen"),
    [
        ([track(0, "eng", secondary=True), track(1, "eng")], 1),
        ([track(0, "eng", secondary=True, default=True), track(1, "eng")], 1),
        ([track(0, "eng"), track(1, "eng", default=True)], 1),
        ([track(0, "fra"), track(3, "eng", secondary=True)], 3),
        ([track(0, "fra,deu", default=True), track(1, "eng,deu")], 1),
        ([track(0, "mis", default=True), track(1, "en-US")], 1),
        ([track(2), track(5)], 2),
    ],
)
def test_among_tracks_in_english_the_main_and_default_one_is_chosen(tracks, chosen):
    assert TrackChoice(language="en").of(tracks).index == chosen


@pytest.mark.parametrize("wanted", ["2", "de"])
def test_a_wanted_track_that_does_not_exist_is_an_error_that_lists_the_others(wanted):
    with pytest.raises(InputError, match=rf"'{wanted}'.*0 \(fra, aac\), 1 \(eng, aac\)"):
        TrackChoice(wanted=wanted).of([FRENCH, ENGLISH])


@pytest.mark.parametrize(("language", "findings"), [("fr", 0), ("auto", 0), ("de", 1)])
def test_a_tag_that_contradicts_the_language_is_a_finding(language, findings):
    assert len(TrackChoice(language=language).findings(FRENCH)) == findings
    assert not TrackChoice(language=language).findings(track(0))


@pytest.mark.parametrize(
    ("text", "parsed"), [("0", "0"), (" 01 ", "1"), ("eng", "en"), ("Portuguese", "pt"), ("pt_BR", "pt")]
)
def test_a_track_is_named_by_index_or_language(text, parsed):
    assert parse_track(text) == parsed


@pytest.mark.parametrize("text", ["", "-1", "1.5", "first", "99999999", "\n", "²"])
def test_anything_else_names_no_track(text):
    with pytest.raises(InputError, match="neither the index"):
        parse_track(text)
