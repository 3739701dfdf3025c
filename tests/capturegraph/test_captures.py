"""What a photograph closes, what it does not, and that sending it again changes nothing."""

import math
from typing import Any
from uuid import uuid4

import pytest
from stories import Clock, Person, at, photo, place, sha256, slots_in

from capturegraph.models import Assignment, CandidateSlot, Capture, Event, Match, Target
from capturegraph.services.cycles import sweeping
from capturegraph.services.matches import matching
from scheduling import grid
from scheduling.geodesy import metres

pytestmark = pytest.mark.django_db


def state_of(name: str) -> str:
    return CandidateSlot.objects.get(external_id=name).state


def everything() -> list[Any]:
    """Whatever an upload could change."""
    models = (Capture, Match, Assignment, CandidateSlot, Event)
    return [list(model.objects.order_by("pk").values()) for model in models]


# --- near and far -----------------------------------------------------------------------------------------------------


def test_thirty_metres_off_is_near_enough(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0, b=500)
    hers, his = alice.asks(stones)["assignment"], bob.asks(stones)["assignment"]
    receipt = alice.shoots(stones, 30, assignment=hers["id"])
    named = receipt["verdict"]["named"]
    assert (named["fulfilled"], named["metres"], named["allowed_m"]) == (True, 30.0, 50.0)
    assert named["distance"] == pytest.approx(0.6, abs=1e-4)
    assert (named["assignment"], named["title"], named["reason"]) == (hers["id"], "a", None)
    assert receipt["verdict"]["also"] == []
    assert receipt["now"]["assignment"] is None
    assert (state_of("a"), Assignment.objects.get(pk=hers["id"]).state) == ("fulfilled", "fulfilled")
    # The other's is untouched.
    assert bob.asks(stones)["assignment"] == his
    assert (state_of("b"), alice.gets(stones)) == ("waiting", "all_held")


def test_eighty_metres_off_is_told_and_the_slot_stays(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]
    receipt = alice.shoots(stones, 80, assignment=held["id"])
    named = receipt["verdict"]["named"]
    assert (named["fulfilled"], named["metres"], named["allowed_m"]) == (False, 80.0, 50.0)
    assert (named["reason"], named["text"]) == ("too_far", "80 m off, 50 m are allowed. The slot stays yours.")
    assert receipt["verdict"]["usable"]
    assert receipt["now"]["assignment"] == held
    assert state_of("a") == "waiting"


def test_exactly_the_threshold_is_not_near_enough(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    here, there = place(0), place(50)
    Target.objects.update(sigma_m=metres(here, there))
    receipt = alice.shoots(stones, 50, assignment=alice.asks(stones)["assignment"]["id"])
    assert receipt["verdict"]["named"]["distance"] == 1.0
    assert not receipt["verdict"]["named"]["fulfilled"]
    assert (state_of("a"), Match.objects.count()) == ("waiting", 0)


def test_a_hair_nearer_is(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    Target.objects.update(sigma_m=math.nextafter(metres(place(0), place(50)), math.inf))
    alice.shoots(stones, 50)
    assert state_of("a") == "fulfilled"


def test_the_threshold_counts_in_sigmas(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    Target.objects.update(sigma_m=10, threshold=3)
    alice.shoots(stones, 31)
    assert state_of("a") == "waiting"
    alice.shoots(stones, 29)
    assert state_of("a") == "fulfilled"


def test_a_match_keeps_how_near_and_how_surely(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0, b=500)
    told = alice.shoots(stones, 30, accuracy_m=20)["verdict"]["also"][0]
    match = Match.objects.get()
    assert (round(match.metres, 1), match.distance, match.probability) == (
        told["metres"], told["distance"], told["probability"],
    )  # fmt: skip
    assert 0.5 < match.probability < 1
    assert (match.person_key, match.manual, match.active) == (alice.user.person_key, False, True)


@pytest.mark.parametrize(("latitude", "longitude"), [(0.0, 179.9999), (89.9999, 0.0), (-89.9999, 120.0)])
def test_the_date_line_and_the_poles_are_places_too(
    stones: Target, alice: Person, latitude: float, longitude: float
) -> None:
    (slot,) = slots_in(stones, a=0)
    beyond = -longitude if latitude == 0.0 else longitude + 180 if longitude <= 0 else longitude - 180
    CandidateSlot.objects.filter(pk=slot.pk).update(
        latitude=latitude, longitude=longitude, cell=grid.cell(latitude, longitude)
    )
    receipt = alice.shoots(stones, None, latitude=latitude, longitude=beyond)
    assert receipt["verdict"]["also"][0]["metres"] < 30


# --- several at once --------------------------------------------------------------------------------------------------


def test_one_capture_closes_two_whoever_holds_them(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0, b=60)
    hers, his = alice.asks(stones)["assignment"]["id"], bob.asks(stones)["assignment"]["id"]
    verdict = alice.shoots(stones, 30, assignment=hers)["verdict"]
    assert verdict["named"]["title"] == "a"
    assert [(one["title"], one["fulfilled"]) for one in verdict["also"]] == [("b", True)]
    assert {str(row.pk): row.state for row in Assignment.objects.all()} == {hers: "fulfilled", his: "fulfilled"}
    answer = bob.post(f"assignments/{his}/extend/")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "This place is done, thanks to you or to somebody near.",
    )


def test_a_photo_closes_what_nobody_holds(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0, b=500)
    verdict = alice.shoots(stones, 490)["verdict"]
    assert (verdict["named"], [one["title"] for one in verdict["also"]]) == (None, ["b"])
    assert (state_of("a"), state_of("b")) == ("waiting", "fulfilled")


def test_unless_the_target_says_otherwise(stones: Target, alice: Person, bob: Person) -> None:
    Target.objects.update(covers_waiting=False)
    slots_in(stones, a=0, b=500)
    assert alice.gets(stones) == "a"
    assert bob.shoots(stones, 490)["verdict"]["also"] == []
    assert state_of("b") == "waiting"
    assert [one["title"] for one in bob.shoots(stones, 10)["verdict"]["also"]] == ["a"]


def test_a_capture_named_for_one_slot_and_taken_at_another(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0, b=500)
    held = alice.asks(stones)["assignment"]
    verdict = alice.shoots(stones, 500, assignment=held["id"])["verdict"]
    assert (verdict["named"]["fulfilled"], verdict["named"]["metres"]) == (False, 500.0)
    assert [one["title"] for one in verdict["also"]] == ["b"]
    assert alice.asks(stones)["assignment"] == held


def test_two_people_are_needed_for_two(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, required_count=2, a=0)
    first = alice.shoots(stones, 0, assignment=alice.asks(stones)["assignment"]["id"])
    assert first["verdict"]["named"]["fulfilled"]  # Hers is done,
    assert (state_of("a"), first["now"]["assignment"]) == ("waiting", None)  # and the slot waits for another person.
    alice.shoots(stones, 5)
    assert state_of("a") == "waiting"
    assert bob.gets(stones) == "a"
    bob.shoots(stones, 0)
    assert state_of("a") == "fulfilled"
    assert CandidateSlot.objects.get().seats_left == 0


def test_a_withdrawn_slot_stays_withdrawn(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    CandidateSlot.objects.update(state="withdrawn")
    assert alice.shoots(stones, 0)["verdict"]["also"] == []
    assert state_of("a") == "withdrawn"


# --- late -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("covers_waiting", [True, False])
def test_taken_in_time_and_sent_late_still_counts(
    stones: Target, alice: Person, bob: Person, clock: Clock, covers_waiting: bool
) -> None:
    Target.objects.update(covers_waiting=covers_waiting)
    slots_in(stones, a=0)
    hers = alice.asks(stones)["assignment"]["id"]
    taken = clock.forward(minutes=10)
    clock.forward(minutes=30)
    assert bob.gets(stones) == "a"
    clock.forward(minutes=5)
    receipt = alice.shoots(stones, 10, assignment=hers, taken_at=taken)
    assert receipt["verdict"]["named"]["fulfilled"]
    assert state_of("a") == "fulfilled"
    assert sorted(Assignment.objects.values_list("state", flat=True)) == ["expired", "fulfilled"]
    assert bob.gets(stones) == "all_done"


@pytest.mark.parametrize("swept", [True, False])
def test_taken_in_time_and_sent_late_counts_though_nobody_holds_it(
    stones: Target, alice: Person, clock: Clock, swept: bool
) -> None:
    Target.objects.update(covers_waiting=False)
    slots_in(stones, a=0)
    hers = alice.asks(stones)["assignment"]["id"]
    taken = clock.forward(minutes=19)
    clock.forward(hours=5)
    if swept:
        sweeping.sweep(now=clock.now)
    assert alice.shoots(stones, 10, assignment=hers, taken_at=taken)["verdict"]["named"]["fulfilled"]
    assert state_of("a") == "fulfilled"


def test_taken_after_the_lease_counts_for_whoever_holds_it_now_only(
    stones: Target, alice: Person, clock: Clock
) -> None:
    Target.objects.update(covers_waiting=False)
    slots_in(stones, a=0)
    hers = alice.asks(stones)["assignment"]["id"]
    clock.forward(minutes=30)
    sweeping.sweep(now=clock.now)
    assert not alice.shoots(stones, 0, assignment=hers)["verdict"]["named"]["fulfilled"]


# --- what does not count ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"accuracy_m": 0}, "mock"),
        ({"accuracy_m": 50.1}, "inaccurate"),
        ({"from_library": True}, "from_library"),
        ({"latitude": None, "longitude": None}, "no_position"),
    ],
)
def test_what_closes_nothing_says_why(stones: Target, alice: Person, words: dict[str, Any], reason: str) -> None:
    slots_in(stones, a=0)
    receipt = alice.shoots(stones, 0, assignment=alice.asks(stones)["assignment"]["id"], **words)
    assert (receipt["verdict"]["usable"], receipt["verdict"]["reason"]) == (False, reason)
    assert receipt["verdict"]["named"]["reason"] == reason
    assert "stays yours" in receipt["verdict"]["named"]["text"]
    assert (state_of("a"), Match.objects.count()) == ("waiting", 0)


@pytest.mark.parametrize("accuracy_m", [None, 0.1, 50])
def test_what_counts(stones: Target, alice: Person, accuracy_m: float | None) -> None:
    slots_in(stones, a=0)
    assert alice.shoots(stones, 0, accuracy_m=accuracy_m)["verdict"]["usable"]
    assert state_of("a") == "fulfilled"


def test_a_bad_fix_does_not_stretch_sigma(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    alice.shoots(stones, 60, accuracy_m=50)
    assert state_of("a") == "waiting"


def test_not_a_number_fulfils_nothing(stones: Target, alice: Person, clock: Clock) -> None:
    (slot,) = slots_in(stones, a=0)
    capture = Capture(target=stones, volunteer=alice.user, latitude=math.nan, longitude=math.nan)
    assert matching.compare([capture], [slot], stones, clock.now) == []


# --- again ------------------------------------------------------------------------------------------------------------


def test_sending_it_again_gives_the_same_answer_and_changes_nothing(
    stones: Target, alice: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, b=500)
    words = alice.words(stones, 30, assignment=alice.asks(stones)["assignment"]["id"], photo_sha256=sha256(photo()))
    capture = uuid4()
    first = alice.sends(capture, words)
    before = everything()
    clock.forward(hours=3)
    again = alice.sends(capture, words)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert everything() == before


def test_the_verdict_is_as_given_and_the_present_beside_it(
    stones: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, b=500)
    words, capture = alice.words(stones, 80, assignment=alice.asks(stones)["assignment"]["id"]), uuid4()
    first = alice.sends(capture, words).json()
    bob.shoots(stones, 0)
    again = alice.sends(capture, words).json()
    assert again["verdict"] == first["verdict"]
    assert (first["now"]["assignment"]["state"], again["now"]["assignment"]) == ("held", None)


@pytest.mark.parametrize(
    "other", [{"heading": 90}, at(31), {"photo_sha256": sha256(photo("red"))}, {"weather": "rain"}]
)
def test_other_words_under_one_id_are_refused(stones: Target, alice: Person, other: dict[str, Any]) -> None:
    slots_in(stones, a=0)
    words, capture = alice.words(stones, 30), uuid4()
    alice.sends(capture, words)
    before = everything()
    answer = alice.sends(capture, {**words, **other})
    assert (answer.status_code, answer.json()["code"]) == (409, "capture_id_taken")
    assert everything() == before


def test_another_s_id_is_refused_without_detail(stones: Target, alice: Person, bob: Person, zoe: Person) -> None:
    words, capture = alice.words(stones, 30), uuid4()
    alice.sends(capture, words)
    other_words = alice.sends(capture, {**words, "heading": 1}).json()
    for somebody in (bob, zoe):
        answer = somebody.sends(capture, words)
        assert (answer.status_code, answer.json()) == (409, other_words)


def test_fields_of_other_releases_are_kept(stones: Target, alice: Person) -> None:
    alice.shoots(stones, 0, battery=0.4, lens={"name": "wide", "mm": [24, 26]})
    assert Capture.objects.get().extra == {"battery": 0.4, "lens": {"name": "wide", "mm": [24, 26]}}


def test_an_assignment_of_somebody_else_is_refused(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0)
    hers = alice.asks(stones)["assignment"]["id"]
    answer = bob.sends(uuid4(), bob.words(stones, 0, assignment=hers))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "assignment")
    assert (Capture.objects.count(), state_of("a")) == (0, "waiting")
