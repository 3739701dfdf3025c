"""The board: what places look like, the packed feed of them, what needs a decision, and who may see it."""

import gzip
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from stories import Clock, Person, photo, place, slots_in

from capturegraph.models import Assignment, CandidateSlot, Device, Message, Target

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def heard(clock: Clock, alice: Person, bob: Person) -> None:
    """Phones are heard of now, by the clock of the story."""
    Device.objects.update(last_seen_at=clock.now, expires_at=clock.now + timedelta(days=90))


def feed(who: Person, target: Target, **query: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Read the feed as the page does: its head, and what each place looks like by its id."""
    answer = who.get(f"targets/{target.pk}/board/", **query)
    assert answer.status_code == 200, answer.content
    return unpacked(answer.content)


def unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    start = 4 + int.from_bytes(data[:4], "little")
    head = orjson.loads(data[4:start])
    count = head["count"]
    marks = data[start + 8 * count : start + 9 * count]
    ids = [data[start + 9 * count + 16 * n : start + 9 * count + 16 * (n + 1)].hex() for n in range(count)]
    assert len(data) == start + 25 * count
    assert ids == sorted(ids)
    return head, {pk: head["states"][mark] for pk, mark in zip(ids, marks, strict=True)}


def named(target: Target, seen: dict[str, str]) -> dict[str, str]:
    titles = {slot.pk.hex: slot.title for slot in CandidateSlot.objects.of(target)}
    return {titles[pk]: mark for pk, mark in seen.items()}


def live(who: Person, target: Target, etag: str = "") -> Any:
    headers = {"If-None-Match": etag} if etag else {}
    return who.desk().get(f"/console/targets/{target.pk}/live/", headers=headers)


def act(who: Person, target: Target, what: str, row: object, text: str = "") -> Any:
    form = {"what": what, "row": row, "text": text}
    return who.desk().post(f"/console/targets/{target.pk}/act/", form, headers={"HX-Request": "true"})


# --- what places look like --------------------------------------------------------------------------------------------


def test_every_place_shows_what_it_is(stones: Target, alice: Person, rita: Person, clock: Clock) -> None:
    slots_in(stones, held=0, done=500, waits=1000, gone=1500, closed=2000, pool=2500)
    for title, state in (("gone", "withdrawn"), ("closed", "not_capturable"), ("pool", "pool")):
        CandidateSlot.objects.filter(title=title).update(state=state)
    alice.shoots(stones, 500)
    alice.gets(stones)
    seen = {"held": "held", "done": "fulfilled", "waits": "waiting", "gone": "withdrawn",
            "closed": "not_capturable", "pool": "pool"}  # fmt: skip
    assert named(stones, feed(rita, stones)[1]) == seen
    clock.forward(hours=3)
    assert named(stones, feed(rita, stones)[1])["held"] == "waiting"


def test_a_place_whose_photo_was_rejected_needs_another_look(stones: Target, alice: Person, rita: Person) -> None:
    slots_in(stones, a=0, b=500)
    receipt = alice.shoots(stones, 0)
    assert named(stones, feed(rita, stones)[1]) == {"a": "fulfilled", "b": "waiting"}
    rita.post(f"captures/{receipt['id']}/review/", {"verdict": "rejected", "note": "Too dark."})
    assert named(stones, feed(rita, stones)[1]) == {"a": "again", "b": "waiting"}
    assert b'data-testid="chip-again"' in live(rita, stones).content


def test_a_place_whose_photo_counts_only_with_a_reviewer_needs_another_look(
    stones: Target, alice: Person, rita: Person
) -> None:
    slots_in(stones, a=0, b=500)
    held = alice.asks(stones)["assignment"]["id"]
    receipt = alice.shoots(stones, 5, accuracy_m=400, assignment=held)
    alice.releases(held)
    assert named(stones, feed(rita, stones)[1]) == {"a": "again", "b": "waiting"}
    rita.post(f"captures/{receipt['id']}/review/", {"verdict": "accepted"})
    assert named(stones, feed(rita, stones)[1]) == {"a": "fulfilled", "b": "waiting"}


# --- the feed ---------------------------------------------------------------------------------------------------------


def test_places_come_where_they_are(stones: Target, rita: Person) -> None:
    slots_in(stones, a=0, b=-70_000)
    CandidateSlot.objects.create(target=stones, title="nowhere")
    data = rita.get(f"targets/{stones.pk}/board/").content
    start = 4 + int.from_bytes(data[:4], "little")
    head = orjson.loads(data[4:start])
    found = set()
    for number in range(2):
        north, east = (
            sum(data[start + (4 * column + byte) * 2 + number] << 8 * byte for byte in range(4)) for column in (0, 1)
        )
        found.add(((head["south"] + north) / 1e6, (head["west"] + east) / 1e6))
    assert found == {tuple(round(degrees, 6) for degrees in place(metres)) for metres in (0, -70_000)}


def test_an_unchanged_board_is_a_304(stones: Target, alice: Person, rita: Person) -> None:
    slots_in(stones, a=0)
    first = rita.get(f"targets/{stones.pk}/board/")
    again = rita.phone.get(f"/api/v1/targets/{stones.pk}/board/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    alice.gets(stones)
    changed = rita.phone.get(f"/api/v1/targets/{stones.pk}/board/", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def test_a_change_of_one_place_sends_one(stones: Target, alice: Person, rita: Person, clock: Clock) -> None:
    slots_in(stones, **{f"s{number}": 500.0 * number for number in range(30)})
    CandidateSlot.objects.update(updated_at=clock.now)
    clock.forward(minutes=10)
    head, _all = feed(rita, stones)
    clock.forward(seconds=4)
    assert alice.gets(stones) == "s0"
    delta, changed = feed(rita, stones, since=head["at"])
    assert (delta["full"], named(stones, changed)) == (False, {"s0": "held"})
    assert len(delta["held"]) == 1
    clock.forward(hours=3)
    # Nobody wrote to the slot: the lease has run out by the clock alone.
    assert feed(rita, stones, since=delta["at"])[0]["held"] == []


def test_what_is_committed_late_is_not_missed(stones: Target, rita: Person, clock: Clock) -> None:
    """A long transaction writes the time when it began, which is before the last answer."""
    (slot,) = slots_in(stones, a=0)
    head, _all = feed(rita, stones)
    CandidateSlot.objects.filter(pk=slot.pk).update(state="withdrawn", updated_at=clock.now - timedelta(seconds=90))
    assert named(stones, feed(rita, stones, since=head["at"])[1]) == {"a": "withdrawn"}


def test_it_comes_packed_for_whom_can_unpack_it(stones: Target, rita: Person) -> None:
    slots_in(stones, a=0)
    packed = rita.phone.get(f"/api/v1/targets/{stones.pk}/board/", headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert named(stones, unpacked(gzip.decompress(packed.content))[1]) == {"a": "waiting"}


@pytest.mark.parametrize("many", [3, 300])
def test_it_takes_as_many_queries_for_many_places(stones: Target, rita: Person, many: int) -> None:
    slots_in(stones, **{f"s{number}": float(number) for number in range(many)})
    with CaptureQueriesContext(connection) as queries:
        feed(rita, stones)
    assert len(queries) <= 12
    desk, path = rita.desk(), f"/console/targets/{stones.pk}/live/"
    etag = desk.get(path)["ETag"]
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(path, headers={"If-None-Match": etag}).status_code == 304
    asked = [one["sql"] for one in queries if one["sql"].startswith("SELECT") and "session" not in one["sql"]]
    # Who asks, the target, their role in it; then the three about what is there.
    assert len(asked) == 6
    assert not [sql for sql in asked if "GROUP BY" in sql]


def test_photos_come_as_dots(stones: Target, alice: Person, rita: Person) -> None:
    alice.shoots(stones, 0)
    alice.shoots(stones, 500, accuracy_m=400)
    head, seen = unpacked(rita.get(f"targets/{stones.pk}/board/captures/").content)
    assert (sorted(seen.values()), head["allowed_m"]) == (["counts", "idle"], 50.0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"text": "GATE"}, "a"), ({"priority_from": 60}, "b"), ({"priority_until": 40}, "c"),
        ({"window": "over"}, "d"), ({"window": "later"}, "e"), ({"window": "now"}, "f"), ({"window": "none"}, "abc"),
        ({"planned": "yes"}, "c"), ({"state": "held"}, "a"), ({"state": "waiting", "window": "none"}, "bc"),
    ],
)  # fmt: skip
def test_places_are_found(
    stones: Target, alice: Person, carol: Person, clock: Clock, query: dict[str, Any], found: str
) -> None:
    slots = dict(zip("abcdef", slots_in(stones, a=0, b=500, c=1000, d=1500, e=2000, f=2500), strict=True))
    hour, now = timedelta(hours=1), clock.now
    for name, values in {
        "a": {"note": "By the gate."}, "b": {"priority": 70}, "c": {"priority": 30},
        "d": {"window_until": now - hour}, "e": {"window_from": now + hour},
        "f": {"window_from": now - hour, "window_until": now + hour},
    }.items():  # fmt: skip
        CandidateSlot.objects.filter(pk=slots[name].pk).update(**values)
    Assignment.objects.create(
        target=stones, slot=slots["a"], volunteer=alice.user, started_at=now, expires_at=now + hour
    )
    Assignment.objects.create(
        target=stones, slot=slots["c"], volunteer=alice.user, state="planned", started_at=now, expires_at=now + hour
    )
    assert sorted(named(stones, feed(carol, stones, **query)[1])) == list(found)
    assert sorted(named(stones, feed(carol, stones, volunteer=str(alice.user.pk))[1])) == ["a", "c"]
    listed = carol.desk().get(f"/console/targets/{stones.pk}/places/", query).content.decode()
    assert [name for name in "abcdef" if f">{name}</a>" in listed] == list(found)


@pytest.mark.parametrize(
    "query",
    [{"text": "x" * 300}, {"text": "a\0"}, {"priority_from": "-1"}, {"priority_until": "1e9"}, {"batch": "x"},
     {"volunteer": "1"}, {"window": "x"}, {"planned": "x"}, {"state": "lost"}, {"since": "soon"}, {"since": "1e99"}],
)  # fmt: skip
def test_a_bad_question_is_named(stones: Target, rita: Person, query: dict[str, str]) -> None:
    answer = rita.get(f"targets/{stones.pk}/board/", **query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] in query
    if "since" not in query:
        assert rita.desk().get(f"/console/targets/{stones.pk}/places/", query).status_code == 400


def test_everything_has_changed_since_the_beginning_of_time(stones: Target, rita: Person) -> None:
    slots_in(stones, a=0)
    assert named(stones, feed(rita, stones, since="-62135596800")[1]) == {"a": "waiting"}


# --- what needs a decision --------------------------------------------------------------------------------------------


def test_who_goes_quiet_needs_a_decision(stones: Target, alice: Person, carol: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    Target.objects.update(lease_s=7200)
    held = alice.asks(stones)["assignment"]["id"]
    assert "went quiet" not in live(carol, stones).content.decode()
    clock.forward(minutes=38)
    assert "Alice went quiet 38" in live(carol, stones).content.decode()
    answer = act(carol, stones, "release", held)
    assert (answer.status_code, "waits again" in answer.content.decode()) == (200, True)
    assert Message.objects.get().kind == "slot_taken_back"
    assert "went quiet" not in live(carol, stones).content.decode()


def test_a_coordinator_writes_to_who_is_quiet(stones: Target, alice: Person, carol: Person) -> None:
    assert "Sent to 1 person" in act(carol, stones, "message", alice.user.pk, "Are you well?").content.decode()
    assert Message.objects.get(user=alice.user).data == {"text": "Are you well?"}
    refused = act(carol, stones, "message", alice.user.pk, "  ")
    assert (refused.status_code, "1 to 1,000" in refused.content.decode()) == (400, True)


def test_a_place_that_one_more_no_would_close(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    (slot,) = slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    alice.post(f"assignments/{held}/decline/", {"reason": "blocked_view", "note": "scaffolding"})
    assert "scaffolding" in live(carol, stones).content.decode()
    clock.forward(seconds=5)
    act(carol, stones, "keep", slot.pk)
    assert "scaffolding" not in live(carol, stones).content.decode()
    # It is not forgotten: another no still closes it.
    held = bob.asks(stones)["assignment"]["id"]
    bob.post(f"assignments/{held}/decline/", {"reason": "unsafe"})
    assert CandidateSlot.objects.get().state == "not_capturable"


def test_a_coordinator_closes_it(stones: Target, alice: Person, carol: Person) -> None:
    (slot,) = slots_in(stones, a=0)
    alice.post(f"assignments/{alice.asks(stones)['assignment']['id']}/decline/", {"reason": "unsafe"})
    act(carol, stones, "close", slot.pk)
    assert CandidateSlot.objects.get().state == "not_capturable"


def test_photos_that_wait_for_a_reviewer(stones: Target, alice: Person, carol: Person, rita: Person) -> None:
    receipt = alice.shoots(stones, 0)
    assert "wait for a reviewer" not in live(carol, stones).content.decode()
    alice.sends_photo(receipt["id"], photo())
    assert "1 photo waits for a reviewer" in live(carol, stones).content.decode()
    act(carol, stones, "ask_reviewers", stones.pk)
    assert list(Message.objects.values_list("user", flat=True)) == [rita.user.pk]


def test_who_has_not_come_for_what_was_planned(stones: Target, bob: Person, carol: Person, clock: Clock) -> None:
    some = slots_in(stones, a=0, b=500)
    body = {"action": "assign", "slots": [one.pk for one in some], "volunteer": bob.user.pk}
    carol.post(f"targets/{stones.pk}/slots/change/", body)
    assert "has not come" not in live(carol, stones).content.decode()
    clock.forward(minutes=40)
    assert "Bob has not come" in live(carol, stones).content.decode()
    assert "2 places are free" in act(carol, stones, "free", bob.user.pk).content.decode()
    assert Assignment.objects.filter(state="withdrawn").count() == 2
    assert "has not come" not in live(carol, stones).content.decode()


def test_only_a_coordinator_decides(stones: Target, alice: Person, rita: Person, zoe: Person) -> None:
    (slot,) = slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    for who in (alice, rita, zoe):
        assert act(who, stones, "release", held).status_code == 404
        assert act(who, stones, "withdraw", slot.pk).status_code == 404
    assert Assignment.objects.get().state == "held"
    assert "Release it" not in live(rita, stones).content.decode()


def test_what_is_of_another_target_is_not_there(stones: Target, carol: Person) -> None:
    other = Target.objects.create(name="Memorials")
    yan = Person("yan").joins(other, "volunteer")
    (slot,) = slots_in(other, far=0)
    held = yan.asks(other)["assignment"]["id"]
    for what, row in (("release", held), ("withdraw", slot.pk), ("keep", slot.pk), ("burn", slot.pk), ("keep", "x")):
        assert act(carol, stones, what, row).status_code == 404
    assert act(carol, stones, "message", yan.user.pk, "Hello").status_code == 400
    path = f"/console/targets/{stones.pk}/places/{slot.pk}/"
    assert carol.desk().get(path, headers={"HX-Request": "true"}).status_code == 404
    assert Assignment.objects.get().state == "held"


# --- the story of a place ---------------------------------------------------------------------------------------------


def test_the_story_of_a_place(stones: Target, alice: Person, bob: Person, carol: Person, rita: Person) -> None:
    Target.objects.update(time_zone="America/New_York")
    (slot,) = slots_in(stones, a=0)
    CandidateSlot.objects.update(note="By the <gate>.")
    alice.post(f"assignments/{alice.asks(stones)['assignment']['id']}/decline/", {"reason": "unsafe", "note": "Dogs"})
    bob.gets(stones)
    receipt = bob.shoots(stones, 12)
    bob.sends_photo(receipt["id"], photo())
    rita.post(f"captures/{receipt['id']}/review/", {"verdict": "rejected", "note": "Too dark."})
    carol.patch(f"slots/{slot.pk}/", {"priority": 90})
    path = f"/console/targets/{stones.pk}/places/{slot.pk}/"
    told = rita.desk().get(path, headers={"HX-Request": "true"}).content.decode()
    expected = [
        "By the &lt;gate&gt;.", "Dogs", "said no: not safe", "12&nbsp;m off", "Too dark.", "priority: 50 → 90",
        f"/api/v1/captures/{receipt['id']}/photo/small/", "1 Jun 2026, 05:00", "Needs another look",
    ]  # fmt: skip
    assert [words for words in expected if words not in told] == []
    assert rita.desk().get(path)["Location"].endswith(f"?slot={slot.pk}")


def test_a_repeat_of_an_operation_of_another_kind_is_refused(stones: Target, carol: Person) -> None:
    (slot,) = slots_in(stones, a=0)
    operation = str(uuid4())
    carol.post(f"targets/{stones.pk}/messages/", {"text": "Hello", "operation_id": operation})
    body = {"action": "withdraw", "slots": [slot.pk], "operation_id": operation}
    assert carol.post(f"targets/{stones.pk}/slots/change/", body).status_code == 409
    assert CandidateSlot.objects.get().state == "waiting"
