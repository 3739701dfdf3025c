"""Opening a target to everybody, in a real browser: what it would mean is said before it is saved."""

import re

import pytest
from conftest import DESK, PHONE
from playwright.sync_api import Browser, expect
from seeing import Eye, Look, window
from served import Quickstart
from test_people_screens import DAY, NIGHT, Wells, opened, wells

__all__ = ["wells"]
pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize(
    ("look", "phone"),
    [
        pytest.param(DAY, True, id="phone by day"),
        pytest.param(DAY, False, id="desk by day", marks=pytest.mark.slow),
        pytest.param(NIGHT, False, id="desk by night", marks=pytest.mark.slow),
        pytest.param(NIGHT, True, id="phone by night", marks=pytest.mark.slow),
    ],
)
def test_what_everybody_would_see_is_said_before_it_is_saved(
    browser: Browser, product: Quickstart, wells: Wells, look: Look, phone: bool
) -> None:
    eye = Eye(look, phone=phone)
    with window(browser, product, look, PHONE if phone else DESK) as context:
        page = opened(context, product, wells, "settings/")
        means = page.locator("#public_round_m-now")
        expect(means).to_have_text("Nobody else sees anything.")
        page.get_by_label("Accepted photos are for everybody").check()
        expect(means).to_contain_text("in which square of")
        page.get_by_label("Positions are rounded to, metres").fill("0")
        expect(means).to_have_text("Everybody sees exactly where each photo was taken.")
        page.get_by_test_id("save").click()
        expect(page.locator("#id_public_round_m_error")).to_contain_text("0 shows everybody exactly where")
        page.locator("#public").scroll_into_view_if_needed()
        eye.on(page, "settings with exact positions that nobody allowed")
        page.get_by_label("Positions are rounded to, metres").fill("100")
        page.get_by_test_id("save").click()
        expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
        expect(page.get_by_test_id("published")).to_contain_text("everybody sees 0")
        eye.on(page, "settings of an open target")
        link = page.get_by_role("link", name="The address to pass on").get_attribute("href")
        assert link is not None
        assert re.fullmatch(r"/api/v1/public/targets/[0-9a-f-]{36}/captures\.geojson", link)
        anybody = browser.new_context(base_url=product.url)
        try:
            answer = anybody.request.get(link)
            assert answer.json() == {"type": "FeatureCollection", "features": []}
        finally:
            anybody.close()
    assert eye.wrong == [], "\n".join(["", *eye.wrong])
