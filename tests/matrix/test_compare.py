"""The table of comparisons: pairs, tests, correction, seeds and words."""

from __future__ import annotations

import numpy as np
import pytest

from occbench.errors import MissingCells, UnknownName
from occbench.matrix.cells import TESTS
from occbench.matrix.compare import COLUMNS, ROWS, compare, spread_of
from occbench.matrix.paired import holm, mcnemar
from occbench.matrix.statistics import NO_DIFFERENCE
from occbench.splits.modes import MODES
from tests.answers import make_answers, right_of

N = 60
LABELS = [number % 3 for number in range(N)]
# How many of the first faces each cell has right.
COUNTS = {
    ("normal", "normal", 0): 50,
    ("normal", "occluded", 0): 20,
    ("normal", "mixed", 0): 35,
    ("occluded", "normal", 0): 48,
    ("occluded", "occluded", 0): 45,
    ("occluded", "mixed", 0): 46,
}


def answers_with(counts, **how):
    """Answers whose cells have their first faces right."""
    return make_answers(
        LABELS,
        {place: right_of(LABELS, np.arange(N) < count) for place, count in counts.items()},
        **how,
    )


@pytest.fixture(scope="module")
def answers():
    """Two rows, three columns, one seed."""
    return answers_with(COUNTS)


@pytest.fixture(scope="module")
def table(answers):
    """All of their comparisons."""
    return compare(answers, answers.resample())


def test_every_pair_stands_in_the_table(table):
    """Two rows on each of three columns, and three pairs of columns on each of two rows."""
    assert [(one.kind, one.first, one.second) for one in table.comparisons] == [
        (ROWS, ("normal", "normal"), ("occluded", "normal")),
        (ROWS, ("normal", "occluded"), ("occluded", "occluded")),
        (ROWS, ("normal", "mixed"), ("occluded", "mixed")),
        (COLUMNS, ("normal", "normal"), ("normal", "occluded")),
        (COLUMNS, ("normal", "normal"), ("normal", "mixed")),
        (COLUMNS, ("normal", "occluded"), ("normal", "mixed")),
        (COLUMNS, ("occluded", "normal"), ("occluded", "occluded")),
        (COLUMNS, ("occluded", "normal"), ("occluded", "mixed")),
        (COLUMNS, ("occluded", "occluded"), ("occluded", "mixed")),
    ]


def test_a_whole_matrix_has_thirty_comparisons():
    """Four rows and three columns: 3 x 6 pairs of rows and 4 x 3 pairs of columns, each once."""
    whole = answers_with({(train, test, 0): 40 for train in MODES for test in TESTS})
    table = compare(whole, whole.resample(draws=100))
    pairs = {frozenset((one.first, one.second)) for one in table.comparisons}
    assert len(pairs) == len(table.comparisons) == 30
    assert "18 of two rows on one column, 12 of two columns of one row" in table.family
    assert all((a[0] == b[0]) != (a[1] == b[1]) for a, b in pairs)


def test_counts_and_p_values_by_hand(table):
    """Right faces are nested, so all discordant ones are on one side: p = 2 x 2^-d."""
    discordant = [2, 25, 11, 30, 15, 15, 3, 2, 1]
    raw = [min(1, 2 * 0.5**d) for d in discordant]
    assert [one.tested.p for one in table.comparisons] == pytest.approx(raw)
    adjusted = [one.tested.adjusted for one in table.comparisons]
    assert adjusted == pytest.approx(holm(raw))
    # Of nine values the smallest is taken 9 times, the next 8 times.
    assert adjusted[3] == pytest.approx(9 * 2 * 0.5**30)
    assert adjusted[1] == pytest.approx(8 * 2 * 0.5**25)
    first = table.comparisons[0].tested.by_seed[0]
    assert (first.only_first, first.only_second) == (2, 0)


def test_words_of_the_table(table):
    """30 and 25 faces of 60 are named, 2 and 1 are not."""
    words = {(one.first, one.second): one.tested.verdict for one in table.comparisons}
    assert words[("normal", "normal"), ("normal", "occluded")] == "50.0 points more"
    assert words[("normal", "occluded"), ("occluded", "occluded")] == "41.7 points less"
    assert words[("normal", "normal"), ("occluded", "normal")] == NO_DIFFERENCE
    assert words[("occluded", "occluded"), ("occluded", "mixed")] == NO_DIFFERENCE


def test_the_family_is_named(table):
    """How many comparisons of which kind, and what adjusts them."""
    assert table.family == (
        "9 comparisons at the best epoch: 3 of two rows on one column, 6 of two columns of one "
        "row; exact McNemar, adjusted by Holm over all 9."
    )
    assert table.note == ""


def test_a_smaller_family_is_corrected_less(answers, table):
    """Rows on two columns only: two comparisons, so the smallest p counts twice."""
    small = compare(answers, answers.resample(), kinds=[ROWS], tests=["normal", "occluded"])
    assert [one.first[1] for one in small.comparisons] == ["normal", "occluded"]
    assert small.comparisons[1].tested.adjusted == pytest.approx(2 * 2 * 0.5**25)
    assert small.family.startswith("2 comparisons at the best epoch: 2 of two rows")
    assert small.comparisons[1].tested.difference == table.comparisons[1].tested.difference


def test_several_seeds():
    """Means over the seeds, one p of both, and the spread of the differences.

    The first seed loses 30 faces, the second 6 of these: of 2^30 ways to turn the signs of 30
    faces only two give a sum as far from zero.
    """
    found = answers_with(
        {
            ("normal", "normal", 0): 50,
            ("normal", "occluded", 0): 20,
            ("normal", "normal", 1): 44,
            ("normal", "occluded", 1): 38,
        }
    )
    table = compare(found, found.resample())
    (one,) = table.comparisons
    assert one.tested.by_seed == (mcnemar(30, 0), mcnemar(6, 0))
    assert one.tested.p == pytest.approx(2 * 0.5**30)
    assert one.tested.difference.value == pytest.approx((30 / 60 + 6 / 60) / 2)
    assert (one.spread.lowest, one.spread.highest) == pytest.approx((6 / 60, 30 / 60))
    assert one.spread.sd == pytest.approx((30 - 6) / 60 / 2**0.5)
    assert one.tested.verdict == "30.0 points more"
    assert table.family.endswith(
        "; one exact test of 2 seeds together, adjusted by Holm over all 1."
    )


def test_groups_are_said_to_limit_the_test():
    """Thirty pairs of copies: the interval knows, McNemar's test does not."""
    grouped = answers_with(COUNTS, groups=[f"pair{number // 2}" for number in range(N)])
    table = compare(grouped, grouped.resample())
    assert table.note.startswith("60 faces form 30 groups")
    apart = compare(answers_with(COUNTS), answers_with(COUNTS).resample())
    wide, narrow = (each.comparisons[3].tested.difference for each in (table, apart))
    # Half the faces differ, so an end lies 1.96 sqrt(1/2 x 1/2 / n) away, n faces or pairs of
    # them. Draws can only give multiples of 1/60 and of 1/30.
    assert wide.high - wide.low == pytest.approx(1.96 / 30**0.5, abs=1.01 / 30)
    assert narrow.high - narrow.low == pytest.approx(1.96 / 60**0.5, abs=1.01 / 60)


def test_one_cell_has_nothing_beside_it():
    """An empty family is no fault."""
    one = answers_with({("normal", "normal", 0): 50})
    assert compare(one, one.resample()).comparisons == ()


def test_refused(answers):
    """Unknown kinds, columns and metrics, and draws of other answers."""
    faces = answers.resample()
    with pytest.raises(UnknownName, match=r"kind of comparison 'row'\. Did you mean 'rows'"):
        compare(answers, faces, kinds=["row"])
    with pytest.raises(MissingCells, match="no train normal, test covered"):
        compare(answers, faces, tests=["normal", "covered"])
    with pytest.raises(UnknownName, match="metric 'f1'"):
        spread_of(faces, [0], [1], "f1")
    with pytest.raises(ValueError, match="Expected draws of 60 faces"):
        compare(answers, answers_with({("normal", "normal", 0): 50}).resample())
