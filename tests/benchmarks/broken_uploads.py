"""The product with one guard of its uploads taken out, which the variable BROKEN names: a control for the benchmark."""

import os
from collections.abc import Callable

from capturegraph.wsgi import application

__all__ = ["application"]


def digest() -> None:
    """Nobody compares what came with what was announced."""
    from capturegraph.services.uploads import photographs

    inspected = photographs._inspected
    photographs._inspected = lambda file, sha256: inspected(file, "")


def deleting() -> None:
    """Files that nobody needs stay."""
    from capturegraph.services.uploads import keeping

    keeping.delete = lambda names: len(list(names))


def offset() -> None:
    """The server says that it has one byte more than it has."""
    from capturegraph.services.uploads.parts import Upload

    reach = Upload.reach
    Upload.reach = lambda self, start: reach(self, start) + 1


BREAKS: dict[str, Callable[[], None]] = {"digest": digest, "deleting": deleting, "offset": offset}
BREAKS[os.environ["BROKEN"]]()
