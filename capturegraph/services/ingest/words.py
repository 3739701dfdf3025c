"""Flags in words: for reviewers all of them, with their figures; for who took the photograph those that help."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Json = dict[str, Any]


def sentence(flag: Json) -> str:
    """Say a flag to a reviewer; one of a later release, whose code is not known here, by its code."""
    words = WORDS.get(str(flag.get("code")))
    return words(flag) if words else str(flag.get("code", ""))


def to_volunteer(flags: Iterable[Json]) -> list[Json]:
    """Give what helps whoever took the photograph to take a better one, as `code` and `text`."""
    return [{"code": flag["code"], "text": str(HELPS[flag["code"]])} for flag in flags if flag["code"] in HELPS]


HELPS = {
    "blurred": gettext_lazy("This photo looks blurred. If you are still there, hold still and take another one."),
    "dark": gettext_lazy("This photo is very dark. If you are still there, take another one with more light."),
    "burnt_out": gettext_lazy("This photo is very bright. If you are still there, take another one away from the sun."),
}
"""What is said to volunteers; nothing by which anybody is suspected."""


def _same_photo(flag: Json) -> str:
    if flag["capture"] is None:
        return str(_("The same file was sent before, for something else."))
    own = _("The same person sent the same file before.")
    return str(own if flag["own"] else _("Somebody else sent the same file before."))


def _near_duplicate(flag: Json) -> str:
    said = _("It looks like an earlier photo of theirs: %(bits)d of 64 marks differ.")
    others = _("It looks like an earlier photo of somebody else: %(bits)d of 64 marks differ.")
    return str((said if flag["own"] else others) % flag)


def _time_differs(flag: Json) -> str:
    minutes = {"minutes": round(abs(flag["seconds"]) / 60)}
    later, earlier = (
        _("The file says %(minutes)d min later than the phone."),
        _("The file says %(minutes)d min earlier than the phone."),
    )
    return str((later if flag["seconds"] > 0 else earlier) % minutes)


def _future(flag: Json) -> str:
    phone, file = (
        _("By the phone's clock it was taken %(minutes)d min after it came."),
        _("The file says that it was taken %(minutes)d min after it came."),
    )
    return str((phone if flag["by"] == "phone" else file) % {"minutes": round(flag["seconds"] / 60)})


def _share(flag: Json, name: str) -> Json:
    return {"percent": round(100 * flag[name])}


WORDS: dict[str, Callable[[Json], str]] = {
    "unreadable": lambda flag: str(_("No small copy can be made of this photo.")),
    "same_photo": _same_photo,
    "place_differs": lambda flag: str(_("The file says %(metres)d m from where the phone was.") % flag),
    "time_differs": _time_differs,
    "future": _future,
    "too_fast": lambda flag: str(_("%(metres)d m in %(seconds)d s from their last photo: %(kmh)d km/h.") % flag),
    "near_duplicate": _near_duplicate,
    "blurred": lambda flag: str(_("It looks blurred: sharpness %(sharpness)s, %(at_least)s is usual.") % flag),
    "dark": lambda flag: str(_("%(percent)d %% of it is nearly black.") % _share(flag, "dark_share")),
    "burnt_out": lambda flag: str(_("%(percent)d %% of it is burnt out.") % _share(flag, "bright_share")),
    "low_sun": lambda flag: str(_("The sun stood at %(sun_altitude)s°.") % flag),
}
"""What each flag says to a reviewer. A new flag is a line here."""
