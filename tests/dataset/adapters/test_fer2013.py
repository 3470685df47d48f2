"""The FER2013 adapter on made files and, where it is at hand, on the real data."""

import csv

import numpy as np
import pytest

from occbench.dataset.adapters import fer2013
from occbench.errors import DataError

CLASSES = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
PARTITIONS = ["train", "val", "test"]


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


@pytest.mark.parametrize("layout", ["csv", "icml", "npz"])
def test_rows_become_faces(made, scan, tmp_path, layout):
    """Every layout gives each row its number as id, its class, partition and pixels."""
    path = tmp_path / ("any.npz" if layout == "npz" else "any.csv")
    found = scan(getattr(made, layout)(path))
    faces = found.manifest.faces
    assert faces["id"].tolist() == [f"{row:05d}" for row in range(30)]
    assert faces["group"].tolist() == faces["id"].tolist()
    assert faces["label"].tolist() == [CLASSES[label] for label in made.labels]
    assert faces["partition"].tolist() == [PARTITIONS[usage] for usage in made.usage]
    assert found.manifest.images == "stack"
    np.testing.assert_array_equal(pixels_of(found), made.images)
    assert found.root.parent == tmp_path / "room"
    assert found.problems == ()


def test_layouts_give_the_same_bytes(made, scan, tmp_path, written):
    """Both CSV layouts, the .npz and a second scan write the same manifest, byte for byte."""
    paths = [
        made.csv(tmp_path / "fer2013.csv"),
        made.icml(tmp_path / "icml_face_data.csv"),
        made.npz(tmp_path / "fer2013.npz"),
    ]
    first, *others = [written(scan(path)) for path in (*paths, paths[0])]
    assert all(other == first for other in others)
    assert not any(str(tmp_path).encode() in data for data in first.values())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda cells: (cells[0], cells[1].rpartition(" ")[0], cells[2]),
            "2303 pixels, expected 2304",
        ),
        (lambda cells: (cells[0], cells[1] + " 7", cells[2]), "2305 pixels, expected 2304"),
        (lambda cells: (cells[0], "", cells[2]), "0 pixels, expected 2304"),
        (lambda cells: (cells[0], "256 " + cells[1].partition(" ")[2], cells[2]), "'256'"),
        (lambda cells: (cells[0], "-1 " + cells[1].partition(" ")[2], cells[2]), "'-1'"),
        (lambda cells: (cells[0], "1.5 " + cells[1].partition(" ")[2], cells[2]), "'1.5'"),
        (lambda cells: (cells[0], "9" * 400 + " " + cells[1].partition(" ")[2], cells[2]), "255"),
        (lambda cells: (cells[0], "\u0663 " + cells[1].partition(" ")[2], cells[2]), "'\u0663'"),
        (lambda cells: ("7", *cells[1:]), "'7', expected 0 to 6"),
        (lambda cells: ("", *cells[1:]), "'', expected 0 to 6"),
        (lambda cells: ("12", *cells[1:]), "'12', expected 0 to 6"),
        (lambda cells: (*cells[:2], "Testing"), "'Testing', expected Training"),
        (lambda cells: cells[:2], "2 columns, expected 3"),
        (lambda cells: (*cells, "more"), "4 columns, expected 3"),
    ],
)
def test_broken_rows_are_named_by_line(made, scan, tmp_path, change, reason):
    """A broken row is named by its line with what is wrong; all others keep their ids."""
    lines = ["emotion,pixels,Usage"] + [",".join(cells) for cells in made.lines()]
    lines[16] = ",".join(change(lines[16].split(",")))
    path = tmp_path / "fer2013.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = scan(path)
    assert [problem.item for problem in found.problems] == ["line 17"]
    assert reason in found.problems[0].reason
    assert found.manifest.faces["id"].tolist() == [f"{row:05d}" for row in range(30) if row != 15]
    np.testing.assert_array_equal(pixels_of(found), np.delete(made.images, 15, axis=0))
    assert found.manifest.facts["left_out"] == {"broken row": {"unknown": 1}}


def test_csv_as_other_programs_save_it(made, scan, tmp_path, written):
    """A byte order mark, quotes, Windows line ends and empty lines at the end change nothing."""
    plain = made.csv(tmp_path / "fer2013.csv")
    other = tmp_path / "saved.csv"
    with other.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(["emotion", "pixels", "Usage"])
        writer.writerows(made.lines())
        file.write("\r\n\r\n")
    assert written(scan(other)) == written(scan(plain))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("emotion,pixels\n3,0 0\n", "header 'emotion,pixels'"),
        ("", "header ''"),
        ("emotion,pixels,Usage\n", "0 rows"),
        ("emotion,pixels,Usage\n3,0 0,Training\n", "line 2: 2 pixels"),
    ],
)
def test_useless_csv_is_refused(scan, tmp_path, text, part):
    """Without the header or a single good row the file is refused with what it has."""
    path = tmp_path / "fer2013.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=part):
        scan(path)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"labels": None}, "no array labels"),
        ({"images": np.zeros((30, 48, 47), np.uint8)}, "(30, 48, 47)"),
        ({"images": np.zeros((30, 48, 48))}, "float64"),
        ({"labels": np.zeros(29, np.uint8)}, "(29,)"),
        ({"usage": np.zeros(30)}, "float64"),
        ({"emotion_names": np.array(CLASSES[::-1])}, "'neutral', 'surprise'"),
        ({"usage_names": np.array(["Training", "Other"])}, "'Other'"),
        ({"labels": np.array([None] * 30)}, "readable"),
    ],
    ids=["missing", "shape", "dtype", "length", "usage", "emotions", "usages", "objects"],
)
def test_unfit_npz_is_refused(made, scan, tmp_path, changes, part):
    """An archive with missing, misshapen or foreign arrays is refused with what it has."""
    with pytest.raises(DataError) as refused:
        scan(made.npz(tmp_path / "fer2013.npz", **changes))
    assert part in str(refused.value)


def test_unknown_numbers_in_npz_are_named(made, scan, tmp_path):
    """Rows with an unknown emotion or usage are named by row and left out."""
    made.labels[3], made.usage[7] = 9, 5
    found = scan(made.npz(tmp_path / "fer2013.npz"))
    assert [problem.item for problem in found.problems] == ["row 3", "row 7"]
    assert len(found.manifest) == 28


@pytest.mark.parametrize("name", ["fer2013.npz", "fer2013.csv", "fer2013.txt"])
def test_no_fer2013_file_is_refused(scan, tmp_path, name):
    """A file of another kind is refused by name."""
    (tmp_path / name).write_bytes(b"\x00\x01\x02")
    with pytest.raises(DataError, match=name):
        scan(tmp_path / name)


def test_folder_with_one_of_the_files(made, scan, tmp_path):
    """The folder stands for the file in it; with two of them the user must choose."""
    folder = tmp_path / "data"
    folder.mkdir()
    made.icml(folder / "icml_face_data.csv")
    assert len(scan(folder).manifest) == 30
    made.csv(folder / "fer2013.csv")
    with pytest.raises(DataError, match=r"'fer2013.csv', 'icml_face_data.csv'"):
        scan(folder)


def test_missing_source_is_refused(scan, tmp_path):
    """A path that does not exist is refused by name."""
    with pytest.raises(DataError, match="absent"):
        scan(tmp_path / "absent.csv")
    with pytest.raises(DataError, match="labels 'other'"):
        scan(tmp_path, labels="other")


def test_stack_is_written_once(made, scan, tmp_path):
    """A second scan of the same file leaves the stack as it is; another file gets its own."""
    path = made.csv(tmp_path / "fer2013.csv")
    first = scan(path)
    changed = (first.root / "pixels.npy").stat().st_mtime_ns
    assert scan(path).root == first.root
    assert (first.root / "pixels.npy").stat().st_mtime_ns == changed
    made.images[0] += 1
    assert scan(made.csv(path)).root != first.root


def test_a_lost_stack_is_written_again(made, scan, tmp_path):
    """A folder without its pixels is filled by the next scan."""
    path = made.csv(tmp_path / "fer2013.csv")
    stack = scan(path).root / "pixels.npy"
    before = stack.read_bytes()
    stack.unlink()
    scan(path)
    assert stack.read_bytes() == before
    assert [item.name for item in stack.parent.iterdir()] == ["pixels.npy"]
