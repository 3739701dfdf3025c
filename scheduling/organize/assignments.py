"""One slot for each user, for a while: assignments of candidates that are computed afresh each time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeAlias

import numpy as np

from ..distance import Distance, lift, location
from .batched import check_user
from .plain import plain

LastCapture: TypeAlias = Callable[[str], datetime | None] | Mapping[str, datetime] | None

_LOCK = Lock()
_METRES = location(1.0)


@dataclass(frozen=True)
class _Held:
    user_id: str
    slot: Any
    since: datetime


class AssignmentStore:
    """Who was given which slot, and when.

    `persistence` is any object that takes attributes; the assignments are in its `assignments`: user id → {slot,
    since}, plain values that `json` writes. An assignment is stale, and is dropped by the next step, from
    `expire_after` on, or once `last_capture` (a function of the user id, or a mapping) gives a time at or after the
    one at which it was given: the photograph has been taken.

    Candidates may be computed anew each time. A stored slot is drawn to the nearest of them by `distance_fn`, metres
    where nothing else is said. Times are arguments, and have a zone. Raises ValueError or TypeError naming the argument
    and the value.
    """

    def __init__(
        self,
        persistence: Any,
        expire_after: timedelta = timedelta(minutes=30),
        last_capture: LastCapture = None,
        distance_fn: Distance | Callable[[object, object], float] = _METRES,
    ):
        if not isinstance(expire_after, timedelta):
            raise TypeError(f"expire_after must be a timedelta, got {expire_after!r}")
        if expire_after <= timedelta(0):
            raise ValueError(f"expire_after must be above zero, got {expire_after!r}")
        self._owner = persistence
        self._expire_after = expire_after
        self._last_capture = last_capture.get if isinstance(last_capture, Mapping) else last_capture
        self._distance = lift(distance_fn)

    def get(self, user_id: str, *, now: datetime) -> Any | None:
        """The slot that the user holds at the time `now`, or None."""
        check_user(user_id)
        with _LOCK:
            return next((one.slot for one in self._live(now) if one.user_id == user_id), None)

    def set(self, user_id: str, slot: object, *, now: datetime) -> None:
        """Give the user a slot, from `now` on, in place of any other; None takes it away."""
        check_user(user_id)
        with _LOCK:
            others = [one for one in self._live(now) if one.user_id != user_id]
            self._save(others if slot is None else [*others, _Held(user_id, plain(slot), now)])

    def assign_next(self, user_id: str, candidates: Sequence[Any], *, now: datetime) -> Any | None:
        """The candidate that is the user's at the time `now`, or None where all are somebody else's.

        First every stored slot is drawn to the nearest candidate, those given earlier first, and no two to one; a slot
        that none is left for is dropped. A user who then holds nothing gets the first free candidate. Asking again
        gives the same one and does not make it last longer.
        """
        check_user(user_id)
        with _LOCK:
            drawn = self._drawn(self._live(now), candidates)
            if user_id not in drawn:
                free = next((i for i in range(len(candidates)) if i not in {at for at, _ in drawn.values()}), None)
                if free is not None:
                    drawn[user_id] = (free, now)
            self._save([_Held(user, plain(candidates[at]), since) for user, (at, since) in drawn.items()])
            return candidates[drawn[user_id][0]] if user_id in drawn else None

    def _drawn(self, held: list[_Held], candidates: Sequence[Any]) -> dict[str, tuple[int, datetime]]:
        """For each user the candidate, by its index, that the stored slot is drawn to, and since when it is held."""
        if not held or not len(candidates):
            return {}
        apart = self._distance.matrix([one.slot for one in held], candidates)
        drawn: dict[str, tuple[int, datetime]] = {}
        for one, row in zip(held, np.where(np.isnan(apart), np.inf, apart), strict=True):
            row[[at for at, _ in drawn.values()]] = np.inf
            nearest = int(np.argmin(row))
            if np.isfinite(row[nearest]):
                drawn[one.user_id] = (nearest, one.since)
        return drawn

    def _live(self, now: datetime) -> list[_Held]:
        """What is held and not stale, given earlier first."""
        if not isinstance(now, datetime) or now.utcoffset() is None:
            raise TypeError(f"now must be a datetime with a time zone, got {now!r}")
        stored = getattr(self._owner, "assignments", None) or {}
        held = [_Held(user, one["slot"], datetime.fromisoformat(one["since"])) for user, one in stored.items()]
        live = [one for one in held if now - one.since < self._expire_after and not self._used_up(one)]
        return sorted(live, key=lambda one: one.since)

    def _used_up(self, one: _Held) -> bool:
        last = self._last_capture(one.user_id) if self._last_capture else None
        return last is not None and last >= one.since

    def _save(self, held: list[_Held]) -> None:
        self._owner.assignments = {one.user_id: {"slot": one.slot, "since": one.since.isoformat()} for one in held}
