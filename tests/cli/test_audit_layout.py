"""``occbench audit --layout``: exit codes, sentences and JSON, without a workspace."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import error_of

SOUND = "part,source,copy\ntrain,1,original\ntrain,1,mirror\nval,2,original\ntest,3,original\n"
LEAKY = SOUND + "test,1,rotate\n"


@pytest.fixture
def layout(tmp_path):
    """Writes a layout into the current folder."""

    def written(text):
        (tmp_path / "layout.csv").write_text(text, encoding="utf-8")
        return "layout.csv"

    return written


def test_a_sound_layout(call, layout):
    """Exit code 0; nothing is written."""
    path = layout(SOUND)
    result = call("audit", "--layout", path)
    assert result.exit_code == 0
    assert result.stdout.startswith("layout.csv: 4 images of 3 faces.\n")
    assert result.stdout.endswith("\nNo image has a version of its face in train.\n")


def test_a_leaky_layout(call, layout, tmp_path):
    """Exit code 3, the counts, the pattern in words and what to do."""
    result = call("audit", "--layout", layout(LEAKY))
    assert result.exit_code == 3
    line = next(line for line in result.stdout.splitlines() if line.startswith("test "))
    assert line.split("  ")[0] == "test"
    assert "50.0 %" in line
    assert "mirror 1, original 1" in line
    assert "test: copies were made before the split" in result.stdout
    assert "Split by face first, then copy the images of train." in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["layout.csv"]


def test_json(call, layout):
    """The same as values, and nothing else on stdout."""
    result = call("audit", "--layout", layout(LEAKY), "--json")
    assert result.exit_code == 3
    found = json.loads(result.stdout)
    assert (found["leaks"], found["images"], found["faces"]) == (True, 5, 3)
    val, test = found["parts"]
    assert (val["part"], val["shared"], val["pattern"]) == ("val", 0, "")
    assert (test["share"], test["copies_of_trained"]) == (0.5, 1)
    assert test["kinds"] == {"mirror": 1, "original": 1}
    assert len(found["findings"]) == 1
    assert json.loads(call("audit", "--layout", layout(SOUND), "--json").stdout)["leaks"] is False


def test_many_kinds_are_shortened(call, layout):
    """Four are named; the image itself comes first."""
    rows = "".join(f"train,2,kind-{number}\n" for number in range(6))
    result = call("audit", "--layout", layout(SOUND + rows + "train,2,original\n"))
    assert "itself 1, kind-0 1, kind-1 1, kind-2 1, 3 more" in result.stdout


@pytest.mark.parametrize("more", [("drawn",), ("--fix", "group")])
def test_it_takes_the_place_of_a_data_set(call, layout, more):
    """Both at once is a fault of usage."""
    result = call("audit", "--layout", layout(SOUND), *more)
    assert result.exit_code == 2
    assert "--layout takes the place of a data set" in result.stderr


def test_a_table_that_cannot_be(call, layout):
    """Exit code 1 and one sentence."""
    result = call("audit", "--layout", layout("part,face\ntrain,1\n"))
    assert result.exit_code == 1
    assert error_of(result).startswith("'layout.csv', line 1: the column source is missing")
