"""The errors of dub_assets, one tree.

::

    DubError
    ├── PermanentError              a retry cannot succeed; a person has to change something
    │   ├── InputError              the request, or something else that was given, cannot be used
    │   │   └── MediaError            a media file cannot be used
    │   ├── ConfigurationError      a setting is invalid or contradicts another one
    │   ├── ConsentMissingError     a voice would be cloned without a valid consent
    │   ├── UnsupportedLanguageError  no installed engine supports this language or pair
    │   ├── EngineUnavailableError  an engine or its weights are missing or not as expected
    │   │   └── FileMissingError      a server does not have a file of weights, or refuses it
    │   ├── ObjectMissingError      an object that a manifest names is missing
    │   ├── ObjectCorruptError      an object is not as its manifest says
    │   ├── OutOfSpaceError         the disk is full, or a folder cannot be written
    │   └── MessageRefusedError     a message asks for something impossible
    └── TransientError              the same call may succeed later
        ├── DeviceMemoryError        a single item does not fit into the device's free memory
        ├── StorageUnavailableError  the object store did not answer
        ├── QueueUnavailableError   the queue did not answer
        └── ServiceUnavailableError  a service of an engine, or a model hub, did not answer

The type says whether an error is permanent: it decides whether the step and the run are retried, and what becomes of
the message that asked for the job. Every error text is one line that says what is wrong and what to do. ``error_code``
is for programs: callbacks and documents carry it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

ErrorCode = Literal[
    "invalid_message",
    "unsupported_media",
    "unsupported_language",
    "engine_unavailable",
    "storage",
    "quality_check",
    "cancelled",
    "infrastructure",
    "internal",
]

ERROR_CODES: Mapping[ErrorCode, str] = {
    "invalid_message": (
        "The message, or a text or name in it, cannot be used, or a consent to clone a voice is missing. Correct it "
        "and send it again."
    ),
    "unsupported_media": "The video or a sound cannot be used. Send another file.",
    "unsupported_language": "No installed engine supports the language or the pair. Name another one.",
    "engine_unavailable": "An engine, its weights or its service is missing or does not answer.",
    "storage": "An object is missing or damaged, the object store does not answer, or a disk is full.",
    "quality_check": "A blocking check did not pass, and the job stopped there. `error` says which.",
    "cancelled": "The run was cancelled.",
    "infrastructure": "A process was lost, a time limit has passed, or the deployment's configuration is wrong.",
    "internal": "Anything else: a defect, which the log of the run describes.",
}
"""The value of ``error_code`` and its meaning for consumers; the list is closed."""


class DubError(Exception):
    """Base class of the errors of dub_assets."""

    error_code: ErrorCode = "internal"
    """What programs read; classes that differ from their base override it."""


class PermanentError(DubError):
    """A retry cannot succeed."""


class InputError(PermanentError):
    """The request, or something else that was given, cannot be used."""

    error_code: ErrorCode = "invalid_message"


class NotSpliceableError(Exception):
    """A video cannot be edited in place of its packets, and has to be rendered from its parts."""


class MediaError(InputError):
    """A media file cannot be used."""

    error_code = "unsupported_media"


class ConfigurationError(PermanentError):
    """A setting is invalid or contradicts another one."""

    error_code = "infrastructure"


class ConsentMissingError(PermanentError):
    """A voice would be cloned, or used in a new result, without a valid consent of the person."""

    error_code = "invalid_message"


class UnsupportedLanguageError(PermanentError):
    """No installed engine supports this language or pair of languages."""

    error_code = "unsupported_language"


class EngineUnavailableError(PermanentError):
    """An engine or its weights are missing, or not as expected."""

    error_code = "engine_unavailable"


class FileMissingError(EngineUnavailableError):
    """A server does not have a file of weights, or refuses it."""


class ObjectMissingError(PermanentError):
    """An object that a manifest names is missing."""

    error_code = "storage"


class ObjectCorruptError(PermanentError):
    """An object is not as its manifest says."""

    error_code = "storage"


class OutOfSpaceError(PermanentError):
    """The disk is full, or a folder cannot be written."""

    error_code = "storage"


class MessageRefusedError(PermanentError):
    """A message asks for something impossible.

    The error has the fields of the message that could be read, for the callback that reports the refusal: ``job_id``
    as it was sent (it may be unusable in keys, see ``core.request.checked_id``), ``callback_url`` with the id filled
    in, ``task`` by its usual name, and the indexes of its segments.
    """

    error_code: ErrorCode = "invalid_message"

    def __init__(
        self,
        reason: str,
        *,
        job_id: str | None = None,
        callback_url: str | None = None,
        project_id: str | None = None,
        task: str | None = None,
        segments: tuple[int, ...] = (),
        error_code: ErrorCode = "invalid_message",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.job_id = job_id
        self.callback_url = callback_url
        self.project_id = project_id
        self.task = task
        self.segments = segments
        self.error_code = error_code


class TransientError(DubError):
    """The same call may succeed later."""

    error_code: ErrorCode = "infrastructure"


class DeviceMemoryError(TransientError):
    """A single item does not fit into the device's free memory, which other processes may release."""


class StorageUnavailableError(TransientError):
    """The object store did not answer."""

    error_code = "storage"


class QueueUnavailableError(TransientError):
    """The queue did not answer."""


class ServiceUnavailableError(TransientError):
    """A service that an engine calls, or a model hub, did not answer."""

    error_code = "engine_unavailable"


def error_code_of(class_name: str) -> ErrorCode:
    """Return the code of an error by the name of its class: ``internal`` if the class is none of this module."""
    error = globals().get(class_name)
    return error.error_code if isinstance(error, type) and issubclass(error, DubError) else "internal"
