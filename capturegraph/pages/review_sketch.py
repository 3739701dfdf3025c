"""The photograph, its slot and what its file says, drawn to scale: places in the units of an SVG."""

from __future__ import annotations

from typing import Any, NamedTuple

from capturegraph.pages.review_words import metres
from capturegraph.services.reviewing.showing import Offset, Seen

WIDTH, HEIGHT, MARGIN, MOST_TIMES = 432, 200, 34, 5.0


class Point(NamedTuple):
    """A point of the drawing, how far from the slot it really lies, and whether it lies beyond the edge."""

    x: float
    y: float
    said: str
    beyond: bool
    left: bool

    @property
    def label_x(self) -> float:
        """Where its words begin, or end."""
        return self.x - 14 if self.left else self.x + 14


def sketch(it: Seen) -> dict[str, Any] | None:
    """Draw what is known; None where nothing is. The slot, or else the photograph, is in the middle."""
    if it.photo is None:
        return None
    allowed = it.target.allowed_m
    most = MOST_TIMES * max(allowed, it.photo.metres)
    points = {"photo": it.photo, **({"file": it.file} if it.file and _apart(it) else {})}
    kept = {name: _kept(place, most) for name, place in points.items()}
    wide = max([allowed, *(abs(place.east) for place in kept.values())])
    high = max([allowed, *(abs(place.north) for place in kept.values())])
    scale = min((WIDTH / 2 - MARGIN - 60) / wide, (HEIGHT / 2 - MARGIN) / high)
    drawn = {name: _drawn(place, points[name], scale) for name, place in kept.items()}
    return {
        "width": WIDTH, "height": HEIGHT, "x": WIDTH / 2, "y": HEIGHT / 2, "radius": round(allowed * scale, 1),
        "allowed": metres(allowed), "accuracy": round((it.capture.accuracy_m or 0) * scale, 1), "slot": it.slot,
        "below": round(HEIGHT / 2 + allowed * scale + 16, 1), **drawn,
    }  # fmt: skip


def _apart(it: Seen) -> bool:
    """Whether the file's own place is worth a mark beside the phone's."""
    if it.photo is None or it.file is None:
        return False
    away = Offset(it.file.east - it.photo.east, it.file.north - it.photo.north).metres
    return away > max(10.0, it.capture.accuracy_m or 0)


def _kept(place: Offset, most: float) -> Offset:
    if place.metres <= most:
        return place
    return Offset(place.east * most / place.metres, place.north * most / place.metres)


def _drawn(kept: Offset, place: Offset, scale: float) -> Point:
    x, y = WIDTH / 2 + kept.east * scale, HEIGHT / 2 - kept.north * scale
    # Words stand on the side that has more room.
    return Point(
        round(x, 1), round(y, 1), metres(place.metres), kept != place, kept.east * scale < -4 or x > WIDTH - 110
    )
