"""The measuring itself: TSPLIB's lengths, the verdict of a table, and the figures for short tours."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scheduling import tour
from tests.benchmarks import __main__ as command
from tests.benchmarks import figures, tsplib

SMALL = [one for one in tsplib.instances() if len(one.points) <= 300]


def test_lengths_are_counted_as_tsplib_counts_them() -> None:
    points = np.array([(0.0, 0.0), (3.0, 4.4), (10.3, 20.45)])
    kinds = {kind: tsplib.Instance("x", kind, points, 1) for kind in ("EUC_2D", "CEIL_2D", "ATT", "GEO")}
    pairs = np.array([0, 0]), np.array([1, 2])
    assert kinds["EUC_2D"].between(*pairs).tolist() == [5, 23]
    assert kinds["CEIL_2D"].between(*pairs).tolist() == [6, 23]
    assert kinds["ATT"].between(*pairs).tolist() == [2, 8]
    # 4 degrees 40 minutes is 4.667 degrees, on TSPLIB's sphere.
    assert kinds["GEO"].between(*pairs)[0] == pytest.approx(6378.388 * np.radians(np.hypot(3, 4 + 2 / 3)), rel=0.01)


@pytest.mark.parametrize("instance", SMALL, ids=lambda one: one.name)
def test_short_tours_are_as_short_as_can_be(instance: tsplib.Instance) -> None:
    order = tour.order(instance.places, metric=instance.metric, closed=True, budget_s=0.3)
    assert 1 <= instance.ratio(order) <= 1.005


def test_the_longest_one_is_read_whole() -> None:
    assert [len(one.points) for one in tsplib.instances()][-2:] == [3038, 13509]
    assert tsplib.optima()["dsj1000"] == 18660188


def test_a_target_is_met_or_missed(capsys: pytest.CaptureFixture[str]) -> None:
    for ours, target, met in ((1.0, 1.0, True), (1.01, 1.0, False), (5.0, None, True)):
        assert figures.Row("x", ours, "s", target).met is met
    table = figures.Table("Some")
    table.add(figures.Row("a thing", 2.0, "s", 3, {"theirs": 4.0}))
    assert table.print()
    table.add(figures.Row("another", 4.0, "s", 3))
    assert not table.print()
    told = capsys.readouterr().out
    assert "| a thing | 2.000 s | theirs 4.000 (×2) | ≤ 3 | yes |" in told
    assert "missed: another" in told


@pytest.mark.parametrize(("verdicts", "status"), [((True, True), 0), ((True, False), 1), ((False, True), 1)])
def test_the_exit_status_says_so(verdicts: Any, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, verdict in zip(("tours", "stores"), verdicts, strict=True):
        table = SimpleNamespace(print=lambda verdict=verdict: verdict)
        monkeypatch.setitem(sys.modules, f"tests.benchmarks.{name}", SimpleNamespace(table=lambda table=table: table))
    assert command.main(["tours", "stores"]) == status


@pytest.mark.parametrize("arguments", [[], ["tour"], ["tours", "x"]])
def test_what_it_does_not_know_it_says(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(arguments) == 2
    assert "tours|distances|coverage|stores" in capsys.readouterr().out


def test_the_pictures_are_drawn(tmp_path: Any) -> None:
    assert command.main(["plots", str(tmp_path / "pictures")]) == 0
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == {"tour.png", "coverage.png"}
