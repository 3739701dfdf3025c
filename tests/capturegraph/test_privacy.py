"""Who sees what of a photograph: every kind of people at the real routes, and what a file may do when it is opened."""

import io
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image
from stories import API, Clock, Person, photo, place, sha256, slots_in
from who_sees import THINGS, body, table_in
from world import World

from capturegraph.models import Capture, Event, Target
from capturegraph.services import jobs, work
from capturegraph.services.exports import archives
from capturegraph.services.privacy import seeing
from capturegraph.services.privacy.seeing import MAY, Standing

pytestmark = pytest.mark.django_db

README = Path(__file__).resolve().parents[2] / "README.md"
PEOPLE = {
    "alice": "who took it", "bob": "another volunteer", "carol": "coordinator", "rita": "reviewer",
    "max": "site admin", "zoe": "stranger", "anonymous": "nobody known", "revoked": "revoked phone",
}  # fmt: skip
SEALED = "default-src 'none'; sandbox"


def sent(who: Person, target: Target, data: bytes | None = None, east_m: float = 0) -> str:
    """A capture with its photograph."""
    receipt = who.shoots(target, east_m)
    assert who.sends_photo(receipt["id"], data).status_code == 201
    return str(receipt["id"])


def opened() -> list[tuple[str, str]]:
    """Who opened an original, as what."""
    found = Event.objects.filter(verb="original opened").select_related("actor").order_by("pk")
    return [(str(event.actor), event.data["as"]) for event in found]


# --- by role ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credential", ["phone", "desk"])
def test_everybody_sees_what_the_readme_says(own_files: Path, world: World, credential: str) -> None:
    table = table_in(README.read_text())
    assert set(table) == {*PEOPLE.values(), "everybody, where it is public"}
    capture = Capture.objects.get(pk=world.stones.capture)
    for who, called in PEOPLE.items():
        person = world.people[who]
        if who == "revoked" and credential == "desk":
            continue
        client = Client() if person is None else person.phone if credential == "phone" else person.desk()
        said = {name: table[called][name].startswith("yes") for name in THINGS}
        assert {name: sees(client, capture) for name, sees in THINGS.items()} == said, who


def test_the_table_of_the_code_is_the_table_of_the_readme() -> None:
    table = table_in(README.read_text())
    called = {Standing.VOLUNTEER: "another volunteer"}
    for standing, things in MAY.items():
        said = table[called.get(standing, standing.value)]
        assert {thing: thing in things for thing in seeing.Thing} == {
            thing: said[thing.value].startswith("yes") for thing in seeing.Thing
        }, standing


def test_whoever_opens_an_original_is_written_down_but_not_its_owner(
    stones: Target, alice: Person, bob: Person, carol: Person, rita: Person, zoe: Person, max_: Person, own_files: Path
) -> None:
    capture = sent(alice, stones)
    for who in (alice, bob, carol, rita, zoe, max_, rita):
        body(who.get(f"captures/{capture}/photo/"))
    assert opened() == [
        ("Carol", "coordinator"), ("Rita", "reviewer"), ("Max", "coordinator"), ("Rita", "reviewer"),
    ]  # fmt: skip
    event = Event.objects.filter(verb="original opened").first()
    assert event is not None
    assert (event.noun, str(event.row_id), event.target_id) == ("capture", capture, stones.pk)
    # Looking at the small copy is the daily work.
    body(rita.get(f"captures/{capture}/photo/small/"))
    assert len(opened()) == 4


def test_a_reviewer_s_own_photo_is_their_own(stones: Target, rita: Person, own_files: Path) -> None:
    capture = sent(rita, stones)
    assert body(rita.get(f"captures/{capture}/photo/")) == photo()
    assert opened() == []


def test_an_original_whose_file_is_gone_was_opened_by_nobody(
    stones: Target, alice: Person, rita: Person, own_files: Path
) -> None:
    capture = sent(alice, stones)
    default_storage.delete(str(Capture.objects.get().photo.name))
    assert rita.get(f"captures/{capture}/photo/").status_code == 404
    assert opened() == []


def test_a_role_that_was_taken_away_shows_nothing_any_more(
    stones: Target, alice: Person, rita: Person, clock: Clock, own_files: Path
) -> None:
    capture = sent(alice, stones)
    assert body(rita.get(f"captures/{capture}/photo/")) == photo()
    rita.user.memberships.update(removed_at=clock.now)
    for address in ("photo/", "photo/small/", ""):
        assert rita.get(f"captures/{capture}/{address}").status_code == 404
    assert len(opened()) == 1


def test_an_archive_that_is_taken_out_is_written_down(
    stones: Target, alice: Person, rita: Person, carol: Person, clock: Clock, own_files: Path
) -> None:
    sent(alice, stones)
    job = archives.ask(target=stones, by=carol.user, now=clock.now)
    work.do(job_id=job.pk, clock=lambda: clock.now)
    assert rita.get(f"jobs/{job.pk}/file/").status_code == 403
    answer = carol.get(f"jobs/{job.pk}/file/")
    assert (answer.status_code, answer["Content-Security-Policy"]) == (200, SEALED)
    assert answer["Cache-Control"] == "private, no-store"
    body(answer)
    (event,) = Event.objects.filter(verb="originals opened")
    assert (event.actor, event.row_id, event.data) == (carol.user, job.pk, {"photos": 1})


def test_an_archive_of_nobody_s_asking_is_no_file(stones: Target, carol: Person, clock: Clock) -> None:
    job = jobs.add(kind="apply_batch", target=stones, by=None, now=clock.now)
    assert carol.get(f"jobs/{job.pk}/file/").status_code == 404
    assert not Event.objects.filter(verb="originals opened").exists()


# --- what a file may do when it is opened -----------------------------------------------------------------------------

SCRIPT = b"<!DOCTYPE html><html><body><script>alert(document.domain)</script></body></html>"


def polyglots() -> dict[str, tuple[bytes, str]]:
    """Photographs that are web pages, scripts or archives, too, and what their first bytes say."""
    jpeg, png = photo(), photo(kind="PNG")
    comment = b"\xff\xfe" + (len(SCRIPT) + 2).to_bytes(2, "big") + SCRIPT
    noted = Image.Exif()
    noted[0x010E] = SCRIPT.decode()
    return {
        "a page in a JPEG's comment": (jpeg[:2] + comment + jpeg[2:], "image/jpeg"),
        "a page behind a JPEG": (jpeg + SCRIPT, "image/jpeg"),
        "a page in its description": (photo(exif=noted), "image/jpeg"),
        "a script behind a PNG": (png + b"/*" + SCRIPT + b"*/alert(1)", "image/png"),
        "a ZIP behind a WebP": (photo(kind="WEBP") + b"PK\x05\x06" + bytes(18), "image/webp"),
    }


@pytest.mark.parametrize("what", polyglots())
@pytest.mark.parametrize("said", ["text/html", "image/svg+xml", "application/javascript", "image/jpeg"])
def test_what_is_also_a_page_comes_back_as_a_file_and_as_nothing_else(
    stones: Target, alice: Person, rita: Person, own_files: Path, what: str, said: str
) -> None:
    data, kind = polyglots()[what]
    capture = uuid4()
    alice.sends(capture, alice.words(stones, 0))
    answer = alice.phone.put(
        f"{API}captures/{capture}/photo/", data, said, headers={"Content-Disposition": 'attachment; filename="x.html"'}
    )
    if answer.status_code != 201:
        assert answer.status_code == 415, "a clear no is as good"
        return
    for who in (alice, rita):
        shown = who.get(f"captures/{capture}/photo/")
        assert body(shown) == data, "untouched"
        assert shown["Content-Type"] == kind
        suffix = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}[kind]
        named = shown["Content-Disposition"]
        assert named.startswith(f'attachment; filename="{capture}-')
        assert named.endswith(f'.{suffix}"')
        assert shown["X-Content-Type-Options"] == "nosniff"
        assert shown["Content-Security-Policy"] == SEALED
        assert shown["Cache-Control"] == "private, no-store"
    small = rita.get(f"captures/{capture}/photo/small/")
    assert (small["Content-Type"], small["Content-Security-Policy"]) == ("image/webp", SEALED)
    assert small["X-Content-Type-Options"] == "nosniff"
    made = body(small)
    assert b"script" not in made
    assert Image.open(io.BytesIO(made)).size == (24, 16)


def test_what_was_no_photo_at_all_comes_back_as_mere_bytes(
    stones: Target, alice: Person, rita: Person, own_files: Path
) -> None:
    capture = uuid4()
    alice.sends(capture, alice.words(stones, 0, photo_sha256=sha256(SCRIPT)))
    assert alice.sends_photo(capture, SCRIPT, "text/html").status_code == 415
    shown = rita.get(f"captures/{capture}/photo/")
    assert (body(shown), shown["Content-Type"]) == (SCRIPT, "application/octet-stream")
    assert shown["Content-Disposition"].startswith("attachment")
    assert shown["Content-Security-Policy"] == SEALED


def test_a_reference_photo_is_sealed_too(stones: Target, carol: Person, alice: Person, own_files: Path) -> None:
    (slot,) = slots_in(stones, a=0)
    carol.phone.put(f"{API}slots/{slot.pk}/reference/", photo(), "image/jpeg")
    shown = alice.get(f"slots/{slot.pk}/reference/")
    assert (shown.status_code, shown["Content-Security-Policy"]) == (200, SEALED)
    body(shown)


def test_lists_with_exact_positions_are_kept_by_no_cache(stones: Target, alice: Person, rita: Person) -> None:
    alice.shoots(stones, 0)
    answer = rita.get(f"targets/{stones.pk}/captures.csv")
    assert str(place(0)[0]).encode() in body(answer)
    assert answer["Cache-Control"] == "private, no-store"
