"""What the browser's modules do without a browser: `node --test tests/browser/js/`, as one of our tests."""

import shutil
import subprocess
from pathlib import Path

from served import needed

UNITS = Path(__file__).parent / "js"


def test_every_module_by_itself() -> None:
    node = shutil.which("node")
    needed("node", present=node is not None, otherwise="no node on PATH")
    files = sorted(UNITS.glob("*.test.mjs"))
    done = subprocess.run([node or "", "--test", *files], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout
