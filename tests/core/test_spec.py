"""Specs: read, written and refused."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.core.spec import Spec, parse_spec
from occbench.errors import SpecError

_NAMES = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
_KEYS = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).map(lambda key: f"{key}_")
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
_VALUES = st.recursive(
    _SCALARS | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.tuples(inner),
    max_leaves=6,
)


@given(name=_NAMES, arguments=st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_a_spec_reads_back_from_its_own_text(name, arguments):
    """Names, keys, values and their types survive, and so does the text itself."""
    text = str(Spec(name, arguments))

    read = parse_spec(text)

    assert (read.name, read.arguments) == (name, arguments)
    assert repr(sorted(read.arguments.items())) == repr(sorted(arguments.items()))
    assert str(read) == text


@given(value=_TEXT)
def test_any_text_survives_in_quotes(value):
    """Quotes of both kinds, backslashes, line ends and control characters."""
    assert parse_spec(str(Spec("a", {"x": value}))).arguments == {"x": value}


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("headset", "headset", {}),
        ("  headset  ", "headset", {}),
        ("headset()", "headset", {}),
        ("gear_vr", "gear-vr", {}),
        ("Headset2-b", "Headset2-b", {}),
        ("headset(scale=1.1)", "headset", {"scale": 1.1}),
        ("headset( scale = 1.1 , )", "headset", {"scale": 1.1}),
        ("headset (scale=-1)", "headset", {"scale": -1}),
        ("headset(\n  scale=1,\n  seed=2\n)", "headset", {"scale": 1, "seed": 2}),
        ("a(x='it''s')", "a", {"x": "its"}),
        ("""a(x="it's")""", "a", {"x": "it's"}),
        ("""a(x='say "no"')""", "a", {"x": 'say "no"'}),
        ("a(x='(,=)')", "a", {"x": "(,=)"}),
        ("a(x='日本')", "a", {"x": "日本"}),
        ("a(x=None, y=True, z=(1, [2]))", "a", {"x": None, "y": True, "z": (1, [2])}),
    ],
)
def test_specs_as_people_write_them(text, name, arguments):
    """White space and the kind of quotes do not matter."""
    assert parse_spec(text) == Spec(name, arguments)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "()",
        "(x=1)",
        "-",
        "a-",
        "-a",
        "a--b",
        "a b",
        "a.b",
        "a/b",
        "a:x=1",
        "a[x=1]",
        "a(",
        "a)",
        "a(x",
        "a(x=)",
        "a(=1)",
        "a(x=1",
        "a(x=1))",
        "a(x=1)(y=2)",
        "a(x=1) b",
        "a(1)",
        "a('x')",
        "a(*[1])",
        "a(**{'x': 1})",
        "a(1, x=2)",
        "a(x=1, x=2)",
        "a(x==1)",
        "a(x:=1)",
        "a(y for y in z)",
        "a(x=1), b(x=1)",
        "a(x=1) or b(x=1)",
        "a(x=1).b",
        "a(x=1)[0]",
        "a(x=1); b",
        "a(lambda: 1)",
        "a(x='\0')",
        "a(x=" + "(" * 3000,
        "a(x=0777)",
    ],
)
def test_other_forms_are_refused_and_quoted(text):
    """The message shows the text and the form that is expected."""
    with pytest.raises(SpecError) as caught:
        parse_spec(text)

    assert f"'{text}'" in str(caught.value)
    assert "name(key=value, ...)" in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "quest",
        "b.c",
        "b[0]",
        "b()",
        "print(1)",
        "__import__('os').system('false')",
        "1 + 1",
        "9**9",
        "not True",
        "'a' 'b'.c",
        "f'{1}'",
        "lambda: 1",
        "[y for y in 'z']",
        "(b)",
        "-'a'",
        "{[1]: 2}",
        "{[1]}",
        "[1, b]",
        "{'k': open('/etc/passwd')}",
        "('%s' % 1)",
        "1 if 1 else 2",
        "().__class__.__bases__[0].__subclasses__()",
        "*b",
        "b'1'.decode()",
    ],
)
def test_values_that_are_no_literals_are_refused(value):
    """Nothing is looked up, called or computed."""
    with pytest.raises(SpecError):
        parse_spec(f"a(x={value})")


def test_an_attack_is_not_run(tmp_path):
    """A call that would leave a file behind leaves none."""
    trace = tmp_path / "trace"
    for attack in (
        f"a(x=open({str(trace)!r}, 'w'))",
        f"a(x=__import__('pathlib').Path({str(trace)!r}).touch())",
        f"a(**__import__('os').mkdir({str(trace)!r}))",
        f"a(x=1)(__import__('os').mkdir({str(trace)!r}))",
    ):
        with pytest.raises(SpecError):
            parse_spec(attack)

    assert list(tmp_path.iterdir()) == []


def test_a_missing_pair_of_quotes_is_explained():
    """The commonest mistake on a command line."""
    with pytest.raises(SpecError, match=r"'device' is no literal.*quotes"):
        parse_spec("headset(device=quest)")


def test_arguments_are_written_sorted_with_double_quotes():
    """The canonical form."""
    spec = Spec("b", {"z": "it's", "a": 'say "no"', "m": None})

    assert str(spec) == 'b(a="say \\"no\\"", m=None, z="it\'s")'


def _outcome(text: str) -> str:
    try:
        return str(parse_spec(text))
    except SpecError as error:
        return str(error)


@given(text=st.text(string.printable, max_size=30))
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_any_text_is_read_or_refused(text):
    """Nothing but SpecError comes out of text that is no spec, and that quotes the text."""
    outcome = _outcome(f"a({text}")

    assert outcome == "a" or outcome.startswith("a(") or f"'a({text}'" in outcome
