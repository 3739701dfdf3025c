"""Coming in by a link: once, again, to a second target, after a key ran out, and by links that open nothing."""

import re

import pytest
from cutting import LOSE_ANSWER, PASS, REFUSE, BadNetwork, Request
from meadow import behind, place, ready_to_join
from playwright.sync_api import Page, expect
from queueing import OnServer, fill, joined, jpeg, token_of, until_safe
from served import Quickstart
from watched import Watched

pytestmark = pytest.mark.xdist_group("browser")

EXPIRED = "UPDATE capturegraph_device SET expires_at = '2020-01-01 00:00:00' WHERE id = ?"


@pytest.fixture(scope="module")
def meadow(product: Quickstart) -> str:
    """The code of a second target."""
    return behind(product, targets={"The meadow": {"slots": [{"title": "Oak", **place(0)}]}})["The meadow"]


def open_invite(phone: Watched, code: str) -> Page:
    page = phone.context.new_page()
    page.goto(f"/join/{code}")
    page.locator("html[data-ready], body.plain").first.wait_for()
    return page


def people(server: OnServer) -> tuple[int, int]:
    """How many people there are, and how many phones."""
    ((users,),) = server.ask("SELECT count(*) FROM capturegraph_user")
    ((phones,),) = server.ask("SELECT count(*) FROM capturegraph_device")
    return users, phones


def held(page: Page) -> str:
    return page.evaluate("JSON.parse(localStorage.getItem('capturegraph.device')).target")


def test_a_lost_answer_makes_no_second_person(
    alice: Watched, network: BadNetwork, product: Quickstart, server: OnServer
) -> None:
    """The server has made her, and she does not know: she taps again."""
    users, phones = people(server)
    fates = [LOSE_ANSWER]

    def fate(request: Request) -> object:
        return fates.pop() if request.path == "/api/v1/join/" and fates else PASS

    network.fate = fate
    page = open_invite(alice, product.codes[0])
    page.get_by_test_id("name").fill("Alice")
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    expect(page.get_by_test_id("problem")).to_contain_text("Nothing is lost")
    assert people(server) == (users + 1, phones + 1)
    key = token_of(page)["token"]
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    assert people(server) == (users + 1, phones + 1)
    assert token_of(page)["token"] == key


def test_what_is_missing_is_said_beside_it(alice: Watched, product: Quickstart) -> None:
    page = open_invite(alice, product.codes[0])
    page.get_by_test_id("join").click()
    expect(page.get_by_test_id("problem")).to_contain_text("Tell us a name first")
    expect(page.get_by_test_id("name")).to_be_focused()
    expect(page.get_by_test_id("name")).to_have_attribute("aria-invalid", "true")
    page.get_by_test_id("name").fill("Alice")
    expect(page.get_by_test_id("join")).to_have_text("Join as Alice")
    page.get_by_test_id("join").click()
    expect(page.get_by_test_id("problem")).to_contain_text("tick that you agree")
    expect(page.get_by_test_id("consent")).to_be_focused()
    expect(page.get_by_test_id("name")).to_have_attribute("aria-invalid", "false")


@pytest.mark.slow
def test_everything_that_one_agrees_to_stands_there(
    alice: Watched, product: Quickstart, server: OnServer, meadow: str
) -> None:
    said = {
        "run_by": "Friends of the meadow", "contact": "Carol, 0151 234", "kept_for": "until 2028",
        "photo_licence": "CC BY 4.0", "safety_note": "Mind the bull.", "consent_text": "For the flora of the town.",
    }  # fmt: skip
    for field, text in said.items():
        server.write(f"UPDATE capturegraph_target SET {field} = ? WHERE name = 'The meadow'", text)
    page = open_invite(alice, meadow)
    facts = page.get_by_test_id("consent-facts")
    for text in (*said.values(), "your photos with place, accuracy, direction and time"):
        expect(facts).to_contain_text(text)
    expect(page.locator("main")).to_contain_text("Your position is kept only with photos that you send.")


@pytest.mark.slow
def test_who_takes_part_goes_straight_on(
    alice: Watched, network: BadNetwork, product: Quickstart, server: OnServer
) -> None:
    page = joined(alice, product.codes[0], "Alice")
    before, key = people(server), token_of(page)
    page.goto(f"/join/{product.codes[1]}", wait_until="commit")
    page.wait_for_url("**/field/")
    assert (people(server), token_of(page)) == (before, key)
    # The page of the invite comes, and then nothing more does.
    network.fate = lambda request: REFUSE if request.path.startswith("/api/") else PASS
    page.goto(f"/join/{product.codes[1]}", wait_until="commit")
    page.wait_for_url("**/field/")
    assert people(server) == before


@pytest.mark.slow
def test_the_same_person_joins_a_second_target(
    alice: Watched, product: Quickstart, server: OnServer, meadow: str
) -> None:
    page = joined(alice, product.codes[0], "Alice")
    first, before = held(page), people(server)
    page.goto(f"/join/{meadow}")
    expect(page.get_by_test_id("name")).to_have_value("Alice")
    expect(page.get_by_test_id("name")).to_have_attribute("readonly", "")
    page.get_by_test_id("join").click()
    expect(page.get_by_test_id("problem")).to_contain_text("tick that you agree")
    page.get_by_test_id("consent").check()
    expect(page.get_by_test_id("join")).to_have_text("Go on as Alice")
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    second = held(page)
    assert (second != first, people(server)) == (True, before)
    page.goto(f"/join/{product.codes[0]}", wait_until="commit")
    page.wait_for_url("**/field/")
    assert held(page) == first


@pytest.mark.slow
def test_new_words_are_agreed_to_before_it_goes_on(
    alice: Watched, product: Quickstart, server: OnServer, meadow: str
) -> None:
    page = joined(alice, meadow, "Alice")
    server.write(
        "UPDATE capturegraph_target SET consent_text = 'Now for a book.', consent_version = consent_version + 1 "
        "WHERE name = 'The meadow'"
    )
    page.goto(f"/join/{meadow}")
    ready_to_join(page)
    expect(page.get_by_test_id("consent-facts")).to_contain_text("Now for a book.")
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    user = token_of(page)["user"].replace("-", "")
    agreed = server.ask("SELECT consent_text FROM capturegraph_membership WHERE user_id = ?", user)
    assert "Now for a book." in agreed[0][0]


@pytest.mark.slow
def test_a_key_that_ran_out_keeps_the_queue_and_the_person(
    alice: Watched, network: BadNetwork, product: Quickstart, server: OnServer
) -> None:
    page = joined(alice, product.codes[0], "Alice")
    device, users = token_of(page), people(server)
    network.down = True
    photos = [jpeg(60, 1), jpeg(60, 2)]
    ids = fill(page, photos)
    server.write(EXPIRED, device["device_id"].replace("-", ""))
    network.down = False
    page.goto(f"/join/{product.codes[0]}", wait_until="commit")
    page.wait_for_url("**/field/")
    until_safe(page, ids)
    server.assert_has(ids, photos)
    assert (token_of(page), people(server)) == (device, users)


@pytest.mark.slow
def test_a_phone_that_was_signed_out_joins_as_somebody_new_when_told_so(
    alice: Watched, product: Quickstart, server: OnServer
) -> None:
    page = joined(alice, product.codes[0], "Alice")
    device = token_of(page)
    server.write(
        "UPDATE capturegraph_device SET revoked_at = '2026-01-01 00:00:00' WHERE id = ?",
        device["device_id"].replace("-", ""),
    )
    alice.expected.append("409")
    page.goto(f"/join/{product.codes[0]}")
    expect(page.get_by_test_id("problem")).to_contain_text("This phone was signed out")
    assert token_of(page) == device, "nothing is thrown away before somebody says so"
    page.get_by_test_id("name").fill("Ada")
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    now = token_of(page)
    assert (now["name"], now["user"] != device["user"], now["token"] != device["token"]) == ("Ada", True, True)


SPOILT = {
    "expires_at = '2020-01-01 00:00:00'": "run out",
    "uses_left = 0": "used up",
    "revoked_at = '2026-01-01 00:00:00'": "withdrawn",
}


def test_a_link_that_opens_nothing_says_whom_to_ask(alice: Watched, product: Quickstart, server: OnServer) -> None:
    """Invites of Carol's that have run out, been used up, been withdrawn."""
    alice.expected.append("410")
    slots = [{"title": "Oak", **place(0)}]
    codes = behind(product, targets={f"Spoilt {title}": {"slots": slots} for title in SPOILT.values()})
    carol = "(SELECT id FROM capturegraph_user WHERE username = 'carol')"
    there = "(SELECT id FROM capturegraph_target WHERE name = ?)"
    server.write("UPDATE capturegraph_target SET contact = '0151 234567' WHERE name LIKE 'Spoilt %'")
    ((name,),) = server.ask("SELECT name FROM capturegraph_user WHERE username = 'carol'")
    for how, title in SPOILT.items():
        spoil = f"UPDATE capturegraph_invite SET {how}, created_by_id = {carol} WHERE target_id = {there}"
        server.write(spoil, f"Spoilt {title}")
        page = open_invite(alice, codes[f"Spoilt {title}"])
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        expect(page.get_by_test_id("refused")).to_contain_text(name)
        expect(page.get_by_test_id("contact")).to_contain_text("0151 234567")
        page.close()


def test_a_link_that_nobody_knows(alice: Watched) -> None:
    alice.expected.append("404")
    page = open_invite(alice, "x" * 43)
    expect(page.get_by_test_id("refused")).to_contain_text("Part of the link may be missing")
    expect(page.get_by_test_id("contact")).to_have_count(0)


@pytest.mark.slow
def test_the_language_is_chosen_here_and_kept(alice: Watched, network: BadNetwork, product: Quickstart) -> None:
    page = open_invite(alice, product.codes[0])
    expect(page.locator("html")).to_have_attribute("lang", "en")
    choose(page, "Deutsch")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_test_id("name").fill("Alice")
    expect(page.get_by_test_id("join")).to_have_text("Als Alice mitmachen")
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.goto("/field/me/")
    expect(page.get_by_test_id("me")).to_be_visible()
    network.down = True
    choose(page, "Français")
    expect(page.locator("[data-language-problem]")).to_contain_text("Kein Netz")
    network.down = False
    choose(page, "Français", already_open=True)
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.goto("/field/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_text(re.compile("Mon lieu|Où êtes-vous")).first).to_be_attached()


def choose(page: Page, name: str, *, already_open: bool = False) -> None:
    if not already_open:
        page.get_by_test_id("languages").locator("summary").click()
    page.get_by_role("button", name=name).click()
