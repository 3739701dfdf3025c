"""By what an entity or an allocation is known again: its own key, never its address in memory."""

from collections.abc import Hashable
from typing import TypeAlias

from ..values import whole
from .facts import fact

Key: TypeAlias = Hashable

_NAMES = ("key", "id", "uuid")


def key_of(thing: object) -> Key:
    """The `key`, `id` or `uuid` (attribute, or key of a mapping) of a thing; a thing with none is its own key.

    So "alice" is known as "alice", a row by its id, and two objects with the same key are one entity. Raises TypeError
    for what has no key and cannot be hashed.
    """
    if isinstance(thing, (str, int)):
        return thing
    for name in _NAMES:
        value = fact(thing, name)
        if value is not None and not callable(value):
            return value if isinstance(value, Hashable) else _unknown(thing)
    return thing if isinstance(thing, Hashable) else _unknown(thing)


def required_count(allocation: object) -> int:
    """How many entities an allocation needs: its `required_count`, 1 where it has none; ValueError below 1."""
    count = fact(allocation, "required_count")
    if count is None:
        return 1
    if whole(count, "required_count") < 1:
        raise ValueError(f"required_count must be at least 1, got {count!r}")
    return whole(count, "required_count")


def _unknown(thing: object) -> Key:
    raise TypeError(f"a thing to plan with must have a key or be hashable, got {thing!r}")
