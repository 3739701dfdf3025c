"""What makes a reviewer look twice, value by value; and that what is not known is no reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from stories import place

from capturegraph.photos import measuring
from capturegraph.services.ingest import flags, words
from capturegraph.services.ingest.flags import Alike, Seen, Taken

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
OTHER = UUID(int=7)
HERE = place(0)
PLAIN = Seen(
    taken_at=NOON, skew_s=0.0, at=NOON, received_at=NOON + timedelta(minutes=1), latitude=HERE[0], longitude=HERE[1],
    accuracy_m=8.0,
)  # fmt: skip
GOOD = replace(
    PLAIN, file_latitude=HERE[0], file_longitude=HERE[1], file_taken_at=NOON, sharpness=500.0, dark_share=0.0,
    bright_share=0.0, brightness=0.5, sun_altitude=60.0,
)  # fmt: skip


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def file_at(east_m: float) -> dict[str, float]:
    latitude, longitude = place(east_m)
    return {"file_latitude": latitude, "file_longitude": longitude}


def before(east_m: float, minutes_before: float, accuracy_m: float = 8.0) -> dict[str, Taken]:
    return {"before": Taken(OTHER, *place(east_m), accuracy_m, NOON - minutes(minutes_before))}


def codes(seen: Seen) -> list[str]:
    return [flag["code"] for flag in flags.raised(seen)]


def test_a_good_photograph_has_no_flag() -> None:
    assert codes(GOOD) == []


def test_what_is_not_known_is_no_flag() -> None:
    assert codes(PLAIN) == []
    nowhere = replace(PLAIN, latitude=None, longitude=None, accuracy_m=None)
    assert codes(replace(nowhere, **file_at(9_000), **before(90_000, 1))) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (file_at(199), []), (file_at(201), ["place_differs"]),
        ({**file_at(290), "accuracy_m": 100.0}, []), ({**file_at(301), "accuracy_m": 100.0}, ["place_differs"]),
        ({**file_at(199), "accuracy_m": None}, []), ({**file_at(201), "accuracy_m": None}, ["place_differs"]),
        ({"file_taken_at": NOON - minutes(5)}, []), ({"file_taken_at": NOON - minutes(5.1)}, ["time_differs"]),
        ({"file_taken_at": NOON + minutes(5)}, []),
        ({"file_taken_at": NOON + minutes(5.1)}, ["time_differs"]),
        ({"file_taken_at": NOON + minutes(6.1)}, ["time_differs", "future"]),
        (before(5_000, 2), []), (before(7_000, 2), ["too_fast"]), (before(-7_000, 2), ["too_fast"]),
        (before(900, 0), []), (before(1_100, 0), ["too_fast"]), (before(1_100, 0, 50.0), []),
        ({**before(7_000, 2), "accuracy_m": 400.0}, []), ({**before(7_000, 2), "accuracy_m": 200.0}, ["too_fast"]),
        ({"readable": False}, ["unreadable"]),
        ({"sharpness": measuring.BLURRED_BELOW}, []), ({"sharpness": measuring.BLURRED_BELOW - 0.1}, ["blurred"]),
        ({"dark_share": measuring.DARK_SHARE_ABOVE}, []), ({"dark_share": 0.99}, ["dark"]),
        ({"bright_share": measuring.BRIGHT_SHARE_ABOVE}, []), ({"bright_share": 0.99}, ["burnt_out"]),
        ({"sun_altitude": 6.0}, []), ({"sun_altitude": 5.9}, ["low_sun"]), ({"sun_altitude": -40.0}, ["low_sun"]),
        ({"near_duplicate": Alike(OTHER, True, NOON, 3)}, ["near_duplicate"]),
        ({"same_photo": Alike(None, False, NOON)}, ["same_photo"]),
    ],
)  # fmt: skip
def test_every_bound(changed: dict[str, Any], expected: list[str]) -> None:
    assert codes(replace(GOOD, **changed)) == expected


@pytest.mark.parametrize("skew_min", [-600, 600])
def test_a_clock_that_is_hours_off_is_no_flag(skew_min: int) -> None:
    """The phone's clock is ten hours off, and so is its camera's; the satellites' is right. Both are well."""
    said = NOON - minutes(skew_min)
    skewed = replace(GOOD, taken_at=said, skew_s=60.0 * skew_min)
    assert codes(replace(skewed, file_taken_at=said)) == []
    assert codes(replace(skewed, file_taken_at=NOON)) == []
    assert codes(replace(skewed, file_taken_at=NOON + minutes(-6)))[:1] == ["time_differs"]


def test_the_future_is_judged_by_our_clock() -> None:
    assert codes(replace(PLAIN, taken_at=NOON + minutes(6))) == []
    assert flags.raised(replace(PLAIN, taken_at=NOON + minutes(6.1))) == [
        {"code": "future", "seconds": 306, "by": "phone"}
    ]
    assert codes(replace(PLAIN, taken_at=NOON + minutes(600), skew_s=-36_000.0)) == []


def test_no_time_is_too_far_off_to_be_compared() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for taken_at, file_taken_at in ((first, last), (last, first)):
        seen = replace(GOOD, taken_at=taken_at, file_taken_at=file_taken_at, skew_s=1e11)
        assert "time_differs" in codes(seen)


def test_figures_say_how_much_and_of_what() -> None:
    found = flags.raised(replace(GOOD, **file_at(350), **before(7_000, 2), same_photo=Alike(OTHER, False, NOON)))
    assert found == [
        {"code": "same_photo", "capture": str(OTHER), "own": False, "bits": 0, "taken_at": NOON.isoformat()},
        {"code": "place_differs", "metres": 350, "allowed_m": 200},
        {"code": "too_fast", "metres": 7000, "seconds": 120, "kmh": 209, "capture": str(OTHER)},
    ]


def test_one_flag_is_changed_and_the_others_stay_in_order() -> None:
    found = flags.raised(replace(GOOD, **file_at(350), sun_altitude=1.0))
    more = flags.changed(found, "too_fast", {"kmh": 900})
    assert [flag["code"] for flag in more] == ["place_differs", "too_fast", "low_sun"]
    assert flags.changed(more, "too_fast", None) == found
    later = [*found, {"code": "of a later release"}]
    assert flags.changed(later, "too_fast", None) == later


def test_every_flag_has_words_for_reviewers() -> None:
    assert set(words.WORDS) == set(flags.FLAGS)
    everything = replace(
        GOOD, **file_at(350), **before(7_000, 2), file_taken_at=NOON + minutes(30), readable=False, sharpness=1.0,
        dark_share=0.99, bright_share=0.99, sun_altitude=1.0, near_duplicate=Alike(OTHER, True, NOON, 3),
        same_photo=Alike(None, False, NOON),
    )  # fmt: skip
    raised = flags.raised(everything)
    assert [flag["code"] for flag in raised] == list(flags.FLAGS)
    said = [words.sentence(flag) for flag in raised]
    assert all(one.endswith(".") and "{" not in one for one in said)
    assert said[2] == "The file says 350 m from where the phone was."
    assert "7000 m in 120 s from their last photo: 209 km/h." in said
    assert words.sentence({"code": "of a later release"}) == "of a later release"


def test_volunteers_hear_of_what_they_can_do_better_and_of_no_suspicion() -> None:
    told = words.to_volunteer([{"code": code} for code in flags.FLAGS])
    assert [one["code"] for one in told] == ["blurred", "dark", "burnt_out"]
    assert all("take another one" in one["text"] for one in told)
