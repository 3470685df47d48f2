"""Checks of a matrix against itself: mixed lies between its parts, all columns show the same faces.

Table 4.3 of report 001 was printed with the rows "mixed" and "occluded" exchanged. The first
check finds that without a look at the predictions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, sqrt

from occbench.errors import DataError
from occbench.matrix.cells import TESTS, Cell, Matrix

_MOST_SIGMAS = 4.0
# Accuracies are quotients of counts, so sums of them miss a bound by rounding only.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Deviation:
    """How far an accuracy lies from what others say it should be.

    Attributes:
        expected: the accuracy it should have.
        found: the accuracy it has.
        sd: standard deviation of the difference by chance.
    """

    expected: float
    found: float
    sd: float

    @property
    def sigmas(self) -> float:
        """The distance in standard deviations, not negative; inf where chance has no part."""
        distance = abs(self.found - self.expected)
        if self.sd == 0:
            return inf if distance else 0.0
        return distance / self.sd

    @property
    def suspicious(self) -> bool:
        """Whether it is more than 4 sigmas off: about once in 16,000 by chance."""
        return self.sigmas > _MOST_SIGMAS


def mixed_deviation(
    normal: float, occluded: float, mixed: float, n: int, *, discordant: float | None = None
) -> Deviation:
    """Compares the accuracy on the mixed test with the mean of normal and occluded.

    Each of the n faces stands in the mixed test in one of its two variants, half of them in
    each. A face that is right in both variants, or in none, counts there as in the mean. A
    discordant face, right in exactly one variant, counts 0 or 1 in place of 1/2: it adds +1/2
    or -1/2. If faces draw their variant independently, the n * discordant such faces give the
    number of right faces the variance n * discordant / 4, and the accuracy the standard
    deviation sqrt(discordant / n) / 2.

    Exact halves of each class take from its share of discordant faces the squared difference
    of its two accuracies and multiply by k / (k - 1), k faces in the class. So the deviation
    used here is an upper bound but for that factor, 1.002 at 500 faces. A class of odd
    size moves the expected value by 1 / (2 n) at most.

    Args:
        normal: accuracy on the normal test, 0..1.
        occluded: accuracy on the occluded test of the same faces.
        mixed: accuracy on the mixed test of the same faces.
        n: faces in each of these tests.
        discordant: share of the faces that are right in exactly one variant. Unknown, it is
            the largest that the accuracies p and q allow, min(p + q, 2 - p - q): at least
            max(0, p + q - 1) are right in both, and p + q counts those twice.

    Raises:
        ValueError: an accuracy outside 0..1, no faces, or a discordant share that faces with
            these accuracies cannot have (below ``|p - q|`` or above the bound).
    """
    if n < 1 or not all(0 <= share <= 1 for share in (normal, occluded, mixed)):
        raise ValueError(
            "Expected accuracies in 0..1 and n > 0. "
            f"Received: normal={normal}, occluded={occluded}, mixed={mixed}, n={n}"
        )
    most = min(normal + occluded, 2 - normal - occluded)
    if discordant is None:
        discordant = most
    elif not abs(normal - occluded) - _ROUNDING <= discordant <= most + _ROUNDING:
        raise ValueError(
            f"Expected {abs(normal - occluded)} to {most} of the faces to be discordant. "
            f"Received: discordant={discordant}"
        )
    return Deviation((normal + occluded) / 2, mixed, sqrt(max(discordant, 0.0) / n) / 2)


def check_mixed(
    matrix: Matrix, discordant: Mapping[tuple[str, int, str], float] | None = None
) -> tuple[str, ...]:
    """One sentence for each row whose mixed accuracy does not fit normal and occluded.

    Rows that lack one of the three cells are passed over.

    Args:
        matrix: the accuracies.
        discordant: for train, seed and selection the share of faces that are right in exactly
            one of the two variants; where it is unknown the largest possible share counts.

    Returns:
        The findings in the order of the rows, none if all is well.
    """
    findings = []
    for train, selection, seed in product(matrix.trains, matrix.selections, matrix.seeds):
        cells = [matrix.cell(train, test, seed=seed, selection=selection) for test in TESTS]
        known = [cell for cell in cells if cell is not None]
        if len(known) == len(TESTS):
            share = (discordant or {}).get((train, seed, selection))
            finding = _finding(*known, discordant=share)
            if finding:
                findings.append(f"{train}, seed {seed}, {selection}: {finding}")
    return tuple(findings)


def check_faces(ids_by_test: Mapping[str, Sequence[str]]) -> None:
    """Checks that all test columns show the same faces, in whatever order.

    Args:
        ids_by_test: for each column the ids of its faces.

    Raises:
        DataError: a face stands in one column more often than in another.
    """
    columns = {test: Counter(ids) for test, ids in ids_by_test.items()}
    first = next(iter(columns), "")
    for test, faces in columns.items():
        for face in {**columns[first], **faces}:
            if faces[face] != columns[first][face]:
                raise DataError(
                    f"The face '{face}' occurs in the test columns '{first}' and '{test}' "
                    f"{columns[first][face]} and {faces[face]} times; expected the same faces in "
                    "all columns. Leave it out of all of them or predict it for all."
                )


def _finding(normal: Cell, occluded: Cell, mixed: Cell, *, discordant: float | None) -> str | None:
    if not normal.n == occluded.n == mixed.n:
        return (
            f"normal, occluded and mixed have {normal.n:,}, {occluded.n:,} and {mixed.n:,} faces, "
            "so they cannot be compared; predict the same faces for all three."
        )
    p, q, m, n = normal.accuracy, occluded.accuracy, mixed.accuracy, mixed.n
    deviation = mixed_deviation(p, q, m, n, discordant=discordant)
    if not deviation.suspicious:
        return None
    # Who was right in which variant is unknown once the columns are in doubt.
    swaps = {"normal": mixed_deviation(m, q, p, n), "occluded": mixed_deviation(p, m, q, n)}
    partner = min(swaps, key=lambda test: swaps[test].sigmas)
    if swaps[partner].suspicious:
        advice = "no exchange of two columns repairs it, so check that all show the same faces"
    else:
        advice = (
            f"exchanging mixed and {partner} repairs it, so these rows may be swapped in the table"
        )
    return (
        f"the mixed test has {deviation.found:.2%}, but half normal and half occluded faces give "
        f"{deviation.expected:.2%}, which is {deviation.sigmas:.1f} sigmas off; {advice}."
    )
