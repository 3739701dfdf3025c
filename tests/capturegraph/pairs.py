"""Two things at once, many times over: two photographs of a slot for two, and a photograph of a place being put in."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from uuid import UUID

from race import NINE_O_CLOCK, shoot
from stories import place, slots_in

from capturegraph.models import CandidateSlot, Capture, Membership, Target, User
from capturegraph.services import slots
from capturegraph.services.batching import batches, bulk
from capturegraph.services.matches import matching
from capturegraph.services.uploads import captures
from scheduling import oracle

APART_M = 200.0


def crowd(target: Target, many: int = 2) -> list[User]:
    """So many volunteers of a target."""
    users = [User.objects.get_or_create(username=f"volunteer {number}")[0] for number in range(many)]
    Membership.objects.bulk_create(Membership(user=user, target=target, created_at=NINE_O_CLOCK) for user in users)
    return users


def in_step(*workers: Sequence[Callable[[], Any]]) -> None:
    """Let each worker do its own list, on a connection of its own, all of them beginning each thing together."""
    from django.db import connection

    start, errors = threading.Barrier(len(workers)), list[BaseException]()

    def work(jobs: Sequence[Callable[[], Any]]) -> None:
        try:
            connection.ensure_connection()
            for job in jobs:
                start.wait()
                job()
        except BaseException as error:
            errors.append(error)
            start.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(jobs,)) for jobs in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        if not isinstance(error, threading.BrokenBarrierError):
            raise error


def two_at_one_slot(target: Target, pairs: int) -> None:
    """Photograph each of so many slots for two people by two people at once."""
    users = crowd(target)
    there = slots_in(target, required_count=2, **{f"slot {number}": number * APART_M for number in range(pairs)})
    in_step(*([partial(shoot, target.pk, user.pk, slot, NINE_O_CLOCK) for slot in there] for user in users))


def photograph_and_file(target: Target, pairs: int) -> None:
    """Photograph each of so many places while a file that names it is applied."""
    shooter, coordinator = crowd(target)
    places = [place(number * APART_M) for number in range(pairs)]
    files = [
        batches.File("one.csv", f"external_id,title,lat,lon\n{number},place,{lat!r},{lon!r}".encode())
        for number, (lat, lon) in enumerate(places)
    ]
    apply = [
        partial(batches.upload, target=target, file=file, mode="add", by=coordinator, now=NINE_O_CLOCK)
        for file in files
    ]
    there = [CandidateSlot(latitude=lat, longitude=lon) for lat, lon in places]
    in_step([partial(shoot, target.pk, shooter.pk, slot, NINE_O_CLOCK) for slot in there], apply)


def forgotten(target_id: UUID) -> list[str]:
    """Name the slots that are not what the oracle says, each by the photographs of its own place."""
    target = Target.objects.get(pk=target_id)
    rules = oracle.Rules(sigma_m=target.sigma_m, threshold=target.threshold)
    at: dict[Any, list[oracle.Capture]] = {}
    for row in Capture.objects.filter(target=target).select_related("volunteer"):
        one = oracle.Capture(
            id=row.pk, person=row.volunteer.person_key, latitude=row.latitude, longitude=row.longitude,
            accuracy_m=row.accuracy_m, captured_at=row.captured_at, received_at=row.received_at, photo="awaited",
        )  # fmt: skip
        at.setdefault((row.latitude, row.longitude), []).append(one)
    found = []
    for row in CandidateSlot.objects.filter(target=target):
        slot = oracle.Slot(id=row.pk, latitude=row.latitude, longitude=row.longitude, required_count=row.required_count)
        done = oracle.fulfilled([slot], at.get((row.latitude, row.longitude), []), rules, now=NINE_O_CLOCK)
        if (row.pk in done) != (row.state == CandidateSlot.State.FULFILLED):
            found.append(str(row))
    return found


# --- controls: without the guards -------------------------------------------------------------------------------------


def _and_wait(what: Callable[..., Any], both: threading.Barrier) -> Callable[..., Any]:
    def done(*given: Any, **named: Any) -> Any:
        answer = what(*given, **named)
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)
        return answer

    return done


@contextmanager
def unlocked_slots() -> Iterator[None]:
    """Slots are read and not locked, and both have written down their match before either counts."""
    locked, save = slots.locked, matching.save
    slots.locked = lambda some: list(some.order_by("pk"))
    matching.save = _and_wait(save, threading.Barrier(2))
    try:
        yield
    finally:
        slots.locked, matching.save = locked, save


@contextmanager
def targets_not_held() -> Iterator[None]:
    """Captures do not hold the target, and both have looked before either writes."""
    both = threading.Barrier(2)
    hold, near, insert = captures.hold_target_shared, matching.near, bulk.insert
    captures.hold_target_shared = lambda target_id: None
    matching.near = _and_wait(near, both)
    # By then it is settled which of the new slots a photograph may cover.
    bulk.insert = _and_wait(insert, both)
    try:
        yield
    finally:
        captures.hold_target_shared, matching.near, bulk.insert = hold, near, insert
