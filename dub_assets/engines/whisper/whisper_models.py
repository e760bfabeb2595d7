"""Whisper models of all sizes for CTranslate2 on the model hub, pinned by commit, sha256 and size."""

from __future__ import annotations

from dub_assets.engines.models.remote import RemoteFile, RemoteModel
from dub_assets.engines.whisper.model import LICENCE

_TOKENIZER = RemoteFile(
    name="tokenizer.json",
    sha256="fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    size=2_203_239,
)
_VOCABULARY = RemoteFile(
    name="vocabulary.txt",
    sha256="34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    size=459_861,
)


def _model(name: str, home: str, revision: str, memory_mib: int, *files: RemoteFile) -> RemoteModel:
    return RemoteModel(name=name, home=home, revision=revision, files=files, licence=LICENCE, memory_mib=memory_mib)


def _systran(
    name: str, revision: str, memory_mib: int, config: tuple[int, str], model: tuple[int, str], *more: RemoteFile
) -> RemoteModel:
    """Return a model that Systran converted: (size, sha256) of configuration and weights, and files that differ."""
    files = (
        RemoteFile(name="config.json", size=config[0], sha256=config[1]),
        RemoteFile(name="model.bin", size=model[0], sha256=model[1]),
        *(more or (_TOKENIZER, _VOCABULARY)),
    )
    return _model(name, f"Systran/faster-whisper-{name}", revision, memory_mib, *files)


MODELS = {
    model.name: model
    for model in (
        _systran(
            "tiny",
            "d90ca5fe260221311c53c58e660288d3deb8d356",
            300,
            (2_249, "a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8"),
            (75_538_270, "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1"),
        ),
        _systran(
            "small",
            "536b0662742c02347bc0e980a01041f333bce120",
            1_000,
            (2_370, "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"),
            (483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
        ),
        _systran(
            "medium",
            "08e178d48790749d25932bbc082711ddcfdfbc4f",
            2_500,
            (2_257, "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807"),
            (1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"),
        ),
        _systran(
            "large-v2",
            "f0fe81560cb8b68660e564f55dd99207059c092e",
            4_600,
            (2_796, "d86b7a7664a12559d644aa210a32ce9a7e03913e794b7ea4fb7182de69e273a7"),
            (3_086_912_962, "bf2a9746382e1aa7ffff6b3a0d137ed9edbd9670c3b87e5d35f5e85e70d0333a"),
        ),
        _systran(
            "large-v3",
            "edaa852ec7e145841d8ffdb056a99866b5f0a478",
            4_600,
            (2_394, "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9"),
            (3_087_284_237, "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1"),
            RemoteFile(
                name="preprocessor_config.json",
                size=340,
                sha256="7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711",
            ),
            RemoteFile(
                name="tokenizer.json",
                size=2_480_617,
                sha256="6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca",
            ),
            RemoteFile(
                name="vocabulary.json",
                size=1_068_114,
                sha256="c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1",
            ),
        ),
        _model(
            "large-v3-turbo",
            "dropbox-dash/faster-whisper-large-v3-turbo",
            "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
            2_700,
            RemoteFile(
                name="config.json",
                size=2_263,
                sha256="b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e",
            ),
            RemoteFile(
                name="model.bin",
                size=1_617_884_929,
                sha256="e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da",
            ),
            RemoteFile(name="preprocessor_config.json", size=340),
            RemoteFile(
                name="tokenizer.json",
                size=2_710_337,
                sha256="297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd",
            ),
            RemoteFile(name="vocabulary.json", size=1_068_114),
        ),
    )
}
"""Models by name. Memory is an estimate for 16-bit floats on a GPU with a batch of one; 8 bits need two thirds."""
