"""XML, an element at a time: without entities, document types or anything that another file could slip in by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import unescape
from typing import TYPE_CHECKING, Any, NoReturn
from xml.etree.ElementTree import ParseError, TreeBuilder
from xml.parsers import expat

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from capturegraph.formats.rows import Unreadable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MOST_ELEMENTS = 3_000_000
_MOST_INSIDE = 300_000
_MOST_DEEP = 200
_LONGEST = 1 << 19
_PIECE = 1 << 15


def local(element: Element) -> str:
    """The name of an element without its namespace: files mix versions, and forget to say which."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: Element, *names: str) -> Element | None:
    """The first child with the first of some names that there is."""
    for name in names:
        for one in element:
            if local(one) == name:
                return one
    return None


def text_of(element: Element | None) -> str:
    """All text in an element, trimmed; an empty text for None."""
    return "" if element is None else "".join(element.itertext()).strip()


def elements(data: bytes, root: str, *names: str) -> Iterator[Element]:
    """Yield each outermost element of some names as soon as it is whole; what is not asked for is not kept.

    Raises Unreadable for what is no XML, for another root than `root`, and for what is made to cost memory.
    """
    try:
        yield from _elements(data, root, names)
    except ParseError as error:
        raise Unreadable(f"The file is not whole XML: {_why(error)}. Export it again.") from None
    except DefusedXmlException as error:
        raise Unreadable("The file has a document type or entities, which no file of places needs.") from error
    except (ValueError, LookupError) as error:
        raise Unreadable(
            "The file says that it is written in an encoding that nobody knows: save it as UTF-8."
        ) from error


def _elements(data: bytes, root: str, names: tuple[str, ...]) -> Iterator[Element]:
    open_ones: list[Element] = []
    wanted, count, inside = 0, 0, 0
    parser = DefusedXMLParser(target=TreeBuilder(), forbid_dtd=True)
    for event, element in iterparse(_Pieces(data, parser.parser), ("start", "end"), parser):
        if event == "start":
            count, inside = count + 1, inside + 1
            if not open_ones and local(element) != root:
                raise Unreadable(f"The file is XML, but its root is not “{root}”.")
            open_ones.append(element)
            if count > _MOST_ELEMENTS or len(open_ones) > _MOST_DEEP or (wanted and inside > _MOST_INSIDE):
                raise Unreadable("The file has too many elements to be a list of places: export points only.")
            if local(element) in names:
                wanted, inside = wanted + 1, inside if wanted else 0
            continue
        open_ones.pop()
        if local(element) in names:
            wanted -= 1
            if not wanted:
                yield element
        if not wanted:
            element.clear()
            if open_ones:
                del open_ones[-1][:]


def tell(
    data: bytes, begun: Callable[[str, dict[str, str]], object], ended: Callable[[str], object], damaged: str
) -> None:
    """Tell of each element (its name as written, and its attributes) as it begins and ends, and keep nothing of it.

    The document is read as UTF-8, whatever it says: another reader may pay no heed to what it says. Raises Unreadable
    with the sentence `damaged` for what is no XML, and for a document type.
    """

    def refuse_type(*_what: object) -> NoReturn:
        raise Unreadable(damaged)

    # None: names are not kept for the next time that they come, or hostile ones would be for ever.
    parser = expat.ParserCreate("utf-8", intern=None)
    parser.StartElementHandler, parser.EndElementHandler = begun, ended
    parser.StartDoctypeDeclHandler = refuse_type
    pieces = _Pieces(data, parser)
    try:
        while piece := pieces.read():
            parser.Parse(piece)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Unreadable(damaged) from error


class _Pieces:
    """The bytes of a document, a piece at a time, for as long as a parser of expat gets on with them."""

    def __init__(self, data: bytes, parser: Any) -> None:
        self._data, self._parser, self._at = data, parser, 0

    def read(self, size: int = -1, /) -> bytes:
        """The next piece. Raises Unreadable for a tag or a comment that takes too many of them to end."""
        # What it has not seen the end of is read anew with each piece, by the older ones of the parser's versions.
        if self._at - self._parser.CurrentByteIndex > _LONGEST:
            raise Unreadable("The file has a tag or a comment that is far too long: export it again.")
        piece = self._data[self._at : self._at + _PIECE]
        self._at += len(piece)
        return piece


def _why(error: ParseError) -> str:
    line = error.position[0]
    return f"{re.sub(r': line .*', '', str(error))} (line {line})"


# Python's own reader of HTML takes minutes for a hundred kB of “<a ”: what this begins to read, it never reads again.
_TAG = re.compile(
    r"""<(?:!--(?:.*?-->|.*)|[!?][^<>]*+>|(/?)([A-Za-z][^\s<>/]*+)(?:"[^"<]*"|'[^'<]*'|[^<>])*+>)""", re.DOTALL
)
_ON_NEW_LINES = ("br", "p", "div", "tr", "li", "h1", "h2", "h3")


def plain(html: str) -> str:
    """The words of a text with HTML in it, as map programs write descriptions; other text as it is."""
    if "<" not in html or len(html) > 100_000:
        return html
    said = _TAG.sub(_instead, html)
    # A number of thousands of digits is no character, and not to be read as a number either.
    with suppress(ValueError):
        said = unescape(said)
    lines = (" ".join(line.split()) for line in said.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _instead(tag: re.Match[str]) -> str:
    return "\n" if not tag[1] and tag[2] and tag[2].lower() in _ON_NEW_LINES else ""
