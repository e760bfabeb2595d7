"""Subtitle files that users bring: SubRip (SRT), WebVTT and SubStation Alpha (SSA, ASS).

Files of the field are seldom valid, so nothing is refused that can be read in some way: no text is lost, and a finding
says what was odd and where. ``docs/decisions/0030-own-reader-of-subtitles.md`` says why no library reads them.
"""

from dub_assets.subtitle_files.read import read_subtitles
from dub_assets.subtitle_files.values import FileCue, SubtitleFile

__all__ = ["FileCue", "SubtitleFile", "read_subtitles"]
