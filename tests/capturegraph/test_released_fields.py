"""A phone keeps the page that it has for months: whatever a released page sends of a capture is taken, for ever."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from stories import API, Person, at, photo, sha256, slots_in

from capturegraph.models import Capture, Target

pytestmark = pytest.mark.django_db

SHUTTER = Path(__file__).resolve().parents[2] / "static" / "field" / "shutter.js"
MOMENT = {"at": "2026-06-01T08:59:58.000Z", **at(0), "accuracy_m": 6.5, "heading": 12.5, "heading_source": "absolute"}

# Per release that people have had on their phones: what its page sends, beside the target. A row is never changed; the
# next release gets one of its own.
RELEASED: dict[str, dict[str, Any]] = {
    "the first page": {
        "assignment": None, **at(0), "accuracy_m": 6.5, "heading": 12.5, "heading_source": "absolute",
        "taken_at": "2026-06-01T08:59:59.000Z", "photo_sha256": sha256(photo()), "photo_size": len(photo()),
        "from_library": False, "moments": {"tap": MOMENT, "back": MOMENT},
    },
    "the first page, out of the library": {
        "assignment": None, "taken_at": "2026-05-30T10:00:00.000Z", "photo_sha256": sha256(photo()),
        "photo_size": len(photo()), "from_library": True,
    },
    "the page with a viewfinder": {
        "assignment": None, **at(0), "accuracy_m": 6.5, "heading": 12.5, "heading_source": "absolute",
        "taken_at": "2026-06-01T08:59:59.000Z", "photo_sha256": sha256(photo()), "photo_size": len(photo()),
        "from_library": False, "moments": {"tap": MOMENT, "back": MOMENT}, "taken_with": "viewfinder",
        "warned": ["far", "dark"],
    },
    "a client without a digest": {"taken_at": "2026-06-01T08:59:59Z", **at(0)},
    "a page of some later year": {
        "taken_at": "2026-06-01T10:59:59+02:00", **at(0), "altitude_m": 31, "lens": {"name": "wide", "mm": [24, 26]},
    },
}  # fmt: skip
OURS = {
    "assignment", "latitude", "longitude", "accuracy_m", "heading", "taken_at", "photo_sha256", "photo_size",
    "from_library",
}  # fmt: skip


def names_in(pattern: str) -> set[str]:
    """The names of the fields of an object that the page makes."""
    found = re.search(pattern, SHUTTER.read_text(), re.DOTALL)
    assert found, "the page makes its words elsewhere now: look there"
    return set(re.findall(r"^\s+(\w+)[:,]", found[1], re.MULTILINE))


def test_the_table_has_what_today_s_page_sends() -> None:
    sent = names_in(r"const metadata = known\(\{(.*?)\}\);") | names_in(r"return \{(.*?)\};\n\}") - {"at"}
    assert {"heading_source", "taken_at", "moments"} <= sent
    assert sent - {"target"} in [set(fields) for fields in RELEASED.values()]


@pytest.mark.parametrize("release", RELEASED)
def test_what_a_released_page_sends_is_taken_and_unknown_fields_are_kept(
    stones: Target, alice: Person, release: str
) -> None:
    words = {"target": str(stones.pk), **RELEASED[release]}
    assert alice.sends(uuid4(), words).status_code == 201
    assert Capture.objects.get().extra == {
        name: value for name, value in words.items() if name not in {*OURS, "target"}
    }


@pytest.mark.parametrize("release", RELEASED)
def test_the_verdict_is_the_same_to_the_byte_however_often(
    stones: Target, alice: Person, bob: Person, release: str
) -> None:
    slots_in(stones, a=0, b=20, c=30)
    held, capture = alice.asks(stones)["assignment"]["id"], uuid4()
    words = {"target": str(stones.pk), **RELEASED[release], "assignment": held}
    first = alice.sends(capture, words).content
    shuffled = dict(reversed(words.items()))
    assert alice.sends(capture, shuffled).content == first
    verdict = orjson.dumps(orjson.loads(first)["verdict"])
    bob.shoots(stones, 0)
    alice.sends_photo(capture)
    for again in (
        alice.sends(capture, words), alice.get(f"captures/{capture}/"), alice.sends_photo(capture),
        alice.phone.put(f"{API}captures/{capture}/photo/", b"", "image/jpeg", HTTP_CONTENT_RANGE="bytes */*"),
    ):  # fmt: skip
        assert again.status_code == 200
        assert orjson.dumps(again.json()["verdict"]) == verdict
        assert verdict in again.content
