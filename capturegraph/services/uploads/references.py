"""Reference photographs: what the picture of a slot should look like. The original is not kept, only a small copy."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import BinaryIO, NamedTuple
from uuid import UUID, uuid4

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from capturegraph.models import CandidateSlot, Capture, Target, User
from capturegraph.photos import small
from capturegraph.photos.inspect import NotAPhoto, inspect
from capturegraph.services import events, slots
from capturegraph.services.privacy import blurring
from capturegraph.services.refusals import Conflict, Invalid, NotAccepted, NotFound, TooLarge
from capturegraph.services.uploads import keeping
from capturegraph.services.writing import hold_target_shared, writing

FOLDER = "references"
MOST_SIDE = 1600
"""Pixels of the longer side: a phone shows fewer, and a volunteer pays for every byte."""

ORPHANS_KEPT_FOR = timedelta(days=1)
"""A file that no slot speaks of may belong to a transaction that is still under way; not for so long."""


class Made(NamedTuple):
    """A reference photograph that is ready to be kept, and the sha256 by which it is known from others."""

    data: bytes
    digest: str


def made_of(file: BinaryIO) -> Made:
    """Make a reference photograph out of an uploaded picture: looked at as a capture's is, then made small and plain.

    Raises:
        NotAccepted: not a photo. TooLarge: over 40 MB.
    """
    try:
        inspect(file)
    except NotAPhoto as error:
        refusal = TooLarge if error.code == "too_large" else NotAccepted
        raise refusal(error.reason, code=error.code) from None
    try:
        data = small.smaller(file, MOST_SIDE)
    except Exception:
        # Readers of hostile bytes raise nearly everything.
        raise NotAccepted(_("This photo is damaged. Choose another one."), code="damaged") from None
    return Made(data, hashlib.sha256(data).hexdigest())


def set_reference(
    *, slot_id: UUID, file: BinaryIO, by: User, now: datetime, new_id: Callable[[], UUID] = uuid4
) -> CandidateSlot:  # fmt: skip
    """Give a slot a reference photograph, in place of the one that it had; the same one again changes nothing.

    Raises:
        NotFound: no such slot. NotAccepted, TooLarge: not a picture that can be kept. NoRoom: the disk is full.
    """
    made = made_of(file)
    slot = _slot(slot_id)
    return _keep([(slot.pk, made)], slot.target_id, how="uploaded", by=by, now=now, new_id=new_id)[0]


def take_from_capture(
    *, slot_id: UUID, capture_id: UUID, by: User, now: datetime, new_id: Callable[[], UUID] = uuid4
) -> CandidateSlot:
    """Give a slot a copy of a photograph that was taken for this target, and that a reviewer accepted.

    Raises:
        NotFound: no such slot. Invalid: no such capture in its target, or none with a readable photograph.
        Conflict: nobody accepted it, somebody rejected it meanwhile, or its faces could not be blurred.
    """
    slot = _slot(slot_id)
    capture = _accepted(slot.target_id, Capture.objects.filter(pk=capture_id))
    with keeping.scratch() as file:
        try:
            keeping.fetch(str(capture.photo.name), file)
        except FileNotFoundError:
            raise NotFound(_("Its photo is not where it was kept. Tell the site admin.")) from None
        made = made_of(file)
    shown = blurring.for_members(made.data, MOST_SIDE)
    made = Made(shown, hashlib.sha256(shown).hexdigest())

    def still_accepted() -> None:
        rows = Capture.objects.filter(pk=capture_id).select_for_update(no_key=True, of=("self",))
        _accepted(slot.target_id, rows)

    source = {"capture": str(capture_id)}
    return _keep(
        [(slot.pk, made)], slot.target_id, how="taken from a capture", by=by, now=now, new_id=new_id,
        check=still_accepted, more=source,
    )[0]  # fmt: skip


def set_several(
    *, target: Target, pictures: Iterable[tuple[UUID, Made]], by: User, now: datetime,
    new_id: Callable[[], UUID] = uuid4,
) -> list[CandidateSlot]:  # fmt: skip
    """Give several slots of a target a reference photograph each, all of them or none.

    Raises:
        NotFound: one of the slots has gone. NoRoom: the disk is full.
    """
    return _keep(list(pictures), target.pk, how="uploaded", by=by, now=now, new_id=new_id)


def remove_reference(*, slot_id: UUID, by: User, now: datetime) -> CandidateSlot:
    """Take the reference photograph from a slot and delete its file; a repeat is success.

    Raises:
        NotFound: no such slot.
    """
    with writing():
        slot = _locked([slot_id])[0]
        had = slot.reference
        if had:
            _name(slot, "", "removed", by=by, now=now)
    keeping.delete([had] if had else [])
    return slot


def open_reference(slot: CandidateSlot) -> BinaryIO:
    """Open a slot's reference photograph.

    Raises:
        NotFound: it has none, or its file is not there.
    """
    if not slot.reference:
        raise NotFound(_("This place has no reference photo."))
    try:
        return default_storage.open(slot.reference, "rb")  # type: ignore[return-value]
    except FileNotFoundError:
        raise NotFound(_("Its photo is not where it was kept. Tell the site admin.")) from None


def sweep_files(*, now: datetime) -> int:
    """Delete files that no slot speaks of, which a killed process leaves behind; give how many."""
    return sum(_sweep_folder(f"{FOLDER}/{name}", now) for name in _listed(FOLDER, folders=True))


def _sweep_folder(folder: str, now: datetime) -> int:
    rows = CandidateSlot.objects.filter(reference__startswith=f"{folder}/")
    known = set(rows.values_list("reference", flat=True))
    unknown = [f"{folder}/{name}" for name in _listed(folder) if f"{folder}/{name}" not in known]
    return keeping.delete([name for name in unknown if keeping.kept_since(name, now - ORPHANS_KEPT_FOR)])


def _listed(folder: str, *, folders: bool = False) -> list[str]:
    try:
        found = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    return found[0] if folders else found[1]


def _slot(slot_id: UUID) -> CandidateSlot:
    slot = CandidateSlot.objects.filter(pk=slot_id).first()
    if slot is None:
        raise NotFound(_("There is no such slot."))
    return slot


def _locked(slot_ids: Iterable[UUID]) -> list[CandidateSlot]:
    wanted = set(slot_ids)
    rows = slots.locked(CandidateSlot.objects.filter(pk__in=wanted))
    if len(rows) < len(wanted):
        raise NotFound(_("There is no such slot."))
    return rows


def _accepted(target_id: UUID, rows: Iterable[Capture]) -> Capture:
    capture = next(iter(rows), None)
    if capture is None or capture.target_id != target_id or capture.state != Capture.State.STORED:
        reason = _("There is no such photo in this target.")
        raise Invalid(reason, errors=[{"field": "capture", "reason": reason}])
    if capture.review != Capture.Review.ACCEPTED:
        raise Conflict(_("Accept this photo first: others are to take theirs after it."), code="not_accepted")
    return capture


def _keep(
    pictures: list[tuple[UUID, Made]], target_id: UUID, *, how: str, by: User, now: datetime,
    new_id: Callable[[], UUID], check: Callable[[], None] = lambda: None, more: dict[str, str] | None = None,
) -> list[CandidateSlot]:  # fmt: skip
    """Write the files first, name them in one transaction, and delete afterwards what is not named any more."""
    saved = _saved(pictures, target_id, new_id)
    meant = CandidateSlot.objects.filter(pk__in=saved)
    names = [name for name, __ in saved.values()]
    with keeping.naming(names, held=meant, named=meant.values_list("reference", flat=True)):
        hold_target_shared(target_id)
        check()
        rows = _locked(saved)
        unneeded = [_replace(row, *saved[row.pk], how, by=by, now=now, more=more or {}) for row in rows]
    keeping.delete(name for name in unneeded if name)
    return rows


def _saved(
    pictures: list[tuple[UUID, Made]], target_id: UUID, new_id: Callable[[], UUID]
) -> dict[UUID, tuple[str, Made]]:
    saved: dict[UUID, tuple[str, Made]] = {}
    try:
        for slot_id, made in pictures:
            name = f"{FOLDER}/{target_id}/{slot_id}-{made.digest[:16]}-{new_id().hex[:8]}{small.SUFFIX}"
            saved[slot_id] = keeping.save(name, io.BytesIO(made.data)), made
    except BaseException:
        keeping.delete(name for name, __ in saved.values())
        raise
    return saved


def _replace(
    slot: CandidateSlot, name: str, made: Made, how: str, *, by: User, now: datetime, more: dict[str, str]
) -> str:
    """Name a file in a locked slot, and give the file that nobody needs any more: the old one, or a new same one."""
    had = slot.reference
    if slot.reference_version == made.digest[:16]:
        return name
    _name(slot, name, how, by=by, now=now, more={"sha256": made.digest, **more})
    return had


def _name(
    slot: CandidateSlot, name: str, how: str, *, by: User, now: datetime, more: dict[str, str] | None = None
) -> None:
    slot.reference, slot.updated_at = name, now
    slot.save(update_fields=["reference", "updated_at"])
    events.record(
        at=now, verb="reference changed", noun="slot", row_id=slot.pk, target_id=slot.target_id, actor_id=by.pk,
        data={"how": how, **(more or {})},
    )  # fmt: skip
