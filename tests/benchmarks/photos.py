"""What photos cost: 200 of 12 million pixels beside a bare loop of Pillow, and a thousand hostile files.

The photos are made from a seed, with the noise of a camera, so that each is a JPEG of 3 to 5 MB. Ours judges a photo
(`inspect`) and develops it: three WebPs and the figures of its pixels. The bare loop opens it, drafts, turns it upright
and saves the same three WebPs. They take turns photo by photo, in one process each, so that what else the machine does
falls on both. Times are those of the processors, children included; memory is the peak of each process.
"""

import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.benchmarks.figures import Row, Table

ROOT = Path(__file__).resolve().parents[2]
PHOTOS, VIEWS = 200, 10
WIDTH, HEIGHT = 4_000, 3_000
LEAST_RATIO, MOST_MB, MOST_S, MOST_GROWTH_MB = 0.8, 512.0, 2.0, 32.0


def table() -> Table:
    result = Table("Photos: developed beside a bare loop of Pillow, and hostile files")
    with tempfile.TemporaryDirectory() as folder:
        size = _child("make", folder)["megabytes"]
        ours, bare = _in_turns(folder)
    what = f"{PHOTOS} photos of 12 million pixels ({size:.1f} MB each): seconds of the processor a photo"
    result.add(Row(what, ours["seconds"], "s", None, {"Pillow": bare["seconds"]}))
    # Photos of ours in the time of one of theirs; the target is its reciprocal, since smaller is better here.
    result.add(Row("  times the bare loop", ours["seconds"] / bare["seconds"], "×", 1 / LEAST_RATIO))
    result.add(Row("  peak memory", ours["peak"], "MB", MOST_MB, {"Pillow": bare["peak"]}, digits=0))
    result.add(Row("  of it, more than after the first 20", ours["growth"], "MB", MOST_GROWTH_MB, digits=0))
    told = _child("hostile")
    what = f"slowest of {told['files']} hostile files, to judge or to develop ({told['slowest']})"
    result.add(Row(what, told["seconds"], "s", MOST_S))
    result.add(Row("  peak memory of the process that did them all", told["megabytes"], "MB", MOST_MB, digits=0))
    result.add(Row("  memory given to a process for HEIC or AVIF", told["megabytes_apart"], "MB", MOST_MB, digits=0))
    result.add(Row("  neither refused in a sentence nor developed", len(told["raised"]), "files", 0, digits=0))
    result.add(Row("  small pictures that tell something", len(told["metadata"]), "files", 0, digits=0))
    print(f"refused {told['refused']}, developed {told['developed']}; seconds are the processor's, on this machine")
    return result


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.photos", *arguments]


def _child(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(_command(*arguments), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _in_turns(folder: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Have each photo done by one, then by the other, and who begins changes."""
    workers = [
        subprocess.Popen(_command(verb, folder), cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for verb in ("ours", "bare")
    ]
    told: list[dict[str, Any]] = [{}, {}]
    for number in range(PHOTOS):
        for which in (0, 1) if number % 2 else (1, 0):
            pipe_in, pipe_out = workers[which].stdin, workers[which].stdout
            assert pipe_in is not None
            assert pipe_out is not None
            print(number % VIEWS, file=pipe_in, flush=True)
            told[which] = json.loads(pipe_out.readline())
            if number == PHOTOS // 10:
                workers[which].early = told[which]["peak"]  # type: ignore[attr-defined]
    for worker, one in zip(workers, told, strict=True):
        worker.communicate()
        one["seconds"] /= PHOTOS
        one["growth"] = one["peak"] - worker.early  # type: ignore[attr-defined]
    return told[0], told[1]


# --- what the children do ---------------------------------------------------------------------------------------------


def _make(folder: str) -> dict[str, Any]:
    """Make photos as a camera does: a view, the grain of its sensor, and its JPEG."""
    import numpy as np
    from PIL import Image

    sizes = []
    for seed in range(VIEWS):
        random = np.random.default_rng(seed)
        view = Image.new("RGB", (WIDTH, HEIGHT))
        for grain, share in ((6, 0.6), (40, 0.4), (400, 0.25), (1600, 0.12)):
            layer = Image.fromarray(random.integers(0, 256, (grain * 3 // 4 + 1, grain, 3), dtype=np.uint8))
            view = Image.blend(view, layer.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), share)
        noise = random.normal(0, 4.0, (HEIGHT, WIDTH, 1)).astype(np.float32)
        pixels = np.clip(np.asarray(view, dtype=np.float32) + noise, 0, 255).astype(np.uint8)
        exif = Image.Exif()
        exif[0x0112] = (1, 6, 3, 8)[seed % 4]
        path = Path(folder) / f"{seed}.jpg"
        Image.fromarray(pixels).save(path, "JPEG", quality=88, exif=exif)
        sizes.append(path.stat().st_size / 1e6)
    return {"megabytes": sum(sizes) / len(sizes)}


def _ours(path: Path) -> None:
    from capturegraph.photos import develop, inspect

    with path.open("rb") as file:
        inspect(file)
        develop(file)


def _bare(path: Path) -> None:
    from PIL import Image, ImageOps

    photo: Image.Image = Image.open(path)
    photo.draft("RGB", (2048, 2048))
    photo = ImageOps.exif_transpose(photo)
    for side in (2048, 1024, 256):
        photo.thumbnail((side, side), Image.Resampling.LANCZOS)
        photo.save(io.BytesIO(), "WEBP", quality=80, method=4)


def _work(verb: str, folder: str) -> None:
    act = {"ours": _ours, "bare": _bare}[verb]
    seconds = 0.0
    for line in sys.stdin:
        before = _spent()
        act(Path(folder) / f"{line.strip()}.jpg")
        seconds += _spent() - before
        print(json.dumps({"seconds": seconds, "peak": _peak()}), flush=True)


def _spoil(folder: str) -> dict[str, Any]:
    sys.path[:0] = [str(ROOT / "tests" / "capturegraph")]
    from hostile_photos import hostile_photos

    for number, hostile in enumerate(hostile_photos()):
        (Path(folder) / f"{number:04}-{hostile.what}").write_bytes(hostile.data)
    return {}


def _hostile() -> dict[str, Any]:
    """Judge and develop every file; what is not refused must be developed."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "capturegraph")]
    from test_develop import chunks_of

    from capturegraph.photos import NotAPhoto, apart, develop, inspect

    warnings.simplefilter("ignore")
    told: dict[str, Any] = {"refused": 0, "developed": 0, "raised": [], "metadata": [], "seconds": 0.0, "slowest": ""}
    # Files are made by a process of their own, and read one at a time: what they cost is not ours.
    with tempfile.TemporaryDirectory() as folder:
        _child("spoil", folder)
        paths = sorted(Path(folder).iterdir())
        for path in paths:
            for act in (inspect, develop):
                before = _spent()
                try:
                    with path.open("rb") as file:
                        made = act(file)
                except NotAPhoto as refusal:
                    told["refused"] += 1
                    if act is develop or not refusal.reason.endswith("."):
                        told["raised"].append(f"{path.name}: {refusal!r}")
                    break
                except Exception as error:
                    told["raised"].append(f"{path.name}: {error!r}")
                    break
                finally:
                    if (spent := _spent() - before) > told["seconds"]:
                        told["seconds"], told["slowest"] = spent, path.name
            else:
                told["developed"] += 1
                names = {name for data in made.small.values() for name in chunks_of(data)}
                if not names <= {"VP8 ", "VP8L", "ALPH", "VP8X"}:
                    told["metadata"].append(path.name)
    return {**told, "files": len(paths), "megabytes": _peak(), "megabytes_apart": apart.MOST_MEMORY / 2**20}


def _spent() -> float:
    """Seconds of the processor so far, those of children that have ended included."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


def _main(verb: str, *rest: str) -> None:
    if verb in ("ours", "bare"):
        _work(verb, *rest)
        return
    began = perf_counter()
    told = {"make": _make, "spoil": _spoil, "hostile": _hostile}[verb](*rest)
    print(json.dumps({**told, "took": perf_counter() - began}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
