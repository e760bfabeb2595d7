"""Names and texts as they are printed: one line, nothing that a terminal acts on."""

from __future__ import annotations

import pytest

from dub_assets.core.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("talk [1080p] 영상 é.mp4", "talk [1080p] 영상 é.mp4"),
        ("two\nlines", r"two\nlines"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("a\u2028b\u202ec", r"a\u2028b\u202ec"),
        ("caf\udce9.mp4", r"caf\xe9.mp4"),
        ("\ud800", r"\ud800"),
    ],
)
def test_control_characters_are_escaped_and_all_else_stays(text: str, shown: str):
    assert printable(text) == shown
    printable(text).encode()
