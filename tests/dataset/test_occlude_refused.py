"""What ``occlude`` does not write to, and how it says so."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from occbench.core.lock import LOCK, sole_writer
from occbench.dataset import batch
from occbench.dataset import occlude as occlude_module
from occbench.dataset.batch import Style
from occbench.dataset.faces import FolderFaces
from occbench.dataset.occlude import preview
from occbench.errors import Busy, DataError, StaleState
from occbench.occluders.base import make_occluder
from tests.folders import add_faces, contents, run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Five faces."""
    return add_faces(tmp_path / "in", 5)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"occluder": "gear-vr"}, "variant 'headset', not 'gear-vr'"),
        ({"occluder": "headset(scale=1.1)"}, r"variant 'headset', not 'headset\(scale=1.1\)'"),
        ({"style": Style("jpg")}, "format 'png', not 'jpg'"),
        ({"style": Style(sham=True)}, "sham False, not True"),
    ],
)
def test_other_inputs_are_refused_by_name(options, named, source, tmp_path):
    """The message says what differs, and no byte changes."""
    run(source, tmp_path / "out", limit=2)
    before = contents(tmp_path / "out")
    with pytest.raises(StaleState, match=f"was begun with {named}"):
        run(source, tmp_path / "out", **options)
    assert contents(tmp_path / "out") == before


def test_another_quality_is_refused_for_jpeg_and_ignored_for_png(source, tmp_path):
    """PNG does not depend on it."""
    run(source, tmp_path / "jpg", style=Style("jpg", 90))
    with pytest.raises(StaleState, match="quality 90, not 80"):
        run(source, tmp_path / "jpg", style=Style("jpg", 80))
    run(source, tmp_path / "png", style=Style("png", 90))
    assert run(source, tmp_path / "png", style=Style("png", 80)).kept == 5


@pytest.mark.parametrize("what", ["images", "landmarks"])
def test_another_source_is_refused_by_name(what, source, tmp_path):
    """Results of two folders are never mixed."""
    run(source, tmp_path / "out")
    other = add_faces(tmp_path / "other", 5)
    images, landmarks = (other, source) if what == "images" else (source, other)
    with pytest.raises(StaleState, match=rf"{what} '\.\./in', not '\.\./other'"):
        run(images, tmp_path / "out", landmarks=landmarks)


def test_a_folder_of_something_else_is_left_alone(source, tmp_path):
    """A folder that holds anything but a job is refused and untouched."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("ten years of work", encoding="utf-8")
    with pytest.raises(DataError, match=r"is not empty and holds no job\.json"):
        run(source, tmp_path / "out")
    assert contents(tmp_path / "out") == {"thesis.txt": b"ten years of work"}


def test_the_image_folder_itself_is_refused_as_output(source):
    """Sources are not mixed with results."""
    before = contents(source)
    with pytest.raises(DataError):
        run(source, source)
    assert contents(source) == before


def test_an_output_inside_the_image_folder_is_no_source(source):
    """Repeating the call does not paint what was painted."""
    for _ in range(2):
        assert run(source, source / "out").total == 5


def test_a_file_is_no_output(source, tmp_path):
    """A file where the folder should be is named and kept."""
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(DataError, match="is a file; expected a folder"):
        run(source, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"mine"


@pytest.mark.parametrize("text", ["{", "[1]", "null", ""])
def test_a_broken_job_is_refused_by_file(text, source, tmp_path):
    """The file that cannot be read is named; nothing is overwritten."""
    run(source, tmp_path / "out", limit=1)
    (tmp_path / "out" / "job.json").write_text(text, encoding="utf-8")
    with pytest.raises((DataError, StaleState), match=r"job\.json"):
        run(source, tmp_path / "out")
    assert (tmp_path / "out" / "job.json").read_text(encoding="utf-8") == text


def test_a_second_process_is_told_to_wait(source, tmp_path):
    """While another process holds the folder, the call ends in a sentence; then it works."""
    (tmp_path / "out").mkdir()
    holder = (
        "import sys; from pathlib import Path; from occbench.core.lock import sole_writer\n"
        "with sole_writer(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Busy, match="Another occbench process is writing"):
            run(source, tmp_path / "out")
        assert contents(tmp_path / "out") == {}
        other.stdin.close()
        assert other.wait() == 0
    assert run(source, tmp_path / "out").done == 5


def test_looking_at_a_folder_that_is_written_to_is_allowed(source, tmp_path):
    """A preview takes no lock."""
    run(source, tmp_path / "out", limit=2)
    with sole_writer(tmp_path / "out"):
        faces = FolderFaces(source, source, tmp_path / "out")
        kept, todo = preview(faces, make_occluder("headset"), tmp_path / "out", Style())
    assert (kept, todo) == (2, ["3.png", "4.png", "5.png"])


@pytest.mark.parametrize("begun", [False, True])
def test_a_preview_writes_nothing(begun, source, tmp_path):
    """Neither a new folder nor one with a torn journal changes."""
    if begun:
        run(source, tmp_path / "out", limit=2)
        with (tmp_path / "out" / "journal.jsonl").open("a", encoding="utf-8") as file:
            file.write('{"id": "3.pn')
    before = contents(tmp_path)
    faces = FolderFaces(source, source, tmp_path / "out")
    kept, todo = preview(faces, make_occluder("headset"), tmp_path / "out", Style())
    assert (kept, len(todo)) == ((2, 3) if begun else (0, 5))
    assert contents(tmp_path) == before
    assert (tmp_path / "out").exists() == begun


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_ends_in_a_sentence_and_can_be_resumed(workers, source, tmp_path, monkeypatch):
    """What was entered before stays, no half file does, and the next call completes."""
    run(source, tmp_path / "whole")
    run(source, tmp_path / "out", limit=2)
    write = batch.write_file

    def full(path: str, data: bytes) -> None:
        write(path, data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    monkeypatch.setattr(batch, "write_file", full)
    with pytest.raises(DataError, match="No space left on device") as error:
        run(source, tmp_path / "out", workers=workers)
    assert "run the same command again" in str(error.value)
    assert [path.name for path in (tmp_path / "out").rglob(".*")] == [LOCK]
    monkeypatch.undo()
    report = run(source, tmp_path / "out")
    assert (report.kept, report.done) == (2, 3)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_full_disk_for_real(source, tmp_path):
    """On a file system of 400 KiB the same holds; needs the right to mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)]
    if os.getuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system is not permitted here")
    try:
        big = add_faces(tmp_path / "in", 150)
        with pytest.raises((DataError, OSError)) as error:
            run(big, disk / "out")
        assert "No space left on device" in str(error.value)
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        report = run(big, disk / "out")
        assert report.total == 150
        assert report.kept >= 32
        run(big, tmp_path / "whole")
        found, whole = contents(disk / "out"), contents(tmp_path / "whole")
        for tree in (found, whole):
            del tree["job.json"]
        assert found == whole
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_an_output_that_cannot_be_written_to_is_named(source, tmp_path, monkeypatch):
    """A refused write is a sentence with the file's name."""

    def refused(path: str, data: bytes) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(batch, "write_file", refused)
    with pytest.raises(DataError, match=r"1_occ\.png' cannot be written: Permission denied"):
        run(source, tmp_path / "out")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_read_only_output_is_an_error_that_names_it(source, tmp_path):
    """Without the right to write nothing happens."""
    (tmp_path / "out").mkdir(mode=0o555)
    with pytest.raises((DataError, PermissionError), match="Permission denied"):
        run(source, tmp_path / "out")


def test_the_job_says_everything_that_decides_a_pixel(source, tmp_path):
    """The record holds the occluder with its defaults, the style and the source."""
    run(source, tmp_path / "out", style=Style("jpg", 80))
    job = json.loads((tmp_path / "out" / "job.json").read_text(encoding="utf-8"))
    occluder = job.pop("occluder")
    assert occluder["name"] == "headset"
    assert occluder["device"] == "quest-2"
    assert job == {
        "schema": 1,
        "variant": "headset",
        "format": "jpg",
        "quality": 80,
        "sham": False,
        "images": "../in",
        "landmarks": "../in",
    }


def test_a_job_begun_by_another_process_in_the_last_moment_is_seen(source, tmp_path, monkeypatch):
    """The folder is looked at again once it is locked, so two jobs never mix."""
    real = occlude_module.sole_writer

    @contextmanager
    def late(folder: Path) -> Iterator[None]:
        monkeypatch.undo()
        run(source, folder, occluder="gear-vr", limit=1)
        with real(folder):
            yield

    monkeypatch.setattr(occlude_module, "sole_writer", late)
    with pytest.raises(StaleState, match="was begun with variant 'gear-vr'"):
        run(source, tmp_path / "out")
