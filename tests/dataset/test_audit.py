"""The audit: a made set with every kind of fault, and FER2013 itself."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from occbench.core.console import set_quiet
from occbench.dataset.audit import Audit, audit, group_copies
from occbench.dataset.faces import ManifestFaces
from occbench.dataset.labels import FER2013
from occbench.dataset.manifest import Manifest
from tests.makers import POINTS, make_manifest, make_workspace, picture

_REAL = Path(__file__).parents[3] / "shared" / "data"

# What each face is, its class, partition and group.
FACES = (
    ("plain", "happy", "train", "plain"),
    ("copy", "happy", "test", "copy"),
    ("copy2", "sad", "train", "copy2"),
    ("darker", "happy", "val", "darker"),
    ("other", "sad", "train", "anna"),
    ("other-bright", "sad", "val", "other-bright"),
    ("anna2", "sad", "train", "anna"),
    ("twin", "sad", "train", "clara"),
    ("twin-bright", "sad", "val", "dora"),
    ("clara2", "sad", "train", "clara"),
    ("dora2", "sad", "val", "dora"),
    ("same", "happy", "train", "eva"),
    ("same2", "happy", "train", "fay"),
    ("eva2", "sad", "train", "eva"),
    ("fay2", "sad", "train", "fay"),
    ("black", "sad", "train", "black"),
    ("black2", "happy", "train", "black2"),
    ("grey", "happy", "val", "grey"),
    ("broken", "sad", "test", "broken"),
    ("beyond", "happy", "test", "beyond"),
    ("away", "sad", "test", "away"),
    ("blind", "sad", "test", "blind"),
)
ROW = {face[0]: row for row, face in enumerate(FACES)}


@pytest.fixture(autouse=True)
def _quiet() -> object:
    """No progress bars."""
    set_quiet(True)
    yield
    set_quiet(False)


def made(tmp_path: Path) -> tuple[ManifestFaces, Manifest]:
    """The set with every fault, in a workspace."""
    ids, labels, parts, groups = (list(column) for column in zip(*FACES, strict=True))
    manifest = make_manifest(
        labels, ids=ids, partitions=parts, groups=groups, without=[ROW["blind"]]
    )
    landmarks = manifest.landmarks
    landmarks[ROW["beyond"], 3:8] = (-0.6, 10), (39.6, 9), (9, 39.6), (39.4, 9), (9, -0.4)
    landmarks[ROW["away"]] = POINTS + np.float32([39, 0])
    plain, other, twin, same = (picture(seed) for seed in range(4))
    pictures = {
        "plain": plain,
        "copy": plain,
        "copy2": plain,
        "darker": (plain * 0.8).astype(np.uint8),
        "other": other,
        "other-bright": cv2.add(other, (15, 15, 15, 0)),
        "twin": twin,
        "twin-bright": cv2.add(twin, (15, 15, 15, 0)),
        "same": same,
        "same2": same,
        "black": np.zeros((40, 40, 3), np.uint8),
        "black2": np.zeros((40, 40, 3), np.uint8),
        "grey": np.full((40, 40, 3), 90, np.uint8),
    }
    pictures |= {face: picture(50 + row) for face, row in ROW.items() if face not in pictures}
    workspace = make_workspace(tmp_path, manifest, pictures)
    root = workspace.data_root(manifest.name)
    (root / "broken.png").write_bytes((root / "plain.png").read_bytes()[:60])
    return ManifestFaces(manifest, root), manifest


@pytest.fixture
def found(tmp_path: Path) -> Audit:
    """The audit of the made set."""
    return audit(*made(tmp_path), workers=1)


def rows(*faces: str) -> list[int]:
    """The rows of faces."""
    return [ROW[face] for face in faces]


def test_copies(found: Audit) -> None:
    """Identical images are found, blank ones too; near copies join identical ones.

    Near images of people who are known apart, the twins, are no copies.
    """
    identical = [rows("plain", "copy", "copy2"), rows("same", "same2"), rows("black", "black2")]
    assert found.identical == identical
    assert found.near == [
        rows("plain", "copy", "copy2", "darker"),
        rows("other", "other-bright"),
        *identical[1:],
    ]


def test_bad_images(found: Audit) -> None:
    """Images of one value and broken ones are named, the latter with their file."""
    assert found.constant == rows("black", "black2", "grey")
    assert [failure.id for failure in found.broken] == ["broken"]
    assert "broken.png" in found.broken[0].reason


def test_landmarks_outside(found: Audit) -> None:
    """Landmarks over half a pixel outside are counted, for faces that have any."""
    shifted = POINTS.astype(np.float64) + np.array([39, 0])
    beyond = sum(x > 39.5 or y > 39.5 or x < -0.5 or y < -0.5 for x, y in shifted.tolist())
    assert beyond > 34
    expected = {ROW["beyond"]: 3, ROW["away"]: beyond}
    assert {row: int(n) for row, n in enumerate(found.outside) if n} == expected


def test_summary(found: Audit) -> None:
    """Groups and faces of each finding, counted by hand."""
    assert found.summary() == [
        ("identical images", 3, 7),
        ("  in train and also in val or test", 1, 3),
        ("  in val and also in test", 0, 0),
        ("  with conflicting labels", 2, 5),
        ("near copies", 4, 10),
        ("  in train and also in val or test", 2, 6),
        ("  in val and also in test", 1, 4),
        ("  with conflicting labels", 2, 6),
        ("images of one constant value", None, 3),
        ("images that cannot be read", None, 1),
        ("faces without usable landmarks", None, 1),
        ("faces with landmarks outside the image", None, 2),
        ("  with more than half of them outside", None, 1),
    ]
    missing = found.missing_landmarks()
    assert missing.to_dict() == {"test": {"happy": 0, "sad": 1}}


def test_tables_on_disk(found: Audit, tmp_path: Path) -> None:
    """The tables name every face found, and failures exist only where something failed."""
    folder = tmp_path / "report"
    found.write(folder)
    tables = {}
    for path in folder.iterdir():
        with path.open(newline="") as file:
            tables[path.name] = list(csv.DictReader(file))
    names = {"summary.csv", "copies.csv", "images.csv", "landmarks.csv", "failures.csv"}
    assert set(tables) == names
    copies = [(row["kind"], row["cluster"], row["id"]) for row in tables["copies.csv"]]
    assert copies[:3] == [("identical", "identical-00000", f) for f in ("plain", "copy", "copy2")]
    assert ("near", "near-00001", "other-bright") in copies
    assert len(copies) == 7 + 10
    images = {
        row["id"]: (row["constant"], row["landmarks_outside"]) for row in tables["images.csv"]
    }
    assert images["black"] == ("True", "0")
    assert images["beyond"] == ("False", "3")
    assert set(images) == {"black", "black2", "grey", "beyond", "away"}
    assert [row["id"] for row in tables["failures.csv"]] == ["broken"]


def test_workers_change_nothing(tmp_path: Path) -> None:
    """One thread or four write the same bytes."""
    faces, manifest = made(tmp_path / "set")
    written = []
    for workers in (1, 4):
        audit(faces, manifest, workers=workers).write(tmp_path / str(workers))
        folder = tmp_path / str(workers)
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1]


def test_near_copies_can_be_left_out(tmp_path: Path) -> None:
    """With a threshold above 1 only identical images are linked."""
    found = audit(*made(tmp_path), workers=1, near=1.01)
    assert found.near == found.identical
    assert len(found.identical) == 3


def test_copies_are_put_into_groups(found: Audit) -> None:
    """Copies share a group; people whose faces are copies become one group; others stay."""
    before = dict(zip(found.manifest.faces["id"], found.manifest.faces["group"], strict=True))
    fixed = group_copies(found).faces
    group = dict(zip(fixed["id"], fixed["group"], strict=True))
    joined = [
        {"plain", "copy", "copy2", "darker"},
        {"other", "other-bright", "anna2"},
        {"same", "same2", "eva2", "fay2"},
        {"black", "black2"},
    ]
    names = [{group[face] for face in faces} for faces in joined]
    assert [len(name) for name in names] == [1, 1, 1, 1]
    assert len(set.union(*names)) == 4
    alone = set(group) - set.union(*joined)
    assert all(group[face] == before[face] for face in alone)
    changed = [name for name in fixed.columns if name != "group"]
    assert fixed[changed].equals(found.manifest.faces[changed])


def test_grouping_twice_changes_nothing(found: Audit, tmp_path: Path) -> None:
    """An audit of the grouped manifest gives the same manifest, byte for byte."""
    once = group_copies(found)
    faces = ManifestFaces(once, tmp_path / "data" / "small")
    twice = group_copies(audit(faces, once, workers=1))
    for name, manifest in (("once", once), ("twice", twice)):
        manifest.write(tmp_path / name / "m.csv")
    files = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("once", "twice")
    ]
    assert files[0] == files[1]
    assert once.facts["duplicates"] == {"identical_groups": 3, "near_groups": 4}


def test_near_copies_of_grouped_copies_are_found(tmp_path: Path) -> None:
    """Grouping identical images first does not hide that two such groups are near copies."""
    one, other = picture(1), cv2.add(picture(1), (9, 9, 9, 0))
    manifest = make_manifest(["happy", "sad", "happy", "sad"])
    pictures = {"f0": one, "f1": one, "f2": other, "f3": other}
    root = make_workspace(tmp_path, manifest, pictures).data_root("small")
    strict = audit(ManifestFaces(manifest, root), manifest, workers=1, near=1.01)
    grouped = group_copies(strict)
    assert grouped.faces["group"].nunique() == 2
    again = audit(ManifestFaces(grouped, root), grouped, workers=1)
    assert again.near == [[0, 1, 2, 3]]
    assert group_copies(again).faces["group"].nunique() == 1


@pytest.mark.parametrize("order", [range(6), range(5, -1, -1), (4, 2, 0, 5, 3, 1)])
def test_people_who_look_alike_stay_apart_twice(tmp_path: Path, order: list[int]) -> None:
    """P and Q look alike; s is identical with one of P, and t looks like all of them.

    Grouping keeps P and Q apart, and auditing and grouping again changes nothing.
    """
    tones = (0, 30, 9, 31, 0, 5)
    ids, groups = ["p1", "p2", "q1", "q2", "s", "t"], ["P", "P", "Q", "Q", "s", "t"]
    manifest = make_manifest(
        ["happy", "sad"] * 3, ids=[ids[i] for i in order], groups=[groups[i] for i in order]
    )
    look = picture(1) // 2 + 20
    pictures = {face: look + np.uint8(tone) for face, tone in zip(ids, tones, strict=True)}
    pictures["p2"], pictures["q2"] = picture(8), picture(9)
    root = make_workspace(tmp_path, manifest, pictures).data_root("small")
    once = group_copies(audit(ManifestFaces(manifest, root), manifest, workers=1))
    group = dict(zip(once.faces["id"], once.faces["group"], strict=True))
    assert group["p1"] == group["p2"] == group["s"] == "P"
    assert group["q1"] == group["q2"] == "Q"
    assert group["t"] in ("P", "Q")
    twice = group_copies(audit(ManifestFaces(once, root), once, workers=1))
    assert twice.faces.equals(once.faces)
    assert twice.facts == once.facts


def test_fer2013_holds_the_copies_that_are_known(tmp_path: Path) -> None:
    """The counts of identical, crossing, conflicting and blank images of the real FER2013."""
    path = Path(os.environ.get("OCCBENCH_TEST_DATA", _REAL)) / "fer2013.npz"
    if not path.is_file():
        pytest.skip(f"no '{path}'; set OCCBENCH_TEST_DATA to the real data")
    with np.load(path) as archive:
        images, labels, usage = archive["images"], archive["labels"], archive["usage"]
    np.save(tmp_path / "pixels.npy", images)
    manifest = make_manifest(
        [FER2013.names[label] for label in labels],
        classes=FER2013.names,
        partitions=[("train", "val", "test")[use] for use in usage],
        stack=True,
    )
    found = audit(ManifestFaces(manifest, tmp_path), manifest, workers=1, near=1.01)
    groups = found.identical
    copies = sum(len(group) for group in groups)
    assert len(images) - copies + len(groups) == 34034
    assert (len(groups), copies) == (1516, 3369)
    summary = {text.strip(): number for text, number, _ in found.summary()[:4]}
    assert summary["in train and also in val or test"] == 531
    assert summary["with conflicting labels"] == 57
    assert len(found.constant) == 12
    assert found.broken == ()
