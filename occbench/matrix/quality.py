"""What the scores of each cell of a finished matrix are worth."""

from __future__ import annotations

from dataclasses import dataclass

from occbench.errors import DataError
from occbench.matrix.answers import Answers, Place
from occbench.matrix.calibration import (
    Reliability,
    RiskCoverage,
    collapse,
    dead_classes,
    reliability,
    risk_coverage,
)
from occbench.matrix.metrics import confusion


@dataclass(frozen=True, eq=False)
class Quality:
    """What the scores of one cell are worth.

    Attributes:
        place: of the cell.
        reliability: calibration; None where the scores are no probabilities.
        reason: why it is None, in a sentence; empty where it is not.
        risk_coverage: what share of answers is wrong if only the most confident are given.
        collapse: distance of the answers from the true shares of the classes, 0..1.
        dead: names of the classes that have a face but are never the answer.
    """

    place: Place
    reliability: Reliability | None
    reason: str
    risk_coverage: RiskCoverage
    collapse: float
    dead: tuple[str, ...]


def qualities(answers: Answers) -> tuple[Quality, ...]:
    """What the scores of each cell are worth, in the order of ``answers.places``.

    Raises:
        DataError: scores are NaN or infinite.
    """
    return tuple(_quality(answers, number) for number in range(len(answers.places)))


def _quality(answers: Answers, number: int) -> Quality:
    scores = answers.scores[number]
    curve = risk_coverage(answers.labels, scores)
    counts = confusion(answers.labels, answers.predicted[number], len(answers.classes))
    found, reason = None, ""
    try:
        found = reliability(answers.labels, scores)
    except DataError as error:
        reason = str(error)
    return Quality(
        place=answers.places[number],
        reliability=found,
        reason=reason,
        risk_coverage=curve,
        collapse=collapse(counts),
        dead=tuple(answers.classes[one] for one in dead_classes(counts)),
    )
