"""What everybody may see of a target whose coordinators have opened it: accepted photographs, small and roughly placed.

Nothing is copied beforehand: each answer is read from the rows, so that a review undone, a target closed to the public
or a person erased takes a photograph away with the next request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from capturegraph.models import Blurring, Capture, Target
from capturegraph.models.capture import CaptureQuerySet
from capturegraph.services.privacy.naming import capture_id_of, public_id
from capturegraph.services.privacy.rounding import rounded
from capturegraph.services.refusals import NotFound
from capturegraph.services.uploads import small_photos

SIDE = 1024
"""Pixels of the longer side of what everybody sees."""
PHOTO = "/api/v1/public/photos/{}/"
AT_ONCE = 2000


class Shown(NamedTuple):
    """A photograph for everybody, and a word that changes with it."""

    file: BinaryIO
    version: str


class Counts(NamedTuple):
    """How many photographs were accepted, how many of them everybody sees, and how many could not be blurred."""

    accepted: int
    shown: int
    failed: int
    waiting: int


def open_target(*, target_id: UUID) -> Target:
    """Give a target that is public.

    Raises:
        NotFound: there is none, or it is nobody else's business. Nobody learns which.
    """
    target = Target.objects.filter(pk=target_id, public=True).first()
    if target is None:
        raise _nothing()
    return target


def shown_of(target: Target) -> CaptureQuerySet:
    """Give the captures of a target that everybody may see."""
    return Capture.objects.filter(target=target).shown_to_all(settings.BLUR)


def features(target: Target) -> Iterator[Mapping[str, Any]]:
    """Give the captures that everybody may see, as features: the day, the square, the photo, and whose where it is set.

    By the sha256 of their photographs: any other order would say who came when.
    """
    zone = ZoneInfo(target.time_zone)
    rows = shown_of(target).select_related("volunteer").order_by("photo_sha256", "pk")
    for capture in rows.iterator(chunk_size=AT_ONCE):
        name = public_id(capture.pk)
        about = {"id": name, "taken_on": capture.captured_at.astimezone(zone).date(), "photo": PHOTO.format(name)}
        if target.public_names:
            about["by"] = str(capture.volunteer)
        latitude, longitude = _place(capture, target)
        yield {"latitude": latitude, "longitude": longitude, "properties": about}


def version(target: Target) -> str:
    """Give a word that changes with anything that everybody would see."""
    names = ("pk", "reviewed_at", "captured_at", "latitude", "longitude", "volunteer__name", "blurring__at")
    said = salted_hmac("capturegraph.services.privacy.publishing", repr(_about(target)), algorithm="sha256")
    for row in shown_of(target).order_by("photo_sha256", "pk").values_list(*names).iterator(chunk_size=AT_ONCE):
        said.update(repr(row).encode())
    return said.hexdigest()[:24]


def open_photo(*, photo_id: UUID) -> Shown:
    """Open the small copy that everybody may see, by its public id: the blurred one, where photographs are blurred.

    Raises:
        NotFound: there is none, or not for everybody.
    """
    found = Capture.objects.filter(pk=capture_id_of(photo_id)).shown_to_all(settings.BLUR)
    capture = found.select_related("blurring").first()
    if capture is None:
        raise _nothing()
    if not settings.BLUR:
        return Shown(small_photos.open_small(capture=capture, side=SIDE), _word(capture.photo_sha256))
    name = str(capture.blurring.file.name)
    try:
        return Shown(default_storage.open(name, "rb"), _word(name))  # type: ignore[arg-type]
    except FileNotFoundError:
        raise _nothing() from None


def count(target: Target) -> Counts:
    """Count what is, or would be, public of a target."""
    accepted = Capture.objects.filter(target=target, review=Capture.Review.ACCEPTED, state=Capture.State.STORED)
    accepted = accepted.filter(volunteer__erased_at=None)
    number = accepted.count()
    if not settings.BLUR:
        return Counts(number, number if target.public else 0, 0, 0)
    by_state = {
        state: accepted.filter(blurring__blurrer=settings.BLUR, blurring__state=state).count()
        for state in Blurring.State
    }
    done, failed = by_state[Blurring.State.DONE], by_state[Blurring.State.FAILED]
    return Counts(number, done if target.public else 0, failed, number - done - failed)


def _place(capture: Capture, target: Target) -> tuple[float, float] | tuple[None, None]:
    if capture.latitude is None or capture.longitude is None:
        return None, None
    return rounded(capture.latitude, capture.longitude, target.public_round_m)


def _about(target: Target) -> tuple[Any, ...]:
    return (
        target.pk, target.name, target.run_by, target.photo_licence, target.credit, target.time_zone,
        target.public_round_m, target.public_names, settings.BLUR,
    )  # fmt: skip


def _word(secret: str) -> str:
    # Not the sha256 itself: it would say whether somebody's file is this photograph.
    return salted_hmac("capturegraph.services.privacy.publishing", secret, algorithm="sha256").hexdigest()[:24]


def _nothing() -> NotFound:
    return NotFound(_("There is nothing here that is public."))
