"""Guards of planning whose loss no other story would tell: what others see, what is left alone, what is said once."""

from datetime import timedelta
from typing import Any

import pytest
from planning_ahead import answered, asked, done, for_hours, says, slot
from stories import Clock, Person, at, place, slots_in

from capturegraph.models import Assignment, CandidateSlot, Job, Membership, Message, Plan, PlanPin, PlanRun, Target
from capturegraph.services import jobs, work
from capturegraph.services.jobs import Held
from capturegraph.services.people import erasing, members, merging
from capturegraph.services.planning import accepting, answering, facts, limits, plans

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)


@pytest.fixture
def plan(stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock) -> Plan:
    """A plan for two places; alice says where she sets out and what she carries, and so does bob."""
    slots_in(stones, a=0, b=500)
    says(alice, stones, clock.now, for_hours(clock.now, 5), start=at(77), skills=["ladder"], capacity=3)
    says(bob, stones, clock.now, for_hours(clock.now, 5), start=at(444), skills=["rope"], most_walking_m=4321)
    return asked(stones, carol, clock.now)


def pin(plan: Plan, name: str, who: Person, carol: Person, clock: Clock) -> None:
    plans.pin(plan_id=plan.pk, slot_id=slot(name).pk, volunteer_id=who.user.pk, by=carol.user, now=clock.now)


def member(who: Person) -> Membership:
    return Membership.objects.get(user=who.user)


# --- accepting, and calling off ---------------------------------------------------------------------------------------


def test_phones_that_ask_for_what_changed_hear_of_places_that_are_planned(
    plan: Plan, carol: Person, clock: Clock
) -> None:
    run = answered(plan, carol, clock.now)
    accepting.accept(run_id=run.pk, by=carol.user, now=clock.forward(minutes=5))
    assert set(CandidateSlot.objects.values_list("updated_at", flat=True)) == {clock.now}
    accepting.withdraw(plan_id=plan.pk, by=carol.user, now=clock.forward(minutes=5))
    assert set(CandidateSlot.objects.values_list("updated_at", flat=True)) == {clock.now}


def test_whoever_is_pinned_goes_even_where_one_of_the_team_cannot(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, required_count=2)
    plan = asked(stones, carol, clock.now)
    pin(plan, "a", alice, carol, clock)
    run = answered(plan, carol, clock.now)
    assert len(run.stops) == 2
    members.remove(target=stones, user_id=bob.user.pk, by=carol.user, now=clock.now)
    accepted = accepting.accept(run_id=run.pk, by=carol.user, now=clock.now, leave_out_changed=True)
    assert [one.volunteer_id for one in accepted.assignments] == [alice.user.pk]


def test_nobody_is_told_that_what_has_gone_by_is_called_off(plan: Plan, carol: Person, clock: Clock) -> None:
    accepting.accept(run_id=answered(plan, carol, clock.now).pk, by=carol.user, now=clock.now)
    clock.forward(hours=9)
    assert len(accepting.withdraw(plan_id=plan.pk, by=carol.user, now=clock.now)) == 2
    assert not Message.objects.filter(kind="plan_withdrawn").exists()


def test_who_declines_what_they_hold_is_not_planned_for_it_either(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    later = {"from_at": clock.now + timedelta(hours=2), "until_at": clock.now + timedelta(hours=4)}
    plan = asked(stones, carol, clock.now, **later)
    pin(plan, "a", alice, carol, clock)
    accepting.accept(run_id=answered(plan, carol, clock.now).pk, by=carol.user, now=clock.now)
    # She comes before her time and holds it beside; then she says no.
    mine = alice.asks(stones, 0)["assignment"]
    assert alice.post(f"assignments/{mine['id']}/decline/", {"reason": "unsafe"}).status_code == 200
    assert not Assignment.objects.filter(state="planned").exists()
    assert bob.gets(stones, 0) == "a"


# --- one answer for a job ---------------------------------------------------------------------------------------------


def test_a_job_that_has_answered_is_not_worked_out_again(
    plan: Plan, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker died between its effects and saying so: the next one finds the answer, and reads nothing."""
    job = plans.compute(plan_id=plan.pk, by=carol.user, now=clock.now)
    with monkeypatch.context() as patch:
        patch.setattr(Held, "end", lambda *args, **kwargs: False)
        work.do(job_id=job.pk, clock=lambda: clock.now)
    # Accepted meanwhile, the plan could not be answered; what was answered stays the job's result.
    accepting.accept(run_id=PlanRun.objects.get().pk, by=carol.user, now=clock.now)
    monkeypatch.setattr(facts, "read", lambda **about: pytest.fail("it was read again"))
    ended = done(job.pk, clock.forward(minutes=3))
    assert (ended.state, ended.result["run"]) == ("done", str(PlanRun.objects.get().pk))


def test_two_workers_on_one_job_write_one_answer(
    plan: Plan, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One was given up for dead and writes its answer after all, before the other one does."""
    job = plans.compute(plan_id=plan.pk, by=carol.user, now=clock.now)
    read = facts.read

    def first_comes_back(**about: Any) -> Any:
        monkeypatch.setattr(facts, "read", read)
        row = Job.objects.get(pk=job.pk)
        answering.answer(Held(row, row.token, lambda: clock.now))
        return read(**about)

    monkeypatch.setattr(facts, "read", first_comes_back)
    assert done(job.pk, clock.now).state == "done"
    assert PlanRun.objects.count() == 1


# --- erasing ----------------------------------------------------------------------------------------------------------


def test_erasing_one_takes_their_pins_and_words_and_leaves_the_others(
    plan: Plan, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    pin(plan, "a", alice, carol, clock)
    pin(plan, "b", bob, carol, clock)
    answered(plan, carol, clock.now)
    erasing.erase(user=alice.user, confirm="Alice", now=clock.now)
    assert [one.volunteer for one in PlanPin.objects.all()] == [bob.user]
    known = {one["key"]: one for one in PlanRun.objects.get().inputs["volunteers"]}
    hers, his = known[str(alice.user.pk)], known[str(bob.user.pk)]
    assert {hers[name] for name in ("start", "last_position", "available", "capacity", "most_walking_m")} == {None}
    assert (hers["skills"], hers["unavailable"]) == ([], [])
    assert (his["skills"], his["start"], his["most_walking_m"]) == (["rope"], [*place(444)], 4321)
    assert member(bob).skills == ["rope"]
    assert (member(alice).skills, member(alice).capacity, member(alice).start_latitude) == ([], None, None)
    assert [one.membership.user for one in member(bob).availabilities.all()] == [bob.user]
    assert not member(alice).availabilities.exists()


def test_a_time_that_was_said_is_erased_from_answers(plan: Plan, alice: Person, carol: Person, clock: Clock) -> None:
    told = for_hours(clock.now, 1, "away")
    says(alice, plan.target, clock.now, for_hours(clock.now, 5), told, capacity=7, most_walking_m=1234)
    answered(plan, carol, clock.now)
    erasing.erase(user=alice.user, confirm="Alice", now=clock.now)
    (hers,) = [one for one in PlanRun.objects.get().inputs["volunteers"] if one["key"] == str(alice.user.pk)]
    assert (hers["available"], hers["unavailable"], hers["capacity"], hers["most_walking_m"]) == (None, [], None, None)


# --- two who are one --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", ["alice", "bob"])
def test_what_one_left_open_the_other_has_said(
    plan: Plan, alice: Person, bob: Person, max_: Person, clock: Clock, keep: str
) -> None:
    """Her own start stays hers; of limits, the one that somebody named. A time that both said is said once."""
    kept, gone = (alice, bob) if keep == "alice" else (bob, alice)
    start = member(kept).start_latitude
    merging.merge(keep=kept.user, gone=gone.user, by=max_.user, now=clock.now)
    known = member(kept)
    assert (known.start_latitude, known.capacity, known.most_walking_m) == (start, 3, 4321)
    assert known.availabilities.count() == 1


def test_a_start_that_only_one_told_is_kept(plan: Plan, alice: Person, bob: Person, max_: Person, clock: Clock) -> None:
    says(alice, plan.target, clock.now, start=None)
    merging.merge(keep=alice.user, gone=bob.user, by=max_.user, now=clock.now)
    assert member(alice).start_latitude == pytest.approx(place(444)[0])


def test_what_one_holds_the_other_is_not_planned_for(
    plan: Plan, alice: Person, bob: Person, carol: Person, max_: Person, clock: Clock
) -> None:
    CandidateSlot.objects.update(required_count=2, seats_left=2)
    pin(plan, "a", bob, carol, clock)
    accepting.accept(run_id=answered(plan, carol, clock.now).pk, by=carol.user, now=clock.now)
    Assignment.objects.filter(volunteer=alice.user).delete()
    assert alice.gets(plan.target, 0) == "a"
    merging.merge(keep=alice.user, gone=bob.user, by=max_.user, now=clock.now)
    mine = Assignment.objects.filter(volunteer=alice.user, slot=slot("a"), state__in=["held", "planned"])
    assert [one.state for one in mine] == ["held"]


def test_who_was_kept_from_a_place_stays_so_by_their_other_name(
    plan: Plan, alice: Person, bob: Person, carol: Person, max_: Person, clock: Clock
) -> None:
    about = {"plan_id": plan.pk, "by": carol.user, "now": clock.now}
    plans.keep_apart(slot_id=slot("a").pk, volunteer_id=bob.user.pk, **about)
    plans.choose(only=[bob.user.pk], least_priority=0, batch_id=None, **about)
    merging.merge(keep=alice.user, gone=bob.user, by=max_.user, now=clock.now)
    left = limits.of(Plan.objects.get().rules)
    assert left.never == {(str(slot("a").pk), str(alice.user.pk))}
    assert left.only == {str(alice.user.pk)}
