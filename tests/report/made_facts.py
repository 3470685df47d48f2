"""Made-up experiments that a report can be written about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench.matrix.cells import Cell, Matrix, own_test, with_relative_changes
from occbench.matrix.statistics import wilson
from occbench.report.facts import ReportFacts
from occbench.report.lost_faces import LostFace
from occbench.report.study import Study, study_of
from tests.answers import make_answers, right_of

CLASSES = ("angry", "fear", "happy", "sad")
# Table 4.1 and 4.2 of report 001, last epoch, as counts of 3,999 faces: 58.89, 38.08, 49.64
# and 47.21 %; the mixed column is the mean of the two.
PUBLISHED = {
    ("normal", "normal"): [2355],
    ("normal", "occluded"): [1523],
    ("normal", "mixed"): [1939],
    ("occluded", "normal"): [1888],
    ("occluded", "occluded"): [1985],
    ("occluded", "mixed"): [1937],
}


def make_matrix(
    correct: Mapping[tuple[str, str], Sequence[int | None]],
    *,
    n: int = 3999,
    selections: tuple[str, ...] = ("best", "last"),
) -> Matrix:
    """A matrix from the right faces of each (train, test), a number per seed, None if missing.

    ``last`` has the same counts as ``best``; epochs are 7 and 25.
    """
    cells = [
        _cell(train, test, seed, selection, n, right)
        for (train, test), counts in correct.items()
        for seed, right in enumerate(counts)
        if right is not None
        for selection in selections
    ]
    return Matrix(
        trains=tuple(dict.fromkeys(train for train, _ in correct)),
        tests=tuple(dict.fromkeys(test for _, test in correct)),
        seeds=tuple(range(max((len(counts) for counts in correct.values()), default=1))),
        selections=selections,
        cells=with_relative_changes(cells),
    )


def _cell(train: str, test: str, seed: int, selection: str, n: int, right: int) -> Cell:
    low, high = wilson(right, n)
    return Cell(
        train=train,
        test=test,
        seed=seed,
        selection=selection,
        epoch={"best": 7, "last": 25}[selection],
        n=n,
        correct=right,
        accuracy=right / n,
        low=low,
        high=high,
        balanced_accuracy=right / n - 0.01,
        macro_f1=right / n - 0.02,
        relative_change=0.0 if test == own_test(train) else None,
    )


def make_confusion(right: Sequence[int], faces: int = 100) -> NDArray[np.int64]:
    """Right faces per class of ``faces`` each; the wrong ones are taken for the next class."""
    size = len(right)
    confusion = np.zeros((size, size), np.int64)
    for row, count in enumerate(right):
        confusion[row, row] = count
        confusion[row, (row + 1) % size] = faces - count
    return confusion


def make_history(epochs: int = 30, shift: float = 0.0) -> pd.DataFrame:
    """Curves that fall and rise again on validation, with every column a training writes."""
    epoch = np.arange(1, epochs + 1)
    decay = np.exp(-epoch / 8)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "loss": 0.4 + 1.6 * decay + shift,
            "accuracy": 0.85 - 0.6 * decay,
            "val_loss": 1.0 + decay + 0.01 * epoch + shift,
            "val_accuracy": 0.62 - 0.45 * decay,
            "val_balanced_accuracy": 0.58 - 0.45 * decay,
            "learning_rate": 1e-3,
            "seconds": 1.5,
        }
    )


def make_studies(
    matrix: Matrix, classes: Sequence[str], confusions: Mapping[Any, NDArray[np.int64]]
) -> dict[str, Study]:
    """Comparisons as if the cells of a whole matrix were right on faces drawn apart.

    What is told of classes and scores is that of the confusion matrices, of other faces.
    """
    if not matrix.cells or matrix.missing():
        return {}
    return {
        selection: _study(
            tuple(cell for cell in matrix.cells if cell.selection == selection),
            tuple(classes),
            _frozen(confusions, selection),
        )
        for selection in matrix.selections
    }


def _frozen(confusions: Mapping[Any, NDArray[np.int64]], selection: str) -> tuple[Any, ...]:
    return tuple(
        ((train, test, seed), tuple(map(tuple, counts.tolist())))
        for (train, test, seed, chosen), counts in confusions.items()
        if chosen == selection
    )


@cache
def _study(cells: tuple[Cell, ...], classes: tuple[str, ...], counts: Any) -> Study:
    n = cells[0].n
    labels = [face % len(classes) for face in range(n)]
    predicted = {}
    for number, cell in enumerate(cells):
        right = np.random.default_rng(number).permutation(n) < cell.correct
        predicted[cell.train, cell.test, cell.seed] = right_of(labels, right, len(classes))
    study = study_of(make_answers(labels, predicted, classes=classes))
    if len(counts) < len(predicted):
        return replace(study, classes={}, qualities=())
    told = study_of(_answers(classes, counts))
    return replace(study, classes=told.classes, qualities=told.qualities)


def _answers(classes: tuple[str, ...], counts: Any) -> Any:
    """Answers with these confusion matrices, in an order of chance within each class."""
    predicted, labels = {}, []
    for number, (place, rows) in enumerate(counts):
        rng = np.random.default_rng(number)
        parts = [rng.permutation(np.repeat(np.arange(len(row)), row)) for row in rows]
        predicted[place] = np.concatenate(parts).tolist()
        labels = np.repeat(np.arange(len(rows)), [sum(row) for row in rows]).tolist()
    return make_answers(labels, predicted, classes=classes)


def make_facts(**changes: Any) -> ReportFacts:
    """A whole experiment with one seed: normal and occluded training, three tests, both epochs."""
    matrix = changes.pop("matrix", None) or make_matrix(PUBLISHED)
    classes = changes.get("classes", CLASSES)
    rights = {
        "normal": [70, 90, 95, 60, 80, 75, 66, 50],
        "occluded": [65, 20, 90, 40, 35, 70, 40, 44],
        "mixed": [67, 55, 92, 50, 58, 72, 53, 47],
    }
    whole: dict[str, Any] = {
        "title": "drawn",
        "matrix": matrix,
        "classes": classes,
        "confusions": {
            (train, test, seed, selection): make_confusion(rights[test][: len(classes)])
            for train in matrix.trains
            for test in matrix.tests
            for seed in matrix.seeds
            for selection in matrix.selections
        },
        "histories": {
            (train, seed): make_history(shift=0.1 * seed)
            for train in matrix.trains
            for seed in matrix.seeds
        },
        "best_epochs": {(train, seed): 7 for train in matrix.trains for seed in matrix.seeds},
        "sheet": np.full((40, 60, 3), (200, 120, 40), np.uint8),
        "recipe": 'name = "small"\nepochs = 30\n',
        "facts": [("data set", "drawn, 2,000 faces"), ("occluder", "headset(device=quest-2)")],
        "left_out": {"no usable landmarks": {"angry": 2, "sad": 1}},
        "alarms": ("normal, seed 0, epoch 3: the class fear is never predicted.",),
        "warnings": (),
        "limits": ("The faces are drawn, not photographed.",),
        "lost": tuple(
            LostFace(f"folder/f{number}", classes[0], classes[1], 2 - number, 2, picture)
            for number, picture in enumerate([np.full((20, 44, 3), 90, np.uint8)] * 2)
        ),
    }
    whole |= changes
    if "studies" not in whole:
        whole["studies"] = make_studies(matrix, classes, whole["confusions"])
    return ReportFacts(**whole)
