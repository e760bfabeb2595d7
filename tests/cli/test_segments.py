from __future__ import annotations

from dub_assets.cli import segments
from dub_assets.cli.terminal import PlainConsole

ROW = {
    "segment": "0000",
    "start_s": 0.0,
    "end_s": 1.0,
    "tempo": 1.3,
    "bgm_gain": 1.0,
    "tts_gain": 1.0,
    "issues": ["fast_speech"],
    "text": "Boa noite.",
    "translation": "Good evening.",
}
HELP = "fast_speech: the line is spoken faster than the free tempo; shorten the text"


def test_explains_the_issues_of_the_table_on_a_terminal_only(capsys, monkeypatch):
    segments._print([ROW])
    assert HELP not in capsys.readouterr().out
    monkeypatch.setattr(PlainConsole, "is_terminal", True)
    segments._print([ROW])
    assert HELP in capsys.readouterr().out
