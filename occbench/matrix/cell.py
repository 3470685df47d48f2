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

TESTS = ("normal", "occluded", "mixed")
SELECTIONS = ("best", "last")
_NAMES = {"train": MODES, "test": TESTS, "selection": SELECTIONS}
WHOLE = ("seed", "epoch", "n", "correct")
SHARES = ("accuracy", "low", "high", "balanced_accuracy", "macro_f1")

Key = tuple[str, str, int, str]


@dataclass(frozen=True)
class Cell:
    """What one run, at one epoch, reaches on one test split.

    Attributes:
        train: mode of the train split, one of ``occbench.splits.modes.MODES``.
        test: one of ``TESTS``.
        seed: of the run.
        selection: which epoch's weights were used, one of ``SELECTIONS``.
        epoch: the number of that epoch, from 1.
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


def own_test(train: str) -> str:
    """The test split shown as the train split is, the base of the row's relative changes.

    Report 001 takes the same bases in its tables 4.1 to 4.4.

    Raises:
        ValueError: the mode is unknown.
    """
    if train not in MODES:
        raise ValueError(f"Unknown mode of a train split. Received: train={train!r}")
    return train if train in TESTS else "mixed"


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
        train: mode of the train split.
        test: one of ``TESTS``.
        seed: of the run.
        selection: one of ``SELECTIONS``.
        epoch: the epoch whose weights were used, from 1.
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
        relative_change=0.0 if test == own_test(train) else None,
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
        own = own_test(cell.train)
        base = accuracies.get((cell.train, own, cell.seed, cell.selection))
        change = relative_change(cell.accuracy, base, is_own=cell.test == own)
        changed.append(replace(cell, relative_change=change))
    return tuple(changed)


def fault(cell: Cell) -> str | None:
    """What is wrong with the values of a cell, or None: names, ranges, and that they agree."""
    for name, known in _NAMES.items():
        if getattr(cell, name) not in known:
            return f"the {name} is {getattr(cell, name)!r}; expected {', '.join(known)}"
    if cell.epoch < 1 or cell.n < 1 or not 0 <= cell.correct <= cell.n:
        return (
            f"epoch, n and correct are {cell.epoch}, {cell.n} and {cell.correct}; expected an "
            "epoch from 1, one face or more and 0 to n of them correct"
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
