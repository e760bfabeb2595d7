"""The C2PA manifest of a dub: actions of the specification, and an assertion of our own."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from dub_assets.core.credentials import DubClaims, VideoRevision
from dub_assets.core.marking import DIGITAL_SOURCE_TYPE, notice_text

ORIGINAL = "original"
"""Id of the ingredient that is the original video."""

OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False}
"""Settings of c2pa: a file of a stranger must not make it connect to an address in the file."""

DUB_ASSERTION = "org.dub-assets.dub"


_OPENED: dict[str, Any] = {"action": "c2pa.opened", "parameters": {"ingredientIds": [ORIGINAL]}}


def dub_manifest(claims: DubClaims) -> dict[str, Any]:
    """Return the manifest definition of a dub, whose original is its ingredient."""
    return _manifest(claims.title, _actions(claims), _dub(claims))


def copy_manifest(title: str, dub: dict[str, Any] | None) -> dict[str, Any]:
    """Return the manifest definition of a file that was made of a signed one; ``dub`` is what that says of its dub."""
    source_type = {"digitalSourceType": DIGITAL_SOURCE_TYPE} if dub and dub.get("synthetic_speech") else {}
    return _manifest(title, [_OPENED, {"action": "c2pa.transcoded", **source_type}], dub)


def trial_manifest() -> dict[str, Any]:
    """Return a manifest definition that says nothing, to try a certificate."""
    return _manifest("trial", [{"action": "c2pa.created", "digitalSourceType": DIGITAL_SOURCE_TYPE}], None)


def _manifest(title: str, actions: list[dict[str, Any]], dub: dict[str, Any] | None) -> dict[str, Any]:
    assertions = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]
    return {
        "claim_generator_info": [{"name": "dub_assets", "version": version("dub-assets")}],
        "title": title,
        "assertions": [*assertions, *([{"label": DUB_ASSERTION, "data": dub}] if dub else [])],
    }


def _actions(claims: DubClaims) -> list[dict[str, Any]]:
    languages = {"sourceLanguage": claims.source_language, "targetLanguage": claims.target_language}
    actions = [_OPENED]
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
        "history": [_revision(revision) for revision in claims.history],
        "edited_segments": list(claims.edited),
    }


def _revision(revision: VideoRevision) -> dict[str, Any]:
    return {"revision": revision.number, "segments": list(revision.segments)}
