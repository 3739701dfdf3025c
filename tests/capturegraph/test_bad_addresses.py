"""Addresses and queries that lead nowhere: a clear no, to programs in their own form."""

import base64
import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from stories import API, Clock, Person, footprint, slots_in
from world import GOOD, World, assert_no, json_body, routes

from capturegraph.models import Target

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


# --- addresses --------------------------------------------------------------------------------------------------------


def test_an_id_that_is_none(world: World, own_files: Path) -> None:
    before = footprint(own_files)
    for route, view in routes():
        if not route.startswith("api/v1/") or "<uuid:" not in route or not hasattr(view, "view_class"):
            continue
        start, end = route.index("<"), route.index(">") + 1
        for bad in ("x", "0", "%00", "../me", "00000000-0000-0000-0000-00000000000g", "'; --", "a" * 5_000):
            for method in ("get", "post", "put", "patch", "delete"):
                answer = getattr(world.people["max"].phone, method)(f"/{route[:start]}{bad}{route[end:]}")
                assert_no(answer, 404, "not_found")
    assert footprint(own_files) == before


def test_a_row_that_there_is_not(world: World, own_files: Path) -> None:
    before = footprint(own_files)
    # A phone makes the ids of its captures: what it sends under a new one is no mistake.
    made_by_phones = re.compile(r"PUT api/v1/captures/<uuid:capture_id>/(photo/)?")
    for route, view in routes():
        if not route.startswith("api/v1/") or "<uuid:" not in route or not hasattr(view, "view_class"):
            continue
        for method in ("GET", "POST", "PUT", "PATCH"):
            door = f"{method} {route}"
            if hasattr(view.view_class, method.lower()) and not made_by_phones.fullmatch(door):
                good = GOOD.get(door, lambda it: json_body())(world.stones) if method != "GET" else {}
                nowhere = "/" + re.sub("<uuid:[a-z_]+>", lambda _: str(uuid4()), route)
                assert_no(getattr(world.people["max"].phone, method.lower())(nowhere, **good), 404)
    assert footprint(own_files) == before


INSIDE_CURSORS = (
    b"p=yesterday", b"p=\0", b"p=2026-13-45", b"o=x", b"o=-1", b"r=1&p=nonsense", b"\xff",
    b"p=0001-01-01 00:00:00%2B14:00",
)  # fmt: skip
CURSORS = ["x", "%00", "\0", "é", "=" * 50, *(base64.b64encode(text).decode() for text in INSIDE_CURSORS)]


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_that_nobody_gave_out(world: World, cursor: str) -> None:
    stones, max_ = world.stones.target.pk, world.people["max"]
    for path in ("targets/", "assignments/", f"targets/{stones}/slots/", f"targets/{stones}/batches/"):
        answer = max_.get(path, cursor=cursor)
        assert answer.status_code == 200 or assert_no(answer) is None


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("targets/{}/slots/", "updated_since", "yesterday"),
        ("targets/{}/slots/", "updated_since", "2026-06-01T09:00:00"),
        ("targets/{}/slots/", "updated_since", "2026-02-30T09:00:00Z"),
        ("targets/{}/slots/", "updated_since", "0001-01-01T00:00:00+14:00"),
        ("targets/{}/slots/", "updated_since", "9999-12-31T23:59:59-14:00"),
        ("targets/{}/slots/", "updated_since", "\0"),
        ("assignments/", "state", "nonsense"),
        ("assignments/", "state", "\0"),
        ("assignments/", "state", "held\0"),
    ],
)
def test_a_query_that_cannot_be(world: World, path: str, name: str, value: str) -> None:
    answer = world.people["max"].get(path.format(world.stones.target.pk), **{name: value})
    assert_no(answer, 400, "invalid", name)


@pytest.mark.parametrize("size", ["x", "-1", "0", "99999999999999999999", "\0"])
def test_a_page_size_that_cannot_be_is_the_usual_one(world: World, size: str) -> None:
    assert world.people["max"].get("targets/", page_size=size).status_code == 200


def test_nothing_is_here(clock: Clock) -> None:
    for path in ("/api/", "/api/v1/", "/api/v1/slots/", "/api/v2/me/", "/api/v1/me"):
        for method in ("get", "post", "delete"):
            assert_no(getattr(Client(), method)(path), 404, "not_found")


def test_no_such_method(world: World) -> None:
    assert_no(world.people["alice"].phone.patch(API + "me/"), 405, "method_not_allowed")


def test_the_same_body_many_times_is_one_slot(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0, b=100)
    assert {alice.gets(stones) for _ in range(20)} == {"a"}
