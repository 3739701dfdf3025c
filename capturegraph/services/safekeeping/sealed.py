"""The file of a backup: a tar in which every byte is vouched for, written and read from front to back.

Any tar program unpacks it and `sha256sum -c SHA256SUMS` checks it. This reader is stricter: headers have to be as the
writer makes them, gaps empty, and the last entry is a manifest that names the sum of all sums and is sealed itself.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, BinaryIO

from django.utils.translation import gettext as _

from capturegraph.services.refusals import Refused

SUMS, MANIFEST = "SHA256SUMS", "manifest.json"
PIECE = 1 << 20
_BLOCK = 512
_END = bytes(2 * _BLOCK)
_LONGEST_MANIFEST = 10_000_000


class Broken(Refused):
    """It is no backup, or not a whole one."""

    code = "backup_broken"


def _header(name: str, size: int, at: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, at, 0o600
    return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")


def _gap(size: int) -> bytes:
    return bytes(-size % _BLOCK)


def _line(digest: str, name: str) -> bytes:
    return f"{digest}  {name}\n".encode()


def _seal(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(manifest, indent=1, sort_keys=True).encode()


class Writer:
    """Writes entries, one after the other, and seals them. `at`: seconds, the time that all entries get.

    `sums` is an empty file to remember the sums in.
    """

    def __init__(self, file: BinaryIO, sums: IO[bytes], at: int) -> None:
        self._file, self._sums, self._at = file, sums, at

    def add(self, name: str, size: int, pieces: Iterable[bytes]) -> str:
        """Write an entry of so many bytes, and give its sha256.

        Raises:
            OSError: nothing more can be written, or there were not so many bytes.
        """
        digest = hashlib.sha256()
        try:
            self._file.write(_header(name, size, self._at))
        except ValueError:
            raise OSError(f"{name} is too long a name") from None
        came = 0
        for piece in pieces:
            digest.update(piece)
            came += self._file.write(piece)
        if came != size:
            raise OSError(f"{name} changed while it was read")
        self._file.write(_gap(size))
        self._sums.write(_line(digest.hexdigest(), name))
        return digest.hexdigest()

    def seal(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """End it with the sums and the manifest, and give this as it was written."""
        size, digest = self._sums.tell(), hashlib.sha256()
        self._file.write(_header(SUMS, size, self._at))
        self._sums.seek(0)
        while piece := self._sums.read(PIECE):
            digest.update(piece)
            self._file.write(piece)
        self._file.write(_gap(size))
        whole = {**manifest, "sums": digest.hexdigest()}
        whole["seal"] = hashlib.sha256(_seal(whole)).hexdigest()
        data = _seal(whole)
        self._file.write(_header(MANIFEST, len(data), self._at) + data + _gap(len(data)) + _END)
        return whole


class Entry:
    """One entry, whose bytes can be read once, while it is the one that is come to."""

    def __init__(self, file: BinaryIO, name: str, size: int) -> None:
        self.name, self.size = name, size
        self._file, self._left = file, size
        self._digest = hashlib.sha256()

    def pieces(self) -> Iterator[bytes]:
        """Give its bytes, some at a time."""
        while self._left:
            piece = self._file.read(min(PIECE, self._left))
            if not piece:
                raise _broken(_("it ends in the middle of %s") % self.name)
            self._left -= len(piece)
            self._digest.update(piece)
            yield piece

    def data(self) -> bytes:
        """Give its bytes at once."""
        return b"".join(self.pieces())

    def digest(self) -> str:
        """Give the sha256 of all of it, once it was read."""
        return self._digest.hexdigest()


class Reader:
    """Reads entries from front to back; coming to the end means that every byte was right, and `manifest` is there."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.manifest: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Entry]:
        """Give all entries but the sums and the manifest.

        Raises:
            Broken: at the first byte that is not as it was written.
        """
        self._file.seek(0)
        sums = hashlib.sha256()
        while (entry := self._next()).name != SUMS:
            yield entry
            self._pass(entry)
            sums.update(_line(entry.digest(), entry.name))
        self._pass(entry)
        if entry.digest() != sums.hexdigest():
            raise _broken(_("a file in it is not as it was written"))
        entry = self._next()
        if entry.name != MANIFEST or entry.size > _LONGEST_MANIFEST:
            raise _broken(_("its manifest is missing"))
        self.manifest = _opened(entry.data(), sums.hexdigest())
        self._check_gap(entry.size)
        if self._file.read(len(_END) + 1) != _END:
            raise _broken(_("something follows its end, or its end is missing"))

    def check(self) -> dict[str, Any]:
        """Read all of it, and give the manifest.

        Raises:
            Broken: something is wrong with it.
        """
        for _entry in self:
            pass
        return self.manifest

    def _next(self) -> Entry:
        raw = self._file.read(_BLOCK)
        try:
            info = tarfile.TarInfo.frombuf(raw, "utf-8", "strict")
            right = raw == _header(info.name, info.size, int(info.mtime))
        except (tarfile.HeaderError, ValueError, OverflowError):
            right = False
        if not right:
            raise _broken(_("it is cut off or damaged, or was not made by manage.py backup"))
        return Entry(self._file, info.name, info.size)

    def _pass(self, entry: Entry) -> None:
        for _piece in entry.pieces():
            pass
        self._check_gap(entry.size)

    def _check_gap(self, size: int) -> None:
        if self._file.read(-size % _BLOCK) != _gap(size):
            raise _broken(_("it is cut off or damaged"))


def _opened(data: bytes, sums: str) -> dict[str, Any]:
    try:
        whole: dict[str, Any] = json.loads(data)
        plain = {name: value for name, value in whole.items() if name != "seal"}
        right = hashlib.sha256(_seal(plain)).hexdigest() == whole["seal"] and _seal(whole) == data
    except (ValueError, KeyError, AttributeError, RecursionError):
        right = False
    if not right or whole["sums"] != sums:
        raise _broken(_("its manifest is not as it was written"))
    return whole


def _broken(what: str) -> Broken:
    return Broken(_("This is no whole backup: %s. Nothing was changed.") % what)
