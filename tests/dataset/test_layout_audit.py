"""The audit of layouts: published splits built from their specifications, and sound ones."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.dataset.layout_audit import PATTERNS, audit_layout
from occbench.dataset.layout_table import make_layout
from tests.dataset.layouts import (
    TRAINING_CLASSES,
    TRAINING_FACES,
    columns,
    drawn_by_face,
    drawn_by_file,
    filled_up,
    folds_after_copies,
    folds_before_copies,
    leading_fifth,
)


def audit_of(cells):
    """The audit of columns."""
    return audit_layout(make_layout(cells))


def parts_of(found):
    """The parts of an audit by name."""
    return {part.name: part for part in found.parts}


def test_report_000_without_copies_is_sound():
    """Each of 35,887 rows is a face of its own: 7,177 tested, 5,742 validated, none shared."""
    found = audit_of(leading_fifth(["original"]))
    assert [(part.name, part.images, part.shared) for part in found.parts] == [
        ("val", 5742, 0),
        ("test", 7177, 0),
    ]
    assert not found.leaks
    assert found.findings() == found.remarks == ()


@pytest.mark.parametrize("copy", ["mirror", "shift"])
def test_report_000_with_one_kind_of_copies(copy):
    """Test is the first 14,354 originals; their copies, rows 35,887 and on, are all in train."""
    found = audit_of(leading_fifth(["original", copy]))
    parts = parts_of(found)
    assert (parts["test"].images, parts["test"].shared) == (14354, 14354)
    assert parts["test"].share == 1
    assert dict(parts["test"].kinds) == {copy: 14354}
    # Validation is the last 11,484 rows, all copies, of faces whose originals are trained on.
    assert (parts["val"].images, parts["val"].copies_of_trained) == (11484, 11484)
    assert parts["val"].only_copies
    assert parts["test"].pattern == parts["val"].pattern == "copies-before-split"
    assert "val holds changed copies only; no image is shown as it is." in found.remarks


def test_report_000_with_both_kinds_of_copies():
    """Test is rows 0 to 28,708, train 28,709 to 120,579, validation the last 22,968.

    The fourth array, shifted mirrored faces, begins at row 107,661: train holds its first 12,919.
    Validation is faces 12,919 to 35,886 of it; originals 28,709 to 35,886 are in train.
    """
    found = audit_of(leading_fifth(["original", "mirror", "shift", "mirror+shift"]))
    parts = parts_of(found)
    assert (parts["test"].images, parts["test"].shared) == (28709, 28709)
    assert dict(parts["test"].kinds) == {"mirror": 28709, "shift": 28709, "mirror+shift": 12919}
    assert dict(parts["val"].kinds) == {"mirror": 22968, "shift": 22968, "original": 7178}
    assert (
        "15,790 of 28,709 test images have an image of their face in val, on which the epoch is "
        "chosen." in found.remarks
    )


def test_report_000_split_first():
    """The copies of train alone leave test and validation as they were."""
    cells = leading_fifth(["original"])
    rows = list(zip(cells["part"], cells["source"], cells["copy"], strict=True))
    rows += [("train", source, "mirror") for part, source, _ in rows if part == "train"]
    assert not audit_of(columns(rows, ("part", "source", "copy"))).leaks


@pytest.mark.parametrize("seed", range(3))
def test_report_001_mixed_full_by_file(seed):
    """A validation file's twin is in train with probability 4/5 (2N) / (2N - 1), here 80.003 %.

    Files without a twin in train come in pairs, so the variance of the share is twice that of
    independent draws, 4/5 * 1/5 / n, at most.
    """
    faces = 14_000
    found = audit_of(drawn_by_file(["normal", "occluded"], faces, seed=seed))
    (val,) = found.parts
    expected = 0.8 * 2 * faces / (2 * faces - 1)
    assert val.images == 5600
    assert val.share == pytest.approx(expected, abs=5 * (2 * 0.16 / val.images) ** 0.5)
    assert val.pattern == "twins-by-file"
    assert set(val.kinds) == {"original", "occluded"}
    assert sum(val.kinds.values()) == val.shared


@pytest.mark.parametrize("spec", ["headset(device='quest-2')", "Sham", "gear-vr"])
def test_twins_are_known_by_the_names_of_occluders(spec):
    """A spec, a control and the name of an occluder are covers; a mirror is none."""
    for copy, pattern in ((spec, "twins-by-file"), ("mirror", "validation-from-copies")):
        rows = [("train", "1", "normal"), ("val", "1", copy), ("train", "2", "normal")]
        (val,) = audit_of(columns(rows, ("part", "source", "copy"))).parts
        assert val.pattern == pattern


def test_report_001_mixed_full_by_face():
    """Both images of a face on one side are sound."""
    rows = [
        ("val" if face % 5 == 0 else "train", str(face), copy)
        for face in range(100)
        for copy in ("normal", "occluded")
    ]
    assert not audit_of(columns(rows, ("part", "source", "copy"))).leaks


def test_report_002_validation_from_copies():
    """114,836 images, 22,967 of them validation, test apart.

    All three siblings of an image are in validation with probability C(n-1, 3) / C(N-1, 3), about
    0.8 %: 99.2 % meet another version in train. A given one is in train with 80 %.
    """
    copies = ["original", "mirror", "rotate-10", "rotate+10"]
    cells = drawn_by_file(copies, TRAINING_FACES, seed=42, tested=7178)
    found = audit_of(cells)
    parts = parts_of(found)
    val, images, drawn = parts["val"], 114_836, 22_967
    assert (val.images, parts["test"].images, found.images) == (drawn, 7178, images + 7178)
    expected = 1 - comb(drawn - 1, 3) / comb(images - 1, 3)
    assert expected == pytest.approx(0.992, abs=1e-4)
    assert val.share == pytest.approx(expected, abs=0.003)
    for number in val.kinds.values():
        # A quarter of validation is of that kind itself and cannot meet it in another image.
        assert number / drawn == pytest.approx(0.75 * 0.8, abs=0.02)
    assert val.pattern == "validation-from-copies"
    assert parts["test"].shared == 0
    assert parts["test"].pattern == ""


def test_report_002_validation_drawn_first():
    """Copies of train alone: 4 for each of its faces."""
    copies = ["original", "mirror", "rotate-10", "rotate+10"]
    found = audit_of(drawn_by_face(copies, 5000, seed=0))
    assert not found.leaks
    assert found.images == 4 * 4000 + 1000


def test_report_003_balanced_before_folds():
    """50,505 = 7 x 7,215 images in five folds.

    An image whose face has m images shares with train unless the other m - 1 are in its own fold:
    the product over i of (10,101 - i) / (50,505 - i).
    """
    found = audit_of(folds_after_copies(filled_up(), folds=5, seed=0))
    assert found.images == 50_505
    assert [(part.name, part.images) for part in found.parts] == [
        (f"val of fold {fold}", 10_101) for fold in range(1, 6)
    ]
    shared = 0.0
    for size in TRAINING_CLASSES:
        most, left = divmod(7215, size)
        for m, faces in ((most + 1, left), (most, size - left)):
            alone = comb(10_100, m - 1) / comb(50_504, m - 1)
            shared += m * faces * (1 - alone)
    assert shared / 50_505 == pytest.approx(
        sum(part.shared for part in found.parts) / 50_505, abs=0.005
    )
    assert {part.pattern for part in found.parts} == {"balanced-before-folds"}
    (told,) = found.findings()
    assert told.startswith("val of fold 1, val of fold 2, ")
    assert "the classes were filled up with copies before the folds were cut" in told


def test_report_003_folds_first():
    """The same images, copies left out of validation and kept with their face's fold."""
    found = audit_of(folds_before_copies(filled_up(), folds=5))
    assert not found.leaks
    assert sum(part.images for part in found.parts) == TRAINING_FACES
    # The table is written class by class, and nothing else is told.
    (told,) = found.remarks
    assert told.startswith("train stands in 7 blocks of one class each")


def test_copies_before_folds_without_balance():
    """Classes of unequal size were not filled up; the copies leak all the same."""
    rows = [("1", "original", "a", "1"), ("1", "mirror", "a", "2"), ("2", "original", "b", "2")]
    found = audit_of(columns(rows, ("source", "copy", "label", "fold")) | {"part": [""] * 3})
    assert {part.pattern for part in found.parts} == {"copies-before-folds"}


def test_the_same_image_on_both_sides():
    """It is no version, and is said as what it is."""
    rows = [("train", "1", "original"), ("val", "1", "original"), ("val", "2", "original")]
    (val,) = audit_of(columns(rows, ("part", "source", "copy"))).parts
    assert (val.shared, val.same, dict(val.kinds)) == (1, 1, {})
    assert val.pattern == "same-images"


def test_the_same_image_and_another_of_its_kind():
    """Crop and crop#2 are of one kind, and yet two images."""
    rows = [("train", "1", "crop"), ("train", "1", "crop#2"), ("val", "1", "crop")]
    (val,) = audit_of(columns(rows, ("part", "source", "copy"))).parts
    assert (val.shared, val.same, dict(val.kinds)) == (1, 1, {"crop": 1})


def test_without_a_column_of_copies():
    """That faces are shared is known, how is not."""
    rows = [("train", "1"), ("train", "1"), ("test", "1"), ("test", "2")]
    (test,) = audit_of(columns(rows, ("part", "source"))).parts
    assert (test.shared, test.same, dict(test.kinds)) == (1, 0, {})
    assert test.pattern == "several-images"


def test_a_test_is_held_against_all_folds():
    """Whichever fold is validation, others train on the face."""
    rows = [("", "1", "1"), ("", "2", "2"), ("test", "1", ""), ("train", "3", "")]
    parts = parts_of(audit_of(columns(rows, ("part", "source", "fold"))))
    assert (parts["test"].shared, parts["val of fold 1"].shared) == (1, 0)


def test_an_image_of_train_is_left_out_in_its_own_fold():
    """Without a fold it trains in all of them."""
    rows = [
        ("", "1", "original", "1"),
        ("", "2", "original", "2"),
        ("train", "1", "mirror", "1"),
        ("train", "2", "mirror", ""),
    ]
    parts = parts_of(audit_of(columns(rows, ("part", "source", "copy", "fold"))))
    assert parts["val of fold 1"].shared == 0
    assert dict(parts["val of fold 2"].kinds) == {"mirror": 1}


def test_classes_that_a_part_lacks():
    """Report 001's draw from sorted folders left validation without classes 0 and 1."""
    rows = [("train", "1", "a"), ("train", "2", "b"), ("val", "3", "b")]
    found = audit_of(columns(rows, ("part", "source", "label")))
    assert found.remarks == ("val has no image of a.",)
    folds = [("", "1", "a", "1"), ("", "2", "b", "1"), ("", "3", "b", "2")]
    told = audit_of(columns(folds, ("part", "source", "label", "fold"))).remarks
    assert told == ("train of fold 1 has no image of a.", "val of fold 2 has no image of a.")


def test_an_order_of_blocks():
    """40 images in 2 blocks; by chance 1 + (10 * 30 + 30 * 10) / 40 = 16. Mixed is not told."""
    sizes = [("a", 10), ("b", 30)]
    labels = [label for label, size in sizes for _ in range(10 * size)]
    rows = [("train", str(face), label) for face, label in enumerate(labels)]
    rows += [("val", "x", "a"), ("val", "y", "b")]
    (told,) = audit_of(columns(rows, ("part", "source", "label"))).remarks
    assert told.startswith("train stands in 2 blocks of one class each")
    assert "about 151;" in told
    mixed = [rows[place * 77 % 400] for place in range(400)] + rows[400:]
    assert audit_of(columns(mixed, ("part", "source", "label"))).remarks == ()


PARTS = st.sampled_from(["train", "val", "test"])
ROWS = st.lists(
    st.tuples(
        PARTS, st.sampled_from("1234"), st.sampled_from(["original", "mirror", "crop", "crop#2"])
    ),
    min_size=2,
    max_size=24,
    unique=True,
).filter(lambda rows: len({part for part, *_ in rows} & {"val", "test"}) > 0)


@given(ROWS)
def test_counts_are_those_of_sets(rows):
    """Each number, counted image by image in plain Python."""
    rows = [*rows, ("train", "9", "original")]
    for part in audit_of(columns(rows, ("part", "source", "copy"))).parts:
        train = [(source, copy) for where, source, copy in rows if where == "train"]
        own = [(source, copy) for where, source, copy in rows if where == part.part]
        trained = {source for source, _ in train}
        assert part.images == len(own)
        assert part.faces == len({source for source, _ in own})
        assert part.shared == sum(source in trained for source, _ in own)
        assert part.same == sum(image in train for image in own)
        assert part.copies_of_trained == sum(
            copy != "original" and (source, "original") in train for source, copy in own
        )
        assert part.only_copies == all(copy != "original" for _, copy in own)
        expected = {}
        for source, copy in own:
            others = [each for s, each in train if s == source and each != copy]
            for kind in {each.split("#")[0] for each in others}:
                expected[kind] = expected.get(kind, 0) + 1
        assert dict(part.kinds) == expected
        assert (part.pattern == "") == (part.shared == 0)
        assert part.pattern in {"", *PATTERNS}


@given(st.data())
def test_order_and_names_change_nothing(data):
    """A sound layout stays sound, and a leaky one as leaky, however its rows are ordered."""
    sound = data.draw(st.booleans())
    cells = (
        drawn_by_face(["original", "mirror"], 20, seed=1)
        if sound
        else drawn_by_file(["original", "mirror"], 20, seed=1)
    )
    rows = list(zip(*cells.values(), strict=True))
    names = data.draw(st.permutations(range(20)))
    moved = [
        (part, f"face-{names[int(source)]}", copy)
        for part, source, copy in data.draw(st.permutations(rows))
    ]
    found = audit_of(columns(moved, ("part", "source", "copy")))
    assert found == audit_of(cells)
    assert found.leaks != sound
