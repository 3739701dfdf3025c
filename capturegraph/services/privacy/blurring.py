"""Having faces blurred before anybody but reviewers sees a photograph: by a job, and shown to nobody else until then.

`CAPTUREGRAPH_BLUR` names the blurrer. What decides is what is read: without a row that says "done" for these bytes and
this blurrer there is no public copy, whether the job has not come to it, failed, or was never asked for.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils.translation import gettext as _

from capturegraph.models import Blurring, Capture, Job, Target
from capturegraph.models.capture import CaptureQuerySet
from capturegraph.photos import small
from capturegraph.photos.blurring import blurred_copy, blurrer_named
from capturegraph.services import events, jobs
from capturegraph.services.jobs import Held
from capturegraph.services.privacy.publishing import SIDE
from capturegraph.services.refusals import Conflict, FilesAway, NoRoom
from capturegraph.services.uploads import keeping, small_photos
from capturegraph.services.writing import hold_target_shared

BLUR = "blur_photos"
FOLDER = "blurred"
LOOKED_AT_SIDE = 2048
"""Faces are looked for in the largest copy, and hidden in the one that is shown."""
AGAIN_AFTER = timedelta(days=1)
"""What could not be blurred is tried again: the library may have been mended."""
REST = timedelta(minutes=10)
MOST_REASON = 300
log = logging.getLogger(__name__)


def due(now: datetime) -> CaptureQuerySet:
    """Give the photographs of public targets that are to be blurred, those that were not rejected."""
    rows = Capture.objects.filter(target__public=True, state=Capture.State.STORED)
    known = Q(blurring__blurrer=settings.BLUR, blurring__photo_sha256=F("photo_sha256"))
    settled = known & (Q(blurring__state=Blurring.State.DONE) | Q(blurring__at__gt=now - AGAIN_AFTER))
    return rows.exclude(review=Capture.Review.REJECTED).exclude(pk__in=Capture.objects.filter(settled).values("pk"))


def ask(now: datetime) -> int:
    """Write down a job for each target that has something to blur and no such job; say for how many."""
    if not settings.BLUR:
        return 0
    busy = Q(state__in=[Job.State.WAITING, Job.State.RUNNING]) | Q(state=Job.State.FAILED, ended_at__gt=now - REST)
    working = Job.objects.filter(busy, kind=BLUR).values("target")
    wanted = list(Target.objects.filter(pk__in=due(now).values("target")).exclude(pk__in=working).order_by("pk"))
    for target in wanted:
        jobs.add(kind=BLUR, target=target, by=None, now=now)
    return len(wanted)


def blur_photos(held: Held) -> Mapping[str, Any]:
    """Do the job: blur what is due in its target, one after the other; say how many were, and how many could not be."""
    if held.job.target is None or not settings.BLUR:
        return {"blurred": 0, "failed": 0}
    captures = list(due(held.clock()).filter(target=held.job.target).order_by("received_at", "pk"))
    count = {Blurring.State.DONE: 0, Blurring.State.FAILED: 0}
    for number, capture in enumerate(captures):
        held.say("blurring", number, len(captures))
        count[_blur(capture, held)] += 1
    return {"blurred": count[Blurring.State.DONE], "failed": count[Blurring.State.FAILED]}


def for_members(copy: bytes, most_side: int) -> bytes:
    """Give a small copy as others than reviewers may see it; as it is where nothing is blurred here.

    Raises:
        Conflict: it could not be blurred.
    """
    if not settings.BLUR:
        return copy
    try:
        return blurred_copy(copy, blurrer_named(settings.BLUR), most_side).data
    except Exception as error:
        # A blurrer may raise whatever it likes.
        log.warning("a reference photo cannot be blurred: %s", error)
        raise Conflict(
            _("Faces in this photo could not be blurred, so it is not shown to others. Choose another one."),
            code="not_blurred",
        ) from None


def _blur(capture: Capture, held: Held) -> Blurring.State:
    name, said = "", {"blurrer": settings.BLUR, "photo_sha256": capture.photo_sha256}
    try:
        with small_photos.open_small(capture=capture, side=LOOKED_AT_SIDE) as file:
            made = blurred_copy(file.read(), blurrer_named(settings.BLUR), SIDE)
    except (NoRoom, FilesAway):
        raise
    except Exception as error:
        # A blurrer may raise whatever it likes. Nobody but reviewers sees this photo then.
        log.warning("the photo of %s cannot be blurred: %s", capture.pk, error)
        reason = f"{type(error).__name__}: {error}"[:MOST_REASON]
        _write(capture, held, {**said, "state": Blurring.State.FAILED, "reason": reason, "regions": None, "file": ""})
        return Blurring.State.FAILED
    # The token tells the files of two workers apart: neither can write over or delete the other's.
    attempt = f"{settings.BLUR}-{held.job.pk.hex[:8]}-{held.token}"
    name = f"{FOLDER}/{capture.target_id}/{capture.pk}-{capture.photo_sha256[:16]}-{attempt}{small.SUFFIX}"
    saved = keeping.save(name, io.BytesIO(made.data))
    done = {"state": Blurring.State.DONE, "reason": "", "regions": made.regions, "file": saved}
    _write(capture, held, {**said, **done})
    return Blurring.State.DONE


def _write(capture: Capture, held: Held, values: dict[str, Any]) -> None:
    """Write down what came of it, and delete the file that nobody needs any more."""
    now, rows = held.clock(), Blurring.objects.filter(capture=capture)
    names = [values["file"]] if values["file"] else []
    with keeping.naming(names, held=rows, named=rows.values_list("file", flat=True)):
        hold_target_shared(capture.target_id)
        had = [name for name in rows.select_for_update(no_key=True).values_list("file", flat=True) if name]
        Blurring.objects.update_or_create(
            capture=capture, defaults={**values, "target_id": capture.target_id, "at": now}
        )
        verb = "blurred" if names else "blurring failed"
        data = {"blurrer": values["blurrer"], **({"regions": values["regions"]} if names else {})}
        events.record(
            at=now, verb=verb, noun="capture", row_id=capture.pk, target_id=capture.target_id, data=data
        )  # fmt: skip
        held.still_mine()
    keeping.delete(name for name in had if name not in names)
