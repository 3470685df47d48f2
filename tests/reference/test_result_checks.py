"""Checks of tables of accuracies: relative changes, whole faces, mixed near the mean."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from occbench.errors import DataError
from occbench.matrix.cells import Matrix, make_cell, with_relative_changes
from occbench.reference.check_files import check_report
from occbench.reference.printed import SHARE, read_number, to_printed
from occbench.reference.result_checks import CHANGE, COUNT, MIXED, check_change, check_results
from occbench.reference.result_table import ResultRow, read_result_table

HEAD = "train,test,selection,epoch,n,accuracy,relative_change"


@pytest.fixture
def check(tmp_path):
    """Checks a table of the given lines."""

    def made(*lines, head=HEAD):
        path = tmp_path / "table.csv"
        path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        return check_results(read_result_table(path))

    return made


def of_kind(outcome, kind):
    """The checks of one kind."""
    return [each for each in outcome.checks if each.kind == kind]


def test_report_001_as_printed():
    """All twelve relative changes hold to 0.005 points, all counts, and 4.3 is found swapped.

    The standard error is sqrt((2 - p - q) / 3999) / 2, the mean (p + q) / 2.
    """
    (outcome,) = check_report("report-001")
    changes = of_kind(outcome, CHANGE)
    assert len(changes) == 12
    for each in changes:
        assert each.passed
        assert 100 * abs(each.printed - each.recomputed) <= 0.005
    assert [each.passed for each in of_kind(outcome, COUNT)] == [True] * 20
    mixed = {each.place: each for each in of_kind(outcome, MIXED)}
    for place, p, q, m, swapped in (
        ("mixed-paired, best, epoch 18", 0.5804, 0.5304, 0.4814, "+9.43 % and occluded -9.24 %"),
        ("mixed-paired, last, epoch 38", 0.5894, 0.5406, 0.4906, "+9.03 % and occluded -9.25 %"),
    ):
        found = mixed.pop(place)
        sigmas = abs(m - (p + q) / 2) / (sqrt((2 - p - q) / 3999) / 2)
        assert not found.passed
        assert f"which is {sigmas:.1f} standard errors off" in found.text
        assert "exchanging mixed and occluded repairs it (0.1 standard errors)" in found.text
        assert f"Normal is then {swapped} relative to mixed." in found.text
    assert [each.passed for each in mixed.values()] == [True, True]
    assert len(outcome.findings) == 2
    assert outcome.remarks == (
        "Relative changes computed from the printed accuracies differ by 0.0050 points at most "
        "from the printed ones.",
    )


@pytest.mark.parametrize(
    ("change", "passed"),
    [
        # 38.08 / 58.89 is 0.646629; rounding both allows 0.646489 to 0.646769.
        ("-35.34", True),
        ("-35.33", True),
        ("-35.35", True),
        ("-35.36", False),
        ("-35.31", False),
        ("-35", True),
        ("35.34", False),
        ("-20.81", False),
    ],
)
def test_relative_changes_within_rounding(check, change, passed):
    """Half a unit of the last digit of both accuracies and of the change is allowed for."""
    outcome = check(f"normal,occluded,last,25,,38.08,{change}", "normal,normal,last,25,,58.89,")
    (found,) = of_kind(outcome, CHANGE)
    assert found.passed is passed
    assert found.recomputed == pytest.approx(38.08 / 58.89 - 1)
    assert ("rounding explains" in found.text) is not passed


def printed(value, places):
    """A share as it is printed with so many decimals."""
    return to_printed(read_number(f"{value:.{places}f}", ""), SHARE)


@given(base=st.integers(1, 10**4), other=st.integers(0, 10**4), digits=st.integers(1, 4))
def test_a_change_computed_before_rounding_never_fails(base, other, digits):
    """Accuracies and their change, each rounded on its own, agree; a change off by more fails."""
    p, q = base / 10**4, other / 10**4
    assume(round(p, digits) > 10.0**-digits)
    block = ("", "normal", "", "", "")
    rows = {
        "normal": ResultRow(block, "normal", "normal", None, None, printed(p, digits), None),
        "occluded": ResultRow(
            block, "normal", "occluded", None, None, printed(q, digits), printed(q / p - 1, 4)
        ),
    }
    found = check_change(rows["occluded"], rows)
    assert found.passed
    wrong = printed(found.recomputed + 1.01 * found.tolerance + 0.0001, 4)
    off = ResultRow(block, "normal", "occluded", None, None, rows["occluded"].accuracy, wrong)
    assert check_change(off, rows).passed is False


@pytest.mark.parametrize(
    ("train", "own"), [("normal", "normal"), ("occluded", "occluded"), ("mixed-full", "mixed")]
)
def test_the_base_is_the_own_test(check, train, own):
    """Half of the accuracy on the own test is a change of -50 %, on whichever line it stands."""
    tests = [test for test in ("normal", "occluded", "mixed") if test != own]
    lines = [f"{train},{test},,,,30,-50" for test in tests]
    outcome = check(*lines, f"{train},{own},,,,60,0")
    assert [each.passed for each in of_kind(outcome, CHANGE)] == [True, True, True]
    wrong = check(*lines, f"{train},{own},,,,60,1.5")
    assert [each.passed for each in of_kind(wrong, CHANGE)] == [True, True, False]


def test_a_change_without_its_base_is_not_checked(check):
    """Without the own test, or with 0 there, nothing can be said."""
    for lines in (
        ["normal,occluded,,,,30,-50"],
        ["normal,occluded,,,,30,-50", "normal,normal,,,,0,"],
    ):
        (found,) = of_kind(check(*lines), CHANGE)
        assert found.passed is None
        assert "there is no accuracy above 0 on test normal" in found.text


@pytest.mark.parametrize(
    ("accuracy", "n", "passed"),
    [
        # Brown and Heathers 2017 show that no 28 whole numbers have the mean 5.19.
        ("19%", 28, False),
        ("18%", 28, True),
        ("30.21%", 3999, True),
        ("30.22%", 3999, False),
        ("30.2%", 3999, None),
        ("50%", 3, False),
        ("67%", 3, True),
        ("66.7%", 3, True),
        ("66.6%", 3, False),
    ],
)
def test_accuracies_are_whole_numbers_of_faces(check, accuracy, n, passed):
    """By enumeration some k of n faces is printed like this, none is, or too few digits tell."""
    (found,) = of_kind(check(f"normal,normal,,,{n},{accuracy},"), COUNT)
    assert found.passed is passed
    share, places = float(accuracy[:-1]), len(accuracy[:-1].partition(".")[2])
    fits = any(round(100 * k / n, places) == share for k in range(n + 1))
    assert fits is (passed is not False)


def test_digits_that_were_cut_off_are_recognised(check):
    """1,738 of 3,589 faces are 48.426 %, which is rounded to 48.43 and cut to 48.42."""
    (found,) = check("normal,normal,,,3589,48.42,").findings
    assert "48.42 % is no whole number of 3,589 faces: 1,737 are 48.398 %" in found
    assert "1,738 are 48.426 %; the latter fits if its digits were cut off" in found
    (other,) = check("normal,normal,,,3999,30.22,").findings
    assert "cut off" not in other


def test_a_stated_number_of_right_faces(check):
    """It is compared with the accuracy."""
    head = "train,test,n,correct,accuracy"
    assert check("normal,normal,200,101,50.5", head=head).findings == ()
    (finding,) = check("normal,normal,200,102,50.5", head=head).findings
    assert finding == "normal, test normal: 102 of 200 faces are 51.000 %, printed is 50.5 %."


def mixture(p, q, m, n=3999):
    """The three lines of a mixed training."""
    pairs = zip(("normal", "occluded", "mixed"), (p, q, m), strict=True)
    return [f"mixed,{test},,,{n},{share}," for test, share in pairs]


@pytest.mark.parametrize(
    ("shares", "partner"),
    [
        (("0.5804", "0.5304", "0.4814"), "occluded"),
        (("0.5304", "0.4814", "0.5804"), "normal"),
    ],
)
def test_a_swap_is_named(check, shares, partner):
    """Whichever column changed places with mixed."""
    (finding,) = [each.text for each in of_kind(check(*mixture(*shares)), MIXED) if not each.passed]
    assert f"exchanging mixed and {partner} repairs it" in finding


def test_what_no_exchange_repairs(check):
    """Mixed above both is not explained by an exchange with either."""
    (found,) = of_kind(check(*mixture("0.50", "0.50", "0.80")), MIXED)
    assert found.passed is False
    assert "no exchange of two columns repairs it" in found.text


def test_coarse_digits_are_allowed_for(check):
    """58 and 48 % with 55 % lie 4.3 standard errors off, but not once rounding is taken off."""
    n = 20000
    sd = sqrt((2 - 0.58 - 0.48) / n) / 2
    assert 0.02 / sd > 4 > (0.02 - 0.01) / sd
    (coarse,) = of_kind(check(*mixture("0.58", "0.48", "0.55", n)), MIXED)
    (fine,) = of_kind(check(*mixture("0.5800", "0.4800", "0.5500", n)), MIXED)
    assert (coarse.passed, fine.passed) == (True, False)


@pytest.mark.parametrize(
    "lines",
    [
        mixture("0.58", "0.48", "0.80")[1:],
        mixture("0.58", "0.48", "0.80", n=""),
        [*mixture("0.58", "0.48", "0.80")[:2], "mixed,mixed,,,3998,0.80,"],
    ],
)
def test_a_mixture_that_cannot_be_checked(check, lines):
    """A column or n is missing, or the columns have other faces."""
    (found,) = of_kind(check(*lines), MIXED)
    assert found.passed is None


def test_cells_of_ones_own_pass(tmp_path):
    """``cells.csv`` as a matrix writes it has the columns and all digits, and no contradiction."""
    labels = [0, 1, 2] * 7
    shown = {"normal": 13, "occluded": 8, "mixed": 11}
    cells = [
        make_cell(
            "mixed-unique",
            test,
            seed=seed,
            selection="best",
            epoch=3,
            labels=labels,
            predicted=[
                label if row < right else (label + 1) % 3 for row, label in enumerate(labels)
            ],
            classes=3,
        )
        for seed in (0, 1)
        for test, right in shown.items()
    ]
    path = tmp_path / "cells.csv"
    path.write_text(Matrix.of(with_relative_changes(cells)).to_csv(), encoding="utf-8")
    outcome = check_results(read_result_table(path))
    assert [each.passed for each in outcome.checks] == [True] * len(outcome.checks)
    assert outcome.summary() == [(CHANGE, 6, 0, 0), (COUNT, 6, 0, 0), (MIXED, 2, 0, 0)]
    assert "low, high, balanced_accuracy, macro_f1" in outcome.remarks[-1]


@pytest.mark.parametrize(
    ("head", "lines", "message"),
    [
        (
            "train,test,acuracy",
            ["normal,normal,0.5"],
            "no column 'acuracy'. Did you mean 'accuracy'",
        ),
        ("train,accuracy", ["normal,0.5"], "line 1: the column test is missing"),
        (HEAD, ["normal,normal,,,,,"], "line 2: the accuracy is empty"),
        (HEAD, ["normal,covered,,,,0.5,"], "the test is 'covered'; expected normal, occluded"),
        (HEAD, ["both,normal,,,,0.5,"], "the train is 'both'; expected normal, occluded or a name"),
        (HEAD, ["normal,normal,,,many,0.5,"], "line 2: n is 'many'; expected a whole number of 1"),
        (HEAD, ["normal,normal,,,0,0.5,"], "line 2: n is '0'"),
        (HEAD, ["normal,normal,,,-5,0.5,"], "n is '-5'; expected a whole number of 1 or more"),
        (HEAD, [f"normal,normal,,,{'9' * 16},0.5,"], "n is '9{16}'; expected 15 digits at most"),
        (HEAD, ["normal,normal,,,9,0.5"], "it has 6 values; expected 7"),
        (HEAD, [], "has no line below the header"),
        (HEAD, ["normal,normal,,,,0.5,"] * 2, r"line 3: normal, test normal stands in .*line 2"),
        ("train;test;accuracy", ["normal;normal;0.5"], "expected column names with commas"),
        ("train,test,n,n,accuracy", ["normal,normal,1,1,1"], "the column 'n' stands there twice"),
        ("train,test,n,correct,accuracy", ["normal,normal,9,10,0.5"], "10 of 9 faces are right"),
    ],
)
def test_refused_tables(check, head, lines, message):
    """Each is told in one sentence that names the file and the place."""
    with pytest.raises(DataError, match=message) as refused:
        check(*lines, head=head)
    assert "table.csv'" in str(refused.value)


def test_spreadsheets_are_read(tmp_path):
    """A byte order mark, blanks, empty lines and Windows line ends do no harm."""
    path = tmp_path / "table.csv"
    text = "\ufefftrain, test ,accuracy\r\nnormal, normal ,50 %\r\n,,\r\n"
    path.write_bytes(text.encode())
    (row,) = read_result_table(path).rows
    assert (row.train, row.test, float(row.accuracy.value)) == ("normal", "normal", 0.5)


def test_what_cannot_be_decoded_is_refused(tmp_path):
    """A table in another encoding is named."""
    path = tmp_path / "table.csv"
    path.write_bytes(b"train,test,accuracy\nnorm\xe4l,normal,0.5\n")
    with pytest.raises(DataError, match=r"table\.csv' cannot be read as CSV in UTF-8"):
        read_result_table(path)
