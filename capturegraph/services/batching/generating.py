"""Places that are drawn rather than listed: over an area, along its edge or a line, or where nothing is yet."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.utils.translation import gettext as _

from capturegraph.formats import MAX_ROWS, write_geojson
from capturegraph.models import Batch, CandidateSlot, Capture, Target, User
from capturegraph.services.batching import batches
from capturegraph.services.refusals import Invalid
from scheduling import distance, forecast, void_and_cluster
from scheduling.geodesy import arc_over_chord, ecef
from scheduling.values import FloatArray

MOST_CORNERS = 1_000
MOST_CHOSEN, MOST_CHOSEN_FROM = 1_000, 10_000


@dataclass(frozen=True)
class Wanted:
    """What is to be drawn: `area` is a GeoJSON Polygon, or a LineString for a line; `count` for void and cluster."""

    kind: str
    area: Mapping[str, Any]
    spacing_m: float
    count: int | None = None


def draw(*, target: Target, wanted: Wanted) -> FloatArray:
    """Give the places that would be drawn: latitudes and longitudes, shape (N, 2). Nothing is kept.

    Raises:
        Invalid: an area that is none, crosses itself or is too large, with the field and a sentence.
    """
    corners = _corners(wanted)
    try:
        places = KINDS[wanted.kind](target, wanted, corners)
    except (ValueError, TypeError):
        raise _refused("area", _("No places can be drawn in this area. Draw it anew, or space them wider.")) from None
    if len(places) == 0:
        raise _refused("area", _("The area holds no place at this spacing. Draw it larger, or space them closer."))
    if len(places) > MAX_ROWS:
        sentence = _("That would be %(n)d places; up to %(most)d can be. Space them wider.")
        raise _refused("spacing_m", sentence % {"n": len(places), "most": MAX_ROWS})
    return places


def generate(
    *,
    target: Target,
    wanted: Wanted,
    mode: str,
    by: User | None,
    now: datetime,
    afresh: bool = False,
    operation_id: UUID | None = None,
    at_desk: bool = False,
) -> Batch:
    """Draw places and look at them as at a file; nothing is changed before it is applied. A repeat gives the same.

    `at_desk` as `batches.preview` has it.

    Raises:
        Invalid: as `draw`.
    """
    places = draw(target=target, wanted=wanted)
    titles = (f"{wanted.kind.replace('_', ' ').capitalize()} {n}" for n in range(1, len(places) + 1))
    features = (
        {"latitude": latitude, "longitude": longitude, "properties": {"title": title}}
        for (latitude, longitude), title in zip(places.tolist(), titles, strict=True)
    )
    file = batches.File(f"{wanted.kind} {wanted.spacing_m:g} m.geojson", b"".join(write_geojson(features)))
    return batches.preview(
        target=target, file=file, mode=mode, by=by, now=now, afresh=afresh, operation_id=operation_id,
        made="generated", at_desk=at_desk,
    )  # fmt: skip


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, code="area_refused", errors=[{"field": field, "reason": sentence}])


def _corners(wanted: Wanted) -> FloatArray:
    """Check the geometry, and give its outer corners in degrees, shape (N, 2)."""
    line = wanted.kind == "line"
    expected = "LineString" if line else "Polygon"
    shape, lines = wanted.area.get("type"), wanted.area.get("coordinates")
    wrong = _refused("area", _("Send a GeoJSON %s with numbers for coordinates.") % expected)
    if shape != expected or not isinstance(lines, list):
        raise wrong
    rings = [lines] if line else lines
    if not all(isinstance(ring, list) for ring in rings):
        raise wrong
    if not rings or sum(map(len, rings)) > MOST_CORNERS:
        raise _refused("area", _("An area has from 1 to %d corners.") % MOST_CORNERS)
    for ring in rings:
        if not all(_is_position(one) for one in ring):
            raise wrong
    corners = np.array([(one[1], one[0]) for one in rings[0]], float)
    least = 2 if line else 3
    if min(map(len, rings)) < least or len(np.unique(corners, axis=0)) < least:
        raise _refused("area", _("The area has too few corners."))
    if not line and any(_crosses_itself(np.array([one[:2] for one in ring], float)) for ring in rings):
        raise _refused("area", _("The edge of the area crosses itself. Draw it without a knot."))
    return corners


def _is_position(one: object) -> bool:
    if not isinstance(one, list) or len(one) not in (2, 3) or not all(type(n) in (int, float) for n in one):
        return False
    return all(math.isfinite(n) for n in one) and abs(one[0]) <= 180 and abs(one[1]) <= 90


def _crosses_itself(ring: FloatArray) -> bool:
    """Whether two edges of a ring, that are not neighbours, meet: each against each, in degrees."""
    if (ring[0] == ring[-1]).all():
        ring = ring[:-1]
    # Longitudes go on across the date line.
    ring = np.stack([np.unwrap(ring[:, 0], period=360), ring[:, 1]], axis=1)
    a, b = ring, np.roll(ring, -1, axis=0)

    def side(p: FloatArray, q: FloatArray, r: FloatArray) -> FloatArray:
        turned: FloatArray = (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1])
        return np.sign(turned - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0]))

    n = len(ring)
    a1, b1, a2, b2 = a[:, None], b[:, None], a[None], b[None]
    meets = (side(a1, b1, a2) * side(a1, b1, b2) < 0) & (side(a2, b2, a1) * side(a2, b2, b1) < 0)
    steps = (np.arange(n)[:, None] - np.arange(n)[None]) % n
    return bool((meets & (steps > 1) & (steps < n - 1)).any())


def _along(target: Target, wanted: Wanted, corners: FloatArray) -> FloatArray:
    """Places along a line, its ends and bends among them."""
    bends = np.stack([corners[:, 0], np.unwrap(corners[:, 1], period=360)], axis=1)
    lengths = arc_over_chord(np.linalg.norm(np.diff(ecef(*bends.T), axis=0), axis=1))
    counts = np.maximum(1, np.ceil(lengths / wanted.spacing_m)).astype(np.int64)
    if counts.sum() > MAX_ROWS:
        raise ValueError("a line of too many places")
    pieces = [
        a + (b - a) * (np.arange(n) / n)[:, None]
        for a, b, n in zip(bends[:-1], bends[1:], counts.tolist(), strict=True)
    ]
    places = np.concatenate([*pieces, bends[-1:]])
    return np.stack([places[:, 0], (places[:, 1] + 180) % 360 - 180], axis=1)


def _in_voids(target: Target, wanted: Wanted, corners: FloatArray) -> FloatArray:
    """So many of a grid's places as are wanted, where photographs and waiting slots are farthest."""
    grid = forecast.locations_area(wanted.area, wanted.spacing_m)
    count = wanted.count or 0
    if len(grid) > MOST_CHOSEN_FROM or not 1 <= count <= MOST_CHOSEN:
        sentence = _("Say how many, up to %(most)d, and space the area so wide that it holds up to %(grid)d places.")
        raise _refused("count", sentence % {"most": MOST_CHOSEN, "grid": MOST_CHOSEN_FROM})
    if len(grid) == 0:
        return grid
    slots = CandidateSlot.objects.of(target).exclude(state=CandidateSlot.State.WITHDRAWN).exclude(latitude=None)
    captures = Capture.objects.filter(target=target, counts=True).exclude(latitude=None)
    there = [*slots.values_list("latitude", "longitude"), *captures.values_list("latitude", "longitude")]
    near = distance.location(sigma_m=wanted.spacing_m)
    chosen = void_and_cluster.select_indices(grid.tolist(), there, near, selections=count)
    found: FloatArray = grid[sorted(chosen)]
    return found


KINDS: dict[str, Callable[[Target, Wanted, FloatArray], FloatArray]] = {
    "grid": lambda _target, wanted, _corners: forecast.locations_area(wanted.area, wanted.spacing_m),
    "perimeter": lambda _target, wanted, _corners: forecast.locations_perimeter(wanted.area, wanted.spacing_m),
    "line": _along,
    "void_and_cluster": _in_voids,
}
"""How places are drawn. A new way is a function and a line here."""
