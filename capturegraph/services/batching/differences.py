"""What a file would do to the slots that are there. Nothing here changes anything.

The slots come past one helping at a time and only what differs is kept, so that a hundred thousand rows against a
hundred thousand slots need little more memory than the rows.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from capturegraph.formats import Row
from capturegraph.models import Assignment, CandidateSlot, Target
from capturegraph.services.batching.bulk import said
from scheduling.geodesy import arc_over_chord, ecef
from scheduling.values import FloatArray

State = CandidateSlot.State
FAR_M = 1000.0
_AT_ONCE = 5000
_LAST = 1 << 40


class Seen(NamedTuple):
    """A slot that is there."""

    id: UUID
    state: str
    rank: int
    external_id: str | None
    title: str
    note: str
    latitude: float | None
    longitude: float | None
    heading: float | None
    window_from: datetime | None
    window_until: datetime | None
    priority: int
    required_count: int
    skills: tuple[str, ...]

    @property
    def place(self) -> tuple[Any, ...]:
        """Where it is, which way, and when."""
        return self[6:11]


class Change(NamedTuple):
    """A slot, and the row that it is to be like.

    `moved`: it will be somewhere else; `other`: its photographs were of something else, since it is elsewhere, looks
    elsewhere or is open at another time; `again`: which photographs count has to be looked at anew; `reopens`: it is
    done, and asked for once more.
    """

    id: UUID
    row: Row
    moved: bool
    other: bool
    again: bool
    reopens: bool


class Holder(NamedTuple):
    """Somebody who holds a slot that would move or go."""

    slot: UUID
    title: str
    name: str
    until: datetime
    goes: bool


@dataclass
class Waiting:
    """The slots that are there and will wait, in columns: for the tour, and to see who comes too close to whom.

    `ranks` are those they have now; what comes back ranks behind all others. `new` ones move or come back. Of one
    `kind` are those that are looked at the same way at the same time.
    """

    ids: list[UUID] = field(default_factory=list)
    ranks: array[int] = field(default_factory=lambda: array("q"))
    degrees: array[float] = field(default_factory=lambda: array("d"))
    kinds: array[int] = field(default_factory=lambda: array("q"))
    new: array[int] = field(default_factory=lambda: array("b"))

    def add(self, slot: Seen, place: Row | Seen, *, new: bool) -> None:
        """Take in one that will be at a place."""
        self.ids.append(slot.id)
        self.ranks.append(slot.rank + (_LAST if slot.state == State.WITHDRAWN else 0))
        self.degrees.extend(_coordinates(place))
        self.kinds.append(kind_of(place))
        self.new.append(new)

    @property
    def places(self) -> FloatArray:
        """Where they will be, in degrees, shape (N, 2); NaN where they have no place."""
        return np.array(self.degrees).reshape(-1, 2)


@dataclass
class Difference:
    """What a file would do to the slots that are there.

    `moves` are the ends of each move in degrees, shape (M, 2, 2), and `movers` which of the `changed` ones move so.
    """

    added: list[Row] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    kept: list[Row] = field(default_factory=list)
    removed: list[Seen] = field(default_factory=list)
    protected: list[Seen] = field(default_factory=list)
    holders: list[Holder] = field(default_factory=list)
    waiting: Waiting = field(default_factory=Waiting)
    moves: FloatArray = field(default_factory=lambda: np.empty((0, 2, 2)))
    movers: list[int] = field(default_factory=list)
    covered: int = 0
    moved_far: int = 0
    close: int = 0
    held_late: int = 0
    released: int = 0

    def counts(self) -> dict[str, int]:
        """Count them, as the preview shows it."""
        names = ("added", "changed", "kept", "removed", "protected")
        counts = {name: len(getattr(self, name)) for name in names}
        # Taken since the difference was.
        counts["protected"] += self.held_late
        return {**counts, "covered": self.covered, "moved_far": self.moved_far, "released": self.released}

    @property
    def changes_the_tour(self) -> bool:
        """Whether other places will wait than do now."""
        return bool(self.added or self.removed or any(self.waiting.new))

    @property
    def does_nothing(self) -> bool:
        """Whether everything is as the file says already."""
        return not (self.added or self.changed or self.removed)


def kind_of(place: Row | Seen) -> int:
    """Give a number that places have in common which are looked at the same way at the same time."""
    return hash((place.heading, place.window_from, place.window_until))


def place_of(row: Row) -> tuple[Any, ...]:
    """Give what makes two rows without ids the same: where, which way, and when."""
    return row.latitude, row.longitude, row.heading, row.window_from, row.window_until


def difference(
    target: Target,
    rows: Sequence[Row],
    *,
    replace: bool,
    now: datetime,
    afresh: bool = False,
    release_held: bool = False,
) -> Difference:
    """Compare rows with the slots of a target, by external id, else by place, direction and time window.

    A slot that somebody holds is `protected`: it neither moves nor goes, unless `release_held` says so. With `afresh`
    those that are done already are asked for again.
    """
    compared = _Comparison(rows, _holders(target, now), replace, afresh, release_held)
    for slot in _slots(target):
        compared.meet(slot)
    return compared.result()


def _slots(target: Target) -> Iterator[Seen]:
    rows = CandidateSlot.objects.of(target).order_by("pk").values_list(*Seen._fields)
    return (Seen._make((*row[:-1], tuple(row[-1]))) for row in rows.iterator(chunk_size=_AT_ONCE))


def _holders(target: Target, now: datetime) -> dict[UUID, list[tuple[str, datetime]]]:
    held: dict[UUID, list[tuple[str, datetime]]] = {}
    for one in Assignment.objects.live(now).filter(target=target).select_related("volunteer"):
        held.setdefault(one.slot_id, []).append((str(one.volunteer), one.expires_at))
    return held


class _Comparison:
    """The rows of a file by what they are found by, and what has been found of each."""

    def __init__(
        self,
        rows: Sequence[Row],
        held: Mapping[UUID, list[tuple[str, datetime]]],
        replace: bool,
        afresh: bool,
        release_held: bool,
    ) -> None:
        self._rows, self._held = rows, held
        self._replace, self._afresh, self._release = replace, afresh, release_held
        self._by_id = {row.external_id: n for n, row in enumerate(rows) if row.external_id}
        self._by_place: dict[tuple[Any, ...], int | list[int]] = {}
        self._at_shared: list[Seen] = []
        for n, row in enumerate(rows):
            if not row.external_id:
                self._index(place_of(row), n)
        self._met = np.zeros(len(rows), bool)
        self._moves = array("d")
        self._movers: list[int] = []
        self._found = Difference()

    def _index(self, place: tuple[Any, ...], n: int) -> None:
        before = self._by_place.setdefault(place, n)
        if isinstance(before, list):
            before.append(n)
        elif before != n:
            self._by_place[place] = [before, n]

    def meet(self, slot: Seen) -> None:
        """Compare one slot with the row that names it."""
        n = self._by_id.get(slot.external_id) if slot.external_id else self._by_place.get(slot.place)
        if isinstance(n, list):
            # Several rows of one place, without ids: which is which is seen when all its slots are known.
            self._at_shared.append(slot)
        else:
            self._pair(slot, n)

    def _pair(self, slot: Seen, n: int | None) -> None:
        if n is None or self._met[n]:
            if self._unnamed(slot) and slot.state == State.WAITING:
                self._found.waiting.add(slot, slot, new=False)
            return
        self._met[n] = True
        row = self._rows[n]
        place = row if self._named(slot, row) else slot
        if slot.state in (State.WAITING, State.WITHDRAWN):
            self._found.waiting.add(slot, place, new=slot.state == State.WITHDRAWN or slot.place[:2] != _lies(place))

    def _pair_shared(self) -> None:
        # Those that are equal first, so that the same file again changes nothing.
        rest = []
        for slot in self._at_shared:
            rows = self._of_shared(slot)
            same = next((n for n in rows if not self._met[n] and said(self._rows[n]) == slot[3:]), None)
            if same is None:
                rest.append(slot)
            else:
                self._pair(slot, same)
        for slot in rest:
            self._pair(slot, next((n for n in self._of_shared(slot) if not self._met[n]), None))

    def _of_shared(self, slot: Seen) -> list[int]:
        rows = self._by_place[slot.place]
        return rows if isinstance(rows, list) else [rows]

    def _named(self, slot: Seen, row: Row) -> bool:
        """Compare a slot with its row; true where it will be where the row says."""
        other = slot.place != place_of(row)
        if other and self._protects(slot, goes=False):
            self._found.protected.append(slot)
            return False
        reopens = self._afresh and slot.state == State.FULFILLED
        if slot.state == State.WITHDRAWN or reopens or slot[3:] != said(row):
            again = other or reopens or slot.state == State.WITHDRAWN or slot.required_count != row.required_count
            moved = slot.place[:2] != place_of(row)[:2]
            self._found.changed.append(Change(slot.id, row, moved, other, again, reopens))
            if moved and slot.latitude is not None:
                self._moves.extend((*_coordinates(slot), *_coordinates(row)))
                self._movers.append(len(self._found.changed) - 1)
        else:
            self._found.kept.append(row)
        return True

    def _unnamed(self, slot: Seen) -> bool:
        """See what becomes of a slot that the file does not name; true where it stays."""
        if not self._replace or slot.state not in (State.WAITING, State.POOL, State.NOT_CAPTURABLE):
            return True
        if self._protects(slot, goes=True):
            self._found.protected.append(slot)
            return True
        self._found.removed.append(slot)
        return False

    def _protects(self, slot: Seen, *, goes: bool) -> bool:
        holders = self._held.get(slot.id, ())
        title = slot.title or slot.external_id or ""
        self._found.holders += [Holder(slot.id, title, name, until, goes) for name, until in holders]
        return bool(holders) and not self._release

    def result(self) -> Difference:
        """Give the difference, once every slot has been met."""
        self._pair_shared()
        self._found.moves, self._found.movers = np.array(self._moves).reshape(-1, 2, 2), self._movers
        self._found.moved_far = int(np.count_nonzero(lengths(self._found.moves) > FAR_M))
        self._found.added = [self._rows[n] for n in np.flatnonzero(~self._met).tolist()]
        return self._found


def _lies(thing: Row | Seen) -> tuple[float | None, float | None]:
    return thing.latitude, thing.longitude


def _coordinates(thing: Row | Seen) -> tuple[float, float]:
    if thing.latitude is None or thing.longitude is None:
        return np.nan, np.nan
    return thing.latitude, thing.longitude


def lengths(moves: FloatArray) -> FloatArray:
    """Give how many metres long each move is, shape (M,): a long one is mostly another place under the same id."""
    there = [ecef(*moves[:, n].T) for n in (0, 1)]
    return arc_over_chord(np.linalg.norm(there[0] - there[1], axis=1))


def coordinates(rows: Sequence[Row]) -> FloatArray:
    """Give the places of rows in degrees, shape (N, 2); NaN where there is none."""
    flat = np.fromiter((degrees for row in rows for degrees in _coordinates(row)), float, 2 * len(rows))
    return flat.reshape(-1, 2)
