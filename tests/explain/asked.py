"""A run that ended without a training, in a workspace of 24 tiny faces, to ask it about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from occbench.dataset.manifest import read_digest
from occbench.occluders.base import make_occluder
from occbench.splits.build import build_split
from occbench.splits.partitioning import Partitioning
from occbench.training.recipe import Recipe
from occbench.training.run import Run
from occbench.workspace import Workspace
from tests.makers import make_workspace
from tests.runs import make_recipe, small_manifest, write_run


def make_asked(
    folder: Path,
    *,
    mode: str = "normal",
    without: Sequence[int] = (),
    recipe: Recipe | None = None,
) -> tuple[Workspace, Path]:
    """A workspace and the folder of its run, whose weights are an empty file.

    Args:
        folder: where to make it.
        mode: of the split.
        without: rows without landmarks; f12 to f17 are in val, f18 to f23 in test.
        recipe: of the run.
    """
    manifest = small_manifest(without=without)
    workspace = make_workspace(folder, manifest)
    split = build_split(
        manifest,
        mode=mode,
        occluder=make_occluder("headset(scale=1.1)"),
        how=Partitioning(all_faces=bool(without)),
        manifest_digest=read_digest(workspace.manifest("small")),
    )
    split.write(workspace.splits())
    run = Run.of(recipe or make_recipe(), split)
    write_run(workspace.run(run.id), run)
    (workspace.run(run.id) / "best.weights.h5").touch()
    return workspace, workspace.run(run.id)
