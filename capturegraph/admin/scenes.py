"""What is drawn on the map of a row, and said beside it: the same points in both, so that the words are a twin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.db.models import Max, Min, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from capturegraph.models import CandidateSlot, Capture, Match, PhotoFinding, Target
from scheduling import geodesy

MOST_DRAWN = 2_000
MOST_SAID = 20
State = CandidateSlot.State
_REVIEWED = {Capture.Review.ACCEPTED: "fulfilled", Capture.Review.REJECTED: "again"}


class Point(NamedTuple):
    """A place on the map: its mark, what the mark means in a word, its name, degrees, and metres from the first."""

    mark: str
    word: str
    title: str
    latitude: float
    longitude: float
    metres: float | None = None


class Scene(NamedTuple):
    """The points of a row, the first of them what it is about; words for all of them; what lies under the map."""

    points: list[Point]
    said: list[str]
    outline: Any
    credit: str

    @property
    def listed(self) -> list[Point]:
        """Those that are said one by one."""
        return self.points[:MOST_SAID]

    @property
    def unlisted(self) -> int:
        """How many are not."""
        return len(self.points) - len(self.listed)

    @property
    def drawn(self) -> dict[str, Any]:
        """The points as GeoJSON, as the map takes them."""
        return {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": {"mark": one.mark, "title": one.title},
                 "geometry": {"type": "Point", "coordinates": [one.longitude, one.latitude]}}
                for one in self.points
            ],
        }  # fmt: skip


def of_target(target: Target) -> Scene | None:
    """Draw the places of a target; None while there is none."""
    there = CandidateSlot.objects.of(target).exclude(latitude=None)
    rows = list(there.order_by("rank", "pk")[: MOST_DRAWN + 1])
    if not rows:
        return None
    points = [_of_slot(one) for one in rows[:MOST_DRAWN]]
    return Scene(points, _extent(there, len(rows) > MOST_DRAWN), target.outline, target.credit)


def of_slot(slot: CandidateSlot) -> Scene | None:
    """Draw a place with the photographs near it; None where it lies nowhere."""
    if slot.latitude is None or slot.longitude is None:
        return None
    first = _of_slot(slot)
    matches = Match.objects.filter(slot=slot).select_related("capture__volunteer").order_by("metres")[:MOST_DRAWN]
    points = [first, *_of_captures(one.capture for one in matches)]
    return Scene(_from_the_first(points), _allowed(slot.target), slot.target.outline, slot.target.credit)


def of_capture(capture: Capture) -> Scene | None:
    """Draw a photograph with the places that it is near, and where its file says that it was; None for nowhere."""
    slots = list(CandidateSlot.objects.filter(matches__capture=capture).exclude(latitude=None)[:MOST_DRAWN])
    if capture.assignment and capture.assignment.slot not in slots:
        slots.append(capture.assignment.slot)
    points = [*_of_captures([capture]), *_of_file(capture)]
    points += [_of_slot(one) for one in slots if one.latitude is not None]
    if not points:
        return None
    return Scene(_from_the_first(points), _allowed(capture.target), capture.target.outline, capture.target.credit)


def _of_slot(slot: CandidateSlot) -> Point:
    word = str(slot.get_state_display())
    return Point(str(slot.state), word, str(slot), slot.latitude or 0.0, slot.longitude or 0.0)


def _of_captures(captures: Iterable[Capture]) -> Iterator[Point]:
    for one in captures:
        if one.latitude is not None and one.longitude is not None:
            mark = _REVIEWED.get(Capture.Review(one.review), "capture")
            word = _("photo, %s") % one.get_review_display()
            yield Point(mark, word, str(one), one.latitude, one.longitude)


def _of_file(capture: Capture) -> Iterator[Point]:
    found = PhotoFinding.objects.filter(capture=capture).exclude(latitude=None).exclude(longitude=None).first()
    if found and found.latitude is not None and found.longitude is not None:
        yield Point("again", _("in the file"), _("Where its file says it was"), found.latitude, found.longitude)


def _from_the_first(points: list[Point]) -> list[Point]:
    first = points[0]
    here = (first.latitude, first.longitude)
    return [first, *(one._replace(metres=geodesy.metres(here, (one.latitude, one.longitude))) for one in points[1:])]


def _allowed(target: Target) -> list[str]:
    return [_("A photo counts when it is closer than %s m.") % f"{target.allowed_m:g}"]


def _extent(there: QuerySet[CandidateSlot], cut: bool) -> list[str]:
    ends = there.order_by().aggregate(
        south=Min("latitude"), north=Max("latitude"), west=Min("longitude"), east=Max("longitude")
    )
    said = [_("From %(south).4f° to %(north).4f° of latitude, from %(west).4f° to %(east).4f° of longitude.") % ends]
    if cut:
        said.append(ngettext("Only the first %d place is drawn.", "Only the first %d places are drawn.", MOST_DRAWN)
                    % MOST_DRAWN)  # fmt: skip
    return said
