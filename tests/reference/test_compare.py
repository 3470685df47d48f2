"""One's own matrix beside a published one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from occbench.dataset.labels import AFFECTNET, FER2013
from occbench.errors import UnknownName
from occbench.matrix.cells import Cell, Matrix
from occbench.matrix.statistics import wilson
from occbench.reference.compare import (
    DIFFERS,
    NOT_COMPARABLE,
    REPRODUCES,
    compare_with_reference,
)
from occbench.reference.difference import newcombe
from occbench.reference.published import load_reference


def cell(train, test, selection, correct, n=3999, seed=0):
    """A cell with its number of right faces."""
    low, high = wilson(correct, n)
    share = correct / n
    return Cell(train, test, seed, selection, 1, n, correct, share, low, high, share, share, None)


def compared(*cells, report="report-001", **facts):
    """The rows of a comparison on the faces of report 001 unless said otherwise."""
    known = {"data_set": "affectnet", "classes": AFFECTNET.names} | facts
    return compare_with_reference(Matrix.of(cells), load_reference(report), **known)


def row_of(rows, **wanted):
    """The one row with these values."""
    (found,) = [
        row for row in rows if all(getattr(row, key) == value for key, value in wanted.items())
    ]
    return found


NORMAL_LAST = {"table": "4.1", "train": "normal", "test": "normal", "selection": "last"}


def test_a_row_per_published_accuracy():
    """Also where one's own matrix has no such cell, which is then said."""
    rows = compared(cell("normal", "normal", "last", 2355))
    assert len(rows) == len(load_reference("report-001").cells)
    absent = row_of(rows, table="4.2", test="normal", selection="best")
    assert (absent.own, absent.difference, absent.verdict) == (None, None, NOT_COMPARABLE)
    assert absent.why == "There is no own cell: occluded on normal, best."


@pytest.mark.parametrize(
    ("correct", "verdict"),
    # 2,355 of 3,999 are published. The interval of the difference is 2.16 points to each side.
    [
        (2355, REPRODUCES),
        (2355 - 86, REPRODUCES),
        (2355 + 85, REPRODUCES),
        (2355 - 88, DIFFERS),
        (2355 + 88, DIFFERS),
        (400, DIFFERS),
    ],
)
def test_the_verdict_follows_the_interval(correct, verdict):
    """The number is reproduced where the interval of the difference holds 0."""
    row = row_of(compared(cell("normal", "normal", "last", correct)), **NORMAL_LAST)
    low, high = newcombe(correct, 3999, 2355, 3999)
    assert row.difference == pytest.approx((correct / 3999 - 0.5889, low, high), abs=1e-5)
    assert row.verdict == verdict
    assert (row.verdict == REPRODUCES) is (low <= 0 <= high)
    assert (row.own.low, row.own.high) == wilson(correct, 3999)
    assert (row.published.low, row.published.high) == wilson(2355, 3999)


def test_corrected_numbers_are_compared_and_said():
    """Occluded faces of mixed-paired are 49.06 %, whatever was printed."""
    row = row_of(
        compared(cell("mixed-paired", "occluded", "last", 1962)),
        table="4.3",
        test="occluded",
        selection="last",
    )
    assert row.verdict == REPRODUCES
    assert row.value == 0.4906
    assert "the printed number is not the measured one. Printed was 54.06 %." in row.why
    assert "its validation shared faces with training" in row.why


def test_seeds_are_averaged():
    """The mean over the seeds stands beside the one published training."""
    cells = [cell("normal", "normal", "last", 2300 + 30 * seed, seed=seed) for seed in range(3)]
    row = row_of(compared(*cells), **NORMAL_LAST)
    assert row.seeds == 3
    assert row.own.accuracy == pytest.approx(2330 / 3999)
    assert (row.own.low, row.own.high) == wilson(2330, 3999)
    assert row.why.endswith("Own is the mean over 3 seeds.")


def test_fewer_faces_are_said_and_many_fewer_refused():
    """Faces without landmarks are left out; a tenth of them missing is another test."""
    row = row_of(compared(cell("normal", "normal", "last", 2290, n=3900)), **NORMAL_LAST)
    assert row.verdict == REPRODUCES
    assert "Published on 3,999 faces, own on 3,900." in row.why
    other = row_of(compared(cell("normal", "normal", "last", 2100, n=3600)), **NORMAL_LAST)
    assert (other.verdict, other.why) == (
        NOT_COMPARABLE,
        "Other test faces: published on 3,999, own on 3,600.",
    )


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"data_set": "fer2013"}, "Another data set: published on affectnet, own on fer2013."),
        ({"classes": AFFECTNET.names[:7]}, "Other classes: published neutral, happiness, "),
        ({"part": "train"}, "Other test faces: published official, own train."),
        (
            {"occluder": "gear-vr"},
            "Another occluder: published headset(device='quest-2'), own gear",
        ),
        ({"occluder": "headset(scale=1.2)"}, "Another occluder: "),
    ],
)
def test_what_cannot_be_compared(facts, why):
    """Another data set, other classes, other faces, or another occluder where one is worn."""
    rows = compared(cell("normal", "occluded", "last", 1523), **facts)
    row = row_of(rows, table="4.1", test="occluded", selection="last")
    assert (row.verdict, row.difference) == (NOT_COMPARABLE, None)
    assert row.why.startswith(why)
    assert row.own is not None


@pytest.mark.parametrize(
    "facts",
    [
        {"occluder": "headset"},
        {"occluder": 'headset(device="quest-2")'},
        {"classes": AFFECTNET.names[::-1]},
        {"part": "official"},
    ],
)
def test_what_is_the_same_by_another_name(facts):
    """Defaults written out and the order of classes change nothing."""
    rows = compared(cell("normal", "occluded", "last", 1523), **facts)
    assert row_of(rows, table="4.1", test="occluded", selection="last").verdict == REPRODUCES


def test_the_occluder_does_not_matter_where_nothing_is_covered():
    """Trained and tested on normal faces, any occluder may belong to the rest of the matrix."""
    row = row_of(
        compared(cell("normal", "normal", "last", 2355), occluder="gear-vr"), **NORMAL_LAST
    )
    assert row.verdict == REPRODUCES


def test_an_unknown_occluder_is_refused():
    """It is a mistake and no difference."""
    with pytest.raises(UnknownName, match="Unknown occluder 'hat'"):
        compared(cell("normal", "occluded", "last", 1523), occluder="hat")


@pytest.mark.parametrize(
    ("report", "n", "spoilt", "why"),
    [
        (
            "report-000",
            7177,
            "step 7, mirrored copies",
            "changed copies of its test faces stood in",
        ),
        ("report-002", 3589, "feed-forward", "it was chosen by its test score"),
        ("report-003", 3589, "final", "which faces it was measured on is not stated"),
    ],
)
def test_spoilt_numbers_are_not_compared(report, n, spoilt, why):
    """A number that is no fair test accuracy gets no verdict, whatever one's own is."""
    own = cell("normal", "normal", "last", n // 2, n=n)
    rows = compared(own, report=report, data_set="fer2013", classes=FER2013.names)
    found = [row for row in rows if row.model == spoilt and why in row.why]
    assert {row.verdict for row in found} == {NOT_COMPARABLE}


def test_a_fair_number_of_fer2013_is_compared():
    """Public and private test together, as report 002 has them."""
    own = cell("normal", "normal", "last", 4925, n=7178)
    rows = compared(own, report="report-002", data_set="fer2013", classes=FER2013.names)
    assert row_of(rows, model="CNN, final").verdict == REPRODUCES
    assert row_of(rows, model="CNN, basic").verdict == DIFFERS


def test_an_unpublished_number_of_faces():
    """Without n there is no interval and no verdict."""
    reference = load_reference("report-002")
    first = reference.cells[0]
    unknown = replace(first, comparable_with=replace(first.comparable_with, n=None))
    (row,) = compare_with_reference(
        Matrix.of([cell("normal", "normal", "last", 4578, n=7178)]),
        replace(reference, cells=(unknown,)),
        data_set="fer2013",
        classes=FER2013.names,
    )
    assert (row.published, row.verdict) == (None, NOT_COMPARABLE)
    assert row.why == "The number of test faces is not published."
