"""Times as people type them: local to the place unless they say an offset.

A date and a time of day in a zone is no moment where the clocks skip it, and two where they run through it twice. Both
are refused rather than guessed: an hour off sends somebody in the dark.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from capturegraph.formats.wording import shown

_DATE = r"(\d{4}-\d{2}-\d{2})"
_TIME = re.compile(
    _DATE + r"(?:[T ]\s*(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s*(Z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_EXAMPLE = "write it like 2026-06-01 09:00"

YEARS = range(2, 9999)
"""The years, in UTC, whose times the clocks of every zone can tell: not the first that a calendar has, nor the last."""


def moment(text: str, zone: tzinfo, *, ends: bool) -> datetime | None:
    """The moment in UTC that a text means in a zone; None for an empty one.

    Taken are a date with a time of day, ISO 8601 or with a space between them, with an offset or without. A date alone
    is its first moment, or, where it `ends` something, its last: whoever writes "until the 5th" means that day too.

    Raises ValueError, with the rest of a sentence whose first word is the field's name, for anything else, for a time
    of day that the clocks skip, for one that comes twice, and for one outside `YEARS`.
    """
    text = text.strip()
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{shown(text)} is not a time that can be read: {_EXAMPLE}.")
    day, clock, offset = found.groups()
    far = f"{shown(text)} is too far away to be a time: leave it empty where there is none, or {_EXAMPLE}."
    try:
        local = datetime.combine(_day(day), _time_of_day(clock))
        if clock is None and ends:
            local += timedelta(days=1)
        at = (local - _offset(offset)).replace(tzinfo=UTC) if offset else _in_zone(local, zone, text)
    except OverflowError:
        raise ValueError(far) from None
    if at.year not in YEARS:
        raise ValueError(far)
    return at


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is no date of the calendar: {_EXAMPLE}.") from None


def _time_of_day(clock: str | None) -> time:
    if clock is None:
        return time()
    hours, rest = clock.split(":", 1)
    try:
        return time.fromisoformat(f"{int(hours):02}:{rest}")
    except ValueError:
        raise ValueError(f"{shown(clock)} is no time of day: {_EXAMPLE}.") from None


def _offset(text: str) -> timedelta:
    if text.upper() in ("Z", "UTC"):
        return timedelta(0)
    digits = text[1:].replace(":", "").ljust(4, "0")
    much = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if much > timedelta(hours=18):
        raise ValueError(f"has the offset {text}, which no place on earth has: write one like +02:00.")
    return much if text[0] == "+" else -much


def _in_zone(local: datetime, zone: tzinfo, text: str) -> datetime:
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise ValueError(f"{shown(text)} does not exist: the clocks go forward then. Write a time before or after.")
    offsets = " or ".join(_written(one.utcoffset()) for one in (first, second))
    raise ValueError(
        f"{shown(text)} comes twice: the clocks go back then. Say which by its offset, {offsets}, at the end."
    )


def _written(offset: timedelta | None) -> str:
    minutes = round((offset or timedelta()).total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
