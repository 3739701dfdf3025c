"""People who are removed, merged or erased in the very moment in which they do something."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from race import at_once, violations
from stories import NINE_O_CLOCK, Clock, Person, place, sha256, slots_in

from capturegraph.models import Assignment, CandidateSlot, Capture, Device, Match, Membership, Target, User
from capturegraph.services.hand_out import assignments, claims
from capturegraph.services.people import accounts, erasing, joining, links, members, merging, phones, resets
from capturegraph.services.refusals import Busy, Conflict, NotAuthenticated, NotFound, Refused
from capturegraph.services.uploads import captures

ROUNDS = 8
together = pytest.mark.django_db(transaction=True)


def told(do: Callable[[], Any]) -> Callable[[], str]:
    """Do it, and say how it went."""

    def tried() -> str:
        for _try in range(20):
            try:
                do()
            except Busy:
                continue
            except Refused as refused:
                return refused.code
            return "done"
        raise AssertionError("busy twenty times over")

    return tried


def words(target: Target, **extra: str) -> captures.Words:
    latitude, longitude = place(0)
    return captures.Words(
        target_id=target.pk, taken_at=NINE_O_CLOCK, latitude=latitude, longitude=longitude, accuracy_m=5.0, extra=extra
    )


def send(by: User, target: Target, **extra: str) -> Any:
    return captures.receive(capture_id=uuid4(), words=words(target, **extra), by=by, device=None, now=NINE_O_CLOCK)


def uploads(who: Person, target: Target, **extra: str) -> Callable[[], Any]:
    """Send a photograph by somebody's phone, as whoever that phone speaks for when it is asked."""

    def upload() -> Any:
        device = Device.objects.select_related("user").filter(pk=who.device.pk).first()
        if device is None:
            raise NotAuthenticated("no such phone", code="token_unknown")
        return send(device.user, target, **extra)

    return upload


def asks(who: Person, target: Target) -> Callable[[], Any]:
    token = sha256(who.token)
    return lambda: assignments.request_slot(target_id=target.pk, token_sha256=token, now=NINE_O_CLOCK)


# --- links and phones -------------------------------------------------------------------------------------------------


@together
def test_twin_phones_with_one_link(stones: Target, alice: Person) -> None:
    for number in range(ROUNDS):
        now = NINE_O_CLOCK + timedelta(minutes=number)
        code = links.make_link(user=alice.user, by=alice.user, now=now).code

        def sign_in(code: str = code) -> Any:
            return joining.join(code=code, device_id=uuid4(), token=uuid4().hex, consent=True, now=NINE_O_CLOCK)

        assert Counter(at_once([told(sign_in)] * 2)) == {"done": 1, "invite_used_up": 1}
    assert alice.user.devices.count() == 1 + ROUNDS


@together
def test_a_reset_link_that_two_use_at_once(zoe: Person) -> None:
    link = resets.make_link(user=zoe.user, now=NINE_O_CLOCK)

    def choose(password: str) -> Callable[[], str]:
        return told(lambda: resets.choose_password(link=link, password=password, now=NINE_O_CLOCK))

    answers = at_once([choose("a rod of sixteen feet"), choose("a tape of sixty-six feet")])
    assert Counter(answers) == {"done": 1, "reset_link_dead": 1}


# --- out, while asking for a slot -------------------------------------------------------------------------------------


def ways_out(who: Person, target: Target, by: Person) -> dict[str, Callable[[], Any]]:
    return {
        "removed": lambda: members.remove(target=target, user_id=who.user.pk, by=by.user, now=NINE_O_CLOCK),
        "shut out": lambda: accounts.set_active(user=who.user, active=False, by=by.user, now=NINE_O_CLOCK),
        "signed out": lambda: phones.revoke_device(device=who.device, by=by.user, now=NINE_O_CLOCK),
        "erased": lambda: erasing.erase(user=who.user, confirm=who.user.name, now=NINE_O_CLOCK),
        "merged": lambda: merging.merge(keep=by.user, gone=who.user, by=by.user, now=NINE_O_CLOCK),
    }


WAYS = ["removed", "shut out", "signed out", "erased", "merged"]


@pytest.mark.django_db
@pytest.mark.parametrize("way", WAYS)
def test_whoever_goes_between_reading_and_claiming_gets_nothing(
    stones: Target, alice: Person, max_: Person, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots_in(stones, oak=0)
    claim, out = claims.claim, ways_out(alice, stones, max_)[way]

    def late(wanted: claims.Wanted) -> bool:
        monkeypatch.setattr(claims, "claim", claim)
        out()
        return claim(wanted)

    monkeypatch.setattr(claims, "claim", late)
    if way == "merged":
        # The phone is somebody else's by now, and that one may ask.
        asks(alice, stones)()
    else:
        with pytest.raises((NotFound, NotAuthenticated)):
            asks(alice, stones)()
    assert not Assignment.objects.filter(state="held", volunteer=alice.user).exists()
    assert CandidateSlot.objects.get().seats_left == (0 if way == "merged" else 1)


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["removed", "shut out"])
def test_a_lease_that_ran_out_is_not_taken_up_by_whoever_went(
    stones: Target, alice: Person, max_: Person, way: str, clock: Clock
) -> None:
    slots_in(stones, oak=0)
    alice.gets(stones)
    clock.forward(hours=1)
    assignments.sweep_leases(now=clock.now)
    ways_out(alice, stones, max_)[way]()
    with pytest.raises(Conflict):
        assignments.extend(assignment_id=Assignment.objects.get().pk, by=alice.user, now=clock.now)
    assert (Assignment.objects.get().state, CandidateSlot.objects.get().seats_left) == ("expired", 1)


@together
@pytest.mark.parametrize("way", WAYS)
def test_going_while_asking_leaves_nothing_held(stones: Target, max_: Person, way: str) -> None:
    slots_in(stones, **{f"slot {number}": number * 500 for number in range(ROUNDS)})
    for number in range(ROUNDS):
        who = Person(f"volunteer {number}").joins(stones, "volunteer")
        at_once([told(asks(who, stones)), told(ways_out(who, stones, max_)[way]), told(asks(who, stones))])
        assert not Assignment.objects.filter(state="held", volunteer=who.user).exists()
        if way != "merged":
            assert not Assignment.objects.filter(state="held").exists()
    # Max has all that was merged into him, as a walk.
    assert [one for one in violations(stones.pk) if not one.startswith("Max holds")] == []


# --- out, while sending a photograph ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_capture_that_comes_during_a_merge_is_who_is_kept_s(
    stones: Target, alice: Person, bob: Person, max_: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots_in(stones, required_count=2, oak=0)
    uploads(alice, stones)()
    may_send = captures._may_send

    def late(*asked: Any) -> bool:
        allowed = may_send(*asked)
        merging.merge(keep=alice.user, gone=bob.user, by=max_.user, now=NINE_O_CLOCK)
        return allowed

    monkeypatch.setattr(captures, "_may_send", late)
    with pytest.raises(Busy):
        send(bob.user, stones)
    monkeypatch.setattr(captures, "_may_send", may_send)
    uploads(bob, stones)()
    assert set(Capture.objects.values_list("volunteer__name", flat=True)) == {"Alice"}
    assert set(Match.objects.values_list("person_key", flat=True)) == {alice.user.person_key}
    assert CandidateSlot.objects.get().state == "waiting"


@together
def test_merging_while_both_send_photographs(stones: Target, max_: Person) -> None:
    slots_in(stones, required_count=2, oak=0)
    for number in range(ROUNDS):
        keep = Person(f"keep {number}").joins(stones, "volunteer")
        gone = Person(f"gone {number}").joins(stones, "volunteer")

        def merge(keep: Person = keep, gone: Person = gone) -> Any:
            return merging.merge(keep=keep.user, gone=gone.user, by=max_.user, now=NINE_O_CLOCK)

        answers = at_once([told(uploads(keep, stones)), told(merge), told(uploads(gone, stones)), told(merge)])
        assert set(answers) == {"done"}
        assert Capture.objects.filter(volunteer=gone.user).count() == 0
        assert Capture.objects.filter(volunteer=keep.user).count() == 2
        assert not Match.objects.filter(person_key=gone.user.person_key).exists()
        assert violations(stones.pk) == []


@together
def test_two_who_are_merged_into_each_other(stones: Target, max_: Person) -> None:
    for number in range(ROUNDS):
        one = Person(f"one {number}").joins(stones, "volunteer").user
        two = Person(f"two {number}").joins(stones, "volunteer").user

        def merge(keep: User, gone: User) -> Callable[[], str]:
            return told(lambda: merging.merge(keep=keep, gone=gone, by=max_.user, now=NINE_O_CLOCK))

        answers = at_once([merge(one, two), merge(two, one)])
        assert Counter(answers) == {"done": 1, "not_there_any_more": 1}
        assert User.objects.filter(pk__in=[one.pk, two.pk], is_active=True).count() == 1


@together
def test_nothing_of_an_erased_name_comes_back(stones: Target) -> None:
    slots_in(stones, oak=0)
    for number in range(ROUNDS):
        who = Person(f"annabella {number}").joins(stones, "volunteer")
        uploaded = told(uploads(who, stones, owner=who.user.name))
        erased = told(ways_out(who, stones, who)["erased"])
        answers = at_once([uploaded, erased, uploaded])
        assert answers[1] == "done"
        # A phone that was known when it was asked, of somebody who is no member any more when that is looked at.
        assert set(answers[::2]) <= {"done", "token_unknown", "not_found"}
    assert not Capture.objects.exclude(extra={}).exists()
    assert not User.objects.filter(name__startswith="Anna").exists()
    assert violations(stones.pk) == []


# --- coordinators -----------------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize("way", ["removed", "erased"])
def test_two_coordinators_who_go_at_once_leave_one(stones: Target, carol: Person, way: str) -> None:
    for _round in range(ROUNDS):
        Membership.objects.all().delete()
        two = [Person(f"coordinator {uuid4().hex[:8]}").joins(stones, "coordinator") for _ in range(2)]
        out = [ways_out(two[number], stones, two[1 - number])[way] for number in range(2)]
        answers = Counter(at_once([told(one) for one in out]))
        assert answers == {"done": 1, "last_coordinator": 1}
        assert Membership.objects.current().filter(target=stones, role="coordinator").count() == 1


@together
def test_the_last_two_site_admins_do_not_both_go(zoe: Person) -> None:
    for number in range(ROUNDS):
        two = [Person(f"admin {number} {n}", is_staff=True, is_superuser=True) for n in "ab"]
        User.objects.exclude(pk__in=[one.user.pk for one in two]).update(is_superuser=False)

        def erase(who: Person) -> Callable[[], str]:
            return told(lambda: erasing.erase(user=who.user, confirm=who.user.name, now=NINE_O_CLOCK))

        assert Counter(at_once([erase(one) for one in two])) == {"done": 1, "last_admin": 1}
