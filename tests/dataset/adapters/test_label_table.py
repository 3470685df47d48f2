"""The adapter for any folder of images, with a table of labels."""

import numpy as np
import pytest

from occbench.dataset.adapters import folder
from occbench.errors import DataError


@pytest.fixture
def source(tmp_path, draw):
    """Three images, one of them in a folder."""
    for name in ("1.jpg", "10.jpg", "deep/2 é.png"):
        draw(tmp_path / "faces" / name)
    return tmp_path / "faces"


@pytest.fixture
def scan(source, tmp_path):
    """Scans the three images with the given text as their table."""

    def run(text, **options):
        table = tmp_path / "labels.csv"
        table.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return folder.scan(
            source, name="f", room=tmp_path / "room", workers=1, labels=table, **options
        )

    return run


def reasons(found):
    """Reasons of problems by item."""
    return {problem.item: problem.reason for problem in found.problems}


ROWS = "10.jpg,sad\n./1.jpg,happy\ndeep/2 é.png, sad \n"


def test_image_and_label(scan, source):
    """Rows come in natural order of the images, wherever they stand in the table."""
    found = scan("image,label\n" + ROWS)
    faces = found.manifest.faces
    assert faces["image"].tolist() == ["1.jpg", "10.jpg", "deep/2 é.png"]
    assert faces["id"].tolist() == ["1", "10", "deep/2 é"]
    assert faces["label"].tolist() == ["happy", "sad", "sad"]
    assert faces["partition"].tolist() == [""] * 3
    assert found.manifest.facts["options"]["labels"] == "labels.csv"
    assert found.root == source
    assert found.problems == ()


def test_all_columns(scan):
    """Partition, group and id are taken where they are given; others are passed over."""
    found = scan(
        "ID,Extra,Group,Partition,Image,LABEL\n"
        "x,?,p1,Training,1.jpg,happy\n"
        ",?,p1,valid,10.jpg,sad\n"
        "y,?,,TEST,deep/2 é.png,sad\n"
    )
    faces = found.manifest.faces
    assert faces["id"].tolist() == ["x", "10", "y"]
    assert faces["group"].tolist() == ["p1", "p1", "y"]
    assert faces["partition"].tolist() == ["train", "val", "test"]
    assert found.problems == ()


def test_table_as_other_programs_save_it(scan):
    """A byte order mark, blanks in the header, quotes and Windows line ends are no matter."""
    text = '\ufeffImage , "label"\r\n"1.jpg","happy"\r\n10.jpg,sad\r\n"deep/2 é.png",sad\r\n\r\n'
    assert scan(text).problems == ()


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("absent.jpg,sad", "no image 'absent.jpg'"),
        ("../1.jpg,sad", "no image '../1.jpg'"),
        ("/etc/passwd,sad", "no image '/etc/passwd'"),
        (",sad", "empty"),
        ("10.jpg,", "empty"),
        ("10.jpg,sad,train", "number of cells"),
        ("10.jpg", "number of cells"),
        ("1.jpg,sad", "second time"),
    ],
)
def test_unusable_lines_are_named(scan, line, part):
    """A line that cannot be used is named by number and reason; the others are kept."""
    found = scan(f"image,label\n1.jpg,happy\ndeep/2 é.png,sad\n{line}\n")
    texts = reasons(found)
    assert part in texts.pop("labels.csv line 4")
    assert set(texts) <= {"10.jpg"}
    assert found.manifest.faces["id"].tolist() == ["1", "deep/2 é"]


def test_unusable_partitions_and_ids_are_named(scan):
    """An unknown partition or an id given twice is named by its line."""
    found = scan(
        "image,label,partition,id\n1.jpg,happy,train,a\n10.jpg,sad,training set,b\n"
        "deep/2 é.png,sad,test,c\n"
    )
    assert "'training set'" in reasons(found)["labels.csv line 3"]
    found = scan("image,label,id\n1.jpg,happy,a\n10.jpg,sad,b\ndeep/2 é.png,sad,a\n")
    assert "'a'" in reasons(found)["labels.csv line 4"]


def test_images_not_in_the_table_are_named(scan):
    """An image that the table does not name is a problem."""
    found = scan("image,label\n1.jpg,happy\n10.jpg,sad\n")
    assert reasons(found) == {"deep/2 é.png": "not named in labels.csv"}


def test_empty_image_is_left_out(scan, source):
    """An image of zero bytes is named and counted for its label."""
    (source / "10.jpg").write_bytes(b"")
    found = scan("image,label\n" + ROWS)
    assert list(reasons(found)) == ["10.jpg"]
    assert found.manifest.facts["left_out"] == {"empty file": {"sad": 1}}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty file"),
        ("file,label\n1.jpg,happy\n", "file, label"),
        ("image;label\n1.jpg;happy\n", "image;label"),
        ("image,label,label\n1.jpg,happy,sad\n", "each once"),
        ("image,label\n", "names no image"),
        ("image,label\n1.jpg,happy\n", "single class 'happy'"),
        ("image,label\nabsent.jpg,happy\n", "1 lines have problems"),
        ("image,label\n1.jpg,é\n".encode("latin-1"), "UTF-8"),
    ],
)
def test_unfit_tables_are_refused(scan, text, part):
    """Tables without the columns, the images or two classes are refused with what they have."""
    with pytest.raises(DataError, match=part):
        scan(text)


def test_missing_table_is_refused(source, tmp_path):
    """A table that is not there is refused by name."""
    with pytest.raises(DataError, match=r"absent\.csv"):
        folder.scan(source, name="f", room=tmp_path, workers=1, labels=tmp_path / "absent.csv")


def test_classes_and_landmarks(scan, tmp_path, points, source):
    """Order of classes and a landmark stack work as with class folders, also inside the source."""
    stack = np.stack([points(row).reshape(68, 2) for row in range(3)]).astype(np.float32)
    np.save(source / "landmarks.npy", stack)
    found = scan("image,label\n" + ROWS, classes="sad,happy", landmarks=source / "landmarks.npy")
    assert found.manifest.classes.names == ("sad", "happy")
    np.testing.assert_array_equal(found.manifest.landmarks, stack)
    assert found.problems == ()


def test_folders_that_lead_to_themselves(scan, source):
    """A link to the folder that it lies in does not make the search endless."""
    (source / "deep/loop").symlink_to(source)
    assert len(scan("image,label\n" + ROWS).manifest) == 3
