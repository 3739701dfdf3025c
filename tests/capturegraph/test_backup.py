"""One file with everything, and the way back: on either database, into either, all of it or nothing."""

import os
import stat
import subprocess
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from elsewhere import all_files, backup, elsewhere, everything, fill, refused, runner
from served import manage
from stories import Clock, Person, sha256
from uploading import PHOTO, sends_part
from world import World

from capturegraph.models import (
    CandidateSlot,
    Capture,
    Event,
    Invite,
    Job,
    PhotoPart,
    ServiceLease,
    ServiceRun,
    ServiceRunner,
    User,
)
from capturegraph.services import jobs
from capturegraph.services.cycles import periodic
from capturegraph.services.safekeeping import backing_up, restoring, tables
from capturegraph.services.uploads import references

pytestmark = pytest.mark.django_db(transaction=True)
BOTH = pytest.mark.parametrize("into", ["sqlite", "postgresql"])


@pytest.fixture
def filled(world: World, clock: Clock, alice: Person, rita: Person, max_: Person) -> World:
    """Two targets with something in every table that people fill."""
    return fill(world, clock, alice, rita, max_)


# --- there and back ---------------------------------------------------------------------------------------------------


@BOTH
def test_all_rows_and_files_come_back_in_either_database(
    into: str, filled: World, clock: Clock, own_files: Path, tmp_path: Path, settings: Any,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    rows, there = everything(), all_files(own_files)
    made = backup(tmp_path / "all.tar", clock)
    assert made["rows"] == {name: len(some) for name, some in rows.items()}
    assert all(made["rows"][name] for name in made["rows"] if name not in NOT_FILLED), made["rows"]
    with elsewhere(into, request, settings, tmp_path / "new") as folder:
        restoring.restore(path=tmp_path / "all.tar", now=clock.forward(days=1))
        again = everything()
        assert all_files(folder) == there
        assert Event.objects.latest("pk").verb == "restored"
    assert again.pop("capturegraph.event")[:-1] == rows.pop("capturegraph.event")
    for name in TAKEN_UP:
        assert len(again.pop(name)) == len(rows.pop(name))
    assert again == rows


NOT_FILLED = {
    "auth.group_permissions", "capturegraph.availability", "capturegraph.columnchoice", "capturegraph.planpin",
    "capturegraph.user_user_permissions", "capturegraph.message",
}  # fmt: skip
TAKEN_UP = ["capturegraph.job", "capturegraph.servicelease", "capturegraph.servicerun"]


@BOTH
def test_work_that_was_under_way_waits_and_nobody_holds_a_service(
    into: str, filled: World, clock: Clock, tmp_path: Path, settings: Any, request: pytest.FixtureRequest
) -> None:
    running, lease = Job.objects.get(state="running"), ServiceLease.objects.get()
    waiting = Job.objects.filter(state="waiting").count()
    backup(tmp_path / "all.tar", clock)
    with elsewhere(into, request, settings, tmp_path / "new"):
        restoring.restore(path=tmp_path / "all.tar", now=clock.now)
        assert Job.objects.filter(state="waiting").count() == waiting + 1
        assert jobs.claim(job_id=running.pk, clock=lambda: clock.now)
        assert ServiceRun.objects.get().state == "abandoned"
        assert not ServiceRunner.objects.exists()
        # The next beat that comes takes the service at once, with a token that nobody had before.
        claimed = periodic.claim(service="sweep", runner_id=runner(clock))
        assert claimed
        assert claimed.token > lease.token
        # What is numbered goes on after the highest number.
        assert Event.objects.create(at=clock.now, verb="tried", noun="site").pk > 1


def test_what_opens_accounts_is_left_out(filled: World, clock: Clock, alice: Person, tmp_path: Path) -> None:
    alice.desk()
    target = filled.stones.target
    once = Invite.objects.create(
        target=target, code_sha256=sha256("once"), for_user=alice.user, uses_left=1, created_at=clock.now,
        expires_at=clock.now + timedelta(days=1),
    )  # fmt: skip
    made = backup(tmp_path / "all.tar", clock)
    held = (tmp_path / "all.tar").read_bytes()
    assert str(once.pk).encode() not in held
    assert alice.token.encode() not in held
    assert "sessions.session" not in made["rows"]
    assert {"sessions.session", "capturegraph.invite", "capturegraph.servicerunner"} <= set(made["left_out"])


def test_every_table_is_kept_or_left_out_for_a_reason() -> None:
    every = {model for config in apps.get_app_configs() for model in config.get_models(include_auto_created=True)}
    assert every == {*tables.kept(), *tables.LEFT_OUT}


def test_any_tar_program_can_check_it(filled: World, clock: Clock, tmp_path: Path) -> None:
    backup(tmp_path / "all.tar", clock)
    assert stat.S_IMODE((tmp_path / "all.tar").stat().st_mode) == 0o600
    with tarfile.open(tmp_path / "all.tar") as tar:
        assert tar.getnames()[-2:] == ["SHA256SUMS", "manifest.json"]
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "xf", "../all.tar"], cwd=tmp_path / "out", check=True)
    checked = subprocess.run(
        ["sha256sum", "-c", "--quiet", "--strict", "SHA256SUMS"], cwd=tmp_path / "out", capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout) == (0, "")


# --- files that go meanwhile ------------------------------------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let something happen once, after the rows were read and before a file was copied."""
    what = []
    read = backing_up._Backup._add_files

    def add_files(self: Any, *args: Any) -> None:
        for one in what:
            one()
        read(self, *args)

    monkeypatch.setattr(backing_up._Backup, "_add_files", add_files)
    return what.append


def test_what_is_erased_while_a_backup_is_made_is_let_go_of(
    filled: World, clock: Clock, alice: Person, bob: Person, tmp_path: Path, settings: Any, meanwhile: Any,
    request: pytest.FixtureRequest, database: str, own_files: Path,
) -> None:  # fmt: skip
    sends_part(bob, uuid4(), 0, 1000)
    meanwhile(lambda: bob.phone.delete("/api/v1/me/", {"confirm": "Bob"}, content_type="application/json"))
    meanwhile(lambda: references.remove_reference(slot_id=filled.stones.slot, by=bob.user, now=clock.now))
    made = backup(tmp_path / "all.tar", clock)
    assert made["remarks"] == {"gone": 2, "missing": 0, "differs": 0}
    with elsewhere(database, request, settings, tmp_path / "new"):
        restoring.restore(path=tmp_path / "all.tar", now=clock.now)
        assert User.objects.get(pk=bob.user.pk).name == "Bob", "as it was at that moment"
        assert not PhotoPart.objects.filter(volunteer=bob.user).exists()
        assert not CandidateSlot.objects.get(pk=filled.stones.slot).reference


def test_a_file_that_is_missing_is_not_taken_for_one_that_was_let_go_of(
    filled: World, clock: Clock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    default_storage.delete(str(Capture.objects.get(pk=filled.stones.capture).photo))
    with pytest.raises(SystemExit) as ended:
        call_command("backup", tmp_path / "all.tar")
    assert ended.value.code == 3
    assert (tmp_path / "all.tar").exists()
    assert "1 files are missing" in capsys.readouterr().err


def test_photos_that_come_while_rows_are_read_belong_to_the_next_backup(
    filled: World, clock: Clock, alice: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    """Rows of all tables are of one moment: somebody else writes between two of them."""
    from race import at_once

    read, late = tables.rows_of, uuid4()

    def rows_of(model: Any) -> Any:
        if model is Capture:
            at_once([lambda: _sends(alice, filled, late)])
        return read(model)

    monkeypatch.setattr(backing_up.tables, "rows_of", rows_of)
    made = backup(tmp_path / "all.tar", clock)
    assert Capture.objects.filter(pk=late, state="stored").exists()
    assert made["rows"]["capturegraph.capture"] == Capture.objects.count() - 1
    assert str(late).encode() not in (tmp_path / "all.tar").read_bytes()


def _sends(who: Person, world: World, capture: UUID) -> None:
    assert who.sends(capture, who.words(world.stones.target, 700)).status_code == 201
    assert who.sends_photo(capture, PHOTO).status_code == 201


# --- no backup --------------------------------------------------------------------------------------------------------


def test_a_backup_writes_over_nothing(filled: World, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "all.tar").write_text("mine")
    refused(lambda: backup(tmp_path / "all.tar", clock), "is there already")
    assert (tmp_path / "all.tar").read_text() == "mine"


@pytest.mark.parametrize("path", ["nowhere/all.tar", "file/all.tar"])
def test_a_bad_path_is_one_sentence(
    path: str, stones: Any, clock: Clock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from capturegraph.management.commands.backup import Command

    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "backup", str(tmp_path / path)])
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n")) == (2, 1)
    assert "No backup was made" in said


def test_nothing_is_left_of_a_backup_for_which_there_is_no_room(
    filled: World, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    folder = tmp_path / "backups"
    folder.mkdir()
    monkeypatch.setattr(os, "fsync", full)
    refused(lambda: backup(folder / "all.tar", clock), "No space left on device")
    assert list(folder.iterdir()) == []


# --- at the terminal --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.only_on("sqlite")
def test_there_and_back_at_the_terminal(tmp_path: Path) -> None:
    there, new, path = tmp_path / "there", tmp_path / "new", str(tmp_path / "all.tar")
    for var in (there, new):
        assert manage(var, "migrate", "-v0").returncode == 0
    assert manage(there, "createadmin", "--username", "max").returncode == 0
    made = manage(there, "backup", path)
    assert (made.returncode, "capturegraph.user, 1 of 1" in made.stderr) == (0, True)
    again = manage(there, "backup", path)
    assert (again.returncode, again.stderr.count("\n"), "is there already" in again.stderr) == (2, 1, True)
    put = manage(new, "restore", path)
    assert (put.returncode, "are back" in put.stdout) == (0, True)
    audited = manage(new, "audit")
    assert (audited.returncode, audited.stdout) == (0, "Rows, files, checksums and counters say the same.\n")
    Path(path).write_bytes(b"nothing")
    put = manage(new, "restore", path)
    assert (put.returncode, put.stderr.splitlines()[-1][:29]) == (2, "This is no whole backup: it i")
