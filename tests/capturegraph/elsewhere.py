"""Another database and another folder of files, both empty, to put a backup into; and everything that is somewhere."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connections
from stories import Clock, Person, photo, sha256
from uploading import sends_part
from world import World

from capturegraph.models import (
    Blurring,
    Capture,
    Dispute,
    Job,
    Match,
    OpeningCheck,
    PhotoFinding,
    ReviewClaim,
    ServiceRunner,
    User,
)
from capturegraph.services import jobs
from capturegraph.services.cycles import periodic
from capturegraph.services.refusals import Refused
from capturegraph.services.safekeeping import backing_up, tables
from capturegraph.services.uploads import references
from capturegraph.services.writing import database_now


def everything() -> dict[str, list[Any]]:
    """All rows that a backup holds, by table, whichever database has them."""
    return {
        tables.name_of(model): [json.loads(tables.written(model, row)) for row in tables.rows_of(model)]
        for model in tables.kept()
    }


def all_files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def empty() -> None:
    """Take every row out of the database that is spoken to."""
    call_command("flush", interactive=False, verbosity=0)
    ContentType.objects.clear_cache()


@contextmanager
def elsewhere(vendor: str, request: pytest.FixtureRequest, settings: Any, folder: Path) -> Iterator[Path]:
    """Speak to an empty database of a kind and to an empty folder; back to where one was, and emptied, afterwards."""
    before, media = connections.settings["default"], settings.MEDIA_ROOT
    here = "sqlite" if before["ENGINE"].endswith("sqlite3") else "postgresql"
    folder.mkdir()
    if vendor != here:
        _speak_to(request.getfixturevalue(f"{vendor}_settings"))
        migrated: set[str] = request.getfixturevalue("migrated")
        if vendor not in migrated:
            call_command("migrate", verbosity=0, interactive=False)
            migrated.add(vendor)
    empty()
    settings.MEDIA_ROOT = folder
    try:
        yield folder
    finally:
        empty()
        settings.MEDIA_ROOT = media
        if vendor != here:
            _speak_to(before)
            ContentType.objects.clear_cache()


def _speak_to(database: dict[str, Any]) -> None:
    connections.close_all()
    if hasattr(connections._connections, "default"):
        del connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": database})["default"]


# --- what a backup is made of -----------------------------------------------------------------------------------------


def fill(world: World, clock: Clock, alice: Person, rita: Person, max_: Person) -> World:
    """Put something into every table that people fill."""
    it = world.stones
    capture = Capture.objects.get(pk=it.capture)
    refused = uuid4()
    alice.sends(refused, alice.words(it.target, 900, photo_sha256=sha256(b"no photo")))
    assert alice.sends_photo(refused, b"no photo").status_code == 415
    assert sends_part(alice, uuid4(), 0, 1000).status_code == 202
    references.set_reference(slot_id=it.slot, file=io.BytesIO(photo("teal")), by=rita.user, now=clock.now)
    Match.objects.filter(capture=capture).update(metres=float("inf"), distance=float("inf"))
    PhotoFinding.objects.create(
        capture=capture, target=it.target, photo_sha256=capture.photo_sha256, found_at=clock.now,
        perceptual_hash=-(2**63), flags=[{"code": "blurred", "sharpness": 1.5}], flag_count=1,
    )  # fmt: skip
    ReviewClaim.objects.create(
        capture=capture, target=it.target, reviewer=rita.user, claimed_at=clock.now, until=clock.now
    )
    Dispute.objects.create(
        capture=capture, target=it.target, said_by=alice.user, said="It is “good”. \U0001f4f7", said_at=clock.now
    )
    Blurring.objects.create(
        capture=capture, target=it.target, photo_sha256=capture.photo_sha256, blurrer="haar", state="done", regions=2,
        file=default_storage.save(f"blurred/{it.target.pk}/one.webp", ContentFile(b"x" * 100)), at=clock.now,
    )  # fmt: skip
    OpeningCheck.objects.create(
        target=it.target, step="consent", digest="c" * 64, ticked_by=rita.user, ticked_at=clock.now
    )
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(user=max_.user, content_type=kind, object_id="1", action_flag=CHANGE)
    group = Group.objects.create(name="helpers")
    group.permissions.add(Permission.objects.order_by("pk").last() or 0)
    alice.user.groups.add(group)
    claimed = periodic.claim(service="sweep", runner_id=runner(clock))
    assert claimed
    job = Job.objects.filter(state="waiting").first()
    assert job
    assert jobs.claim(job_id=job.pk, clock=lambda: clock.now)
    return world


def runner(clock: Clock) -> str:
    now = database_now()
    return ServiceRunner.objects.create(id="one", name="one", started_at=now, heartbeat_at=now).pk


def backup(path: Path, clock: Clock) -> dict[str, Any]:
    """Make a backup, and give its manifest."""
    return backing_up.back_up(path=path, now=clock.now)


def refused(act: Any, words: str) -> None:
    """Let something be refused in words of which these are some."""
    with pytest.raises(Refused) as refusal:
        act()
    assert words in refusal.value.detail, refusal.value.detail
