"""People at work while their broker is stopped and started again: what they were answered, and what came of it."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event as Flag
from threading import Thread
from typing import Any
from urllib.error import URLError
from uuid import UUID, uuid4

from bringing_in import table
from brokers import Broker
from fleet import Fleet, now, violations
from served import Answer, Visitor
from stories import Person

from capturegraph.models import CandidateSlot, Capture, Job, ServiceRun, Target

BACK_WITHIN = timedelta(seconds=60)
DOWN_S = 2
MOST_WAITING = 5


class People:
    """A volunteer who photographs, and a coordinator who brings in places as jobs, both over HTTP."""

    def __init__(self, url: str, pace_s: float = 0.3) -> None:
        self.target = Target.objects.create(name="Boundary stones", hand_out="queue")
        self.alice = Visitor(url, Person("alice").joins(self.target, "volunteer").token)
        self.carol = Visitor(url, Person("carol").joins(self.target, "coordinator").token)
        self.carol._opener.addheaders.append(("Prefer", "respond-async"))
        self.most_waiting = MOST_WAITING
        self.answers = Counter[int]()
        self.jobs: list[UUID] = []
        self.captures: list[UUID] = []
        self._pace_s, self._over, self.broke = pace_s, Flag(), list[str]()

    def brings_in(self) -> Answer:
        """Send a place of its own as a job."""
        number = len(self.jobs)
        row = table(f"{number} stone{number} {number * 200}").encode()
        return self.carol.upload(f"/api/v1/targets/{self.target.pk}/batches/", "places.csv", row)

    def _coordinate(self) -> None:
        # Not more than a slow machine does in half a minute: it is not about speed.
        if Job.objects.filter(state__in=["waiting", "running"]).count() >= self.most_waiting:
            return
        answer = self.brings_in()
        self.answers[answer.status] += 1
        if answer.status == 202:
            self.jobs.append(UUID(answer.json["id"]))

    def _volunteer(self) -> None:
        answer = self.alice.post(f"/api/v1/targets/{self.target.pk}/request-slot/", {})
        self.answers[answer.status] += 1
        if answer.status != 200 or not answer.json["slot"]:
            return
        slot, capture = answer.json["slot"], uuid4()
        words = {"target": str(self.target.pk), "taken_at": now().isoformat(), "accuracy_m": 8}
        where = {name: slot[name] for name in ("latitude", "longitude")}
        answer = self.alice.put(f"/api/v1/captures/{capture}/", words | where)
        self.answers[answer.status] += 1
        if answer.status == 201:
            self.captures.append(capture)

    def _go_on(self, act: Any) -> None:
        from django.db import connection

        try:
            while not self._over.wait(self._pace_s):
                act()
        except Exception as error:
            self.broke.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let both go on until the end of the context."""
        threads = [Thread(target=self._go_on, args=(act,)) for act in (self._coordinate, self._volunteer)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def lost_or_doubled(self) -> list[str]:
        """What was answered with success and is not there, or there twice, once everything is done."""
        found = violations() + self.broke
        found += [f"{n} requests were answered with {code}" for code, n in self.answers.items() if code >= 400]
        states = Counter(Job.objects.filter(pk__in=self.jobs).values_list("state", flat=True))
        if states != Counter(done=len(self.jobs)):
            found.append(f"of {len(self.jobs)} jobs: {dict(states)}")
        places = CandidateSlot.objects.filter(target=self.target).count()
        if places != len(self.jobs):
            found.append(f"{places} places of {len(self.jobs)}")
        captures = Capture.objects.filter(target=self.target).count()
        if captures != len(self.captures):
            found.append(f"{captures} captures of {len(self.captures)}")
        return found


def outages(started: Fleet, broker: Broker, people: People, rounds: int, *, first_hard: bool = True) -> list[str]:
    """Stop the broker so many times, every other time with the loss of all it had; give what came back too late."""
    late: list[str] = []
    with people.at_work():
        for number in range(rounds):
            sent = len(people.jobs)
            started.until(lambda sent=sent: len(people.jobs) >= sent + 2, "some jobs")
            broker.stop(hard=(number % 2 == 0) is first_hard)
            # What is asked meanwhile is answered, and written down as work.
            people.most_waiting = MOST_WAITING + 2
            sent, asked = len(people.jobs), people.answers.total()
            started.until(lambda sent=sent: people.broke or len(people.jobs) > sent, "a job without a broker")
            started.until(lambda asked=asked: people.broke or people.answers.total() >= asked + 5, "answers")
            time.sleep(DOWN_S)
            people.most_waiting = MOST_WAITING
            broker.start()
            late += _catch_up(started, now())
    return late


def _catch_up(started: Fleet, returned_at: datetime) -> list[str]:
    """Wait for everything that was due, and give what took longer than it may."""
    due = Job.objects.filter(created_at__lte=returned_at)
    started.until(lambda: not due.exclude(state__in=["done", "failed"]).exists(), "the end of all jobs")
    cycles = ServiceRun.objects.filter(service="tide", state="completed", ended_at__gt=returned_at)
    started.until(cycles.exists, "a cycle")
    late = [f"job {job.pk} ended {job.ended_at - returned_at} after" for job in due if _late(job.ended_at, returned_at)]
    if _late(cycles.earliest("ended_at").ended_at, returned_at):
        late.append("no cycle in time")
    return late


def _late(ended_at: datetime, returned_at: datetime) -> bool:
    return ended_at - returned_at > BACK_WITHIN


def cut_off(people: People) -> bool:
    """Bring in a place by a request that the server does not live to answer."""
    try:
        return people.brings_in().status >= 500
    except (URLError, ConnectionError):
        return True
