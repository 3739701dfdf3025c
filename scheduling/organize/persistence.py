"""What a store remembers, as four verbs, and the first memory: this process."""

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..distance import Distance, within
from .identity import session_identities, slot_identity

S = TypeVar("S")


class Persistence(Protocol[S]):
    """A memory of slots: which wait, which are held and by whom, and which sessions have been seen.

    Each verb is one atomic step, whoever else acts on the same memory. What comes back stands for a slot that was given
    to `set_batch`; it need not be the same object.
    """

    def settle(
        self, sessions: Iterable[object], *, distance: Distance, threshold: float, covers_waiting: bool
    ) -> list[S]:
        """Mark all sessions as seen and take out the slots that an unseen one covers; they are returned.

        The first call ever on this memory only sets the baseline. Covered is closer than `threshold`, strictly. Held
        slots are taken out, waiting ones if `covers_waiting`.
        """
        ...

    def set_batch(self, slots: Sequence[object]) -> None:
        """Replace what waits by these slots, in this order. Held slots stay held and do not wait a second time."""
        ...

    def request(self, user_id: str) -> S | None:
        """The slot that the user holds, else the first waiting one, held from now on; None if there is none."""
        ...

    def is_empty(self) -> bool:
        """Whether no slot waits; held ones do not count."""
        ...


class RamPersistence(Persistence[Any]):
    """Memory that lasts as long as this object; safe to share between threads. Hands back the very objects given."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[str, object] = {}
        self._waiting: list[object] = []
        self._seen: set[str] | None = None

    def settle(
        self, sessions: Iterable[object], *, distance: Distance, threshold: float, covers_waiting: bool
    ) -> list[Any]:
        """See `Persistence.settle`."""
        known = list(sessions)
        identities = session_identities(known)
        with self._lock:
            if self._seen is None:
                self._seen = set(identities)
                return []
            unseen = [session for session, key in zip(known, identities, strict=True) if key not in self._seen]
            holders = list(self._held)
            held = covered(list(self._held.values()), unseen, distance, threshold)
            waiting = covered(self._waiting if covers_waiting else [], unseen, distance, threshold)
            self._seen.update(identities)
            fulfilled = [self._held.pop(user) for user, done in zip(holders, held, strict=True) if done]
            if covers_waiting:
                fulfilled += [slot for slot, done in zip(self._waiting, waiting, strict=True) if done]
                self._waiting = [slot for slot, done in zip(self._waiting, waiting, strict=True) if not done]
            return fulfilled

    def set_batch(self, slots: Sequence[object]) -> None:
        """See `Persistence.set_batch`. A slot given twice waits once."""
        with self._lock:
            held = {slot_identity(slot) for slot in self._held.values()}
            once = {slot_identity(slot): slot for slot in reversed(slots)}
            self._waiting = [slot for key, slot in reversed(once.items()) if key not in held]

    def request(self, user_id: str) -> Any | None:
        """See `Persistence.request`."""
        with self._lock:
            if user_id not in self._held and self._waiting:
                self._held[user_id] = self._waiting.pop(0)
            return self._held.get(user_id)

    def is_empty(self) -> bool:
        """See `Persistence.is_empty`."""
        with self._lock:
            return not self._waiting


def covered(
    slots: Sequence[object], sessions: Sequence[object], distance: Distance, threshold: float
) -> NDArray[np.bool_]:
    """Which slots at least one session covers: closer than `threshold`, strictly. Shape (len(slots),)."""
    if not slots or not sessions:
        return np.zeros(len(slots), dtype=np.bool_)
    closer = within(distance.matrix(slots, sessions), threshold)
    any_closer: NDArray[np.bool_] = np.logical_or.reduce(closer, axis=1)
    return any_closer
