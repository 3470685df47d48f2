"""Published results and given models beside the matrix."""

from __future__ import annotations

from dataclasses import replace

import pytest

from occbench.foreign.stored import StoredModel, StoredModels
from occbench.matrix.cells import make_cell, with_relative_changes
from occbench.reference.compare import compare_with_reference
from occbench.reference.published import load_reference
from occbench.report.facts import Published
from occbench.report.other_tables import other_tables, reference_table
from occbench.report.page import write_report
from occbench.report.page_tables import heat_tables
from tests.report.made_facts import PUBLISHED, make_facts, make_matrix
from tests.report.test_page import Page, check_references

REFERENCE = load_reference("report-001")
CLASSES = REFERENCE.cells[0].comparable_with.classes


def published(data_set="affectnet"):
    """Report 001 beside a matrix with its own numbers of the last epoch, tables 4.1 and 4.2."""
    matrix = make_matrix(PUBLISHED)
    rows = compare_with_reference(matrix, REFERENCE, data_set=data_set, classes=CLASSES)
    return Published(REFERENCE, rows)


def model(remarks=(), name="hse<b>"):
    """A given model that is right on 3 of 4 normal and on 2 of 4 occluded faces."""
    cells = with_relative_changes(
        make_cell(
            name,
            test,
            seed=0,
            selection="given",
            epoch=0,
            labels=[0, 1, 2, 3],
            predicted=predicted,
            classes=4,
        )
        for test, predicted in (("normal", [0, 1, 2, 2]), ("occluded", [0, 1, 1, 1]))
    )
    record = {"kind": "onnx", "remarks": list(remarks), "spec": {"output": "scores"}}
    return StoredModel(name, record, cells, {})


def test_its_own_numbers_reproduce_a_report():
    """At the last epoch; at the best one the published network is 6.1 points lower."""
    table = reference_table(published(), comparable=True).text
    shown = {(row[2], row[3], row[4]): row for row in table.rows if row[0] in ("4.1", "4.2")}
    last = shown["normal", "normal", "last"]
    assert last[5:7] == ["58.9 (57.4-60.4)", "58.9 (57.4-60.4)"]
    assert last[7].startswith("+0.0 (")
    assert last[8] == "reproduces"
    assert last[9].startswith("[single-run] ")
    best = shown["normal", "normal", "best"]
    assert best[7].startswith("+6.1 (")
    assert best[8] == "differs"


def test_rows_that_cannot_be_compared_stand_apart():
    """All rows are in one of two tables, and none of another data set's in the first."""
    whole = len(REFERENCE.cells)
    near, far = (reference_table(published(), comparable=side).text.rows for side in (True, False))
    assert len(near) + len(far) == whole
    assert {row[8] for row in far} == {"not comparable"}
    assert any("There is no own cell" in row[9] for row in far)
    assert reference_table(published("fer2013"), comparable=True).text.rows == []


def test_the_page_tells_what_is_known_of_a_report(tmp_path):
    """Verdicts, sources and faults; files beside it."""
    facts = make_facts(published=(published(), published("fer2013")))
    page = Page(write_report(facts, tmp_path))
    assert "reproduces" in page.words
    assert REFERENCE.source in page.words
    assert REFERENCE.notes[0] in page.words
    assert (
        "can be compared with this matrix. Another data set: published on affectnet, own on "
        "fer2013."
    ) in page.words
    assert {"tables/reference-report-001.csv"} <= set(page.links)
    assert (tmp_path / "tables" / "reference-report-001.tex").is_file()


def test_given_models_stand_below_the_trained_rows(tmp_path):
    """With the words that nobody knows how they were chosen, and why another is left out."""
    models = StoredModels((model(),), {"old<i>": "the test faces have changed"})
    page = Page(write_report(make_facts(models=models), tmp_path))
    check_references(page, tmp_path)
    cells = [" ".join(cell.split()) for cell in page.cells]
    place = cells.index("selection unknown")
    assert cells[place + 1].startswith("75.0 (")
    assert cells[place + 2].endswith(" -33.3 %")
    assert cells[place + 3] == "missing"
    assert "hse<b>" in page.words
    assert "selection unknown: nobody here knows" in page.words
    assert "The model 'old<i>' is left out: the test faces have changed." in page.words
    assert "tables/models.csv" in page.links


def test_the_star_of_a_footnote_stands_in_its_row():
    """Only behind a model of which more is said than of all given ones."""
    known = "its scores are no probabilities"
    models = StoredModels((model([known]), model(name="plain")), {})
    table = heat_tables(make_facts(models=models))[0]
    assert [row[0] for row in table.given] == ["hse<b>*", "plain"]
    assert f"* hse<b> {known}." in table.notes


def test_an_experiment_of_its_own_has_none_of_them():
    """No file without a row."""
    assert set(other_tables(make_facts())) == {"lost-faces"}
    assert other_tables(make_facts(lost=())) == {}


@pytest.mark.parametrize("selection", ["test-selected-16", "best"])
def test_what_the_test_may_have_chosen_is_said(selection, tmp_path):
    """In the row, in the title and above all numbers."""
    matrix = make_matrix(PUBLISHED, selections=("best",))
    cells = tuple(replace(cell, selection=selection) for cell in matrix.cells)
    matrix = replace(matrix, selections=(selection,), cells=cells)
    facts = make_facts(matrix=matrix, confusions={}, studies={})
    page = Page(write_report(facts, tmp_path))
    chosen = selection != "best"
    assert ("7 test-selected" in page.words) == chosen
    assert ("test-selected: epoch 16" in page.words.lower()) == chosen
    assert ("if its test accuracy was known, the numbers are higher" in page.words) == chosen
    assert f"tables/matrix-{selection}.csv" in page.links
