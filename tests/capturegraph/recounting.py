"""Every figure of progress once more, slowly: plain Python over plain rows, with nothing of the service's own."""

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from statistics import median, quantiles
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from stories import Clock

from capturegraph.models import Assignment, CandidateSlot, Capture, Match, Target, User
from capturegraph.services.progress.figures import BIN_EDGES_MIN, Progress, progress


class Recount:
    """The rows of a target, looked at one by one."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.slots = {one.pk: one for one in CandidateSlot.objects.filter(target=target)}
        self.captures = {one.pk: one for one in Capture.objects.filter(target=target)}
        self.assignments = {one.pk: one for one in Assignment.objects.filter(target=target)}
        self.matches = [one for one in Match.objects.all() if one.slot_id in self.slots and one.active]

    def firsts(self, slot_id: UUID) -> list[Match]:
        """The first match of each person with a slot, in the order in which they were taken."""
        found: dict[UUID, Match] = {}
        for one in sorted((m for m in self.matches if m.slot_id == slot_id), key=self._taken):
            found.setdefault(one.person_key, one)
        return list(found.values())

    def _taken(self, match: Match) -> tuple[Any, UUID]:
        return self.captures[match.capture_id].captured_at, match.capture_id

    def done(self) -> list[CandidateSlot]:
        return [slot for slot in self.slots.values() if slot.state == "fulfilled"]

    def days(self) -> dict[Any, int]:
        zone, found = ZoneInfo(self.target.time_zone), Counter[Any]()
        for slot in self.done():
            last = self.firsts(slot.pk)[slot.required_count - 1]
            taken = self.captures[last.capture_id].captured_at
            found[max(taken, slot.created_at).astimezone(zone).date()] += 1
        return found

    def needed(self) -> set[UUID]:
        return {one.capture_id for slot in self.slots.values() for one in self.firsts(slot.pk)[: slot.required_count]}

    def meant(self, match: Match) -> bool:
        named = self.captures[match.capture_id].assignment_id
        if named:
            return self.assignments[named].slot_id == match.slot_id
        rivals = [one for one in self.matches if one.capture_id == match.capture_id]
        return match is min(rivals, key=lambda one: (one.distance, one.slot_id))

    def walks_saved(self) -> int:
        return sum(not any(self.meant(m) for m in self.matches if m.slot_id == slot.pk) for slot in self.done())

    def spans(self) -> list[tuple[UUID, timedelta, timedelta]]:
        found = []
        for held in self.assignments.values():
            taken = [
                self.captures[m.capture_id].captured_at
                for m in self.matches
                if m.slot_id == held.slot_id and self.captures[m.capture_id].volunteer_id == held.volunteer_id
            ]
            in_time = [at for at in taken if held.ended_at and held.started_at <= at <= held.ended_at]
            if held.state == "fulfilled" and in_time and held.ended_at:
                found.append((held.volunteer_id, min(in_time) - held.started_at, held.ended_at - held.started_at))
        return found

    def people(self) -> dict[UUID, tuple[int, int, int]]:
        found: dict[UUID, tuple[int, int, int]] = {}
        there = {one.volunteer_id for one in (*self.captures.values(), *self.assignments.values())}
        for user in User.objects.filter(pk__in=there):
            mine = [one for one in self.captures.values() if one.volunteer_id == user.pk]
            said_no = [a for a in self.assignments.values() if a.volunteer_id == user.pk and a.state == "declined"]
            places = {m.slot_id for m in self.matches if m.person_key == user.person_key}
            found[user.pk] = len(mine), len(places), len(said_no)
        return found


def differs(it: Progress, target: Target) -> list[str]:
    """Name each figure that a recount has another value of."""
    told, counted = figures_of(it), figures_of_recount(Recount(target))
    return [f"{name}: {told[name]}, recounted {counted[name]}" for name in told if told[name] != counted[name]]


def counted(target: Target, clock: Clock) -> Progress:
    """Count it, and let nothing differ from the recount."""
    target.refresh_from_db()
    it = progress(target=target, now=clock.now)
    assert differs(it, target) == []
    return it


def figures_of(it: Progress) -> dict[str, Any]:
    return {
        "states": {name: n for name, n in it.counts.items() if n and name not in ("held", "waiting")},
        "waiting": it.counts["waiting"] + it.counts["held"],
        "done": (it.done, sum(day.done for day in it.days), it.days[-1].total if it.days else 0),
        "asked": it.asked,
        "days": {day.day: day.done for day in it.days if day.done},
        "captures": (it.captures.total, it.captures.rejected, it.captures.counting, it.captures.needed),
        "redundant": it.captures.redundant,
        "saved": it.captures.walks_saved,
        "people": {one.id: (one.captures, one.places, one.declines) for one in it.people},
        "medians": {one.id: one.median_s for one in it.people if one.median_s is not None},
        "declines": {one.reason: one.number for one in it.declines},
        "photographed": (it.photographed.number, it.photographed.median_s),
        "finished": (it.finished.lower_s, it.finished.median_s, it.finished.upper_s),
        "bins": [one.number for one in it.bins],
    }  # fmt: skip


def figures_of_recount(it: Recount) -> dict[str, Any]:
    states = Counter(str(slot.state) for slot in it.slots.values())
    waiting, done = states.pop("waiting", 0), len(it.done())
    counting, needed = {m.capture_id for m in it.matches}, it.needed()
    spans, by_person = it.spans(), defaultdict[UUID, list[float]](list)
    for volunteer, _taken, ended in spans:
        by_person[volunteer].append(ended.total_seconds())
    took = sorted(ended.total_seconds() for _who, _taken, ended in spans)
    quarters = quantiles(took, n=4, method="inclusive") if len(took) > 1 else took * 3
    edges = [*BIN_EDGES_MIN, float("inf")]
    return {
        "states": {**states, **({"total": len(it.slots)} if it.slots else {})},
        "waiting": waiting,
        "done": (done, done, done),
        "asked": len(it.slots) - states["withdrawn"] - states["pool"],
        "days": dict(it.days()),
        "captures": (
            len(it.captures), sum(one.review == "rejected" for one in it.captures.values()), len(counting), len(needed),
        ),
        "redundant": len(counting - needed),
        "saved": it.walks_saved(),
        "people": it.people(),
        "medians": {who: median(seconds) for who, seconds in by_person.items()},
        "declines": dict(Counter(a.reason for a in it.assignments.values() if a.state == "declined")),
        "photographed": (
            len(spans), median(taken.total_seconds() for _who, taken, _ended in spans) if spans else None,
        ),
        "finished": tuple(quarters) if took else (None, None, None),
        "bins": [sum(low <= one / 60 < high for one in took) for low, high in pairwise(edges)],
    }  # fmt: skip
