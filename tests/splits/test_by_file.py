"""Validation drawn by file: a plain draw of the training images, counted and said."""

from __future__ import annotations

import json
from collections import Counter
from math import floor
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from occbench.dataset.manifest import Manifest
from occbench.errors import DataError
from occbench.occluders.base import make_occluder
from occbench.splits.build import Partitioning, build_split
from occbench.splits.by_file import flaw
from occbench.splits.modes import ASSIGNMENTS, MODES
from occbench.splits.split import Split
from occbench.splits.summary import split_table
from tests.makers import CLASSES, make_manifest, manifests, shuffled

HEADSET = make_occluder("headset")
BY_FILE = Partitioning(val_by="file")

# 90 train, 9 official val and 30 test faces of three classes in turn.
LABELS = [CLASSES[row % 3] for row in range(129)]
PARTS = ["train"] * 90 + ["val"] * 9 + ["test"] * 30

Image = tuple[str, str]


def build(manifest: Manifest, mode: str, how: Partitioning = BY_FILE, **more: str) -> Split:
    """A split with the plain headset."""
    return build_split(manifest, mode=mode, occluder=HEADSET, how=how, **more)


def images(split: Split, part: str) -> list[Image]:
    """Who is shown in a part and how, in its order."""
    return list(split.parts[part].itertuples(index=False, name=None))


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """129 faces, each alone in its group."""
    return make_manifest(LABELS, partitions=PARTS)


@pytest.mark.parametrize(("mode", "val"), [("normal", 18), ("mixed-unique", 18)])
def test_a_fifth_of_the_images_is_validation(manifest: Manifest, mode: str, val: int) -> None:
    """90 images give 18; the official validation is set aside and counted."""
    split = build(manifest, mode)
    assert split.sizes() == {"train": 90 - val, "val": val, "test": 30}
    assert {face for part in ("train", "val") for face, _ in images(split, part)} == {
        f"f{row}" for row in range(90)
    }
    unused = "official validation, replaced by --val-fraction"
    assert split.record["left_out"] == {unused: {"angry": 3, "happy": 3, "sad": 3}}
    assert split.record["val_by_file"] == {"faces": val, "in_train": 0, "group_in_train": 0}
    assert split.record["leaky"] is False


def test_in_a_paired_split_faces_meet_their_twins(manifest: Manifest) -> None:
    """Of 180 images 36 are drawn; four faces have both of theirs there, so 28 of 32 do not."""
    split = build(manifest, "mixed-paired")
    assert split.sizes() == {"train": 144, "val": 36, "test": 30}
    drawn = Counter(face for face, _ in images(split, "val"))
    assert Counter(drawn.values()) == {1: 28, 2: 4}
    counts = {"faces": 32, "in_train": 28, "group_in_train": 28}
    assert split.record["val_by_file"] == counts
    assert split.record["leaky"] is True
    assert flaw(split.record) == (
        "Validation was drawn by file: 28 of its 32 faces also stand in train."
    )


def test_four_fifths_of_paired_validation_faces_stand_in_train() -> None:
    """A face with an image in validation has its other one in train with odds of 0.8 / 0.36.

    Of two images drawn with chance f each, one or both are in val with 2 f - f^2, and one alone
    with 2 f (1 - f): for f = 0.2 that is 0.32 / 0.36 = 89 % of the validation faces, and 80 % of
    the validation images have their twin in train.
    """
    many = make_manifest(["a", "b"] * 4000, partitions=["train"] * 7900 + ["test"] * 100)
    split = build(many, "mixed-paired")
    counts = split.record["val_by_file"]
    assert counts["in_train"] / counts["faces"] == pytest.approx(0.32 / 0.36, abs=0.015)
    train = {face for face, _ in images(split, "train")}
    twins = [face in train for face, _ in images(split, "val")]
    assert sum(twins) / len(twins) == pytest.approx(0.8, abs=0.02)


@settings(max_examples=30)
@given(
    drawn=manifests(official=True),
    mode=st.sampled_from(MODES),
    assign=st.sampled_from(ASSIGNMENTS),
    fraction=st.sampled_from((0.3, 0.4, 0.5)),
    seed=st.integers(0, 2**16),
)
def test_images_are_moved_and_nothing_else_changes(
    drawn: Manifest, mode: str, assign: str, fraction: float, seed: int
) -> None:
    """Train and val together are the train part without validation, floor(N f) of it in val."""
    how = Partitioning(val_fraction=fraction, seed=seed, val_by="file")
    whole = build(drawn, mode, Partitioning(val_fraction=0, seed=seed), assign=assign)
    try:
        split = build(drawn, mode, how, assign=assign)
    except DataError:
        # A plain draw of a few faces may miss a class; another test sees that it is named.
        reject()
    both = images(split, "train") + images(split, "val")
    assert Counter(both) == Counter(images(whole, "train"))
    assert len(images(split, "val")) == floor(len(both) * fraction + 1e-6)
    assert images(split, "test") == images(whole, "test")
    again = build(shuffled(drawn, seed), mode, how, assign=assign)
    assert Counter(images(again, "val")) == Counter(images(split, "val"))


def test_groups_are_ignored_and_counted() -> None:
    """Copies of one photo fall apart: those whose copy stands in train are told of."""
    groups = [f"photo {row // 2}" for row in range(90)] + [f"f{row}" for row in range(90, 129)]
    split = build(make_manifest(LABELS, partitions=PARTS, groups=groups), "normal")
    train, val = ({int(face[1:]) for face, _ in images(split, p)} for p in ("train", "val"))
    kin = sum((row ^ 1) in train for row in val)
    assert split.record["val_by_file"] == {"faces": 18, "in_train": 0, "group_in_train": kin}
    assert kin > 0
    assert split.record["leaky"] is True
    assert f"0 of its 18 faces also stand in train, and {kin} more have a copy" in flaw(
        split.record
    )


def test_test_is_kept_apart() -> None:
    """What shares a group with a test face leaves train, unless that is asked for as well."""
    groups = ["one" if row in (0, 120) else f"f{row}" for row in range(129)]
    crossing = make_manifest(LABELS, partitions=PARTS, groups=groups)
    split = build(crossing, "normal")
    assert "f0" not in {face for part in ("train", "val") for face, _ in images(split, part)}
    kept = build(crossing, "normal", Partitioning(val_by="file", keep_crossing=True))
    assert sum(kept.sizes().values()) == 120
    assert flaw(kept.record).endswith(
        "also stand in train. This split is leaky: groups stand on both sides."
    )


def test_another_seed_draws_others(manifest: Manifest) -> None:
    """The draw is seeded."""
    one, other = (build(manifest, "normal", Partitioning(val_by="file", seed=s)) for s in (1, 2))
    assert set(images(one, "val")) != set(images(other, "val"))
    assert one.folder != other.folder


def test_a_class_that_the_draw_misses_is_named() -> None:
    """Validation needs every class."""
    labels = ["a"] * 100 + ["b"] * 2 + ["a", "b"]
    rare = make_manifest(labels, partitions=["train"] * 102 + ["test"] * 2)
    with pytest.raises(DataError, match="The val part has no usable face of b"):
        build(rare, "normal", Partitioning(val_fraction=0.05, val_by="file"))


def test_the_share_may_be_left_out(manifest: Manifest) -> None:
    """0.2 written out and left out are one split."""
    written = Partitioning(val_fraction=0.2, val_by="file")
    assert build(manifest, "normal").folder == build(manifest, "normal", written).folder


@pytest.mark.parametrize(
    ("how", "folder"),
    [
        (Partitioning(), "mixed-paired-e9cc099541"),
        (Partitioning(val_fraction=0.25, seed=3), "mixed-paired-4bef7972af"),
        (Partitioning("stratified"), "mixed-paired-fbd751ad43"),
        (Partitioning(folds=3, fold=2), "mixed-paired-fold2-aff8d4590f"),
    ],
)
def test_splits_from_before_keep_their_names(how: Partitioning, folder: str) -> None:
    """Names recorded before there was a choice: no split and no run has to be made again."""
    parts = ["train"] * 60 + ["val"] * 30 + ["test"] * 30
    before = make_manifest([CLASSES[row % 3] for row in range(120)], partitions=parts)
    split = build(before, "mixed-paired", how)
    assert split.folder == folder
    assert "val_by" not in split.record["partitioning"]
    assert "val_by_file" not in split.record


@pytest.mark.parametrize(
    "wrong",
    [
        {"val_by": "photo"},
        {"val_by": "file", "source": "stratified"},
        {"val_by": "file", "folds": 3, "fold": 1},
        {"val_by": "file", "val_fraction": 0},
    ],
)
def test_what_does_not_go_together_is_refused(wrong: dict[str, object]) -> None:
    """A plain share of train is neither a fold nor a drawn partition, and is not empty."""
    with pytest.raises(DataError, match="Validation by"):
        Partitioning(**wrong)


def test_it_is_read_as_it_was_written(manifest: Manifest, tmp_path: Path) -> None:
    """The split on disk says what it is and is read again, twins included."""
    split = build(manifest, "mixed-paired")
    folder = split.write(tmp_path)
    record = json.loads((folder / "split.json").read_text())
    assert record["leaky"] is True
    assert record["partitioning"]["val_by"] == "file"
    assert record["val_by_file"]["in_train"] == 28
    again = Split.read(folder, manifest, "")
    assert images(again, "val") == images(split, "val")
    assert "28 of its 32 faces also stand in train" in split_table(again, manifest)


def test_the_same_image_on_both_sides_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    """A twin may be there, the very same image may not; nor may a face of test."""
    folder = build(manifest, "mixed-paired").write(tmp_path)
    val = (folder / "val.csv").read_text()
    train = (folder / "train.csv").read_text()
    (folder / "train.csv").write_text(train + val.splitlines()[1] + "\n")
    with pytest.raises(DataError, match="stands in train and in val: a leak"):
        Split.read(folder, manifest, "")
    (folder / "train.csv").write_text(train + "f128,normal\n")
    with pytest.raises(DataError, match="'f128' stands in train and in test: a leak"):
        Split.read(folder, manifest, "")


@pytest.mark.parametrize("counts", [True, {"faces": 3}, {"faces": 3, "in_train": "x"}])
def test_a_record_without_its_counts_is_refused(
    manifest: Manifest, tmp_path: Path, counts: object
) -> None:
    """What a page will say of the split must be there."""
    folder = build(manifest, "mixed-paired").write(tmp_path)
    path = folder / "split.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "val_by_file": counts}))
    with pytest.raises(DataError, match="has a val_by_file without its counts"):
        Split.read(folder, manifest, "")
