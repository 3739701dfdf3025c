"""What a coordinator has to decide, and who is out now."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, F, Max, Min, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Capture, Device, Event, Membership, Target, User
from capturegraph.models.membership import Role
from capturegraph.services import events, slots, telling
from capturegraph.services.cycles import standing
from capturegraph.services.planning import times
from capturegraph.services.refusals import NotFound
from capturegraph.services.writing import writing
from scheduling import geodesy

QUIET_AFTER, LATE_AFTER, LAST_PHOTO_WITHIN = timedelta(minutes=20), timedelta(minutes=30), timedelta(hours=1)
MOST_SHOWN = 100
KEPT_OPEN = "kept open"


class Out(NamedTuple):
    """Somebody who holds a slot: when their phone was last heard of, and how far their last photograph was from it.

    Where they are now is not known: positions sent with requests are never stored.
    """

    held: Assignment
    heard_at: datetime
    quiet: bool
    metres: float | None


class Declined(NamedTuple):
    """A slot that one more no would close, and who said the last one."""

    slot: CandidateSlot
    last: Assignment


class Waiting(NamedTuple):
    """Photographs that nobody has reviewed, the oldest, and who could."""

    number: int
    oldest: datetime
    reviewers: list[User]


class Absent(NamedTuple):
    """Somebody for whom places are planned since some time, and who has not come for them."""

    volunteer: User
    places: int
    since: datetime


class Needs(NamedTuple):
    """Everything that waits for a decision."""

    quiet: list[Out]
    declined: list[Declined]
    reviews: Waiting | None
    absent: list[Absent]
    late: list[standing.Standing]

    @property
    def number(self) -> int:
        """How many things that are."""
        return len(self.quiet) + len(self.declined) + (self.reviews is not None) + len(self.absent) + len(self.late)


def out(target: Target, *, now: datetime) -> list[Out]:
    """Give who holds a slot of a target, the lease that ends first first, in two queries."""
    phones = Device.objects.filter(user=OuterRef("volunteer"), revoked_at=None).order_by("-last_seen_at")
    live = Assignment.objects.live(now).filter(target=target).select_related("slot", "volunteer")
    held = list(
        live.annotate(phone_at=Subquery(phones.values("last_seen_at")[:1])).order_by("expires_at", "id")[:MOST_SHOWN]
    )
    places = _last_photos(target, {one.volunteer_id for one in held}, now)
    return [_out(one, places.get(one.volunteer_id), now) for one in held]


def _out(held: Assignment, place: tuple[float, float] | None, now: datetime) -> Out:
    # Nobody is quieter than since they took the place.
    heard = max(getattr(held, "phone_at", None) or held.started_at, held.started_at)
    slot, metres = held.slot, None
    if place and slot.latitude is not None and slot.longitude is not None:
        metres = geodesy.metres(place, (slot.latitude, slot.longitude))
    return Out(held, heard, now - heard >= QUIET_AFTER, metres)


def _last_photos(target: Target, people: set[UUID], now: datetime) -> dict[UUID, tuple[float, float]]:
    taken = Capture.objects.filter(
        target=target, volunteer__in=people, captured_at__gt=now - LAST_PHOTO_WITHIN, latitude__isnull=False
    )
    rows = taken.order_by("captured_at").values_list("volunteer", "latitude", "longitude")
    return {who: (north, east) for who, north, east in rows if north is not None and east is not None}


def needs(target: Target, there: list[Out], *, now: datetime) -> Needs:
    """Say what waits for a decision; `there` is who is out."""
    return Needs(
        quiet=[one for one in there if one.quiet],
        declined=_declined(target),
        reviews=_reviews(target),
        absent=_absent(target, now),
        late=[one for one in standing.standings(now=now) if one.late],
    )


def _declined(target: Target) -> list[Declined]:
    if target.declines_needed < 2:
        return []
    since = Q(slot__reopened_at=None) | Q(ended_at__gt=F("slot__reopened_at"))
    said = Assignment.objects.filter(since, target=target, state=Assignment.State.DECLINED, slot__state="waiting")
    by_slot: dict[UUID, list[Assignment]] = defaultdict(list)
    for one in said.select_related("slot", "volunteer").order_by("ended_at"):
        by_slot[one.slot_id].append(one)
    short = target.declines_needed - 1
    found = [
        Declined(rows[-1].slot, rows[-1]) for rows in by_slot.values()
        if len({one.volunteer.person_key for one in rows}) == short
    ]  # fmt: skip
    kept = dict(
        Event.objects.filter(noun="slot", verb=KEPT_OPEN, row_id__in=[one.slot.pk for one in found])
        .values_list("row_id").annotate(at=Max("at"))
    )  # fmt: skip
    return [one for one in found if not _after(kept.get(one.slot.pk), one.last.ended_at)][-MOST_SHOWN:]


def _after(at: datetime | None, other: datetime | None) -> bool:
    return at is not None and other is not None and at >= other


def _reviews(target: Target) -> Waiting | None:
    states = [Capture.State.RECEIVED, Capture.State.STORED]
    pending = Capture.objects.filter(target=target, review=Capture.Review.PENDING, state__in=states)
    found = pending.aggregate(number=Count("pk"), oldest=Min("received_at"))
    if not found["number"]:
        return None
    rows = Membership.objects.current().filter(target=target, role=Role.REVIEWER, user__is_active=True)
    return Waiting(found["number"], found["oldest"], [row.user for row in rows.select_related("user").order_by("pk")])


def _absent(target: Target, now: datetime) -> list[Absent]:
    due = Assignment.objects.filter(
        target=target, state=Assignment.State.PLANNED, started_at__lte=now - LATE_AFTER, expires_at__gt=now
    )
    held = Assignment.objects.live(now).filter(target=target).values("volunteer")
    rows = due.exclude(volunteer__in=held).order_by().values_list("volunteer")
    found = list(rows.annotate(places=Count("pk"), since=Min("started_at")).order_by("since")[:MOST_SHOWN])
    people = User.objects.in_bulk([volunteer for volunteer, __, __since in found])
    return [Absent(people[volunteer], places, since) for volunteer, places, since in found]


def keep_trying(*, slot_id: UUID, by: User, now: datetime) -> CandidateSlot:
    """Note that a slot with all but one no is to be tried on: it is not asked about until somebody says no again.

    Raises:
        NotFound: there is none.
    """
    with writing():
        slot = CandidateSlot.objects.filter(pk=slot_id).first()
        if slot is None:
            raise NotFound(_("There is no such slot."))
        events.record(at=now, verb=KEPT_OPEN, noun="slot", row_id=slot.pk, target_id=slot.target_id, actor_id=by.pk)
    return slot


def free_places(*, target_id: UUID, volunteer_id: UUID, by: User, now: datetime) -> int:
    """End what is planned for somebody in a target, so that others can have it, and tell them; say how many places.

    A repeat ends nothing.
    """
    with writing():
        target = Target.objects.select_for_update(no_key=True).get(pk=target_id)
        planned = Assignment.objects.filter(target=target, volunteer=volunteer_id, state=Assignment.State.PLANNED)
        ended = slots.end_planned(
            ended=planned, state=Assignment.State.WITHDRAWN, now=now, actor_id=by.pk, why="did not come"
        )
        if ended:
            freed = CandidateSlot.objects.filter(pk__in=[one.slot_id for one in ended])
            slots.locked(freed)
            freed.update(updated_at=now)
            span = (min(one.started_at for one in ended), max(one.expires_at for one in ended))
            telling.tell(
                users=[volunteer_id], kind="plan_withdrawn", now=now, target_id=target.pk,
                data={"places": len(ended), "when": times.told(span, target.time_zone)},
            )  # fmt: skip
    return len(ended)
