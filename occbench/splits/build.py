"""Builds leak-proof splits: partitions first, then validation, then variants.

What crosses into test is taken out before validation is carved, so that folds and fractions
are those of the faces that stay.

Parts are drawn by face and group before any variant exists, so a face can never meet its
own twin across parts, unless validation by file is asked for. Faces without usable landmarks
are left out of every mode: the same faces then stand in every column of a train x test table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from occbench.dataset.manifest import PARTITIONS, Manifest
from occbench.errors import DataError
from occbench.occluders.base import Occluder, parameters, variant_name
from occbench.splits.by_file import count_shared, draw_val
from occbench.splits.crossing import IN_TEST, IN_VAL, crosses_into
from occbench.splits.folds import folds
from occbench.splits.holdout import holdout
from occbench.splits.modes import ASSIGNMENTS, MODES, show
from occbench.splits.partitioning import VAL_FRACTION, Partitioning
from occbench.splits.split import Split

NO_LANDMARKS = "no usable landmarks"
UNUSED_VAL = "official validation, replaced by --val-fraction"


def partition(manifest: Manifest, how: Partitioning) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Usable faces with their part in the column ``part``, and who was left out and why.

    With validation by file, which is drawn later, val is empty.

    Raises:
        DataError: the data set has no official partitions, no usable landmarks, or a class
            is missing in a part.
    """
    faces = manifest.faces[["id", "label", "partition", "group"]]
    left_out: dict[str, Any] = {}
    if not how.all_faces:
        usable = manifest.usable
        left_out[NO_LANDMARKS] = _per_class(faces[~usable], manifest)
        faces = faces[usable].reset_index(drop=True)
    if faces.empty:
        raise DataError(
            f"No face of '{manifest.name}' has usable landmarks, so none can be occluded. "
            "Scan again with --landmarks, or take --mode normal --all-faces."
        )
    official = how.source == "official"
    faces = faces.assign(
        part=_official(faces, manifest, how) if official else _stratified(faces, how)
    )
    if how.val_fraction is not None:
        unused = faces["part"] == "val"
        left_out[UNUSED_VAL] = _per_class(faces[unused], manifest)
        faces = faces[~unused]
    faces, crossing = _with_val(faces, how)
    if not how.keep_crossing:
        left_out |= {reason: _per_class(rows, manifest) for reason, rows in crossing.items()}
    parts = [p for p in PARTITIONS if p != "val" or not (how.by_file or how.val_fraction == 0)]
    _check_classes({part: faces["label"][faces["part"] == part] for part in parts}, manifest)
    names = sorted(face for rows in crossing.values() for face in rows["id"])
    facts = {reason: counts for reason, counts in left_out.items() if sum(counts.values())}
    return faces, {"left_out": facts, "crossing": names}


def build_split(
    manifest: Manifest,
    *,
    mode: str,
    occluder: Occluder,
    how: Partitioning | None = None,
    assign: str = "seeded",
    manifest_digest: str = "",
) -> Split:
    """One split of a data set.

    Args:
        manifest: the data set.
        mode: ``normal``, ``occluded``, ``mixed-unique`` or ``mixed-paired``.
        occluder: what covers the occluded faces.
        how: who goes where; the official partitions if None.
        assign: which half of a mixed part is occluded, see ``modes.show``.
        manifest_digest: recorded, so that a changed data set is noticed later.

    Raises:
        DataError: the faces cannot be shared out as asked.
    """
    if mode not in MODES or assign not in ASSIGNMENTS:
        raise DataError(f"Mode '{mode}' with assignment '{assign}' is not known.")
    how = how or Partitioning()
    faces, facts = partition(manifest, how)
    if how.all_faces and mode != "normal":
        faces, facts = _occludable(faces, facts, manifest)
    variant = variant_name(occluder)
    parts = {
        part: show(
            faces[faces["part"] == part], mode, part, variant=variant, assign=assign, seed=how.seed
        )
        for part in PARTITIONS
    }
    shared = _val_by_file(parts, manifest, how) if how.by_file else {}
    record = {
        "data_set": manifest.name,
        "manifest": manifest_digest,
        "mode": mode,
        "variants": {variant: parameters(occluder)} if mode != "normal" else {},
        "assign": assign,
        "partitioning": how.describe(),
        "fold": how.fold,
        "leaky": bool((how.keep_crossing and facts["crossing"]) or shared.get("group_in_train")),
        **({"val_by_file": shared} if shared else {}),
        **facts,
    }
    split = Split(parts, record)
    split.check_groups(manifest)
    return split


def _occludable(
    faces: pd.DataFrame, facts: dict[str, Any], manifest: Manifest
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The faces with usable landmarks of partitions that were drawn from all."""
    usable = faces["id"].isin(set(manifest.faces["id"][manifest.usable]))
    kept = faces[usable]
    present = [part for part in PARTITIONS if (faces["part"] == part).any()]
    _check_classes({part: kept["label"][kept["part"] == part] for part in present}, manifest)
    without = {NO_LANDMARKS: _per_class(faces[~usable], manifest)} if not usable.all() else {}
    return kept, {**facts, "left_out": {**facts["left_out"], **without}}


def _official(faces: pd.DataFrame, manifest: Manifest, how: Partitioning) -> pd.Series:
    known = set(faces["partition"])
    without = int((faces["partition"] == "").sum())
    if without or not {"train", "test"} <= known:
        found = (
            f"{without:,} of {len(faces):,} usable faces have none"
            if without
            else f"its usable faces are all in {' and '.join(sorted(known))}"
        )
        needed = "a test part; the folds share out the rest" if how.folds else "them"
        raise DataError(
            f"'{manifest.name}' ships no train and test partitions: {found}. "
            f"Add --partitions stratified to draw {needed}."
        )
    return faces["partition"]


def _stratified(faces: pd.DataFrame, how: Partitioning) -> pd.Series:
    return holdout(
        faces, dict(zip(PARTITIONS, how.fractions, strict=True)), seed=how.seed, fill="val"
    )


def _with_val(
    faces: pd.DataFrame, how: Partitioning
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Faces with a validation part and without those that cross, and who crosses, by reason.

    Test stays whole, and val towards train. With ``keep_crossing`` nobody is taken out.
    """
    ships_val = bool((faces["part"] == "val").any())
    to_test = crosses_into(faces, "test", of=("train", "val"))
    crossing = {IN_TEST: faces[to_test]}
    if not how.keep_crossing:
        faces, to_test = faces[~to_test], to_test[~to_test]
    if how.folds or not ships_val:
        faces = faces.assign(part=_carve(faces, how))
    to_val = crosses_into(faces, "val", of=("train",)) & ~to_test
    crossing[IN_VAL] = faces[to_val]
    return (faces if how.keep_crossing else faces[~to_val]), crossing


def _carve(faces: pd.DataFrame, how: Partitioning) -> pd.Series:
    """Parts with a validation part, of whole groups."""
    parts = faces["part"].copy()
    if how.by_file:
        return parts
    if how.folds:
        learning = faces[parts != "test"]
        fold = folds(learning, how.folds, seed=how.seed)
        parts.loc[learning.index] = np.where(fold == how.fold, "val", "train")
        return parts
    fraction = VAL_FRACTION if how.val_fraction is None else how.val_fraction
    train = faces[parts == "train"]
    if fraction > 0 and not train.empty:
        shares = {"train": 1 - fraction, "val": fraction}
        parts.loc[train.index] = holdout(train, shares, seed=how.seed, fill="train")
    return parts


def _per_class(faces: pd.DataFrame, manifest: Manifest) -> Mapping[str, int]:
    counts = faces["label"].value_counts()
    return {name: int(counts.get(name, 0)) for name in manifest.classes.names}


def _val_by_file(
    parts: dict[str, pd.DataFrame], manifest: Manifest, how: Partitioning
) -> dict[str, int]:
    """Moves a plain share of the train images to val; gives how many faces then stand in both."""
    fraction = how.val_fraction or VAL_FRACTION
    parts["train"], parts["val"] = draw_val(parts["train"], fraction, seed=how.seed)
    faces = manifest.faces.set_index("id")
    drawn = {part: faces["label"].loc[parts[part]["id"]] for part in ("train", "val")}
    _check_classes(drawn, manifest)
    return count_shared(parts, faces["group"])


def _check_classes(labels: Mapping[str, pd.Series], manifest: Manifest) -> None:
    """Refuses parts that lack a class; ``labels`` are those of each part's faces."""
    for part, found in labels.items():
        missing = sorted(set(manifest.classes.names) - set(found), key=manifest.classes.names.index)
        if missing:
            raise DataError(
                f"The {part} part has no usable face of {', '.join(missing)}. Scan more faces, "
                "or choose other fractions or another seed."
            )
