"""What carol sees of figures, data and webhooks in the console: pages that say what is, and doors that do one thing."""

import re
import zipfile
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from stories import Clock, Person, slots_in
from test_exports import table, taken

from capturegraph.models import CandidateSlot, Delivery, Event, Job, Membership, Target, User, Webhook
from capturegraph.pages.progress import minutes, percent
from capturegraph.pages.webhooks import SNIPPET
from capturegraph.services import work
from capturegraph.services.webhooks import receiving, sending

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


def page(desk: Client, target: Target, path: str) -> str:
    answer = desk.get(f"/console/targets/{target.pk}/{path}/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def does_all_work(clock: Clock) -> None:
    for job in Job.objects.filter(state="waiting"):
        work.do(job_id=job.pk, clock=lambda: clock.now)


# --- figures ----------------------------------------------------------------------------------------------------------


def test_an_empty_target_says_what_to_do_first(stones: Target, carol: Person) -> None:
    shown = page(carol.desk(), stones, "progress")
    assert "Bring in a file of places" in shown
    assert "No place is done yet" in shown
    assert "console/progress" not in shown


def test_the_page_shows_the_figures_and_their_tables(stones: Target, rita: Person, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0, b=40, c=900)
    held = alice.asks(stones)["assignment"]
    clock.forward(minutes=12)
    alice.shoots(stones, 10, assignment=held["id"])
    shown = page(rita.desk(), stones, "progress")
    assert re.search(r'data-testid="done"><b>2</b> <span>of 3 done', shown)
    assert re.search(r'data-testid="saved"><div><b>1</b>', shown)
    assert "<strong>12\u00a0min</strong>" in shown
    assert '<th scope="row">Alice</th><td>1</td><td>2</td><td>0</td><td>12\u00a0min</td>' in shown
    # A reviewer takes nothing out and tells no program.
    assert "/data/" not in shown
    short = page(rita.desk(), stones, "pace")
    assert "67&nbsp;% of the whole" in short
    assert "Too early to say" in short


def test_the_headline_is_worked_out_again_only_when_something_happened(
    stones: Target, carol: Person, alice: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, b=40)
    CandidateSlot.objects.update(created_at=clock.now)
    desk, address = carol.desk(), f"/console/targets/{stones.pk}/pace/"
    first = desk.get(address)
    known = {"if-none-match": first["ETag"]}
    assert desk.get(address, headers=known).status_code == 304
    alice.shoots(stones, 10)
    again = desk.get(address, headers=known)
    assert (again.status_code, b"2 today" in again.content) == (200, True)
    known = {"if-none-match": again["ETag"]}
    assert desk.get(address, headers=known).status_code == 304
    clock.forward(days=1)
    assert b"0 today" in carol.desk().get(address, headers=known).content


def test_the_headline_misses_nothing_that_was_committed_late(stones: Target, carol: Person, clock: Clock) -> None:
    """Numbers of events are given out before commits."""
    told = {"at": clock.now, "verb": "received", "noun": "capture", "target_id": stones.pk}
    Event.objects.create(pk=1_000_011, **told)
    desk, address = carol.desk(), f"/console/targets/{stones.pk}/pace/"
    known = {"if-none-match": desk.get(address)["ETag"]}
    clock.forward(minutes=1)
    assert desk.get(address, headers=known).status_code == 304
    Event.objects.create(pk=1_000_010, **told)
    assert desk.get(address, headers=known).status_code == 200


def test_nobody_hears_that_nothing_has_changed_who_may_not_look(stones: Target, carol: Person, clock: Clock) -> None:
    desk, address = carol.desk(), f"/console/targets/{stones.pk}/pace/"
    known = {"if-none-match": desk.get(address)["ETag"]}
    Membership.objects.filter(user=carol.user).update(removed_at=clock.now)
    assert desk.get(address, headers=known).status_code == 404


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (20, "under 1 min"), (41 * 60, "41 min"), (119 * 60, "119 min"), (7500, "2 h 5 min")],
)
def test_times_are_said_in_whole_minutes(seconds: float | None, said: str) -> None:
    assert minutes(seconds).replace("\u00a0", " ") == said


def test_all_is_said_only_of_all() -> None:
    assert [percent(share) for share in (0, 0.001, 0.5, 0.999, 1)] == [0, 1, 50, 99, 100]


# --- data out ---------------------------------------------------------------------------------------------------------


def links(shown: str) -> list[str]:
    return re.findall(r'data-list="\w+" href="([^"]+)"', shown)


def test_every_link_of_the_page_leads_to_its_rows_and_no_cell_is_a_formula(
    stones: Target, carol: Person, alice: Person, clock: Clock
) -> None:
    slots_in(stones, a=0, b=500)
    evil = '=HYPERLINK("http://x")'
    CandidateSlot.objects.update(title=evil, note="+1")
    User.objects.filter(pk=alice.user.pk).update(name="@SUM(A1)")
    held = alice.asks(stones)["assignment"]
    alice.post(f"assignments/{held['id']}/decline/", {"reason": "gone", "note": "-2+3"})
    alice.shoots(stones, 10)
    desk = carol.desk()
    found = links(page(desk, stones, "data"))
    assert len(found) == 12
    for address in found:
        answer = desk.get(address)
        assert answer.status_code == 200
        body = b"".join(answer.streaming_content)
        if address.endswith(".csv"):
            cells = [cell for row in table(body) for cell in row.values()]
            assert [cell for cell in cells if re.match(r"[=+@\t\r]|-(?!\d+(\.\d+)?$)", cell)] == []


def test_rows_are_counted_and_filtered(stones: Target, carol: Person, alice: Person, clock: Clock) -> None:
    Target.objects.update(time_zone="America/New_York")
    slots_in(stones, a=0, b=500)
    CandidateSlot.objects.update(updated_at=clock.now)
    clock.forward(hours=18)
    alice.shoots(stones, 10)
    assert "2 rows" in page(carol.desk(), stones, "data")
    for name, number in {
        "slots.csv?state=fulfilled": 1, "slots.csv?state=waiting": 1, "slots.csv?since=2026-06-02": 0,
        # It is still the first of June there.
        "slots.csv?since=2026-06-01": 2, "slots.csv?since=2026-06-02T03:00:00Z": 1,
        "captures.csv?state=awaiting_photo": 1, "captures.csv?state=stored": 0,
        "assignments.csv?state=held": 0, "events.csv?since=2026-06-03": 0,
    }.items():  # fmt: skip
        assert len(table(taken(carol, stones, name))) == number, name
    features = carol.get(f"targets/{stones.pk}/slots.geojson", state="fulfilled")
    assert b"".join(features.streaming_content).count(b'"type":"Feature"') == 1


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("slots.csv?state=eaten", "state"), ("slots.geojson?state=eaten", "state"), ("events.csv?state=held", "state"),
        ("slots.csv?since=yesterday", "since"), ("slots.csv?since=2026-06-01T09:00:00", "since"),
        ("captures.csv?since=2026-02-30", "since"), ("captures.csv?since=0001-01-01", "since"),
        ("slots.csv?since=%00", "since"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_named(stones: Target, carol: Person, name: str, field: str) -> None:
    Target.objects.update(time_zone="Asia/Tokyo")
    answer = carol.phone.get(f"/api/v1/targets/{stones.pk}/{name}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_the_archive_is_made_downloaded_and_made_again(
    stones: Target, carol: Person, alice: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    alice.sends_photo(alice.shoots(stones, 10)["id"])
    desk, address = carol.desk(), f"/console/targets/{stones.pk}/data/"
    assert "Make the ZIP" in page(desk, stones, "data")
    for _ in range(2):
        desk.post(address)
    # Asked for twice, made once.
    assert Job.objects.filter(kind="archive_target").count() == 1
    assert "Waiting for its turn" in page(desk, stones, "archive")
    does_all_work(clock)
    shown = page(desk, stones, "archive")
    assert "with 1 photo" in shown
    (file,) = re.findall(r'href="(/api/v1/jobs/[^"]+)"', shown)
    whole = b"".join(desk.get(file).streaming_content)
    rest = desk.get(file, headers={"range": "bytes=1000-"})
    assert whole[1000:] == b"".join(rest.streaming_content)
    with zipfile.ZipFile(BytesIO(whole)) as archive:
        assert {"README.txt", "SHA256SUMS", "slots.csv", "events.geojson"} <= set(archive.namelist())
    desk.post(address)
    assert Job.objects.filter(kind="archive_target").count() == 2


# --- webhooks ---------------------------------------------------------------------------------------------------------


def make_hook(desk: Client, target: Target, url: str = "https://example.org/hook", *topics: str) -> Webhook:
    answer = desk.post(f"/console/targets/{target.pk}/webhooks/", {"url": url, "topics": topics})
    assert answer.status_code == 200
    hook = Webhook.objects.get(target=target)
    assert hook.secret in answer.content.decode()
    return hook


def act(desk: Client, hook: Webhook, what: str, **more: Any) -> int:
    return int(desk.post(f"/console/targets/{hook.target_id}/webhooks/{hook.pk}/", {"what": what, **more}).status_code)


def test_the_secret_is_shown_once(stones: Target, carol: Person) -> None:
    desk = carol.desk()
    hook = make_hook(desk, stones, "https://example.org/hook", "slot.fulfilled", "slot.reopened")
    assert hook.topics == ["slot.fulfilled", "slot.reopened"]
    for path in ("webhooks", f"webhooks/{hook.pk}", f"webhooks/{hook.pk}/log"):
        assert hook.secret not in page(desk, stones, path)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost:8000/", "http://[::1]/", "http://192.168.1.7/hook", "http://10.0.0.1/",
     "http://169.254.169.254/latest/", "http://a.localhost/", "ftp://example.org/", "https://me:x@example.org/", ""],
)  # fmt: skip
def test_an_address_that_cannot_be_is_refused_in_a_sentence(stones: Target, carol: Person, url: str) -> None:
    answer = carol.desk().post(f"/console/targets/{stones.pk}/webhooks/", {"url": url})
    assert answer.status_code == 400
    assert re.search(r'class="error[^>]*>[^<]*\w+ \w+[^<]*\.', answer.content.decode())
    assert not Webhook.objects.exists()


def test_a_private_network_may_be_allowed(stones: Target, carol: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.ENV, "WEBHOOKS_PRIVATE", True)
    assert make_hook(carol.desk(), stones, "http://127.0.0.1:1/").url == "http://127.0.0.1:1/"


def test_it_is_tried_and_its_log_says_what_came_of_it(
    stones: Target, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [sending.Answer(503), sending.Answer(error="its address is in a private network"), sending.Answer(204)]
    monkeypatch.setattr("capturegraph.services.webhooks.deliveries.post", lambda **_kwargs: answers.pop(0))
    desk = carol.desk()
    hook = make_hook(desk, stones)
    assert act(desk, hook, "try") == 302
    does_all_work(clock)
    shown = page(desk, stones, f"webhooks/{hook.pk}")
    assert "Try 1 of 8, answered 503." in shown
    assert "Next try at 09:00:05." in shown
    assert "&quot;type&quot;: &quot;webhook.tested&quot;" in shown
    delivery = Delivery.objects.get()
    act(desk, hook, "replay", delivery=delivery.pk)
    does_all_work(clock)
    assert "Refused: its address leads into a private network" in page(desk, stones, f"webhooks/{hook.pk}/log")
    act(desk, hook, "replay", delivery=delivery.pk)
    does_all_work(clock)
    shown = page(desk, stones, f"webhooks/{hook.pk}/log")
    assert 'data-state="delivered"' in shown
    assert "answered 204" in shown


def test_it_is_paused_goes_on_and_is_removed_only_when_paused(stones: Target, carol: Person) -> None:
    desk = carol.desk()
    hook = make_hook(desk, stones)
    assert act(desk, hook, "remove") == 404
    assert act(desk, hook, "pause") == 302
    assert "Paused" in page(desk, stones, f"webhooks/{hook.pk}")
    assert act(desk, hook, "resume") == 302
    act(desk, hook, "pause")
    assert act(desk, hook, "remove") == 302
    assert not Webhook.objects.exists()
    assert Event.objects.filter(noun="webhook", verb="removed").exists()


@pytest.mark.parametrize(("what", "delivery"), [("eat", ""), ("", ""), ("replay", "x"), ("replay", str(UUID(int=0)))])
def test_what_there_is_not_to_do_is_not_there(stones: Target, carol: Person, what: str, delivery: str) -> None:
    desk = carol.desk()
    assert act(desk, make_hook(desk, stones), what, delivery=delivery) == 404


def test_another_target_s_webhook_is_not_there(stones: Target, carol: Person, max_: Person) -> None:
    hook = make_hook(carol.desk(), stones)
    other = Target.objects.create(name="Memorials")
    assert max_.desk().get(f"/console/targets/{other.pk}/webhooks/{hook.pk}/").status_code == 404


def test_the_snippet_of_the_page_checks_what_is_sent(clock: Clock) -> None:
    """What is shown is what is run here."""
    known: dict[str, Any] = {}
    exec(SNIPPET, known)  # the page's own words
    assert known["MOST_SECONDS_APART"] == receiving.MOST_SECONDS_APART
    secret, body, now = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"a": 1}', int(clock.now.timestamp())
    signed = sending.signature(secret, "msg", now, body)
    good = {"webhook-id": "msg", "webhook-timestamp": str(now), "webhook-signature": f"v1,older {signed}"}
    check = known["is_genuine"]
    assert check(secret, good, body, now + 300)
    assert not check(secret, good, body, now + 301)
    assert not check(secret, good, body, now - 301)
    assert not check(secret, good, body + b" ", now)
    assert not check("whsec_" + "A" * 32, good, body, now)
    for name, value in (("webhook-id", "other"), ("webhook-timestamp", str(now + 1)), ("webhook-timestamp", "soon")):
        assert not check(secret, {**good, name: value}, body, now)
    assert not check(secret, {}, body, now)


def test_a_photo_without_a_position_is_in_every_file_but_gpx(stones: Target, carol: Person, alice: Person) -> None:
    slots_in(stones, a=0)
    alice.shoots(stones, 10)
    alice.shoots(stones, None)
    for form, mark, number in (("gpx", b"<wpt", 1), ("kml", b"<Placemark", 2), ("geojson", b'"type":"Feature"', 2)):
        assert taken(carol, stones, f"captures.{form}").count(mark) == number
