"""The store of features gives back what was put in, whoever is killed and whatever is torn."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.core.lock import sole_writer
from occbench.errors import Busy, DataError, StaleState
from occbench.training import feature_store
from occbench.training.feature_store import DATA, JOURNAL, META, FeatureStore, View, size_text

FACES, SHAPE = 20, (2, 3)
IDENTITY = {"backbone": "any", "size": 8}
NORMAL, COVERED, COPY = View("normal"), View("headset 0123456789"), View("normal augmented", 2)

# What is stored in the tests below: which rows in which view, chunk by chunk.
CHUNKS = [
    (NORMAL, [3, 4, 5]),
    (NORMAL, [17]),
    (COVERED, [0, 3, 19, 7]),
    (COPY, [5]),
    (COVERED, [4, 5]),
]


def open_store(folder, **changes):
    """The store of the tests."""
    how = {"identity": IDENTITY, "shape": SHAPE, "faces": FACES, **changes}
    return FeatureStore(Path(folder) / "trunk", **how)


def features(view, rows):
    """Features that no other row or view has; exact in 16 bits."""
    number = 32 * [NORMAL, COVERED, COPY].index(view)
    first = np.array(rows, np.float32)[:, None, None] + number
    return first + np.arange(6, dtype=np.float32).reshape(SHAPE) / 8


def put(store, chunks):
    """Stores what of the chunks is missing, in their order."""
    with store.filling():
        for view, rows in chunks:
            missing = store.missing(view, np.array(rows))
            wanted = np.array([row for row in rows if row in missing], dtype=np.intp)
            if len(wanted):
                store.append(view, wanted, features(view, wanted))


def check_whole(store):
    """All of the chunks are there, each face's features where its slot says."""
    for view, rows in CHUNKS:
        found = store.read(store.slots(view, np.array(rows)))
        np.testing.assert_array_equal(found, features(view, rows))


def contents(folder):
    """Every file's bytes but the lock's."""
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.name[0] != "."}


@pytest.mark.parametrize(("dtype", "size"), [("float16", 2), ("float32", 4)])
def test_what_is_stored_is_read(dtype, size, tmp_path):
    """In any order and as often as wished, by this store and by one opened later."""
    store = open_store(tmp_path, dtype=dtype)
    put(store, CHUNKS)
    assert (len(store), store.face_bytes) == (11, 6 * size)
    assert (store.folder / DATA).stat().st_size == 11 * 6 * size
    for each in (store, open_store(tmp_path, dtype=dtype)):
        check_whole(each)
        slots = each.slots(COVERED, np.array([19, 3, 19]))
        found = each.read(slots)
        assert found.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(found, features(COVERED, [19, 3, 19]))


def test_values_are_rounded_to_the_nearest(tmp_path):
    """1 + 2^-11 lies between two numbers of 16 bits and becomes the even one; 2^-25 becomes 0."""
    store = open_store(tmp_path)
    values = np.array([[1 + 2**-11, 1 + 3 * 2**-11, 65504], [-(2**-25), 2**-24, -65504]])
    with store.filling():
        store.append(NORMAL, np.array([0]), values[None].astype(np.float32))
    expected = [[1, 1 + 2**-9, 65504], [0, 2**-24, -65504]]
    np.testing.assert_array_equal(store.read(np.array([0]))[0], expected)


def test_what_is_missing(tmp_path):
    """Sorted and each once; a view that nobody stored lacks everything."""
    store = open_store(tmp_path)
    put(store, CHUNKS)
    wanted = np.array([19, 2, 3, 2, 0])
    assert store.missing(COVERED, wanted).tolist() == [2]
    assert store.missing(NORMAL, wanted).tolist() == [0, 2, 19]
    assert store.missing(View("normal", 1), wanted).tolist() == [0, 2, 3, 19]
    assert store.missing(COVERED, np.array([3, 4])).tolist() == []


def test_a_row_that_is_not_stored_has_no_slot(tmp_path):
    """It is a fault of the program to ask for it."""
    store = open_store(tmp_path)
    put(store, CHUNKS)
    with pytest.raises(KeyError, match="Row 2 is not stored"):
        store.slots(COVERED, np.array([3, 2]))
    with pytest.raises(KeyError, match="Row 3 is not stored"):
        store.slots(View("gear-vr"), np.array([3]))


@pytest.mark.parametrize("value", [65536, -65536, np.inf, -np.inf, np.nan])
def test_a_value_out_of_range_is_refused(value, tmp_path):
    """Not an infinite number on the disk without a word; nothing is stored of its chunk."""
    store = open_store(tmp_path)
    put(store, CHUNKS[:1])
    wrong = features(NORMAL, [8, 9])
    wrong[1, 1, 2] = value
    before = contents(store.folder)
    with store.filling(), pytest.raises(DataError, match=r"float16 cannot hold.*cache_trunk = fal"):
        store.append(NORMAL, np.array([8, 9]), wrong)
    assert contents(store.folder) == before
    assert store.missing(NORMAL, np.array([8, 9])).tolist() == [8, 9]


def test_32_bits_hold_what_16_cannot(tmp_path):
    """Up to their own limit."""
    store = open_store(tmp_path, dtype="float32")
    with store.filling():
        store.append(NORMAL, np.array([1]), np.full((1, *SHAPE), 1e38, np.float32))
        with pytest.raises(DataError, match="float32 cannot hold"):
            store.append(NORMAL, np.array([2]), np.full((1, *SHAPE), np.inf, np.float32))
    assert store.read(store.slots(NORMAL, np.array([1])))[0, 0, 0] == np.float32(1e38)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The files of a store that nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    put(open_store(folder), CHUNKS)
    return folder / "trunk"


@given(
    data=st.one_of(st.floats(0, 1), st.binary(max_size=60)),
    journal=st.floats(0, 1),
    reread=st.booleans(),
)
def test_torn_anywhere_it_ends_with_the_same_bytes(undisturbed, data, journal, reread):
    """Data and journal end at any byte, or the data with bytes that no line names."""
    known = contents(undisturbed)
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room) / "trunk"
        shutil.copytree(undisturbed, folder)
        (folder / JOURNAL).write_bytes(known[JOURNAL][: round(journal * len(known[JOURNAL]))])
        more = isinstance(data, bytes)
        stored = known[DATA] + data if more else known[DATA][: round(data * len(known[DATA]))]
        (folder / DATA).write_bytes(stored)
        store = open_store(room)
        if reread:
            # What is there can be read before anyone mends it.
            for view, rows in CHUNKS:
                there = np.setdiff1d(rows, store.missing(view, np.array(rows)))
                if len(there):
                    found = store.read(store.slots(view, there))
                    np.testing.assert_array_equal(found, features(view, there))
        put(store, CHUNKS)
        check_whole(store)
        assert contents(folder) == known


def test_a_kill_between_data_and_journal_costs_a_chunk(tmp_path, undisturbed, monkeypatch):
    """The slots are on the disk, but no line names them: they are written again."""

    class Killed(BaseException):
        """Stands for a kill."""

    class Journal(feature_store.Journal):
        """Does not live to write the third line."""

        lines = 0

        def append(self, entries):
            type(self).lines += 1
            if self.lines == 3:
                raise Killed
            super().append(entries)

    with monkeypatch.context() as patch:
        patch.setattr(feature_store, "Journal", Journal)
        with pytest.raises(Killed):
            put(open_store(tmp_path), CHUNKS)
    assert (tmp_path / "trunk" / DATA).stat().st_size == 8 * 12
    assert len(open_store(tmp_path)) == 4
    put(open_store(tmp_path), CHUNKS)
    assert contents(tmp_path / "trunk") == contents(undisturbed)


def test_a_full_disk_is_an_error_that_names_no_chunk(tmp_path, undisturbed, monkeypatch):
    """And goes on when there is room again."""
    whole, calls = os.fsync, iter(range(1, 100))

    def full(handle):
        if Path(f"/proc/self/fd/{handle}").resolve().name == DATA and next(calls) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            put(open_store(tmp_path), CHUNKS)
    assert len(open_store(tmp_path)) == 3
    put(open_store(tmp_path), CHUNKS)
    assert contents(tmp_path / "trunk") == contents(undisturbed)


def test_two_processes_do_not_write_at_once(tmp_path):
    """The second is told so; what the first wrote is known to the second when its turn comes."""
    one, other = open_store(tmp_path), open_store(tmp_path)
    put(one, CHUNKS[:3])
    with sole_writer(one.folder), pytest.raises(Busy):
        put(other, CHUNKS)
    assert len(other) == 0
    put(other, CHUNKS)
    check_whole(other)
    assert len(other) == 11


def test_a_reader_goes_on_while_another_writes(tmp_path):
    """The slots it knew stay what they were."""
    writer = open_store(tmp_path)
    put(writer, CHUNKS[:2])
    reader = open_store(tmp_path)
    slots = reader.slots(NORMAL, np.array([17, 3]))
    before = reader.read(slots)
    put(writer, CHUNKS)
    np.testing.assert_array_equal(reader.read(slots), before)


@pytest.mark.parametrize(
    "changes",
    [
        {"identity": {**IDENTITY, "size": 9}},
        {"shape": (3, 2)},
        {"dtype": "float32"},
    ],
    ids=["identity", "shape", "dtype"],
)
def test_a_folder_of_other_features_is_refused(changes, tmp_path):
    """Its name holds a digest of the identity, so somebody changed something by hand."""
    put(open_store(tmp_path), CHUNKS)
    with pytest.raises(StaleState, match=f"{META}' describes other features. Delete the folder"):
        open_store(tmp_path, **changes)


@pytest.mark.parametrize(
    "line",
    [
        '{"variant":"normal","copy":0,"first":5,"rows":[1]}',
        '{"variant":"normal","copy":0,"first":4,"rows":[20]}',
        '{"variant":"normal","copy":0,"first":4,"rows":[-1]}',
        '{"variant":"normal","copy":0,"first":4}',
        '{"variant":"normal","copy":"x","first":4,"rows":[1]}',
        '{"variant":"normal","copy":0,"first":4,"rows":7}',
    ],
)
def test_a_journal_that_cannot_be_is_named(line, tmp_path):
    """Slots that do not follow, rows that the data set has not, and what is no entry."""
    put(open_store(tmp_path), CHUNKS[:2])
    with (tmp_path / "trunk" / JOURNAL).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(DataError, match=f"{JOURNAL}' does not fit .* Delete the folder"):
        open_store(tmp_path)


def test_the_journal_names_what_lies_where(tmp_path):
    """A line per chunk, in the order of the slots."""
    put(open_store(tmp_path), CHUNKS[:3])
    lines = (tmp_path / "trunk" / JOURNAL).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"variant": "normal", "copy": 0, "first": 0, "rows": [3, 4, 5]},
        {"variant": "normal", "copy": 0, "first": 3, "rows": [17]},
        {"variant": "headset 0123456789", "copy": 0, "first": 4, "rows": [0, 3, 19, 7]},
    ]


def test_no_room_is_told_before_anything_is_written(tmp_path, monkeypatch):
    """A thousand faces of 100,352 bytes where 300 MB are left, 256 MiB of them to spare."""
    store = open_store(tmp_path, shape=(7, 7, 1024))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 7 * 10**8, 3 * 10**8))
    assert store.check_room(300) == 30_105_600
    with pytest.raises(DataError, match=r"100\.4 MB more and leaves 268\.4 MB free"):
        store.check_room(1000)


def test_wrong_use_is_a_fault_of_the_program(tmp_path):
    """Features that do not fit the rows, and number types that nobody reads."""
    with pytest.raises(ValueError, match="dtype='float64'"):
        open_store(tmp_path, dtype="float64")
    store = open_store(tmp_path)
    with store.filling(), pytest.raises(ValueError, match="Received: shape"):
        store.append(NORMAL, np.array([1, 2]), features(NORMAL, [1]))


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.0 kB"), (100_352, "100.4 kB"), (1_234_567, "1.2 MB"), (28_850_000_000, "28.9 GB")],
)
def test_sizes_for_people(size, text):
    """In powers of ten, as disks are sold."""
    assert size_text(size) == text
