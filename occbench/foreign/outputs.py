"""The outputs of a model, checked, as a score for each class of the data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.errors import DataError
from occbench.foreign.class_map import ClassMap
from occbench.foreign.spec import LOGITS, PROBABILITIES

# Half precision keeps three digits; a softmax in it misses 1 by less than this.
_SUM, _BELOW_ZERO = 0.02, 1e-6


def checked(raw: Any, *, faces: int, classes: int, label: str) -> NDArray[np.float64]:
    """What a model gave for a batch, float64 ``(faces, classes)``.

    Args:
        raw: anything that NumPy can take for an array of real numbers.
        faces: how many the batch had.
        classes: how many names the spec has.
        label: of the model, for messages.

    Raises:
        DataError: no numbers, or another shape.
    """
    try:
        found = np.asarray(raw)
    except Exception as error:
        raise DataError(f"What '{label}' gives is no array: {error}.") from error
    # bfloat16 is no kind of NumPy's own, but it can be cast.
    if found.dtype.kind not in "fiu" and found.dtype.name != "bfloat16":
        raise DataError(f"'{label}' gives {found.dtype}; expected numbers.")
    if found.ndim != 2 or found.shape[0] != faces:
        raise DataError(
            f"'{label}' gives shape {found.shape} for {faces} faces; expected "
            f"({faces}, {classes}): a row for each face, a column for each class of the spec."
        )
    if found.shape[1] != classes:
        raise DataError(
            f"'{label}' gives {found.shape[1]} scores a face, but the spec names {classes} classes."
        )
    return found.astype(np.float64)


def class_scores(
    outputs: NDArray[np.float64], chart: ClassMap, *, kind: str, ids: Sequence[str], label: str
) -> NDArray[np.float32]:
    """Scores in the order of the data set's classes, float32 ``(N, C)``, rows of sum 1.

    Probabilities stay as they are unless a class is dropped; then the others are divided by their
    sum, and are equal where nothing is left of it. Logits, and scores of which only the order
    counts, go through a softmax over the classes that are not dropped. Classes that the model
    does not have get 0.

    Args:
        outputs: ``(N, K)``, a column for each of the model's classes.
        chart: where the columns belong.
        kind: ``probabilities``, ``logits`` or ``scores``.
        ids: of the faces, for messages.
        label: of the model, likewise.

    Raises:
        DataError: a score is no finite number, rows are no probabilities, or are ones where
            logits were promised.
    """
    bad = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
    if bad.size:
        raise DataError(
            f"'{label}' gives a score that is no finite number for {bad.size} of {len(ids)} faces, "
            f"the first '{ids[bad[0]]}'."
        )
    places = {column: target for column, target in enumerate(chart.targets) if target is not None}
    kept = list(places)
    if kind == PROBABILITIES:
        _refuse_others(outputs, ids, label)
        chosen = np.maximum(outputs[:, kept], 0)
        if chart.dropped:
            total, equal = chosen.sum(axis=1, keepdims=True), np.full_like(chosen, 1 / len(kept))
            chosen = np.divide(chosen, total, out=equal, where=total > 0)
    else:
        if kind == LOGITS:
            _refuse_probabilities(outputs, label)
        chosen = np.exp(outputs[:, kept] - outputs[:, kept].max(axis=1, keepdims=True))
        chosen /= chosen.sum(axis=1, keepdims=True)
    scores = np.zeros((len(outputs), len(chart.classes)), np.float32)
    scores[:, list(places.values())] = chosen
    return scores


def _refuse_probabilities(outputs: NDArray[np.float64], label: str) -> None:
    """Logits sum to 1 in every row by no accident; a softmax of a softmax would spoil them."""
    inside = (outputs >= 0).all() and (outputs <= 1).all()
    if inside and (np.abs(outputs.sum(axis=1) - 1) < _SUM).all():
        raise DataError(
            f"'{label}' gives probabilities: the scores of each face sum to 1. Say so in the spec: "
            'output = "probabilities".'
        )


def _refuse_others(outputs: NDArray[np.float64], ids: Sequence[str], label: str) -> None:
    sums = outputs.sum(axis=1)
    bad = np.flatnonzero((np.abs(sums - 1) > _SUM) | (outputs < -_BELOW_ZERO).any(axis=1))
    if bad.size:
        row = bad[0]
        raise DataError(
            f"'{label}' gives no probabilities for the face '{ids[row]}': they sum to "
            f"{sums[row]:.3g}, the lowest is {outputs[row].min():.3g}. Say in the spec whether its "
            'output is "logits" or "scores".'
        )
