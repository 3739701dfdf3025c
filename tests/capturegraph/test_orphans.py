"""Files that no row names go after a day, files that a row names stay, and rows whose file has gone are told of."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from ingesting import look, scene, stores
from stories import Clock, Person, sha256, slots_in

from capturegraph.models import Capture, Event, Target
from capturegraph.services.cycles import periodic
from capturegraph.services.ingest import orphans
from capturegraph.services.uploads import keeping

pytestmark = pytest.mark.django_db


class Then:
    """A run of the retention at a time."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    @contextmanager
    def write(self) -> Iterator[datetime]:
        yield self.now


def swept(now: datetime) -> tuple[int, int]:
    done = periodic._sweep_files(Then(now))
    return done["lost_files"], done["missing_files"]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def puts(folder: Path, name: str, when: datetime) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"bytes")
    os.utime(path, (when.timestamp(), when.timestamp()))
    return path


def ages(folder: Path, when: datetime) -> None:
    for name in files(folder):
        os.utime(folder / name, (when.timestamp(), when.timestamp()))


def test_what_a_row_names_stays_and_the_rest_goes(
    stones: Target, alice: Person, carol: Person, clock: Clock, own_files: Path
) -> None:
    (slot,) = slots_in(stones, oak=0)
    capture = stores(alice, stones, scene(1))
    refused = alice.shoots(stones, 900, photo_sha256=sha256(b"no photo at all"))["id"]
    assert alice.sends_photo(refused, b"no photo at all").status_code == 415
    half = {"HTTP_CONTENT_RANGE": f"bytes 0-9/{len(scene(2))}"}
    assert alice.phone.put(f"/api/v1/captures/{uuid4()}/photo/", scene(2)[:10], "image/jpeg", **half).status_code == 202
    assert carol.phone.put(f"/api/v1/slots/{slot.pk}/reference/", scene(3), "image/jpeg").status_code == 200
    look(clock.now)
    named = files(own_files)
    assert len(named) == 1 + 3 + 1 + 1 + 1
    ages(own_files, clock.now - timedelta(days=30))
    old = clock.now - timedelta(days=1, seconds=1)
    unnamed = [
        f"captures/{stones.pk}/{capture}-01234567.jpg", f"captures/{stones.pk}/{uuid4()}-01234567.jpg",
        f"captures/{uuid4()}/{uuid4()}-01234567.heic", f"captures/{stones.pk}/odd", "captures/odd",
        f"small/{stones.pk}/{capture}-{'0' * 16}-256.webp", f"small/{stones.pk}/{uuid4()}-{'0' * 16}-256.webp",
        # As an earlier release named them, and one that was being written when its process was killed.
        f"small/{stones.pk}/{capture}-{sha256(scene(1))[:16]}.webp",
        f"small/{stones.pk}/{capture}-{sha256(scene(1))[:16]}-256.webp.{uuid4().hex}",
        f"small/{uuid4()}/{capture}-{sha256(scene(1))[:16]}-256.webp",
    ]  # fmt: skip
    for name in unnamed:
        puts(own_files, name, old)
    assert swept(clock.now) == (len(unnamed), 0)
    assert files(own_files) == named
    assert swept(clock.now) == (0, 0)


def test_what_is_young_may_be_about_to_be_named(stones: Target, clock: Clock, own_files: Path) -> None:
    young = puts(own_files, f"captures/{stones.pk}/{uuid4()}-01234567.jpg", clock.now - timedelta(hours=23))
    assert (swept(clock.now), young.exists()) == ((0, 0), True)
    assert (swept(clock.forward(hours=2)), young.exists()) == ((1, 0), False)


def test_what_comes_to_be_named_meanwhile_stays(stones: Target, alice: Person, clock: Clock, own_files: Path) -> None:
    capture = stores(alice, stones, scene(1))
    name = str(Capture.objects.get(pk=capture).photo)
    assert orphans.delete([name, "captures/never-there.jpg"]) == 1
    assert files(own_files) == {name}


def test_a_helping_is_bounded(stones: Target, clock: Clock, own_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "AT_ONCE", 3)
    for _ in range(8):
        puts(own_files, f"captures/{stones.pk}/{uuid4()}-01234567.jpg", clock.now - timedelta(days=2))
    assert [len(names) for names in orphans.found(now=clock.now)] == [3, 3, 2]
    assert swept(clock.now) == (8, 0)


def test_a_missing_file_is_told_of_once_and_counted_each_time(
    stones: Target, alice: Person, clock: Clock, own_files: Path
) -> None:
    captures = [stores(alice, stones, scene(number)) for number in range(3)]
    there = Capture.objects.get(pk=captures[1]).photo.name
    (own_files / there).unlink()
    assert swept(clock.now) == (0, 1)
    assert swept(clock.now) == (0, 1)
    told = Event.objects.get(verb="file missing")
    assert (str(told.row_id), told.target_id, told.data) == (captures[1], stones.pk, {"file": there})
    for path in own_files.rglob("*.jpg"):
        path.unlink()
    (own_files / f"captures/{stones.pk}").rmdir()
    assert swept(clock.now) == (0, 3)


def test_nothing_is_kept_of_a_small_copy_that_was_cut_off(
    stones: Target, alice: Person, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under its name it is whole or not there, or it would be shown for ever."""
    capture = stores(alice, stones, scene(1))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keeping.os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            alice.get(f"captures/{capture}/photo/small/")
    assert not [name for name in files(own_files) if name.endswith(".webp")]
    assert alice.get(f"captures/{capture}/photo/small/").status_code == 200
