"""Other programs are told what happens: signed, at least once, and never into our own network."""

import base64
import hashlib
import hmac
import json
import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from bringing_in import table, upload
from django.conf import settings
from receivers import listening
from stories import Clock, Person, slots_in

from capturegraph.models import Delivery, Event, Job, Message, ServiceRunner, Target, Webhook
from capturegraph.services import work
from capturegraph.services.cycles import periodic
from capturegraph.services.jobs import LEASE
from capturegraph.services.webhooks import addresses, bodies, deliveries, sending, topics
from capturegraph.services.writing import database_now

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


@pytest.fixture(autouse=True)
def _ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver is on this machine."""
    monkeypatch.setitem(settings.ENV, "WEBHOOKS_PRIVATE", True)


def adds(who: Person, target: Target, url: str, *topics: str) -> dict[str, Any]:
    answer = who.post(f"targets/{target.pk}/webhooks/", {"url": url, "topics": list(topics)})
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def sweep(clock: Clock) -> None:
    """What the periodic sweep and a worker do."""
    deliveries.ring_for_due(now=clock.now)
    for job in Job.objects.filter(kind=deliveries.DELIVER, state="waiting"):
        assert work.do(job_id=job.pk, clock=lambda: clock.now) == Job.State.DONE


def test_it_is_told_what_it_asked_for_and_can_check_who_says_so(
    stones: Target, carol: Person, alice: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, b=500)
    with listening() as receiver:
        made = adds(carol, stones, receiver.url, "slot.fulfilled", "assignment.claimed")
        alice.asks(stones)
        alice.shoots(stones, 20)
        sweep(clock)
    # Several are on their way at once.
    assert sorted(receiver.told()) == ["assignment.claimed", "slot.fulfilled"]
    for headers, body in receiver.got:
        key = base64.b64decode(made["secret"].removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        said = json.loads(body)
        assert said["id"] == headers["webhook-id"]
        assert said["data"]["target"] == str(stones.pk)
        assert "Alice" not in body.decode()
    assert "secret" not in carol.get(f"webhooks/{made['id']}/").json()


def test_it_is_told_no_names_places_or_words(
    stones: Target, carol: Person, alice: Person, rita: Person, clock: Clock
) -> None:
    batch = upload(carol, stones, table("1 oak 0", "2 elm 500"))
    with listening() as receiver:
        adds(carol, stones, receiver.url, "target.changed", "capture.rejected", "batch.undone", "assignment.declined")
        carol.patch(f"targets/{stones.pk}/", {"contact": "Carol, 555 0100", "run_by": "The friends", "lease_s": 1500})
        capture = alice.shoots(stones, 20)["id"]
        alice.sends_photo(capture)
        rita.post(f"captures/{capture}/review/", {"verdict": "rejected", "note": "That is Alice's house"})
        held = alice.asks(stones)["assignment"]["id"]
        alice.post(f"assignments/{held}/decline/", {"reason": "private_land", "note": "The Smiths live here"})
        alice.asks(stones)
        carol.post(f"batches/{batch['id']}/undo/")
        sweep(clock)
    said = {one["type"]: one["data"] for one in (json.loads(body) for __, body in receiver.got)}
    about = {"target": str(stones.pk), "actor": str(carol.user.pk)}
    assert said["target.changed"] == {**about, "row": str(stones.pk), "fields": ["contact", "lease_s", "run_by"]}
    assert said["capture.rejected"] == {
        **about, "row": capture, "actor": str(rita.user.pk), "was": "pending",
    }  # fmt: skip
    assert (said["assignment.declined"]["row"], said["assignment.declined"]["why"]) == (held, "private_land")
    assert said["batch.undone"]["row"] == batch["id"]
    assert [set(one) for one in said["batch.undone"]["left"]] == [{"slot", "why"}]
    told = b"".join(body for __, body in receiver.got).decode()
    assert not [word for word in ("555 0100", "friends", "house", "Smiths", "oak", "elm", "Alice") if word in told]


def test_every_topic_says_what_may_be_told_of_it() -> None:
    assert set(bodies.TOLD) == set(topics.TOPICS)


def test_the_signature_is_the_standard_s() -> None:
    """The example of Standard Webhooks 1.0."""
    body = b'{"test": 2432232314}'
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert sending.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_one_that_fails_twice_is_told_the_third_time(
    stones: Target, carol: Person, alice: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    with listening(500, 503) as receiver:
        made = adds(carol, stones, receiver.url, "assignment.claimed")
        alice.asks(stones)
        for seconds in (0, 5, 30):
            clock.forward(seconds=seconds)
            sweep(clock)
            sweep(clock)
    assert len(receiver.got) == 3
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
    (shown,) = carol.get(f"webhooks/{made['id']}/deliveries/").json()["results"]
    assert (shown["state"], shown["attempts"], shown["status"]) == ("delivered", 3, 204)


def test_one_that_never_answers_is_given_up_and_played_again(
    stones: Target, carol: Person, alice: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    url = adds(carol, stones, "http://127.0.0.1:1/")["id"]
    alice.asks(stones)
    for pause in (timedelta(0), *deliveries.PAUSES):
        clock.now += pause
        sweep(clock)
    (shown,) = carol.get(f"webhooks/{url}/deliveries/").json()["results"]
    assert (shown["state"], shown["attempts"], shown["status"]) == ("failed", 8, None)
    assert "refused" in shown["error"].lower()
    with listening() as receiver:
        assert carol.patch(f"webhooks/{url}/", {"url": receiver.url}).status_code == 200
        assert carol.post(f"deliveries/{shown['id']}/replay/").status_code == 202
        sweep(clock)
        assert receiver.told() == ["assignment.claimed"]


def test_an_address_that_takes_nothing_for_days_is_turned_off_and_carol_is_told(
    stones: Target, carol: Person, alice: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    hook = adds(carol, stones, "http://127.0.0.1:1/")["id"]
    for _day in range(7):
        carol.post(f"webhooks/{hook}/try/")
        sweep(clock)
        clock.forward(days=1)
    assert Webhook.objects.get().state == "off"
    assert Message.objects.filter(user=carol.user, kind="webhook_off").count() == 1
    waiting = Delivery.objects.filter(state="waiting").count()
    with listening() as receiver:
        carol.patch(f"webhooks/{hook}/", {"url": receiver.url, "state": "on"})
        clock.forward(days=1)
        sweep(clock)
        assert len(receiver.got) == waiting


def test_an_event_that_is_committed_late_is_told_too(stones: Target, carol: Person, clock: Clock) -> None:
    """Numbers are given out before commits: a later event may be seen first."""
    with listening() as receiver:
        adds(carol, stones, receiver.url, "slot.fulfilled")
        free = Event.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1000
        fulfilled = {"at": clock.now, "target_id": stones.pk, "verb": "fulfilled", "noun": "slot"}
        Event.objects.create(pk=free + 1, row_id=uuid4(), **fulfilled)
        sweep(clock)
        clock.forward(minutes=5)
        Event.objects.create(pk=free, row_id=uuid4(), **fulfilled)
        sweep(clock)
        assert len(receiver.got) == 2
        clock.forward(hours=1)
        sweep(clock)
        assert len(receiver.got) == 2
        assert Webhook.objects.get().last_event > free


def test_another_target_s_events_are_not_told(
    stones: Target, carol: Person, zoe: Person, alice: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    with listening() as receiver:
        memorials = Target.objects.create(name="Memorials")
        adds(zoe.joins(memorials, "coordinator"), memorials, receiver.url)
        alice.asks(stones)
        sweep(clock)
        assert receiver.got == []


def test_what_is_claimed_is_nobody_else_s_and_comes_back_if_its_worker_dies(
    stones: Target, carol: Person, clock: Clock
) -> None:
    with listening() as receiver:
        hook = adds(carol, stones, receiver.url)
        carol.post(f"webhooks/{hook['id']}/try/")
        claimed = deliveries._claim(hook["id"], clock.now)
        assert len(claimed) == 1
        assert deliveries._claim(hook["id"], clock.now) == []
        sweep(clock)
        assert receiver.got == []
        clock.forward(minutes=1)
        sweep(clock)
        assert receiver.told() == ["webhook.tested"]


def test_a_late_answer_does_not_undo_a_replay(stones: Target, carol: Person, clock: Clock) -> None:
    hook = adds(carol, stones, "http://127.0.0.1:1/")
    carol.post(f"webhooks/{hook['id']}/try/")
    (claimed,) = deliveries._claim(hook["id"], clock.now)
    addresses.replay(delivery_id=claimed.pk, now=clock.now)
    deliveries._note(claimed, sending.Answer(200), clock.now)
    claimed.refresh_from_db()
    assert (claimed.state, claimed.attempts) == ("waiting", 0)


def test_one_that_takes_all_its_time_costs_a_worker_little_of_its_own(
    stones: Target, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty are due, and each takes ten seconds to fail: what a worker has claimed it has told of before it is lost."""
    hook = Webhook.objects.get(pk=adds(carol, stones, "http://127.0.0.1:1/")["id"])
    tested = {"at": clock.now, "target_id": stones.pk, "verb": "tested", "noun": "webhook"}
    for event in Event.objects.bulk_create([Event(row_id=hook.pk, **tested) for _ in range(60)]):
        Delivery.objects.create(webhook=hook, event=event, next_at=clock.now, created_at=clock.now)
    begun, one_by_one = clock.now, threading.Lock()

    def slow(**_what: Any) -> sending.Answer:
        with one_by_one:
            clock.forward(seconds=10 / deliveries.IN_FLIGHT)
        return sending.Answer(error="no answer within 10 s")

    monkeypatch.setattr(deliveries, "post", slow)
    sweep(clock)
    assert clock.now - begun <= deliveries.CLAIMED_FOR < LEASE
    tried = Delivery.objects.exclude(tried_at=None)
    assert 0 < tried.count() < 60
    assert {(one.attempts, one.next_at - one.tried_at) for one in tried if one.next_at and one.tried_at} == {
        (1, deliveries.PAUSES[0])
    }
    assert not Delivery.objects.filter(tried_at=None, attempts__gt=0).exists()


def test_nothing_is_followed(stones: Target, carol: Person, clock: Clock) -> None:
    with listening(302) as receiver:
        hook = adds(carol, stones, receiver.url)
        carol.post(f"webhooks/{hook['id']}/try/")
        sweep(clock)
        assert len(receiver.got) == 1
    (shown,) = carol.get(f"webhooks/{hook['id']}/deliveries/").json()["results"]
    assert (shown["state"], shown["status"]) == ("waiting", 302)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": "https://me:secret@example.org/"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://example.org/", "topics": ["slot.eaten"]}, "topics"),
    ],
)
def test_what_cannot_be_is_refused(stones: Target, carol: Person, body: dict[str, Any], field: str) -> None:
    answer = carol.post(f"targets/{stones.pk}/webhooks/", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert not Webhook.objects.exists()


def test_a_repeat_makes_one(stones: Target, carol: Person) -> None:
    body = {"url": "https://example.org/", "operation_id": str(uuid4())}
    first, second = (carol.post(f"targets/{stones.pk}/webhooks/", body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert "secret" not in second.json()


def test_removed_it_is_told_nothing_more(stones: Target, carol: Person, clock: Clock) -> None:
    hook = adds(carol, stones, "http://127.0.0.1:1/")["id"]
    carol.post(f"webhooks/{hook}/try/")
    assert carol.desk is not None
    addresses.remove(webhook_id=hook, by=carol.user, now=clock.now)
    addresses.remove(webhook_id=hook, by=carol.user, now=clock.now)
    sweep(clock)
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_sweep_rings_for_them(stones: Target, carol: Person) -> None:
    hook = adds(carol, stones, "http://127.0.0.1:1/")["id"]
    carol.post(f"webhooks/{hook}/try/")
    now = database_now()
    ServiceRunner.objects.create(pk="beat", name="beat", started_at=now, heartbeat_at=now)
    claimed = periodic.claim(service="sweep", runner_id="beat")
    assert claimed is not None
    periodic.run(service="sweep", claimed=claimed)
    assert [str(job.row_id) for job in Job.objects.filter(kind=deliveries.DELIVER)] == [hook]


def test_old_ones_are_forgotten_once_their_events_are_behind(stones: Target, carol: Person, clock: Clock) -> None:
    with listening() as receiver:
        hook = adds(carol, stones, receiver.url)
        carol.post(f"webhooks/{hook['id']}/try/")
        sweep(clock)
        assert deliveries.forget(before=clock.now + timedelta(days=1), limit=10) == 0
        clock.forward(hours=1)
        carol.post(f"webhooks/{hook['id']}/try/")
        sweep(clock)
        assert deliveries.forget(before=clock.now, limit=10) == 1
        assert len(receiver.got) == 2
