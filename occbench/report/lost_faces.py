"""The faces that covering takes from the most runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from occbench.matrix.answers import Answers
from occbench.report.study import NORMAL, OCCLUDED

MOST = 12


@dataclass(frozen=True, eq=False)
class LostFace:
    """A face that runs have right as it is and wrong when it is covered.

    Attributes:
        id: of the face.
        truth: its class.
        taken_for: the class that these runs name most often under cover.
        lost: in how many runs.
        runs: of how many.
        picture: uint8 RGB (H, W, 3), the face as it is on the left and covered on the right; None
            where pictures are to be left out or it cannot be read.
    """

    id: str
    truth: str
    taken_for: str
    lost: int
    runs: int
    picture: NDArray[np.uint8] | None = None


def most_lost(answers: Answers, most: int = MOST) -> tuple[LostFace, ...]:
    """The faces lost in the most runs, those of one number in the order of their ids.

    A run is one train split and seed. None are found where the normal or the occluded test is
    missing, and a face that no run loses is not among them.

    Raises:
        MissingCells: a seed lacks a cell.
    """
    if not {NORMAL, OCCLUDED} <= set(answers.tests):
        return ()
    normal, covered = (
        [cell for train in answers.trains for cell in answers.cells(train, test)]
        for test in (NORMAL, OCCLUDED)
    )
    lost = answers.right[normal] & ~answers.right[covered]
    times = lost.sum(axis=0)
    order = np.argsort(-times, kind="stable")[:most]
    return tuple(
        LostFace(
            id=answers.ids[face],
            truth=answers.classes[answers.labels[face]],
            taken_for=_commonest(answers.predicted[covered, face][lost[:, face]], answers.classes),
            lost=int(times[face]),
            runs=len(normal),
        )
        for face in order.tolist()
        if times[face]
    )


def _commonest(named: NDArray[np.int64], classes: Sequence[str]) -> str:
    """The class that is named most often; of equal ones the first."""
    (number, _), *_ = sorted(Counter(named.tolist()).items(), key=lambda one: (-one[1], one[0]))
    return classes[number]
