"""Rendering of the dubbed video: picture, dub as the first track, original sound as the second, subtitles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dub_assets.adapters.ffmpeg.aac import aac_bit_rate
from dub_assets.adapters.ffmpeg.container import opened, packets, picture_stream, programme_start
from dub_assets.adapters.ffmpeg.cutting import H264, encodable, selector
from dub_assets.adapters.ffmpeg.ffmpeg import Ffmpeg, analysis, file_url, media_input, time_limit_s
from dub_assets.adapters.ffmpeg.marking import append_xmp
from dub_assets.adapters.ffmpeg.mp4 import switch_off_subtitles
from dub_assets.adapters.ffmpeg.mp4_splice import DubbedFile
from dub_assets.adapters.ffmpeg.straight_copy import straight_copy
from dub_assets.core.containers import MP4, container_of
from dub_assets.core.errors import MediaError
from dub_assets.core.files import atomic_file, temporary_folder
from dub_assets.core.language import iso_639_2
from dub_assets.core.marking import DUB_TITLE
from dub_assets.core.media import LAYOUTS, MediaInfo, Rendition, Subtitles
from dub_assets.core.ports import DubbedVideo

_NO_STREAM = "v:1000?"
"""A stream that no file has: mapping it makes the source an input, for its tags, if nothing else of it is used."""


def render(ffmpeg: Ffmpeg, rendition: Rendition, target: Path) -> None:
    """Write the dubbed MP4; see ``ports.MediaTool``.

    The picture is copied if MP4 can carry its codec, else encoded as H.264; the original sound is copied or encoded as
    AAC. Without a picture the result is an MP4 of sound tracks.
    """
    if rendition.info.is_copied_straight:
        rendition = replace(rendition, source=straight_copy(rendition.source, rendition.info.late_streams))
    with atomic_file(target) as partial:
        _put_together(ffmpeg, rendition, partial)
        switch_off_subtitles(partial)
        if rendition.notice is not None:
            append_xmp(partial, rendition.notice)


@contextmanager
def dubbed(ffmpeg: Ffmpeg, video: Path, rendition: Rendition) -> Iterator[DubbedVideo]:
    """Open a rendered video; see ``ports.MediaTool``."""
    with video.open("rb") as file:
        yield _SplicedVideo(ffmpeg, DubbedFile(file), rendition)


@dataclass(frozen=True, slots=True)
class _SplicedVideo:
    """A rendered video; what is not replaced is copied byte by byte."""

    ffmpeg: Ffmpeg
    file: DubbedFile
    rendition: Rendition

    def packets(self, first: int, last: int) -> list[bytes]:
        """Return packets of the dub."""
        return self.file.packets(first, last)

    def write(self, target: Path, packets: Mapping[int, bytes], subtitles: Path | None) -> None:
        """Write the video with other packets and subtitles."""
        with atomic_file(target) as partial, temporary_folder(target.parent) as folder:
            texts = None
            if subtitles is not None:
                texts = folder / "subtitles.mp4"
                _mux_texts(self.ffmpeg, Subtitles(path=subtitles, language=""), self.rendition, texts)
            self.file.write(partial, packets, texts)


def _mux_texts(ffmpeg: Ffmpeg, subtitles: Subtitles, rendition: Rendition, target: Path) -> None:
    """Write an MP4 of the dub's subtitles, as they are in the video."""
    language = rendition.target_language
    only = replace(rendition, subtitles=(replace(subtitles, language=language),), info=_without_texts(rendition.info))
    texts, options = _texts(None, only)
    import ffmpeg as graphs

    graph = graphs.output(*texts, file_url(target), format=MP4.muxer, **options)
    ffmpeg.run(graph, doing=f"put the subtitles of {rendition.source.name} together")


def _without_texts(info: MediaInfo) -> MediaInfo:
    return replace(info, subtitles=())


def _put_together(ffmpeg: Ffmpeg, rendition: Rendition, target: Path) -> None:
    """Mux the file. What ffmpeg cannot copy after all, since it is damaged, is encoded."""
    info = rendition.info
    picture, sound = _picture_can_be_copied(rendition), rendition.intact and MP4.can_carry(info.track.codec)
    attempts = list(dict.fromkeys([(picture, sound, True), (picture, False, False), (False, False, False)]))
    for number, (copies_picture, copies_sound, copies_others) in enumerate(attempts, 1):
        graph = _mux(
            rendition,
            target,
            copies_picture=copies_picture,
            copies_sound=copies_sound,
            copies_others=copies_others,
        )
        try:
            ffmpeg.run(graph, doing=f"put the dubbed {rendition.source.name} together", limit_s=time_limit_s(info))
        except MediaError:
            if number == len(attempts):
                raise
        else:
            if not copies_picture or _picture_can_be_decoded(target):
                return


def _picture_can_be_decoded(target: Path) -> bool:
    """Return whether the first picture of a written file can be decoded: copied parameters may be damaged."""
    try:
        with opened(target) as container:
            return next(container.decode(video=0), None) is not None
    except MediaError:
        return False


def _encodable(sound: Path) -> tuple[Any, int]:
    """Return a sound file as a stream for the AAC encoder, and its number of channels.

    The side channels of 5.0 and 5.1 are declared as back channels, as AAC does. ffmpeg 5.1 encodes side channels
    without a layout, so players do not know which channel is the LFE.
    """
    with opened(sound) as container:
        context = container.streams.audio[0].codec_context
        channels, layout = context.channels, context.layout.name
    stream = media_input(sound)["a:0"]
    if layout in {"5.0(side)", "5.1(side)"}:
        stream = stream.filter("aformat", channel_layouts=layout.removesuffix("(side)"))
    return stream, channels


def _mux(rendition: Rendition, target: Path, *, copies_picture: bool, copies_sound: bool, copies_others: bool) -> Any:
    """Return the graph that muxes the file. The source is shifted so that its time 0 is the dub's."""
    import ffmpeg

    with opened(rendition.source) as container:
        picture_index = rendition.info.picture.index if rendition.info.picture else None
        moved = {"itsoffset": f"{-float(programme_start(container, picture_index, rendition.info.held_ms)):.6f}"}
        marked = _notice(rendition, container.metadata.get("comment"))
    timed = {"fflags": "+genpts"} if copies_picture else {}  # decoders find the times themselves
    source = media_input(rendition.source, **moved, **timed, **analysis(rendition.info))
    picture, picture_options = _picture(source, rendition.info, copied=copies_picture)
    original, original_options = _original(source, rendition, copied=copies_sound)
    others, others_options = _others(source, rendition.info, copied=copies_others)
    texts, texts_options = _texts(source, rendition)
    covers, covers_options = _covers(source, rendition.info)
    source_index = 0 if picture else 1  # inputs are numbered in the order of their mapped streams
    tags = {
        "map_metadata": source_index,
        "map_chapters": source_index,
        "disposition:a:0": "default",
        "disposition:a:1": 0,
        "metadata:s:a:0": f"language={iso_639_2(rendition.target_language)}",
        "metadata:s:a:1": f"language={iso_639_2(rendition.source_language)}",
        # The same two tracks, numbered among all streams: an option can be given only once.
        f"metadata:s:{len(picture)}": f"title={DUB_TITLE if rendition.notice else 'Dub'}",
        f"metadata:s:{len(picture) + 1}": "title=Original",
    }
    streams = [*picture, media_input(rendition.dub)["a:0"], source[_NO_STREAM], original, *others, *texts, *covers]
    # ffmpeg keeps the configuration of Dolby Vision only if it may go beyond the standard; 5.1 calls FLAC experimental
    options = (
        {"c:a:0": "copy", "strict": "experimental"}
        | marked
        | picture_options
        | original_options
        | others_options
        | texts_options
        | covers_options
        | tags
    )
    return ffmpeg.output(*streams, file_url(target), format=MP4.muxer, **MP4.options, **options)


def _notice(rendition: Rendition, comment: str | None) -> dict[str, Any]:
    """Return the option that adds the notice of a rendition to the comment of its source."""
    if rendition.notice is None:
        return {}
    return {"metadata": f"comment={f'{comment} | ' if comment else ''}{rendition.notice}"}


def _picture_can_be_copied(rendition: Rendition) -> bool:
    """Return whether MP4 can carry the picture's codec, and the presentation time of each picture is known.

    AVI has no presentation times. They cannot be derived if H.264 or HEVC reorders its pictures. Pictures that an edit
    list hides before the first one would be shown while that is held.
    """
    if rendition.info.picture is None:
        return False
    with opened(rendition.source) as container:
        stream = picture_stream(container, rendition.info.picture.index)
        if stream is None:
            return False
        codec = stream.codec_context
        untimed = (
            not container_of(container.format.name).has_presentation_times
            and codec.codec.canonical_name in {"h264", "hevc"}
            and codec.has_b_frames
        )
        hidden = rendition.info.held_ms and next(packets(container, stream)).is_discard
        return MP4.can_carry(codec.codec.canonical_name) and not untimed and not hidden


def _picture(source: Any, info: MediaInfo, *, copied: bool) -> tuple[list[Any], dict[str, Any]]:
    """Return the picture, and its options. Its first frame is held from time 0 if the sound begins before it."""
    if info.picture is None:
        return [], {}
    if not copied:
        encoded = {"c:v:0" if option == "vcodec" else option: value for option, value in H264.items()}
        picture = source[selector(info.picture)]
        if info.held_ms:
            picture = picture.filter("setpts", "if(N,PTS,0)")
        return [encodable(picture, info.picture)], encoded
    options, filters = {"c:v:0": "copy"}, []
    if info.picture.codec == "hevc":
        options["tag:v:0"] = "hvc1"  # the form that Apple's players need
    if info.picture.codec == "mpeg4":
        filters.append("mpeg4_unpack_bframes")  # DivX in AVI has two pictures in a packet
    if info.held_ms:
        filters.append("setts=pts='if(N,PTS,0)':dts='if(N,DTS,DTS-PTS)'")
    return [source[selector(info.picture)]], options | ({"bsf:v:0": ",".join(filters)} if filters else {})


def _original(source: Any, rendition: Rendition, *, copied: bool) -> tuple[Any, dict[str, Any]]:
    """Return the original sound: the track of the source, or what was decoded of it."""
    if copied:
        return source[f"a:{rendition.info.track.index}"], {"c:a:1": "copy"}
    sound, channels = _encodable(rendition.original)
    return sound, {"c:a:1": "aac", "b:a:1": aac_bit_rate(channels)}


def _others(source: Any, info: MediaInfo, *, copied: bool) -> tuple[list[Any], dict[str, Any]]:
    """Return the other sound tracks of the source, encoded as AAC if MP4 cannot carry them. None is the default."""
    options: dict[str, Any] = {}
    for number, track in enumerate(info.other_tracks, 2):
        options[f"disposition:a:{number}"] = "-default"
        if copied and MP4.can_carry(track.codec):
            options[f"c:a:{number}"] = "copy"
        else:
            layout = LAYOUTS[track.channels - 1].removesuffix("(side)")
            options |= {
                f"c:a:{number}": "aac",
                f"b:a:{number}": aac_bit_rate(track.channels),
                f"filter:a:{number}": f"aformat=channel_layouts={layout}",  # a graph would lose the stream's tags
            }
    return [source[f"a:{track.index}"] for track in info.other_tracks], options


def _texts(source: Any, rendition: Rendition) -> tuple[list[Any], dict[str, Any]]:
    """Return the subtitle tracks of all files with at least one line, and those of the source."""
    import ffmpeg

    filled = [each for each in rendition.subtitles if each.path.read_bytes().strip()]
    tracks = [ffmpeg.input(file_url(each.path), format="srt", protocol_whitelist="file")["s:0"] for each in filled]
    tracks += [source[f"s:{track.index}"] for track in rendition.info.subtitles]
    if not tracks:
        return [], {}
    languages = {f"metadata:s:s:{n}": f"language={iso_639_2(each.language)}" for n, each in enumerate(filled)}
    # lines before and after the programme would make the file longer
    within = f"noise=drop='lt(pts,0)+gte(pts*tb,{rendition.info.duration_ms / 1000})'"
    return tracks, {"c:s": MP4.subtitles, "disposition:s": 0, "bsf:s": within} | languages


def _covers(source: Any, info: MediaInfo) -> tuple[list[Any], dict[str, Any]]:
    """Return the cover art, which follows the picture."""
    streams = [source[f"v:{index}"] for index in info.covers]
    options: dict[str, Any] = {}
    for number in range(1 if info.picture else 0, len(streams) + (1 if info.picture else 0)):
        options |= {f"c:v:{number}": "copy", f"disposition:v:{number}": "attached_pic"}
    return streams, options
