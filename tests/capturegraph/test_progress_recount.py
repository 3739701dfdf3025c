"""Over random histories and campaigns, at every step: numbers equal a recount."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import transaction
from histories import PEOPLE, history
from playing import Player, people
from recounting import counted, differs, figures_of
from stories import Clock, Person, place, slots_in

from capturegraph.models import Assignment, CandidateSlot, Target, User
from capturegraph.services.hand_out import places
from capturegraph.services.people import erasing, merging
from capturegraph.services.progress.figures import progress
from scheduling.geodesy import metres

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

TOGETHER = 8


class Watched(Player):
    """A history in a zone of its own, whose people also say no, are merged and erased; counted at every step."""

    def play_and_count(self) -> list[str]:
        Target.objects.filter(pk=self.target.pk).update(time_zone=("Pacific/Apia", "America/New_York")[self._odd()])
        self.target.refresh_from_db()
        for number, step in enumerate(self.history.steps):
            self.now += step.after
            getattr(self, f"_{step.verb}")(step)
            self._besides(number)
            it = progress(target=self.target, now=self.now)
            if found := differs(it, self.target):
                return [f"step {number}, {step.verb}", *found]
        return []

    def _odd(self) -> int:
        return self.history.seed % 2

    def _besides(self, number: int) -> None:
        held = Assignment.objects.live(self.now).filter(target=self.target).first()
        if held and number % 5 == 4:
            places.decline(assignment_id=held.pk, reason="unsafe", by=held.volunteer, now=self.now)
        if number == 6 + self._odd():
            merging.merge(keep=self.users[0], gone=self.users[1], by=self.reviewer, now=self.now)
            self.users[1] = self.users[0]
        if number == 9:
            erasing.erase(user=self.users[2], confirm=str(self.users[2]), now=self.now)
            self.users[2] = self.users[3]


@pytest.mark.parametrize("first", range(0, 16, TOGETHER))
def test_every_figure_equals_a_recount_at_every_step_of_a_history(first: int) -> None:
    users, wrong = people(), {}
    User.objects.filter(pk=users[PEOPLE].pk).update(is_superuser=True)
    for seed in range(first, first + TOGETHER):
        with transaction.atomic():
            found = Watched(
                history(seed), list(User.objects.filter(pk__in=[one.pk for one in users]).order_by("username"))
            )
            wrong[seed] = found.play_and_count()
            transaction.set_rollback(True)
    assert {seed: said for seed, said in wrong.items() if said} == {}


def a_busy_campaign(people: list[Person], rita: Person, target: Target, clock: Clock, seed: int) -> Iterator[None]:
    """Thirty things that volunteers and a reviewer do, with photographs that do two places, or one a second time."""
    chance, taken = random.Random(seed), list[str]()
    slots_in(target, **{f"p{n}": east for n, east in enumerate((0, 40, 90, 400, 440, 900, 905, 1500))})
    some = CandidateSlot.objects.filter(target=target)
    some.update(created_at=clock.now)
    some.filter(title__in=["p1", "p5"]).update(required_count=2, seats_left=2)
    for _ in range(30):
        clock.forward(minutes=chance.choice([1, 4, 11, 45, 300]))
        who, what = (
            chance.choice(people),
            chance.choice(["take"] * 3 + ["stray", "stray", "no", "no", "review", "withdraw"]),
        )
        held = who.asks(target)
        if what == "stray":
            taken.append(str(who.shoots(target, chance.choice([20, 65, 420, 902, 3000]))["id"]))
        if what == "take" and held["slot"]:
            clock.forward(minutes=chance.choice([2, 9, 14]))
            east = metres(place(0), (held["slot"]["latitude"], held["slot"]["longitude"])) + chance.choice([0, 25])
            taken.append(str(who.shoots(target, east, assignment=held["assignment"]["id"])["id"]))
        if what == "no" and held["slot"]:
            who.post(f"assignments/{held['assignment']['id']}/decline/", {"reason": chance.choice(["unsafe", "gone"])})
        if what == "review" and taken:
            verdict = chance.choice(["rejected", "accepted", "pending"])
            rita.post(f"captures/{chance.choice(taken)}/review/", {"verdict": verdict})
        if what == "withdraw":
            some.filter(title="p7").update(state="withdrawn")
        yield


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_equals_a_recount_all_through_a_busy_campaign(
    stones: Target, alice: Person, bob: Person, rita: Person, max_: Person, clock: Clock, seed: int
) -> None:
    Target.objects.update(time_zone="Pacific/Apia", declines_needed=1)
    seen, eve = Counter[str](), Person("eve").joins(stones, "volunteer")
    for step, _ in enumerate(a_busy_campaign([alice, bob, eve], rita, stones, clock, seed)):
        if step == 20:
            merging.merge(keep=alice.user, gone=eve.user, by=max_.user, now=clock.now)
        seen.update(name for name, figure in figures_of(counted(stones, clock)).items() if figure)
    # A figure that is nought all along would show nothing.
    assert seen.keys() >= {"days", "saved", "redundant", "people", "medians", "declines", "finished"}
