"""The manifest survives the disk byte for byte, and notices what does not."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from occbench.dataset.labels import AFFECTNET, FER2013, FERPLUS, ClassSet
from occbench.dataset.manifest import Manifest, read_digest
from occbench.errors import DataError
from tests.faces import faces, mirrored

CLASSES = ClassSet(("neutral", "happy", "NA"))
ODD = [
    "NA",
    "nan",
    "007",
    "1e5",
    "a,b",
    'say "no"',
    "ü 日本",
    " x ",
    "#",
]


def manifest(ids=("a", "b", "c"), **changed) -> Manifest:
    """A manifest with these ids, everything else made up."""
    count = len(ids)
    table = {
        "id": list(ids),
        "label": [CLASSES.names[row % 3] for row in range(count)],
        "partition": [("train", "val", "test", "")[row % 4] for row in range(count)],
        "group": list(ids),
        "image": [f"{face}.png" for face in ids],
    }
    landmarks = np.array(list(faces(count, 41)), np.float32).reshape(count, 68, 2)
    parts = {
        "name": "demo",
        "classes": CLASSES,
        "faces": pd.DataFrame(table, dtype=str),
        "landmarks": landmarks,
        "facts": {"source": "tests", "left out": [{"item": "ü", "reason": "no face"}]},
    }
    return Manifest(**{**parts, **changed})


def changed_table(column: str, values: list[str]) -> pd.DataFrame:
    """The demo's table with another column."""
    return manifest().faces.assign(**{column: values})


@pytest.fixture
def path(tmp_path):
    """Where the manifest lies; its name holds a dot."""
    return tmp_path / "demo.v2.csv"


def contents(folder) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_manifest_is_three_files_that_read_back_equal(path):
    """The table, the landmarks and the facts."""
    original = manifest(ODD, images="stack")
    original.write(path)

    read = Manifest.read(path)

    assert sorted(contents(path.parent)) == [
        "demo.v2.csv",
        "demo.v2.json",
        "demo.v2.landmarks.npy",
    ]
    assert read.faces.to_dict("list") == original.faces.to_dict("list")
    assert read.landmarks.tobytes() == original.landmarks.tobytes()
    assert read.landmarks.dtype == np.float32
    assert (read.name, read.classes, read.images) == ("demo", CLASSES, "stack")
    assert read.facts == original.facts


def test_writing_what_was_read_gives_the_same_bytes(path):
    """No byte drifts."""
    manifest(ODD).write(path)
    before = contents(path.parent)

    Manifest.read(path).write(path)

    assert contents(path.parent) == before


@given(
    ids=st.lists(
        st.text(
            st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/."),
            min_size=1,
            max_size=8,
        ),
        unique=True,
        max_size=6,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_any_text_survives_in_an_id(ids, path):
    """Quotes, separators and letters of every script."""
    manifest(ids).write(path)

    assert Manifest.read(path).faces["id"].tolist() == ids


@pytest.mark.parametrize(
    "name",
    ["../a", "a/../b", "..", ".", "/a", "a/", "a//b", "a/./b", "a\nb", "a\rb", "a\x00", "\udcff"],
)
@pytest.mark.parametrize("column", ["id", "image"])
def test_what_cannot_name_a_file_below_a_folder_is_refused(column, name):
    """Results are named by the id: none may lie outside the workspace, or on another's."""
    faces = manifest().faces
    faces[column] = [*faces[column][:-1], name]
    with pytest.raises(DataError, match=f"has the {column} "):
        manifest(faces=faces)


@pytest.mark.parametrize("name", ["z", "a/b", "...", ".a", "a.b", "a b/c..d", "ü/日本"])
def test_what_can_name_a_file_is_taken(name):
    """Dots inside a part are nothing special."""
    faces = manifest().faces
    faces["id"] = [*faces["id"][:-1], name]
    assert manifest(faces=faces).faces["id"].iloc[-1] == name


def test_nothing_changes_if_the_commit_fails(path):
    """What is done between the old and the new manifest fails: the new one never stands."""
    manifest().write(path)

    def fail() -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        manifest(["x", "y"]).write(path, commit=fail)
    with pytest.raises(DataError, match="Run 'occbench scan' again"):
        Manifest.read(path)
    assert not [name for name in contents(path.parent) if name.endswith(".part")]


def test_at_the_commit_no_manifest_can_be_read(path):
    """So an old manifest is never used with the new place of its images."""
    manifest().write(path)
    seen = []

    def look() -> None:
        with pytest.raises(DataError, match="is missing"):
            Manifest.read(path)
        seen.append(True)

    manifest(["x", "y", "z"]).write(path, commit=look)
    assert seen == [True]
    assert Manifest.read(path).faces["id"].tolist() == ["x", "y", "z"]


def test_further_columns_are_kept(path):
    """With their empty cells."""
    table = manifest().faces.assign(votes=["10", "", "NA"], **{"a,b": ["1", "2", "3"]})
    manifest(faces=table).write(path)

    read = Manifest.read(path).faces

    assert read["votes"].tolist() == ["10", "", "NA"]
    assert read["a,b"].tolist() == ["1", "2", "3"]


def test_faces_without_landmarks_stay_nan_and_are_counted(path):
    """The facts say how many faces can be occluded."""
    landmarks = manifest().landmarks.copy()
    landmarks[0] = np.nan
    landmarks[2] = mirrored(landmarks[2], 224)
    manifest(landmarks=landmarks).write(path)

    assert Manifest.read(path).usable.tolist() == [False, True, False]
    facts = json.loads(path.with_name("demo.v2.json").read_text(encoding="utf-8"))
    assert (facts["faces"], facts["with_landmarks"]) == (3, 1)


def test_the_facts_hold_the_digests_of_the_other_files(path):
    """As any other tool computes them."""
    manifest().write(path)
    files = contents(path.parent)

    digests = json.loads(files["demo.v2.json"])["sha256"]

    assert digests == {
        "table": hashlib.sha256(files["demo.v2.csv"]).hexdigest(),
        "landmarks": hashlib.sha256(files["demo.v2.landmarks.npy"]).hexdigest(),
    }


@pytest.mark.parametrize("name", ["demo.v2.csv", "demo.v2.landmarks.npy"])
def test_a_changed_file_is_detected_by_name(name, path):
    """One bit, one byte more or one byte less."""
    manifest().write(path)
    file = path.with_name(name)
    whole = file.read_bytes()

    for changed in (whole[:-1] + bytes([whole[-1] ^ 1]), whole + b"\n", whole[:-1], b""):
        file.write_bytes(changed)
        with pytest.raises(DataError, match=f"{name}' was changed"):
            Manifest.read(path)


@pytest.mark.parametrize("name", ["demo.v2.csv", "demo.v2.json", "demo.v2.landmarks.npy"])
def test_a_missing_file_is_named(name, path):
    """With what to do about it."""
    manifest().write(path)
    path.with_name(name).unlink()

    with pytest.raises(DataError, match=f"{name}' is missing. Run 'occbench scan'"):
        Manifest.read(path)


@pytest.mark.parametrize("write", ["", "{", "[]", "7", '{"schema": 2}', '{"schema": 1}', "\udcff"])
def test_damaged_facts_are_named(write, path):
    """No JSON, another schema or keys that are missing."""
    manifest().write(path)
    facts = path.with_name("demo.v2.json")
    facts.write_bytes(write.encode("utf-8", "surrogateescape"))

    for read in (Manifest.read, read_digest):
        with pytest.raises(DataError, match=r"demo\.v2\.json"):
            read(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"faces": changed_table("id", ["a", "b", "a"])}, "id 'a' more than once"),
        ({"faces": changed_table("id", ["a", "", "c"])}, "without id"),
        ({"faces": changed_table("group", ["a", "", "c"])}, "without group"),
        ({"faces": changed_table("label", ["happy", "sad", "NA"])}, "unknown label 'sad'"),
        ({"faces": changed_table("partition", ["", "dev", ""])}, "unknown partition 'dev'"),
        ({"faces": manifest().faces.drop(columns=["group", "image"])}, "no column group, image"),
        ({"landmarks": np.zeros((2, 68, 2), np.float32)}, r"3 faces .*\(2, 68, 2\)"),
        ({"landmarks": np.zeros((3, 136), np.float32)}, r"\(3, 136\)"),
        ({"images": "zip"}, "'zip'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_contradicts_itself_is_refused(change, reason):
    """The message names the manifest and the value."""
    with pytest.raises(DataError, match=rf"'demo' .*{reason}"):
        manifest(**change)


def test_a_part_of_a_manifest_keeps_rows_together():
    """By truth values or by places, in the order asked for."""
    whole = manifest()

    some = whole.where(np.array([True, False, True]))
    turned = whole.where(np.array([2, 0]))

    assert some.faces["id"].tolist() == ["a", "c"]
    assert some.faces.index.tolist() == [0, 1]
    assert turned.faces["id"].tolist() == ["c", "a"]
    assert (turned.landmarks == whole.landmarks[[2, 0]]).all()
    assert len(whole.where(np.zeros(3, bool))) == 0


def test_counts_are_by_class_and_partition_in_order():
    """Classes without faces count 0; partitions without faces are left out."""
    counts = manifest(list("abcdefg")).counts()

    assert counts.index.tolist() == ["neutral", "happy", "NA"]
    assert counts.columns.tolist() == ["train", "val", "test", ""]
    assert counts.to_numpy().tolist() == [[1, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0]]


def test_counts_of_no_faces_have_every_class():
    """An empty table."""
    assert manifest([]).counts().shape == (3, 0)


def test_the_digest_on_disk_changes_with_every_face_label_and_landmark(path):
    """And not with the facts for people."""
    landmarks = manifest().landmarks.copy()
    landmarks[1, 5, 0] += 1
    variants = [
        manifest(),
        manifest(["a", "b", "d"]),
        manifest(faces=changed_table("label", ["happy"] * 3)),
        manifest(faces=changed_table("group", ["a", "a", "c"])),
        manifest(landmarks=landmarks),
        manifest(classes=ClassSet((*CLASSES.names, "sad"))),
        manifest(images="stack"),
        manifest(facts={}),
    ]
    digests = []
    for variant in variants:
        variant.write(path)
        digests.append(read_digest(path))

    assert len(set(digests)) == 7
    assert digests[-1] == digests[0]


def test_the_pixel_digest_ignores_labels_and_groups():
    """Painted images need not be painted again when a label is corrected."""
    landmarks = manifest().landmarks.copy()
    landmarks[1, 5, 0] += 1
    same = manifest(faces=changed_table("label", ["happy"] * 3).assign(group="g"))
    others = [manifest(["a", "b", "d"]), manifest(landmarks=landmarks), manifest(images="stack")]

    digests = [variant.pixel_digest for variant in (manifest(), same, *others)]

    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


@pytest.mark.parametrize("names", [(), ("a",), ("a", "a"), ("a", "")])
def test_classes_must_be_two_or_more_and_different(names):
    """The message lists what came."""
    with pytest.raises(DataError, match="found "):
        ClassSet(names)


def test_class_numbers_follow_the_sources():
    """AffectNet starts neutral, FER2013 angry, and FER+ has surprise before sadness."""
    assert [AFFECTNET.index(name) for name in ("neutral", "happiness", "contempt")] == [0, 1, 7]
    assert [FER2013.index(name) for name in ("angry", "neutral")] == [0, 6]
    assert [FERPLUS.index(name) for name in ("surprise", "sadness")] == [2, 3]
    with pytest.raises(DataError, match="'joy' is no class; known: neutral"):
        AFFECTNET.index("joy")
