"""From events to deliveries, and from deliveries to answers; the rows say what is to do, and a dead worker loses none.

An event is told at least once. What is claimed is due again after a minute, so that a worker that dies while it sends
costs a second message with the same id, and never a lost one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef

from capturegraph.models import Delivery, Event, Job, Webhook
from capturegraph.models.membership import Membership, Role
from capturegraph.services import jobs, telling
from capturegraph.services.jobs import Held
from capturegraph.services.webhooks.bodies import data_of
from capturegraph.services.webhooks.sending import Answer, post
from capturegraph.services.webhooks.topics import name_of, wanted
from capturegraph.services.writing import writing

DELIVER = "deliver_webhook"
IN_FLIGHT = 4
# So few that all of them have been waited for in vain before anything that was claimed for them runs out.
AT_ONCE = 3 * IN_FLIGHT
CLAIMED_FOR = timedelta(minutes=1)
PAUSES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 3600, 21_600, 86_400))
GIVEN_UP_AFTER = timedelta(days=5)
# Transactions commit in another order than that in which their events were numbered; none is open for so long.
OVERLAP = timedelta(minutes=15)
State = Delivery.State


def ring_for_due(*, now: datetime) -> int:
    """Write down a job for each webhook with something to tell and none under way; say for how many."""
    under_way = Job.objects.filter(kind=DELIVER, row_id=OuterRef("pk"), state__in=("waiting", "running"))
    hooks = Webhook.objects.filter(~Exists(under_way), state=Webhook.State.ON).select_related("target")
    made = 0
    for hook in hooks.order_by("pk"):
        due = Delivery.objects.filter(webhook=hook).due(now).exists()
        if due or _news(hook).exists():
            jobs.add(kind=DELIVER, target=hook.target, row_id=hook.pk, by=None, now=now)
            made += 1
        else:
            _pass(hook, now)
    return made


def deliver(held: Held) -> dict[str, Any]:
    """Do the job: write down what is new for a webhook, and send what is due."""
    done = {"delivered": 0, "failed": 0}
    hook_id = held.job.row_id
    if hook_id is None or not write_down(webhook_id=hook_id, now=held.clock()):
        return done
    while some := _claim(hook_id, held.clock()):
        held.say("sending", done["delivered"])
        before = done["delivered"]
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            for one, answer in zip(some, pool.map(_send, some, [held.clock()] * len(some)), strict=True):
                _note(one, answer, held.clock())
                done["delivered" if answer.delivered else "failed"] += 1
        if done["delivered"] == before:
            break
    return done


def write_down(*, webhook_id: UUID, now: datetime) -> bool:
    """Make a delivery of each new event; false where the webhook has gone or is off."""
    with writing():
        hook = Webhook.objects.select_for_update(no_key=True, of=("self",)).filter(pk=webhook_id).first()
        if hook is None or hook.state != Webhook.State.ON:
            return False
        while some := list(_news(hook).order_by("pk")[:1000]):
            rows = [Delivery(webhook=hook, event=event, next_at=now, created_at=now) for event in some]
            Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        _pass(hook, now)
    return True


def _pass(hook: Webhook, now: datetime) -> None:
    """Leave behind what was committed so long ago that nothing older can still come."""
    passed = Event.objects.filter(target_id=hook.target_id, pk__gt=hook.last_event, at__lt=now - OVERLAP)
    last = passed.aggregate(last=Max("pk"))["last"]
    if last is not None:
        with writing():
            Webhook.objects.filter(pk=hook.pk, last_event__lt=last).update(last_event=last)


def _news(hook: Webhook) -> Any:
    there = Delivery.objects.filter(webhook=hook, event=OuterRef("pk"))
    new = Event.objects.filter(wanted(hook.topics), target_id=hook.target_id, pk__gt=hook.last_event)
    return new.filter(~Exists(there))


def _claim(hook_id: UUID, now: datetime) -> list[Delivery]:
    with writing():
        due = Delivery.objects.filter(webhook=hook_id).due(now).order_by("next_at", "event_id")
        locked = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
        some = list(locked.select_related("event", "webhook")[:AT_ONCE])
        for one in some:
            one.attempts += 1
            one.next_at = now + CLAIMED_FOR
        Delivery.objects.bulk_update(some, ["attempts", "next_at"])
    return some


def body_of(delivery: Delivery) -> bytes:
    """What is sent: ids, never names or positions; whoever may know more asks the API."""
    event = delivery.event
    said = {
        "id": str(delivery.pk), "type": name_of(event.noun, event.verb), "timestamp": event.at,
        "data": data_of(event),
    }  # fmt: skip
    return orjson.dumps(said, option=orjson.OPT_UTC_Z)


def _send(delivery: Delivery, now: datetime) -> Answer:
    hook = delivery.webhook
    return post(
        url=hook.url, secret=hook.secret, message_id=str(delivery.pk), body=body_of(delivery), now=now,
        private=bool(settings.ENV["WEBHOOKS_PRIVATE"]),
    )  # fmt: skip


def _note(delivery: Delivery, answer: Answer, now: datetime) -> None:
    """Write down what came of an attempt, where nobody has asked for another one meanwhile."""
    last = delivery.attempts > len(PAUSES)
    state = State.DELIVERED if answer.delivered else State.FAILED if last else State.WAITING
    next_at = now + PAUSES[delivery.attempts - 1] if state == State.WAITING else None
    with writing():
        mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=State.WAITING)
        mine.update(state=state, next_at=next_at, status=answer.status, error=answer.error, tried_at=now)
        _judge(delivery.webhook_id, answer, now)


def _judge(hook_id: UUID, answer: Answer, now: datetime) -> None:
    """Turn off an address that has taken nothing for days, and tell the coordinators."""
    hook = Webhook.objects.filter(pk=hook_id)
    if answer.delivered:
        hook.exclude(failing_since=None).update(failing_since=None)
    elif not hook.filter(failing_since=None).update(failing_since=now):
        dead = hook.filter(failing_since__lte=now - GIVEN_UP_AFTER, state=Webhook.State.ON)
        if dead.update(state=Webhook.State.OFF):
            off = hook.get()
            asked = Membership.objects.current().filter(target=off.target_id, role=Role.COORDINATOR)
            telling.tell(
                users=asked.values_list("user", flat=True), kind="webhook_off", now=now, target_id=off.target_id,
                data={"url": off.url},
            )  # fmt: skip


def forget(*, before: datetime, limit: int) -> int:
    """Delete up to `limit` deliveries that were made or given up before a time; say how many."""
    old = Delivery.objects.filter(created_at__lt=before).exclude(state=State.WAITING)
    # An event may only be forgotten here once it cannot come up again as news.
    old = old.filter(event_id__lte=F("webhook__last_event"))
    with writing():
        return Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()[0]
