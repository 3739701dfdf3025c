"""A ZIP of photos → its files, one at a time, within bounds that are judged before anything is unpacked."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

MOST_FILES = 200
"""Pictures of one ZIP: so many are looked at within the patience of one request."""

MOST_UNPACKED = 512_000_000
"""Bytes of all files of one ZIP together, unpacked."""

_ENCRYPTED = 0x1
_LISTED = b"PK\x01\x02"
_MOST_LISTED = 10_000
_PIECE = 1 << 20
# Of these alone an end can be put to unpacking: others give all that a file holds, whatever it says that it holds.
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Picture(NamedTuple):
    """One file: its whole name in the ZIP, the name without folders and suffix, and its bytes.

    Bytes of None are those of a file that cannot be read.
    """

    name: str
    stem: str
    file: BinaryIO | None


class NotAnArchive(Exception):  # noqa: N818 (it reads as the sentence it is)
    """The bytes are not a ZIP that is taken.

    `code` is one of not_a_zip, too_many_files, too_large; `reason` is a sentence for the person who sent it.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def pictures_in(file: BinaryIO) -> Iterator[Picture]:
    """The files of a ZIP in its order, without folders and what systems put in unasked.

    Each is unpacked when its turn comes. Raises NotAnArchive before the first one: not a ZIP, more than `MOST_FILES`
    files, or more than `MOST_UNPACKED` bytes in all, as the ZIP itself declares; no file gives more than it declares.
    """
    listed = _listed(file)
    if listed > _MOST_LISTED:
        raise _too_many(listed)
    try:
        archive = zipfile.ZipFile(file)
    except Exception:
        # Readers of hostile bytes raise nearly everything.
        raise NotAnArchive("not_a_zip", "This file is not a ZIP. Pack the pictures into one, and send that.") from None
    entries = [
        entry for entry in archive.infolist() if not entry.filename.endswith("/") and not _is_unasked(entry.filename)
    ]
    if len(entries) > MOST_FILES:
        raise _too_many(len(entries))
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MOST_UNPACKED:
        raise NotAnArchive(
            "too_large",
            f"Unpacked, this ZIP has {unpacked / 1e6:,.0f} MB; {MOST_UNPACKED // 1_000_000} MB can be taken. Split it.",
        )
    return (_picture(archive, entry) for entry in entries)


def _listed(file: BinaryIO) -> int:
    """How many files and folders a ZIP lists, or more: counted in its bytes, since each that is listed costs memory."""
    file.seek(0)
    count = 0
    while piece := file.read(_PIECE):
        count += piece.count(_LISTED)
    return count


def _too_many(count: int) -> NotAnArchive:
    reason = f"This ZIP has {count:,} files; {MOST_FILES} can be taken at a time. Split it."
    return NotAnArchive("too_many_files", reason)


def _picture(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Picture:
    name = entry.filename
    stem = PurePosixPath(name.replace("\\", "/")).stem
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _PACKED:
        return Picture(name, stem, None)
    try:
        # At most what is declared: a file that goes on beyond it has another checksum, which raises.
        with archive.open(entry) as packed:
            return Picture(name, stem, io.BytesIO(packed.read(entry.file_size + 1)))
    except Exception:
        return Picture(name, stem, None)


def _is_unasked(name: str) -> bool:
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.startswith("._") or path.name in (".DS_Store", "Thumbs.db")
