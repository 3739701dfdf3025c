"""What a reviewer's word does: rejected, accepted, undone, linked by hand, and two of them at once."""

from typing import Any
from uuid import uuid4

import pytest
from stories import Clock, Person, at, slots_in
from world import assert_no

from capturegraph.models import CandidateSlot, Capture, Event, Match, Target
from capturegraph.services.cycles import sweeping

pytestmark = pytest.mark.django_db


def slot(name: str) -> CandidateSlot:
    return CandidateSlot.objects.get(external_id=name)


def says(reviewer: Person, capture: str, verdict: str, **more: Any) -> dict[str, Any]:
    answer = reviewer.post(f"captures/{capture}/review/", {"verdict": verdict, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()


def links(reviewer: Person, capture: str, name: str, **more: Any) -> dict[str, Any]:
    answer = reviewer.post(f"captures/{capture}/link/", {"slot": slot(name).pk, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()


def told(person: Person) -> list[tuple[str, str | None]]:
    return [(one.kind, one.data.get("title")) for one in person.user.messages.order_by("created_at", "id")]


# --- rejected ---------------------------------------------------------------------------------------------------------


def test_a_rejection_opens_the_slot_again_and_offers_it_first(
    stones: Target, alice: Person, rita: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0)["id"]
    clock.forward(minutes=3)
    shown = says(rita, capture, "rejected", note="The stone is not in it.")
    assert (shown["review"], shown["counts"], shown["reason"]) == ("rejected", False, "rejected")
    assert [(one["title"], one["active"]) for one in shown["matches"]] == [("a", False)]
    again = slot("a")
    assert (again.state, again.seats_left, again.reopened_at) == ("waiting", 1, clock.now)
    assert again.offered_first_to == alice.user
    assert told(alice) == [("capture_rejected", "a")]
    assert alice.user.messages.get().data["note"] == "The stone is not in it."
    row = Capture.objects.get()
    assert (row.reviewed_by, row.reviewed_at, row.review_note) == (rita.user, clock.now, "The stone is not in it.")


def test_undoing_a_rejection_closes_it_again(stones: Target, alice: Person, rita: Person) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0)["id"]
    says(rita, capture, "rejected")
    says(rita, capture, "pending")
    assert (slot("a").state, slot("a").offered_first_to, Match.objects.get().active) == ("fulfilled", None, True)
    row = Capture.objects.get()
    assert (row.review, row.reviewed_by, row.reviewed_at, row.counts) == ("pending", None, None, True)


def test_undoing_a_rejection_that_another_has_made_up_for(
    stones: Target, alice: Person, bob: Person, rita: Person
) -> None:
    slots_in(stones, required_count=2, a=0)
    capture = alice.shoots(stones, 0)["id"]
    says(rita, capture, "rejected")
    assert (slot("a").state, slot("a").offered_first_to) == ("waiting", alice.user)
    bob.shoots(stones, 0)
    says(rita, capture, "pending")
    assert (slot("a").state, slot("a").offered_first_to, slot("a").seats_left) == ("fulfilled", None, 0)


def test_whose_rejection_was_undone_is_not_offered_it_again(stones: Target, alice: Person, rita: Person) -> None:
    slots_in(stones, required_count=2, a=0)
    capture = alice.shoots(stones, 0)["id"]
    for verdict, first in (("rejected", alice.user), ("pending", None)):
        says(rita, capture, verdict)
        assert (slot("a").state, slot("a").offered_first_to) == ("waiting", first)


def test_a_rejection_leaves_what_others_have_closed(stones: Target, alice: Person, bob: Person, rita: Person) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0)["id"]
    bob.shoots(stones, 0)
    says(rita, capture, "rejected")
    assert (slot("a").state, slot("a").offered_first_to) == ("fulfilled", None)


def test_what_another_closes_meanwhile_is_offered_to_nobody_any_more(
    stones: Target, alice: Person, bob: Person, rita: Person
) -> None:
    slots_in(stones, a=0)
    says(rita, alice.shoots(stones, 0)["id"], "rejected")
    bob.shoots(stones, 0)
    assert (slot("a").state, slot("a").offered_first_to) == ("fulfilled", None)


def test_a_rejected_capture_closes_nothing_later_either(
    stones: Target, alice: Person, rita: Person, clock: Clock
) -> None:
    capture = alice.shoots(stones, 0)["id"]
    says(rita, capture, "rejected")
    slots_in(stones, a=0)
    clock.forward(days=2)
    sweeping.sweep(now=clock.now)
    alice.sends_photo(capture)
    assert (slot("a").state, Capture.objects.get().unusable_reason) == ("waiting", "rejected")


def test_an_undone_rejection_of_one_whose_photo_never_came(
    stones: Target, alice: Person, rita: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0)["id"]
    says(rita, capture, "rejected")
    clock.forward(days=2)
    assert says(rita, capture, "pending")["reason"] == "no_photo"
    assert slot("a").state == "waiting"
    alice.sends_photo(capture)
    assert slot("a").state == "fulfilled"


# --- accepted ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [{"accuracy_m": 0}, {"accuracy_m": 400}, {"accuracy_m": None}, {"from_library": True}]
)
def test_an_acceptance_overrules_what_is_doubtful(
    stones: Target, alice: Person, rita: Person, words: dict[str, Any]
) -> None:
    Target.objects.update(accuracy_required=True)
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0, **words)["id"]
    assert slot("a").state == "waiting"
    assert says(rita, capture, "accepted")["counts"]
    assert (slot("a").state, told(alice)) == ("fulfilled", [("capture_accepted", "a")])
    says(rita, capture, "pending")
    assert (slot("a").state, Capture.objects.get().counts) == ("waiting", False)


def test_an_acceptance_does_not_give_it_a_place(stones: Target, alice: Person, rita: Person) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, None)["id"]
    assert says(rita, capture, "accepted")["reason"] == "no_position"
    assert slot("a").state == "waiting"


def test_an_acceptance_ends_whose_turn_it_was_and_tells_them(
    stones: Target, alice: Person, bob: Person, rita: Person
) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0, accuracy_m=400)["id"]
    bob.asks(stones)
    says(rita, capture, "accepted")
    assert told(bob) == [("slot_done", "a")]


def test_an_acceptance_of_what_counted_is_nothing_new_to_anybody(stones: Target, alice: Person, rita: Person) -> None:
    slots_in(stones, a=0)
    says(rita, alice.shoots(stones, 0)["id"], "accepted")
    assert told(alice) == []


def test_an_accepted_one_counts_when_its_file_says_where_it_was_taken(
    stones: Target, alice: Person, rita: Person
) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, None, from_library=True)["id"]
    says(rita, capture, "accepted")
    # As the file of a photograph out of the library says it, when it comes.
    Capture.objects.update(**at(0))
    alice.sends_photo(capture)
    assert slot("a").state == "fulfilled"


# --- who, and how often -----------------------------------------------------------------------------------------------


def test_nobody_reviews_their_own(stones: Target, rita: Person, carol: Person) -> None:
    slots_in(stones, a=0)
    for person in (rita, carol):
        capture = person.shoots(stones, 0)["id"]
        assert_no(person.post(f"captures/{capture}/review/", {"verdict": "accepted"}), 403, "own_capture")
        assert_no(person.post(f"captures/{capture}/link/", {"slot": slot("a").pk}), 403, "own_capture")


def test_a_repeat_changes_nothing(stones: Target, alice: Person, rita: Person, carol: Person) -> None:
    slots_in(stones, a=0)
    capture, operation = alice.shoots(stones, 0)["id"], str(uuid4())
    says(rita, capture, "rejected", operation_id=operation)
    says(rita, capture, "rejected")
    says(carol, capture, "pending")
    # The answer to the first was lost, and it comes once more when it is overruled already.
    assert says(rita, capture, "rejected", operation_id=operation)["review"] == "pending"
    verbs = Event.objects.filter(noun="capture").exclude(verb="received").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["rejected", "review undone"]
    assert (slot("a").state, told(alice)) == ("fulfilled", [("capture_rejected", "a")])


@pytest.mark.parametrize("body", [{}, {"verdict": "good"}, {"verdict": "accepted", "note": "x" * 1001}, {"vote": 1}])
def test_what_is_no_verdict_is_refused(stones: Target, alice: Person, rita: Person, body: dict[str, Any]) -> None:
    capture = alice.shoots(stones, 0)["id"]
    assert_no(rita.post(f"captures/{capture}/review/", body), 400)


# --- linked by hand ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("east_m", [None, 5000, 0])
def test_a_link_counts_wherever_it_was_taken(stones: Target, alice: Person, rita: Person, east_m: float | None) -> None:
    slots_in(stones, a=0, b=900)
    capture = alice.shoots(stones, east_m, accuracy_m=400)["id"]
    shown = links(rita, capture, "a")
    (match,) = shown["matches"]
    assert (match["manual"], match["active"], match["metres"] is None) == (True, True, east_m is None)
    assert (slot("a").state, slot("b").state) == ("fulfilled", "waiting")
    links(rita, capture, "a", linked=False)
    assert (slot("a").state, Match.objects.get().active, Capture.objects.get().counts) == ("waiting", False, False)
    verbs = Event.objects.filter(noun="capture").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["received", "linked", "unlinked"]


def test_unlinking_what_counts_by_itself_takes_nothing_away(stones: Target, alice: Person, rita: Person) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0)["id"]
    links(rita, capture, "a")
    assert Match.objects.get().manual
    links(rita, capture, "a", linked=False)
    assert (slot("a").state, Match.objects.get().manual) == ("fulfilled", False)


def test_a_link_counts_whenever_it_was_taken(stones: Target, alice: Person, rita: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    CandidateSlot.objects.update(counts_from=clock.now, window_until=clock.now)
    links(rita, alice.shoots(stones, 0)["id"], "a")
    assert slot("a").state == "fulfilled"


def test_a_link_goes_with_a_rejection_and_comes_back_with_its_undoing(
    stones: Target, alice: Person, rita: Person
) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, None)["id"]
    links(rita, capture, "a")
    says(rita, capture, "rejected")
    assert (slot("a").state, slot("a").offered_first_to) == ("waiting", alice.user)
    says(rita, capture, "accepted")
    assert slot("a").state == "fulfilled"


def test_a_link_that_was_taken_back_while_it_was_rejected_does_not_come_back(
    stones: Target, alice: Person, rita: Person
) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, None)["id"]
    links(rita, capture, "a")
    says(rita, capture, "rejected")
    links(rita, capture, "a", linked=False)
    assert_no(rita.post(f"captures/{capture}/link/", {"slot": slot("a").pk}), 409, "capture_rejected")
    says(rita, capture, "pending")
    assert slot("a").state == "waiting"


def test_a_link_does_not_outlive_a_photo_that_never_comes(
    stones: Target, alice: Person, rita: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, None)["id"]
    links(rita, capture, "a")
    clock.forward(days=1)
    sweeping.sweep(now=clock.now)
    assert slot("a").state == "waiting"
    alice.sends_photo(capture)
    assert slot("a").state == "fulfilled"


def test_what_cannot_be_linked_says_why(stones: Target, alice: Person, rita: Person) -> None:
    slots_in(stones, a=0)
    (other,) = slots_in(Target.objects.create(name="Memorials"), m=0)
    capture = alice.shoots(stones, None)["id"]
    for pk in (other.pk, uuid4()):
        assert_no(rita.post(f"captures/{capture}/link/", {"slot": pk}), 422, "slot_not_in_target")
    CandidateSlot.objects.filter(external_id="a").update(state="withdrawn")
    assert_no(rita.post(f"captures/{capture}/link/", {"slot": slot("a").pk}), 409, "slot_withdrawn")
    assert Match.objects.count() == 0
