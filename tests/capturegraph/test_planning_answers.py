"""What an answer to a plan is made of: who can go, what waits, what is fixed, and why not otherwise."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from planning_ahead import answered, asked, for_hours, says
from stories import NINE_O_CLOCK, Clock, Person, at, place, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, PlanRun, Target
from capturegraph.services import jobs
from capturegraph.services.people import members
from capturegraph.services.planning import accepting, facts, plans, times
from capturegraph.services.planning.availability import Time
from capturegraph.services.refusals import Conflict, Invalid, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)


def read(target: Target, carol: Person, clock: Clock, **values: Any) -> dict[str, Any]:
    return facts.read(plan=asked(target, carol, clock.now, **values), now=clock.now)


def of(read: dict[str, Any], who: Person) -> dict[str, Any]:
    return next(one for one in read["volunteers"] if one["key"] == str(who.user.pk))


def requests(read: dict[str, Any]) -> dict[str, dict[str, Any]]:
    names = {str(pk): name for pk, name in CandidateSlot.objects.values_list("pk", "external_id")}
    return {names[one["key"]]: one for one in read["requests"]}


def slot(name: str) -> CandidateSlot:
    return CandidateSlot.objects.get(external_id=name)


def stops(run: PlanRun) -> dict[str, list[str]]:
    names = {str(pk): name for pk, name in CandidateSlot.objects.values_list("pk", "external_id")}
    found: dict[str, list[str]] = {}
    for stop in run.stops:
        found.setdefault(stop["volunteer"], []).append(names[stop["slot"]])
    return found


def why(run: PlanRun, name: str, who: Person) -> Any:
    return plans.explain(run=run, slot_id=slot(name).pk, volunteer_id=who.user.pk)


# --- people -----------------------------------------------------------------------------------------------------------


def test_volunteers_can_be_sent_and_others_who_say_when_they_have_time(
    stones: Target, alice: Person, bob: Person, carol: Person, rita: Person, clock: Clock
) -> None:
    says(rita, stones, clock.now, for_hours(clock.now, 2))
    members.remove(target=stones, user_id=bob.user.pk, by=carol.user, now=clock.now)
    known = {one["key"] for one in read(stones, carol, clock)["volunteers"]}
    assert known == {str(alice.user.pk), str(rita.user.pk)}


def test_times_are_cut_to_the_plan_and_what_is_taken_back_is_gone(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    hour = timedelta(hours=1)
    says(alice, stones, clock.now, Time("there", clock.now - hour, clock.now + 4 * hour),
         Time("away", clock.now + hour, clock.now + 2 * hour))  # fmt: skip
    says(bob, stones, clock.now, Time("away", clock.now + 7 * hour, clock.now + 9 * hour))
    now = read(stones, carol, clock)
    told = [[datetime.fromisoformat(end) - clock.now for end in span] for span in of(now, alice)["available"]]
    assert told == [[0 * hour, hour], [2 * hour, 4 * hour]]
    told = [[datetime.fromisoformat(end) - clock.now for end in span] for span in of(now, bob)["available"]]
    assert told == [[0 * hour, 7 * hour]]
    later = read(stones, carol, clock, from_at=clock.now + 24 * hour, until_at=clock.now + 30 * hour)
    assert (of(later, alice)["available"], of(later, bob)["available"]) == ([], None)


def test_who_has_no_time_is_not_sent_whatever_the_rules(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    says(alice, stones, clock.now, for_hours(clock.now, 9, "away"))
    run = answered(asked(stones, carol, clock.now), carol, clock.now)
    assert stops(run) == {str(bob.user.pk): ["a"]}
    assert (why(run, "a", alice).standing, run.prunes) == ("ruled_out", {"time_window": 1})


def test_what_people_can_do_and_carry_always_holds(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, b=100, c=200, d=300)
    CandidateSlot.objects.filter(external_id="a").update(skills=["ladder"])
    says(alice, stones, clock.now, skills=["ladder"], capacity=2)
    says(bob, stones, clock.now, start=at(0), most_walking_m=150)
    run = answered(asked(stones, carol, clock.now), carol, clock.now)
    assert {who: sorted(some) for who, some in stops(run).items()} == {
        str(alice.user.pk): ["a", "c"], str(bob.user.pk): ["b"],
    }  # fmt: skip
    (left,) = run.unfilled
    assert (left["slot"], left["cause"]) == (str(slot("d").pk), "all_at_cap")
    assert why(run, "d", bob).verdicts[-1].rule == "most_walking"


def test_where_somebody_was_in_the_last_hour_is_known_from_photographs_only(
    stones: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    says(alice, stones, clock.now, start=at(5000))
    alice.shoots(stones, 100)
    clock.forward(minutes=50)
    known = of(read(stones, carol, clock), alice)
    assert known["last_position"] == pytest.approx(place(100))
    assert (known["start"], known["past_load"], known["newcomer"]) == (pytest.approx(place(5000)), 1, False)
    clock.forward(minutes=11)
    assert of(read(stones, carol, clock), alice)["last_position"] is None


# --- slots ------------------------------------------------------------------------------------------------------------


def test_what_waits_is_asked_for_with_the_seats_that_are_left(
    stones: Target, alice: Person, bob: Person, carol: Person, rita: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, required_count=3)
    slots_in(stones, b=300, c=600, d=900)
    slots_in(stones, e=1200, priority=90)
    CandidateSlot.objects.filter(external_id="c").update(state="withdrawn")
    CandidateSlot.objects.filter(external_id="d").update(window_until=clock.now)
    rita.shoots(stones, 0)
    assert bob.gets(stones) == "e"
    asked_for = requests(read(stones, carol, clock))
    assert list(asked_for) == ["a", "b"], "e is held; the first priority comes first, then the tour"
    assert (asked_for["a"]["required_count"], asked_for["a"]["seats"], asked_for["a"]["done_by"]) == (2, 2, [])
    bob.releases(bob.asks(stones)["assignment"]["id"])
    assert list(requests(read(stones, carol, clock))) == ["e", "a", "b"]


def test_who_is_on_the_way_is_one_of_the_team_and_has_less_room(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, required_count=2)
    slots_in(stones, b=300)
    assert alice.gets(stones) == "a"
    run = answered(asked(stones, carol, clock.now), carol, clock.now)
    assert run.inputs["pins"] == [{"slot": str(slot("a").pk), "volunteer": str(alice.user.pk), "why": "held"}]
    assert run.inputs["requests"][0]["required_count"] == 2
    assert (run.metrics["filled"], sum(run.metrics["loads"].values()), len(run.stops)) == (2, 3, 2)
    assert (why(run, "a", alice).standing, why(run, "a", bob).standing) == ("pinned", "assigned")


def test_what_another_plan_sends_to_is_taken(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, b=300)
    first = asked(stones, carol, clock.now)
    plans.pin(plan_id=first.pk, slot_id=slot("a").pk, volunteer_id=alice.user.pk, by=carol.user, now=clock.now)
    CandidateSlot.objects.filter(external_id="b").update(state="pool")
    accepting.accept(run_id=answered(first, carol, clock.now).pk, by=carol.user, now=clock.now)
    CandidateSlot.objects.filter(external_id="b").update(state="waiting")
    same_day = read(stones, carol, clock)
    assert list(requests(same_day)) == ["b"]
    assert [one["why"] for one in same_day["pins"]] == ["planned"]
    next_day = read(stones, carol, clock, from_at=clock.now + timedelta(days=1), until_at=clock.now + timedelta(days=2))
    assert (next_day["pins"], of(next_day, alice)["past_load"], of(next_day, bob)["past_load"]) == ([], 1, 0)


def test_who_said_no_or_was_there_is_not_sent_again(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, required_count=2)
    alice.post(f"assignments/{alice.asks(stones)['assignment']['id']}/decline/", {"reason": "unsafe"})
    bob.shoots(stones, 0)
    run = answered(asked(stones, carol, clock.now, rules=[]), carol, clock.now)
    assert (run.stops, run.unfilled[0]["cause"]) == ([], "ruled_out")
    assert [one.rule for one in why(run, "a", alice).verdicts if not one.compatible] == ["declined"]
    assert [one.rule for one in why(run, "a", bob).verdicts if not one.compatible] == ["once_per_slot"]
    CandidateSlot.objects.update(reopened_at=clock.forward(minutes=1))
    assert requests(read(stones, carol, clock))["a"]["declined_by"] == []


# --- pins -------------------------------------------------------------------------------------------------------------


def test_who_is_pinned_goes_whatever_the_rules_say(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, b=300)
    CandidateSlot.objects.update(skills=["ladder"])
    says(bob, stones, clock.now, skills=["ladder"])
    plan = asked(stones, carol, clock.now)
    about: dict[str, Any] = {"plan_id": plan.pk, "by": carol.user, "now": clock.now}
    for _time in range(2):
        plans.pin(**about, slot_id=slot("a").pk, volunteer_id=alice.user.pk)
    run = answered(plan, carol, clock.now)
    assert stops(run) == {str(alice.user.pk): ["a"], str(bob.user.pk): ["b"]}
    assert [one["pinned"] for one in run.stops] == [True, False]
    accepting.accept(run_id=run.pk, by=carol.user, now=clock.now)
    assert Assignment.objects.filter(state="planned", volunteer=alice.user).count() == 1


@pytest.mark.parametrize("why", ["slot_gone", "seat_taken", "declined", "photographed", "window", "member_removed"])
def test_a_pin_that_cannot_be_kept_is_left_out_and_says_why(
    stones: Target, alice: Person, bob: Person, rita: Person, carol: Person, clock: Clock, why: str
) -> None:
    slots_in(stones, a=0, required_count=2)
    plan = asked(stones, carol, clock.now)
    for who in (alice, bob, rita) if why == "seat_taken" else (alice,):
        plans.pin(plan_id=plan.pk, slot_id=slot("a").pk, volunteer_id=who.user.pk, by=carol.user, now=clock.now)
    if why == "slot_gone":
        CandidateSlot.objects.update(state="withdrawn")
    elif why == "declined":
        alice.post(f"assignments/{alice.asks(stones)['assignment']['id']}/decline/", {"reason": "unsafe"})
    elif why == "photographed":
        alice.shoots(stones, 0)
    elif why == "window":
        CandidateSlot.objects.update(window_until=clock.now)
    elif why == "member_removed":
        alice.user.is_active = False
        alice.user.save()
    run = answered(plan, carol, clock.now)
    assert [one["why"] for one in run.inputs["left_out_pins"]] == [why]


def test_pins_are_of_a_draft_its_places_and_its_people(
    stones: Target, alice: Person, zoe: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    plan = asked(stones, carol, clock.now)
    about: dict[str, Any] = {"plan_id": plan.pk, "by": carol.user, "now": clock.now}
    for wrong in (
        {"slot_id": uuid4(), "volunteer_id": alice.user.pk},
        {"slot_id": slot("a").pk, "volunteer_id": zoe.user.pk},
    ):
        with pytest.raises(Invalid):
            plans.pin(**about, **wrong)
    right = {"slot_id": slot("a").pk, "volunteer_id": alice.user.pk}
    plans.pin(**about, **right)
    for _time in range(2):
        plans.unpin(**about, **right)
    assert not plan.pins.exists()
    for _time in range(2):
        assert plans.discard(**about).state == "discarded"
    with pytest.raises(Conflict):
        plans.pin(**about, **right)
    assert list(Event.objects.filter(noun="plan").order_by("pk").values_list("verb", flat=True)) == [
        "created", "pinned", "unpinned", "discarded",
    ]  # fmt: skip


# --- why --------------------------------------------------------------------------------------------------------------


def test_why_not_this_one(stones: Target, alice: Person, bob: Person, zoe: Person, carol: Person, clock: Clock) -> None:
    slots_in(stones, a=0, b=2000)
    says(alice, stones, clock.now, start=at(0))
    says(bob, stones, clock.now, start=at(2000), capacity=1)
    rules = [{"rule": "distance", "most_m": 5000}, {"rule": "nearness", "half_m": 500}]
    run = answered(asked(stones, carol, clock.now, rules=rules), carol, clock.now)
    mine = why(run, "a", alice)
    assert (mine.standing, mine.instead, mine.possible_if) == ("assigned", [], [])
    other = why(run, "b", alice)
    assert (other.standing, other.instead) == ("others_came_first", [bob.user.pk])
    assert other.possible_if == ["It would be possible in place of Bob."]
    assert {one.rule: one.compatible for one in other.verdicts} == dict.fromkeys(
        ("distance", "nearness", "skills", "time_window", "declined", "once_per_slot", "most_slots"), True
    )
    assert next(one.score for one in other.verdicts if one.rule == "nearness") == pytest.approx(0.2, abs=0.01)
    full = why(run, "a", bob)
    assert (full.standing, full.possible_if) == (
        "ruled_out_by_plan",
        ["It would be possible if they did not go to “b”."],
    )
    with pytest.raises(NotFound):
        why(run, "a", zoe)
    with pytest.raises(NotFound):
        plans.explain(run=run, slot_id=uuid4(), volunteer_id=bob.user.pk)
    slots_in(stones, c=10)
    assert why(run, "c", bob).standing == "unknown", "it was not there when this was answered"


def test_why_is_asked_of_what_was_seen(stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    CandidateSlot.objects.update(skills=["ladder"])
    says(bob, stones, clock.now, skills=["ladder"])
    run = answered(asked(stones, carol, clock.now), carol, clock.now)
    says(alice, stones, clock.now, skills=["ladder"])
    assert why(run, "a", alice).standing == "ruled_out"
    assert why(run, "a", alice).possible_if == ["It would be possible without the rule: Has the skills and the role."]


def test_times() -> None:
    def at(hour: int) -> datetime:
        return NINE_O_CLOCK + timedelta(hours=hour)

    assert times.free([(at(0), at(2)), (at(1), at(5))], [(at(3), at(4)), (at(9), at(10))]) == [
        (at(0), at(3)), (at(4), at(5)),
    ]  # fmt: skip
    assert times.window(at(-3), None, (at(0), at(2))) is None
    assert times.window(at(1), None, (at(0), at(2))) == (at(1), at(2))
    assert times.cut(at(2), None, (at(0), at(2))) is None
