"""Parts of files: what an upload says of its bytes (RFC 9110 and 9530), and which bytes a download asks for."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple, NoReturn

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.request import Request

from capturegraph.services.refusals import Invalid, LengthRequired, OutOfRange, TooLarge
from capturegraph.services.uploads.parts import Stretch

# Numbers that no file reaches are refused by their length, before anything is done with them.
_RANGE = re.compile(r"bytes\s+(?:(\d{1,15})-(\d{1,15})|\*)/(\d{1,15}|\*)", re.ASCII | re.IGNORECASE)
_REPR_DIGEST = re.compile(r"(?:^|,)\s*sha-256\s*=\s*:([A-Za-z0-9+/=]*):")
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def stretch_of(request: Request) -> Stretch:
    """Read which bytes of a photograph a request sends, or that it asks which are here.

    Raises:
        Invalid: the headers cannot be, or contradict each other. OutOfRange: it ends beyond the whole.
        TooLarge: more than a photograph may have. LengthRequired: nothing says how long it is.
    """
    meta = request.META
    if meta.get("HTTP_TRANSFER_ENCODING"):
        raise LengthRequired(_("Say in a header Content-Length how long the photo is: what is cut off is known by it."))
    length, sha256 = _length(meta.get("CONTENT_LENGTH")), _digest(request)
    said = meta.get("HTTP_CONTENT_RANGE")
    stretch = Stretch(size=length, total=length, sha256=sha256) if said is None else _ranged(said, length, sha256)
    if max(length, stretch.total or 0) > settings.MAX_PHOTO_BYTES:
        raise TooLarge(_("This photo is larger than 40 MB. Lower the camera's resolution."))
    return stretch


def _length(said: str | None) -> int:
    try:
        return max(int(said or 0), 0)
    except ValueError:
        return 0


def _ranged(said: str, length: int, sha256: str) -> Stretch:
    found = _RANGE.fullmatch(said.strip())
    if found is None:
        _refuse("Content-Range", _("Write it like “bytes 0-999/5000”, or “bytes */5000” to ask what is here."))
    first, last, whole = found.groups()
    if first is None:
        if length:
            _refuse("Content-Range", _("“bytes */5000” asks what is here, and has no body."))
        return Stretch(total=None if whole == "*" else int(whole), sha256=sha256)
    if whole == "*":
        _refuse("Content-Range", _("Say how many bytes the photo has in all: “bytes 0-999/5000”."))
    start, end, total = int(first), int(last) + 1, int(whole)
    if end <= start:
        _refuse("Content-Range", _("Its last byte comes before its first."))
    if end > total:
        raise OutOfRange(_("It ends beyond the %d bytes that the photo has in all.") % total)
    if length != end - start:
        _refuse("Content-Range", _("It speaks of %(said)d bytes, and %(sent)d are sent.") % {
            "said": end - start, "sent": length,
        })  # fmt: skip
    return Stretch(start=start, size=length, total=total, sha256=sha256)


def _digest(request: Request) -> str:
    """Read the sha256 of the whole photograph, out of either header; "" where neither is there."""
    plain = str(request.META.get("HTTP_X_PHOTO_SHA256", "")).strip().lower()
    if plain and not _HEX.fullmatch(plain):
        _refuse("X-Photo-SHA256", _("A sha256 is 64 hexadecimal digits."))
    found = _REPR_DIGEST.search(request.META.get("HTTP_REPR_DIGEST", ""))
    if found is None:
        return plain
    try:
        digest = base64.b64decode(found[1], validate=True).hex()
    except binascii.Error:
        digest = ""
    if len(digest) != 64:
        _refuse("Repr-Digest", _("Write it like “sha-256=:…:”, with 32 bytes in base64."))
    if plain not in ("", digest):
        _refuse("Repr-Digest", _("It is another digest than X-Photo-SHA256."))
    return digest


def _refuse(header: str, reason: str) -> NoReturn:
    raise Invalid(f"{header}: {reason}", code="bad_request", errors=[{"field": header, "reason": reason}])


_RANGE_ASKED = re.compile(r"bytes\s*=\s*(\d{0,15})-(\d{0,15})", re.ASCII | re.IGNORECASE)


class Asked(NamedTuple):
    """Which bytes of a file to answer with, and how to say so."""

    start: int
    length: int
    status: int
    headers: dict[str, str]


def asked_bytes(request: Request, *, size: int, etag: str) -> Asked:
    """Read which part of a file is asked for; the whole where that is not said, or in a way that few clients use.

    Raises:
        OutOfRange: it begins behind the end.
    """
    headers = {"Accept-Ranges": "bytes", "ETag": etag, "Content-Length": str(size)}
    found = _RANGE_ASKED.fullmatch(request.META.get("HTTP_RANGE", "").strip())
    if found is None or found.groups() == ("", "") or request.META.get("HTTP_IF_RANGE", etag) != etag:
        return Asked(0, size, 200, headers)
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= size or end <= start:
        raise OutOfRange(_("The file has %d bytes.") % size)
    headers |= {"Content-Length": str(end - start), "Content-Range": f"bytes {start}-{end - 1}/{size}"}
    return Asked(start, end - start, 206, headers)
