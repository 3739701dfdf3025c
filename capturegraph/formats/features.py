"""The features of a GeoJSON file one at a time: all at once they take ten times the memory of a large file."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import Any

import orjson

from capturegraph.formats.rows import Unreadable

# A string that is never closed goes to the end: else the search begins anew at each quotation mark inside of it.
_TOKEN = re.compile(rb'"(?:[^"\\]+|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_OPENS, _QUOTE = b"[{", b'"'
_MARK = b" \t\r\n\x1e"
_TEXT = re.compile(rb"[^ \t\r\n\x1e]")


class Features:
    """The items of the list of features, parsed anew each time that they are gone through."""

    def __init__(self, data: bytes, spans: array[int]) -> None:
        self._data, self._spans = data, spans

    def __iter__(self) -> Iterator[Any]:
        for n in range(0, len(self._spans), 2):
            first, last = self._spans[n], self._spans[n + 1]
            yield parsed(self._data[first:last], self._data, first)


class Lines:
    """A file with one feature a line, parsed anew each time (RFC 8142, with its marks or without)."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @classmethod
    def of(cls, data: bytes) -> Lines | None:
        """Give the lines of a file; None where it is one document."""
        begins = _TEXT.search(data)
        ends = data.find(b"\n", begins.start()) if begins else -1
        if begins is None or ends < 0 or _TEXT.search(data, ends) is None:
            return None
        try:
            value = orjson.loads(data[begins.start() : ends])
        except orjson.JSONDecodeError:
            return None
        # A line that is a whole document, with something after it.
        return cls(data) if isinstance(value, dict) and value.get("type") == "Feature" else None

    def __iter__(self) -> Iterator[Any]:
        at = 0
        while at < len(self._data):
            end = self._data.find(b"\n", at)
            end = len(self._data) if end < 0 else end
            line = self._data[at:end].strip(_MARK)
            if line:
                yield parsed(line, self._data, at)
            at = end + 1


def parsed(piece: bytes, whole: bytes, first: int = 0) -> Any:
    """JSON as a value. Raises Unreadable, with the line of the file, for what is none."""
    try:
        return orjson.loads(piece)
    except orjson.JSONDecodeError as exc:
        line = whole.count(b"\n", 0, first) + exc.lineno
        raise Unreadable(f"The file is not valid JSON: {exc.msg} (line {line}). Export it again.") from None


def split(data: bytes) -> tuple[bytes, Features] | None:
    """A FeatureCollection without its features, and these; None where it is simpler to read the whole.

    Only brackets and strings are looked at here: whether it is JSON is seen when the pieces are parsed.
    """
    found = _spans(data)
    if found is None:
        return None
    opens, shuts, spans = found
    edges = [opens, *spans, shuts]
    gaps = [data[first:last].strip() for first, last in zip(edges[0::2], edges[1::2], strict=True)]
    # Numbers or words between the items, or a comma too many: the whole will say what is wrong.
    if gaps[0] or gaps[-1] or any(gap != b"," for gap in gaps[1:-1]):
        return None
    return data[:opens] + data[shuts:], Features(data, spans)


def _spans(data: bytes) -> tuple[int, int, array[int]] | None:
    """Where the list of features opens and shuts, and each item that is a list or an object."""
    depth, key, opens, shuts = 0, (b"", 0), -1, -1
    spans = array("q")
    for match in _TOKEN.finditer(data):
        at, token = match.start(), match[0][:1]
        if token == _QUOTE:
            if depth == 1:
                key = (match[0], match.end())
        elif token in _OPENS:
            depth += 1
            if depth == 2 and _is_features(data, key, at):
                if opens >= 0 or token != b"[":
                    return None
                opens = at + 1
            elif depth == 3 and opens >= 0 > shuts:
                spans.append(at)
            # It has named one thing: what lies between is looked at once.
            key = (b"", 0)
        else:
            if depth == 3 and opens >= 0 > shuts:
                spans.append(match.end())
            elif depth == 2 and opens >= 0 > shuts:
                shuts = at
            depth -= 1
    return None if depth or shuts < 0 else (opens, shuts, spans)


def _is_features(data: bytes, key: tuple[bytes, int], at: int) -> bool:
    return key[0] == b'"features"' and data[key[1] : at].strip() == b":"
