"""k-fold partitions, stratified by class and grouped."""

from __future__ import annotations

import numpy as np
import pandas as pd

from occbench.errors import DataError
from occbench.splits.holdout import Counts, deal


def folds(faces: pd.DataFrame, k: int, *, seed: int) -> pd.Series:
    """The fold of each face, 1..k, indexed like ``faces``.

    Folds differ by one face at most, in each class and in all, where groups leave a choice.

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
    codes, _ = pd.factorize(faces["label"], sort=True)
    names = [str(fold) for fold in range(1, k + 1)]
    return deal(faces, names, _even(np.bincount(codes), k), seed=seed).astype(int)


def _even(per_class: Counts, k: int) -> Counts:
    """Faces per fold and class; what does not divide goes round, on from where it ended."""
    wanted = np.tile(per_class // k, (k, 1))
    start = 0
    for code, rest in enumerate((per_class % k).tolist()):
        wanted[(start + np.arange(rest)) % k, code] += 1
        start += rest
    return wanted
