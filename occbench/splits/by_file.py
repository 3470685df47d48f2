"""Validation drawn by file, as published protocols do it: named, counted and said.

Images of the train part are drawn without regard to faces, groups and classes. Where a face is
shown both ways, one image of it may choose the epoch while the other is learned from.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor
from typing import Any

import numpy as np
import pandas as pd

from occbench.splits.holdout import seeded_order


def draw_val(
    train: pd.DataFrame, fraction: float, *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The images that stay in train and those that become validation, in the order they had.

    Validation gets ``floor(N * fraction)`` of N images, as Keras' ``validation_split`` has it:
    57,530 of AffectNet's 287,651 faces and 115,060 of its 575,302 paired images, the counts of
    LeanderWernst/facial-expression-recognition. Whether an image is drawn depends on the seed, its
    face and its variant, not on the order of the table.

    Args:
        train: the images ``id``, ``variant`` of the train part.
        fraction: 0 < f < 1.
        seed: another seed, another draw.
    """
    names = (train["variant"] + "\x1f" + train["id"]).tolist()
    # Fractions such as 0.15 have no exact binary form: 100 * 0.15 must give 15.
    count = floor(round(len(names) * fraction, 6))
    drawn = np.zeros(len(names), dtype=np.bool_)
    drawn[seeded_order(names, seed, "val by file")[:count]] = True
    stays, val = (train[rows].reset_index(drop=True) for rows in (~drawn, drawn))
    return stays, val


def count_shared(parts: Mapping[str, pd.DataFrame], groups: pd.Series) -> dict[str, int]:
    """How much of validation stands in train too, in faces.

    Args:
        parts: the images of ``train`` and ``val``.
        groups: the group of each face, by id.

    Returns:
        ``faces`` in val; ``in_train``, those that are shown in train as well;
        ``group_in_train``, those of whose group somebody stands in train, themselves included.
    """
    train, val = (pd.Index(parts[part]["id"].unique()) for part in ("train", "val"))
    kin = groups.loc[val].isin(set(groups.loc[train]))
    return {
        "faces": len(val),
        "in_train": int(val.isin(train).sum()),
        "group_in_train": int(kin.sum()),
    }


def keeps_groups(record: Mapping[str, Any]) -> bool:
    """Whether groups may stand in any two parts of a split: it was built with keep_crossing."""
    if not record.get("val_by_file"):
        return bool(record.get("leaky"))
    how = record.get("partitioning")
    return isinstance(how, Mapping) and how.get("keep_crossing") is True


def is_count(value: object) -> bool:
    """Whether a value is what ``count_shared`` gives."""
    keys = ("faces", "in_train", "group_in_train")
    return isinstance(value, Mapping) and all(type(value.get(key)) is int for key in keys)


def flaw(record: Mapping[str, Any]) -> str:
    """What stands on both sides of a split, in words; empty for a sound one.

    Args:
        record: of a split, see ``Split.record``.
    """
    found = []
    if counts := record.get("val_by_file"):
        shared, faces = counts["in_train"], counts["faces"]
        others = counts["group_in_train"] - shared
        found.append(
            f"Validation was drawn by file: {shared:,} of its {faces:,} faces also stand in train"
            + (f", and {others:,} more have a copy or kin there" if others else "")
            + "."
        )
    if keeps_groups(record) and (record.get("crossing") or not found):
        found.append("This split is leaky: groups stand on both sides.")
    return " ".join(found)
