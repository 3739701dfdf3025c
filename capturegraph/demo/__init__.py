"""The demonstration campaign: real places, their credit, and the words that go with them. It gives bytes and texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

_HERE = Path(__file__).parent

OPERATION = UUID("b1791792-dc40-4a00-8000-000000000039")
"""Says which target and batch are the demonstration's, so that making them again gives the same ones."""

FILE_NAME = "boundary-stones.geojson"

CONTACT = "Carol, the coordinator of this demonstration"

_CORNERS = {"NORTH": "North", "EAST": "East", "SOUTH": "South", "WEST": "West"}


def target() -> dict[str, Any]:
    """Give the settings of the demonstration target, as `services.targets.create_target` takes them."""
    return {
        "name": "Boundary stones of Washington",
        "instructions": (
            "Photograph each stone from about two metres away, its inscription legible and its iron fence in view. "
            "Some stand in gardens: stay on the pavement, and ask before you step on anybody's lawn."
        ),
        "consent_text": (
            "Your name, your photographs, and where and when you took them are stored on this computer, and the "
            "coordinator of this campaign can see them. The photographs may be shown with your name. Where you stand "
            "when you ask for a place is not stored."
        ),
        "run_by": "Whoever started this demonstration, on this computer",
        "kept_for": "until this demonstration is deleted",
        "photo_licence": "None: the photographs of a demonstration are for trying it out",
        "safety_note": "Some stones stand beside busy roads. Watch the traffic, and leave out what feels unsafe.",
        "credit": "Boundary stones: District of Columbia, CC BY 4.0",
        "time_zone": "America/New_York",
        "outline": outline(),
    }


def outline() -> dict[str, Any] | None:
    """Give the lines under the map, a GeoJSON FeatureCollection; None where the file is not there."""
    path = _HERE / "outline.geojson"
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def places() -> bytes:
    """Give the 39 stones as a file of candidate places: GeoJSON with `external_id`, `title` and `note`.

    The ids are those of the published file, so that uploading that one later updates these places.
    """
    published = json.loads((_HERE / "boundary-stones-location.geojson").read_text(encoding="utf-8"))
    features = [_place(feature) for feature in published["features"]]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _place(feature: dict[str, Any]) -> dict[str, Any]:
    told = feature["properties"]
    properties = {
        "external_id": told["OBJECTID"],
        "title": f"Boundary stone {stone(told['STONE_NUM'])}",
        "note": " ".join(told["LOCATION_DESCRIPTION"].split()),
    }
    return {"type": "Feature", "properties": properties, "geometry": feature["geometry"]}


def stone(number: str) -> str:
    """Write the number of a stone as people say it: "NE1" is "NE 1", and "NORTH" is the "North" corner."""
    return _CORNERS.get(number) or f"{number[:2]} {number[2:]}"
