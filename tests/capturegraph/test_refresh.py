"""Which places wait: chosen where coverage is thinnest, once a cycle, never under anybody's feet."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from bringing_in import table, upload
from django.db import connection
from race import at_once
from stories import Clock, Person, slots_in

from capturegraph.formats import Row
from capturegraph.models import CandidateSlot, Event, Job, Target
from capturegraph.services import work
from capturegraph.services.batching import bulk
from capturegraph.services.cycles import refresh
from scheduling import void_and_cluster

pytestmark = pytest.mark.django_db

NAMES = {"a": 0, "b": 100, "c": 2000, "d": 2100, "e": 4000}


@pytest.fixture
def pooled(stones: Target) -> Target:
    """Five places in the pool, of which two are to wait at a time."""
    slots_in(stones, **NAMES)
    CandidateSlot.objects.update(state="pool")
    Target.objects.update(batch_size=2)
    stones.refresh_from_db()
    return stones


def waiting() -> set[str]:
    return set(CandidateSlot.objects.filter(state="waiting").values_list("external_id", flat=True))


def refreshed(target: Target, cycle: datetime) -> dict[str, list[str]] | None:
    return refresh.refresh_target(target_id=target.pk, cycle=cycle, now=cycle)


def test_the_places_farthest_from_any_photo_wait(pooled: Target, alice: Person, clock: Clock) -> None:
    alice.shoots(pooled, 10)
    assert refreshed(pooled, clock.now) is not None
    assert waiting() <= {"c", "d", "e"}
    assert len(waiting()) == 2
    assert "e" in waiting()
    assert not {"c", "d"} <= waiting(), "not two in one spot"


def test_a_second_time_in_a_cycle_changes_nothing(pooled: Target, alice: Person, clock: Clock) -> None:
    refreshed(pooled, clock.now)
    before = waiting()
    alice.shoots(pooled, 4000)
    events = Event.objects.filter(verb="refreshed").count()
    assert refreshed(pooled, clock.now) is None
    assert refreshed(pooled, clock.now - timedelta(minutes=15)) is None, "nor for a cycle gone by"
    assert Event.objects.filter(verb="refreshed").count() == events == 1
    assert waiting() == before - {"e"}
    assert refreshed(pooled, clock.now + timedelta(minutes=15)) is not None
    assert len(waiting()) == 2


def test_what_somebody_holds_stays_and_counts(pooled: Target, alice: Person, bob: Person, clock: Clock) -> None:
    refreshed(pooled, clock.now)
    held = alice.gets(pooled)
    alice.shoots(pooled, 5000)
    later = clock.now + timedelta(minutes=5)
    change = refreshed(pooled, later)
    assert change is not None
    assert held in waiting()
    assert len(waiting()) == 2
    assert alice.gets(pooled) == held
    assert bob.gets(pooled) in waiting() - {held}


def test_the_difference_is_written_down(pooled: Target, clock: Clock) -> None:
    change = refreshed(pooled, clock.now)
    event = Event.objects.get(verb="refreshed")
    assert change == {"chosen": event.data["chosen"], "put_back": []}
    assert len(event.data["chosen"]) == 2
    assert event.data["cycle"] == clock.now.isoformat()
    again = refreshed(pooled, clock.now + timedelta(minutes=15))
    assert again == {"chosen": [], "put_back": []}, "nothing new was photographed: the same two"


@pytest.mark.parametrize("why", [{"batch_size": None}, {"state": "paused"}, {"state": "closed"}])
def test_only_open_targets_that_want_it_are_refreshed(pooled: Target, clock: Clock, why: dict[str, str | None]) -> None:
    Target.objects.update(**why)
    assert refreshed(pooled, clock.now) is None
    assert waiting() == set()


# --- what happens while it chooses ------------------------------------------------------------------------------------


@pytest.fixture
def while_it_chooses(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Let something happen, once, when it has looked and before it writes."""
    choose = void_and_cluster.select_indices

    def let(act: Callable[[], Any]) -> None:
        def choosing(*given: Any, **how: Any) -> list[int]:
            monkeypatch.setattr(void_and_cluster, "select_indices", choose)
            act()
            return choose(*given, **how)

        monkeypatch.setattr(void_and_cluster, "select_indices", choosing)

    return let


@pytest.fixture
def stale(pooled: Target, alice: Person) -> Target:
    """The same, where a and b wait, and a photograph beside them says that e and one of c and d should."""
    CandidateSlot.objects.filter(external_id__in="ab").update(state="waiting")
    alice.shoots(pooled, -60)
    return pooled


@pytest.mark.django_db(transaction=True)
def test_phones_do_not_wait_while_it_chooses(
    stale: Target, bob: Person, clock: Clock, while_it_chooses: Callable[..., None]
) -> None:
    came = list[str | None]()

    def comes_by() -> None:
        came.append(bob.gets(stale))
        bob.shoots(stale, 5000)
        connection.close()

    def visited() -> None:
        phone = Thread(target=comes_by, daemon=True)
        phone.start()
        phone.join(timeout=5)
        assert not phone.is_alive()

    while_it_chooses(visited)
    assert refreshed(stale, clock.now) is not None
    assert came == ["a"]


def test_what_is_taken_meanwhile_stays_in_place_of_one_that_was_to_come(
    stale: Target, bob: Person, clock: Clock, while_it_chooses: Callable[..., None]
) -> None:
    while_it_chooses(lambda: bob.gets(stale))
    change = refreshed(stale, clock.now)
    assert change is not None
    assert waiting() == {"a", "e"}
    assert (len(change["chosen"]), len(change["put_back"])) == (1, 1)
    assert bob.gets(stale) == "a"


def test_what_is_closed_meanwhile_stays_closed(
    stale: Target, bob: Person, clock: Clock, while_it_chooses: Callable[..., None]
) -> None:
    while_it_chooses(lambda: bob.shoots(stale, 4000))
    refreshed(stale, clock.now)
    assert CandidateSlot.objects.get(external_id="e").state == "fulfilled"
    assert waiting() in ({"c"}, {"d"})


def test_other_settings_meanwhile_have_it_choose_again(
    pooled: Target, alice: Person, clock: Clock, while_it_chooses: Callable[..., None]
) -> None:
    alice.shoots(pooled, 10)
    while_it_chooses(lambda: Target.objects.update(batch_size=3))
    refreshed(pooled, clock.now)
    assert len(waiting()) == 3


def test_a_target_that_is_closed_meanwhile_is_left_alone(
    pooled: Target, clock: Clock, while_it_chooses: Callable[..., None]
) -> None:
    while_it_chooses(lambda: Target.objects.update(state="closed"))
    assert refreshed(pooled, clock.now) is None
    assert waiting() == set()


def test_what_waits_is_in_tour_order(pooled: Target, clock: Clock) -> None:
    Target.objects.update(batch_size=4)
    CandidateSlot.objects.filter(external_id="c").update(rank=9)
    refreshed(pooled, clock.now)
    in_tour = list(CandidateSlot.objects.filter(state="waiting").order_by("rank").values_list("external_id", flat=True))
    assert in_tour in (sorted(in_tour), sorted(in_tour, reverse=True))
    ranks = CandidateSlot.objects.filter(state="waiting").values_list("rank", flat=True)
    assert sorted(ranks) == [0, 1, 2, 3]


@pytest.mark.slow
@pytest.mark.only_on("postgresql")
def test_more_places_than_a_statement_has_room_for(stones: Target, clock: Clock) -> None:
    rows = (Row(n, None, "", "", n / 1000, 0.0) for n in range(66_000))
    made = (bulk.New(uuid4(), row, row.number) for row in rows)
    bulk.insert(made, target_id=stones.pk, batch_id=None, now=clock.now, state=CandidateSlot.State.WAITING)
    Target.objects.update(batch_size=5)
    change = refreshed(stones, clock.now)
    assert change is not None
    assert (len(change["put_back"]), CandidateSlot.objects.filter(state="waiting").count()) == (65_995, 5)


def test_fewer_in_the_pool_than_wanted_all_wait(pooled: Target, clock: Clock) -> None:
    Target.objects.update(batch_size=50)
    refreshed(pooled, clock.now)
    assert waiting() == set(NAMES)


@pytest.mark.parametrize("was", ["withdrawn", "not_capturable", "fulfilled", "elsewhere"])
def test_what_a_file_asks_for_again_goes_to_the_pool(
    pooled: Target, carol: Person, alice: Person, clock: Clock, was: str
) -> None:
    """Else all of a file would be handed out at once."""
    refreshed(pooled, clock.now)
    before = waiting()
    upload(carol, pooled, table("1 oak 7000"))
    oak = CandidateSlot.objects.filter(external_id="1")
    if was in ("fulfilled", "elsewhere"):
        alice.shoots(pooled, 7000)
    else:
        oak.update(state=was)
    clock.forward(minutes=1)
    upload(carol, pooled, table(f"1 oak {7900 if was == 'elsewhere' else 7010}"), afresh=was == "fulfilled")
    assert (oak.get().state, oak.get().seats_left, waiting()) == ("pool", 1, before)


def test_what_a_coordinator_asks_for_again_waits_until_the_next_choice(
    pooled: Target, carol: Person, clock: Clock
) -> None:
    """One place, by their own word: that goes before what chooses."""
    (slot,) = CandidateSlot.objects.filter(external_id="c")
    carol.patch(f"slots/{slot.pk}/", {"state": "withdrawn"})
    assert carol.patch(f"slots/{slot.pk}/", {"state": "waiting"}).json()["state"] == "waiting"


def test_a_target_that_has_gone_is_passed_over(clock: Clock) -> None:
    assert refresh.refresh_target(target_id=UUID(int=7), cycle=clock.now, now=clock.now) is None


def test_the_job_of_a_cycle_does_it_once(pooled: Target, clock: Clock) -> None:
    for _ in range(2):
        job = Job.objects.create(
            kind="refresh", target=pooled, data={"cycle": clock.now.isoformat()}, created_at=clock.now
        )
        assert work.do(job_id=job.pk, clock=lambda: clock.now) == Job.State.DONE
    assert Event.objects.filter(verb="refreshed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_refresh_it_once(pooled: Target, clock: Clock) -> None:
    answers = at_once([lambda: refreshed(pooled, clock.now) for _ in range(4)])
    assert len([answer for answer in answers if answer is not None]) == 1
    assert len(waiting()) == 2
