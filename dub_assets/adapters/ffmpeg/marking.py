"""Marks of MP4 files: a packet of XMP in a box of its own (XMP specification, part 3), and the container's tags."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from xml.sax.saxutils import escape

from dub_assets.adapters.ffmpeg.container import opened
from dub_assets.adapters.ffmpeg.mp4 import boxes
from dub_assets.core.marking import DIGITAL_SOURCE_TYPE, Marks

_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MAX_BYTES = 1024 * 1024
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool="dub_assets"
    Iptc4xmpExt:DigitalSourceType="{digital_source_type}">
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{notice}</rdf:li></rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""
_SOURCE_TYPE = re.compile(rb"""DigitalSourceType(?:\s*=\s*["']|>)([^"'<]+)""")


def append_xmp(path: Path, notice: str) -> None:
    """Append an XMP packet with the digital source type and a notice to an MP4."""
    packet = _PACKET.format(digital_source_type=DIGITAL_SOURCE_TYPE, notice=escape(notice)).encode()
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", 8 + len(_UUID) + len(packet), b"uuid") + _UUID + packet)


def read_marks(path: Path) -> Marks:
    """Return the marks of a media file. Raises InputError if it is none."""
    with opened(path) as container:
        tags = {name.lower(): value for name, value in container.metadata.items()}
        titles = [stream.metadata.get("name") or stream.metadata.get("title") for stream in container.streams.audio]
    return Marks(
        digital_source_type=_digital_source_type(path),
        comment=tags.get("comment"),
        dub_title=titles[0] if titles else None,
    )


def _digital_source_type(path: Path) -> str | None:
    with path.open("rb") as file:
        for start, end in boxes(file, 0, path.stat().st_size, b"uuid"):
            file.seek(start)
            content = file.read(min(end - start, _MAX_BYTES))
            if content.startswith(_UUID) and (found := _SOURCE_TYPE.search(content)):
                return found[1].decode(errors="replace")
    return None
