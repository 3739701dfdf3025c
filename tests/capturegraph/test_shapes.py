"""The schema says what is answered: `shapes` and the serializers that describe it name the same fields."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from stories import Person, slots_in

from capturegraph.api import serializers, shapes
from capturegraph.api.assignments import RETRY_AFTER_S
from capturegraph.models import (
    Assignment,
    Batch,
    CandidateSlot,
    Capture,
    Device,
    Job,
    Membership,
    Message,
    Target,
    User,
)


def fields(serializer: Any) -> list[str]:
    return list(serializer().fields)


@pytest.mark.parametrize(
    ("shown", "serializer"),
    [
        (shapes.slot(CandidateSlot()), serializers.SlotOut),
        (shapes.assignment(Assignment()), serializers.AssignmentOut),
        (shapes.target(Target(), role=None, counts=None), serializers.TargetOut),
        (shapes.device(Device()), serializers.DeviceOut),
        (shapes.own_device(Device(), this=True), serializers.OwnDeviceOut),
        (shapes.membership(Membership(target=Target())), serializers.MembershipOut),
        (shapes.member(Membership(user=User())), serializers.MemberOut),
        (shapes.message(Message(kind="paused")), serializers.MessageOut),
        (shapes.batch(Batch()), serializers.BatchOut),
        (shapes.job(Job()), serializers.JobOut),
        (shapes.receipt(Capture(), None), serializers.ReceiptOut),
        (shapes.receipt(Capture(), None)["photo"], serializers.PhotoOut),
        (shapes.receipt(Capture(), None)["now"], serializers.PresentOut),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_shown_is_what_the_schema_says(shown: dict[str, Any], serializer: Any) -> None:
    assert sorted(shown) == sorted(fields(serializer))


@pytest.mark.django_db
def test_the_answers_of_the_doors_are_what_the_schema_says(stones: Target, alice: Person, carol: Person) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)
    none = carol.asks(stones)
    assert {*held, "retry_after"} == set(none) == set(fields(serializers.HandedOut))
    assert none["retry_after"] == RETRY_AFTER_S
    assert set(none["reason"]) == set(fields(serializers.ReasonOut))
    listed = carol.get(f"targets/{stones.pk}/slots/").json()["results"][0]
    assert set(listed) == set(fields(serializers.ListedSlotOut))
    assert set(listed["held_by"]) == set(fields(serializers.HolderOut))
    assert set(alice.get("assignments/").json()["results"][0]) == set(fields(serializers.ListedAssignmentOut))
    me = alice.get("me/").json()
    assert set(me) == set(fields(serializers.MeOut))
    assert set(me["memberships"][0]) == set(fields(serializers.MineOut))
    manifest = alice.post("captures/manifest/", {"captures": [{"id": str(uuid4())}]}).json()
    assert set(manifest) == set(fields(serializers.ManifestOut))
    assert set(manifest["results"][0]) == set(fields(serializers.ManifestResultOut))
    problem = alice.get(f"targets/{uuid4()}/").json()
    assert set(problem) <= set(fields(serializers.Problem))
    assert {"type", "title", "status", "detail", "code"} <= set(problem)


def test_the_schema_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True)
    made, said = capsys.readouterr()
    assert said == ""
    assert "openapi: 3" in made
