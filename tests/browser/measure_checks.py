"""Measures what static/field/checks.js says of real photographs, from which its limits come:

    uv run python tests/browser/measure_checks.py PHOTO …

Each is looked at in Chromium by the very code of the phone: as it is, with less light, blurred, and made again.
"""

import functools
import http.server
import io
import shutil
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from conftest import ARGUMENTS  # noqa: E402 - the tests' folder is known only now
from served import ROOT, free_port  # noqa: E402

LOOK = """async (base64) => {
  const { looked, lookSize } = await import("/field/checks.js");
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const start = performance.now();
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  const { width, height } = lookSize(bitmap.width, bitmap.height);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "medium";
  context.drawImage(bitmap, 0, 0, width, height);
  const found = looked(context.getImageData(0, 0, width, height).data, width, height);
  return { ...found, ms: performance.now() - start };
}"""


def made_worse(photo: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """The same photograph in the ways that matter."""
    longer = max(photo.size)
    yield "as it is", photo
    for part in (4, 8):
        yield f"1/{part} of its light", ImageEnhance.Brightness(photo).enhance(1 / part)
    for part in (1000, 500, 250, 125):
        yield f"blurred by 1/{part}", photo.filter(ImageFilter.GaussianBlur(longer / part))
    yield "smaller", ImageOps.contain(photo, (longer // 2, longer // 2))
    yield "brighter", ImageEnhance.Brightness(photo).enhance(1.33)


def bits_apart(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def look(page: Any, photo: Image.Image) -> dict[str, Any]:
    file = io.BytesIO()
    photo.convert("RGB").save(file, "JPEG", quality=88)
    found: dict[str, Any] = page.evaluate(LOOK, b64encode(file.getvalue()).decode())
    return found


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Static files, without a word."""

    extensions_map = {".js": "text/javascript"}

    def log_message(self, *words: object) -> None:
        pass


def main() -> None:
    """Look at every photograph in every way, and print the figures."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", free_port()), functools.partial(Quiet, directory=str(ROOT / "static"))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    originals: dict[str, str] = {}
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        page = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS)).new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/icon.svg")
        for name in sys.argv[1:]:
            photo = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
            for how, other in made_worse(photo):
                found = look(page, other)
                first = originals.setdefault(name, found["hash"])
                print(
                    f"{Path(name).name:28} {how:20} brightness {found['brightness']:5.1f}  blur {found['blur']:.2f}  "
                    f"{bits_apart(first, found['hash']):2} bits  {found['ms']:4.0f} ms"
                )
    pairs = [(a, b) for a in originals for b in originals if a < b]
    apart = sorted(bits_apart(originals[a], originals[b]) for a, b in pairs)
    print("different photographs:", apart[:10], "bits apart at least")
    server.shutdown()


if __name__ == "__main__":
    main()
