"""The review room as it is written: what a reviewer reads beside a photograph, where the links lead, who may enter."""

import re

import pytest
from django.test import Client
from stories import Clock, Person, at, slots_in
from test_reviewing import checked, sam, says, shot

from capturegraph.models import CandidateSlot, Capture, PhotoFinding, Target
from capturegraph.pages import review_words

__all__ = ["sam"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


def beside(reviewer: Person, capture: str) -> str:
    """What is written beside a photograph, with single spaces."""
    target = Capture.objects.get(pk=capture).target_id
    answer = reviewer.desk().get(f"/console/targets/{target}/review/{capture}/", headers={"X-Room": "yes"})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_what_is_beside_a_photo(stones: Target, alice: Person, bob: Person, rita: Person, clock: Clock) -> None:
    slots_in(stones, Arch=0)
    CandidateSlot.objects.update(note="From the path.")
    earlier = shot(bob, stones)
    says(rita, earlier, "rejected", reason="dark")
    clock.forward(days=3)
    capture = shot(alice, stones, 11, {"code": "place_differs", "metres": 118.2}, heading=357)
    PhotoFinding.objects.filter(pk=capture).update(
        **at(130), sharpness=400, dark_share=0.1, sun_altitude=31, sun_azimuth=180
    )
    page = beside(rita, capture)
    for words in (
        "Alice, today 09:00, facing north", "Sharp · well lit · sun behind the camera, 31° high",
        "The photo file names another place", "118 m from where the phone was at the shutter.", "“From the path.”",
        "Bob, 1 Jun: dark", "<strong>11 m from the slot. 50 m are allowed.</strong>",
        "The phone knew its place to ±8 m: more than 99 % sure that it was inside.", "photo, 11 m", "in the file",
    ):  # fmt: skip
        assert words in page, words


def test_a_photo_without_place_check_or_slot(stones: Target, alice: Person, rita: Person) -> None:
    capture = shot(alice, stones, None)
    PhotoFinding.objects.all().delete()
    page = beside(rita, capture)
    assert "It is not known where this photo was taken." in page or "There is no place near this photo." in page
    assert "Not checked yet" in page
    assert '<svg class="where-taken"' not in page


FLAGS = [
    {"code": "place_differs", "metres": 118_000.0}, {"code": "time_differs", "seconds": -7_300},
    {"code": "too_fast", "km_h": 812.4}, {"code": "future", "seconds": 400_000}, {"code": "blurred", "sharpness": 12.2},
    {"code": "dark", "dark_share": 0.913}, {"code": "burnt_out", "bright_share": 0.5},
    {"code": "near_duplicate", "capture": "x", "bits": 3}, {"code": "same_photo", "capture": "x"},
    {"code": "low_sun", "altitude": 2.4}, {"code": "of a later release", "n": 1}, {"code": "dark"}, {},
]  # fmt: skip


def test_every_flag_is_a_sentence_with_its_figure() -> None:
    said = [flag.sentence for flag in review_words.flags(PhotoFinding(flags=FLAGS))]
    figures = ["118 km", "2 h", "812 km/h", "5 days", "only 12", "91 %", "50 %", "3 differ", "the same", "2°"]
    assert len(said) == len(FLAGS)
    for sentence, figure in zip(said, figures, strict=False):
        assert figure in sentence.replace("\u00a0", " ")
    assert set(said[len(figures) :]) == {"Look at the picture: is it the right one?"}


def test_the_room_leads_on(stones: Target, alice: Person, rita: Person, zoe: Person, carol: Person) -> None:
    assert b"No photo waits for you" in rita.desk().get("/console/review/").content
    capture = shot(alice, stones)
    assert rita.desk().get("/console/review/")["Location"] == f"/console/targets/{stones.pk}/review/"
    other = Target.objects.create(name="Bridges")
    rita.joins(other, "reviewer")
    shot(alice.joins(other, "volunteer"), other)
    listed = rita.desk().get("/console/review/").content.decode()
    assert listed.index("Boundary stones") != listed.index("Bridges")
    assert b"No photo waits for you" in zoe.desk().get("/console/review/").content
    # Opened by itself a photograph leads to the room, and one of another target to none.
    desk = carol.desk()
    alone = desk.get(f"/console/targets/{stones.pk}/review/{capture}/")
    assert alone["Location"] == f"/console/targets/{stones.pk}/review/"
    astray = f"/console/targets/{other.pk}/review/{capture}/"
    assert rita.desk().get(astray, headers={"X-Room": "yes"}).status_code == 404


def test_the_tab_counts_and_the_board_leads_here(stones: Target, alice: Person, rita: Person) -> None:
    slots_in(stones, a=0)
    desk: Client = rita.desk()
    board = f"/console/targets/{stones.pk}/"
    assert "data-to-review" not in desk.get(board).content.decode()
    captures = [shot(alice, stones) for _n in range(3)]
    page = desk.get(board).content.decode()
    assert '<span class="count" data-to-review>3</span>' in page
    assert f'<a class="button" href="/console/targets/{stones.pk}/review/">Review now</a>' in page
    says(rita, captures[0], "accepted")
    assert '<span class="count" data-to-review>2</span>' in desk.get(board).content.decode()
    checked(captures[1], {"code": "dark", "dark_share": 0.9})
    assert "Accept 1 clean one" in desk.get(f"{board}review/").content.decode()


def test_figures_of_reviewing_stand_on_the_board_and_with_the_progress(
    stones: Target, alice: Person, rita: Person, sam: Person, clock: Clock
) -> None:
    desk, board = rita.desk(), f"/console/targets/{stones.pk}/"
    assert b"No photo has been reviewed yet." in desk.get(f"{board}progress/").content
    captures = [shot(alice, stones) for _n in range(3)]
    clock.forward(minutes=90)
    for capture in captures:
        says(rita, capture, "accepted")
    says(sam, captures[0], "rejected")
    says(sam, captures[1], "accepted", note="Good light.")
    page = desk.get(f"{board}progress/").content.decode().replace("\u00a0", " ")
    told = [re.search(f'data-testid="{name}">(.*?)<', page)[1] for name in ("reviewed", "to-verdict", "agreed")]
    assert told == ["3", "90 min", "1 of 2"]
    head = re.sub(r"<[^>]*>|\s+", " ", desk.get(f"{board}pace/").content.decode().replace("\u00a0", " "))
    assert "90 min from photo to verdict, half of the time; 1 of 2 second looks agreed" in re.sub(" +", " ", head)
