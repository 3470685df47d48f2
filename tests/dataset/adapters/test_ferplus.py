"""FER+ labels by vote, on made votes and, where they are at hand, on the real ones."""

import numpy as np
import pytest

from occbench.dataset.adapters import fer2013
from occbench.dataset.ferplus import winners
from occbench.errors import DataError

FERPLUS = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]
COLUMNS = [*FERPLUS, "unknown", "NF"]
CLASSES = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
USAGES = ["Training", "PublicTest", "PrivateTest"]
# Labels of FER2013, votes, and what must come out, row by row.
ROWS = [
    (6, (10, 0, 0, 0, 0, 0, 0, 0, 0, 0), "neutral"),
    (3, (2, 8, 0, 0, 0, 0, 0, 0, 0, 0), "happiness"),
    (0, (3, 0, 0, 0, 4, 0, 0, 0, 3, 0), "anger"),
    (0, (5, 0, 0, 0, 5, 0, 0, 0, 0, 0), "tie"),
    (4, (0, 0, 0, 4, 0, 0, 0, 0, 4, 2), "tie"),
    (4, (0, 0, 0, 3, 0, 0, 0, 0, 5, 2), "unknown"),
    (3, (0, 0, 0, 0, 0, 0, 0, 0, 0, 10), "not a face"),
    (6, (1, 1, 1, 1, 1, 1, 1, 2, 1, 0), "contempt"),
    (2, (0, 0, 0, 0, 0, 0, 0, 0, 0, 0), "tie"),
    (2, (0, 0, 1, 0, 0, 0, 9, 0, 0, 0), "fear"),
]


@pytest.fixture
def source(tmp_path):
    """A CSV with one row per row of ROWS, the last two of other usages."""
    pixels = " ".join(["7"] * 2304)
    usages = ["Training"] * 8 + ["PublicTest", "PrivateTest"]
    lines = [f"{row[0]},{pixels},{usage}" for row, usage in zip(ROWS, usages, strict=True)]
    path = tmp_path / "fer2013.csv"
    path.write_text("\n".join(["emotion,pixels,Usage", *lines, ""]))
    return path


@pytest.fixture
def votes(tmp_path):
    """The votes of ROWS in the layout of fer2013new.csv."""
    usages = ["Training"] * 8 + ["PublicTest", "PrivateTest"]
    lines = ["Usage,Image name," + ",".join(COLUMNS)]
    for row, usage in zip(ROWS, usages, strict=True):
        lines.append(f"{usage},fer{len(lines) - 1:07d}.png," + ",".join(map(str, row[1])))
    path = tmp_path / "fer2013new.csv"
    path.write_text("\n".join([*lines, ""]))
    return path


@pytest.fixture
def scan(tmp_path):
    """Scans for the labels of FER+."""

    def run(source, **options):
        arguments = {"name": "f", "room": tmp_path / "room", "workers": 1, "labels": "ferplus"}
        return fer2013.scan(source, **(arguments | options))

    return run


def check(found):
    """The faces and counts that ROWS must give."""
    kept = [(row, outcome) for row, (_, _, outcome) in enumerate(ROWS) if outcome in FERPLUS]
    faces = found.manifest.faces
    assert faces["label"].tolist() == [outcome for _, outcome in kept]
    assert faces["id"].tolist() == [f"{row:05d}" for row, _ in kept]
    assert faces["image"].tolist() == [str(row) for row, _ in kept]
    assert found.manifest.classes.names == tuple(FERPLUS)
    assert found.manifest.facts["left_out"] == {
        "tie": {"angry": 1, "fear": 1, "sad": 1},
        "unknown": {"sad": 1},
        "not a face": {"happy": 1},
    }


def test_votes_from_a_file(source, votes, scan):
    """The emotion with strictly the most votes wins; ties and non-emotions are counted."""
    found = scan(source, votes=votes)
    check(found)
    assert found.manifest.facts["options"]["votes"] == "fer2013new.csv"


def test_votes_in_the_archive(scan, tmp_path):
    """The votes in a .npz decide in the same way."""
    np.savez(
        tmp_path / "fer2013.npz",
        images=np.zeros((10, 48, 48), np.uint8),
        labels=np.array([row[0] for row in ROWS], np.uint8),
        usage=np.array([0] * 8 + [1, 2], np.uint8),
        ferplus_votes=np.array([row[1] for row in ROWS], np.uint8),
        ferplus_names=np.array(COLUMNS),
    )
    check(scan(tmp_path / "fer2013.npz"))


def test_counts_are_compared_before_dropping(source, votes, scan):
    """Faces that FER+ drops do not make the source look incomplete."""
    assert "8 train, 1 val, 1 test" in scan(source, votes=votes).warnings[0]


def test_winner_equals_a_plain_loop():
    """The winner is the one found by sorting each row's votes."""
    votes = np.random.default_rng(5).integers(0, 6, (500, 10))
    for row, outcome in zip(votes.tolist(), winners(votes), strict=True):
        ranked = sorted(zip(row, [*FERPLUS, "unknown", "not a face"], strict=True), reverse=True)
        expected = "tie" if ranked[0][0] == ranked[1][0] else ranked[0][1]
        assert outcome == expected


def test_no_votes_are_refused(source, scan):
    """Without votes the user is told which file to name."""
    with pytest.raises(DataError, match="--votes"):
        scan(source)


def test_votes_without_their_labels_are_refused(source, votes, scan):
    """Votes that would not be used are refused, not passed over."""
    with pytest.raises(DataError, match="--labels ferplus"):
        scan(source, votes=votes, labels="fer2013")


def test_votes_on_another_number_of_faces_are_refused(source, votes, scan):
    """Fewer votes than rows are refused with both numbers."""
    votes.write_text("\n".join(votes.read_text().splitlines()[:-1]))
    with pytest.raises(DataError, match=r"9 faces.*10 rows"):
        scan(source, votes=votes)


def test_votes_in_another_order_are_refused(source, votes, scan):
    """Votes whose usage differs from the row's belong to another face."""
    head, *lines = votes.read_text().splitlines()
    votes.write_text("\n".join([head, *lines[::-1]]))
    with pytest.raises(DataError, match="different orders"):
        scan(source, votes=votes)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("Training,a.png,1,2,3", "line 3"),
        ("Training,a.png,x,0,0,0,0,0,0,0,0,0", "line 3"),
        ("Training,a.png,-1,0,0,0,0,0,0,0,0,0", "line 3"),
        ("Training,a.png,11,0,0,0,0,0,0,0,0,0", "line 3"),
    ],
)
def test_broken_votes_are_refused(source, votes, scan, line, part):
    """A line that does not hold ten counts up to ten is named."""
    lines = votes.read_text().splitlines()
    lines[2] = line
    votes.write_text("\n".join(lines))
    with pytest.raises(DataError, match=part):
        scan(source, votes=votes)


def test_another_file_is_no_votes(source, scan, tmp_path):
    """A file of another layout is refused with its header, a missing one by name."""
    with pytest.raises(DataError, match="emotion,pixels,usage"):
        scan(source, votes=source)
    with pytest.raises(DataError, match="absent"):
        scan(source, votes=tmp_path / "absent.csv")


def test_unfit_votes_in_the_archive_are_refused(scan, tmp_path):
    """Votes of another shape or order of columns are refused."""
    arrays = {
        "images": np.zeros((2, 48, 48), np.uint8),
        "labels": np.zeros(2, np.uint8),
        "usage": np.zeros(2, np.uint8),
        "ferplus_votes": np.zeros((2, 10), np.uint8),
        "ferplus_names": np.array(COLUMNS[::-1]),
    }
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match="NF, unknown"):
        scan(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", **(arrays | {"ferplus_votes": np.zeros((2, 8), np.uint8)}))
    with pytest.raises(DataError, match=r"\(2, 8\)"):
        scan(tmp_path / "b.npz")


def test_class_folders_have_no_votes(scan, tmp_path, draw):
    """Image files do not tell their row, so FER+ is refused for class folders."""
    draw(tmp_path / "images/train/angry/1.png")
    with pytest.raises(DataError, match="rows"):
        scan(tmp_path / "images")


@pytest.mark.slow
def test_real_votes(scan, real_data):
    """The real votes give the counts that a plain look at them gives."""
    found = scan(real_data / "fer2013.npz")
    with np.load(real_data / "fer2013.npz") as archive:
        votes, labels = archive["ferplus_votes"].astype(int), archive["labels"]
    ranked = np.sort(votes, axis=1)
    clear = ranked[:, -1] > ranked[:, -2]
    for column, name in enumerate(FERPLUS):
        most = votes[:, column] == ranked[:, -1]
        assert (found.manifest.faces["label"] == name).sum() == (clear & most).sum()
    left_out = found.manifest.facts["left_out"]
    for reason, rows in (
        ("tie", ~clear),
        ("unknown", clear & (votes[:, 8] == ranked[:, -1])),
        ("not a face", clear & (votes[:, 9] == ranked[:, -1])),
    ):
        counts = np.bincount(labels[rows], minlength=7)
        assert [left_out[reason].get(name, 0) for name in CLASSES] == counts.tolist()
    assert len(found.manifest) == 33712
    assert sum(sum(counts.values()) for counts in left_out.values()) == 35887 - 33712
