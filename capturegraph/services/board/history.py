"""Everything that is known of one place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.models import Assignment, CandidateSlot, Capture, Event, Match, Target, User
from capturegraph.services.board import seen

MOST_SHOWN = 100


class Photo(NamedTuple):
    """A photograph that was taken for a place or near it, and its match where it has one."""

    capture: Capture
    match: Match | None

    @property
    def counts_here(self) -> bool:
        """Whether it is one of those by which the place is done."""
        return self.match is not None and self.match.active


class Moment(NamedTuple):
    """One line of the story: when, who, what in words, and the note that they left."""

    at: datetime
    who: str
    what: str
    note: str = ""


class Place(NamedTuple):
    """A place with everything about it, newest first."""

    slot: CandidateSlot
    mark: str
    people: int
    held: list[Assignment]
    planned: list[Assignment]
    photos: list[Photo]
    story: list[Moment]


def place(slot: CandidateSlot, *, target: Target, now: datetime) -> Place:
    """Tell everything of a slot."""
    rows = list(Assignment.objects.filter(slot=slot).select_related("volunteer").order_by("-started_at")[:MOST_SHOWN])
    held = [one for one in rows if one.state == Assignment.State.HELD and one.expires_at > now]
    planned = [one for one in rows if one.state == Assignment.State.PLANNED and one.expires_at > now]
    story = [*_of_assignments(rows), *_of_events(slot)]
    return Place(
        slot=slot,
        mark=seen.mark(slot, seen.look(target, now=now)),
        people=Match.objects.people_by_slot([slot.pk]).get(slot.pk, 0),
        held=held,
        planned=planned,
        photos=_photos(slot),
        story=sorted(story, key=lambda moment: moment.at, reverse=True)[:MOST_SHOWN],
    )


def _photos(slot: CandidateSlot) -> list[Photo]:
    matches = {match.capture_id: match for match in Match.objects.filter(slot=slot)[:MOST_SHOWN]}
    taken = Capture.objects.filter(Q(pk__in=matches) | Q(assignment__slot=slot)).select_related("volunteer")
    return [Photo(one, matches.get(one.pk)) for one in taken.order_by("-captured_at", "pk")[:MOST_SHOWN]]


ENDED = {
    "fulfilled": gettext_lazy("was done with it"),
    "released": gettext_lazy("gave it back"),
    "expired": gettext_lazy("ran out of time"),
    "withdrawn": gettext_lazy("was called back"),
}
"""What is said of how somebody's turn ended, after their name; a no has its reason instead."""

VERBS = {
    "fulfilled": gettext_lazy("Done"),
    "reopened": gettext_lazy("Waits again"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "not_capturable": gettext_lazy("Closed: nobody can get there"),
    "waiting": gettext_lazy("Waits"),
    "planned": gettext_lazy("Planned for somebody"),
    "reference changed": gettext_lazy("Another reference photo"),
    "kept open": gettext_lazy("Is to be tried on"),
}
"""What is said of what happened to a slot. A new kind of event is a line here; without one it is told by its verb."""

FIELDS = {
    "priority": gettext_lazy("priority"),
    "title": gettext_lazy("title"),
    "note": gettext_lazy("note"),
    "skills": gettext_lazy("skills"),
}


def _of_assignments(rows: list[Assignment]) -> Iterator[Moment]:
    for one in rows:
        who = str(one.volunteer)
        if one.state == Assignment.State.PLANNED:
            continue
        yield Moment(one.started_at, who, _("took it"))
        if one.ended_at is None:
            continue
        if one.state == Assignment.State.DECLINED:
            yield Moment(one.ended_at, who, _("said no: %s") % one.get_reason_display(), one.note)
        else:
            yield Moment(one.ended_at, who, str(ENDED.get(one.state, one.get_state_display())))


def _of_events(slot: CandidateSlot) -> Iterator[Moment]:
    yield Moment(slot.created_at, "", _("Brought in by %s") % slot.batch.file_name if slot.batch else _("Made"))
    told = Event.objects.filter(noun="slot", row_id=slot.pk).select_related("actor").order_by("-id")
    for event in told[:MOST_SHOWN]:
        who = str(event.actor) if event.actor else ""
        said = _changes(event.data) if event.verb == "changed" else str(VERBS.get(event.verb, event.verb))
        yield Moment(event.at, who, said)


def _changes(data: Mapping[str, Any]) -> str:
    before, after = data.get("before", {}), data.get("after", {})
    parts = []
    for name, value in after.items():
        field = FIELDS.get(name, name)
        parts.append(_("%(field)s: %(before)s → %(after)s")
                     % {"field": field, "before": _short(before.get(name)), "after": _short(value)})  # fmt: skip
    return _("Changed %s") % "; ".join(parts)


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return (text[:60] + "…" if len(text) > 60 else text) or "–"


def holders(target: Target, slots: list[UUID], *, now: datetime) -> dict[UUID, list[User]]:
    """Give who holds each of some slots now."""
    found: dict[UUID, list[User]] = {}
    live = Assignment.objects.live(now).filter(target=target, slot__in=slots).select_related("volunteer")
    for one in live.order_by("seat"):
        found.setdefault(one.slot_id, []).append(one.volunteer)
    return found
