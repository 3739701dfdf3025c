"""Which bytes are which letters: by a mark at the beginning, else by what the bytes look like.

A wrong guess turns "Café" into "CafŽ" without an error, so what was guessed is shown in the preview, and a text that
fits nothing is refused.
"""

import codecs
import re

from capturegraph.formats.rows import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16, whose mark its own begins with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 4096
_PIECE = 1 << 20
_SAVE = "Save it again as “CSV UTF-8”."

# Bytes that are letters to an old Mac and something else to Windows, where a word has a letter: between two, or after
# the last. Left out are those that are a dash, an apostrophe, an ellipsis or a ligature to Windows.
_MAC = re.compile(
    rb"[A-Za-z][\x80-\x84\x86-\x91\x93-\x95\x98-\x9b\x9d-\x9f\xa7]+(?=[a-z])"
    rb"|[a-z][\x87-\x8a\x8c-\x90\x9a\x9d-\x9f](?![A-Za-z\x80-\xff])"
)
# Bytes that are letters to Windows, and mostly signs or capitals to a Mac.
_WINDOWS = re.compile(rb"[A-Za-z][\xc0-\xff]+(?=[a-z])|[a-z][\xc0-\xff](?![A-Za-z\x80-\xff])|\b[\xc0-\xdf][a-z]")


def decoded(data: bytes) -> tuple[str, str]:
    """A file's text and the name of its encoding: UTF-8, UTF-16, UTF-32, Windows-1252 (with Latin-1) or Mac Roman.

    Raises Unreadable for bytes that are no text in any of them.
    """
    codec = encoding_of(data)
    return data.decode(codec), codec.removesuffix("-sig")


def encoding_of(data: bytes) -> str:
    """The codec that a file's text is to be read with, as `decoded`; the text itself is not kept in memory.

    Raises Unreadable for bytes that are no text in any of them.
    """
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    encoding = marked or _wide(data[:_HEAD])
    if encoding is not None:
        if _fault(data, encoding) is not None:
            named = encoding.removesuffix("-sig").upper()
            raise Unreadable(f"The file looks like {named} text, but is damaged. {_SAVE}")
        return encoding
    # What is valid UTF-8 is practically never anything else.
    if (at := _fault(data, "utf-8")) is None:
        return "utf-8"
    _refuse_damaged(data, at)
    return _narrow(data)


def _fault(data: bytes, encoding: str) -> int | None:
    """About where the first bytes are that an encoding does not have; None where all are text."""
    decoder, view = codecs.getincrementaldecoder(encoding)(), memoryview(data)
    for first in range(0, len(data) + 1, _PIECE):
        try:
            decoder.decode(view[first : first + _PIECE], first + _PIECE > len(data))
        except UnicodeDecodeError as error:
            return first + error.start
    return None


def as_utf8(head: bytes) -> bytes:
    """The first bytes of a file as UTF-8 without a mark, as well as can be: for a look at them."""
    marked = next(((mark, encoding) for mark, encoding in _MARKS if head.startswith(mark)), None)
    if marked is not None and marked[0] == codecs.BOM_UTF8:
        return head.removeprefix(codecs.BOM_UTF8)
    encoding = marked[1] if marked else _wide(head)
    return head if encoding is None else head.decode(encoding, "ignore").encode("utf-8", "ignore")


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: of western text every other byte is nought."""
    even, odd = head[: len(head) // 2 * 2 : 2], head[1::2]
    if len(odd) < 2:
        return None
    noughts = even.count(0) / len(even), odd.count(0) / len(odd)
    if noughts[0] == 0 and noughts[1] > 0.5:
        return "utf-16-le"
    return "utf-16-be" if noughts[1] == 0 and noughts[0] > 0.5 else None


def _refuse_damaged(data: bytes, at: int) -> None:
    """UTF-8 with a few broken bytes: reading it as anything else would spoil all that is whole."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    if len(text) - len(text.encode("ascii", "ignore")) > 2 * broken:
        line = data.count(b"\n", 0, at) + 1
        raise Unreadable(f"The file is UTF-8 text with a damaged character in line {line}. {_SAVE}")


def _narrow(data: bytes) -> str:
    mac, windows = (sum(1 for _ in pattern.finditer(data)) for pattern in (_MAC, _WINDOWS))
    if mac > windows:
        return "mac-roman"
    if _fault(data, "windows-1252") is not None:
        raise Unreadable(f"The file is not text that can be read. {_SAVE}")
    return "windows-1252"
