"""What a photograph closes, what it does not, and that sending it again changes nothing."""

import math
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from stories import API, Clock, Person, at, photo, place, sha256, slots_in

from capturegraph.models import Assignment, CandidateSlot, Capture, Event, Match, ServiceRun, Target
from capturegraph.services import matching, sweeping
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
    CandidateSlot.objects.filter(pk=slot.pk).update(latitude=latitude, longitude=longitude, cell=grid.cell(latitude, longitude))
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
    assert (answer.status_code, answer.json()["detail"]) == (409, "This place is done, thanks to you or to somebody near.")


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


def test_sending_it_again_gives_the_same_answer_and_changes_nothing(stones: Target, alice: Person, clock: Clock) -> None:
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


@pytest.mark.parametrize("other", [{"heading": 90}, at(31), {"photo_sha256": sha256(photo("red"))}, {"weather": "rain"}])
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


# --- the photograph ---------------------------------------------------------------------------------------------------


def test_the_photo_after_the_words(stones: Target, alice: Person, rita: Person) -> None:
    receipt = alice.shoots(stones, 0, photo_sha256=sha256(photo()), photo_size=len(photo()))
    assert (receipt["state"], receipt["photo"]["have"]) == ("awaiting_photo", False)
    answer = alice.sends_photo(receipt["id"])
    assert (answer.status_code, answer.json()["state"]) == (201, "stored")
    assert answer.json()["photo"] == {"have": True, "sha256": sha256(photo()), "size": len(photo())}
    shown = rita.get(f"captures/{receipt['id']}/photo/")
    assert (b"".join(shown.streaming_content), shown["Content-Type"]) == (photo(), "image/jpeg")
    assert shown["Content-Disposition"].startswith("attachment")


def test_the_photo_before_the_words_is_asked_for_later(alice: Person) -> None:
    answer = alice.sends_photo(uuid4())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_photo_twice(stones: Target, alice: Person, own_files: Any) -> None:
    capture = alice.shoots(stones, 0)["id"]
    first = alice.sends_photo(capture)
    before = everything()
    again = alice.sends_photo(capture)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json(), everything()) == (first.json(), before)
    assert len([path for path in own_files.rglob("*") if path.is_file()]) == 1


def test_another_photo_under_one_capture(stones: Target, alice: Person) -> None:
    capture = alice.shoots(stones, 0)["id"]
    alice.sends_photo(capture)
    before = everything()
    answer = alice.sends_photo(capture, photo("red"))
    assert (answer.status_code, answer.json()["code"]) == (409, "photo_differs")
    assert everything() == before


def test_a_photo_that_is_not_the_one_announced(stones: Target, alice: Person) -> None:
    capture = alice.shoots(stones, 0, photo_sha256=sha256(photo()))["id"]
    answer = alice.sends_photo(capture, photo("red"))
    assert (answer.status_code, answer.json()["code"]) == (422, "digest_differs")
    assert Capture.objects.get().state == "awaiting_photo"
    assert alice.sends_photo(capture).status_code == 201


def test_a_photo_of_somebody_else_s_capture(stones: Target, alice: Person, bob: Person) -> None:
    capture = alice.shoots(stones, 0)["id"]
    assert bob.sends_photo(capture).status_code == 404
    assert Capture.objects.get().state == "awaiting_photo"


def test_photos_are_shown_to_few(stones: Target, alice: Person, bob: Person, zoe: Person, carol: Person) -> None:
    capture = alice.shoots(stones, 0)["id"]
    assert alice.get(f"captures/{capture}/photo/").status_code == 404
    alice.sends_photo(capture)
    answers = {who: who.get(f"captures/{capture}/").status_code for who in (alice, bob, zoe, carol)}
    assert answers == {alice: 200, bob: 404, zoe: 404, carol: 200}
    assert bob.get(f"captures/{capture}/photo/").status_code == 404


# --- both in one ------------------------------------------------------------------------------------------------------


def form(who: Person, stones: Target, **values: Any) -> Any:
    fields = {"id": str(uuid4()), **{name: str(value) for name, value in who.words(stones, 30).items()}, **values}
    return who.phone.post(API + "captures/", fields)


def attached(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("photo.jpg", data, content_type="image/jpeg")


def test_words_and_photo_in_one_form(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    answer = form(alice, stones, photo=attached(photo()))
    assert (answer.status_code, answer.json()["state"]) == (201, "stored")
    assert state_of("a") == "fulfilled"


def test_the_form_twice(stones: Target, alice: Person) -> None:
    one = str(uuid4())
    first = form(alice, stones, id=one, photo=attached(photo()))
    again = form(alice, stones, id=one, photo=attached(photo()))
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"photo": b"not a photo"}, 415),
        ({"photo": b""}, 415),
        ({"photo": photo(), "photo_sha256": sha256("other")}, 422),
        ({"photo": photo(), "latitude": "91"}, 400),
        ({"photo": photo(), "target": str(uuid4())}, 404),
        ({"photo": photo(), "taken_at": "yesterday"}, 400),
    ],
)
def test_the_form_is_taken_whole_or_not_at_all(
    stones: Target, alice: Person, own_files: Any, values: dict[str, Any], status: int
) -> None:
    slots_in(stones, a=0)
    before = everything()
    answer = form(alice, stones, **{**values, "photo": attached(values["photo"])})
    assert answer.status_code == status, answer.content
    assert everything() == before
    assert list(own_files.rglob("*.*")) == []


def test_another_photo_in_a_second_form_is_refused(stones: Target, alice: Person) -> None:
    one = str(uuid4())
    form(alice, stones, id=one, photo=attached(photo()))
    assert form(alice, stones, id=one, photo=attached(photo("red"))).status_code == 409


# --- what is safe here ------------------------------------------------------------------------------------------------


def test_the_manifest(stones: Target, alice: Person, bob: Person) -> None:
    stored, announced, his = (who.shoots(stones, 0)["id"] for who in (alice, alice, bob))
    for who, capture in ((alice, stored), (bob, his)):
        who.sends_photo(capture)
    unknown = str(uuid4())
    asked = [
        {"id": stored, "sha256": sha256(photo())}, {"id": stored}, {"id": stored, "sha256": sha256("other")},
        {"id": announced}, {"id": his}, {"id": unknown},
    ]  # fmt: skip
    answer = alice.post("captures/manifest/", {"captures": asked}).json()
    assert [one["status"] for one in answer["results"]] == ["have", "have", "missing", "missing", "missing", "missing"]
    assert [one["id"] for one in answer["results"]] == [one["id"] for one in asked]
    assert (answer["have"], answer["total"]) == (2, 6)


# --- the sweep --------------------------------------------------------------------------------------------------------


def test_a_photo_that_never_comes_opens_the_slot_again(stones: Target, alice: Person, bob: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0)["id"]
    assert bob.gets(stones) == "all_done"
    clock.forward(hours=24, seconds=-1)
    assert sweeping.sweep(now=clock.now)["photo_less"] == 0
    clock.forward(seconds=1)
    assert sweeping.sweep(now=clock.now)["photo_less"] == 1
    assert sweeping.sweep(now=clock.now)["photo_less"] == 0
    assert (state_of("a"), bob.gets(stones)) == ("waiting", "a")
    assert (Capture.objects.get(pk=capture).counts, Match.objects.get().active) == (False, False)
    assert Event.objects.filter(verb="uncounted", row_id=capture).count() == 1


def test_a_photo_that_came_keeps_it_closed(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    alice.sends_photo(alice.shoots(stones, 0)["id"])
    clock.forward(days=3)
    assert sweeping.sweep(now=clock.now)["photo_less"] == 0
    assert state_of("a") == "fulfilled"


def test_the_task_of_the_beat_sweeps(stones: Target, alice: Person, clock: Clock, settings: Any) -> None:
    from capturegraph import tasks

    slots_in(stones, a=0)
    alice.asks(stones)
    clock.forward(hours=1)
    assert "capturegraph.sweep" in [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    tasks.sweep()
    assert Assignment.objects.get().state == "expired"
    assert CandidateSlot.objects.get().seats_left == 1


def test_a_cycle_is_swept_once(clock: Clock) -> None:
    first = sweeping.run_cycle(now=clock.now, cycle_s=60)
    assert first is not None
    assert first.result == {"leases": 0, "photo_less": 0}
    assert sweeping.run_cycle(now=clock.now + timedelta(seconds=59), cycle_s=60) is None
    assert sweeping.run_cycle(now=clock.now + timedelta(seconds=60), cycle_s=60) is not None
    assert ServiceRun.objects.count() == 2
    assert Client().get("/readyz").json()["last_sweep_at"] is not None
