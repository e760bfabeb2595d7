"""The subtitle files that a job brings: the job's own copies, and their cues."""

from __future__ import annotations

from dub_assets.core.errors import InputError, ObjectMissingError
from dub_assets.core.keys import JobKeys
from dub_assets.core.media import MediaObject
from dub_assets.core.ports import Workspace
from dub_assets.stages.transcript.values import GivenSubtitles, GivenTexts
from dub_assets.subtitle_files import read_subtitles


def given_texts(keys: JobKeys, workspace: Workspace) -> GivenTexts:
    """Return the subtitle files that the job's request names, after copying them to the job's own folder.

    If a named object does not exist any more, the copy of an earlier run serves. Raises InputError if there is neither,
    or if a file cannot be read.
    """
    request = keys.request
    return GivenTexts(
        transcript=_given("transcript", request.transcript_key, request.source_language, keys, workspace),
        translation=_given("translation", request.translation_key, request.target_language, keys, workspace),
    )


def _given(name: str, key: str | None, language: str, keys: JobKeys, workspace: Workspace) -> GivenSubtitles | None:
    if key is None:
        return None
    media = _own_copy(name, key, keys.given_subtitles(name, key), workspace)
    content = workspace.open(media).read_bytes()
    return GivenSubtitles(media=media, file=read_subtitles(content, f"the {name} {key}", language))


def _own_copy(name: str, key: str, own: str, workspace: Workspace) -> MediaObject:
    try:
        named = workspace.adopt(key)
    except ObjectMissingError as missing:
        try:
            return workspace.adopt(own)
        except ObjectMissingError:
            raise InputError(f"there is no {name} at {key}: upload it, or leave out {name}_key") from missing
    return named if key == own else workspace.copy(named, own)
