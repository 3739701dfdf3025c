"""A coordinator changes many places while volunteers ask for them and photograph them: each is one or the other."""

from functools import partial
from uuid import UUID, uuid4

import pytest
from race import NINE_O_CLOCK, ask, at_once, violations
from stories import at, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, Membership, Target, User
from capturegraph.services.board import changing
from capturegraph.services.board.changing import Asked, Done
from capturegraph.services.refusals import Refused
from capturegraph.services.uploads import captures

# On SQLite whoever writes is alone: the order is all that differs, and the stories of one after the other hold there.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]
MANY = 8
ROUNDS = 6


@pytest.fixture
def crowd() -> list[User]:
    return [User.objects.create_user(f"volunteer-{number}", name=f"volunteer {number}") for number in range(MANY)]


@pytest.fixture
def carol() -> User:
    return User.objects.create_user("carol", name="Carol")


def campaign(crowd: list[User], carol: User) -> tuple[Target, list[CandidateSlot]]:
    """A fresh target with as many places as people."""
    target = Target.objects.create(name="Boundary stones", lease_s=600, hand_out="queue")
    roles = [(carol, "coordinator"), *((user, "volunteer") for user in crowd)]
    Membership.objects.bulk_create(
        Membership(user=user, target=target, role=role, created_at=NINE_O_CLOCK) for user, role in roles
    )
    return target, slots_in(target, **{f"slot {number}": number * 200.0 for number in range(MANY)})


def change(target: Target, by: User, asked: Asked, operation_id: UUID | None = None) -> Done:
    return changing.change_slots(
        target_id=target.pk, asked=asked, by=by, now=NINE_O_CLOCK, change_id=uuid4(), operation_id=operation_id
    )


def withdraw(some: list[CandidateSlot]) -> Asked:
    return Asked("withdraw", [one.pk for one in some])


def send(target: Target, user: User, east_m: float) -> None:
    words = captures.Words(target_id=target.pk, taken_at=NINE_O_CLOCK, accuracy_m=5.0, **at(east_m))
    captures.receive(capture_id=uuid4(), words=words, by=user, device=None, now=NINE_O_CLOCK)


def test_a_withdrawal_meets_requests(crowd: list[User], carol: User) -> None:
    """What somebody got at that moment is left to them, and told as left; nobody holds what is withdrawn."""
    for _round in range(ROUNDS):
        target, some = campaign(crowd, carol)
        requests = [partial(ask, target.pk, user.pk) for user in crowd]
        *_answers, done = at_once([*requests, partial(change, target, carol, withdraw(some))])
        gone = set(CandidateSlot.objects.of(target).filter(state="withdrawn").values_list("pk", flat=True))
        held = set(Assignment.objects.filter(target=target, state="held").values_list("slot", flat=True))
        assert violations(target.pk) == []
        assert not gone & held
        assert len(gone) == done.changed
        assert held == {UUID(one["slot"]) for one in done.left_slots}


def test_a_withdrawal_meets_photographs(crowd: list[User], carol: User) -> None:
    """Whichever comes first: a place is done, or withdrawn, and what was told of it is so."""
    for _round in range(ROUNDS):
        target, some = campaign(crowd, carol)
        photographs = [partial(send, target, user, number * 200.0) for number, user in enumerate(crowd)]
        *_answers, done = at_once([*photographs, partial(change, target, carol, withdraw(some))])
        states = list(CandidateSlot.objects.of(target).values_list("state", flat=True))
        assert states.count("withdrawn") == done.changed
        assert states.count("fulfilled") == done.left.get("fulfilled", 0)
        assert len(states) == done.changed + sum(done.left.values())


def test_the_same_operation_at_once_is_done_once(crowd: list[User], carol: User) -> None:
    target, some = campaign(crowd, carol)
    operation = uuid4()
    answers = at_once([partial(change, target, carol, withdraw(some), operation)] * 4)
    assert [one.changed for one in answers] == [MANY] * 4
    assert len({one.id for one in answers}) == 1
    assert Event.objects.filter(noun="slot", verb="withdrawn").count() == MANY


def test_one_place_is_not_assigned_to_two(crowd: list[User], carol: User) -> None:
    target, some = campaign(crowd, carol)
    ids = [one.pk for one in some]
    answers = at_once([partial(change, target, carol, Asked("assign", ids, volunteer=user.pk)) for user in crowd])
    assert sum(one.changed for one in answers) == MANY
    planned = Assignment.objects.filter(target=target, state="planned")
    assert planned.values("slot").distinct().count() == planned.count() == MANY


def test_changes_crosswise_wait_for_each_other(crowd: list[User], carol: User) -> None:
    """Locks are taken in one order: withdrawing, taking back and undoing at once never meet crosswise."""
    target, some = campaign(crowd, carol)
    for user in crowd:
        ask(target.pk, user.pk)

    def undone(done: Done) -> None:
        changing.undo_change(target_id=target.pk, change_id=done.id, by=carol, now=NINE_O_CLOCK)

    first = change(target, carol, Asked("priority", [one.pk for one in some], priority=70))
    at_once([
        partial(change, target, carol, withdraw(some[::-1])),
        partial(change, target, carol, Asked("release", [one.pk for one in some])),
        partial(undone, first),
        *(partial(send, target, user, number * 200.0) for number, user in enumerate(crowd)),
    ])  # fmt: skip
    assert violations(target.pk) == []


def test_nothing_is_written_where_one_thing_cannot_be(crowd: list[User], carol: User) -> None:
    target, some = campaign(crowd, carol)
    with pytest.raises(Refused):
        change(target, carol, Asked("withdraw", [*(one.pk for one in some), uuid4()]))
    assert not CandidateSlot.objects.filter(state="withdrawn").exists()
