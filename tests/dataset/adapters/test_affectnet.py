"""The AffectNet adapter on made trees in the layout of the distributed files."""

from collections import Counter

import numpy as np
import pytest

from occbench.dataset.adapters import affectnet
from occbench.dataset.manifest import Manifest
from occbench.errors import DataError

CLASSES = ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"]


def scan(tree, workers=2):
    """Scans a tree with plain arguments where none are given."""
    return affectnet.scan(tree.root, name="affect", room=tree.root / "room", workers=workers)


def reasons(found):
    """Reasons of problems by item."""
    return {problem.item: problem.reason for problem in found.problems}


@pytest.fixture
def filled(affectnet_tree):
    """Ten training faces with gaps in the numbers, four test faces."""
    for number in (1, 2, 3, 10, 11, 20, 100, 101, 200, 1000):
        affectnet_tree.add("train_set", number)
    for number in (4, 5, 40, 41):
        affectnet_tree.add("val_set", number)
    return affectnet_tree


def test_table_in_natural_order(filled):
    """Numbers decide the order, train_set comes first, and val_set is the test partition."""
    faces = scan(filled).manifest.faces
    train = [f"train/{n}" for n in (1, 2, 3, 10, 11, 20, 100, 101, 200, 1000)]
    assert faces["id"].tolist() == train + [f"test/{n}" for n in (4, 5, 40, 41)]
    assert faces["group"].tolist() == faces["id"].tolist()
    assert faces["partition"].tolist() == ["train"] * 10 + ["test"] * 4
    assert faces["image"].iloc[0] == "train_set/images/1.jpg"
    assert faces["image"].iloc[-1] == "val_set/images/41.jpg"
    assert faces["label"].iloc[3] == CLASSES[10 % 8]


def test_landmarks_follow_faces(filled, points):
    """Row i of the landmarks is what the file of face i holds, as float32."""
    found = scan(filled)
    numbers = [int(name.partition("/")[2]) for name in found.manifest.faces["id"]]
    expected = np.stack([points(number).reshape(68, 2) for number in numbers])
    np.testing.assert_array_equal(found.manifest.landmarks, expected.astype(np.float32))
    assert found.problems == ()


@pytest.mark.parametrize(
    "value",
    [
        np.array("3"),
        np.array(b"3"),
        np.array("3.0"),
        np.array(3),
        np.array(3.0),
        np.array(["3"]),
        np.array([[3]], np.uint8),
        np.array(" 3 "),
    ],
    ids=repr,
)
def test_labels_as_numbers_and_text(affectnet_tree, value):
    """One number is a label in any dtype, as text or bytes, alone or in an array of one."""
    affectnet_tree.add("train_set", 1, exp=value)
    assert scan(affectnet_tree).manifest.faces["label"].tolist() == ["surprise"]


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (np.array("11"), "11"),
        (np.array(-1), "-1"),
        (np.array(1.5), "1.5"),
        (np.array(np.nan), "nan"),
        (np.array("happy"), "'happy'"),
        (np.array([1, 2]), "(2,)"),
        (np.array([]), "(0,)"),
        (np.array(True), "bool"),
        (np.array(None), "Python objects"),
        (b"", "0 bytes"),
        (b"no array", "8 bytes"),
        (None, "missing"),
    ],
    ids=repr,
)
def test_unusable_labels_are_named(filled, value, part):
    """A face whose label is missing, broken or no class is left out, counted and named."""
    filled.add("train_set", 30, exp=value)
    found = scan(filled)
    assert list(reasons(found)) == ["train_set/annotations/30_exp.npy"]
    assert part in found.problems[0].reason
    assert str(filled.root) not in found.problems[0].reason
    assert "train/30" not in set(found.manifest.faces["id"])
    assert found.manifest.facts["left_out"] == {"without label": {"unknown": 1}}


def test_faces_without_expression_are_counted(filled):
    """The ids 8, 9 and 10 are left out by reason; their other files are not asked for."""
    for number, label in ((50, "8"), (51, 9), (52, "9"), (53, "10")):
        filled.add("train_set", number, exp=np.array(label), lnd=b"broken", aro=None)
    found = scan(filled)
    expected = {"none": {"8": 1}, "uncertain": {"9": 2}, "no-face": {"10": 1}}
    assert found.manifest.facts["left_out"] == expected
    assert len(found.manifest) == 14
    assert found.problems == ()


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (None, "missing"),
        (b"\x93NUMPY", "no .npy file"),
        (np.full(136, np.nan), "68 of 68 landmarks are NaN"),
        (np.zeros(136), "temples"),
        (np.arange(10.0), "(10,)"),
        (np.array([None] * 136), "Python objects"),
        (np.array(["x"] * 136), "no number"),
    ],
    ids=["missing", "cut", "nan", "zero", "short", "objects", "text"],
)
def test_unusable_landmarks_leave_the_face(filled, value, part):
    """A face without usable landmarks stays with NaN, and its file is named with the reason."""
    filled.add("val_set", 60, lnd=value)
    found = scan(filled)
    assert list(reasons(found)) == ["val_set/annotations/60_lnd.npy"]
    assert part in found.problems[0].reason
    assert str(filled.root) not in found.problems[0].reason
    row = found.manifest.faces["id"].tolist().index("test/60")
    assert np.isnan(found.manifest.landmarks[row]).all()
    assert found.manifest.usable.sum() == 14


def test_landmarks_beyond_any_image(filled, points):
    """Coordinates that only 64 bits can hold are unusable, not infinite."""
    filled.add("train_set", 70, lnd=points(70) * 1e40)
    found = scan(filled)
    assert "expected pixels" in reasons(found)["train_set/annotations/70_lnd.npy"]
    assert np.isnan(found.manifest.landmarks).sum() == 136


def test_valence_and_arousal(affectnet_tree):
    """Both are text columns of at most six digits; -0 has no sign."""
    affectnet_tree.add("train_set", 1, val=np.array("0.123456789"), aro=np.array(-0.0))
    affectnet_tree.add("train_set", 2, val=np.array(-1), aro=np.array(0.000012345678))
    faces = scan(affectnet_tree).manifest.faces
    assert faces["valence"].tolist() == ["0.123457", "-1.0"]
    assert faces["arousal"].tolist() == ["0.0", "1.23457e-05"]


def test_missing_measures_are_summed_up(filled):
    """Missing valence or arousal is one sentence with counts; a broken one is a problem."""
    filled.add("train_set", 80, val=None, aro=None)
    filled.add("val_set", 81, val=None)
    filled.add("val_set", 82, aro=np.array("nan"))
    found = scan(filled)
    texts = [text for text in found.warnings if "valence" in text]
    assert texts == ["Some faces have no valence (2) or no arousal (1); these cells are empty."]
    assert list(reasons(found)) == ["val_set/annotations/82_aro.npy"]
    rows = found.manifest.faces.set_index("id")
    assert rows.loc["train/80", ["valence", "arousal"]].tolist() == ["", ""]
    assert rows.loc["test/82", "arousal"] == ""


def test_left_over_annotations(filled):
    """Annotations without an image are named once per number; strange files one by one."""
    filled.annotate("train_set", 90, "exp", np.array("1"))
    filled.annotate("train_set", 90, "lnd", np.array("1"))
    (filled.root / "train_set/annotations/notes.txt").write_text("x")
    (filled.root / "train_set/annotations/.DS_Store").write_text("x")
    (filled.root / "train_set/images/Thumbs.db").write_text("x")
    found = reasons(scan(filled))
    assert set(found) == {
        "train_set/annotations/90_exp.npy",
        "train_set/annotations/notes.txt",
        "train_set/images/Thumbs.db",
    }
    assert "90_lnd.npy" in found["train_set/annotations/90_exp.npy"]


def test_suffixes_of_images(affectnet_tree):
    """Suffixes are taken in any case, PNG too; a second image of a number is named."""
    affectnet_tree.add("train_set", 1, suffix=".JPG")
    affectnet_tree.add("train_set", 2, suffix=".png")
    affectnet_tree.add("train_set", 2, suffix=".jpg")
    found = scan(affectnet_tree)
    assert found.manifest.faces["image"].tolist() == [
        "train_set/images/1.JPG",
        "train_set/images/2.jpg",
    ]
    assert reasons(found) == {"train_set/images/2.png": "has the same number as 2.jpg"}


def test_empty_images_are_left_out(filled):
    """An image of zero bytes is named, counted and left out."""
    (filled.root / "train_set/images/2.jpg").write_bytes(b"")
    found = scan(filled)
    assert list(reasons(found)) == ["train_set/images/2.jpg"]
    assert found.manifest.facts["left_out"] == {"empty file": {"unknown": 1}}


def test_counts_are_compared_with_the_published_ones(filled):
    """Each set's total is told with the classes that differ, and only with those."""
    text = next(text for text in scan(filled).warnings if text.startswith("'val_set'"))
    assert "has 4 faces, the published one 3,999" in text
    labels = Counter(number % 8 for number in (4, 5, 40, 41))
    published = [500] * 7 + [499]
    for label, name in enumerate(CLASSES):
        assert f"{name} {labels[label]} instead of {published[label]}" in text


def test_published_counts_give_no_warning(affectnet_tree, monkeypatch):
    """A set with exactly the published number of faces per class is not warned about."""
    for number in range(8):
        affectnet_tree.add("val_set", number)
    monkeypatch.setitem(affectnet._PUBLISHED, "val_set", (1,) * 8)
    found = scan(affectnet_tree)
    assert found.warnings == ("'train_set' is not there; the data set has no train partition.",)


def test_published_table_adds_up():
    """The class table sums to the 287,651 training and 3,999 test faces of the publication."""
    assert {part: sum(row) for part, row in affectnet._PUBLISHED.items()} == {
        "train_set": 287_651,
        "val_set": 3_999,
    }


def test_neither_set_is_refused(tmp_path):
    """A folder without both sets is refused with what it holds instead."""
    (tmp_path / "AffectNet").mkdir()
    with pytest.raises(DataError, match="'AffectNet'"):
        affectnet.scan(tmp_path, name="a", room=tmp_path, workers=1)
    with pytest.raises(DataError, match="no folder"):
        affectnet.scan(tmp_path / "absent", name="a", room=tmp_path, workers=1)


def test_set_without_annotations_is_refused(affectnet_tree, draw):
    """A set without its annotation folder is refused by the folder's name."""
    draw(affectnet_tree.root / "train_set/images/1.jpg")
    with pytest.raises(DataError, match="annotations"):
        scan(affectnet_tree)


def test_no_labelled_face_is_refused(affectnet_tree):
    """A data set in which no face has a label is refused."""
    affectnet_tree.add("train_set", 1, exp=None)
    with pytest.raises(DataError, match="label"):
        scan(affectnet_tree)


def test_workers_do_not_change_the_bytes(affectnet_tree, written):
    """Scans with one and four threads, and again, write the same bytes and problems."""
    for number in range(600):
        affectnet_tree.add("train_set", number, **({"lnd": None} if number % 50 == 0 else {}))
    found = [scan(affectnet_tree, workers) for workers in (1, 4, 4)]
    files = [written(one) for one in found]
    assert files[0] == files[1] == files[2]
    assert found[0].problems == found[1].problems
    assert len(found[0].problems) == 12


def test_place_does_not_change_the_bytes(filled, written):
    """The same tree in another folder gives the same manifest: no path of the machine is in it."""
    first = written(scan(filled))
    filled.root = filled.root.rename(filled.root.with_name("moved"))
    assert written(scan(filled)) == first
    assert not any(str(filled.root.parent).encode() in data for data in first.values())


def test_manifest_reads_back(filled, tmp_path):
    """What is written is what is read, with empty measures as empty text."""
    filled.add("train_set", 5000, val=None)
    found = scan(filled)
    found.manifest.write(tmp_path / "a.csv")
    again = Manifest.read(tmp_path / "a.csv")
    assert again.faces.to_dict("list") == found.manifest.faces.to_dict("list")
    assert again.facts == found.manifest.facts
