"""One cell of the train x test matrix: what a run reaches on one test split."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import isclose, isfinite

import numpy as np
from numpy.typing import ArrayLike

from occbench.matrix.metrics import balanced_accuracy, confusion, macro_f1
from occbench.matrix.statistics import wilson
from occbench.splits.modes import MODES
from occbench.training.run import TEST_SELECTED

TESTS = ("normal", "occluded", "mixed")
SELECTIONS = ("best", "last")
GIVEN = "given"
"""The selection of a model from elsewhere: who chose its weights, and how, is not known here."""

_NAMES = {"train": MODES, "test": TESTS}
WHOLE = ("seed", "epoch", "n", "correct")
SHARES = ("accuracy", "low", "high", "balanced_accuracy", "macro_f1")

Key = tuple[str, str, int, str]


@dataclass(frozen=True)
class Cell:
    """What one run, at one epoch, reaches on one test split.

    Attributes:
        train: mode of the train split, one of ``occbench.splits.modes.MODES``; the name of the
            model where the selection is ``GIVEN``.
        test: one of ``TESTS``.
        seed: of the run; 0 for a given model.
        selection: which epoch's weights were used, one of ``SELECTIONS``, or ``GIVEN``.
        epoch: the number of that epoch, from 1; 0 for a given model.
        n: faces in the test split.
        correct: faces that are right.
        accuracy: ``correct / n``.
        low: lower end of the accuracy's Wilson 95 % interval.
        high: upper end of it.
        balanced_accuracy: mean recall over the classes that have a face.
        macro_f1: mean F1 over the classes that occur.
        relative_change: accuracy over that on the row's own test split, less 1; None where
            that cell is absent or its accuracy is 0.
    """

    train: str
    test: str
    seed: int
    selection: str
    epoch: int
    n: int
    correct: int
    accuracy: float
    low: float
    high: float
    balanced_accuracy: float
    macro_f1: float
    relative_change: float | None

    @property
    def key(self) -> Key:
        """Where the cell stands: train, test, seed, selection."""
        return self.train, self.test, self.seed, self.selection


def in_order(selections: Iterable[str]) -> tuple[str, ...]:
    """Selections without repetition: best, last, given, then named epochs by their number."""
    found = set(selections)
    named = sorted(filter(TEST_SELECTED.match, found), key=lambda name: (len(name), name))
    return (*(name for name in (*SELECTIONS, GIVEN) if name in found), *named)


def own_test(train: str) -> str:
    """The test split shown as the train split is, the base of the row's relative changes.

    Report 001 takes the same bases in its tables 4.1 to 4.4.

    Raises:
        ValueError: the mode is unknown.
    """
    if train not in MODES:
        raise ValueError(f"Unknown mode of a train split. Received: train={train!r}")
    return train if train in TESTS else "mixed"


def base_test(train: str, selection: str) -> str:
    """The test split that a row's relative changes begin from: ``own_test``, or normal if given.

    Nobody knows here what a given model was trained on, so all of them begin from normal faces.

    Raises:
        ValueError: the mode is unknown.
    """
    return "normal" if selection == GIVEN else own_test(train)


def make_cell(
    train: str,
    test: str,
    *,
    seed: int,
    selection: str,
    epoch: int,
    labels: ArrayLike,
    predicted: ArrayLike,
    classes: int,
) -> Cell:
    """The cell of a run whose predictions for a test split are known.

    ``relative_change`` is 0 on the row's own test split and else None until
    ``with_relative_changes`` fills it in.

    Args:
        train: mode of the train split, or the name of a given model.
        test: one of ``TESTS``.
        seed: of the run.
        selection: one of ``SELECTIONS``, or ``GIVEN``.
        epoch: the epoch whose weights were used, from 1; 0 for a given model.
        labels: true class numbers, integers ``(N,)``.
        predicted: predicted class numbers, integers ``(N,)``.
        classes: how many classes there are.

    Raises:
        ValueError: there is no face, or an array or a name is not as expected.
    """
    counts = confusion(labels, predicted, classes)
    n, correct = int(counts.sum()), int(np.trace(counts))
    low, high = wilson(correct, n)
    cell = Cell(
        train=train,
        test=test,
        seed=seed,
        selection=selection,
        epoch=epoch,
        n=n,
        correct=correct,
        accuracy=correct / n,
        low=low,
        high=high,
        balanced_accuracy=balanced_accuracy(counts),
        macro_f1=macro_f1(counts),
        relative_change=0.0 if test == base_test(train, selection) else None,
    )
    found = fault(cell)
    if found:
        raise ValueError(f"A cell cannot be made: {found}. Received: {cell.key}, epoch={epoch}")
    return cell


def with_relative_changes(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """The same cells, each compared with the own test split of its train, seed and selection."""
    cells = tuple(cells)
    accuracies = {cell.key: cell.accuracy for cell in cells}
    changed = []
    for cell in cells:
        own = base_test(cell.train, cell.selection)
        base = accuracies.get((cell.train, own, cell.seed, cell.selection))
        change = relative_change(cell.accuracy, base, is_own=cell.test == own)
        changed.append(replace(cell, relative_change=change))
    return tuple(changed)


def fault(cell: Cell) -> str | None:
    """What is wrong with the values of a cell, or None: names, ranges, and that they agree."""
    names = _given_fault(cell) if cell.selection == GIVEN else _name_fault(cell)
    return names or _number_fault(cell)


def _name_fault(cell: Cell) -> str | None:
    for name, known in _NAMES.items():
        if getattr(cell, name) not in known:
            return f"the {name} is {getattr(cell, name)!r}; expected {', '.join(known)}"
    if cell.selection not in SELECTIONS and not TEST_SELECTED.match(cell.selection):
        names = ", ".join((*SELECTIONS, GIVEN))
        return f"the selection is {cell.selection!r}; expected {names} or test-selected-EPOCH"
    return None


def _given_fault(cell: Cell) -> str | None:
    if not cell.train or cell.train in MODES:
        return f"the train is {cell.train!r}; expected the name of a model, which no mode can be"
    if cell.test not in TESTS:
        return f"the test is {cell.test!r}; expected {', '.join(TESTS)}"
    if (cell.seed, cell.epoch) != (0, 0):
        return f"seed and epoch are {cell.seed} and {cell.epoch}; expected 0 for a given model"
    return None


def _number_fault(cell: Cell) -> str | None:
    first = 0 if cell.selection == GIVEN else 1
    if cell.epoch < first or cell.n < 1 or not 0 <= cell.correct <= cell.n:
        return (
            f"epoch, n and correct are {cell.epoch}, {cell.n} and {cell.correct}; expected an "
            f"epoch from {first}, one face or more and 0 to n of them correct"
        )
    for name in SHARES:
        if not 0 <= getattr(cell, name) <= 1:
            return f"the {name} is {getattr(cell, name)}; expected 0 to 1"
    is_share = isclose(cell.accuracy, cell.correct / cell.n)
    if not (is_share and cell.low <= cell.accuracy <= cell.high):
        return (
            f"the accuracy is {cell.accuracy} from {cell.low} to {cell.high}; expected "
            f"{cell.correct} / {cell.n} within its interval"
        )
    change = cell.relative_change
    if change is not None and not (isfinite(change) and change >= -1):
        return f"the relative_change is {change}; expected -1 or more"
    return None


def relative_change(accuracy: float, base: float | None, *, is_own: bool) -> float | None:
    """``accuracy`` over ``base`` less 1; 0 for the own test split, None without a base above 0."""
    if is_own:
        return 0.0
    return accuracy / base - 1 if base else None
