"""Photos on the way from a phone to the server, over a network that really breaks, and what the phone says of them."""

import base64

import pytest
from cutting import LOSE_ANSWER, PASS, BadNetwork, Request, Stall, by_chance
from meadow import ready_to_join
from playwright.sync_api import expect
from queueing import OnServer, fill, joined, jpeg, open_photos, queue, token_of, until_safe, whole
from served import Quickstart, Visitor
from watched import Watched

LATE = "2020-01-01 00:00:00"

# One process runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("browser")


# --- bad networks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))], ids="seed {}".format
)
def test_twenty_photos_taken_offline_arrive_once_over_a_network_that_breaks(
    alice: Watched, network: BadNetwork, server: OnServer, product: Quickstart, seed: int
) -> None:
    """30 % of the requests fail: not let through, cut in the middle of the body, or answered to nobody."""
    page = joined(alice, product.codes[0], "Alice")
    before = server.count()
    alice.context.set_offline(True)
    photos = [jpeg(100 + 35 * place, place) for place in range(19)] + [jpeg(1800, 19)]
    ids = fill(page, photos)
    assert len(photos[-1]) > 2 << 20, "one goes in several pieces"
    expect(page.get_by_test_id("safe")).to_have_text("0 of 20 safe")
    network.fate = by_chance(0.3, seed)
    alice.context.set_offline(False)
    until_safe(page, ids)
    server.assert_has(ids, photos)
    assert server.count() == before + 20
    # Some requests did fail; how many of them depends on how many the page needed.
    assert network.failed >= 3
    expect(page.get_by_test_id("safe")).to_have_text("20 of 20 safe")


FACTS, PHOTO, MANIFEST = ("PUT", "-"), ("PUT", "photo/"), ("POST", "manifest/")
# Where the phone dies: at which call (the how manieth of its kind), after how many bytes of its body (None: all of it,
# and the answer is lost).
POINTS: dict[str, tuple[tuple[str, str], int, int | None]] = {
    "before the facts": (FACTS, 1, 0),
    "the facts are there, their answer is lost": (FACTS, 1, None),
    "before the first byte": (PHOTO, 1, 0),
    "after one byte": (PHOTO, 1, 1),
    "in the middle of the first piece": (PHOTO, 1, 500_000),
    "the first piece is there, its answer is lost": (PHOTO, 1, None),
    "in the middle of the second piece": (PHOTO, 2, 600_000),
    "the last byte is there, its answer is lost": (PHOTO, 2, None),
    "before the count": (MANIFEST, 1, 0),
    "counted, the answer is lost": (MANIFEST, 1, None),
}
SHORT = ("in the middle of the second piece",)


def stall_at(name: str, capture: str) -> Stall:
    """The point by its name, in the upload of one capture."""
    (method, ending), number, after_bytes = POINTS[name]
    seen = [0]

    def wanted(request: Request) -> bool:
        address = f"/captures/{capture}/{ending}" if ending == "photo/" else ending
        address = f"/captures/{capture}/" if ending == "-" else address
        if request.method != method or not request.path.endswith(address) or (method == "POST" and not request.length):
            return False
        # Asking how much is there has no body, and is no piece.
        seen[0] += 1 if request.length else 0
        return seen[0] == number and request.length > 0

    return Stall(name, wanted, after_bytes)


@pytest.mark.parametrize("point", [p if p in SHORT else pytest.param(p, marks=pytest.mark.slow) for p in POINTS])
def test_a_tab_that_is_killed_in_an_upload_goes_on_where_it_was(
    alice: Watched, network: BadNetwork, server: OnServer, product: Quickstart, point: str
) -> None:
    page = joined(alice, product.codes[0], "Alice")
    before, photo = server.count(), jpeg(1500, 5)
    alice.context.set_offline(True)
    (capture,) = fill(page, [photo])
    stall = network.stall = stall_at(point, capture)
    alice.context.set_offline(False)
    assert stall.reached.wait(120), point
    page.close()
    stall.released.set()
    again = alice.context.new_page()
    again.goto("/field/")
    whole(again)
    until_safe(again, [capture])
    server.assert_has([capture], [photo])
    assert server.count() == before + 1


def test_what_is_there_is_not_sent_again(
    alice: Watched, network: BadNetwork, server: OnServer, product: Quickstart
) -> None:
    """After a cut the rest goes, and not all of it once more."""
    page = joined(alice, product.codes[0], "Alice")
    photo = jpeg(1500, 6)
    sent: list[int] = []

    def fate(request: Request) -> object:
        if request.path.endswith("/photo/") and request.length:
            sent.append(request.length)
            return LOSE_ANSWER if len(sent) == 1 else PASS
        return PASS

    network.fate = fate  # type: ignore[assignment]
    (capture,) = fill(page, [photo])
    until_safe(page, [capture])
    server.assert_has([capture], [photo])
    assert sum(sent) == len(photo)


@pytest.mark.slow
def test_two_tabs_send_each_photo_once(
    alice: Watched, network: BadNetwork, server: OnServer, product: Quickstart
) -> None:
    page = joined(alice, product.codes[0], "Alice")
    other = alice.context.new_page()
    other.goto("/field/")
    whole(other)
    alice.context.set_offline(True)
    photos = [jpeg(200, place) for place in range(5)]
    ids = fill(page, photos)
    network.seen.clear()
    alice.context.set_offline(False)
    until_safe(page, ids)
    server.assert_has(ids, photos)
    told = [path for method, path in network.seen if method == "PUT"]
    assert sorted(told) == sorted([f"/api/v1/captures/{one}/{what}" for one in ids for what in ("", "photo/")])
    # The other tab knows of it without a reload.
    expect(other.get_by_test_id("safe")).to_have_text("5 of 5 safe")


# --- keys that are good no more ---------------------------------------------------------------------------------------


def owners(server: OnServer, ids: list[str]) -> set[str]:
    marks = ",".join("?" * len(ids))
    sql = f"SELECT volunteer_id FROM capturegraph_capture WHERE id IN ({marks})"
    return {row[0] for row in server.ask(sql, *(one.replace("-", "") for one in ids))}


def test_a_queue_outlives_its_key_and_goes_on_by_the_link(
    alice: Watched, server: OnServer, product: Quickstart
) -> None:
    """The token runs out while photos wait: they stay, the page says what to do, and the link sends them."""
    page = joined(alice, product.codes[0], "Alice")
    device, photos = token_of(page), [jpeg(200, place) for place in range(3)]
    alice.context.set_offline(True)
    ids = fill(page, photos)
    server.write(
        "UPDATE capturegraph_device SET expires_at = ? WHERE id = ?", LATE, device["device_id"].replace("-", "")
    )
    alice.context.set_offline(False)
    expect(page.get_by_test_id("notice")).to_contain_text("no longer known")
    open_photos(page)
    expect(page.get_by_test_id("plate-lost")).to_contain_text("Ask for a new link")
    assert [(row["safe"], row["problem"]) for row in queue(page)] == [(False, None)] * 3
    page.goto(f"/join/{product.codes[0]}", wait_until="commit")
    page.wait_for_url("**/field/")
    whole(page)
    until_safe(page, ids)
    server.assert_has(ids, photos)
    assert owners(server, ids) == {device["user"].replace("-", "")}


@pytest.mark.slow
def test_another_key_of_the_same_person_sends_what_the_old_one_took(
    alice: Watched, network: BadNetwork, server: OnServer, product: Quickstart
) -> None:
    """The phone was signed out, with a photo half sent. By a link it is hers again, under a new key."""
    alice.expected.append("the server responded with a status of 409")
    page = joined(alice, product.codes[0], "Alice")
    device, photo = token_of(page), jpeg(1500, 8)
    own = Visitor(product.url, device["token"])
    link = own.post("/api/v1/me/devices/link/", {}).json
    stall = network.stall = stall_at("in the middle of the second piece", "")
    stall.wanted = _second_piece()
    (capture,) = fill(page, [photo])
    assert stall.reached.wait(120)
    assert own.ask("DELETE", f"/api/v1/me/devices/{device['device_id']}/").status == 204
    stall.released.set()
    expect(page.get_by_test_id("notice")).to_contain_text("no longer known")
    page.goto(f"/join/{link['code']}")
    ready_to_join(page)
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    expect(page.get_by_test_id("problem")).to_be_visible()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    whole(page)
    until_safe(page, [capture])
    server.assert_has([capture], [photo])
    assert owners(server, [capture]) == {device["user"].replace("-", "")}
    assert token_of(page)["device_id"] != device["device_id"]


def _second_piece() -> "object":
    seen = [0]

    def wanted(request: Request) -> bool:
        seen[0] += 1 if request.path.endswith("/photo/") and request.length else 0
        return seen[0] == 2

    return wanted


# --- what older pages kept, and browsers that keep nothing ------------------------------------------------------------

OLDER = """async ([id, device_id, text]) => {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const photo = new Blob([bytes], { type: "image/jpeg" });
  const { target } = JSON.parse(document.getElementById("invite").textContent);
  const open = indexedDB.open("capturegraph", 1);
  open.onupgradeneeded = () => open.result.createObjectStore("captures", { keyPath: "id" });
  const db = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
  const transaction = db.transaction("captures", "readwrite");
  const taken_at = new Date(Date.now() - 3_600_000).toISOString();
  const metadata = { target, latitude: 38.9, longitude: -77.1, taken_at };
  transaction.objectStore("captures").put({
    id, device_id, target, slot: { title: "Old", latitude: 38.9, longitude: -77.1, allowed_m: 50 }, metadata, photo,
    type: "image/jpeg", size: bytes.length, sha256: null, told: false, sent: false, safe: false, problem: null,
    receipt: null, kept_at: Date.now(),
  });
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  db.close();
}"""


@pytest.mark.slow
def test_what_an_older_page_kept_is_sent_by_this_one(alice: Watched, product: Quickstart, server: OnServer) -> None:
    page = alice.context.new_page()
    page.goto(f"/join/{product.codes[0]}")
    known = {"device_id": "0d1e1f00-0000-4000-8000-00000000beef", "token": "o" * 43, "user": None, "target": None}
    page.evaluate("(known) => localStorage.setItem('capturegraph.device', JSON.stringify(known))", known)
    photo, capture = jpeg(300, 3), "0d1e1f00-0000-4000-8000-0000000000aa"
    page.evaluate(OLDER, [capture, known["device_id"], base64.b64encode(photo).decode()])
    page.reload()
    ready_to_join(page)
    page.get_by_test_id("name").fill("Alice")
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    whole(page)
    until_safe(page, [capture])
    server.assert_has([capture], [photo])


def test_a_browser_that_keeps_nothing_is_told_so_before_the_shutter(alice: Watched, product: Quickstart) -> None:
    alice.context.add_init_script(
        "Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    page = joined(alice, product.codes[0], "Alice")
    expect(page.get_by_test_id("room")).to_contain_text("Open the link in an ordinary window")


@pytest.mark.slow
def test_no_room_is_said_before_the_shutter(alice: Watched, product: Quickstart) -> None:
    alice.context.add_init_script(
        "const estimate = async () => ({ quota: 5e8, usage: 4.95e8 });"
        "if (navigator.storage) Object.defineProperty(navigator.storage, 'estimate', { value: estimate });"
    )
    page = joined(alice, product.codes[0], "Alice")
    expect(page.get_by_test_id("room")).to_contain_text("no room for another photo")
