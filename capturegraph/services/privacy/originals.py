"""Photographs as they came: given out by role, and written down whenever somebody else than their owner opens one."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO, NamedTuple
from uuid import UUID

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from capturegraph.models import Capture, Job, User
from capturegraph.services import events
from capturegraph.services.privacy.seeing import Standing, Thing, find_capture, standing
from capturegraph.services.refusals import NotFound
from capturegraph.services.writing import writing

UNKNOWN = "application/octet-stream"


class Original(NamedTuple):
    """A photograph as it came: the open file, a name of ours for it, and what its bytes were found to be."""

    file: BinaryIO
    name: str
    media_type: str


def open_original(*, capture_id: UUID, by: User, now: datetime) -> Original:
    """Open the photograph of a capture, and write down who did so, unless it is their own.

    Raises:
        NotFound: no such capture for them, no photograph yet, or its file is gone.
    """
    capture = find_capture(capture_id=capture_id, to_see=Thing.ORIGINAL, by=by)
    if not capture.photo:
        raise NotFound(_("Its photo has not arrived yet."))
    try:
        file: BinaryIO = default_storage.open(str(capture.photo.name), "rb")  # type: ignore[assignment]
    except FileNotFoundError:
        raise NotFound(_("Its photo is not where it was kept. Tell the site admin.")) from None
    try:
        _note(capture, by, now)
    except BaseException:
        file.close()
        raise
    # What could not be read is handed out as mere bytes: nothing should try to show it.
    kind = capture.photo_type if capture.state == Capture.State.STORED else UNKNOWN
    return Original(file, str(capture.photo.name).rpartition("/")[2], kind)


def note_archive(*, job: Job, by: User, now: datetime) -> None:
    """Write down that somebody takes out the originals of a target, which its archive holds."""
    with writing():
        events.record(
            at=now, verb="originals opened", noun="job", row_id=job.pk, target_id=job.target_id, actor_id=by.pk,
            data={"photos": job.result.get("photos")},
        )  # fmt: skip


def _note(capture: Capture, by: User, now: datetime) -> None:
    seen_as = standing(by, capture)
    if seen_as == Standing.OWNER:
        return
    with writing():
        events.record(
            at=now, verb="original opened", noun="capture", row_id=capture.pk, target_id=capture.target_id,
            actor_id=by.pk, data={"as": seen_as.value},
        )  # fmt: skip
