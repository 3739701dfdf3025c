"""What could be photographed: candidate times, positions of the sun, and places over an area or along its edge."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

import numpy as np

from .geodesy import ECCENTRICITY_SQUARED, EQUATORIAL_RADIUS_M, arc_over_chord, ecef
from .locations import location_of, locations_of
from .values import FloatArray, number, positive

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_CENTURY_DAYS = 36_525.0
_DAY_MICROSECONDS = 86_400e6
_SLACK = 1e-9
_MOST_POINTS = 5_000_000


def times(span: tuple[datetime, datetime], every: timedelta = timedelta(hours=1)) -> list[datetime]:
    """The times from the start of a span, one `every` so often, to its end, which is not among them.

    Steps are counted in elapsed time: across a change of the clocks in the span's zone they stay as long as they are.
    Raises TypeError for times without a zone, ValueError where the end is not after the start or `every` is not above
    zero.
    """
    start, end = _span(span)
    if not isinstance(every, timedelta):
        raise TypeError(f"every must be a timedelta, got {every!r}")
    if every <= timedelta(0):
        raise ValueError(f"every must be above zero, got {every!r}")
    first, length = start.astimezone(UTC), end.astimezone(UTC) - start.astimezone(UTC)
    return [(first + step * every).astimezone(start.tzinfo) for step in range(math.ceil(length / every))]


def times_of_day(hours: Iterable[float]) -> list[time]:
    """Clock times for hours since midnight in [0, 24): 6.5 is 6:30. To the second; errors name position and value."""
    result = []
    for i, value in enumerate(hours):
        hour = number(value, f"hours[{i}]")
        if not 0 <= hour < 24:
            raise ValueError(f"hours[{i}] must be within [0, 24), got {value!r}")
        seconds = min(round(hour * 3600), 86_399)
        result.append(time(seconds // 3600, seconds // 60 % 60, seconds % 60))
    return result


def solar_position(location: object, dates: Iterable[datetime]) -> FloatArray:
    """Altitude and azimuth of the sun's centre in degrees at N times, shape (N, 2), as `distance.solar` reads them.

    Azimuth clockwise from true north; altitude without refraction, which lifts the sun by half a degree at the horizon
    and by 0.01° at 60°. Within 0.02° from 1950 to 2050, after the low-precision series of J. Meeus, "Astronomical
    Algorithms" (chapters 12, 13, 25). Raises TypeError for a time without a zone, ValueError for a missing location.
    """
    latitude, longitude = location_of(location)
    if math.isnan(latitude):
        raise ValueError(f"location must not be missing, got {location!r}")
    days = np.array([_days(date, f"dates[{i}]") for i, date in enumerate(dates)], dtype=np.float64)
    declination, hour_angle = _sun(days, longitude)
    north = math.radians(latitude)
    up = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour_angle)
    south = np.sin(north) * np.cos(declination) * np.cos(hour_angle) - np.cos(north) * np.sin(declination)
    west = np.cos(declination) * np.sin(hour_angle)
    altitude = np.degrees(np.arctan2(up, np.hypot(south, west)))
    azimuth = (np.degrees(np.arctan2(west, south)) + 180.0) % 360.0
    # The sun is so near that whoever looks from the ground sees it lower than the earth's centre would.
    parallax = 8.794 / 3600 * np.cos(np.radians(altitude))
    return np.stack([altitude - parallax, azimuth], axis=-1)


def locations_area(bounds: object, resolution_meters: float) -> FloatArray:
    """A grid of places inside an area, so many metres apart: latitudes and longitudes, shape (N, 2).

    `bounds` is the area's corners in order (see `locations`), or a GeoJSON Polygon, MultiPolygon or Feature of one, as
    a mapping; holes are left out. Edges are straight in degrees, as in GeoJSON, and may cross the date line. Rows run
    from south to north, centred, each spaced for its own latitude. Raises ValueError or TypeError for fewer than three
    corners, an area around a pole, a missing corner, a resolution not above zero or so fine that it means more than
    five million places.
    """
    rings = _rings(bounds)
    step = positive(resolution_meters, "resolution_meters")
    corners = np.concatenate(rings)
    rows = _centred(corners[:, 0].min(), corners[:, 0].max(), step / _metres_per_degree(corners[:, 0].mean())[0])
    wide = np.ptp(corners[:, 1]) * _metres_per_degree(np.abs(rows).min())[1] / step
    if len(rows) * max(1.0, wide) > _MOST_POINTS:
        raise ValueError(f"resolution_meters must be coarser for an area of this size, got {resolution_meters!r}")
    found = [_row_inside(rings, latitude, step) for latitude in rows.tolist()]
    return _on_earth(np.concatenate(found))


def locations_perimeter(bounds: object, resolution_meters: float) -> FloatArray:
    """Places along the edge of an area, its corners among them and none farther apart: shape (N, 2).

    `bounds` as in `locations_area`; each edge is divided evenly. Rings follow one another, holes too. Errors as there.
    """
    step = positive(resolution_meters, "resolution_meters")
    edges = []
    for ring in _rings(bounds):
        ends = np.roll(ring, -1, axis=0)
        lengths = arc_over_chord(np.linalg.norm(ecef(*ring.T) - ecef(*ends.T), axis=1))
        counts = np.maximum(1, np.ceil(lengths / step - _SLACK)).astype(np.int64)
        if counts.sum() > _MOST_POINTS:
            raise ValueError(f"resolution_meters must be coarser for an edge of this length, got {resolution_meters!r}")
        along = np.concatenate([np.arange(count) / count for count in counts])[:, None]
        edges.append(np.repeat(ring, counts, axis=0) + along * np.repeat(ends - ring, counts, axis=0))
    return _on_earth(np.concatenate(edges))


def _span(span: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    if not isinstance(span, (tuple, list)) or len(span) != 2:
        raise TypeError(f"span must be a pair of times, got {span!r}")
    start, end = span
    _days(start, "span[0]")
    _days(end, "span[1]")
    if not start < end:
        raise ValueError(f"span must end after it starts, got {span!r}")
    return start, end


def _days(date: object, name: str) -> float:
    """Days since the epoch J2000."""
    if not isinstance(date, datetime):
        raise TypeError(f"{name} must be a datetime, got {date!r}")
    if date.utcoffset() is None:
        raise TypeError(f"{name} must have a time zone, got {date!r}")
    return (date - _J2000) / timedelta(microseconds=1) / _DAY_MICROSECONDS


def _sun(days: FloatArray, longitude: float) -> tuple[FloatArray, FloatArray]:
    """Declination and local hour angle in radians. Clock time is taken for ephemeris time: a minute is 0.0007°."""
    t = days / _CENTURY_DAYS
    mean_longitude = 280.46646 + t * (36_000.76983 + t * 0.0003032)
    anomaly = np.radians(357.52911 + t * (35_999.05029 - t * 0.0001537))
    centre = (
        (1.914602 - t * (0.004817 + t * 0.000014)) * np.sin(anomaly)
        + (0.019993 - t * 0.000101) * np.sin(2 * anomaly)
        + 0.000289 * np.sin(3 * anomaly)
    )
    node = np.radians(125.04 - 1934.136 * t)
    apparent = np.radians(mean_longitude + centre - 0.00569 - 0.00478 * np.sin(node))
    tilt = np.radians(23.4392911 - 0.0130042 * t + 0.00256 * np.cos(node))
    right_ascension = np.arctan2(np.cos(tilt) * np.sin(apparent), np.cos(apparent))
    declination = np.arcsin(np.sin(tilt) * np.sin(apparent))
    nutation = -0.00478 * np.sin(node) * np.cos(tilt)
    sidereal = 280.46061837 + 360.98564736629 * days + 0.000387933 * t * t + nutation
    return declination, np.radians(sidereal + longitude) - right_ascension


def _rings(bounds: object) -> list[FloatArray]:
    """The closed rings of an area, without the repeated last corner; longitudes go on across the date line."""
    if isinstance(bounds, Mapping) and "type" in bounds:
        kind = bounds["type"]
        if kind == "Feature":
            return _rings(bounds.get("geometry"))
        if kind not in ("Polygon", "MultiPolygon"):
            raise ValueError(f"bounds must be a Polygon or a MultiPolygon, got {kind!r}")
        polygons = [bounds["coordinates"]] if kind == "Polygon" else bounds["coordinates"]
        rings = [[(corner[1], corner[0]) for corner in ring] for polygon in polygons for ring in polygon]
    elif isinstance(bounds, (Sequence, np.ndarray)) and not isinstance(bounds, (str, bytes)):
        rings = [list(bounds)]
    else:
        raise TypeError(f"bounds must be the corners of an area, got {bounds!r}")
    unrolled = [_ring(ring) for ring in rings]
    if not unrolled:
        raise ValueError(f"bounds must have at least three corners, got {bounds!r}")
    # All rings on the same side of the date line as the first.
    east = unrolled[0][0, 1]
    return [ring + np.array([0.0, 360.0 * round((east - ring[0, 1]) / 360.0)]) for ring in unrolled]


def _ring(corners: Sequence[object]) -> FloatArray:
    ring = np.stack(locations_of(corners, "bounds"), axis=-1)
    if np.isnan(ring).any():
        raise ValueError(f"bounds must not have a missing corner, got {corners!r}")
    if len(ring) > 1 and (ring[0] == ring[-1]).all():
        ring = ring[:-1]
    if len(ring) < 3:
        raise ValueError(f"bounds must have at least three corners, got {corners!r}")
    turns = (np.diff(ring[:, 1], append=ring[0, 1]) + 180.0) % 360.0 - 180.0
    if abs(turns.sum()) > 1.0:
        raise ValueError(f"bounds must not go around a pole, got {corners!r}")
    ring[1:, 1] = ring[0, 1] + np.cumsum(turns[:-1])
    return ring


def _row_inside(rings: list[FloatArray], latitude: float, step_m: float) -> FloatArray:
    """The places of one row: even-odd along its crossings with all edges, so that holes are out."""
    crossings = []
    for ring in rings:
        ends = np.roll(ring, -1, axis=0)
        crosses = (ring[:, 0] <= latitude) != (ends[:, 0] <= latitude)
        a, b = ring[crosses], ends[crosses]
        crossings.append(a[:, 1] + (latitude - a[:, 0]) / (b[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1]))
    edges = np.sort(np.concatenate(crossings))
    if len(edges) == 0:
        return np.empty((0, 2))
    columns = _centred(edges[0], edges[-1], step_m / max(_metres_per_degree(latitude)[1], 1e-6))
    inside = np.searchsorted(edges, columns) % 2 == 1
    return np.stack([np.full(np.count_nonzero(inside), latitude), columns[inside]], axis=-1)


def _centred(low: float, high: float, step: float) -> FloatArray:
    """Evenly spaced values with the same rest at both ends; at least the middle."""
    count = max(1, math.floor((high - low) / step + _SLACK))
    return (low + high) / 2 + (np.arange(count, dtype=np.float64) - (count - 1) / 2) * step


def _metres_per_degree(latitude: float) -> tuple[float, float]:
    """Metres that a degree of latitude and one of longitude are long there, on the ellipsoid."""
    north = math.radians(latitude)
    bulge = 1 - ECCENTRICITY_SQUARED * math.sin(north) ** 2
    along_meridian = EQUATORIAL_RADIUS_M * (1 - ECCENTRICITY_SQUARED) / bulge**1.5
    along_parallel = EQUATORIAL_RADIUS_M * math.cos(north) / math.sqrt(bulge)
    return math.radians(along_meridian), math.radians(along_parallel)


def _on_earth(places: FloatArray) -> FloatArray:
    """With longitudes in [-180, 180)."""
    return np.stack([places[:, 0], (places[:, 1] + 180.0) % 360.0 - 180.0], axis=-1)
