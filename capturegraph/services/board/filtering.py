"""Which places somebody wants to see: read from an address, turned into a query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Capture, Match, Target
from capturegraph.models.candidate_slot import CandidateSlotQuerySet
from capturegraph.services.board.seen import MARKS, Seen, looking_like
from capturegraph.services.refusals import Invalid

WINDOWS = ("now", "later", "over", "none")
MAX_TEXT = 200


class Wanted(NamedTuple):
    """What is asked for; what is empty asks for nothing. `window`: open now, later, over, or without one."""

    text: str = ""
    priority_from: int = 0
    priority_until: int = 100
    batch: UUID | None = None
    volunteer: UUID | None = None
    window: str = ""
    planned: bool | None = None
    marks: frozenset[str] = frozenset()

    @property
    def beside_marks(self) -> bool:
        """Whether anything is asked for beside what places look like."""
        return self._replace(marks=frozenset()) != Wanted()


def read(query: Mapping[str, str]) -> Wanted:
    """Read what is wanted from the parameters of an address; others are somebody else's.

    Raises:
        Invalid: naming the first that cannot be.
    """
    text, window, planned = query.get("text", "").strip(), query.get("window", ""), query.get("planned", "")
    marks = frozenset(filter(None, query.get("state", "").split(",")))
    for name, wrong in (
        ("text", "\0" in text or len(text) > MAX_TEXT or _lone_surrogate(text)),
        ("window", window not in ("", *WINDOWS)),
        ("planned", planned not in ("", "yes", "no")),
        ("state", not marks <= frozenset(MARKS)),
    ):
        if wrong:
            raise _wrong(name)
    return Wanted(
        text=text,
        priority_from=_number(query, "priority_from", 0),
        priority_until=_number(query, "priority_until", 100),
        batch=_id(query, "batch"),
        volunteer=_id(query, "volunteer"),
        window=window,
        planned={"yes": True, "no": False}.get(planned),
        marks=marks,
    )


def matching(target: Target, wanted: Wanted, seen: Seen, *, now: datetime) -> CandidateSlotQuerySet:
    """Give the slots of a target that are wanted."""
    found = CandidateSlot.objects.of(target)
    if wanted.text:
        words = ("title", "note", "external_id")
        any_of = Q()
        for name in words:
            any_of |= Q(**{f"{name}__icontains": wanted.text})
        found = found.filter(any_of)
    if (wanted.priority_from, wanted.priority_until) != (0, 100):
        found = found.filter(priority__range=(wanted.priority_from, wanted.priority_until))
    if wanted.batch:
        found = found.filter(batch=wanted.batch)
    if wanted.volunteer:
        found = found.filter(_had_to_do_with(wanted.volunteer))
    if wanted.planned is not None:
        planned = Exists(Assignment.objects.filter(slot=OuterRef("pk"), state="planned", expires_at__gt=now))
        found = found.filter(planned if wanted.planned else ~planned)
    found = _in_window(found, wanted.window, now)
    return looking_like(found, wanted.marks, seen) if wanted.marks else found


def _had_to_do_with(user_id: UUID) -> Q:
    held = Assignment.objects.filter(slot=OuterRef("pk"), volunteer=user_id)
    took = Match.objects.filter(slot=OuterRef("pk"), capture__in=Capture.objects.filter(volunteer=user_id))
    return Q(Exists(held)) | Q(Exists(took))


def _in_window(slots: CandidateSlotQuerySet, window: str, now: datetime) -> CandidateSlotQuerySet:
    timed = ~Q(window_from=None, window_until=None)
    begun = Q(window_from=None) | Q(window_from__lte=now)
    open_still = Q(window_until=None) | Q(window_until__gt=now)
    asked = {
        "": Q(),
        "now": timed & begun & open_still,
        "later": Q(window_from__gt=now),
        "over": Q(window_until__lte=now),
        "none": ~timed,
    }
    return slots.filter(asked[window])


def _number(query: Mapping[str, str], name: str, otherwise: int) -> int:
    text = query.get(name, "")
    if not text:
        return otherwise
    if not text.isascii() or not text.isdigit() or not 0 <= int(text[:4]) <= 100 or len(text) > 3:
        raise _wrong(name)
    return int(text)


def _id(query: Mapping[str, str], name: str) -> UUID | None:
    text = query.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise _wrong(name) from None


def _lone_surrogate(text: str) -> bool:
    return any("\ud800" <= sign <= "\udfff" for sign in text)


def _wrong(name: str) -> Invalid:
    reason = _("It cannot be that.")
    return Invalid(_("There is no such choice of places."), errors=[{"field": name, "reason": reason}])
