"""Landmarks and counts of FER2013, on made rows and, where it is at hand, on the real data."""

import numpy as np
import pytest

from occbench.dataset.adapters import fer2013
from occbench.errors import DataError

CLASSES = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
PARTITIONS = ["train", "val", "test"]
# Faces per class and partition of the whole data set.
TABLE = {
    "angry": (3995, 467, 491),
    "disgust": (436, 56, 55),
    "fear": (4097, 496, 528),
    "happy": (7215, 895, 879),
    "sad": (4830, 653, 594),
    "surprise": (3171, 415, 416),
    "neutral": (4965, 607, 626),
}


@pytest.fixture
def scan(tmp_path):
    """Scans with plain arguments where none are given."""

    def run(source, **options):
        arguments = {"name": "fer", "room": tmp_path / "room", "workers": 2} | options
        return fer2013.scan(source, **arguments)

    return run


def pixels_of(found):
    """The image of each face, looked up in the stack by the manifest's image column."""
    stack = np.load(found.root / "pixels.npy")
    return stack[found.manifest.faces["image"].astype(int)]


def test_landmarks_by_row_of_the_file(made, scan, tmp_path, points):
    """Row i belongs to row i of the file even after a broken row; faces without are counted."""
    made.labels[4] = 9
    stack = np.stack([points(row).reshape(68, 2) for row in range(30)]).astype(np.float32)
    stack[[10, 20]] = np.nan
    np.savez(tmp_path / "landmarks.npz", landmarks=stack)
    found = scan(made.csv(tmp_path / "f.csv"), landmarks=tmp_path / "landmarks.npz")
    np.testing.assert_array_equal(found.manifest.landmarks, np.delete(stack, 4, axis=0))
    missing = [CLASSES[made.labels[row]] for row in (10, 20)]
    assert found.manifest.facts["without_landmarks"] == {
        name: missing.count(name) for name in CLASSES if name in missing
    }
    assert any(text.startswith("2 of 29 faces have no usable landmarks") for text in found.warnings)
    assert found.manifest.facts["options"]["landmarks"] == "landmarks.npz"


def test_unusable_landmarks_are_named(made, scan, tmp_path, points):
    """A row that is neither empty nor usable is named with the reason and becomes NaN."""
    stack = np.stack([points(row).reshape(68, 2) for row in range(30)]).astype(np.float32)
    stack[6] = 0
    stack[8, 3] = np.nan
    np.save(tmp_path / "landmarks.npy", stack)
    found = scan(made.csv(tmp_path / "f.csv"), landmarks=tmp_path / "landmarks.npy")
    reasons = {problem.item: problem.reason for problem in found.problems}
    assert set(reasons) == {"landmarks.npy row 6", "landmarks.npy row 8"}
    assert "temples" in reasons["landmarks.npy row 6"]
    assert np.isnan(found.manifest.landmarks[[6, 8]]).all()


def test_unfit_landmarks_are_refused(made, scan, tmp_path):
    """Landmarks that are missing or of another number of rows are refused with both numbers."""
    path = made.csv(tmp_path / "f.csv")
    np.savez(tmp_path / "landmarks.npz", landmarks=np.zeros((29, 68, 2)))
    with pytest.raises(DataError, match="29 rows of landmarks for 30 rows"):
        scan(path, landmarks=tmp_path / "landmarks.npz")
    with pytest.raises(DataError, match=r"absent\.npz"):
        scan(path, landmarks=tmp_path / "absent.npz")


def test_without_landmarks_one_warning(made, scan, tmp_path):
    """Without landmarks all rows are NaN, and one sentence says so."""
    found = scan(made.csv(tmp_path / "f.csv"))
    assert np.isnan(found.manifest.landmarks).all()
    assert sum("landmarks" in text for text in found.warnings) == 1


def test_counts_are_compared_with_the_published_ones(made, scan, tmp_path):
    """Another number of faces than FER2013 has is one warning with both."""
    counts = [int((made.usage == usage).sum()) for usage in range(3)]
    text = scan(made.csv(tmp_path / "f.csv")).warnings[0]
    assert f"{counts[0]} train, {counts[1]} val, {counts[2]} test" in text
    assert "28,709 train, 3,589 val, 3,589 test" in text


def test_made_data_of_full_size(made, scan, tmp_path, points):
    """35,887 made rows give the published counts, class table and landmark coverage."""
    order = [(usage, label) for usage in range(3) for label in range(7)]
    sizes = [TABLE[CLASSES[label]][usage] for usage, label in order]
    made.usage = np.repeat([usage for usage, _ in order], sizes)
    made.labels = np.repeat([label for _, label in order], sizes)
    made.images = np.zeros((35887, 48, 48), np.uint8)
    made.images[:, 0, 0] = np.arange(35887) % 251
    stack = np.tile(points(0).reshape(1, 68, 2).astype(np.float32), (35887, 1, 1))
    stack[30795:] = np.nan
    np.savez(tmp_path / "l.npz", landmarks=stack)
    found = scan(made.npz(tmp_path / "fer2013.npz"), landmarks=tmp_path / "l.npz")
    check_published(found)


@pytest.mark.slow
def test_real_npz(scan, real_data, written):
    """The real data has the published counts, class table and landmark coverage."""
    found = scan(real_data / "fer2013.npz", landmarks=real_data / "fer2013_landmarks.npz")
    check_published(found)
    assert found.problems == ()
    with np.load(real_data / "fer2013.npz") as archive:
        np.testing.assert_array_equal(pixels_of(found), archive["images"])


def check_published(found):
    """The facts that hold for the whole of FER2013."""
    counts = found.manifest.counts()
    assert counts.sum().to_dict() == {"train": 28709, "val": 3589, "test": 3589}
    assert {name: tuple(row) for name, row in counts.iterrows()} == TABLE
    assert round(100 * found.manifest.usable.mean(), 1) == 85.8
    assert not any(text.startswith("The source has") for text in found.warnings)


@pytest.mark.slow
def test_real_sample_csv(scan, real_data):
    """The 700 original lines hold the pixels and labels of their rows in the archive."""
    found = scan(real_data / "fer2013_sample700.csv")
    rows = np.loadtxt(real_data / "fer2013_sample700_rows.txt", dtype=int)
    with np.load(real_data / "fer2013.npz") as archive:
        np.testing.assert_array_equal(pixels_of(found), archive["images"][rows])
        labels = [CLASSES[label] for label in archive["labels"][rows]]
        usages = [PARTITIONS[usage] for usage in archive["usage"][rows]]
    assert found.manifest.faces["label"].tolist() == labels
    assert found.manifest.faces["partition"].tolist() == usages
