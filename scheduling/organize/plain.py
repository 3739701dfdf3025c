"""Things as plain values, which `json` writes and people read."""

import math
from collections.abc import Mapping
from typing import Any

from .identity import fields_of


def plain(thing: object) -> Any:
    """A thing as None, bool, int, float, str, list or dict, all the way down.

    NaN and infinity, which JSON does not have, become None; dates ISO text; other objects a dict of their public
    fields, or their text where they have none or are plain values themselves, like a UUID.
    """
    if thing is None or isinstance(thing, (bool, int, str)):
        return thing
    if isinstance(thing, float):
        return float(thing) if math.isfinite(thing) else None
    if isinstance(thing, Mapping):
        return {str(name): plain(value) for name, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [plain(one) for one in thing]
    if isinstance(thing, (set, frozenset)):
        return sorted((plain(one) for one in thing), key=repr)
    if hasattr(thing, "tolist"):
        return plain(thing.tolist())
    if hasattr(thing, "isoformat"):
        return thing.isoformat()
    if not hasattr(thing, "__dict__") and type(thing).__str__ is not object.__str__:
        return str(thing)
    fields = {name: value for name, value in fields_of(thing).items() if not name.startswith("_")}
    return plain(fields) if fields else str(thing)
