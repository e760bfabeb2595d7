"""The model hub: commits, addresses of files, and the hub's errors as errors of dub_assets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from dub_assets.core.errors import EngineUnavailableError, FileMissingError, ServiceUnavailableError
from dub_assets.engines.models.download import TIMEOUT_S, WebFile
from dub_assets.engines.models.remote import RemoteModel
from dub_assets.engines.telemetry import disable_telemetry

_SHA256 = re.compile(r"[0-9a-f]{64}")


def commit_of(model: RemoteModel) -> str:
    """Return the commit of a model's revision. Raises EngineUnavailableError or ServiceUnavailableError."""
    disable_telemetry()
    from huggingface_hub import HfApi

    with _hub_errors(model, "its revision"):
        commit = HfApi().model_info(model.home, revision=model.revision, timeout=TIMEOUT_S).sha
    if not commit:
        raise EngineUnavailableError(f"the hub names no commit for {model.pin}: pin one")
    return str(commit)


def locate(model: RemoteModel, name: str, commit: str) -> tuple[WebFile, str]:
    """Return a file's address and its sha256, "" if the hub does not report it.

    Raises FileMissingError, EngineUnavailableError or ServiceUnavailableError.
    """
    disable_telemetry()
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # exported at run time only

    with _hub_errors(model, name):
        address = hf_hub_url(model.home, name, revision=commit)
        metadata = get_hf_file_metadata(address, timeout=TIMEOUT_S)
    etag = metadata.etag or ""
    return (
        WebFile(address=address, headers=build_hf_headers(), size=metadata.size),
        etag if _SHA256.fullmatch(etag) else "",
    )


@contextmanager
def _hub_errors(model: RemoteModel, wanted: str) -> Iterator[None]:
    """Turn the errors of the hub and its client into errors of dub_assets."""
    from huggingface_hub import errors as hub
    from huggingface_hub import get_token

    # The base class of errors of the hub's HTTP client, which differs between its versions.
    http_error: type[Exception] = hub.HfHubHTTPError.__bases__[0]
    try:
        yield
    except hub.GatedRepoError as error:
        raise EngineUnavailableError(_gate_remedy(model)) from error
    except (hub.LocalEntryNotFoundError, hub.OfflineModeIsEnabled) as error:
        raise _unreachable(model, wanted, error.__cause__ or error) from error
    except hub.RepositoryNotFoundError as error:
        who = "for the account of HF_TOKEN" if get_token() else "without an HF_TOKEN"
        raise EngineUnavailableError(
            f"the hub has no {wanted} of {model.pin} {who}: set one that is valid, or put the model into the weights "
            "folder yourself"
        ) from error
    except (hub.RevisionNotFoundError, hub.EntryNotFoundError) as error:
        raise FileMissingError(
            f"the hub has no {wanted} of {model.pin}: put the model into the weights folder yourself"
        ) from error
    except (http_error, hub.FileMetadataError, OSError) as error:
        raise _unreachable(model, wanted, error) from error


def _gate_remedy(model: RemoteModel) -> str:
    """Return the error message for a model whose conditions have to be accepted."""
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
