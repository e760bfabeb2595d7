"""Models loaded in the background, ahead of the stages that use them."""

from __future__ import annotations

from threading import current_thread, main_thread

import pytest
from support.waiting import wait_until

from dub_assets.core.errors import EngineUnavailableError
from dub_assets.engines.chosen import ChosenEngines
from dub_assets.engines.entry import EngineSettings
from dub_assets.engines.language.py3langid import Py3LangId
from dub_assets.engines.options import EngineChoices, VoiceActivityOptions
from dub_assets.engines.registry import EngineRegistry


class Loads:
    """Records that it was loaded; may fail to load."""

    def __init__(self, journal: list[str], name: str, *, fails: bool = False) -> None:
        self._journal, self._name, self._fails = journal, name, fails

    def load(self) -> None:
        assert current_thread() is not main_thread()
        if self._fails:
            raise EngineUnavailableError("the file is broken")
        self._journal.append(self._name)


def chosen(tmp_path, *, keep: bool) -> ChosenEngines:
    return ChosenEngines(
        registry=EngineRegistry(EngineSettings(cache_dir=tmp_path, weights_dir=None, threads=1)),
        choices=EngineChoices(),
        voice_activity=VoiceActivityOptions(),
        keep=keep,
    )


def test_loads_models_in_order_and_skips_those_that_fail(tmp_path):
    journal: list[str] = []
    engines = Loads(journal, "one"), None, Loads(journal, "two", fails=True), object(), Loads(journal, "three")
    chosen(tmp_path, keep=True).prepare(*engines)
    wait_until(lambda: len(journal) == 2, "two models are loaded")
    assert journal == ["one", "three"]


def test_loads_nothing_ahead_if_models_are_not_kept(tmp_path, monkeypatch):
    started: list[object] = []
    monkeypatch.setattr("dub_assets.engines.chosen.Thread", lambda **options: started.append(options))
    chosen(tmp_path, keep=False).prepare(Loads([], "one"))
    assert started == []


def test_a_process_has_one_language_identifier(tmp_path):
    one, other = (chosen(tmp_path, keep=True).language_identifier() for _ in range(2))
    assert one is other


def test_language_identifier_unpacks_its_model_once(monkeypatch):
    from py3langid.langid import LanguageIdentifier

    identifier = Py3LangId()
    identifier.load()
    monkeypatch.setattr(LanguageIdentifier, "from_model_file", lambda *_, **__: pytest.fail("loaded again"))
    assert identifier.identify(["Não tínhamos nada."], {"pt", "en"})[0].language == "pt"
