"""Groups that cross official partitions: taken out, or kept and called leaky."""

from __future__ import annotations

import pytest

from occbench.dataset.manifest import Manifest
from occbench.occluders.base import make_occluder
from occbench.splits.build import build_split, partition
from occbench.splits.partitioning import Partitioning
from occbench.splits.split import Split
from tests.makers import make_manifest

HEADSET = make_occluder("headset")


def crossing_manifest() -> Manifest:
    """Eight single faces per part, and groups: g in all three parts, h in train and val."""
    faces = [
        (label, part, f"{part}-{label}{row}", f"{part}-{label}{row}")
        for part in ("train", "val", "test")
        for label in ("happy", "sad")
        for row in range(4)
    ]
    faces += [
        ("sad", "train", "a", "g"),
        ("happy", "train", "b", "g"),
        ("sad", "val", "c", "g"),
        ("sad", "test", "d", "g"),
        ("happy", "train", "e", "h"),
        ("happy", "val", "f", "h"),
    ]
    labels, parts, ids, groups = (list(column) for column in zip(*faces, strict=True))
    return make_manifest(labels, partitions=parts, ids=ids, groups=groups)


def build(mode: str = "normal", **how: object) -> Split:
    """A split of the crossing data set."""
    return build_split(crossing_manifest(), mode=mode, occluder=HEADSET, how=Partitioning(**how))


def official(split: Split, part: str) -> set[str]:
    """Faces of an official partition that are missing in the part of that name."""
    faces = crossing_manifest().faces
    return set(faces["id"][faces["partition"] == part]) - set(split.parts[part]["id"])


def test_what_crosses_is_taken_from_the_earlier_part() -> None:
    """Test stays whole, val loses what test holds, train what val or test holds."""
    split = build()
    assert official(split, "test") == set()
    assert official(split, "val") == {"c"}
    assert official(split, "train") == {"a", "b", "e"}


def test_what_was_taken_out_is_counted_and_named() -> None:
    """The record counts who was taken out per reason and class, and names them."""
    record = build("mixed-paired").record
    assert record["left_out"] == {
        "group also in test": {"happy": 1, "sad": 2},
        "group also in val": {"happy": 1, "sad": 0},
    }
    assert record["crossing"] == ["a", "b", "c", "e"]
    assert record["leaky"] is False


def test_crossing_may_be_kept_and_is_called_leaky() -> None:
    """With keep_crossing everyone stays, and the record says leaky and names who crosses."""
    split = build(keep_crossing=True)
    assert [official(split, part) for part in ("train", "val", "test")] == [set()] * 3
    assert split.record["leaky"] is True
    assert split.record["crossing"] == ["a", "b", "c", "e"]
    assert split.record["left_out"] == {}


def test_keeping_where_nothing_crosses_is_not_leaky() -> None:
    """A data set without crossing groups is not leaky, whatever was asked for."""
    clean = crossing_manifest()
    clean = clean.where(~clean.faces["group"].isin(["g", "h"]).to_numpy())
    how = Partitioning(keep_crossing=True)
    record = build_split(clean, mode="normal", occluder=HEADSET, how=how).record
    assert record["leaky"] is False
    assert record["crossing"] == []


def test_leaky_and_clean_splits_have_different_folders() -> None:
    """Keeping crossing groups is part of what names the split."""
    assert build().folder != build(keep_crossing=True).folder


def test_a_carved_validation_keeps_groups_whole() -> None:
    """Carved anew from train, val never parts a group, and the official val is left out."""
    split = build(val_fraction=0.4)
    train, val = (set(split.parts[part]["id"]) for part in ("train", "val"))
    assert {"a", "b", "c"}.isdisjoint(train | val)
    alone = {f"train-{label}{row}" for label in ("happy", "sad") for row in range(4)}
    assert train | val == alone | {"e"}
    replaced = split.record["left_out"]["official validation, replaced by --val-fraction"]
    assert replaced == {"happy": 5, "sad": 5}


@pytest.mark.parametrize("fold", [1, 2])
def test_folds_lose_what_test_holds(fold: int) -> None:
    """Folds share out train and val together, without the group that test holds."""
    split = build(folds=2, fold=fold)
    inside = {part: set(split.parts[part]["id"]) for part in ("train", "val")}
    assert {"a", "b", "c"}.isdisjoint(inside["train"] | inside["val"])
    assert {"e", "f"} <= inside["train"] or {"e", "f"} <= inside["val"]
    assert official(split, "test") == set()


def half_crossing() -> Manifest:
    """60 train faces, of which the 20 happy ones of rows 0 to 19 stand in test as well."""
    labels = ["happy"] * 40 + ["sad"] * 20 + ["happy"] * 20 + ["sad"] * 10
    parts = ["train"] * 60 + ["test"] * 30
    groups = [f"g{row}" for row in range(60)] + [f"g{row}" for row in range(20)]
    groups += [f"t{row}" for row in range(10)]
    return make_manifest(labels, partitions=parts, groups=groups)


def test_validation_is_a_share_of_what_stays() -> None:
    """Val is carved after the crossing faces are gone: a quarter of each class that stays."""
    faces, facts = partition(half_crossing(), Partitioning(val_fraction=0.25, seed=3))
    counts = faces.groupby(["part", "label"]).size()
    assert counts["val"].to_dict() == {"happy": 5, "sad": 5}
    assert counts["train"].to_dict() == {"happy": 15, "sad": 15}
    assert facts["left_out"] == {"group also in test": {"happy": 20, "sad": 0}}
    kept, _ = partition(
        half_crossing(), Partitioning(val_fraction=0.25, seed=3, keep_crossing=True)
    )
    assert kept.groupby(["part", "label"]).size()["val"].to_dict() == {"happy": 10, "sad": 5}


def test_folds_are_even_after_crossing_faces_are_gone() -> None:
    """Forty faces stay outside test: ten in each of four folds, five of each class."""
    for fold in range(1, 5):
        faces, _ = partition(half_crossing(), Partitioning(folds=4, fold=fold))
        val = faces[faces["part"] == "val"]["label"].value_counts().to_dict()
        assert val == {"happy": 5, "sad": 5}
