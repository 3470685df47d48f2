"""Tables of text in the forms in which people take them elsewhere."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import NamedTuple

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
}


class TextTable(NamedTuple):
    """Heads and rows of text; the first column names the row."""

    heads: list[str]
    rows: list[list[str]]


class ReportTable(NamedTuple):
    """A table of a report: what it is, its numbers as CSV with all digits, and its text."""

    caption: str
    numbers: str
    text: TextTable


def to_markdown(table: TextTable) -> str:
    """The table in the pipe form of GitHub Flavored Markdown, numbers to the right."""
    ruler = [":---", *("---:" for _ in table.heads[1:])]
    lines = [[_markdown(cell) for cell in row] for row in (table.heads, *table.rows)]
    lines.insert(1, ruler)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_latex(table: TextTable, *, caption: str, label: str) -> str:
    """The table as a float with the rules of the package booktabs."""
    columns = "l" + "r" * (len(table.heads) - 1)
    rows = [
        [escape_latex(row[0]), *(_latex_number(cell) for cell in row[1:])] for row in table.rows
    ]
    lines = [
        "% Needs \\usepackage{booktabs}.",
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escape_latex(caption)}}}",
        rf"  \label{{{re.sub(r'[^A-Za-z0-9:.-]', '-', label)}}}",
        rf"  \begin{{tabular}}{{{columns}}}",
        r"    \toprule",
        f"    {_latex_row([escape_latex(head) for head in table.heads])}",
        r"    \midrule",
        *(f"    {_latex_row(row)}" for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def to_csv(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Comma-separated values with Unix line ends; None is empty and floats keep every digit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return text.getvalue()


def escape_latex(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return "".join(_LATEX.get(letter, letter) for letter in _one_line(text))


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _latex_number(text: str) -> str:
    """A cell of numbers: ranges get an en dash, a leading minus its own sign."""
    ranged = re.sub(r"(?<=\d)-(?=\d)", "--", escape_latex(text))
    return re.sub(r"(?<![\w.$-])-(?=\d)", "$-$", ranged)


def _markdown(text: str) -> str:
    escaped = re.sub(r"([\\`*_|\[\]$~])", r"\\\1", _one_line(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _one_line(text: str) -> str:
    return " ".join(text.split())
