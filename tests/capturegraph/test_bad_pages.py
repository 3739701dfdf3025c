"""Nonsense typed into pages: a page that says what is wrong, never a 500, and nothing left behind."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from stories import footprint
from world import GOOD, World, address

from capturegraph.models import Target

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

NONSENSE = ["", "a\0b", "x" * 100_000, "-1", "0", "1e9999", "NaN", "９", "99999999999999999999", "<script>", "'; --"]
FORMS = [door for door in GOOD if door.startswith("POST ") and not door.startswith("POST api/")]
# The form with the most fields by far.
LONG = "POST console/targets/<uuid:target_id>/settings/"


@pytest.mark.slow_on("postgresql")
@pytest.mark.parametrize("door", [pytest.param(one, marks=pytest.mark.slow if one == LONG else ()) for one in FORMS])
def test_nonsense_in_every_field_of_every_form(world: World, own_files: Path, door: str) -> None:
    desk, route = world.people["max"].desk(), door.removeprefix("POST ")
    for name in GOOD[door](world.stones)["data"]:
        for nonsense in NONSENSE:
            before = footprint(own_files)
            values = {**GOOD[door](world.stones)["data"], name: nonsense}
            answer = desk.post(address(route, world.stones), values)
            assert answer.status_code < 500, (name, nonsense)
            # A name may be anything that can be kept; whatever else is refused changes nothing.
            assert answer.status_code in (200, 302) or footprint(own_files) == before


@pytest.mark.parametrize(
    "data", [b"", b"\xef\xbb\xbf", b"title,lat,lon\n", b"PK\x03\x04", b"[" * 100_000, b"\0" * 1000]
)
def test_a_file_that_holds_no_places(world: World, own_files: Path, data: bytes) -> None:
    desk, before = world.people["carol"].desk(), footprint(own_files)
    route = "console/targets/<uuid:target_id>/import/"
    form = {"file": SimpleUploadedFile("places.csv", data), "mode": "add"}
    answer = desk.post(address(route, world.stones), form)
    assert answer.status_code == 400
    assert footprint(own_files) == before


@pytest.mark.parametrize(
    "path",
    [
        "/join/%00", "/join/" + "x" * 5_000, "/join/..%2f..", "/console/targets/x/", "/field/%00", "/%ff",
        "/login/?next=%00",
        "/console/targets/00000000-0000-0000-0000-000000000000/", "/password/?next=//elsewhere.example/", "/.env",
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere(world: World, path: str) -> None:
    assert world.people["max"].desk().get(path).status_code in (200, 302, 404)


def test_a_form_that_is_too_large(world: World, own_files: Path) -> None:
    desk, before = world.people["max"].desk(), footprint(own_files)
    fields: list[dict[str, Any]] = [{"name": "x" * 2_000_000}, {f"field {number}": "1" for number in range(300)}]
    for values in fields:
        assert desk.post("/console/new/", {"name": "Bridges", "time_zone": "UTC", **values}).status_code in (400, 413)
    assert footprint(own_files) == before


def test_a_form_from_another_site_is_refused(world: World) -> None:
    desk = Client(enforce_csrf_checks=True)
    desk.force_login(world.people["max"].user)
    assert desk.post("/console/new/", {"name": "Stolen", "time_zone": "UTC"}).status_code == 403
    assert not Target.objects.filter(name="Stolen").exists()
