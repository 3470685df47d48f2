"""Every comparison of a finished matrix, each with its test and its interval.

A number over several seeds is their mean; its interval holds the chance in the choice of faces,
and its spread that in the trainings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from occbench.errors import UnknownName
from occbench.matrix.answers import Answers
from occbench.matrix.bootstrap import METRICS, Resampled, difference
from occbench.matrix.paired import PairedDifference, Trial, holm, trial
from occbench.matrix.statistics import SeedSpread, seed_spread

ROWS, COLUMNS = "rows", "columns"
KINDS = (ROWS, COLUMNS)

# Train and test split of one place of the matrix.
RowColumn = tuple[str, str]


@dataclass(frozen=True)
class Comparison:
    """Two places of the matrix on the same faces, by accuracy.

    Attributes:
        kind: ``rows``, two trainings on one test, or ``columns``, two tests of one training.
        first: its train and its test split.
        second: likewise.
        tested: accuracy of the first less that of the second.
        spread: the same difference over the seeds.
    """

    kind: str
    first: RowColumn
    second: RowColumn
    tested: PairedDifference
    spread: SeedSpread


@dataclass(frozen=True)
class ComparisonTable:
    """A family of comparisons, over which p-values are adjusted.

    Attributes:
        family: which comparisons are in it, in a sentence.
        comparisons: those of rows first, in the order of the matrix.
        note: what limits the tests, in a sentence; empty if nothing does.
    """

    family: str
    comparisons: tuple[Comparison, ...]
    note: str = ""


def compare(
    answers: Answers,
    faces: Resampled,
    *,
    kinds: Collection[str] = KINDS,
    tests: Sequence[str] | None = None,
    confidence: float = 0.95,
) -> ComparisonTable:
    """Every pair of rows on one column, and every pair of columns of one row.

    A difference is shown where its interval does not hold zero and its p-value, adjusted by
    Holm over all of them, is at most 1 less the confidence.

    Args:
        answers: of the matrix.
        faces: ``answers.resample()``.
        kinds: ``rows``, ``columns`` or both. What is asked for is the family, so it is to be
            settled before the numbers are seen.
        tests: the columns that take part; all if None. Mixed shows each face in one of its two
            variants, so beside the others it tells little that is new.
        confidence: of the intervals.

    Raises:
        MissingCells: a seed lacks a cell.
        UnknownName: there is no such kind.
        ValueError: the draws are not of these answers.
    """
    answers.require(faces)
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownName("kind of comparison", kind, KINDS)
    pairs = list(_pairs(answers.trains, answers.tests if tests is None else tests, kinds))
    trials = [_trial(answers, first, second) for _, first, second in pairs]
    adjusted = holm([one.p for one in trials])
    comparisons = []
    for (kind, first, second), found, p in zip(pairs, trials, adjusted, strict=True):
        cells = answers.cells(*first), answers.cells(*second)
        tested = PairedDifference(difference(faces, *cells, confidence=confidence), found, p)
        comparisons.append(Comparison(kind, first, second, tested, spread_of(faces, *cells)))
    return ComparisonTable(_family(answers, comparisons), tuple(comparisons), _note(answers))


def spread_of(
    faces: Resampled, first: Sequence[int], second: Sequence[int], metric: str = "accuracy"
) -> SeedSpread:
    """A metric of one place less that of another, over the seeds.

    Args:
        faces: the cells' draws, of which only the faces at hand count.
        first: numbers of the place's cells, one for each seed.
        second: of the other place, in the same order of seeds.
        metric: a name of ``bootstrap.METRICS``.

    Raises:
        UnknownName: there is no such metric.
    """
    if metric not in METRICS:
        raise UnknownName("metric", metric, METRICS)
    values = METRICS[metric](faces.found)
    return seed_spread((values[list(first)] - values[list(second)]).tolist())


def _pairs(
    trains: Sequence[str], tests: Sequence[str], kinds: Collection[str]
) -> Iterator[tuple[str, RowColumn, RowColumn]]:
    if ROWS in kinds:
        for test in tests:
            for one, other in combinations(trains, 2):
                yield ROWS, (one, test), (other, test)
    if COLUMNS in kinds:
        for train in trains:
            for one, other in combinations(tests, 2):
                yield COLUMNS, (train, one), (train, other)


def _trial(answers: Answers, first: RowColumn, second: RowColumn) -> Trial:
    right = answers.right
    return trial(right[list(answers.cells(*first))], right[list(answers.cells(*second))])


def _family(answers: Answers, comparisons: Sequence[Comparison]) -> str:
    """Which comparisons p-values are adjusted over."""
    rows = sum(one.kind == ROWS for one in comparisons)
    of = f"{rows} of two rows on one column, {len(comparisons) - rows} of two columns of one row"
    seeds = len(answers.seeds)
    test = f"one exact test of {seeds} seeds together" if seeds > 1 else "exact McNemar"
    return (
        f"{len(comparisons)} comparisons at the {answers.selection} epoch: {of}; {test}, "
        f"adjusted by Holm over all {len(comparisons)}."
    )


def _note(answers: Answers) -> str:
    if not answers.grouped:
        return ""
    return (
        f"{len(answers.ids):,} faces form {len(set(answers.groups)):,} groups: intervals draw "
        "whole groups, but the exact test takes faces as independent, so its p may be too small."
    )
