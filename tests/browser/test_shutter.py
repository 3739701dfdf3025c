"""The shutter on a phone: what is said of a photo before it is kept, the viewfinder, and cameras that are not there."""

import base64
import io
import os
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import LONG_AGO, PHONE, a_chromium, a_window
from meadow import Photos, as_base64, behind, joins, kept, photos, place, scene, shoot, stand
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from queueing import IMPORTED, OnServer
from served import ROOT, Quickstart, until
from watched import Watched

pytestmark = pytest.mark.xdist_group("browser")

STILL = ROOT / "tests" / "data" / "photos" / "still.heic"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium with a camera that shows a moving disc; pages have to be allowed to see it."""
    yield from a_chromium("--use-fake-device-for-media-stream")


@pytest.fixture(scope="module")
def code(product: Quickstart) -> str:
    """An invite to a target of one slot in the middle, with a reference photo, to be photographed by many."""
    slot = {"title": "The old house", "required_count": 50, "heading": 4, **place(0)}
    second = {"title": "The mill", "required_count": 50, **place(900)}
    wanted = {"slots": [slot, second], "reference": as_base64(scene(0))}
    return behind(product, targets={"Shutter": wanted})["Shutter"]


@pytest.fixture
def phone(browser: Browser, product: Quickstart, server: OnServer) -> Iterator[Watched]:
    """A phone that may know where it is and see through its camera; what it holds in the end is given back."""
    yield from a_window(browser, product, **PHONE, permissions=["geolocation", "camera"])
    server.write("UPDATE capturegraph_assignment SET started_at = ?, expires_at = ? WHERE state = 'held'", *LONG_AGO)


@pytest.fixture
def shots(tmp_path: Path) -> Photos:
    return photos(tmp_path)


def asked(page: Page, *codes: str) -> list[str]:
    """Wait until this is what the phone found, in this order, and nothing else; give its words."""
    expect(page.get_by_test_id("screen-check")).to_be_visible()
    lines = page.get_by_test_id("findings").locator("li")
    expect(lines).to_have_count(len(codes))
    for number, code in enumerate(codes):
        expect(lines.nth(number)).to_have_attribute("data-code", code)
    return lines.all_inner_texts()


def take_again(page: Page, photo: Any) -> None:
    """The camera opens again from where it was questioned."""
    with page.expect_file_chooser() as camera:
        page.get_by_role("button", name="Take it again").click()
    camera.value.set_files(photo)


def send_anyway(page: Page) -> None:
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_test_id("screen-after")).to_be_visible()


def back_to_the_slot(page: Page) -> None:
    page.locator("[data-foot=after-again] [data-act=again]").click()
    expect(page.get_by_test_id("screen-slot")).to_be_visible()


# --- what is found before it is kept ----------------------------------------------------------------------------------


def test_each_thing_that_may_be_wrong_is_said_with_its_figure(phone: Watched, code: str, shots: Photos) -> None:
    stand(phone, 80, accuracy=70)
    page = joins(phone, code)
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"80\s*m"))
    shoot(page, shots.blurred)
    far, rough, _blurred = asked(page, "far", "rough", "blurred")
    assert "80\u00a0m from the slot; less than 50\u00a0m" in far
    assert "±70\u00a0m; ±50\u00a0m is needed" in rough
    assert kept(page) == []
    take_again(page, shots.dark)
    _far, _rough, dark = asked(page, "far", "rough", "dark")
    assert re.search(r"\d\u00a0% of full light", dark)
    send_anyway(page)
    (row,) = kept(page)
    assert row["metadata"]["warned"] == ["far", "rough", "dark"]
    assert row["metadata"]["taken_with"] == "camera"
    assert row["metadata"]["accuracy_m"] == 70
    expect(page.get_by_test_id("verdict")).to_have_text("The position was too rough")
    back_to_the_slot(page)
    stand(phone, 20)
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"20\s*m"))
    shoot(page, shots.dark)
    asked(page, "same", "dark")
    take_again(page, shots.good)
    expect(page.get_by_test_id("verdict")).to_have_text("Done. Thank you, Alice.")
    assert "warned" not in kept(page)[1]["metadata"]
    # The next slot is another place: what looks like the last photo is questioned there, a second try here is not.
    stand(phone, 890)
    page.get_by_test_id("take-me").click()
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"10\s*m"))
    shoot(page, png(scene(0).resize((900, 675))))
    assert "The old house" in asked(page, "alike")[0]


def png(picture: Image.Image) -> dict[str, Any]:
    """The file that a camera which writes PNG would bring."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return {"name": "a.png", "mimeType": "image/png", "buffer": file.getvalue()}


@pytest.mark.slow
def test_a_photo_from_the_library_is_told_as_that_and_has_no_position_of_ours(
    phone: Watched, code: str, shots: Photos
) -> None:
    stand(phone, 20)
    page = joins(phone, code)
    old = time.time() - timedelta(hours=5).total_seconds()
    os.utime(shots.good, (old, old))
    shoot(page, shots.good)
    assert "5\u00a0hours old" in asked(page, "from_library")[0]
    send_anyway(page)
    (row,) = kept(page)
    assert row["metadata"]["from_library"] is True
    assert "latitude" not in row["metadata"]


NOT_SENT: dict[str, tuple[Any, str]] = {
    "zero bytes": (b"", "0 bytes"),
    "60 MB": (b"\xff\xd8\xff" + bytes(60_000_000), "60.0\u00a0MB; 40\u00a0MB can be sent"),
    "no photo": (b"%PDF-1.7 a letter", "not a photo"),
}


@pytest.mark.slow
def test_what_the_server_would_refuse_is_refused_here_and_nothing_else_is(
    phone: Watched, code: str, tmp_path: Path
) -> None:
    stand(phone, 20)
    page = joins(phone, code)
    for data, sentence in NOT_SENT.values():
        # Playwright hands on at most 50 MB by itself.
        path = tmp_path / "photo.jpg"
        path.write_bytes(data)
        shoot(page, path)
        expect(page.get_by_test_id("check-title")).to_have_text("This photo cannot be sent")
        expect(page.get_by_test_id("findings")).to_contain_text(sentence)
        expect(page.get_by_role("button", name="Send anyway")).to_be_hidden()
        with page.expect_file_chooser():
            page.get_by_role("button", name="Take it again").click()
        expect(page.get_by_test_id("screen-slot")).to_be_visible()
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"20\s*m"))
    # A photo that this phone cannot read may be damaged, and the server may see more in it.
    shoot(page, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff" + os.urandom(4000)})
    asked(page, "unreadable")
    expect(page.get_by_role("button", name="Send anyway")).to_be_visible()
    assert kept(page) == []
    # With a HEIC nothing is wrong but this browser.
    take_again(page, {"name": "IMG_1.HEIC", "mimeType": "image/heic", "buffer": STILL.read_bytes()})
    expect(page.get_by_test_id("notice")).to_contain_text("This phone cannot show the photo (HEIC or AVIF)")
    expect(page.get_by_test_id("safe")).to_have_text(re.compile("1 of 1 safe"))
    assert kept(page)[0]["problem"] is None


# --- a page that is ended ---------------------------------------------------------------------------------------------


# What iOS does to pages in the background: the connection is gone, and nothing tells of it.
CONNECTED = """
const { open } = IDBFactory.prototype;
globalThis.connections = [];
IDBFactory.prototype.open = function (...asked) {
  const request = open.apply(this, asked);
  request.addEventListener("success", () => connections.push(request.result));
  return request;
};
"""
DISCONNECT = "() => connections.filter(({ name }) => name === 'capturegraph.draft').map((one) => one.close()).length"


def test_a_page_that_is_ended_while_it_asks_has_the_photo_still(phone: Watched, code: str, shots: Photos) -> None:
    phone.context.add_init_script(CONNECTED)
    stand(phone, 80)
    page = joins(phone, code)
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"80\s*m"))
    until(lambda: page.evaluate(DISCONNECT) == 1, "that the draft's database is open", 60)
    shoot(page, shots.good)
    asked(page, "far")
    # What was true at the shutter stays true.
    stand(phone, 500)
    page.close()
    page = phone.context.new_page()
    page.goto("/field/")
    assert "80\u00a0m" in asked(page, "far")[0]
    assert page.locator("#check-photo").evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1200
    send_anyway(page)
    expect(page.get_by_test_id("verdict")).to_have_text("80\u00a0m off")
    page.reload()
    expect(page.get_by_test_id("screen-slot")).to_be_visible()
    assert len(kept(page)) == 1


# What "Switch" to the same target does, and a message that tells of something else.
GO_ON = "async () => {" + IMPORTED + '(await module("holding")).goOn((await module("phone")).now.held); }'
RELEASE = "async () => {" + IMPORTED + 'await (await module("router")).act("release"); }'
NO_ROOM = """(on) => {
  globalThis.put ??= IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = on ? () => { throw new DOMException("full", "QuotaExceededError"); } : globalThis.put;
}"""
BROUGHT = """(photos) => {
  for (const text of photos) {
    const [input, brought] = [document.getElementById("photo"), new DataTransfer()];
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    brought.items.add(new File([bytes], "a.jpg", { type: "image/jpeg" }));
    (input.files = brought.files) && input.dispatchEvent(new Event("change"));
  }
}"""


def test_a_photo_that_was_asked_about_is_never_lost_without_a_word(phone: Watched, code: str, shots: Photos) -> None:
    """Other screens come in between, the phone is full, another photo comes back, the slot goes: it is still here."""
    stand(phone, 80)
    page = joins(phone, code)
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"80\s*m"))
    shoot(page, shots.good)
    asked(page, "far")
    page.evaluate(GO_ON)
    asked(page, "far")
    page.evaluate(NO_ROOM, True)
    page.get_by_role("button", name="Send anyway").click()
    asked(page, "no_room", "far")
    page.evaluate(NO_ROOM, False)
    # A camera that comes back late: both are kept, and only the second is still asked about.
    page.get_by_test_id("photo").set_input_files(shots.dark)
    expect(page.get_by_test_id("findings")).to_contain_text("dark")
    (first,) = kept(page)
    # "Give it back" among the photos: the slot goes, the question stays.
    page.evaluate(RELEASE)
    asked(page, "far", "dark")
    # Of a slot that has gone no other photo is taken: the next slot comes first.
    page.get_by_role("button", name="Take it again").click()
    expect(page.get_by_test_id("slot-title")).to_have_text("The mill")
    assert [row["id"] for row in kept(page)] == [first["id"]]
    # Two come back at once: the second waits for its turn.
    page.evaluate(BROUGHT, [base64.b64encode(one.read_bytes()).decode() for one in (shots.good, shots.blurred)])
    expect(page.get_by_test_id("findings")).to_contain_text("blurred")
    assert len(kept(page)) == 2


@pytest.mark.slow
def test_a_page_that_is_ended_behind_the_camera_says_what_is_lost(phone: Watched, code: str) -> None:
    stand(phone, 20)
    page = joins(phone, code)
    with page.expect_file_chooser():
        page.locator("#shutter").click()
    page.reload()
    expect(page.get_by_test_id("notice")).to_contain_text("please take the photo again")
    expect(page.get_by_test_id("screen-slot")).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("screen-slot")).to_be_visible()
    page.locator("html[data-whole=true]").wait_for()
    expect(page.get_by_test_id("notice")).to_be_hidden()


# --- the viewfinder ---------------------------------------------------------------------------------------------------

INK = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let [yellow, clear] = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    yellow += data[i] === 255 && data[i + 1] === 216;
    clear += data[i + 3] === 0;
  }
  return [yellow, clear / (data.length / 4)];
}"""
TEN_DEGREES = """() => dispatchEvent(new DeviceOrientationEvent("deviceorientationabsolute",
  { alpha: 350, beta: 90, gamma: 0, absolute: true }))"""


def assert_outlines(page: Page) -> None:
    """Thin lines, as strong as one likes, or none."""
    ghost = page.get_by_test_id("ghost")
    expect(ghost).to_be_visible()
    yellow, clear = ghost.evaluate(INK)
    assert yellow > 300
    assert clear > 0.6, "a veil"
    page.get_by_label("Strength of the outline").fill("0.5")
    expect(ghost).to_have_css("opacity", "0.5")
    page.get_by_role("button", name="Outline").click()
    expect(ghost).to_be_hidden()


def test_the_viewfinder_shows_the_outline_and_takes_a_photo_of_full_size(phone: Watched, code: str) -> None:
    stand(phone, 11)
    page = joins(phone, code)
    page.get_by_test_id("viewfinder").click()
    finder = page.get_by_test_id("finder")
    expect(finder).to_contain_text("facing north, 4°")
    expect(finder).to_contain_text("11\u00a0m from the slot. It asks for less than 50\u00a0m.")
    expect(finder).to_contain_text("Position is good: ±6\u00a0m")
    assert_outlines(page)
    stand(phone, 80, accuracy=18)
    expect(finder).to_contain_text("Hold still: ±18\u00a0m")
    expect(finder).to_contain_text("Too far")
    page.evaluate(TEN_DEGREES)
    stand(phone, 11)
    expect(finder).to_contain_text("Close enough")
    size = page.get_by_test_id("finder-video").evaluate("(video) => [video.videoWidth, video.videoHeight]")
    before = datetime.now().astimezone()
    page.get_by_role("button", name="Take photo").last.click()
    expect(page.get_by_test_id("verdict")).to_have_text("Done. Thank you, Alice.")
    expect(finder).to_be_hidden()
    video = page.get_by_test_id("finder-video")
    until(lambda: video.evaluate("(video) => video.srcObject") is None, "that the camera is off")
    (row,) = kept(page)
    said = row["metadata"]
    assert said["taken_with"] == "viewfinder"
    assert said["accuracy_m"] == 6
    # Magnetic north lies up to some degrees off.
    assert 0 < said["heading"] < 30
    assert abs((datetime.fromisoformat(said["taken_at"]) - before).total_seconds()) < 60
    assert said["from_library"] is False
    shown = page.locator("#shot").evaluate(
        "(image) => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"
    )
    assert shown[0] >= size[0]
    assert shown[1] >= size[1]


# --- what is not there, or not allowed --------------------------------------------------------------------------------


def assert_offers_the_phone_s_own(page: Page, sentence: str, what: str) -> None:
    page.get_by_test_id("viewfinder").click()
    trouble = page.get_by_test_id("finder-trouble")
    expect(trouble).to_contain_text(sentence)
    expect(trouble).to_contain_text(what)
    with page.expect_file_chooser():
        page.get_by_role("button", name="Use the phone’s camera").click()
    expect(page.get_by_test_id("finder")).to_be_hidden()


@pytest.mark.slow
def test_neither_camera_nor_position_is_allowed(
    browser: Browser, product: Quickstart, code: str, shots: Photos
) -> None:
    for phone in a_window(browser, product, **PHONE):
        page = joins(phone, code)
        page.locator("[data-testid=screen-where]:visible, [data-testid=screen-slot]:visible").wait_for()
        if page.get_by_test_id("screen-where").is_visible():
            page.get_by_role("button", name="Use my position").click()
        expect(page.get_by_test_id("screen-slot")).to_be_visible()
        expect(page.get_by_test_id("position")).to_contain_text("this page may not use it")
        assert_offers_the_phone_s_own(page, "This page may not use the camera", "Allow it in the browser’s settings")
        shoot(page, shots.good)
        assert "Allow it in the browser’s settings" in asked(page, "denied")[0]
        send_anyway(page)
        expect(page.get_by_test_id("verdict")).to_have_text("The photo has no position")


NO_CAMERA = "(name) => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name)); }"


@pytest.mark.slow
def test_no_camera_no_reference_and_no_compass(phone: Watched, product: Quickstart) -> None:
    plain = behind(product, targets={"Plain": {"slots": [{"title": "A gate", **place(0)}]}})["Plain"]
    stand(phone, 5)
    page = joins(phone, plain)
    page.get_by_test_id("viewfinder").click()
    expect(page.get_by_test_id("finder")).to_contain_text("Close enough")
    expect(page.get_by_test_id("ghost")).to_be_hidden()
    expect(page.get_by_role("button", name="Outline")).to_be_hidden()
    page.get_by_role("button", name="Close the camera").click()
    expect(page.get_by_test_id("finder")).to_be_hidden()
    # What Chromium answers on a machine without any camera; ours always has the one that is made up.
    page.evaluate(NO_CAMERA, "NotFoundError")
    assert_offers_the_phone_s_own(page, "No camera was found", "Take the photo with the phone’s camera")
    page.evaluate(NO_CAMERA, "NotReadableError")
    assert_offers_the_phone_s_own(page, "The camera is in use", "Close the other app")
    shoot(page, png(scene(40)))
    expect(page.get_by_test_id("verdict")).to_have_text("Done. Thank you, Alice.")
    assert "heading" not in kept(page)[0]["metadata"]
