"""Being told how far long work is, and stopping it."""

from collections.abc import Callable
from typing import TypeAlias

Watch: TypeAlias = Callable[[int, int], object]
"""Called with how much of how much is done, often and in the caller's own thread; (0, 0) where that is not known. What
it raises ends the work, and is the caller's."""


def unwatched(done: int, total: int) -> None:
    """Nobody looks."""
