"""The review room: who gets which photograph to look at, for how long, and what a verdict does to that."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from stories import Clock, Person, photo, slots_in
from world import assert_no

from capturegraph.models import Capture, Event, PhotoFinding, ReviewClaim, Target

pytestmark = pytest.mark.django_db

Nexts = Callable[..., dict[str, Any]]


def shot(volunteer: Person, target: Target, east_m: float = 0, *flags: dict[str, Any], **words: Any) -> str:
    """A photograph that has arrived, and that was checked."""
    capture: str = volunteer.shoots(target, east_m, **words)["id"]
    data = photo("olive", size=(24 + Capture.objects.count(), 16))
    assert volunteer.sends_photo(capture, data).status_code == 201
    checked(capture, *flags)
    return capture


def several(volunteer: Person, target: Target, clock: Clock, many: int) -> list[str]:
    """So many photographs, a second apart."""
    made = []
    for _n in range(many):
        made.append(shot(volunteer, target))
        clock.forward(seconds=1)
    return made


def checked(capture: str, *flags: dict[str, Any]) -> None:
    row = Capture.objects.get(pk=capture)
    PhotoFinding.objects.update_or_create(
        capture=row,
        defaults={"target_id": row.target_id, "photo_sha256": row.photo_sha256, "found_at": row.received_at,
                  "flags": list(flags), "flag_count": len(flags)},
    )  # fmt: skip


def claims(reviewer: Person, target: Target, *after: str) -> dict[str, Any]:
    """Ask for the next photograph; give the whole answer."""
    answer = reviewer.post("review/next/", {"target": target.pk, "after": after, "operation_id": uuid4()})
    assert answer.status_code == 200, answer.content
    return answer.json()


def gets(reviewer: Person, target: Target, *after: str) -> str | None:
    """Ask for the next photograph; give its id."""
    claim = claims(reviewer, target, *after)["claim"]
    return claim and claim["capture"]


def says(reviewer: Person, capture: str, verdict: str, **more: Any) -> dict[str, Any]:
    answer = reviewer.post(f"captures/{capture}/review/", {"verdict": verdict, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.fixture
def sam(stones: Target) -> Person:
    """A second reviewer."""
    return Person("sam").joins(stones, "reviewer")


# --- in which order ---------------------------------------------------------------------------------------------------


def test_flagged_ones_come_first_then_disputes_then_the_oldest(
    stones: Target, alice: Person, bob: Person, rita: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    plain = shot(alice, stones)
    disputed = shot(bob, stones)
    clock.forward(minutes=1)
    flagged = shot(alice, stones, 0, {"code": "dark", "dark_share": 0.9})
    says(carol, disputed, "rejected")
    assert bob.post(f"captures/{disputed}/dispute/", {"text": "It is there, on the left."}).status_code == 201
    order = [gets(rita, stones), gets(rita, stones, flagged), gets(rita, stones, flagged, disputed)]
    assert order == [flagged, disputed, plain]


def test_only_photos_that_are_here(stones: Target, alice: Person, rita: Person) -> None:
    alice.shoots(stones, 0)
    answer = claims(rita, stones)
    assert (answer["claim"], answer["left"], answer["reason"]["code"]) == (None, 0, "done")
    assert "reviewed" in answer["reason"]["text"]


def test_nobody_reviews_their_own(stones: Target, rita: Person, sam: Person) -> None:
    mine = shot(rita, stones)
    answer = claims(rita, stones)
    assert (answer["claim"], answer["own"], answer["reason"]["code"]) == (None, 1, "own")
    assert gets(sam, stones) == mine


# --- claims -----------------------------------------------------------------------------------------------------------


def test_a_claim_is_sticky_and_nobody_elses(
    stones: Target, alice: Person, rita: Person, sam: Person, clock: Clock
) -> None:
    first, second = several(alice, stones, clock, 2)
    claim = claims(rita, stones)["claim"]
    assert claim["capture"] == first
    clock.forward(minutes=2)
    again = claims(rita, stones)["claim"]
    assert (again["capture"], again["token"]) == (first, claim["token"])
    assert again["until"] > claim["until"]
    assert gets(sam, stones) == second
    nothing = claims(rita, stones, first)
    assert (nothing["claim"], nothing["elsewhere"], nothing["reason"]["code"]) == (None, 1, "others")
    assert nothing["left"] == 1


def test_a_claim_runs_out_and_then_its_token_is_worth_nothing(
    stones: Target, alice: Person, rita: Person, sam: Person, clock: Clock
) -> None:
    capture = shot(alice, stones)
    old = claims(rita, stones)["claim"]
    clock.forward(minutes=6)
    new = claims(sam, stones)["claim"]
    assert new["capture"] == capture
    answer = rita.post(f"captures/{capture}/review/", {"verdict": "accepted", "token": old["token"]})
    assert_no(answer, 409, "claim_lost")
    assert (answer.json()["present"]["review"], answer.json()["present"]["looked_at_by"]) == ("pending", "Sam")
    assert says(sam, capture, "rejected", token=new["token"])["review"] == "rejected"
    answer = rita.post(f"captures/{capture}/review/", {"verdict": "rejected", "token": old["token"]})
    assert_no(answer, 409, "claim_lost")
    assert answer.json()["present"]["reviewed_by"] == "Sam"
    assert Event.objects.filter(noun="capture", verb="rejected").count() == 1


def test_a_claim_that_ran_out_and_that_nobody_took_still_holds(
    stones: Target, alice: Person, rita: Person, clock: Clock
) -> None:
    capture = shot(alice, stones)
    token = claims(rita, stones)["claim"]["token"]
    clock.forward(minutes=30)
    assert rita.post(f"captures/{capture}/claim/", {"token": token}).status_code == 200
    assert ReviewClaim.objects.get().until == clock.now + timedelta(minutes=5)
    clock.forward(minutes=30)
    assert says(rita, capture, "accepted", token=token)["review"] == "accepted"
    assert not ReviewClaim.objects.exists()
    assert_no(rita.post(f"captures/{capture}/claim/", {"token": token}), 409, "claim_lost")


def test_without_a_claim_nobody_judges_what_another_looks_at(
    stones: Target, alice: Person, rita: Person, carol: Person, clock: Clock
) -> None:
    (slot,) = slots_in(stones, a=0)
    capture = shot(alice, stones)
    token = claims(rita, stones)["claim"]["token"]
    answer = carol.post(f"captures/{capture}/review/", {"verdict": "rejected"})
    assert_no(answer, 409, "being_reviewed")
    assert answer.json()["present"]["looked_at_by"] == "Rita"
    assert_no(carol.post(f"captures/{capture}/link/", {"slot": slot.pk}), 409, "being_reviewed")
    clock.forward(minutes=6)
    assert says(carol, capture, "rejected")["review"] == "rejected"
    answer = rita.post(f"captures/{capture}/review/", {"verdict": "accepted", "token": token})
    assert_no(answer, 409, "claim_lost")


def test_a_verdict_that_is_sent_twice_is_one(stones: Target, alice: Person, rita: Person) -> None:
    capture = shot(alice, stones)
    sent = {"token": claims(rita, stones)["claim"]["token"], "operation_id": str(uuid4())}
    assert says(rita, capture, "accepted", **sent)["review"] == "accepted"
    assert says(rita, capture, "accepted", **sent)["review"] == "accepted"
    assert Event.objects.filter(verb="accepted").count() == 1


def test_a_claim_made_up_is_no_claim(stones: Target, alice: Person, rita: Person) -> None:
    capture = shot(alice, stones)
    answer = rita.post(f"captures/{capture}/review/", {"verdict": "accepted", "token": uuid4()})
    assert_no(answer, 409, "claim_lost")
    assert Capture.objects.get().review == "pending"


# --- skipped and undone -----------------------------------------------------------------------------------------------


def gives_back(reviewer: Person, claim: dict[str, Any], *, skip: bool) -> None:
    sent = {"token": claim["token"], "skip": skip, "operation_id": uuid4()}
    for _twice in range(2):
        assert reviewer.post(f"captures/{claim['capture']}/claim/give-back/", sent).status_code == 204


def test_what_is_skipped_comes_last_for_half_an_hour(
    stones: Target, alice: Person, rita: Person, sam: Person, clock: Clock
) -> None:
    first, second, third = several(alice, stones, clock, 3)
    for expected in (first, second, third, first, second):
        claim = claims(rita, stones)["claim"]
        assert claim["capture"] == expected
        gives_back(rita, claim, skip=True)
        clock.forward(minutes=1)
    assert Event.objects.filter(verb="skipped").count() == 5
    assert gets(sam, stones) == first
    clock.forward(minutes=40)
    assert gets(rita, stones) == first


def test_what_is_only_given_back_comes_again_at_once(stones: Target, alice: Person, rita: Person, clock: Clock) -> None:
    first, _second = several(alice, stones, clock, 2)
    gives_back(rita, claims(rita, stones)["claim"], skip=False)
    assert gets(rita, stones) == first
    assert not Event.objects.filter(verb="skipped").exists()


def undoes(reviewer: Person, target: Target, operation_id: UUID | None = None) -> dict[str, Any]:
    sent = {"target": target.pk, **({"operation_id": operation_id} if operation_id else {})}
    answer = reviewer.post("review/undo/", sent)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_verdicts_are_undone_one_after_the_other(stones: Target, alice: Person, rita: Person, clock: Clock) -> None:
    first, second, third = several(alice, stones, clock, 3)
    for capture in (first, second):
        says(rita, capture, "rejected", token=claims(rita, stones)["claim"]["token"])
        clock.forward(seconds=4)
    in_hand = gets(rita, stones)
    assert in_hand == third
    operation = uuid4()
    for _twice in range(2):
        undone = undoes(rita, stones, operation)
        assert (undone["claim"]["capture"], undone["left"]) == (second, 2)
    assert undoes(rita, stones)["claim"]["capture"] == first
    assert set(Capture.objects.values_list("review", flat=True)) == {"pending"}
    assert_no(rita.post("review/undo/", {"target": stones.pk}), 409, "nothing_to_undo")
    assert ReviewClaim.objects.filter(reviewer=rita.user).count() == 3


def test_what_another_has_said_since_is_not_undone(
    stones: Target, alice: Person, rita: Person, carol: Person, clock: Clock
) -> None:
    capture = shot(alice, stones)
    says(rita, capture, "rejected")
    clock.forward(minutes=1)
    says(carol, capture, "accepted")
    assert_no(rita.post("review/undo/", {"target": stones.pk}), 409, "nothing_to_undo")
    assert Capture.objects.get().review == "accepted"


# --- why --------------------------------------------------------------------------------------------------------------


def test_the_reason_is_told_to_who_took_it(stones: Target, alice: Person, rita: Person) -> None:
    slots_in(stones, a=0)
    capture = shot(alice, stones)
    shown = says(rita, capture, "rejected", reason="dark", note="Try the morning.")
    assert (shown["review_reason"], shown["note"]) == ("dark", "Try the morning.")
    (message,) = alice.get("me/messages/").json()["results"]
    assert message["text"] == "Your photo of “a” was not accepted: it is too dark. Try the morning."
    assert says(rita, capture, "accepted", reason="dark")["review_reason"] == ""


# --- many at once -----------------------------------------------------------------------------------------------------


def cleans(reviewer: Person, target: Target, **sent: Any) -> dict[str, Any]:
    answer = reviewer.post(f"targets/{target.pk}/review/clean/", sent)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_clean_ones_are_accepted_at_once_and_that_is_undone(
    stones: Target, alice: Person, rita: Person, sam: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    good = {shot(alice, stones, east) for east in (0, 5, 10)}
    looked_at = shot(alice, stones, 0)
    not_clean = {
        shot(alice, stones, 0, {"code": "dark", "dark_share": 0.9}), shot(alice, stones, 49), shot(alice, stones, 400),
        shot(alice, stones, 0, accuracy_m=80), shot(rita, stones, 0),
    }  # fmt: skip
    unchecked = shot(alice, stones)
    PhotoFinding.objects.filter(pk=unchecked).delete()
    for capture in (*good, *not_clean, unchecked):
        ReviewClaim.objects.filter(pk=capture).delete()
    ReviewClaim.objects.create(
        capture_id=looked_at, target=stones, reviewer=sam.user, claimed_at=clock.now,
        until=clock.now + timedelta(minutes=5),
    )  # fmt: skip
    assert cleans(rita, stones, dry_run=True) == {"count": 3, "change": None}
    assert not Capture.objects.filter(review="accepted").exists()
    operation = uuid4()
    done = [cleans(rita, stones, operation_id=operation) for _twice in range(2)]
    assert done[0]["count"] == 3
    assert done[0] == done[1]
    assert {str(pk) for pk in Capture.objects.filter(review="accepted").values_list("pk", flat=True)} == good
    assert not alice.user.messages.exists()
    for _twice, number in ((1, 3), (2, 0)):
        answer = rita.post(f"targets/{stones.pk}/review/clean/undo/", {"change": done[0]["change"]})
        assert answer.json()["count"] == number
    assert not Capture.objects.filter(review="accepted").exists()
    assert_no(sam.post(f"targets/{stones.pk}/review/clean/undo/", {"change": done[0]["change"]}), 404)


def test_undoing_in_bulk_leaves_what_was_judged_again(
    stones: Target, alice: Person, rita: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    kept, back = shot(alice, stones), shot(alice, stones)
    change = cleans(rita, stones)["change"]
    clock.forward(minutes=1)
    says(carol, kept, "rejected")
    assert rita.post(f"targets/{stones.pk}/review/clean/undo/", {"change": change}).json()["count"] == 1
    assert Capture.objects.get(pk=kept).review == "rejected"
    assert Capture.objects.get(pk=back).review == "pending"
    # The keys undo what was said of one photograph, not of many.
    assert_no(rita.post("review/undo/", {"target": stones.pk}), 409, "nothing_to_undo")
