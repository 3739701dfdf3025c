"""The job of looking into a photograph: small copies, figures, and what makes a reviewer look twice."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from capturegraph.models import Capture, PhotoFinding
from capturegraph.photos import developing
from capturegraph.photos.developing import Developed
from capturegraph.photos.exif import Said
from capturegraph.services import events
from capturegraph.services.ingest import beside, flags
from capturegraph.services.ingest.flags import Json
from capturegraph.services.jobs import Held
from capturegraph.services.refusals import NotFound
from capturegraph.services.uploads import keeping, small_photos
from capturegraph.services.writing import hold_target_shared, writing
from scheduling.forecast import solar_position

CHUNK = 1 << 20
MEASURED = ("sharpness", "brightness", "dark_share", "bright_share", "perceptual_hash")


class _Looked(NamedTuple):
    """What a file says for itself; `developed` is None where no small copy can be made of it."""

    developed: Developed | None
    said: Said


def look_into(held: Held) -> dict[str, Any]:
    """Do the job. A photograph that has gone, or has its finding, needs nothing any more.

    Raises:
        NotFound: its file is not there, or is another one; there is an event that says so.
    """
    capture = _wanted(held.job.row_id)
    if capture is None:
        return {}
    with keeping.scratch() as file:
        _fetch(capture, file, held)
        looked = _looked(file)
    for side, data in (looked.developed.small if looked.developed else {}).items():
        small_photos.keep(capture=capture, side=side, data=data)
    with writing():
        raised = _note(capture, looked, held.clock())
        held.still_mine()
    return {"flags": raised}


def _wanted(capture_id: UUID | None) -> Capture | None:
    return Capture.objects.not_looked_into().filter(pk=capture_id).first() if capture_id else None


# --- the file ---------------------------------------------------------------------------------------------------------


def _fetch(capture: Capture, file: BinaryIO, held: Held) -> None:
    """Copy the original, and make sure that it still is what was acknowledged: what is looked at is what was compared.

    Raises:
        NotFound: it is not.
    """
    digest = hashlib.sha256()
    try:
        with default_storage.open(str(capture.photo.name), "rb") as original:
            while chunk := original.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
    except FileNotFoundError:
        _tell_of_fault(capture, held, "file missing", {"file": capture.photo.name})
        reason = _("The photo of capture %s is not where it was kept. Look for it in a backup.") % capture.pk
        raise NotFound(reason, code="file_missing") from None
    if digest.hexdigest() != capture.photo_sha256:
        _tell_of_fault(capture, held, "file differs", {"file": capture.photo.name, "sha256": digest.hexdigest()})
        reason = _("The photo of capture %s is another one than was kept. Look for it in a backup.") % capture.pk
        raise NotFound(reason, code="file_differs")


def _tell_of_fault(capture: Capture, held: Held, verb: str, data: Mapping[str, Any]) -> None:
    with writing():
        events.record(
            at=held.clock(), verb=verb, noun="capture", row_id=capture.pk, target_id=capture.target_id, data=data
        )
        held.still_mine()


def _looked(file: BinaryIO) -> _Looked:
    file.seek(0)
    try:
        developed = developing.develop(file, sides=small_photos.SIDES)
    except Exception:
        # Readers of hostile bytes raise nearly everything. It was read to its end when it came, and it is kept: that
        # nothing can be made of it is for people to see.
        return _Looked(None, Said())
    return _Looked(developed, developed.said)


# --- the finding ------------------------------------------------------------------------------------------------------


def _note(capture: Capture, looked: _Looked, now: datetime) -> list[str]:
    """Write the finding down and judge neighbours anew, in the caller's transaction; give the codes of its flags."""
    beside.wait_for_turn(capture)
    hold_target_shared(capture.target_id)
    fresh = _wanted(capture.pk)
    if fresh is None or not Capture.objects.not_looked_into().filter(pk=fresh.pk).update(looked_into_at=now):
        # Somebody else was quicker, and theirs says the same; or it has gone.
        return []
    finding = _finding(fresh, looked, now)
    others = _raise(fresh, finding, readable=looked.developed is not None)
    finding.save(force_insert=True)
    _flag_others(others, because_of=fresh, now=now)
    codes = [flag["code"] for flag in finding.flags]
    events.record(
        at=now, verb="looked into", noun="capture", row_id=fresh.pk, target_id=fresh.target_id, data={"flags": codes}
    )
    return codes


def _finding(capture: Capture, looked: _Looked, now: datetime) -> PhotoFinding:
    said, sun = looked.said, _sun(capture, looked.said)
    measures = {name: getattr(looked.developed.measures, name) for name in MEASURED} if looked.developed else {}
    return PhotoFinding(
        capture=capture, target_id=capture.target_id, photo_sha256=capture.photo_sha256, found_at=now,
        latitude=said.latitude, longitude=said.longitude, taken_at=said.taken_at,
        camera=said.camera, sun_altitude=sun and sun[0], sun_azimuth=sun and sun[1], **measures,
    )  # fmt: skip


def _sun(capture: Capture, said: Said) -> tuple[float, float] | None:
    place = (capture.latitude, capture.longitude) if capture.latitude is not None else (said.latitude, said.longitude)
    if None in place:
        return None
    altitude, azimuth = solar_position(place, [capture.captured_at])[0].tolist()
    return (altitude, azimuth) if math.isfinite(altitude) and math.isfinite(azimuth) else None


def _raise(capture: Capture, finding: PhotoFinding, *, readable: bool) -> dict[UUID, dict[str, Json | None]]:
    """Set the flags of a finding; give those that others have because of it."""
    found = beside.look(capture, finding.perceptual_hash)
    seen = beside.seen_of(
        capture, file_latitude=finding.latitude, file_longitude=finding.longitude, file_taken_at=finding.taken_at,
        readable=readable, sharpness=finding.sharpness, brightness=finding.brightness, dark_share=finding.dark_share,
        bright_share=finding.bright_share, sun_altitude=finding.sun_altitude, before=found.before,
        near_duplicate=found.near_duplicate, same_photo=found.same_photo,
    )  # fmt: skip
    finding.flags = flags.raised(seen)
    finding.flag_count = len(finding.flags)
    return found.others


def _flag_others(others: dict[UUID, dict[str, Json | None]], *, because_of: Capture, now: datetime) -> None:
    """Raise and lower flags of photographs that were looked into before, and were taken after."""
    mine = PhotoFinding.objects.filter(pk__in=others).order_by("pk").select_for_update(no_key=True, of=("self",))
    changed = []
    for finding in mine:
        was = finding.flags
        for code, figures in others[finding.pk].items():
            finding.flags = flags.changed(finding.flags, code, figures)
        if finding.flags == was:
            continue
        finding.flag_count = len(finding.flags)
        changed.append(finding)
        events.record(
            at=now, verb="flagged anew", noun="capture", row_id=finding.pk, target_id=finding.target_id,
            data={"flags": [flag["code"] for flag in finding.flags], "because_of": str(because_of.pk)},
        )  # fmt: skip
    PhotoFinding.objects.bulk_update(changed, ["flags", "flag_count"], batch_size=500)
