"""What is different between two texts, word by word, and short enough for a line of a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_BESIDE, _MOST = 6, 60
"""Words shown beside a difference, and compared at most."""

_LEAST_ALIKE = 0.3
"""Below this the words that two texts have in common are there by chance."""

Part = tuple[str, str]


def parts(was: str, now: str) -> list[Part]:
    """Give the words of both texts in order, in pieces, each with "same", "was" or "now".

    What is far from a difference is left out; where too much differs the old words are given first, then the new ones,
    both cut where they are long.
    """
    ours, theirs = was.split(), now.split()
    before = _common(ours, theirs)
    after = _common(ours[before:][::-1], theirs[before:][::-1])
    found: list[Part] = []
    if before:
        found.append(("same", " ".join([*["…"][: before > _BESIDE], *ours[max(0, before - _BESIDE) : before]])))
    found += _middle(ours[before : len(ours) - after], theirs[before : len(theirs) - after])
    if after:
        rest = ours[len(ours) - after :]
        found.append(("same", " ".join([*rest[:_BESIDE], *["…"][: after > _BESIDE]])))
    return [part for part in found if part[1]]


def _common(ours: Sequence[str], theirs: Sequence[str]) -> int:
    count = 0
    while count < min(len(ours), len(theirs)) and ours[count] == theirs[count]:
        count += 1
    return count


def _middle(ours: list[str], theirs: list[str]) -> Iterator[Part]:
    match = SequenceMatcher(None, ours[: _MOST + 1], theirs[: _MOST + 1], autojunk=False)
    if max(len(ours), len(theirs)) > _MOST or match.ratio() < _LEAST_ALIKE:
        yield from (("was", _cut(ours)), ("now", _cut(theirs)))
        return
    for kind, a, b, c, d in match.get_opcodes():
        if kind == "equal":
            yield "same", " ".join(ours[a:b])
        else:
            yield from (("was", " ".join(ours[a:b])), ("now", " ".join(theirs[c:d])))


def _cut(words: list[str]) -> str:
    return " ".join(words[:_MOST]) + (" …" if len(words) > _MOST else "")
