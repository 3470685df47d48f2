"""Numbers as somebody printed them: their digits say how far they may be rounded.

Shares are read as percent or as fractions of 1 by one rule, stated in
``docs/reference/file-formats.md``; what could be either is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from occbench.errors import DataError

SHARE, PERCENT = "share", "percent"

# Numbers with all the digits of a float are off by its rounding: about 1e-16 for a share, and a
# few times that after a division.
_FLOAT = Fraction(1, 10**12)
_MOST_DECIMALS = 4
# Nobody prints more; the exact value of 1e-999999999 would fill the memory.
_MOST_DIGITS = 30


@dataclass(frozen=True)
class Number:
    """A number as it stands in a file.

    Attributes:
        text: as it was printed.
        decimal: its value, without regard to a percent sign.
        marked: whether a percent sign follows.
        place: file, line and column, for messages.
    """

    text: str
    decimal: Decimal
    marked: bool
    place: str


@dataclass(frozen=True)
class Printed:
    """A share, or a relative change, with the rounding that its digits allow.

    Attributes:
        text: as it was printed.
        value: 1 is all; exact.
        half: half a unit of the last printed digit, in the unit of ``value``.
        decimals: of the number in percent, 4 at most.
    """

    text: str
    value: Fraction
    half: Fraction
    decimals: int

    @property
    def percent(self) -> str:
        """The number in percent, with the digits it was printed with."""
        return f"{float(100 * self.value):.{self.decimals}f} %"

    @property
    def low(self) -> Fraction:
        """The least value that is printed like this."""
        return self.value - self.half

    @property
    def high(self) -> Fraction:
        """The greatest value that is printed like this."""
        return self.value + self.half

    def holds(self, low: Fraction, high: Fraction) -> bool:
        """Whether a value from ``low`` to ``high`` may be printed like this.

        Both ends count: one rounds a half up, another to the even digit.
        """
        return low <= self.high and self.low <= high


def read_number(text: str, place: str) -> Number | None:
    """Reads one number, None where nothing but blanks is printed.

    A minus may be the sign U+2212, and a percent sign may follow.

    Raises:
        DataError: it is no finite number with a decimal point.
    """
    plain = text.strip().replace("\u2212", "-")
    if not plain:
        return None
    marked = plain.endswith("%")
    try:
        decimal = Decimal(plain.removesuffix("%").strip())
    except InvalidOperation:
        decimal = Decimal("nan")
    if not decimal.is_finite() or abs(decimal.adjusted()) > _MOST_DIGITS:
        raise DataError(
            f"{place}: '{text.strip()}' is no number; expected digits with a decimal point, such "
            "as 58.04, 58.04% or 0.5804."
        )
    return Number(text.strip(), decimal, marked, place)


def to_printed(number: Number, unit: str) -> Printed:
    """The number as a share of 1; ``unit`` is ``SHARE`` or ``PERCENT``."""
    moved = 2 if unit == PERCENT else 0
    exponent = number.decimal.as_tuple().exponent
    assert isinstance(exponent, int)
    return Printed(
        text=number.text,
        value=Fraction(number.decimal) / 10**moved,
        half=max(Fraction(10) ** (exponent - moved) / 2, _FLOAT),
        decimals=min(max(moved - exponent - 2, 0), _MOST_DECIMALS),
    )


def unit_of_accuracies(numbers: Sequence[Number]) -> str:
    """Whether accuracies are shares or percent.

    With percent signs they are percent. Without, they are shares if none is above 1, and percent
    if none but 0 is up to 1.

    Raises:
        DataError: some carry a percent sign and others none, some are up to 1 and others above,
            or one is no share at all.
    """
    unit = _marked_unit(numbers, "accuracies")
    if unit is None:
        small = [number for number in numbers if 0 < number.decimal <= 1]
        large = [number for number in numbers if number.decimal > 1]
        if small and large:
            raise DataError(
                f"{small[0].place}: '{small[0].text}' may be a share, but '{large[0].text}' "
                f"({large[0].place}) is in percent; write a percent sign behind each accuracy."
            )
        unit = PERCENT if large else SHARE
    most = 100 if unit == PERCENT else 1
    for number in numbers:
        if number.decimal < 0:
            raise DataError(
                f"{number.place}: the accuracy '{number.text}' is negative; expected 0 or more. "
                "A change against another accuracy stands in the column relative_change."
            )
        if number.decimal > most:
            raise DataError(
                f"{number.place}: '{number.text}' is no accuracy; expected 0 to {most}."
            )
    return unit


def unit_of_changes(numbers: Sequence[Number], accuracies: str) -> str:
    """Whether relative changes are shares or percent.

    With percent signs they are percent. Without, they are in the unit of the accuracies.

    Raises:
        DataError: some carry a percent sign and others none; one is below -1, or below -100 in
            percent; or all of them beside accuracies in percent are from -1 to 1, which a change in
            percent seldom and a share mostly is.
    """
    unit = _marked_unit(numbers, "relative changes")
    least = -100 if (unit or accuracies) == PERCENT else -1
    for number in numbers:
        if number.decimal < least:
            raise DataError(
                f"{number.place}: '{number.text}' is no relative change; expected {least} or more. "
                "If it is in percent, write a percent sign behind each relative change."
            )
    changes = [abs(number.decimal) for number in numbers if number.decimal]
    if unit is None and accuracies == PERCENT and changes and max(changes) <= 1:
        raise DataError(
            f"{numbers[0].place}: the accuracies are in percent, but all relative changes lie "
            "from -1 to 1 and may be shares; write them in percent with a percent sign behind each."
        )
    return unit or accuracies


def _marked_unit(numbers: Sequence[Number], what: str) -> str | None:
    """Percent if all carry a sign, None if none does."""
    bare = [number for number in numbers if not number.marked and number.decimal]
    marked = [number for number in numbers if number.marked]
    if bare and marked:
        raise DataError(
            f"{bare[0].place}: '{bare[0].text}' has no percent sign, but '{marked[0].text}' "
            f"({marked[0].place}) has one; write {what} in one way."
        )
    return PERCENT if marked else None
