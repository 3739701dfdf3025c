"""Why there is no slot for somebody: never an error, always a sentence."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Match, Target
from capturegraph.models.candidate_slot import CandidateSlotQuerySet
from capturegraph.services.hand_out.reading import Reading


class Reason(NamedTuple):
    """Why there is no slot, in a word for programs and a sentence for people."""

    code: str
    text: str
    next_lease_ends_at: datetime | None = None
    next_opens_at: datetime | None = None


def is_open(target: Target) -> bool:
    """Say whether a target hands out anything."""
    return target.state == Target.State.OPEN


def pause(asking: Reading) -> Reason | None:
    """Say why a target hands out nothing to anybody; None where it does."""
    sentences = {
        Target.State.DRAFT: _("This has not begun yet. Ask the coordinator when it does."),
        Target.State.PAUSED: _("There is a pause: no places are given out now. Photos are still taken."),
        Target.State.CLOSED: _("This is finished. Thank you! Photos that you took are still taken."),
    }
    state = Target.State(asking.target_state or Target.State.CLOSED)
    return Reason(state.value, str(sentences[state])) if state in sentences else None


def why_none(asking: Reading, now: datetime) -> Reason:
    """Say why a claim found nothing."""
    every = CandidateSlot.objects.filter(target=asking.target_id)
    if not every.exclude(state=CandidateSlot.State.WITHDRAWN).exists():
        return Reason("nothing_uploaded", _("No places have been uploaded yet. Ask the coordinator."))
    waiting = every.filter(state=CandidateSlot.State.WAITING)
    if not waiting.exists():
        return Reason("all_done", _("Every place is done. Thank you!"))
    left = _without_mine(waiting, asking)
    if not left.exists():
        if Assignment.objects.live(now).filter(target=asking.target_id, volunteer=asking.user_id).exists():
            return Reason("no_more", _("There are no more places for you than these."))
        return Reason("none_for_you", _("Only places are left that you have photographed or said no to."))
    begun = Q(window_from=None) | Q(window_from__lte=now)
    if left.filter(begun).filter(Q(window_until=None) | Q(window_until__gt=now)).exists():
        return _all_held(asking, now)
    return _outside_their_time(left, asking, now)


def _without_mine(waiting: CandidateSlotQuerySet, asking: Reading) -> CandidateSlotQuerySet:
    said_no = Assignment.objects.filter(
        Q(slot__reopened_at=None) | Q(ended_at__gt=F("slot__reopened_at")),
        slot=OuterRef("pk"), volunteer=asking.user_id, state=Assignment.State.DECLINED,
    )  # fmt: skip
    mine = Assignment.objects.filter(slot=OuterRef("pk"), volunteer=asking.user_id, state=Assignment.State.HELD)
    photographed = Match.objects.filter(slot=OuterRef("pk"), person_key=asking.person_key, active=True)
    return waiting.exclude(Exists(said_no)).exclude(Exists(mine)).exclude(Exists(photographed))


def _all_held(asking: Reading, now: datetime) -> Reason:
    held = Assignment.objects.live(now).filter(target=asking.target_id).exclude(volunteer=asking.user_id)
    next_end = held.order_by("expires_at").values_list("expires_at", flat=True).first()
    return Reason("all_held", _("Others are on their way to every place that is left."), next_end)


def _outside_their_time(left: CandidateSlotQuerySet, asking: Reading, now: datetime) -> Reason:
    to_come = left.filter(window_from__gt=now).order_by("window_from")
    opens = to_come.values_list("window_from", flat=True).first()
    if opens is None:
        return Reason("outside_window", _("The time for every place that is left has gone by."))
    zone = Target.objects.values_list("time_zone", flat=True).get(pk=str(asking.target_id))
    there = opens.astimezone(ZoneInfo(zone))
    text = _("Every place that is left is asked for at another time. The next: %(day)s, %(hour)s (%(zone)s).") % {
        "day": date_format(there, "DATE_FORMAT"), "hour": there.strftime("%H:%M"), "zone": zone,
    }  # fmt: skip
    return Reason("outside_window", text, next_opens_at=opens)
