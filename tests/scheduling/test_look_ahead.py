"""Which place comes next: the rule told plainly over lists, what it is for, and where it must not fail."""

import itertools
import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import look_ahead
from scheduling.geodesy import MEAN_RADIUS_M, metres
from scheduling.look_ahead import order, route_s, walk
from scheduling.look_ahead import shortlist as shortlist_module
from scheduling.look_ahead.scene import closer

NORTH_M, EAST_M = 111_010.0, 86_770.0
CENTRE = (38.9, -77.0)


def at(east_m: float, north_m: float = 0.0, centre: tuple[float, float] = CENTRE) -> tuple[float, float]:
    """A place so many metres from the centre, within a thousandth of it."""
    return (centre[0] + north_m / NORTH_M, centre[1] + east_m / EAST_M)


Told = dict[str, Any]
PLAIN: Told = {"closes_m": 50.0, "shortlist": 10, "depth": 4, "walking_m_s": 1.2, "detour": 1.3, "photo_s": 180.0}


apart_m = cache(metres)


def seconds(apart_m: float, told: Told) -> float:
    return float(apart_m * (told["detour"] / told["walking_m_s"]) + told["photo_s"])


def ahead_m(here: Any, place: Any, others: Any) -> float:
    return max([0.0] + [apart_m(here, place) - apart_m(other, place) for other in others if other is not None])


def worth(here: Any, places: Any, others: Any, told: Told, i: int) -> float:
    closes = sum(apart_m(places[i], place) < told["closes_m"] for place in places if place is not None)
    return closes / seconds(apart_m(here, places[i]) + ahead_m(here, places[i], others) / 2, told)


def shortlisted(here: Any, places: Any, free: list[int], others: Any, told: Told) -> list[int]:
    by_worth = sorted(free, key=lambda i: (-worth(here, places, others, told, i), i))
    by_nearness = sorted(free, key=lambda i: (apart_m(here, places[i]), i))
    picked: list[int] = []
    while len(picked) < told["shortlist"]:
        ranked = by_nearness if len(picked) % 2 else by_worth
        left = [i for i in ranked if all(apart_m(places[i], places[j]) >= told["closes_m"] for j in picked)]
        if not left:
            break
        picked.append(left[0])
    return picked


def plainly(here: Any, places: Any, free: Any = None, others: Any = (), **options: Any) -> list[int]:
    """The whole rule, one number after the other."""
    told = {**PLAIN, **options}
    wanted = [i for i in range(len(places)) if free is None or free[i]]
    known = [i for i in wanted if places[i] is not None]
    near = sorted(known, key=lambda i: (apart_m(here, places[i]), i))
    if told.get("free_left") is not None and told["free_left"] < 8 * (len(others) + 1):
        first = [i for i in near if ahead_m(here, places[i], others) == 0]
    else:
        stops = shortlisted(here, places, known, others, told)
        best = dict.fromkeys(stops, 0.0)
        for length in range(1, told["depth"] + 1):
            for stops_of_walk in itertools.permutations(stops, length):
                best[stops_of_walk[0]] = max(
                    best[stops_of_walk[0]], per_second(here, places, others, told, stops_of_walk)
                )
        first = sorted(stops, key=lambda i: (-best[i], i))
    return [*first, *(i for i in near if i not in first), *(i for i in wanted if places[i] is None)]


def per_second(here: Any, places: Any, others: Any, told: Told, stops: Any) -> float:
    spent = closed = 0.0
    for before, stop in itertools.pairwise([None, *stops]):
        apart = apart_m(here if before is None else places[before], places[stop])
        spent += seconds(apart + ahead_m(here, places[stop], others) / 2, told)
        closed += sum(apart_m(places[stop], place) < told["closes_m"] for place in places if place is not None)
    return closed / spent


@st.composite
def tasks(draw: Any) -> tuple[Any, ...]:
    """Places anywhere on earth, some clustered, some equal, some missing; a few people; some not free."""
    centre = draw(st.sampled_from([CENTRE, (0.0, 180.0), (-17.0, -179.999), (89.995, 40.0), (-90.0, 0.0)]))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, wide = draw(st.integers(1, 26)), draw(st.sampled_from([60.0, 400.0, 3_000.0]))

    def somewhere() -> tuple[float, float]:
        north = float(np.clip(centre[0] + random.normal(0, wide) / NORTH_M, -90, 90))
        stretch = max(math.cos(math.radians(north)), 1e-3)
        east = centre[1] + random.normal(0, wide) / 111_320 / stretch
        return (north, (east + 180) % 360 - 180)

    places: list[Any] = [somewhere() for _ in range(count)]
    for i in range(count):
        if random.random() < 0.15:
            places[i] = places[int(random.integers(count))]
        elif random.random() < 0.1:
            places[i] = None
    others = [somewhere() for _ in range(draw(st.integers(0, 3)))]
    free = draw(st.none() | st.lists(st.booleans(), min_size=count, max_size=count))
    return somewhere(), places, free, others, draw(st.sampled_from([5.0, 50.0, 400.0]))


@settings(deadline=None, max_examples=120)
@given(tasks(), st.integers(1, 6), st.integers(1, 4), st.sampled_from([None, 0, 31, 32, 10_000]), st.integers(1, 9))
def test_the_order_is_that_of_the_rule(task: Any, shortlist: int, depth: int, left: int | None, pool: int) -> None:
    here, places, free, others, closes_m = task
    options = {"closes_m": closes_m, "shortlist": shortlist, "depth": depth, "free_left": left}
    with pytest.MonkeyPatch.context() as patch:
        # So few that it has to grow, and to be filled again.
        patch.setattr(shortlist_module, "_POOL", pool)
        found = order(here, places, free=free, others=others, **options)
    assert found.tolist() == plainly(here, places, free, others, **options)


@pytest.mark.parametrize("closes_m", [30.0, 90.0, 300.0])
@pytest.mark.parametrize("wide", [900.0, 5_000.0])
def test_what_is_not_counted_could_not_have_come_first(closes_m: float, wide: float) -> None:
    """Many more places than are looked at: the shortlist of all of them, the slow way."""
    random = np.random.default_rng(11)
    places = [at(*pair) for pair in random.normal(0, wide, (230, 2)).tolist()]
    others = [at(300, 200), at(-900, 50)]
    found = order(CENTRE, places, others=others, closes_m=closes_m, depth=1, shortlist=10)
    assert found.tolist() == plainly(CENTRE, places, None, others, closes_m=closes_m, depth=1)


def test_a_cluster_a_little_farther_off_comes_before_one_place_near_by() -> None:
    places = [at(100), at(-260), at(-270), at(-265, 10)]
    assert order(CENTRE, places, closes_m=50)[0] == 1
    assert order(CENTRE, places, closes_m=5, depth=1)[0] == 0


def test_a_look_ahead_sees_what_comes_after() -> None:
    """One place near by on the left; on the right, a little farther, four in a row."""
    places = [at(-60), at(75), at(85), at(95), at(105)]
    assert order(CENTRE, places, closes_m=5, depth=1)[0] == 0
    assert order(CENTRE, places, closes_m=5, depth=4)[0] == 1


def test_what_a_place_is_worth_is_counted_over_all_that_wait() -> None:
    places = [at(190), at(-200), at(-210), at(-195)]
    free = [True, True, False, False]
    assert order(CENTRE, places, free=free, closes_m=50).tolist() == [1, 0]
    assert order(CENTRE, places[:2], closes_m=50).tolist() == [0, 1]


def test_exactly_as_far_as_a_photograph_closes_is_too_far() -> None:
    """Two that are 50 m apart are worth one each, and can both be stops of a walk."""
    places = [at(100), at(-110), at(-160)]
    between = metres(places[1], places[2])
    assert order(CENTRE, places, closes_m=between + 0.001, depth=1)[0] == 1
    assert order(CENTRE, places, closes_m=between - 0.001, depth=1)[0] == 0
    assert sorted(walk(CENTRE, places, stops=2, closes_m=between + 0.001).tolist()) != [1, 2]
    assert sorted(walk(CENTRE, places[1:], stops=1, closes_m=between - 0.001).tolist()) == [0]


def test_somebody_nearer_makes_a_place_dearer_by_half_of_the_way() -> None:
    places = [at(100), at(-120)]
    assert order(CENTRE, places, closes_m=20, depth=1).tolist() == [0, 1]
    # From 100 m away to 50 m ahead of us: 25 m dearer, and so farther than the one at 120 m.
    assert order(CENTRE, places, others=[at(150)], closes_m=20, depth=1).tolist() == [1, 0]
    # 30 m ahead of us is 15 m dearer: not enough.
    assert order(CENTRE, places, others=[at(170)], closes_m=20, depth=1).tolist() == [0, 1]
    assert order(CENTRE, places, others=[None, (math.nan, 1.0)], closes_m=20, depth=1).tolist() == [0, 1]
    assert order(CENTRE, places, others=[None, at(150)], closes_m=20, depth=1).tolist() == [1, 0]


def test_somebody_nearer_to_the_second_stop_counts_as_well() -> None:
    """Two alike walks, west and east; somebody is a little nearer to where the western one ends."""
    places = [at(east, north, (0, 0)) for east, north in ((-100, 0), (-100, 60), (100, 0), (100, 60))]
    assert order((0, 0), places, closes_m=20, depth=2)[0] == 0
    assert order((0, 0), places, others=[at(-100, 160, (0, 0))], closes_m=20, depth=2)[0] == 2


def test_the_photograph_takes_time_too() -> None:
    """A pair 500 m off against one at 200 m: with slow photographs the way matters less."""
    places = [at(200), at(-500), at(-510)]
    assert order(CENTRE, places, closes_m=50, depth=1, photo_s=30)[0] == 0
    assert order(CENTRE, places, closes_m=50, depth=1, photo_s=600)[0] == 1
    assert order(CENTRE, places, closes_m=50, depth=1, photo_s=120, walking_m_s=0.6)[0] == 0
    assert order(CENTRE, places, closes_m=50, depth=1, photo_s=120, walking_m_s=3.0)[0] == 1
    assert order(CENTRE, places, closes_m=50, depth=1, photo_s=120, detour=9.0)[0] == 0


@pytest.mark.parametrize("people", [0, 1, 4])
def test_with_fewer_than_eight_for_each_the_nearest_of_ones_own_comes_first(people: int) -> None:
    """A pair is worth more; at 1,000 m somebody else stands; the switch is at eight for each, not below."""
    places = [at(100), at(-140), at(-150), at(90, 90), at(1_000)]
    others = [at(1_010, i) for i in range(people)]
    edge = 8 * (people + 1)
    assert order(CENTRE, places, others=others, closes_m=50, free_left=edge)[0] == 1
    assert order(CENTRE, places, others=others, closes_m=50)[0] == 1
    assert order(CENTRE, places, others=others, closes_m=50, free_left=edge - 1).tolist() == [0, 3, 1, 2, 4]


def test_in_the_end_what_others_are_nearer_to_comes_later() -> None:
    places = [at(100), at(-140), at(-300), None, at(120)]
    found = order(CENTRE, places, others=[at(130)], closes_m=10, free_left=3)
    assert found.tolist() == [1, 2, 0, 4, 3]
    # Equally near is one's own.
    assert order(CENTRE, places, others=[CENTRE], closes_m=10, free_left=3).tolist() == [0, 4, 1, 2, 3]


def test_all_free_places_come_once_and_those_without_a_location_last() -> None:
    random = np.random.default_rng(2)
    places = random.normal(CENTRE, 0.02, (500, 2))
    places[::7] = np.nan
    free = random.random(500) < 0.6
    for left in (None, 5):
        found = order(CENTRE, places, free=free, closes_m=60, free_left=left)
        assert sorted(found.tolist()) == np.flatnonzero(free).tolist()
        missing = np.isnan(places[found, 0])
        assert missing.tolist() == sorted(missing.tolist())
        assert found[missing].tolist() == sorted(found[missing].tolist())


def test_few_places_and_none() -> None:
    assert order(CENTRE, [at(5)], closes_m=50).tolist() == [0]
    assert order(CENTRE, [], closes_m=50).tolist() == []
    assert order(CENTRE, np.empty((0, 2)), closes_m=50).dtype == np.int64
    assert order(CENTRE, [None, (math.nan, 3.0)], closes_m=50).tolist() == [0, 1]
    assert order(CENTRE, [CENTRE, at(9)], free=[False, False], closes_m=50).tolist() == []
    assert order(CENTRE, [None, at(9)], free=[False, True], closes_m=50, free_left=1).tolist() == [1]
    assert walk(CENTRE, [], stops=3, closes_m=50).tolist() == []
    assert walk(CENTRE, [None, at(9)], stops=3, closes_m=50).tolist() == [1]
    assert walk(CENTRE, [at(9)], stops=0, closes_m=50).tolist() == []
    assert order(CENTRE, [at(5), at(9), at(5)], closes_m=1e-200).tolist() == [0, 1, 2]


@pytest.mark.parametrize("left", [None, 1])
def test_ties_go_to_the_first_given(left: int | None) -> None:
    assert order(CENTRE, [at(70)] * 5, closes_m=50, free_left=left).tolist() == [0, 1, 2, 3, 4]
    crowd = [at(70)] * 900 + [CENTRE] * 900
    found = order(CENTRE, crowd, closes_m=50, free_left=left).tolist()
    assert (found[0], found[1:3], found[-1]) == (900, [901, 902] if left else [0, 901], 899)
    # As far to the east as to the west.
    assert order((0, 0), [(0, 0.001), (0, -0.001), (0, 0.001)], closes_m=5, free_left=left)[0] == 0
    assert order((0, 0), [(0, -0.001), (0, 0.001)], closes_m=5, free_left=left).tolist() == [0, 1]
    assert order((0, 0), [(0, 0.001), (0, -0.001)], closes_m=5, free_left=left).tolist() == [0, 1]


def test_what_might_be_a_tie_is_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """East looks better than west, for what stands beside it, until it is counted; somebody is at the nearest."""
    monkeypatch.setattr(shortlist_module, "_POOL", 1)
    west, east, beside, north = (0, -100 / 111_320), (0, 100 / 111_320), (0, 108 / 111_320), (90 / 110_574, 0)
    places, free = [west, east, north, beside], [True, True, True, False]
    found = order((0, 0), places, free=free, others=[north], closes_m=5, depth=1, shortlist=1)
    assert found.tolist() == plainly((0, 0), places, free, [north], closes_m=5, depth=1, shortlist=1) == [0, 2, 1]


def test_close_is_closer_strictly() -> None:
    chord_m = 2 * MEAN_RADIUS_M * math.sin(50 / (2 * MEAN_RADIUS_M))
    points = np.array([[0.0, 0.0, 0.0], [chord_m, 0.0, 0.0], [math.nextafter(chord_m, 0), 0.0, 0.0]])
    assert closer(points[:1], points, 50.0).tolist() == [[True, False, True]]
    # Half the earth's girth is as far as one can go.
    assert closer(points[:1], points + 1e7, 21_000_000.0).all()


@pytest.mark.parametrize(
    ("here", "near", "far"),
    [
        ((10.0, 179.999), (10.0, -179.999), (10.0, 179.99)),
        ((89.9995, 0.0), (89.9995, 180.0), (89.99, 0.0)),
        ((-90.0, 77.0), (-89.9999, 12.0), (-89.999, 77.0)),
    ],
)
def test_there_is_no_date_line_and_no_pole(here: Any, near: Any, far: Any) -> None:
    assert order(here, [far, near], closes_m=5).tolist() == [1, 0]
    # A pair on both sides counts as a pair.
    beside = (near[0], near[1] + 1e-5 if near[1] < 180 else -179.99999)
    assert order(here, [far, near, beside], closes_m=5, free=[True, True, False]).tolist() == [1, 0]
    assert route_s(here, [near], photo_s=1, detour=1, walking_m_s=1) == pytest.approx(1 + metres(here, near))


def test_one_run_is_like_the_next_and_pairs_like_arrays() -> None:
    random = np.random.default_rng(4)
    table = random.normal(CENTRE, 0.01, (800, 2)).round(3)
    things = [{"latitude": a, "longitude": b} for a, b in table.tolist()]
    spot = {"location": CENTRE}
    runs = [order(one, some, closes_m=90).tolist() for one, some in ((CENTRE, table), (CENTRE, table), (spot, things))]
    assert runs[0] == runs[1] == runs[2]
    walks = [walk(CENTRE, some, stops=9, closes_m=90).tolist() for some in (table, table, things)]
    assert walks[0] == walks[1] == walks[2]


class TestWalk:
    def test_it_is_a_route_that_begins_here(self) -> None:
        places = [at(500), at(100), at(300), at(200), at(400)]
        assert walk(CENTRE, places, stops=5, closes_m=50).tolist() == [1, 3, 2, 4, 0]
        assert walk(CENTRE, places, stops=3, closes_m=50).tolist() == [1, 3, 2]
        assert walk(CENTRE, places, stops=3, closes_m=50, free=[True, False, True, True, True]).tolist() == [3, 2, 4]

    def test_no_stop_closes_another_unless_nothing_else_is_left(self) -> None:
        places = [at(100), at(120), at(400), at(100), at(420)]
        found = walk(CENTRE, places, stops=2, closes_m=50).tolist()
        assert metres(places[found[0]], places[found[1]]) >= 50
        assert sorted(walk(CENTRE, places, stops=4, closes_m=50).tolist())[:3] != [0, 1, 3]
        assert sorted(walk(CENTRE, places, stops=9, closes_m=50).tolist()) == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize("stops", [1, 4, 6, 7, 12])
    def test_random_ones_are_spread_near_and_short(self, stops: int) -> None:
        random = np.random.default_rng(stops)
        for _ in range(6):
            places = [at(*pair) for pair in random.normal(0, 900, (60, 2)).tolist()]
            found = walk(CENTRE, places, stops=stops, closes_m=80).tolist()
            assert len(found) == len(set(found)) == stops
            assert all(metres(places[i], places[j]) >= 80 for i, j in itertools.combinations(found, 2))
            length = self.length(found, places)
            some = [random.permutation(found).tolist() for _ in range(300)]
            every = itertools.permutations(found) if stops <= 4 else some
            assert length <= min(self.length(list(one), places) for one in every) + 1e-6
            assert length < self.length(random.choice(60, stops, replace=False).tolist(), places) or stops == 1

    def test_each_is_chosen_from_the_one_before(self) -> None:
        places = [at(100), at(190), at(-120)]
        assert order(CENTRE, places, closes_m=20, depth=1).tolist() == [0, 2, 1]
        assert walk(CENTRE, places, stops=2, closes_m=20, depth=1).tolist() == [0, 1]
        assert walk(CENTRE, places, stops=2, closes_m=20, free_left=3).tolist() == [0, 1]

    def test_where_others_are_nearer_to_all_there_is_still_a_walk(self) -> None:
        places = [at(100), at(200)]
        assert walk(CENTRE, places, stops=2, others=[at(120), at(180)], closes_m=20, free_left=2).tolist() == [0, 1]

    def test_the_first_chosen_is_the_first_to_hand_out(self) -> None:
        random = np.random.default_rng(8)
        for _ in range(10):
            places = random.normal(CENTRE, 0.008, (40, 2))
            others = random.normal(CENTRE, 0.008, (2, 2))
            for left in (None, 9):
                one = walk(CENTRE, places, stops=1, others=others, closes_m=60, free_left=left)
                assert one.tolist() == order(CENTRE, places, others=others, closes_m=60, free_left=left)[:1].tolist()

    @staticmethod
    def length(stops: list[int], places: Any) -> float:
        return sum(apart_m(a, b) for a, b in itertools.pairwise([CENTRE, *(places[i] for i in stops)]))


def test_the_time_that_a_route_takes() -> None:
    places = [at(120), at(120, 240), None]
    way = metres(CENTRE, places[0]) + metres(places[0], places[1])
    assert route_s(CENTRE, places) == pytest.approx(way * 1.3 / 1.2 + 3 * 180)
    assert route_s(CENTRE, places, walking_m_s=2, detour=1, photo_s=10) == pytest.approx(way / 2 + 30)
    assert route_s(CENTRE, []) == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"here": None}, "here must .*None"),
        ({"here": (91, 0)}, r"here\.latitude must .*91"),
        ({"places": [(0, 0), (0, 181)]}, r"places\[1\]\.longitude must .*181"),
        ({"places": np.zeros((2, 3))}, r"places must .*\(2, 3\)"),
        ({"others": [(0, 0), "x"]}, r"others\[1\] must .*x"),
        ({"free": [True]}, r"free must be 2 truth values.*\[True\]"),
        ({"free": [1, 0]}, r"free must be 2 truth values.*\[1, 0\]"),
        ({"closes_m": 0}, "closes_m must .*0"),
        ({"closes_m": None}, "closes_m must .*None"),
        ({"closes_m": math.nan}, "closes_m must .*nan"),
        ({"free_left": -1}, "free_left must .*-1"),
        ({"free_left": 1.5}, r"free_left must .*1\.5"),
        ({"shortlist": 0}, "shortlist must .*0"),
        ({"depth": 0}, "depth must .*0"),
        ({"depth": True}, "depth must .*True"),
        ({"walking_m_s": 0}, "walking_m_s must .*0"),
        ({"detour": -1}, "detour must .*-1"),
        ({"photo_s": 0}, "photo_s must .*0"),
    ],
)
def test_bad_input_is_named(changed: Told, message: str) -> None:
    arguments = {"here": CENTRE, "places": [at(1), at(2)], "closes_m": 50, **changed}
    for act in (order, lambda *given, **options: walk(*given, stops=2, **options)):
        with pytest.raises((ValueError, TypeError), match=message):
            act(arguments["here"], arguments["places"], **{k: v for k, v in arguments.items() if k not in ARGUMENTS})
    with pytest.raises(ValueError, match=r"stops must .*-1"):
        walk(CENTRE, [], stops=-1, closes_m=50)


ARGUMENTS = {"here", "places"}


def test_it_is_in_the_package() -> None:
    assert look_ahead.__all__ == ["order", "route_s", "walk"]
