"""What a service says when it will not do a thing. Doors turn these into answers; nobody sees a traceback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class Refused(Exception):  # noqa: N818 - it reads as the sentence it is
    """A clear no. Nothing has been changed.

    Args:
        detail: what is wrong and what to do, in a sentence for a person.
        code: a stable word for a program; the class has one of its own.
        errors: what is wrong with which field, as mappings with `field` and `reason`.
        present: the present state of the row, where that helps the caller on.
    """

    status: ClassVar[int] = 400
    code = "invalid"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[dict[str, Any]] = (),
        present: Any = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.errors = list(errors)
        self.present = present


class Invalid(Refused):
    """The request says something that cannot be."""


class NotAuthenticated(Refused):
    """Nobody known is asking."""

    status = 401
    code = "not_authenticated"


class Forbidden(Refused):
    """Known, and may see it, but may not do this."""

    status = 403
    code = "forbidden"


class NotFound(Refused):
    """Not there, or not for the caller to know about."""

    status = 404
    code = "not_found"


class Conflict(Refused):
    """It would contradict what is there already."""

    status = 409
    code = "conflict"


class Gone(Refused):
    """It was there once."""

    status = 410
    code = "gone"


class LengthRequired(Refused):
    """How much it is has to be said first."""

    status = 411
    code = "length_required"


class TooLarge(Refused):
    """More than is taken."""

    status = 413
    code = "too_large"


class NotAccepted(Refused):
    """A kind of file that is not taken."""

    status = 415
    code = "unsupported_media_type"


class OutOfRange(Refused):
    """A stretch that does not lie in the whole."""

    status = 416
    code = "out_of_range"


class NoRoom(Refused):
    """There is no room to keep it; later there may be."""

    status = 507
    code = "no_room"


class Busy(Refused):
    """Not now; the same request again in a second will do."""

    status = 503
    code = "busy"


class FilesAway(Busy):
    """The store of files does not answer; what is in it stays there, and later it will."""

    code = "files_away"
