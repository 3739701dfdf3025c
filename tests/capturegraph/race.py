"""Many at once: threads with connections of their own, processes with a Django of their own, and what must hold after.

Run as a program it is one such process: a line on its input names what to do, the answer is a line on its output.
"""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

ROOT = Path(__file__).resolve().parents[2]
NINE_O_CLOCK = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def at_once(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start every job in the same moment, each on its own connection; give their answers, or raise an error."""
    from django.db import connection

    answers: list[Any] = [None] * len(jobs)
    errors: list[Exception] = []
    start = Barrier(len(jobs))

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            start.wait()
            answers[number] = jobs[number]()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(number,)) for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return answers


# --- what one of the many does ----------------------------------------------------------------------------------------


def ask(target: UUID, user: UUID, seconds: float = 0) -> str:
    """Ask for a slot, as a phone does; give its name, or the reason for none."""
    from capturegraph.services.hand_out import assignments
    from capturegraph.services.refusals import Busy

    for _try in range(20):
        # Every free slot may just be in somebody's hands; a phone is then told to come again, and does.
        with suppress(Busy):
            now = NINE_O_CLOCK + timedelta(seconds=seconds)
            handed = assignments.request_slot(target_id=target, user_id=user, now=now)
            return str(handed.assignment.slot) if handed.assignment else handed.reason.code
    raise AssertionError("busy twenty times over")


VERBS = {
    "ask": 10, "extend": 3, "release": 3, "decline": 1, "walk": 3, "end walk": 1, "shoot": 3, "pass by": 1, "sweep": 2,
    "take back": 1, "reopen": 1,
}  # fmt: skip
"""What people do, and how often."""


def live(target: UUID, user: UUID, seed: int, rounds: int) -> Counter[str]:
    """Do one thing after the other, as chance has it, while the leases of everybody run out."""
    chance, done = random.Random(seed), Counter[str]()
    for turn in range(rounds):
        verb = chance.choices([*VERBS], [*VERBS.values()])[0]
        done[verb] += 1
        do(verb, target, user, NINE_O_CLOCK + timedelta(seconds=turn * 10 + chance.random()), chance)
    return done


def do(verb: str, target: UUID, user: UUID, now: datetime, chance: random.Random) -> None:
    """Do one thing, as a phone or a desk does; somebody else may be quicker."""
    from capturegraph.models import Assignment, CandidateSlot
    from capturegraph.services.hand_out import assignments
    from capturegraph.services.refusals import Busy, Conflict

    held = Assignment.objects.filter(target=target, volunteer=user, state="held").select_related("slot", "volunteer")
    mine = held.order_by("stop").first()
    with suppress(Busy, Conflict):
        if verb == "ask":
            assignments.request_slot(target_id=target, user_id=user, now=now)
        elif verb in ("walk", "end walk"):
            _walk(verb, target, user, now, chance.randint(1, 5))
        elif verb == "sweep":
            assignments.sweep_leases(now=now, target_id=target)
        elif verb == "pass by":
            shoot(target, user, chance.choice(CandidateSlot.objects.filter(target=target)[:50]), now)
        elif verb in ("take back", "reopen"):
            _coordinate(verb, target, now)
        elif mine and verb == "shoot":
            shoot(target, user, mine.slot, now)
        elif mine:
            _answer(verb, mine, now)


def _walk(verb: str, target: UUID, user: UUID, now: datetime, stops: int) -> None:
    from capturegraph.models import User
    from capturegraph.services.hand_out import walks

    if verb == "walk":
        walks.reserve_walk(target_id=target, user_id=user, wanted=stops, now=now)
    else:
        walks.release_walk(target_id=target, by=User.objects.get(pk=user), now=now)


def _coordinate(verb: str, target: UUID, now: datetime) -> None:
    from capturegraph.models import Assignment, CandidateSlot, User
    from capturegraph.services.hand_out import places

    by = User.objects.order_by("username").first()
    if verb == "take back":
        for one in Assignment.objects.filter(target=target, state="held").order_by("expires_at")[:1]:
            places.take_back(assignment_id=one.pk, by=by, now=now)
    for slot in CandidateSlot.objects.filter(target=target, state="not_capturable")[:1]:
        places.change_slot(slot_id=slot.pk, by=by, values={"state": "waiting"}, now=now)


def _answer(verb: str, mine: Any, now: datetime) -> None:
    from capturegraph.services.hand_out import assignments, places

    about = {"assignment_id": mine.pk, "by": mine.volunteer, "now": now}
    if verb == "decline":
        places.decline(**about, reason="gone")
    else:
        getattr(assignments, verb)(**about)


def shoot(target: UUID, user: UUID, slot: Any, now: datetime) -> None:
    from capturegraph.models import User
    from capturegraph.services.uploads import captures

    words = captures.Words(
        target_id=target, taken_at=now, latitude=slot.latitude, longitude=slot.longitude, accuracy_m=5.0
    )
    captures.receive(capture_id=uuid4(), words=words, by=User.objects.get(pk=user), device=None, now=now)


# --- what must hold after ---------------------------------------------------------------------------------------------


ENDS = {"fulfilled", "released", "declined", "expired", "withdrawn"}


def violations(target: UUID) -> list[str]:
    """Say everything about the slots and assignments of a target that must never be."""
    from capturegraph.models import Assignment, CandidateSlot, Match

    held = list(Assignment.objects.filter(target=target, state="held").select_related("volunteer", "slot"))
    slots = list(CandidateSlot.objects.filter(target=target))
    people = Match.objects.people_by_slot([slot.pk for slot in slots])
    holders = Counter(one.slot_id for one in held)
    found = [f"{who} holds {count} slots" for (who, _stop), count in _twice((one.volunteer, one.stop) for one in held)]
    found += [
        f"{slot} has {count} on one seat" for (slot, _seat), count in _twice((one.slot, one.seat) for one in held)
    ]
    found += [
        f"{slot} is held {count} times by {who}"
        for (slot, who), count in _twice((one.slot, one.volunteer) for one in held)
    ]
    for slot in slots:
        counted = people.get(slot.pk, 0)
        if holders[slot.pk] > (slot.required_count if slot.state == "waiting" else 0):
            found.append(f"{slot}, {slot.state}, is held by {holders[slot.pk]}")
        if slot.seats_left != slot.required_count - counted - holders[slot.pk]:
            found.append(f"{slot} counts {slot.seats_left} seats")
        if (slot.state == "fulfilled") != (counted >= slot.required_count):
            found.append(f"{slot} is {slot.state} with {counted} people")
    return found + _untold(target)


def _twice(things: Iterable[Any]) -> list[tuple[Any, int]]:
    return [(thing, count) for thing, count in Counter(things).items() if count > 1]


def _untold(target: UUID) -> list[str]:
    """Find changes without an event, and events without a change."""
    from capturegraph.models import Assignment, Event

    said: dict[UUID, list[str]] = {}
    events = Event.objects.filter(noun="assignment", target_id=target).order_by("pk")
    for row, verb in events.values_list("row_id", "verb"):
        said.setdefault(row, []).append(verb)
    rows = dict(Assignment.objects.filter(target=target).values_list("pk", "state"))
    return [
        f"an assignment is {state} and its events say {said.get(row, [])}"
        for row, state in rows.items()
        if _told(said.get(row, [])) != state
    ] + [f"the events of {row}, which is not there, say {verbs}" for row, verbs in said.items() if row not in rows]


def _told(verbs: Sequence[str]) -> str:
    """Say in which state an assignment is by its events; "impossible" where they contradict each other."""
    state = "new"
    for verb in verbs:
        if (state in ("new", "planned") and verb == "claimed") or (state in ("held", "expired") and verb == "revived"):
            state = "held"
        elif (state == "new" and verb == "planned") or (state in ("held", "planned") and verb in ENDS):
            state = verb
        elif not (state == "held" and verb == "extended"):
            return "impossible"
    return state


def stuck(target: UUID, now: datetime) -> list[str]:
    """Sweep long after everything, and say what is in the way of others still."""
    from capturegraph.models import Assignment, CandidateSlot
    from capturegraph.services.hand_out import assignments

    while assignments.sweep_leases(now=now, target_id=target):
        pass
    held = Assignment.objects.filter(target=target, state="held").select_related("slot")
    found = [f"{one.slot} is held by somebody whose time ran out" for one in held]
    waiting = CandidateSlot.objects.filter(target=target, state="waiting")
    return found + [f"{slot} waits with no seat free" for slot in waiting.filter(seats_left__lte=0)]


# --- processes --------------------------------------------------------------------------------------------------------


class Processes:
    """Processes that wait for a word, and then all do the same thing at the same time."""

    def __init__(self, started: list[subprocess.Popen[str]]) -> None:
        self._started = started

    def all_at_once(self, verb: str, arguments: Sequence[Sequence[Any]]) -> list[Any]:
        """Let each do `verb` with its own arguments; give their answers."""
        lines = [json.dumps([verb, *map(str, some)]) + "\n" for some in arguments]
        for process, line in zip(self._started, lines, strict=True):
            process.stdin.write(line)
        for process in self._started:
            process.stdin.flush()
        return [json.loads(process.stdout.readline()) for process in self._started]


@contextmanager
def processes(count: int, database: Path, var: Path) -> Iterator[Processes]:
    """Start so many, each with its own Django on one SQLite file."""
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "CAPTUREGRAPH_VAR": str(var),
        "CAPTUREGRAPH_DATABASE_URL": f"sqlite:///{database}", "DJANGO_SETTINGS_MODULE": "capturegraph.settings",
    }  # fmt: skip
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    started = [subprocess.Popen([sys.executable, __file__], **pipes) for _ in range(count)]
    try:
        for process in started:
            assert process.stdout.readline() == "ready\n"
        yield Processes(started)
    finally:
        for process in started:
            process.communicate()


def main() -> None:
    import django

    django.setup()
    from django.db import connection

    verbs: dict[str, Callable[..., Any]] = {
        "ask": lambda target, user: ask(UUID(target), UUID(user)),
        "live": lambda target, user, seed, rounds: live(UUID(target), UUID(user), int(seed), int(rounds)),
    }
    connection.ensure_connection()
    print("ready", flush=True)
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        print(json.dumps(verbs[verb](*arguments)), flush=True)
    connection.close()


if __name__ == "__main__":
    main()
