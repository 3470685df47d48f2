"""The script that draws faces into folders: layouts, same bytes, kills, refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from data_tools import draw_faces
from occbench.core.console import set_quiet
from occbench.dataset.drawing import draw_face
from occbench.dataset.labels import AFFECTNET
from occbench.dataset.landmark_source import LandmarkFolder
from tests.makers import read_picture

SCRIPT = Path(draw_faces.__file__)
SMALL = ("--count", "32", "--size", "32")

# Draws; once the record and 20 images are whole it writes half of the next, says so and waits.
_CHILD = """
import sys
from pathlib import Path
from data_tools import draw_faces

write, made = Path.write_bytes, []

def torn(path, data):
    made.append(1)
    if len(made) > 21:
        write(path, data[: len(data) // 2])
        print("ready", flush=True)
        sys.stdin.read()
    return write(path, data)

Path.write_bytes = torn
draw_faces.command(sys.argv[1:])
"""


@pytest.fixture(autouse=True)
def _quiet() -> object:
    """No progress bars."""
    set_quiet(True)
    yield
    set_quiet(False)


def run(*arguments: object) -> Result:
    """Runs the script in this process."""
    return CliRunner().invoke(draw_faces.command, [str(argument) for argument in arguments])


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too, by path."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_affectnet_layout(tmp_path: Path) -> None:
    """Images and four annotations per face, as AffectNet stores them; a quarter is in val_set."""
    result = run(tmp_path / "out", *SMALL, "--seed", 3, "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "32 faces drawn now, 0 before" in result.stdout
    numbers = {"train_set": range(1, 25), "val_set": range(25, 33)}
    expected = {f"{part}/images/{n}.jpg" for part, found in numbers.items() for n in found}
    expected |= {
        f"{part}/annotations/{n}_{kind}.npy"
        for part, found in numbers.items()
        for n in found
        for kind in ("exp", "lnd", "aro", "val")
    }
    assert set(contents(tmp_path / "out")) == expected | {"draw_faces.json"}
    labels = []
    for part, found in numbers.items():
        for number in found:
            stem = tmp_path / "out" / part / "annotations" / str(number)
            exp, lnd, aro, val = (
                np.load(f"{stem}_{kind}.npy") for kind in ("exp", "lnd", "aro", "val")
            )
            assert (exp.shape, exp.dtype.kind) == ((), "U")
            assert (lnd.shape, lnd.dtype) == ((136,), np.float64)
            assert -1 <= float(aro) <= 1
            assert -1 <= float(val) <= 1
            labels.append(int(exp))
    assert sorted(labels) == [label for label in range(8) for _ in range(4)]


def test_folder_layout(tmp_path: Path) -> None:
    """Class folders with landmarks beside each image; pixels and points are those of draw_face."""
    result = run(tmp_path, *SMALL, "--layout", "folder", "--format", "png", "--workers", 1)
    assert result.exit_code == 0, result.output
    images = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png"))
    assert len(images) == 32
    assert {image.split("/")[0] for image in images} == set(AFFECTNET.names)
    landmarks = LandmarkFolder(tmp_path)
    for image in images[::5]:
        label, name = image.split("/")
        person, number = name.removesuffix(".png").removeprefix("person").split("_")
        face = draw_face(identity=int(person), expression=label, index=int(number), seed=0, size=32)
        assert (read_picture(tmp_path / image) == face.image).all()
        assert (landmarks.read(image).points == face.landmarks).all()


@pytest.mark.parametrize("count", [32, 100, 2000])
def test_people_are_tested_or_trained(count: int) -> None:
    """Nobody is on both sides, each round of eight is one person with all expressions."""
    orders = draw_faces.orders(count)
    people = {
        tested: {order.person for order in orders if order.tested == tested}
        for tested in (True, False)
    }
    assert not people[True] & people[False]
    assert [order.number for order in orders] == list(range(1, count + 1))
    for start in range(0, count - 7, 8):
        turn = orders[start : start + 8]
        assert {order.label for order in turn} == set(range(8))
        assert len({(order.person, order.tested) for order in turn}) == 1
    assert sum(order.tested for order in orders) == 8 * (count // 32)


def test_workers_and_order_of_options_change_nothing(tmp_path: Path) -> None:
    """Two processes write what one does, and options may come in any order."""
    one = run(tmp_path / "one", *SMALL, "--seed", 3, "--workers", 1)
    two = run(tmp_path / "two", "--seed", 3, "--workers", 2, *SMALL)
    assert (one.exit_code, two.exit_code) == (0, 0), two.output
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    other = run(tmp_path / "other", *SMALL, "--seed", 4, "--workers", 1)
    assert other.exit_code == 0
    assert contents(tmp_path / "other") != contents(tmp_path / "one")


def test_a_killed_run_is_completed(tmp_path: Path) -> None:
    """Killed in the middle of an image, the next run keeps what was whole and ends the same."""
    arguments = [*SMALL, "--workers", "1"]
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(tmp_path / "killed"), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    ) as child:
        assert child.stdout.readline() == b"ready\n"
        busy = run(tmp_path / "killed", *arguments)
        assert busy.exit_code == 1
        assert "Another occbench process is writing" in busy.stderr
        child.kill()
    assert child.returncode == -9
    images = list((tmp_path / "killed").rglob("*.jpg"))
    assert len(images) == 20
    assert (tmp_path / "killed/train_set/annotations/21_lnd.npy").is_file()
    times = {path: path.stat().st_mtime_ns for path in images}
    result = run(tmp_path / "killed", *arguments)
    assert "12 faces drawn now, 20 before" in result.stdout
    assert {path: path.stat().st_mtime_ns for path in images} == times
    run(tmp_path / "undisturbed", *arguments)
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")


def test_a_lost_annotation_is_made_again(tmp_path: Path) -> None:
    """A face that lacks a file is drawn again; a complete folder is left as it is."""
    run(tmp_path, *SMALL, "--workers", 1)
    before = contents(tmp_path)
    (tmp_path / "val_set/annotations/30_exp.npy").unlink()
    assert "1 faces drawn now, 31 before" in run(tmp_path, *SMALL, "--workers", 1).stdout
    assert "0 faces drawn now, 32 before" in run(tmp_path, *SMALL, "--workers", 1).stdout
    assert contents(tmp_path) == before


def test_refused_outputs(tmp_path: Path) -> None:
    """A folder with something else, of other options, or no folder: one sentence and code 1."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/photo.jpg").write_bytes(b"mine")
    run(tmp_path / "drawn", *SMALL, "--workers", 1)
    (tmp_path / "file").write_text("")
    cases = (
        ("mine", [], "is not empty and holds no draw_faces.json"),
        ("drawn", ["--seed", "9"], "was begun with"),
        ("drawn", ["--layout", "folder"], "was begun with"),
        ("file/below", [], "Not a directory"),
    )
    before = contents(tmp_path)
    for name, options, sentence in cases:
        result = run(tmp_path / name, *SMALL, *options, "--workers", 1)
        assert result.exit_code == 1
        assert sentence in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert isinstance(result.exception, SystemExit)
    assert contents(tmp_path) == before


def test_it_stands_alone() -> None:
    """As a script, -h tells what it does and ends well."""
    path = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, SCRIPT, "-h"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert "Draw faces with exact landmarks into OUTPUT" in done.stdout
