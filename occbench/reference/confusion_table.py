"""Printed confusion matrices, and the metrics printed beside them.

A matrix is one CSV file: the header is ``truth`` and the class names, each line a true class and
how many of its faces were taken for each class. Metrics are another: ``metric``, ``class``,
``value``. ``docs/reference/file-formats.md`` has both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np

from occbench.core.csv_rows import Line, read_lines, whole_number
from occbench.errors import DataError, UnknownName
from occbench.matrix.metrics import Confusion
from occbench.reference.printed import PERCENT, SHARE, Printed, read_number, to_printed

TRUTH = "truth"
OF_ALL = (
    "accuracy",
    "mean_class_accuracy",
    "macro_precision",
    "macro_f1",
    "weighted_precision",
    "weighted_recall",
    "weighted_f1",
)
OF_A_CLASS = ("precision", "recall", "f1")
COUNTS = ("correct", "wrong", "support")
_METRIC_COLUMNS = ("metric", "class", "value")


@dataclass(frozen=True, eq=False)
class ConfusionTable:
    """A printed confusion matrix.

    Attributes:
        name: the file, or the name of the table.
        classes: names, in the order of rows and columns.
        counts: int64 ``(K, K)``, rows are the truth.
    """

    name: str
    classes: tuple[str, ...]
    counts: Confusion


@dataclass(frozen=True)
class PrintedMetric:
    """One metric as printed.

    Attributes:
        metric: one of ``OF_ALL``, ``OF_A_CLASS`` and ``COUNTS``.
        label: the class, empty for the metrics of all faces.
        value: a share of 1; a number of faces for ``COUNTS``.
    """

    metric: str
    label: str
    value: Printed


def is_confusion(head: Sequence[str]) -> bool:
    """Whether a header is that of a confusion matrix."""
    return head[0] == TRUTH


def read_confusion(source: Path | Traversable, name: str = "") -> ConfusionTable:
    """Reads a printed confusion matrix.

    Args:
        source: the file.
        name: what to call the table; the file's path if empty.

    Raises:
        DataError: rows and columns do not name the same classes in the same order, a count is no
            whole number of 0 or more, or there is no face.
    """
    head, lines = read_lines(source)
    classes = head[1:]
    found = tuple(line.values[TRUTH] for line in lines)
    if found != classes:
        raise DataError(
            f"'{source}': the rows are {', '.join(found)}; expected those of the header in its "
            f"order, {', '.join(classes)}."
        )
    counts = np.array(
        [
            [whole_number(line.values[name], f"{line.place}: {name}", least=0) for name in classes]
            for line in lines
        ],
        dtype=np.int64,
    )
    if not counts.sum():
        raise DataError(f"'{source}': all counts are 0; expected one face or more.")
    return ConfusionTable(name or str(source), classes, counts)


def read_metrics(source: Path | Traversable, classes: Sequence[str]) -> tuple[PrintedMetric, ...]:
    """Reads metrics that are printed beside a confusion matrix.

    Args:
        source: the file.
        classes: the names that may stand in its column ``class``.

    Raises:
        DataError: a column is missing or a value is out of range.
        UnknownName: a metric or a class is not known.
    """
    head, lines = read_lines(source)
    absent = [column for column in _METRIC_COLUMNS if column not in head]
    if absent:
        raise DataError(
            f"'{source}', line 1: the column {absent[0]} is missing; expected "
            f"{', '.join(_METRIC_COLUMNS)}."
        )
    return tuple(_metric(line, classes) for line in lines)


def _metric(line: Line, classes: Sequence[str]) -> PrintedMetric:
    metric, label = line.values["metric"], line.values["class"]
    if metric in OF_ALL:
        if label:
            raise DataError(f"{line.place}: {metric} is of all faces; expected no class.")
    elif metric not in (*OF_A_CLASS, *COUNTS):
        raise UnknownName("metric", metric, (*OF_ALL, *OF_A_CLASS, *COUNTS))
    elif label not in classes:
        raise UnknownName("class", label, classes)
    number = read_number(line.values["value"], line.place)
    if number is None:
        raise DataError(f"{line.place}: the value is empty; leave the line out instead.")
    if metric in COUNTS:
        whole_number(number.text, f"{line.place}: {metric}", least=0)
        return PrintedMetric(metric, label, to_printed(number, SHARE))
    value = to_printed(number, PERCENT if number.marked else SHARE)
    if not 0 <= value.value <= 1:
        raise DataError(
            f"{line.place}: {metric} is '{number.text}'; expected 0 to 1, or 0% to 100% with a "
            "percent sign."
        )
    return PrintedMetric(metric, label, value)
