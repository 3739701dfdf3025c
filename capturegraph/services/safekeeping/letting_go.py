"""What is not kept for ever where a setting says so: a helping at a time, each with an event. By default all is kept.

Events are never let go of, nor are the rows of captures: who counted for what stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from capturegraph.models import Capture, Dispute, Event, Match, PhotoFinding, Target
from capturegraph.services import events
from capturegraph.services.matches import judging
from capturegraph.services.uploads import keeping
from capturegraph.services.writing import writing

AT_ONCE = 500


def let_go_of_refused(now: datetime) -> int:
    """Delete some photographs that could not be read and that nobody has rescued in time; give how many.

    The capture stays, with the sha256 of what came. One that is disputed is kept until the dispute has its answer.
    """
    days = settings.ENV["KEEP_REFUSED_DAYS"]
    if days is None:
        return 0
    disputed = Dispute.objects.filter(capture=OuterRef("pk"), state=Dispute.State.OPEN)
    with writing():
        old = Capture.objects.filter(state=Capture.State.REFUSED, photo_at__lte=now - timedelta(days=days))
        due = old.exclude(photo="").exclude(Exists(disputed)).order_by("pk")
        rows = list(due.select_for_update(no_key=True, of=("self",), skip_locked=True)[:AT_ONCE])
        names = [str(row.photo) for row in rows]
        Capture.objects.filter(pk__in=[row.pk for row in rows]).update(photo="")
        for row in rows:
            _say(row, "photo let go", now, days)
        transaction.on_commit(lambda: keeping.delete(names))
    return len(rows)


def forget_positions(now: datetime) -> int:
    """Forget where some photographs of targets that were closed long ago were taken; give how many.

    What they counted for they go on counting for. The files stay as they came, with what their cameras wrote in them.
    """
    days = settings.ENV["KEEP_POSITIONS_DAYS"]
    if days is None:
        return 0
    before, placed = now - timedelta(days=days), Capture.objects.filter(target=OuterRef("pk"), latitude__isnull=False)
    closed = Target.objects.filter(Exists(placed), state=Target.State.CLOSED).order_by("pk")
    for target_id in list(closed.values_list("pk", flat=True)):
        if _closed_at(target_id) <= before and (count := _forget_some(target_id, now, days)):
            return count
    return 0


STEPS: dict[str, Callable[[datetime], int]] = {
    "refused_photos": let_go_of_refused, "positions": forget_positions,
}  # fmt: skip
"""What the service that forgets does a helping of at a time, until it gives 0."""


def _closed_at(target_id: UUID) -> datetime:
    said = Event.objects.filter(noun="target", row_id=target_id, data__after__state=Target.State.CLOSED.value)
    last = said.order_by("-pk").values_list("at", flat=True).first()
    return last or Target.objects.values_list("updated_at", flat=True).get(pk=target_id)


def _forget_some(target_id: UUID, now: datetime, days: int) -> int:
    with writing():
        # It may have been opened again meanwhile.
        target = Target.objects.select_for_update(no_key=True).filter(pk=target_id, state=Target.State.CLOSED).first()
        if target is None:
            return 0
        placed = Capture.objects.filter(target=target, latitude__isnull=False).order_by("pk")
        rows = list(placed.select_for_update(no_key=True, of=("self",))[:AT_ONCE])
        ids = [row.pk for row in rows]
        counting = Match.objects.filter(capture__in=ids, active=True)
        # As after a change of settings: what counted under the earlier ones stands.
        counting.filter(manual=False).update(kept=True)
        _write(rows, set(counting.values_list("capture", flat=True)), target, now)
        PhotoFinding.objects.filter(capture__in=ids).update(latitude=None, longitude=None)
        for row in rows:
            _say(row, "position forgotten", now, days)
    return len(rows)


def _write(rows: list[Capture], counting: Collection[UUID], target: Target, now: datetime) -> None:
    for row in rows:
        row.latitude = row.longitude = None
        row.extra = {}
        row.unusable_reason = judging.why_unusable(row, target, now)
        row.counts = row.pk in counting
    Capture.objects.bulk_update(rows, ["latitude", "longitude", "extra", "unusable_reason", "counts"])


def _say(row: Capture, verb: str, now: datetime, days: int) -> None:
    data = {"days": days}
    events.record(at=now, verb=verb, noun="capture", row_id=row.pk, target_id=row.target_id, data=data)
