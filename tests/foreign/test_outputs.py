"""What a model gives, checked and put in the order of the data set."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from occbench.errors import DataError
from occbench.foreign.class_map import ClassMap
from occbench.foreign.outputs import checked, class_scores

FACES = ("angry", "happy", "sad")
ALL = ClassMap(FACES, (0, 1, 2), FACES)
# Four outputs: one is dropped, and angry has none.
LESS = ClassMap(("sad", "contempt", "happy"), (2, None, 1), FACES)


def scores(values, chart=ALL, kind="logits"):
    """Scores of faces named f0, f1, ..."""
    outputs = np.array(values, np.float64)
    ids = [f"f{row}" for row in range(len(outputs))]
    return class_scores(outputs, chart, kind=kind, ids=ids, label="net")


@given(
    arrays(np.float64, (5, 3), elements=st.floats(-30, 30)),
    st.permutations(range(3)),
    st.sampled_from(["logits", "scores"]),
)
def test_the_order_of_outputs_changes_nothing(values, order, kind):
    """A model whose outputs are shuffled together with their names gives the same bits."""
    shuffled = ClassMap(tuple(FACES[n] for n in order), tuple(order), FACES)
    one = scores(values, kind=kind)
    np.testing.assert_allclose(scores(values[:, order], shuffled, kind), one, atol=1e-6)
    np.testing.assert_allclose(one.sum(axis=1), 1, atol=1e-6)


def test_probabilities_stay_as_they_are():
    """No softmax over a softmax."""
    given_ones = [[0.5, 0.25, 0.25], [0, 0, 1]]
    np.testing.assert_array_equal(scores(given_ones, kind="probabilities"), given_ones)


def test_logits_go_through_a_softmax():
    """Logs of 1, 2 and 5 are shares of 8."""
    found = scores(np.log([[1, 2, 5]]) + 700)
    np.testing.assert_allclose(found, [[1 / 8, 2 / 8, 5 / 8]], atol=1e-6)


def test_what_is_dropped_is_shared_out_anew():
    """0.6 contempt leaves 0.1 sad and 0.3 happy: a quarter and three; angry has no output."""
    found = scores([[0.1, 0.6, 0.3]], LESS, "probabilities")
    np.testing.assert_allclose(found, [[0, 0.75, 0.25]], atol=1e-6)
    # As logits the same, since a softmax knows ratios only.
    np.testing.assert_allclose(scores(np.log([[0.1, 0.6, 0.3]]), LESS), found, atol=1e-6)


def test_nothing_left_is_equal():
    """A face that is all contempt says nothing about the others."""
    np.testing.assert_array_equal(scores([[0, 1, 0]], LESS, "probabilities"), [[0, 0.5, 0.5]])


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (
            [[1, 2, 3], [1, np.nan, 3]],
            "logits",
            "no finite number for 1 of 2 faces, the first 'f1'",
        ),
        ([[np.inf, 2, 3]], "scores", "no finite number for 1 of 1 faces"),
        ([[60, 30, 10]], "probabilities", "no probabilities for the face 'f0': they sum to 100"),
        ([[0.5, 0.6, -0.1]], "probabilities", "the lowest is -0.1"),
        ([[0.5, 0.4, 0.1], [0, 0, 1]], "logits", "gives probabilities: the scores of each face"),
    ],
)
def test_scores_that_cannot_be_are_refused(values, kind, message):
    """With the first face that has one."""
    with pytest.raises(DataError, match=re.escape(message)):
        scores(values, kind=kind)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.uint8, np.int64])
def test_any_kind_of_number_is_taken(dtype):
    """Half precision too; a softmax in it does not sum to 1 exactly."""
    found = checked(np.array([[1, 0], [0, 1]], dtype), faces=2, classes=2, label="net")
    assert found.dtype == np.float64
    half = np.array([[1 / 3, 1 / 3, 1 / 3]], np.float16)
    scores(checked(half, faces=1, classes=3, label="net"), kind="probabilities")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (np.zeros((2, 3)), "gives 3 scores a face, but the spec names 4 classes"),
        (np.zeros(2), "gives shape (2,) for 2 faces; expected (2, 4)"),
        (np.zeros((3, 4)), "gives shape (3, 4) for 2 faces"),
        (np.zeros((2, 1, 4)), "gives shape (2, 1, 4) for 2 faces"),
        (None, "gives object; expected numbers"),
        ([["angry"] * 4] * 2, "expected numbers"),
        ([[1, 2], [3]], "is no array"),
        (np.zeros((2, 4), complex), "gives complex128; expected numbers"),
    ],
)
def test_anything_else_is_one_sentence(raw, message):
    """It names the model and what was expected."""
    with pytest.raises(DataError, match=re.escape(message)):
        checked(raw, faces=2, classes=4, label="net")
