"""A history, lived through by the real services on the real rows, and held against the oracle."""

from collections.abc import Hashable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from histories import PEOPLE, START, History, Shot, Step
from race import violations

from capturegraph.formats import Row
from capturegraph.models import Assignment, CandidateSlot, Capture, Membership, Target, User
from capturegraph.services import targets, work
from capturegraph.services.batching import candidates, differences, ranking
from capturegraph.services.cycles import sweeping
from capturegraph.services.hand_out import assignments
from capturegraph.services.matches import matching, reviews
from capturegraph.services.refusals import Conflict
from capturegraph.services.uploads import captures
from scheduling import grid, oracle
from scheduling.oracle import Held, Pairs, Slot


def people() -> list[User]:
    """The volunteers and, last, the reviewer of every history: made once, for all of them."""
    found = [User.objects.get_or_create(username=f"person {number}")[0] for number in range(PEOPLE + 1)]
    return sorted(found, key=lambda user: user.username)


def differs(history: History, users: list[User]) -> str:
    """Live through it and take it back; say where the product and the oracle differ, "" where they do not."""
    with transaction.atomic():
        first = Player(history, users)
        said = first.play()
        transaction.set_rollback(True)
    if said or not history.plain:
        return said
    with transaction.atomic():
        second = Player(history.in_another_order(), users)
        said = second.play()
        transaction.set_rollback(True)
    if not said and first.done != second.done:
        return f"{sorted(first.done)} and, in another order, {sorted(second.done)} are fulfilled"
    return said and f"in another order: {said}"


class Player:
    """One target, and what the oracle has to know of it."""

    def __init__(self, history: History, users: list[User]) -> None:
        self.history, self.rules, self.now = history, history.rules, START
        self.users, self.reviewer = users[:PEOPLE], users[PEOPLE]
        self.shots: dict[int, tuple[UUID, captures.Words]] = {}
        self.captures: dict[UUID, oracle.Capture] = {}
        self.linked: set[tuple[Hashable, Hashable]] = set()
        self.kept: set[tuple[Hashable, Hashable]] = set()
        self.done: set[str] = set()
        # The photo's grace is no setting of a target.
        values = {name: getattr(self.rules, name) for name in targets.MATCHING}
        self.target = Target.objects.create(name=f"history {history.seed}", **values)
        Membership.objects.bulk_create(
            Membership(user=user, target=self.target, created_at=START) for user in self.users
        )
        CandidateSlot.objects.bulk_create(self._row(slot, rank) for rank, slot in enumerate(history.slots))

    def _row(self, slot: Slot, rank: int) -> CandidateSlot:
        return CandidateSlot(
            target=self.target, external_id=str(slot.id), latitude=slot.latitude, longitude=slot.longitude, rank=rank,
            cell=grid.cell(slot.latitude or 0.0, slot.longitude or 0.0), heading=slot.heading,
            window_from=slot.window_from, window_until=slot.window_until, counts_from=slot.counts_from,
            required_count=slot.required_count, seats_left=slot.required_count,
        )  # fmt: skip

    def play(self) -> str:
        """Let everything happen; give the first difference."""
        for number, step in enumerate(self.history.steps):
            self.now += step.after
            said = getattr(self, f"_{step.verb}")(step)
            if said:
                return f"step {number}, {step.verb}: {said}"
        return self._differs() or "; ".join(violations(self.target.pk) if self.history.seed % 5 == 0 else [])

    # --- what happens

    def _upload(self, step: Step) -> str:
        shot: Shot = step.told["shot"]
        taken = step.told.get("taken_at", self.now - shot.taken_before)
        user = self.users[shot.person]
        words = self._words(shot, user, taken)
        capture_id = uuid4()
        self.shots[shot.number] = capture_id, words
        row, __ = captures.receive(capture_id=capture_id, words=words, by=user, device=None, now=self.now)
        latitude, longitude = shot.place or (None, None)
        # Less than a minute is no skew, and then it stands as the phone said it.
        right = taken if abs(shot.skew) >= timedelta(minutes=1) else taken - shot.skew
        self.captures[capture_id] = oracle.Capture(
            id=capture_id, person=user.person_key, latitude=latitude, longitude=longitude, accuracy_m=shot.accuracy_m,
            heading=shot.heading, from_library=shot.from_library, captured_at=min(right, self.now),
            received_at=self.now, photo="awaited",
        )  # fmt: skip
        expected = oracle.why_unusable(self.captures[capture_id], self.rules, now=self.now)
        if row.unusable_reason != expected:
            return f"unusable by {row.unusable_reason!r}, and to the oracle by {expected!r}"
        return self._repeat(Step("repeat", step.after, {"number": shot.number})) if shot.number % 3 == 0 else ""

    def _words(self, shot: Shot, user: User, taken: datetime) -> captures.Words:
        held = Assignment.objects.filter(volunteer=user, target=self.target).order_by("-started_at").first()
        latitude, longitude = shot.place or (None, None)
        return captures.Words(
            target_id=self.target.pk, taken_at=taken - shot.skew, sent_at=self.now - shot.skew,
            assignment_id=held.pk if held and shot.names_its_slot else None, latitude=latitude, longitude=longitude,
            accuracy_m=shot.accuracy_m, heading=shot.heading, from_library=shot.from_library,
        )  # fmt: skip

    def _repeat(self, step: Step) -> str:
        capture_id, words = self.shots[step.told["number"]]
        before, user = self._fulfilled(), User.objects.get(captures=capture_id)
        again = replace(words, sent_at=self.now)
        __, created = captures.receive(capture_id=capture_id, words=again, by=user, device=None, now=self.now)
        return "a repeat changed something" if created or self._fulfilled() != before else ""

    def _photo(self, step: Step) -> None:
        # What `photographs` does once the bytes are on the disk.
        capture_id, __ = self.shots[step.told["number"]]
        waiting = Capture.objects.filter(pk=capture_id, state=Capture.State.AWAITING_PHOTO)
        if waiting.update(state=Capture.State.STORED, photo="p.jpg", photo_sha256="0" * 64, photo_at=self.now):
            matching.count_again(capture_id, now=self.now)
        self.captures[capture_id] = replace(self.captures[capture_id], photo="stored")

    def _sweep(self, step: Step) -> None:
        self._tidy_up()

    def _request(self, step: Step) -> None:
        user = self.users[step.told["person"]]
        self._tidy_up()
        # A lease that is taken up again would have lasted all the while: photographs of that while were judged already.
        lapsed = Assignment.objects.filter(volunteer=user, target=self.target, state=Assignment.State.EXPIRED)
        if not lapsed.exists():
            assignments.request_slot(target_id=self.target.pk, user_id=user.pk, now=self.now, by_rank_alone=True)

    def _release(self, step: Step) -> None:
        user = self.users[step.told["person"]]
        held = Assignment.objects.live(self.now).filter(volunteer=user, target=self.target).first()
        if held:
            assignments.release(assignment_id=held.pk, by=user, now=self.now)

    def _review(self, step: Step) -> None:
        capture_id, __ = self.shots[step.told["number"]]
        verdict = step.told["verdict"]
        reviews.review(capture_id=capture_id, verdict=verdict, by=self.reviewer, now=self.now)
        self.captures[capture_id] = replace(self.captures[capture_id], review=verdict)

    def _link(self, step: Step) -> None:
        (capture_id, __), linked = self.shots[step.told["number"]], step.told["linked"]
        row = CandidateSlot.objects.get(target=self.target, external_id=step.told["slot"])
        with suppress(Conflict):
            reviews.link(capture_id=capture_id, slot_id=row.pk, linked=linked, by=self.reviewer, now=self.now)
            pair = (capture_id, str(row.external_id))
            self.linked.add(pair) if linked else self.linked.discard(pair)

    def _settings(self, step: Step) -> str:
        if said := self._differs():
            return f"before: {said}"
        slots, held, before = self._slots(), self._held(), self._fulfilled()
        counted = self._pairs(slots, held, self.linked | self.kept)
        job = targets.change_target(
            target_id=self.target.pk, by=self.reviewer, values=step.told["values"], now=self.now,
            reopen=step.told["reopen"],
        ).job  # fmt: skip
        if job:
            work.do(job_id=job.pk, clock=lambda: self.now)
            self.rules = replace(self.rules, **step.told["values"])
            short = before - self._oracle(slots, held, self.linked, frozenset())
            by_itself = self._pairs(slots, held, self.linked)
            stays = {pair for pair in counted - by_itself if pair[1] in short}
            self.kept = set() if step.told["reopen"] else stays
        return self._differs()

    def _batch(self, step: Step) -> None:
        before = {slot.id: slot for slot in self._slots()}
        rows = [self._file_row(number, slot) for number, slot in enumerate(step.told["rows"])]
        target = Target.objects.select_for_update(no_key=True).get(pk=self.target.pk)
        found = differences.difference(target, rows, replace=step.told["replaces"], now=self.now)
        how = candidates.How(afresh=step.told["afresh"])
        candidates.put(target, found, ranking.ranks_after(found), how=how, now=self.now, actor_id=None)
        for slot in self._slots():
            old = before.get(slot.id)
            asked_again = old is None or old.counts_from != slot.counts_from
            elsewhere = old is None or _place(old) != _place(slot)
            self.linked = {pair for pair in self.linked if not (asked_again and pair[1] == slot.id)}
            self.kept = {pair for pair in self.kept if not ((asked_again or elsewhere) and pair[1] == slot.id)}

    def _file_row(self, number: int, slot: Slot) -> Row:
        return Row(
            number=number, external_id=str(slot.id), title="", note="", latitude=slot.latitude or 0.0,
            longitude=slot.longitude or 0.0, heading=slot.heading, required_count=slot.required_count,
            window_from=slot.window_from, window_until=slot.window_until,
        )  # fmt: skip

    # --- what is, and what should be

    def _tidy_up(self) -> None:
        assignments.sweep_leases(now=self.now, target_id=self.target.pk)
        sweeping._uncount_photo_less(self.now)

    def _differs(self) -> str:
        self._tidy_up()
        self.done = self._fulfilled()
        expected = self._oracle(self._slots(), self._held(), self.linked, self.kept)
        return "" if self.done == expected else f"{sorted(self.done)} are fulfilled, and should be {sorted(expected)}"

    def _fulfilled(self) -> set[str]:
        done = CandidateSlot.objects.filter(target=self.target, state=CandidateSlot.State.FULFILLED)
        return set(done.values_list("external_id", flat=True))

    def _oracle(self, slots: list[Slot], held: list[Held], linked: Pairs, kept: Pairs) -> set[Any]:
        return oracle.fulfilled(
            slots, self.captures.values(), self.rules, now=self.now, linked=linked, kept=kept, held=held
        )

    def _pairs(self, slots: Iterable[Slot], held: list[Held], by_hand: Pairs) -> set[tuple[Hashable, Hashable]]:
        """The pairs that count, but for those that a reviewer linked."""
        counting = set()
        for slot in slots:
            alone = replace(slot, required_count=1)
            for capture in self.captures.values():
                pair = (capture.id, slot.id)
                if pair not in self.linked and oracle.fulfilled(
                    [alone], [capture], self.rules, now=self.now, kept=by_hand - self.linked, held=held
                ):
                    counting.add(pair)
        return counting

    def _slots(self) -> list[Slot]:
        return [
            Slot(
                id=row.external_id, latitude=row.latitude, longitude=row.longitude, heading=row.heading,
                required_count=row.required_count, window_from=row.window_from, window_until=row.window_until,
                counts_from=row.counts_from, withdrawn=row.state == CandidateSlot.State.WITHDRAWN,
            )
            for row in CandidateSlot.objects.filter(target=self.target)
        ]  # fmt: skip

    def _held(self) -> list[Held]:
        """Who held what: to the end of the lease or to whatever ended it, the photograph that did included."""
        rows = Assignment.objects.filter(target=self.target).select_related("slot")
        found = []
        for row in rows:
            until = row.expires_at
            if row.ended_at:
                until = min(until, row.ended_at + timedelta(microseconds=int(row.state == "fulfilled")))
            found.append(Held(slot=row.slot.external_id, started_at=row.started_at, ended_at=until))
        return found


def _place(slot: Slot) -> tuple[Any, ...]:
    return slot.latitude, slot.longitude, slot.heading, slot.window_from, slot.window_until
