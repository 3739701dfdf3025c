"""A database that does as it is told and is gone before it says so: what a row names stays, and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from stories import API, Person, photo, sha256, slots_in
from uploading import HALF, PHOTO, assert_stored, sends_part

from capturegraph.models import CandidateSlot, Capture, PhotoPart, Target
from capturegraph.services.uploads import references

pytestmark = pytest.mark.django_db(transaction=True)

Commit = Callable[[], None]


def media(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@contextmanager
def commits(how: Callable[[Commit], None], *, when: Callable[[], bool]) -> Iterator[None]:
    """Let the first COMMIT of a transaction in which something is so end in another way, and its connection with it."""
    commit, over = connection._commit, []

    def ends() -> None:
        if over or not when():
            commit()
            return
        over.append(True)
        how(commit)
        raise OperationalError("server closed the connection unexpectedly")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connection, "_commit", ends)
        yield
    assert over, "nothing was committed"


def done_and_gone(commit: Commit) -> None:
    commit()
    connection.connection.close()


def gone(_commit: Commit) -> None:
    connection.connection.close()


def stored() -> bool:
    return Capture.objects.exclude(photo="").exists()


def kept_in_part() -> bool:
    return PhotoPart.objects.exists()


def has_reference() -> bool:
    return CandidateSlot.objects.exclude(reference="").exists()


def announced(who: Person, stones: Target, data: bytes) -> str:
    return who.shoots(stones, 0, photo_sha256=sha256(data))["id"]


def test_a_photo_whose_storing_was_not_answered_stays(stones: Target, alice: Person, own_files: Path) -> None:
    capture = announced(alice, stones, PHOTO)
    with commits(done_and_gone, when=stored):
        assert alice.sends_photo(capture, PHOTO).status_code == 503
    assert_stored(capture, own_files)
    assert alice.sends_photo(capture, PHOTO).status_code == 200
    assert_stored(capture, own_files)


def test_one_that_was_not_stored_goes(stones: Target, alice: Person, own_files: Path) -> None:
    capture = announced(alice, stones, PHOTO)
    with commits(gone, when=stored):
        assert alice.sends_photo(capture, PHOTO).status_code == 503
    assert (media(own_files), Capture.objects.get().state) == ([], "awaiting_photo")
    assert alice.sends_photo(capture, PHOTO).status_code == 201
    assert_stored(capture, own_files)


def test_one_that_is_kept_for_rescue_stays(stones: Target, alice: Person, own_files: Path) -> None:
    capture = announced(alice, stones, PHOTO[:900])
    with commits(done_and_gone, when=stored):
        assert alice.sends_photo(capture, PHOTO[:900]).status_code == 503
    assert Capture.objects.get().state == "refused"
    assert [path.read_bytes() for path in media(own_files)] == [PHOTO[:900]]


def test_a_part_stays(stones: Target, alice: Person, own_files: Path) -> None:
    capture = announced(alice, stones, PHOTO)
    with commits(done_and_gone, when=kept_in_part):
        assert sends_part(alice, capture, 0, HALF).status_code == 503
    assert [path.read_bytes() for path in media(own_files)] == [PHOTO[:HALF]]
    assert sends_part(alice, capture, HALF, len(PHOTO)).status_code == 201
    assert_stored(capture, own_files)


def test_a_reference_photo_stays(stones: Target, alice: Person, carol: Person, own_files: Path) -> None:
    (slot,) = slots_in(stones, a=0)
    url = f"{API}slots/{slot.pk}/reference/"
    with commits(done_and_gone, when=has_reference):
        assert carol.phone.put(url, photo(), "image/jpeg").status_code == 503
    assert len(media(own_files)) == 1
    assert carol.phone.put(url, photo(), "image/jpeg").status_code == 200
    slot.refresh_from_db()
    with references.open_reference(slot) as file:
        assert file.read()


@pytest.mark.only_on("postgresql")
@pytest.mark.parametrize("what", ["whole", "part"])
def test_where_it_is_still_being_committed_nothing_is_deleted(
    stones: Target, alice: Person, own_files: Path, what: str
) -> None:
    """The connection is gone and the database at work: a look that does not wait sees the rows as they were."""
    capture, left = announced(alice, stones, PHOTO), list[Any]()

    def under_way(_commit: Commit) -> None:
        left.append(connection.connection)
        connection.connection = None

    end, when = (HALF, kept_in_part) if what == "part" else (len(PHOTO), stored)
    with commits(under_way, when=when):
        assert sends_part(alice, capture, 0, end).status_code == 503
    left[0].commit()
    left[0].close()
    assert sends_part(alice, capture, HALF, len(PHOTO)).status_code == (201 if what == "part" else 200)
    assert_stored(capture, own_files)


def test_a_database_that_stays_away_leaves_the_file(
    stones: Target, alice: Person, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = announced(alice, stones, PHOTO)

    def refused(*_: Any) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as away:

        def and_away(commit: Commit) -> None:
            done_and_gone(commit)
            away.setattr(connection, "get_new_connection", refused)

        with commits(and_away, when=stored):
            assert alice.sends_photo(capture, PHOTO).status_code == 503
    assert_stored(capture, own_files)


def test_an_id_that_nobody_has_heard_of_leaves_nothing(stones: Target, alice: Person, own_files: Path) -> None:
    with commits(gone, when=kept_in_part):
        assert alice.sends_photo(uuid4(), PHOTO).status_code == 503
    assert (media(own_files), PhotoPart.objects.count()) == ([], 0)
