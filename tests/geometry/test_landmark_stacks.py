"""Many faces in one file."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from occbench.errors import DataError
from occbench.geometry.landmark_files import read_stack
from tests.faces import faces

STACK = np.stack(list(faces(3, 31))).astype(np.float32)
FILES = ["a.jpg", "b/ü.jpg", "007.png"]


@pytest.mark.parametrize("shape", [(3, 68, 2), (3, 136)])
@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4", "<U20", "S20"])
def test_an_npy_stack_is_read_without_names(shape, dtype, tmp_path):
    """Rows stay in order, and there are no names."""
    path = tmp_path / "stack.npy"
    np.save(path, STACK.astype(dtype).reshape(shape))

    stack = read_stack(path)

    np.testing.assert_allclose(stack.points, STACK, rtol=1e-6)
    assert stack.points.dtype == np.float32
    assert stack.files is None


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_stack_keeps_its_names(save, tmp_path):
    """Each row's name is kept as text."""
    path = tmp_path / "stack.npz"
    save(path, landmarks=STACK, files=np.array(FILES), score=np.ones(3))

    stack = read_stack(path)

    assert stack.files == tuple(FILES)
    assert (stack.points == STACK).all()


def test_an_npz_stack_needs_no_names(tmp_path):
    """Without ``files`` the rows follow the images."""
    path = tmp_path / "stack.npz"
    np.savez(path, landmarks=STACK)

    assert read_stack(path).files is None


def test_missing_faces_stay_nan(tmp_path):
    """A row of NaN is a face without landmarks, no error."""
    path = tmp_path / "stack.npy"
    holes = STACK.copy()
    holes[1] = np.nan
    np.save(path, holes)

    assert np.isnan(read_stack(path).points).all(axis=(1, 2)).tolist() == [False, True, False]


def test_whole_numbers_become_float32(tmp_path):
    """Integers are fine."""
    path = tmp_path / "stack.npy"
    np.save(path, np.arange(2 * 136).reshape(2, 136))

    assert read_stack(path).points[1, 0].tolist() == [136.0, 137.0]


def test_numbers_beyond_float32_become_infinite_without_a_warning(tmp_path):
    """Such a row is refused when its face is used, not when the stack is opened."""
    path = tmp_path / "stack.npy"
    np.save(path, np.full((1, 136), 1e300))

    assert np.isposinf(read_stack(path).points).all()


@pytest.mark.parametrize("shape", [(), (68, 2), (136,), (3, 68), (3, 68, 3), (3, 2, 68), (3, 5)])
def test_other_shapes_are_refused_by_name(shape, tmp_path):
    """A single face is no stack either."""
    path = tmp_path / "odd.npy"
    np.save(path, np.zeros(shape))

    with pytest.raises(DataError, match=r"odd\.npy.*expected numbers of the shape"):
        read_stack(path)


@pytest.mark.parametrize("dtype", [bool, complex, "datetime64[s]"])
def test_other_dtypes_are_refused_by_name(dtype, tmp_path):
    """Only numbers and text of numbers are taken."""
    path = tmp_path / "odd.npy"
    np.save(path, np.zeros((3, 136), dtype))

    with pytest.raises(DataError, match=r"odd\.npy.*dtype"):
        read_stack(path)


def test_text_that_is_no_number_is_refused_by_name(tmp_path):
    """A word among the numbers is found."""
    path = tmp_path / "words.npy"
    np.save(path, np.full((2, 136), "left"))

    with pytest.raises(DataError, match=r"words\.npy.*no number"):
        read_stack(path)


def test_names_and_rows_must_agree(tmp_path):
    """Two names for three rows cannot be matched."""
    path = tmp_path / "short.npz"
    np.savez(path, landmarks=STACK, files=np.array(FILES[:2]))

    with pytest.raises(DataError, match=r"short\.npz.*2 files for 3 rows"):
        read_stack(path)


@pytest.mark.parametrize("key", ["landmarks", "files"])
def test_objects_are_never_loaded(key, tmp_path):
    """An array of objects is refused in both places."""
    path = tmp_path / "objects.npz"
    arrays = {"landmarks": STACK, "files": np.array(FILES)}
    arrays[key] = arrays[key].astype(object)
    np.savez(path, **arrays, allow_pickle=True)

    with pytest.raises(DataError, match=r"objects\.npz"):
        read_stack(path)


def test_an_archive_without_landmarks_is_refused_by_name(tmp_path):
    """The name of the array is fixed."""
    path = tmp_path / "other.npz"
    np.savez(path, points=STACK)

    with pytest.raises(DataError, match=r"other\.npz.*'landmarks'"):
        read_stack(path)


@pytest.mark.parametrize("member", ["landmarks", "landmarks.npy"])
def test_a_member_that_is_no_array_is_refused_by_name(member, tmp_path):
    """A zip file with a text under the right name is no stack."""
    path = tmp_path / "text.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "hello")

    with pytest.raises(DataError, match=r"text\.npz"):
        read_stack(path)


@pytest.mark.parametrize("compressed", [False, True])
def test_an_archive_cut_anywhere_is_refused_by_name(compressed, tmp_path):
    """No prefix of an archive passes for the whole, and no file stays open."""
    path = tmp_path / "cut.npz"
    (np.savez_compressed if compressed else np.savez)(path, landmarks=STACK)
    whole = path.read_bytes()

    for length in range(0, len(whole), 41):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"cut\.npz"):
            read_stack(path)


def test_damage_inside_an_archive_is_refused_by_name(tmp_path):
    """Whichever byte of the compressed data is wrong, the checksum or the codec tells."""
    path = tmp_path / "rot.npz"
    np.savez_compressed(path, landmarks=STACK)
    whole = path.read_bytes()

    for position in range(70, len(whole) - 160, 29):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"rot\.npz"):
            read_stack(path)


def test_a_missing_stack_is_an_os_error(tmp_path):
    """Only what a file holds is a DataError."""
    with pytest.raises(FileNotFoundError):
        read_stack(tmp_path / "none.npy")
