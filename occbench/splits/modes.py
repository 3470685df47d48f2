"""Modes: how the faces of a split are shown.

``normal`` and ``occluded`` show every face one way. ``mixed-unique`` shows each face once,
half of each class occluded. ``mixed-paired`` shows each face of train and val both ways. The
test part of both mixed modes is the same: each face once, half of each class occluded.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from natsort import natsort_keygen
from numpy.typing import NDArray

from occbench.occluders.base import NORMAL
from occbench.splits.holdout import seeded_order

MODES = ("normal", "occluded", "mixed-unique", "mixed-paired")
ASSIGNMENTS = ("seeded", "alternate")


def show(
    faces: pd.DataFrame, mode: str, part: str, *, variant: str, assign: str, seed: int
) -> pd.DataFrame:
    """The rows ``id``, ``variant`` of one part of a split, in the order of ``faces``.

    Args:
        faces: the faces of the part, columns ``id`` and ``label``.
        mode: one of ``MODES``.
        part: train, val or test.
        variant: how an occluded face is shown.
        assign: which half is occluded: ``seeded`` draws it; ``alternate`` takes every other
            face of a class in natural order, the first one occluded, as the AffectNet
            study did (LeanderWernst/facial-expression-recognition,
            230920_mix_affectnet_50percent).
        seed: for ``seeded``.

    Raises:
        ValueError: unknown mode or assignment.
    """
    ids = faces["id"]
    if mode in ("normal", "occluded"):
        shown = NORMAL if mode == "normal" else variant
        return pd.DataFrame({"id": ids, "variant": shown}).reset_index(drop=True)
    if mode not in MODES or assign not in ASSIGNMENTS:
        raise ValueError(f"Unknown mode or assignment. Received: mode={mode!r}, assign={assign!r}")
    if mode == "mixed-paired" and part != "test":
        twice = ids.repeat(2).reset_index(drop=True)
        return pd.DataFrame({"id": twice, "variant": [NORMAL, variant] * len(ids)})
    occluded = _half(faces, assign, seed)
    shown_as = np.where(occluded, variant, NORMAL)
    return pd.DataFrame({"id": ids.to_numpy(), "variant": shown_as})


def _half(faces: pd.DataFrame, assign: str, seed: int) -> NDArray[np.bool_]:
    """Half of each class, the odd face included, as bool in the order of ``faces``."""
    occluded = np.zeros(len(faces), dtype=np.bool_)
    codes, classes = pd.factorize(faces["label"], sort=True)
    natural = natsort_keygen()
    for code in range(len(classes)):
        rows = np.flatnonzero(codes == code)
        ids: list[str] = faces["id"].iloc[rows].tolist()
        if assign == "seeded":
            first = seeded_order(ids, seed, "assign")[: (len(ids) + 1) // 2]
        else:
            # 1 and 01 are equal in natural order; their text then decides, not their row.
            keys = [(natural(face), face) for face in ids]
            first = np.array(sorted(range(len(ids)), key=keys.__getitem__))[::2]
        occluded[rows[first]] = True
    return occluded
