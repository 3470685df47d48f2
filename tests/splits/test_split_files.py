"""Splits on disk: what they hold, and what is refused when they are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from occbench.dataset.manifest import Manifest, read_digest
from occbench.errors import DataError, StaleState
from occbench.occluders.base import make_occluder
from occbench.splits.build import Partitioning, build_split
from occbench.splits.split import Split
from tests.makers import CLASSES, make_manifest

LABELS = [CLASSES[row % 3] for row in range(60)]
PARTS = ["train"] * 30 + ["val"] * 15 + ["test"] * 15


@pytest.fixture
def manifest() -> Manifest:
    """Sixty faces, f0 to f59; the last two of train are one person."""
    groups = [f"f{row}" for row in range(60)]
    groups[28] = groups[29] = "person"
    return make_manifest(LABELS, partitions=PARTS, groups=groups)


@pytest.fixture
def folder(manifest: Manifest, tmp_path: Path) -> Path:
    """A split of the manifest on disk."""
    occluder = make_occluder("headset(scale=1.2, fill=(1, 2, 3))")
    split = build_split(
        manifest,
        mode="mixed-unique",
        occluder=occluder,
        how=Partitioning(seed=4),
        manifest_digest="abc",
    )
    return split.write(tmp_path / "splits")


def replace_face(folder: Path, part: str, old: str, new: str) -> None:
    """Edits one row of a table by hand."""
    path = folder / f"{part}.csv"
    text = path.read_text()
    assert f"\n{old}," in text
    path.write_text(text.replace(f"\n{old},", f"\n{new},"))


def test_what_is_read_is_what_was_written(manifest: Manifest, folder: Path) -> None:
    """A split read back has the same tables and, written again, the same folder and bytes."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    split = Split.read(folder, manifest, "abc")
    assert split.folder == folder.name
    assert split.write(folder.parent) == folder
    elsewhere = split.write(folder.parent / "elsewhere")
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == before


def test_the_record_tells_everything(folder: Path) -> None:
    """split.json names data set, manifest, mode, seed, fractions and the occluder's parameters."""
    record = json.loads((folder / "split.json").read_text())
    assert record["schema"] == 1
    assert record["data_set"] == "small"
    assert record["manifest"] == "abc"
    assert record["mode"] == "mixed-unique"
    assert record["partitioning"]["seed"] == 4
    assert record["partitioning"]["fractions"] == [0.7, 0.15, 0.15]
    ((variant, parameters),) = record["variants"].items()
    assert variant == "headset(fill=(1, 2, 3), scale=1.2)"
    assert parameters["scale"] == 1.2
    assert parameters["fill"] == [1, 2, 3]
    assert (folder / "test.csv").read_text().startswith("id,variant\nf45,")


def test_a_face_in_two_parts_is_refused(manifest: Manifest, folder: Path) -> None:
    """A test face put into train by hand is a leak, named with both parts."""
    replace_face(folder, "train", "f3", "f50")
    with pytest.raises(DataError, match=r"'f50' stands in train and in test: a leak"):
        Split.read(folder, manifest, "abc")


def test_a_group_in_two_parts_is_refused(manifest: Manifest, folder: Path) -> None:
    """One face of a person put into test by hand is a leak, named by the group."""
    (folder / "train.csv").write_text(
        "".join(
            line
            for line in (folder / "train.csv").read_text().splitlines(keepends=True)
            if not line.startswith("f29,")
        )
    )
    with (folder / "test.csv").open("a") as file:
        file.write("f29,normal\n")
    with pytest.raises(DataError, match=r"'person' stands in train and in test: a leak"):
        Split.read(folder, manifest, "abc")


def test_a_leaky_split_is_read_as_such(manifest: Manifest, tmp_path: Path) -> None:
    """A split whose record says leaky may part groups, but never shows a face twice over."""
    parts = [*PARTS]
    parts[29] = "test"
    crossing = make_manifest(LABELS, partitions=parts, groups=manifest.faces["group"].tolist())
    split = build_split(
        crossing,
        mode="normal",
        occluder=make_occluder("headset"),
        how=Partitioning(keep_crossing=True),
    )
    folder = split.write(tmp_path)
    assert Split.read(folder, crossing, "").record["leaky"] is True
    replace_face(folder, "train", "f28", "f29")
    with pytest.raises(DataError, match="'f29' stands in train and in test"):
        Split.read(folder, crossing, "")


def test_an_unknown_face_is_refused(manifest: Manifest, folder: Path) -> None:
    """A face that the data set lacks is named."""
    replace_face(folder, "val", "f33", "f333")
    with pytest.raises(DataError, match="'f333', which the data set lacks"):
        Split.read(folder, manifest, "abc")


def test_a_face_shown_twice_alike_is_refused(manifest: Manifest, folder: Path) -> None:
    """A row that stands there twice is named."""
    path = folder / "test.csv"
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(DataError, match="'f45' stands twice in test"):
        Split.read(folder, manifest, "abc")


def test_an_unknown_variant_is_refused(manifest: Manifest, folder: Path) -> None:
    """A variant that the record does not describe cannot be shown, and is named."""
    path = folder / "val.csv"
    path.write_text(path.read_text().replace(",normal\n", ",gear-vr\n"))
    with pytest.raises(DataError, match=r"in val is shown as 'gear-vr'"):
        Split.read(folder, manifest, "abc")


def test_a_changed_data_set_makes_a_split_stale(tmp_path: Path) -> None:
    """One label changed in the manifest on disk, and the split of before is refused."""
    path = tmp_path / "small.csv"
    old = make_manifest(LABELS, partitions=PARTS)
    old.write(path)
    digest = read_digest(path)
    occluder = make_occluder("headset")
    split = build_split(old, mode="normal", occluder=occluder, manifest_digest=digest)
    folder = split.write(tmp_path / "splits")
    assert Split.read(folder, Manifest.read(path), read_digest(path)).sizes() == split.sizes()
    new = make_manifest(["sad", *LABELS[1:]], partitions=PARTS)
    new.write(path)
    with pytest.raises(StaleState, match=r"'small' has changed.*build-splits"):
        Split.read(folder, new, read_digest(path))


@pytest.mark.parametrize("name", ["train.csv", "val.csv", "test.csv", "split.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "binary", "folder"])
def test_broken_files_are_refused(manifest: Manifest, folder: Path, name: str, damage: str) -> None:
    """A file that is missing, empty or no text is a sentence that names the split."""
    path = folder / name
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes(b"" if damage == "empty" else b"\xff\xfe\x00,\n\x80")
    with pytest.raises(DataError, match=str(folder)):
        Split.read(folder, manifest, "abc")


@pytest.mark.parametrize("text", ["[]", "3", '{"schema": 2}', "{}", '{"schema": 1}'])
def test_other_records_are_refused(manifest: Manifest, folder: Path, text: str) -> None:
    """A record of another form or schema is refused with the name of the split."""
    (folder / "split.json").write_text(text)
    with pytest.raises(DataError, match=str(folder)):
        Split.read(folder, manifest, "abc")


@pytest.mark.parametrize("head", ["id", "variant,id", "id,variant,label"])
def test_other_columns_are_refused(manifest: Manifest, folder: Path, head: str) -> None:
    """A table with other columns is refused with their names."""
    path = folder / "train.csv"
    body = path.read_text().partition("\n")[2]
    path.write_text(f"{head}\n{body}")
    with pytest.raises(DataError, match=r"must have the columns id, variant"):
        Split.read(folder, manifest, "abc")


@pytest.mark.parametrize("part", ["train", "test"])
def test_an_empty_part_is_refused(manifest: Manifest, folder: Path, part: str) -> None:
    """Train and test need a face."""
    (folder / f"{part}.csv").write_text("id,variant\n")
    with pytest.raises(DataError, match=f"The {part} part of the split has no face"):
        Split.read(folder, manifest, "abc")


@pytest.mark.parametrize("name", ["train.csv", "split.json"])
def test_writing_over_a_changed_split_is_refused(
    manifest: Manifest, folder: Path, name: str
) -> None:
    """A split that was edited by hand is not taken for a fresh one when it is built again."""
    split = Split.read(folder, manifest, "abc")
    split.write(folder.parent)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(StaleState, match=name):
        split.write(folder.parent)


def test_a_fold_without_folds_is_refused() -> None:
    """A fold's number alone says nothing."""
    with pytest.raises(DataError, match="no fold 3 of 0"):
        Partitioning(fold=3)
