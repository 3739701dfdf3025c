"""Two at the desk, or the desk and a phone, in the same moment."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from race import at_once, violations
from stories import NINE_O_CLOCK, Clock, Person, sha256, slots_in
from test_people_races import told

from capturegraph.models import Assignment, Membership, Message, Target
from capturegraph.services import copying, targets
from capturegraph.services.hand_out import assignments, claims
from capturegraph.services.people import invites, members

ROUNDS = 6
together = pytest.mark.django_db(transaction=True)


def pauses(by: Person, target: Target) -> Callable[[], Any]:
    values = {"state": "paused"}
    return lambda: targets.change_target(target_id=target.pk, by=by.user, values=values, now=NINE_O_CLOCK)


def asks(who: Person, target: Target) -> Callable[[], Any]:
    token = sha256(who.token)
    return lambda: assignments.request_slot(target_id=target.pk, token_sha256=token, now=NINE_O_CLOCK)


@pytest.mark.django_db
def test_a_pause_between_reading_and_claiming_is_kept_to(
    stones: Target, alice: Person, carol: Person, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    slots_in(stones, oak=0)
    claim = claims.claim

    def late(wanted: claims.Wanted) -> bool:
        monkeypatch.setattr(claims, "claim", claim)
        pauses(carol, stones)()
        return claim(wanted)

    monkeypatch.setattr(claims, "claim", late)
    handed = asks(alice, stones)()
    assert (handed.assignment, handed.reason.code) == (None, "paused")
    assert not Assignment.objects.exists()


@pytest.mark.django_db
def test_a_claim_that_was_on_its_way_is_told_of_the_pause_too(
    stones: Target, alice: Person, carol: Person, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """It commits after the pause has looked for holders, and has looked for a pause before there was one."""
    slots_in(stones, oak=0)
    tell, looks = targets._tell_people, []

    def look(target: Target, now: Any) -> None:
        if not looks:
            looks.append(tell(target, now))
            Target.objects.filter(pk=target.pk).update(state="open")
            asks(alice, stones)()
            Target.objects.filter(pk=target.pk).update(state="paused")
            return
        tell(target, now)

    monkeypatch.setattr(targets, "_tell_people", look)
    pauses(carol, stones)()
    assert list(Message.objects.values_list("user__name", "kind")) == [("Alice", "paused")]


@together
def test_a_pause_while_many_ask_leaves_nobody_untold(stones: Target, carol: Person) -> None:
    slots_in(stones, **{f"slot {number}": number * 500 for number in range(4 * ROUNDS)})
    for number in range(ROUNDS):
        crowd = [Person(f"v{number}-{one}").joins(stones, "volunteer") for one in range(3)]
        answers = at_once(
            [asks(crowd[0], stones), asks(crowd[1], stones), pauses(carol, stones), asks(crowd[2], stones)]
        )
        for who, handed in zip(crowd, [answers[0], answers[1], answers[3]], strict=True):
            holds = Assignment.objects.filter(volunteer=who.user, state="held").exists()
            heard = who.user.messages.filter(kind="paused").exists() or (
                handed.reason and handed.reason.code == "paused"
            )
            assert (not holds) or heard, f"{who} holds a place and was not told"
            assert holds == bool(handed.assignment)
        Target.objects.filter(pk=stones.pk).update(state="open")
    assert violations(stones.pk) == []


@together
def test_two_coordinators_who_remove_one_another(stones: Target, carol: Person) -> None:
    for number in range(ROUNDS):
        other = Person(f"other {number}").joins(stones, "coordinator")
        both = [
            told(partial(members.remove, target=stones, user_id=gone.user.pk, by=by.user, now=NINE_O_CLOCK))
            for gone, by in ((carol, other), (other, carol))
        ]
        assert sorted(at_once(both)) == ["done", "last_coordinator"]
        assert Membership.objects.current().filter(target=stones, role="coordinator").count() == 1
        Membership.objects.filter(user=carol.user).update(removed_at=None)
        Membership.objects.filter(user=other.user).delete()


@together
def test_the_same_form_sent_twice_at_once(stones: Target, max_: Person) -> None:
    slots_in(stones, oak=0)
    for number in range(ROUNDS):
        code, once = invites.typed_code(), uuid4()
        make = partial(
            invites.make_invite, target=stones, role="volunteer", by=max_.user, uses=3,
            valid_for=invites.COORDINATORS_FOR, now=NINE_O_CLOCK, code=code,
        )  # fmt: skip
        assert len({made.invite.pk for made in at_once([make] * 3)}) == 1
        copy = partial(
            copying.copy_target, source=stones, name=f"Copy {number}", by=max_.user, places=True, now=NINE_O_CLOCK,
            operation_id=once,
        )  # fmt: skip
        made = at_once([copy] * 3)
        assert (len({one.target.pk for one in made}), sum(one.created for one in made)) == (1, 1)
        assert made[0].target.slots.count() == 1


@together
def test_taking_in_again_while_removing(stones: Target, carol: Person, alice: Person) -> None:
    slots_in(stones, oak=0)
    for _round in range(ROUNDS):
        out = partial(members.remove, target=stones, user_id=alice.user.pk, by=carol.user, now=NINE_O_CLOCK)
        back = partial(members.take_in_again, target=stones, user_id=alice.user.pk, by=carol.user, now=NINE_O_CLOCK)
        at_once([told(out), told(back), told(asks(alice, stones))])
        here = Membership.objects.current().filter(user=alice.user).exists()
        assert here or not Assignment.objects.filter(volunteer=alice.user, state="held").exists()
        back()
    assert violations(stones.pk) == []
