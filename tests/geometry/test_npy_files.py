"""``read_npy`` against ``np.load``, and what both refuse."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from occbench.errors import DataError
from occbench.geometry.landmark_files import read_npy

_DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.unicode_string_dtypes(min_len=1, max_len=9),
    hnp.byte_string_dtypes(min_len=1, max_len=9),
)
_SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=7)


def npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    """The bytes of an array in a version of the format, as NumPy writes them."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version, allow_pickle=False)
    return buffer.getvalue()


def with_header(header: str, body: bytes = b"") -> bytes:
    """A version 1 file with any text for a header."""
    text = header.encode("latin-1")
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body


@given(array=hnp.arrays(_DTYPES, _SHAPES), fortran=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_any_array_reads_as_np_load_reads_it(array, fortran, tmp_path):
    """Values, dtype and shape are those that NumPy gives, in either order of memory."""
    path = tmp_path / "any.npy"
    path.write_bytes(npy(np.asfortranarray(array) if fortran else array))

    read, expected = read_npy(path), np.load(path, allow_pickle=False)

    assert read.dtype == expected.dtype
    assert read.shape == expected.shape
    assert read.tobytes() == expected.tobytes()


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("dtype", ["f8", "<U7", ">f4"])
def test_all_versions_of_the_format_are_read(version, dtype, tmp_path):
    """Versions differ in their header only."""
    path = tmp_path / "a.npy"
    values = [[float(row + column) for column in range(2)] for row in range(68)]
    path.write_bytes(npy(np.array(values).astype(dtype), version))

    assert read_npy(path).astype(float).tolist() == values


def test_a_zero_dimensional_label_is_read(tmp_path):
    """AffectNet stores a face's class as a text without dimensions."""
    path = tmp_path / "7_exp.npy"
    np.save(path, np.array("3"))

    assert read_npy(path).item() == "3"


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_a_file_cut_anywhere_is_refused_by_name(version, tmp_path):
    """No prefix of a file passes for the whole."""
    path = tmp_path / "cut.npy"
    whole = npy(np.arange(12.0), version)

    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"cut\.npy"):
            read_npy(path)


_START = "{'descr': '<f8', 'fortran_order': False, 'shape': "
DAMAGED = {
    "zero bytes": b"",
    "text": b"1.0 2.0 3.0",
    "noise": bytes(range(256)),
    "a bracket left open": with_header("{'descr': ('<f8', 'shape': (1,)}"),
    "a quote left open": with_header("{'descr': '<f8, 'fortran_order': False}"),
    "a statement": with_header("import os"),
    "an attack": with_header("{'descr': __import__('os').system('false')}"),
    "an unhashable key": with_header("{[]: 1}"),
    "other keys": with_header("{'a': 1}"),
    "no dtype": with_header("{'descr': 'huh', 'fortran_order': False, 'shape': (1,)}", bytes(8)),
    "too many values": with_header(_START + "(9,)}", bytes(64)),
    "half a value": with_header(_START + "(8,)}", bytes(63)),
    "a shape beyond 64 bits": with_header(_START + f"({10**30},)}}", bytes(64)),
    "a shape that is no tuple": with_header(_START + "8}", bytes(64)),
    "an endless header": with_header("#" * 20_000),
}


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("version", [1, 2])
def test_damaged_files_are_refused_by_name(damage, version, tmp_path):
    """Whatever NumPy raises on damaged bytes, the user reads which file it was."""
    path = tmp_path / "12_lnd.npy"
    data = DAMAGED[damage]
    if version == 2 and data.startswith(b"\x93NUMPY\x01"):
        data = b"\x93NUMPY\x02\x00" + data[8:10] + b"\x00\x00" + data[10:]
    path.write_bytes(data)

    with pytest.raises(DataError, match=r"12_lnd\.npy"):
        read_npy(path)


def test_bytes_after_the_last_value_are_refused(tmp_path):
    """A shape that does not account for the whole file is damage."""
    path = tmp_path / "long.npy"
    path.write_bytes(npy(np.arange(136.0)) + bytes(8))

    with pytest.raises(DataError, match=r"long\.npy"):
        read_npy(path)


class Trap:
    """Unpickling one of these is noticed."""

    sprung = False

    def __reduce__(self):
        return (setattr, (Trap, "sprung", True))


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_objects_are_never_loaded(version, tmp_path):
    """An array of Python objects is refused before one of them is made."""
    path = tmp_path / "objects.npy"
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([Trap()] * 136, object), version=version)
    path.write_bytes(buffer.getvalue())

    with pytest.raises(DataError, match=r"objects\.npy"):
        read_npy(path)
    assert not Trap.sprung


def test_objects_inside_a_record_are_never_loaded(tmp_path):
    """A field that holds objects is enough to be refused."""
    path = tmp_path / "records.npy"
    np.save(path, np.zeros(3, [("x", "f8"), ("y", object)]), allow_pickle=True)

    with pytest.raises(DataError, match=r"records\.npy.*objects"):
        read_npy(path)


def test_a_bare_pickle_is_never_loaded(tmp_path):
    """A pickle with the ending .npy is no array."""
    import pickle

    path = tmp_path / "pickle.npy"
    path.write_bytes(pickle.dumps(Trap()))

    with pytest.raises(DataError, match=r"pickle\.npy"):
        read_npy(path)
    assert not Trap.sprung


def test_an_archive_with_the_ending_npy_is_refused(tmp_path):
    """An .npz in disguise is called an archive."""
    path = tmp_path / "disguised.npy"
    with path.open("wb") as file:
        np.savez(file, landmarks=np.zeros((68, 2)))

    with pytest.raises(DataError, match=r"disguised\.npy.*archive"):
        read_npy(path)


def test_a_damaged_archive_with_the_ending_npy_is_refused(tmp_path):
    """The first bytes of a zip file do not make an archive."""
    path = tmp_path / "half.npy"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", b"0" * 500)
    path.write_bytes(buffer.getvalue()[:200])

    with pytest.raises(DataError, match=r"half\.npy"):
        read_npy(path)


def test_a_missing_file_is_an_os_error(tmp_path):
    """Only what a file holds is a DataError."""
    with pytest.raises(FileNotFoundError):
        read_npy(tmp_path / "none.npy")
