"""After a photo: what it did and how far off, what it missed and why, and the same card when the answer comes later."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PHONE, a_window
from meadow import Photos, behind, joins, kept, photos, place, shoot, stand
from playwright.sync_api import Browser, Page, expect
from queueing import OnServer, token_of
from served import Quickstart, manage
from watched import WITHOUT_SIGNAL, Watched

# One process runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("browser")

GATE = {"title": "The gate", **place(0)}
WELL = {"title": "The well", **place(24)}
MILL = {"title": "The mill", **place(900)}
# At one glance: what is sent meanwhile draws the ruler anew.
SHARE_OF_ALLOWED = """() => {
  const [dot, post, track] = ["dot", "post", "track"].map((name) =>
    [...document.querySelectorAll(`.ruler .${name}`)].at(-1).getBoundingClientRect());
  return (dot.x + dot.width / 2 - track.x) / (post.x - track.x);
}"""
OBJECTION = "from capturegraph.models import Dispute; print(Dispute.objects.latest('said_at').said)"
TURNED = {"heading_sigma_deg": 30, "heading_required": True}


@pytest.fixture(scope="module")
def codes(product: Quickstart) -> dict[str, str]:
    """An invite to a target for each of the tests below."""
    return behind(
        product,
        targets={
            "Two at once": {"slots": [GATE, WELL, MILL]},
            "Off": {"slots": [GATE]},
            "Lost": {"slots": [GATE]},
            "Turned": {"settings": TURNED, "slots": [{**GATE, "heading": 180}]},
            "Later": {"slots": [GATE, MILL]},
            "Rejected": {"slots": [GATE, MILL]},
        },
    )


@pytest.fixture
def phone(browser: Browser, product: Quickstart) -> Iterator[Watched]:
    """A phone that may know where it is; that it has no signal at times is no fault of the page."""
    for window in a_window(browser, product, **PHONE, permissions=["geolocation"]):
        window.expected = WITHOUT_SIGNAL
        yield window


@pytest.fixture
def shots(tmp_path: Path) -> Photos:
    return photos(tmp_path)


def at_the_place(page: Page, metres: int) -> None:
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(rf"^{metres}\s*m$"))


def test_done_with_the_proof_the_others_the_tally_and_the_next(
    phone: Watched, codes: dict[str, str], shots: Photos
) -> None:
    stand(phone, 11, accuracy=8)
    page = joins(phone, codes["Two at once"], "Ada")
    at_the_place(page, 11)
    shoot(page, shots.good)
    expect(page.get_by_test_id("verdict")).to_have_text("Done. Thank you, Ada.")
    expect(page.get_by_test_id("verdict-long")).to_have_text("Nobody needs to walk here again.")
    proof = page.get_by_test_id("proof")
    expect(proof).to_contain_text("11\u00a0m")
    expect(proof).to_contain_text("50\u00a0m allowed")
    expect(proof).to_contain_text("Your phone knew its place to ±8\u00a0m, so this is surely inside.")
    also = page.get_by_test_id("also")
    expect(also).to_contain_text("Your photo also did one more")
    expect(also).to_contain_text("The well · 13\u00a0m off")
    expect(page.locator("#tally")).to_contain_text("1 today, 2 in all. 2 of 3 places are done.")
    expect(page.get_by_test_id("next-title")).to_have_text("The mill")
    expect(page.locator("#next-far")).to_contain_text("889\u00a0m north")
    expect(page.get_by_test_id("sending")).to_contain_text("The photo is safe on the server")
    # The dot stands where 11 m are of the ruler, and the allowed distance further on.
    assert abs(page.evaluate(SHARE_OF_ALLOWED) - 11 / 50) < 0.03
    page.get_by_test_id("take-me").click()
    expect(page.get_by_test_id("slot-title")).to_have_text("The mill")


@pytest.mark.slow
def test_off_says_why_and_what_to_do_and_the_slot_stays(phone: Watched, codes: dict[str, str], shots: Photos) -> None:
    stand(phone, 80)
    page = joins(phone, codes["Off"])
    at_the_place(page, 80)
    shoot(page, shots.good)
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_test_id("verdict")).to_have_text("80\u00a0m off")
    expect(page.get_by_test_id("verdict-long")).to_have_text("The slot stays yours. Take it again from nearer by.")
    expect(page.get_by_test_id("proof")).to_contain_text("surely outside")
    page.get_by_role("button", name="Take it again").click()
    expect(page.get_by_test_id("slot-title")).to_have_text("The gate")
    # A second try may look like the first, of the same slot.
    stand(phone, 30)
    at_the_place(page, 30)
    shoot(page, shots.good.with_name("other.jpg"))
    expect(page.get_by_test_id("verdict")).to_have_text("Done. Thank you, Alice.")
    expect(page.get_by_test_id("ask")).to_be_visible()


@pytest.mark.slow
def test_a_phone_that_is_no_longer_known_goes_on_all_the_same(
    phone: Watched, server: OnServer, codes: dict[str, str], shots: Photos
) -> None:
    phone.expected = ["the server responded with a status of 401"]
    stand(phone, 12)
    page = joins(phone, codes["Lost"])
    at_the_place(page, 12)
    revoke = "UPDATE capturegraph_device SET revoked_at = '2026-01-01' WHERE id = ?"
    server.write(revoke, token_of(page)["device_id"].replace("-", ""))
    shoot(page, shots.good)
    expect(page.get_by_test_id("verdict")).to_have_text("Photo kept on this phone")
    expect(page.get_by_test_id("verdict-long")).to_contain_text("Ask for a new invite link")
    page.get_by_role("button", name="Back to my slot").click()
    expect(page.get_by_test_id("screen-slot")).to_be_visible()


@pytest.mark.slow
def test_the_wrong_direction_is_said_in_degrees(phone: Watched, codes: dict[str, str], shots: Photos) -> None:
    stand(phone, 10)
    page = joins(phone, codes["Turned"])
    at_the_place(page, 10)
    page.evaluate(
        """() => dispatchEvent(new DeviceOrientationEvent("deviceorientationabsolute",
             { alpha: 270, beta: 90, gamma: 0, absolute: true }))"""
    )
    shoot(page, shots.good)
    expect(page.get_by_test_id("verdict")).to_have_text(re.compile(r"^\d+° from the direction asked for$"))
    expect(page.get_by_test_id("verdict-long")).to_contain_text("Turn to what is shown")


@pytest.mark.slow
def test_what_was_judged_later_is_the_same_card_later(phone: Watched, codes: dict[str, str], shots: Photos) -> None:
    stand(phone, 12)
    page = joins(phone, codes["Later"])
    at_the_place(page, 12)
    phone.context.set_offline(True)
    shoot(page, shots.good)
    expect(page.get_by_test_id("verdict")).to_have_text("Photo kept on this phone")
    expect(page.get_by_test_id("proof")).to_contain_text("12\u00a0m from the slot; 50\u00a0m are allowed")
    page.get_by_role("button", name="Back to my slot").click()
    expect(page.get_by_test_id("screen-slot")).to_be_visible()
    phone.context.set_offline(False)
    judged = page.get_by_test_id("judged")
    expect(judged).to_contain_text("“The gate” is done by your photo.")
    # Another screen is shown in the same moment: what looks for endings then still finds this one unseen.
    judged.get_by_role("button", name="Show").evaluate(
        """(button) => {
          document.dispatchEvent(new CustomEvent("shown", { detail: { screen: "slot", changed: true } }));
          button.click();
        }"""
    )
    expect(page.get_by_test_id("verdict")).to_have_text("Done. Thank you, Alice.")
    expect(page.get_by_test_id("proof")).to_contain_text("12\u00a0m")
    expect(page.locator("#shot")).to_be_visible()
    expect(judged).to_be_hidden()
    page.reload()
    page.locator("html[data-whole=true]").wait_for()
    expect(page.get_by_test_id("slot-title")).to_have_text("The mill")
    expect(judged).to_have_count(0)


@pytest.mark.slow
def test_a_rejection_shows_the_reason_and_the_photo_before_the_retry(
    phone: Watched, product: Quickstart, codes: dict[str, str], shots: Photos
) -> None:
    stand(phone, 12)
    page = joins(phone, codes["Rejected"])
    at_the_place(page, 12)
    shoot(page, shots.good)
    expect(page.get_by_test_id("safe")).to_have_text(re.compile("1 of 1 safe"))
    behind(product, reject={kept(page)[0]["id"]: "The stone is not in it."})
    page.reload()
    message = page.get_by_test_id("message")
    expect(message).to_contain_text("Your photo of “The gate” was not accepted: The stone is not in it.")
    photo = page.get_by_test_id("rejected-photo")
    expect(photo).to_be_visible()
    assert photo.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1024
    page.get_by_text("I think it is right").click()
    page.get_by_test_id("objection").fill("The stone is behind the left post.")
    page.get_by_test_id("object").click()
    expect(message).to_contain_text("Somebody else looks at this photo again")
    said = manage(product.var, "shell", "-v", "0", "-c", OBJECTION).stdout
    assert said.strip() == "The stone is behind the left post."
