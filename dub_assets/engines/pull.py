"""Fetching models: from the hub by its own client, from a folder of the web by requests; verified, then locked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from dub_assets.domain.errors import EngineUnavailableError, ServiceUnavailableError
from dub_assets.engines import weights
from dub_assets.engines.remote import ModelsLock, RemoteFile, RemoteModel, check

_TIMEOUT_S = 30.0
_BLOCK_BYTES = 1 << 20

Report = Callable[[RemoteModel, RemoteFile], None]
"""Told of each file before it is fetched."""


def pull(model: RemoteModel, *, cache_dir: Path, lock: ModelsLock, report: Report | None = None) -> None:
    """Fetch what is missing of a model, verify all of it, and write it down.

    Raises EngineUnavailableError where a file does not exist or is not what was pinned or locked, and
    ServiceUnavailableError where the model's home does not answer.
    """
    folder, locked = model.folder(cache_dir), lock.hashes(model)
    commit = lock.commit(model)
    if not model.is_fixed and commit is None:
        commit = _commit_of(model)
    fetched = {}
    for file in model.files:
        found = _found(model, file, commit or model.revision, folder, locked, report)
        if found is None:
            continue
        path = folder / found.name
        digest = weights.sha256_of(path, cache_dir=cache_dir)
        try:
            check(model, found, digest, locked.get(found.name))
        except EngineUnavailableError:
            path.unlink()
            raise
        fetched[found.name] = digest, path.stat().st_size
    lock.write(model, commit=commit, files=fetched)


class _NoSuchFileError(EngineUnavailableError):
    """A model's home has no such file."""


def _found(
    model: RemoteModel,
    file: RemoteFile,
    revision: str,
    folder: Path,
    locked: Collection[str],
    report: Report | None,
) -> RemoteFile | None:
    """The file, or the one in its place, once it is there; None where the model does without."""
    names = [name for name in file.names if file.otherwise is None or not locked or name in locked]
    missing: _NoSuchFileError | None = None
    for name in names:
        wanted = file if name == file.name else RemoteFile(name=name)
        if (folder / name).is_file():
            return wanted
        if report:
            report(model, wanted)
        try:
            _fetch(model, wanted, revision, folder)
        except _NoSuchFileError as error:
            missing = error
        else:
            return wanted
    if file.may_be_missing:
        return None
    raise missing or EngineUnavailableError(
        f"the lock has no {file.name} of {model.pin}: delete the model's entry there, and pull again"
    )


def _commit_of(model: RemoteModel) -> str:
    from huggingface_hub import HfApi

    with _hub_errors(model, "its revision"):
        commit = HfApi().model_info(model.home, revision=model.revision, timeout=_TIMEOUT_S).sha
    if not commit:
        raise EngineUnavailableError(f"the hub names no commit for {model.pin}: pin one")
    return str(commit)


def _fetch(model: RemoteModel, file: RemoteFile, revision: str, folder: Path) -> None:
    if model.on_hub:
        from huggingface_hub import hf_hub_download

        with _hub_errors(model, file.name):
            hf_hub_download(model.home, file.name, revision=revision, local_dir=folder)
    else:
        _download(model, file, folder / file.name)


def _download(model: RemoteModel, file: RemoteFile, path: Path) -> None:
    import requests

    address = f"{model.home}/{file.name}"
    with _web_errors(address), requests.get(address, stream=True, timeout=_TIMEOUT_S) as answer:
        if answer.status_code in {401, 403, 404, 410}:
            raise _NoSuchFileError(
                f"{address} is not there ({answer.status_code}): put the file into the weights folder yourself"
            )
        answer.raise_for_status()
        blocks = answer.iter_content(_BLOCK_BYTES)
        with weights.writing(path) as stream:
            while block := _next(blocks, address):
                stream.write(block)


def _next(blocks: Iterator[bytes], address: str) -> bytes:
    """The next block, or nothing at the end; its errors are the network's, not those of writing a file."""
    with _web_errors(address):
        return next(blocks, b"")


@contextmanager
def _web_errors(address: str) -> Iterator[None]:
    import requests

    try:
        yield
    except requests.RequestException as error:
        raise ServiceUnavailableError(
            f"{address} did not answer ({type(error).__name__}): check the network and pull again"
        ) from error


@contextmanager
def _hub_errors(model: RemoteModel, wanted: str) -> Iterator[None]:
    """Report what the hub or the way to it refuses as errors of dub_assets."""
    from huggingface_hub import errors as hub
    from huggingface_hub import get_token

    # The base of the errors of the hub's HTTP client, which is not the same library in all its versions.
    http_error: type[Exception] = hub.HfHubHTTPError.__bases__[0]
    try:
        yield
    except hub.GatedRepoError as error:
        raise EngineUnavailableError(_way_through_the_gate(model)) from error
    except (hub.LocalEntryNotFoundError, hub.OfflineModeIsEnabled) as error:
        raise _unreachable(model, wanted, error.__cause__ or error) from error
    except hub.RepositoryNotFoundError as error:
        who = "for the account of HF_TOKEN" if get_token() else "without an HF_TOKEN"
        raise EngineUnavailableError(
            f"the hub has no {wanted} of {model.pin} {who}: set one that is valid, or put the model into the weights "
            "folder yourself"
        ) from error
    except (hub.RevisionNotFoundError, hub.EntryNotFoundError) as error:
        raise _NoSuchFileError(
            f"the hub has no {wanted} of {model.pin}: put the model into the weights folder yourself"
        ) from error
    except (http_error, hub.FileMetadataError, OSError) as error:
        raise _unreachable(model, wanted, error) from error


def _way_through_the_gate(model: RemoteModel) -> str:
    """What is left to do for a model whose home wants its conditions accepted."""
    from huggingface_hub import constants, get_token

    page = f"{constants.ENDPOINT}/{model.home}"
    if get_token():
        return (
            f"the account of HF_TOKEN has not accepted the conditions of {model.home}, or its token may not read it: "
            f"accept them at {page}, and pull again"
        )
    return (
        f"{model.home} is behind a gate and there is no HF_TOKEN: accept its conditions at {page}, make a token that "
        f"may read at {constants.ENDPOINT}/settings/tokens, set HF_TOKEN, and pull again"
    )


def _unreachable(model: RemoteModel, wanted: str, error: BaseException) -> ServiceUnavailableError:
    return ServiceUnavailableError(
        f"the hub did not give {wanted} of {model.pin} ({type(error).__name__}): check the network, HF_HUB_OFFLINE, "
        "HF_ENDPOINT and HF_TOKEN, and pull again"
    )
