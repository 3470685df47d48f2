"""``decide`` against a table of truth, typed apart from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.dataset.batch import Entry
from occbench.dataset.resume import Action, decide

# Entry known, result there, size as noted, stamp as noted, checksum as noted; then what to do.
# None stands for either.
_TABLE = [
    ((False, None, None, None, None), Action.PAINT),
    ((True, False, None, None, None), Action.PAINT),
    ((True, True, False, None, None), Action.PAINT),
    ((True, True, True, True, None), Action.KEEP),
    ((True, True, True, False, True), Action.RESTAMP),
    ((True, True, True, False, False), Action.REFUSE),
]
_numbers = st.integers(0, 3)


def expected(facts: tuple[bool, ...]) -> Action:
    """The action of the one row that fits."""
    (action,) = {
        action
        for row, action in _TABLE
        if all(wanted is None or wanted == fact for wanted, fact in zip(row, facts, strict=True))
    }
    return action


@given(
    noted=st.none() | st.tuples(_numbers, st.lists(_numbers, max_size=3), _numbers),
    size=st.none() | _numbers,
    stamp=st.lists(_numbers, max_size=3),
    checksum=_numbers,
)
def test_decide_is_the_table(noted, size, stamp, checksum):
    """Whatever the numbers are, the fitting row decides."""
    entry = None if noted is None else Entry("a", tuple(noted[1]), noted[2], noted[0], 0)
    facts = (
        noted is not None,
        size is not None,
        noted is not None and noted[0] == size,
        noted is not None and noted[1] == stamp,
        noted is not None and noted[2] == checksum,
    )
    assert decide(entry, size, lambda: stamp, lambda: checksum) is expected(facts)


def test_a_stamp_may_be_any_sequence():
    """A list is as good as a tuple."""
    entry = Entry("a", (1, 2), 7, 5, 0)
    assert decide(entry, 5, lambda: [1, 2], lambda: pytest.fail("read")) is Action.KEEP


@pytest.mark.parametrize("size", [None, 4])
def test_nothing_is_read_for_a_face_that_is_painted_anyway(size):
    """Neither stamp nor checksum is asked for."""
    entry = Entry("a", (1,), 7, 5, 0)
    action = decide(entry, size, lambda: pytest.fail("stamp"), lambda: pytest.fail("checksum"))
    assert action is Action.PAINT
