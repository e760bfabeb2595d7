"""The errors of dub_assets, one tree.

::

    DubError
    ├── PermanentError              trying again cannot help; someone has to change something
    │   ├── InputError              the media file or the request is unusable
    │   ├── ConfigurationError      a setting is unreadable or does not fit the others
    │   ├── UnsupportedLanguageError  no engine at hand serves this language or pair
    │   ├── EngineUnavailableError  an engine or its weights are not installed, or are not what they should be
    │   ├── ObjectMissingError      a stored object that a manifest names is not there
    │   ├── ObjectCorruptError      a stored object is not what its manifest says
    │   ├── OutOfSpaceError         the disk is full, or a folder cannot be written
    │   └── MessageRefusedError     a message asks for something that can never be done
    └── TransientError              the same call may succeed later
        ├── DeviceMemoryError        not even one item fits into what is free of the device's memory
        ├── StorageUnavailableError  the object store did not answer
        ├── QueueUnavailableError   the queue did not answer
        └── ServiceUnavailableError  a service that an engine calls, or its models' home, did not answer

Whether an error is permanent is its type: it decides about the step's retry, the run's retry and the fate of the
message that asked for the job. Every message is one readable line that says what to do next.
"""


class DubError(Exception):
    """Anything that dub_assets itself reports as having gone wrong."""


class PermanentError(DubError):
    """Trying again cannot help."""


class InputError(PermanentError):
    """The media file or the request is unusable."""


class ConfigurationError(PermanentError):
    """A setting is unreadable or does not fit the others."""


class UnsupportedLanguageError(PermanentError):
    """No engine at hand serves this language or pair of languages."""


class EngineUnavailableError(PermanentError):
    """An engine or its weights are not installed, or are not what they should be."""


class ObjectMissingError(PermanentError):
    """A stored object that a manifest names is not there."""


class ObjectCorruptError(PermanentError):
    """A stored object is not what its manifest says."""


class OutOfSpaceError(PermanentError):
    """The disk is full, or a folder cannot be written."""


class MessageRefusedError(PermanentError):
    """A message asks for something that can never be done.

    Beside the reason it has what could be read of the message all the same, for the callback that tells its sender:
    ``job_id`` as it was sent, which may be unfit for keys and partition names (``domain.request.checked_id`` knows),
    ``callback_url`` with the id filled in, ``task`` by its usual name, and the indexes of the segments it names.
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
    """Not even one item fits into what is free of the device's memory: others may leave it."""


class StorageUnavailableError(TransientError):
    """The object store did not answer."""


class QueueUnavailableError(TransientError):
    """The queue did not answer."""


class ServiceUnavailableError(TransientError):
    """A service that an engine calls, or the home of its models, did not answer."""
