"""What a file's columns are called and hold, so that a person can say which of them is what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from capturegraph.formats.rows import UNSTORABLE, Header

MOST_NAMES = 200
"""Most columns that a person is asked about."""

_MOST_LETTERS, _MOST_EXAMPLES, _LONGEST_NAME = 40, 3, 200


def header(
    names: Iterable[str],
    samples: Mapping[str, Sequence[Any]],
    columns: Mapping[str, str],
    *,
    geometry: bool = False,
    own_ids: bool = False,
) -> Header:
    """Describe the columns of a file; `samples` are some values of each, `columns` what each field is read from.

    Left out are columns beyond `MOST_NAMES` and names that nobody can choose: empty, endless, with control characters.
    """
    every = list(names)
    kept = [name for name in every if name.strip() and len(name) <= _LONGEST_NAME and not UNSTORABLE.search(name)]
    kept = kept[:MOST_NAMES]
    examples = {name: _shortened(samples.get(name, ())) for name in kept}
    said = "\0".join([*sorted(name.strip().casefold() for name in every), str(geometry)])
    key = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
    return Header(tuple(kept), examples, dict(columns), geometry, own_ids, key)


class Samples:
    """Some values of each column, taken as rows go by."""

    def __init__(self) -> None:
        self.of: dict[str, list[Any]] = {}

    def take(self, row: Mapping[str, Any]) -> None:
        """Look at one row: texts and numbers that are not there yet."""
        for name, value in row.items():
            some = self.of.get(name)
            if some is None:
                some = self.of[name] = []
            if len(some) < _MOST_EXAMPLES and _says_something(value) and value not in some:
                some.append(value)


def _says_something(value: object) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value)[:1000].strip() != ""


def _shortened(values: Sequence[Any]) -> list[str]:
    return [_short(value) for value in values if _says_something(value)][:_MOST_EXAMPLES]


def _short(value: object) -> str:
    text = " ".join(str(value)[:1000].split())
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"
