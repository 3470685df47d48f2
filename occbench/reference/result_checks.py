"""Checks of a printed table of accuracies against itself.

Relative changes are computed again from the printed accuracies, accuracies must be a whole number
of faces, and mixed must lie near the mean of normal and occluded.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor

from occbench.matrix.cell import TESTS
from occbench.matrix.consistency import Deviation, mixed_deviation
from occbench.reference.check import Check, Outcome, not_made
from occbench.reference.printed import Printed
from occbench.reference.result_table import ResultRow, ResultTable

CHANGE, COUNT, MIXED = "relative change", "count", "mixed near the mean"


def check_results(table: ResultTable) -> Outcome:
    """All checks of a table, network by network."""
    checks: list[Check] = []
    for rows in table.blocks():
        by_test = {row.test: row for row in rows}
        checks += [check for row in rows if (check := check_change(row, by_test))]
        checks += [check_count(row) for row in rows]
        if "mixed" in by_test:
            checks.append(check_mixture(by_test))
    remarks = []
    made = [check for check in checks if check.kind == CHANGE and check.passed is not None]
    if made:
        most = max(abs((check.printed or 0) - (check.recomputed or 0)) for check in made)
        remarks.append(
            f"Relative changes computed from the printed accuracies differ by {100 * most:.4f} "
            "points at most from the printed ones."
        )
    if table.ignored:
        remarks.append(f"No check reads the columns {', '.join(table.ignored)}.")
    return Outcome(table.name, tuple(checks), tuple(remarks))


def check_change(row: ResultRow, rows: Mapping[str, ResultRow]) -> Check | None:
    """A printed relative change against ``accuracy / base - 1``, None where none is printed.

    The base is the network's accuracy on its own test split. The change may have been computed
    from the accuracies before they were rounded, so every pair of accuracies that is printed like
    these is allowed for.

    Args:
        row: with the change.
        rows: those of the same network by test split.
    """
    place, change = f"{row.name}, test {row.test}", row.change
    if change is None:
        return None
    if row.test == row.own_test:
        passed = change.holds(Fraction(0), Fraction(0))
        text = f"{place}: the base of the relative changes has {_signed(change.value)} in print."
        return Check(CHANGE, place, float(change.value), 0.0, float(change.half), passed, text)
    base = rows.get(row.own_test)
    if base is None or base.accuracy.low <= 0:
        return not_made(CHANGE, place, f"there is no accuracy above 0 on test {row.own_test}")
    found = row.accuracy.value / base.accuracy.value - 1
    low, high = row.accuracy.low / base.accuracy.high - 1, row.accuracy.high / base.accuracy.low - 1
    passed = change.holds(low, high)
    tolerance = max(high - found, found - low) + change.half
    text = (
        f"{place}: {row.accuracy.percent} against {base.accuracy.percent} on test {row.own_test} "
        f"is {_signed(found)}, printed is {_signed(change.value)}, {_points(change.value - found)} "
        f"points off{'' if passed else f'; rounding explains {_points(tolerance)} at most'}."
    )
    return Check(CHANGE, place, float(change.value), float(found), float(tolerance), passed, text)


def check_count(row: ResultRow) -> Check:
    """Whether some whole number of the n faces is printed as this accuracy.

    It is the granularity test of Brown and Heathers 2017, "The GRIM test", for a share. With so
    many faces or so few digits that every number can be reached it tells nothing and is not made.
    """
    place, printed = f"{row.name}, test {row.test}", row.accuracy
    if row.n is None:
        return not_made(COUNT, place, "n is not given")
    if row.correct is not None:
        return _stated_count(row, row.correct, row.n)
    if 2 * printed.half * row.n >= 1:
        reason = f"{printed.percent} has too few digits for {row.n:,} faces"
        return not_made(COUNT, place, reason)
    below, above = floor(printed.value * row.n), ceil(printed.value * row.n)
    nearest = min((below, above), key=lambda k: abs(Fraction(k, row.n or 1) - printed.value))
    share = Fraction(nearest, row.n)
    passed = printed.holds(share, share)
    if passed:
        text = f"{place}: {printed.percent} is {nearest:,} of {row.n:,} faces."
    else:
        text = (
            f"{place}: {printed.percent} is no whole number of {row.n:,} faces: {below:,} are "
            f"{_share(Fraction(below, row.n))} and {above:,} are {_share(Fraction(above, row.n))}"
            f"{_cut_off(printed, Fraction(above, row.n))}."
        )
    return Check(
        COUNT, place, float(printed.value), float(share), float(printed.half), passed, text
    )


def check_mixture(rows: Mapping[str, ResultRow]) -> Check:
    """Whether mixed lies within 4 standard errors of the mean of normal and occluded.

    The standard error is that of ``occbench.matrix.consistency.mixed_deviation``, with as many
    faces that depend on the variant as the accuracies allow, so it is an upper bound; what rounding
    may add to the distance is taken off before it is judged.

    Args:
        rows: those of one network by test split, mixed among them.
    """
    place = rows["mixed"].name
    absent = [test for test in TESTS if test not in rows]
    if absent:
        return not_made(MIXED, place, f"there is no accuracy on test {' and '.join(absent)}")
    sizes = [rows[test].n for test in TESTS]
    n = sizes[0]
    if n is None or sizes != [n, n, n]:
        return not_made(MIXED, place, "n is not given, or not the same in all columns")
    p, q, m = (rows[test].accuracy for test in TESTS)
    found = _deviation(p, q, m, n)
    passed = not _beyond_rounding(found, p, q, m)
    text = (
        f"{place}: the mixed test has {m.percent}{',' if passed else ', but'} half normal and half "
        f"occluded faces give {100 * found.expected:.2f} %, which is {found.sigmas:.1f} standard "
        f"errors off{'' if passed else _advice(p, q, m, n)}."
    )
    return Check(MIXED, place, found.found, found.expected, found.sd, passed, text)


def _stated_count(row: ResultRow, correct: int, n: int) -> Check:
    """A printed number of right faces against the accuracy."""
    place, printed, share = f"{row.name}, test {row.test}", row.accuracy, Fraction(correct, n)
    passed = printed.holds(share, share)
    text = f"{place}: {correct:,} of {n:,} faces are {_share(share)}, printed is {printed.percent}."
    return Check(
        COUNT, place, float(printed.value), float(share), float(printed.half), passed, text
    )


def _cut_off(printed: Printed, above: Fraction) -> str:
    """Says so where a number of faces fits whose digits were cut off instead of rounded."""
    if printed.value <= above < printed.value + 2 * printed.half:
        return "; the latter fits if its digits were cut off instead of rounded"
    return ""


def _deviation(p: Printed, q: Printed, m: Printed, n: int) -> Deviation:
    return mixed_deviation(float(p.value), float(q.value), float(m.value), n)


def _beyond_rounding(found: Deviation, p: Printed, q: Printed, m: Printed) -> bool:
    slack = float((p.half + q.half) / 2 + m.half)
    distance = max(abs(found.found - found.expected) - slack, 0.0)
    return Deviation(0.0, distance, found.sd).suspicious


def _advice(p: Printed, q: Printed, m: Printed, n: int) -> str:
    """Which exchange of two columns, if any, makes the row agree, and the changes it leads to."""
    orders: Mapping[str, tuple[Printed, Printed, Printed]] = {
        "normal": (m, q, p),
        "occluded": (p, m, q),
    }
    found = {test: _deviation(a, b, c, n) for test, (a, b, c) in orders.items()}
    partner = min(found, key=lambda test: found[test].sigmas)
    normal, occluded, mixed = orders[partner]
    if _beyond_rounding(found[partner], normal, occluded, mixed):
        return "; no exchange of two columns repairs it, so the columns may show other faces"
    changes = [_signed(each.value / mixed.value - 1) for each in (normal, occluded) if mixed.value]
    relative = ""
    if changes:
        relative = f". Normal is then {changes[0]} and occluded {changes[1]} relative to mixed"
    return (
        f"; exchanging mixed and {partner} repairs it ({found[partner].sigmas:.1f} standard "
        f"errors), so the two may be swapped in the table{relative}"
    )


def _signed(share: Fraction) -> str:
    return f"{float(100 * share):+.2f} %"


def _share(share: Fraction) -> str:
    return f"{float(100 * share):.3f} %"


def _points(share: Fraction) -> str:
    return f"{float(100 * abs(share)):.4f}"
