"""Erasing a person: their name and everything that leads to it goes, what they did for a target stays without it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from capturegraph.models import (
    Assignment,
    CandidateSlot,
    Capture,
    Device,
    DirectUpload,
    Event,
    Invite,
    Membership,
    Message,
    PhotoFinding,
    PhotoPart,
    Target,
    User,
)
from capturegraph.models.membership import Role
from capturegraph.services import events
from capturegraph.services.people.identity import hold_targets_of, locked_people
from capturegraph.services.people.members import other_coordinators
from capturegraph.services.people.returning import take_back
from capturegraph.services.planning import personal
from capturegraph.services.refusals import Conflict, Invalid, NotAuthenticated
from capturegraph.services.uploads import keeping
from capturegraph.services.writing import writing

GONE = "…"


class Erased(NamedTuple):
    """What stays after somebody was erased: nothing in it says who they were."""

    at: datetime
    captures: int
    photos: int


def erase(*, user: User, confirm: str, now: datetime) -> Erased:
    """Erase the person who asks, with every account that was merged into theirs. It is not undone.

    The random key by which people are counted stays, and so do captures with their photographs: they were given under
    the licence that was agreed to.

    Raises:
        Invalid: `confirm` is not their name. Conflict: nobody else could do what only they can.
    """
    if confirm.strip() != str(user).strip():
        reason = _("Write your name, “%s”.") % user
        raise Invalid(reason, errors=[{"field": "confirm", "reason": reason}])
    with writing():
        coordinated = Membership.objects.current().filter(user=user, role=Role.COORDINATOR)
        hold_targets_of([user.pk], alone=set(coordinated.values_list("target", flat=True)))
        accounts = list(User.objects.filter(Q(pk=user.pk) | Q(merged_into=user)))
        admins = User.objects.filter(is_superuser=True, is_active=True).values_list("pk", flat=True)
        people = locked_people([*(one.pk for one in accounts), *admins])
        if not people[user.pk].is_active:
            raise NotAuthenticated(_("You are not here any more."), code="token_unknown")
        _check_may_go(user, people.values())
        accounts = [people[one.pk] for one in accounts]
        kept = _kept(accounts, now)
        _unlink(accounts)
        take_back(user_id=user.pk, state=Assignment.State.RELEASED, why="erased", now=now, actor_id=user.pk)
        _forget_words(accounts)
        personal.forget(accounts)
        Membership.objects.current().filter(user__in=accounts).update(removed_at=now)
        for account in accounts:
            _anonymise(account, now)
        data = {"captures": kept.captures, "photos": kept.photos}
        events.record(at=now, verb="erased", noun="user", row_id=user.pk, actor_id=user.pk, data=data)
    return kept


def _check_may_go(user: User, people: Iterable[User]) -> None:
    if user.is_superuser and not any(other.is_superuser and other.is_active and other != user for other in people):
        raise Conflict(_("You are the only site admin. Make somebody else one first."), code="last_admin")
    coordinated = Target.objects.exclude(state=Target.State.CLOSED).filter(
        memberships__user=user, memberships__role=Role.COORDINATOR, memberships__removed_at=None
    )
    for target in coordinated.order_by("created_at", "pk"):
        if not other_coordinators(target.pk, user.pk):
            raise Conflict(
                _("You are the last coordinator of “%s”. Make somebody else one, or close it, first.") % target,
                code="last_coordinator", present={"target": str(target.pk), "name": target.name},
            )  # fmt: skip


def _kept(accounts: Collection[User], now: datetime) -> Erased:
    theirs = Capture.objects.filter(volunteer__in=accounts)
    return Erased(now, theirs.count(), theirs.exclude(photo="").count())


def _unlink(accounts: Collection[User]) -> None:
    """Cut what leads from their captures to their phones, and drop what only they need."""
    Capture.objects.filter(volunteer__in=accounts).update(extra={}, device=None)
    PhotoFinding.objects.filter(capture__volunteer__in=accounts).update(camera="")
    CandidateSlot.objects.filter(offered_first_to__in=accounts).update(offered_first_to=None)
    _scrub_admin_log(accounts)
    Device.objects.filter(user__in=accounts).delete()
    Message.objects.filter(user__in=accounts).delete()
    Invite.objects.filter(for_user__in=accounts).delete()
    parts = PhotoPart.objects.filter(volunteer__in=accounts)
    files = [part.file.name for part in parts]
    parts.delete()
    # The next sweep takes back what came of them straight to the store.
    DirectUpload.objects.filter(capture__volunteer__in=accounts).update(ends_at=F("begun_at"))
    transaction.on_commit(lambda: keeping.delete(filter(None, files)))


def _anonymise(account: User, now: datetime) -> None:
    account.name, account.username, account.email = "", None, ""
    account.is_active = account.is_staff = account.is_superuser = False
    account.may_create_targets = account.must_change_password = False
    account.last_login, account.erased_at = None, now
    account.set_unusable_password()
    account.save()


# --- words in which a name may stand ----------------------------------------------------------------------------------


def _names(accounts: Iterable[User]) -> re.Pattern[str] | None:
    """Everything by which somebody was called, as whole words."""
    words = {word for one in accounts for word in (one.name.strip(), one.username, one.email) if word}
    if not words:
        return None
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE)


def _forget_words(accounts: Collection[User]) -> None:
    """Take their names out of what they wrote and of what was written down about them."""
    names, ids = _names(accounts), [one.pk for one in accounts]
    if names is None:
        return
    about = Q(actor__in=ids) | Q(noun="user", row_id__in=ids)
    changed = []
    for event in Event.objects.filter(about).exclude(data={}).iterator(chunk_size=500):
        data = _without(event.data, names)
        if data != event.data:
            event.data = data
            changed.append(event)
    Event.objects.bulk_update(changed, ["data"], batch_size=500)
    for assignment in Assignment.objects.filter(volunteer__in=ids).exclude(note=""):
        if names.search(assignment.note):
            Assignment.objects.filter(pk=assignment.pk).update(note=names.sub(GONE, assignment.note))


def _without(value: Any, names: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return names.sub(GONE, value)
    if isinstance(value, list):
        return [_without(one, names) for one in value]
    if isinstance(value, dict):
        return {key: _without(one, names) for key, one in value.items()}
    return value


def _scrub_admin_log(accounts: Collection[User]) -> None:
    """The site administration keeps a name beside each row that was changed by hand: theirs, phones, roles."""
    members = Membership.objects.filter(user__in=accounts).values_list("pk", flat=True)
    phones: list[UUID] = list(Device.objects.filter(user__in=accounts).values_list("pk", flat=True))
    ids = [str(pk) for pk in (*(one.pk for one in accounts), *phones)]
    own = Q(content_type__model__in=["user", "device"], object_id__in=ids)
    roles = Q(content_type__model="membership", object_id__in=[str(pk) for pk in members])
    LogEntry.objects.filter(own | roles).update(object_repr=GONE, change_message="")
