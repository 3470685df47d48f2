"""Killed at any instant and repeated, the result is that of an undisturbed run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from occbench.cli import occlude as occlude_command
from occbench.dataset import resume
from occbench.dataset.batch import Style
from occbench.dataset.faces import FolderFaces
from occbench.dataset.occlude import preview
from occbench.errors import DataError, StaleState
from occbench.occluders.base import make_occluder
from tests.folders import add_face, add_faces, contents, run, states
from tests.makers import picture, write_picture

_NO_STAMP = '{"id": "1.png", "stamp": 7, "checksum": 1, "size": 1, "written": 1}'
_ROOT = Path(__file__).parents[2]

# Occludes like a user would, and kills itself when a function has been entered n times:
# `write` with half of the file written, `move` before and `moved` after the file is moved into
# place, `enter` with half of the journal's lines written, `entered` right after them.
_CHILD = """
import os, signal, sys
from pathlib import Path
from occbench.core import journal
from occbench.dataset import batch
from tests.folders import run

folder, output, where, left, workers = sys.argv[1:]
left = int(left)

def due(place):
    global left
    left -= place == where
    return place == where and left <= 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

write, move, enter = batch.write_file, os.replace, journal.Journal.append

def dying_write(path, data):
    if due("write"):
        write(path, data[: len(data) // 2])
        die()
    write(path, data)

def dying_move(source, target):
    if due("move"):
        die()
    move(source, target)
    if due("moved"):
        die()

def dying_enter(self, entries):
    if due("enter"):
        whole = "".join(journal._to_json(entry) + chr(10) for entry in entries).encode()
        os.write(self._file.fileno(), whole[: len(whole) // 2])
        die()
    enter(self, entries)
    if due("entered"):
        die()

batch.write_file, os.replace, journal.Journal.append = dying_write, dying_move, dying_enter
run(Path(folder), Path(output), workers=int(workers))
"""


def killed(source: Path, output: Path, where: str, count: int, workers: int = 1) -> None:
    """Occludes in a process of its own that kills itself at a place, the n-th time it is there."""
    command = [sys.executable, "-c", _CHILD, str(source), str(output), where, str(count)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    done = subprocess.run(
        [*command, str(workers)], env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def entered(output: Path) -> set[str]:
    """The results that the journal's whole lines name."""
    journal = output / "journal.jsonl"
    lines = journal.read_bytes().split(b"\n")[:-1] if journal.exists() else []
    return {json.loads(line)["id"].replace(".png", "_occ.png") for line in lines}


@pytest.mark.parametrize(
    ("where", "count", "workers"),
    [
        ("write", 1, 1),
        ("write", 50, 2),
        ("move", 37, 1),
        ("moved", 33, 1),
        ("moved", 71, 2),
        ("enter", 1, 1),
        ("enter", 2, 2),
        ("entered", 1, 2),
        ("entered", 2, 1),
    ],
)
def test_a_killed_run_is_finished_as_if_nothing_had_been(where, count, workers, tmp_path):
    """No byte differs, nothing is left behind, and what was finished is not written again."""
    source = add_faces(tmp_path / "in", 75)
    run(source, tmp_path / "whole")
    killed(source, tmp_path / "out", where, count, workers)
    finished = entered(tmp_path / "out")
    before = states(tmp_path / "out")
    assert len(finished) < 75
    report = run(source, tmp_path / "out", workers=workers)
    after = states(tmp_path / "out")
    assert (report.kept, report.done) == (len(finished), 75 - len(finished))
    assert {name: before[name] for name in finished} == {name: after[name] for name in finished}
    assert contents(tmp_path / "whole") == contents(tmp_path / "out")


def test_a_run_killed_again_and_again_gets_there(tmp_path):
    """Each attempt keeps what the ones before had finished."""
    source = add_faces(tmp_path / "in", 110)
    run(source, tmp_path / "whole")
    counts = []
    for where, count in (("entered", 1), ("moved", 5), ("entered", 1), ("enter", 1), ("write", 3)):
        killed(source, tmp_path / "out", where, count)
        counts.append(len(entered(tmp_path / "out")))
    assert counts == sorted(counts)
    assert counts[2] > counts[0] > 0
    run(source, tmp_path / "out")
    assert contents(tmp_path / "whole") == contents(tmp_path / "out")


def test_a_run_killed_before_its_job_is_written_begins_anew(tmp_path):
    """The folder and the half-written job file of a dead process are no obstacle."""
    source = add_faces(tmp_path / "in", 3)
    run(source, tmp_path / "whole")
    killed(source, tmp_path / "out", "moved", 1)
    job = tmp_path / "out" / "job.json"
    (tmp_path / "new").mkdir()
    left = f".job.json.1-{'0' * 32}.part"
    (tmp_path / "new" / left).write_bytes(job.read_bytes()[:20])
    run(source, tmp_path / "new")
    assert contents(tmp_path / "whole") == contents(tmp_path / "new")


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_line_of_the_journal_costs_one_image(cut, tmp_path):
    """The image of the torn line is made again, the others are kept."""
    source = add_faces(tmp_path / "in", 5)
    run(source, tmp_path / "out")
    whole, before = contents(tmp_path / "out"), states(tmp_path / "out")
    journal = tmp_path / "out" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-cut])
    report = run(source, tmp_path / "out")
    assert (report.kept, report.done) == (4, 1)
    after = states(tmp_path / "out")
    assert [name for name in before if before[name] != after[name]] == ["5_occ.png"]
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("damage", ["deleted", "truncated", "emptied"])
def test_a_damaged_result_is_made_again(damage, tmp_path):
    """A painted image that is missing or has another size is painted, the others are kept."""
    source = add_faces(tmp_path / "in", 4)
    run(source, tmp_path / "out")
    victim = tmp_path / "out" / "2_occ.png"
    whole = victim.read_bytes()
    victim.unlink()
    if damage != "deleted":
        victim.write_bytes(whole[:100] if damage == "truncated" else b"")
    report = run(source, tmp_path / "out")
    assert (report.kept, report.done) == (3, 1)
    assert victim.read_bytes() == whole
    again = run(source, tmp_path / "out")
    assert (again.kept, again.done) == (4, 0)


def test_a_finished_run_repeated_changes_nothing(tmp_path):
    """Neither bytes nor files are replaced."""
    source = add_faces(tmp_path / "in", 4)
    run(source, tmp_path / "out")
    whole, before = contents(tmp_path / "out"), states(tmp_path / "out")
    report = run(source, tmp_path / "out", workers=2)
    assert (report.total, report.done, report.kept) == (4, 0, 4)
    assert (contents(tmp_path / "out"), states(tmp_path / "out")) == (whole, before)


@pytest.mark.parametrize("what", ["image", "landmarks"])
def test_a_changed_source_is_refused_by_name(what, tmp_path):
    """Results of two versions of a source are never mixed."""
    source = add_faces(tmp_path / "in", 3)
    run(source, tmp_path / "out")
    if what == "image":
        write_picture(source / "2.png", picture(99))
    else:
        add_face(tmp_path / "other", "2.png", 99)
        (tmp_path / "other" / "2_lnd.npy").replace(source / "2_lnd.npy")
    whole = contents(tmp_path / "out")
    with pytest.raises(StaleState, match=r"'2\.png' or its landmarks have changed"):
        run(source, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def test_a_touched_source_of_equal_content_is_kept(tmp_path):
    """A copy with other times is no change."""
    source = add_faces(tmp_path / "in", 3)
    run(source, tmp_path / "out")
    before = states(tmp_path / "out")
    os.utime(source / "1.png", (1, 1))
    os.utime(source / "3_lnd.npy", (2, 2))
    assert run(source, tmp_path / "out").kept == 3
    assert states(tmp_path / "out") == before


def test_a_touched_source_is_read_once_more_only(tmp_path, monkeypatch):
    """Its new stamp is entered, so that the call after the next one is quick again."""
    source = add_faces(tmp_path / "in", 3)
    run(source, tmp_path / "out")
    journal = tmp_path / "out" / "journal.jsonl"
    before = journal.read_bytes()
    os.utime(source / "1.png", (1, 1))
    os.utime(source / "3_lnd.npy", (2, 2))
    reads, read = [], FolderFaces.read

    def counted(faces, face_id):
        reads.append(face_id)
        return read(faces, face_id)

    monkeypatch.setattr(FolderFaces, "read", counted)
    for _ in range(3):
        assert run(source, tmp_path / "out").kept == 3

    assert reads == ["1.png", "3.png"]
    lines = [json.loads(line) for line in journal.read_bytes().splitlines()]
    assert journal.read_bytes().startswith(before)
    assert [line["id"] for line in lines] == ["1.png", "2.png", "3.png", "1.png", "3.png"]
    for old, new in ((lines[0], lines[3]), (lines[2], lines[4])):
        assert old["stamp"] != new["stamp"]
        assert {**old, "stamp": 0} == {**new, "stamp": 0}
    assert lines[3]["stamp"][1] == 10**9


def test_a_changed_source_among_touched_ones_writes_nothing(tmp_path):
    """A refused call adds no line."""
    source = add_faces(tmp_path / "in", 3)
    run(source, tmp_path / "out")
    os.utime(source / "1.png", (1, 1))
    write_picture(source / "2.png", picture(99))
    whole = contents(tmp_path / "out")
    with pytest.raises(StaleState, match=r"'2\.png'"):
        run(source, tmp_path / "out")
    assert contents(tmp_path / "out") == whole


def flip_a_byte(path: Path) -> None:
    """Damages a file without changing its size."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def test_damage_that_keeps_the_size_is_found_on_request(tmp_path):
    """``verify`` reads what is painted and makes the damaged image again, no other."""
    source = add_faces(tmp_path / "in", 4)
    run(source, tmp_path / "out")
    victim = tmp_path / "out" / "2_occ.png"
    before, whole = states(tmp_path / "out"), victim.read_bytes()
    flip_a_byte(victim)
    assert run(source, tmp_path / "out").kept == 4
    assert victim.read_bytes() != whole
    faces = FolderFaces(source, source, tmp_path / "out")
    job = (faces, make_occluder("headset"), tmp_path / "out", Style())
    assert preview(*job, verify=True) == (3, ["2.png"])

    report = run(source, tmp_path / "out", verify=True)

    assert (report.kept, report.done) == (3, 1)
    assert victim.read_bytes() == whole
    after = states(tmp_path / "out")
    assert [name for name in before if before[name] != after[name]] == ["2_occ.png"]
    assert run(source, tmp_path / "out", verify=True).kept == 4


def test_the_command_verifies(tmp_path):
    """The flag reaches the job, in a dry run too."""
    source = add_faces(tmp_path / "in", 3)
    run(source, tmp_path / "out")
    flip_a_byte(tmp_path / "out" / "2_occ.png")
    command = ["--images", str(source), "--output", str(tmp_path / "out"), "--verify", "--json"]
    results = [
        CliRunner().invoke(occlude_command.command, [*command, *more])
        for more in (["--dry-run"], [], ["--dry-run"])
    ]
    counts = [json.loads(result.stdout.splitlines()[-1]) for result in results]
    assert [count["kept"] for count in counts] == [2, 2, 3]
    assert counts[1]["done"] == 1


@pytest.mark.parametrize("many", [False, True])
def test_checking_many_entries_shows_how_far_it_is(many, tmp_path, monkeypatch, capsys):
    """Few are checked before a bar could be read."""
    source = add_faces(tmp_path / "in", 3)
    run(source, tmp_path / "out")
    if many:
        monkeypatch.setattr(resume, "SHOWN_FROM", 2)
    capsys.readouterr()
    run(source, tmp_path / "out")
    assert ("check: 100%" in capsys.readouterr().err) == many


def test_a_source_that_breaks_later_is_a_failure_and_its_result_stays(tmp_path):
    """An unreadable source cannot be compared: it is named among the failures."""
    source = add_faces(tmp_path / "in", 3)
    run(source, tmp_path / "out")
    (source / "2_lnd.npy").unlink()
    report = run(source, tmp_path / "out")
    assert (report.kept, [failure.id for failure in report.failures]) == (2, ["2.png"])


@pytest.mark.parametrize("fill", ["'mean'", "(9, 8, 7)"])
def test_any_fill_can_be_continued(fill, tmp_path):
    """A colour is the same colour after it was written to disk."""
    source = add_faces(tmp_path / "in", 3)
    spec = f"headset(fill={fill}, aspect=0.5)"
    run(source, tmp_path / "out", occluder=spec, limit=1)
    assert run(source, tmp_path / "out", occluder=spec).kept == 1


def test_new_images_are_painted_beside_the_old(tmp_path):
    """A source that grew is continued."""
    source = add_faces(tmp_path / "in", 3)
    run(source, tmp_path / "out")
    add_face(source, "4.png", 4)
    report = run(source, tmp_path / "out")
    assert (report.total, report.kept, report.done) == (4, 3, 1)


def test_a_moved_tree_is_continued(tmp_path):
    """Source and output may move together."""
    source = add_faces(tmp_path / "here" / "in", 3)
    run(source, tmp_path / "here" / "out", limit=1)
    (tmp_path / "here").rename(tmp_path / "there")
    report = run(tmp_path / "there" / "in", tmp_path / "there" / "out")
    assert (report.kept, report.done) == (1, 2)


@pytest.mark.parametrize("line", ['{"id": "1.png"}', _NO_STAMP, '["1.png"]', "no JSON"])
def test_a_journal_that_no_run_wrote_is_refused(line, tmp_path):
    """A line without its fields names the journal."""
    source = add_faces(tmp_path / "in", 2)
    run(source, tmp_path / "out", style=Style())
    journal = tmp_path / "out" / "journal.jsonl"
    journal.write_text(line + "\n" + journal.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(DataError, match="journal"):
        run(source, tmp_path / "out")
