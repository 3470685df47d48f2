"""Who goes where: official and drawn parts, validation, faces that cannot be used."""

from __future__ import annotations

import math

import pytest

from occbench.errors import DataError
from occbench.occluders.base import make_occluder
from occbench.splits.build import build_split, partition
from occbench.splits.holdout import holdout
from occbench.splits.partitioning import Partitioning
from tests.makers import CLASSES, make_manifest

HEADSET = make_occluder("headset")
PARTS = ["train"] * 60 + ["val"] * 30 + ["test"] * 30
LABELS = [CLASSES[row % 3] for row in range(120)]


def sizes(how: Partitioning, **changes: object) -> dict[str, int]:
    """Faces per part."""
    manifest = make_manifest(LABELS, **({"partitions": PARTS} | changes))
    return partition(manifest, how)[0]["part"].value_counts().to_dict()


def test_an_official_validation_is_used() -> None:
    """Where the data set ships a validation part, it is the validation part."""
    manifest = make_manifest(LABELS, partitions=PARTS)
    faces, facts = partition(manifest, Partitioning())
    assert faces["part"].tolist() == PARTS
    assert facts == {"left_out": {}, "crossing": []}


def test_an_official_validation_can_be_replaced() -> None:
    """A val fraction carves val from train; the official val is set aside and counted."""
    manifest = make_manifest(LABELS, partitions=PARTS)
    faces, facts = partition(manifest, Partitioning(val_fraction=0.25))
    assert faces["part"].value_counts().to_dict() == {"train": 45, "val": 15, "test": 30}
    assert set(faces["id"][faces["part"] != "test"]) == {f"f{row}" for row in range(60)}
    reason = "official validation, replaced by --val-fraction"
    assert facts["left_out"] == {reason: {"angry": 10, "happy": 10, "sad": 10}}


def test_without_validation_a_fifth_of_train_is_carved() -> None:
    """Where the data set ships none, val is 0.2 of train, the same share of each class."""
    parts = ["train"] * 90 + ["test"] * 30
    manifest = make_manifest(LABELS, partitions=parts)
    faces, _ = partition(manifest, Partitioning())
    val = faces[faces["part"] == "val"]
    assert val["label"].value_counts().to_dict() == {"angry": 6, "happy": 6, "sad": 6}
    assert (faces["part"] == "train").sum() == 72


def test_no_validation_if_asked_for() -> None:
    """A val fraction of 0 leaves val empty."""
    assert sizes(Partitioning(val_fraction=0)) == {"train": 60, "test": 30}


def test_faces_without_landmarks_are_left_out_and_counted() -> None:
    """They are in no part of any mode, and the record counts them per class."""
    manifest = make_manifest(LABELS, partitions=PARTS, without=[0, 3, 61, 119])
    for mode in ("normal", "occluded", "mixed-unique", "mixed-paired"):
        split = build_split(manifest, mode=mode, occluder=HEADSET)
        shown = {face for table in split.parts.values() for face in table["id"]}
        assert shown == {f"f{row}" for row in range(120)} - {"f0", "f3", "f61", "f119"}
        expected = {"angry": 2, "happy": 1, "sad": 1}
        assert split.record["left_out"] == {"no usable landmarks": expected}


def test_a_data_set_without_landmarks_is_refused() -> None:
    """Where no face can be occluded, the sentence says how to get landmarks."""
    manifest = make_manifest(LABELS, partitions=PARTS, without=range(120))
    with pytest.raises(DataError, match=r"No face of 'small' .*--landmarks"):
        partition(manifest, Partitioning())


def test_equal_numbers_are_one_split() -> None:
    """0 and 0.0, or whole and broken fractions, name one folder."""
    manifest = make_manifest(LABELS, partitions=PARTS)
    folders = {
        build_split(
            manifest, mode="normal", occluder=HEADSET, how=Partitioning(val_fraction=zero)
        ).folder
        for zero in (0, 0.0)
    }
    assert len(folders) == 1
    assert Partitioning(fractions=(1, 0, 0)).fractions == (1.0, 0.0, 0.0)
    assert isinstance(Partitioning(fractions=(1, 0, 0)).fractions[0], float)


@pytest.mark.parametrize(
    ("parts", "folds", "sentence"),
    [
        (["", *PARTS[1:]], 0, "1 of 120 usable faces have none. Add --partitions stratified"),
        ("", 3, r"120 of 120 .*Add --partitions stratified to draw a test part; the folds"),
        (["train"] * 90 + ["val"] * 30, 0, "usable faces are all in train and val"),
    ],
)
def test_who_has_no_partition_is_counted(parts: list[str] | str, folds: int, sentence: str) -> None:
    """The sentence says how many faces have none, and what draws them."""
    manifest = make_manifest(LABELS, partitions=parts)
    with pytest.raises(DataError, match=sentence):
        partition(manifest, Partitioning(folds=folds, fold=min(folds, 1)))


@pytest.mark.parametrize("parts", ["", "train", ["train"] * 90 + ["val"] * 30, ["", *PARTS[1:]]])
def test_missing_official_partitions_are_refused(parts: list[str] | str) -> None:
    """Without train and test, or with a face in neither, partitions must be drawn."""
    manifest = make_manifest(LABELS, partitions=parts)
    with pytest.raises(DataError, match=r"ships no train and test.*--partitions stratified"):
        partition(manifest, Partitioning())


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_a_class_missing_in_a_part_is_refused(part: str) -> None:
    """The sentence names the part and the class."""
    keep = [p != part or label != "sad" for p, label in zip(PARTS, LABELS, strict=True)]
    labels = [label for label, kept in zip(LABELS, keep, strict=True) if kept]
    parts = [p for p, kept in zip(PARTS, keep, strict=True) if kept]
    manifest = make_manifest(labels, classes=CLASSES, partitions=parts)
    with pytest.raises(DataError, match=f"The {part} part has no usable face of sad"):
        partition(manifest, Partitioning())


def test_a_class_without_any_face_is_refused() -> None:
    """A class of the data set that nobody has is named too."""
    manifest = make_manifest(LABELS, classes=(*CLASSES, "bored"), partitions=PARTS)
    with pytest.raises(DataError, match="no usable face of bored"):
        partition(manifest, Partitioning("stratified"))


def test_drawn_parts_have_their_fractions() -> None:
    """120 faces at 0.5, 0.2 and 0.3 are 60, 24 and 36."""
    how = Partitioning("stratified", (0.5, 0.2, 0.3))
    assert sizes(how) == {"train": 60, "val": 24, "test": 36}


def test_large_groups_still_give_fair_parts() -> None:
    """Thirty people of four faces each, at 0.5, 0.2 and 0.3: within a person of 60, 24, 36."""
    groups = [f"person {row // 4}" for row in range(120)]
    found = sizes(Partitioning("stratified", (0.5, 0.2, 0.3)), groups=groups)
    for part, expected in (("train", 60), ("val", 24), ("test", 36)):
        assert abs(found[part] - expected) <= 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "random"},
        {"val_fraction": 1.0},
        {"val_fraction": -0.1},
        {"val_fraction": math.nan},
        {"source": "stratified", "val_fraction": 0.2},
        {"val_fraction": 0.2, "folds": 3, "fold": 1},
    ],
)
def test_wrong_plans_are_refused(wrong: dict[str, object]) -> None:
    """A value out of range, or one that would be passed over, is refused."""
    with pytest.raises(DataError):
        Partitioning(**wrong)


@pytest.mark.parametrize(
    "fractions",
    [
        (0.7, 0.3, 0.0),
        (0.7, 0.2, 0.2),
        (1.2, -0.1, -0.1),
        (math.nan, 0.5, 0.5),
        (0.5, math.nan, 0.5),
    ],
)
def test_wrong_fractions_are_refused(fractions: tuple[float, float, float]) -> None:
    """Fractions that are no numbers, not above 0 or do not sum to 1 are refused."""
    manifest = make_manifest(LABELS)
    with pytest.raises(DataError, match="must all be above 0 and sum to 1"):
        partition(manifest, Partitioning("stratified", fractions))


def test_nobody_cannot_be_shared_out() -> None:
    """An empty table is refused."""
    faces = make_manifest(LABELS).faces.iloc[:0]
    with pytest.raises(DataError, match="no faces"):
        holdout(faces, {"train": 0.5, "test": 0.5}, seed=0, fill="train")


@pytest.mark.parametrize(("mode", "assign"), [("mixed", "seeded"), ("normal", "random")])
def test_unknown_modes_are_refused(mode: str, assign: str) -> None:
    """The sentence names the mode and the assignment."""
    manifest = make_manifest(LABELS, partitions=PARTS)
    with pytest.raises(DataError, match=f"'{mode}' with assignment '{assign}'"):
        build_split(manifest, mode=mode, occluder=HEADSET, assign=assign)


def test_all_faces_can_only_be_shown_as_they_are() -> None:
    """Faces without landmarks stay with --all-faces, in the mode normal and in no other.

    The others keep their part, so no face is learnt from in one mode and tested in another.
    """
    manifest = make_manifest(["a", "b"] * 20, without=[0, 1, 7])
    how = Partitioning("stratified", all_faces=True)
    split = build_split(manifest, mode="normal", occluder=make_occluder("headset"), how=how)
    assert sum(split.sizes().values()) == 40
    assert split.record["left_out"] == {}
    other = build_split(manifest, mode="occluded", occluder=make_occluder("headset"), how=how)
    assert sum(other.sizes().values()) == 37
    assert other.record["left_out"] == {"no usable landmarks": {"a": 1, "b": 2}}
    for part, table in other.parts.items():
        whole = set(split.parts[part]["id"])
        assert set(table["id"]) == whole - {"f0", "f1", "f7"}
