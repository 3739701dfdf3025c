"""Reading what rules need to know of an entity or an allocation."""

from collections.abc import Mapping
from typing import Any

_ABSENT = object()


def fact(thing: object, name: str) -> Any:
    """The value called `name` of a thing: its attribute, or its key where it is a mapping; None where there is none.

    Attributes first, since these questions are asked a million times and objects are the common case.
    """
    value = getattr(thing, name, _ABSENT)
    if value is not _ABSENT:
        return value
    return thing.get(name) if isinstance(thing, Mapping) else None
