"""Planning at the desk: making a plan, having it worked out, asking why, fixing by hand, trying, offering."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from planning_ahead import answered, asked, done, for_hours, page, pair, said, says, slot
from stories import Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Job, Membership, Plan, PlanRun, Target
from capturegraph.pages import plan_answers
from capturegraph.pages import plans as plan_pages
from capturegraph.services import jobs
from capturegraph.services.planning import accepting, limits, plans

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


# --- making one -------------------------------------------------------------------------------------------------------


def test_a_day_in_the_zone_of_the_target_is_a_plan(field: Target, carol: Person) -> None:
    Target.objects.filter(pk=field.pk).update(time_zone="Europe/Paris")
    desk, path = carol.desk(), reverse("plans", args=[field.pk])
    assert "Make the first plan" in said(desk.get(path))
    answer = desk.post(path, {"name": "", "day": "2026-06-06", "begin": "10:00", "end": "16:00"})
    plan = Plan.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page(plan))
    assert f"{plan.from_at:%H:%M}–{plan.until_at:%H:%M}" == "08:00–14:00"
    assert "Saturday, 6 June 2026" in said(desk.get(path))
    assert "6 June 2026, 10:00–16:00 (Europe/Paris)" in said(desk.get(page(plan)))


def test_the_list_costs_the_same_for_two_plans_and_for_six(
    field: Target, carol: Person, clock: Clock, run: PlanRun
) -> None:
    """Drafts, answered ones, one that waits for its answer, and an accepted one: each is told as it is."""
    desk, path = carol.desk(), reverse("plans", args=[field.pk])
    asked(field, carol, clock.now, name="Later")

    def cost() -> tuple[int, str]:
        with CaptureQueriesContext(connection) as queries:
            text = said(desk.get(path))
        return len(queries), text

    two, text = cost()
    assert ("3 of 4 places" in text, "Not worked out yet" in text) == (True, True)
    accepting.accept(run_id=run.pk, by=carol.user, now=clock.now)
    plans.compute(plan_id=asked(field, carol, clock.now).pk, by=carol.user, now=clock.now)
    for _ in range(3):
        answered(asked(field, carol, clock.now), carol, clock.now)
    six, text = cost()
    assert six == two
    assert [text.count(words) for words in ("Accepted", "being worked out", "Not worked out yet")] == [1, 1, 2]
    assert text.count(" places</a>") == 4


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"day": "2026-03-29", "begin": "02:30"}, "the clocks go forward then"),
        ({"day": "2026-10-25", "begin": "02:30"}, "comes twice"),
        ({"end": "09:00"}, "That is before it begins."),
        ({"end": "10:00"}, "is not after"),
        ({"day": "yesterday"}, "Enter a valid date."),
        ({"begin": "25:00"}, "is no time of day"),
        ({"day": "9999-12-31"}, "is too far away to be a time"),
    ],
)
def test_what_is_no_time_is_said_in_a_sentence(
    field: Target, carol: Person, wrong: dict[str, str], sentence: str
) -> None:
    Target.objects.filter(pk=field.pk).update(time_zone="Europe/Paris")
    typed = {"name": "", "day": "2026-06-06", "begin": "10:00", "end": "16:00", **wrong}
    assert sentence in said(carol.desk().post(reverse("plans", args=[field.pk]), typed), 400)
    assert not Plan.objects.exists()


def test_who_and_where_are_chosen_and_nobody_else_is_asked(
    field: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    plan, desk = asked(field, carol, clock.now), carol.desk()
    CandidateSlot.objects.filter(title="one").update(priority=90)
    assert "4 places wait for somebody." in said(desk.get(page(plan)))
    choice = {"what": "choose", "people": [alice.user.pk], "least_priority": "60"}
    assert desk.post(page(plan), choice).status_code == 302
    assert "1 place waits for somebody." in said(desk.get(page(plan)))
    run = answered(Plan.objects.get(), carol, clock.now)
    assert [one["key"] for one in run.inputs["volunteers"]] == [str(alice.user.pk)]
    assert [one["key"] for one in run.inputs["requests"]] == [str(slot("one").pk)]
    everybody = {"what": "choose", "people": [alice.user.pk, bob.user.pk], "least_priority": ""}
    desk.post(page(plan), everybody)
    assert limits.of(Plan.objects.get().rules) == limits.Limits()


@pytest.mark.parametrize(
    "wrong",
    [{"people": ["nobody"]}, {"least_priority": "101"}, {"batch": "x"}, {"batch": str(UUID(int=1))}],
)  # fmt: skip
def test_a_choice_that_cannot_be_changes_nothing(
    field: Target, carol: Person, clock: Clock, wrong: dict[str, Any]
) -> None:
    plan = asked(field, carol, clock.now)
    assert carol.desk().post(page(plan), {"what": "choose", "everybody": "on", **wrong}).status_code == 400
    assert Plan.objects.get().rules == plan.rules


def test_what_is_known_of_somebody_is_saved_at_once(field: Target, alice: Person, carol: Person, clock: Clock) -> None:
    Target.objects.filter(pk=field.pk).update(time_zone="Europe/Paris")
    plan, desk = asked(Target.objects.get(), carol, clock.now), carol.desk()
    path = reverse("plan-person", args=[field.pk, plan.pk, alice.user.pk])
    typed = {
        "kind": ["there", "away", "there"], "from": ["2026-06-01T10:00", "2026-06-01T12:00", ""],
        "until": ["2026-06-01T16:00", "2026-06-01T13:00", ""], "latitude": "38.9", "longitude": "-77", "capacity": "5",
        "most_km": "12.5", "skills": "Permit; ladder",
    }  # fmt: skip
    assert desk.post(path, typed).status_code == 302
    member = Membership.objects.get(user=alice.user)
    assert (member.capacity, member.most_walking_m, member.skills) == (5, 12_500, ["permit", "ladder"])
    times = [(one.kind, f"{one.from_at:%H:%M}") for one in member.availabilities.order_by("from_at")]
    assert times == [("there", "08:00"), ("away", "10:00")]
    shown = said(desk.get(path))
    assert 'value="2026-06-01T10:00"' in shown
    assert 'value="permit; ladder"' in shown
    gap = {**typed, "from": ["2026-03-29T02:30", "", ""], "until": ["2026-03-29T05:00", "", ""]}
    assert "the clocks go forward then" in said(desk.post(path, gap), 400)
    half = {**typed, "longitude": ""}
    assert "Write both, or neither." in said(desk.post(path, half), 400)
    assert Membership.objects.get(user=alice.user).availabilities.count() == 2


# --- working it out ---------------------------------------------------------------------------------------------------


def test_the_work_is_shown_stopped_and_leads_to_the_answer(field: Target, carol: Person, clock: Clock) -> None:
    plan, desk = asked(field, carol, clock.now), carol.desk()
    started = desk.post(page(plan), {"what": "compute"})
    job = Job.objects.get()
    assert started["Location"] == f"{page(plan)}?job={job.pk}"
    assert "Waiting for its turn" in said(desk.get(started["Location"]))
    assert "being worked out" in said(desk.get(reverse("plans", args=[field.pk])))
    part = reverse("plan-work", args=[field.pk, plan.pk])
    fragment = desk.get(part, headers={"HX-Request": "true"})
    assert "HX-Redirect" not in fragment
    assert "It was stopped." in said(desk.post(part, headers={"HX-Request": "true"}))
    job = Job.objects.get(pk=Job.objects.get().pk)
    assert job.state == "cancelled"
    clock.forward(seconds=1)
    again = desk.post(page(plan), {"what": "compute"})
    done(Job.objects.get(state="waiting").pk, clock.now)
    run = PlanRun.objects.get()
    assert desk.get(part, headers={"HX-Request": "true"})["HX-Redirect"] == page(run)
    assert desk.get(again["Location"])["Location"] == page(run)


@pytest.mark.parametrize("where", ["plan", "answer"])
def test_work_that_ends_while_the_page_is_made_is_asked_for_again(
    field: Target, carol: Person, clock: Clock, run: PlanRun, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page said neither that it goes on nor where it has led: it stood still for ever."""
    clock.forward(seconds=1)
    job, desk = plans.compute(plan_id=run.plan_id, by=carol.user, now=clock.now), carol.desk()
    module = {"plan": plan_pages, "answer": plan_answers}[where]
    came_of = module.came_of

    def ends_after(*given: Any) -> Any:
        there = came_of(*given)
        done(job.pk, clock.now)
        return there

    monkeypatch.setattr(module, "came_of", ends_after)
    shown = said(desk.get(f"{page({'plan': run.plan, 'answer': run}[where])}?job={job.pk}"))
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE
    assert reverse("plan-work", args=[field.pk, run.plan_id]) in shown


def test_work_that_failed_says_why(field: Target, bob: Person, carol: Person, clock: Clock) -> None:
    says(bob, field, clock.now, capacity=0)
    plan, desk = (
        asked(field, carol, clock.now, algorithms=["backtracking"], rules=[{"rule": "most_slots", "most": 1}]),
        carol.desk(),
    )
    desk.post(page(plan), {"what": "compute"})
    done(Job.objects.get().pk, clock.now)
    assert "No plan was found" in said(desk.get(page(plan)))


# --- the answer -------------------------------------------------------------------------------------------------------


def test_the_answer_names_everybody_and_what_nobody_does(run: PlanRun, carol: Person) -> None:
    shown = said(carol.desk().get(page(run)))
    assert "3 of 4 places have somebody. 2 volunteers, 09:00 to 17:00." in shown
    assert shown.index("2 of 2") < shown.index("1 of 1")
    assert "Nobody has what it takes: permit." in shown
    assert "Every rule checked" in shown
    assert "Offer 3 places" in shown


def test_why_nobody_and_what_would_help(run: PlanRun, carol: Person) -> None:
    desk = carol.desk()
    shown = said(desk.get(page(run), {"slot": slot("four").pk}, headers={"HX-Request": "true"}))
    assert "<html" not in shown
    assert "Why nobody for four?" in shown
    assert "Alice: no permit" in shown
    assert "Full, 2 of 2" in shown
    assert "Bob: no permit" in shown
    assert "Alice takes 3; Alice has: permit" in shown
    assert "Bob takes 2; Bob has: permit" in shown
    # Whoever opens the same address by itself has a whole page.
    assert "<html" in said(desk.get(page(run), {"slot": slot("four").pk}))


def test_every_reason_has_its_words(
    field: Target, alice: Person, bob: Person, carol: Person, zoe: Person, clock: Clock
) -> None:
    """Said no, is away, would walk too far, is kept from it, is too far off."""
    zoe.joins(field, "volunteer")
    there = {"latitude": 38.8951, "longitude": -77.3}
    says(zoe, field, clock.now, capacity=9, start=there, most_walking_m=3000)
    dan = Person("dan").joins(field, "volunteer")
    says(dan, field, clock.now, for_hours(clock.now, -1, "there")._replace(
        from_at=clock.now - timedelta(hours=3), until_at=clock.now - timedelta(hours=1)))  # fmt: skip
    CandidateSlot.objects.filter(title="four").update(skills=[])
    assert alice.post(f"targets/{field.pk}/request-slot/", {}).status_code == 200
    held = Assignment.objects.get()
    assert alice.post(f"assignments/{held.pk}/decline/", {"reason": "no_access", "note": "locked"}).status_code == 200
    plan = asked(field, carol, clock.now, rules=[{"rule": "distance", "most_m": 5000}])
    plans.keep_apart(plan_id=plan.pk, slot_id=held.slot_id, volunteer_id=bob.user.pk, by=carol.user, now=clock.now)
    run = answered(plan, carol, clock.now)
    desk = carol.desk()
    shown = said(desk.get(page(run), {"slot": held.slot_id}))
    assert "Alice: said no on 1 June" in shown
    assert "no way to get there: “locked”" in shown
    assert "Bob: never, by hand" in shown
    assert "Dan: has no time that day" in shown
    assert "Zoe: too far" in shown
    assert "Would walk too far" in shown
    assert said(desk.get(page(run), {"slot": held.slot_id, "volunteer": bob.user.pk})).count("kept from it by hand")


def test_a_person_s_way_is_a_list_with_times(run: PlanRun, alice: Person, carol: Person) -> None:
    desk = carol.desk()
    shown = said(desk.get(page(run), {"volunteer": alice.user.pk}))
    assert "2 places, about" in shown
    assert shown.index(">A1<") < shown.index(">A2<")
    assert desk.get(page(run), {"volunteer": carol.user.pk}).status_code == 404
    assert desk.get(page(run), {"volunteer": "x"}).status_code == 404
    ways = said(desk.get(reverse("plan-ways", args=[run.plan.target_id, run.plan_id, run.pk])))
    assert ways.count('plan-way"') == 2
    csv = desk.get(reverse("plan-file", args=[run.plan.target_id, run.plan_id, run.pk, "csv"]))
    lines = b"".join(csv).decode("utf-8-sig").splitlines()
    assert len(lines) == 4
    assert "A1" in lines[1]
    gpx = desk.get(reverse("plan-file", args=[run.plan.target_id, run.plan_id, run.pk, "gpx"]))
    assert b"".join(gpx).count(b"<wpt") == 3
    assert desk.get(reverse("plan-file", args=[run.plan.target_id, run.plan_id, run.pk, "exe"])).status_code == 404


# --- offering ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_offered_and_taken_back(run: PlanRun, carol: Person) -> None:
    desk = carol.desk()
    shown = said(desk.post(page(run), {"what": "accept"}, follow=True))
    assert "3 places are offered, and all were told." in shown
    assert "Take it back" in shown
    shown = said(desk.post(page(run.plan), {"what": "withdraw"}, follow=True))
    assert "Taken back: 3 places." in shown
    assert "Nothing is left of this plan" in shown
    assert not Assignment.objects.filter(state="planned").exists()


def test_what_changed_meanwhile_is_said_and_the_rest_is_offered(run: PlanRun, carol: Person, clock: Clock) -> None:
    desk = carol.desk()
    CandidateSlot.objects.filter(title="one").update(state="withdrawn")
    shown = said(desk.post(page(run), {"what": "accept"}), 409)
    assert "one," in shown
    assert "The place does not wait for anybody any more." in shown
    assert not Assignment.objects.exists()
    shown = said(desk.post(page(run), {"what": "accept", "rest": "on"}, follow=True))
    assert "2 places are offered, and all were told. 1 is left out: it had changed." in shown


def test_a_plan_that_is_over_is_changed_no_more(run: PlanRun, bob: Person, carol: Person, clock: Clock) -> None:
    desk = carol.desk()
    accepting.accept(run_id=run.pk, by=carol.user, now=clock.now)
    assert "was accepted already" in said(desk.post(page(run.plan), pair("four", bob, "pin")), 409)
    assert "was accepted already" in said(desk.post(page(run.plan), {"what": "compute"}), 409)
    assert desk.post(page(run.plan), {"what": "nonsense"}).status_code == 404
    assert desk.post(page(run), {"what": "nonsense"}).status_code == 404
    other = asked(run.plan.target, carol, clock.now)
    desk.post(page(other), {"what": "discard"})
    assert "This plan was put away." in said(desk.get(page(other)))
    late = answered(asked(run.plan.target, carol, clock.now), carol, clock.now)
    clock.forward(hours=9)
    assert "The time of this plan has gone by." in said(desk.get(page(late)))


def test_the_pages_of_another_target_are_not_there(run: PlanRun, rita: Person, zoe: Person) -> None:
    other = Target.objects.create(name="Memorials")
    zoe.joins(other, "coordinator")
    desk = zoe.desk()
    for path in (page(run), page(run.plan)):
        assert desk.get(path).status_code == 404
        assert desk.get(path.replace(str(run.plan.target_id), str(other.pk))).status_code == 404
        assert rita.desk().get(path).status_code == 404
