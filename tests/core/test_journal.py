"""The journal expects to be killed."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from occbench.core.journal import Journal, read_journal
from occbench.errors import DataError
from tests.core.processes import process_at

_TEXT = st.text(max_size=12) | st.sampled_from(["\n", "\r", "\u2028", "\x85", "\x0c", "ü", "\0"])
_ENTRIES = st.lists(
    st.dictionaries(_TEXT, _TEXT | st.integers() | st.none(), max_size=3), max_size=5
)


@pytest.fixture
def path(tmp_path):
    """Where the journal lies."""
    return tmp_path / "journal.jsonl"


def test_a_journal_that_does_not_exist_is_empty(path):
    """The first run starts with nothing done."""
    assert list(read_journal(path)) == []
    assert not path.exists()


@given(first=_ENTRIES, second=_ENTRIES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_entries_come_back_in_order_after_reopening(first, second, path):
    """Whatever text they hold, line ends of all kinds included."""
    path.unlink(missing_ok=True)
    with Journal(path) as journal:
        journal.append(first)
    assert list(read_journal(path)) == first
    with Journal(path) as journal:
        journal.append(second)

    assert list(read_journal(path)) == first + second


def test_each_entry_is_one_line_of_json(path):
    """Other tools can read it line by line."""
    entries = [{"id": "ü\n", "n": 1}, {"id": "b"}]
    with Journal(path) as journal:
        journal.append(entries)

    lines = path.read_bytes().split(b"\n")
    assert [json.loads(line) for line in lines[:-1]] == entries
    assert lines[-1] == b""


def test_appending_nothing_writes_nothing(path):
    """No empty line."""
    with Journal(path) as journal:
        journal.append([])

    assert path.read_bytes() == b""


def test_file_names_that_are_no_utf_8_survive(path):
    """Linux names are bytes; Python shows the odd ones as surrogates."""
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    with Journal(path) as journal:
        journal.append([{"id": name}])

    assert list(read_journal(path)) == [{"id": name}]
    assert b"caf\xe9.jpg" in path.read_bytes()


WHOLE = b'{"id":"a"}\n{"id":"\xc3\xbc"}\n'


@pytest.mark.parametrize("length", range(len(WHOLE) + 1))
def test_a_journal_cut_anywhere_keeps_its_whole_lines(length, path):
    """Inside a line, a letter or at its end; what was torn is cut off and written anew."""
    path.write_bytes(WHOLE[:length])
    whole = [{"id": "a"}, {"id": "ü"}][: WHOLE[:length].count(b"\n")]

    assert list(read_journal(path)) == whole
    with Journal(path) as journal:
        journal.append([{"id": "new"}])

    assert list(read_journal(path)) == [*whole, {"id": "new"}]
    assert path.read_bytes().endswith(b'}\n{"id":"new"}\n' if whole else b'{"id":"new"}\n')


def test_opening_cuts_the_torn_line_off_even_if_nothing_follows(path):
    """The file holds whole lines from then on."""
    path.write_bytes(b'{"id":"a"}\n{"id":')
    with Journal(path):
        pass

    assert path.read_bytes() == b'{"id":"a"}\n'


@pytest.mark.parametrize("torn", [1, 65_535, 65_536, 65_537, 200_000])
@pytest.mark.parametrize("whole", [b"", b'{"id":"a"}\n'])
def test_a_torn_line_of_any_length_is_cut_off(whole, torn, path):
    """Its beginning is looked for in blocks from the end."""
    path.write_bytes(whole + b"x" * torn)
    with Journal(path):
        pass

    assert path.read_bytes() == whole


def test_entries_are_read_one_by_one(path):
    """The first is given before the others are looked at, so memory does not grow."""
    path.write_bytes(b'{"id":"a"}\nno JSON\n')

    assert next(read_journal(path)) == {"id": "a"}


@pytest.mark.parametrize("line", [b"{", b"", b"[1]", b"7", b"null", b"\xff\xfe", b"{} {}"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_broken_earlier_line_is_refused_by_file_and_line(line, number, path):
    """A kill tears the last line only; anything else is damage."""
    lines = [b'{"id":1}', b'{"id":2}', b'{"id":3}', b'{"id":4}', b""]
    lines[number - 1] = line
    path.write_bytes(b"\n".join(lines))

    with pytest.raises(DataError, match=rf"journal\.jsonl', line {number}, is not a JSON"):
        list(read_journal(path))

    assert path.read_bytes() == b"\n".join(lines)


def test_what_was_appended_outlives_a_kill(path):
    """SIGKILL right after ``append`` returned: the entries are there."""
    code = """
from occbench.core.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.append([{"id": "a"}, {"id": "b"}])
here()
"""
    with process_at(code, path) as other:
        other.kill()
        other.wait()

    assert list(read_journal(path)) == [{"id": "a"}, {"id": "b"}]


def test_an_error_in_the_body_keeps_what_was_appended(path):
    """Finished work counts, whatever happened after it."""

    def interrupted() -> None:
        with Journal(path) as journal:
            journal.append([{"id": "a"}])
            raise ValueError("later")

    with pytest.raises(ValueError, match="later"):
        interrupted()

    assert list(read_journal(path)) == [{"id": "a"}]
