"""``dub-assets export``: copies a job's results from the store to a folder, and verifies them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dub_assets.adapters.storage.archive import JobArchive
from dub_assets.cli.archive import find_job, open_archive
from dub_assets.cli.folders import folders_to_update
from dub_assets.cli.results import ResultFile, deliver, result_files
from dub_assets.cli.summary import print_notes, print_paths
from dub_assets.cli.terminal import write_json
from dub_assets.core.errors import InputError
from dub_assets.core.keys import JobKeys, segment_name
from dub_assets.core.media import MediaObject
from dub_assets.settings import settings_from
from dub_assets.stages.segment_mixes.values import SegmentMixes
from dub_assets.stages.tts_segments.values import TtsSegments


def export_job(name: str, out: Path | None, *, clips: bool, quiet: bool, as_json: bool) -> None:
    """Copy a job's results to ``out``, else to the folders that have them, and print the files' paths.

    Raises:
        InputError: The job does not exist or has no results yet, or a result would replace a file of the user.
    """
    settings = settings_from(os.environ)
    archive = open_archive(settings)
    request = find_job(archive, name)
    keys = JobKeys(request=request)
    results = result_files(keys, archive)
    if not results:
        raise InputError(
            f"job {request.job_id!r} has no results yet: `dub-assets status {request.job_id}` shows how far it is"
        )
    folders, notes = folders_to_update(request, archive, settings, out)
    if clips:
        results += _clips(keys, archive)
        notes += _clip_notes(keys, archive)
    delivered = deliver(results, folders)
    notes += delivered.notes
    print_notes(notes)
    if as_json:
        files = {kind: str(path) for kind, path in delivered.files.items()}
        updated = list(map(str, delivered.paths))
        write_json({"job_id": request.job_id, "files": files, "updated": updated, "notes": notes})
    elif not quiet:
        print_paths(delivered.paths)


def _clips(keys: JobKeys, archive: JobArchive) -> Iterator[ResultFile]:
    """Yield the clips of each segment that exist: original, background, speech, mix and picture."""
    spoken = archive.load(TtsSegments, keys.manifest("tts_segments"))
    for segment in spoken.segments:
        yield _clip(keys, segment.index, "tts", segment.clip)
    for mix in archive.load(SegmentMixes, keys.manifest("segment_mixes")).segments:
        if mix.clips is not None:
            clips = {"source": mix.clips.source, "bgm": mix.clips.bgm, "mix": mix.clips.mix, "video": mix.clips.video}
            yield from (_clip(keys, mix.index, part, media) for part, media in clips.items() if media is not None)


def _clip(keys: JobKeys, index: int, part: str, media: MediaObject) -> ResultFile:
    name = f"{segment_name(index)}_{part}"
    ending = "mp4" if part == "video" else "wav"
    return ResultFile(kind=name, suffix=f".{keys.request.target_language}.segments/{name}.{ending}", media=media)


def _clip_notes(keys: JobKeys, archive: JobArchive) -> list[str]:
    """Return a note if segments have no clips but their speech."""
    mixes = archive.load(SegmentMixes, keys.manifest("segment_mixes")).segments
    if all(mix.clips is not None for mix in mixes):
        return []
    return ["only the speech of the segments is stored: `dub-assets dub --clips` makes the other clips"]
