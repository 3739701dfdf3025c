"""A walk on the phone: several near places as one way, stop by stop, also without signal and on another phone."""

import re
from pathlib import Path

import pytest
from meadow import Photos, as_base64, behind, joins, photos, place, shoot, stand
from PIL import Image
from playwright.sync_api import Route, expect
from served import Quickstart, until
from walkers import enters, look_again
from watched import WITHOUT_SIGNAL, Watched

# One process runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("browser")

STEP_M = 250
KEPT_PICTURES = "caches.open('capturegraph-pictures').then((cache) => cache.keys()).then((all) => all.length)"


@pytest.fixture(scope="module")
def codes(product: Quickstart) -> dict[str, str]:
    """A row of places to the north, for each test its own."""
    row = [{"title": f"Post {n}", **place(STEP_M * n)} for n in range(1, 9)]
    reference = as_base64(Image.new("RGB", (320, 240), (90, 120, 90)))
    last_pictured = {"slots": row, "reference": reference, "pictured": [2]}
    targets = {"Walk": {"slots": row}, "Walk without signal": last_pictured, "Enough": {"slots": row}}
    return behind(product, targets={**targets, "Walk that ends": {"slots": row[:5]}})


@pytest.fixture
def shots(tmp_path: Path) -> Photos:
    return photos(tmp_path)


def test_a_walk_from_the_first_stop_to_what_is_left_for_others(
    phone: Watched, product: Quickstart, codes: dict[str, str], shots: Photos
) -> None:
    """Take four, photograph one, the next comes by itself; skip, add, reload, leave the rest."""
    stand(phone, 0)
    page = joins(phone, codes["Walk"])
    expect(page.get_by_test_id("slot-title")).to_have_text("Post 1")
    page.get_by_test_id("near-chips").get_by_role("button", name="Take 4 near places").click()
    lines = page.get_by_test_id("walk-stops").get_by_role("listitem")
    expect(page.get_by_test_id("walk-title")).to_have_text("Stop 1 of 4")
    expect(lines).to_have_count(4)
    expect(lines.nth(0)).to_contain_text(re.compile(r"Post 1\s*250\s*m north"))
    expect(lines.nth(1)).to_contain_text(re.compile(r"Post 2\s*then 250\s*m on"))
    expect(page.get_by_test_id("walk-left")).to_contain_text("1.0\u00a0km left")
    expect(page.get_by_test_id("walk-until")).to_have_text(re.compile(r"Yours until \d\d:\d\d"))
    page.get_by_test_id("walk-guide").click()
    stand(phone, STEP_M)
    expect(page.get_by_test_id("direction")).to_have_text("You are there")
    # On the last metres the screen stays on.
    expect(page.locator("html")).to_have_attribute("data-awake", "true")
    shoot(page, shots.good)
    expect(page.get_by_test_id("verdict")).to_have_text("Done. Thank you, Alice.")
    expect(page.get_by_test_id("next-title")).to_have_text("Post 2")
    page.get_by_test_id("take-me").click()
    expect(page.get_by_test_id("slot-walk")).to_have_text("Stop 2 of 4")
    page.reload()
    expect(page.get_by_test_id("slot-walk")).to_have_text("Stop 2 of 4")
    page.get_by_test_id("slot-walk").click()
    expect(page.locator("#walk-segments .done")).to_have_count(1)
    lines.filter(has_text="Post 3").get_by_role("button", name="Skip Post 3").click()
    expect(page.get_by_test_id("walk-title")).to_have_text("Stop 2 of 3")
    page.get_by_test_id("walk-more").get_by_role("button", name="Add 1 stop").click()
    expect(page.get_by_test_id("walk-title")).to_have_text("Stop 2 of 4")
    page.get_by_test_id("walk-leave").click()
    expect(page.get_by_test_id("reason-title")).to_have_text("Left for others. Thank you.")
    # All but the one that is done are free again.
    bob = enters(product, codes["Walk"], "Bob")
    walk = bob.visitor.post(f"/api/v1/targets/{bob.target}/reserve-walk/", {"stops": 12}).json
    assert len(walk["stops"]) == 7


TAKEN = """() => Object.values(JSON.parse(localStorage.getItem("capturegraph.hands"))).flatMap((hand) => hand.taken)"""


@pytest.mark.slow
def test_enough_in_the_middle_of_a_walk_leaves_all_the_rest(
    phone: Watched, product: Quickstart, codes: dict[str, str], shots: Photos
) -> None:
    """Also without signal. A photo from too far off leaves its stop as it was: still to be taken."""
    phone.expected = WITHOUT_SIGNAL
    stand(phone, STEP_M - 80)
    page = joins(phone, codes["Enough"])
    page.get_by_test_id("near-chips").get_by_role("button", name="Take 4 near places").click()
    page.get_by_test_id("walk-guide").click()
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"^80\s*m$"))
    shoot(page, shots.good)
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_test_id("verdict")).to_have_text("80\u00a0m off")
    assert page.evaluate(TAKEN) == []
    page.get_by_role("button", name="Take it again").click()
    stand(phone, STEP_M)
    expect(page.get_by_test_id("direction")).to_have_text("You are there")
    shoot(page, shots.other)
    expect(page.get_by_test_id("verdict")).to_have_text("Done. Thank you, Alice.")
    expect(page.get_by_test_id("next-title")).to_have_text("Post 2")
    phone.context.set_offline(True)
    page.locator("[data-act=enough]").click()
    expect(page.get_by_test_id("reason-title")).to_have_text("Left for others. Thank you.")
    phone.context.set_offline(False)
    expect(page.get_by_test_id("waiting")).to_be_hidden()
    # All but the one that is done are free again.
    bob = enters(product, codes["Enough"], "Bob")

    def free() -> int:
        return len(bob.visitor.post(f"/api/v1/targets/{bob.target}/reserve-walk/", {"stops": 12}).json["stops"])

    until(lambda: free() == 7, "that Bob can have the rest")


@pytest.mark.slow
def test_what_others_do_leaves_the_list_under_my_finger_and_the_last_skip_ends_the_walk(
    phone: Watched, product: Quickstart, codes: dict[str, str]
) -> None:
    """Bob photographs stops of mine: what I am about to tap stays. I skip the last that is left."""
    stand(phone, 0)
    page = joins(phone, codes["Walk that ends"])
    late: list[Route] = []
    page.route("**/slots.geojson", lambda route: late.append(route))
    with page.expect_request("**/slots.geojson"):
        page.get_by_test_id("near-chips").get_by_role("button", name="Take 5 near places").click()
    expect(page.get_by_test_id("walk-title")).to_have_text("Stop 1 of 5")
    # What the map of the walk has waited for is not drawn on the small one of my slot.
    page.get_by_test_id("walk-guide").click()
    drawn = page.locator("#field-map .map-canvas")
    expect(drawn).to_have_attribute("data-places", "1")
    with page.expect_response("**/slots.geojson") as places:
        late[0].continue_()
    places.value.finished()
    page.wait_for_timeout(500)
    expect(drawn).to_have_attribute("data-places", "1")
    page.get_by_test_id("slot-walk").click()
    bob = enters(product, codes["Walk that ends"], "Bob")
    skip = page.get_by_role("button", name="Skip Post 3")
    for taken, left, button in ((5, 4, skip), (4, 3, page.get_by_role("button", name="OK").first)):
        button.focus()
        button.evaluate("(one) => { one.dataset.same = 'yes'; }")
        bob.photograph(place(STEP_M * taken))
        look_again(page)
        expect(page.get_by_test_id("walk-title")).to_have_text(f"Stop 1 of {left}")
        expect(page.get_by_test_id("message")).to_have_count(6 - taken)
        expect(button).to_be_focused()
        expect(button).to_have_attribute("data-same", "yes")
    skip.click()
    expect(page.get_by_test_id("walk-title")).to_have_text("Stop 1 of 2")
    bob.photograph(place(STEP_M))
    look_again(page)
    expect(page.get_by_test_id("slot-title")).to_have_text("Post 2")
    page.get_by_test_id("slot-walk").click()
    page.get_by_role("button", name="Skip Post 2").click()
    expect(page.get_by_test_id("reason-title")).to_have_text("Left for others. Thank you.")


def test_a_walk_goes_on_without_signal(
    phone: Watched, product: Quickstart, codes: dict[str, str], shots: Photos
) -> None:
    """Each photo brings the next stop, with its picture; how old that is is said; all has arrived in the end."""
    phone.expected = WITHOUT_SIGNAL
    stand(phone, 0)
    page = joins(phone, codes["Walk without signal"])
    page.get_by_test_id("near-chips").get_by_role("button", name="Take 3 near places").click()
    expect(page.get_by_test_id("walk-title")).to_have_text("Stop 1 of 3")
    page.get_by_test_id("walk-guide").click()
    expect(page.get_by_test_id("reference")).to_be_hidden()
    until(lambda: page.evaluate(KEPT_PICTURES) == 1, "that the last stop's picture is kept")
    phone.context.set_offline(True)
    expect(page.get_by_test_id("as-of")).to_have_text(re.compile(r"^No signal. What you see is as of \d\d:\d\d\.$"))
    for n in (1, 2):
        expect(page.get_by_test_id("slot-title")).to_have_text(f"Post {n}")
        stand(phone, STEP_M * n)
        expect(page.get_by_test_id("direction")).to_have_text("You are there")
        shoot(page, (shots.good, shots.other)[n - 1])
        page.get_by_test_id("take-me").click()
    expect(page.get_by_test_id("slot-title")).to_have_text("Post 3")
    expect(page.get_by_test_id("reference")).to_be_visible()
    phone.context.set_offline(False)
    expect(page.get_by_test_id("safe")).to_have_text(re.compile("2 of 2 safe"))
    expect(page.get_by_test_id("as-of")).to_be_hidden()
    page.reload()
    expect(page.get_by_test_id("slot-walk")).to_have_text("Stop 3 of 3")
