"""The script that writes FER2013 into class folders: lossless, once, and after a kill."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from data_tools import fer2013_to_folders
from occbench.core.console import set_quiet
from tests.makers import read_picture

NAMES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
USAGES = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}

# Writes; once the record and 9 images are whole it writes half of the next, says so and waits.
_CHILD = """
import sys
from pathlib import Path
from data_tools import fer2013_to_folders as tool

write, made = Path.write_bytes, []

def torn(path, data):
    made.append(1)
    if len(made) > 10:
        write(path, data[: len(data) // 2])
        print("ready", flush=True)
        sys.stdin.read()
    return write(path, data)

Path.write_bytes = torn
tool.available_workers = lambda: 1
tool.command(sys.argv[1:])
"""


@pytest.fixture(autouse=True)
def _quiet() -> object:
    """No progress bars."""
    set_quiet(True)
    yield
    set_quiet(False)


def run(*arguments: object) -> Result:
    """Runs the script in this process."""
    return CliRunner().invoke(fer2013_to_folders.command, [str(item) for item in arguments])


def faces() -> list[tuple[int, str, np.ndarray]]:
    """Twenty-one random faces: each class once in each usage."""
    rng = np.random.default_rng(8)
    return [
        (label, usage, rng.integers(0, 256, (48, 48), dtype=np.uint8))
        for usage in USAGES
        for label in range(7)
    ]


def write_csv(path: Path, *, layout: str = "fer2013", broken: dict[int, str] | None = None) -> Path:
    """Writes the faces as one of the two CSV layouts; some rows replaced by other text."""
    head = {"fer2013": "emotion,pixels,Usage", "icml": "emotion, Usage, pixels"}[layout]
    lines = [head]
    for row, (label, usage, image) in enumerate(faces()):
        pixels = " ".join(str(level) for level in image.ravel())
        whole = f"{label},{pixels},{usage}" if layout == "fer2013" else f"{label},{usage},{pixels}"
        lines.append((broken or {}).get(row, whole))
    path.write_text("\n".join(lines) + "\n")
    return path


def write_npz(path: Path) -> Path:
    """Writes the faces as arrays."""
    np.savez(
        path,
        images=np.stack([image for _, _, image in faces()]),
        labels=np.array([label for label, _, _ in faces()], np.uint8),
        usage=np.array([[*USAGES].index(usage) for _, usage, _ in faces()], np.uint8),
    )
    return path


def images_in(folder: Path) -> dict[str, bytes]:
    """All images below a folder by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.png")
    }


@pytest.mark.parametrize("kind", ["fer2013", "icml", "npz"])
def test_every_row_is_a_lossless_image(tmp_path: Path, kind: str) -> None:
    """Both CSV layouts and the npz give the same grey PNG files, by partition, class and row."""
    path = tmp_path / f"data.{'npz' if kind == 'npz' else 'csv'}"
    source = write_npz(path) if kind == "npz" else write_csv(path, layout=kind)
    result = run(source, tmp_path / "out")
    assert result.exit_code == 0, result.output
    expected = {
        f"{USAGES[usage]}/{NAMES[label]}/{row:05d}.png": image
        for row, (label, usage, image) in enumerate(faces())
    }
    assert set(images_in(tmp_path / "out")) == set(expected)
    for name, image in expected.items():
        stored = read_picture(tmp_path / "out" / name)
        assert stored.shape == (48, 48)
        assert (stored == image).all()
    assert "21 images written now" in result.stdout


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    """Repeated, it says so and writes nothing; a lost image is written again."""
    source, output = write_csv(tmp_path / "fer2013.csv"), tmp_path / "out"
    run(source, output)
    before = images_in(output)
    times = {
        path: path.stat().st_mtime_ns
        for path in output.rglob("*")
        if path.is_file() and path.name != ".lock"
    }
    assert "Nothing to do" in run(source, output).stdout
    assert {path: path.stat().st_mtime_ns for path in times} == times
    (output / "val/sad/00011.png").unlink()
    assert "1 images written now" in run(source, output).stdout
    assert images_in(output) == before


def test_broken_rows_are_listed(tmp_path: Path) -> None:
    """Rows that cannot be read are listed with their line and code 3; others keep their number."""
    broken = {2: "9,1 2 3,Training", 5: "0,1 2 3,Training", 20: "rubbish"}
    source = write_csv(tmp_path / "fer2013.csv", broken=broken)
    for _ in range(2):
        result = run(source, tmp_path / "out")
        assert result.exit_code == 3
        assert "3 rows are broken" in result.stderr
        with (tmp_path / "out/broken_rows.csv").open(newline="") as file:
            rows = {row["id"]: row["reason"] for row in csv.DictReader(file)}
        assert set(rows) == {"line 4", "line 7", "line 22"}
        names = {Path(name).stem for name in images_in(tmp_path / "out")}
        assert names == {f"{row:05d}" for row in range(21) if row not in broken}


def test_a_killed_run_is_completed(tmp_path: Path) -> None:
    """Killed after nine images, the next run keeps them and ends as if nothing had happened."""
    source, output = write_csv(tmp_path / "fer2013.csv"), tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(source), str(output)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    ) as child:
        assert child.stdout.readline() == b"ready\n"
        assert "Another occbench process is writing" in run(source, output).stderr
        child.kill()
    assert child.returncode == -9
    assert len(images_in(output)) == 9
    assert "12 images written now" in run(source, output).stdout
    run(source, tmp_path / "undisturbed")
    assert images_in(output) == images_in(tmp_path / "undisturbed")
    assert not list(output.glob(".*.part"))


def test_refused_sources_and_outputs(tmp_path: Path) -> None:
    """No FER2013, a folder with something else or of another file: one sentence and code 1."""
    source = write_csv(tmp_path / "fer2013.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/photo.png").write_bytes(b"mine")
    write_npz(tmp_path / "data.npz")
    run(tmp_path / "data.npz", tmp_path / "out")
    for path, output, sentence in (
        (tmp_path / "missing.csv", "new", "No such file"),
        (tmp_path / "other.csv", "new", "has the header"),
        (source, "mine", "is not empty and holds no fer2013.json"),
        (source, "out", "was begun from another file"),
    ):
        result = run(path, tmp_path / output)
        assert result.exit_code == 1
        assert sentence in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "new").exists()
