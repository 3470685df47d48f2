"""Tables as Markdown, LaTeX and CSV."""

from __future__ import annotations

import re

import pytest

from occbench.report.text_table import TextTable, escape_latex, to_csv, to_latex, to_markdown

TABLE = TextTable(
    ["class", "50 % & more"],
    [["a_b | c", "58.9 (57.4-60.4) -35.3 %"], ["<i>", "59.0 ± 0.5 own"]],
)


def test_markdown():
    """A pipe table whose cells cannot break it or turn into tags."""
    assert to_markdown(TABLE) == (
        "| class | 50 % &amp; more |\n"
        "| :--- | ---: |\n"
        "| a\\_b \\| c | 58.9 (57.4-60.4) -35.3 % |\n"
        "| &lt;i&gt; | 59.0 ± 0.5 own |\n"
    )


def test_latex_cells():
    """Ranges get an en dash, negative numbers a minus, and special characters are escaped."""
    text = to_latex(TABLE, caption="100 % of #1", label="tab:a b_c")
    assert r"class & 50 \% \& more \\" in text
    assert r"a\_b \textbar{} c & 58.9 (57.4--60.4) $-$35.3 \% \\" in text
    assert r"\textless{}i\textgreater{} & 59.0 $\pm$ 0.5 own \\" in text
    assert r"\caption{100 \% of \#1}" in text
    assert r"\label{tab:a-b-c}" in text


def test_latex_structure():
    """Environments close in reverse order, and each row has as many cells as columns."""
    text = to_latex(TABLE, caption="c", label="l")
    stack = []
    for way, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if way == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 3
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {1}
    order = [text.index(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")]
    assert order == sorted(order)


@pytest.mark.parametrize("letter", "\\&%$#_{}~^<>|±")
def test_latex_specials(letter):
    """No special character is left as it stands, and braces balance."""
    escaped = escape_latex(f"a{letter}b")
    assert escaped != f"a{letter}b"
    assert escaped.startswith("a")
    assert escaped.endswith("b")
    bare = re.sub(r"\\[{}]", "", escaped)
    assert bare.count("{") == bare.count("}")


def test_latex_of_plain_text():
    """Nothing is escaped twice, and line ends become spaces."""
    assert escape_latex("mixed-unique,\n 3.5") == "mixed-unique, 3.5"
    assert escape_latex(r"\{") == r"\textbackslash{}\{"


def test_csv():
    """None is empty, floats round-trip and cells with commas are quoted."""
    text = to_csv(("a", "b"), [("x, y", 0.1 + 0.2), ("z", None)])
    assert text == 'a,b\n"x, y",0.30000000000000004\nz,\n'
