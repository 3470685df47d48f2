"""Answers of small matrices, made from what each cell is to say about each face."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from occbench.matrix.answers import Answers, Place
from occbench.matrix.choose import store_plan
from occbench.matrix.job import MatrixJob, open_job
from occbench.matrix.plan import Plan
from occbench.workspace import Workspace
from tests.runs import make_recipe, write_run

# With ``alternate``, the first face of each class is covered in mixed: f18, f19, f20.
PLAN = Plan("small", make_recipe(epochs=5), train=("normal", "mixed-unique"), assign="alternate")
RIGHT: Mapping[str, Mapping[tuple[str, str], Collection[str]]] = {
    "normal": {
        ("best", "normal"): {"f18", "f19", "f21", "f22", "f23"},
        ("best", "headset"): {"f18", "f23"},
        ("last", "normal"): {"f18"},
        ("last", "headset"): set(),
    },
    "mixed-unique": {
        ("best", "normal"): {"f18", "f19", "f20", "f21"},
        ("best", "headset"): {"f18", "f19", "f22"},
        ("last", "normal"): {"f21", "f22", "f23"},
        ("last", "headset"): {"f18", "f19", "f20"},
    },
}


def one_hot(predicted: Sequence[int], classes: int, *, sure: float = 0.8) -> np.ndarray:
    """float32 ``(N, K)``: ``sure`` for the class that is named, the rest shared by the others."""
    scores = np.full((len(predicted), classes), (1 - sure) / (classes - 1), np.float32)
    scores[np.arange(len(predicted)), predicted] = sure
    return scores


def make_answers(
    labels: Sequence[int],
    predicted: Mapping[tuple[str, str, int], Sequence[int]],
    *,
    groups: Sequence[str] | None = None,
    classes: Sequence[str] = ("angry", "happy", "sad"),
) -> Answers:
    """The answers of cells that name these classes.

    Args:
        labels: true class numbers.
        predicted: class numbers by train, test and seed.
        groups: of the faces; each alone if None.
        classes: names.
    """
    ids = tuple(f"f{number:05}" for number in range(len(labels)))
    return Answers(
        selection="best",
        classes=tuple(classes),
        ids=ids,
        groups=ids if groups is None else tuple(groups),
        labels=np.array(labels, np.int64),
        places=tuple(Place(*place) for place in predicted),
        scores=np.stack([one_hot(each, len(classes)) for each in predicted.values()]),
    )


def right_of(labels: Sequence[int], right: Sequence[bool], classes: int = 3) -> list[int]:
    """Class numbers that are right where asked, and else the next class."""
    return [
        label if hit else (label + 1) % classes for label, hit in zip(labels, right, strict=True)
    ]


def trained_job(workspace: Workspace, plan: Plan = PLAN) -> MatrixJob:
    """The job of a plan in a workspace of ``small_manifest``, all of whose runs have ended."""
    store_plan(workspace.matrix("small"), plan)
    job = open_job(workspace, "small", plan)
    for row in job.rows:
        run = job.run(row)
        write_run(workspace.run(run.id), run, RIGHT[row.train])
    return job
