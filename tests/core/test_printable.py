"""Names and texts as they are printed: one line, nothing that a terminal acts on."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_assets.core.printable import plain_file_name, printable


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


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("talk [1080p] 영상 é", "talk [1080p] 영상 é"),
        ("two\nlines\x1b[31m\x07", "two_lines_[31m_"),
        ("caf\udce9", "caf_"),
        ("", "_"),
        (" ", "_"),
        ("한" * 100, "한" * 81),
        ("a" * 300, "a" * 243),
    ],
)
def test_a_plain_file_name_has_no_control_characters_and_is_cut(name: str, plain: str):
    assert plain_file_name(name, max_bytes=243) == plain


@given(st.binary(max_size=300))
def test_any_bytes_of_a_name_become_a_name_that_can_be_printed_and_created(content: bytes):
    plain = plain_file_name(os.fsdecode(content), max_bytes=243)
    assert printable(plain) == plain
    assert 0 < len(plain.encode()) <= 243
