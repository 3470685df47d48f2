"""Classes are matched by name, and anything that would need a guess is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.errors import DataError
from occbench.foreign.class_map import match_classes
from occbench.foreign.spec import NEVER, ModelSpec

FACES = ("angry", "happy", "sad")


def spec(*classes, missing="", **chart):
    """A spec of which only the classes matter."""
    return ModelSpec(48, 3, "none", "logits", classes, map=tuple(chart.items()), missing=missing)


@given(st.permutations(FACES))
def test_any_order_is_found_by_name(order):
    """Each output goes to the class of its name."""
    chart = match_classes(spec(*order), FACES)
    assert [FACES[target] for target in chart.targets] == list(order)
    assert (chart.dropped, chart.never, chart.remarks()) == ((), (), ())


def test_upper_and_lower_case_are_one():
    """But a synonym is not."""
    assert match_classes(spec("Sad", "HAPPY", "angry"), FACES).targets == (2, 1, 0)
    with pytest.raises(DataError, match=re.escape("The model's 'happiness' is no class")):
        match_classes(spec("angry", "happiness", "sad"), FACES)


def test_names_that_differ_in_case_alone_are_taken_exactly():
    """A data set may have both."""
    assert match_classes(spec("b", "B"), ("B", "b")).targets == (1, 0)


def test_a_synonym_that_the_map_names():
    """The model's name on the left, the data set's on the right."""
    chart = match_classes(spec("anger", "sad", "joy", anger="angry", joy="Happy"), FACES)
    assert chart.targets == (0, 2, 1)
    assert chart.describe() == {"anger": "angry", "sad": "sad", "joy": "happy"}


def test_a_class_that_is_dropped_or_never_predicted_is_remarked():
    """Both at once: contempt is no class, and angry has no output."""
    chart = match_classes(spec("contempt", "sad", "happy", missing=NEVER, contempt=""), FACES)
    assert chart.targets == (None, 2, 1)
    assert (chart.dropped, chart.never) == (("contempt",), ("angry",))
    never, dropped = chart.remarks()
    assert "never predicts 'angry'" in never
    assert "says 'contempt' too, which is dropped" in dropped


@pytest.mark.parametrize(
    ("given_spec", "message"),
    [
        (spec("angry", "happy"), "The model has no output for 'sad'."),
        (spec("angry", "happy", "sad", "fear"), "The model's 'fear' is no class of the data set"),
        (spec("angry", "angry", "sad"), "have 'angry' twice; expected each once"),
        (spec("0", "1", "2"), "have '0', '1', '2', which says the place of an output"),
        (spec("angry", "class 1", "sad"), "have 'class 1', which says the place"),
        (spec("angry", " ", "sad"), "have ' ', which says the place"),
        (spec("angry", "happy", "sad", hapy="happy"), "[map] has 'hapy', which is none of"),
        (spec("angry", "joy", "sad", joy="hapy"), "is to mean 'hapy', which is no class"),
        (spec("angry", "joy", "sad", joy="hapy"), "Did you mean 'happy'?"),
        (spec("rage", "angry", "happy", "sad", rage="angry"), "'rage', 'angry' both mean 'angry'"),
        (spec("angry", "Angry", "happy", "sad"), "'angry', 'Angry' both mean 'angry'"),
        (spec("angry", "happy", "sad", happy="", sad="", missing=NEVER), "Fewer than two"),
        (
            spec("angry", "happy", "sad", happy="sad", sad="happy"),
            "'happy' means 'sad', and both are classes of the data set",
        ),
        (spec("angry", "HAPPY", "sad", HAPPY="sad", sad=""), "the model's 'HAPPY' means 'sad'"),
    ],
)
def test_what_is_missing_unknown_double_or_positional_is_refused(given_spec, message):
    """The sentence says which."""
    with pytest.raises(DataError, match=re.escape(message)):
        match_classes(given_spec, FACES)


def test_numbers_are_names_where_the_data_set_has_them():
    """Then they are matched as any other."""
    assert match_classes(spec("1", "0"), ("0", "1")).targets == (1, 0)
