"""What a store remembers, as four verbs, and the first memory: this process."""

from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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


@dataclass
class State:
    """What a memory without a database of its own holds.

    `seen` has the identities of all sessions met so far. Where it is None, nothing has been settled yet; with a
    `prior_count`, the first so many sessions are known to have been met.
    """

    held: dict[str, Any] = field(default_factory=dict)
    waiting: deque[Any] = field(default_factory=deque)
    seen: set[str] | None = None
    prior_count: int | None = None

    def unseen(self, sessions: Sequence[object], identities: list[str]) -> list[object]:
        """The sessions not met before; none where nothing is known of what was."""
        if self.seen is None and self.prior_count is None:
            return []
        met = self._met(identities)
        return [session for session, key in zip(sessions, identities, strict=True) if key not in met]

    def meet(self, identities: list[str]) -> None:
        """Remember sessions as met."""
        self.seen, self.prior_count = self._met(identities).union(identities), len(identities)

    def _met(self, identities: list[str]) -> set[str]:
        return set(identities[: self.prior_count or 0]) if self.seen is None else self.seen


class StateMemory(Persistence[Any]):
    """The four verbs over a `State`, one at a time. A memory says where it lies."""

    def __init__(self) -> None:
        self._lock = Lock()

    @abstractmethod
    def load(self) -> State:
        """The state as it is now; what the verbs change in it is only kept by `save`."""

    @abstractmethod
    def save(self, state: State) -> None:
        """Keep a state."""

    def kept(self, slot: object) -> object:
        """A slot in the form in which this memory keeps it and hands it back: here as it is."""
        return slot

    def settle(
        self, sessions: Iterable[object], *, distance: Distance, threshold: float, covers_waiting: bool
    ) -> list[Any]:
        """See `Persistence.settle`."""
        known = list(sessions)
        identities = session_identities(known)
        with self._lock:
            state = self.load()
            unseen = state.unseen(known, identities)
            waiting = list(state.waiting) if covers_waiting else []
            # Whatever may fail, fails before anything is changed.
            held_done = covered(list(state.held.values()), unseen, distance, threshold)
            waiting_done = covered(waiting, unseen, distance, threshold)
            users = [user for user, done in zip(state.held, held_done, strict=True) if done]
            fulfilled = [state.held.pop(user) for user in users]
            fulfilled += [slot for slot, done in zip(waiting, waiting_done, strict=True) if done]
            if covers_waiting:
                state.waiting = deque(slot for slot, done in zip(waiting, waiting_done, strict=True) if not done)
            state.meet(identities)
            self.save(state)
            return fulfilled

    def set_batch(self, slots: Sequence[object]) -> None:
        """See `Persistence.set_batch`. A slot given twice waits once."""
        given = [self.kept(slot) for slot in slots]
        with self._lock:
            state = self.load()
            held = {slot_identity(slot) for slot in state.held.values()}
            once = {slot_identity(slot): slot for slot in reversed(given)}
            state.waiting = deque(slot for key, slot in reversed(once.items()) if key not in held)
            self.save(state)

    def request(self, user_id: str) -> Any | None:
        """See `Persistence.request`."""
        with self._lock:
            state = self.load()
            if user_id not in state.held and state.waiting:
                state.held[user_id] = state.waiting.popleft()
                self.save(state)
            return state.held.get(user_id)

    def is_empty(self) -> bool:
        """See `Persistence.is_empty`."""
        with self._lock:
            return not self.load().waiting


class RamPersistence(StateMemory):
    """Memory that lasts as long as this object; safe to share between threads. Hands back the very objects given."""

    def __init__(self) -> None:
        super().__init__()
        self._state = State()

    def load(self) -> State:
        """The state itself."""
        return self._state

    def save(self, state: State) -> None:
        """Nothing is left to do: the state itself was changed."""


def covered(
    slots: Sequence[object], sessions: Sequence[object], distance: Distance, threshold: float
) -> NDArray[np.bool_]:
    """Which slots at least one session covers: closer than `threshold`, strictly. Shape (len(slots),)."""
    if not slots or not sessions:
        return np.zeros(len(slots), dtype=np.bool_)
    closer = within(distance.matrix(slots, sessions), threshold)
    any_closer: NDArray[np.bool_] = np.logical_or.reduce(closer, axis=1)
    return any_closer
