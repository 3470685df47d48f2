"""Fills a matrix: the missing runs are trained and predicted by what the caller hands in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench.matrix.cell import Cell, make_cell
from occbench.training.predictions import Predictions

# The scores of a row's run by selection and variant.
Scores = Mapping[tuple[str, str], Predictions]


@dataclass(frozen=True)
class Row:
    """One run of the matrix: a train split and a seed."""

    train: str
    seed: int


@dataclass(frozen=True, eq=False)
class Column:
    """One test split: a table with ``id`` and ``variant``, each face once."""

    test: str
    table: pd.DataFrame


def fill(
    rows: Iterable[Row],
    columns: Iterable[Column],
    selections: Iterable[str],
    classes: int,
    evaluate: Callable[[Row], Scores],
) -> list[Cell]:
    """The cells of all rows, without their relative changes.

    Args:
        rows: one evaluation each.
        columns: every one a choice from the same scores.
        selections: ``best``, ``last`` or both.
        classes: how many.
        evaluate: trains and predicts a row, or reads what is stored.
    """
    columns, selections = tuple(columns), tuple(selections)
    cells = []
    for row in rows:
        scores = evaluate(row)
        for selection in selections:
            for column in columns:
                labels, predicted = choose(scores, selection, column.table)
                cells.append(
                    make_cell(
                        row.train,
                        column.test,
                        seed=row.seed,
                        selection=selection,
                        epoch=_epoch(scores, selection),
                        labels=labels,
                        predicted=predicted,
                        classes=classes,
                    )
                )
    return cells


def choose(
    scores: Scores, selection: str, table: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """True and predicted class numbers of a test split, in the order of its table.

    Raises:
        DataError: a face of the table was not predicted in its variant.
    """
    labels = np.empty(len(table), np.int64)
    predicted = np.empty(len(table), np.int64)
    for variant in table["variant"].unique():
        places = np.flatnonzero((table["variant"] == variant).to_numpy())
        found = scores[selection, variant].of(table["id"].iloc[places].tolist())
        labels[places], predicted[places] = found.labels, found.predicted
    return labels, predicted


def discordant_share(
    scores: Scores, selection: str, variants: tuple[str, str], ids: Sequence[str]
) -> float:
    """The share of some faces that are right in exactly one of two variants."""
    one, other = (scores[selection, variant].of(ids) for variant in variants)
    right = (one.predicted == one.labels), (other.predicted == other.labels)
    return float((right[0] != right[1]).mean())


def _epoch(scores: Scores, selection: str) -> int:
    return next(found.epoch for (chosen, _), found in scores.items() if chosen == selection)
