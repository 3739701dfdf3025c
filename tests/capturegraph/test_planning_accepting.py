"""Accepting an answer to a plan: all of it, or what changed; and what becomes of what is planned."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from planning_ahead import answered, asked, for_hours, says
from stories import Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, Message, Plan, PlanRun, Target
from capturegraph.services import jobs, targets, telling
from capturegraph.services.cycles import sweeping
from capturegraph.services.hand_out import assignments, places
from capturegraph.services.people import members
from capturegraph.services.planning import accepting, plans
from capturegraph.services.refusals import Conflict, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)


@pytest.fixture
def run(stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock) -> PlanRun:
    """Four stones along a path; alice and bob set out at its two ends, an hour from now."""
    slots_in(stones, a=0, b=100, c=800, d=900)
    starts(stones, alice, clock.now, -50)
    starts(stones, bob, clock.now, 950)
    return answered(plan(stones, carol, clock), carol, clock.now)


def starts(target: Target, who: Person, now: datetime, east_m: float) -> None:
    from stories import at

    says(who, target, now, start=at(east_m))


def plan(target: Target, carol: Person, clock: Clock) -> Plan:
    begin = clock.now + timedelta(hours=1)
    rules = [{"rule": "nearness", "half_m": 100}]
    return asked(target, carol, clock.now, from_at=begin, until_at=begin + timedelta(hours=8), rules=rules)


def accept(run: PlanRun, carol: Person, clock: Clock, **how: Any) -> accepting.Accepted:
    return accepting.accept(run_id=run.pk, by=carol.user, now=clock.now, **how)


def planned() -> dict[str, list[str]]:
    """Who is planned for what, in the order of their way."""
    found: dict[str, list[str]] = {}
    for one in Assignment.objects.filter(state="planned").select_related("slot", "volunteer").order_by("stop"):
        found.setdefault(one.volunteer.name, []).append(one.slot.title)
    return found


def told(who: Person) -> list[str]:
    """What somebody was told beside that they are planned for, in the order of the alphabet."""
    kinds = Message.objects.filter(user=who.user).exclude(kind="planned").values_list("kind", flat=True)
    return sorted(kinds)


def slot(name: str) -> CandidateSlot:
    return CandidateSlot.objects.get(external_id=name)


# --- all of it --------------------------------------------------------------------------------------------------------


def test_everybody_gets_a_way_with_its_time(
    run: PlanRun, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    done = accept(run, carol, clock)
    assert (len(done.assignments), done.changed, done.plan.state) == (4, [], "accepted")
    assert planned() == {"Alice": ["a", "b"], "Bob": ["d", "c"]}
    begin = clock.now + timedelta(hours=1)
    assert {(one.started_at, one.expires_at) for one in Assignment.objects.all()} == {
        (begin, begin + timedelta(hours=8))
    }
    assert sorted(Message.objects.values_list("kind", "user__name")) == [("planned", "Alice"), ("planned", "Bob")]
    sentence = telling.sentence(Message.objects.get(user=alice.user))
    assert "2 places, 2026-06-01 10:00–18:00 (UTC)" in sentence
    assert Event.objects.filter(noun="assignment", verb="planned").count() == 4
    assert set(CandidateSlot.objects.values_list("seats_left", flat=True)) == {1}


def test_a_repeat_changes_nothing_and_says_the_same(run: PlanRun, carol: Person, clock: Clock) -> None:
    operation = uuid4()
    first = accept(run, carol, clock, operation_id=operation)
    again = accept(run, carol, clock, operation_id=operation)
    assert [one.pk for one in again.assignments] == [one.pk for one in accepting._of(run.plan)]
    assert {one.pk for one in again.assignments} == {one.pk for one in first.assignments}
    assert (Assignment.objects.count(), Message.objects.count()) == (4, 2)


def test_another_answer_to_an_accepted_plan_is_refused(run: PlanRun, carol: Person, clock: Clock) -> None:
    other = answered(run.plan, carol, clock.now)
    accept(run, carol, clock)
    with pytest.raises(Conflict) as refused:
        accept(other, carol, clock)
    assert refused.value.present == {"plan": str(run.plan_id), "state": "accepted"}
    assert Assignment.objects.count() == 4


@pytest.mark.parametrize("change", ["rules", "until_at", "pin", "discard"])
def test_a_plan_that_was_changed_since_is_answered_again(
    run: PlanRun, alice: Person, carol: Person, clock: Clock, change: str
) -> None:
    about: dict[str, Any] = {"plan_id": run.plan_id, "by": carol.user, "now": clock.now}
    if change == "pin":
        plans.pin(**about, slot_id=slot("d").pk, volunteer_id=alice.user.pk)
    elif change == "discard":
        plans.discard(**about)
    else:
        plans.change_plan(
            **about, values={"rules": []} if change == "rules" else {"until_at": run.plan.from_at + timedelta(hours=1)}
        )
    with pytest.raises(Conflict):
        accept(run, carol, clock)
    assert not Assignment.objects.exists()
    if change != "discard":
        accept(answered(Plan.objects.get(), carol, clock.now), carol, clock)


def test_a_time_that_has_gone_by_is_not_accepted(run: PlanRun, carol: Person, clock: Clock) -> None:
    clock.forward(hours=9)
    with pytest.raises(Conflict) as refused:
        accept(run, carol, clock)
    assert refused.value.code == "too_late"
    with pytest.raises(NotFound):
        accepting.accept(run_id=uuid4(), by=carol.user, now=clock.now)


# --- what changed -----------------------------------------------------------------------------------------------------


def changes(code: str, stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock) -> None:
    """Let something happen to alice's first place between the answer and its acceptance."""
    first = slot("a")
    if code == "slot_gone":
        places.change_slot(slot_id=first.pk, by=carol.user, values={"state": "withdrawn"}, now=clock.now)
    elif code == "window":
        CandidateSlot.objects.filter(pk=first.pk).update(window_until=clock.now + timedelta(hours=2))
    elif code == "moved":
        CandidateSlot.objects.filter(pk=first.pk).update(latitude=first.latitude + 0.001)
    elif code == "seat_taken":
        assert bob.gets(stones, 0) == "a"
    elif code == "has_it":
        assert alice.gets(stones, 0) == "a"
    elif code == "declined":
        Target.objects.update(declines_needed=9)
        alice.post(f"assignments/{alice.asks(stones, 0)['assignment']['id']}/decline/", {"reason": "unsafe"})
    elif code == "photographed":
        CandidateSlot.objects.update(required_count=3, seats_left=3)
        alice.shoots(stones, 0)
    elif code == "rule":
        says(alice, stones, clock.now, for_hours(clock.now, 1), skills=[])


@pytest.mark.parametrize("code", ["slot_gone", "window", "moved", "seat_taken", "has_it", "declined", "photographed"])
def test_what_changed_is_said_and_nothing_is_written(
    run: PlanRun, stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock, code: str
) -> None:
    changes(code, stones, alice, bob, carol, clock)
    before = Assignment.objects.count()
    with pytest.raises(Conflict) as refused:
        accept(run, carol, clock)
    assert refused.value.code == "plan_changed"
    (said,) = refused.value.present["changed"]
    assert (said["slot"], said["volunteer"], said["code"]) == (str(slot("a").pk), str(alice.user.pk), code)
    assert said["sentence"].endswith(".")
    assert (Assignment.objects.count(), Plan.objects.get().state) == (before, "draft")
    done = accept(run, carol, clock, leave_out_changed=True)
    assert [one.code for one in done.changed] == [code]
    assert planned() == {"Alice": ["b"], "Bob": ["d", "c"]}
    assert [one.code for one in accept(run, carol, clock).changed] == [code], "a repeat says so, too"


def test_who_has_no_time_any_more_is_left_out_whole(
    run: PlanRun, stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    changes("rule", stones, alice, bob, carol, clock)
    done = accept(run, carol, clock, leave_out_changed=True)
    assert {one.code for one in done.changed} == {"rule"}
    assert planned() == {"Bob": ["d", "c"]}


def test_who_was_removed_is_left_out(run: PlanRun, stones: Target, alice: Person, carol: Person, clock: Clock) -> None:
    members.remove(target=stones, user_id=alice.user.pk, by=carol.user, now=clock.now)
    with pytest.raises(Conflict) as refused:
        accept(run, carol, clock)
    assert {one["code"] for one in refused.value.present["changed"]} == {"member_removed"}
    accept(run, carol, clock, leave_out_changed=True)
    assert planned() == {"Bob": ["d", "c"]}


def test_two_answers_to_two_plans_do_not_take_one_seat_twice(
    run: PlanRun, stones: Target, carol: Person, clock: Clock
) -> None:
    other = answered(plan(stones, carol, clock), carol, clock.now)
    accept(run, carol, clock)
    with pytest.raises(Conflict) as refused:
        accept(other, carol, clock, leave_out_changed=True)
    assert len(refused.value.present["changed"]) == 4, "nothing would be left of it"
    assert {one["code"] for one in refused.value.present["changed"]} == {"has_it"}
    assert planned() == {"Alice": ["a", "b"], "Bob": ["d", "c"]}


def test_another_plan_that_sends_them_elsewhere_then_counts(
    stones: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    first = answered(plan(stones, carol, clock), carol, clock.now)
    CandidateSlot.objects.filter(external_id="a").update(state="pool")
    slots_in(stones, b=300)
    second = answered(plan(stones, carol, clock), carol, clock.now)
    accept(second, carol, clock)
    CandidateSlot.objects.filter(external_id="a").update(state="waiting")
    with pytest.raises(Conflict) as refused:
        accept(first, carol, clock)
    assert [one["code"] for one in refused.value.present["changed"]] == ["planned_elsewhere"]


def test_where_one_of_a_team_cannot_go_the_others_are_not_sent(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, required_count=2)
    slots_in(stones, b=500)
    run = answered(plan(stones, carol, clock), carol, clock.now)
    assert len(run.stops) == 3
    members.remove(target=stones, user_id=bob.user.pk, by=carol.user, now=clock.now)
    done = accept(run, carol, clock, leave_out_changed=True)
    assert {(one.volunteer_id, one.code) for one in done.changed if one.slot_id == slot("a").pk} == {
        (bob.user.pk, "member_removed"), (alice.user.pk, "team"),
    }  # fmt: skip


def test_a_lease_that_ran_out_holds_nothing_up(
    run: PlanRun, stones: Target, bob: Person, carol: Person, clock: Clock
) -> None:
    assert bob.gets(stones, 0) == "a"
    clock.forward(minutes=21)
    accept(run, carol, clock)
    assert planned() == {"Alice": ["a", "b"], "Bob": ["d", "c"]}
    assert [one.state for one in Assignment.objects.exclude(state="planned")] == ["expired"]


def test_an_older_plan_whose_time_is_over_holds_nothing_up(
    run: PlanRun, stones: Target, carol: Person, clock: Clock
) -> None:
    """Though nobody has swept: the same people may be sent to the same places again."""
    accept(run, carol, clock)
    clock.forward(hours=9)
    later = answered(plan(stones, carol, clock), carol, clock.now)
    done = accept(later, carol, clock)
    assert (len(done.assignments), done.changed) == (4, [])
    assert planned() == {"Alice": ["a", "b"], "Bob": ["d", "c"]}
    assert {one.state for one in Assignment.objects.filter(plan=run.plan)} == {"expired"}


# --- what becomes of it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["look_ahead", "nearest", "planned", "queue"])
def test_at_first_contact_in_its_time_it_is_held(
    run: PlanRun, stones: Target, alice: Person, bob: Person, rita: Person, carol: Person, clock: Clock, way: str
) -> None:
    Target.objects.update(hand_out=way)
    CandidateSlot.objects.filter(external_id="d").update(rank=-1)
    accept(run, carol, clock)
    assert rita.gets(stones, 900) == "all_held"
    clock.forward(hours=1)
    assert (alice.gets(stones, 900), bob.gets(stones, 0)) == ("a", "d")
    alice.shoots(stones, 0)
    assert alice.gets(stones, 900) == "b"


def test_a_walk_begins_with_what_is_planned_in_its_order(
    run: PlanRun, stones: Target, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, e=905)
    accept(run, carol, clock)
    clock.forward(hours=1)
    answer = bob.post(f"targets/{stones.pk}/reserve-walk/", {"stops": 3}).json()
    assert [one["slot"]["title"] for one in answer["stops"]] == ["d", "c", "e"]


def test_withdrawing_a_plan_ends_what_nobody_has_begun(
    run: PlanRun, stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    with pytest.raises(Conflict):
        accepting.withdraw(plan_id=run.plan_id, by=carol.user, now=clock.now)
    accept(run, carol, clock)
    clock.forward(hours=1)
    assert alice.gets(stones, 0) == "a"
    ended = accepting.withdraw(plan_id=run.plan_id, by=carol.user, now=clock.now)
    assert (len(ended), planned()) == (3, {})
    assert accepting.withdraw(plan_id=run.plan_id, by=carol.user, now=clock.now) == []
    assert (told(alice), told(bob)) == (["plan_withdrawn"],) * 2
    assert Assignment.objects.get(state="held").slot.title == "a"
    assert bob.gets(stones, 900) == "b"


def test_a_photograph_by_somebody_else_ends_it_and_they_are_told(
    run: PlanRun, stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    accept(run, carol, clock)
    bob.shoots(stones, 0)
    assert planned() == {"Alice": ["b"], "Bob": ["d", "c"]}
    assert (told(alice), told(bob)) == (["slot_done"], [])
    assert Assignment.objects.get(slot=slot("a")).state == "withdrawn"


def test_ones_own_photograph_fulfils_it(
    run: PlanRun, stones: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    CandidateSlot.objects.update(required_count=2, seats_left=2)
    accept(run, carol, clock)
    alice.shoots(stones, 0)
    assert (Assignment.objects.get(slot=slot("a")).state, told(alice)) == ("fulfilled", [])


def test_no_more_stay_planned_than_there_are_seats(
    stones: Target, alice: Person, bob: Person, rita: Person, carol: Person, clock: Clock
) -> None:
    """Two are planned for two seats, and a third takes one of the photographs: one of the two goes, and can go."""
    slots_in(stones, a=0, required_count=2)
    accept(answered(plan(stones, carol, clock), carol, clock.now), carol, clock)
    assert len(planned()) == 2
    rita.shoots(stones, 0)
    ((name, __),) = planned().items()
    stays, goes = (alice, bob) if name == "Alice" else (bob, alice)
    assert (told(goes), told(stays)) == (["slot_withdrawn"], [])
    clock.forward(hours=1)
    assert (goes.gets(stones, 0), stays.gets(stones, 0)) == ("all_held", "a")


@pytest.mark.parametrize("state", ["withdrawn", "not_capturable"])
def test_a_place_that_goes_ends_it(run: PlanRun, alice: Person, carol: Person, clock: Clock, state: str) -> None:
    accept(run, carol, clock)
    places.change_slot(slot_id=slot("a").pk, by=carol.user, values={"state": state}, now=clock.now)
    assert planned()["Alice"] == ["b"]
    assert told(alice) == [f"slot_{state}"]


def test_who_says_no_to_it_leaves_the_seat_to_others(
    run: PlanRun, stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    accept(run, carol, clock)
    # Hers already, before the time of the plan.
    assert alice.gets(stones, 0) == "a"
    alice.post(f"assignments/{alice.asks(stones, 0)['assignment']['id']}/decline/", {"reason": "unsafe"})
    assert planned()["Alice"] == ["b"]
    assert bob.gets(stones, 0) == "a"


def test_closing_ends_it_and_a_pause_does_not(
    run: PlanRun, stones: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    accept(run, carol, clock)
    change = {"target_id": stones.pk, "by": carol.user}
    clock.forward(hours=1)
    targets.change_target(**change, values={"state": "paused"}, now=clock.now)
    assert (alice.gets(stones, 0), len(planned())) == ("paused", 2)
    targets.change_target(**change, values={"state": "open"}, now=clock.now)
    assert alice.gets(stones, 0) == "a"
    targets.change_target(**change, values={"state": "closed"}, now=clock.now)
    assert (planned(), told(alice)) == ({}, ["closed", "opened", "paused"])


def test_a_time_that_goes_by_ends_it(run: PlanRun, stones: Target, bob: Person, carol: Person, clock: Clock) -> None:
    accept(run, carol, clock)
    clock.forward(hours=9)
    assert bob.gets(stones, 0) == "a"
    sweeping.sweep(now=clock.now)
    assert planned() == {}
    assert assignments.request_slot(target_id=stones.pk, user_id=bob.user.pk, now=clock.now).assignment
