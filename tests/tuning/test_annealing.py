"""Annealing against what can be worked out by hand: temperatures, chances, steps."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, exp, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.tuning.annealing import neighbour, temperature, uniform, walk
from occbench.tuning.parameters import Choice, Range
from occbench.tuning.space import Cooling, Space
from tests.tuning.searches import REPORT_002, space_of

SEEDS = 4000


@pytest.fixture
def report_002(tmp_path):
    """The space of report 002."""
    return space_of(tmp_path, REPORT_002)


def test_temperatures_are_those_of_report_002():
    """10 at first, the geometric mean in the middle, a step above 0.1 at the last of 30 moves."""
    heats = [temperature(Cooling(), move, 30) for move in range(30)]
    assert heats[0] == 10.0
    assert heats[15] == pytest.approx(1.0)
    assert heats[29] == pytest.approx(0.1 * 100 ** (1 / 30))
    assert [b / a for a, b in pairwise(heats)] == pytest.approx([0.01 ** (1 / 30)] * 29)


@pytest.mark.parametrize(
    ("iteration", "logged"),
    [(1, 10.0), (2, 8.576958985908941), (16, 1.0000000000000002), (29, 0.13593563908785267)],
)
def test_temperatures_are_those_of_the_published_log(iteration, logged):
    """krzysiek581234/Emotion-Vision, logs/annealing.txt at 7269602; it counts from 1."""
    assert temperature(Cooling(), iteration - 1, 30) == pytest.approx(logged, rel=1e-12)


def test_a_walk_meets_each_temperature_once():
    """The first candidate is judged at none."""
    steps = walk([1.0] * 31, Cooling(), moves=30, seed=0)
    assert steps[0].temperature == inf
    assert [step.temperature for step in steps[1:]] == [
        temperature(Cooling(), move, 30) for move in range(30)
    ]


@pytest.mark.parametrize("new", [0.999, 1.0, -5.0])
def test_what_is_not_worse_is_always_taken(new):
    """However cold it is."""
    cold = Cooling(hottest=1e-9, coldest=1e-9)
    for seed in range(50):
        assert walk([1.0, new], cold, moves=1, seed=seed)[1].accepted


@pytest.mark.parametrize(("worse", "heat", "units"), [(0.5, 1.0, 1), (0.01, 2.0, 180), (3, 2, 1)])
def test_a_worse_one_is_taken_with_the_chance_of_metropolis(worse, heat, units):
    """Over many seeds the share is exp(-units * worse / T), within five standard errors."""
    cooling = Cooling(hottest=heat, coldest=heat, units=units)
    taken = sum(walk([1, 1 + worse], cooling, moves=1, seed=s)[1].accepted for s in range(SEEDS))
    chance = exp(-units * worse / heat)
    assert abs(taken / SEEDS - chance) < 5 * (chance * (1 - chance) / SEEDS) ** 0.5


def test_the_current_one_is_the_last_that_was_taken_whatever_was_best():
    """At infinite heat the walk leaves the best place; at none it never does."""
    objectives = [3.0, 1.0, 2.0, 5.0, 0.5]
    hot = walk(objectives, Cooling(hottest=1e12, coldest=1e12), moves=4, seed=0)
    assert [step.current for step in hot] == [0, 1, 2, 3, 4]
    cold = walk(objectives, Cooling(hottest=1e-9, coldest=1e-9), moves=4, seed=0)
    assert [step.current for step in cold] == [0, 1, 1, 1, 4]


def test_a_failed_training_is_left_and_never_entered_from_a_sound_one():
    """Its objective is infinite; from one failure to another the walk is free."""
    hot = Cooling(hottest=1e12, coldest=1e12)
    assert [step.current for step in walk([1, inf, 2], hot, moves=2, seed=0)] == [0, 0, 2]
    assert [step.current for step in walk([inf, inf, 2], hot, moves=2, seed=0)] == [0, 1, 2]


@given(
    objectives=st.lists(st.floats(0, 10), min_size=2, max_size=12),
    known=st.integers(1, 12),
    seed=st.integers(0, 99),
)
def test_later_candidates_change_nothing_about_earlier_ones(objectives, known, seed):
    """So a search that goes on sees the walk it had."""
    whole = walk(objectives, Cooling(), moves=30, seed=seed)
    assert walk(objectives[:known], Cooling(), moves=30, seed=seed) == whole[:known]


@given(
    objectives=st.lists(st.floats(0, 5), min_size=2, max_size=12),
    batches=st.sampled_from([2.0, 4.0, 64.0]),
)
def test_objective_and_temperature_in_other_units_are_the_same_walk(objectives, batches):
    """A sum over batches is the mean in other units, as long as it is the same sum for all."""
    one = walk(objectives, Cooling(units=1), moves=12, seed=5)
    other = walk([each / batches for each in objectives], Cooling(units=batches), moves=12, seed=5)
    assert [step.current for step in one] == [step.current for step in other]


@given(number=st.integers(1, 500), seed=st.integers(0, 10**9))
def test_moves_are_those_of_report_002(number, seed, tmp_path_factory):
    """Rates move by 0.0002 at most and have four decimals, epochs by two; batches jump."""
    space = space_of(tmp_path_factory.getbasetemp(), REPORT_002)
    current = {"learning_rate": 1e-3, "epochs": 25, "batch_size": 64}
    found = neighbour(space, current, seed=seed, number=number)
    assert abs(found["learning_rate"] - 1e-3) <= 2e-4 + 1e-12
    assert found["learning_rate"] == round(found["learning_rate"], 4)
    assert found["epochs"] in range(23, 28)
    assert found["batch_size"] in (32, 64, 128)


def test_every_whole_step_and_choice_is_equally_likely(report_002):
    """Five steps and three choices; counts within five standard errors."""
    current = {"learning_rate": 1e-3, "epochs": 25, "batch_size": 64}
    drawn = [neighbour(report_002, current, seed=s, number=1) for s in range(SEEDS)]
    for key, values in (("epochs", range(23, 28)), ("batch_size", (32, 64, 128))):
        share = 1 / len(values)
        for value in values:
            seen = sum(each[key] == value for each in drawn) / SEEDS
            assert abs(seen - share) < 5 * (share * (1 - share) / SEEDS) ** 0.5


@pytest.mark.parametrize(
    ("end", "values"),
    [
        ("low", {"learning_rate": 1e-4, "epochs": 20, "batch_size": 32}),
        ("high", {"learning_rate": 1e-2, "epochs": 35, "batch_size": 128}),
    ],
)
def test_moves_stay_within_the_space(report_002, end, values):
    """What would leave a range is put back on its end, which is met."""
    drawn = [neighbour(report_002, values, seed=s, number=1) for s in range(300)]
    for one in report_002.parameters[:2]:
        assert all(one.low <= each[one.key] <= one.high for each in drawn)
        assert any(each[one.key] == getattr(one, end) for each in drawn)


def test_a_move_on_a_logarithm_is_a_factor():
    """Half of the draws multiply; the ends of the draw are the ends of the move."""
    rate = Range("learning_rate", 1e-6, 1.0, whole=False, log=True, move=4.0)
    assert rate.moved(0.01, 0.0) == pytest.approx(0.0025)
    assert rate.moved(0.01, 0.5) == pytest.approx(0.01)
    assert rate.moved(0.01, 0.75) == pytest.approx(0.02)


def test_each_key_has_a_draw_of_its_own():
    """Another key beside it changes nothing about what one draws."""
    one = Range("dropout", 0.0, 1.0, whole=False, log=False, move=0.5)
    two = Choice("batch_size", (32, 64, 128))
    current = {"dropout": 0.5, "batch_size": 32}
    for number in range(1, 20):
        both = neighbour(Space((one, two)), current, seed=3, number=number)
        alone = neighbour(Space((one,)), current, seed=3, number=number)
        assert both["dropout"] == alone["dropout"]


def test_draws_are_uniform_and_below_one():
    """Mean 1/2 and variance 1/12 of many, within five standard errors."""
    drawn = [uniform("x", number) for number in range(SEEDS)]
    assert all(0 <= each < 1 for each in drawn)
    assert abs(sum(drawn) / SEEDS - 0.5) < 5 * (1 / 12 / SEEDS) ** 0.5
    squares = sum((each - 0.5) ** 2 for each in drawn) / SEEDS
    # Var((x - 1/2)^2) is 1/80 - 1/144 = 1/180.
    assert abs(squares - 1 / 12) < 5 * (1 / 180 / SEEDS) ** 0.5


def test_the_units_are_the_batches_of_report_002():
    """22,967 validation faces in batches of 128."""
    assert Cooling().units == ceil(22967 / 128)
