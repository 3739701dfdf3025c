"""The settings page: a look before photos are judged anew, nothing lost that somebody else changed, errors by field."""

from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from stories import Clock, Person, place, slots_in
from world import settings_shown

from capturegraph.models import CandidateSlot, Event, Job, Target
from capturegraph.services import work

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


def sends(who: Person, target: Target, shown: dict[str, Any] | None = None, **typed: Any) -> HttpResponse:
    """Send the form back, with these fields changed; None empties one or takes a tick away."""
    form = {**(shown or settings_shown(target)), "instructions": Target.objects.get(pk=target.pk).instructions, **typed}
    form = {name: value for name, value in form.items() if value is not None}
    return who.desk().post(f"/console/targets/{target.pk}/settings/", form)


def now_of(target: Target) -> Target:
    return Target.objects.get(pk=target.pk)


def test_words_are_saved_at_once_and_nothing_else_changes(carol: Person, stones: Target) -> None:
    before = {field.name: getattr(stones, field.name) for field in Target._meta.fields}
    assert sends(carol, stones, instructions="Near.\r\nFrom the path.", lease_min="45.5").status_code == 302
    after = {field.name: getattr(now_of(stones), field.name) for field in Target._meta.fields}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"instructions", "lease_s", "updated_at"}
    assert (after["instructions"], after["lease_s"]) == ("Near.\nFrom the path.", 2730)
    assert sends(carol, stones).status_code == 302
    assert Event.objects.filter(noun="target", verb="changed").count() == 1


def test_what_another_coordinator_changed_meanwhile_stays(carol: Person, zoe: Person, stones: Target) -> None:
    zoe.joins(stones, "coordinator")
    opened_before = settings_shown(stones)
    assert sends(zoe, stones, contact="Zoe, 020 7946 0001").status_code == 302
    assert sends(carol, stones, opened_before, run_by="The museum").status_code == 302
    target = now_of(stones)
    assert (target.contact, target.run_by) == ("Zoe, 020 7946 0001", "The museum")


def test_before_photos_are_judged_anew_one_sees_what_it_would_do(
    carol: Person, alice: Person, stones: Target, clock: Clock
) -> None:
    slots_in(stones, oak=0, elm=500)
    alice.shoots(stones, 30)
    look = sends(carol, stones, sigma_m="20")
    assert (look.status_code, look.context["would"]["slots"]) == (200, {"closed": 0, "reopened": 1})
    assert now_of(stones).sigma_m == 50
    # The look was at 20 m: at 10 m it is another look.
    seen = look.context["would"]["seen"]
    assert sends(carol, stones, sigma_m="10", seen=seen).status_code == 200
    assert now_of(stones).sigma_m == 50
    assert sends(carol, stones, sigma_m="20", seen=seen, reopen="on").status_code == 302
    job = Job.objects.get(kind="rejudge")
    page = carol.desk().get(f"/console/targets/{stones.pk}/settings/judging/").content.decode()
    assert 'data-state="waiting"' in page
    assert "every 2s" in page
    work.do(job_id=job.pk, clock=lambda: clock.now)
    assert CandidateSlot.objects.get(title="oak").state == "waiting"
    page = carol.desk().get(f"/console/targets/{stones.pk}/settings/judging/").content.decode()
    assert ('data-state="done"' in page, "every 2s" in page, "1 was opened again" in page) == (True, False, True)


def test_without_photos_there_is_nothing_to_look_at_first(carol: Person, stones: Target) -> None:
    assert sends(carol, stones, sigma_m="20", heading_sigma_deg=None).status_code == 302
    assert (now_of(stones).sigma_m, now_of(stones).heading_sigma_deg) == (20, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 201), ("sigma_m", "0"), ("sigma_m", "far"), ("sigma_m", "nan"),
        ("threshold", "-1"),
        ("time_zone", "Mars/Olympus"), ("tiles_url", "http://maps.example.org/x.pmtiles"), ("lease_min", "0"),
        ("hand_out", "random"), ("batch_size", "0"), ("declines_needed", "1e9"), ("heading_sigma_deg", "181"),
        ("algorithm_0", "luck"), ("contact", "a\0b"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field(carol: Person, stones: Target, field: str, value: str) -> None:
    answer = sends(carol, stones, **{field: value, "run_by": "The museum"})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    # What was typed elsewhere is still there, and nothing was saved.
    assert 'value="The museum"' in answer.content.decode()
    assert now_of(stones).run_by == ""


def test_a_number_that_a_rule_cannot_take_is_said_beside_the_rule(carol: Person, stones: Target) -> None:
    answer = sends(carol, stones, rule_skills="on", rule_most_slots="on", rule_most_slots_most="-1")
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == ["rule_most_slots"]
    assert sends(carol, stones, rule_skills="on", rule_most_slots="on", rule_most_slots_most="8").status_code == 302
    rules = {one["rule"]: one for one in now_of(stones).planning_rules}
    assert (rules["most_slots"]["most"], "skills" in rules) == (8, True)


def test_what_this_release_does_not_know_is_kept(carol: Person, stones: Target) -> None:
    later = [{"rule": "by_bicycle", "km": 12}]
    Target.objects.filter(pk=stones.pk).update(planning_rules=later, planning_algorithms=["by_annealing"])
    stones.refresh_from_db()
    page = carol.desk().get(f"/console/targets/{stones.pk}/settings/").content.decode()
    assert ("by_bicycle" in page, "by_annealing" in page) == (True, True)
    assert sends(carol, stones, run_by="The museum").status_code == 302
    target = now_of(stones)
    assert (target.planning_rules, target.planning_algorithms, target.run_by) == (later, ["by_annealing"], "The museum")
    # Changed together with it, it is refused by name rather than dropped.
    assert sends(carol, stones, rule_skills="on").status_code == 400
    assert now_of(stones).planning_rules == later


def test_a_reviewer_changes_no_settings(rita: Person, stones: Target) -> None:
    assert sends(rita, stones, instructions="Mine.").status_code == 404
    assert now_of(stones).instructions == ""


# --- another target like this one -------------------------------------------------------------------------------------


@pytest.fixture
def founder(carol: Person) -> Person:
    """Carol, who may also make targets."""
    carol.user.may_create_targets = True
    carol.user.save()
    return carol


def test_a_copy_has_the_settings_and_the_places_but_nobody(founder: Person, alice: Person, stones: Target) -> None:
    slots_in(stones, oak=0, elm=500, ash=900)
    CandidateSlot.objects.filter(title="ash").update(state="withdrawn")
    CandidateSlot.objects.filter(title="elm").update(heading=90, skills=["drone"], required_count=3, priority=80)
    alice.shoots(stones, 0)
    founder.patch(
        f"targets/{stones.pk}/", {"sigma_m": 20, "instructions": "Near.", "state": "closed", "kept_for": "a year"}
    )
    body = {"name": "Boundary stones 2027", "places": True, "operation_id": str(uuid4())}
    first, again = (founder.post(f"targets/{stones.pk}/copy/", body) for _time in range(2))
    assert (first.status_code, again.status_code, first.json()["id"]) == (201, 200, again.json()["id"])
    copy = Target.objects.get(pk=first.json()["id"])
    assert (copy.name, copy.sigma_m, copy.instructions, copy.state) == ("Boundary stones 2027", 20, "Near.", "open")
    assert (copy.hand_out, copy.kept_for) == ("queue", "a year")
    assert [str(one.user) for one in copy.memberships.all()] == ["Carol"]
    assert copy.captures.count() == 0
    places = {slot.title: slot for slot in copy.slots.all()}
    assert set(places) == {"oak", "elm"}
    assert {slot.state for slot in places.values()} == {"waiting"}
    elm = places["elm"]
    assert (elm.heading, elm.skills, elm.required_count, elm.seats_left, elm.priority) == (90, ["drone"], 3, 3, 80)
    assert CandidateSlot.objects.filter(target=stones).count() == 3


def test_a_copy_without_places_has_none(founder: Person, stones: Target) -> None:
    slots_in(stones, oak=0)
    answer = founder.desk().post(f"/console/targets/{stones.pk}/copy/", {"name": "Empty", "operation_id": str(uuid4())})
    assert answer.status_code == 302
    assert Target.objects.get(name="Empty").slots.count() == 0


def test_who_may_make_no_target_makes_no_copy(carol: Person, stones: Target) -> None:
    assert carol.post(f"targets/{stones.pk}/copy/", {"name": "Mine"}).status_code == 403
    assert carol.desk().post(f"/console/targets/{stones.pk}/copy/", {"name": "Mine"}).status_code == 400
    assert Target.objects.count() == 1


def test_many_places_are_copied_by_a_job_all_or_none(
    founder: Person, stones: Target, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots_in(stones, oak=0, elm=500, ash=900)
    monkeypatch.setattr("capturegraph.services.copying.LARGE", 2)
    Target.objects.filter(pk=stones.pk).update(batch_size=2)
    body = {"name": "Many", "places": True, "operation_id": str(uuid4())}
    answers = [founder.post(f"targets/{stones.pk}/copy/", body).json() for _time in range(2)]
    assert answers[0]["job"] == answers[1]["job"]
    assert Job.objects.count() == 1
    job = Job.objects.get()
    work.do(job_id=job.pk, clock=lambda: clock.now)
    # A worker that comes after a dead one copies nothing twice.
    Job.objects.update(state="waiting", ended_at=None, lease_until=None)
    work.do(job_id=job.pk, clock=lambda: clock.now)
    job.refresh_from_db()
    assert job.state == "done"
    assert sorted(Target.objects.get(name="Many").slots.values_list("title", "state")) == [
        ("ash", "pool"),
        ("elm", "pool"),
        ("oak", "pool"),
    ]


def test_places_that_were_brought_in_meanwhile_keep_none_of_the_copied_ones_away(
    founder: Person, stones: Target, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots_in(stones, oak=0, elm=500, ash=900)
    monkeypatch.setattr("capturegraph.services.copying.LARGE", 2)
    body = {"name": "Many", "places": True, "operation_id": str(uuid4())}
    copy = Target.objects.get(pk=founder.post(f"targets/{stones.pk}/copy/", body).json()["id"])
    # The target is open at once.
    slots_in(copy, elm=40, fir=1300)
    job = Job.objects.get()
    for _time in range(2):
        Job.objects.update(state="waiting", ended_at=None, lease_until=None)
        work.do(job_id=job.pk, clock=lambda: clock.now)
        job.refresh_from_db()
        assert (job.state, job.result) == ("done", {"places": 2, "left_out": 1})
    assert list(copy.slots.order_by("rank").values_list("title", flat=True)) == ["elm", "fir", "oak", "ash"]
    (elm,) = copy.slots.filter(title="elm")
    assert elm.longitude == place(40)[1]


# --- the first minutes ------------------------------------------------------------------------------------------------


def steps(who: Person, target: Target) -> list[tuple[str, bool]]:
    context = who.desk().get(f"/console/targets/{target.pk}/people/").context
    return [(one.name, one.done) for one in context["place"].first_steps]


def test_the_first_steps_go_away_by_themselves(carol: Person, founder: Person, clock: Clock) -> None:
    desk = founder.desk()
    made = desk.post("/console/new/", {"name": "Bridges", "time_zone": "UTC"})
    target = Target.objects.get(name="Bridges")
    assert made["Location"] == f"/console/targets/{target.pk}/import/"
    assert steps(founder, target) == [("places", False), ("people", False), ("photo", False)]
    slots_in(target, oak=0)
    assert steps(founder, target) == [("places", True), ("people", False), ("photo", False)]
    desk.post(f"/console/targets/{target.pk}/invite/", {"uses": 5, "days": 5})
    assert steps(founder, target) == [("places", True), ("people", True), ("photo", False)]
    dora = Person("dora").joins(target, "volunteer")
    dora.shoots(target, 0)
    assert steps(founder, target) == []
    assert "first-steps" not in desk.get("/console/").content.decode()


def test_the_demonstration_is_one_s_own_and_made_once(founder: Person, zoe: Person) -> None:
    for _time in range(2):
        assert founder.desk().post("/console/demonstration/").status_code == 302
    assert zoe.desk().post("/console/demonstration/").status_code == 403
    target = Target.objects.get(name="Boundary stones of Washington")
    assert target.slots.count() == 39
    assert target.contact == "Carol"
    assert "" not in (target.run_by, target.kept_for, target.photo_licence, target.safety_note)
