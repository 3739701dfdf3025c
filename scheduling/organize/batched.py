"""The store that hands out a batch of candidate slots, one to a user, until captures have covered them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np

from .. import tour
from ..distance import Distance, lift
from ..locations import locations_of
from ..values import at_least_zero
from .attributes import AttributePersistence
from .persistence import Persistence, covered

S = TypeVar("S")

_VERBS = ("settle", "set_batch", "request", "is_empty")


class BatchedDistanceStore(Generic[S]):
    """Slots of one batch, handed out in tour order and taken out as new sessions come near.

    `persistence` is a memory with the verbs of `Persistence`, or any object that takes attributes, as in CaptureGraph
    (see `AttributePersistence`). `sessions` is any iterable of captures, read anew at each `settle` (an iterator, which
    can be read once, is read when the store is built). One that was never seen before, known by its id, uuid or key,
    else by its content, covers the held slots closer than `threshold`, strictly, in the unit of `distance_fn`, a
    distance or a plain function of slot and session; with `covers_waiting` the waiting ones as well. `close_covered`
    leaves candidates out of a batch that some session covers already. Building the store settles; the first time on a
    memory that sets the baseline.

    Raises ValueError or TypeError for a threshold that is negative, NaN or infinite, and for what is no distance.
    """

    def __init__(
        self,
        persistence: Persistence[S] | Any,
        sessions: Iterable[object],
        distance_fn: Distance | Callable[[object, object], float],
        threshold: float = 1.0,
        *,
        covers_waiting: bool = False,
        close_covered: bool = False,
    ):
        self._persistence: Persistence[S] = _as_memory(persistence)
        self._sessions = list(sessions) if isinstance(sessions, Iterator) else sessions
        self._distance = lift(distance_fn)
        self._threshold = at_least_zero(threshold, "threshold")
        self._covers_waiting = covers_waiting
        self._close_covered = close_covered
        self.settle()

    def settle(self) -> list[S]:
        """Let the sessions not seen before count; the slots that they cover are taken out and returned."""
        return self._persistence.settle(
            _anew(self._sessions),
            distance=self._distance,
            threshold=self._threshold,
            covers_waiting=self._covers_waiting,
        )

    def set_batch(self, candidates: Iterable[object]) -> None:
        """Replace the waiting slots by `candidates` in tour order; what users hold stays theirs.

        The tour begins at the first candidate that has a location; those without one come last.
        """
        slots = list(candidates)
        if self._close_covered:
            done = covered(slots, list(_anew(self._sessions)), self._distance, self._threshold)
            slots = [slot for slot, closed in zip(slots, done, strict=True) if not closed]
        self._persistence.set_batch(in_tour_order(slots))

    def request_slot(self, user_id: str) -> S | None:
        """The slot that this user holds, else the next in the tour, which is theirs from now on; None if none is left.

        Raises TypeError unless `user_id` is a string, ValueError if it is empty.
        """
        check_user(user_id)
        return self._persistence.request(user_id)

    def is_empty(self) -> bool:
        """Whether no unassigned slot is left."""
        return self._persistence.is_empty()


def check_user(user_id: object) -> None:
    """Raise TypeError unless a user id is a string, ValueError if it is empty."""
    if not isinstance(user_id, str):
        raise TypeError(f"user_id must be a string, got {user_id!r}")
    if not user_id:
        raise ValueError(f"user_id must not be empty, got {user_id!r}")


def _as_memory(persistence: Any) -> Any:
    """What has the four verbs as it is; any other object that takes attributes as CaptureGraph's."""
    if all(callable(getattr(persistence, verb, None)) for verb in _VERBS):
        return persistence
    if persistence is None or isinstance(persistence, (str, bytes, int, float, list, tuple, dict, set)):
        raise TypeError(f"persistence must be a memory or an object that takes attributes, got {persistence!r}")
    return AttributePersistence(persistence)


def _anew(sessions: Iterable[object]) -> Iterable[object]:
    """The sessions as they are now: a Django QuerySet remembers what it has read, its `all()` reads again."""
    if hasattr(sessions, "iterator") and hasattr(sessions, "all"):
        fresh: Iterable[object] = sessions.all()
        return fresh
    return sessions


def in_tour_order(slots: list[object]) -> list[object]:
    """The slots as a short open tour from the first one that has a location; those without one last, as given."""
    latitudes, longitudes = locations_of(slots, "candidates")
    located = np.flatnonzero(~np.isnan(latitudes))
    start = int(located[0]) if len(located) else None
    ranks = tour.order(np.column_stack([latitudes, longitudes]), start=start)
    return [slots[i] for i in ranks]
