"""Words that several parts of a report share."""

from __future__ import annotations

from occbench.training.run import TEST_SELECTED

EPOCH_WORDS = {
    "best": "best epoch by validation",
    "last": "last epoch",
    "given": "selection unknown: given as it is",
}


def epoch_words(selection: str) -> str:
    """What a selection is, in words."""
    named = TEST_SELECTED.match(selection)
    if named is not None:
        return f"test-selected: epoch {named[1]}, named by a person who may know its test accuracy"
    return EPOCH_WORDS.get(selection, selection)


def is_test_selected(selection: str) -> bool:
    """Whether knowledge of the test may have chosen the weights."""
    return TEST_SELECTED.match(selection) is not None
