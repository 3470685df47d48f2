"""Consistency: mixed near the mean of its halves, and the same faces in all columns."""

from __future__ import annotations

from itertools import combinations, product
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.errors import DataError
from occbench.matrix.cells import TESTS, Cell, Matrix
from occbench.matrix.consistency import Deviation, check_faces, check_mixed, mixed_deviation
from occbench.matrix.statistics import wilson

# Right faces of 3,999 on the normal, occluded and mixed test (None: not measured), as the
# notebook of report 001 prints them.
NOTEBOOK = {
    ("normal", "best"): (2111, 1208, None),
    ("normal", "last"): (2355, 1523, None),
    ("occluded", "best"): (1787, 1855, None),
    ("occluded", "last"): (1888, 1985, None),
    ("mixed-paired", "best"): (2321, 1925, 2121),
    ("mixed-paired", "last"): (2357, 1962, 2162),
    ("mixed-unique", "best"): (2286, 1924, 2133),
    ("mixed-unique", "last"): (2293, 1921, 2128),
}
# Table 4.3 of the report prints .5804 .5304 .4814 and .5894 .5406 .4906.
TABLE_43 = {
    ("mixed-paired", "best"): (2321, 2121, 1925),
    ("mixed-paired", "last"): (2357, 2162, 1962),
}

# Six faces, right when normal and right when occluded.
NORMAL = np.array([1, 1, 1, 0, 1, 0])
OCCLUDED = np.array([1, 0, 0, 1, 0, 0])


def cell(train, test, selection, correct, n=3999):
    """A cell with its number of right faces."""
    low, high = wilson(correct, n)
    share = correct / n
    return Cell(train, test, 0, selection, 1, n, correct, share, low, high, share, share, None)


def matrix(rows, n=3999):
    """A matrix of right faces for each train split and selection."""
    return Matrix.of(
        cell(train, test, selection, correct, n)
        for (train, selection), counts in rows.items()
        for test, correct in zip(TESTS, counts, strict=True)
        if correct is not None
    )


def spread(assignments, occluded):
    """Mean and standard deviation of mixed accuracy over ways to assign variants."""
    mixed = [np.where(chosen, occluded, NORMAL).mean() for chosen in assignments]
    return np.mean(mixed), np.std(mixed)


def test_independent_variants_by_enumeration():
    """Over all 64 ways to show six faces, 4 of them discordant, mean and sd are as derived."""
    found = mixed_deviation(4 / 6, 2 / 6, 0.5, 6, discordant=4 / 6)
    every = [np.array(bits, bool) for bits in product((0, 1), repeat=6)]
    assert (found.expected, found.sd) == pytest.approx(spread(every, OCCLUDED))


@pytest.mark.parametrize("occluded", [OCCLUDED, NORMAL[::-1], 1 - NORMAL])
def test_exact_halves_by_enumeration(occluded):
    """Over all 20 halves of six faces the deviation is at most sqrt(6 / 5) times the derived one.

    The variance is k / (k - 1) times that with the squared difference taken from the share, so
    equal accuracies reach the bound: NORMAL backwards is as accurate as NORMAL.
    """
    p, q, share = NORMAL.mean(), occluded.mean(), (occluded != NORMAL).mean()
    halves = [np.isin(np.arange(6), chosen) for chosen in combinations(range(6), 3)]
    found = mixed_deviation(p, q, 0.5, 6, discordant=share)
    mean, sd = spread(halves, occluded)
    assert found.expected == pytest.approx(mean)
    assert sd == pytest.approx(sqrt(6 / 5 * (share - (p - q) ** 2) / 6) / 2)
    assert sd <= found.sd * sqrt(6 / 5) + 1e-12
    assert (sd == pytest.approx(found.sd * sqrt(6 / 5))) == (p == q)


@given(right=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_the_unknown_share_is_a_bound(right):
    """No faces with these accuracies have more discordant ones than are taken for them."""
    normal, occluded = np.array(right).T
    p, q, n = normal.mean(), occluded.mean(), len(right)
    share = (normal != occluded).mean()
    known = mixed_deviation(p, q, p, n, discordant=share)
    unknown = mixed_deviation(p, q, p, n)
    assert known.sd == pytest.approx(sqrt((normal != occluded).sum()) / (2 * n))
    assert known.sd <= unknown.sd + 1e-12


@pytest.mark.parametrize(("p", "q", "most"), [(0.75, 0.5, 0.75), (0.25, 0.5, 0.75), (1, 1, 0)])
def test_the_bound_is_reached(p, q, most):
    """Right faces packed to overlap as little as possible are as discordant as is assumed."""
    normal, occluded = np.arange(4) < 4 * p, np.arange(4) >= 4 - 4 * q
    assert (normal != occluded).mean() == most
    assert mixed_deviation(p, q, p, 4).sd == pytest.approx(sqrt(most / 4) / 2)


def test_distances():
    """A deviation without chance is nothing or infinite; more than 4 sigmas are suspicious."""
    assert Deviation(0.5, 0.5, 0.0).sigmas == 0
    assert Deviation(0.5, 0.6, 0.0).sigmas == inf
    assert Deviation(0.5, 0.25, 0.125).sigmas == 2
    assert not Deviation(0.5, 0.0, 0.125).suspicious
    assert Deviation(0.5, 0.0, 0.12).suspicious
    assert mixed_deviation(1.0, 1.0, 1.0, 5).sigmas == 0
    assert mixed_deviation(0.3, 0.3, 0.4, 10, discordant=0.0).suspicious


@pytest.mark.parametrize(
    ("normal", "n", "discordant"),
    [(1.1, 10, None), (-0.1, 10, None), (0.5, 0, None), (0.5, 10, 0.1), (0.5, 10, 0.9)],
)
def test_refused_shares(normal, n, discordant):
    """Accuracies outside 0..1, no faces and an impossible discordant share are refused."""
    with pytest.raises(ValueError, match=r"Expected .* Received: "):
        mixed_deviation(normal, 0.3, 0.4, n, discordant=discordant)


def test_the_notebook_of_report_001_is_sound():
    """None of the rows that the study measured is suspicious."""
    assert check_mixed(matrix(NOTEBOOK)) == ()


def test_the_swap_in_table_43_is_found():
    """Both printed blocks of table 4.3 and no other row are named, with the right remedy.

    sd = sqrt((2 - p - q) / 3999) / 2 gives 9.9 sigmas for best and 10.1 for last.
    """
    best, last = check_mixed(matrix(NOTEBOOK | TABLE_43))
    assert best == (
        "mixed-paired, seed 0, best: the mixed test has 48.14%, but half normal and half occluded "
        "faces give 55.54%, which is 9.9 sigmas off; exchanging mixed and occluded repairs it, so "
        "these rows may be swapped in the table."
    )
    assert last.startswith("mixed-paired, seed 0, last: the mixed test has 49.06%, but ")
    assert "56.50%, which is 10.1 sigmas off; exchanging mixed and occluded repairs it" in last


def test_a_swap_with_normal_is_found():
    """The notebook's row with mixed and normal exchanged names normal."""
    (finding,) = check_mixed(matrix({("mixed-paired", "best"): (2121, 1925, 2321)}))
    assert "exchanging mixed and normal repairs it" in finding


def test_what_no_exchange_repairs():
    """A mixed accuracy between the two, but far from their mean, is another fault."""
    (finding,) = check_mixed(matrix({("normal", "best"): (3000, 1000, 2400)}))
    assert finding.endswith("repairs it, so check that all show the same faces.")
    assert "no exchange of two columns" in finding


def test_a_known_share_sharpens_the_check():
    """115 faces too many are 3.9 sigmas if 85 % are discordant, and 7.3 if 25 % are."""
    table = matrix({("normal", "best"): (2800, 1800, 2415)}, n=4000)
    assert check_mixed(table) == ()
    assert check_mixed(table, {("normal", 1, "best"): 0.25}) == ()
    (finding,) = check_mixed(table, {("normal", 0, "best"): 0.25})
    # One sigma is sqrt(4000 * 0.25) / 2 = 15.8 faces.
    assert "7.3 sigmas off" in finding


def test_other_numbers_of_faces():
    """Columns of other lengths cannot be compared, and the row says so."""
    cells = [
        cell("normal", test, "best", 50, n) for test, n in zip(TESTS, (100, 99, 100), strict=True)
    ]
    (finding,) = check_mixed(Matrix.of(cells))
    assert finding.startswith("normal, seed 0, best: normal, occluded and mixed have 100, 99 and")


def test_the_same_faces_in_any_order():
    """Columns with the same faces pass, and so do no columns."""
    check_faces({"normal": ["a", "b", "c"], "occluded": ["c", "a", "b"], "mixed": ["b", "a", "c"]})
    check_faces({"normal": []})
    check_faces({})


@pytest.mark.parametrize(
    ("occluded", "face", "counts"),
    [
        (["a", "c"], "b", "1 and 0"),
        (["a", "b", "c", "d"], "d", "0 and 1"),
        (["a", "b", "c", "c"], "c", "1 and 2"),
    ],
)
def test_other_faces_are_refused(occluded, face, counts):
    """A face too few, too many or twice is named with both columns."""
    message = f"The face '{face}' occurs in the test columns 'normal' and 'occluded' {counts} times"
    with pytest.raises(DataError, match=message):
        check_faces({"normal": ["a", "b", "c"], "mixed": ["c", "b", "a"], "occluded": occluded})
