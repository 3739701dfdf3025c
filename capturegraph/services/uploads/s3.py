"""Files in a bucket of an S3-compatible store. Nobody is handed an address of a file: our doors give them out.

What the store does not take or answer is FilesAway, which every door turns into "later"; nothing is assumed of it then.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.utils.translation import gettext as _
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from capturegraph.services.refusals import FilesAway
from capturegraph.services.uploads.elsewhere import Kept, Sent
from capturegraph.variables import Bucket

log = logging.getLogger(__name__)
WHOLE_BYTES = 64_000_000
"""Files up to here go in one request, with a digest that the store compares."""

READ_BYTES = 256 * 1024
NOT_THERE = ("404", "NoSuchKey", "NotFound")
CLIENT = {
    "signature_version": "s3v4", "connect_timeout": 3, "read_timeout": 10, "max_pool_connections": 32,
    # Together below the time after which PostgreSQL ends a transaction that waits for us.
    "retries": {"mode": "standard", "total_max_attempts": 2},
    # What boto3 adds by itself since 1.36 is refused by many a store that is not Amazon's.
    "request_checksum_calculation": "when_required", "response_checksum_validation": "when_required",
}  # fmt: skip


class S3Files(S3Storage):
    """The store that `CAPTUREGRAPH_FILES_URL` names, as Django's storage and as `Elsewhere`.

    No ACL is sent: what a bucket holds is private unless its owner opens it, and newer buckets refuse any.
    """

    def __init__(self, *, place: Bucket) -> None:
        super().__init__(
            bucket_name=place.bucket, location=place.prefix, access_key=place.key or None,
            secret_key=place.secret or None, endpoint_url=place.endpoint or None, region_name=place.region or None,
            file_overwrite=False, default_acl=None, querystring_auth=False,
            client_config=Config(**CLIENT, s3={"addressing_style": place.addressing}),
        )  # fmt: skip
        self._place, self._lock, self._shared = place, threading.Lock(), dict[str, Any]()

    # --- what Django asks of a storage --------------------------------------------------------------------------------

    @property
    def connection(self) -> Any:
        """Give the connection that all threads share: making one takes a tenth of a second."""
        return self._connected(self.endpoint_url)

    def _connected(self, endpoint: str | None) -> Any:
        with self._lock:
            if (endpoint or "") not in self._shared:
                self._shared[endpoint or ""] = self._create_session().resource(
                    "s3", region_name=self.region_name, endpoint_url=endpoint, config=self.client_config
                )
            return self._shared[endpoint or ""]

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(clean_name(name))}

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError("Files are written by save(), whole, and read as bytes.")
        return File(io.BufferedReader(_Reading(self._client, self._at(name)), READ_BYTES), name)

    def _save(self, name: str, content: File[bytes]) -> str:
        content.seek(0)
        with answered(name):
            if content.size > WHOLE_BYTES:
                return str(super()._save(name, content))
            digest = hashlib.md5(usedforsecurity=False)
            while piece := content.read(READ_BYTES):
                digest.update(piece)
            content.seek(0)
            # A body that was damaged on the way is refused. Not Django's File itself: one without a name is false.
            self._client.put_object(
                **self._at(name), Body=content.file, ContentMD5=base64.b64encode(digest.digest()).decode(),
                ContentType="application/octet-stream",
            )  # fmt: skip
        return str(clean_name(name))

    def delete(self, name: str) -> None:
        """Delete a file; one that is not there is no error."""
        with answered(name):
            self._client.delete_object(**self._at(name))

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        with answered(name):
            return bool(super().exists(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        """Give the folders and the files of a folder."""
        with answered(name):
            folders, files = super().listdir(name)
            return list(folders), list(files)

    def size(self, name: str) -> int:
        """Give the bytes of a file."""
        with answered(name):
            return int(self._client.head_object(**self._at(name))["ContentLength"])

    def get_modified_time(self, name: str) -> datetime:
        """Give when a file was written."""
        with answered(name):
            written_at: datetime = self._client.head_object(**self._at(name))["LastModified"]
            return written_at

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        """Give nothing: files are given out by our doors, to whoever may see them."""
        return ""

    # --- what a store elsewhere can do --------------------------------------------------------------------------------

    def walked(self, folder: str) -> Iterator[Kept]:
        """Give all files below a folder, in the order of their names, a thousand in a request."""
        for page in self._pages("list_objects_v2", f"{folder}/" if folder else ""):
            for entry in page.get("Contents", ()):
                yield Kept(self._name(entry["Key"]), entry["Size"], entry["LastModified"])

    def begin_parts(self, name: str) -> str:
        """Begin a multipart upload."""
        with answered(name):
            made = self._client.create_multipart_upload(**self._at(name), ContentType="application/octet-stream")
            return str(made["UploadId"])

    def part_address(self, name: str, parts: str, number: int, size: int, for_s: int) -> str:
        """Sign the address of a part, with its length: more bytes than announced are refused by the store."""
        client = self._connected(self._place.public or self.endpoint_url).meta.client
        said = {**self._at(name), "UploadId": parts, "PartNumber": number, "ContentLength": size}
        return str(client.generate_presigned_url("upload_part", Params=said, ExpiresIn=for_s, HttpMethod="PUT"))

    def parts_sent(self, name: str, parts: str) -> Mapping[int, Sent] | None:
        """Ask which parts have come."""
        try:
            with answered(name):
                pages = self._client.get_paginator("list_parts").paginate(**self._at(name), UploadId=parts)
                sent = [one for page in pages for one in page.get("Parts", ())]
        except FileNotFoundError:
            return None
        return {one["PartNumber"]: Sent(one["Size"], one["ETag"]) for one in sent}

    def join_parts(self, name: str, parts: str, sent: Sequence[tuple[int, Sent]]) -> bool:
        """Complete a multipart upload."""
        tags = [{"PartNumber": number, "ETag": one.tag} for number, one in sent]
        try:
            with answered(name):
                self._client.complete_multipart_upload(
                    **self._at(name), UploadId=parts, MultipartUpload={"Parts": tags}
                )
        except FileNotFoundError:
            return False
        return True

    def clear_parts(self, prefix: str) -> int:
        """Abort every multipart upload and delete every file whose name begins so."""
        count = 0
        for page in self._pages("list_multipart_uploads", prefix):
            for one in page.get("Uploads", ()):
                count += 1
                # Somebody may have been quicker.
                with answered(prefix, gone_is_fine=True):
                    self._client.abort_multipart_upload(
                        Bucket=self.bucket_name, Key=one["Key"], UploadId=one["UploadId"]
                    )
        for page in self._pages("list_objects_v2", prefix):
            for one in page.get("Contents", ()):
                count += 1
                self.delete(self._name(one["Key"]))
        return count

    def _pages(self, operation: str, prefix: str) -> Iterator[Mapping[str, Any]]:
        begins = f"{self.location.strip('/')}/{prefix}".lstrip("/")
        pages = iter(self._client.get_paginator(operation).paginate(Bucket=self.bucket_name, Prefix=begins))
        while True:
            with answered(prefix):
                page = next(pages, None)
            if page is None:
                return
            yield page

    def _name(self, key: str) -> str:
        return key.removeprefix(f"{self.location.strip('/')}/".lstrip("/"))


class _Reading(io.RawIOBase):
    """A file while it is read: one request from where one is to the end, another one wherever one jumps to.

    What is read is always of the file that was there when it was opened, or nothing.
    """

    def __init__(self, client: Any, at: Mapping[str, str]) -> None:
        self._client, self._at, self._place = client, at, 0
        self._body: Any = None
        with answered(at["Key"]):
            head = client.head_object(**at)
        self._size, self._tag = int(head["ContentLength"]), head["ETag"]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if place < 0:
            raise ValueError("That is before the first byte.")
        if place != self._place:
            self._place = place
            self._let_go()
        return place

    def readinto(self, buffer: Any) -> int:
        if self._place >= self._size:
            return 0
        with answered(self._at["Key"]):
            if self._body is None:
                said = {"Range": f"bytes={self._place}-", "IfMatch": self._tag}
                self._body = self._client.get_object(**self._at, **said)["Body"]
            data: bytes = self._body.read(len(buffer))
        if not data:
            raise away(f"{self._at['Key']} ended early")
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


@contextmanager
def answered(name: str, *, gone_is_fine: bool = False) -> Iterator[None]:
    """Turn what goes wrong between us and the store into two things: it is not there, or the store is away.

    Raises:
        FileNotFoundError: there is no such file, or no upload of it, unless that is fine. FilesAway: anything else.
    """
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in (*NOT_THERE, "NoSuchUpload"):
            if gone_is_fine:
                return
            raise FileNotFoundError(name) from None
        raise away(f"{name}: {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise away(f"{name}: {error}") from error


def away(why: str) -> FilesAway:
    """Write down what the store answered, which is nobody's to read but ours, and give the refusal."""
    log.warning("the store of files: %s", why)
    return FilesAway(_("The store of photos does not answer. Keep your copy, and send it again later."))
