"""A campaign of any size in a database of its own: places, photographs, who held what, what happened."""

import os
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 40


def set_up() -> None:
    """Speak to the database that the environment names."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "capturegraph.settings"
    os.environ["CAPTUREGRAPH_LOG_LEVEL"] = "ERROR"
    import django

    django.setup()


def child(env: dict[str, str], module: str, *arguments: str) -> dict[str, Any]:
    """Run a module of ours in a process of its own, and give what it says."""
    import json

    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def furnish(slots: int, captures: int) -> None:
    """Make the rows: of every ten photographs one does two places, and one comes too late."""
    from django.core.management import call_command
    from django.utils import timezone

    from capturegraph.models import CandidateSlot, Target, User

    call_command("migrate", verbosity=0, interactive=False)
    chance, start = random.Random(0), timezone.now() - timedelta(days=60)
    target = Target.objects.create(name="Campaign", time_zone="Europe/Paris")
    people = [User.objects.create_user(None, name=f"Person {n}") for n in range(PEOPLE)]
    done = min(slots, captures)
    rows = [
        CandidateSlot(
            id=UUID(int=n + 1), target=target, external_id=f"S{n}", title=f"Stone {n}", note="By the gate.",
            latitude=48 + n % 1000 / 1e3, longitude=2 + n // 1000 / 1e3, cell=0, rank=n, created_at=start,
            state="fulfilled" if n < done else "waiting", seats_left=int(n >= done),
        )
        for n in range(slots)
    ]  # fmt: skip
    CandidateSlot.objects.bulk_create(rows, batch_size=2000)
    for first in range(0, captures, 5000):
        _some(target, people, range(first, min(captures, first + 5000)), slots, start, chance)


def _some(target: Any, people: list[Any], numbers: range, slots: int, start: Any, chance: random.Random) -> None:
    from capturegraph.models import Assignment, Capture, Event, Match

    held, photos, matches, events = [], [], [], []
    for n in numbers:
        who, slot, began = (
            people[n % PEOPLE],
            UUID(int=n % slots + 1),
            start + timedelta(minutes=59 * 24 * 60 * n / 1e5),
        )
        taken = began + timedelta(minutes=chance.lognormvariate(2.5, 0.6))
        held.append(Assignment(
            id=UUID(int=n + 1), target=target, slot_id=slot, volunteer=who, seat=0, stop=0, started_at=began,
            expires_at=taken + timedelta(hours=1), ended_at=taken, state="declined" if n % 20 == 0 else "fulfilled",
            reason="unsafe" if n % 20 == 0 else "",
        ))  # fmt: skip
        photos.append(Capture(
            id=UUID(int=n + 1), target=target, volunteer=who, assignment_id=UUID(int=n + 1), latitude=48.0,
            longitude=2.0, accuracy_m=6, taken_at=taken, captured_at=taken, received_at=taken, fingerprint="0" * 64,
            photo_sha256="0" * 64, photo="captures/p.jpg", state="stored",
        ))  # fmt: skip
        near = {slot, UUID(int=(n + 1) % slots + 1)} if n % 10 == 0 else {slot}
        matches += [
            Match(capture_id=UUID(int=n + 1), slot_id=one, person_key=who.person_key, metres=9, distance=0.2,
                  created_at=taken)
            for one in near
        ]  # fmt: skip
        events.append(Event(
            at=taken, actor=who, target_id=target.pk, verb="fulfilled", noun="slot", row_id=slot, data={"people": 1}
        ))  # fmt: skip
    for model, rows in ((Assignment, held), (Capture, photos), (Match, matches), (Event, events)):
        model.objects.bulk_create(rows, batch_size=1000)
