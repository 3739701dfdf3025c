"""Planning ahead over HTTP: what people say of themselves, plans, answers, why, pins, accepting and taking back."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from planning_ahead import answered, asked, done, says
from rest_framework.serializers import ListSerializer, Serializer
from stories import Clock, Person, at, slots_in

from capturegraph.api import serializers
from capturegraph.models import Assignment, CandidateSlot, Event, Membership, Plan, PlanRun, Target
from scheduling import assign

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

NINE, NOON, ONE, FIVE = (f"2026-06-01T{hour}:00:00Z" for hour in ("09", "12", "13", "17"))
NOTHING = {"times": [], "start": None, "capacity": None, "most_walking_m": None}


@pytest.fixture
def field(stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock) -> Target:
    """Two volunteers at two ends, four places between them, and a roof that nobody can climb."""
    slots_in(stones, oak=0, elm=100, ash=2000, fir=2100, roof=1000)
    stones.slots.filter(title="roof").update(skills=["climbing"])
    says(alice, stones, clock.now, start=at(-100))
    says(bob, stones, clock.now, start=at(2200))
    Target.objects.update(planning_rules=[{"rule": "nearness", "half_m": 500}])
    stones.refresh_from_db()
    return stones


@pytest.fixture
def run(field: Target, carol: Person, clock: Clock) -> PlanRun:
    return answered(asked(field, carol, clock.now), carol, clock.now)


def told(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return answer.json()


def as_described(value: Any, serializer: Any) -> None:
    """Assert that an answer has the fields that the schema says, all the way down."""
    if isinstance(serializer, ListSerializer):
        for one in value:
            as_described(one, serializer.child)
    elif isinstance(serializer, Serializer) and value is not None:
        assert sorted(value) == sorted(serializer.fields), serializer
        for name, inner in serializer.fields.items():
            as_described(value[name], inner)


def slot(name: str) -> CandidateSlot:
    return CandidateSlot.objects.get(title=name)


def routes(answer: dict[str, Any]) -> dict[str, list[str]]:
    return {route["name"]: [stop["title"] for stop in route["stops"]] for route in answer["routes"]}


# --- what people say of themselves ------------------------------------------------------------------------------------


def test_a_volunteer_says_when_they_have_time_and_what_they_can_carry(stones: Target, alice: Person) -> None:
    address = f"me/targets/{stones.pk}/availability/"
    nothing = told(alice.get(address))
    as_described(nothing, serializers.AvailabilityOut())
    assert {name: nothing[name] for name in NOTHING} == NOTHING
    said = {
        "times": [
            {"kind": "there", "from_at": NINE, "until_at": FIVE}, {"kind": "away", "from_at": NOON, "until_at": ONE},
        ],
        "start": at(0), "capacity": 8, "most_walking_m": 5000.0,
    }  # fmt: skip
    for _time in range(2):
        now = told(alice.put(address, said))
        assert {name: now[name] for name in said} == said
    assert told(alice.get(address)) == now
    cleared = told(alice.put(address, NOTHING))
    assert {name: cleared[name] for name in NOTHING} == NOTHING
    assert Event.objects.filter(noun="user", actor=alice.user, target_id=stones.pk).count() == 4


def test_skills_and_who_is_new_are_the_coordinators_to_say(stones: Target, alice: Person, carol: Person) -> None:
    mine, theirs = f"me/targets/{stones.pk}/availability/", f"targets/{stones.pk}/members/{alice.user.pk}/availability/"
    refused = alice.put(mine, {**NOTHING, "skills": ["drone"]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "skills")
    said = told(carol.put(theirs, {**NOTHING, "skills": ["Drone", "ladder", "drone"], "newcomer": True}))
    assert (said["skills"], said["newcomer"]) == (["drone", "ladder"], True)
    # What alice says of herself later leaves it alone.
    later = told(alice.put(mine, {**NOTHING, "capacity": 3}))
    assert (later["skills"], later["newcomer"], later["capacity"]) == (["drone", "ladder"], True, 3)
    assert told(carol.get(theirs)) == later


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"times": [{"kind": "there", "from_at": NINE, "until_at": NINE}]}, "times.0.until_at"),
        ({"times": [{"kind": "asleep", "from_at": NINE, "until_at": FIVE}]}, "times.0.kind"),
        ({"times": [{"kind": "there", "from_at": "nine", "until_at": FIVE}]}, "times.0.from_at"),
        # In Tokyo, or in New York, these are in a year that no calendar has.
        ({"times": [{"kind": "there", "from_at": NINE, "until_at": "9999-12-31T23:59:59Z"}]}, "times.0.until_at"),
        ({"times": [{"kind": "away", "from_at": "0001-01-01T00:00:00Z", "until_at": FIVE}]}, "times.0.from_at"),
        ({"start": {"latitude": 91, "longitude": 0}}, "start.latitude"),
        ({"start": {"latitude": 9}}, "start.longitude"),
        ({"capacity": -1}, "capacity"),
        ({"most_walking_m": 0}, "most_walking_m"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_of_it_is_kept(
    stones: Target, alice: Person, wrong: dict[str, Any], field: str
) -> None:
    address = f"me/targets/{stones.pk}/availability/"
    good = {**NOTHING, "times": [{"kind": "there", "from_at": NINE, "until_at": FIVE}], "capacity": 5}
    answer = alice.put(address, {**good, **wrong})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    kept = told(alice.get(address))
    assert (kept["times"], kept["capacity"]) == ([], None)


def test_of_somebody_who_was_removed_nothing_is_said(
    stones: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    Membership.objects.filter(user=alice.user).update(removed_at=clock.now)
    assert alice.get(f"me/targets/{stones.pk}/availability/").status_code == 404
    assert carol.get(f"targets/{stones.pk}/members/{alice.user.pk}/availability/").status_code == 404


# --- what there is to choose from -------------------------------------------------------------------------------------


def test_every_rule_and_algorithm_says_what_a_form_has_to_ask(alice: Person) -> None:
    rules = told(alice.get("planning/rules/"))
    as_described(rules, serializers.RulesOut())
    by_name = {one["name"]: one for one in rules["results"]}
    assert set(by_name) == set(assign.RULES)
    assert by_name["most_slots"] == {
        "name": "most_slots", "label": "Has not enough already", "hard": True,
        "parameters": [{"name": "most", "label": "At most", "unit": "slots", "default": 12.0, "required": True}],
    }  # fmt: skip
    assert (by_name["nearness"]["hard"], by_name["skills"]["parameters"]) == (False, [])
    algorithms = told(alice.get("planning/algorithms/"))
    as_described(algorithms, serializers.AlgorithmsOut())
    assert {one["name"] for one in algorithms["results"]} == set(assign.ALGORITHMS)
    assert all(one["description"] and one["available"] for one in algorithms["results"])


# --- plans ------------------------------------------------------------------------------------------------------------


def test_a_plan_sent_twice_is_made_once_and_begins_with_the_rules_of_the_target(field: Target, carol: Person) -> None:
    body = {"name": "Monday", "from_at": NINE, "until_at": FIVE, "operation_id": str(uuid4())}
    first, second = (carol.post(f"targets/{field.pk}/plans/", body) for _time in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    as_described(first.json(), serializers.PlanOut())
    assert first.json()["rules"] == [{"rule": "nearness", "half_m": 500}]
    assert [one["name"] for one in told(carol.get(f"targets/{field.pk}/plans/"))["results"]] == ["Monday"]
    own = {**body, "operation_id": str(uuid4()), "rules": [], "algorithms": ["or_tools"]}
    made = told(carol.post(f"targets/{field.pk}/plans/", own), 201)
    assert (made["rules"], made["algorithms"]) == ([], ["or_tools"])


def test_a_draft_is_changed_and_discarded_and_then_it_is_over(field: Target, carol: Person, clock: Clock) -> None:
    plan = asked(field, carol, clock.now)
    changed = told(carol.patch(f"plans/{plan.pk}/", {"name": "Early", "rules": [{"rule": "most_slots", "most": 1}]}))
    assert (changed["name"], changed["rules"]) == ("Early", [{"rule": "most_slots", "most": 1}])
    wrong = carol.patch(f"plans/{plan.pk}/", {"rules": [{"rule": "most_slots", "most": 1}, {"rule": "luck"}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "rules.1.rule")
    before = carol.patch(f"plans/{plan.pk}/", {"until_at": "2026-06-01T08:00:00Z"})
    assert (before.status_code, before.json()["errors"][0]["field"]) == (400, "until_at")
    # In Tokyo that is a day which no calendar has.
    far = carol.patch(f"plans/{plan.pk}/", {"until_at": "9999-12-31T23:00:00Z"})
    assert (far.status_code, far.json()["errors"][0]["field"]) == (400, "until_at")
    for _time in range(2):
        assert told(carol.phone.delete(f"/api/v1/plans/{plan.pk}/"))["state"] == "discarded"
    late = carol.patch(f"plans/{plan.pk}/", {"name": "Late"})
    assert (late.status_code, late.json()["present"]["state"]) == (409, "discarded")
    assert carol.post(f"plans/{plan.pk}/runs/").status_code == 409


def test_a_list_of_plans_costs_the_same_however_long(
    field: Target, carol: Person, alice: Person, clock: Clock, run: PlanRun
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            told(carol.get(f"targets/{field.pk}/plans/"))
        return len(queries)

    one = cost()
    for name in ("oak", "elm", "ash"):
        plan = asked(field, carol, clock.now)
        told(carol.put(f"plans/{plan.pk}/pins/{slot(name).pk}/{alice.user.pk}/", {}))
        answered(plan, carol, clock.now)
    assert cost() == one


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_worked_out_by_a_job_that_names_it(field: Target, carol: Person, clock: Clock) -> None:
    plan, body = asked(field, carol, clock.now), {"operation_id": str(uuid4())}
    first, second = (carol.post(f"plans/{plan.pk}/runs/", body) for _time in range(2))
    assert (first.status_code, second.status_code, first.json()["id"]) == (202, 202, second.json()["id"])
    assert first["Location"] == f"/api/v1/jobs/{first.json()['id']}/"
    job = done(first.json()["id"], clock.now)
    run = told(carol.get(f"plan-runs/{job.result['run']}/"))
    as_described(run, serializers.RunOut())
    assert (run["number"], run["algorithm"], run["accepted"]) == (1, "load_balancing", False)
    assert routes(run) == {"Alice": ["oak", "elm"], "Bob": ["fir", "ash"]}
    alice = run["routes"][0]
    assert (alice["load"], round(alice["walking_m"]), [round(stop["metres"]) for stop in alice["stops"]]) == (
        2, 200, [100, 100],
    )  # fmt: skip
    assert (alice["start_latitude"], alice["start_longitude"]) == (at(-100)["latitude"], at(-100)["longitude"])
    assert alice["stops"][0]["latitude"] == slot("oak").latitude
    (left,) = run["unfilled"]
    assert (left["title"], left["cause"], left["sentence"]) == ("roof", "no_candidates", "Nobody may do it.")
    assert left["by_rule"] == [{"rule": "skills", "label": "Has the skills and the role", "number": 2}]
    assert run["prunes"] == left["by_rule"]
    assert {"rule": "skills"} in run["rules"], "what always holds is said, too"
    assert (run["metrics"]["filled"], run["metrics"]["asked"], run["metrics"]["idle"]) == (4, 5, 0)
    listed = told(carol.get(f"plans/{plan.pk}/runs/"))["results"]
    as_described(listed[0], serializers.ListedRunOut())
    assert [one["id"] for one in listed] == [run["id"]]
    assert told(carol.get(f"plans/{plan.pk}/"))["last_run"] == {"id": run["id"], "number": 1}


def test_a_volunteer_without_stops_is_there_too(field: Target, carol: Person, bob: Person, clock: Clock) -> None:
    says(bob, field, clock.now, capacity=0)
    run = answered(asked(field, carol, clock.now), carol, clock.now)
    shown = told(carol.get(f"plan-runs/{run.pk}/"))
    assert routes(shown)["Bob"] == []
    assert len(routes(shown)["Alice"]) == 4


def test_people_and_places_are_called_what_they_are_called_by_now(run: PlanRun, carol: Person, alice: Person) -> None:
    alice.user.name = "Alicia"
    alice.user.save()
    CandidateSlot.objects.filter(title="oak").update(title="the old oak")
    assert routes(told(carol.get(f"plan-runs/{run.pk}/")))["Alicia"] == ["the old oak", "elm"]


def test_the_routes_are_lines_that_begin_where_people_set_out(run: PlanRun, carol: Person) -> None:
    answer = carol.get(f"plan-runs/{run.pk}.geojson")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/geo+json")
    features = json.loads(b"".join(answer.streaming_content))["features"]
    kinds = [one["properties"]["kind"] for one in features]
    assert kinds == ["route", "stop", "stop", "route", "stop", "stop", "unfilled"]
    line = features[0]
    assert (line["geometry"]["type"], line["properties"]["name"]) == ("LineString", "Alice")
    places = [at(-100), at(0), at(100)]
    assert line["geometry"]["coordinates"] == [[one["longitude"], one["latitude"]] for one in places]
    assert [one["properties"]["title"] for one in features[1:3]] == ["oak", "elm"]
    assert features[-1]["properties"]["cause"] == "no_candidates"
    assert features[-1]["properties"]["by_rule"] == {"skills": 2}


def test_why_not_this_one(run: PlanRun, carol: Person, alice: Person, bob: Person) -> None:
    def why(name: str, who: Person) -> Any:
        told_ = told(carol.get(f"plan-runs/{run.pk}/why/", slot=str(slot(name).pk), volunteer=str(who.user.pk)))
        as_described(told_, serializers.WhyOut())
        return told_

    assert why("oak", alice)["standing"] == "assigned"
    roof = why("roof", alice)
    assert roof["standing"] == "ruled_out"
    (against,) = [one for one in roof["verdicts"] if not one["compatible"]]
    assert (against["rule"], against["label"]) == ("skills", "Has the skills and the role")
    other = why("oak", bob)
    assert (other["standing"], other["instead"]) == ("others_came_first", [str(alice.user.pk)])


@pytest.mark.parametrize(
    ("query", "status", "name"),
    [
        ({}, 400, "slot"),
        ({"slot": "oak", "volunteer": "alice"}, 400, "slot"),
        ({"slot": str(uuid4()), "volunteer": "x" * 40}, 400, "volunteer"),
        ({"slot": str(uuid4()), "volunteer": str(uuid4())}, 404, None),
    ],
)
def test_why_asks_for_somebody_and_some_place(
    run: PlanRun, carol: Person, query: dict[str, str], status: int, name: str | None
) -> None:
    answer = carol.get(f"plan-runs/{run.pk}/why/", **query)
    assert answer.status_code == status
    assert [error["field"] for error in answer.json().get("errors", [])] == ([name] if name else [])


# --- pins -------------------------------------------------------------------------------------------------------------


def test_a_pin_holds_in_every_answer_until_it_is_taken_back(
    field: Target, carol: Person, alice: Person, clock: Clock
) -> None:
    plan = asked(field, carol, clock.now)
    address = f"plans/{plan.pk}/pins/{slot('roof').pk}/{alice.user.pk}/"
    for _time in range(2):
        (pin,) = told(carol.put(address, {}))["pins"]
        assert (pin["title"], pin["name"]) == ("roof", "Alice")
    run = told(carol.get(f"plan-runs/{answered(plan, carol, clock.now).pk}/"))
    assert "roof" in routes(run)["Alice"], "whatever the rules say"
    pinned = [stop["title"] for route in run["routes"] for stop in route["stops"] if stop["pinned"]]
    assert (pinned, run["unfilled"]) == (["roof"], [])
    for _time in range(2):
        assert told(carol.phone.delete(f"/api/v1/{address}"))["pins"] == []
    assert "roof" not in routes(told(carol.get(f"plan-runs/{answered(plan, carol, clock.now).pk}/")))["Alice"]


def test_a_pin_that_cannot_be_kept_says_why(field: Target, carol: Person, alice: Person, clock: Clock) -> None:
    plan = asked(field, carol, clock.now)
    told(carol.put(f"plans/{plan.pk}/pins/{slot('oak').pk}/{alice.user.pk}/", {}))
    CandidateSlot.objects.filter(title="oak").update(state="withdrawn")
    run = told(carol.get(f"plan-runs/{answered(plan, carol, clock.now).pk}/"))
    (left_out,) = run["left_out_pins"]
    as_described(left_out, serializers.RunOut().fields["left_out_pins"].child)
    assert (left_out["title"], left_out["name"], left_out["code"]) == ("oak", "Alice", "slot_gone")


def test_nobody_and_nothing_of_elsewhere_is_pinned(field: Target, carol: Person, alice: Person, clock: Clock) -> None:
    plan = asked(field, carol, clock.now)
    elsewhere = Target.objects.create(name="Elsewhere")
    (well,) = slots_in(elsewhere, well=0)
    for slot_id, who, name in ((slot("oak").pk, uuid4(), "volunteer"), (well.pk, alice.user.pk, "slot")):
        answer = carol.put(f"plans/{plan.pk}/pins/{slot_id}/{who}/", {})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, name)


# --- accepting --------------------------------------------------------------------------------------------------------


def test_an_answer_is_accepted_once_and_taken_back(run: PlanRun, carol: Person, alice: Person) -> None:
    for _time in range(2):
        accepted = told(carol.post(f"plan-runs/{run.pk}/accept/"))
        as_described(accepted, serializers.AcceptedOut())
        assert (accepted["state"], accepted["planned"], accepted["changed"]) == ("accepted", 4, [])
        assert accepted["accepted_run"] == str(run.pk)
    assert Assignment.objects.filter(state="planned").count() == 4
    assert told(carol.get(f"plan-runs/{run.pk}/"))["accepted"]
    refused = carol.phone.delete(f"/api/v1/plans/{run.plan_id}/")
    assert (refused.status_code, refused.json()["present"]["state"]) == (409, "accepted")
    assert [told(carol.post(f"plans/{run.plan_id}/withdraw/"))["withdrawn"] for _time in range(2)] == [4, 0]
    assert not Assignment.objects.filter(state="planned").exists()


def test_what_changed_meanwhile_is_said_or_left_out(run: PlanRun, carol: Person, alice: Person) -> None:
    CandidateSlot.objects.filter(title="elm").update(state="withdrawn")
    refused = carol.post(f"plan-runs/{run.pk}/accept/")
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_changed")
    (changed,) = refused.json()["present"]["changed"]
    as_described(changed, serializers.AcceptedOut().fields["changed"].child)
    assert (changed["slot"], changed["volunteer"]) == (str(slot("elm").pk), str(alice.user.pk))
    assert not Assignment.objects.filter(state="planned").exists()
    accepted = told(carol.post(f"plan-runs/{run.pk}/accept/", {"leave_out_changed": True}))
    assert (accepted["planned"], accepted["changed"]) == (3, [changed])


def test_the_plans_of_another_target_are_not_there(run: PlanRun, zoe: Person, clock: Clock) -> None:
    zoe.joins(Target.objects.create(name="Memorials"), "coordinator")
    for method, address in (
        ("get", f"plans/{run.plan_id}/"), ("get", f"plan-runs/{run.pk}/"), ("post", f"plan-runs/{run.pk}/accept/"),
        ("patch", f"plans/{run.plan_id}/"), ("get", f"plans/{uuid4()}/"), ("get", f"plan-runs/{uuid4()}/"),
    ):  # fmt: skip
        answer = zoe.get(address) if method == "get" else getattr(zoe, method)(address, {})
        assert answer.status_code == 404, address
    assert Plan.objects.get().state == "draft"
