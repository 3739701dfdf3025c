"""Many at once: threads with connections of their own, processes with a Django of their own, and what must hold after.

Run as a program it is one such process: a line on its input names what to do, the answer is a line on its output.
"""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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
    from capturegraph.services import assignments
    from capturegraph.services.refusals import Busy

    for _try in range(20):
        # Every free slot may just be in somebody's hands; a phone is then told to come again, and does.
        with suppress(Busy):
            now = NINE_O_CLOCK + timedelta(seconds=seconds)
            handed = assignments.request_slot(target_id=target, user_id=user, now=now)
            return str(handed.assignment.slot) if handed.assignment else handed.reason.code
    raise AssertionError("busy twenty times over")


def live(target: UUID, user: UUID, seed: int, rounds: int) -> Counter[str]:
    """Ask, extend, give back, photograph and sweep, as chance has it, while the leases of everybody run out."""
    chance, done = random.Random(seed), Counter[str]()
    for turn in range(rounds):
        verb = chance.choice(["ask", "ask", "ask", "extend", "release", "shoot", "pass by", "sweep"])
        done[verb] += 1
        _do(verb, target, user, NINE_O_CLOCK + timedelta(seconds=turn * 10 + chance.random()), chance)
    return done


def _do(verb: str, target: UUID, user: UUID, now: datetime, chance: random.Random) -> None:
    from capturegraph.models import Assignment, CandidateSlot
    from capturegraph.services import assignments
    from capturegraph.services.refusals import Busy, Conflict

    held = (
        Assignment.objects.filter(target=target, volunteer=user, state="held")
        .select_related("slot", "volunteer")
        .first()
    )
    if verb == "ask":
        with suppress(Busy):
            assignments.request_slot(target_id=target, user_id=user, now=now)
    elif verb == "sweep":
        assignments.sweep_leases(now=now, target_id=target)
    elif verb == "pass by":
        shoot(target, user, chance.choice(CandidateSlot.objects.filter(target=target)), now)
    elif held and verb == "shoot":
        shoot(target, user, held.slot, now)
    elif held:
        # Somebody's sweep or photograph may be quicker.
        with suppress(Conflict):
            getattr(assignments, verb)(assignment_id=held.pk, by=held.volunteer, now=now)


def shoot(target: UUID, user: UUID, slot: Any, now: datetime) -> None:
    from capturegraph.models import User
    from capturegraph.services import captures

    words = captures.Words(
        target_id=target, taken_at=now, latitude=slot.latitude, longitude=slot.longitude, accuracy_m=5.0
    )
    captures.receive(capture_id=uuid4(), words=words, by=User.objects.get(pk=user), device=None, now=now)


# --- what must hold after ---------------------------------------------------------------------------------------------


def violations(target: UUID) -> list[str]:
    """Say everything about the slots and assignments of a target that must never be."""
    from capturegraph.models import Assignment, CandidateSlot, Event, Match

    found = []
    held = Assignment.objects.filter(target=target, state="held")
    for volunteer, count in Counter(held.values_list("volunteer__name", flat=True)).items():
        if count > 1:
            found.append(f"{volunteer} holds {count} slots")
    people = Match.objects.people_by_slot(CandidateSlot.objects.filter(target=target).values_list("pk", flat=True))
    holders = Counter(held.values_list("slot", flat=True))
    for slot in CandidateSlot.objects.filter(target=target):
        if holders[slot.pk] > (0 if slot.state == "fulfilled" else slot.required_count):
            found.append(f"{slot}, {slot.state}, is held by {holders[slot.pk]}")
        if slot.seats_left != slot.required_count - people.get(slot.pk, 0) - holders[slot.pk]:
            found.append(f"{slot} counts {slot.seats_left} seats")
        if (slot.state == "fulfilled") != (people.get(slot.pk, 0) >= slot.required_count):
            found.append(f"{slot} is {slot.state} with {people.get(slot.pk, 0)} people")
    for row, state in Assignment.objects.filter(target=target).values_list("pk", "state"):
        verbs = Counter(Event.objects.filter(noun="assignment", row_id=row).values_list("verb", flat=True))
        expected = Counter(["claimed"] if state == "held" else ["claimed", state])
        if verbs - Counter({"extended": verbs["extended"], "revived": verbs["revived"]}) != expected:
            found.append(f"an assignment is {state} and its events say {dict(verbs)}")
    return found


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
