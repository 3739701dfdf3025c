"""The memory that CaptureGraph used: a plain object, whose attributes can be read by people and written as JSON."""

from collections import deque
from threading import Lock
from typing import Any

from .persistence import State, StateMemory
from .plain import plain

# One for all: two stores over one object must not act at once, and any object will do, hashable or not.
_LOCK = Lock()


class AttributePersistence(StateMemory):
    """Memory in the attributes of any object that takes them; an absent one, or None, means empty.

    `batched_assignments`: user id → slot held. `batched_batch`: the slots that wait, in order. `batched_seen`: the
    identities of all sessions met. `batched_prior_count`: how many sessions there were; where it is there without
    `batched_seen`, as CaptureGraph left it, the first so many sessions are the baseline.

    All of it is plain values that `json` writes: a slot that is another object comes back as a dict of its fields, a
    pair as a list. Each verb sets whole attributes anew, for objects that save what is set. One step at a time within
    this process only.
    """

    def __init__(self, owner: Any):
        super().__init__()
        self._owner = owner
        self._lock = _LOCK

    def load(self) -> State:
        """A copy of what the attributes say."""
        seen = self._read("batched_seen")
        return State(
            held=dict(self._read("batched_assignments") or {}),
            waiting=deque(self._read("batched_batch") or ()),
            seen=None if seen is None else set(seen),
            prior_count=self._read("batched_prior_count"),
        )

    def save(self, state: State) -> None:
        """Set the attributes; those that say what has been met come last, so that nothing met is lost on the way."""
        self._owner.batched_assignments = state.held
        self._owner.batched_batch = list(state.waiting)
        if state.seen is not None:
            self._owner.batched_prior_count = state.prior_count
            self._owner.batched_seen = sorted(state.seen)

    def kept(self, slot: object) -> object:
        """The slot as plain values."""
        return plain(slot)

    def _read(self, name: str) -> Any:
        return getattr(self._owner, name, None)
