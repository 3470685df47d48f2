"""Files and folders appear whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from occbench.core.atomic import new_folder, replacing, write_text
from tests.core.processes import dead_pid, process_at

UNIQUE = "0123456789abcdef" * 2


def names(folder) -> list[str]:
    """Everything in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


def beside(folder, name: str, pid: int) -> list[str]:
    """The unfinished parts of a name that a process has in a folder."""
    return [path.name for path in folder.glob(f".{name}.{pid}-*.part")]


def test_a_new_file_appears_with_its_parents(tmp_path):
    """Missing folders on the way are made."""
    path = tmp_path / "a" / "b" / "c.txt"

    with replacing(path) as part:
        part.write_bytes(b"new")
        assert not path.exists()
        assert part.parent == path.parent

    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["c.txt"]


def test_an_old_file_stands_until_the_new_one_is_whole(tmp_path):
    """Readers see the old bytes or the new ones."""
    path = tmp_path / "c.txt"
    path.write_bytes(b"old")

    with replacing(path) as part:
        part.write_bytes(b"half of the new")
        assert path.read_bytes() == b"old"

    assert path.read_bytes() == b"half of the new"


def test_bytes_reach_the_disk_before_the_name_does(tmp_path, monkeypatch):
    """Were the move written first, a power cut could leave an empty file of that name."""
    path, sync, seen = tmp_path / "c.txt", os.fsync, []
    path.write_bytes(b"old")

    def watched(handle: int) -> None:
        seen.append((os.fstat(handle).st_size if not seen else 0, path.read_bytes()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    write_text(path, "newer")

    assert seen == [(5, b"old"), (0, b"newer")]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_keeps_the_old_file_and_leaves_nothing_beside(error, tmp_path):
    """Ctrl-C included."""
    path = tmp_path / "c.txt"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with replacing(path) as part:
            part.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        interrupted()

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["c.txt"]


def test_a_body_that_writes_nothing_is_an_error_and_keeps_the_old_file(tmp_path):
    """A forgotten write does not empty a file."""
    path = tmp_path / "c.txt"
    path.write_bytes(b"old")

    with pytest.raises(FileNotFoundError), replacing(path):
        pass

    assert path.read_bytes() == b"old"


def test_text_is_written_as_utf_8_with_unix_line_ends(tmp_path):
    """The same bytes on every system."""
    write_text(tmp_path / "t", "ü\n\U0001f600\r\n")

    assert (tmp_path / "t").read_bytes() == b"\xc3\xbc\n\xf0\x9f\x98\x80\r\n"


@pytest.mark.parametrize("name", ["c.txt", "with [brackets] and *?", "ü ü"])
def test_what_a_dead_process_left_is_swept(name, tmp_path):
    """Whatever letters the name has, and a folder as well as a file."""
    left = tmp_path / f".{name}.{dead_pid()}-{UNIQUE}.part"
    left.write_bytes(b"half")
    write_text(tmp_path / name, "new")
    assert names(tmp_path) == [name]

    left.mkdir()
    (left / "inner").write_bytes(b"half")
    write_text(tmp_path / name, "newer")
    assert names(tmp_path) == [name]


@pytest.mark.parametrize(
    "stranger",
    [
        ".c.txt.99.part",
        ".c.txt.note.part",
        ".c.txt.part",
        f"c.txt.99-{UNIQUE}.part",
        f".cxtxt.99-{UNIQUE}.part",
        f".a.c.txt.99-{UNIQUE}.part",
        f".c.txt.99-{UNIQUE}.parts",
        f".c.txt.99-{UNIQUE[1:]}.part",
    ],
)
def test_what_no_writer_of_the_name_left_is_kept(stranger, tmp_path):
    """Files of people and of other names, which nobody has locked."""
    (tmp_path / stranger).write_bytes(b"mine")

    write_text(tmp_path / "c.txt", "new")

    assert (tmp_path / stranger).read_bytes() == b"mine"


def test_a_living_writer_keeps_its_unfinished_file(tmp_path):
    """A second writer of the same name does not sweep the first one's work."""
    path = tmp_path / "c.txt"
    code = """
from occbench.core.atomic import replacing
with replacing(Path(sys.argv[1])) as part:
    part.write_bytes(b"first")
    here()
"""
    with process_at(code, path) as other:
        write_text(path, "second")
        assert names(tmp_path) == [*beside(tmp_path, "c.txt", other.pid), "c.txt"]
        assert len(names(tmp_path)) == 2
        other.communicate("\n")
        assert other.returncode == 0

    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["c.txt"]


def test_a_killed_writer_leaves_the_old_bytes_and_the_next_one_sweeps(tmp_path):
    """SIGKILL while the new file is half written."""
    path = tmp_path / "c.txt"
    path.write_bytes(b"old")
    code = """
from occbench.core.atomic import replacing
with replacing(Path(sys.argv[1])) as part:
    part.write_bytes(b"half")
    here()
"""
    with process_at(code, path) as other:
        other.kill()
        other.wait()

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == [*beside(tmp_path, "c.txt", other.pid), "c.txt"]
    assert len(names(tmp_path)) == 2
    write_text(path, "new")
    assert names(tmp_path) == ["c.txt"]
    assert path.read_bytes() == b"new"


def test_a_new_folder_appears_whole_with_its_parents(tmp_path):
    """Nothing stands at its place before it is filled."""
    path = tmp_path / "a" / "data"

    with new_folder(path) as part:
        (part / "inner").mkdir()
        (part / "inner" / "x").write_bytes(b"1")
        assert not path.exists()

    assert (path / "inner" / "x").read_bytes() == b"1"
    assert names(path.parent) == ["data"]


def test_an_error_leaves_no_folder(tmp_path):
    """Neither the folder nor its unfinished half."""

    def interrupted() -> None:
        with new_folder(tmp_path / "data") as part:
            (part / "x").write_bytes(b"1")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        interrupted()

    assert names(tmp_path) == []


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_folder_that_stands_is_kept_and_the_new_one_thrown_away(when, tmp_path):
    """Both hold the same, because the name tells the inputs."""
    path = tmp_path / "data"

    def other_writer() -> None:
        path.mkdir()
        (path / "x").write_bytes(b"first")

    if when == "before":
        other_writer()
    with new_folder(path) as part:
        (part / "x").write_bytes(b"second")
        if when == "meanwhile":
            other_writer()

    assert (path / "x").read_bytes() == b"first"
    assert names(tmp_path) == ["data"]


def test_a_killed_process_leaves_no_folder_and_the_next_one_sweeps(tmp_path):
    """SIGKILL while the folder is half full."""
    path = tmp_path / "data"
    code = """
from occbench.core.atomic import new_folder
with new_folder(Path(sys.argv[1])) as part:
    (part / "x").write_bytes(b"half")
    here()
"""
    with process_at(code, path) as other:
        other.kill()
        other.wait()

    assert not path.exists()
    with new_folder(path) as part:
        (part / "x").write_bytes(b"whole")
    assert names(tmp_path) == ["data"]
    assert (path / "x").read_bytes() == b"whole"


def test_a_living_process_keeps_its_unfinished_folder(tmp_path):
    """A second one is made and moved; the first finds its own whole and throws it away."""
    path = tmp_path / "data"
    code = """
from occbench.core.atomic import new_folder
with new_folder(Path(sys.argv[1])) as part:
    (part / "x").write_bytes(b"first")
    here()
    assert (part / "x").read_bytes() == b"first"
"""
    with process_at(code, path) as other:
        with new_folder(path) as part:
            (part / "x").write_bytes(b"second")
        assert names(tmp_path) == [*beside(tmp_path, "data", other.pid), "data"]
        assert len(names(tmp_path)) == 2
        other.communicate("\n")
        assert other.returncode == 0

    assert (path / "x").read_bytes() == b"second"
    assert names(tmp_path) == ["data"]


def test_threads_write_one_file_at_once(tmp_path):
    """Each has a part of its own, none sweeps another's, and the file is one of theirs."""
    path, texts = tmp_path / "c.txt", [str(number) * 1000 for number in range(8)]
    together = threading.Barrier(len(texts))

    def write(text: str) -> None:
        together.wait()
        for _ in range(25):
            write_text(path, text)

    with ThreadPoolExecutor(len(texts)) as pool:
        list(pool.map(write, texts))

    assert path.read_text(encoding="utf-8") in texts
    assert names(tmp_path) == ["c.txt"]


def test_threads_make_one_folder_at_once(tmp_path):
    """Whoever is first makes it; the others throw theirs away."""
    together = threading.Barrier(8)

    def make(number: int) -> None:
        for round_ in range(10):
            together.wait()
            with new_folder(tmp_path / f"data{round_}") as part:
                (part / "x").write_text(str(number), encoding="utf-8")
                (part / "y").write_text(str(number), encoding="utf-8")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(8)))

    assert names(tmp_path) == [f"data{round_}" for round_ in range(10)]
    for folder in tmp_path.iterdir():
        assert (folder / "x").read_bytes() == (folder / "y").read_bytes()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_disk_that_cannot_lock_is_written_to_and_never_swept(kind, tmp_path, monkeypatch):
    """There nobody can tell what a living writer is at."""
    left = tmp_path / f".c.{dead_pid()}-{UNIQUE}.part"
    left.write_bytes(b"half")

    def refuse(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    if kind == "file":
        write_text(tmp_path / "c", "new")
    else:
        with new_folder(tmp_path / "c") as part:
            (part / "x").write_bytes(b"whole")

    assert names(tmp_path) == [left.name, "c"]


def test_a_part_swept_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    """Between making and locking another writer may take it for a dead one's."""
    lock, swept = fcntl.flock, []

    def late(handle: int, how: int) -> None:
        if not swept:
            (part,) = tmp_path.iterdir()
            part.unlink()
            swept.append(part)
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", late)
    write_text(tmp_path / "c.txt", "new")

    assert len(swept) == 1
    assert names(tmp_path) == ["c.txt"]
    assert (tmp_path / "c.txt").read_bytes() == b"new"


def test_an_empty_text_is_written(tmp_path):
    """It is not mistaken for a forgotten write."""
    (tmp_path / "c.txt").write_bytes(b"old")

    write_text(tmp_path / "c.txt", "")

    assert (tmp_path / "c.txt").read_bytes() == b""


def test_a_half_folder_of_an_earlier_process_with_the_same_number_is_swept(tmp_path):
    """In a container every run may be process 1."""
    path = tmp_path / "data"
    left = tmp_path / f".data.{os.getpid()}-{UNIQUE}.part"
    left.mkdir()
    (left / "torn").write_bytes(b"half")

    with new_folder(path) as part:
        (part / "x").write_bytes(b"whole")

    assert names(path) == ["x"]
    assert names(tmp_path) == ["data"]
