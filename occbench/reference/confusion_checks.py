"""Metrics recomputed from a printed confusion matrix and compared with the printed ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from occbench.matrix import metrics
from occbench.reference.check import Check, Outcome
from occbench.reference.confusion_table import COUNTS, ConfusionTable, PrintedMetric

METRIC = "metric"


def check_confusion(table: ConfusionTable, printed: Sequence[PrintedMetric]) -> Outcome:
    """Compares printed metrics with those of the matrix; the outcome has all that it gives."""
    found = recompute(table)
    checks = tuple(_check(each, found[each.metric, each.label], table) for each in printed)
    remarks = _never_predicted(table)
    if not printed:
        remarks = (*remarks, "No metric is printed beside the matrix, so none was compared.")
    numbers = tuple((metric, label, value) for (metric, label), value in found.items())
    return Outcome(table.name, checks, remarks, _details(table, found), numbers)


def recompute(table: ConfusionTable) -> dict[tuple[str, str], float]:
    """Every metric of the matrix by its name and class, the class empty for those of all faces.

    Precision of a class that is never predicted, recall of one without a face and F1 of one that is
    neither are NaN. In means they count as scikit-learn has them: precision as 0; for recall and
    F1 the class is left out.
    """
    counts = table.counts
    scores = metrics.per_class(counts)
    weighted = metrics.weighted(counts)
    values = {
        ("accuracy", ""): metrics.accuracy(counts),
        ("mean_class_accuracy", ""): metrics.balanced_accuracy(counts),
        ("macro_precision", ""): float(np.nan_to_num(scores.precision).mean()),
        ("macro_f1", ""): metrics.macro_f1(counts),
        ("weighted_precision", ""): weighted[0],
        ("weighted_recall", ""): weighted[1],
        ("weighted_f1", ""): weighted[2],
    }
    right = np.diag(counts)
    for row, label in enumerate(table.classes):
        values |= {
            ("precision", label): float(scores.precision[row]),
            ("recall", label): float(scores.recall[row]),
            ("f1", label): float(scores.f1[row]),
            ("correct", label): float(right[row]),
            ("wrong", label): float(scores.support[row] - right[row]),
            ("support", label): float(scores.support[row]),
        }
    return values


def _check(printed: PrintedMetric, found: float, table: ConfusionTable) -> Check:
    """A printed value agrees if the recomputed one is printed like it; 0 stands for undefined."""
    place = f"{printed.metric} of {printed.label}" if printed.label else printed.metric
    exact = Fraction(0 if np.isnan(found) else found)
    value = printed.value
    # The metric is a float, with an error far below any printed digit.
    slack = Fraction(1, 10**12)
    passed = value.holds(exact - slack, exact + slack)
    shown = f"{found:,.0f}" if printed.metric in COUNTS else f"{found:.8f}"
    text = f"{table.name}: {place} is {shown} by the matrix, printed is {value.text}."
    return Check(METRIC, place, float(value.value), found, float(value.half), passed, text)


def _never_predicted(table: ConfusionTable) -> tuple[str, ...]:
    columns, faces = table.counts.sum(axis=0), table.counts.sum(axis=1)
    dead = [name for name, n, of in zip(table.classes, columns, faces, strict=True) if of and not n]
    return (f"Never predicted: {', '.join(dead)}.",) if dead else ()


def _details(
    table: ConfusionTable, found: dict[tuple[str, str], float]
) -> tuple[tuple[str, ...], ...]:
    """A head, a row per class, one of plain and one of weighted means, and the accuracy."""
    heads = ("class", "precision", "recall", "F1", "faces")
    rows = [
        (label, *_shown(found[name, label] for name in ("precision", "recall", "f1")))
        for label in table.classes
    ]
    names = (
        ("mean", ("macro_precision", "mean_class_accuracy", "macro_f1")),
        ("weighted by faces", ("weighted_precision", "weighted_recall", "weighted_f1")),
    )
    rows += [(title, *_shown(found[name, ""] for name in each)) for title, each in names]
    rows.append(("accuracy", "", *_shown([found["accuracy", ""]]), ""))
    sizes = [*table.counts.sum(axis=1).tolist(), *[int(table.counts.sum())] * (len(names) + 1)]
    return (heads, *((*row, f"{n:,}") for row, n in zip(rows, sizes, strict=True)))


def _shown(values: Iterable[float]) -> tuple[str, ...]:
    return tuple("-" if np.isnan(value) else f"{value:.5f}" for value in values)
