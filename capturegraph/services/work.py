"""Which work there is, and doing it. A new kind is a function, and its name in `KINDS`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.models import Job, User
from capturegraph.services import copying, events, jobs, storage, targets
from capturegraph.services.batching import batch_jobs
from capturegraph.services.cycles import refresh
from capturegraph.services.exports import archives
from capturegraph.services.ingest import asking, looking
from capturegraph.services.jobs import Held, Stopped
from capturegraph.services.matches import rejudging
from capturegraph.services.people import resets
from capturegraph.services.planning import plans
from capturegraph.services.privacy import blurring
from capturegraph.services.refusals import Conflict, FilesAway, NotFound, Refused
from capturegraph.services.webhooks import deliveries
from capturegraph.services.writing import writing

Work = Callable[[Held], Mapping[str, Any]]
logger = logging.getLogger(__name__)

KINDS: dict[str, Work] = {
    **batch_jobs.KINDS, targets.REJUDGE: rejudging.rejudge, resets.MAIL: resets.send_letters,
    refresh.REFRESH: refresh.refresh, deliveries.DELIVER: deliveries.deliver, archives.ARCHIVE: archives.make,
    **plans.KINDS, **copying.KINDS, **storage.WORK, asking.INGEST: looking.look_into,
    blurring.BLUR: blurring.blur_photos,
}  # fmt: skip
"""What a job of each kind does. It may be run twice, by a worker that comes after a dead one: the effects happen once,
in a transaction that asks `Held.still_mine` first. What it gives becomes the job's result."""

LEFT_BEHIND: dict[str, Callable[[Job], None]] = {**batch_jobs.LEFT_BEHIND, archives.ARCHIVE: archives.clear}
"""What has to be cleared away after a job of a kind that failed or was stopped, for kinds that leave anything."""

_STAYS = gettext_lazy("Something went wrong on our side. What was done before stays.")
FAULTS = {
    targets.REJUDGE: gettext_lazy(
        "Something went wrong on our side, and some photos were not looked at again. Save the settings once more."
    ),
    refresh.REFRESH: _STAYS, deliveries.DELIVER: _STAYS, resets.MAIL: _STAYS, blurring.BLUR: _STAYS,
}  # fmt: skip
"""What is said of a fault of ours in kinds that commit what they do step by step. Of the others nothing stays."""


def do(
    *, job_id: UUID, clock: Callable[[], datetime], heard: Callable[[str, int, int], object] | None = None
) -> Job.State | None:
    """Do a job if it is due; say how it ended, or None where it was not this worker's to do, or is not any more.

    Where the database fails, it is left as it is: once its lease has run out, it is due again, though not for ever.
    `heard` hears every step while it is done.
    """
    began = clock()
    held = jobs.claim(job_id=job_id, clock=clock)
    if held is None:
        return None
    held.heard = heard
    state = _done(held)
    said = {"kind": held.job.kind, "id": str(job_id), "fencing_token": held.token, "outcome": str(state or "not mine")}
    logger.info("job ended", extra={**said, "ms": round(1000 * (clock() - began).total_seconds(), 1)})
    return state


def _done(held: Held) -> Job.State | None:
    if held.token > jobs.MOST_CLAIMS:
        # Nobody has brought it to an end: it ends every worker that takes it.
        sentence = str(_("This was tried several times and never came to an end."))
        return _ended(held, Job.State.FAILED, error=sentence, code="given_up")
    try:
        result = KINDS[held.job.kind](held)
    except Stopped:
        return _ended(held, Job.State.CANCELLED)
    except FilesAway as error:
        # It will answer again: the job is for the next worker, as below.
        logger.warning("job %s, %s, is left to the next worker: %s", held.job.pk, held.job.kind, error)
        return None
    except Refused as refused:
        said = {"error": refused.detail, "code": refused.code, "result": {"errors": refused.errors}}
        return _ended(held, Job.State.FAILED, **said)
    except (OperationalError, InterfaceError) as error:
        # It restarts, or this one was the victim of a deadlock: that passes, and what is half done would stay so.
        logger.warning("job %s, %s, is left to the next worker: %s", held.job.pk, held.job.kind, error)
        return None
    except Exception:
        logger.exception("job %s, %s, failed", held.job.pk, held.job.kind)
        nothing = _("Something went wrong on our side. Nothing was changed.")
        sentence = str(FAULTS.get(held.job.kind, nothing))
        return _ended(held, Job.State.FAILED, error=sentence, code="internal")
    return Job.State.DONE if held.end(Job.State.DONE, result=result) else None


def _ended(held: Held, state: Job.State, **said: Any) -> Job.State | None:
    # Whoever has the job by now needs what it would clear away.
    if not held.end(state, **said):
        return None
    clear(held.job)
    return state


def clear(job: Job) -> None:
    """Clear away what a job that has ended without success left behind."""
    if job.kind in LEFT_BEHIND:
        LEFT_BEHIND[job.kind](job)


def cancel(*, job_id: UUID, by: User, now: datetime) -> Job:
    """Stop a job, as `jobs.cancel`, and clear away what it has left behind if nobody works on it.

    Raises:
        NotFound: it has gone. Conflict: it has ended otherwise.
    """
    job = jobs.cancel(job_id=job_id, by=by, now=now)
    if job.state == Job.State.CANCELLED:
        clear(job)
    return job


def again(*, job_id: UUID, by: User, now: datetime) -> Job:
    """Write down anew what failed or was stopped, as a job of its own; the old one stays as it ended.

    Asked for twice while the new one is not at its end, it is the same one.

    Raises:
        NotFound: it has gone. Conflict: it has not failed, or what it worked on was cleared away when it ended.
    """
    with writing():
        job = Job.objects.select_for_update(no_key=True, of=("self",)).filter(pk=job_id).first()
        if job is None:
            raise NotFound(_("There is no such piece of work."))
        if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
            raise Conflict(_("Only what failed or was stopped is done once more."), present=job)
        if job.kind not in KINDS or job.data.get("file"):
            raise Conflict(_("Its file was cleared away when it ended. Upload it once more."), present=job)
        under_way = (Job.State.WAITING, Job.State.RUNNING)
        same = Job.objects.filter(kind=job.kind, target=job.target_id, row_id=job.row_id, state__in=under_way)
        for one in same:
            if one.data == job.data:
                return one
        new = jobs.add(kind=job.kind, target=job.target, by=by, now=now, row_id=job.row_id, data=job.data)
        events.record(
            at=now, verb="asked again", noun="job", row_id=job.pk, target_id=job.target_id, actor_id=by.pk,
            data={"kind": job.kind},
        )  # fmt: skip
    return new
