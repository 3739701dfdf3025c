"""Which photographs wait for a reviewer, and in which order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When

from capturegraph.models import Capture, Dispute, Event, Membership, ReviewClaim, Target, User
from capturegraph.models.capture import CaptureQuerySet
from capturegraph.models.membership import Role

SKIPPED, SKIPPED_FOR = "skipped", timedelta(minutes=30)
MAY_REVIEW = [role for role in Role if role.rank >= Role.REVIEWER.rank]
Review = Capture.Review


class Waiting(NamedTuple):
    """How many photographs of a target wait for somebody: for them to look at (`left`), at others who look at them just
    now (`elsewhere`), and their own, which somebody else has to look at (`own`).
    """

    left: int
    elsewhere: int
    own: int


def pending() -> CaptureQuerySet:
    """Give the photographs of all targets that have arrived, and that nobody has judged or that were disputed since."""
    disputed = Exists(Dispute.objects.filter(capture=OuterRef("pk"), state=Dispute.State.OPEN))
    asked = Q(review=Review.PENDING) | Q(review=Review.REJECTED) & disputed
    return Capture.objects.filter(asked, state=Capture.State.STORED)


def waiting_for(user: User) -> CaptureQuerySet:
    """Give those that somebody may judge: not their own, and no dispute over what they rejected themselves."""
    against_me = Exists(Dispute.objects.filter(capture=OuterRef("pk"), state=Dispute.State.OPEN, against=user))
    return pending().exclude(volunteer=user).exclude(against_me)


def in_order(captures: CaptureQuerySet, *, user: User, now: datetime) -> CaptureQuerySet:
    """Order photographs for somebody: flagged first, then disputes, then the oldest.

    What they skipped comes last for a while, in the order in which they skipped it.
    """
    skips = Event.objects.filter(
        noun="capture", verb=SKIPPED, row_id=OuterRef("pk"), actor=user, at__gt=now - SKIPPED_FOR
    )
    first = Case(When(finding__flag_count__gt=0, then=Value(0)), When(review=Review.REJECTED, then=Value(1)), default=2)
    return captures.annotate(skipped_at=Subquery(skips.order_by("-id").values("at")[:1]), first=first).order_by(
        F("skipped_at").asc(nulls_first=True), "first", "received_at", "pk"
    )


def free(captures: CaptureQuerySet, *, now: datetime) -> CaptureQuerySet:
    """Give those that nobody looks at now."""
    return captures.exclude(Exists(ReviewClaim.objects.live(now).filter(capture=OuterRef("pk"))))


def count(*, target: Target, user: User, now: datetime) -> Waiting:
    """Count what waits in a target, in three short queries."""
    mine = waiting_for(user).filter(target=target)
    others = ReviewClaim.objects.live(now).exclude(reviewer=user)
    elsewhere = mine.filter(Exists(others.filter(capture=OuterRef("pk")))).count()
    own = pending().filter(target=target, volunteer=user).count()
    return Waiting(mine.count() - elsewhere, elsewhere, own)


def targets_of(user: User) -> list[tuple[Target, int]]:
    """Give the targets in which photographs wait for somebody, and how many; most of them first."""
    targets = Target.objects.visible_to(user)
    if not user.is_superuser:
        may = Membership.objects.current().filter(user=user, role__in=MAY_REVIEW)
        targets = targets.filter(pk__in=may.values("target"))
    groups = waiting_for(user).filter(target__in=targets).order_by().values_list("target")
    numbers: dict[UUID, int] = dict(groups.annotate(number=Count("pk")))
    named = Target.objects.in_bulk(list(numbers)).values()
    return sorted(((one, numbers[one.pk]) for one in named), key=lambda row: (-row[1], row[0].name))
