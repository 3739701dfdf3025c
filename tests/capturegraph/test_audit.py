"""An audit finds what is wrong with rows, files and figures, and has nothing to say of what is right."""

import io
import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from histories import history
from playing import Player, people
from stories import Clock, Person, photo, sha256, slots_in
from uploading import sends_part
from world import World

from capturegraph.models import (
    Assignment,
    Batch,
    CandidateSlot,
    Capture,
    Event,
    Job,
    Match,
    Membership,
    PhotoFinding,
    PhotoPart,
    Webhook,
)
from capturegraph.services import work
from capturegraph.services.exports import archives
from capturegraph.services.safekeeping import audit_files, audit_matches, auditing
from capturegraph.services.safekeeping.finding import Look
from capturegraph.services.safekeeping.moment import one_moment
from capturegraph.services.uploads import references, small_photos
from capturegraph.services.writing import rows

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


@pytest.fixture(autouse=True)
def moment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that is one transaction is one moment already."""
    if not request.node.get_closest_marker("django_db").kwargs.get("transaction"):
        monkeypatch.setattr(auditing, "one_moment", nullcontext)


@pytest.fixture
def healthy(world: World, clock: Clock, alice: Person, bob: Person, rita: Person, carol: Person) -> World:
    """Every kind of row and file, all of them as they should be."""
    it = world.stones
    file = {"file": io.BytesIO(b"title,lat,lon,external_id\nthere,38.9,-77.03,there"), "mode": "add"}
    file["file"].name = "there.csv"
    assert carol.phone.post(f"/api/v1/targets/{it.target.pk}/batches/?apply=yes", file).status_code in (200, 201, 202)
    alice.sends(lost := uuid4(), alice.words(it.target, 900, photo_sha256=sha256(b"no photo")))
    assert alice.sends_photo(lost, b"no photo").status_code == 415
    assert sends_part(alice, uuid4(), 0, 1000).status_code == 202
    references.set_reference(slot_id=it.slot, file=io.BytesIO(photo("teal")), by=rita.user, now=clock.now)
    slots_in(it.target, required_count=2, two=5000)
    assert bob.asks(it.target, 5000)["slot"]
    taken = bob.shoots(it.target, 5000)
    assert bob.sends_photo(taken["id"], photo("red")).status_code == 201
    capture = Capture.objects.get(pk=it.capture)
    PhotoFinding.objects.create(
        capture=capture, target=it.target, photo_sha256=capture.photo_sha256, found_at=clock.now,
        flags=[{"code": "blurred"}], flag_count=1,
    )  # fmt: skip
    small_photos.open_small(capture=capture).close()
    job = archives.ask(target=it.target, by=carol.user, now=clock.now)
    assert work.do(job_id=job.pk, clock=lambda: clock.now) == "done"
    clock.forward(days=3)
    return world


def codes(clock: Clock, *, quick: bool = False) -> list[str]:
    return sorted({one.code for one in auditing.audit(now=clock.now, quick=quick)})


@pytest.mark.django_db(transaction=True)
def test_a_healthy_database_has_nothing_to_say_of(
    healthy: World, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    age_files(3)
    assert list(auditing.audit(now=clock.now)) == []
    call_command("audit")
    assert "say the same" in capsys.readouterr().out


def age_files(days: float) -> None:
    """Let all files have been there for so long, by the clock of the story."""
    for path in Path(default_storage.path("")).rglob("*"):
        at = (Clock().now + timedelta(days=3 - days)).timestamp()
        os.utime(path, (at, at))


@pytest.mark.parametrize("seed", range(25))
def test_histories_leave_nothing_to_say(seed: int, clock: Clock) -> None:
    """Uploads, reviews, links, new settings, new files: what the services make of them is what the audit works out."""
    player = Player(history(seed), people())
    assert player.play() == ""
    look = Look(player.now, False, lambda *said: None)
    assert [str(one) for check in (audit_matches.seats, audit_matches.matches) for one in check(look)] == []


# --- damage -----------------------------------------------------------------------------------------------------------


def path_of(name: Any) -> Path:
    return Path(default_storage.path(str(name)))


def capture(it: World) -> Capture:
    return Capture.objects.get(pk=it.stones.capture)


def slot(it: World) -> Any:
    return CandidateSlot.objects.filter(pk=it.stones.slot)


def photo_lost(it: World) -> None:
    path_of(capture(it).photo).unlink()


def photo_cut(it: World) -> None:
    path = path_of(capture(it).photo)
    path.write_bytes(path.read_bytes()[:-1])


def photo_rotten(it: World) -> None:
    path = path_of(capture(it).photo)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def rescued_photo_lost(it: World) -> None:
    path_of(Capture.objects.get(state="refused").photo).unlink()


def part_cut(it: World) -> None:
    path_of(PhotoPart.objects.get().file).write_bytes(b"x")


def reference_rotten(it: World) -> None:
    path_of(slot(it).get().reference).write_bytes(photo("red"))


def batch_rotten(it: World) -> None:
    path_of(Batch.objects.first().file).write_bytes(b"title,lat,lon")


def archive_lost(it: World) -> None:
    path_of(Job.objects.get(kind=archives.ARCHIVE).result["file"]).unlink()


def photo_of_nobody(it: World) -> None:
    (path_of(capture(it).photo).parent / f"{uuid4()}-00000000.jpg").write_bytes(photo())


def reference_of_nobody(it: World) -> None:
    slot(it).update(reference="")


def file_in_a_strange_folder(it: World) -> None:
    path_of("new").mkdir()
    path_of("new/thing").write_text("thing")


def small_copy_of_another_photo(it: World) -> None:
    name = next(path_of(small_photos.FOLDER).rglob("*.webp"))
    name.rename(name.with_name(name.name.replace(capture(it).photo_sha256[:16], "0" * 16)))


def seat_invented(it: World) -> None:
    CandidateSlot.objects.filter(external_id="two").update(seats_left=2)


def slot_done_by_nobody(it: World) -> None:
    CandidateSlot.objects.filter(external_id="two").update(state="fulfilled")


def match_forgotten(it: World) -> None:
    # Nothing that is derived from it contradicts it: only the rules do.
    one = Match.objects.filter(capture__volunteer__username="bob").get()
    Match.objects.filter(pk=one.pk).delete()
    CandidateSlot.objects.filter(pk=one.slot_id).update(seats_left=2)


def match_invented(it: World) -> None:
    one = Match.objects.filter(capture__volunteer__username="bob").get()
    far = CandidateSlot.objects.filter(target=it.stones.target, state="waiting").exclude(pk=one.slot_id)[0]
    Match.objects.create(
        capture=one.capture, slot=far, person_key=one.person_key, metres=1, distance=0.1, created_at=one.created_at
    )
    CandidateSlot.objects.filter(pk=far.pk).update(seats_left=0, state="fulfilled")


def capture_usable_by_word_only(it: World) -> None:
    Capture.objects.filter(pk=it.stones.capture).update(accuracy_m=4000)


def capture_said_not_to_count(it: World) -> None:
    Capture.objects.filter(matches__active=True).update(counts=False)


def match_of_somebody_else(it: World) -> None:
    Match.objects.filter(capture__volunteer__username="bob").update(person_key=uuid4())


def assignment_in_another_target(it: World) -> None:
    Assignment.objects.filter(pk=it.stones.assignment).update(target=it.memorials.target)


def batch_miscounted(it: World) -> None:
    for one in Batch.objects.filter(state="applied"):
        Batch.objects.filter(pk=one.pk).update(counts={**one.counts, "added": 7})


def cell_of_another_place(it: World) -> None:
    slot(it).update(cell=1)


def flags_miscounted(it: World) -> None:
    PhotoFinding.objects.update(flag_count=2)


def finding_of_other_bytes(it: World) -> None:
    PhotoFinding.objects.update(photo_sha256="0" * 64)


def consent_to_words_never_shown(it: World) -> None:
    Membership.objects.filter(user=Capture.objects.get(pk=it.stones.capture).volunteer).update(consent_version=9)


def webhook_ahead_of_events(it: World) -> None:
    Webhook.objects.update(last_event=10**12)


def constraint_dropped(it: World) -> None:
    rows("DROP INDEX a_seat_has_one_holder", [])


def seat_held_twice(it: World) -> None:
    constraint_dropped(it)
    one = Assignment.objects.get(volunteer__username="bob", state="held")
    carol = Membership.objects.get(target=it.stones.target, role="coordinator").user
    said = {"target": one.target, "slot": one.slot, "expires_at": one.expires_at, "started_at": one.started_at}
    Assignment.objects.create(**said, volunteer=carol)


def priority_of_101(it: World) -> None:
    if connection.vendor == "postgresql":
        rows("ALTER TABLE capturegraph_candidateslot DROP CONSTRAINT a_priority_is_0_to_100", [])
    else:
        rows("PRAGMA ignore_check_constraints = ON", [])
    slot(it).update(priority=101)


def phone_that_is_not_there(it: World) -> None:
    Capture.objects.filter(pk=it.stones.capture).update(device=uuid4())


DAMAGE: dict[Callable[[World], None], str] = {
    photo_lost: "file_missing", photo_cut: "file_size", photo_rotten: "file_sha256", rescued_photo_lost: "file_missing",
    part_cut: "file_size", reference_rotten: "file_sha256", batch_rotten: "file_sha256", archive_lost: "file_missing",
    photo_of_nobody: "file_orphan", reference_of_nobody: "file_orphan", file_in_a_strange_folder: "file_orphan",
    small_copy_of_another_photo: "file_orphan", seat_invented: "seats_differ", slot_done_by_nobody: "state_differs",
    match_forgotten: "match_missing", match_invented: "match_too_many", capture_usable_by_word_only: "usable_differs",
    capture_said_not_to_count: "counts_differ", match_of_somebody_else: "other_person",
    assignment_in_another_target: "other_target", batch_miscounted: "batch_counts",
    cell_of_another_place: "cell_differs",
    flags_miscounted: "flags_miscounted", finding_of_other_bytes: "finding_of_other_bytes",
    consent_to_words_never_shown: "consent_ahead", webhook_ahead_of_events: "webhook_ahead",
    constraint_dropped: "constraint_missing", seat_held_twice: "constraint_broken",
    priority_of_101: "constraint_broken", phone_that_is_not_there: "reference_lost",
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_damage_is_found(damage: Callable[[World], None], healthy: World, clock: Clock) -> None:
    age_files(3)
    with transaction.atomic():
        # What was put off until the commit stands in the way of changing tables.
        connection.check_constraints()
        rows("SET CONSTRAINTS ALL DEFERRED" if connection.vendor == "postgresql" else "SELECT 1", [])
        damage(healthy)
        age_files(3)
        found = codes(clock)
        transaction.set_rollback(True)
    if connection.vendor == "sqlite":
        rows("PRAGMA ignore_check_constraints = OFF", [])
    assert DAMAGE[damage] in found


def test_a_quick_look_reads_no_files(healthy: World, clock: Clock) -> None:
    photo_rotten(healthy)
    age_files(3)
    assert codes(clock, quick=True) == []
    photo_cut(healthy)
    assert codes(clock, quick=True) == ["file_size"]


def test_a_young_file_may_be_of_a_transaction_that_is_under_way(healthy: World, clock: Clock) -> None:
    photo_of_nobody(healthy)
    age_files(0.5)
    assert codes(clock) == []


def test_the_command_names_what_and_where_and_ends_with_1(
    healthy: World, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    age_files(3)
    photo_lost(healthy)
    with pytest.raises(SystemExit) as ended:
        call_command("audit")
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert said.out.splitlines() == [
        f"capturegraph.capture {healthy.stones.capture}: its file {capture(healthy).photo} is missing [file_missing]"
    ]
    with pytest.raises(SystemExit):
        call_command("audit", "--json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["code"] == "file_missing"
    assert lines[-1] == {"findings": 1, "quick": False}


@pytest.mark.django_db(transaction=True)
def test_nothing_can_be_written_in_the_moment_of_an_audit(stones: Any, clock: Clock) -> None:
    with pytest.raises(DatabaseError), one_moment():
        Event.objects.create(at=clock.now, verb="tried", noun="site")
    assert Event.objects.create(at=clock.now, verb="tried", noun="site")


def test_what_a_row_lets_go_of_during_an_audit_is_not_missing(
    healthy: World, clock: Clock, rita: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = audit_files._wrong

    def late(one: Any, *rest: Any) -> Any:
        if one.name.startswith(references.FOLDER):
            references.remove_reference(slot_id=healthy.stones.slot, by=rita.user, now=clock.now)
        return look(one, *rest)

    age_files(3)
    monkeypatch.setattr(audit_files, "_wrong", late)
    assert codes(clock) == []
