"""Telling people what happened to something of theirs while they were not looking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.models import Capture, Message, User
from capturegraph.services.writing import writing

SENTENCES = {
    "paused": gettext_lazy("There is a pause. What you hold stays yours until its time is up; photos are still taken."),
    "closed": gettext_lazy("This is finished. Thank you! Photos that you took are still taken."),
    "opened": gettext_lazy("It goes on: places are given out again."),
    "slot_withdrawn": gettext_lazy("“%(title)s” is not needed any more. You need not go there."),
    "slot_moved": gettext_lazy("“%(title)s” has moved on the map. Look where it is now."),
    "slot_done": gettext_lazy("“%(title)s” has been photographed by somebody else. You need not go there."),
    "slot_not_capturable": gettext_lazy("Nobody can get to “%(title)s”. You need not go there."),
    "slot_taken_back": gettext_lazy("The coordinator gave “%(title)s” to somebody else. You need not go there."),
    "capture_rejected": gettext_lazy("Your photo of “%(title)s” was not accepted: %(note)s"),
    "capture_accepted": gettext_lazy("Your photo of “%(title)s” was accepted. Thank you!"),
    "dispute_upheld": gettext_lazy("Your photo of “%(title)s” was looked at by somebody else, too: %(note)s"),
    "removed": gettext_lazy("You are not taking part any more. Photos that you took before can be sent for 14 days."),
    "taken_in": gettext_lazy("You are taking part again."),
    "webhook_off": gettext_lazy("%(url)s has taken nothing for five days. Nothing is sent there any more."),
    "planned": gettext_lazy("You have a plan: %(places)s places, %(when)s. Ask for a place then, and you are led."),
    "plan_withdrawn": gettext_lazy("The plan for %(when)s is called off for you: %(places)s places. You need not go."),
    "note": gettext_lazy("%(text)s"),
}
"""What each kind of message says; `data` fills it in. A new kind is a line here."""


def tell(
    *, users: Iterable[UUID], kind: str, now: datetime, target_id: UUID | None, data: Mapping[str, Any] | None = None
) -> int:
    """Write a message of a kind to each of some people, in the transaction of what it tells of; say to how many."""
    rows = [
        Message(user_id=user_id, target_id=target_id, kind=kind, data=dict(data or {}), created_at=now)
        for user_id in sorted(set(users))
    ]
    SENTENCES[kind]
    return len(Message.objects.bulk_create(rows, batch_size=500))


def sentence(message: Message) -> str:
    """Say a message in words; one of a later release, whose kind is not known here, as its bare text."""
    words = SENTENCES.get(message.kind)
    if words is None:
        return str(message.data.get("text", "")) or _("There is news about this place.")
    filled = {"title": _("a place"), "note": _("no reason was given."), "text": "", **message.data}
    if filled.get("reason") in Capture.RejectedFor.values:
        filled["note"] = reason_sentence(filled["reason"], message.data.get("note", ""))
    return str(words) % filled


def reason_sentence(reason: str, note: str) -> str:
    """Say why a photograph was rejected, in the reader's language: the reason, and what the reviewer wrote beside it.

    "Another reason" says nothing by itself, where there is a note.
    """
    if note and reason in ("", Capture.RejectedFor.OTHER):
        return note
    said = str(Capture.RejectedFor(reason).label) if reason else _("no reason was given.")
    return f"{said}. {note}" if note else said


def mark_seen(*, by: User, ids: Iterable[UUID], now: datetime) -> int:
    """Note that somebody was shown messages of theirs; others', unknown and earlier seen ones are passed over."""
    with writing():
        return Message.objects.filter(user=by, pk__in=list(ids), seen_at=None).update(seen_at=now)
