"""Targets: made once, changed with a trace, listed without asking the database again for each."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from stories import Person, slots_in

from capturegraph.models import Event, Membership, Target

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


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("sigma_m", 0),
        ("sigma_m", -1),
        ("threshold", 0),
        ("time_zone", "Mars/Olympus"),
        ("state", "gone"),
        ("lease_s", 5),
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
