"""The tables of a report, against numbers worked out by hand and printed in report 001."""

from __future__ import annotations

import csv

import pytest

from occbench.matrix.statistics import wilson
from occbench.report.tables import (
    all_tables,
    per_class_table,
    score_table,
    terminal_table,
    train_test_table,
    write_tables,
)
from tests.report.made_facts import CLASSES, PUBLISHED, make_confusion, make_facts, make_matrix


def test_entries_of_one_seed():
    """Accuracies and changes are those of tables 4.1 and 4.2 of report 001, last epoch.

    The intervals are 1.96 standard errors: 0.5889 and 0.3808 of 3,999 faces give 1.53 and 1.50
    points on each side.
    """
    heads, rows = train_test_table(make_matrix(PUBLISHED), "last")
    assert heads == ["train", "epoch", "test normal", "test occluded", "test mixed"]
    assert rows[0][:4] == [
        "normal",
        "25",
        "58.9 (57.4-60.4) own",
        "38.1 (36.6-39.6) -35.3 %",
    ]
    assert rows[1][2].endswith(" -4.9 %")
    assert rows[1][3].startswith("49.6 ")
    assert rows[1][3].endswith(" own")


def test_entries_of_several_seeds():
    """58.5, 59.0 and 59.5 % have the mean 59.0 and the standard deviation 0.5; half is -50 %."""
    counts = {
        ("normal", "normal"): [2340, 2360, 2380],
        ("normal", "occluded"): [1160, 1180, 1200],
    }
    _, rows = train_test_table(make_matrix(counts, n=4000), "best")
    assert rows == [["normal", "7, 7, 7", "59.0 ± 0.5 own", "29.5 ± 0.5 -50.0 %"]]


def test_the_mixed_test_is_the_base_of_mixed_training():
    """Table 4.4 of report 001, best epoch: 0.5716 is 7.2 % above 0.5334, 0.4811 9.8 % below."""
    counts = {
        ("mixed-unique", "normal"): [2286],
        ("mixed-unique", "occluded"): [1924],
        ("mixed-unique", "mixed"): [2133],
    }
    _, rows = train_test_table(make_matrix(counts), "best")
    assert [entry.rpartition(") ")[2] for entry in rows[0][2:]] == ["+7.2 %", "-9.8 %", "own"]


def test_missing_entries_say_so():
    """A missing place is named, and a row without its own split has no changes."""
    counts = {
        ("normal", "normal"): [None],
        ("normal", "occluded"): [2000],
    }
    _, rows = train_test_table(make_matrix(counts, n=4000), "best")
    assert rows == [["normal", "7", "missing", "50.0 (48.5-51.5)"]]


def test_no_change_is_no_negative_zero():
    """A change that rounds to nothing has a plus."""
    counts = {("normal", "normal"): [40000], ("normal", "occluded"): [39999]}
    _, rows = train_test_table(make_matrix(counts, n=90000), "best")
    assert rows[0][3].endswith(" +0.0 %")


def test_the_terminal_table():
    """It is the same table in columns, with its explanation below."""
    lines = terminal_table(make_matrix(PUBLISHED), "best").splitlines()
    assert len(lines) == 5
    assert lines[2].split("  ")[0] == "normal"
    assert "38.1 (36.6-39.6) -35.3 %" in lines[2]
    assert lines[4] == (
        "Accuracy in %, best epoch by validation, n = 3,999 faces; 95 % Wilson interval in "
        "brackets; change against the row's own test split."
    )


def test_recall_per_class():
    """Differences in points; 100 faces per class tell 90 from 20 %, not 70 from 65 %."""
    table = per_class_table(make_facts(), "best")
    assert table.heads == ["class", "normal", "occluded"]
    assert [row[1] for row in table.rows] == [
        "70.0 to 65.0 (+5.0)",
        "90.0 to 20.0 (+70.0*)",
        "95.0 to 90.0 (+5.0)",
        "60.0 to 40.0 (+20.0*)",
    ]


def test_a_class_without_faces_has_no_recall():
    """Its place says so; the other classes stay."""
    confusion = make_confusion([70, 90, 95, 60])
    confusion[2] = 0
    facts = make_facts(
        confusions={("normal", test, 0, "best"): confusion for test in ("normal", "occluded")}
    )
    table = per_class_table(facts, "best")
    assert table.heads == ["class", "normal"]
    assert [row[1] for row in table.rows][1:3] == ["90.0 to 90.0 (+0.0)", "no face"]


def test_recall_over_seeds():
    """The mean is shown, and both seeds are tested together.

    Of 100 faces, 90 and 50 against 20 and 48: the means are 70 and 34. The second seed alone
    shows no difference, but the 70 points of the first are far beyond chance.
    """
    matrix = make_matrix({("normal", "normal"): [9, 9], ("normal", "occluded"): [9, 9]}, n=10)
    rights = {("normal", 0): 90, ("normal", 1): 50, ("occluded", 0): 20, ("occluded", 1): 48}
    facts = make_facts(
        matrix=matrix,
        confusions={
            ("normal", test, seed, "best"): make_confusion([right] * 4)
            for (test, seed), right in rights.items()
        },
    )
    assert per_class_table(facts, "best").rows[0] == ["angry", "70.0 to 34.0 (+36.0*)"]


def test_further_scores():
    """Balanced accuracy and macro F1 stand beside the accuracy they belong to."""
    table = score_table(make_matrix({("normal", "normal"): [500]}, n=1000), "best")
    assert table.rows == [["normal", "normal", "1,000", "50.0", "49.0", "48.0"]]


def test_every_table_is_written_in_three_forms(tmp_path):
    """For both selections, and the CSV file holds every digit."""
    facts = make_facts()
    write_tables(all_tables(facts), facts.title, tmp_path)
    kinds = ("matrix", "per-class", "scores", "gaps", "class-gaps", "comparisons")
    kinds += ("scores-worth", "reliability", "risk-coverage")
    names = [f"{kind}-{selection}" for kind in kinds for selection in ("best", "last")]
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == sorted(
        f"{name}.{form}" for name in [*names, "lost-faces"] for form in ("csv", "md", "tex")
    )
    with (tmp_path / "tables" / "matrix-last.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["accuracy"]) for row in rows[:2]] == [2355 / 3999, 1523 / 3999]
    assert float(rows[1]["relative_change"]) == pytest.approx(1523 / 2355 - 1)
    assert rows[0]["sd"] == ""


def test_means_over_seeds_have_no_interval_in_the_file(tmp_path):
    """The least and greatest end of the seeds' intervals would be no 95 % interval of the mean."""
    counts = {("normal", "normal"): [2340, 2380], ("normal", "occluded"): [1160, None]}
    facts = make_facts(matrix=make_matrix(counts, n=4000), confusions={})
    write_tables(all_tables(facts), facts.title, tmp_path)
    with (tmp_path / "tables" / "matrix-best.csv").open(newline="") as file:
        several, one = csv.DictReader(file)
    assert (several["seeds"], several["low"], several["high"]) == ("2", "", "")
    assert (float(several["accuracy"]), one["seeds"]) == (2360 / 4000, "1")
    assert (float(one["low"]), float(one["high"])) == pytest.approx(wilson(1160, 4000))


def test_the_recall_file(tmp_path):
    """A row per train split and class, fractions with their difference."""
    write_tables(all_tables(make_facts()), "drawn", tmp_path)
    with (tmp_path / "tables" / "per-class-best.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["train"], row["class"]) for row in rows] == [
        (train, name) for train in ("normal", "occluded") for name in CLASSES
    ]
    assert rows[1] == {
        "train": "normal",
        "class": "fear",
        "faces": "100",
        "normal": "0.9",
        "occluded": "0.2",
        "lost": "0.7",
        "shown": "True",
    }


def test_a_confusion_matrix_of_other_classes_is_refused():
    """Its rows would be read as the wrong classes."""
    with pytest.raises(ValueError, match=r"shape \(4, 4\).*Received: .*shape=\(3, 3\)"):
        make_facts(confusions={("normal", "normal", 0, "best"): make_confusion([1, 2, 3])})
