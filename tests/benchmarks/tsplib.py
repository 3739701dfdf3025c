"""Reading TSPLIB's files, and their lengths as TSPLIB counts them (G. Reinelt, "TSPLIB 95")."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "data" / "tsplib"
_GEO_RADIUS_KM = 6378.388


@dataclass(frozen=True)
class Instance:
    name: str
    kind: str
    points: np.ndarray
    optimum: int

    @property
    def places(self) -> np.ndarray:
        """What a tour is given: degrees where the points are on the earth, else the points."""
        return _degrees(self.points) if self.kind == "GEO" else self.points

    @property
    def metric(self) -> str:
        return "geodesic" if self.kind == "GEO" else "euclidean"

    def ratio(self, order: np.ndarray) -> float:
        """The length of a closed tour, as a multiple of the shortest."""
        return float(self.between(order, np.roll(order, -1)).sum()) / self.optimum

    def between(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Whole distances of pairs."""
        p, q = self.points[a], self.points[b]
        if self.kind == "GEO":
            return _geo(np.radians(_degrees(p)), np.radians(_degrees(q)))
        apart = np.sqrt(np.square(p - q).sum(axis=-1))
        if self.kind == "ATT":
            return np.ceil(apart / math.sqrt(10))
        return np.ceil(apart) if self.kind == "CEIL_2D" else np.floor(apart + 0.5)


def read(path: Path) -> Instance:
    head, _, rest = path.read_text().partition("NODE_COORD_SECTION")
    kind = re.search(r"EDGE_WEIGHT_TYPE\s*:\s*(\S+)", head)
    assert kind, path
    rows = [line.split() for line in rest.partition("EOF")[0].splitlines() if line.strip()]
    points = np.array([row[1:3] for row in rows], dtype=float)
    return Instance(path.stem, kind[1], points, optima()[path.stem])


def instances() -> list[Instance]:
    """All that are there, small ones first. More files put into the folder are measured as well."""
    return sorted((read(path) for path in FOLDER.glob("*.tsp")), key=lambda one: len(one.points))


def optima() -> dict[str, int]:
    lines = (FOLDER / "optimal_lengths.txt").read_text().splitlines()
    return {name.strip(): int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if rest}


def _degrees(points: np.ndarray) -> np.ndarray:
    """TSPLIB writes degrees and minutes as one number: 38.24 is 38° 24'."""
    whole = np.trunc(points)
    return whole + (points - whole) * 5 / 3


def _geo(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    east = np.cos(p[..., 1] - q[..., 1])
    apart, together = np.cos(p[..., 0] - q[..., 0]), np.cos(p[..., 0] + q[..., 0])
    return np.trunc(_GEO_RADIUS_KM * np.arccos(((1 + east) * apart - (1 - east) * together) / 2) + 1)
