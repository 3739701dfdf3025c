"""How the text of a variable of the environment is read. What cannot be is a ValueError that says what to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit


def flag(text: str) -> bool:
    """Read yes or no."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError("write yes or no")
    return words[text.lower()]


def names(text: str) -> list[str]:
    """Read names with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def key(text: str) -> str:
    """Read a key that is long enough to be secret."""
    if len(text) < 50:
        raise ValueError("a secret key has at least 50 characters")
    return text


def origins(text: str) -> list[str]:
    """Read origins with commas between them."""
    found = names(text)
    for origin in found:
        if urlsplit(origin).scheme not in ("http", "https") or not urlsplit(origin).hostname:
            raise ValueError(f"“{origin}” is no origin; write one like https://photos.example.org")
    return found


def database(text: str) -> str:
    """Read the address of a database of a kind that there is."""
    scheme = urlsplit(text).scheme
    if scheme not in ("sqlite", "postgres", "postgresql"):
        raise ValueError("it starts with sqlite:/// or postgresql://")
    return text


def broker(text: str) -> str:
    """Read the address of a broker of a kind that there is."""
    if urlsplit(text).scheme not in ("filesystem", "redis", "rediss", "amqp", "amqps", "memory"):
        raise ValueError("it starts with filesystem://, redis:// or amqp://")
    return text


def seconds(text: str) -> float:
    """Read a number of seconds, from a tenth to a year."""
    value = float(text)
    if not 0.1 <= value <= 366 * 86_400:
        raise ValueError(f"{text} is not between 0.1 and a year")
    return value


def days(text: str) -> int:
    """Read a whole number of days, from one to a hundred years."""
    if not text.isdecimal() or not 1 <= int(text) <= 36_525:
        raise ValueError(f"{text} is not a whole number of days, 1 to 36525")
    return int(text)


def one_of(words: Sequence[str]) -> Callable[[str], str]:
    """Make a reader of one of these words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"it is {', '.join(words[:-1])} or {words[-1]}")
        return text

    return read


def blurrer(text: str) -> str:
    """Read the name of what blurs faces here; "none" is the same as nothing."""
    if text == "none":
        return ""
    # Only where it is asked for: readers of photographs take a while to load.
    from capturegraph.photos.blurring import check

    check(text)
    return text


class Mail(NamedTuple):
    """How e-mail is sent: the last part of a backend's name in Django, and what that one needs to know."""

    backend: str = "dummy"
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    tls: bool = False
    ssl: bool = False
    sender: str = "capturegraph@localhost"


def mail(text: str) -> Mail:
    """Read how e-mail is sent."""
    url = urlsplit(text)
    if url.scheme == "console":
        return Mail("console")
    if url.scheme not in ("smtp", "smtps"):
        raise ValueError("it starts with smtp://, smtps:// or console:")
    if not url.hostname:
        raise ValueError("it names no server; write one like smtp://user:password@mail.example.org:587/?tls=yes")
    # What stands behind a “/” or “#” in a password would be lost without a word.
    if url.path not in ("", "/") or url.fragment:
        raise ValueError("after the server comes ?tls=yes or ?from=… only; in a password write / as %2F, # as %23")
    said = dict(parse_qsl(url.query, keep_blank_values=True))
    if unknown := sorted(set(said) - {"tls", "from"}):
        raise ValueError(f"“{unknown[0]}” is not known; there are tls=yes and from=…")
    tls, ssl, user = flag(said.get("tls", "no")), url.scheme == "smtps", unquote(url.username or "")
    if tls and ssl:
        raise ValueError("smtps:// is encrypted from the first byte on: leave out tls=yes")
    port = url.port or (465 if ssl else 587 if tls else 25)
    sender = said.get("from") or (user if "@" in user else f"capturegraph@{url.hostname}")
    return Mail("smtp", url.hostname, port, user, unquote(url.password or ""), tls, ssl, sender)


class Bucket(NamedTuple):
    """Where files are kept in an S3-compatible store. Without key and secret, boto3 looks for them where it does."""

    bucket: str
    prefix: str = ""
    key: str = ""
    secret: str = ""
    endpoint: str = ""
    public: str = ""
    region: str = ""
    addressing: str = "auto"


def files(text: str) -> Bucket:
    """Read in which bucket files are kept."""
    url = urlsplit(text)
    # Not url.port: what cannot be a port is a piece of the secret, and would be in the error.
    if url.scheme != "s3" or not url.hostname or ":" in url.netloc.rpartition("@")[2] or url.fragment:
        raise ValueError(
            "write one like s3://key:secret@bucket/prefix?endpoint=https://s3.example.org; in a secret write / as %2F"
        )
    if bool(url.username) != bool(url.password):
        raise ValueError("before the @ come a key and its secret, with a colon between them, or neither")
    said = dict(parse_qsl(url.query, keep_blank_values=True))
    if unknown := sorted(set(said) - {"endpoint", "public", "region", "addressing"}):
        raise ValueError(f"“{unknown[0]}” is not known; there are endpoint, public, region and addressing")
    for name in ("endpoint", "public"):
        if name in said:
            origins(said[name])
    addressing = one_of(("auto", "path", "virtual"))(said.get("addressing", "path" if "endpoint" in said else "auto"))
    if not find_spec("storages") or not find_spec("boto3"):
        raise ValueError("that needs the extra “scale”: uv run --extra scale …")
    return Bucket(
        url.hostname, url.path.strip("/"), unquote(url.username or ""), unquote(url.password or ""),
        said.get("endpoint", ""), said.get("public", ""), said.get("region", ""), addressing,
    )  # fmt: skip
