"""The address that a message wants its callbacks sent to."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

from dub_assets.core.errors import InputError
from dub_assets.service.callbacks.values import callback_url

_MAX_URL_CHARACTERS = 2048


def checked_callback_url(url: str, job_id: str) -> str:
    """The address to send callbacks to, ``{job_id}`` replaced; raises InputError where none can be sent there.

    Only what can be told from the text: whether the host may be spoken to is for the sender to find out.
    """
    if len(url) > _MAX_URL_CHARACTERS:
        raise InputError(f"callback_url is longer than {_MAX_URL_CHARACTERS} characters")
    if "\\" in url or any(unicodedata.category(character) in {"Cc", "Cs", "Zs", "Zl", "Zp"} for character in url):
        raise InputError("callback_url has a backslash, a space or a control character")
    filled = callback_url(url, job_id)
    try:
        parts = urlsplit(filled)
        unusable = not parts.hostname or parts.port == 0
    except ValueError as error:
        raise InputError("callback_url is no URL: its host or port cannot be read") from error
    if parts.scheme not in {"http", "https"} or unusable:
        raise InputError("callback_url is not an http:// or https:// URL with a host")
    if "@" in parts.netloc:
        raise InputError("callback_url has credentials in it: use JOB_CALLBACK_SECRET to sign callbacks instead")
    return filled
