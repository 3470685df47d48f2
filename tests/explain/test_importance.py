"""Means over faces with their intervals, and the table of expressions and parts."""

from __future__ import annotations

from itertools import product
from math import sqrt

import numpy as np
import pytest

from occbench.explain.effects import Effects
from occbench.explain.facial_parts import PARTS
from occbench.explain.importance import importances, mean_estimates


def test_an_interval_is_that_of_every_possible_draw():
    """Five groups can be drawn in 5^5 ways; their percentiles are the interval's ends."""
    groups = np.array(["a", "a", "b", "c", "d", "e", "e"])
    values = np.array([0.9, 0.1, 0.3, 0.75, 0.2, 0.6, 0.05])
    members = [np.flatnonzero(groups == name) for name in "abcde"]
    means = sorted(
        np.concatenate([values[members[one]] for one in draw]).mean()
        for draw in product(range(5), repeat=5)
    )
    (found,) = mean_estimates(values[:, None], groups, draws=20_000)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(means[round(0.025 * 3124)], abs=0.01)
    assert found.high == pytest.approx(means[round(0.975 * 3124)], abs=0.01)


def test_an_interval_of_many_faces_is_that_of_the_normal_law():
    """Mean and 1.96 standard errors, within what 2,000 draws leave to chance."""
    rng = np.random.default_rng(7)
    values = rng.normal(0.2, 0.5, (400, 2))
    for found, column in zip(mean_estimates(values, np.arange(400)), values.T, strict=True):
        half = 1.96 * column.std() / sqrt(400)
        assert found.high - found.value == pytest.approx(half, rel=0.15)
        assert found.value - found.low == pytest.approx(half, rel=0.15)
        assert (found.draws, found.confidence) == (2000, 0.95)


def test_too_few_groups_give_no_interval():
    """However many faces they have."""
    groups = np.repeat(["a", "b", "c", "d"], 50)
    (found,) = mean_estimates(np.arange(200.0)[:, None], groups)
    assert found.value == pytest.approx(99.5)
    assert np.isnan([found.low, found.high]).all()


def make_effects(drop: np.ndarray, control: np.ndarray, labels: list[int]) -> Effects:
    """Faces with a score of 0.75 that lose so much in each part, and so much by the patch."""
    shape = (len(labels), len(PARTS))
    lost = np.stack([np.broadcast_to(drop, shape), np.broadcast_to(control, shape)], axis=-1)
    return Effects(
        ids=tuple(f"f{row}" for row in range(len(labels))),
        labels=np.array(labels),
        areas=np.full(shape, 0.125),
        score=np.full(len(labels), 0.75),
        right=np.ones(len(labels), np.bool_),
        covered=0.75 - lost,
        covered_right=(lost < 0.25).astype(float),
    )


def test_the_table_has_all_faces_first_and_then_the_classes():
    """A class without a face has no row; the others have one for each part."""
    drop = np.linspace(0.0, 0.5, 6)
    effects = make_effects(drop, np.array(0.125), [2, 0, 2, 0, 2, 2, 2])
    found = importances(effects, ("angry", "happy", "sad"), effects.ids)
    assert [(one.expression, one.part) for one in found] == [
        (expression, part) for expression in ("all", "angry", "sad") for part in PARTS
    ]
    assert [one.faces for one in found[::6]] == [7, 2, 5]
    for one, lost in zip(found[:6], drop, strict=True):
        assert (one.score, one.accuracy, one.area, one.groups) == (0.75, 1.0, 0.125, 7)
        assert one.drop.value == pytest.approx(lost)
        assert one.control.value == pytest.approx(0.125)
        assert one.difference.value == pytest.approx(lost - 0.125)
        assert one.accuracy_drop.value == float(lost >= 0.25)
        assert one.accuracy_control.value == 0
        assert one.matters == (lost > 0.125)
    # Two faces are no five groups.
    assert not any(one.matters for one in found[6:12])


def test_what_helps_does_not_matter_though_the_patch_helps_more():
    """Covering the part must cost something."""
    effects = make_effects(np.array(-0.05), np.array(-0.2), [0] * 8)
    assert not any(one.matters for one in importances(effects, ("angry",), effects.ids))


def test_a_part_outside_the_image_counts_for_no_face():
    """The others count; where it is outside all images it has no row."""
    effects = make_effects(np.array(0.25), np.array(0.0), [0] * 6)
    effects.areas[:2, 0] = np.nan
    effects.areas[:, 5] = np.nan
    found = {one.part: one for one in importances(effects, ("angry",), effects.ids)[:5]}
    assert "jaw" not in found
    assert (found["forehead"].faces, found["brows"].faces) == (4, 6)
