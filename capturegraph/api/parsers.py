"""Reading request bodies without falling over what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser

from capturegraph.services.refusals import TooLarge

MAX_JSON_BYTES = 1024 * 1024
MAX_DEPTH = 100


class GuardedJSONParser(BaseParser):
    """JSON as RFC 8259 has it and a database can keep it.

    Refused, each with where it is: NaN, Infinity and numbers beyond a double, nesting beyond 100 levels, halves of
    surrogate pairs, NUL characters, and anything over 1 MB.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Read the body.

        Raises:
            ParseError: it is not such JSON. TooLarge: it is longer than 1 MB.
        """
        try:
            body = stream.read(MAX_JSON_BYTES + 1)
        except UnreadablePostError:
            raise ParseError(_("The request broke off. Send it again.")) from None
        if len(body) > MAX_JSON_BYTES:
            raise TooLarge(_("A JSON body may have up to 1 MB."))
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(_("This is not JSON: %s.") % error) from None
        wrong = unfit(parsed)
        if wrong is not None:
            raise ParseError(wrong)
        return parsed


def unfit(value: Any) -> str | None:
    """Say what keeps a parsed value out of the database; None where nothing does.

    PostgreSQL keeps no NUL character, and what is nested deeper than Python's stack cannot be written again.
    """
    left: list[tuple[Any, str, int]] = [(value, "", 0)]
    while left:
        item, name, depth = left.pop()
        if isinstance(item, str) and "\0" in item:
            return _("“%s” holds a NUL character. Delete it.") % name.replace("\0", "")
        if depth > MAX_DEPTH:
            return _("It is nested deeper than %d levels.") % MAX_DEPTH
        if isinstance(item, dict):
            left += [(key, key, depth) for key in item]
            left += [(inner, f"{name}.{key}".lstrip("."), depth + 1) for key, inner in item.items()]
        elif isinstance(item, list):
            left += [(inner, f"{name}[{place}]", depth + 1) for place, inner in enumerate(item)]
    return None


class GuardedMultiPartParser(MultiPartParser):
    """Forms with files, without NUL characters."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles[Any, Any]:
        """Read the body.

        Raises:
            ParseError: it is no such form, or not all of one.
        """
        counted = _Counted(stream)
        try:
            parsed = super().parse(counted, media_type, parser_context)  # type: ignore[arg-type]
        except MultiPartParserError as error:
            raise ParseError(_("This form cannot be read: %s") % error) from None
        except UnreadablePostError:
            raise ParseError(_("The form broke off. Send it again.")) from None
        request = (parser_context or {}).get("request")
        if request and counted.count < int(request.META.get("CONTENT_LENGTH") or 0):
            # Django takes a form that breaks off for one that ends: its last value would be half of one.
            raise ParseError(_("The form broke off. Send it again."))
        for name, values in parsed.data.lists():
            for value in (name, *values):
                if isinstance(value, str) and ("\0" in value or not _is_text(value)):
                    raise ParseError(_("“%s” holds a character that cannot be kept. Delete it.") % name.strip("\0"))
        return parsed


class _Counted:
    """A stream that counts what is read of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.count = stream, 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self.count += len(chunk)
        return chunk


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class RawParser(BaseParser):
    """Bytes as they come, left in the stream."""

    media_type = "*/*"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles[Any, Any]:
        """Leave the stream alone: the view reads it in pieces."""
        return DataAndFiles({}, {})
