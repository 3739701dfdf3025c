"""A phone's queue of photos from outside: filling it, reading it, and what of it is on the server."""

import base64
import hashlib
import io
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meadow import ready_to_join
from PIL import Image
from playwright.sync_api import Page, expect
from served import Quickstart, until
from watched import Watched

IMPORTED = """
const known = JSON.parse(document.querySelector("script[type=importmap]").textContent).imports;
const module = (name) => import(Object.keys(known).find((one) => one.includes(`/field/${name}.`)));
"""
FILL = (
    "async ([photos, fields]) => {"
    + IMPORTED
    + """
  const { outbox } = await module("phone");
  const { readDevice, newId } = await module("device");
  const { sha256 } = await module("outbox");
  const { device_id, target } = readDevice();
  const ids = [];
  for (const [place, text] of photos.entries()) {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    const [id, taken_at, digest] = [newId(), new Date().toISOString(), await sha256(bytes)];
    const where = { latitude: 38.9 + place / 100, longitude: -77.1, accuracy_m: 5 };
    const metadata = { target, taken_at, ...where, photo_sha256: digest, photo_size: bytes.length };
    await outbox.put({
      id, device_id, target, slot: { title: `Stone ${place + 1}`, ...where, allowed_m: 50 }, metadata,
      photo: new Blob([bytes], { type: "image/jpeg" }), type: "image/jpeg", size: bytes.length, sha256: digest,
      told: false, sent: false, safe: false, problem: null, receipt: null, kept_at: Date.now() - 1000 * (60 - place),
      ...fields[place],
    });
    ids.push(id);
  }
  (await module("router")).emit("sending", { kind: "change" });
  dispatchEvent(new Event("online"));
  return ids;
}"""
)
WORKER = "navigator.serviceWorker.getRegistration('/field/').then((one) => Boolean(one?.active))"
READ = "async () => {" + IMPORTED + 'return (await module("phone")).outbox.all(); }'


def jpeg(side: int, seed: int) -> bytes:
    """A photograph of noise, of its own; 200 pixels of a side make some 30 KB."""
    file = io.BytesIO()
    image = Image.effect_noise((side, side), 60)
    image.putpixel((seed % side, seed // side), 255)
    image.convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


def fill(page: Page, photos: Sequence[bytes], fields: Sequence[dict[str, Any]] = ()) -> list[str]:
    """Put photographs into the phone's outbox, as taking them does, and give their ids."""
    texts = [base64.b64encode(photo).decode() for photo in photos]
    more = [*fields, *({} for _ in range(len(photos) - len(fields)))]
    ids: list[str] = page.evaluate(FILL, [texts, more])
    return ids


def queue(page: Page) -> list[dict[str, Any]]:
    """What the phone has in its outbox."""
    rows: list[dict[str, Any]] = page.evaluate(READ)
    return rows


class OnServer:
    """The database and the files of a running product, read beside it."""

    def __init__(self, product: Quickstart) -> None:
        self.var = product.var
        self.database = product.var / "capturegraph.sqlite3"

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.database, timeout=30) as connection:
            return connection.execute(sql, values).fetchall()

    def write(self, sql: str, *values: object) -> None:
        with sqlite3.connect(self.database, timeout=30) as connection:
            connection.execute(sql, values)

    def captures(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """State of each capture, and the sha256 of the bytes of its file."""
        marks = ",".join("?" * len(ids))
        sql = f"SELECT id, state, photo FROM capturegraph_capture WHERE id IN ({marks})"
        rows = self.ask(sql, *(one.replace("-", "") for one in ids))
        return {row[0]: (row[1], self.digest(row[2])) for row in rows}

    def digest(self, photo: str) -> str:
        path: Path = self.var / "media" / photo
        return hashlib.sha256(path.read_bytes()).hexdigest() if photo else ""

    def count(self) -> int:
        return int(self.ask("SELECT count(*) FROM capturegraph_capture")[0][0])

    def parts(self) -> int:
        return int(self.ask("SELECT count(*) FROM capturegraph_photopart")[0][0])

    def assert_has(self, ids: Sequence[str], photos: Sequence[bytes]) -> None:
        """Each is there once, with the bytes as they were taken, and nothing else of theirs is left."""
        wanted = {
            one.replace("-", ""): ("stored", hashlib.sha256(photo).hexdigest())
            for one, photo in zip(ids, photos, strict=True)
        }
        assert self.captures(ids) == wanted
        assert self.parts() == 0


def until_safe(page: Page, ids: Sequence[str], patience_s: float = 180) -> None:
    """Wait until the phone knows from the server that it has them all."""

    def safe() -> bool:
        rows = {row["id"]: row for row in queue(page)}
        return all(rows[one]["safe"] for one in ids)

    until(safe, "that every photo is safe", patience_s)


def joined(phone: Watched, code: str, name: str) -> Page:
    """Join, and wait until the page stands whole and is kept for when there is no network."""
    page = phone.context.new_page()
    page.goto(f"/join/{code}")
    ready_to_join(page)
    page.get_by_test_id("name").fill(name)
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    whole(page)
    return page


def whole(page: Page) -> None:
    """Wait until the page and its worker are there."""
    expect(page.locator("html[data-whole=true]")).to_have_count(1)
    until(lambda: page.evaluate(WORKER), "that the worker is there", 90)


def token_of(page: Page) -> dict[str, str]:
    """What the phone knows of itself."""
    device: dict[str, str] = page.evaluate("JSON.parse(localStorage.getItem('capturegraph.device'))")
    return device


def open_photos(page: Page) -> None:
    """Open the screen by its pill."""
    page.get_by_test_id("safe").click()
    expect(page.get_by_test_id("photos-count")).to_be_visible()
