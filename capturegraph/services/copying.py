"""Another target like one that is there: its settings, and its places where they are asked for.

Who takes part is not copied: each has agreed to the words of one target, and is asked again for another. Nor are
photographs, plans, webhooks, or the reference photographs of places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext as _

from capturegraph.models import CandidateSlot, Event, Job, Target, User
from capturegraph.services import events, jobs, targets
from capturegraph.services.jobs import Held
from capturegraph.services.refusals import NotFound
from capturegraph.services.writing import writing

COPY = "copy_places"
AT_ONCE = 500
LARGE = 2_000
State = CandidateSlot.State
_OF_A_PLACE = (
    "external_id", "title", "note", "latitude", "longitude", "cell", "heading", "window_from", "window_until",
    "priority", "required_count", "skills", "rank",
)  # fmt: skip


class Copied(NamedTuple):
    """A target that was made, whether it was now, and the job that brings its places, where they are many."""

    target: Target
    created: bool
    job: Job | None


def copy_target(
    *, source: Target, name: str, by: User, places: bool, now: datetime, operation_id: UUID | None = None
) -> Copied:
    """Make a target with the settings of another one; with `places`, every place that was not withdrawn waits there.

    It is open, except where the other was never opened. More than `LARGE` places are brought by a job. A repeat of the
    operation gives the same target.

    Raises:
        Forbidden: `by` may not make targets. Invalid: a name that cannot be.
    """
    values = {setting: getattr(source, setting) for setting in targets.SETTINGS}
    # Nobody has said that the photographs of the other one are for everybody.
    values |= {"name": name, "public": False}
    values["state"] = source.state if source.state == Target.State.DRAFT else Target.State.OPEN
    with writing():
        target, created = targets.create_target(by=by, values=values, now=now, operation_id=operation_id)
        if not created:
            job = Job.objects.filter(target=target, kind=COPY).first()
            return Copied(target, False, job)
        events.record(
            at=now, verb="copied", noun="target", row_id=target.pk, target_id=target.pk, actor_id=by.pk,
            data={"from": str(source.pk), "places": places},
        )  # fmt: skip
        if not places:
            return Copied(target, True, None)
        if _of(source.pk).count() <= LARGE:
            _copy(source.pk, target, now)
            return Copied(target, True, None)
        job = jobs.add(kind=COPY, target=target, row_id=source.pk, by=by, now=now)
    return Copied(target, True, job)


def copy_places(held: Held) -> Mapping[str, Any]:
    """Do the job; say how many places came, and how many were left out. All of them, or none.

    Left out are those whose external ids are in use there by then: the target is open before this is done.
    """
    job, source_id = held.job, held.job.row_id
    if job.target_id is None or source_id is None or not Target.objects.filter(pk=source_id).exists():
        raise NotFound(_("There is no such target."))
    held.say(str(_("Copying the places")), 0, _of(source_id).count())
    with writing():
        # Nobody brings in places meanwhile.
        target = Target.objects.select_for_update(no_key=True).filter(pk=job.target_id).first()
        if target is None:
            raise NotFound(_("There is no such target."))
        # A worker that died after its commit may have been here before this one.
        before = Event.objects.filter(noun="job", row_id=job.pk, verb="copied").first()
        if before:
            return dict(before.data)
        now, there = held.clock(), _of(source_id).count()
        done = _copy(source_id, target, now)
        data = {"places": done, "left_out": there - done}
        events.record(
            at=now, verb="copied", noun="job", row_id=job.pk, target_id=target.pk, actor_id=job.created_by_id,
            data=data,
        )  # fmt: skip
        held.still_mine()
    return data


def _of(source_id: UUID) -> Any:
    return CandidateSlot.objects.filter(target=source_id).exclude(state=State.WITHDRAWN).order_by("rank", "pk")


def _copy(source_id: UUID, target: Target, now: datetime) -> int:
    state = State.WAITING if target.batch_size is None else State.POOL
    rows = _made(source_id, target, state, now)
    done = 0
    while some := list(islice(rows, AT_ONCE)):
        done += len(CandidateSlot.objects.bulk_create(some))
    return done


def _made(source_id: UUID, target: Target, state: str, now: datetime) -> Iterator[CandidateSlot]:
    there = CandidateSlot.objects.filter(target=target)
    taken = set(there.exclude(external_id=None).values_list("external_id", flat=True))
    last = there.aggregate(rank=Max("rank"))["rank"]
    # What is there already stays first in the tour.
    first = 0 if last is None else last + 1
    for one in _of(source_id).values(*_OF_A_PLACE).iterator(chunk_size=AT_ONCE):
        if one["external_id"] in taken:
            continue
        one["rank"] += first
        yield CandidateSlot(
            **one, target=target, state=state, seats_left=one["required_count"], created_at=now, updated_at=now
        )


KINDS = {COPY: copy_places}
