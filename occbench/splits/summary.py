"""Tables that tell what is in a split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from occbench.core.console import table
from occbench.dataset.manifest import PARTITIONS, Manifest
from occbench.occluders.base import NORMAL
from occbench.splits.by_file import flaw
from occbench.splits.split import Split


def split_table(split: Split, manifest: Manifest) -> str:
    """Per part: faces, images shown normal and occluded, and images per class."""
    labels = manifest.faces.set_index("id")["label"]
    head = [split.record["mode"], "faces", "normal", "occluded", *manifest.classes.names]
    rows: list[Sequence[object]] = []
    for part in PARTITIONS:
        shown = split.parts[part]
        normal = int((shown["variant"] == NORMAL).sum())
        counts = labels.loc[shown["id"]].value_counts()
        per_class = [int(counts.get(name, 0)) for name in manifest.classes.names]
        rows.append((part, shown["id"].nunique(), normal, len(shown) - normal, *per_class))
    words = flaw(split.record)
    return table(head, rows) + (f"\n{words}" if words else "")


def left_out_table(splits: Sequence[Split], manifest: Manifest) -> str:
    """Faces left out, per reason and class; the same for all modes of one partitioning."""
    reasons: dict[str, Mapping[str, int]] = {}
    for split in splits:
        reasons |= split.record["left_out"]
    if not reasons:
        return "No face was left out."
    names = manifest.classes.names
    rows = [
        (reason, sum(counts.values()), *(counts[name] for name in names))
        for reason, counts in reasons.items()
    ]
    return table(["left out", "faces", *names], rows)


def shown_labels(split: Split, manifest: Manifest, part: str) -> pd.DataFrame:
    """The rows of one part with the label of each face: ``id``, ``variant``, ``label``."""
    labels = manifest.faces.set_index("id")["label"]
    shown = split.parts[part]
    return shown.assign(label=labels.loc[shown["id"]].to_numpy())
