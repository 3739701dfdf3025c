"""Whatever is sent: a clear no that says what and where, and nothing left behind. Never a 500, on either database.

Bodies go to every route that reads JSON, and bad values into every field of every serializer: both are walked, so a new
door or field is asked the same questions.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.http import HttpResponse
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    Field,
    FloatField,
    IntegerField,
    ListField,
    UUIDField,
)
from stories import footprint
from world import GOOD, World, address, assert_no, json_body, routes

from capturegraph.api import serializers
from capturegraph.api.parsers import GuardedJSONParser
from capturegraph.models import Target

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

READS = {
    "POST api/v1/join/": serializers.JoinIn,
    "POST api/v1/targets/": serializers.TargetIn,
    "PATCH api/v1/targets/<uuid:target_id>/": serializers.TargetChangeIn,
    "POST api/v1/targets/<uuid:target_id>/preview/": serializers.TargetChangeIn,
    "POST api/v1/targets/<uuid:target_id>/copy/": serializers.CopyIn,
    "POST api/v1/targets/<uuid:target_id>/request-slot/": serializers.RequestSlotIn,
    "POST api/v1/targets/<uuid:target_id>/reserve-walk/": serializers.ReserveWalkIn,
    "POST api/v1/targets/<uuid:target_id>/release-walk/": serializers.ReleaseWalkIn,
    "POST api/v1/targets/<uuid:target_id>/candidates/": serializers.GenerateIn,
    "POST api/v1/targets/<uuid:target_id>/slots/change/": serializers.ChangeSlotsIn,
    "POST api/v1/targets/<uuid:target_id>/slots/change/undo/": serializers.UndoChangeIn,
    "PATCH api/v1/slots/<uuid:slot_id>/": serializers.SlotIn,
    "POST api/v1/slots/<uuid:slot_id>/reference/from-capture/": serializers.ReferenceFromCaptureIn,
    "POST api/v1/assignments/<uuid:assignment_id>/extend/": serializers.Operation,
    "POST api/v1/assignments/<uuid:assignment_id>/decline/": serializers.DeclineIn,
    "POST api/v1/assignments/<uuid:assignment_id>/take-back/": serializers.Operation,
    "POST api/v1/assignments/<uuid:assignment_id>/release/": serializers.Operation,
    "POST api/v1/batches/<uuid:batch_id>/apply/": serializers.ApplyIn,
    "POST api/v1/batches/<uuid:batch_id>/undo/": serializers.Operation,
    "POST api/v1/jobs/<uuid:job_id>/cancel/": serializers.Operation,
    "POST api/v1/captures/<uuid:capture_id>/review/": serializers.ReviewIn,
    "POST api/v1/captures/<uuid:capture_id>/link/": serializers.LinkIn,
    "POST api/v1/captures/<uuid:capture_id>/claim/": serializers.ClaimIn,
    "POST api/v1/captures/<uuid:capture_id>/claim/give-back/": serializers.GiveBackIn,
    "POST api/v1/captures/<uuid:capture_id>/dispute/": serializers.DisputeIn,
    "POST api/v1/review/next/": serializers.NextReviewIn,
    "POST api/v1/review/undo/": serializers.UndoReviewIn,
    "POST api/v1/targets/<uuid:target_id>/review/clean/": serializers.AcceptCleanIn,
    "POST api/v1/targets/<uuid:target_id>/review/clean/undo/": serializers.UndoCleanIn,
    "PUT api/v1/captures/<uuid:capture_id>/": serializers.CaptureIn,
    "POST api/v1/captures/<uuid:capture_id>/photo/parts/": serializers.DirectUploadIn,
    "POST api/v1/captures/<uuid:capture_id>/photo/complete/": serializers.Operation,
    "POST api/v1/captures/manifest/": serializers.ManifestIn,
    "POST api/v1/me/devices/link/": serializers.Operation,
    "POST api/v1/me/consent/": serializers.ConsentIn,
    "PUT api/v1/me/login/": serializers.LoginIn,
    "POST api/v1/me/messages/seen/": serializers.SeenIn,
    "PATCH api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/": serializers.MemberIn,
    "POST api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/link/": serializers.Operation,
    "POST api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/merge/": serializers.MergeIn,
    "POST api/v1/targets/<uuid:target_id>/messages/": serializers.NoteIn,
    "POST api/v1/targets/<uuid:target_id>/archive/": serializers.Operation,
    "POST api/v1/targets/<uuid:target_id>/webhooks/": serializers.WebhookIn,
    "PATCH api/v1/webhooks/<uuid:webhook_id>/": serializers.WebhookChangeIn,
    "POST api/v1/webhooks/<uuid:webhook_id>/try/": serializers.Operation,
    "POST api/v1/deliveries/<uuid:delivery_id>/replay/": serializers.Operation,
    "PUT api/v1/me/targets/<uuid:target_id>/availability/": serializers.OwnAvailabilityIn,
    "PUT api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/availability/": serializers.AvailabilityIn,
    "POST api/v1/targets/<uuid:target_id>/plans/": serializers.PlanIn,
    "PATCH api/v1/plans/<uuid:plan_id>/": serializers.PlanIn,
    "PUT api/v1/plans/<uuid:plan_id>/pins/<uuid:slot_id>/<uuid:volunteer_id>/": serializers.Operation,
    "POST api/v1/plans/<uuid:plan_id>/runs/": serializers.Operation,
    "POST api/v1/plans/<uuid:plan_id>/withdraw/": serializers.Operation,
    "POST api/v1/plan-runs/<uuid:run_id>/accept/": serializers.AcceptIn,
}


def json_routes() -> Iterator[str]:
    for route, view in routes():
        door = getattr(view, "view_class", None)
        if GuardedJSONParser in getattr(door, "parser_classes", ()):
            yield from (f"{method} {route}" for method in ("POST", "PUT", "PATCH") if hasattr(door, method.lower()))


def test_every_route_that_reads_json_is_asked() -> None:
    assert set(json_routes()) == set(READS)


def send(world: World, door: str, body: bytes, kind: str = "application/json") -> HttpResponse:
    """Send a body to a door, as somebody who may use it."""
    method, route = door.split(" ", 1)
    own = "assignment_id" in route or "capture_id" in route or route.startswith("api/v1/me/targets/")
    judged = route.endswith(("/review/", "/link/", "/take-back/", "/claim/", "/give-back/"))
    who = world.people["alice" if own and not judged else "max"]
    return who.phone.generic(method, address(route, world.stones), body, content_type=kind)


def good_body(world: World, door: str) -> dict[str, Any]:
    made = GOOD.get(door, lambda it: json_body())(world.stones)
    body: dict[str, Any] = orjson.loads(made["data"])
    return body


# --- bodies -----------------------------------------------------------------------------------------------------------

BODIES = {
    "not JSON": (b"{", 400, "bad_request"),
    "not UTF-8": (b'{"name": "\xff"}', 400, "bad_request"),
    "a BOM": (b"\xef\xbb\xbf{}", 400, "bad_request"),
    "UTF-16": ("{}".encode("utf-16"), 400, "bad_request"),
    "deep lists": (b"[" * 100_000 + b"]" * 100_000, 400, "bad_request"),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "bad_request"),
    "nesting that is only a bit too deep": (b'{"a":' * 900 + b"1" + b"}" * 900, 400, "bad_request"),
    "a number beyond a double": (b'{"latitude": 1e9999}', 400, "bad_request"),
    "not a number": (b'{"latitude": NaN}', 400, "bad_request"),
    "infinity": (b'{"latitude": -Infinity}', 400, "bad_request"),
    "a NUL": (b'{"name": "a\\u0000b"}', 400, "bad_request"),
    "a NUL in a name": (b'{"na\\u0000me": "b"}', 400, "bad_request"),
    "a NUL far inside": (b'{"a": [{"b": ["\\u0000"]}]}', 400, "bad_request"),
    "half a character": (b'{"name": "\\ud800"}', 400, "bad_request"),
    "10 MB of nothing": (b" " * 10_000_000, 413, "too_large"),
    "a list": (b"[]", 400, "invalid"),
    "a text": (b'"text"', 400, "invalid"),
    "a number": (b"5", 400, "invalid"),
    "null": (b"null", 400, "invalid"),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_not_what_it_should_be(world: World, own_files: Path, what: str) -> None:
    body, status, code = BODIES[what]
    before = footprint(own_files)
    for door in READS:
        assert_no(send(world, door, body), status, code)
    assert footprint(own_files) == before


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense"])
def test_a_kind_of_content_that_is_not_taken(world: World, own_files: Path, kind: str) -> None:
    before = footprint(own_files)
    for door in READS:
        assert_no(send(world, door, b"a=b", kind), 415, "unsupported_media_type")
    assert footprint(own_files) == before


def test_a_field_that_there_is_not_is_named(world: World, own_files: Path) -> None:
    before = footprint(own_files)
    for door in READS:
        if READS[door] is not serializers.CaptureIn:
            answer = send(world, door, orjson.dumps({**good_body(world, door), "surprise": 1}))
            assert_no(answer, 400, "invalid", "surprise")
    assert footprint(own_files) == before


# --- fields -----------------------------------------------------------------------------------------------------------

NO_TEXT = [[], {}, [1], {"a": 1}, True, None]
BAD_VALUES: dict[type[Field], list[Any]] = {
    UUIDField: ["", "x", "00000000-0000-0000-0000-00000000000g", 1.5, *NO_TEXT[:4]],
    FloatField: ["", "nan", "inf", "1e999", "91 m", 1e308, True, *NO_TEXT[:4]],
    IntegerField: ["", "x", 1.5, 1e300, -1, *NO_TEXT[:4]],
    BooleanField: ["", "maybe", 7, *NO_TEXT[:4]],
    DateTimeField: ["", "yesterday", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", 5, *NO_TEXT[:4]],
    ChoiceField: ["", "nonsense", 5, *NO_TEXT[:4]],
    CharField: ["x" * 200_000, *NO_TEXT[:5]],
    DictField: ["", 5, "x", [], [1]],
    serializers.PlaceIn: ["", 5, [], {}, {"latitude": 1}, {"latitude": 91, "longitude": 0}, {"lat": 1, "lon": 2}],
    serializers.Skills: ["", 5, {}, "drone", [5], [{}], [["x"]], ["x" * 51], ["a;b"], list("abcdefghijklmnopqrstu")],
    ListField: ["", 5, {}, [5], ["x"], [{}], [{"id": "x"}], [{"id": str(uuid4()), "sha256": "A" * 64}]],
}


def bad_values(field: Field) -> list[Any]:
    kind = next(kind for kind in BAD_VALUES if isinstance(field, kind))
    values = BAD_VALUES[kind]
    if isinstance(field, ChoiceField) and field.allow_blank:
        values = values[1:]
    if isinstance(field, BooleanField) and field.allow_null:
        # An empty word is one of DRF's for null.
        values = values[1:]
    return [*values, None] if not field.allow_null else values


@pytest.mark.parametrize("door", READS)
def test_a_value_that_cannot_be_is_refused_by_its_name(world: World, own_files: Path, door: str) -> None:
    body, before = good_body(world, door), footprint(own_files)
    for name, field in READS[door]().fields.items():
        for value in bad_values(field):
            assert_no(send(world, door, orjson.dumps({**body, name: value})), 400, "invalid", name)
    assert footprint(own_files) == before


@pytest.mark.parametrize("door", READS)
def test_what_is_missing_is_named(world: World, own_files: Path, door: str) -> None:
    body, before = good_body(world, door), footprint(own_files)
    for name, field in READS[door]().fields.items():
        if field.required and not door.startswith("PATCH") and not door.endswith("/preview/"):
            left = {key: value for key, value in body.items() if key != name}
            assert_no(send(world, door, orjson.dumps(left)), 400, "invalid", name)
    assert footprint(own_files) == before


WHERE = ["POST api/v1/targets/<uuid:target_id>/request-slot/", "PUT api/v1/captures/<uuid:capture_id>/"]


@pytest.mark.parametrize("door", WHERE)
@pytest.mark.parametrize(
    ("where", "field"),
    [
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"latitude": -90.0001, "longitude": 0}, "latitude"),
        ({"latitude": 0, "longitude": 180.1}, "longitude"),
        ({"latitude": 0, "longitude": None}, "longitude"),
        ({"latitude": None, "longitude": 0}, "latitude"),
        ({"accuracy_m": -1}, "accuracy_m"),
    ],
)
def test_a_place_that_is_not_on_the_earth(world: World, door: str, where: dict[str, Any], field: str) -> None:
    assert_no(send(world, door, orjson.dumps({**good_body(world, door), **where})), 400, "invalid", field)


SETTINGS = {
    "sigma_m": [0, -1, 0.01, 1e6], "threshold": [0, -1, 1000], "max_accuracy_m": [0, 1e6], "lease_s": [0, 59, 10**7],
    "time_zone": ["Mars/Olympus", "../etc/passwd", "", "Europe"], "state": ["open ", "OPEN"], "name": ["", "   "],
    "public_round_m": [0, 1, 9, -1, 100_001],
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_cannot_be(world: World, own_files: Path, name: str) -> None:
    before = footprint(own_files)
    for door in ("POST api/v1/targets/", "PATCH api/v1/targets/<uuid:target_id>/"):
        for value in SETTINGS[name]:
            assert_no(send(world, door, orjson.dumps({"name": "Bridges", name: value})), 400, "invalid", name)
    assert footprint(own_files) == before
    assert Target.objects.get(pk=world.stones.target.pk).name == "Boundary stones"


def test_odd_and_harmless_words_are_kept_as_they_are(world: World) -> None:
    name = "Ünïcode \U0001f4f7 ‮ '; DROP TABLE slots;-- <b>&amp;</b>"
    answer = send(world, "PATCH api/v1/targets/<uuid:target_id>/", orjson.dumps({"name": name}))
    assert (answer.status_code, answer.json()["name"]) == (200, name)
