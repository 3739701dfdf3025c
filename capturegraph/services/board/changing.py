"""Doing one thing with many places: withdraw them, give them a priority, plan them for somebody, take them back.

All or nothing, in one transaction: the target is locked, then the person, then the slots by id. What somebody holds is
left as it is unless the coordinator says otherwise. Every slot that changes gets an event, and the whole gets one, in
which stands what was done: from these a withdrawal or a priority is undone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Event, Match, Target, User
from capturegraph.services import slots, telling
from capturegraph.services.batching.bulk import helpings
from capturegraph.services.people.identity import takes_part
from capturegraph.services.planning import times
from capturegraph.services.refusals import Conflict, Invalid, NotFound
from capturegraph.services.writing import writing

MOST, MOST_FOR_ONE, AT_ONCE, LEFT_SHOWN = 10_000, 100, 1000, 200
PLANNED_FOR = timedelta(hours=24)
ACTIONS = ("withdraw", "priority", "assign", "release")
DID, UNDONE = "did", "undone"
UNDONE_BY = {"withdraw": "reopened", "priority": "changed"}
State, Held = CandidateSlot.State, Assignment.State
Json = dict[str, Any]


class Asked(NamedTuple):
    """What to do with which slots. `until`: to when they are planned for `volunteer`; none: for a day."""

    action: str
    slots: Collection[UUID]
    priority: int = 50
    volunteer: UUID | None = None
    until: datetime | None = None
    release_holders: bool = False


class Done(NamedTuple):
    """What became of it: how many slots were changed, and which were left and why, the first 200 of them by name."""

    id: UUID
    action: str
    changed: int
    told: int
    left: dict[str, int]
    left_slots: list[Json]

    @property
    def undoable(self) -> bool:
        """Whether it can be undone."""
        return self.action in UNDONE_BY and self.changed > 0


class Work(NamedTuple):
    """What an action needs to know, and what it notes: events to be written, who was left why, who was told."""

    asked: Asked
    target: Target
    by: User
    now: datetime
    change: str
    events: list[Event]
    left: list[tuple[CandidateSlot, str]]
    told: set[UUID]

    def say(self, slot: CandidateSlot, verb: str, **data: Any) -> None:
        """Note what happened to a slot."""
        self.events.append(
            Event(at=self.now, verb=verb, noun="slot", row_id=slot.pk, target_id=self.target.pk, actor_id=self.by.pk,
                  data={**data, "change": self.change})
        )  # fmt: skip


def change_slots(
    *, target_id: UUID, asked: Asked, by: User, now: datetime, change_id: UUID, operation_id: UUID | None = None
) -> Done:
    """Do one thing with up to 10,000 slots of a target, all of it or nothing; a repeat gives what was done before.

    To withdraw passes over what is done; to assign makes planned assignments from now on, up to 100, which the person
    gets at their next requests whatever the target's way of handing out: only what could be handed to them is planned.

    Raises:
        Invalid: too many, a slot of another target, nobody to assign to. NotFound: no such target.
        Conflict: the operation was something else before; or the target is closed, and somebody is to be sent there.
    """
    _check(asked, now)
    with writing():
        target = _locked_target(target_id)
        if operation_id and (before := _before(by, operation_id, target)):
            return before
        if asked.action == "assign":
            _check_assignable(asked, target)
        work = Work(asked, target, by, now, str(change_id), [], [], set())
        locked = _locked(asked.slots, target)
        if len(locked) < len(set(asked.slots)):
            reason = _("%d of these places are not of this target.") % (len(set(asked.slots)) - len(locked))
            raise Invalid(reason, errors=[{"field": "slots", "reason": reason}])
        changed = sum(_ACTIONS[asked.action](work, some) for some in _in_helpings(locked, work))
        return _note(work, changed, operation_id)


def undo_change(*, target_id: UUID, change_id: UUID, by: User, now: datetime) -> Done:
    """Undo a withdrawal or a priority, where nothing was done to the slot since; a repeat gives what was done before.

    Whoever was called back stays called back.

    Raises:
        NotFound: there was no such change. Conflict: it is of a kind that is not undone.
    """
    with writing():
        target = _locked_target(target_id)
        every = Event.objects.filter(noun="change", row_id=change_id, target_id=target.pk)
        told = every.filter(verb=DID).first()
        if told is None:
            raise NotFound(_("There was no such change."))
        action = told.data["action"]
        if action not in UNDONE_BY:
            raise Conflict(_("This cannot be undone. Do the opposite instead."), code="not_undoable")
        if before := every.filter(verb=UNDONE).first():
            return _read(before)
        work = Work(Asked(action, ()), target, by, now, str(change_id), [], [], set())
        changed = sum(_undo(work, some, told) for some in helpings(_events_of(told, target), AT_ONCE))
        return _note(work, changed, None, verb=UNDONE)


# --- before -----------------------------------------------------------------------------------------------------------


def _check(asked: Asked, now: datetime) -> None:
    most = MOST_FOR_ONE if asked.action == "assign" else MOST
    wrong = {
        "action": asked.action not in ACTIONS and _("It cannot be that."),
        "slots": not 0 < len(asked.slots) <= most and _("1 to %d places at a time.") % most,
        "priority": not 0 <= asked.priority <= 100 and _("A priority is 0 to 100."),
        "volunteer": asked.action == "assign" and asked.volunteer is None and _("Say to whom."),
        "until": asked.until is not None and asked.until <= now and _("This time has gone by."),
    }
    errors = [{"field": name, "reason": str(reason)} for name, reason in wrong.items() if reason]
    if errors:
        raise Invalid(errors[0]["reason"], errors=errors)


def _locked_target(target_id: UUID) -> Target:
    target = Target.objects.select_for_update(no_key=True).filter(pk=target_id).first()
    if target is None:
        raise NotFound(_("There is no such target."))
    return target


def _before(by: User, operation_id: UUID, target: Target) -> Done | None:
    told = Event.objects.filter(actor=by, operation_id=operation_id).first()
    if told and (told.noun, told.target_id) != ("change", target.pk):
        raise Conflict(_("This operation was something else before. Try again."))
    return _read(told) if told else None


def _check_assignable(asked: Asked, target: Target) -> None:
    if target.state == Target.State.CLOSED:
        raise Conflict(_("This is finished: nobody is sent anywhere."), code="closed")
    if asked.volunteer is None or not takes_part(asked.volunteer, target.pk):
        reason = _("Only somebody who takes part can be sent.")
        raise Invalid(reason, errors=[{"field": "volunteer", "reason": reason}])


def _locked(ids: Iterable[UUID], target: Target) -> list[CandidateSlot]:
    found: list[CandidateSlot] = []
    for some in helpings(sorted(set(ids)), AT_ONCE):
        found += slots.locked(CandidateSlot.objects.filter(pk__in=some, target=target))
    return found


def _in_helpings(locked: Sequence[CandidateSlot], work: Work) -> Iterable[list[CandidateSlot]]:
    """Give the locked slots some at a time, leases and plans that have run out there being ended, as a claim does."""
    in_order = sorted(locked, key=lambda slot: (slot.rank, slot.pk)) if work.asked.action == "assign" else locked
    for some in helpings(in_order, AT_ONCE):
        lapsed = list(Assignment.objects.due(work.now).filter(slot__in=[slot.pk for slot in some]))
        if slots.end_assignments(ended=lapsed, state=Held.EXPIRED, now=work.now, actor_id=None):
            touched = {one.slot_id for one in lapsed}
            slots.recount([slot for slot in some if slot.pk in touched], now=work.now, actor_id=None)
        missed = Assignment.objects.filter(slot__in=[slot.pk for slot in some], state=Held.PLANNED)
        slots.end_planned(
            ended=missed.filter(expires_at__lte=work.now), state=Held.EXPIRED, now=work.now, actor_id=None
        )
        yield some


# --- the actions: each gives how many of some slots it changed --------------------------------------------------------


def _withdraw(work: Work, some: list[CandidateSlot]) -> int:
    there = _on_the_way(some)
    going = []
    for slot in some:
        held = any(one.state == Held.HELD for one in there[slot.pk])
        if slot.state in (State.WITHDRAWN, State.FULFILLED):
            work.left.append((slot, slot.state))
        elif held and not work.asked.release_holders:
            work.left.append((slot, "held"))
        else:
            work.say(slot, "withdrawn", was=slot.state)
            going.append(slot)
    _write(going, work.now, state=State.WITHDRAWN)
    _call_back(work, going, there, "slot_withdrawn")
    return len(going)


def _prioritise(work: Work, some: list[CandidateSlot]) -> int:
    priority = work.asked.priority
    going = [slot for slot in some if slot.priority != priority]
    work.left.extend((slot, "same") for slot in some if slot.priority == priority)
    for slot in going:
        work.say(slot, "changed", before={"priority": slot.priority}, after={"priority": priority})
    _write(going, work.now, priority=priority)
    return len(going)


def _release(work: Work, some: list[CandidateSlot]) -> int:
    there = _on_the_way(some)
    going = [slot for slot in some if there[slot.pk]]
    work.left.extend((slot, "nobody") for slot in some if not there[slot.pk])
    _call_back(work, going, there, "slot_taken_back")
    return len(going)


def _assign(work: Work, some: list[CandidateSlot]) -> int:
    volunteer = User.objects.get(pk=work.asked.volunteer or work.by.pk)
    until = work.asked.until or work.now + PLANNED_FOR
    there, made = _on_the_way(some), list[Assignment]()
    photographed = {*Match.objects.filter(slot__in=some, person_key=volunteer.person_key, active=True)
                    .values_list("slot", flat=True)}  # fmt: skip
    said_no = _said_no(some, volunteer)
    for slot in some:
        why = _why_not(slot, there[slot.pk], volunteer, work.now, until)
        why = why or ("photographed" if slot.pk in photographed else "declined" if slot.pk in said_no else "")
        span = times.cut(slot.window_from, slot.window_until, (work.now, until))
        if why or span is None:
            work.left.append((slot, why or "window"))
            continue
        seats = {one.seat for one in there[slot.pk]}
        made.append(
            Assignment(
                target=work.target, slot=slot, volunteer=volunteer, stop=len(made), state=Held.PLANNED,
                seat=min(set(range(len(seats) + 1)) - seats), started_at=span[0], expires_at=span[1],
            )
        )  # fmt: skip
        work.say(slot, "planned", volunteer=str(volunteer.pk))
    Assignment.objects.bulk_create(made)
    _write([one.slot for one in made], work.now)
    if made:
        when = times.told((work.now, until), work.target.time_zone)
        telling.tell(
            users=[volunteer.pk], kind="planned", now=work.now, target_id=work.target.pk,
            data={"places": len(made), "when": when},
        )  # fmt: skip
        work.told.add(volunteer.pk)
    return len(made)


def _why_not(
    slot: CandidateSlot, there: Collection[Assignment], volunteer: User, now: datetime, until: datetime
) -> str:  # fmt: skip
    if slot.state != State.WAITING:
        return slot.state
    if any(one.volunteer_id == volunteer.pk for one in there):
        return "theirs"
    planned = sum(one.state == Held.PLANNED and one.expires_at > now for one in there)
    return "held" if slot.seats_left <= planned else ""


def _said_no(some: Sequence[CandidateSlot], volunteer: User) -> set[UUID]:
    reopened = {slot.pk: slot.reopened_at for slot in some}
    declined = Assignment.objects.filter(slot__in=some, volunteer=volunteer, state=Held.DECLINED)
    said = [(slot_id, at, reopened[slot_id]) for slot_id, at in declined.values_list("slot", "ended_at")]
    return {slot_id for slot_id, at, again in said if again is None or (at and at > again)}


_ACTIONS: dict[str, Callable[[Work, list[CandidateSlot]], int]] = {
    "withdraw": _withdraw, "priority": _prioritise, "assign": _assign, "release": _release,
}  # fmt: skip


def _on_the_way(some: Sequence[CandidateSlot]) -> dict[UUID, list[Assignment]]:
    found: dict[UUID, list[Assignment]] = defaultdict(list)
    states = [Held.HELD, Held.PLANNED]
    for one in Assignment.objects.filter(slot__in=[slot.pk for slot in some], state__in=states).order_by("pk"):
        found[one.slot_id].append(one)
    return found


def _write(some: Sequence[CandidateSlot], now: datetime, **values: Any) -> None:
    rows = CandidateSlot.objects.filter(pk__in=[slot.pk for slot in some])
    rows.update(**values, updated_at=now)
    for slot in some:
        for name, value in values.items():
            setattr(slot, name, value)


def _call_back(work: Work, some: Sequence[CandidateSlot], there: dict[UUID, list[Assignment]], kind: str) -> None:
    """End what is held or planned of some slots, tell whose it was, and count the seats anew."""
    named = {slot.pk: slot for slot in some if there[slot.pk]}
    rows = [one for pk in named for one in there[pk]]
    ended = slots.end_assignments(
        ended=[one for one in rows if one.state == Held.HELD], state=Held.WITHDRAWN, now=work.now,
        actor_id=work.by.pk, why=kind,
    )  # fmt: skip
    planned = [one for one in rows if one.state == Held.PLANNED]
    ended += slots.end_planned(ended=planned, state=Held.WITHDRAWN, now=work.now, actor_id=work.by.pk, why=kind)
    for one in ended:
        telling.tell(
            users=[one.volunteer_id], kind=kind, now=work.now, target_id=work.target.pk,
            data={"title": str(named[one.slot_id]), "slot": str(one.slot_id)},
        )  # fmt: skip
    work.told.update(one.volunteer_id for one in ended)
    slots.recount(list(named.values()), now=work.now, actor_id=work.by.pk)


# --- undoing ----------------------------------------------------------------------------------------------------------


def _events_of(told: Event, target: Target) -> list[Event]:
    first, last = told.data["events"]
    found = Event.objects.filter(target_id=target.pk, noun="slot", id__range=(first, last)).order_by("row_id")
    return [event for event in found if event.data.get("change") == str(told.row_id)]


def _undo(work: Work, some: list[Event], told: Event) -> int:
    by_slot = {event.row_id: event for event in some if event.row_id}
    locked = slots.locked(CandidateSlot.objects.filter(pk__in=by_slot))
    since = Event.objects.filter(noun="slot", row_id__in=by_slot, id__gt=told.data["events"][1])
    touched = {event.row_id for event in since if event.verb != "changed" or work.asked.action == "priority"}
    back: dict[Any, list[CandidateSlot]] = defaultdict(list)
    name = "state" if work.asked.action == "withdraw" else "priority"
    for slot in locked:
        data = by_slot[slot.pk].data
        was, became = (data["was"], State.WITHDRAWN) if name == "state" else (
            data["before"]["priority"], data["after"]["priority"])  # fmt: skip
        if slot.pk in touched or getattr(slot, name) != became:
            work.left.append((slot, "changed"))
            continue
        back[was].append(slot)
        more = {"was": str(became)} if name == "state" else {"before": data["after"], "after": data["before"]}
        work.say(slot, UNDONE_BY[work.asked.action], **more)
    for was, alike in back.items():
        _write(alike, work.now, **{name: was})
        if name == "state":
            slots.recount(alike, now=work.now, actor_id=work.by.pk)
    return sum(map(len, back.values()))


# --- what is said of it -----------------------------------------------------------------------------------------------


def _note(work: Work, changed: int, operation_id: UUID | None, *, verb: str = DID) -> Done:
    written = Event.objects.bulk_create(work.events, batch_size=500)
    left = [{"slot": str(slot.pk), "title": str(slot), "why": why} for slot, why in work.left[:LEFT_SHOWN]]
    data = {
        "action": work.asked.action if verb == DID else f"undo_{work.asked.action}", "changed": changed,
        "told": len(work.told), "left": dict(Counter(str(why) for _slot, why in work.left)), "left_slots": left,
        "events": [written[0].pk, written[-1].pk] if written else [0, 0],
    }  # fmt: skip
    try:
        told = Event.objects.create(
            at=work.now, verb=verb, noun="change", row_id=UUID(work.change), target_id=work.target.pk,
            actor_id=work.by.pk, operation_id=operation_id, data=data,
        )  # fmt: skip
    except IntegrityError:
        # At the same moment, about another target: this one is not done.
        raise Conflict(_("This operation was something else before. Try again.")) from None
    return _read(told)


def _read(told: Event) -> Done:
    data = told.data
    if told.row_id is None:
        raise NotFound(_("There was no such change."))
    return Done(told.row_id, data["action"], data["changed"], data["told"], data["left"], data["left_slots"])
