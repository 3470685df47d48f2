"""Stored scores: they come back as they were, or are refused in one sentence."""

from __future__ import annotations

import re

import numpy as np
import pytest

from occbench.errors import DataError
from occbench.training.predictions import Predictions, predictions_path

SPEC = 'headset(fill="mean")'
SCORES = np.array([[0.1, 0.7, 0.2], [1 / 3, 1 / 3, 1 / 3], [0, 0, 1], [0.5, 0.5, 0]], np.float32)


@pytest.fixture
def found():
    """Four faces in odd order, one of them with a name that is no ASCII."""
    ids = ("b/2", "a", "Zoë 1", "c")
    return Predictions(ids, np.array([1, 2, 2, 0]), SCORES, SPEC, "last", 7)


@pytest.fixture
def path(found, tmp_path):
    """They are on disk."""
    found.write(tmp_path / "some.npz")
    return tmp_path / "some.npz"


def rewrite(path, **changes):
    """Stores the same arrays with some changed, by NumPy alone; None leaves one out."""
    with np.load(path) as stored:
        arrays = {**stored, **changes}
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})


def refusal(path):
    """What is said about a file: one line that names it."""
    with pytest.raises(DataError) as caught:
        Predictions.read(path)
    text = str(caught.value)
    assert f"'{path}'" in text
    assert "\n" not in text
    return text


def test_what_is_read_is_what_was_written(found, path):
    """Bit for bit, with the same types."""
    read = Predictions.read(path)
    assert (read.ids, read.variant, read.selection, read.epoch) == (found.ids, SPEC, "last", 7)
    assert all(type(face_id) is str for face_id in read.ids)
    assert (read.labels.dtype, read.scores.dtype) == (np.int64, np.float32)
    np.testing.assert_array_equal(read.labels, [1, 2, 2, 0])
    np.testing.assert_array_equal(read.scores, SCORES)


def test_the_highest_score_wins_and_the_first_of_equal_ones(found):
    """The predicted classes are integers, a tie goes to the lower class number."""
    np.testing.assert_array_equal(found.predicted, [1, 0, 2, 0])
    assert found.predicted.dtype == np.int64


def test_some_faces_in_the_order_asked_for(found):
    """Labels and scores go with their face; a face may be asked for twice."""
    some = found.of(["c", "b/2", "c"])
    assert some.ids == ("c", "b/2", "c")
    np.testing.assert_array_equal(some.labels, [0, 1, 0])
    np.testing.assert_array_equal(some.scores, SCORES[[3, 0, 3]])
    assert (some.variant, some.selection, some.epoch) == (SPEC, "last", 7)
    assert len(found.of([]).labels) == 0


def test_a_missing_face_is_named(found):
    """The first one that was not predicted."""
    with pytest.raises(DataError, match=r"^There is no prediction for the face 'x'.$"):
        found.of(["a", "x", "y"])


def test_a_second_writing_takes_the_place_of_the_first(found, path):
    """Nothing else is left in the folder."""
    found.of(["a"]).write(path)
    assert Predictions.read(path).ids == ("a",)
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_missing_and_empty_files_are_refused(tmp_path):
    """Neither is a set of no predictions."""
    assert "cannot be read" in refusal(tmp_path / "none.npz")
    (tmp_path / "empty.npz").write_bytes(b"")
    assert "cannot be read" in refusal(tmp_path / "empty.npz")
    np.save(tmp_path / "plain.npy", SCORES)
    assert "cannot be read" in refusal((tmp_path / "plain.npy").rename(tmp_path / "plain.npz"))


def test_a_truncated_file_is_refused(path):
    """Wherever it is cut."""
    data = path.read_bytes()
    for length in range(1, len(data), 61):
        path.write_bytes(data[:length])
        assert refusal(path).endswith("Delete the file and run the same command again.")


def test_no_damage_ends_in_another_error(path):
    """A byte that is wrong anywhere is refused or does not matter."""
    data = path.read_bytes()
    refused = 0
    for place in range(1, len(data), 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        try:
            np.testing.assert_array_equal(Predictions.read(path).scores, SCORES)
        except DataError:
            refused += 1
    assert refused > len(data) // 14


def test_objects_are_never_unpickled(path):
    """A file with Python objects is refused before any of them is made."""

    class Bomb:
        def __reduce__(self):
            return pytest.fail, ("it was unpickled",)

    rewrite(path, ids=np.array([Bomb()] * 4, object))
    assert "allow_pickle=False" in refusal(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"schema": "1"},
        {"schema": np.array([1, 1])},
        {"epoch": None},
        {"surprise": 1},
    ],
)
def test_another_schema_is_refused(changes, path):
    """Another number, a key more or a key less."""
    rewrite(path, **changes)
    assert "are not of schema 1" in refusal(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": np.arange(3)},
        {"labels": np.arange(4.0)},
        {"scores": SCORES[:3]},
        {"scores": SCORES[0]},
        {"scores": np.zeros((4, 3), np.int64)},
        {"ids": np.array("a"), "labels": np.array(1)},
        {"ids": np.arange(4)},
        {"epoch": "seven"},
        {"epoch": np.array([1, 2])},
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(changes, path):
    """Other lengths or other types."""
    rewrite(path, **changes)
    assert refusal(path).endswith("do not fit together; delete the file.")


def test_each_selection_and_variant_has_its_file(tmp_path):
    """The name begins with both, and equal beginnings are told apart."""
    variants = ("normal", "headset", SPEC, 'headset(fill="noise")', "gear-vr")
    paths = [predictions_path(tmp_path, s, v) for s in ("best", "last") for v in variants]
    assert len(set(paths)) == 10
    assert {path.parent for path in paths} == {tmp_path / "predictions"}
    assert re.fullmatch(r"best-headset-[0-9a-f]{10}\.npz", paths[2].name)
