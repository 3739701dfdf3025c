"""By what a capture or a slot is known again: its key where it has one, else its content."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..values import pick

SESSION_KEYS = ("id", "uuid", "key")
SLOT_KEYS = ("external_id", "id", "uuid", "key")


def session_identities(sessions: Iterable[object]) -> list[str]:
    """A text for each session that is the same whenever it is met again, wherever in the sequence that may be.

    The `id`, `uuid` or `key` (attribute, or key of a mapping) where there is one. Else the content, numbered: of two
    sessions that are equal in everything the first is "…#1" and the second "…#2", so that they stay two.
    """
    met: Counter[str] = Counter()
    identities = []
    for session in sessions:
        key = _key(session, SESSION_KEYS)
        if key is None:
            content = _digest(session)
            met[content] += 1
            key = f"{content}#{met[content]}"
        identities.append(key)
    return identities


def slot_identity(slot: object) -> str:
    """A text for a slot: its `external_id`, `id`, `uuid` or `key` where there is one, else its content."""
    return _key(slot, SLOT_KEYS) or _digest(slot)


def _key(thing: object, names: tuple[str, ...]) -> str | None:
    for name in names:
        value = pick(thing, name)
        if value is not None and not callable(value) and str(value) != "":
            return f"{name}:{value}"
    return None


def _digest(thing: object) -> str:
    return "content:" + hashlib.sha256(_content(thing).encode("utf-8", "surrogatepass")).hexdigest()


def _content(thing: object) -> str:
    """Content as text: never an address in memory, never the order in which a mapping was filled."""
    if isinstance(thing, Mapping):
        return "{" + ",".join(sorted(f"{_content(k)}:{_content(v)}" for k, v in thing.items())) + "}"
    if isinstance(thing, (set, frozenset)):
        return "{" + ",".join(sorted(map(_content, thing))) + "}"
    if isinstance(thing, (list, tuple)):
        return "[" + ",".join(map(_content, thing)) + "]"
    if hasattr(thing, "tolist"):
        return _content(thing.tolist())
    fields = fields_of(thing)
    return f"{type(thing).__qualname__}{_content(fields)}" if fields else repr(thing)


def fields_of(thing: object) -> dict[str, Any]:
    """The fields of an object, whether it keeps them in slots or in a dict."""
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    return {name: getattr(thing, name) for name in slots if hasattr(thing, name)} | getattr(thing, "__dict__", {})
