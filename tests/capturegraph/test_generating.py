"""Places that are drawn: over an area, along its edge or a line, and where nothing is yet."""

from typing import Any

import numpy as np
import pytest
from bringing_in import counts
from geopy.distance import geodesic
from stories import Person, place, slots_in
from world import assert_no

from capturegraph.models import Batch, CandidateSlot, Target
from scheduling.geodesy import metres_matrix

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


def corner(east_m: float, north_m: float) -> list[float]:
    there = geodesic(meters=north_m).destination(place(east_m), bearing=0)
    return [there.longitude, there.latitude]


def square(side_m: float) -> dict[str, Any]:
    corners = [corner(*at) for at in ((0, 0), (side_m, 0), (side_m, side_m), (0, side_m), (0, 0))]
    return {"type": "Polygon", "coordinates": [corners]}


def draw(who: Person, target: Target, **body: Any) -> dict[str, Any]:
    answer = who.post(f"targets/{target.pk}/candidates/", body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def places() -> np.ndarray:
    return np.array(CandidateSlot.objects.order_by("rank").values_list("latitude", "longitude"))


def apart() -> np.ndarray:
    found = metres_matrix(*places().T, *places().T)
    np.fill_diagonal(found, np.inf)
    return found


@pytest.mark.parametrize(("kind", "n"), [("grid", 25), ("perimeter", 20)])
def test_a_square_is_looked_at_and_then_applied(stones: Target, carol: Person, kind: str, n: int) -> None:
    seen = draw(carol, stones, kind=kind, area=square(500), spacing_m=100.5 if kind == "perimeter" else 99.5)
    assert (seen["state"], seen["format"], seen["counts"]["added"]) == ("previewed", "generated", n)
    assert CandidateSlot.objects.count() == 0
    assert carol.post(f"batches/{seen['id']}/apply/").json()["counts"]["added"] == n
    assert apart().min(axis=1) == pytest.approx(np.full(n, 100), abs=2)
    again = draw(carol, stones, kind=kind, area=square(500), spacing_m=100.5 if kind == "perimeter" else 99.5)
    assert again["counts"] == counts(kept=n)


def test_a_line_has_its_ends_and_bends(stones: Target, carol: Person) -> None:
    bends = [corner(0, 0), corner(300, 0), corner(300, 250)]
    seen = draw(carol, stones, kind="line", area={"type": "LineString", "coordinates": bends}, spacing_m=101)
    carol.post(f"batches/{seen['id']}/apply/")
    found = {(round(longitude, 6), round(latitude, 6)) for latitude, longitude in places().tolist()}
    assert {(round(x, 6), round(y, 6)) for x, y in bends} <= found
    assert len(found) == 7


def test_void_and_cluster_draws_where_nothing_is(stones: Target, carol: Person) -> None:
    slots_in(stones, **{f"here {n}": n * 10 for n in range(20)})
    seen = draw(carol, stones, kind="void_and_cluster", area=square(1000), spacing_m=100, count=5)
    assert seen["counts"]["added"] == 5
    carol.post(f"batches/{seen['id']}/apply/")
    drawn = CandidateSlot.objects.filter(batch=seen["id"])
    there = np.array(drawn.values_list("latitude", "longitude"))
    assert metres_matrix(*there.T, *np.array([place(n * 10) for n in range(20)]).T).min() > 200
    among = metres_matrix(*there.T, *there.T)
    assert among[among > 0].min() > 200


RING = square(500)["coordinates"][0]
KNOT = {"type": "Polygon", "coordinates": [[corner(*at) for at in ((0, 0), (500, 500), (500, 0), (0, 500), (0, 0))]]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"area": KNOT}, "area"),
        ({"area": square(500_000), "spacing_m": 1}, "area"),
        ({"area": square(50_000)}, "spacing_m"),
        ({"area": {"type": "Polygon", "coordinates": []}}, "area"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0]] * 5]}}, "area"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0], [200, 0], [0, 1]]]}}, "area"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, "x"], [1, 0], [0, 1]]]}}, "area"),
        ({"area": {"type": "Polygon", "coordinates": [[[n / 2000, n % 2] for n in range(1001)]]}}, "area"),
        ({"area": {"type": "Point", "coordinates": [0, 0]}}, "area"),
        ({"kind": "line"}, "area"),
        ({"kind": "void_and_cluster"}, "count"),
        ({"kind": "void_and_cluster", "count": 2, "area": square(50_000)}, "count"),
        ({"kind": "circle"}, "kind"),
        ({"spacing_m": 0}, "spacing_m"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(stones: Target, carol: Person, body: dict[str, Any], field: str) -> None:
    answer = carol.post(
        f"targets/{stones.pk}/candidates/", {"kind": "grid", "area": square(500), "spacing_m": 100, **body}
    )
    assert_no(answer, 400, None, field)
    assert Batch.objects.count() == 0


@pytest.mark.parametrize("kind", ["grid", "line"])
@pytest.mark.parametrize(
    "coordinates",
    [[], [[]], [RING, []], [RING, RING[:1]], [RING, RING[:2]], [5], [None], [{}], ["ring"], [RING, 5], [[], RING],
     [[[0]]], [[None] * 4], [[RING] * 4]],
)  # fmt: skip
def test_what_is_no_area_is_refused(stones: Target, carol: Person, kind: str, coordinates: list[Any]) -> None:
    shape = "LineString" if kind == "line" else "Polygon"
    area = {"type": shape, "coordinates": coordinates}
    body = {"kind": kind, "area": area, "spacing_m": 100, "dry_run": True}
    assert_no(carol.post(f"targets/{stones.pk}/candidates/", body), 400, field="area")
