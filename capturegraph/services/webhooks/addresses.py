"""Making, changing and removing webhooks, and asking for a test or for one more try."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from capturegraph.models import Delivery, Event, Job, Target, User, Webhook
from capturegraph.services import events, jobs
from capturegraph.services.refusals import Conflict, Invalid, NotFound
from capturegraph.services.webhooks.deliveries import DELIVER
from capturegraph.services.webhooks.sending import plainly_private
from capturegraph.services.webhooks.topics import TESTED, TOPICS
from capturegraph.services.writing import writing

MOST = 20
_SECRET_BYTES = 32


def add(
    *, target: Target, url: str, topics: Iterable[str], by: User, now: datetime, operation_id: UUID | None = None
) -> tuple[Webhook, bool]:
    """Tell an address of what happens from now on; give it, and whether it is new. A repeat gives the same.

    Raises:
        Invalid: an address or a topic that cannot be. Conflict: there are too many.
    """
    _check(url, topics)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    try:
        with writing(), transaction.atomic():
            if Webhook.objects.filter(target=target).count() >= MOST:
                raise Conflict(_("A target has up to %d webhooks. Remove one first.") % MOST)
            last = Event.objects.filter(target_id=target.pk).aggregate(last=Max("pk"))["last"] or 0
            hook = Webhook.objects.create(
                target=target, url=url, topics=sorted(set(topics)), secret=secret, last_event=last, created_by=by,
                created_at=now, operation_id=operation_id,
            )  # fmt: skip
            _said(hook, "created", by, now)
    except IntegrityError:
        return Webhook.objects.get(created_by=by, operation_id=operation_id), False
    return hook, True


def change(*, webhook_id: UUID, values: Mapping[str, Any], by: User, now: datetime) -> Webhook:
    """Change address, topics or state; turned on again, it goes on with what waited.

    Raises:
        NotFound: it has gone. Invalid: as for `add`.
    """
    with writing():
        hook = _locked(webhook_id)
        _check(values.get("url", hook.url), values.get("topics", hook.topics))
        for name, value in values.items():
            setattr(hook, name, sorted(set(value)) if name == "topics" else value)
        if values.get("state") == Webhook.State.ON:
            hook.failing_since = None
        hook.save(update_fields=[*values, "failing_since"])
        _said(hook, "changed", by, now)
    return hook


def remove(*, webhook_id: UUID, by: User, now: datetime) -> None:
    """Remove a webhook and its log; one that has gone already is removed."""
    with writing():
        hook = Webhook.objects.select_for_update().filter(pk=webhook_id).first()
        if hook is not None:
            _said(hook, "removed", by, now)
            hook.delete()


def test(*, webhook_id: UUID, by: User, now: datetime) -> Delivery:
    """Write down a test for one address, to be sent like everything else.

    Raises:
        NotFound: it has gone.
    """
    with writing():
        hook = _locked(webhook_id)
        event = events.record(
            at=now, verb=TESTED.verb, noun=TESTED.noun, row_id=hook.pk, target_id=hook.target_id, actor_id=by.pk
        )
        made = Delivery.objects.create(webhook=hook, event=event, next_at=now, created_at=now)
        _soon(hook, now)
    return made


def replay(*, delivery_id: UUID, now: datetime) -> Delivery:
    """Send one once more, from the first try on; one that waits is tried at once.

    Raises:
        NotFound: it has gone.
    """
    with writing():
        again = Delivery.objects.filter(pk=delivery_id)
        if not again.update(state=Delivery.State.WAITING, next_at=now, attempts=0, error=""):
            raise NotFound(_("There is no such delivery."))
        found = again.select_related("event", "webhook__target").get()
        _soon(found.webhook, now)
    return found


def _soon(hook: Webhook, now: datetime) -> None:
    """Whoever asks at a desk waits for what comes of it: not for the next sweep, which sees to what is missed here."""
    under_way = Job.objects.filter(kind=DELIVER, row_id=hook.pk, state__in=(Job.State.WAITING, Job.State.RUNNING))
    if hook.state == Webhook.State.ON and not under_way.exists():
        jobs.add(kind=DELIVER, target=hook.target, row_id=hook.pk, by=None, now=now)


def _locked(webhook_id: UUID) -> Webhook:
    hook = Webhook.objects.select_for_update(no_key=True, of=("self",)).filter(pk=webhook_id).first()
    if hook is None:
        raise NotFound(_("There is no such webhook."))
    return hook


def _said(hook: Webhook, verb: str, by: User, now: datetime) -> None:
    events.record(at=now, verb=verb, noun="webhook", row_id=hook.pk, target_id=hook.target_id, actor_id=by.pk)


def _check(url: str, topics: Iterable[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        reason = _("Write an address like https://example.org/hook, without a name or password in it.")
        raise Invalid(reason, errors=[{"field": "url", "reason": reason}])
    if plainly_private(parts.hostname) and not settings.ENV["WEBHOOKS_PRIVATE"]:
        reason = _("This address is in a private network, where nothing is sent to. Write one of the public internet.")
        raise Invalid(reason, errors=[{"field": "url", "reason": reason}])
    for name in topics:
        if name not in TOPICS:
            reason = _("There is no topic “%s”.") % name[:60]
            raise Invalid(reason, errors=[{"field": "topics", "reason": reason}])
