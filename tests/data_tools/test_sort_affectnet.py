"""The script that sorts AffectNet: nothing is skipped, lost or done twice."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from data_tools import sort_affectnet
from occbench.core.console import set_quiet

HOWS = ("link", "copy", "move")

# Sorts; around the call N of a step it says so and waits. Where the disks are two, the
# source's images seem to lie on another one.
_CHILD = """
import sys
from pathlib import Path
from types import SimpleNamespace
from data_tools import sort_affectnet as tool

step, number, when, disks = sys.argv[1:5]
done, calls = getattr(Path, step), []

def wait():
    print("ready", flush=True)
    sys.stdin.read()

def slow(*arguments, **options):
    calls.append(1)
    if len(calls) == int(number) and when == "before":
        wait()
    result = done(*arguments, **options)
    if len(calls) == int(number) and when == "after":
        wait()
    return result

setattr(Path, step, slow)
stat = Path.stat
if disks == "two":
    Path.stat = lambda path, **options: (
        SimpleNamespace(st_dev=-1) if path.parent.name == "images" else stat(path, **options)
    )
tool.command(sys.argv[5:])
"""


@pytest.fixture(autouse=True)
def _quiet() -> object:
    """No progress bars."""
    set_quiet(True)
    yield
    set_quiet(False)


def run(*arguments: object) -> Result:
    """Runs the script in this process."""
    return CliRunner().invoke(sort_affectnet.command, [str(argument) for argument in arguments])


def add(source: Path, part: str, name: str, exp: object) -> None:
    """Writes an image and, unless it is None, the label of its number."""
    images, notes = source / part / "images", source / part / "annotations"
    images.mkdir(parents=True, exist_ok=True)
    notes.mkdir(parents=True, exist_ok=True)
    (images / name).write_bytes(f"{part} {name}".encode())
    number = name.partition(".")[0].partition("_")[0]
    if isinstance(exp, bytes):
        (notes / f"{number}_exp.npy").write_bytes(exp)
    elif exp is not None:
        np.save(notes / f"{number}_exp.npy", np.array(exp))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Ten images of train and two of val, all with a class; ids as text and as numbers."""
    root = tmp_path / "AffectNet"
    for number in range(10):
        label = number % 8
        add(root, "train_set", f"{number}.jpg", str(label) if number % 2 else label)
    add(root, "val_set", "3.jpg", "7")
    add(root, "val_set", "100_occ.png", "0")
    return root


EXPECTED = {f"train_set/{n % 8}/{n}.jpg": f"train_set {n}.jpg".encode() for n in range(10)}
EXPECTED |= {"val_set/7/3.jpg": b"val_set 3.jpg", "val_set/0/100_occ.png": b"val_set 100_occ.png"}


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones and linked ones too, by path."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """What changes if a file or a link below a folder is written anew."""
    return {
        str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if not path.is_dir()
    }


def orphans(output: Path) -> dict[str, str]:
    """Reasons by item."""
    with (output / "orphans.csv").open(newline="") as file:
        return {row["id"]: row["reason"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("how", HOWS)
def test_sorted_once_and_for_all(source: Path, tmp_path: Path, how: str) -> None:
    """Each image stands in the folder of its class; a second run changes nothing and says so."""
    before, output = contents(source), tmp_path / "sorted"
    result = run(source, output, f"--{how}")
    assert result.exit_code == 0, result.output
    assert contents(output) == EXPECTED
    links = [path for path in output.rglob("*") if path.is_symlink()]
    assert len(links) == (12 if how == "link" else 0)
    left = {name: data for name, data in before.items() if how != "move" or "images" not in name}
    assert contents(source) == left
    times = state(tmp_path)
    again = run(source, output, f"--{how}")
    assert again.exit_code == 0, again.output
    assert "Nothing was changed" in again.stdout
    assert "Nothing was changed" not in result.stdout
    assert state(tmp_path) == times


def test_links_are_the_default(source: Path, tmp_path: Path) -> None:
    """Without an option images are linked, from wherever the command was run."""
    run(source, tmp_path / "sorted")
    link = tmp_path / "sorted/train_set/1/9.jpg"
    assert link.is_symlink()
    assert link.readlink() == (source / "train_set/images/9.jpg").resolve()


@pytest.mark.parametrize("first", HOWS)
@pytest.mark.parametrize("second", HOWS)
def test_one_way_after_another(source: Path, tmp_path: Path, first: str, second: str) -> None:
    """Whatever way follows which, every image stands sorted with its own bytes."""
    output = tmp_path / "sorted"
    for how in (first, second):
        assert run(source, output, f"--{how}").exit_code == 0
        assert contents(output) == EXPECTED
    if second == "move":
        assert not any((source / "train_set/images").iterdir())
        assert not any(path.is_symlink() for path in output.rglob("*"))


def test_ids_without_an_expression_are_counted(source: Path, tmp_path: Path) -> None:
    """Ids 8 to 10 stay where they are, are counted, and are no failure."""
    for number, label in ((50, 8), (51, 9), (52, "10")):
        add(source, "train_set", f"{number}.jpg", label)
    result = run(source, tmp_path / "sorted", "--move")
    assert result.exit_code == 0
    assert contents(tmp_path / "sorted") == EXPECTED
    row = next(line for line in result.stdout.splitlines() if line.startswith("train_set"))
    assert row.split() == ["train_set", "2", "2", *"111111", "3", "10"]
    assert len(list((source / "train_set/images").iterdir())) == 3


@pytest.mark.parametrize("how", HOWS)
def test_what_cannot_be_sorted_is_listed(source: Path, tmp_path: Path, how: str) -> None:
    """Missing and broken labels, lone annotations and strangers are listed, with code 3."""
    output = tmp_path / "sorted"
    add(source, "train_set", "60.jpg", None)
    add(source, "train_set", "61.jpg", b"no array")
    add(source, "train_set", "62.jpg", "11")
    add(source, "train_set", "63.jpg", 1.5)
    add(source, "train_set", "64.jpg", "happy")
    add(source, "train_set", "65.jpg", "1")
    (source / "train_set/images/65.jpg").write_bytes(b"")
    np.save(source / "train_set/annotations/70_lnd.npy", np.zeros(136))
    (source / "val_set/images/notes.doc").write_text("?")
    (source / "val_set/annotations/list.csv").write_text("?")
    (source / "val_set/images/more").mkdir()
    for _ in range(2):
        result = run(source, output, f"--{how}")
        assert result.exit_code == 3
        assert "10 items could not be sorted" in result.stderr
        found = orphans(output)
        assert set(found) == {
            *(f"train_set/images/{number}.jpg" for number in range(60, 66)),
            "train_set/annotations/70_lnd.npy",
            "val_set/images/notes.doc",
            "val_set/images/more",
            "val_set/annotations/list.csv",
        }
        files = {name: data for name, data in contents(output).items() if name != "orphans.csv"}
        assert files == EXPECTED
    assert "No such file" in found["train_set/images/60.jpg"]
    assert "unknown label 11" in found["train_set/images/62.jpg"]
    assert "empty" in found["train_set/images/65.jpg"]
    assert found["train_set/annotations/70_lnd.npy"] == "belongs to no image"


def test_orphans_vanish_when_they_are_mended(source: Path, tmp_path: Path) -> None:
    """Once the label is there, the image is sorted and the list is gone."""
    add(source, "train_set", "60.jpg", None)
    assert run(source, tmp_path / "sorted").exit_code == 3
    np.save(source / "train_set/annotations/60_exp.npy", np.array("5"))
    assert run(source, tmp_path / "sorted").exit_code == 0
    assert contents(tmp_path / "sorted") == EXPECTED | {"train_set/5/60.jpg": b"train_set 60.jpg"}


@pytest.mark.parametrize("how", HOWS)
def test_nothing_is_overwritten(source: Path, tmp_path: Path, how: str) -> None:
    """Another image at the place, or the image in another class, is listed and both are kept."""
    output = tmp_path / "sorted"
    for place in ("train_set/1/1.jpg", "train_set/6/2.jpg"):
        (output / place).parent.mkdir(parents=True)
        (output / place).write_bytes(b"mine")
    result = run(source, output, f"--{how}")
    assert result.exit_code == 3
    assert orphans(output) == {
        "train_set/images/1.jpg": "another image is train_set/1/1.jpg already",
        "train_set/images/2.jpg": "is of class 2 but stands in 6",
    }
    for place in ("train_set/1/1.jpg", "train_set/6/2.jpg"):
        assert (output / place).read_bytes() == b"mine"
    assert contents(source)["train_set/images/1.jpg"] == b"train_set 1.jpg"
    assert contents(source)["train_set/images/2.jpg"] == b"train_set 2.jpg"


def test_a_link_that_leads_nowhere_is_listed(source: Path, tmp_path: Path) -> None:
    """An image deleted from the source leaves a link that is named."""
    run(source, tmp_path / "sorted")
    (source / "train_set/images/4.jpg").unlink()
    assert run(source, tmp_path / "sorted").exit_code == 3
    assert orphans(tmp_path / "sorted") == {"train_set/4/4.jpg": "leads nowhere"}


def test_a_folder_without_affectnet(tmp_path: Path) -> None:
    """Without train_set and val_set, or without their folders: one sentence and code 1."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "half/train_set/images").mkdir(parents=True)
    for name, sentence in (
        ("empty", "neither train_set nor val_set"),
        ("half", "annotations"),
    ):
        result = run(tmp_path / name, tmp_path / "sorted")
        assert result.exit_code == 1
        assert sentence in result.stderr
        assert len(result.stderr.splitlines()) == 1


KILLS = [
    ("copy", "replace", 6, "before", "one"),
    ("move", "replace", 6, "before", "one"),
    ("move", "replace", 6, "after", "one"),
    ("move", "replace", 6, "after", "two"),
    ("move", "unlink", 12, "after", "two"),
]


@pytest.mark.parametrize(("how", "step", "number", "when", "disks"), KILLS)
def test_a_kill_loses_nothing(
    source: Path, tmp_path: Path, how: str, step: str, number: int, when: str, disks: str
) -> None:
    """Killed around any step of an image, all images are whole somewhere; the next run ends it."""
    output = tmp_path / "sorted"
    command = [step, str(number), when, disks, str(source), str(output), f"--{how}"]
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    ) as child:
        assert child.stdout.readline() == b"ready\n"
        assert "Another occbench process" in run(source, output, f"--{how}").stderr
        child.kill()
    assert child.returncode == -9
    now, after = contents(source), contents(output)
    moved = 0
    for place, data in EXPECTED.items():
        part, _, name = place.split("/")
        old, new = now.get(f"{part}/images/{name}"), after.get(place)
        assert {old, new} - {None} == {data}
        moved += new is not None
    assert 5 <= moved <= 6
    assert run(source, output, f"--{how}").exit_code == 0
    assert contents(output) == EXPECTED
    if how == "move":
        assert not any(name.partition("/images/")[1] for name in contents(source))
