"""Uploads cut at nine kinds of offset and replayed in five ways, against the product as it is really started.

After each there is one capture, one file with the bytes as they were taken, no part left, and the same verdict however
often it is asked for. The controls take one guard of the server out each, and have to be caught.
"""

import hashlib
import io
import os
import random
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import orjson
from PIL import Image

from tests.benchmarks.figures import Row, Table
from tests.benchmarks.raw_http import Reply, sent
from tests.served import ROOT, Quickstart, Visitor, environment, free_port, quickstart, until

ROUNDS = 40
AT_ONCE = 4

OFFSETS: dict[str, Callable[[int], int]] = {
    "nothing": lambda n: 0,
    "one byte": lambda n: 1,
    "the first marks": lambda n: 3,
    "a byte short of 4 KiB": lambda n: 4095,
    "4 KiB": lambda n: 4096,
    "a byte over 4 KiB": lambda n: 4097,
    "the half": lambda n: n // 2,
    "all but the last byte": lambda n: n - 1,
    "all of it, and the answer lost": lambda n: n,
}
CONTROLS = ("digest", "deleting", "offset")


@dataclass
class Upload:
    """One photograph on its way, and what went wrong with it."""

    offset: str
    replay: str
    photo: bytes
    words: dict[str, Any]
    seed: int
    in_header: bool
    id: UUID = field(default_factory=uuid4)
    verdicts: set[bytes] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.id}, cut at {self.offset}, replayed {self.replay}"


class Phone:
    """A volunteer's phone, whose connections break."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token

    def says(self, it: Upload) -> None:
        """Send the words, and keep the verdict that comes back."""
        reply = self._put(it, f"captures/{it.id}/", orjson.dumps(it.words), {"Content-Type": "application/json"})
        self._note(it, reply, 200, 201)

    def sends(self, it: Upload, start: int = 0, *, damaged: bool = False, ranged: bool = True) -> Reply:
        """Send the photograph from a byte on."""
        body, n = it.photo[start:], len(it.photo)
        if damaged:
            body = body[:-1] + bytes([body[-1] ^ 1])
        headers = {"Content-Range": f"bytes {start}-{n - 1}/{n}"} if ranged else {}
        return self._put(it, f"captures/{it.id}/photo/", body, headers)

    def is_cut(self, it: Upload, at: int, chance: random.Random) -> None:
        """Send the photograph over a connection that breaks."""
        how = chance.choice(["close", "reset", "shut"])
        self._put(it, f"captures/{it.id}/photo/", it.photo, {}, cut=at, how=how)

    def goes_on(self, it: Upload, overlap: int = 0, *, damaged: bool = False) -> None:
        """Ask what is there, and send the rest."""
        n = len(it.photo)
        reply = self._put(it, f"captures/{it.id}/photo/", b"", {"Content-Range": f"bytes */{n}"})
        self._note(it, reply, 200, 201, 202)
        if reply.status == 202 and reply.json["received"] < n:
            if damaged:
                # What was cut off may still be at work, so that the photograph is here before these bytes are.
                reply = self.sends(it, reply.json["received"], damaged=True)
                self._note(it, reply, 200, 422, *([] if it.in_header else [409]))
            reply = self.sends(it, max(0, self._received(it) - overlap))
            self._note(it, reply, 200, 201, 202)

    def _received(self, it: Upload) -> int:
        reply = self._put(it, f"captures/{it.id}/photo/", b"", {"Content-Range": f"bytes */{len(it.photo)}"})
        return 0 if reply.status != 202 else min(reply.json["received"], len(it.photo) - 1)

    def starts_again(self, it: Upload) -> None:
        """Send the whole, as if nothing had been."""
        self._note(it, self.sends(it, ranged=False), 200, 201, 202)

    def is_told_that_it_is_safe(self, it: Upload) -> None:
        """Ask for the manifest."""
        asked = {"captures": [{"id": str(it.id), "sha256": hashlib.sha256(it.photo).hexdigest()}]}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        reply = sent(self.port, "POST", "/api/v1/captures/manifest/", orjson.dumps(asked), headers)
        if reply.status != 200 or reply.json["have"] != 1:
            it.wrong.append(f"the manifest says {reply.body!r}")

    def _put(self, it: Upload, path: str, body: bytes, headers: dict[str, str], **cut: Any) -> Reply:
        own = {"Content-Type": "image/jpeg", "Authorization": f"Bearer {self.token}", **headers}
        if it.in_header and path.endswith("/photo/"):
            own["X-Photo-SHA256"] = hashlib.sha256(it.photo).hexdigest()
        return sent(self.port, "PUT", f"/api/v1/{path}", body, own, **cut)

    def _note(self, it: Upload, reply: Reply, *expected: int) -> None:
        if reply.status not in expected:
            it.wrong.append(f"{reply.status} {reply.body[:200]!r}")
        elif reply.status in (200, 201):
            it.verdicts.add(orjson.dumps(reply.json["verdict"]))


def replayed(phone: Phone, it: Upload) -> None:
    """Let one upload break, and replay it until it is through."""
    chance = random.Random(it.seed)
    if it.replay != "before its words":
        phone.says(it)
    phone.is_cut(it, OFFSETS[it.offset](len(it.photo)), chance)
    if it.replay == "from the start":
        phone.starts_again(it)
    elif it.replay == "from where it broke":
        phone.goes_on(it)
    elif it.replay == "with an overlap":
        phone.goes_on(it, chance.randint(1, 5000), damaged=chance.random() < 0.5)
    elif it.replay == "twice at once":
        with ThreadPoolExecutor(2) as both:
            again = chance.choice([phone.goes_on, phone.starts_again])
            for done in [both.submit(phone.goes_on, it), both.submit(again, it)]:
                done.result()
    else:
        phone.goes_on(it)
    phone.says(it)
    phone.says(it)
    phone.starts_again(it)
    phone.is_told_that_it_is_safe(it)
    if len(it.verdicts) != 1:
        it.wrong.append(f"{len(it.verdicts)} verdicts")


REPLAYS = ("from the start", "from where it broke", "with an overlap", "twice at once", "before its words")


def photograph(chance: random.Random, number: int) -> bytes:
    """A picture of noise of some 15 KB that no other upload has."""
    file = io.BytesIO()
    Image.frombytes("L", (120, 100), chance.randbytes(12_000)).save(file, "JPEG", quality=90, comment=str(number))
    return file.getvalue()


def planned(rounds: int, seed: int, target: dict[str, Any], places: list[dict[str, Any]]) -> Iterator[Upload]:
    """Every offset with every replay, so many times."""
    chance = random.Random(seed)
    for number, (_, offset, replay) in enumerate((r, o, p) for r in range(rounds) for o in OFFSETS for p in REPLAYS):
        photo, place, in_header = photograph(chance, number), chance.choice(places), chance.random() < 0.5
        words = {
            "target": target["id"], "taken_at": "2026-06-01T09:00:00Z", "accuracy_m": 8,
            "latitude": place["latitude"] + chance.uniform(-1e-3, 1e-3), "longitude": place["longitude"],
            **({} if in_header else {"photo_sha256": hashlib.sha256(photo).hexdigest()}),
        }  # fmt: skip
        yield Upload(offset, replay, photo, words, chance.randrange(2**32), in_header)


def join(running: Quickstart) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """Become a volunteer of the demonstration; give the token, the target and its places."""
    token = secrets.token_urlsafe(32)
    asked = {"code": running.codes[0], "name": "Alice", "device_id": str(uuid4()), "token": token, "consent": True}
    target = Visitor(running.url).post("/api/v1/join/", asked).json["target"]
    places = Visitor(running.url, token).get(f"/api/v1/targets/{target['id']}/slots/").json["results"]
    return token, target, places


def run(running: Quickstart, rounds: int, seed: int, port: int | None = None) -> tuple[list[Upload], list[str]]:
    """Send them all; give them, and what is wrong on the server after all that."""
    token, target, places = join(running)
    phone, uploads = Phone(port or running.port, token), list(planned(rounds, seed, target, places))
    with ThreadPoolExecutor(AT_ONCE) as phones:
        list(phones.map(lambda it: replayed(phone, it), uploads))
    for it in uploads:
        kept = list((running.var / "media" / "captures").rglob(f"{it.id}*"))
        if [path.read_bytes() for path in kept] != [it.photo]:
            it.wrong.append(f"{len(kept)} files, or other bytes")
    return uploads, left_behind(running, len(uploads))


def left_behind(running: Quickstart, uploads: int) -> list[str]:
    """What there is on the server that should not be; the last cut connection may still be at work for a moment."""

    def counts() -> tuple[int, int, int, int]:
        folders = [running.var / "media" / name for name in ("captures", "parts")]
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        with sqlite3.connect(running.var / "capturegraph.sqlite3") as database:
            rows = [database.execute(f"SELECT COUNT(*) FROM capturegraph_{name}").fetchone()[0] for name in TABLES]
        return rows[0], rows[1], sum(path.suffix == ".part" for path in files), len(files)

    wanted = (uploads, 0, 0, uploads)
    try:
        until(lambda: counts() == wanted, "an end", 30)
    except AssertionError:
        return [f"captures, rows of parts, files of parts, files: {counts()}, not {wanted}"]
    told = [line for line in running.complained.splitlines() if "Traceback" in line or " ERROR " in line]
    return [f"{len(told)} complaints: {told[0]}"] if told else []


TABLES = ("capture", "photopart")


@contextmanager
def broken(running: Quickstart, how: str) -> Iterator[int]:
    """A second web server on the same data with one guard taken out; give its port."""
    port = free_port()
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--blocking-threads", "8", "--no-ws"]
    command = [sys.executable, "-m", "granian", *options, "tests.benchmarks.broken_uploads:application"]
    own = environment(running.var, BROKEN=how, PYTHONPATH=str(ROOT))
    with subprocess.Popen(command, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: reachable(port), "the broken server")
            yield port
        finally:
            server.terminate()


def reachable(port: int) -> bool:
    try:
        return sent(port, "GET", "/healthz", b"", {}).status == 200
    except OSError:
        return False


def caught(how: str, seed: int) -> int:
    """How many of 45 uploads to a broken server came out wrong, and what was left behind."""
    with started() as running, broken(running, how) as port:
        uploads, left = run(running, 1, seed, port)
    return sum(bool(it.wrong) for it in uploads) + len(left)


@contextmanager
def started() -> Iterator[Quickstart]:
    folder = Path(tempfile.mkdtemp(prefix="uploads-"))
    try:
        with quickstart(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder)


def table() -> Table:
    seed = int(os.environ.get("UPLOADS_SEED") or secrets.randbelow(2**32))
    rounds = int(os.environ.get("UPLOADS_ROUNDS") or ROUNDS)
    result = Table(f"Uploads cut and replayed, UPLOADS_SEED={seed}")
    with started() as running:
        began = perf_counter()
        uploads, left = run(running, rounds, seed)
    wrong = [f"{it}: {'; '.join(it.wrong)}" for it in uploads if it.wrong]
    for line in [*wrong[:20], *left]:
        print(line, file=sys.stderr)
    result.add(Row(f"{len(uploads)} uploads, 9 offsets × 5 replays, in", perf_counter() - began, "s", None, digits=0))
    result.add(Row("without exactly one capture, one file, one verdict", float(len(wrong)), "", 0, digits=0))
    result.add(Row("kinds of things left behind", float(len(left)), "", 0, digits=0))
    for how in CONTROLS:
        found = caught(how, seed)
        result.add(Row(f"control “{how}”: {found} caught, missed", float(not found), "", 0, digits=0))
    return result
