"""An object store in an S3 bucket, or in a service with its protocol."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from dub_assets.adapters.aws import aws_errors, error_code, is_transient
from dub_assets.core.errors import ConfigurationError, DubError, ObjectMissingError, StorageUnavailableError
from dub_assets.core.files import atomic_file
from dub_assets.core.media import StoredObject
from dub_assets.core.object_key import checked_key, checked_prefix, content_type_of, is_key, link_to

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferManager
    from botocore.client import BaseClient

_MEBIBYTE = 1024 * 1024
_EXISTS = {"PreconditionFailed", "ConditionalRequestConflict"}
"""Error codes of a conditional write if there is an object, or if another writer is creating it."""

_DELETE_BATCH = 1000
"""The most keys that S3 takes in one request."""


class S3ObjectStore:
    """Objects in a bucket, their sha256 as metadata of the object.

    ``client`` makes the boto3 client at the first request: ``partial(aws_client, "s3", region=...)``, or the
    ``get_client`` of Dagster's S3 resource. Files above ``part_bytes`` travel in parts; all transfers together use
    ``connections`` connections. ``address`` is the URL of the link server, None without one. Everything may be called
    from several threads.
    """

    def __init__(
        self,
        bucket: str,
        client: Callable[[], BaseClient],
        *,
        part_bytes: int = 16 * _MEBIBYTE,
        connections: int = 8,
        address: str | None = None,
    ) -> None:
        self._address = address
        self._bucket = bucket
        self._make_client = client
        self._part_bytes = part_bytes
        self._connections = connections
        self._lock = threading.Lock()
        self._connection: tuple[BaseClient, TransferManager] | None = None
        self._bucket_seen = False

    @property
    def description(self) -> str:
        """URL of the bucket."""
        return f"s3://{self._bucket}"

    def head(self, key: str) -> StoredObject | None:
        """Return size and checksum of an object, or None; there is no checksum if dub_assets did not write it."""
        checked_key(key)
        try:
            with self._reported(key):
                answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except ObjectMissingError:
            return None
        return StoredObject(key=key, size_bytes=answer["ContentLength"], sha256=answer["Metadata"].get("sha256"))

    def get(self, key: str) -> bytes:
        """Return the content of a small object. Raises ObjectMissingError."""
        checked_key(key)
        with self._reported(key):
            content: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return content

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """Write a small object atomically."""
        checked_key(key)
        metadata = {"sha256": hashlib.sha256(content).hexdigest()}
        with self._reported(key):
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=content, ContentType=content_type, Metadata=metadata
            )

    def create(self, key: str, content: bytes, content_type: str) -> bool:
        """Write a small object if there is none yet; return whether it was written.

        A server that does not know conditional writes may let two writers succeed.
        """
        checked_key(key)
        from botocore.exceptions import ClientError

        metadata = {"sha256": hashlib.sha256(content).hexdigest()}
        with self._reported(key):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=content,
                    ContentType=content_type,
                    Metadata=metadata,
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if error_code(error) not in _EXISTS:
                    raise
                return False
        return True

    def copy(self, source: str, key: str) -> None:
        """Copy an object with its checksum within the bucket, in parts if it is large. Raises ObjectMissingError."""
        checked_key(key)
        stored = self.head(source)
        if stored is None:
            raise self._refusal(f"{self.description}/{source}", "NoSuchKey")
        extra: dict[str, object] = {"ContentType": content_type_of(key), "MetadataDirective": "REPLACE"}
        extra |= {"Metadata": {"sha256": stored.sha256}} if stored.sha256 else {}
        with self._reported(key):
            self._transfers.copy({"Bucket": self._bucket, "Key": source}, self._bucket, key, extra_args=extra).result()

    def download(self, key: str, target: Path) -> None:
        """Download an object to a file atomically. Raises ObjectMissingError."""
        checked_key(key)
        with atomic_file(target) as partial, self._reported(key):
            self._transfers.download(self._bucket, key, str(partial)).result()

    def upload(self, key: str, source: Path, *, content_type: str, sha256: str) -> None:
        """Upload a file as an object atomically, and store its checksum."""
        checked_key(key)
        extra = {"ContentType": content_type, "Metadata": {"sha256": sha256}}
        with self._reported(key):
            self._transfers.upload(str(source), self._bucket, key, extra_args=extra).result()

    def list(self, prefix: str, *, recursive: bool = True) -> Iterator[StoredObject]:
        """Yield every object whose key begins with ``prefix``, sorted by key, without checksums."""
        return self._listed(checked_prefix(prefix), {} if recursive else {"Delimiter": "/"})

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; missing ones are ignored."""
        names = [{"Key": checked_key(key)} for key in keys]
        for start in range(0, len(names), _DELETE_BATCH):
            batch = {"Objects": names[start : start + _DELETE_BATCH], "Quiet": True}
            with self._reported(names[start]["Key"]):
                answer = self._client.delete_objects(Bucket=self._bucket, Delete=batch)
            for failure in answer.get("Errors", ()):
                where, code = f"{self.description}/{failure['Key']}", failure["Code"]
                if is_transient(code):
                    raise StorageUnavailableError(f"{where} cannot be used now ({code}): try again later")
                raise self._refusal(where, code)

    def link(self, key: str) -> str | None:
        """Return the URL at which the link server redirects to the object, or None without one."""
        return link_to(self._address, key)

    def signed_url(self, key: str, *, expires_s: int) -> str:
        """Return a signed URL that opens the object for ``expires_s`` seconds. It must not be stored."""
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
        """Return the client and the transfer manager that all threads share."""
        from boto3.s3.transfer import TransferConfig, create_transfer_manager

        with self._lock:
            if self._connection is None:
                with self._reported(""):
                    client = self._make_client()
                config = TransferConfig(
                    multipart_threshold=self._part_bytes,
                    multipart_chunksize=self._part_bytes,
                    max_concurrency=self._connections,
                    preferred_transfer_client="classic",
                )
                self._connection = client, create_transfer_manager(client, config)
            return self._connection

    def _listed(self, prefix: str, options: Mapping[str, str]) -> Iterator[StoredObject]:
        with self._reported(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, **options
            )
            for page in pages:
                for entry in page.get("Contents", ()):
                    if is_key(entry["Key"]):  # consoles create folder markers, which are not our objects
                        yield StoredObject(key=entry["Key"], size_bytes=entry["Size"], sha256=None)

    def _reported(self, key: str) -> AbstractContextManager[None]:
        """Return a context that raises errors of dub_assets for what S3, or the way to it, refuses."""
        where = f"{self.description}/{key}" if key else self.description
        return aws_errors(
            self.description, unavailable=StorageUnavailableError, refused=lambda code, _: self._refusal(where, code)
        )

    def _refusal(self, where: str, code: str) -> DubError:
        if code == "NoSuchBucket":
            return self._no_bucket()
        if code in {"NoSuchKey", "404"}:
            self._require_bucket()
            return ObjectMissingError(f"there is no object {where}: regenerate it")
        return ConfigurationError(
            f"{where} is refused ({code}): check the credentials, AWS_REGION, and that the policy of bucket"
            f" {self._bucket} allows s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject"
        )

    def _require_bucket(self) -> None:
        """Raise ConfigurationError if the bucket is missing: HEAD answers alike for a missing bucket and object."""
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
