"""Reference photographs for many slots at once: a ZIP in which each file has a slot's external id as its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO, NamedTuple
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from capturegraph.models import CandidateSlot, Target, User
from capturegraph.photos.archives import NotAnArchive, Picture, pictures_in
from capturegraph.services.refusals import Invalid, NotAccepted, Refused, TooLarge
from capturegraph.services.uploads import references
from capturegraph.services.uploads.references import Made


class BadFiles(Refused):
    """Some files of a ZIP cannot be kept; `errors` says which, and why."""

    status = 422
    code = "bad_files"


class Skipped(NamedTuple):
    """A file that was not kept."""

    name: str
    reason: str


def set_from_archive(
    *, target: Target, file: BinaryIO, skip_bad_files: bool = False, by: User, now: datetime,
    new_id: Callable[[], UUID] = uuid4,
) -> tuple[list[CandidateSlot], list[Skipped]]:  # fmt: skip
    """Give slots the pictures of a ZIP, all of them, or with `skip_bad_files` the good ones; say which were not.

    Raises:
        NotAccepted, TooLarge: not a ZIP, or too much of one. BadFiles: files that are no photos, or no slot's.
        Invalid: an empty ZIP.
    """
    good, skipped = _sorted_out(target, file)
    if skipped and not skip_bad_files:
        count = len(skipped)
        errors = [{"field": one.name, "reason": one.reason} for one in skipped]
        raise BadFiles(_("Nothing was kept: %(count)d files are not right.") % {"count": count}, errors=errors)
    if not good and not skipped:
        reason = _("There is no picture in this ZIP.")
        raise Invalid(reason, errors=[{"field": "file", "reason": reason}])
    changed = references.set_several(target=target, pictures=good.items(), by=by, now=now, new_id=new_id)
    return changed, skipped


def _sorted_out(target: Target, file: BinaryIO) -> tuple[dict[UUID, Made], list[Skipped]]:
    rows = CandidateSlot.objects.of(target).exclude(external_id=None).values_list("external_id", "pk")
    known: dict[str, UUID] = {str(name): slot_id for name, slot_id in rows}
    good: dict[UUID, Made] = {}
    skipped: list[Skipped] = []
    try:
        pictures = pictures_in(file)
    except NotAnArchive as error:
        refusal = NotAccepted if error.code == "not_a_zip" else TooLarge
        raise refusal(error.reason, code=error.code) from None
    for picture in pictures:
        try:
            slot_id, made = _made(picture, known, good)
        except Refused as refused:
            skipped.append(Skipped(picture.name, refused.detail))
        else:
            good[slot_id] = made
    return good, skipped


def _made(picture: Picture, known: dict[str, UUID], good: dict[UUID, Made]) -> tuple[UUID, Made]:
    # An external id may have a dot in it: the whole name is looked up as well.
    slot_id = known.get(picture.stem) or known.get(picture.name.rpartition("/")[2])
    if slot_id is None:
        raise NotAccepted(_("No place here has the external id “%s”.") % picture.stem)
    if slot_id in good:
        raise NotAccepted(_("There is another picture for this place in the ZIP."))
    if picture.file is None:
        raise NotAccepted(_("This file cannot be unpacked. Is there a password on it?"))
    return slot_id, references.made_of(picture.file)
