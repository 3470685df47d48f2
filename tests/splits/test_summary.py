"""Tables that tell what is in a split."""

from __future__ import annotations

from occbench.dataset.manifest import Manifest
from occbench.occluders.base import make_occluder
from occbench.splits.build import Partitioning, build_split
from occbench.splits.split import Split
from occbench.splits.summary import left_out_table, shown_labels, split_table
from tests.makers import CLASSES, make_manifest


def small(**changes: object) -> Manifest:
    """Faces per class angry, happy, sad: 2, 3, 4 in train, 1 each in val, 1, 1, 2 in test."""
    labels = ["angry"] * 2 + ["happy"] * 3 + ["sad"] * 4
    labels += [*CLASSES, *CLASSES, "sad"]
    parts = ["train"] * 9 + ["val"] * 3 + ["test"] * 4
    return make_manifest(labels, partitions=parts, **changes)


def build(manifest: Manifest, mode: str, **how: object) -> Split:
    """A split with the plain headset."""
    return build_split(
        manifest, mode=mode, occluder=make_occluder("headset"), how=Partitioning(**how)
    )


def cells(text: str) -> list[list[str]]:
    """The rows of a table without its ruler, by words."""
    return [line.split() for number, line in enumerate(text.splitlines()) if number != 1]


def test_the_table_of_a_paired_split() -> None:
    """It counts faces once and images per variant and class, in class order."""
    manifest = small()
    assert cells(split_table(build(manifest, "mixed-paired"), manifest)) == [
        ["mixed-paired", "faces", "normal", "occluded", "angry", "happy", "sad"],
        ["train", "9", "9", "9", "4", "6", "8"],
        ["val", "3", "3", "3", "2", "2", "2"],
        ["test", "4", "1", "3", "1", "1", "2"],
    ]


def test_a_leaky_split_says_so() -> None:
    """The last line warns, and only of a leaky split."""
    groups = [f"f{row}" for row in range(16)]
    groups[0] = groups[12] = "person"
    manifest = small(groups=groups)
    leaky = split_table(build(manifest, "normal", keep_crossing=True), manifest)
    assert leaky.splitlines()[-1] == "This split is leaky: groups stand on both sides."
    assert "leaky" not in split_table(build(small(), "normal"), small())


def test_the_table_of_who_was_left_out() -> None:
    """It has a line per reason, with all faces and those of each class."""
    groups = [f"f{row}" for row in range(16)]
    groups[0] = groups[12] = "person"
    manifest = small(groups=groups, without=[8])
    splits = [build(manifest, mode) for mode in ("normal", "occluded")]
    lines = left_out_table(splits, manifest).splitlines()
    assert lines[0].split() == ["left", "out", "faces", "angry", "happy", "sad"]
    assert {line[:22].strip(): line[22:].split() for line in lines[2:]} == {
        "no usable landmarks": ["1", "0", "0", "1"],
        "group also in test": ["1", "1", "0", "0"],
    }
    assert left_out_table([build(small(), "normal")], small()) == "No face was left out."


def test_shown_labels() -> None:
    """Every row of a part comes with the label of its face."""
    manifest = small()
    shown = shown_labels(build(manifest, "mixed-paired"), manifest, "val")
    assert list(shown.itertuples(index=False, name=None)) == [
        (face, variant, label)
        for face, label in (("f9", "angry"), ("f10", "happy"), ("f11", "sad"))
        for variant in ("normal", "headset")
    ]
