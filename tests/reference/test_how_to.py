"""The examples of docs/how-to/check-a-table.md and its reference do what the pages say."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from occbench.matrix.cells import Matrix, make_cell
from occbench.reference.check import Outcome
from occbench.reference.check_files import check_file, check_report
from occbench.reference.confusion_table import COUNTS, OF_A_CLASS, OF_ALL
from occbench.reference.published import FLAGS, SPOILT, references
from occbench.reference.result_table import OPTIONAL, REQUIRED

DOCS = Path(__file__).parents[2] / "docs"
HOW_TO = (DOCS / "how-to" / "check-a-table.md").read_text(encoding="utf-8")
FORMATS = (DOCS / "reference" / "file-formats.md").read_text(encoding="utf-8")


def blocks(text, language=""):
    """The code blocks of a page in one language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S)
    return [code for written_in, code in found if written_in == language]


def checked(text, folder) -> Outcome:
    """The outcome of the one block that begins like this kind of file."""
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return check_file(path)


def test_the_table_of_the_page(tmp_path):
    """Its relative changes hold, and its mixed row is the swapped one of table 4.3."""
    (text,) = [each for each in blocks(HOW_TO) if each.startswith("train,")]
    (finding,) = checked(text, tmp_path).findings
    assert "10.1 standard errors off; exchanging mixed and occluded repairs it" in finding


def test_the_matrix_of_the_reference(tmp_path):
    """40 and 45 of 100 are right."""
    (text,) = [each for each in blocks(FORMATS) if each.startswith("truth,")]
    outcome = checked(text, tmp_path)
    assert ("accuracy", "", 0.85) in outcome.metrics


def test_the_python_example_runs(tmp_path, monkeypatch, capsys):
    """One's own cell of 4 faces is found and not compared, since 3,999 were published."""
    shares = {"seed": 0, "selection": "best", "epoch": 1, "classes": 2}
    cell = make_cell("normal", "normal", labels=[0, 0, 1, 1], predicted=[0, 0, 1, 0], **shares)
    place = tmp_path / "matrices" / "affectnet" / "cells.csv"
    place.parent.mkdir(parents=True)
    place.write_text(Matrix.of([cell]).to_csv(), encoding="utf-8")
    (code,) = blocks(HOW_TO, "python")
    (tmp_path / "example.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("example.py")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 20
    assert lines[0].endswith("not comparable Other test faces: published on 3,999, own on 4.")
    assert "There is no own cell: normal on occluded, best." in lines[1]


def test_the_pages_name_all_there_is():
    """Flags and whether they spoil, reports with their counts, columns and metrics."""
    flags = dict(re.findall(r"^\| `([\w-]+)` \| .* \| (no|yes, said) \|$", HOW_TO, re.M))
    assert {name: what == "no" for name, what in flags.items()} == {
        name: name in SPOILT for name in FLAGS
    }
    said = dict(re.findall(r"^\| `(report-\d+)` \| .* \| (.*) \|$", HOW_TO, re.M))
    assert tuple(said) == references()
    for name, kinds in (("report-002", 75), ("report-004", 138)):
        made = sum(len(each.checks) for each in check_report(name))
        assert made == kinds
        assert f"all {made} metrics" in said[name]
    (part,) = re.findall(r"^## Tables to check\n(.*?)^## ", FORMATS, re.M | re.S)
    named = set(re.findall(r"`(\w+)`", part))
    assert {*REQUIRED, *OPTIONAL, *OF_ALL, *OF_A_CLASS, *COUNTS} <= named
