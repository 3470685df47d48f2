"""What covering parts of faces did, as it was measured face by face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Effects:
    """What covering did to N faces; the last axis of length R is that of ``PARTS``.

    A part that lies outside the image has NaN.

    Attributes:
        ids: of the faces.
        labels: int64 ``(N,)``, the true class numbers.
        areas: float64 ``(N, R)``, the share of the image that the part covers, 0..1.
        score: float64 ``(N,)``, the probability of the true class of the face as it is shown.
        right: bool ``(N,)``, whether that class has the highest score.
        covered: float64 ``(N, R, 2)``, the same probability with the part covered, and with the
            random patch.
        covered_right: float64 ``(N, R, 2)``, 1 where the class still has the highest score.
    """

    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    areas: NDArray[np.float64]
    score: NDArray[np.float64]
    right: NDArray[np.bool_]
    covered: NDArray[np.float64]
    covered_right: NDArray[np.float64]

    def score_drops(self) -> NDArray[np.float64]:
        """Score less score when covered, ``(N, R, 2)``: by the part, by the patch."""
        return self.score[:, None, None] - self.covered

    def accuracy_drops(self) -> NDArray[np.float64]:
        """1 where a right answer is lost, -1 where one is won, else 0; ``(N, R, 2)``."""
        return self.right[:, None, None] - self.covered_right
