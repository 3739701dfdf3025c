"""The lists of a target, a row at a time: what each has as properties, and where it lies. None is held as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import QuerySet

from capturegraph.models import Assignment, CandidateSlot, Capture, Event, Target
from capturegraph.models.membership import Role
from capturegraph.services.privacy.seeing import Thing, least_role

AT_ONCE = 2000

Feature = Mapping[str, Any]
Place = tuple[float | None, float | None]


class Question(NamedTuple):
    """Of which target, as things stand when, and whether whoever asks may know who does what."""

    target: Target
    now: datetime
    names: bool
    state: str = ""
    since: datetime | None = None


class List(NamedTuple):
    """Something to take away: who may, its properties in order, its rows, one feature a row, and their states."""

    at_least: Role
    names: tuple[str, ...]
    rows: Callable[[Question], QuerySet[Any]]
    features: Callable[[Question], Iterator[Feature]]
    states: tuple[str, ...] = ()


def _feature(at: Place, properties: Mapping[str, Any]) -> Feature:
    return {"latitude": at[0], "longitude": at[1], "properties": properties}


def _own(row: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


_SLOT = (
    "id", "external_id", "title", "note", "heading", "priority", "required_count", "skills", "state", "rank",
    "window_from", "window_until", "updated_at",
)  # fmt: skip
_CAPTURE = (
    "id", "taken_at", "captured_at", "received_at", "accuracy_m", "heading", "from_library", "state", "review",
    "review_note", "counts", "unusable_reason", "photo_sha256", "photo_type", "photo_size", "photo_width",
    "photo_height",
)  # fmt: skip
_ASSIGNMENT = ("id", "state", "stop", "started_at", "expires_at", "ended_at", "reason", "note")
_EVENT = ("id", "at", "verb", "noun", "row_id", "actor_id", "data")


def _those(rows: QuerySet[Any], asked: Question, time: str) -> QuerySet[Any]:
    if asked.state:
        rows = rows.filter(state=asked.state)
    return rows.filter(**{f"{time}__gte": asked.since}) if asked.since else rows


def slot_rows(asked: Question) -> QuerySet[CandidateSlot]:
    """The slots that are asked for, in the order of the tour."""
    return _those(CandidateSlot.objects.of(asked.target), asked, "updated_at").order_by("rank", "pk")


def _capture_rows(asked: Question) -> QuerySet[Capture]:
    rows = Capture.objects.filter(target=asked.target).select_related("volunteer")
    return _those(rows, asked, "received_at").order_by("received_at", "pk")


def _assignment_rows(asked: Question) -> QuerySet[Assignment]:
    rows = Assignment.objects.filter(target=asked.target).select_related("volunteer", "slot")
    return _those(rows, asked, "started_at").order_by("started_at", "pk")


def _event_rows(asked: Question) -> QuerySet[Event]:
    return _those(Event.objects.filter(target_id=asked.target.pk).select_related("actor"), asked, "at").order_by("pk")


def _slots(asked: Question) -> Iterator[Feature]:
    held = Assignment.objects.live(asked.now).filter(target=asked.target)
    holders = dict(held.values_list("slot", "volunteer__name"))
    for slot in slot_rows(asked).iterator(chunk_size=AT_ONCE):
        named = holders.get(slot.pk) if asked.names else None
        shown = {**_own(slot, _SLOT), "held": slot.pk in holders, "held_by": named}
        yield _feature((slot.latitude, slot.longitude), shown)


def _captures(asked: Question) -> Iterator[Feature]:
    for capture in _capture_rows(asked).iterator(chunk_size=AT_ONCE):
        about = {"volunteer": str(capture.volunteer), "volunteer_id": capture.volunteer_id,
                 "assignment": capture.assignment_id}  # fmt: skip
        yield _feature((capture.latitude, capture.longitude), {**_own(capture, _CAPTURE), **about})


def _assignments(asked: Question) -> Iterator[Feature]:
    for row in _assignment_rows(asked).iterator(chunk_size=AT_ONCE):
        about = {"slot": row.slot_id, "slot_title": str(row.slot), "volunteer": str(row.volunteer),
                 "volunteer_id": row.volunteer_id}  # fmt: skip
        yield _feature((row.slot.latitude, row.slot.longitude), {**_own(row, _ASSIGNMENT), **about})


def _events(asked: Question) -> Iterator[Feature]:
    every = _event_rows(asked).iterator(chunk_size=AT_ONCE)
    while some := list(islice(every, AT_ONCE)):
        places = _places(filter(None, map(_slot_of, some)))
        for event in some:
            shown = {**_own(event, _EVENT), "actor": str(event.actor) if event.actor else None}
            yield _feature(places.get(_slot_of(event) or "", (None, None)), shown)


def _slot_of(event: Event) -> str | None:
    return str(event.row_id) if event.noun == "slot" else event.data.get("slot")


def _places(ids: Iterable[str]) -> dict[str, Place]:
    found = CandidateSlot.objects.filter(pk__in=set(ids)).values_list("pk", "latitude", "longitude")
    return {str(pk): (latitude, longitude) for pk, latitude, longitude in found}


LISTS = {
    "slots": List(
        Role.VOLUNTEER, (*_SLOT, "held", "held_by"), slot_rows, _slots, tuple(CandidateSlot.State.values)
    ),
    "captures": List(
        least_role(Thing.POSITION), (*_CAPTURE, "volunteer", "volunteer_id", "assignment"), _capture_rows, _captures,
        tuple(Capture.State.values),
    ),
    "assignments": List(
        Role.COORDINATOR, (*_ASSIGNMENT, "slot", "slot_title", "volunteer", "volunteer_id"), _assignment_rows,
        _assignments, tuple(Assignment.State.values),
    ),
    "events": List(Role.COORDINATOR, (*_EVENT, "actor"), _event_rows, _events),
}  # fmt: skip
"""What can be taken away. A new list is a line here."""
