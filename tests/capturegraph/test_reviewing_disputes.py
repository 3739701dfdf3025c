"""A volunteer's word against a rejection, its answer, and how often second verdicts keep the first."""

import random
import statistics
from datetime import timedelta
from uuid import uuid4

import pytest
from stories import Clock, Person, slots_in
from test_reviewing import claims, gets, gives_back, sam, says, shot
from world import assert_no

from capturegraph.models import CandidateSlot, Capture, Dispute, Event, Target
from capturegraph.services.reviewing import figures

__all__ = ["sam"]
pytestmark = pytest.mark.django_db


def disputes(volunteer: Person, capture: str, text: str = "It is there, on the left.") -> None:
    answer = volunteer.post(f"captures/{capture}/dispute/", {"text": text, "operation_id": uuid4()})
    assert answer.status_code in (200, 201), answer.content


@pytest.fixture
def rejected(stones: Target, alice: Person, rita: Person) -> str:
    """A photograph of Alice's that Rita has rejected."""
    slots_in(stones, a=0)
    capture = shot(alice, stones)
    says(rita, capture, "rejected", reason="blurred")
    return capture


def told(person: Person) -> list[str]:
    return [one["text"] for one in person.get("me/messages/").json()["results"]]


def test_only_a_rejected_photo_of_ones_own_and_once(
    stones: Target, alice: Person, bob: Person, rita: Person, rejected: str
) -> None:
    pending = shot(alice, stones)
    assert_no(alice.post(f"captures/{pending}/dispute/", {"text": "Why?"}), 409, "not_rejected")
    assert_no(bob.post(f"captures/{rejected}/dispute/", {"text": "Why?"}), 404)
    assert_no(rita.post(f"captures/{rejected}/dispute/", {"text": "Why?"}), 404)
    assert_no(alice.post(f"captures/{rejected}/dispute/", {"text": ""}), 400, "invalid", "text")
    disputes(alice, rejected)
    disputes(alice, rejected)
    assert_no(alice.post(f"captures/{rejected}/dispute/", {"text": "And the light?"}), 409, "disputed_already")
    assert Dispute.objects.get().against == rita.user
    assert Event.objects.filter(verb="disputed").count() == 1


def test_somebody_else_answers_and_grants(
    stones: Target, alice: Person, rita: Person, sam: Person, rejected: str, clock: Clock
) -> None:
    disputes(alice, rejected)
    clock.forward(minutes=5)
    assert gets(rita, stones) is None
    assert_no(rita.post(f"captures/{rejected}/review/", {"verdict": "accepted"}), 403, "own_rejection")
    claim = claims(sam, stones)["claim"]
    assert (claim["capture"], claim["disputed"]) == (rejected, "It is there, on the left.")
    assert_no(sam.post(f"captures/{rejected}/review/", {"verdict": "pending"}), 409, "disputed")
    says(sam, rejected, "accepted", token=claim["token"])
    dispute = Dispute.objects.get()
    assert (dispute.state, dispute.answered_by, dispute.answered_at) == ("granted", sam.user, clock.now)
    assert Capture.objects.get().counts
    assert CandidateSlot.objects.get().state == "fulfilled"
    assert told(alice)[-1] == "Your photo of “a” was accepted. Thank you!"
    assert gets(sam, stones) is None
    assert_no(sam.post("review/undo/", {"target": stones.pk}), 409, "dispute_answered")


def test_a_rejection_is_upheld_with_a_sentence(
    stones: Target, alice: Person, sam: Person, rejected: str, clock: Clock
) -> None:
    disputes(alice, rejected)
    clock.forward(minutes=5)
    claim = claims(sam, stones)["claim"]
    sent = {"token": claim["token"], "reason": "blurred", "note": "Hold still.", "operation_id": str(uuid4())}
    for _twice in range(2):
        says(sam, rejected, "rejected", **sent)
    dispute = Dispute.objects.get()
    assert (dispute.state, dispute.answer) == ("upheld", "it is blurred. Hold still.")
    assert Capture.objects.get().review == "rejected"
    assert told(alice)[-1] == "Your photo of “a” was looked at by somebody else, too: it is blurred. Hold still."
    assert len(told(alice)) == 2
    assert gets(sam, stones) is None


# --- figures ----------------------------------------------------------------------------------------------------------


def test_what_a_second_verdict_is(
    stones: Target, alice: Person, rita: Person, sam: Person, rejected: str, clock: Clock
) -> None:
    clock.forward(minutes=10)
    own = shot(alice, stones)
    clock.forward(minutes=2)
    says(rita, own, "rejected")
    says(rita, own, "pending")
    says(rita, own, "accepted")
    assert figures.figures(stones) == (2, 0, 0, 60.0)
    disputes(alice, rejected)
    says(sam, rejected, "rejected", note="No.")
    assert figures.figures(stones)[:3] == (2, 1, 1)
    says(sam, own, "rejected")
    found = figures.figures(stones)
    assert (found.second, found.kept, found.agreement) == (2, 1, 0.5)
    # Rita took back what Sam had said: what comes after is judged by Sam's word.
    says(rita, own, "pending")
    says(rita, own, "rejected")
    assert figures.figures(stones)[:3] == (2, 3, 2)


def test_figures_counted_again_from_the_rows(
    stones: Target, alice: Person, bob: Person, rita: Person, sam: Person, carol: Person, clock: Clock
) -> None:
    """At random, and told beside it in another way: one list of words for each photograph."""
    chance, stories, waits = random.Random(9), dict[str, list[tuple[str, str]]](), dict[str, float]()
    taken = {}
    for number in range(12):
        capture = shot((alice, bob)[number % 2], stones)
        taken[capture] = clock.now
        clock.forward(seconds=chance.randint(5, 90))
    for _turn in range(90):
        clock.forward(seconds=chance.randint(5, 90))
        capture, who = chance.choice([*taken]), chance.choice((rita, sam, carol))
        verdict = chance.choice(("accepted", "rejected", "rejected", "pending"))
        row = Capture.objects.get(pk=capture)
        if (row.review, row.review_note) == (verdict, ""):
            continue
        says(who, capture, verdict)
        stories.setdefault(capture, []).append((who.user.name, verdict))
        if verdict != "pending":
            waits.setdefault(capture, (clock.now - taken[capture]).total_seconds())
    second = kept = 0
    for said in stories.values():
        for number, (who_, verdict) in enumerate(said):
            before = _stands(said[:number])
            if verdict != "pending" and before and before[0] != who_:
                second, kept = second + 1, kept + (before[1] == verdict)
    assert second > 10
    assert figures.figures(stones) == (len(waits), second, kept, statistics.median(waits.values()))


def _stands(said: list[tuple[str, str]]) -> tuple[str, str] | None:
    """The last verdict that who gave it has not taken back."""
    verdicts = [at for at, (_who, verdict) in enumerate(said) if verdict != "pending"]
    if not verdicts:
        return None
    who, verdict = said[verdicts[-1]]
    return None if (who, "pending") in said[verdicts[-1] :] else (who, verdict)


def test_ones_own_pace(stones: Target, alice: Person, rita: Person, sam: Person, clock: Clock) -> None:
    for _n in range(6):
        shot(alice, stones)
    for pause in (4, 4, 600, 6):
        claim = claims(rita, stones)
        assert claim["pace_s"] is None
        says(rita, claim["claim"]["capture"], "accepted", token=claim["claim"]["token"])
        clock.forward(seconds=pause)
    gives_back(rita, claims(rita, stones)["claim"], skip=True)
    assert claims(rita, stones)["pace_s"] == 4
    assert claims(sam, stones)["pace_s"] is None
    assert timedelta(minutes=2) == figures.A_BREAK
