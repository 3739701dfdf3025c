"""My slot on the phone: way and time, saying no, news from others, no signal, no map."""

import re
from collections.abc import Iterator

import pytest
from conftest import PHONE, a_window
from meadow import as_base64, behind, joins, place, ready_to_join, scene, stand
from playwright.sync_api import Browser, Page, expect
from served import Quickstart
from walkers import Somebody, coordinators, enters, held, look_again
from watched import WITHOUT_SIGNAL, Watched

# One process runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("browser")

NEWS = "News"
# What the phone remembers of its slot, with nine minutes and a half left; the server is out of reach till "Extend".
SOON = """() => {
  const hands = JSON.parse(localStorage.getItem("capturegraph.hands"));
  for (const row of Object.values(hands).flatMap(({ rows }) => rows)) {
    row.expires_at = new Date(Date.now() + 570_000).toISOString();
  }
  localStorage.setItem("capturegraph.hands", JSON.stringify(hands));
}"""
LATER = {
    "contact": "Carol, +44 20 7946 0000",
    "lease_s": 900,
    "time_zone": "Europe/Zurich",
}


@pytest.fixture(scope="module")
def codes(product: Quickstart) -> dict[str, str]:
    """Targets of these tests: places at 300 m steps to the north."""
    quiet = [{"title": f"Field {n}", **place(300 * n)} for n in range(8)]
    calm = [{"title": f"Gate {n}", "note": "From the road.", **place(700 * n)} for n in range(6)]
    return behind(
        product,
        targets={
            NEWS: {"slots": quiet},
            "Calm": {"slots": calm, "settings": LATER, "reference": as_base64(scene(0))},
            "Doubt": {"slots": [{"title": f"Doubt {n}", **place(500 * n)} for n in range(6)]},
        },
    )


@pytest.fixture(scope="module")
def carol(product: Quickstart, codes: dict[str, str]) -> Somebody:
    """Who coordinates the target with the news."""
    assert codes
    return coordinators(product, NEWS)[NEWS]


@pytest.fixture
def no_map(browser: Browser, product: Quickstart) -> Iterator[Watched]:
    """A phone to which the map never comes."""
    for window in a_window(browser, product, **PHONE, permissions=["geolocation"]):
        window.context.route(re.compile(r"maplibre-gl"), lambda route: route.abort())
        window.expected = WITHOUT_SIGNAL
        yield window


def title_of(page: Page) -> str:
    """The slot on the screen, once there is one."""
    title = page.get_by_test_id("slot-title")
    expect(title).not_to_have_text("")
    return title.inner_text()


def turned(page: Page, alpha: float) -> None:
    """Turn the phone: `alpha` counts against the clock from magnetic north, as browsers do."""
    event = "Object.assign(new Event('deviceorientationabsolute'), {absolute: true, alpha: %s})"
    page.evaluate(f"dispatchEvent({event % alpha})")


def test_the_slot_says_how_far_which_way_how_sure_and_how_long(phone: Watched, codes: dict[str, str]) -> None:
    """Title, note, reference photo, distance, direction with and without a compass, accuracy, time, contact, map."""
    stand(phone, -165, accuracy=8)
    page = joins(phone, codes["Calm"])
    expect(page.get_by_test_id("slot-title")).to_have_text("Gate 0")
    expect(page.get_by_test_id("slot-note")).to_have_text("From the road.")
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"165\s*m"))
    expect(page.get_by_test_id("direction")).to_have_text("north")
    expect(page.get_by_test_id("position")).to_contain_text("Position is good: ±8\u00a0m")
    expect(page.get_by_test_id("time-left")).to_have_text(re.compile(r"1[0-9]\s*min\s*left|20\s*min\s*left"))
    expect(page.locator("#contact-link")).to_have_attribute("href", "tel:+442079460000")
    expect(page.get_by_test_id("navigate")).to_have_attribute("href", re.compile(r"47\.0.*9\.0|mlat=47"))
    # The phone's top points 87° east of magnetic north, which is some 3.5° more from true north here.
    turned(page, 273.0)
    expect(page.get_by_test_id("direction")).to_have_text("to your left")
    expect(page.locator("#far-long")).not_to_contain_text("magnetic")
    turn = float(re.findall(r"-?[\d.]+", page.locator("#needle").get_attribute("transform") or "")[0])
    assert turn % 360 == pytest.approx(269.5, abs=1)
    page.get_by_test_id("reference").click()
    expect(page.locator("#reference-large")).to_be_visible()
    page.locator("[data-act=reference-close]").click()
    page.get_by_test_id("open-map").click()
    expect(page.get_by_test_id("screen-map").locator("canvas")).to_be_visible()
    page.get_by_test_id("screen-map").get_by_role("button", name="Back to my slot").click()
    expect(page.get_by_test_id("slot-title")).to_be_visible()


def test_below_ten_minutes_it_warns_once_and_one_tap_extends(phone: Watched, codes: dict[str, str]) -> None:
    """A plate, a buzz and a sentence for screen readers; after "Extend" they are gone."""
    phone.expected = WITHOUT_SIGNAL
    phone.context.add_init_script(
        "navigator.vibrate = (pattern) => { (window.buzzed ??= []).push(pattern); return true }"
    )
    stand(phone, -120)
    page = joins(phone, codes["Calm"])
    expect(page.get_by_test_id("time-left")).to_have_text(re.compile(r"left"))
    expect(page.get_by_test_id("screen-slot")).not_to_have_class(re.compile("soon"))
    phone.context.route(re.compile(r"/api/v1/assignments/\?"), lambda route: route.abort())
    page.evaluate(SOON)
    page.reload()
    expect(page.get_by_test_id("screen-slot")).to_have_class(re.compile("soon"))
    expect(page.get_by_test_id("time-spoken")).to_contain_text("9\u00a0min\u00a0left. Tap “Extend”")
    assert page.evaluate("window.buzzed.length") == 1
    page.locator("#time-plate").get_by_role("button", name="Extend").click()
    expect(page.get_by_test_id("screen-slot")).not_to_have_class(re.compile("soon"))
    expect(page.get_by_test_id("time-left")).to_have_text(re.compile(r"[1-9]\d\s*min\s*left"))


def test_saying_no_needs_a_reason_and_brings_the_next(
    phone: Watched, product: Quickstart, codes: dict[str, str]
) -> None:
    """Seven reasons, a note; the same place is never offered to this person again."""
    stand(phone, 0)
    page = joins(phone, codes["Doubt"])
    first = title_of(page)
    row = held(page)
    page.get_by_test_id("decline").click()
    expect(page.get_by_role("radio")).to_have_count(7)
    page.get_by_test_id("decline-send").click()
    expect(page.get_by_test_id("decline-missing")).to_contain_text("Choose a reason first")
    page.get_by_label("Something blocks the view").check()
    page.get_by_label("A note, if you like").fill("A lorry, for weeks.")
    page.get_by_test_id("decline-send").click()
    expect(page.get_by_test_id("slot-title")).not_to_have_text(first)
    expect(page.get_by_test_id("notice")).to_contain_text(first)
    said = page.evaluate(
        """async (id) => {
          const { token } = JSON.parse(localStorage.getItem("capturegraph.device"));
          const answer = await fetch("/api/v1/assignments/", { headers: { Authorization: `Bearer ${token}` } });
          return (await answer.json()).results.find((row) => row.id === id);
        }""",
        row["id"],
    )
    assert (said["state"], said["reason"], said["note"]) == ("declined", "blocked_view", "A lorry, for weeks.")
    page.get_by_test_id("release").click()
    expect(page.get_by_test_id("reason-title")).to_have_text("Given back. Thank you.")


@pytest.mark.slow
def test_what_happens_meanwhile_is_told_on_calm_cards(
    phone: Watched, product: Quickstart, codes: dict[str, str], carol: Somebody
) -> None:
    """Another's photo does my slot, the next is withdrawn, the target pauses: told, and the next one is offered."""
    stand(phone, 0)
    page = joins(phone, codes[NEWS])
    title_of(page)
    one = held(page)
    bob = enters(product, codes[NEWS], "Bob")
    bob.photograph(one["slot_detail"])
    look_again(page)
    card = page.get_by_test_id("message")
    expect(card).to_contain_text(f"“{one['slot_detail']['title']}” has been photographed by somebody else")
    expect(page.get_by_test_id("slot-title")).not_to_have_text(one["slot_detail"]["title"])
    two = held(page, after=one["id"])
    card.get_by_role("button", name="OK").click()
    expect(card).to_have_count(0)
    assert carol.withdraw(two["slot"]) == 200
    look_again(page)
    expect(card).to_contain_text("is not needed any more")
    expect(page.get_by_test_id("slot-title")).not_to_have_text(two["slot_detail"]["title"])
    card.get_by_role("button", name="OK").click()
    three = title_of(page)
    assert carol.change(state="paused") == 200
    look_again(page)
    expect(card).to_contain_text("There is a pause")
    expect(page.get_by_test_id("slot-title")).to_have_text(three)
    page.reload()
    # What was not read is told again; what was read is not.
    expect(card).to_have_count(1)
    assert carol.change(state="open") == 200


def test_without_signal_a_question_and_a_no_wait_and_go_by_themselves(
    phone: Watched, product: Quickstart, codes: dict[str, str]
) -> None:
    """Nothing is tapped twice: what was said offline is there when the signal is."""
    phone.expected = WITHOUT_SIGNAL
    stand(phone, 900)
    page = joins(phone, codes["Doubt"], "Ben")
    title = title_of(page)
    row = held(page)
    phone.context.set_offline(True)
    page.get_by_test_id("decline").click()
    page.get_by_label("It is not safe").check()
    page.get_by_test_id("decline-send").click()
    expect(page.get_by_test_id("waiting")).to_contain_text(title)
    expect(page.get_by_test_id("reason-title")).to_have_text("Waiting for a signal")
    phone.context.set_offline(False)
    expect(page.get_by_test_id("slot-title")).to_be_visible()
    expect(page.get_by_test_id("slot-title")).not_to_have_text(title)
    expect(page.get_by_test_id("waiting")).to_be_hidden()
    held(page, after=row["id"])


def test_everything_works_where_the_map_never_comes(no_map: Watched, codes: dict[str, str]) -> None:
    stand(no_map, -100)
    page = joins(no_map, codes["Calm"], "Mia")
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"\d\s*k?m"))
    page.get_by_test_id("open-map").click()
    expect(page.get_by_test_id("screen-map")).to_contain_text("This browser cannot draw maps")
    page.get_by_test_id("screen-map").get_by_role("button", name="Back to my slot").click()
    expect(page.get_by_test_id("navigate")).to_be_visible()
    page.get_by_test_id("release").click()
    expect(page.get_by_test_id("reason-title")).to_have_text("Given back. Thank you.")


def test_the_map_comes_as_soon_as_it_can_be_had(no_map: Watched, codes: dict[str, str]) -> None:
    """The signal was bad when it was first looked at: nobody has to open the page again."""
    stand(no_map, -100)
    page = joins(no_map, codes["Calm"], "Ida")
    page.get_by_test_id("open-map").click()
    expect(page.get_by_test_id("screen-map")).to_contain_text("This browser cannot draw maps")
    page.get_by_test_id("screen-map").get_by_role("button", name="Back to my slot").click()
    no_map.context.unroute_all()
    page.get_by_test_id("open-map").click()
    expect(page.get_by_test_id("screen-map").locator("canvas")).to_be_visible()
    expect(page.get_by_text("This browser cannot draw maps")).to_be_hidden()


@pytest.mark.slow
def test_two_targets_on_one_phone(phone: Watched, product: Quickstart, codes: dict[str, str]) -> None:
    """A member of two targets goes over from one to the other, and each keeps its slot."""
    stand(phone, 0)
    page = joins(phone, codes["Calm"], "Tom")
    expect(page.get_by_test_id("switch")).to_be_hidden()
    calm = title_of(page)
    page.goto(f"/join/{codes['Doubt']}")
    ready_to_join(page)
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    expect(page.get_by_test_id("target-name")).to_have_text("Doubt")
    mine = title_of(page)
    page.get_by_test_id("switch").click()
    page.get_by_test_id("screen-targets").get_by_role("button", name="Calm").click()
    expect(page.get_by_test_id("target-name")).to_have_text("Calm")
    expect(page.get_by_test_id("slot-title")).to_have_text(calm)
    page.get_by_test_id("switch").click()
    page.get_by_test_id("screen-targets").get_by_role("button", name="Doubt").click()
    expect(page.get_by_test_id("slot-title")).to_have_text(mine)
