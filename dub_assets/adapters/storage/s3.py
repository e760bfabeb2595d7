"""An object store in an S3 bucket, or in anything that speaks its protocol."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dub_assets.core.errors import ConfigurationError, DubError, ObjectMissingError, StorageUnavailableError
from dub_assets.core.files import disk_errors
from dub_assets.core.media import StoredObject
from dub_assets.core.object_key import checked_key, checked_prefix, is_key

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferManager
    from botocore.client import BaseClient

_MEBIBYTE = 1024 * 1024
_DELETE_BATCH = 1000
"""The most keys that S3 takes in one request."""

_PASSING_STATUS = {408, 409, 412, 429}
"""Answers that may differ next time; 412: the object was replaced while its parts were read."""

_PASSING_CODES = {"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling"}


def s3_client(
    *,
    region: str,
    endpoint_url: str | None = None,
    profile: str | None = None,
    attempts: int = 5,
    connect_timeout_s: float = 5.0,
    read_timeout_s: float = 60.0,
) -> BaseClient:
    """A boto3 client for S3 with the usual credentials chain; ``attempts`` counts the first call."""
    from boto3.session import Session
    from botocore.config import Config

    config = Config(
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        signature_version="s3v4",
    )
    return Session(profile_name=profile).client("s3", region_name=region, endpoint_url=endpoint_url, config=config)


class S3ObjectStore:
    """Objects in a bucket, their sha256 as metadata of the object.

    ``client`` is called once, at the first need, for a boto3 client of S3: ``partial(s3_client, region=...)``, or the
    ``get_client`` of Dagster's S3 resource. Files above ``part_bytes`` travel in parts; all transfers together use
    ``connections`` connections. Everything may be called from several threads.
    """

    def __init__(
        self,
        bucket: str,
        client: Callable[[], BaseClient],
        *,
        part_bytes: int = 16 * _MEBIBYTE,
        connections: int = 8,
    ) -> None:
        self._bucket = bucket
        self._make_client = client
        self._part_bytes = part_bytes
        self._connections = connections
        self._lock = threading.Lock()
        self._connection: tuple[BaseClient, TransferManager] | None = None
        self._bucket_seen = False

    @property
    def description(self) -> str:
        """The bucket's address."""
        return f"s3://{self._bucket}"

    def head(self, key: str) -> StoredObject | None:
        """Size and checksum of an object, or None; no checksum where dub_assets did not write it."""
        checked_key(key)
        try:
            with self._reported(key):
                answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except ObjectMissingError:
            return None
        return StoredObject(key=key, size_bytes=answer["ContentLength"], sha256=answer["Metadata"].get("sha256"))

    def get(self, key: str) -> bytes:
        """A small object's content. Raises ObjectMissingError."""
        checked_key(key)
        with self._reported(key):
            content: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return content

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """Write a small object, whole or not at all."""
        checked_key(key)
        metadata = {"sha256": hashlib.sha256(content).hexdigest()}
        with self._reported(key):
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=content, ContentType=content_type, Metadata=metadata
            )

    def download(self, key: str, target: Path) -> None:
        """Write an object's content to a file, whole or not at all. Raises ObjectMissingError.

        The transfer manager writes to a file beside the target and renames it at the end.
        """
        checked_key(key)
        with disk_errors(target), self._reported(key):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._transfers.download(self._bucket, key, str(target)).result()

    def upload(self, key: str, source: Path, *, content_type: str, sha256: str) -> None:
        """Write a file's content as an object, whole or not at all, its checksum beside it."""
        checked_key(key)
        extra = {"ContentType": content_type, "Metadata": {"sha256": sha256}}
        with self._reported(key):
            self._transfers.upload(str(source), self._bucket, key, extra_args=extra).result()

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key begins with ``prefix``, sorted by key, without checksums."""
        return self._listed(checked_prefix(prefix))

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are not there are no error."""
        names = [{"Key": checked_key(key)} for key in keys]
        for start in range(0, len(names), _DELETE_BATCH):
            batch = {"Objects": names[start : start + _DELETE_BATCH], "Quiet": True}
            with self._reported(names[start]["Key"]):
                answer = self._client.delete_objects(Bucket=self._bucket, Delete=batch)
            for failure in answer.get("Errors", ()):
                raise self._refusal(failure["Key"], failure["Code"], 0)

    def link(self, key: str, *, expires_s: int) -> str | None:
        """A signed URL that opens the object for ``expires_s`` seconds."""
        checked_key(key)
        with self._reported(key):
            place = {"Bucket": self._bucket, "Key": key}
            url: str = self._client.generate_presigned_url("get_object", Params=place, ExpiresIn=expires_s)
        return url

    @property
    def _client(self) -> BaseClient:
        return self._connected()[0]

    @property
    def _transfers(self) -> TransferManager:
        return self._connected()[1]

    def _connected(self) -> tuple[BaseClient, TransferManager]:
        """The client and the one transfer manager that all threads share."""
        from boto3.s3.transfer import TransferConfig, create_transfer_manager

        with self._lock:
            if self._connection is None:
                try:
                    client = self._make_client()
                except ValueError as error:  # how botocore refuses an endpoint's address
                    raise ConfigurationError(f"{self.description}: {error}; check AWS_ENDPOINT_URL") from error
                config = TransferConfig(
                    multipart_threshold=self._part_bytes,
                    multipart_chunksize=self._part_bytes,
                    max_concurrency=self._connections,
                    preferred_transfer_client="classic",
                )
                self._connection = client, create_transfer_manager(client, config)
            return self._connection

    def _listed(self, prefix: str) -> Iterator[StoredObject]:
        with self._reported(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                for entry in page.get("Contents", ()):
                    if is_key(entry["Key"]):  # consoles leave folder markers, which are no objects of ours
                        yield StoredObject(key=entry["Key"], size_bytes=entry["Size"], sha256=None)

    @contextmanager
    def _reported(self, key: str) -> Iterator[None]:
        """Report what S3 or the way to it refuses as errors of dub_assets."""
        from boto3.s3.transfer import S3TransferRetriesExceededError
        from botocore import exceptions as boto

        no_answer = (
            boto.ConnectionError,
            boto.HTTPClientError,
            boto.IncompleteReadError,
            boto.FlexibleChecksumError,
            S3TransferRetriesExceededError,
        )
        try:
            yield
        except boto.ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            raise self._refusal(key, error.response["Error"]["Code"], status) from error
        except no_answer as error:
            raise StorageUnavailableError(
                f"{self.description} did not answer ({type(error).__name__}): check the network and AWS_ENDPOINT_URL,"
                " then try again"
            ) from error
        except boto.BotoCoreError as error:
            reason = " ".join(str(error).split())
            raise ConfigurationError(f"cannot use {self.description}: {reason}; check the AWS settings") from error

    def _refusal(self, key: str, code: str, status: int) -> DubError:
        """What an error answer of S3 means."""
        where = f"{self.description}/{key}"
        if code == "NoSuchBucket":
            return self._no_bucket()
        if code in {"NoSuchKey", "404"}:
            self._require_bucket()
            return ObjectMissingError(f"there is no object {where}: make it again")
        if status in _PASSING_STATUS or status >= 500 or code in _PASSING_CODES:
            return StorageUnavailableError(f"{where} cannot be reached now ({code}): try again later")
        return ConfigurationError(
            f"{where} is refused ({code}): check the credentials, AWS_REGION, and that the policy of bucket"
            f" {self._bucket} allows s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject"
        )

    def _require_bucket(self) -> None:
        """Tell a missing bucket from a missing object, whose answers to HEAD are the same; asked once."""
        from botocore.exceptions import ClientError

        if self._bucket_seen:
            return
        with self._reported(""):
            try:
                self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if error.response["Error"]["Code"] == "404":
                    raise self._no_bucket() from error
                raise
        self._bucket_seen = True

    def _no_bucket(self) -> ConfigurationError:
        return ConfigurationError(f"there is no bucket {self._bucket}: create it, or set AWS_S3_BUCKET to another one")
