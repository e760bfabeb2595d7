"""Media containers: everything that the product knows about a format is in its entry here.

To accept another container, add an entry to ``CONTAINERS`` and a clip to ``tests/support/container_clips.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Length(Enum):
    """How a container declares its length, which shows whether a file was cut short."""

    STORED = auto()
    """In its header."""
    FRAME_COUNT = auto()
    """As the number of its pictures."""
    BYTES = auto()
    """As the number of bytes of its sound or of the file."""
    WITH_ENCODER_DELAY = auto()
    """In a header that is optional and also gives the encoder's delay."""
    ESTIMATED = auto()
    """Not reliably: libavformat estimates it from what is there, or knows it of whole files only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container that can be read.

    ``demuxers`` are libavformat's names of it; ``container_of`` knows it by the first. ``content_types`` are MIME types
    by suffix. ``codecs`` are those that are usual in it, as ffmpeg calls their decoders; a file with another codec is
    read if ffmpeg can decode it. A seek lands on a key picture if ``seeks_to_key_pictures``, else near one. Without
    ``has_presentation_times``, pictures that are stored in another order than shown cannot be copied.
    """

    demuxers: tuple[str, ...]
    content_types: Mapping[str, str]
    codecs: str
    length: Length
    seeks_to_key_pictures: bool
    has_presentation_times: bool


CONTAINERS = (
    Container(
        demuxers=("mov",),
        content_types={".mp4": "video/mp4", ".mov": "video/quicktime", ".m4a": "audio/mp4"},
        codecs="h264 hevc av1 vp9 mpeg4 h263 mjpeg prores dnxhd rawvideo aac alac ac3 eac3 mp3 flac opus pcm_s16le "
        "pcm_s24le pcm_s16be pcm_s24be pcm_f32le",
        length=Length.STORED,
        seeks_to_key_pictures=True,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("matroska", "webm"),
        content_types={".mkv": "video/x-matroska", ".webm": "video/webm"},
        codecs="h264 hevc av1 vp8 vp9 mpeg4 mpeg2video ffv1 theora aac ac3 eac3 dts flac mp3 opus vorbis pcm_s16le "
        "pcm_s24le pcm_s32le",
        length=Length.STORED,
        seeks_to_key_pictures=True,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("avi",),
        content_types={".avi": "video/x-msvideo"},
        codecs="mpeg4 msmpeg4v3 mjpeg h264 rawvideo mp3 ac3 pcm_s16le pcm_u8",
        length=Length.FRAME_COUNT,
        seeks_to_key_pictures=False,
        has_presentation_times=False,
    ),
    Container(
        demuxers=("mpegts",),
        content_types={".ts": "video/mp2t"},
        codecs="h264 hevc mpeg2video vc1 aac ac3 eac3 mp2 dts",
        length=Length.ESTIMATED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("mpeg",),
        content_types={".mpg": "video/mpeg"},
        codecs="mpeg1video mpeg2video mp2 ac3",
        length=Length.ESTIMATED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("flv",),
        content_types={".flv": "video/x-flv"},
        codecs="h264 flv1 vp6f aac mp3",
        length=Length.STORED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("asf",),
        content_types={".wmv": "video/x-ms-wmv", ".wma": "audio/x-ms-wma"},
        codecs="wmv2 wmv3 vc1 wmav2",
        length=Length.BYTES,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("ogg",),
        content_types={".ogg": "audio/ogg", ".ogv": "video/ogg"},
        codecs="theora vp8 vorbis opus flac",
        length=Length.ESTIMATED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("mxf",),
        content_types={".mxf": "application/mxf"},
        codecs="mpeg2video h264 dnxhd pcm_s16le pcm_s24le",
        length=Length.STORED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("wav",),
        content_types={".wav": "audio/wav"},
        codecs="pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_u8 pcm_alaw pcm_mulaw",
        length=Length.BYTES,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("w64",),
        content_types={".w64": "audio/x-w64"},
        codecs="pcm_s16le pcm_s24le",
        length=Length.BYTES,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("flac",),
        content_types={".flac": "audio/flac"},
        codecs="flac",
        length=Length.STORED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("mp3",),
        content_types={".mp3": "audio/mpeg"},
        codecs="mp3",
        length=Length.WITH_ENCODER_DELAY,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("aac",),
        content_types={".aac": "audio/aac"},
        codecs="aac",
        length=Length.ESTIMATED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("aiff",),
        content_types={".aiff": "audio/aiff"},
        codecs="pcm_s16be pcm_s24be",
        length=Length.BYTES,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("caf",),
        content_types={".caf": "audio/x-caf"},
        codecs="aac alac pcm_s16le",
        length=Length.BYTES,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("ac3",),
        content_types={".ac3": "audio/ac3"},
        codecs="ac3",
        length=Length.ESTIMATED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("eac3",),
        content_types={".eac3": "audio/eac3"},
        codecs="eac3",
        length=Length.ESTIMATED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("dts",),
        content_types={".dts": "audio/vnd.dts"},
        codecs="dts",
        length=Length.ESTIMATED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("amr",),
        content_types={".amr": "audio/amr"},
        codecs="amr_nb amr_wb",
        length=Length.ESTIMATED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("au",),
        content_types={".au": "audio/basic"},
        codecs="pcm_s16be pcm_mulaw pcm_alaw",
        length=Length.BYTES,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("wv",),
        content_types={".wv": "audio/x-wavpack"},
        codecs="wavpack",
        length=Length.STORED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("tta",),
        content_types={".tta": "audio/x-tta"},
        codecs="tta",
        length=Length.STORED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
    Container(
        demuxers=("dv",),
        content_types={".dv": "video/x-dv"},
        codecs="dvvideo pcm_s16le",
        length=Length.ESTIMATED,
        seeks_to_key_pictures=False,
        has_presentation_times=True,
    ),
)
"""Every container that a media file may have. Playlists, scripts, texts and image sequences are not among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputContainer:
    """A container that is written: ffmpeg's muxer and its options, and the codecs that players expect in it.

    Streams of other codecs are re-encoded. ``subtitles`` is the encoder of subtitles, ``texts`` are the codecs that it
    replaces; drawn subtitles are not written. ``covers`` are the codecs of cover art.
    """

    muxer: str
    options: Mapping[str, str]
    pictures: frozenset[str]
    sounds: frozenset[str]
    subtitles: str
    texts: frozenset[str]
    covers: frozenset[str]

    def can_carry(self, codec: str) -> bool:
        """Return whether a stream of this codec (ffmpeg's name) can be copied into the container."""
        return codec in self.pictures or codec in self.sounds


MP4 = OutputContainer(
    muxer="mp4",
    options={"movflags": "+faststart"},
    pictures=frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video"}),
    sounds=frozenset({"aac", "mp3", "ac3", "eac3", "alac", "flac", "opus"}),
    subtitles="mov_text",
    texts=frozenset({"mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text"}),
    covers=frozenset({"mjpeg", "png", "bmp"}),
)
"""The container of dubbed videos and of picture clips."""

_BY_DEMUXER = {container.demuxers[0]: container for container in CONTAINERS}


def container_of(format_name: str) -> Container:
    """Return the container that libavformat names, such as ``"mov,mp4,m4a,3gp,3g2,mj2"``."""
    return _BY_DEMUXER[format_name.split(",", maxsplit=1)[0]]
