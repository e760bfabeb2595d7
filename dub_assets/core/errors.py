"""The errors of dub_assets, one tree.

::

    DubError
    ├── PermanentError              a retry cannot succeed; a person has to change something
    │   ├── InputError              the media file or the request cannot be used
    │   ├── ConfigurationError      a setting is invalid or contradicts another one
    │   ├── UnsupportedLanguageError  no installed engine supports this language or pair
    │   ├── EngineUnavailableError  an engine or its weights are missing or not as expected
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
the message that asked for the job. Every error text is one line that says what is wrong and what to do.
"""


class DubError(Exception):
    """Base class of the errors of dub_assets."""


class PermanentError(DubError):
    """A retry cannot succeed."""


class InputError(PermanentError):
    """The media file or the request cannot be used."""


class ConfigurationError(PermanentError):
    """A setting is invalid or contradicts another one."""


class UnsupportedLanguageError(PermanentError):
    """No installed engine supports this language or pair of languages."""


class EngineUnavailableError(PermanentError):
    """An engine or its weights are missing, or not as expected."""


class ObjectMissingError(PermanentError):
    """An object that a manifest names is missing."""


class ObjectCorruptError(PermanentError):
    """An object is not as its manifest says."""


class OutOfSpaceError(PermanentError):
    """The disk is full, or a folder cannot be written."""


class MessageRefusedError(PermanentError):
    """A message asks for something impossible.

    The error has the fields of the message that could be read, for the callback that reports the refusal: ``job_id``
    as it was sent (it may be unusable in keys, see ``core.request.checked_id``), ``callback_url`` with the id filled
    in, ``task`` by its usual name, and the indexes of its segments.
    """

    def __init__(
        self,
        reason: str,
        *,
        job_id: str | None = None,
        callback_url: str | None = None,
        project_id: str | None = None,
        task: str | None = None,
        segments: tuple[int, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.job_id = job_id
        self.callback_url = callback_url
        self.project_id = project_id
        self.task = task
        self.segments = segments


class TransientError(DubError):
    """The same call may succeed later."""


class DeviceMemoryError(TransientError):
    """A single item does not fit into the device's free memory, which other processes may release."""


class StorageUnavailableError(TransientError):
    """The object store did not answer."""


class QueueUnavailableError(TransientError):
    """The queue did not answer."""


class ServiceUnavailableError(TransientError):
    """A service that an engine calls, or a model hub, did not answer."""
