"""An audit: whether rows, files, checksums and counters say the same. It changes nothing.

Rows are compared with rows as they all are at one moment. Files are looked at afterwards, outside of it, since reading
all of them may take hours; what seems wrong then is asked of the row once more, which may have let go of it meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from capturegraph.services.safekeeping import audit_files, audit_matches, audit_rows
from capturegraph.services.safekeeping.finding import Check, Finding, Look
from capturegraph.services.safekeeping.moment import one_moment

OF_ROWS: dict[str, Check] = {
    "constraints": audit_rows.constraints,
    "references": audit_rows.references,
    "copies": audit_rows.copies,
    "seats": audit_matches.seats,
    "batches": audit_rows.batches,
    "findings": audit_rows.photo_findings,
    "matches": audit_matches.matches,
}
"""What is compared at one moment; a new check is a function, and its name here."""

OF_FILES: dict[str, Check] = {"files": audit_files.named, "orphans": audit_files.orphans}


def audit(
    *, now: datetime, quick: bool = False, heard: Callable[[str, int, int], object] = lambda *said: None
) -> Iterator[Finding]:
    """Give everything that is not as it has to be.

    `quick`: files are there and have their size, but are not read; matches are not worked out anew.
    """
    look = Look(now, quick, heard)
    with one_moment():
        for name, check in OF_ROWS.items():
            heard(name, 0, 0)
            yield from check(look)
    for name, check in OF_FILES.items():
        heard(name, 0, 0)
        yield from check(look)
