"""The C2PA manifest of a dub: actions of the specification, and an assertion of our own."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from dub_assets.core.credentials import DubClaims
from dub_assets.core.marking import DIGITAL_SOURCE_TYPE, notice_text

ORIGINAL = "original"
"""Id of the ingredient that is the original video."""

OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False}
"""Settings of c2pa: a file of a stranger must not make it connect to an address in the file."""

DUB_ASSERTION = "org.dub-assets.dub"


def manifest(claims: DubClaims, *, has_ingredient: bool) -> dict[str, Any]:
    """Return the manifest definition. Without an ingredient the dub counts as created, and names its original."""
    return {
        "claim_generator_info": [{"name": "dub_assets", "version": version("dub-assets")}],
        "title": claims.title,
        "format": "video/mp4",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": _actions(claims, has_ingredient=has_ingredient)}},
            {"label": DUB_ASSERTION, "data": _dub(claims)},
        ],
    }


def _actions(claims: DubClaims, *, has_ingredient: bool) -> list[dict[str, Any]]:
    languages = {"sourceLanguage": claims.source_language, "targetLanguage": claims.target_language}
    first: dict[str, Any] = (
        {"action": "c2pa.opened", "parameters": {"ingredientIds": [ORIGINAL]}}
        if has_ingredient
        else {"action": "c2pa.created", "digitalSourceType": DIGITAL_SOURCE_TYPE}
    )
    actions = [first]
    if claims.synthetic:
        actions += [
            {"action": "c2pa.translated", "parameters": languages},
            {
                "action": "c2pa.dubbed",
                "digitalSourceType": DIGITAL_SOURCE_TYPE,
                "description": notice_text(claims.source_language, claims.target_language),
                "parameters": languages,
            },
        ]
    if claims.edited:
        segments = {"revision": claims.revision, "segments": list(claims.edited)}
        actions.append({"action": "c2pa.edited", "description": "Lines edited by a person", "parameters": segments})
    return actions


def _dub(claims: DubClaims) -> dict[str, Any]:
    consents = [{"voice": consent.voice, **consent.reference()} for consent in claims.consents]
    return {
        "original": {"key": claims.original_name, "sha256": claims.original_sha256},
        "synthetic_speech": claims.synthetic,
        "cloned_voices": claims.cloned_voices,
        **({"consents": consents} if consents else {}),
        "engines": [f"{engine.name} {engine.version}" for engine in claims.engines],
        "revision": claims.revision,
        "edited_segments": list(claims.edited),
    }
