"""Tables, notes and messages."""

from __future__ import annotations

import pytest

from occbench.core import console
from occbench.errors import Busy, DataError, OccbenchError, SpecError, StaleState, UnknownName


def test_a_table_aligns_the_first_column_left_and_the_others_right():
    """Drawn by hand."""
    text = console.table(["name", "faces"], [["a", 1], ["longer", 23]])

    assert text.splitlines() == ["name    faces", "------  -----", "a           1", "longer     23"]


def test_whole_numbers_get_thousands_separators_and_truth_values_do_not():
    """287,651 reads better than 287651."""
    text = console.table(["", "n"], [["x", 287651], ["y", True], ["z", 0.5], ["t", "1000"]])

    assert [line.split()[-1] for line in text.splitlines()[2:]] == [
        "287,651",
        "True",
        "0.5",
        "1000",
    ]


def test_wide_letters_count_double():
    """Chinese and Japanese letters take two columns on a terminal."""
    lines = console.table(["n", "k"], [["日本", 1], ["abcd", 2]]).splitlines()

    assert lines[1:] == ["----  -", "日本  1", "abcd  2"]


def test_a_table_without_rows_has_its_head():
    """And the rule below it."""
    assert console.table(["a", "bc"], []) == "a  bc\n-  --"


def test_lines_do_not_end_in_spaces():
    """Tables are compared as text."""
    lines = console.table(["name", "x"], [["a", ""], ["b", 1]]).splitlines()

    assert all(line == line.rstrip() for line in lines)


@pytest.fixture
def loud():
    """Whatever a test sets, the next one starts with notes on."""
    yield
    console.set_quiet(False)


def test_notes_go_to_stderr(capsys):
    """Results alone go to stdout."""
    console.note("hello")

    assert capsys.readouterr() == ("", "hello\n")


@pytest.mark.usefixtures("loud")
def test_quiet_silences_notes_and_progress_but_not_the_work(capsys):
    """The items still come."""
    console.set_quiet(True)
    console.note("hello")

    items = list(console.progress([1, 2], total=2, label="work", unit="face"))

    assert items == [1, 2]
    assert capsys.readouterr() == ("", "")


def test_progress_yields_all_items_and_reports_on_stderr(capsys):
    """A resumed job starts its bar where the last one stopped."""
    items = list(console.progress(iter("abc"), total=5, done=2, label="Occluding", unit="face"))

    out, error = capsys.readouterr()
    assert items == ["a", "b", "c"]
    assert out == ""
    assert "Occluding" in error
    assert "5/5" in error


def test_an_unknown_name_suggests_the_nearest_and_lists_all():
    """Sorted, whatever order they came in."""
    message = str(UnknownName("occluder", "hedset", ["headset", "gear-vr"]))

    assert message == (
        "Unknown occluder 'hedset'. Did you mean 'headset'? Known: gear-vr, headset."
    )


@pytest.mark.parametrize(
    ("known", "end"), [([], "Known: none."), (["a", "b"], "'zzzz'. Known: a, b.")]
)
def test_without_a_near_name_nothing_is_suggested(known, end):
    """A wrong hint is worse than none."""
    message = str(UnknownName("device", "zzzz", known))

    assert message.endswith(end)
    assert "Did you mean" not in message


@pytest.mark.parametrize("kind", [DataError, SpecError, UnknownName, StaleState, Busy])
def test_errors_of_the_user_are_one_family(kind):
    """The command line turns this family, and nothing else, into one sentence."""
    assert issubclass(kind, OccbenchError)
    assert not issubclass(kind, (ValueError, OSError))
