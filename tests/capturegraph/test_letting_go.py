"""What settings say is not kept for ever, and that everything else is."""

from typing import Any
from uuid import uuid4

import pytest
from stories import Clock, Person, sha256, slots_in

from capturegraph.models import CandidateSlot, Capture, Dispute, Event, Match, ServiceRunner, Target
from capturegraph.services import targets
from capturegraph.services.cycles import periodic
from capturegraph.services.safekeeping import audit_matches, letting_go
from capturegraph.services.safekeeping.finding import Look
from capturegraph.services.writing import database_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def keep(settings: Any) -> Any:
    """Set for how many days something is kept."""

    def set_(**days: int | None) -> None:
        settings.ENV = {**settings.ENV, **{f"KEEP_{name.upper()}_DAYS": number for name, number in days.items()}}

    return set_


def forget(clock: Clock) -> dict[str, int]:
    """Do every step until nothing is left."""
    done = dict.fromkeys(letting_go.STEPS, 0)
    for name, step in letting_go.STEPS.items():
        while helping := step(clock.now):
            done[name] += helping
    return done


def refused_photo(who: Person, target: Target) -> Capture:
    who.sends(capture := uuid4(), who.words(target, 0, photo_sha256=sha256(b"no photo")))
    assert who.sends_photo(capture, b"no photo").status_code == 415
    return Capture.objects.get(pk=capture)


def test_everything_is_kept_by_default(stones: Target, alice: Person, carol: Person, clock: Clock) -> None:
    refused_photo(alice, stones)
    targets.change_target(target_id=stones.pk, by=carol.user, values={"state": "closed"}, now=clock.now)
    clock.forward(days=40_000)
    assert forget(clock) == {"refused_photos": 0, "positions": 0}


@pytest.mark.django_db(transaction=True)
def test_a_photo_that_nobody_rescues_goes_in_time(
    stones: Target, alice: Person, clock: Clock, keep: Any, own_files: Any
) -> None:
    keep(refused=30)
    one = refused_photo(alice, stones)
    clock.forward(days=30, seconds=-1)
    assert forget(clock)["refused_photos"] == 0
    clock.forward(seconds=1)
    assert forget(clock)["refused_photos"] == 1
    assert forget(clock)["refused_photos"] == 0
    assert [path for path in own_files.rglob("*") if path.is_file()] == []
    now = Capture.objects.get(pk=one.pk)
    assert (now.state, now.photo_sha256, str(now.photo)) == ("refused", one.photo_sha256, "")
    assert Event.objects.get(verb="photo let go").row_id == one.pk
    # Its phone hears the same as before, and nothing is kept once more.
    assert alice.sends_photo(one.pk, b"no photo").status_code == 415
    assert [path for path in own_files.rglob("*") if path.is_file()] == []


def test_a_disputed_photo_is_kept_until_the_answer(stones: Target, alice: Person, clock: Clock, keep: Any) -> None:
    keep(refused=30)
    one = refused_photo(alice, stones)
    dispute = Dispute.objects.create(
        capture=one, target=stones, said_by=alice.user, said="It can be read.", said_at=clock.now
    )
    clock.forward(days=31)
    assert forget(clock)["refused_photos"] == 0
    Dispute.objects.filter(pk=dispute.pk).update(state="upheld", answered_at=clock.now)
    assert forget(clock)["refused_photos"] == 1


def test_where_photos_of_a_closed_target_were_taken_is_forgotten_and_what_they_closed_stays_closed(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock, keep: Any
) -> None:
    keep(positions=10)
    slots_in(stones, a=0, b=500)
    alice.shoots(stones, 0, note_of_another_release="by the gate")
    bob.shoots(stones, 3000)
    for capture in Capture.objects.select_related("volunteer"):
        who = alice if capture.volunteer == alice.user else bob
        assert who.sends_photo(capture.pk).status_code == 201
    clock.forward(days=20)
    assert forget(clock)["positions"] == 0, "it is open"
    targets.change_target(target_id=stones.pk, by=carol.user, values={"state": "closed"}, now=clock.now)
    clock.forward(days=9)
    targets.change_target(target_id=stones.pk, by=carol.user, values={"contact": "Carol"}, now=clock.now)
    assert forget(clock)["positions"] == 0
    clock.forward(days=1)
    assert forget(clock)["positions"] == 2
    assert forget(clock)["positions"] == 0
    assert set(Capture.objects.values_list("latitude", "longitude", "unusable_reason")) == {(None, None, "no_position")}
    assert [one.extra for one in Capture.objects.all()] == [{}, {}]
    assert (Match.objects.get().active, Match.objects.get().kept) == (True, True)
    assert CandidateSlot.objects.get(external_id="a").state == "fulfilled"
    assert Event.objects.filter(verb="position forgotten").count() == 2
    look = Look(clock.now, False, lambda *said: None)
    assert [str(one) for check in (audit_matches.seats, audit_matches.matches) for one in check(look)] == []


def test_a_target_that_was_opened_again_keeps_where_its_photos_were_taken(
    stones: Target, alice: Person, carol: Person, clock: Clock, keep: Any
) -> None:
    keep(positions=10)
    alice.shoots(stones, 0)
    for state in ("closed", "open"):
        targets.change_target(target_id=stones.pk, by=carol.user, values={"state": state}, now=clock.now)
    clock.forward(days=11)
    assert forget(clock)["positions"] == 0
    targets.change_target(target_id=stones.pk, by=carol.user, values={"state": "closed"}, now=clock.now)
    assert forget(clock)["positions"] == 0, "it was closed just now"


@pytest.mark.django_db(transaction=True)
def test_the_service_that_forgets_does_it(stones: Target, alice: Person, clock: Clock, keep: Any) -> None:
    keep(refused=1)
    refused_photo(alice, stones)
    now = database_now()
    Capture.objects.update(photo_at="2020-01-01T00:00Z")
    ServiceRunner.objects.create(id="one", name="one", started_at=now, heartbeat_at=now)
    claimed = periodic.claim(service="retention", runner_id="one")
    assert claimed
    assert periodic.run(service="retention", claimed=claimed) == "completed"
    assert str(Capture.objects.get().photo) == ""
