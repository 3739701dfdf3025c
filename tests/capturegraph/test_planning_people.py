"""What plans know of people: said by them, shown to them, handed over, dropped and erased with them."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import orjson
import pytest
from planning_ahead import answered, asked, for_hours, says
from stories import Clock, Person, at, place, slots_in

from capturegraph.models import Assignment, Availability, CandidateSlot, Event, Membership, PlanPin, PlanRun, Target
from capturegraph.services import jobs
from capturegraph.services.cycles import refresh
from capturegraph.services.people import erasing, exporting, members, merging
from capturegraph.services.planning import accepting, availability, plans
from capturegraph.services.planning.availability import Time
from capturegraph.services.refusals import Invalid, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)


def member(who: Person, target: Target) -> Membership:
    return Membership.objects.get(user=who.user, target=target)


def slot(name: str) -> CandidateSlot:
    return CandidateSlot.objects.get(external_id=name)


@pytest.fixture
def accepted(stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock) -> PlanRun:
    """Alice is pinned to one of two places, and set out from somewhere that she told; an answer of it was accepted."""
    slots_in(stones, a=0, b=500)
    says(alice, stones, clock.now, for_hours(clock.now, 5), start=at(77), skills=["ladder"], capacity=3)
    plan = asked(stones, carol, clock.now)
    plans.pin(plan_id=plan.pk, slot_id=slot("a").pk, volunteer_id=alice.user.pk, by=carol.user, now=clock.now)
    run = answered(plan, carol, clock.now)
    accepting.accept(run_id=run.pk, by=carol.user, now=clock.now)
    return run


# --- said -------------------------------------------------------------------------------------------------------------


def test_times_are_replaced_and_said_once(stones: Target, alice: Person, clock: Clock) -> None:
    two, three = for_hours(clock.now, 2), for_hours(clock.now, 3, "away")
    about: dict[str, Any] = {"membership": member(alice, stones), "by": alice.user, "now": clock.now}
    first = availability.set_times(**about, times=[two, two])
    assert len(first) == 1
    again = availability.set_times(**about, times=[two, three])
    assert [one.pk for one in again if one.kind == "there"] == [first[0].pk]
    availability.set_times(**about, times=[three, two])
    assert Event.objects.filter(verb="set times").count() == 2
    assert availability.set_times(**about, times=[]) == []


@pytest.mark.parametrize(("kind", "hours", "field"), [("maybe", 1, "times.1.kind"), ("there", 0, "times.1.until_at")])
def test_a_time_that_cannot_be_changes_nothing(
    stones: Target, alice: Person, clock: Clock, kind: str, hours: int, field: str
) -> None:
    wrong = Time(kind, clock.now, clock.now + timedelta(hours=hours))
    about: dict[str, Any] = {"membership": member(alice, stones), "by": alice.user, "now": clock.now}
    with pytest.raises(Invalid) as refused:
        availability.say(**about, times=[for_hours(clock.now, 1), wrong], values={"capacity": 3})
    assert refused.value.errors[0]["field"] == field
    with pytest.raises(Invalid):
        availability.say(**about, times=[for_hours(clock.now, 1)], values={"capacity": -1})
    assert (Availability.objects.count(), member(alice, stones).capacity) == (0, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("start", {"latitude": 91, "longitude": 0}), ("start", {"latitude": "x", "longitude": 0}), ("start", [1, 2]),
     ("start", {"latitude": float("nan"), "longitude": 0}), ("capacity", -1), ("capacity", 1.5), ("capacity", 10**12),
     ("most_walking_m", 0), ("most_walking_m", float("inf")), ("newcomer", "yes"), ("skills", [1]), ("role", "x")],
)  # fmt: skip
def test_a_profile_that_cannot_be_is_refused_by_its_name(
    stones: Target, alice: Person, clock: Clock, name: str, value: Any
) -> None:
    with pytest.raises(Invalid) as refused:
        says(alice, stones, clock.now, **{name: value})
    assert refused.value.errors[0]["field"].split(".")[0] == name
    assert member(alice, stones).start_latitude is None


def test_where_somebody_sets_out_is_in_no_event(stones: Target, alice: Person, clock: Clock) -> None:
    says(alice, stones, clock.now, start=at(77), skills=["Ladder", " drone "])
    known = member(alice, stones)
    assert (known.start_latitude, known.skills) == (pytest.approx(place(77)[0]), ["ladder", "drone"])
    (event,) = Event.objects.filter(verb="set profile")
    assert event.data == {"fields": ["skills", "start"]}
    says(alice, stones, clock.now, start=None)
    assert member(alice, stones).start_latitude is None


def test_who_has_left_says_nothing(stones: Target, alice: Person, carol: Person, clock: Clock) -> None:
    before = member(alice, stones)
    members.remove(target=stones, user_id=alice.user.pk, by=carol.user, now=clock.now)
    with pytest.raises(NotFound):
        availability.set_times(membership=before, times=[], by=carol.user, now=clock.now)


# --- leaving ----------------------------------------------------------------------------------------------------------


def test_who_is_removed_is_planned_for_nothing(
    accepted: PlanRun, stones: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    draft = asked(stones, carol, clock.now)
    plans.pin(plan_id=draft.pk, slot_id=slot("b").pk, volunteer_id=alice.user.pk, by=carol.user, now=clock.now)
    members.remove(target=stones, user_id=alice.user.pk, by=carol.user, now=clock.now)
    assert not Assignment.objects.filter(volunteer=alice.user, state="planned").exists()
    assert list(PlanPin.objects.values_list("plan", flat=True)) == [accepted.plan_id], "what was accepted is a record"
    assert not Availability.objects.exists()
    assert member(alice, stones).start_latitude is None


def test_who_is_erased_leaves_no_place_and_no_word_behind(accepted: PlanRun, alice: Person, clock: Clock) -> None:
    assert str(place(77)[0]) in str(PlanRun.objects.get().inputs)
    erasing.erase(user=alice.user, confirm="Alice", now=clock.now)
    written = str([list(model.objects.values()) for model in (PlanRun, Membership, Availability, Event)])
    assert str(place(77)[0]) not in written
    assert "ladder" not in written
    assert (Availability.objects.count(), Assignment.objects.filter(state="planned").count()) == (0, 1)
    assert plans.explain(run=PlanRun.objects.get(), slot_id=slot("a").pk, volunteer_id=alice.user.pk)


def test_everybody_can_take_it_with_them(accepted: PlanRun, alice: Person, bob: Person, clock: Clock) -> None:
    def data(who: Person) -> dict[str, Any]:
        packed = b"".join(exporting.my_data(user=who.user, now=clock.now))
        return orjson.loads(zipfile.ZipFile(io.BytesIO(packed)).read("my-data.json"))

    mine = data(alice)
    (membership,) = mine["memberships"]
    assert (membership["skills"], membership["capacity"], len(membership["times"])) == (["ladder"], 3, 1)
    assert membership["start_latitude"] == pytest.approx(place(77)[0])
    pinned, answer = mine["plans"]
    assert (pinned["pinned_to"], answer["answer"]) == (str(slot("a").pk), 1)
    assert [one["key"] for one in answer["known"]] == [str(alice.user.pk)]
    assert mine["assignments"][0]["plan"] == str(accepted.plan_id)
    assert str(alice.user.pk) not in str(data(bob)["plans"])


# --- two who are one --------------------------------------------------------------------------------------------------


def test_two_who_are_one_have_what_both_said(
    accepted: PlanRun, stones: Target, alice: Person, bob: Person, carol: Person, max_: Person, clock: Clock
) -> None:
    says(bob, stones, clock.now, for_hours(clock.now, 5), for_hours(clock.now, 1, "away"), skills=["drone"], capacity=9)
    draft = asked(stones, carol, clock.now)
    for who, name in ((alice, "a"), (bob, "a"), (bob, "b")):
        plans.pin(plan_id=draft.pk, slot_id=slot(name).pk, volunteer_id=who.user.pk, by=carol.user, now=clock.now)
    # Both are planned for the same place.
    CandidateSlot.objects.update(required_count=2, seats_left=2)
    Assignment.objects.create(
        target=stones, slot=slot("a"), volunteer=bob.user, state="planned", seat=1, plan=accepted.plan,
        started_at=clock.now, expires_at=clock.now + timedelta(hours=1),
    )  # fmt: skip
    merging.merge(keep=alice.user, gone=bob.user, by=max_.user, now=clock.now)
    known = member(alice, stones)
    assert (known.skills, known.capacity, known.availabilities.count()) == (["ladder", "drone"], 3, 2)
    planned = Assignment.objects.filter(state="planned").values_list("volunteer", "slot__title")
    assert sorted(planned) == [(alice.user.pk, "a"), (alice.user.pk, "b")]
    pins = PlanPin.objects.filter(plan=draft).values_list("volunteer", "slot__title")
    assert sorted(pins) == [(alice.user.pk, "a"), (alice.user.pk, "b")]


# --- and the refresh --------------------------------------------------------------------------------------------------


def test_a_refresh_leaves_alone_what_is_planned(accepted: PlanRun, stones: Target, clock: Clock) -> None:
    slots_in(stones, c=1000, d=1500, e=2000)
    Target.objects.update(batch_size=1)
    refresh.refresh_target(target_id=stones.pk, cycle=clock.now, now=clock.now)
    waiting = set(CandidateSlot.objects.filter(state="waiting").values_list("title", flat=True))
    assert waiting == {"a", "b"}


def test_a_file_that_moves_or_drops_a_planned_place_ends_it(
    accepted: PlanRun, stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    from bringing_in import table, upload

    upload(carol, stones, table("a a 40"), mode="replace")
    assert not Assignment.objects.filter(state="planned").exists()
    kinds = [list(who.user.messages.values_list("kind", flat=True)) for who in (alice, bob)]
    assert sorted(map(sorted, kinds)) == [["planned", "slot_moved"], ["planned", "slot_withdrawn"]]
