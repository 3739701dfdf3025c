"""What a plan is worked out from: the rows of people and slots, read once into one JSON that is kept with the answer.

Its keys. Ids are texts of UUIDs, times ISO 8601, places [latitude, longitude]; no names: rows have those.

- `plan`: what was asked, as `asked` gives it; `now`, `from_at`, `until_at`; `algorithms`; `rules` in force: the plan's,
  and those that always hold (`in_force`).
- `volunteers`: `key`, `role`, `skills`, `newcomer`, `start`, `last_position`, `available` (null: always),
  `unavailable`, `capacity`, `most_walking_m`, `past_load`; in the order in which they became members.
- `requests`: `key` (the slot), `required_count` (people still to come, those who are on the way included), `seats` (of
  them nobody's yet), `priority`, `window`, `location`, `skills`, `done_by`, `declined_by`, `never` (kept from it by
  hand); by priority, then the tour.
- `pins`: `slot`, `volunteer`, and `why`: "pinned" in this plan, "held", or "planned" by another one; `elsewhere` has
  `window` and `location` of those of their slots that are no request.
- `trial`: what was only supposed, or null (`trials`).
- `left_out_pins`: pins that cannot be kept, with a code of `words.changed`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, F, Q

from capturegraph.models import Assignment, Availability, CandidateSlot, Capture, Match, Membership, Plan
from capturegraph.models.membership import Role
from capturegraph.services.planning import limits, times
from capturegraph.services.planning.times import Span

LAST_POSITION_WITHIN = timedelta(hours=1)
ALWAYS: tuple[dict[str, Any], ...] = (
    {"rule": "skills"},
    {"rule": "time_window", "least_minutes": 0},
    {"rule": "declined"},
    {"rule": "once_per_slot"},
)
"""What holds in every plan: what people said of themselves, and what the hand-out would refuse anyway. A plan that
names one of these rules says how strictly."""
MOST_SLOTS = {"rule": "most_slots", "most": 1_000_000}
MOST_WALKING = {"rule": "most_walking", "most_m": 1_000_000}
Json = dict[str, Any]


class Taken(NamedTuple):
    """A seat that is somebody's: held, or planned by another plan, at a time."""

    slot: UUID
    volunteer: UUID
    why: str
    time: Span


def read(*, plan: Plan, now: datetime, trial: Mapping[str, Any] | None = None) -> Json:
    """Read everything that bears on a plan, as it is now; or as it would be with what a trial says (see `trials`)."""
    within = max(plan.from_at, now), plan.until_at
    taken = _taken(plan, now)
    pins = list(plan.pins.order_by("created_at", "pk").values_list("slot", "volunteer"))
    pins += [(UUID(trial["slot"]), UUID(trial["volunteer"]))] if trial else []
    people = _people(plan, {volunteer for __, volunteer in pins}, taken, within)
    for one in people if trial else ():
        one.update(trial["says"] if trial and one["key"] == trial["volunteer"] else {})
    slots = _slots(plan, taken, {pin[0] for pin in pins}, now)
    requests = _requests(plan, slots, taken, {UUID(one["key"]): one["person"] for one in people}, within)
    pinned = [{"slot": str(one.slot), "volunteer": str(one.volunteer), "why": one.why}
              for one in taken if times.meet(one.time, within)]  # fmt: skip
    there = {(one.slot, one.volunteer) for one in taken}
    pins = [pin for pin in dict.fromkeys(pins) if pin not in there]
    kept, left_out = _own_pins(pins, people, slots, {one["key"]: one for one in requests})
    known = {one["key"] for one in requests}
    for one in people:
        del one["person"]
    return {
        "plan": asked(plan), "now": now.isoformat(),
        "from_at": plan.from_at.isoformat(), "until_at": plan.until_at.isoformat(),
        "rules": in_force(plan.rules, people), "algorithms": plan.algorithms or ["load_balancing"], "trial": trial,
        "volunteers": people, "requests": requests, "pins": [*pinned, *kept], "left_out_pins": left_out,
        "elsewhere": {
            str(one.pk): {"window": _window(one, within), "location": _place(one.latitude, one.longitude)}
            for one in slots.values() if str(one.pk) not in known
        },
    }  # fmt: skip


def asked(plan: Plan) -> Json:
    """Give what a plan asks for, to see later whether it still does."""
    pins = sorted([str(slot), str(volunteer)] for slot, volunteer in plan.pins.values_list("slot", "volunteer"))
    times_asked = {"from_at": plan.from_at.isoformat(), "until_at": plan.until_at.isoformat()}
    return {**times_asked, "rules": plan.rules, "algorithms": plan.algorithms, "pins": pins}


def in_force(rules: Sequence[Mapping[str, Any]], people: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Give the rules of a plan with those that always hold; people's own limits hold where anybody has some."""
    people, left = list(people), limits.of(rules)
    also = [*ALWAYS, *([{"rule": "never"}] if left.never else [])]
    also += [MOST_SLOTS] if any(one["capacity"] is not None for one in people) else []
    also += [MOST_WALKING] if any(one["most_walking_m"] is not None for one in people) else []
    rules = limits.without(rules)
    named = {one["rule"] for one in rules}
    return [*rules, *(dict(one) for one in also if one["rule"] not in named)]


def _taken(plan: Plan, now: datetime) -> list[Taken]:
    """The seats of the target that are held now, or planned by other plans."""
    rows = Assignment.objects.filter(target=plan.target_id, expires_at__gt=now, state__in=["held", "planned"])
    rows = rows.exclude(state="planned", plan=plan).order_by("started_at", "pk")
    taken = [Taken(one.slot_id, one.volunteer_id, str(one.state), (one.started_at, one.expires_at)) for one in rows]
    # Who has come for it already needs no second seat.
    come = {(one.slot, one.volunteer) for one in taken if one.why == "held"}
    return [one for one in taken if one.why == "held" or (one.slot, one.volunteer) not in come]


# --- people -----------------------------------------------------------------------------------------------------------


def _people(plan: Plan, pinned: set[UUID], taken: Sequence[Taken], within: Span) -> list[Json]:
    """Volunteers, and of the others those who said when they have time, or are pinned."""
    members = Membership.objects.current().filter(target=plan.target_id, user__is_active=True)
    rows = list(members.select_related("user").order_by("created_at", "pk"))
    said: dict[int, list[Availability]] = defaultdict(list)
    for one in Availability.objects.filter(membership__in=members).order_by("from_at", "until_at", "pk"):
        said[one.membership_id].append(one)
    sent = limits.of(plan.rules).sends
    mine = [row for row in rows if row.role == Role.VOLUNTEER or said[row.pk] or row.user_id in pinned]
    mine = [row for row in mine if sent(str(row.user_id)) or row.user_id in pinned]
    counted = Capture.objects.filter(target=plan.target_id, counts=True).order_by()
    captures = dict(counted.values_list("volunteer").annotate(Count("pk")))
    # What is held or planned for another time is work, too.
    other_time = Counter(one.volunteer for one in taken if not times.meet(one.time, within))
    last = _last_positions(plan, within)
    found = []
    for row in mine:
        work = captures.get(row.user_id, 0)
        newcomer = row.newcomer if row.newcomer is not None else not work
        start = _place(row.start_latitude, row.start_longitude)
        found.append(
            {
                "key": str(row.user_id), "person": row.user.person_key, "role": row.role, "skills": list(row.skills),
                "newcomer": newcomer, "start": start, "last_position": last.get(row.user_id),
                **_free(said[row.pk], within), "capacity": row.capacity, "most_walking_m": row.most_walking_m,
                "past_load": work + other_time[row.user_id],
            }
        )  # fmt: skip
    return found


def _free(said: Sequence[Availability], within: Span) -> Json:
    """When somebody has time within the plan: what they said without what they took back."""
    spans: dict[str, list[Span]] = {"there": [], "away": []}
    for one in said:
        inside = times.cut(one.from_at, one.until_at, within)
        spans[one.kind] += [inside] if inside else []
    ever_there = any(one.kind == Availability.Kind.THERE for one in said)
    limited = ever_there or spans["away"]
    available = times.free(spans["there"] if ever_there else [within], spans["away"])
    return {
        "available": _spans(available) if limited else None,
        "unavailable": _spans(times.joined(spans["away"])),
    }


def _last_positions(plan: Plan, within: Span) -> dict[UUID, list[float]]:
    """Where people's last photographs were taken, within the last hour before the plan; never out of a request."""
    rows = Capture.objects.filter(
        target=plan.target_id, counts=True, latitude__isnull=False, captured_at__lte=within[0],
        captured_at__gt=within[0] - LAST_POSITION_WITHIN,
    )  # fmt: skip
    found = rows.order_by("captured_at", "pk").values_list("volunteer", "latitude", "longitude")
    places = {volunteer: _place(latitude, longitude) for volunteer, latitude, longitude in found}
    return {volunteer: place for volunteer, place in places.items() if place}


# --- slots ------------------------------------------------------------------------------------------------------------


def _slots(plan: Plan, taken: Sequence[Taken], pinned: set[UUID], now: datetime) -> dict[UUID, CandidateSlot]:
    """The slots that wait, and those that anybody is on the way to or is pinned to; `seats` is what is nobody's."""
    others = {one.slot for one in taken} | pinned
    wanted = Q(state=CandidateSlot.State.WAITING) | Q(pk__in=others)
    rows = CandidateSlot.objects.filter(wanted, target=plan.target_id).order_by("-priority", "rank", "pk")
    planned = Counter(one.slot for one in taken if one.why == "planned")
    lapsed = Counter(Assignment.objects.due(now).filter(target=plan.target_id).values_list("slot", flat=True))
    slots = {slot.pk: slot for slot in rows}
    for slot in slots.values():
        # A lease that has run out is judged when it is read.
        slot.seats_left += lapsed[slot.pk] - planned[slot.pk]
    return slots


def _requests(
    plan: Plan, slots: Mapping[UUID, CandidateSlot], taken: Sequence[Taken], people: Mapping[UUID, UUID], within: Span
) -> list[Json]:
    """The slots that wait, have a free seat, are open at some time of the plan, and are what it is about."""
    left, pinned = limits.of(plan.rules), set(plan.pins.values_list("slot", flat=True))
    open_slots = [
        slot
        for slot in slots.values()
        if slot.state == CandidateSlot.State.WAITING
        and slot.seats_left > 0
        and times.cut(slot.window_from, slot.window_until, within)
        and (left.asks_for(slot.priority, slot.batch_id) or slot.pk in pinned)
    ]
    ids = [slot.pk for slot in open_slots]
    done, declined = _done(plan, ids, people), _declined(plan)
    on_the_way: dict[UUID, list[Taken]] = defaultdict(list)
    for one in taken:
        on_the_way[one.slot].append(one)
    found = []
    for slot in open_slots:
        mates = [one for one in on_the_way[slot.pk] if times.meet(one.time, within)]
        # Whoever goes there at another time does not go twice.
        later = {one.volunteer for one in on_the_way[slot.pk]} - {one.volunteer for one in mates}
        found.append(
            {
                "key": str(slot.pk), "required_count": slot.seats_left + len(mates), "seats": slot.seats_left,
                "priority": slot.priority, "window": _window(slot, within), "skills": list(slot.skills),
                "location": _place(slot.latitude, slot.longitude),
                "done_by": sorted(map(str, done[slot.pk] | later)), "declined_by": sorted(map(str, declined[slot.pk])),
                "never": left.kept_from(str(slot.pk)),
            }
        )  # fmt: skip
    return found


def _done(plan: Plan, slots: Sequence[UUID], people: Mapping[UUID, UUID]) -> dict[UUID, set[UUID]]:
    """Who has a photograph of a slot that counts."""
    volunteers = {person: volunteer for volunteer, person in people.items()}
    found: dict[UUID, set[UUID]] = defaultdict(set)
    asked = set(slots)
    rows = Match.objects.filter(slot__target=plan.target_id, slot__state=CandidateSlot.State.WAITING, active=True)
    for slot, person in rows.values_list("slot", "person_key"):
        if slot in asked and person in volunteers:
            found[slot].add(volunteers[person])
    return found


def _declined(plan: Plan) -> dict[UUID, set[UUID]]:
    """Who said no to a slot since it was last asked for."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    rows = Assignment.objects.filter(
        Q(slot__reopened_at=None) | Q(ended_at__gt=F("slot__reopened_at")), target=plan.target_id, state="declined"
    )
    for slot, volunteer in rows.values_list("slot", "volunteer"):
        found[slot].add(volunteer)
    return found


# --- pins -------------------------------------------------------------------------------------------------------------


def _own_pins(
    pins: Sequence[tuple[UUID, UUID]], people: Iterable[Json], slots: Mapping[UUID, CandidateSlot],
    requests: Mapping[str, Json],
) -> tuple[list[Json], list[Json]]:  # fmt: skip
    """The pins of the plan that can be kept, and the others with why not."""
    members, seats = {one["key"] for one in people}, Counter({key: one["seats"] for key, one in requests.items()})
    kept, left_out = [], []
    for slot_id, volunteer_id in pins:
        pin = {"slot": str(slot_id), "volunteer": str(volunteer_id)}
        slot, request = slots.get(slot_id), requests.get(str(slot_id))
        why = _why_not(pin["volunteer"], members, slot, request, seats[pin["slot"]])
        if why:
            left_out.append({**pin, "why": why})
        else:
            seats[pin["slot"]] -= 1
            kept.append({**pin, "why": "pinned"})
    return kept, left_out


def _why_not(volunteer: str, members: set[str], slot: CandidateSlot | None, request: Json | None, seats: int) -> str:
    if volunteer not in members:
        return "member_removed"
    if slot is None or slot.state != CandidateSlot.State.WAITING:
        return "slot_gone"
    if request is None:
        return "seat_taken" if slot.seats_left <= 0 else "window"
    if volunteer in request["declined_by"]:
        return "declined"
    if volunteer in request["done_by"]:
        return "photographed"
    return "seat_taken" if seats <= 0 else ""


# --- as JSON ----------------------------------------------------------------------------------------------------------


def _window(slot: CandidateSlot, within: Span) -> list[str] | None:
    span = times.window(slot.window_from, slot.window_until, within)
    return None if span is None else _spans([span])[0]


def _spans(spans: Iterable[Span]) -> list[list[str]]:
    return [[begin.isoformat(), end.isoformat()] for begin, end in spans]


def _place(latitude: float | None, longitude: float | None) -> list[float] | None:
    return None if latitude is None or longitude is None else [latitude, longitude]
