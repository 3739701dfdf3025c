"""What people agree to when they join, and again when it has changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Membership, Target, User
from capturegraph.services import events
from capturegraph.services.refusals import Conflict, NotFound
from capturegraph.services.writing import hold_target_shared, writing


def words(target: Target) -> str:
    """Give everything that a target says to whoever is asked to agree, as it is kept with their consent."""
    said = [
        (_("Shown to everybody: %s"), shown_to_all(target)),
        (_("Who runs this: %s"), target.run_by),
        (_("Whom to ask: %s"), target.contact),
        (_("Kept for: %s"), target.kept_for),
        (_("Licence of the photos: %s"), target.photo_licence),
        (_("Your safety: %s"), target.safety_note),
    ]
    return "\n\n".join([*filter(None, [target.consent_text]), *(line % value for line, value in said if value)])


def shown_to_all(target: Target) -> str:
    """Say what everybody sees of a target; nothing where it is not public."""
    if not target.public:
        return ""
    where = _("where each was taken, to about %d m") % target.public_round_m
    if not target.public_round_m:
        where = _("exactly where each was taken")
    named = _("who took it, by name") if target.public_names else _("no names")
    return _("accepted photos, small; the day; %(where)s; %(named)s") % {"where": where, "named": named}


def check_version(target: Target, version: int) -> None:
    """Refuse what was agreed to under other words than the present ones.

    Raises:
        Conflict: they have changed; the present version comes along.
    """
    if version != target.consent_version:
        raise Conflict(
            _("What you are asked to agree to has changed. Load it again, and read it."),
            code="consent_changed", present={"version": target.consent_version},
        )  # fmt: skip


def given(target: Target, now: datetime) -> dict[str, object]:
    """Give the fields of a membership that say who agreed to what, and when."""
    return {"consented_at": now, "consent_text": words(target), "consent_version": target.consent_version}


def agree(*, user: User, target_id: UUID, version: int, now: datetime) -> Membership:
    """Note that a member agrees to the present words; a repeat changes nothing.

    Raises:
        NotFound: no member of such a target. Conflict: the words have changed since.
    """
    with writing():
        hold_target_shared(target_id)
        mine = Membership.objects.current().filter(user=user, target=target_id)
        member = mine.select_for_update(of=("self",), no_key=True).select_related("target").first()
        if member is None:
            raise NotFound(_("There is no such target."))
        check_version(member.target, version)
        if member.consent_version < version or member.consented_at is None:
            for name, value in given(member.target, now).items():
                setattr(member, name, value)
            member.save(update_fields=["consented_at", "consent_text", "consent_version"])
            events.record(
                at=now, verb="consented", noun="user", row_id=user.pk, target_id=target_id, actor_id=user.pk,
                data={"version": version},
            )  # fmt: skip
    return member
