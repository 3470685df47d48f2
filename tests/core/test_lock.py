"""One writer per folder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path

import pytest

from occbench.core.lock import LOCK, sole_writer
from occbench.errors import Busy, DataError
from tests.core.processes import process_at

HOLD = """
from occbench.core.lock import sole_writer
with sole_writer(Path(sys.argv[1])):
    here()
"""


def open_files() -> int:
    """How many files this process holds open; 0 where the system does not tell."""
    listed = Path("/proc/self/fd")
    return len(list(listed.iterdir())) if listed.is_dir() else 0


def test_a_second_process_is_told_that_the_folder_is_busy(tmp_path):
    """It does not wait, and the message names the folder."""
    with process_at(HOLD, tmp_path), pytest.raises(Busy) as caught, sole_writer(tmp_path):
        pytest.fail("two writers at once")

    assert f"'{tmp_path}'" in str(caught.value)


def test_the_lock_is_free_after_the_first_process_has_finished(tmp_path):
    """An orderly end."""
    with process_at(HOLD, tmp_path) as other:
        other.communicate("\n")
        assert other.returncode == 0
        with sole_writer(tmp_path):
            pass


def test_the_lock_is_free_after_a_kill(tmp_path):
    """SIGKILL leaves nothing that someone must delete: the file that stays locks nobody out."""
    with process_at(HOLD, tmp_path) as other:
        other.kill()
        other.wait()
        with sole_writer(tmp_path):
            assert [path.name for path in tmp_path.iterdir()] == [LOCK]


def test_another_process_is_kept_out_and_let_in_afterwards(tmp_path):
    """The same from the other side: what it got is its exit status."""
    code = """
from occbench.core.lock import sole_writer
from occbench.errors import Busy
got = []
for _ in range(2):
    try:
        with sole_writer(Path(sys.argv[1])):
            got.append("in")
    except Busy:
        got.append("busy")
    if got == ["busy"]:
        here()
sys.exit(0 if got == ["busy", "in"] else 1)
"""
    with contextlib.ExitStack() as stack:
        with sole_writer(tmp_path):
            other = stack.enter_context(process_at(code, tmp_path))
        other.communicate("\n")

    assert other.returncode == 0


def test_two_folders_do_not_lock_each_other(tmp_path):
    """The lock belongs to one folder."""
    (tmp_path / "other").mkdir()

    with process_at(HOLD, tmp_path), sole_writer(tmp_path / "other"):
        pass


def test_the_same_process_cannot_hold_it_twice(tmp_path):
    """Nor can two threads."""
    with sole_writer(tmp_path), pytest.raises(Busy), sole_writer(tmp_path):
        pytest.fail("two writers at once")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_frees_the_lock(error, tmp_path):
    """And closes what it opened."""
    before = open_files()
    with pytest.raises(error), sole_writer(tmp_path):
        raise error

    with sole_writer(tmp_path):
        pass
    assert open_files() == before


@pytest.mark.parametrize("code", [errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_disk_that_cannot_lock_is_a_sentence(code, tmp_path, monkeypatch):
    """Some network disks; nothing runs without the lock, and nothing stays open."""

    def refuse(handle: int, how: int) -> None:
        raise OSError(code, os.strerror(code))

    before = open_files()
    monkeypatch.setattr(fcntl, "flock", refuse)
    with (
        pytest.raises(DataError, match="cannot lock files; choose") as caught,
        sole_writer(tmp_path),
    ):
        pytest.fail("went on without a lock")
    assert f"'{tmp_path}'" in str(caught.value)
    assert open_files() == before


def test_what_is_locked_is_open_for_writing(tmp_path, monkeypatch):
    """NFS refuses an exclusive lock on anything else."""
    modes, lock = [], fcntl.flock

    def watched(handle: int, how: int) -> None:
        modes.append(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE)
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", watched)
    with sole_writer(tmp_path):
        pass
    assert modes == [os.O_RDWR]


def test_a_missing_folder_is_an_os_error(tmp_path):
    """Locking creates nothing."""
    with pytest.raises(FileNotFoundError), sole_writer(tmp_path / "none"):
        pytest.fail("locked a folder that is not there")
