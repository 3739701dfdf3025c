"""A table of figures: ours, each peer's beside it, the ratio, the target, and whether it is met."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

SEEDS = (0, 1, 2)


@dataclass
class Row:
    """One figure, smaller being better; `target` None where only the comparison is of interest."""

    what: str
    ours: float
    unit: str
    target: float | None
    peers: dict[str, float] = field(default_factory=dict)
    digits: int = 3

    @property
    def met(self) -> bool:
        return self.target is None or self.ours <= self.target

    def cells(self) -> list[str]:
        peers = [
            f"{name} {value:.{self.digits}f} (×{value / self.ours if self.ours else float('inf'):.3g})"
            for name, value in self.peers.items()
        ]
        target = "" if self.target is None else f"≤ {self.target:g}"
        met = "" if self.target is None else ("yes" if self.met else "MISSED")
        return [self.what, f"{self.ours:.{self.digits}f} {self.unit}", "; ".join(peers), target, met]


class Table:
    """Rows that are printed as they come, so that a long run shows that it goes on."""

    def __init__(self, title: str):
        self.title, self.rows = title, list[Row]()
        print(f"\n{title}\n| what | ours | peers (× ours) | target | met |\n|---|---|---|---|---|", flush=True)

    def add(self, row: Row) -> None:
        self.rows.append(row)
        print(f"| {' | '.join(row.cells())} |", flush=True)

    def print(self) -> bool:
        missed = [row.what for row in self.rows if not row.met]
        print(f"missed: {', '.join(missed)}" if missed else "every target met")
        return not missed


def timed(act: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Median seconds of some runs, and what the last one gave."""
    seconds, result = [], None
    for _ in range(times):
        began = perf_counter()
        result = act()
        seconds.append(perf_counter() - began)
    return median(seconds), result
