"""The board by the number of slots, on SQLite and PostgreSQL: bytes, milliseconds of the server, and until Chromium
shows the first places at phone size, with the product as it is served.

`--databases` leaves the browser out, `--count 100000` the other sizes.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

from tests.benchmarks.figures import Row, Table, timed

sys.path.append(str(Path(__file__).resolve().parents[1]))

SIZES = (1_000, 10_000, 100_000)
VISITS = 3
SOUTH, WEST, WIDE = 38.8, -77.15, 0.2
PHONE = {"viewport": {"width": 412, "height": 915}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
FIRST_MS, BYTES, UNCHANGED_MS, DELTA_BYTES = 1000.0, 3_000_000, 50.0, 5_000


def table() -> Table:
    result = Table("The board: one target, one coordinator")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        os.environ.update(CAPTUREGRAPH_LOG_LEVEL="ERROR", CAPTUREGRAPH_VAR=made)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "capturegraph.settings")
        for database in (_on_sqlite, _on_postgresql):
            with database(folder) as url:
                for size in SIZES if "--count" not in sys.argv else [int(sys.argv[sys.argv.index("--count") + 1])]:
                    _measure(result, size, url, folder)
    return result


@contextmanager
def _on_sqlite(folder: Path) -> Iterator[str]:
    given = os.environ.pop("CAPTUREGRAPH_DATABASE_URL", None)
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from capturegraph.settings import _databases as as_in_production

    url = f"sqlite:///{folder / 'board.sqlite3'}"
    connections.close_all()
    connections.settings["default"] = connections.configure_settings({"default": as_in_production(url)})["default"]
    if hasattr(connections._connections, "default"):
        del connections["default"]
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    yield url
    connections.close_all()
    if given:
        os.environ["CAPTUREGRAPH_DATABASE_URL"] = given


@contextmanager
def _on_postgresql(folder: Path) -> Iterator[str]:
    from tests.benchmarks.database import own_database

    with own_database():
        from django.db import connection

        now = connection.settings_dict
        yield f"postgresql://{now['USER']}:{now['PASSWORD']}@{now['HOST']}:{now['PORT']}/{now['NAME']}"


def _measure(result: Table, size: int, url: str, folder: Path) -> None:
    vendor = url.split(":")[0]
    target, client, session = _campaign(size)
    name, feed, live = (
        f"{vendor}, {size:,}",
        f"/api/v1/targets/{target.pk}/board/",
        f"/console/targets/{target.pk}/live/",
    )
    packed = {"Accept-Encoding": "gzip"}
    seconds, answer = timed(lambda: client.get(feed, headers=packed))
    result.add(Row(f"{name}: all places", len(answer.content) / 1e3, "kB", BYTES / 1e3, digits=0))
    began = process_time()
    client.get(feed, headers=packed)
    own = {"of which our process computes": (process_time() - began) * 1e3}
    result.add(Row(f"{name}: all places, server", seconds * 1e3, "ms", None, own, digits=0))
    etag, head = answer["ETag"], gzip.decompress(answer.content)
    seconds, answer = timed(lambda: client.get(feed, headers={**packed, "If-None-Match": etag}))
    assert answer.status_code == 304
    result.add(Row(f"{name}: nothing changed", seconds * 1e3, "ms", UNCHANGED_MS, digits=1))
    etag = client.get(live)["ETag"]
    seconds, answer = timed(lambda: client.get(live, headers={"If-None-Match": etag}))
    result.add(Row(f"{name}: live parts, nothing changed", seconds * 1e3, "ms", UNCHANGED_MS, digits=1))
    seconds, _answer = timed(lambda: client.get(live))
    result.add(Row(f"{name}: live parts, changed", seconds * 1e3, "ms", None, digits=0))
    _change_one(target)
    since = _at(head)
    seconds, answer = timed(lambda: client.get(feed, {"since": since}, headers=packed))
    result.add(Row(f"{name}: one place changed", len(answer.content), "bytes", DELTA_BYTES, digits=0))
    result.add(Row(f"{name}: one place changed, server", seconds * 1e3, "ms", None, digits=1))
    if "--databases" not in sys.argv:
        with _served(url, folder) as address:
            visits = sorted(_first_shown(address, target, session) for _ in range(VISITS))
        peer = {"the log-in page": visits[VISITS // 2][2]}
        result.add(
            Row(f"{name}: first places shown at phone size", visits[VISITS // 2][0], "ms", FIRST_MS, peer, digits=0)
        )
        result.add(
            Row(f"{name}: the map itself, without a graphics card", visits[VISITS // 2][1], "ms", None, digits=0)
        )


def _at(data: bytes) -> str:
    import orjson

    return str(orjson.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])["at"])


def _campaign(size: int) -> tuple[Any, Any, str]:
    import numpy as np
    from django.test import Client

    from capturegraph.models import CandidateSlot, Membership, Target, User
    from capturegraph.services.batching import bulk
    from scheduling import grid

    long_ago, now = datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC)
    target = Target.objects.create(name=f"{size} slots")
    user = User.objects.create_user(f"carol {size}", name="Carol")
    Membership.objects.create(user=user, target=target, role="coordinator", created_at=now)
    chance = np.random.default_rng(1)
    places = zip(
        SOUTH + WIDE * chance.random(size), WEST + WIDE * chance.random(size), chance.integers(0, 10, size), strict=True
    )
    CandidateSlot.objects.bulk_create(
        (
            CandidateSlot(
                pk=uuid4(), target=target, title=f"slot {rank}", latitude=north, longitude=east, rank=rank,
                cell=grid.cell(north, east), state="fulfilled" if state < 6 else "waiting", updated_at=long_ago,
            )
            for rank, (north, east, state) in enumerate(places)
        ),
        batch_size=2000,
    )  # fmt: skip
    bulk.analyse()
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return target, client, client.cookies["sessionid"].value


def _change_one(target: Any) -> None:
    from capturegraph.models import CandidateSlot
    from capturegraph.services.hand_out import places

    slot = CandidateSlot.objects.of(target).filter(state="waiting").first()
    assert slot
    by = target.memberships.get().user
    places.change_slot(slot_id=slot.pk, by=by, values={"priority": 90}, now=datetime.now(UTC))


@contextmanager
def _served(url: str, folder: Path) -> Iterator[str]:
    """The product behind its own web server, with files as collectstatic makes them."""
    from served import free_port

    port = free_port()
    given = {**os.environ, "CAPTUREGRAPH_DATABASE_URL": url}
    program = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    running = subprocess.Popen(
        [*program, "capturegraph.wsgi:application"], env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/healthz")
        yield address
    finally:
        running.terminate()
        running.wait()


def _wait_for(address: str) -> None:
    deadline = perf_counter() + 60
    while perf_counter() < deadline:
        try:
            with urlopen(address, timeout=5):
                return
        except OSError:
            sleep(0.2)
    raise TimeoutError(address)


def _first_shown(address: str, target: Any, session: str) -> tuple[float, float, float]:
    """Milliseconds from the navigation until places are shown, and until the map is, as the page itself noted them."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        context = browser.new_context(base_url=address, **PHONE)  # type: ignore[arg-type]
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        # Once to fill the cache, as for somebody who has been here before; then what counts, in a tab of its own.
        for _visit in range(2):
            page = context.new_page()
            page.goto(f"/console/targets/{target.pk}/")
            page.locator("#board-map[data-mapped]").wait_for(timeout=120_000)
            noted = [page.locator("#board-map").get_attribute(f"data-{name}") for name in ("drawn", "mapped")]
            page.close()
        page = context.new_page()
        page.goto("/login/")
        trivial = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        browser.close()
    return float(noted[0] or "nan"), float(noted[1] or "nan"), float(trivial)
