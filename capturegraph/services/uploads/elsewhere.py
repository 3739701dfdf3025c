"""What a store of files can do that is no folder of this machine, beside what Django asks of every one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable


class Kept(NamedTuple):
    """A file that is kept: its name, bytes, and when it was written."""

    name: str
    size: int
    written_at: datetime


class Sent(NamedTuple):
    """A part that has come straight to the store: its bytes, and the store's own word for them."""

    size: int
    tag: str


@runtime_checkable
class Elsewhere(Protocol):
    """A store that takes parts of a file from whoever has a signed address, and lists what it has with its sizes.

    Each call raises FilesAway where the store does not answer.
    """

    def walked(self, folder: str) -> Iterator[Kept]:
        """Give all files below a folder, in the order of their names."""

    def begin_parts(self, name: str) -> str:
        """Begin a file in parts, and give the store's word for it."""

    def part_address(self, name: str, parts: str, number: int, size: int, for_s: int) -> str:
        """Sign an address to which one part, of exactly so many bytes, may be put for so many seconds."""

    def parts_sent(self, name: str, parts: str) -> Mapping[int, Sent] | None:
        """Give the parts that have come, by number; None where no file in parts is under way under this word."""

    def join_parts(self, name: str, parts: str, sent: Sequence[tuple[int, Sent]]) -> bool:
        """Make a file of parts; false where none is under way, as after it was made."""

    def clear_parts(self, prefix: str) -> int:
        """Give up every file in parts, and delete every file, whose names begin so; say how many there were."""
