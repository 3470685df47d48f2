"""FER2013 as image files in class folders."""

import numpy as np
import pytest

from occbench.dataset.adapters import fer2013
from occbench.errors import DataError


@pytest.fixture
def scan(tmp_path):
    """Scans with plain arguments where none are given."""

    def run(source, **options):
        return fer2013.scan(source, name="f", room=tmp_path / "room", workers=2, **options)

    return run


@pytest.mark.parametrize(
    ("folder", "partition"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("val", "val"),
        ("validation", "val"),
        ("PublicTest", "val"),
        ("test", "test"),
        ("PrivateTest", "test"),
    ],
)
def test_partitions_by_folder(scan, tmp_path, draw, folder, partition):
    """The names of folders in circulation stand for the right partition, in any case."""
    draw(tmp_path / folder / "angry" / "1.png")
    found = scan(tmp_path)
    assert found.manifest.faces["partition"].tolist() == [partition]
    assert found.root == tmp_path
    assert found.manifest.images == "files"


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("0", "angry"),
        ("6", "neutral"),
        ("anger", "angry"),
        ("Angry", "angry"),
        ("happiness", "happy"),
        ("sadness", "sad"),
        ("DISGUST", "disgust"),
        ("fearful", "fear"),
        ("surprised", "surprise"),
    ],
)
def test_emotions_by_folder(scan, tmp_path, draw, folder, label):
    """Names and numbers of emotions in circulation stand for the right class."""
    draw(tmp_path / "train" / folder / "1.jpg")
    assert scan(tmp_path).manifest.faces["label"].tolist() == [label]


def test_ids_are_paths(scan, tmp_path, draw):
    """Image files are in natural order and named by their path without its suffix."""
    for name in ("train/angry/im10.png", "train/angry/im2.png", "test/angry/im2.png"):
        draw(tmp_path / name)
    faces = scan(tmp_path).manifest.faces
    assert faces["id"].tolist() == ["test/angry/im2", "train/angry/im2", "train/angry/im10"]
    assert faces["image"].tolist() == [name + ".png" for name in faces["id"]]


def test_unknown_emotions_are_named(scan, tmp_path, draw):
    """A folder that is no emotion is named with its number of images and counted."""
    draw(tmp_path / "train/angry/1.png")
    draw(tmp_path / "train/bored/1.png")
    draw(tmp_path / "train/bored/2.png")
    found = scan(tmp_path)
    assert [problem.item for problem in found.problems] == ["train/bored"]
    assert "2 images" in found.problems[0].reason
    assert found.manifest.facts["left_out"] == {"no emotion": {"unknown": 2}}


def test_no_emotion_at_all_is_refused(scan, tmp_path, draw):
    """Class folders without any emotion are refused with their names."""
    draw(tmp_path / "train/cats/1.png")
    with pytest.raises(DataError, match="'cats'"):
        scan(tmp_path)


def test_joined_test_folder_is_explained(scan, tmp_path, draw, monkeypatch):
    """A test folder of the size of both test sets together is explained as that."""
    monkeypatch.setattr(fer2013, "_PUBLISHED", {"train": 1, "val": 1, "test": 1})
    for name in ("train/sad/1.png", "test/sad/1.png", "test/sad/2.png"):
        draw(tmp_path / name)
    assert "PublicTest and PrivateTest together" in scan(tmp_path).warnings[0]


def test_landmarks_by_name_and_by_place(scan, tmp_path, draw, points):
    """A stack is matched by file names or, without them, by natural order; gaps are counted."""
    names = ["test/sad/2.png", "train/happy/1.png", "train/sad/2.png", "train/sad/10.png"]
    for name in names:
        draw(tmp_path / "images" / name)
    stack = np.stack([points(row).reshape(68, 2) for row in range(4)]).astype(np.float32)
    stack[1] = np.nan
    np.savez(tmp_path / "place.npz", landmarks=stack)
    order = [2, 0, 3, 1]
    np.savez(
        tmp_path / "names.npz", landmarks=stack[order], files=np.array([names[i] for i in order])
    )
    for file in ("place.npz", "names.npz"):
        found = scan(tmp_path / "images", landmarks=tmp_path / file)
        assert found.manifest.faces["image"].tolist() == names
        np.testing.assert_array_equal(found.manifest.landmarks, stack)
        assert found.manifest.facts["without_landmarks"] == {"happy": 1}
        assert found.problems == ()


def test_rescans_are_identical(scan, tmp_path, draw, written):
    """Two scans write the same bytes."""
    for row in range(12):
        draw(tmp_path / f"train/{row % 7}/{row}.png", row)
    assert written(scan(tmp_path)) == written(scan(tmp_path))
