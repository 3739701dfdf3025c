"""A few figures that several pages show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IN_BAR = ("fulfilled", "held", "again", "waiting", "not_capturable")


def total_asked(counts: Mapping[str, int]) -> int:
    """Of how many places one says "12 of 39": without those that were withdrawn or still lie in the pool."""
    return counts["total"] - counts["withdrawn"] - counts["pool"]


def bar(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The pieces of a progress bar, in thousandths of its length: state, start, width."""
    total = total_asked(counts) or 1
    pieces, start = [], 0
    for state in IN_BAR:
        end = min(1000, start + round(1000 * counts.get(state, 0) / total))
        if end > start:
            pieces.append({"state": state, "start": start, "width": end - start})
        start = end
    return pieces
