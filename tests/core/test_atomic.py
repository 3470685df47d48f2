"""Files and folders appear whole or not at all."""

from __future__ import annotations

import os

import pytest

from occbench.core.atomic import new_folder, replacing, write_text
from tests.core.processes import dead_pid, process_at


def names(folder) -> list[str]:
    """Everything in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


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
    pid = dead_pid()
    (tmp_path / f".{name}.{pid}.part").write_bytes(b"half")
    write_text(tmp_path / name, "new")
    assert names(tmp_path) == [name]

    (tmp_path / f".{name}.{pid}.part").mkdir()
    (tmp_path / f".{name}.{pid}.part" / "inner").write_bytes(b"half")
    write_text(tmp_path / name, "newer")
    assert names(tmp_path) == [name]


@pytest.mark.parametrize(
    "stranger",
    [
        ".c.txt.1.part",
        f".c.txt.{os.getppid()}.part",
        ".c.txt.note.part",
        ".c.txt.part",
        "c.txt.99.part",
        ".cxtxt.99.part",
        ".c.txt.99.parts",
    ],
)
def test_what_is_not_a_dead_processes_is_kept(stranger, tmp_path):
    """Files of living processes, of people and of other names."""
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
        assert names(tmp_path) == [f".c.txt.{other.pid}.part", "c.txt"]
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
    assert names(tmp_path) == [f".c.txt.{other.pid}.part", "c.txt"]
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


def test_a_half_folder_of_an_earlier_process_with_the_same_number_is_replaced(tmp_path):
    """In a container every run may be process 1."""
    path = tmp_path / "data"
    left = tmp_path / f".data.{os.getpid()}.part"
    left.mkdir()
    (left / "torn").write_bytes(b"half")

    with new_folder(path) as part:
        (part / "x").write_bytes(b"whole")

    assert names(path) == ["x"]
    assert names(tmp_path) == ["data"]
