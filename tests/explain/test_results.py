"""Results as tables and arrays: sizes, order, and numbers that can be added up by hand."""

from __future__ import annotations

import numpy as np
import pytest

from occbench.explain.choose import Chosen
from occbench.explain.facial_parts import PARTS
from occbench.explain.importance import importances
from occbench.explain.record import Explanation
from occbench.explain.results import (
    Maps,
    activation_result,
    kernel_result,
    map_result,
    region_result,
)
from tests.explain.test_importance import make_effects

FACTS = {"method": "any", "classes": ["angry", "happy", "sad"]}
CHOSEN = Chosen(("a", "b", "c"), (2, 0, 2), ("b", "a"))
IMAGES = np.zeros((3, 8, 8, 1), np.uint8)


def rows_of(found: Explanation, name: str) -> list[list[object]]:
    """The rows of a table."""
    return [list(row) for row in found.tables[name].rows]


def test_kernels_are_listed_weight_by_weight():
    """Output, input, row, column."""
    kernels = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    found = kernel_result({**FACTS, "layer": "c"}, kernels)
    rows = rows_of(found, "kernels")
    assert rows[0] == [0, 0, 0, 0, 0.0]
    assert rows[-1] == [1, 2, 1, 1, 23.0]
    assert [row[-1] for row in rows] == list(range(24))
    assert (found.facts["outputs"], found.facts["inputs"]) == (2, 3)


@pytest.mark.parametrize(
    ("shape", "kept"), [((100, 1), (64, 1)), ((100, 3), (21, 3)), ((100, 50), (8, 8))]
)
def test_no_more_than_64_kernels_are_kept(shape, kept):
    """And the facts say how many there are."""
    found = kernel_result({**FACTS}, np.zeros((*shape, 3, 3), np.float32))
    assert found.arrays["kernels"].shape == (*kept, 3, 3)
    assert (found.facts["outputs"], found.facts["inputs"]) == shape
    assert found.facts["shown"] == list(kept)


def test_activations_have_a_row_per_face_and_filter():
    """Mean, share of zeros, and where the highest value is."""
    maps = np.zeros((2, 2, 3, 2), np.float32)
    maps[0, 1, 2, 1] = 6
    found = activation_result({**FACTS}, CHOSEN, IMAGES[:2], maps)
    rows = rows_of(found, "activations")
    assert [row[:3] for row in rows] == [
        ["b", "angry", 0],
        ["b", "angry", 1],
        ["a", "sad", 0],
        ["a", "sad", 1],
    ]
    assert rows[1][3:] == [1.0, pytest.approx(5 / 6), 6.0, 1, 2]
    assert rows[0][3:] == [0.0, 1.0, 0.0, 0, 0]
    assert found.arrays["maps"].shape == (2, 2, 3, 2)


def test_maps_have_their_examples_and_the_mean_of_each_class():
    """In the order of the classes; a class without a face has none."""
    values = np.stack([np.full((2, 2), n) for n in (1.0, 5.0, 4.0)])
    pixels = values.repeat(4, axis=1).repeat(4, axis=2)
    maps = Maps(IMAGES, np.array([0.5, 0.25, 0.125]), values, pixels, [0, 3], [0, 4])
    found = map_result({**FACTS}, CHOSEN, maps, "drop")
    assert found.facts["faces"] == [1, 0, 2]
    assert found.facts["examples"] == [
        {"face": "b", "expression": "angry", "score": 0.25},
        {"face": "a", "expression": "sad", "score": 0.5},
    ]
    means = found.arrays["mean_maps"]
    assert means[[0, 2], 0, 0].tolist() == [5.0, 2.5]
    assert np.isnan(means[1]).all()
    assert found.arrays["mean_pixel_maps"].shape == (3, 8, 8)
    assert found.arrays["pixel_maps"][:, 0, 0].tolist() == [5.0, 1.0]
    assert rows_of(found, "examples")[3] == ["b", "angry", 3, 4, 5.0]
    assert [row[:3] for row in rows_of(found, "means")[::4]] == [["angry", 1, 0], ["sad", 2, 0]]


def test_regions_have_a_grid_of_expressions_and_parts():
    """NaN where no face has the part in its image, and a row per face and part that has."""
    effects = make_effects(np.linspace(0, 0.5, 6), np.array(0.125), [0, 0, 0, 0, 0, 0, 2])
    effects.areas[6, 1] = np.nan
    table = importances(effects, FACTS["classes"], effects.ids)
    found = region_result({**FACTS}, effects, table, ["f9"])
    assert found.facts["expressions"] == ["all", "angry", "sad"]
    assert found.facts["parts"] == list(PARTS)
    assert found.facts["without_landmarks"] == ["f9"]
    assert found.arrays["faces"].tolist() == [[7, 6, 7, 7, 7, 7], [6] * 6, [1, 0, 1, 1, 1, 1]]
    np.testing.assert_allclose(found.arrays["drop"][0], np.linspace(0, 0.5, 6), atol=1e-12)
    np.testing.assert_allclose(found.arrays["difference"][1], np.linspace(0, 0.5, 6) - 0.125)
    assert np.isnan(found.arrays["drop"][2, 1])
    # One face gives no interval.
    assert np.isnan(found.arrays["drop_low"][2]).all()
    assert np.isfinite(found.arrays["drop_low"][:2]).all()
    each = rows_of(found, "faces")
    assert len(each) == 7 * 6 - 1
    assert each[-1] == ["f6", "sad", "jaw", 0.125, 0.75, 1, 0.25, 0, 0.625, 1]
    assert rows_of(found, "regions")[0][:7] == ["all", "forehead", 7, 7, 0.125, 0.75, 1.0]
