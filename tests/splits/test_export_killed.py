"""An export that is killed is repeated and ends as if nothing had happened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from occbench.core.console import set_quiet
from occbench.dataset.manifest import Manifest, read_digest
from occbench.errors import Busy
from occbench.occluders.base import make_occluder
from occbench.splits.build import build_split
from occbench.splits.export import export_split
from tests.makers import make_manifest, make_workspace

# Exports; once 20 images are whole it writes half of the next, says so and waits.
_CHILD = """
import sys
from pathlib import Path
from occbench.dataset.manifest import Manifest
from occbench.splits import export
from occbench.splits.split import Split
from occbench.workspace import Workspace

workspace = Workspace.find(Path(sys.argv[1]))
manifest = Manifest.read(workspace.manifest("small"))
split = Split.read(Path(sys.argv[2]), manifest, sys.argv[4])
write, made = Path.write_bytes, []

def torn(path, data):
    made.append(1)
    # The first is the record of the export.
    if len(made) > 21:
        write(path, data[: len(data) // 2])
        print("ready", flush=True)
        sys.stdin.read()
    return write(path, data)

Path.write_bytes = torn
export.available_workers = lambda: 1
export.export_split(workspace, manifest, split, Path(sys.argv[3]))
"""


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder by path, but not the writer's lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(autouse=True)
def _quiet() -> object:
    """No progress bars."""
    set_quiet(True)
    yield
    set_quiet(False)


def test_a_killed_export_is_completed(tmp_path: Path) -> None:
    """Killed after 20 of 72 images, it is Busy until then, then goes on and keeps those 20."""
    parts = ["train"] * 24 + ["val"] * 8 + ["test"] * 8
    manifest = make_manifest(["happy", "sad"] * 20, partitions=parts)
    workspace = make_workspace(tmp_path / "w", manifest)
    digest = read_digest(workspace.manifest("small"))
    manifest = Manifest.read(workspace.manifest("small"))
    split = build_split(
        manifest,
        mode="mixed-paired",
        occluder=make_occluder("headset"),
        manifest_digest=digest,
    )
    stored = split.write(workspace.splits())
    out = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(workspace.root), str(stored), str(out), digest],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        assert child.stdout.readline() == b"ready\n"
        with pytest.raises(Busy):
            export_split(workspace, manifest, split, out)
        child.kill()
    assert child.returncode == -9
    made = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert len(made) == 20
    folder = export_split(workspace, manifest, split, out)
    assert {path: path.stat().st_mtime_ns for path in made} == made
    undisturbed = export_split(workspace, manifest, split, tmp_path / "undisturbed")
    assert contents(folder) == contents(undisturbed)
    assert len(contents(folder)) == 72 + 1
