"""k-fold partitions, stratified by class and grouped."""

from __future__ import annotations

import pandas as pd

from occbench.errors import DataError
from occbench.splits.holdout import holdout


def folds(faces: pd.DataFrame, k: int, *, seed: int) -> pd.Series:
    """The fold of each face, 1..k, indexed like ``faces``.

    Args:
        faces: columns ``id``, ``label`` and ``group``.
        k: how many folds, 2 or more.
        seed: another seed, another draw.

    Raises:
        DataError: k is below 2, or there are fewer groups than folds.
    """
    groups = faces["group"].nunique()
    if k < 2 or k > groups:
        raise DataError(f"{k} folds cannot be made of {groups} groups; expected 2 to {groups}.")
    parts = {str(fold): 1 / k for fold in range(1, k + 1)}
    return holdout(faces, parts, seed=seed, fill=str(k)).astype(int)
