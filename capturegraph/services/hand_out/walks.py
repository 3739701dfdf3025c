"""Holding several stops at once: a walk that can be gone without asking in between, where signal is poor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Target, User
from capturegraph.models.assignment import AssignmentQuerySet
from capturegraph.services import slots
from capturegraph.services.hand_out import assignments, choosing, claims, reasons, reviving, stops
from capturegraph.services.hand_out.claims import Choice, Wanted
from capturegraph.services.hand_out.reading import REVIVED_WITHIN, Reading
from capturegraph.services.hand_out.reasons import Reason
from capturegraph.services.hand_out.surroundings import Place
from capturegraph.services.refusals import Invalid, NotFound
from capturegraph.services.writing import hold_target_shared, writing

MOST_STOPS = 12
State = Assignment.State


class Walk(NamedTuple):
    """The stops that somebody holds in a target, in their order; and, where they are fewer than asked, why."""

    stops: list[Assignment]
    reason: Reason | None


def reserve_walk(
    *,
    target_id: UUID,
    wanted: int,
    now: datetime,
    token_sha256: str | None = None,
    user_id: UUID | None = None,
    position: Place | None = None,
    new_id: Callable[[], UUID] = uuid4,
) -> Walk:
    """Let the caller hold up to so many slots of a target near one another, numbered in the order of the way.

    What they hold stays as it is, number and lease; new stops come after. A repeat gives the same ones: each stop is
    claimed under a number that can only be theirs once, so not even two at the same time take more than was asked.
    All that is newly taken is held for three times the whole way. Fewer free slots than asked: as many as there are.

    Raises:
        Invalid: so many cannot be asked for. NotAuthenticated, NotFound, Busy: as for a single slot.
    """
    if not 1 <= wanted <= MOST_STOPS:
        reason = _("A walk has 1 to %(most)d stops.") % {"most": MOST_STOPS}
        raise Invalid(reason, errors=[{"field": "stops", "reason": reason}])
    # In each round somebody gets something: the caller, or their twin, or a rival.
    for _round in range(assignments.ROUNDS + MOST_STOPS):
        asking = assignments.read(target_id=target_id, now=now, token_sha256=token_sha256, user_id=user_id)
        if pause := reasons.pause(asking):
            return Walk(_live(asking, now), pause)
        _take_up_again(asking, wanted, now)
        assignments.sweep_what_is_due(asking, now)
        held = _live(asking, now)
        if len(held) >= wanted:
            return Walk(held, None)
        if not _top_up(asking, held, wanted, position, now, new_id):
            again = _live(asking, now)
            # What the caller's twin took meanwhile was not to be had; there may be more.
            if again == held:
                return Walk(held, reasons.why_none(asking, now))
    if held := _live(asking, now):
        return Walk(held, None)
    raise assignments.busy()


def _live(asking: Reading, now: datetime) -> list[Assignment]:
    mine = Assignment.objects.live(now).filter(target=asking.target_id, volunteer=asking.user_id)
    return list(mine.select_related("slot").order_by("stop"))


def _take_up_again(asking: Reading, wanted: int, now: datetime) -> None:
    """Go on with what is planned, and with what ran out and nobody took."""
    mine = Assignment.objects.filter(target=asking.target_id, volunteer=asking.user_id)
    held = mine.filter(state=State.HELD)
    again = list(mine.due(now).select_related("slot").order_by("stop"))
    if asking.lapsed and not held.exists():
        lapsed = mine.filter(state=State.EXPIRED, expires_at__gt=now - REVIVED_WITHIN)
        same_walk = lapsed.filter(started_at__in=lapsed.filter(pk=asking.lapsed).values("started_at"))
        again += same_walk.select_related("slot").order_by("stop")[:wanted]
    lease_s = stops.lease_through(asking, [row.slot for row in again])
    for row in again:
        reviving.revive(row, now=now, lease_s=lease_s, among_others=True)
    if asking.planned and held.count() < wanted:
        way = [row.slot for row in reviving.planned_now(asking, now)[: wanted - held.count()]]
        lease_s = stops.lease_through(asking, way)
        while held.count() < wanted and reviving.begin_planned(
            asking, now=now, stop=_next_number(held), lease_s=lease_s
        ):
            pass


def _next_number(held: AssignmentQuerySet) -> int:
    last = held.order_by("-stop").values_list("stop", flat=True).first()
    return 0 if last is None else last + 1


def _top_up(
    asking: Reading,
    held: list[Assignment],
    wanted: int,
    position: Place | None,
    now: datetime,
    new_id: Callable[[], UUID],
) -> bool:
    """Claim what is missing, each stop in a statement of its own; false where nothing is left to claim."""
    asker = choosing.look_around(asking, position, now)
    chosen = stops.choose_stops(asker, wanted - len(held))
    lease_s = stops.lease_of(asker, chosen)
    first = number = held[-1].stop + 1 if held else 0
    for slot_id in chosen:
        # Where another was quicker, the number stays free for the next; where that was the caller's twin, it is taken.
        number += claims.claim(Wanted(asking, [Choice(slot_id, lease_s)], new_id(), now, number))
    anything = Wanted(asking, None, new_id(), now, number)
    return number > first or claims.claim(anything) or claims.could_claim(anything)


def release_walk(*, target_id: UUID, by: User, keep: UUID | None = None, now: datetime) -> list[Assignment]:
    """Give back all that the caller holds in a target, except what they keep; a repeat changes nothing.

    Returns:
        what they still hold.

    Raises:
        NotFound: no member of such a target. Invalid: what is to be kept was never theirs.
    """
    target = Target.objects.visible_to(by).filter(pk=target_id).first()
    if target is None:
        raise NotFound(_("There is no such target."))
    mine = Assignment.objects.filter(target=target, volunteer=by)
    if keep and not mine.filter(pk=keep).exists():
        reason = _("You have no such slot.")
        raise Invalid(reason, errors=[{"field": "keep", "reason": reason}])
    held = mine.filter(state=State.HELD)
    with writing():
        # Whoever locks many slots holds the target first.
        hold_target_shared(target.pk)
        locked = slots.locked(CandidateSlot.objects.filter(pk__in=list(held.values_list("slot", flat=True))))
        given_back = held.filter(slot__in=[slot.pk for slot in locked]).exclude(pk__in=[keep] if keep else [])
        slots.end_assignments(ended=given_back, state=State.RELEASED, now=now, actor_id=by.pk)
        slots.recount(locked, now=now, actor_id=by.pk)
        return list(held.filter(expires_at__gt=now).select_related("slot").order_by("stop"))
