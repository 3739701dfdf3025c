"""The whole browser is killed in the middle of an upload, as a phone does that runs out of memory or of battery."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from conftest import ARGUMENTS, HERE, PHONE
from cutting import BadNetwork, Request, Stall
from playwright.sync_api import BrowserContext, expect, sync_playwright
from queueing import OnServer, fill, joined, jpeg, queue, token_of, until_safe, whole
from served import Quickstart, needed, until
from watched import Watched

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.slow]

HALF_OF_A_PIECE = 500_000
FORGET = """async (id) => {
  const open = indexedDB.open("capturegraph");
  const db = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
  const transaction = db.transaction(["captures", "photos"], "readwrite");
  transaction.objectStore("captures").delete(id);
  transaction.objectStore("photos").delete(id);
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  db.close();
}"""


@contextmanager
def started(profile: Path, url: str) -> Iterator[BrowserContext]:
    """A Chromium whose storage lies in a folder; it may be dead in the end."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    needed("chromium", present=path is not None, otherwise="no Chromium on PATH")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=path, args=list(ARGUMENTS), base_url=url, locale="en-GB", **PHONE,
            permissions=["geolocation"], geolocation=HERE,
        )  # fmt: skip
        context.set_default_timeout(40_000)
        yield context
        if processes(profile):
            context.close()


def processes(profile: Path) -> list[int]:
    """Every process of the Chromium that has its storage there."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            ended = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            continue
        if str(profile) in command and not ended:
            found.append(int(entry.name))
    return found


def kill(profile: Path) -> None:
    """End it without a word: kill -9, for every process of it."""
    alive = processes(profile)
    assert alive
    for one in alive:
        # Where the first has gone, others end by themselves.
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    until(lambda: not processes(profile), "that every process is gone")
    for lock in profile.glob("Singleton*"):
        lock.unlink(missing_ok=True)


@pytest.mark.parametrize("kept", [True, False], ids=["kept before it was sent", "not kept: the control"])
def test_a_browser_that_is_killed_in_an_upload_goes_on_where_it_was(
    network: BadNetwork, server: OnServer, product: Quickstart, tmp_path: Path, kept: bool
) -> None:
    """Nothing was lost of what lay in the outbox, and the queue goes on. What was not kept there is gone."""
    before, photos = server.count(), [jpeg(1500, 7), jpeg(90, 8)]
    profile = tmp_path / "profile"
    with started(profile, network.url) as context:
        page = joined(Watched(context, network.url), product.codes[0], "Alice")
        context.set_offline(True)
        ids = fill(page, photos)
        stall = network.stall = Stall("in the photo", lambda one: is_photo(one, ids[0]), HALF_OF_A_PIECE)
        context.set_offline(False)
        assert stall.reached.wait(120)
        person = token_of(page)
        if not kept:
            page.evaluate(FORGET, ids[0])
        kill(profile)
        stall.released.set()
    with started(profile, network.url) as context:
        again = context.new_page()
        again.goto("/field/")
        whole(again)
        assert token_of(again) == person
        rest = ids if kept else ids[1:]
        until_safe(again, rest)
        assert {row["id"] for row in queue(again)} == set(rest)
        expect(again.get_by_test_id("safe")).to_have_text(f"{len(rest)} of {len(rest)} safe")
    stored = {one for one, (state, _digest) in server.captures(ids).items() if state == "stored"}
    assert stored == {one.replace("-", "") for one in rest}
    if kept:
        server.assert_has(ids, photos)
        assert server.count() == before + len(photos)


def is_photo(request: Request, capture: str) -> bool:
    """Whether a request brings bytes of this photo."""
    return request.method == "PUT" and request.path.endswith(f"/captures/{capture}/photo/") and request.length > 0
