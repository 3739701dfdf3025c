"""Lists stay quick, actions call services and say every refusal by its row, and every row tells what happened to it."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from stories import Clock, Person, slots_in
from test_admin import act, listed, of

from capturegraph.admin import history, wording
from capturegraph.models import (
    Assignment,
    Batch,
    CandidateSlot,
    Capture,
    Delivery,
    Event,
    Job,
    Membership,
    Target,
    User,
    Webhook,
)
from capturegraph.services import events, jobs, work
from capturegraph.services.batching import batches
from capturegraph.services.webhooks import addresses

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(max_: Person) -> Client:
    return max_.desk()


@pytest.fixture
def many(stones: Target) -> Target:
    """More places than anybody counts."""
    now = timezone.now()
    some = [
        CandidateSlot(target=stones, title=f"place {n}", latitude=38.9, longitude=-77.0, cell=1, updated_at=now)
        for n in range(2_500)
    ]
    CandidateSlot.objects.bulk_create(some, batch_size=500)
    return stones


# --- lists ------------------------------------------------------------------------------------------------------------


def test_no_list_counts_a_table_as_a_whole(many: Target, office: Client) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = office.get(listed(CandidateSlot))
    counts = [one["sql"] for one in asked if "COUNT(" in one["sql"].upper() and "candidateslot" in one["sql"]]
    assert counts
    assert all("LIMIT 1051" in one for one in counts), counts
    assert "more than 1050" in page.content.decode()
    assert len(asked) < 15
    # Further on one sees further.
    further = office.get(listed(CandidateSlot), {"p": 30})
    assert "more than" not in further.content.decode()
    assert "2500" in further.content.decode()
    assert len(further.context["cl"].result_list) == 50
    for wrong in ("0", "-1", "x", "9" * 30, "51"):
        assert office.get(listed(CandidateSlot), {"p": wrong}).status_code in (200, 302)


@pytest.mark.parametrize("model", [Assignment, Capture, CandidateSlot, Event, Job, Membership, User, Batch])
def test_a_list_asks_as_often_for_few_rows_as_for_many(
    stones: Target, office: Client, model: type[CandidateSlot], alice: Person, clock: Clock
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(listed(model)).status_code == 200
        return len(queries)

    def one_more(n: int) -> None:
        slots_in(stones, **{f"place {n}": 200 * n})
        person = Person(f"walker {n}").joins(stones, "volunteer")
        assert person.gets(stones, 200 * n)
        person.shoots(stones, 200 * n)
        jobs.add(kind="rejudge", target=stones, by=person.user, now=clock.now)
        file = batches.File(f"{n}.csv", b"id,title,lat,lon\n")
        Batch.objects.create(
            target=stones, file_name=file.name, format="csv", created_by=person.user, created_at=clock.now
        )

    one_more(1)
    asked()
    few = asked()
    for n in range(2, 8):
        one_more(n)
    assert asked() == few


def test_dates_lead_from_years_to_days(stones: Target, office: Client, max_: Person, clock: Clock) -> None:
    Event.objects.all().delete()
    for at in ("2024-12-31T23:00:00+00:00", "2026-02-03T08:00:00+00:00", "2026-02-05T08:00:00+00:00"):
        events.record(at=timezone.datetime.fromisoformat(at), verb="created", noun="target", row_id=stones.pk)  # type: ignore[attr-defined]

    def steps(**asked: int) -> tuple[list[str], int]:
        page = office.get(listed(Event), asked)
        return [one.title for one in page.context["cl"].days.steps], page.context["cl"].result_count

    assert steps() == (["2026", "2025", "2024"], 3)
    assert steps(at__year=2026) == (["February 2026"], 2)
    assert steps(at__year=2026, at__month=2) == (["February 3", "February 4", "February 5"], 2)
    assert steps(at__year=2026, at__month=2, at__day=3) == (["February 3"], 1)
    with CaptureQueriesContext(connection) as asked:
        office.get(listed(Event))
    assert not [one for one in asked if "DISTINCT" in one["sql"] and "_event" in one["sql"]]
    assert office.get(listed(Event), {"at__year": "x"}).status_code in (200, 302)


# --- actions ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def walk(stones: Target, alice: Person, bob: Person, max_: Person, clock: Clock) -> dict[str, Capture]:
    """Oak is photographed by Alice, elm by the site admin's own phone, and Bob is on the way to ash."""
    slots_in(stones, oak=0, elm=500, ash=1000)
    max_.joins(stones, "volunteer")
    taken = {"oak": alice.shoots(stones, 5)["id"], "elm": max_.shoots(stones, 505)["id"]}
    assert bob.gets(stones) == "ash"
    return {name: Capture.objects.get(pk=pk) for name, pk in taken.items()}


def test_photos_are_rejected_for_a_reason_and_accepted(
    stones: Target, walk: dict[str, Capture], office: Client, max_: Person, alice: Person
) -> None:
    both = {"action": "reject", "_selected_action": [one.pk for one in walk.values()]}
    silent = office.post(listed(Capture), both, follow=True).content.decode()
    assert silent.count("Type beside the action why") == 2
    page = office.post(listed(Capture), {**both, "reason": "Too dark."}, follow=True).content.decode()
    # Each row's answer by itself: hers is done, one's own is refused, and the other one all the same.
    assert "Rejected: Alice" in page
    assert "Max, 2026-06-01 09:00: Somebody else has to look at your own photos." in page
    states = dict(Capture.objects.values_list("volunteer__name", "review"))
    assert states == {"Alice": "rejected", "Max": "pending"}
    assert Capture.objects.get(volunteer=alice.user).review_note == "Too dark."
    assert CandidateSlot.objects.get(title="oak").state == "waiting"
    assert Event.objects.filter(noun="capture", verb="rejected", actor=max_.user).count() == 1
    assert "Accepted" in act(office, "accept", walk["oak"])
    assert CandidateSlot.objects.get(title="oak").state == "fulfilled"
    assert "Not looked at yet" in act(office, "undo_review", walk["oak"])


def test_places_are_withdrawn_asked_for_again_and_given_a_priority(
    stones: Target, walk: dict[str, Capture], office: Client, bob: Person
) -> None:
    oak, elm, ash = stones.slots.order_by("rank")
    told = act(office, "withdraw", ash)
    assert "ash: " in told
    ash.refresh_from_db()
    assert ash.state == "waiting"
    assert "is withdrawn" in act(office, "withdraw_and_call_back", ash)
    assert bob.get("me/messages/").json()["results"][0]["kind"] == "slot_withdrawn"
    assert "“ash” waits again" in act(office, "ask_again", ash)
    assert "It is done. Reject the photo" in act(office, "ask_again", oak)
    chosen = {"action": "prioritise", "_selected_action": [elm.pk, ash.pk]}
    assert "Type a priority" in office.post(listed(CandidateSlot), chosen, follow=True).content.decode()
    office.post(listed(CandidateSlot), {**chosen, "priority": "90"})
    assert set(stones.slots.filter(priority=90)) == {elm, ash}
    assert Event.objects.filter(noun="slot", row_id=elm.pk, verb="changed").exists()


def test_what_somebody_holds_is_taken_back(
    stones: Target, walk: dict[str, Capture], office: Client, bob: Person
) -> None:
    held = Assignment.objects.get(volunteer=bob.user)
    assert "is free again. Bob was told" in act(office, "release", held)
    held.refresh_from_db()
    assert held.state == "withdrawn"
    done = Assignment.objects.exclude(pk=held.pk).first()
    assert done is None or "Nobody holds it any more" in act(office, "release", done)


def test_jobs_are_stopped_and_done_again(stones: Target, office: Client, carol: Person, clock: Clock) -> None:
    job = jobs.add(kind="rejudge", target=stones, by=carol.user, now=clock.now, data={"reopen": False})
    assert "Only what failed or was stopped" in act(office, "again", job)
    assert "was stopped" in act(office, "stop", job)
    for _twice in range(2):
        assert "once more" in act(office, "again", job)
    new = Job.objects.exclude(pk=job.pk).get()
    assert (new.kind, new.target, new.data, new.state) == ("rejudge", stones, {"reopen": False}, "waiting")
    assert work.do(job_id=new.pk, clock=lambda: clock.now) == "done"
    assert "This has ended already" in act(office, "stop", new)
    upload = Job.objects.create(
        kind="bring_in", target=stones, state="failed", data={"file": "gone"}, created_at=clock.now, ended_at=clock.now
    )
    assert "Upload it once more" in act(office, "again", upload)


def test_webhooks_are_turned_off_and_deliveries_sent_again(
    stones: Target, office: Client, carol: Person, clock: Clock
) -> None:
    hook, _new = addresses.add(target=stones, url="https://example.org/", topics=(), by=carol.user, now=clock.now)
    delivery = addresses.test(webhook_id=hook.pk, by=carol.user, now=clock.now)
    Delivery.objects.filter(pk=delivery.pk).update(state="failed", next_at=None, attempts=8)
    assert "once more" in act(office, "replay", delivery)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("waiting", 0)
    assert "nothing any more" in act(office, "turn_off", hook)
    assert Webhook.objects.get().state == "off"
    assert "told again" in act(office, "turn_on", hook)


def test_targets_are_paused_and_opened_by_their_service(
    stones: Target, walk: dict[str, Capture], office: Client, bob: Person
) -> None:
    assert "is paused" in act(office, "pause", stones)
    assert bob.get("me/messages/").json()["results"][0]["kind"] == "paused"
    assert "is open" in act(office, "open", stones)


def test_too_many_at_once_are_refused_whole(many: Target, office: Client) -> None:
    chosen = {"action": "withdraw", "select_across": "1", "_selected_action": [many.slots.first().pk]}
    page = office.post(listed(CandidateSlot), chosen, follow=True).content.decode()
    assert "At most 500 at a time: choose fewer. Nothing was done." in page
    assert not CandidateSlot.objects.filter(state="withdrawn").exists()


def test_roles_are_given_on_the_page_of_somebody(
    stones: Target, office: Client, max_: Person, alice: Person, carol: Person
) -> None:
    page = office.get(of(alice.user))
    form = page.context["adminform"].form
    (mine,) = alice.user.memberships.all()
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    sent |= {
        "memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 1, "memberships-0-id": mine.pk,
        "memberships-0-user": alice.user.pk, "memberships-0-target": stones.pk, "memberships-0-role": "reviewer",
        "devices-TOTAL_FORMS": 0, "devices-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert office.post(of(alice.user), {**sent, "name": "Alice the Second"}).status_code == 302
    alice.user.refresh_from_db()
    assert alice.user.name == "Alice the Second"
    assert Membership.objects.get(pk=mine.pk).role == "reviewer"
    assert Event.objects.filter(noun="user", row_id=alice.user.pk, verb="set role", actor=max_.user).exists()
    changed = Event.objects.get(noun="user", row_id=alice.user.pk, verb="changed")
    assert changed.data == {"before": {"name": "Alice"}, "after": {"name": "Alice the Second"}}


# --- history ----------------------------------------------------------------------------------------------------------


def story(office: Client, row: object, **asked: str) -> str:
    page = office.get(reverse(f"admin:capturegraph_{row._meta.model_name}_history", args=[row.pk]), asked)  # type: ignore[attr-defined]
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode().split('data-testid="story"')[1]).split())


def test_every_row_tells_what_happened_to_it_in_words(
    stones: Target, walk: dict[str, Capture], office: Client, carol: Person, clock: Clock
) -> None:
    clock.forward(minutes=1)
    assert carol.patch(f"targets/{stones.pk}/", {"sigma_m": 60, "lease_s": 2400}).status_code == 200
    told = story(office, stones)
    assert "2026-06-01 09:01:00 Carol Changed it" in told
    assert "σ: 50 m → 60 m" in told
    assert "a slot is held for: 1,200 s → 2,400 s" in told
    act(office, "withdraw_and_call_back", stones.slots.get(title="ash"))
    held = Assignment.objects.get(slot__title="ash")
    told = story(office, held)
    assert "Max Took it away from them place: “ash”; why: slot_withdrawn" in told
    assert "Bob Took the place" in told
    assert "closed: “oak”" in story(office, walk["oak"])
    # On the page of the row, too; and a row without events of its own tells those of what it belongs to.
    assert "Took it away from them" in office.get(of(held)).content.decode()
    match = walk["oak"].matches.get()
    assert "to its photo" in " ".join(office.get(of(match)).content.decode().split())


def test_a_long_story_is_told_page_by_page(stones: Target, office: Client, clock: Clock) -> None:
    for n in range(150):
        events.record(at=clock.now, verb="wrote", noun="target", row_id=stones.pk, data={"people": n})
    first = office.get(reverse("admin:capturegraph_target_history", args=[stones.pk])).context["story"]
    assert [len(first.lines), first.lines[0].figures, first.lines[-1].figures] == [100, "people: 149", "people: 50"]
    rest = story(office, stones, before=str(first.before))
    assert "people: 49" in rest
    assert "people: 50" not in rest
    for wrong in ("x", "-1", "9" * 30):
        assert story(office, stones, before=wrong)


def test_no_digest_and_no_key_is_told(stones: Target, carol: Person, clock: Clock) -> None:
    data = {"sha256": "a" * 64, "token": "secret", "fingerprint": "b" * 64, "slot": str(uuid4()), "note": "x" * 500}
    event = events.record(at=clock.now, verb="created", noun="slot", row_id=stones.pk, data=data, actor_id=None)
    (line,) = history.told([event])
    assert line.who == "the site"
    assert "secret" not in line.figures
    assert not re.search(r"[0-9a-f]{64}", line.figures)
    assert len(line.figures) < 250


def test_what_is_written_down_has_words(stones: Target, walk: dict[str, Capture], clock: Clock) -> None:
    there = set(Event.objects.values_list("noun", "verb"))
    assert there
    assert [one for one in there if one not in wording.VERBS and ("", one[1]) not in wording.VERBS] == []


# --- maps -------------------------------------------------------------------------------------------------------------


def test_the_map_of_a_row_has_a_twin_in_words(
    stones: Target, walk: dict[str, Capture], office: Client, clock: Clock
) -> None:
    scene = office.get(of(walk["oak"])).context["scene"]
    assert [(one.mark, one.title.split(",")[0], one.metres and round(one.metres)) for one in scene.points] == [
        ("capture", "Alice", None), ("fulfilled", "oak", 5),
    ]  # fmt: skip
    assert scene.said == ["A photo counts when it is closer than 50 m."]
    assert len(scene.drawn["features"]) == 2
    page = office.get(of(walk["oak"])).content.decode()
    assert "5 m off" in page
    slot = office.get(of(stones.slots.get(title="oak"))).context["scene"]
    assert [one.mark for one in slot.points] == ["fulfilled", "capture"]
    whole = office.get(of(stones)).context["scene"]
    assert [one.title for one in whole.points] == ["oak", "elm", "ash"]
    nowhere = Target.objects.create(name="Nowhere yet", created_at=clock.now + timedelta(days=1))
    assert office.get(of(nowhere)).context["scene"] is None
