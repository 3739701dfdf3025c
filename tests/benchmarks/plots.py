"""Two pictures: a tour before and after, and where the next photographs are chosen."""

import json
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scheduling import distance, energy, tour, void_and_cluster

PLACES = Path(__file__).parents[1] / "data" / "places"
CREDIT = "Places: District of Columbia (Open Data DC, CC BY 4.0)"
INK, GREY, BLUE, ORANGE = "#1f2937", "#9ca3af", "#0072b2", "#d55e00"


def draw(folder: str = "var/plots") -> int:
    """Write `tour.png` and `coverage.png` into a folder."""
    there = Path(folder)
    there.mkdir(parents=True, exist_ok=True)
    for name, picture in (("tour", _tour), ("coverage", _coverage)):
        picture(there / f"{name}.png")
        print(there / f"{name}.png")
    return 0


def places(name: str) -> np.ndarray:
    """Latitudes and longitudes of a file's points."""
    features = json.loads((PLACES / name).read_text())["features"]
    points = [feature["geometry"]["coordinates"][:2] for feature in features if feature["geometry"]]
    return np.array(points, dtype=float)[:, ::-1]


def _tour(path: Path) -> None:
    art = places("washington-dc-public-art.geojson")
    figure = Figure(figsize=(13, 7.4))
    axes = figure.subplots(1, 2)
    orders = {"As the file lists them": np.arange(len(art)), "As a tour": tour.order(art, budget_s=1.0)}
    for panel, (title, order) in zip(axes, orders.items(), strict=True):
        panel.plot(art[order, 1], art[order, 0], color=BLUE, linewidth=1.1, alpha=0.45 if "file" in title else 0.9)
        panel.scatter(art[:, 1], art[:, 0], s=9, color=INK, zorder=3)
        panel.set_title(f"{title}: {tour.length(art, order) / 1000:.0f} km", color=INK)
        _map(panel, art)
    _write(figure, f"{len(art)} works of public art. {CREDIT}", path)


def _coverage(path: Path) -> None:
    candidates, captures = places("washington-dc-public-art.geojson"), places("memorials-in-dc.geojson")
    near = distance.location(500)
    chosen = np.array(void_and_cluster.select_sessions(candidates, captures, near, energy.gaussian(2), selections=20))
    figure = Figure(figsize=(8, 8.6))
    panel = figure.subplots()
    panel.scatter(captures[:, 1], captures[:, 0], s=14, color=GREY, label=f"{len(captures)} captures there are")
    panel.scatter(candidates[:, 1], candidates[:, 0], s=9, color=BLUE, label=f"{len(candidates)} candidates")
    panel.scatter(
        chosen[:, 1], chosen[:, 0], s=110, facecolors="none", edgecolors=ORANGE, linewidths=2, label="the next 20"
    )
    for rank, (latitude, longitude) in enumerate(chosen, start=1):
        panel.annotate(
            str(rank), (longitude, latitude), textcoords="offset points", xytext=(7, 5), fontsize=8, color=INK
        )
    panel.legend(loc="lower left", frameon=False)
    _map(panel, np.concatenate([candidates, captures]))
    _write(figure, f"Where coverage is thinnest, largest void first. {CREDIT}", path)


def _map(panel: Axes, points: np.ndarray) -> None:
    panel.set_aspect(1 / np.cos(np.radians(points[:, 0].mean())))
    panel.set_axis_off()


def _write(figure: Figure, caption: str, path: Path) -> None:
    figure.text(0.5, 0.02, caption, ha="center", fontsize=9, color=INK)
    figure.savefig(path, dpi=110, bbox_inches="tight", facecolor="white")
