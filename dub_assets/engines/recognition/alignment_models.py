"""Models of a language's sounds that words are placed by: those of WhisperX 3.8, pinned on the model hub.

Left out are languages of WhisperX whose models no card attests a licence of. For German, French and Spanish WhisperX
itself takes models of torchaudio that forbid commercial use (CC-BY-NC-4.0); those here do not.
"""

from __future__ import annotations

from dub_assets.engines.remote import RemoteFile, RemoteModel

FREE = "Apache-2.0"
LARGE_MIB = 1_400
"""Of a model of 315 million weights in 32 bits, and half a minute of speech at work: an estimate."""
BASE_MIB = 600
"""The same of 95 million."""

_TAG = "main"
"""Where no commit is known for certain: the first pull writes down the one that it found, and all hashes."""

_FILES = (
    RemoteFile(name="config.json"),
    RemoteFile(name="preprocessor_config.json"),
    RemoteFile(name="vocab.json"),
    RemoteFile(name="tokenizer_config.json", otherwise=""),
    RemoteFile(name="special_tokens_map.json", otherwise=""),
    RemoteFile(name="model.safetensors", otherwise="pytorch_model.bin"),
)
"""What transformers reads of a wav2vec2 with its processor; older repositories lack some of it."""


def _model(
    language: str, home: str, revision: str = _TAG, licence: str = FREE, memory_mib: int = LARGE_MIB
) -> tuple[str, RemoteModel]:
    model = RemoteModel(
        name=f"align-{language}", home=home, revision=revision, files=_FILES, licence=licence, memory_mib=memory_mib
    )
    return language, model


MODELS = dict(
    (
        _model("ar", "jonatasgrosman/wav2vec2-large-xlsr-53-arabic"),
        _model("cs", "comodoro/wav2vec2-xls-r-300m-cs-250"),
        _model("de", "jonatasgrosman/wav2vec2-large-xlsr-53-german"),
        _model("en", "facebook/wav2vec2-base-960h", "22aad52d435eb6dbaf354bdad9b0da84ce7d6156", memory_mib=BASE_MIB),
        _model("es", "jonatasgrosman/wav2vec2-large-xlsr-53-spanish"),
        _model("fi", "jonatasgrosman/wav2vec2-large-xlsr-53-finnish"),
        _model("fr", "jonatasgrosman/wav2vec2-large-xlsr-53-french"),
        _model("hu", "jonatasgrosman/wav2vec2-large-xlsr-53-hungarian"),
        _model("id", "cahya/wav2vec2-large-xlsr-indonesian"),
        _model("ja", "jonatasgrosman/wav2vec2-large-xlsr-53-japanese", "cf031e020336460d15a417eba710bbc5bb43be9a"),
        _model("ko", "kresnik/wav2vec2-large-xlsr-korean"),
        _model("nl", "jonatasgrosman/wav2vec2-large-xlsr-53-dutch"),
        _model("pl", "jonatasgrosman/wav2vec2-large-xlsr-53-polish", "6b1cea36bd8bc5f65ec8081667cd9c0207d51970"),
        _model("pt", "jonatasgrosman/wav2vec2-large-xlsr-53-portuguese"),
        _model("ru", "jonatasgrosman/wav2vec2-large-xlsr-53-russian"),
        _model("sv", "KBLab/wav2vec2-large-voxrex-swedish", licence="CC0-1.0"),
        _model(
            "tr", "mpoyraz/wav2vec2-xls-r-300m-cv7-turkish", "708639f50559d7970f462e13ec64d3f059ca89f6", "CC-BY-4.0"
        ),
        _model("zh", "jonatasgrosman/wav2vec2-large-xlsr-53-chinese-zh-cn", "99ccb2737be22b8bb50dcfcc39ad4d567fb90cfd"),
    )
)
"""By language (ISO 639-1)."""
