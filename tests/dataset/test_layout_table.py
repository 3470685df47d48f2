"""Layout tables that cannot be, each refused in one sentence."""

from __future__ import annotations

import pytest

from occbench.dataset.layout_table import read_layout
from occbench.errors import DataError

SOUND = "part,source,copy\ntrain,1,original\ntrain,1,mirror\nval,2,original\n"


def written(folder, text):
    """The text in a file."""
    path = folder / "layout.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_words_are_read_as_people_write_them(tmp_path):
    """Blanks, a byte order mark, capitals and further columns are no matter."""
    text = "\ufeffPart note,part , source,copy\nx,Train,1,Normal\nx,VAL, 2,crop#3\n\n"
    layout = read_layout(written(tmp_path, text))
    assert layout.columns == {"part", "source", "copy"}
    assert layout.folds == ()
    assert layout.images.to_dict("list") == {
        "part": ["train", "val"],
        "source": ["1", "2"],
        "copy": ["original", "crop#3"],
        "label": ["", ""],
        "fold": ["", ""],
        "kind": ["original", "crop"],
    }


def test_sources_are_text(tmp_path):
    """007 and 7 are two faces."""
    layout = read_layout(written(tmp_path, "part,source\ntrain,007\nval,7\n"))
    assert layout.images["source"].tolist() == ["007", "7"]


@pytest.mark.parametrize(
    ("names", "order"),
    [(("10", "9", "1"), ("1", "9", "10")), (("b", "a", "10"), ("10", "a", "b"))],
)
def test_folds_are_ordered(tmp_path, names, order):
    """As numbers where all are, else as text."""
    rows = "".join(f",{place},{name}\n" for place, name in enumerate(names))
    assert read_layout(written(tmp_path, "part,source,fold\n" + rows)).folds == order


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected column names with commas between them, found ''"),
        ("part,source\n", "has no line below the header"),
        ("part,face\ntrain,1\n", "the column source is missing; expected part and source"),
        ("part,part,source\ntrain,train,1\n", "the column 'part' stands there twice"),
        (SOUND + "test,3\n", "line 5: it has 2 values; expected 3"),
        (SOUND + "Training,3,\n", "line 5: the part is 'training'; expected train, val or test"),
        (SOUND + ",3,\n", "line 5: the part is ''; expected train, val or test, or a fold"),
        (SOUND + "test,,\n", "line 5: the source is empty; expected the id of the original face"),
        (SOUND + "train,1,mirror\n", r"line 5: the copy 'mirror' .* \('.*', line 3\); .* mirror#2"),
        ("part,source\ntrain,1\ntrain,2\n", "has no image in val or test; expected one or more"),
        ("part,source\nval,1\ntest,2\n", "has no image in train; expected one or more"),
        ("part,source,fold\n,1,1\n,2,1\n", "has one fold only, '1'; expected two or more"),
        ("part,source,fold\n,1,1\nval,2,2\n", "line 3: the part is 'val' beside fold '2'"),
        ("part,source,fold\n,1,1\ntest,2,2\n", "line 3: the part is 'test' beside fold '2'"),
        ("part,source,fold\n,1,1\ntrain,2,2\n", "fold '2' holds only images of part train"),
        ("part,source\ntrain,Müller\n".encode("latin-1"), "cannot be read as CSV in UTF-8"),
    ],
)
def test_refused(tmp_path, text, message):
    """Each names the file, and the line where there is one."""
    with pytest.raises(DataError, match=message) as caught:
        read_layout(written(tmp_path, text))
    assert "layout.csv" in str(caught.value)


def test_a_missing_file(tmp_path):
    """Said in a sentence."""
    with pytest.raises(DataError, match=r"absent\.csv' is missing; check the path"):
        read_layout(tmp_path / "absent.csv")


def test_an_image_may_stand_in_two_parts(tmp_path):
    """That is a leak to be told, no fault of the table; and without copies nothing is a repeat."""
    read_layout(written(tmp_path, SOUND + "val,1,mirror\n"))
    read_layout(written(tmp_path, "part,source\ntrain,1\ntrain,1\nval,2\n"))
