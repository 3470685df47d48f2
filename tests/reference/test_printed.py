"""Printed numbers: their digits, their rounding, and whether they are shares or percent."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.errors import DataError
from occbench.reference.printed import (
    PERCENT,
    SHARE,
    read_number,
    to_printed,
    unit_of_accuracies,
    unit_of_changes,
)


def numbers(*texts):
    """Numbers that stand in line 2, 3 and so on."""
    return [read_number(text, f"line {line}") for line, text in enumerate(texts, start=2)]


@pytest.mark.parametrize(
    ("text", "unit", "value", "half", "percent"),
    [
        ("58.04", PERCENT, Fraction(5804, 10000), Fraction(1, 20000), "58.04 %"),
        ("58.04 %", PERCENT, Fraction(5804, 10000), Fraction(1, 20000), "58.04 %"),
        ("0.5804", SHARE, Fraction(5804, 10000), Fraction(1, 20000), "58.04 %"),
        ("-4.90", PERCENT, Fraction(-49, 1000), Fraction(1, 20000), "-4.90 %"),
        ("\u22124.9", PERCENT, Fraction(-49, 1000), Fraction(1, 2000), "-4.9 %"),
        ("58", PERCENT, Fraction(58, 100), Fraction(1, 200), "58 %"),
        ("0.6", SHARE, Fraction(6, 10), Fraction(1, 20), "60 %"),
        ("1", SHARE, Fraction(1), Fraction(1, 2), "100 %"),
    ],
)
def test_digits_give_the_rounding(text, unit, value, half, percent):
    """Half a unit of the last digit, whatever the unit; trailing zeros count."""
    (number,) = numbers(text)
    printed = to_printed(number, unit)
    assert (printed.value, printed.half, printed.percent) == (value, half, percent)


@given(share=st.fractions(0, 1), digits=st.integers(1, 6))
def test_a_rounded_share_is_allowed_for_and_another_is_not(share, digits):
    """A share printed with some digits is held; one a whole unit of the last digit away is not."""
    text = f"{float(round(share, digits)):.{digits}f}"
    printed = to_printed(*numbers(text), SHARE)
    assert printed.holds(share, share)
    unit = Fraction(1, 10**digits)
    for other in (share - Fraction(21, 20) * unit, share + Fraction(21, 20) * unit):
        assert not printed.holds(other, other)


def test_a_float_with_all_its_digits_allows_for_its_own_rounding():
    """2,111 of 3,999 as Python writes it is not the quotient, but printed like it."""
    quotient = Fraction(2111, 3999)
    printed = to_printed(*numbers(repr(2111 / 3999)), SHARE)
    assert printed.value != quotient
    assert printed.holds(quotient, quotient)


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (("0.58", "0.3"), SHARE),
        (("58.04", "30.2"), PERCENT),
        (("58.04", "0"), PERCENT),
        (("1", "0"), SHARE),
        (("0.9%", "58%"), PERCENT),
        (("0%", "0"), PERCENT),
    ],
)
def test_units_of_accuracies(texts, unit):
    """Signs decide; without them all are up to 1 or, but for 0, above it."""
    assert unit_of_accuracies(numbers(*texts)) == unit


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("0.9", "58.04"), r"line 2: '0.9' may be a share, but '58.04' \(line 3\) is in percent"),
        (("58.04%", "0.3"), r"line 3: '0.3' has no percent sign, but '58.04%' \(line 2\) has one"),
        (("-50", "30"), r"line 2: the accuracy '-50' is negative; expected 0 or more"),
        (("158.04", "30"), r"line 2: '158.04' is no accuracy; expected 0 to 100"),
        (("-0.1", "0.5"), r"line 2: the accuracy '-0.1' is negative; expected 0"),
    ],
)
def test_ambiguous_accuracies_are_refused(texts, message):
    """What could be both, and what is neither, is named with its line."""
    with pytest.raises(DataError, match=message):
        unit_of_accuracies(numbers(*texts))


@pytest.mark.parametrize(
    ("texts", "beside", "unit"),
    [
        (("-42.77", "7.16"), PERCENT, PERCENT),
        (("-0.4277", "0.07"), SHARE, SHARE),
        (("-0.42%", "0.07%"), SHARE, PERCENT),
        (("0", "-0.5", "3"), PERCENT, PERCENT),
        (("0",), PERCENT, PERCENT),
        ((), SHARE, SHARE),
        (("1.5",), SHARE, SHARE),
    ],
)
def test_units_of_changes(texts, beside, unit):
    """Signs decide; without them the unit is that of the accuracies."""
    assert unit_of_changes(numbers(*texts), beside) == unit


@pytest.mark.parametrize(
    ("texts", "beside", "message"),
    [
        (("-42.77",), SHARE, "'-42.77' is no relative change; expected -1 or more"),
        (("-142.77",), PERCENT, "'-142.77' is no relative change; expected -100 or more"),
        (("-0.4277", "0.07"), PERCENT, "all relative changes lie from -1 to 1 and may be shares"),
        (("-42.77", "7.1%"), PERCENT, "write relative changes in one way"),
    ],
)
def test_ambiguous_changes_are_refused(texts, beside, message):
    """Shares beside percent could be either."""
    with pytest.raises(DataError, match=message):
        unit_of_changes(numbers(*texts), beside)


@pytest.mark.parametrize("text", ["58,04", "nan", "inf", "~58", "%", "5 8", "1e-999999999", "1e99"])
def test_what_is_no_number_is_refused(text):
    """A decimal comma, a word and what is not finite."""
    with pytest.raises(DataError, match=r"line 2: .* is no number; expected digits with a decimal"):
        numbers(text)


def test_nothing_printed_is_none():
    """Blanks are no number."""
    assert numbers("", "  ") == [None, None]
