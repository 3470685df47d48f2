"""Trains runs in a workspace: finds what is there, refuses what does not fit, resumes the rest."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from occbench.core.lock import sole_writer
from occbench.dataset.batch import Style
from occbench.dataset.manifest import Manifest
from occbench.errors import StaleState
from occbench.splits.split import Split
from occbench.training.copies import learned
from occbench.training.data import check_fit, open_data, painted_folders
from occbench.training.run import READS, Run, State
from occbench.training.start import find_start
from occbench.workspace import Workspace

AfterEpoch = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Wish:
    """How a run is trained, apart from what decides its result.

    Attributes:
        painted: read painted images; this does decide the result.
        every_epoch: keep the weights of every epoch.
        force: throw an ended or begun run away and train anew.
        tensorboard: also write events for TensorBoard.
    """

    painted: bool = False
    every_epoch: bool = False
    force: bool = False
    tensorboard: bool = False


def plan_run(
    workspace: Workspace, manifest: Manifest, split: Split, run: Run, wish: Wish
) -> tuple[Path, State]:
    """The run's folder and how far it is; refuses at once what can never be trained.

    Raises:
        DataError: the recipe does not fit the split, or images were not painted.
        StaleState: the folder holds another run.
    """
    check_fit(run.recipe, split, manifest)
    folder = workspace.run(run.id)
    state = State() if wish.force else State.read(folder)
    if state.last or state.ended:
        run.write(folder)
    if wish.painted and not state.ended:
        painted_folders(workspace, manifest.name, split.record["variants"])
    return folder, state


def train(
    workspace: Workspace,
    manifest: Manifest,
    split: Split,
    run: Run,
    wish: Wish | None = None,
    *,
    after_epoch: AfterEpoch | None = None,
) -> State:
    """Trains a run to its end; one that has ended is left alone.

    Args:
        workspace: where all lies.
        manifest: the data set.
        split: what is learned from, and what chooses the epoch.
        run: what decides it.
        wish: how it is trained apart from that.
        after_epoch: called with each new row of the history once the epoch is written down; what
            it raises ends the call, and the run can go on later.

    Raises:
        Busy: another process is training it.
        DataError, StaleState: as ``plan_run`` and ``fit``.
    """
    wish = wish or Wish()
    folder, state = plan_run(workspace, manifest, split, run, wish)
    if state.ended:
        return state
    folder.mkdir(parents=True, exist_ok=True)
    with sole_writer(folder):
        # Another process may have ended it since.
        state = State() if wish.force else State.read(folder)
        if state.ended:
            return state
        return _fit(workspace, manifest, split, run, wish, after_epoch)


def painted_digest(workspace: Workspace, name: str, split: Split) -> str:
    """What identifies the painted images of a split's variants: their job records."""
    from occbench.core.digest import file_digest, short_digest

    folders = painted_folders(workspace, name, split.record["variants"])
    return short_digest(
        [Style().describe(), *(file_digest(path / "job.json") for path in folders.values())]
    )


def _fit(
    workspace: Workspace,
    manifest: Manifest,
    split: Split,
    run: Run,
    wish: Wish,
    after_epoch: AfterEpoch | None,
) -> State:
    from occbench.training.fit import Fitting, fit

    start = find_start(workspace, run.recipe)
    if start.identity != run.weights:
        raise StaleState("The weights to begin with were changed just now. Run the command again.")
    data = open_data(
        workspace, manifest, run.recipe, split.record["variants"], painted=wish.painted
    )
    train_images, val_images = (data.shown(split.parts[part]) for part in ("train", "val"))
    for images in (train_images, val_images):
        data.check(images)
    folder = workspace.run(run.id)
    if wish.force:
        # Only now, when everything that could be refused has been.
        _clear(folder)
    events = _events(folder) if wish.tensorboard else None
    return fit(
        Fitting(
            run=run,
            data=data,
            train=learned(train_images, run.recipe),
            val=val_images,
            folder=folder,
            start=start,
            every_epoch=wish.every_epoch,
            after_epoch=_in_turn(events, after_epoch),
        )
    )


def _clear(folder: Path) -> None:
    """Empties a run's folder but for its lock and the count of looks at the test faces."""
    # Without its state a run has not begun: a kill here leaves nothing that looks finished.
    (folder / "state.json").unlink(missing_ok=True)
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            shutil.rmtree(path)
        elif not path.name.startswith(".") and path.name != READS:
            path.unlink()


def _in_turn(*listeners: AfterEpoch | None) -> AfterEpoch:
    """One function that hands a row to each listener there is."""

    def tell(row: dict[str, Any]) -> None:
        for listener in listeners:
            if listener is not None:
                listener(row)

    return tell


def _events(folder: Path) -> AfterEpoch:
    """A function that hands rows of the history to TensorBoard."""
    from occbench.training.tensorboard import writer

    return writer(folder / "tensorboard")
