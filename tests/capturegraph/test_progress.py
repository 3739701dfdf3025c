"""What carol reads of a campaign: each figure as a story, its days, its forecast in words, and its files."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from bringing_in import upload
from django.http import HttpResponse
from recounting import counted, figures_of
from stories import NINE_O_CLOCK, Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Capture, Device, Match, Target, User
from capturegraph.services.hand_out import places
from capturegraph.services.people import erasing, merging
from capturegraph.services.progress.pace import pace

pytestmark = pytest.mark.django_db


def does(who: Person, target: Target, clock: Clock, *, minutes: float = 10, off_m: float = 0) -> str:
    """Take the next place, walk there, photograph it, and give the capture's id."""
    answer = who.asks(target)
    clock.forward(minutes=minutes)
    east_m = east_of(answer["slot"]["title"]) + off_m
    return str(who.shoots(target, east_m, assignment=answer["assignment"]["id"])["id"])


def east_of(title: str) -> float:
    return 300.0 * (ord(title[0]) - ord("a"))


def a_row(target: Target, names: str, **more: int) -> None:
    """Places 300 m apart, by their letters."""
    slots_in(target, **more, **{name: east_of(name) for name in names})
    CandidateSlot.objects.update(created_at=NINE_O_CLOCK)


# --- stories ----------------------------------------------------------------------------------------------------------


def test_one_photo_that_does_two_places_saves_a_walk(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0, b=40)
    held = alice.asks(stones)["assignment"]
    clock.forward(minutes=12)
    alice.shoots(stones, 15, assignment=held["id"])
    it = counted(stones, clock)
    assert (it.done, it.captures.walks_saved, it.captures.redundant) == (2, 1, 0)
    assert (it.finished.number, it.finished.median_s) == (1, 12 * 60)
    assert [(one.name, one.captures, one.places, one.median_s) for one in it.people] == [("Alice", 1, 2, 720)]


def test_a_second_photo_of_a_place_that_is_done_is_redundant(
    stones: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    a_row(stones, "a")
    for who in (alice, bob):
        clock.forward(minutes=1)
        who.shoots(stones, 10)
    assert counted(stones, clock).captures.redundant == 1
    CandidateSlot.objects.update(required_count=2)
    assert counted(stones, clock).captures.redundant == 0


def test_a_photo_far_from_every_place_is_counted_as_that(stones: Target, alice: Person, clock: Clock) -> None:
    a_row(stones, "a")
    alice.shoots(stones, 5000)
    it = counted(stones, clock)
    assert (it.captures.total, it.captures.elsewhere, it.captures.redundant) == (1, 1, 0)


def test_rejecting_takes_the_place_out_and_accepting_puts_it_back(
    stones: Target, alice: Person, rita: Person, clock: Clock
) -> None:
    a_row(stones, "ab")
    capture = does(alice, stones, clock)
    alice.sends_photo(capture)
    before = figures_of(counted(stones, clock))
    rita.post(f"captures/{capture}/review/", {"verdict": "rejected", "note": "Blurred."})
    rejected = counted(stones, clock)
    assert (rejected.done, rejected.open, rejected.captures.rejected, rejected.days) == (0, 2, 1, [])
    assert (rejected.finished.number, rejected.people[0].places) == (0, 0)
    clock.forward(days=2)
    rita.post(f"captures/{capture}/review/", {"verdict": "accepted"})
    again = figures_of(counted(stones, clock))
    assert again["days"] == before["days"]
    assert again["done"] == before["done"]


def test_a_place_that_was_done_and_is_withdrawn_is_in_no_figure(
    stones: Target, carol: Person, alice: Person, clock: Clock
) -> None:
    a_row(stones, "ab")
    does(alice, stones, clock)
    CandidateSlot.objects.filter(title="a").update(state="withdrawn")
    it = counted(stones, clock)
    assert (it.asked, it.done, it.days, it.captures.walks_saved) == (1, 0, [], 0)


def test_undoing_a_file_takes_its_places_out(stones: Target, carol: Person, alice: Person, clock: Clock) -> None:
    a_row(stones, "a")
    does(alice, stones, clock)
    batch = upload(carol, stones, b"id,title,lat,lon\nx,x,38.95,-77.1\ny,y,38.96,-77.1\n", "more.csv")
    assert counted(stones, clock).asked == 3
    assert carol.post(f"batches/{batch['id']}/undo/").status_code == 200
    assert (counted(stones, clock).asked, counted(stones, clock).done) == (1, 1)


def test_an_erased_person_still_counts_and_has_no_name(stones: Target, alice: Person, clock: Clock) -> None:
    a_row(stones, "ab")
    does(alice, stones, clock)
    before = figures_of(counted(stones, clock))
    erasing.erase(user=alice.user, confirm="Alice", now=clock.now)
    it = counted(stones, clock)
    assert figures_of(it)["people"] == before["people"]
    assert it.people[0].name == "somebody who left"
    assert "alice" not in str(it).lower()


def test_two_accounts_of_one_person_are_one_afterwards(
    stones: Target, alice: Person, bob: Person, max_: Person, clock: Clock
) -> None:
    a_row(stones, "a", required_count=2)
    for who in (alice, bob):
        clock.forward(minutes=1)
        who.shoots(stones, 10)
    assert counted(stones, clock).done == 1
    merging.merge(keep=alice.user, gone=bob.user, by=max_.user, now=clock.now)
    it = counted(stones, clock)
    assert (it.done, it.open, it.captures.redundant) == (0, 1, 1)
    assert [(one.name, one.captures, one.places) for one in it.people] == [("Alice", 2, 1)]


def test_declines_are_told_by_their_reason(stones: Target, alice: Person, bob: Person, clock: Clock) -> None:
    a_row(stones, "abc")
    for who, reason in ((alice, "unsafe"), (alice, "gone"), (bob, "unsafe")):
        places.decline(assignment_id=who.asks(stones)["assignment"]["id"], by=who.user, reason=reason, now=clock.now)
    it = counted(stones, clock)
    assert [(one.reason, one.number) for one in it.declines] == [("unsafe", 2), ("gone", 1)]
    assert {one.name: one.declines for one in it.people} == {"Alice": 2, "Bob": 1}


DAYS = [
    # Summer begins in Paris on 29 March 2026 at 01:00 UTC, and ends on 25 October at 01:00 UTC.
    ("Europe/Paris", "2026-03-28T22:59:59", date(2026, 3, 28)),
    ("Europe/Paris", "2026-03-28T23:00:00", date(2026, 3, 29)),
    ("Europe/Paris", "2026-03-29T21:59:59", date(2026, 3, 29)),
    ("Europe/Paris", "2026-03-29T22:00:00", date(2026, 3, 30)),
    ("Europe/Paris", "2026-10-25T22:59:59", date(2026, 10, 25)),
    ("America/New_York", "2026-03-09T03:59:59", date(2026, 3, 8)),
    ("Pacific/Apia", "2026-01-01T10:59:59", date(2026, 1, 1)),
    ("Pacific/Apia", "2026-01-01T11:00:00", date(2026, 1, 2)),
    ("Asia/Kathmandu", "2026-01-01T18:14:59", date(2026, 1, 1)),
    ("Asia/Kathmandu", "2026-01-01T18:15:00", date(2026, 1, 2)),
]


@pytest.mark.parametrize(("zone", "at", "day"), DAYS)
def test_a_day_is_one_of_the_target_s_zone(
    stones: Target, alice: Person, clock: Clock, zone: str, at: str, day: date
) -> None:
    Target.objects.update(time_zone=zone)
    a_row(stones, "a")
    clock.now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    CandidateSlot.objects.update(created_at=clock.now - timedelta(days=1))
    Device.objects.update(expires_at=clock.now + timedelta(days=1))
    alice.shoots(stones, 0)
    assert [(one.day, one.done) for one in counted(stones, clock).days] == [(day, 1)]


def test_a_place_that_was_covered_when_it_was_asked_for_is_done_that_day(
    stones: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    alice.sends_photo(alice.shoots(stones, 0)["id"])
    clock.forward(days=3)
    upload(carol, stones, b"id,title,lat,lon\na,a,38.8951,-77.0364\n", "a.csv")
    CandidateSlot.objects.update(created_at=clock.now)
    it = counted(stones, clock)
    assert [(one.day, one.done) for one in it.days] == [(clock.now.date(), 1)]
    assert Match.objects.filter(active=True).count() == 1


# --- the forecast, in words -------------------------------------------------------------------------------------------


def campaign(target: Target, alice: Person, clock: Clock, *per_day: int, left: int) -> None:
    """So many places done on each day up to yesterday, and so many left."""
    names = [f"place {n}" for n in range(sum(per_day) + left)]
    slots_in(target, **{name: 300.0 * n for n, name in enumerate(names)})
    CandidateSlot.objects.update(created_at=clock.now)
    done = 0
    for number in per_day:
        for _ in range(number):
            alice.shoots(target, 300.0 * done)
            done += 1
        clock.forward(days=1)


def test_the_end_is_foretold_with_its_uncertainty(stones: Target, alice: Person, clock: Clock) -> None:
    campaign(stones, alice, clock, 2, 3, 2, 2, 3, 2, left=10)
    it = counted(stones, clock).forecast
    assert (it.verdict, it.coverage, it.based_on, it.per_day) == ("foretold", 0.8, 5, 2.4)
    first, middle, last = it.begins, it.middle, it.ends
    assert first is not None
    assert middle is not None
    assert last is not None
    assert clock.now.date() < first < middle < last
    said = pace(target=stones, now=clock.now).said
    assert said.headline == "about 10 June"
    assert said.sentence == "finished, 9 June to 14 June at this pace"
    # What is done in the course of the day does not move the day that was foretold.
    alice.shoots(stones, 300.0 * 14)
    clock.forward(hours=5)
    assert counted(stones, clock).forecast == it


SAID = [
    ({"left": 0}, "No places yet"),
    ({"left": 3}, "Too early to say"),
    ({"left": 0, "done": 2}, "All done"),
    ({"left": 3, "done": 6, "idle": 20}, "Standing still"),
    ({"left": 3, "done": 6, "state": "paused"}, "Nobody is sent out"),
]


@pytest.mark.parametrize(("how", "headline"), SAID)
def test_where_nothing_can_be_foretold_that_is_said(
    stones: Target, alice: Person, clock: Clock, how: dict[str, int], headline: str
) -> None:
    campaign(stones, alice, clock, *[1] * how.get("done", 0), left=how["left"])
    clock.forward(days=how.get("idle", 0))
    Target.objects.update(state=how.get("state", "open"))
    it = counted(stones, clock)
    stones.refresh_from_db()
    said = pace(target=stones, now=clock.now).said
    assert said.headline == headline
    assert said.sentence.endswith(".")
    assert (it.forecast.begins, it.forecast.ends) == (None, None)


def test_where_a_pool_refills_there_is_no_end_to_foretell(stones: Target, alice: Person, clock: Clock) -> None:
    campaign(stones, alice, clock, 2, 3, 2, 2, 3, 2, left=10)
    Target.objects.update(batch_size=5)
    CandidateSlot.objects.filter(state="waiting", title__gt="place 20").update(state="pool")
    assert counted(stones, clock).forecast.verdict == "refilled"


# --- the doors --------------------------------------------------------------------------------------------------------


def table(answer: HttpResponse) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_json_and_csv_say_the_same(stones: Target, rita: Person, alice: Person, clock: Clock) -> None:
    a_row(stones, "ab")
    does(alice, stones, clock)
    whole = rita.get(f"targets/{stones.pk}/progress/").json()
    assert (whole["totals"]["done"], whole["totals"]["open"], whole["totals"]["share"]) == (1, 1, 0.5)
    assert whole["days"] == [{"day": "2026-06-01", "done": 1, "total": 1}]
    assert whole["forecast"]["headline"] == "Too early to say"
    assert rita.get(f"targets/{stones.pk}/progress.json").json() == whole
    for name in ("days", "people", "declines", "times", "took"):
        rows = rita.get(f"targets/{stones.pk}/progress/{name}.json").json()["results"]
        assert rows == whole[name]
        texts = [{key: "" if value is None else str(value) for key, value in row.items()} for row in rows]
        assert table(rita.get(f"targets/{stones.pk}/progress/{name}.csv")) == texts
    long = {(row["table"], row["row"], row["column"]): row["value"] for row in table(by_accept(rita, stones))}
    assert long["days", "1", "done"] == "1"
    assert long["people", "1", "name"] == "Alice"


def by_accept(who: Person, target: Target, accept: str = "text/csv, application/json;q=0.5") -> HttpResponse:
    answer = who.phone.get(f"/api/v1/targets/{target.pk}/progress/", headers={"accept": accept})
    assert answer.status_code == 200
    assert "Accept" in answer["Vary"]
    return answer


def test_a_browser_gets_json(stones: Target, rita: Person) -> None:
    assert by_accept(rita, stones, "text/html,*/*;q=0.8")["Content-Type"] == "application/json"


def test_no_name_becomes_a_formula(stones: Target, rita: Person, alice: Person, clock: Clock) -> None:
    a_row(stones, "a")
    User.objects.filter(pk=alice.user.pk).update(name='=HYPERLINK("http://x")')
    does(alice, stones, clock)
    (row,) = table(rita.get(f"targets/{stones.pk}/progress/people.csv"))
    assert row["name"] == '\'=HYPERLINK("http://x")'


def test_the_summary_is_of_the_same_figures(stones: Target, alice: Person, clock: Clock) -> None:
    campaign(stones, alice, clock, 1, 0, 2, left=3)
    does_one = alice.asks(stones)
    clock.forward(minutes=30)
    alice.shoots(stones, 300.0 * 3, assignment=does_one["assignment"]["id"])
    whole, short = counted(stones, clock), pace(target=stones, now=clock.now)
    assert (short.done_today, short.share, short.median_min) == (1, 4 / 6, 30)
    assert short.walks_saved == whole.captures.walks_saved
    assert [one.done for one in short.days] == [0] * 10 + [1, 0, 2, 1]
    assert short.days[-1].day == clock.now.date()
    assert short.forecast == whole.forecast
    assert Capture.objects.count() == 4
    assert Assignment.objects.filter(state="fulfilled").count() == 1
