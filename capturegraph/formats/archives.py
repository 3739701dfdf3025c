"""Zip files, which several formats are: opened only after the sizes that they say they have were added up."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

from capturegraph.formats.rows import Unreadable
from capturegraph.formats.wording import shown

MAGIC = b"PK\x03\x04"

MOST_UNPACKED = 256_000_000
"""Most bytes of everything in an archive, unpacked: a file of 0.3 MB can hold a gigabyte."""

_MOST_MEMBERS = 10_000
_LISTED = b"PK\x01\x02"
# Of these alone an end can be put to unpacking: others give all that a member holds, whatever it says that it holds.
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SYSTEM = ("__MACOSX/", ".")


class Archive:
    """The files in a zip file. Raises Unreadable for one that is damaged, encrypted, or a bomb."""

    def __init__(self, data: bytes) -> None:
        # Before they are listed: each costs ten times the memory that it takes in the file.
        if data.count(_LISTED) > _MOST_MEMBERS:
            raise Unreadable(
                f"The zip file holds more than {_MOST_MEMBERS:,} files: send only the one with the places."
            )
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
            raise Unreadable("The zip file is damaged: pack it again.") from error
        members = self._zip.infolist()
        if sum(member.file_size for member in members) > MOST_UNPACKED:
            most = f"{MOST_UNPACKED // 1_000_000} MB"
            raise Unreadable(f"The zip file unpacks to more than {most}: send only what belongs to the places.")
        if any(member.flag_bits & 1 for member in members):
            raise Unreadable("The zip file is protected by a password: send it without.")
        if any(member.compress_type not in _PACKED for member in members):
            raise Unreadable(
                "The zip file is packed in a way that few programs know: pack it again as an ordinary one."
            )
        self.all_names = [member.filename for member in members if not member.filename.endswith("/")]
        if len(set(self.all_names)) < len(self.all_names):
            raise Unreadable("The zip file holds two files of one name: pack it again.")
        # Without what systems put in unasked.
        self.names = [name for name in self.all_names if not name.startswith(_SYSTEM) and "/." not in name]

    def ending(self, *suffixes: str) -> list[str]:
        """Names of the files with one of some endings, whatever their case."""
        return [name for name in self.names if name.lower().endswith(suffixes)]

    def read(self, name: str) -> bytes:
        """One file, whole; never more than it declares. Raises Unreadable where it is damaged."""
        try:
            with self._zip.open(name) as packed:
                # A number, and no ZipFile.read(): that unpacks all, and only then cuts it to what was declared.
                return packed.read(self._zip.getinfo(name).file_size + 1)
        # RuntimeError: also what is not implemented, or wants a password after all.
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            raise Unreadable(f"{shown(name)} in the zip file is damaged: pack it again.") from error
