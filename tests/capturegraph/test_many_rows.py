"""Thousands of rows: by few statements, in a good order, and with everything in its place. How long it takes is for
`python -m tests.benchmarks batches` to say."""

from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from stories import Clock, Person, place

from capturegraph.models import Batch, CandidateSlot, Capture, Event, Match, Target
from capturegraph.services.batching import batches
from capturegraph.services.matches import matching
from scheduling import tour

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

ROWS = 3_000


def file(shift: float = 0.0, n: int = ROWS) -> batches.File:
    """Places of a town, with a window each, so that every column is written."""
    at = np.random.default_rng(0).uniform(-0.05, 0.05, (n, 2)) + place(0) + shift
    lines = [
        f"S{i},Stone {i},Beside house {i},{lat:.7f},{lon:.7f},"
        f"2026-06-01 08:00,2026-06-{i % 28 + 2:02},{i % 360},{i % 7}"
        for i, (lat, lon) in enumerate(at.tolist())
    ]
    head = "external_id,title,note,latitude,longitude,from,until,heading,priority"
    return batches.File("stones.csv", "\n".join([head, *lines]).encode())


def bring_in(target: Target, carol: Person, clock: Clock, what: batches.File, **more: Any) -> tuple[Batch, int]:
    """Look and apply; give how many statements the applying took."""
    mode = more.pop("mode", "add")
    batch = batches.preview(target=target, file=what, mode=mode, by=carol.user, now=clock.now)
    with CaptureQueriesContext(connection) as asked:
        batch = batches.apply(batch_id=batch.pk, by=carol.user, now=clock.now, **more)
    return batch, len(asked)


def test_a_thousand_rows_take_no_more_statements_than_ten(stones: Target, carol: Person, clock: Clock) -> None:
    few, many = (bring_in(stones, carol, clock, file(n=n))[1] for n in (10, ROWS))
    assert many <= few + 10
    assert CandidateSlot.objects.count() == ROWS


def test_every_column_arrives_and_the_order_is_short(stones: Target, carol: Person, clock: Clock) -> None:
    batch, _ = bring_in(stones, carol, clock, file())
    assert {name: batch.counts[name] for name in ("added", "kept", "errors")} == {"added": ROWS, "kept": 0, "errors": 0}
    slots = list(CandidateSlot.objects.order_by("rank"))
    assert [slot.rank for slot in slots] == list(range(ROWS))
    assert slots[0].external_id == "S0"
    some = CandidateSlot.objects.get(external_id="S123")
    assert (some.title, some.note, some.heading, some.priority, some.seats_left, some.state) == (
        "Stone 123", "Beside house 123", 123.0, 4, 1, "waiting",
    )  # fmt: skip
    assert (some.batch_id, some.created_at, some.window_from.hour, some.window_until.day) == (
        batch.pk,
        clock.now,
        8,
        14,
    )
    assert some.cell is not None
    at = np.array([(slot.latitude, slot.longitude) for slot in slots])
    as_given = np.array([int(slot.external_id[1:]) for slot in slots])
    assert tour.length(at, np.arange(ROWS)) < tour.length(at, np.argsort(as_given)) / 10
    assert Event.objects.filter(target_id=stones.pk).count() == 1


def test_the_same_again_and_all_of_it_moved(stones: Target, carol: Person, clock: Clock) -> None:
    bring_in(stones, carol, clock, file())
    before = list(CandidateSlot.objects.order_by("pk").values())
    clock.forward(hours=1)
    again, _ = bring_in(stones, carol, clock, file(), mode="replace")
    assert again.counts["kept"] == ROWS
    assert list(CandidateSlot.objects.order_by("pk").values()) == before
    moved, statements = bring_in(stones, carol, clock, file(shift=0.001))
    assert (moved.counts["changed"], moved.counts["moved_far"]) == (ROWS, 0)
    assert statements < 100
    after = CandidateSlot.objects.get(external_id="S5")
    (was,) = (row["latitude"] for row in before if row["id"] == after.pk)
    assert after.latitude == pytest.approx(was + 0.001)
    assert sorted(CandidateSlot.objects.values_list("rank", flat=True)) == list(range(ROWS))


def test_what_photographs_cover_is_what_each_against_each_says(
    stones: Target, carol: Person, bob: Person, clock: Clock
) -> None:
    Target.objects.update(heading_sigma_deg=None)
    stones.refresh_from_db()
    chance = np.random.default_rng(1)
    shot = (chance.uniform(-0.05, 0.05, (200, 2)) + place(0)).tolist()
    noon = clock.now.replace(hour=12)
    Capture.objects.bulk_create(
        Capture(
            id=uuid4(), target=stones, volunteer=bob.user, latitude=lat, longitude=lon, taken_at=noon, captured_at=noon,
            received_at=noon, judged_at=noon, fingerprint=str(n), state="stored", photo="x", photo_sha256="x",
        )
        for n, (lat, lon) in enumerate(shot)
    )  # fmt: skip
    clock.forward(days=30)
    seen = batches.preview(target=stones, file=file(), mode="add", by=carol.user, now=clock.now)
    batch = batches.apply(batch_id=seen.pk, by=carol.user, now=clock.now)
    slots = list(CandidateSlot.objects.all())
    captures = list(Capture.objects.select_related("volunteer"))
    expected = {match.slot_id for match in matching.compare(captures, slots, stones, clock.now)}
    assert len(expected) > 20
    assert {slot.pk for slot in slots if slot.state == "fulfilled"} == expected
    assert set(Match.objects.values_list("slot", flat=True)) == expected
    assert seen.counts["covered"] == batch.counts["covered"] == len(expected)
