"""The main job over HTTP, against the product as it is really started: web server, Celery worker, beat."""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from geopy.distance import geodesic
from served import Quickstart, Visitor, quickstart, until
from stories import API, photo

STONES = Path(__file__).resolve().parents[2] / "capturegraph" / "demo" / "boundary-stones-location.geojson"
COLUMNS = '{"title": "STONE_NUM", "note": "LOCATION_DESCRIPTION", "external_id": "OBJECTID"}'
NEW_PASSWORD = "nine boundary stones in a row"

# One process runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("main job")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quickstart]:
    with quickstart(tmp_path_factory.mktemp("product"), CAPTUREGRAPH_SWEEP_S="1") as running:
        yield running


@pytest.fixture(scope="module")
def carol(product: Quickstart) -> Visitor:
    """The coordinator, logged in, with a password of her own."""
    desk = Visitor(product.url)
    password = product.password_of("carol")
    assert password
    assert desk.send_form("/login/", username="carol", password=password).url.startswith(f"{product.url}/password/")
    assert desk.get("/api/v1/targets/").status == 403
    changed = desk.send_form("/password/", old=password, new=NEW_PASSWORD, again=NEW_PASSWORD)
    assert changed.url == f"{product.url}/console/", changed.text
    return desk


def phone(product: Quickstart, name: str, code: str) -> tuple[Visitor, dict[str, Any]]:
    """Join on a new phone, twice, as if the first answer had been lost."""
    token = secrets.token_urlsafe(32)
    visitor = Visitor(product.url, token)
    asked = {"code": code, "name": name, "device_id": str(uuid4()), "token": token, "consent": True}
    first, repeat = (Visitor(product.url).post(f"{API}join/", asked) for _ in range(2))
    assert (first.status, repeat.status) == (201, 200), first.text
    assert first.json["user"] == repeat.json["user"]
    return visitor, first.json["target"]


def capture(volunteer: Visitor, target: str, handed: dict[str, Any], metres: float) -> dict[str, Any]:
    """Photograph the slot that was handed out from so many metres north of it, and give the receipt."""
    slot, picture, capture_id = handed["slot"], photo(), uuid4()
    stood = geodesic(meters=metres).destination((slot["latitude"], slot["longitude"]), bearing=0)
    words = {
        "target": target, "assignment": handed["assignment"]["id"], "latitude": stood.latitude,
        "longitude": stood.longitude, "accuracy_m": 6, "taken_at": datetime.now(UTC).isoformat(),
        "photo_sha256": hashlib.sha256(picture).hexdigest(), "photo_size": len(picture),
    }  # fmt: skip
    told = volunteer.put(f"{API}captures/{capture_id}/", words)
    assert told.status == 201, told.text
    stored = volunteer.ask("PUT", f"{API}captures/{capture_id}/photo/", picture, "image/jpeg")
    assert stored.status in (200, 201), stored.text
    assert stored.json["state"] == "stored"
    assert stored.json["verdict"] == told.json["verdict"]
    again = volunteer.put(f"{API}captures/{capture_id}/", words)
    assert (again.status, again.json["verdict"]) == (200, told.json["verdict"])
    return stored.json


def test_two_volunteers_and_the_boundary_stones(product: Quickstart, carol: Visitor) -> None:
    """Different slots, sticky ones; 30 m away closes one and 80 m away does not; the other's slot is untouched."""
    alice, target = phone(product, "Alice", product.codes[0])
    bob, __ = phone(product, "Bob", product.codes[1])
    ask = f"{API}targets/{target['id']}/request-slot/"
    hers, his = alice.post(ask, {}).json, bob.post(ask, {}).json
    assert hers["slot"]["id"] != his["slot"]["id"]
    assert hers["slot"]["title"].startswith("Boundary stone ")
    for volunteer, first in ((alice, hers), (bob, his)):
        repeat = volunteer.post(ask, {"latitude": 38.9, "longitude": -77.0}).json
        assert (repeat["assignment"]["id"], repeat["sticky"]) == (first["assignment"]["id"], True)

    missed = capture(alice, target["id"], hers, metres=80)["verdict"]["named"]
    assert (missed["fulfilled"], missed["allowed_m"]) == (False, 50)
    assert missed["metres"] == pytest.approx(80, abs=0.2)
    assert "80 m" in missed["text"]
    assert alice.post(ask, {}).json["assignment"]["id"] == hers["assignment"]["id"]

    met = capture(alice, target["id"], hers, metres=30)["verdict"]["named"]
    assert (met["fulfilled"], met["slot"]) == (True, hers["slot"]["id"])
    assert met["metres"] == pytest.approx(30, abs=0.2)
    onwards = alice.post(ask, {}).json
    assert onwards["slot"]["id"] not in (hers["slot"]["id"], his["slot"]["id"])
    assert bob.post(ask, {}).json["assignment"]["id"] == his["assignment"]["id"]
    counts = carol.get(f"{API}targets/{target['id']}/").json["counts"]
    assert (counts["fulfilled"], counts["held"], counts["total"]) == (1, 2, 39)


def test_the_same_file_again_changes_nothing(carol: Visitor) -> None:
    made = carol.post(f"{API}targets/", {"name": "Stones, as published"})
    assert made.status == 201, made.text
    batches = f"{API}targets/{made.json['id']}/batches/"
    first = carol.upload(batches, "stones.geojson", STONES.read_bytes(), columns=COLUMNS, mode="add")
    assert first.status == 201, first.text
    assert (first.json["counts"]["added"], first.json["counts"]["errors"]) == (39, 0)
    slots = f"{API}targets/{made.json['id']}/slots.geojson"
    before = carol.get(slots).json
    for mode in ("add", "replace"):
        again = carol.upload(batches, "stones.geojson", STONES.read_bytes(), columns=COLUMNS, mode=mode).json["counts"]
        assert {name: count for name, count in again.items() if count} == {"kept": 39}
    assert carol.get(slots).json == before
    names = {feature["properties"]["title"] for feature in before["features"]}
    assert {"NORTH", "NE1", "SW9"} <= names


def test_the_sweep_goes_round(carol: Visitor) -> None:
    """Nobody asks for anything: beat rings, and the worker sweeps."""
    ready = until(lambda: carol.get("/readyz").json["last_sweep_at"], "a sweep")
    later = until(lambda: (now := carol.get("/readyz").json["last_sweep_at"]) != ready and now, "another sweep")
    assert later > ready
