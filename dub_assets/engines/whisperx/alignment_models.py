"""Alignment models by language: those of WhisperX 3.8, pinned on the model hub.

Languages whose models state no licence are left out. For German, French and Spanish, WhisperX uses models of torchaudio
that forbid commercial use (CC-BY-NC-4.0); the models here permit it.
"""

from __future__ import annotations

from dub_assets.engines.models.remote import RemoteFile, RemoteModel

FREE = "Apache-2.0"
LARGE_MIB = 1_400
"""Memory of a model of 315 million 32-bit weights with half a minute of speech: an estimate."""
BASE_MIB = 600
"""Memory of a model of 95 million weights: an estimate."""

_TAG = "main"
"""Revision of models whose commit is not known: the first pull records the commit and all hashes."""

_PROCESSOR = (
    RemoteFile(name="config.json"),
    RemoteFile(name="preprocessor_config.json"),
    RemoteFile(name="vocab.json"),
    RemoteFile(name="tokenizer_config.json", otherwise=""),
    RemoteFile(name="special_tokens_map.json", otherwise=""),
)
_WEIGHTS = RemoteFile(name="model.safetensors", otherwise="pytorch_model.bin")
"""Files that transformers reads of a wav2vec2 model and its processor; older repositories lack some of them."""


def _pickled(sha256: str) -> RemoteFile:
    return RemoteFile(name="pytorch_model.bin", sha256=sha256)


def _model(
    language: str,
    home: str,
    revision: str = _TAG,
    *,
    licence: str = FREE,
    memory_mib: int = LARGE_MIB,
    weights: RemoteFile = _WEIGHTS,
) -> tuple[str, RemoteModel]:
    model = RemoteModel(
        name=f"align-{language}",
        home=home,
        revision=revision,
        files=(*_PROCESSOR, weights),
        licence=licence,
        memory_mib=memory_mib,
    )
    return language, model


def _grosman(language: str, name: str, revision: str, weights: RemoteFile = _WEIGHTS) -> tuple[str, RemoteModel]:
    """Return a model that Jonatas Grosman trained."""
    return _model(language, f"jonatasgrosman/wav2vec2-large-xlsr-53-{name}", revision, weights=weights)


MODELS = dict(
    (
        _grosman(
            "ar",
            "arabic",
            "af46c2d8531b8dcbb5e23b952f739b372c2e5d2d",
            _pickled("a0b26f6d9d3edfde1784aef863c192a8cc1e438a23b45910ab648531ebe1857b"),
        ),
        _model("cs", "comodoro/wav2vec2-xls-r-300m-cs-250"),
        _grosman("de", "german", "4b8a02957378d0f2da2ef74091156b032c485a89"),
        _model(
            "en",
            "facebook/wav2vec2-base-960h",
            "22aad52d435eb6dbaf354bdad9b0da84ce7d6156",
            memory_mib=BASE_MIB,
            weights=RemoteFile(
                name="model.safetensors",
                size=377_607_901,
                sha256="8aa76ab2243c81747a1f832954586bc566090c83a0ac167df6f31f0fa917d74a",
            ),
        ),
        _grosman("es", "spanish", "96d7e9b4e4a78af515a3c6d3cee7c0826045d276"),
        _grosman("fi", "finnish", "a497f86c265cffe9f5d6f0162bc7862dc3e11c00"),
        _grosman("fr", "french", "7c79e105a6525d38e1e69f640b974b4a679723cc"),
        _grosman("hu", "hungarian", "2bd0786e71cad097c4e6ce9b3e45b40c74ad8f37"),
        _model("id", "cahya/wav2vec2-large-xlsr-indonesian"),
        _grosman("ja", "japanese", "cf031e020336460d15a417eba710bbc5bb43be9a"),
        _model("ko", "kresnik/wav2vec2-large-xlsr-korean", "629c9a3501c10ba128bf3fa1eebb12af3be03f61"),
        _grosman("nl", "dutch", "46f221381d200f7bef268309b3f02023ccf11fcc"),
        _grosman("pl", "polish", "6b1cea36bd8bc5f65ec8081667cd9c0207d51970"),
        _grosman("pt", "portuguese", "634ac655299bcdc46c83bc01da9bab52d2987e4f"),
        _grosman(
            "ru",
            "russian",
            "2329100508896c6d9b157019803ab5601e6f3406",
            _pickled("d1cdb1a7921de7d363f967a9b0101a713602e109dba62b6f3f9ae2e0b2df0c1c"),
        ),
        _model(
            "sv", "KBLab/wav2vec2-large-voxrex-swedish", "ca70e31c06a2617bf7fe3b4fb5d387d2b19b2983", licence="CC0-1.0"
        ),
        _model(
            "tr",
            "mpoyraz/wav2vec2-xls-r-300m-cv7-turkish",
            "708639f50559d7970f462e13ec64d3f059ca89f6",
            licence="CC-BY-4.0",
        ),
        _grosman(
            "zh",
            "chinese-zh-cn",
            "99ccb2737be22b8bb50dcfcc39ad4d567fb90cfd",
            _pickled("de031fd4b29e0c0667e5346450fadfe1326c89936b888b59c4ede608db763ee4"),
        ),
    )
)
"""Models by language (ISO 639-1)."""
