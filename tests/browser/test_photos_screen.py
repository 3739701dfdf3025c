"""The screen "My photos": what it says of each photo, what can be done about it, and what it lets go."""

import hashlib
import zipfile
from pathlib import Path

import orjson
import pytest
from cutting import BadNetwork
from playwright.sync_api import Page, expect
from queueing import OnServer, fill, joined, jpeg, open_photos, queue, token_of, until_safe
from served import ROOT, Quickstart, until
from watched import Watched

# One process runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("browser")


def close_photos(page: Page) -> None:
    page.get_by_test_id("photos-close").click()
    expect(page.get_by_test_id("photos")).to_be_hidden()


def test_each_bad_photo_is_a_sentence_that_says_what_to_do(
    alice: Watched, product: Quickstart, server: OnServer, tmp_path: Path
) -> None:
    """Empty, 60 MB, cut on the phone: said, not sent, saved by hand, put aside and brought back. HEIC simply goes."""
    page = joined(alice, product.codes[0], "Alice")
    heic = (ROOT / "tests" / "data" / "photos" / "still.heic").read_bytes()
    cut = jpeg(200, 1)
    alice.context.set_offline(True)
    ids = fill(
        page,
        [heic, b"", cut, b"no photo at all"],
        [{"type": "image/heic"}, {}, {"size": 2 * len(cut)}, {}],
    )
    page.evaluate(MAKE_LARGE, ids[3])
    alice.context.set_offline(False)
    until_safe(page, ids[:1])
    open_photos(page)
    problems = page.get_by_test_id("photo-problem")
    expect(problems).to_have_count(3)
    expect(problems.filter(has_text="Stone 2")).to_contain_text("This photo is empty")
    expect(problems.filter(has_text="Stone 3")).to_contain_text("damaged on the phone")
    expect(problems.filter(has_text="Stone 4")).to_contain_text("40 MB")
    expect(page.get_by_test_id("photos-count")).to_have_text("1 of 4 safe on server")
    expect(page.get_by_test_id("photo-row")).to_contain_text("cannot show this kind")
    with page.expect_download() as download:
        page.get_by_test_id("photos-save").click()
    file = tmp_path / "unsent.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(file) as saved:
        assert saved.testzip() is None
        facts = {one["id"]: one for one in orjson.loads(saved.read("captures.json"))}
        assert set(facts) == set(ids[1:])
        assert hashlib.sha256(saved.read(facts[ids[2]]["file"])).digest() == hashlib.sha256(cut).digest()
        assert "Boundary stones" in saved.read("README.txt").decode()
        assert token_of(page)["token"] not in saved.read("captures.json").decode()
    problems.filter(has_text="Stone 2").get_by_test_id("photos-aside").click()
    expect(page.get_by_test_id("photos-count")).to_have_text("1 of 3 safe on server")
    page.get_by_role("button", name="Bring them back").click()
    expect(page.get_by_test_id("photos-count")).to_have_text("1 of 4 safe on server")
    assert server.captures(ids[1:]) == {}


MAKE_LARGE = """async (id) => {
  const open = indexedDB.open("capturegraph");
  const db = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
  const transaction = db.transaction(["captures", "photos"], "readwrite");
  const get = transaction.objectStore("captures").get(id);
  get.onsuccess = () => {
    const photo = new Blob([new Uint8Array(60_000_000)], { type: "image/jpeg" });
    transaction.objectStore("photos").put({ id, photo });
    const fresh = { problem: null, told: false, sent: false, begun: false };
    transaction.objectStore("captures").put({ ...get.result, ...fresh, size: photo.size });
  };
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  db.close();
}"""


def test_the_phone_lets_go_only_of_what_the_server_says_it_has(
    alice: Watched, network: BadNetwork, product: Quickstart, server: OnServer
) -> None:
    """The server is asked once more at the tap; what it has lost stays, and is sent again."""
    page = joined(alice, product.codes[0], "Alice")
    photos = [jpeg(300, place) for place in range(3)]
    ids = fill(page, photos)
    until_safe(page, ids)
    open_photos(page)
    # This browser cannot tell a Wi-Fi, and the switch says so.
    expect(page.get_by_test_id("wifi-only")).to_be_disabled()
    expect(page.locator("#photos-wifi-words")).to_contain_text("does not tell Wi-Fi from mobile data")
    expect(page.get_by_test_id("photos-count")).to_have_text("3 of 3 safe on server")
    expect(page.get_by_test_id("photos-counted")).to_contain_text("counted them itself, just now")
    server.write("DELETE FROM capturegraph_match WHERE capture_id = ?", ids[0].replace("-", ""))
    server.write("DELETE FROM capturegraph_capture WHERE id = ?", ids[0].replace("-", ""))
    network.seen.clear()
    page.get_by_test_id("photos-free").click()
    expect(page.get_by_test_id("photos-notice")).to_contain_text("free again")
    assert ("POST", "/api/v1/captures/manifest/") in network.seen
    freed = {row["id"]: row["freed"] for row in queue(page)}
    assert freed == {ids[0]: False, ids[1]: True, ids[2]: True}
    close_photos(page)
    page.evaluate("dispatchEvent(new Event('online'))")
    until_safe(page, ids)
    server.assert_has(ids, photos)


def test_on_mobile_data_the_facts_go_and_the_photos_wait_for_a_wifi(
    alice: Watched, product: Quickstart, server: OnServer
) -> None:
    """As a phone's Chromium tells of its connection, which the one of a desk does not."""
    alice.context.add_init_script(
        "globalThis.fake = Object.assign(new EventTarget(), { type: 'cellular', effectiveType: '4g' });"
        "Object.defineProperty(navigator, 'connection', { get: () => fake });"
    )
    page = joined(alice, product.codes[0], "Alice")
    open_photos(page)
    page.get_by_test_id("wifi-only").check()
    expect(page.locator("#photos-wifi-words")).to_have_text("On: photos wait for a Wi-Fi")
    photo = jpeg(300, 4)
    (capture,) = fill(page, [photo])
    expect(page.get_by_test_id("photo-row")).to_contain_text("waits for a Wi-Fi")
    until(lambda: server.captures([capture]) == {capture.replace("-", ""): ("awaiting_photo", "")}, "the facts")
    page.evaluate("fake.type = 'wifi'; fake.dispatchEvent(new Event('change'))")
    until_safe(page, [capture])
    server.assert_has([capture], [photo])
