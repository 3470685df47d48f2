"""``occbench check-table``: its exit codes, its sentences and its JSON."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import error_of

SOUND = """train,test,n,accuracy,relative_change
normal,normal,200,50.0,
normal,occluded,200,25.0,-50
"""
WRONG = SOUND.replace("-50", "-25")
MATRIX = "truth,a,b\na,3,1\nb,2,4\n"


@pytest.fixture
def write(tmp_path):
    """Writes a file into the current folder."""

    def written(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return written


def test_a_sound_table(call, write):
    """Exit code 0, and how many checks agree."""
    result = call("check-table", write("table.csv", SOUND))
    assert result.exit_code == 0
    assert "relative change      1         0         0" in result.stdout
    assert "count                2         0         0" in result.stdout
    assert result.stdout.endswith("No contradiction was found.\n")


def test_a_wrong_table(call, write):
    """Exit code 3, and a sentence for what is wrong."""
    result = call("check-table", write("table.csv", WRONG))
    assert result.exit_code == 3
    assert (
        "normal, test occluded: 25.0 % against 50.0 % on test normal is -50.00 %, printed is "
        "-25.00 %, 25.0000 points off; rounding explains 0.6" in result.stdout
    )
    assert "No contradiction" not in result.stdout


def test_every_check_is_shown_on_request(call, write):
    """With --all also what agrees and what could not be checked."""
    name = write("table.csv", SOUND.replace("occluded,200", "occluded,"))
    brief, full = call("check-table", name), call("check-table", name, "--all")
    assert "50.0 % is 100 of 200 faces." in full.stdout
    assert "50.0 % is 100 of 200 faces." not in brief.stdout
    for result in (brief, full):
        assert (
            "normal, test occluded: n is not given, so the count was not checked." in result.stdout
        )


def test_nothing_to_check(call, write):
    """A table of accuracies alone is neither right nor wrong."""
    result = call("check-table", write("t.csv", "train,test,accuracy\nnormal,normal,0.5\n"))
    assert result.exit_code == 0
    assert result.stdout.endswith("No check could be made.\n")


def test_report_001(call):
    """By its name: twelve changes hold, and the two rows of 4.3 are found."""
    result = call("check-table", "report-001", "--json")
    assert result.exit_code == 3
    found = json.loads(result.stdout)
    assert found["passed"] is False
    (table,) = found["tables"]
    assert len(table["findings"]) == 2
    changes = [each for each in table["checks"] if each["check"] == "relative change"]
    assert [each["passed"] for each in changes] == [True] * 12
    assert all(abs(each["printed"] - each["recomputed"]) <= 0.00005 for each in changes)


@pytest.mark.parametrize(("report", "tables"), [("000", 1), ("002", 3), ("004", 6)])
def test_other_reports(call, report, tables):
    """Nothing in them contradicts itself."""
    result = call("check-table", f"report-{report}", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["passed"] is True
    assert len(found["tables"]) == tables


def test_a_confusion_matrix(call, write):
    """Its metrics are shown, and printed ones compared."""
    name = write("matrix.csv", MATRIX)
    alone = call("check-table", name)
    assert alone.exit_code == 0
    # Of 4 faces of a 3 are right, and 3 of the 5 that are called a.
    assert "a                    0.60000  0.75000  0.66667      4" in alone.stdout
    assert "No metric is printed beside the matrix" in alone.stdout
    good = write("good.csv", "metric,class,value\naccuracy,,70%\nrecall,a,0.75\n")
    assert call("check-table", name, "--printed", good).exit_code == 0
    bad = write("bad.csv", "metric,class,value\naccuracy,,0.71\n")
    result = call("check-table", name, "--printed", bad)
    assert result.exit_code == 3
    assert "accuracy is 0.70000000 by the matrix, printed is 0.71." in result.stdout


def test_json_has_no_nan(call, write):
    """What is undefined is null."""
    result = call("check-table", write("m.csv", "truth,a,b\na,2,0\nb,1,0\n"), "--json")
    (table,) = json.loads(result.stdout, parse_constant=pytest.fail)["tables"]
    values = {(each["metric"], each["class"]): each["value"] for each in table["metrics"]}
    assert values["precision", "b"] is None
    assert values["precision", "a"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing.csv"], 1, "'nothing.csv' is missing; check the path."),
        (["report-01"], 1, "Unknown file or report 'report-01'. Did you mean 'report-001'?"),
        (["report-003"], 1, "report-003 prints nothing that can be checked; these do: report-000"),
        (["report-001", "--printed", "x.csv"], 2, "--printed goes with a confusion matrix"),
        (["."], 1, "'.' cannot be read as CSV in UTF-8"),
    ],
)
def test_what_cannot_be_read(call, arguments, code, message):
    """One sentence and exit code 1, or 2 for options that do not go together."""
    result = call("check-table", *arguments)
    assert result.exit_code == code
    assert message in error_of(result)


def test_a_file_goes_before_a_report(call, write):
    """A file in the current folder that is called like a report is the one that is meant."""
    assert "No contradiction" in call("check-table", write("report-001", SOUND)).stdout
