"""Occluding with processes gives what threads give, and leaves nobody behind when killed."""

from __future__ import annotations

import dataclasses
import os
import pickle
import select
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from occbench.dataset.faces import PIXELS, ManifestFaces
from occbench.errors import DataError
from tests.folders import add_faces, contents, run
from tests.makers import make_manifest

_ROOT = Path(__file__).parents[2]
_FACES = 100

# Occludes with two processes, tells their numbers and kills itself after its second entry.
_CHILD = """
import multiprocessing, os, signal, sys
from pathlib import Path
from occbench.core import journal
from tests.folders import run

enter, calls = journal.Journal.append, []

def dying_enter(self, entries):
    enter(self, entries)
    calls.append(1)
    if len(calls) == 2:
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    journal.Journal.append = dying_enter
    run(Path(sys.argv[1]), Path(sys.argv[2]), workers=2, processes=True)
"""


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of faces."""
    return add_faces(tmp_path_factory.mktemp("faces"), _FACES)


@pytest.fixture(scope="module")
def undisturbed(faces: Path) -> dict[str, bytes]:
    """What one thread makes of it."""
    output = faces.parent / "threads"
    run(faces, output)
    return contents(output)


def test_processes_write_the_bytes_of_threads(faces, undisturbed, tmp_path):
    """Images, journal and all."""
    report = run(faces, tmp_path / "faces", workers=2, processes=True)
    assert report.done == _FACES
    # The record names where the faces lie as seen from the output.
    made = contents(tmp_path / "faces")
    assert made.keys() == undisturbed.keys()
    assert {k: v for k, v in made.items() if k != "job.json"} == {
        k: v for k, v in undisturbed.items() if k != "job.json"
    }


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux to watch a process")
def test_a_killed_parent_takes_its_workers_along(faces, undisturbed, tmp_path):
    """None of them goes on writing or waits forever, and the next call completes the work."""
    output, script = faces.parent / "killed", tmp_path / "occlude.py"
    script.write_text(_CHILD)
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, str(script), str(faces), str(output)]
    done = subprocess.run(
        command, env=environment, check=False, stdout=subprocess.PIPE, text=True, timeout=120
    )
    assert done.returncode == -signal.SIGKILL
    workers = [int(number) for number in done.stdout.split()]
    assert len(workers) == 2
    for worker in workers:
        _wait_for_end(worker)
    run(faces, output)
    assert contents(output) == undisturbed


def _wait_for_end(process: int) -> None:
    try:
        watched = os.pidfd_open(process)
    except ProcessLookupError:
        return
    try:
        assert select.select([watched], [], [], 60)[0], f"process {process} lives on"
    finally:
        os.close(watched)


def test_faces_of_a_stack_travel_without_their_pixels(tmp_path):
    """In another process the stack is opened again: the pickle is far smaller than it."""
    pixels = np.random.default_rng(1).integers(0, 256, (12, 40, 40), dtype=np.uint8)
    np.save(tmp_path / PIXELS, np.repeat(pixels, 200, axis=0))
    manifest = make_manifest(["a", "b", "c"] * 4, stack=True)
    there = ManifestFaces(manifest, tmp_path)
    data = pickle.dumps(there)
    assert len(data) < pixels.nbytes * 10
    again = pickle.loads(data)
    for face in there.ids:
        assert (again.image(face)[0] == there.image(face)[0]).all()


def test_faces_of_a_manifest_travel_without_what_painting_does_not_need(tmp_path):
    """Labels, groups and further columns stay behind; faces and their digest are the same."""
    manifest = make_manifest(["angry", "happy"] * 200, groups=["person"] * 400, without=[3])
    wide = manifest.faces.assign(note=[f"some long text about face {row}" for row in range(400)])
    manifest = dataclasses.replace(manifest, faces=wide, facts={"many": "x" * 10_000})
    there = ManifestFaces(manifest, tmp_path)
    data = pickle.dumps(there)
    again = pickle.loads(data)

    ids = sum(len(text) for column in ("id", "image") for text in wide[column])
    assert len(data) < manifest.landmarks.nbytes + 3 * ids + 5_000
    assert b"some long text" not in data
    assert b"person" not in data
    assert list(again.ids) == list(there.ids)
    assert again.describe() == there.describe()
    assert np.array_equal(again.landmarks("f0").points, there.landmarks("f0").points)
    with pytest.raises(DataError, match="'f3' has no landmarks"):
        again.landmarks("f3")
