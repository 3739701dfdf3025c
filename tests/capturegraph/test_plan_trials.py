"""Planning at the desk: fixing by hand, and trying what would help before anything is saved."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import orjson
import pytest
from planning_ahead import answered, asked, done, for_hours, page, pair, said, says, slot
from stories import Clock, Person, slots_in
from world import assert_no

from capturegraph.models import Assignment, CandidateSlot, Job, Membership, Plan, PlanPin, PlanRun, Target
from capturegraph.services import jobs
from capturegraph.services.people import erasing, exporting
from capturegraph.services.planning import availability, limits, plans, trials
from capturegraph.services.refusals import Conflict

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


@pytest.fixture(autouse=True)
def nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)


@pytest.fixture
def field(stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock) -> Target:
    """Four places; alice may have two, bob one, and the last place asks for a permit that nobody has."""
    slots_in(stones, one=0, two=100, three=200)
    slots_in(stones, four=300)
    CandidateSlot.objects.filter(title="four").update(skills=["permit"])
    for who, most in ((alice, 2), (bob, 1)):
        says(who, stones, clock.now, capacity=most, start={"latitude": 38.8951, "longitude": -77.0364})
    return stones


@pytest.fixture
def run(field: Target, carol: Person, clock: Clock) -> PlanRun:
    return answered(asked(field, carol, clock.now), carol, clock.now)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_pair_is_fixed_kept_apart_and_left_to_the_rules(
    run: PlanRun, bob: Person, carol: Person, clock: Clock
) -> None:
    desk, plan = carol.desk(), page(run.plan)
    assert desk.post(plan, pair("four", bob, "pin"))["Location"] == page(run)
    shown = said(desk.get(page(run)))
    assert "1 fixed by hand" in shown
    assert "You changed the plan since." in shown
    again = answered(run.plan, carol, clock.now)
    assert {(one["slot"], one["volunteer"]) for one in again.stops} >= {(str(slot("four").pk), str(bob.user.pk))}
    desk.post(plan, pair("four", bob, "never"))
    assert not PlanPin.objects.exists()
    never = answered(Plan.objects.get(), carol, clock.now)
    assert str(slot("four").pk) in {one["slot"] for one in never.unfilled}
    assert "never Bob" in said(desk.get(page(never)))
    desk.post(plan, pair("four", bob, "pin"))
    assert limits.of(Plan.objects.get().rules).never == frozenset()
    desk.post(plan, pair("four", bob, "unpin"))
    desk.post(plan, pair("four", bob, "never"))
    desk.post(plan, pair("four", bob, "allow"))
    assert (PlanPin.objects.count(), Plan.objects.get().rules) == (0, [])
    assert desk.post(plan, {"what": "pin", "slot": "x", "volunteer": ""}).status_code == 404
    nobody = {**pair("four", bob, "never"), "volunteer": slot("one").pk}
    assert "There is no such member." in said(desk.post(plan, nobody), 400)


# --- trying -----------------------------------------------------------------------------------------------------------


def test_a_change_is_tried_and_nothing_is_saved_until_it_is_kept(
    run: PlanRun, bob: Person, carol: Person, clock: Clock
) -> None:
    desk = carol.desk()
    before = Membership.objects.filter(user=bob.user).values().get()
    tried = desk.post(page(run), {**pair("four", bob, "try"), "here": run.pk})
    assert tried["Location"].startswith(f"{page(run)}?job=")
    done(Job.objects.get(state="waiting").pk, clock.now)
    trial = PlanRun.objects.latest("number")
    assert desk.get(tried["Location"])["Location"] == page(trial)
    shown = said(desk.get(page(trial)))
    assert "Only supposed: Bob goes to four; may take 2; can do: permit. Nothing is saved." in shown
    assert "1 place more than before has somebody." in shown
    assert "Offer" not in shown
    assert Membership.objects.filter(user=bob.user).values().get() == before
    assert (trial.metrics["filled"], trial.unfilled) == (4, [])
    assert "This was only tried." in said(desk.post(page(trial), {"what": "accept"}), 409)
    assert not Assignment.objects.exists()
    # Who looks for the answer finds the one that supposes nothing.
    assert page(run) in said(desk.get(page(run.plan)))
    desk.post(page(trial), {"what": "keep"})
    done(Job.objects.get(state="waiting").pk, clock.now)
    member = Membership.objects.get(user=bob.user)
    assert (member.capacity, member.skills) == (2, ["permit"])
    kept = PlanRun.objects.latest("number")
    assert (kept.inputs["trial"], kept.metrics["filled"], kept.plan.pins.count()) == (None, 4, 1)
    assert desk.post(page(kept), {"what": "accept"}).status_code == 302
    assert Assignment.objects.filter(state="planned").count() == 4


def test_longer_hours_are_tried_and_kept(
    field: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    CandidateSlot.objects.update(skills=[])
    CandidateSlot.objects.filter(title="four").update(
        window_from=clock.now + timedelta(hours=3), window_until=clock.now + timedelta(hours=4)
    )
    says(alice, field, clock.now, for_hours(clock.now, 2), capacity=9)
    says(bob, field, clock.now, for_hours(clock.now, 2), capacity=9)
    run = answered(asked(field, carol, clock.now), carol, clock.now)
    desk = carol.desk()
    shown = said(desk.get(page(run), {"slot": slot("four").pk}))
    assert "Alice: leaves at 11:00" in shown
    assert "Alice has time 12:00–13:00" in shown
    desk.post(page(run), pair("four", alice, "try"))
    done(Job.objects.get(state="waiting").pk, clock.now)
    trial = PlanRun.objects.latest("number")
    assert trial.unfilled == []
    desk.post(page(trial), {"what": "keep"})
    spans = Membership.objects.get(user=alice.user).availabilities.order_by("from_at")
    assert [f"{one.from_at:%H}–{one.until_at:%H}" for one in spans] == ["09–11", "12–13"]


@pytest.fixture
def longer(field: Target, alice: Person, carol: Person, clock: Clock) -> PlanRun:
    """An answer that supposes that alice, who said two hours from now, has time in the fourth hour as well."""
    CandidateSlot.objects.update(skills=[])
    window = {"window_from": clock.now + timedelta(hours=3), "window_until": clock.now + timedelta(hours=4)}
    CandidateSlot.objects.filter(title="four").update(**window)
    says(alice, field, clock.now, for_hours(clock.now, 2), capacity=9)
    run = answered(asked(field, carol, clock.now), carol, clock.now)
    pair_ = {"slot_id": slot("four").pk, "volunteer_id": alice.user.pk}
    return PlanRun.objects.get(job=done(trials.try_out(run_id=run.pk, **pair_, by=carol.user, now=clock.now).pk,
                                        clock.now))  # fmt: skip


def known_of(who: Person) -> tuple[Any, ...]:
    member = Membership.objects.get(user=who.user)
    spans = member.availabilities.order_by("from_at")
    times = [f"{one.kind} {one.from_at:%H}–{one.until_at:%H}" for one in spans]
    return member.skills, member.capacity, member.most_walking_m, times


@pytest.mark.parametrize("what", ["away then", "less time", "more time", "always"])
def test_what_somebody_said_of_their_time_since_is_not_written_over(
    longer: PlanRun, field: Target, alice: Person, carol: Person, clock: Clock, what: str
) -> None:
    now, since = clock.now, clock.forward(minutes=20)
    away = availability.Time("away", now + timedelta(hours=3), now + timedelta(hours=5))
    spans = {
        "away then": [for_hours(now, 2), away], "less time": [for_hours(now, 1)], "more time": [for_hours(now, 3)],
        "always": [],
    }  # fmt: skip
    says(alice, field, since, *spans[what])
    before = known_of(alice), PlanPin.objects.count(), Job.objects.count()
    refused = carol.desk().post(page(longer), {"what": "keep"})
    assert "was changed meanwhile" in said(refused, 409)
    assert (known_of(alice), PlanPin.objects.count(), Job.objects.count()) == before


@pytest.mark.parametrize("profile", [{"skills": ["ladder"]}, {"capacity": 0}])
def test_what_somebody_said_they_can_do_since_is_not_written_over(
    run: PlanRun, field: Target, bob: Person, carol: Person, clock: Clock, profile: dict[str, Any]
) -> None:
    pair_ = {"slot_id": slot("four").pk, "volunteer_id": bob.user.pk}
    trial = PlanRun.objects.get(job=done(trials.try_out(run_id=run.pk, **pair_, by=carol.user, now=clock.now).pk,
                                         clock.now))  # fmt: skip
    availability.set_profile(
        membership=Membership.objects.get(user=bob.user), values=profile, by=bob.user, now=clock.forward(minutes=1)
    )
    before = known_of(bob)
    with pytest.raises(Conflict) as refused:
        trials.keep(run_id=trial.pk, by=carol.user, now=clock.now)
    assert (refused.value.code, known_of(bob)) == ("plan_changed", before)


def test_what_has_nothing_to_do_with_it_may_change_and_time_may_go_by(
    longer: PlanRun, field: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    tomorrow = availability.Time("away", clock.now + timedelta(days=1), clock.now + timedelta(days=2))
    says(alice, field, clock.forward(minutes=30), for_hours(clock.now - timedelta(minutes=30), 2), tomorrow, capacity=5)
    trials.keep(run_id=longer.pk, by=carol.user, now=clock.now)
    assert known_of(alice) == ([], 5, None, ["there 09–11", "there 12–13", "away 09–09"])


def test_a_plan_for_another_time_is_another_plan(longer: PlanRun, alice: Person, carol: Person, clock: Clock) -> None:
    plans.change_plan(
        plan_id=longer.plan_id, values={"until_at": clock.now + timedelta(hours=5)}, by=carol.user, now=clock.now
    )
    before = known_of(alice)
    assert "The plan was changed since" in said(carol.desk().post(page(longer), {"what": "keep"}), 409)
    assert known_of(alice) == before


def test_keeping_twice_is_keeping_once(longer: PlanRun, alice: Person, carol: Person, clock: Clock) -> None:
    desk = carol.desk()
    shown = desk.get(page(longer))
    once = shown.context["operation_id"]
    assert f'name="operation_id" value="{once}"' in shown.content.decode()
    first, again = (desk.post(page(longer), {"what": "keep", "operation_id": once})["Location"] for _time in range(2))
    assert (first, Job.objects.filter(state="waiting").count()) == (again, 1)
    # Whoever else keeps it finds it kept, and asks for an answer of their own.
    assert desk.post(page(longer), {"what": "keep"}).status_code == 302
    assert known_of(alice)[3] == ["there 09–11", "there 12–13"]
    says(alice, longer.plan.target, clock.forward(minutes=1), for_hours(clock.now, 1))
    before = known_of(alice)
    assert desk.post(page(longer), {"what": "keep", "operation_id": once})["Location"] == first
    assert known_of(alice) == before
    assert desk.post(page(longer), {"what": "keep", "operation_id": "x"}).status_code == 404


def test_what_nothing_helps_is_not_tried(run: PlanRun, alice: Person, carol: Person, clock: Clock) -> None:
    plans.keep_apart(
        plan_id=run.plan_id, slot_id=slot("four").pk, volunteer_id=alice.user.pk, by=carol.user, now=clock.now
    )
    never = answered(Plan.objects.get(), carol, clock.now)
    desk = carol.desk()
    assert "Alice takes" not in said(desk.get(page(never), {"slot": slot("four").pk}))
    assert "would be enough" in said(desk.post(page(never), pair("four", alice, "try")), 409)
    assert desk.post(page(never), {"what": "try", "slot": "x"}).status_code == 404
    assert "supposes nothing" in said(desk.post(page(never), {"what": "keep"}), 409)
    assert not trials.is_trial(never)


# --- what a plan leaves out, said by a program ------------------------------------------------------------------------


def test_a_program_says_what_a_plan_leaves_out(field: Target, alice: Person, carol: Person, clock: Clock) -> None:
    plan = asked(field, carol, clock.now)
    people, pairs = [str(alice.user.pk)], [[str(slot("one").pk), str(alice.user.pk)]]
    rules = [
        {"rule": "people", "only": people}, {"rule": "apart", "pairs": pairs}, {"rule": "no_overlap"},
        {"rule": "places", "least_priority": 50, "batch": None},
    ]  # fmt: skip
    answer = carol.patch(f"plans/{plan.pk}/", {"rules": rules})
    assert answer.status_code == 200, answer.content
    # Where nothing is left out nothing stands.
    assert [one["rule"] for one in answer.json()["rules"]] == ["no_overlap", "people", "places", "apart"]
    run = answered(Plan.objects.get(), carol, clock.now)
    assert {(one["slot"], one["volunteer"]) for one in run.stops} == {
        (str(slot(name).pk), str(alice.user.pk)) for name in ("two", "three")
    }


@pytest.mark.parametrize(
    ("rule", "field_named"),
    [
        ({"rule": "people"}, "rules.0.only"), ({"rule": "people", "only": ["x"]}, "rules.0.only"),
        ({"rule": "people", "only": [], "more": 1}, "rules.0.more"),
        ({"rule": "places", "least_priority": 101}, "rules.0.least_priority"),
        ({"rule": "places", "least_priority": True}, "rules.0.least_priority"),
        ({"rule": "places", "batch": 7}, "rules.0.batch"), ({"rule": "apart", "pairs": [["x"]]}, "rules.0.pairs"),
        ({"rule": "apart", "pairs": [["x", "y"]]}, "rules.0.pairs"),
        ({"rule": "apart", "pairs": {}}, "rules.0.pairs"),
    ],
)  # fmt: skip
def test_what_cannot_be_left_out_is_named(
    field: Target, carol: Person, clock: Clock, rule: dict[str, Any], field_named: str
) -> None:
    plan = asked(field, carol, clock.now)
    assert_no(carol.patch(f"plans/{plan.pk}/", {"rules": [rule]}), 400, "invalid", "rules")
    answer = carol.patch(f"plans/{plan.pk}/", {"rules": [rule, {"rule": "people", "only": []}]}).json()
    assert answer["errors"][0]["field"] == field_named
    twice = {"rules": [{"rule": "people", "only": []}] * 2}
    assert_no(carol.patch(f"plans/{plan.pk}/", twice), 400, "invalid", "rules")
    # They are a plan's, and no target's.
    assert carol.patch(f"targets/{field.pk}/", {"planning_rules": [{"rule": "people", "only": []}]}).status_code == 400
    assert Plan.objects.get().rules == []


def test_an_answer_that_was_tried_is_accepted_by_no_door(
    run: PlanRun, bob: Person, carol: Person, clock: Clock
) -> None:
    job = trials.try_out(run_id=run.pk, slot_id=slot("four").pk, volunteer_id=bob.user.pk, by=carol.user, now=clock.now)
    trial = PlanRun.objects.get(job=done(job.pk, clock.now))
    assert_no(carol.post(f"plan-runs/{trial.pk}/accept/"), 409, "trial")
    assert not Assignment.objects.exists()


def test_what_was_only_supposed_of_somebody_is_erased_with_them(
    run: PlanRun, bob: Person, carol: Person, clock: Clock
) -> None:
    pair_ = {"slot_id": slot("four").pk, "volunteer_id": bob.user.pk}
    done(trials.try_out(run_id=run.pk, **pair_, by=carol.user, now=clock.now).pk, clock.now)
    waiting = trials.try_out(run_id=run.pk, **pair_, by=carol.user, now=clock.now)
    packed = b"".join(exporting.my_data(user=bob.user, now=clock.now))
    mine = orjson.loads(zipfile.ZipFile(io.BytesIO(packed)).read("my-data.json"))
    assert {"capacity": 2, "skills": ["permit"]} in [one.get("supposed") for one in mine["plans"]]
    erasing.erase(user=bob.user, confirm="Bob", now=clock.now)
    assert PlanRun.objects.latest("number").inputs["trial"]["says"] == {}
    assert not Job.objects.exclude(data={}).exists()
    # What waited is worked out as if nothing had been supposed.
    assert done(waiting.pk, clock.now).state == "done"
    assert PlanRun.objects.latest("number").inputs["trial"] is None
