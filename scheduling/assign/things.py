"""Ready-made entities and allocations, with everything that the rules here read. Your own objects do as well."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from .spans import Span


@dataclass(frozen=True)
class Volunteer:
    """Somebody who can be sent. Places are as in `locations`, lengths metres; None is "not known" or "no limit"."""

    key: Hashable
    role: str | None = None
    skills: tuple[str, ...] = ()
    newcomer: bool = False
    start: Any = None
    last_position: Any = None
    available: tuple[Span, ...] | None = None
    unavailable: tuple[Span, ...] = ()
    capacity: int | None = None
    most_walking_m: float | None = None


@dataclass(frozen=True)
class Request:
    """Something to be done. Several requests may be about one `slot`.

    Who has done or declined it, or may `never` do it, is known by key.
    """

    key: Hashable
    required_count: int = 1
    window: Span | None = None
    location: Any = None
    slot: Hashable | None = None
    skills: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    requested: tuple[Hashable, ...] = ()
    done_by: tuple[Hashable, ...] = ()
    declined_by: tuple[Hashable, ...] = ()
    never: tuple[Hashable, ...] = ()
