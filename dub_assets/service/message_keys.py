"""Object keys that messages name: which of them may be read, and which written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote

from dub_assets.core.errors import InputError
from dub_assets.core.keys import template_fields
from dub_assets.core.object_key import checked_prefix, key_fault
from dub_assets.core.request import ID_PATTERN

PROJECT_PREFIX = "projects/{project_id}/"
"""Template of the folder of a project: the beginning of the keys that its messages may name by default."""

_PROJECT_FIELD = "{project_id}"
_MAX_DECODINGS = 8
_INTERIM = re.compile(r"projects/[^/]+/interim/[^/]+/.+", re.IGNORECASE)
_KEPT = re.compile(
    r"(jobs|consents)/.+|.+\.report\.html"
    r"|projects/[^/]+/interim/([^/]+/(manifests|stems|speech|subtitles|revisions)|\.[^/]+)/.+",
    re.IGNORECASE,
)
"""What the pipeline writes for itself (``core/keys.py``). Some file systems do not distinguish case."""


def checked_prefix_template(template: str) -> str:
    """Return a template of prefixes if it can be used. Raises ValueError otherwise, with what is wrong.

    ``{project_id}`` is its only field. A slash must follow it: ``projects/{project_id}`` would give the project ``p1``
    the keys of ``p10``.
    """
    try:
        fields = template_fields(template)
    except ValueError as error:
        raise ValueError(f"is unusable: {error}") from error
    if set(fields) - {"project_id"}:
        raise ValueError("is unusable: only {project_id} can stand in braces")
    if fields and "/" not in template.rpartition(_PROJECT_FIELD)[2]:
        raise ValueError("is unusable: without a slash after {project_id} it would allow keys of other projects")
    try:
        return checked_prefix(template)
    except InputError as error:
        raise ValueError(f"is unusable: {error}") from error


class KeyScope:
    """The keys that one message may name: those below ``prefixes``, which are templates with ``{project_id}``.

    ``project_id`` is the message's project. If the message names none, the first key below a project's folder decides,
    so that all keys of a message belong to one project.
    """

    def __init__(self, prefixes: Sequence[str], project_id: str | None) -> None:
        self.project_id = project_id
        self._named = project_id
        self._prefixes = prefixes
        self._patterns = [_pattern(prefix) for prefix in prefixes]

    def fault(self, key: str) -> str | None:
        """Return what is wrong with a key, None if the message may name it."""
        return key_fault(key) or _hidden_fault(key) or self._outside(key)

    def _outside(self, key: str) -> str | None:
        for pattern in self._patterns:
            found = pattern.match(key)
            if found is None:
                continue
            owner = found.groupdict().get("project")
            if owner is None or owner == (self.project_id or owner):
                self.project_id = self.project_id or owner
                return None
        allowed = [prefix.replace(_PROJECT_FIELD, self.project_id or _PROJECT_FIELD) for prefix in self._prefixes]
        inferred = ", the project of the other keys: name project_id" if self.project_id != self._named else ""
        return f"does not lie below {' or '.join(allowed)}{inferred}"


def checked_read_key(name: str, key: str, scope: KeyScope) -> str:
    """Return ``key`` if the message may name it. Raises InputError otherwise."""
    fault = scope.fault(key)
    if fault:
        raise InputError(f"{name} {_shown(key)} {fault}")
    return key


def checked_folder(name: str, folder: str, scope: KeyScope) -> str:
    """Return a folder of keys, without the slash at its end. Raises InputError like ``checked_read_key``."""
    plain = folder.removesuffix("/")
    fault = scope.fault(f"{plain}/x")
    if fault:
        raise InputError(f"{name} {_shown(folder)} {fault}")
    return plain


def checked_clip_key(name: str, key: str, scope: KeyScope) -> str:
    """Return the key of a clip to write. Raises InputError also for keys of the pipeline's own objects."""
    return outside_own_objects(name, checked_read_key(name, key, scope))


def checked_result_key(name: str, key: str, scope: KeyScope) -> str:
    """Return the key of a result to write. Raises InputError also for keys among the interim objects of any job."""
    if _INTERIM.fullmatch(key):
        raise InputError(f"{name} {_shown(key)} lies among the interim objects of a job: name a key outside of them")
    return checked_clip_key(name, key, scope)


def outside_own_objects(name: str, key: str) -> str:
    """Return ``key`` if it is not one of the pipeline's own objects. Raises InputError otherwise."""
    if _KEPT.fullmatch(key):
        raise InputError(f"{name} {_shown(key)} lies where the pipeline keeps its own objects: name another key")
    return key


def _pattern(prefix: str) -> re.Pattern[str]:
    """Return the pattern of the keys below a prefix, with the group ``project`` if the prefix names the project."""
    head, *tails = map(re.escape, prefix.split(_PROJECT_FIELD))
    groups = [f"(?P<project>{ID_PATTERN})", *["(?P=project)"] * (len(tails) - 1)]
    return re.compile(head + "".join(group + tail for group, tail in zip(groups, tails, strict=False)))


def _hidden_fault(key: str) -> str | None:
    """Return a fault if percent-encoding or Unicode look-alikes hide another path, such as ``%2e%2e``."""
    plain = key
    for _ in range(_MAX_DECODINGS):
        decoded = unicodedata.normalize("NFKC", unquote(plain, errors="replace"))
        decoded = "".join(character for character in decoded if unicodedata.category(character) != "Cf")
        if decoded == plain:
            break
        plain = decoded
    if key_fault(plain) or plain.count("/") != key.count("/"):
        return "hides another path behind percent-encoding or look-alike characters"
    return None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 120 else f"{text[:120]}…")
