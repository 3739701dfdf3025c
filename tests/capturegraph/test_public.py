"""What everybody sees of a target that was opened, and how it is taken back."""

import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client
from PIL import Image
from stories import API, Clock, Person, at, photo, place
from who_sees import body
from world import assert_no

from capturegraph.models import Capture, Target
from capturegraph.services import copying
from capturegraph.services.people import erasing, invites
from capturegraph.services.privacy.naming import public_id
from capturegraph.services.privacy.rounding import rounded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]


@pytest.fixture
def opened(stones: Target, carol: Person) -> Target:
    """A target that carol has opened to everybody."""
    assert carol.patch(f"targets/{stones.pk}/", {"public": True}).status_code == 200
    stones.refresh_from_db()
    return stones


def accepted(who: Person, target: Target, rita: Person, east_m: float = 0, colour: str = "olive") -> str:
    """A photograph that rita has accepted."""
    capture = str(who.shoots(target, east_m)["id"])
    assert who.sends_photo(capture, photo(colour, size=(1600, 1200))).status_code == 201
    assert rita.post(f"captures/{capture}/review/", {"verdict": "accepted"}).status_code == 200
    return capture


def anybody(path: str, **headers: str) -> HttpResponse:
    """Asked by nobody known."""
    return Client().get(f"{API}public/{path}", headers=headers)


def captures(target: Target) -> list[dict[str, Any]]:
    answer = anybody(f"targets/{target.pk}/captures.geojson")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = orjson.loads(body(answer))["features"]
    return found


def photo_of(capture: str) -> str:
    return f"photos/{public_id(UUID(capture))}/"


# --- closed, which is how it begins -----------------------------------------------------------------------------------


def test_nothing_is_public_before_somebody_says_so(stones: Target, alice: Person, rita: Person, carol: Person) -> None:
    capture = accepted(alice, stones, rita)
    closed = [f"targets/{stones.pk}/", f"targets/{stones.pk}/captures.geojson", photo_of(capture)]
    unknown = [f"targets/{uuid4()}/", f"targets/{uuid4()}/captures.geojson", f"photos/{uuid4()}/"]
    answers = [anybody(path) for path in closed + unknown]
    for answer in answers:
        assert_no(answer, 404, "not_found")
    # One cannot be told from the other, nor by somebody who may see it otherwise.
    told = {(answer.content, tuple(sorted(answer.headers.items()))) for answer in answers}
    strip = re.compile(r"'X-Request-ID', '[0-9a-f]+'")
    assert len({strip.sub("", repr(one)) for one in told}) == 1
    assert_no(carol.desk().get(f"{API}public/targets/{stones.pk}/"), 404)


@pytest.mark.parametrize("odd", ["x", "0", "../" + "0" * 36, "0" * 31])
def test_an_id_that_is_none(odd: str) -> None:
    assert_no(anybody(f"targets/{odd}/"), 404)
    assert_no(anybody(f"photos/{odd}/"), 404)


def test_only_coordinators_open_a_target(stones: Target, alice: Person, rita: Person, zoe: Person) -> None:
    for who, status in ((alice, 403), (rita, 403), (zoe, 404)):
        assert who.patch(f"targets/{stones.pk}/", {"public": True}).status_code == status
    assert_no(anybody(f"targets/{stones.pk}/"), 404)


# --- open -------------------------------------------------------------------------------------------------------------


def test_accepted_photos_of_an_open_target_are_for_everybody(opened: Target, alice: Person, rita: Person) -> None:
    capture = accepted(alice, opened, rita, 30)
    told = anybody(f"targets/{opened.pk}/").json()
    assert (told["name"], told["photos"], told["rounded_to_m"], told["names"]) == ("Boundary stones", 1, 100, False)
    assert told["captures"] == f"{API}public/targets/{opened.pk}/captures.geojson"
    (feature,) = captures(opened)
    where = rounded(*place(30), 100)
    assert feature["geometry"]["coordinates"] == [where[1], where[0]]
    assert set(feature["properties"]) == {"id", "taken_on", "photo"}
    assert feature["properties"]["taken_on"] == "2026-06-01"
    shown = Client().get(feature["properties"]["photo"])
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
    picture = Image.open(io.BytesIO(body(shown)))
    assert picture.size == (1024, 768)
    assert not picture.getexif()
    assert "exif" not in picture.info
    assert capture not in str(feature), "the phone made that one, and may have put the time into it"


def test_nothing_in_it_says_who_or_exactly_where_or_when(opened: Target, alice: Person, rita: Person) -> None:
    capture = accepted(alice, opened, rita, 30)
    every = [
        anybody(f"targets/{opened.pk}/"), anybody(f"targets/{opened.pk}/captures.geojson"), anybody(photo_of(capture)),
    ]  # fmt: skip
    row = Capture.objects.get()
    secrets = [
        "alice", str(alice.user.pk), str(alice.user.person_key), str(alice.device.pk), capture, row.photo_sha256[:16],
        str(row.latitude)[:8], str(row.longitude)[:9], "09:00", "T09", str(rita.user.pk), "rita",
    ]  # fmt: skip
    for answer in every:
        said = repr(answer.headers).encode() + body(answer)
        assert [one for one in secrets if one.lower().encode() in said.lower()] == []
        assert not answer.cookies
        assert answer["Access-Control-Allow-Origin"] == "*"


def test_only_what_a_reviewer_accepted(opened: Target, alice: Person, rita: Person) -> None:
    accepted(alice, opened, rita, 0)
    pending = str(alice.shoots(opened, 500)["id"])
    alice.sends_photo(pending, photo("red"))
    awaited = str(alice.shoots(opened, 900)["id"])
    rita.post(f"captures/{awaited}/review/", {"verdict": "accepted"})
    rejected = accepted(alice, opened, rita, 1300, "navy")
    rita.post(f"captures/{rejected}/review/", {"verdict": "rejected"})
    assert len(captures(opened)) == 1
    for capture in (pending, awaited, rejected, str(uuid4())):
        assert_no(anybody(photo_of(capture)), 404)
    # A capture's own id opens nothing here.
    shown = Capture.objects.get(review="accepted", state="stored")
    assert_no(anybody(f"photos/{shown.pk}/"), 404)


@pytest.mark.parametrize("how", ["undone", "rejected", "closed", "erased"])
def test_it_is_taken_back_at_once(
    opened: Target, alice: Person, rita: Person, carol: Person, clock: Clock, how: str
) -> None:
    capture = accepted(alice, opened, rita)
    stays = accepted(rita, opened, carol, 800, "navy")
    listed, shown = anybody(f"targets/{opened.pk}/captures.geojson"), anybody(photo_of(capture))
    assert (len(captures(opened)), shown.status_code, bool(body(listed) and body(shown))) == (2, 200, True)
    if how in ("undone", "rejected"):
        rita.post(f"captures/{capture}/review/", {"verdict": "pending" if how == "undone" else "rejected"})
    elif how == "closed":
        carol.patch(f"targets/{opened.pk}/", {"public": False})
    else:
        erasing.erase(user=alice.user, confirm="Alice", now=clock.forward(minutes=1))
    # Also to whoever has it already and only asks whether it has changed.
    assert_no(anybody(photo_of(capture), **{"If-None-Match": shown["ETag"]}), 404)
    again = anybody(f"targets/{opened.pk}/captures.geojson", **{"If-None-Match": listed["ETag"]})
    if how == "closed":
        assert_no(again, 404)
        assert_no(anybody(photo_of(stays)), 404)
        return
    assert (again.status_code, body(again).count(b'"Feature"')) == (200, 1)
    assert anybody(f"targets/{opened.pk}/").json()["photos"] == 1
    assert body(anybody(photo_of(stays)))


def test_what_is_unchanged_is_not_sent_again(opened: Target, alice: Person, rita: Person, carol: Person) -> None:
    capture = accepted(alice, opened, rita)
    for path in (f"targets/{opened.pk}/", f"targets/{opened.pk}/captures.geojson", photo_of(capture)):
        first = anybody(path)
        body(first)
        assert first["Cache-Control"] == "public, max-age=60, must-revalidate"
        same = anybody(path, **{"If-None-Match": first["ETag"]})
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    listed = f"targets/{opened.pk}/captures.geojson"
    before = anybody(listed)
    body(before)
    carol.patch(f"targets/{opened.pk}/", {"public_round_m": 500})
    assert body(anybody(listed, **{"If-None-Match": before["ETag"]})) != b""


def test_the_day_is_the_target_s(opened: Target, alice: Person, rita: Person, carol: Person, clock: Clock) -> None:
    accepted(alice, opened, rita)
    carol.patch(f"targets/{opened.pk}/", {"time_zone": "Pacific/Honolulu"})
    assert captures(opened)[0]["properties"]["taken_on"] == "2026-05-31"


def test_the_order_says_nothing_of_who_came_when(
    opened: Target, alice: Person, bob: Person, rita: Person, clock: Clock
) -> None:
    made = []
    for number, colour in enumerate(("red", "navy", "olive", "teal", "gold", "pink")):
        clock.forward(minutes=10)
        made.append(accepted((alice, bob)[number % 2], opened, rita, 300 * number, colour))
    by_bytes = Capture.objects.order_by("photo_sha256").values_list("pk", flat=True)
    listed = [feature["properties"]["id"] for feature in captures(opened)]
    assert listed == [str(public_id(pk)) for pk in by_bytes]
    assert listed != [str(public_id(UUID(capture))) for capture in made]


def test_names_only_where_that_is_said(opened: Target, alice: Person, rita: Person, carol: Person) -> None:
    accepted(alice, opened, rita)
    carol.patch(f"targets/{opened.pk}/", {"public_names": True})
    assert captures(opened)[0]["properties"]["by"] == "Alice"
    assert anybody(f"targets/{opened.pk}/").json()["names"] is True


def test_a_photo_without_a_place_is_nowhere(opened: Target, alice: Person, rita: Person) -> None:
    capture = str(alice.shoots(opened, None)["id"])
    alice.sends_photo(capture)
    rita.post(f"captures/{capture}/review/", {"verdict": "accepted"})
    assert captures(opened)[0]["geometry"] is None


# --- how exactly ------------------------------------------------------------------------------------------------------


def test_exact_positions_are_public_only_on_purpose(opened: Target, alice: Person, rita: Person, carol: Person) -> None:
    accepted(alice, opened, rita, 30)
    assert_no(carol.patch(f"targets/{opened.pk}/", {"public_round_m": 0}), 400, "invalid", "public_round_m")
    assert captures(opened)[0]["geometry"]["coordinates"] != [*place(30)][::-1]
    body_ = {"public_round_m": 0, "public_exact": True}
    assert carol.patch(f"targets/{opened.pk}/", body_).status_code == 200
    assert captures(opened)[0]["geometry"]["coordinates"] == [at(30)["longitude"], at(30)["latitude"]]
    assert_no(carol.patch(f"targets/{opened.pk}/", {"public_exact": False}), 400, "invalid", "public_round_m")


@pytest.mark.parametrize("value", [-1, 1, 9, 100_001, "near", None, 10.5])
def test_a_rounding_that_cannot_be(opened: Target, carol: Person, value: object) -> None:
    assert_no(carol.patch(f"targets/{opened.pk}/", {"public_round_m": value}), 400, "invalid", "public_round_m")
    opened.refresh_from_db()
    assert opened.public_round_m == 100


@pytest.mark.parametrize("values", [{"public_round_m": 0}, {"public_round_m": 5}, {"public_round_m": 200_000}])
def test_the_database_itself_refuses_it(stones: Target, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="exact_positions_are_public_on_purpose"), transaction.atomic():
        Target.objects.filter(pk=stones.pk).update(**values)


def test_a_copy_of_a_public_target_is_not_public(opened: Target, carol: Person, clock: Clock) -> None:
    carol.user.may_create_targets = True
    carol.user.save()
    made = copying.copy_target(source=opened, name="Again", by=carol.user, places=False, now=clock.now).target
    assert made.public is False
    assert_no(anybody(f"targets/{made.pk}/"), 404)


# --- what people are told ---------------------------------------------------------------------------------------------


def test_whoever_takes_part_is_asked_again(stones: Target, carol: Person, alice: Person) -> None:
    def version() -> int:
        return int(carol.get(f"targets/{stones.pk}/").json()["consent_version"])

    carol.patch(f"targets/{stones.pk}/", {"public_names": True, "public_round_m": 50})
    assert version() == 1, "nobody sees anything of it"
    for number, values in enumerate(({"public": True}, {"public_names": False}, {"public_round_m": 20}), 2):
        carol.patch(f"targets/{stones.pk}/", values)
        assert version() == number
    told = carol.get(f"targets/{stones.pk}/").json()["shown_to_all"]
    assert told == "accepted photos, small; the day; where each was taken, to about 20 m; no names"
    alice.post("me/consent/", {"target": stones.pk, "version": version()})
    assert told in alice.user.memberships.get().consent_text


def test_whoever_joins_reads_it(opened: Target, carol: Person, clock: Clock) -> None:
    def page() -> str:
        week = timedelta(days=7)
        code = invites.make_invite(target=opened, role="volunteer", by=None, uses=1, valid_for=week, now=clock.now).code
        return Client().get(f"/join/{code}").content.decode()

    assert "Shown to everybody" in page()
    assert "Only the coordinators see it." in page()
    carol.patch(f"targets/{opened.pk}/", {"public_names": True})
    assert "who took it, by name" in page()
    assert "Only the coordinators see it." not in page()
    carol.patch(f"targets/{opened.pk}/", {"public": False})
    assert "Shown to everybody" not in page()


def test_every_setting_of_it_can_be_read_back(carol: Person, stones: Target) -> None:
    values = {"public": True, "public_round_m": 250, "public_exact": True, "public_names": True}
    answer = carol.patch(f"targets/{stones.pk}/", values)
    assert {name: answer.json()[name] for name in values} == values


def test_the_public_room_writes_nothing(opened: Target, alice: Person, rita: Person, own_files: Path) -> None:
    capture = accepted(alice, opened, rita)
    body(anybody(photo_of(capture)))
    before = sorted(path.name for path in own_files.rglob("*") if path.is_file())
    for path in (f"targets/{opened.pk}/", photo_of(capture)):
        for method in ("post", "put", "patch", "delete"):
            assert_no(getattr(Client(), method)(f"{API}public/{path}"), 405)
    assert sorted(path.name for path in own_files.rglob("*") if path.is_file()) == before
