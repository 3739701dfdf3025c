"""Targets: made once, changed with a trace, listed without asking the database again for each."""

from uuid import uuid4

import pytest
from bringing_in import table, upload
from django.db import connection
from django.test.utils import CaptureQueriesContext
from stories import Clock, Person, slots_in

from capturegraph.models import CandidateSlot, Event, Membership, Target
from capturegraph.services.cycles import refresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def founder(carol: Person) -> Person:
    """Carol, who may also make targets."""
    carol.user.may_create_targets = True
    carol.user.save()
    return carol


def test_a_target_sent_twice_is_made_once(founder: Person) -> None:
    body = {"name": "Memorials", "sigma_m": 30, "operation_id": str(uuid4())}
    first, second = founder.post("targets/", body), founder.post("targets/", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["my_role"] == "coordinator"
    assert first.json()["allowed_m"] == 30
    assert Target.objects.filter(name="Memorials").count() == 1


def test_volunteers_make_no_targets(alice: Person) -> None:
    assert alice.post("targets/", {"name": "Mine"}).status_code == 403
    assert not Target.objects.filter(name="Mine").exists()


def test_a_change_leaves_a_trace_and_saying_it_again_none(carol: Person, stones: Target) -> None:
    for _time in range(2):
        answer = carol.patch(f"targets/{stones.pk}/", {"sigma_m": 25, "instructions": "From the path."})
        assert (answer.status_code, answer.json()["allowed_m"]) == (200, 25)
    (event,) = Event.objects.filter(noun="target", verb="changed")
    assert event.actor == carol.user
    assert event.data == {
        "before": {"sigma_m": 50, "instructions": ""},
        "after": {"sigma_m": 25, "instructions": "From the path."},
    }


@pytest.mark.parametrize(("first", "changes"), [(30, 2), (50, 1)])
def test_a_change_that_is_sent_twice_does_not_undo_what_came_between(
    carol: Person, max_: Person, stones: Target, first: int, changes: int
) -> None:
    """The answer to the first was lost, and what it asked for may have been so already."""
    body = {"sigma_m": first, "operation_id": str(uuid4())}
    before = carol.patch(f"targets/{stones.pk}/", body).json()
    assert max_.patch(f"targets/{stones.pk}/", {"sigma_m": 40}).status_code == 200
    again = carol.patch(f"targets/{stones.pk}/", body)
    assert (again.status_code, again.json()["sigma_m"], again.json()["job"]) == (200, 40, before["job"])
    assert Target.objects.get().sigma_m == 40
    assert Event.objects.filter(noun="target", verb="changed").count() == changes


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("sigma_m", 0),
        ("sigma_m", -1),
        ("threshold", 0),
        ("time_zone", "Mars/Olympus"),
        ("state", "gone"),
        ("lease_s", 5),
        ("heading_sigma_deg", 0),
        ("declines_needed", 0),
        ("hand_out", "random"),
        ("batch_size", 0),
        ("batch_size", 100_001),
        ("tiles_url", "stones.pmtiles"),
        ("tiles_url", "javascript:alert(1)"),
        ("tiles_url", "http://maps.example.org/stones.pmtiles"),
        ("tiles_url", "ftp://maps.example.org/stones.pmtiles"),
        ("tiles_url", "https://carol:secret@maps.example.org/stones.pmtiles"),
    ],
)
def test_a_setting_that_cannot_be_is_named(carol: Person, stones: Target, setting: str, value: object) -> None:
    answer = carol.patch(f"targets/{stones.pk}/", {setting: value})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [setting]
    before = getattr(stones, setting)
    stones.refresh_from_db()
    assert getattr(stones, setting) == before


def test_a_list_costs_the_same_however_long(carol: Person, stones: Target) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert carol.get("targets/").status_code == 200
        return len(queries)

    carol.get("targets/")
    one = asked()
    for number in range(5):
        target = Target.objects.create(name=f"Target {number}")
        carol.joins(target, "coordinator")
        slots_in(target, **{f"{number}-a": 0, f"{number}-b": 100})
    assert asked() == one
    counts = {target["name"]: target["counts"]["waiting"] for target in carol.get("targets/").json()["results"]}
    assert counts == {"Boundary stones": 0, **{f"Target {number}": 2 for number in range(5)}}
    assert Membership.objects.filter(user=carol.user).count() == 6


def test_every_setting_can_be_set_and_is_shown(carol: Person, stones: Target) -> None:
    values = {
        "run_by": "The museum", "kept_for": "five years", "photo_licence": "CC0", "safety_note": "Mind the road.",
        "accuracy_required": True, "heading_sigma_deg": None, "heading_required": True, "hand_out": "queue",
        "declines_needed": 3, "batch_size": 5,
        "planning_rules": [{"rule": "most_slots", "most": 8}, {"rule": "skills"}],
        "planning_algorithms": ["or_tools", "load_balancing"], "tiles_url": "https://maps.example.org/stones.pmtiles",
    }  # fmt: skip
    answer = carol.patch(f"targets/{stones.pk}/", values)
    assert {name: answer.json()[name] for name in values} == values
    assert carol.get(f"targets/{stones.pk}/").json()["declines_needed"] == 3


@pytest.mark.parametrize(
    "words", ["consent_text", "run_by", "kept_for", "photo_licence", "safety_note", "contact", "name"]
)
def test_other_words_to_agree_to_are_another_version(carol: Person, stones: Target, words: str) -> None:
    for _time in range(2):
        carol.patch(f"targets/{stones.pk}/", {words: "Other words."})
    assert carol.get(f"targets/{stones.pk}/").json()["consent_version"] == (1 if words == "name" else 2)


def test_whoever_holds_a_slot_is_told_of_a_pause_and_its_end(
    carol: Person, alice: Person, bob: Person, stones: Target, clock: Clock
) -> None:
    slots_in(stones, a=0)
    alice.asks(stones)
    for state in ("paused", "paused", "open", "closed", "draft"):
        carol.patch(f"targets/{stones.pk}/", {"state": state})
        clock.forward(seconds=1)
    kinds = [one.kind for one in alice.user.messages.order_by("created_at")]
    assert kinds == ["paused", "opened", "closed"]
    assert bob.user.messages.count() == 0


@pytest.mark.parametrize(
    ("setting", "value", "field", "said"),
    [
        ("planning_rules", [{"rule": "most"}], "planning_rules.0.rule", "no rule called “most”"),
        ("planning_rules", [{"rule": "skills"}, {"most": 8}], "planning_rules.1.rule", "no rule called “None”"),
        (
            "planning_rules",
            [{"rule": "most_slots", "least": 8}],
            "planning_rules.0.least",
            "has no “least”; it has most",
        ),
        ("planning_rules", [{"rule": "most_slots", "most": -1}], "planning_rules.0.most", "cannot take this"),
        ("planning_rules", [{"rule": "most_slots", "most": 2.5}], "planning_rules.0.most", "cannot take this"),
        ("planning_rules", [{"rule": "nearness", "half_m": "far"}], "planning_rules.0.half_m", "cannot take this"),
        ("planning_rules", [{"rule": "skills"}, {"rule": "skills"}], "planning_rules.1.rule", "is there twice"),
        ("planning_algorithms", ["load_balancing", "luck"], "planning_algorithms.1", "no algorithm called “luck”"),
        ("planning_algorithms", ["or_tools", "or_tools"], "planning_algorithms.1", "is there twice"),
    ],
)
def test_a_rule_or_an_algorithm_that_cannot_be_is_named(
    carol: Person, stones: Target, setting: str, value: list[object], field: str, said: str
) -> None:
    answer = carol.patch(f"targets/{stones.pk}/", {setting: value})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["field"], said in error["reason"]) == (field, True), error
    stones.refresh_from_db()
    assert getattr(stones, setting) == []


def test_with_a_batch_size_new_places_go_to_the_pool_and_without_one_they_wait(
    carol: Person, alice: Person, stones: Target, clock: Clock
) -> None:
    slots_in(stones, oak=0, elm=500, ash=900)
    assert alice.gets(stones) == "oak"
    carol.patch(f"targets/{stones.pk}/", {"batch_size": 1})
    assert refresh.refresh_target(target_id=stones.pk, cycle=clock.now, now=clock.now) is not None
    states = CandidateSlot.objects.order_by("external_id").values_list("external_id", "state")
    assert dict(states.all()) == {"ash": "pool", "elm": "pool", "oak": "waiting"}
    upload(carol, stones, table("1 fir 300", "2 yew 700"))
    # A place that is withdrawn is not what waited for its turn.
    CandidateSlot.objects.filter(external_id="ash").update(state="withdrawn")
    before = clock.forward(minutes=1)
    for _time in range(2):
        assert carol.patch(f"targets/{stones.pk}/", {"batch_size": None}).json()["batch_size"] is None
    assert dict(states.all()) == {
        "ash": "withdrawn",
        "elm": "waiting",
        "oak": "waiting",
        "1": "waiting",
        "2": "waiting",
    }
    assert CandidateSlot.objects.get(external_id="elm").updated_at == before
    (event,) = Event.objects.filter(noun="pool")
    assert (event.verb, event.data, event.actor) == ("emptied", {"waiting": 3}, carol.user)
    in_tour = CandidateSlot.objects.filter(state="waiting").order_by("rank").values_list("title", flat=True)
    assert list(in_tour) == ["oak", "fir", "elm", "yew"]


def test_a_batch_size_that_cannot_be_leaves_the_pool_as_it_is(carol: Person, stones: Target) -> None:
    slots_in(stones, oak=0)
    CandidateSlot.objects.update(state="pool")
    Target.objects.update(batch_size=2)
    assert carol.patch(f"targets/{stones.pk}/", {"batch_size": None, "sigma_m": -1}).status_code == 400
    assert (CandidateSlot.objects.get().state, Target.objects.get().batch_size) == ("pool", 2)
