"""What a matrix will train and how long that takes, said before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from occbench.core.console import note, table
from occbench.matrix.job import MatrixJob
from occbench.training.data import count_images
from occbench.training.estimate import (
    duration,
    measured_now,
    seconds_left,
    seconds_per_image,
)


@dataclass(frozen=True)
class Forecast:
    """One run: how far it is and how long it will take.

    Attributes:
        train: the mode of its split.
        seed: its seed.
        run: its folder's name.
        images: training images per epoch.
        done: epochs that are finished.
        epochs: epochs at most.
        seconds: estimated, at most; None if nothing like it was trained here before.
    """

    train: str
    seed: int
    run: str
    images: int
    done: int
    epochs: int
    seconds: float | None

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def forecast(job: MatrixJob, *, measure: bool) -> list[Forecast]:
    """All runs of a matrix.

    Args:
        job: the matrix.
        measure: make a few steps where no earlier run tells how long an image takes.
    """
    recipe = job.plan.recipe
    states = job.states()
    each = seconds_per_image(job.workspace, recipe)
    if each is None and measure and not all(state.ended for state in states.values()):
        note("Measuring how long a step takes.")
        each = measured_now(recipe, len(job.manifest.classes.names))
    rows = []
    for row, state in states.items():
        images = count_images(recipe, job.splits[row.train], job.manifest)
        left = 0.0 if state.ended else None
        if each is not None:
            left = seconds_left(state, recipe, images, each)
        rows.append(
            Forecast(
                row.train,
                row.seed,
                job.run(row).id,
                images,
                state.last,
                state.last if state.ended else recipe.epochs,
                left,
            )
        )
    return rows


def forecast_table(rows: Sequence[Forecast]) -> str:
    """The runs as a table, with the sum below."""
    shown = [
        (row.train, str(row.seed), row.images, f"{row.done} of {row.epochs}", _time(row.seconds))
        for row in rows
    ]
    text = table(["train", "seed", "images", "epochs done", "still about"], shown)
    known = [row.seconds for row in rows if row.seconds is not None]
    todo = sum(row.done < row.epochs for row in rows)
    if not todo:
        return text + "\nAll runs are trained."
    if len(known) < len(rows):
        return (
            text + f"\n{todo} of {len(rows)} runs to train; how long is not known before one ran."
        )
    return text + f"\n{todo} of {len(rows)} runs to train, about {duration(sum(known))} in all."


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return duration(seconds) if seconds else "done"
