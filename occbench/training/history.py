"""What a training's history decides: the best epoch, when to stop, the next learning rate.

All of it is computed from the rows of the history alone, so a run that was killed and resumed
decides as if it had never stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite
from typing import Any

COLUMNS = (
    "epoch",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "val_balanced_accuracy",
    "learning_rate",
    "seconds",
)

# A monitor's or a rule's column, and whether more is better.
_WATCHED = {
    "val-loss": ("val_loss", False),
    "val-accuracy": ("val_accuracy", True),
    "balanced-val-accuracy": ("val_balanced_accuracy", True),
    "best-val-loss": ("val_loss", False),
    "best-val-accuracy": ("val_accuracy", True),
    "best-balanced-val-accuracy": ("val_balanced_accuracy", True),
}

# Training images are augmented and dropped out, so a few points are no surprise.
_FAR = 0.15

Row = Mapping[str, Any]


def best_epoch(rows: Sequence[Row], select: str) -> int:
    """The epoch, from 1, that a selection rule calls best; of equal ones the first.

    Raises:
        ValueError: no row, or an unknown rule.
    """
    if not rows or (select not in _WATCHED and select != "last"):
        raise ValueError(f"No epoch can be chosen. Received: rows={len(rows)}, select={select!r}")
    if select == "last":
        return int(rows[-1]["epoch"])
    values = _values(rows, select)
    return int(rows[values.index(min(values))]["epoch"])


def stops(rows: Sequence[Row], monitor: str, patience: int) -> bool:
    """Whether early stopping ends the training after the last row.

    As Keras' ``EarlyStopping``: after ``patience`` epochs in a row that were not better than
    the best before; 0 never stops.
    """
    values = _values(rows, monitor)
    if not patience or not values:
        return False
    return len(values) - 1 - values.index(min(values)) >= patience


def plateau_rate(
    rows: Sequence[Row],
    monitor: str,
    rate: float,
    *,
    factor: float,
    patience: float,
    minimum: float,
    min_delta: float,
) -> float:
    """The learning rate of the epoch after the last row.

    As Keras' ``ReduceLROnPlateau`` without a cooldown: multiplied by ``factor`` after each
    ``patience`` epochs in a row that did not better the best by more than ``min_delta``, but
    not below ``minimum``.
    """
    best, waited = inf, 0
    for value in _values(rows, monitor):
        if value < best - min_delta:
            best, waited = value, 0
            continue
        waited += 1
        if waited >= patience:
            waited = 0
            # Keras leaves a rate alone that is at the minimum or below.
            rate = max(rate * factor, minimum) if rate > minimum else rate
    return rate


def alarms(rows: Sequence[Row], predicted: Sequence[int], classes: Sequence[str]) -> list[str]:
    """What is wrong with the last epoch, a sentence each.

    Args:
        rows: the history; the last row is looked at.
        predicted: how often each class is predicted for the validation faces.
        classes: their names.
    """
    row, found = rows[-1], []
    epoch = row["epoch"]
    never = [name for name, count in zip(classes, predicted, strict=True) if not count]
    if len(never) == len(classes) - 1:
        only = next(name for name, count in zip(classes, predicted, strict=True) if count)
        found.append(f"epoch {epoch}: every validation face is called '{only}'.")
    elif never:
        names = ", ".join(f"'{name}'" for name in never)
        found.append(f"epoch {epoch}: never predicted for a validation face: {names}.")
    if row["val_accuracy"] > row["accuracy"] + _FAR:
        found.append(
            f"epoch {epoch}: validation accuracy {row['val_accuracy']:.1%} is far above training "
            f"accuracy {row['accuracy']:.1%}; validation may hold easier faces or copies."
        )
    return found


def is_finite(row: Row) -> bool:
    """Whether the losses of a row are numbers."""
    return isfinite(row["loss"]) and isfinite(row["val_loss"])


def _values(rows: Sequence[Row], watched: str) -> list[float]:
    """The watched column as numbers of which less is better; NaN is never better."""
    column, more = _WATCHED[watched]
    values = [-row[column] if more else row[column] for row in rows]
    return [value if isfinite(value) else inf for value in values]
