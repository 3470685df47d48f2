"""The adapter for any folder of images in class folders."""

import numpy as np
import pytest

from occbench.dataset.adapters import folder
from occbench.errors import DataError


@pytest.fixture
def scan(tmp_path):
    """Scans a folder with plain arguments where none are given."""

    def run(source, workers=2, **options):
        return folder.scan(source, name="f", room=tmp_path / "room", workers=workers, **options)

    return run


@pytest.fixture
def source(tmp_path, draw):
    """Two classes of three images."""
    for name in (
        "happy/2.jpg",
        "happy/10.jpg",
        "happy/1.png",
        "sad/1.jpg",
        "sad/2.JPG",
        "sad/3.bmp",
    ):
        draw(tmp_path / "faces" / name)
    return tmp_path / "faces"


def reasons(found):
    """Reasons of problems by item."""
    return {problem.item: problem.reason for problem in found.problems}


def test_class_folders(source, scan):
    """Folders are classes in natural order, and images stay in place in natural order."""
    found = scan(source)
    faces = found.manifest.faces
    assert faces["id"].tolist() == ["happy/1", "happy/2", "happy/10", "sad/1", "sad/2", "sad/3"]
    assert faces["label"].tolist() == ["happy"] * 3 + ["sad"] * 3
    assert faces["partition"].tolist() == [""] * 6
    assert faces["group"].tolist() == faces["id"].tolist()
    assert found.manifest.classes.names == ("happy", "sad")
    assert found.root == source
    for image in faces["image"]:
        assert (source / image).is_file()


def test_partition_folders(tmp_path, scan, draw):
    """Folders by partition are told by their names in any case; others are named."""
    for part in ("Train", "valid", "TEST", "extra"):
        for label in ("a", "b"):
            draw(tmp_path / part / label / "1.jpg")
    draw(tmp_path / "Train" / "stray.jpg")
    found = scan(tmp_path)
    faces = found.manifest.faces
    assert dict(zip(faces["id"], faces["partition"], strict=True)) == {
        "TEST/a/1": "test",
        "TEST/b/1": "test",
        "Train/a/1": "train",
        "Train/b/1": "train",
        "valid/a/1": "val",
        "valid/b/1": "val",
    }
    assert set(reasons(found)) == {"extra", "Train/stray.jpg"}


def test_class_named_like_a_partition(tmp_path, scan, draw):
    """A folder called test that holds images, not folders, is a class."""
    draw(tmp_path / "test/1.jpg")
    draw(tmp_path / "other/1.jpg")
    assert scan(tmp_path).manifest.classes.names == ("other", "test")


def test_order_of_classes(source, scan):
    """The classes can be given in another order, but not other classes."""
    assert scan(source, classes="sad, happy").manifest.classes.names == ("sad", "happy")
    for wrong in ("sad", "sad,happy,angry", "sad,sad", ""):
        with pytest.raises(DataError, match="'happy', 'sad'"):
            scan(source, classes=wrong)


def test_unusual_names(tmp_path, scan, draw, points, written):
    """Blanks, dots, commas, quotes and letters of any script work, with landmarks beside."""
    names = [
        "ünï çødé/顔 1.2.jpg",
        'ünï çødé/a, "b".jpg',
        "c.d/.x.jpg",
        "c.d/e f.g.jpg",
        "c.d/e.jpg",
    ]
    for row, name in enumerate(names):
        path = draw(tmp_path / "faces" / name)
        np.save(path.with_name(path.stem + "_lnd.npy"), points(row))
    found = scan(tmp_path / "faces")
    kept = sorted(name for name in names if "/." not in name)
    assert sorted(found.manifest.faces["image"]) == kept
    assert sorted(found.manifest.faces["id"]) == sorted(name[:-4] for name in kept)
    assert found.manifest.usable.all()
    assert found.problems == ()
    assert written(found) == written(scan(tmp_path / "faces"))


def test_images_that_differ_by_suffix(tmp_path, scan, draw):
    """Images that differ only by suffix keep it in their ids; no id is given twice."""
    for name in ("a/1.jpg", "a/1.png", "a/2.jpg", "a/1.jpg.png", "b/1.jpg"):
        draw(tmp_path / name)
    faces = scan(tmp_path).manifest.faces
    assert dict(zip(faces["image"], faces["id"], strict=True)) == {
        "a/1.jpg": "a/1.jpg",
        "a/1.png": "a/1.png",
        "a/1.jpg.png": "a/1.jpg.png",
        "a/2.jpg": "a/2",
        "b/1.jpg": "b/1",
    }


def test_strange_files(source, scan):
    """Files that belong to no image are named; known companions and hidden files are not."""
    for name in ("notes.docx", "sad/Thumbs.db", "sad/1.npy", "sad/x.json", "list.csv", ".hidden"):
        (source / name).write_bytes(b"x")
    (source / "sad/deeper").mkdir()
    (source / "happy/gone.jpg").symlink_to(source / "nowhere.jpg")
    assert set(reasons(scan(source))) >= {
        "notes.docx",
        "sad/Thumbs.db",
        "sad/deeper",
        "happy/gone.jpg",
    }
    assert not set(reasons(scan(source))) & {"sad/x.json", "list.csv", ".hidden"}


def test_names_that_no_table_can_hold(source, scan, draw):
    """Names with line breaks or bytes that are no text are named in escaped form."""
    draw(source / "sad" / "a\nb.jpg")
    draw(source / "sad" / "c\udcff.jpg")
    assert set(reasons(scan(source))) == {"sad/a\\nb.jpg", "sad/c\\udcff.jpg"}


def test_links_are_followed(source, scan, tmp_path, draw):
    """Linked images and linked class folders count as what they lead to."""
    (source / "sad/linked.jpg").symlink_to(draw(tmp_path / "elsewhere/9.jpg"))
    (source / "third").symlink_to(tmp_path / "elsewhere")
    ids = scan(source).manifest.faces["id"].tolist()
    assert "sad/linked" in ids
    assert "third/9" in ids


def test_empty_files_are_left_out(source, scan):
    """An image of zero bytes is named and counted for its class."""
    (source / "sad/1.jpg").write_bytes(b"")
    found = scan(source)
    assert list(reasons(found)) == ["sad/1.jpg"]
    assert found.manifest.facts["left_out"] == {"empty file": {"sad": 1}}
    assert len(found.manifest) == 5


def test_too_few_classes_are_refused(source, scan, tmp_path, draw):
    """Empty classes, a single class, no class and no folder are refused with what is there."""
    (source / "angry").mkdir()
    with pytest.raises(DataError, match="no usable image of 'angry'"):
        scan(source)
    draw(tmp_path / "single/happy/1.jpg")
    with pytest.raises(DataError, match="single class 'happy'"):
        scan(tmp_path / "single")
    draw(tmp_path / "flat/1.jpg")
    with pytest.raises(DataError, match="1 images beside"):
        scan(tmp_path / "flat")
    with pytest.raises(DataError, match="no folder"):
        scan(tmp_path / "absent")


@pytest.mark.parametrize("form", ["beside", "mirrored", "inside", "named", "placed", "npy"])
def test_landmarks_in_every_form(source, scan, tmp_path, points, form):
    """Landmarks beside, mirrored, inside the source or in a stack reach their faces."""
    images = ["happy/1.png", "happy/2.jpg", "happy/10.jpg", "sad/1.jpg", "sad/2.JPG", "sad/3.bmp"]
    stack = np.stack([points(row).reshape(68, 2) for row in range(6)]).astype(np.float32)
    place = {
        "beside": source,
        "mirrored": tmp_path / "points",
        "inside": source / "points",
        "named": tmp_path / "points.npz",
        "placed": tmp_path / "points.npz",
        "npy": tmp_path / "points.npy",
    }[form]
    if form == "named":
        np.savez(place, landmarks=stack[::-1], files=np.array(images[::-1]))
    elif form == "placed":
        np.savez(place, landmarks=stack)
    elif form == "npy":
        np.save(place, stack.reshape(6, 136))
    else:
        for image, rows in zip(images, stack, strict=True):
            path = place / image.rpartition(".")[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path.with_name(path.name + "_lnd.npy"), rows)
    found = scan(source, landmarks=None if form == "beside" else place)
    np.testing.assert_array_equal(found.manifest.landmarks, stack)
    assert found.problems == ()
    assert found.warnings == ()


def test_stack_by_place_counts_empty_images(source, scan, tmp_path, points):
    """Row i belongs to image i of the folder also where an empty image before it is left out."""
    stack = np.stack([points(row).reshape(68, 2) for row in range(6)]).astype(np.float32)
    np.save(tmp_path / "points.npy", stack)
    (source / "happy/2.jpg").write_bytes(b"")
    found = scan(source, landmarks=tmp_path / "points.npy")
    np.testing.assert_array_equal(found.manifest.landmarks, np.delete(stack, 1, axis=0))


def test_unusable_landmarks_are_named(source, scan, points):
    """Faces whose landmarks are missing or broken stay with NaN and are named with the reason."""
    np.save(source / "happy/1_lnd.npy", points(1))
    np.save(source / "happy/2_lnd.npy", np.array([None] * 136), allow_pickle=True)
    np.save(source / "sad/1_lnd.npy", np.zeros((3, 2)))
    found = scan(source)
    texts = reasons(found)
    assert set(texts) == {"happy/2.jpg", "happy/10.jpg", "sad/1.jpg", "sad/2.JPG", "sad/3.bmp"}
    assert "Python objects" in texts["happy/2.jpg"]
    assert "(3, 2)" in texts["sad/1.jpg"]
    assert "no landmarks" in texts["sad/3.bmp"]
    assert not any(str(source) in text for text in texts.values())
    assert np.isnan(found.manifest.landmarks[1:]).all()
    assert found.manifest.usable.tolist() == [True] + [False] * 5


def test_no_landmarks_is_one_warning(source, scan, tmp_path):
    """Without any landmarks there is one sentence and not a problem per face."""
    found = scan(source)
    assert found.problems == ()
    assert len(found.warnings) == 1
    np.save(tmp_path / "points.npy", np.full((6, 68, 2), np.nan))
    found = scan(source, landmarks=tmp_path / "points.npy")
    assert (len(found.problems), len(found.warnings)) == (0, 1)


def test_only_broken_landmarks_are_problems(source, scan):
    """If there are landmarks but none can be used, each is named."""
    (source / "sad/1_lnd.npy").write_bytes(b"x")
    assert len(scan(source).problems) == 6


def test_missing_landmarks_are_refused(source, scan, tmp_path):
    """Landmarks that were asked for and are not there are refused by name."""
    with pytest.raises(DataError, match="absent"):
        scan(source, landmarks=tmp_path / "absent")


def test_workers_and_place_do_not_change_the_bytes(tmp_path, scan, draw, points, written):
    """One or four threads, a second scan or another place give the same manifest."""
    for row in range(520):
        path = draw(tmp_path / f"faces/{'ab'[row % 2]}/{row}.png", row)
        np.save(path.with_name(f"{row}_lnd.npy"), points(row) if row % 9 else np.zeros(136))
    first = scan(tmp_path / "faces", workers=1)
    again = scan(tmp_path / "faces", workers=4)
    assert first.problems == again.problems
    assert len(first.problems) == 58
    (tmp_path / "faces").rename(tmp_path / "moved")
    moved = scan(tmp_path / "moved", workers=4)
    assert written(first) == written(again) == written(moved)


def test_a_link_to_itself_is_a_problem(source, scan):
    """It is named, and the rest of the folder is scanned."""
    (source / "happy" / "loop.jpg").symlink_to("loop.jpg")
    (source / "loop").symlink_to("loop")
    found = scan(source)
    assert len(found.manifest) == 6
    expected = "neither a file nor a folder, or a broken link"
    assert reasons(found) == {"happy/loop.jpg": expected, "loop": expected}
