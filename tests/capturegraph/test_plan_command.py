"""`manage.py plan`: made, worked out, printed and accepted at the terminal, or one sentence that says why not."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connections
from planning_ahead import for_hours, says
from stories import Clock, Person, at, slots_in

from capturegraph.management.commands.plan import Command
from capturegraph.models import Assignment, Event, Plan, PlanRun, Target

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

MORNING = ("--from", "2026-06-01 09:00", "--until", "2026-06-01 13:00")


def plan(*options: str, target: str = "Boundary stones") -> tuple[int, str, str]:
    """Run it, and give how it ended, what it printed and what it said on the side."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    try:
        Command(stdout=out, stderr=err).run_from_argv(["manage.py", "plan", target, *options])
    except SystemExit as ended:
        status = int(ended.code or 0)
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def field(stones: Target, alice: Person, bob: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Target:
    """Two volunteers at two ends, four places between them, and a roof that nobody can climb."""
    # A command ends with its process; here the test goes on with the connection.
    monkeypatch.setattr(connections, "close_all", lambda: None)
    slots_in(stones, oak=0, elm=100, ash=2000, fir=2100)
    slots_in(stones, roof=1000)
    stones.slots.filter(title="roof").update(skills=["climbing"])
    says(alice, stones, clock.now, start=at(-100))
    says(bob, stones, clock.now, start=at(2200))
    return stones


def test_a_table_the_figures_and_what_is_left_over_with_its_cause(field: Target) -> None:
    status, out, err = plan(*MORNING, "--rule", "nearness:half_m=500", "--rule", "most_slots:most=2")
    assert status == 0, err
    lines = out.splitlines()
    assert lines[0].split() == ["volunteer", "stops", "metres", "load"]
    assert [line.split() for line in lines[1:3]] == [["Alice", "2", "200", "2"], ["Bob", "2", "200", "2"]]
    assert "load_balancing filled 4 of 5 slots (80%): 400 m in all, largest load 2, nobody without any" in out
    assert "Not filled: roof. Nobody may do it. Refused: skills 2." in out
    run = PlanRun.objects.get()
    assert f"Nobody was sent yet: this is answer 1 to the plan {run.plan_id}." in out
    assert "Reading …" in err.splitlines()
    assert Plan.objects.get().state == "draft"
    assert not Assignment.objects.exists()


def test_accepted_at_the_terminal_nobody_is_named_as_having_done_it(field: Target) -> None:
    status, out, err = plan(*MORNING, "--accept", "--name", "Monday")
    assert (status, err.splitlines()[-1][-1]) == (0, "…")
    assert "Accepted: 4 stops are planned, and everybody was told." in out
    assert (Plan.objects.get().state, Plan.objects.get().name) == ("accepted", "Monday")
    assert Assignment.objects.filter(state="planned").count() == 4
    assert set(Event.objects.filter(noun="plan").values_list("verb", "actor")) == {
        ("created", None), ("answered", None), ("accepted", None),
    }  # fmt: skip


def test_json_is_all_of_it_and_nothing_else(field: Target) -> None:
    status, out, _err = plan(*MORNING, "--json", "--algorithm", "or_tools", "--algorithm", "load_balancing")
    said = json.loads(out)
    assert (status, said["algorithm"], said["planned"]) == (0, "or_tools", None)
    assert said["run"] == str(PlanRun.objects.get().pk)
    assert {stop["title"] for route in said["routes"] for stop in route["stops"]} == {"oak", "elm", "ash", "fir"}
    assert [(one["title"], one["cause"]) for one in said["unfilled"]] == [("roof", "no_candidates")]


def test_times_are_by_the_clocks_of_the_target(field: Target, clock: Clock) -> None:
    Target.objects.update(time_zone="America/New_York")
    assert plan("--from", "2026-06-01 09:00", "--until", "2026-06-02", target=str(field.pk))[0] == 0
    made = Plan.objects.get()
    assert made.from_at == clock.now + timedelta(hours=4)
    assert made.until_at - made.from_at == timedelta(hours=39), "a day means its end"


def test_the_target_says_by_which_rules_where_nobody_else_does(field: Target, clock: Clock, bob: Person) -> None:
    Target.objects.update(planning_rules=[{"rule": "most_slots", "most": 1}], planning_algorithms=["backtracking"])
    says(bob, field, clock.now, for_hours(clock.now, 48, "away"))
    status, out, err = plan(*MORNING, "--algorithm", "load_balancing")
    assert status == 0, err
    assert "load_balancing filled 1 of 5 slots" in out
    assert "Those who may do it have enough already. Refused: most_slots 1." in out
    assert Plan.objects.get().rules == [{"rule": "most_slots", "most": 1}]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "the following arguments are required: --from, --until"),
        (("--from", "soon", "--until", "2026-06-02"), "--from “soon” is not a time that can be read"),
        (("--from", "2026-06-02", "--until", ""), "--until is empty"),
        (("--from", "2026-06-02", "--until", "9999-12-31 12:00"), "--until “9999-12-31 12:00” is too far away"),
        (("--from", "2026-06-02", "--until", "2026-06-01"), "is not after"),
        ((*MORNING, "--rule", "most_slots:8"), "“most_slots:8” is no rule: write it like most_slots:most=8."),
        ((*MORNING, "--rule", "most_slots:most=many"), "is no rule: write it like"),
        ((*MORNING, "--rule", "luck"), "There is no rule called “luck”"),
        ((*MORNING, "--algorithm", "luck"), "There is no algorithm called “luck”"),
        (("--from", "2026-05-01", "--until", "2026-05-02"), "has gone by"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_status_2(field: Target, options: tuple[str, ...], said: str) -> None:
    status, out, err = plan(*options)
    assert (status, out) == (2, ""), err
    assert said in err
    assert len(err.splitlines()) == 1
    assert not PlanRun.objects.exists()


def test_which_target_is_meant_has_to_be_clear(field: Target) -> None:
    assert plan(*MORNING, target="Bridges")[2] == "There is no target “Bridges”.\n"
    Target.objects.create(name="boundary STONES")
    assert "Several targets are called" in plan(*MORNING)[2]
    assert plan(*MORNING, target="00000000-0000-0000-0000-000000000000")[0] == 2


def test_a_plan_that_no_algorithm_finds_says_so(field: Target) -> None:
    status, out, err = plan(*MORNING, "--algorithm", "backtracking", "--rule", "most_slots:most=1")
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith("No plan was found: ")


def test_it_is_a_command_of_manage(field: Target) -> None:
    out = io.StringIO()
    call_command("plan", str(field.pk), "--from", "2026-06-01 09:00", "--until", "2026-06-01 13:00", stdout=out,
                 stderr=io.StringIO())  # fmt: skip
    assert "filled 4 of 5" in out.getvalue()
