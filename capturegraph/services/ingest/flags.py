"""What makes a reviewer look twice: values in, figures out. A new flag is a function, and its name in `FLAGS`.

A flag never rejects anything. What is not known is no reason for one: most phones leave the place out of the file.
Where two photographs do not go together, the one that was taken later has the flag and names the other: so it does not
matter in which order they came.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from capturegraph.photos import measuring
from scheduling.geodesy import metres

Json = dict[str, Any]

LEAST_APART_M, APART_SIGMA = 200.0, 3.0
"""The file's place and the phone's differ where they are farther apart than both: so many metres, and so many σ."""

TIMES_DIFFER_S = 300.0
FUTURE_S = 300.0

FASTEST_KMH, LEAST_WAY_M = 180.0, 1000.0
"""Nobody who takes photographs gets on faster; shorter ways than this say more of the phone than of the way."""

LOW_SUN_DEG = 6.0
"""Degrees above the horizon: below them the light is yellow, shadows are ten times as long as what throws them."""


class Taken(NamedTuple):
    """Where (degrees, ±1σ metres) and when, by our clock, a photograph was taken.

    `capture` says which one it is, and is None where it belongs to another target.
    """

    capture: UUID | None
    latitude: float
    longitude: float
    accuracy_m: float
    at: datetime


class Alike(NamedTuple):
    """Another photograph that was taken before and looks the same; `bits` of its 64 differ.

    `own` where the same person took it; `capture` is None where it belongs to another target.
    """

    capture: UUID | None
    own: bool
    at: datetime
    bits: int = 0


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything over which flags are raised, of one photograph; None is what is not known.

    `taken_at` is by the phone's clock, which was `skew_s` behind ours; `at` is when that was by ours. What the file
    says begins with `file_`, and the figures are those of `photos.measuring`.
    """

    taken_at: datetime
    skew_s: float
    at: datetime
    received_at: datetime
    latitude: float | None = None
    longitude: float | None = None
    accuracy_m: float | None = None
    file_latitude: float | None = None
    file_longitude: float | None = None
    file_taken_at: datetime | None = None
    readable: bool = True
    sharpness: float | None = None
    dark_share: float | None = None
    bright_share: float | None = None
    brightness: float | None = None
    sun_altitude: float | None = None
    before: Taken | None = None
    near_duplicate: Alike | None = None
    same_photo: Alike | None = None


def raised(seen: Seen) -> list[Json]:
    """Give the flags of a photograph, each with its code and its figures, in the order of `FLAGS`."""
    found = ((code, flag(seen)) for code, flag in FLAGS.items())
    return [{"code": code, **figures} for code, figures in found if figures is not None]


def changed(flags: list[Json], code: str, figures: Json | None) -> list[Json]:
    """Give the flags with one of them set to other figures, or without it."""
    by_code = {flag["code"]: flag for flag in flags if flag["code"] != code}
    if figures is not None:
        by_code[code] = {"code": code, **figures}
    order = [*FLAGS, *by_code]
    return [by_code[name] for name in dict.fromkeys(order) if name in by_code]


# --- place and time ---------------------------------------------------------------------------------------------------


def place_differs(seen: Seen) -> Json | None:
    """The file names another place than the phone."""
    if None in (seen.latitude, seen.longitude, seen.file_latitude, seen.file_longitude):
        return None
    apart = metres((seen.latitude, seen.longitude), (seen.file_latitude, seen.file_longitude))
    bound = max(APART_SIGMA * (seen.accuracy_m or 0.0), LEAST_APART_M)
    return {"metres": round(apart), "allowed_m": round(bound)} if apart > bound else None


def time_differs(seen: Seen) -> Json | None:
    """The file names another time than the phone; what wrote it had the phone's clock, or that of the satellites."""
    if seen.file_taken_at is None:
        return None
    apart = (seen.file_taken_at - seen.taken_at).total_seconds()
    seconds = min(apart, apart - seen.skew_s, key=abs)
    return {"seconds": round(seconds), "allowed_s": round(TIMES_DIFFER_S)} if abs(seconds) > TIMES_DIFFER_S else None


def future(seen: Seen) -> Json | None:
    """It says that it was taken after it came."""
    ahead = {"phone": (seen.taken_at - seen.received_at).total_seconds() + seen.skew_s}
    if seen.file_taken_at is not None:
        ahead["file"] = (seen.file_taken_at - seen.received_at).total_seconds() + min(seen.skew_s, 0.0)
    by = max(ahead, key=lambda name: ahead[name])
    return {"seconds": round(ahead[by]), "by": by} if ahead[by] > FUTURE_S else None


def too_fast(seen: Seen) -> Json | None:
    """Nobody gets here so quickly from where the same person photographed before; what the phones allow goes off."""
    before = seen.before
    if before is None or seen.latitude is None:
        return None
    way = metres((seen.latitude, seen.longitude), (before.latitude, before.longitude))
    surely = way - APART_SIGMA * math.hypot(seen.accuracy_m or 0.0, before.accuracy_m)
    seconds = max((seen.at - before.at).total_seconds(), 1.0)
    kmh = 3.6 * surely / seconds
    if not (surely > LEAST_WAY_M and kmh > FASTEST_KMH):
        return None
    capture = str(before.capture) if before.capture else None
    return {"metres": round(way), "seconds": round(seconds), "kmh": round(kmh), "capture": capture}


# --- pixels -----------------------------------------------------------------------------------------------------------


def unreadable(seen: Seen) -> Json | None:
    """It was taken for a photograph when it came, and no small copy can be made of it."""
    return None if seen.readable else {}


def blurred(seen: Seen) -> Json | None:
    """Nothing in it has an edge."""
    if seen.sharpness is None or seen.sharpness >= measuring.BLURRED_BELOW:
        return None
    return {"sharpness": round(seen.sharpness, 1), "at_least": measuring.BLURRED_BELOW}


def dark(seen: Seen) -> Json | None:
    """Nearly all of it is black."""
    if seen.dark_share is None or seen.dark_share <= measuring.DARK_SHARE_ABOVE:
        return None
    return {"dark_share": round(seen.dark_share, 3), "at_most": measuring.DARK_SHARE_ABOVE}


def burnt_out(seen: Seen) -> Json | None:
    """So much of it is white that nothing is left to see."""
    if seen.bright_share is None or seen.bright_share <= measuring.BRIGHT_SHARE_ABOVE:
        return None
    return {"bright_share": round(seen.bright_share, 3), "at_most": measuring.BRIGHT_SHARE_ABOVE}


# --- beside other photographs -----------------------------------------------------------------------------------------


def near_duplicate(seen: Seen) -> Json | None:
    """Another photograph of the target looks the same."""
    return shown(seen.near_duplicate)


def same_photo(seen: Seen) -> Json | None:
    """The same bytes came before, for this target or for another."""
    return shown(seen.same_photo)


def shown(alike: Alike | None) -> Json | None:
    """Give the figures of a photograph that looks the same, as they are kept."""
    if alike is None:
        return None
    capture = str(alike.capture) if alike.capture else None
    return {"capture": capture, "own": alike.own, "bits": alike.bits, "taken_at": alike.at.isoformat()}


def low_sun(seen: Seen) -> Json | None:
    """The sun was low, or below the horizon."""
    if seen.sun_altitude is None or seen.sun_altitude >= LOW_SUN_DEG:
        return None
    return {"sun_altitude": round(seen.sun_altitude, 1), "at_least": LOW_SUN_DEG}


FLAGS: Mapping[str, Callable[[Seen], Json | None]] = {
    "unreadable": unreadable,
    "same_photo": same_photo,
    "place_differs": place_differs,
    "time_differs": time_differs,
    "future": future,
    "too_fast": too_fast,
    "near_duplicate": near_duplicate,
    "blurred": blurred,
    "dark": dark,
    "burnt_out": burnt_out,
    "low_sun": low_sun,
}
"""Which flags there are, the gravest first; each gives its figures, or None where it is not raised."""
