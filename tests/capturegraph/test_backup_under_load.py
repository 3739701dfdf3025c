"""Backups while people upload, review, change their minds and are erased: what comes back is whole."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Condition
from typing import Any
from uuid import uuid4

import pytest
from elsewhere import elsewhere, empty
from race import at_once
from stories import Clock, Person, photo, sha256, slots_in
from uploading import PHOTO, sends_part

from capturegraph.models import CandidateSlot, Capture, Target
from capturegraph.services.batching import batches
from capturegraph.services.safekeeping import auditing, backing_up, restoring
from capturegraph.services.uploads import references

BOTH = pytest.mark.parametrize("into", ["sqlite", "postgresql"])
ROUNDS_MEANWHILE = 2


class Load:
    """Threads that do what people do, one round after the other, until they are told to stop."""

    def __init__(self, *acts: Callable[[int], None]) -> None:
        self._acts, self._rounds, self._goes_on = acts, [0] * len(acts), True
        self._changed = Condition()

    def jobs(self) -> list[Callable[[], None]]:
        return [lambda number=number: self._go_on(number) for number in range(len(self._acts))]

    def _go_on(self, number: int) -> None:
        try:
            while self._goes_on:
                self._acts[number](self._rounds[number])
                with self._changed:
                    self._rounds[number] += 1
                    self._changed.notify_all()
        finally:
            # Nobody is to wait for a thread that has ended.
            self.stop()

    def stop(self) -> None:
        with self._changed:
            self._goes_on = False
            self._changed.notify_all()

    def wait(self, more: int) -> None:
        """Wait until everybody has been through so many more rounds."""
        with self._changed:
            before = list(self._rounds)
            self._changed.wait_for(
                lambda: (
                    not self._goes_on or all(now - then >= more for now, then in zip(self._rounds, before, strict=True))
                )
            )


def uploads(who: Person, target: Target) -> Callable[[int], None]:
    def act(turn: int) -> None:
        capture, data = uuid4(), photo(f"#{turn % 4096:03x}")
        said = {"photo_sha256": sha256(b"no photo")} if turn % 5 == 4 else {}
        words = who.words(target, 300.0 * (turn % 7), **said)
        held = who.asks(target, 300.0 * (turn % 7))["assignment"]
        assert who.sends(capture, words | ({"assignment": held["id"]} if held and turn % 2 else {})).status_code == 201
        if turn % 5 == 4:
            assert who.sends_photo(capture, b"no photo").status_code == 415
        elif turn % 3:
            assert who.sends_photo(capture, data).status_code == 201
        else:
            assert sends_part(who, capture, 0, 500).status_code == 202
            assert sends_part(who, capture, 500, len(PHOTO)).status_code == 201

    return act


def reviews(who: Person, target: Target) -> Callable[[int], None]:
    def act(turn: int) -> None:
        verdict = ("accepted", "rejected", "pending")[turn % 3]
        some = Capture.objects.filter(target=target).order_by("-received_at", "pk").values_list("pk", flat=True)
        for capture in some[:3]:
            assert who.post(f"captures/{capture}/review/", {"verdict": verdict}).status_code == 200

    return act


def erases(target: Target, seed: int) -> Callable[[int], None]:
    """Somebody joins and leaves a photograph and pieces of others; whoever came before is erased.

    So at every moment somebody is there whose files will soon be gone.
    """
    there: list[Person] = []

    def act(turn: int) -> None:
        guest = Person(f"guest {seed} {turn}").joins(target, "volunteer")
        guest.sends(capture := uuid4(), guest.words(target, 100))
        assert guest.sends_photo(capture).status_code == 201
        for _piece in range(3):
            assert sends_part(guest, uuid4(), 0, 1000).status_code == 202
        there.append(guest)
        if len(there) > 1:
            former = there.pop(0)
            erased = former.phone.delete("/api/v1/me/", {"confirm": former.user.name}, content_type="application/json")
            assert erased.status_code in (200, 204), erased.content

    return act


def changes_references(who: Person, target: Target, clock: Clock) -> Callable[[int], None]:
    def act(turn: int) -> None:
        for slot in CandidateSlot.objects.filter(target=target).order_by("pk")[:3]:
            if turn % 3 == 2:
                references.remove_reference(slot_id=slot.pk, by=who.user, now=clock.now)
            else:
                picture = io.BytesIO(photo(f"#{turn % 4096:03x}"))
                references.set_reference(slot_id=slot.pk, file=picture, by=who.user, now=clock.now)

    return act


def brings_files(target: Target, clock: Clock) -> Callable[[int], None]:
    def act(turn: int) -> None:
        file = batches.File("f.csv", f"title,lat,lon,external_id\nt,38.9,-77.{turn:04},{turn}".encode())
        batch = batches.preview(target=target, file=file, mode="add", by=None, now=clock.now)
        if turn % 2:
            batches.apply(batch_id=batch.pk, by=None, now=clock.now)
        else:
            batches.discard(batch_id=batch.pk)

    return act


@pytest.fixture
def load(stones: Target, alice: Person, bob: Person, rita: Person, carol: Person, clock: Clock) -> Load:
    for number in range(7):
        slots_in(stones, required_count=1 + number % 3, **{f"place {number}": 300.0 * number})
    return Load(
        uploads(alice, stones), uploads(bob, stones), reviews(rita, stones), erases(stones, 0),
        changes_references(carol, stones, clock), brings_files(stones, clock),
    )  # fmt: skip


def backups_under(
    load: Load, folder: Path, clock: Clock, times: int, monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """Make backups while the others go on: before each, and in the middle of each, everybody does some more."""
    made = []
    add_files, add_rows = backing_up._Backup._add_files, backing_up._Backup._add_rows

    def after_more(*args: Any) -> None:
        load.wait(ROUNDS_MEANWHILE)
        add_files(*args)

    def after_one_more(self: Any, model: Any, named: Any) -> None:
        if model is Capture:
            load.wait(1)
        add_rows(self, model, named)

    monkeypatch.setattr(backing_up._Backup, "_add_files", after_more)
    monkeypatch.setattr(backing_up._Backup, "_add_rows", after_one_more)

    def back_up() -> None:
        try:
            for number in range(times):
                load.wait(ROUNDS_MEANWHILE)
                made.append(backing_up.back_up(path=folder / f"{number}.tar", now=clock.now))
        finally:
            load.stop()

    at_once([back_up, *load.jobs()])
    return made


def audited() -> list[str]:
    """Audit at a time at which every file is old enough to have a row."""
    return [str(one) for one in auditing.audit(now=datetime.now(UTC) + timedelta(days=30))]


def comes_back_whole(made: list[dict[str, Any]], folder: Path, into: str, *place: Any) -> None:
    for number, one in enumerate(made):
        with elsewhere(into, *place, folder / f"media {number}"):
            restoring.restore(path=folder / f"{number}.tar", now=datetime(2026, 6, 2, tzinfo=UTC))
            assert audited() == []
            assert Capture.objects.filter(state="stored").count() > 3
            assert Capture.objects.count() == one["rows"]["capturegraph.capture"]
        empty()


@BOTH
@pytest.mark.slow_on("postgresql")
@pytest.mark.django_db(transaction=True)
def test_a_backup_under_load_restores_to_what_an_audit_passes(
    into: str, load: Load, clock: Clock, tmp_path: Path, settings: Any, request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made = backups_under(load, tmp_path, clock, 1, monkeypatch)
    assert audited() == []
    assert [one["remarks"]["missing"] + one["remarks"]["differs"] for one in made] == [0]
    assert made[0]["remarks"]["gone"] > 0, "somebody was erased, or sent the rest of a photo, meanwhile"
    comes_back_whole(made, tmp_path, into, request, settings)
