"""Audits the layout of somebody's experiment: do versions of one face stand on both sides?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench.dataset.layout_table import ORIGINAL, Layout
from occbench.occluders.base import REGISTRY

# What each pattern is, as a clause, and what to do instead.
PATTERNS: Mapping[str, tuple[str, str]] = {
    "same-images": (
        "the same images stand on both sides",
        "Deal out each image once.",
    ),
    "several-images": (
        "several images of one source stand on both sides",
        "Split by source; a column copy in the table lets the audit say what kind of copies it is.",
    ),
    "twins-by-file": (
        "the covered and the uncovered image of one face were dealt out as if they were two faces",
        "Split by face, then show each face covered, uncovered or both.",
    ),
    "balanced-before-folds": (
        "the classes were filled up with copies before the folds were cut",
        "Cut folds by face, then fill up the classes of each fold's train part.",
    ),
    "copies-before-folds": (
        "copies were made before the folds were cut",
        "Cut folds by face, then copy the images of each fold's train part.",
    ),
    "validation-from-copies": (
        "copies were made before validation was drawn, so it asks for faces that were trained on, "
        "slightly changed, and lies above what a test will give",
        "Draw validation by face first, then copy the images of train.",
    ),
    "copies-before-split": (
        "copies were made before the split, so faces that were trained on are asked for again, "
        "slightly changed",
        "Split by face first, then copy the images of train.",
    ),
}
# Words for a face under a cover, beside the names of all occluders; sham is a cover of nothing.
_COVERED = ("occluded", "covered", "sham")
# An order is called one of blocks if it changes class ten times less often than chance would.
_FEWER = 10


@dataclass(frozen=True)
class PartAudit:
    """What one part that is validated or tested on shares with the images trained on.

    Attributes:
        part: ``val`` or ``test``.
        fold: whose validation it is, empty without folds. Test is held against all folds.
        images: in the part.
        faces: sources among them.
        shared: images of whose face train holds an image: another version, or this very one.
        same: of these, images that stand in train themselves; 0 without the column ``copy``.
        copies_of_trained: of these, changed copies of which train holds the original.
        kinds: by kind of copy, how many images of the part meet another version of that kind in
            train; the most frequent first, empty without the column ``copy``.
        only_copies: whether all images of the part are changed copies.
        pattern: of ``PATTERNS``, empty where nothing is shared.
    """

    part: str
    fold: str
    images: int
    faces: int
    shared: int
    same: int
    copies_of_trained: int
    kinds: Mapping[str, int]
    only_copies: bool
    pattern: str = ""

    @property
    def name(self) -> str:
        """Such as ``test``, or ``val of fold 2``."""
        return f"{self.part} of fold {self.fold}" if self.fold else self.part

    @property
    def share(self) -> float:
        """The part of its images that shares a face with train, 0..1."""
        return self.shared / self.images


@dataclass(frozen=True)
class LayoutAudit:
    """What was found.

    Attributes:
        name: of the table.
        images: rows of the table.
        faces: sources in it.
        parts: what is validated and tested on, in the order of folds, test last.
        remarks: sentences on what is no leak and yet spoils a result.
    """

    name: str
    images: int
    faces: int
    parts: tuple[PartAudit, ...]
    remarks: tuple[str, ...]

    @property
    def leaks(self) -> bool:
        """Whether any part shares a face with train."""
        return any(part.shared for part in self.parts)

    def findings(self) -> tuple[str, ...]:
        """For each pattern the parts that show it, what it is and what to do instead."""
        told: dict[str, list[str]] = {}
        for part in self.parts:
            if part.pattern:
                told.setdefault(part.pattern, []).append(part.name)
        return tuple(
            f"{', '.join(names)}: {PATTERNS[pattern][0]}. {PATTERNS[pattern][1]}"
            for pattern, names in told.items()
        )

    def to_json(self) -> dict[str, object]:
        """All of it as plain values."""
        parts = [
            {**asdict(part), "kinds": dict(part.kinds), "share": part.share} for part in self.parts
        ]
        facts = {"layout": self.name, "images": self.images, "faces": self.faces}
        findings = {"findings": list(self.findings()), "remarks": list(self.remarks)}
        return {**facts, "leaks": self.leaks, "parts": parts, **findings}


def audit_layout(layout: Layout) -> LayoutAudit:
    """Holds each part that is validated or tested on against what is trained on."""
    found = [
        _part(layout, part, fold, chosen, train) for part, fold, chosen, train in _views(layout)
    ]
    tested = any(part.shared for part in found if part.part == "test")
    balanced = _is_balanced_by_copies(layout)
    return LayoutAudit(
        layout.name,
        len(layout.images),
        int(layout.images["source"].nunique()),
        tuple(
            replace(part, pattern=_pattern(layout, part, tested=tested, balanced=balanced))
            for part in found
        ),
        tuple(_remarks(layout, found)),
    )


def _views(layout: Layout) -> Iterator[tuple[str, str, pd.DataFrame, pd.DataFrame]]:
    """Each part to look at: its name, its fold, its images and those trained on."""
    images = layout.images
    for fold in layout.folds:
        inside = images["fold"] == fold
        chosen = images[inside & (images["part"] == "")]
        yield "val", fold, chosen, images[~inside & (images["part"] != "test")]
    train = images[~images["part"].isin(["val", "test"])]
    for part in ("val", "test"):
        chosen = images[images["part"] == part]
        if len(chosen):
            yield part, "", chosen, train


def _part(
    layout: Layout, part: str, fold: str, chosen: pd.DataFrame, train: pd.DataFrame
) -> PartAudit:
    told = "copy" in layout.columns
    shared = chosen["source"].isin(train["source"])
    key = ["source", "copy"]
    same = pd.MultiIndex.from_frame(chosen[key]).isin(pd.MultiIndex.from_frame(train[key]))
    changed = chosen["copy"] != ORIGINAL
    originals = train.loc[train["copy"] == ORIGINAL, "source"]
    return PartAudit(
        part=part,
        fold=fold,
        images=len(chosen),
        faces=int(chosen["source"].nunique()),
        shared=int(shared.sum()),
        same=int(same.sum()) if told else 0,
        copies_of_trained=int((changed & chosen["source"].isin(originals)).sum()),
        kinds=_kinds(chosen[shared], train, same[shared.to_numpy()]) if told else {},
        only_copies=bool(changed.all()),
    )


def _kinds(shared: pd.DataFrame, train: pd.DataFrame, same: NDArray[np.bool_]) -> dict[str, int]:
    """By kind of training image, how many images meet one of it that is not the image itself."""
    there = train.groupby(["source", "kind"]).size().rename("there").reset_index()
    own = shared[["source", "kind"]].rename(columns={"kind": "own"}).assign(same=same)
    met = own.merge(there, on="source")
    others = met["there"] - (met["same"] & (met["own"] == met["kind"]))
    counts = met.loc[others > 0, "kind"].value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return {str(kind): int(number) for kind, number in ordered}


def _pattern(layout: Layout, part: PartAudit, *, tested: bool, balanced: bool) -> str:
    """What kind of leak it is, empty if it is none."""
    if not part.shared:
        return ""
    if "copy" not in layout.columns:
        return "several-images"
    if not part.kinds:
        return "same-images"
    if _are_covers(set(layout.images["kind"]) - {ORIGINAL}):
        return "twins-by-file"
    if part.fold:
        return "balanced-before-folds" if balanced else "copies-before-folds"
    return "validation-from-copies" if part.part == "val" and not tested else "copies-before-split"


def _are_covers(kinds: set[str]) -> bool:
    covers = {*_COVERED, *REGISTRY.names()}
    return bool(kinds) and {kind.split("(")[0].strip().lower() for kind in kinds} <= covers


def _is_balanced_by_copies(layout: Layout) -> bool:
    """Whether copies, outside of test, make classes equal that are unequal without them."""
    images = layout.images[layout.images["part"] != "test"]
    counts = images["label"].value_counts()
    faces = images.drop_duplicates("source")["label"].value_counts()
    return len(counts) > 1 and counts.nunique() == 1 and faces.nunique() > 1


def _remarks(layout: Layout, parts: list[PartAudit]) -> Iterator[str]:
    for part in parts:
        if part.only_copies:
            yield f"{part.name} holds changed copies only; no image is shown as it is."
    if "label" in layout.columns:
        classes = set(layout.images["label"])
        for name, fold, chosen, trained in _views(layout):
            yield from _lacking(f"{name} of fold {fold}" if fold else name, classes, chosen)
            if fold:
                yield from _lacking(f"train of fold {fold}", classes, trained)
        train = layout.images[~layout.images["part"].isin(["val", "test"])]
        yield from _lacking("train", classes, train)
        yield from _blocks(train["label"])
    yield from _met_in_validation(layout.images)


def _lacking(name: str, classes: set[str], images: pd.DataFrame) -> Iterator[str]:
    lacking = sorted(classes - set(images["label"]))
    if lacking:
        yield f"{name} has no image of {', '.join(lacking)}."


def _blocks(labels: pd.Series[str]) -> Iterator[str]:
    """Whether the order of training is one of blocks of one class.

    In a random order of n images, n_k of class k, the expected number of blocks is
    1 + sum of n_k (n - n_k) / n: each of n - 1 neighbours differs with probability
    sum of n_k (n - n_k) / (n (n - 1)).
    """
    codes = pd.factorize(labels)[0]
    blocks = 1 + int((codes[1:] != codes[:-1]).sum())
    sizes = np.bincount(codes)
    chance = 1 + float((sizes * (len(codes) - sizes)).sum()) / len(codes)
    if blocks * _FEWER < chance:
        yield (
            f"train stands in {blocks:,} blocks of one class each, where a random order has about "
            f"{chance:,.0f}; if it is read in this order without shuffling, most batches hold one "
            "class."
        )


def _met_in_validation(images: pd.DataFrame) -> Iterator[str]:
    """Test faces that validation holds; the epoch is chosen on them."""
    val, test = (images.loc[images["part"] == part, "source"] for part in ("val", "test"))
    met = int(test.isin(val).sum())
    if met:
        yield (
            f"{met:,} of {len(test):,} test images have an image of their face in val, on which "
            "the epoch is chosen."
        )
