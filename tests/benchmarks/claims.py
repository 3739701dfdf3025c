"""Many clients at once while connections are killed: what must never be is counted, and must be nought.

32 connections make 10,000 requests of all kinds on PostgreSQL: asking for a slot or a walk, extending, giving back,
declining, photographs, sweeps, and a coordinator's verbs; by few people, so that phones of one meet; with leases from
5 ms to 60 s. Every 0.4 s a connection is killed, whichever. Then each guard is taken away in turn: what it is there for
has to go wrong, else the run shows nothing.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier, Event, Thread
from time import perf_counter
from typing import Any
from unittest import mock
from uuid import UUID

import psycopg

from tests.benchmarks.database import own_database
from tests.benchmarks.figures import Row, Table
from tests.capturegraph import race

CONNECTIONS, REQUESTS, OF_A_CONTROL = 32, 10_000, 1_000
KILLED_EVERY_S = 0.4
# Seconds of the campaign in one of ours: a lease of 1 s lasts 5 ms, one of 12,000 s a minute.
FASTER = 200
LEASES_S = (1, 20, 200, 2_000, 12_000)
PEOPLE, ROUNDS = 20, 30
Campaign = tuple[UUID, list[UUID]]


def table() -> Table:
    result = Table(f"Claims, PostgreSQL, {CONNECTIONS} connections, one of them killed every {KILLED_EVERY_S} s")
    with own_database() as conninfo:
        began = perf_counter()
        found, done = run("the product", REQUESTS, conninfo)
        result.add(
            Row(f"{sum(done[verb] for verb in race.VERBS):,} requests, in", perf_counter() - began, "s", None, digits=0)
        )
        result.add(Row("requests cut off by a kill", float(done["cut"]), "", None, digits=0))
        result.add(Row("deadlocks", float(done["deadlock"]), "", 0, digits=0))
        for kind in KINDS:
            result.add(Row(kind, float(_of_kind(found, kind)), "", 0, digits=0))
        result.add(Row("violations in all", float(len(found)), "", 0, digits=0))
        for name, (without, load, kind) in CONTROLS.items():
            result.add(
                Row(f"{load.__name__}, every guard in place", float(len(load(f"{name}, guarded"))), "", 0, digits=0)
            )
            with without():
                wrong = _of_kind(load(name), kind)
            # A control that finds nothing is the miss.
            what = f"control, {name}, {load.__name__}: {kind} {wrong}; nothing found"
            result.add(Row(what, float(not wrong), "", 0, digits=0))
    return result


def _of_kind(found: list[str], kind: str) -> int:
    return sum(any(word in one for word in KINDS[kind]) for one in found)


KINDS = {
    "double": ("holds", "is held by", "on one seat", "times by"),
    "lost": ("events", "counts", "people"),
    "stuck": ("time ran out", "no seat free"),
}


def run(name: str, requests: int, conninfo: str, connections: int = CONNECTIONS) -> tuple[list[str], Counter[str]]:
    """Make so many requests on a new target; give what must not be, and what was done."""
    from django.db import connection

    target, people = _campaign(name)
    # Ours is not to be the one that is killed.
    connection.close()
    began = perf_counter()

    def clock() -> datetime:
        return race.NINE_O_CLOCK + timedelta(seconds=(perf_counter() - began) * FASTER)

    over = Event()
    killer = Thread(target=_kill, args=(conninfo, over))
    killer.start()
    each = requests // connections
    # Two connections do the same at the same time: the two phones, or the double tap, of somebody.
    jobs = [_job(target, people, number // 2, each, clock) for number in range(connections)]
    try:
        done = sum(race.at_once(jobs), Counter[str]())
    finally:
        over.set()
        killer.join()
    return [*race.violations(target), *race.stuck(target, clock() + timedelta(days=30))], done


def _campaign(name: str, *, people: int = PEOPLE, slots: int = 2_000, seats: Sequence[int] = (1, 1, 3)) -> Campaign:
    from capturegraph.models import CandidateSlot, Membership, Target, User
    from scheduling import grid

    target = Target.objects.create(name=name, lease_s=200)
    crowd = User.objects.bulk_create(User(username=f"{name} {nr}", name=f"{nr}") for nr in range(people))
    Membership.objects.bulk_create(Membership(user=one, target=target, created_at=race.NINE_O_CLOCK) for one in crowd)
    chance = random.Random(name)
    places = [(38.8 + chance.random() * 0.2, -77.1 + chance.random() * 0.2) for _slot in range(slots)]
    needed = [chance.choice(seats) for _slot in range(slots)]
    # Few that everybody wants first, so that people meet.
    CandidateSlot.objects.bulk_create(
        CandidateSlot(
            target=target, title=f"slot {nr}", latitude=place[0], longitude=place[1], cell=grid.cell(*place), rank=nr,
            required_count=needed[nr], seats_left=needed[nr], priority=50 if nr % 100 else 60,
        )
        for nr, place in enumerate(places)
    )  # fmt: skip
    return target.pk, [one.pk for one in crowd]


def _job(
    target: UUID, people: list[UUID], seed: int, count: int, clock: Callable[[], datetime]
) -> Callable[[], Counter[str]]:
    def job() -> Counter[str]:
        from django.db import Error, IntegrityError, connection

        from capturegraph.models import Target

        chance, done = random.Random(seed), Counter[str]()
        for _ in range(count):
            verb = chance.choices([*race.VERBS], [*race.VERBS.values()])[0]
            user, own = chance.choice(people), random.Random(chance.random())
            done[verb] += 1
            try:
                if chance.random() < 0.02:
                    Target.objects.filter(pk=target).update(lease_s=chance.choice(LEASES_S))
                race.do(verb, target, user, clock(), own)
            except Error as error:
                if isinstance(error, IntegrityError):
                    raise
                done["deadlock" if "deadlock" in str(error) else "cut"] += 1
                connection.close()
        return done

    return job


def _kill(conninfo: str, over: Event) -> None:
    if not conninfo:
        return
    chance = random.Random(0)
    with psycopg.connect(conninfo, autocommit=True) as admin:
        while not over.wait(KILLED_EVERY_S):
            others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            pids = [row[0] for row in admin.execute(others)]
            if pids:
                admin.execute("SELECT pg_terminate_backend(%s)", [chance.choice(pids)])


# --- everybody in the same moment ------------------------------------------------------------------------------------


def the_mix(name: str) -> list[str]:
    """The mix of all requests, for the time of a control."""
    return run(name, OF_A_CONTROL, "")[0]


def double_taps(name: str) -> list[str]:
    """Everybody taps twice in the same moment, and holds what they get."""
    target, people = _campaign(name, people=CONNECTIONS // 2 * ROUNDS)
    return _rush(target, [people[number // 2 :: CONNECTIONS // 2] for number in range(CONNECTIONS)])


def one_gate(name: str) -> list[str]:
    """Everybody asks in the same moment for a seat of the same few slots."""
    target, people = _campaign(name, people=CONNECTIONS * ROUNDS, slots=ROUNDS, seats=[100])
    return _rush(target, [people[number::CONNECTIONS] for number in range(CONNECTIONS)])


def _rush(target: UUID, lists: list[list[UUID]]) -> list[str]:
    from capturegraph.models import Target

    Target.objects.filter(pk=target).update(hand_out="queue")
    start = Barrier(len(lists))

    def ask_in_turn(people: list[UUID]) -> None:
        for user in people:
            start.wait()
            race.do("ask", target, user, race.NINE_O_CLOCK, random.Random(0))

    race.at_once([partial(ask_in_turn, people) for people in lists])
    return race.violations(target)


# --- without the guards -----------------------------------------------------------------------------------------------


@contextmanager
def without(*names: str, row_lock: bool = True) -> Iterator[None]:
    """Take away constraints of assignments by name, and the lock on the slot that is picked."""
    from django.db import connection

    from capturegraph.models import Assignment, Target
    from capturegraph.services.hand_out import claims

    guards = [guard for guard in Assignment._meta.constraints if guard.name in names]
    connection.close()
    with connection.schema_editor() as editor:
        for guard in guards:
            editor.remove_constraint(Assignment, guard)
    with mock.patch.object(claims, "_LOCK", claims._LOCK if row_lock else ""):
        yield
    Assignment.objects.filter(target__in=Target.objects.all()).delete()
    with connection.schema_editor() as editor:
        for guard in guards:
            editor.add_constraint(Assignment, guard)


@contextmanager
def without_the_sweep() -> Iterator[None]:
    from capturegraph.services.hand_out import assignments

    with mock.patch.object(assignments, "sweep_leases", return_value=0):
        yield


STOP, SEAT = "a_volunteers_stop_is_one_slot", "a_seat_has_one_holder"
CONTROLS: dict[str, tuple[Callable[[], Any], Callable[[str], list[str]], str]] = {
    "no sweep": (without_the_sweep, the_mix, "stuck"),
    "no stop constraint": (lambda: without(STOP), double_taps, "double"),
    "no seat constraint": (lambda: without(SEAT), one_gate, "double"),
    "no constraint and no row lock": (lambda: without(STOP, SEAT, row_lock=False), one_gate, "double"),
}
