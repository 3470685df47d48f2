"""Scores of an ended run for test faces; the only reader of the test partition."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from occbench.core.console import detail, progress
from occbench.core.journal import Journal
from occbench.errors import DataError
from occbench.training import checkpoint
from occbench.training.batches import log_softmax, logits
from occbench.training.data import Data
from occbench.training.network import compiled_network
from occbench.training.predictions import Predictions, predictions_path
from occbench.training.run import READS, SELECTIONS, State, read_recipe
from occbench.training.trained_part import TrainedPart


def predict(
    folder: Path,
    data: Data,
    wanted: Mapping[str, Sequence[str]],
    *,
    selections: Sequence[str] = SELECTIONS,
) -> list[Predictions]:
    """The scores for test faces in each variant, from disk or computed and stored now.

    Args:
        folder: of a run that has ended.
        data: the data set as the run's recipe sees it.
        wanted: the test faces in each variant.
        selections: ``best``, ``last`` or both.

    Raises:
        DataError: the run has not ended, or its weights are broken.
    """
    state = State.read(folder)
    if not state.ended:
        raise DataError(f"The run '{folder.name}' has not ended; the test faces stay unseen.")
    todo = [
        (selection, variant)
        for selection in selections
        for variant in wanted
        if not _is_stored(predictions_path(folder, selection, variant), wanted[variant])
    ]
    if todo:
        _compute(folder, state, data, wanted, todo)
    return [
        Predictions.read(predictions_path(folder, selection, variant))
        for selection in selections
        for variant in wanted
    ]


def _is_stored(path: Path, wanted: Sequence[str]) -> bool:
    """Whether a file has all the faces wanted; one made for fewer is made again."""
    return path.is_file() and set(wanted) <= set(Predictions.read(path).ids)


def look(selection: str, variant: str, faces: int) -> dict[str, object]:
    """A look at the test faces: of what, when, and by which command."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    seen = {"selection": selection, "variant": variant, "faces": faces}
    return {**seen, "when": when, "command": command}


def _compute(
    folder: Path,
    state: State,
    data: Data,
    wanted: Mapping[str, Sequence[str]],
    todo: Sequence[tuple[str, str]],
) -> None:
    recipe = read_recipe(folder)
    network = compiled_network(recipe, len(data.manifest.classes.names))
    part: TrainedPart | None = None
    loaded = 0
    made: dict[tuple[int, str], Predictions] = {}
    with Journal(folder / READS) as reads:
        for selection, variant in progress(
            todo, total=len(todo), label=f"test {folder.name}", unit=" passes"
        ):
            epoch = state.epoch_of(selection)
            if (epoch, variant) not in made:
                if part is None or loaded != epoch:
                    checkpoint.load_weights(network, checkpoint.final_path(folder, selection))
                    # What the trunk is shows in its weights, so it is cut when they are there.
                    part, loaded = TrainedPart.of(network, data, recipe), epoch
                table = pd.DataFrame({"id": wanted[variant], "variant": variant})
                shown = data.shown(table)
                # Counted before the faces are seen: a kill must not hide a look.
                reads.append([look(selection, variant, len(shown))])
                part.prepare(shown)
                scores = np.exp(log_softmax(logits(part.model, part.faces(shown))))
                made[epoch, variant] = Predictions(
                    tuple(shown.ids),
                    shown.labels,
                    scores.astype(np.float32),
                    variant,
                    selection,
                    epoch,
                )
                detail(f"{folder.name}: {selection} (epoch {epoch}) on {variant}")
            found = replace(made[epoch, variant], selection=selection)
            found.write(predictions_path(folder, selection, variant))
