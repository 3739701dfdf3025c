"""What is not whole, not of this release, or would be written over, is refused; what was cut off goes on."""

import io
from pathlib import Path
from typing import Any

import pytest
from elsewhere import all_files, backup, elsewhere, everything, fill, refused
from stories import Clock, Person
from world import World

from capturegraph.models import (
    User,
)
from capturegraph.services.safekeeping import files, restoring, sealed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow_on("postgresql")]


@pytest.fixture
def filled(world: World, clock: Clock, alice: Person, rita: Person, max_: Person) -> World:
    """Two targets with something in every table that people fill."""
    return fill(world, clock, alice, rita, max_)


# --- no way back ------------------------------------------------------------------------------------------------------


def test_nothing_is_written_over(
    filled: World, clock: Clock, tmp_path: Path, settings: Any, request: pytest.FixtureRequest, database: str
) -> None:
    backup(tmp_path / "all.tar", clock)
    before = everything()
    refused(lambda: restoring.restore(path=tmp_path / "all.tar", now=clock.now), "rows in this database already")
    assert everything() == before
    with elsewhere(database, request, settings, tmp_path / "new") as folder:
        (folder / "captures").mkdir()
        (folder / "captures" / "mine.jpg").write_text("mine")
        refused(lambda: restoring.restore(path=tmp_path / "all.tar", now=clock.now), "captures/mine.jpg")
        assert all_files(folder) == {"captures/mine.jpg": b"mine"}
        assert not User.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "newer release"),
        ({"migrations": ["0001_spine", "9999_later"]}, "newer release (9999_later)"),
        ({"migrations": ["0001_spine"]}, "older release, whose last migration is 0001_spine"),
        ({"columns": {}}, "other columns"),
        ({"rows": {"capturegraph.user": 1}}, "does not have the rows"),
    ],
)
def test_a_backup_of_another_release_is_refused_and_says_what_to_do(
    change: dict[str, Any], words: str, stones: Any, clock: Clock, tmp_path: Path, settings: Any,
    request: pytest.FixtureRequest, database: str,
) -> None:  # fmt: skip
    backup(tmp_path / "all.tar", clock)
    reseal(tmp_path / "all.tar", change)
    with elsewhere(database, request, settings, tmp_path / "new"):
        refused(lambda: restoring.restore(path=tmp_path / "all.tar", now=clock.now), words)
        assert not User.objects.exists()


def reseal(path: Path, change: dict[str, Any]) -> None:
    """Make another backup of a backup, whose manifest says something else."""
    again = path.with_suffix(".again")
    with path.open("rb") as old, again.open("wb") as new, io.BytesIO() as sums:
        reader, writer = sealed.Reader(old), sealed.Writer(new, sums, 0)
        for entry in reader:
            data = entry.data()
            writer.add(entry.name, len(data), [data])
        plain = {name: value for name, value in reader.manifest.items() if name not in ("sums", "seal")}
        writer.seal({**plain, **change})
    again.replace(path)


@pytest.mark.parametrize("name", ["../out", "/etc/out", "captures/../../out"])
def test_a_file_outside_of_the_folder_is_refused(
    name: str, stones: Any, clock: Clock, tmp_path: Path, settings: Any, request: pytest.FixtureRequest, database: str
) -> None:
    backup(tmp_path / "all.tar", clock)
    path = tmp_path / "all.tar"
    again = path.with_suffix(".again")
    with path.open("rb") as old, again.open("wb") as new, io.BytesIO() as sums:
        reader, writer = sealed.Reader(old), sealed.Writer(new, sums, 0)
        for entry in reader:
            data = entry.data()
            writer.add(entry.name, len(data), [data])
        writer.add(f"files/{name}", 1, [b"x"])
        writer.seal({key: value for key, value in reader.manifest.items() if key not in ("sums", "seal")})
    with elsewhere(database, request, settings, tmp_path / "new"):
        refused(lambda: restoring.restore(path=again, now=clock.now), "a name that cannot be")
        assert not User.objects.exists()
    assert not (tmp_path / "out").exists()


# --- bytes that are not as they were written --------------------------------------------------------------------------


@pytest.mark.only_on("sqlite")
def test_every_truncation_and_every_flipped_byte_is_noticed(stones: Any, clock: Clock, tmp_path: Path) -> None:
    """The reader itself, at very many places: it is what stands before everything else."""
    backup(tmp_path / "all.tar", clock)
    data = (tmp_path / "all.tar").read_bytes()
    assert sealed.Reader(io.BytesIO(data)).check()
    taken = [n for n in range(0, len(data), 37) if not noticed(data[:n])]
    places = sorted({*range(512), *range(0, len(data), 11)})
    flipped = [n for n in places if not noticed(data[:n] + bytes([data[n] ^ 1 << n % 8]) + data[n + 1 :])]
    longer = [more for more in (b"\0", b"x", bytes(512)) if not noticed(data + more)]
    assert (taken, flipped, longer) == ([], [], [])


def with_a_flipped_bit(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]


def noticed(data: bytes) -> bool:
    try:
        sealed.Reader(io.BytesIO(data)).check()
    except sealed.Broken:
        return True
    return False


@pytest.mark.parametrize("where", [0.0, 0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("how", ["cut", "flipped"])
def test_what_is_not_whole_is_refused_and_nothing_is_touched(
    how: str, where: float, filled: World, clock: Clock, tmp_path: Path, settings: Any,
    request: pytest.FixtureRequest, database: str,
) -> None:  # fmt: skip
    backup(tmp_path / "all.tar", clock)
    data = bytearray((tmp_path / "all.tar").read_bytes())
    place = int(where * (len(data) - 1))
    if how == "flipped":
        data[place] ^= 1
    (tmp_path / "all.tar").write_bytes(data[:place] if how == "cut" else data)
    with elsewhere(database, request, settings, tmp_path / "new") as folder:
        refused(lambda: restoring.restore(path=tmp_path / "all.tar", now=clock.now), "Nothing was changed")
        assert all_files(folder) == {}
        assert not any(everything().values())


# --- killed in the middle ---------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The end of a process."""


def in_the_middle_of_the_files(broken: pytest.MonkeyPatch) -> None:
    keep, kept = restoring._keep, list[str]()

    def killed(name: str, file: Any) -> None:
        if len(kept) == 3:
            raise Killed
        kept.append(name)
        keep(name, file)

    broken.setattr(restoring, "_keep", killed)


def in_the_middle_of_the_rows(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(restoring, "_take_up", _ends)


def after_the_rows(broken: pytest.MonkeyPatch) -> None:
    delete = restoring.keeping.delete
    broken.setattr(restoring.keeping, "delete", lambda names: _ends() if names == [files.RESTORING] else delete(names))


def _ends(*args: Any) -> None:
    raise Killed


@pytest.mark.parametrize("end", [in_the_middle_of_the_files, in_the_middle_of_the_rows, after_the_rows])
def test_a_restoring_that_was_killed_goes_on_when_it_is_asked_again(
    end: Any, filled: World, clock: Clock, tmp_path: Path, settings: Any, request: pytest.FixtureRequest,
    database: str, own_files: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rows, there = everything(), all_files(own_files)
    backup(tmp_path / "all.tar", clock)
    with elsewhere(database, request, settings, tmp_path / "new") as folder:
        with monkeypatch.context() as broken:
            end(broken)
            with pytest.raises(Killed):
                restoring.restore(path=tmp_path / "all.tar", now=clock.now)
        assert any(everything().values()) == (end is after_the_rows)
        assert files.RESTORING in all_files(folder)
        restoring.restore(path=tmp_path / "all.tar", now=clock.now)
        assert all_files(folder) == there
        assert len(everything()["capturegraph.event"]) == len(rows["capturegraph.event"]) + 1
