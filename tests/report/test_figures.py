"""Figures: what is written in them, and that writing them twice gives the same bytes."""

from __future__ import annotations

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.text import Text

from occbench.report.class_drop import class_drop
from occbench.report.confusion_strip import confusion_strip
from occbench.report.curves import learning_curves
from occbench.report.figures import COUNT_COLOURS, heat, save
from occbench.report.heat_map import heat_map, scale
from tests.report.made_facts import (
    PUBLISHED,
    make_confusion,
    make_facts,
    make_history,
    make_matrix,
)


def words(figure):
    """Every text in a figure that is not empty."""
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def luminance(colour):
    """Relative luminance of a hex colour by WCAG 2.1."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_heat_map_has_the_numbers():
    """Accuracies in per cent, intervals and changes of report 001, and a word for a gap."""
    found = words(heat_map(make_matrix(PUBLISHED | {("occluded", "mixed"): [None]}), "last"))
    assert {"58.9 %", "38.1 %", "49.6 %", "47.2 %", "missing"} <= set(found)
    assert {"(57.4-60.4)\nown", "(36.6-39.6)\n-35.3 %"} <= set(found)
    assert "accuracy, last epoch" in found


def test_the_heat_map_of_several_seeds():
    """58.5, 59.0 and 59.5 % have the mean 59.0 and the standard deviation 0.5."""
    matrix = make_matrix({("normal", "normal"): [2340, 2360, 2380]}, n=4000)
    assert {"59.0 %", "± 0.5\nown"} <= set(words(heat_map(matrix, "best")))


@pytest.mark.parametrize(
    ("accuracies", "ends"),
    [([0.381, 0.589], (0.3, 0.6)), ([0.5], (0.5, 0.7)), ([1.0], (0.8, 1.0)), ([0.0], (0.0, 0.2))],
)
def test_the_colour_scale(accuracies, ends):
    """Whole tenths around the accuracies, a fifth at least, within 0 and 1."""
    tests = ("normal", "occluded")
    counts = {
        ("normal", test): [round(1000 * value)]
        for test, value in zip(tests, accuracies, strict=False)
    }
    assert scale(make_matrix(counts, n=1000)) == pytest.approx(ends)


@pytest.mark.parametrize("colours", ["cividis", COUNT_COLOURS])
def test_ink_can_be_read_on_every_colour(colours):
    """The contrast is at least 4.5, what WCAG 2.1 (1.4.3) asks of small text."""
    for share in np.linspace(0, 1, 101):
        paper, ink = (luminance(colour) for colour in heat(float(share), colours))
        assert (max(paper, ink) + 0.05) / (min(paper, ink) + 0.05) >= 4.5


def test_learning_curves():
    """The panels hold the columns of the history, and a circle at the best epoch."""
    history = make_history()
    figure = learning_curves(make_facts(matrix=make_matrix({("normal", "normal"): [9]}, n=10)))
    loss, accuracy = figure.axes
    drawn = [np.asarray(line.get_ydata()) for line in (*loss.lines, *accuracy.lines)]
    for name in ("loss", "val_loss", "accuracy", "val_accuracy", "val_balanced_accuracy"):
        assert any(np.array_equal(values, history[name]) for values in drawn)
    circles = [line for line in loss.lines if line.get_marker() == "o"]
    assert [line.get_xydata().tolist() for line in circles] == [[[7, history["val_loss"][6]]]]


def test_learning_curves_of_several_seeds():
    """Each seed has its own lines."""
    matrix = make_matrix({("normal", "normal"): [9, 8, 7]}, n=10)
    figure = learning_curves(make_facts(matrix=matrix))
    firsts = {np.asarray(line.get_ydata())[0] for line in figure.axes[0].lines}
    for seed in range(3):
        assert make_history(shift=0.1 * seed)["val_loss"][0] in firsts


def test_a_training_without_history_says_so():
    """Its panels stay empty beside those of the others."""
    figure = learning_curves(make_facts(histories={("normal", 0): make_history(3)}))
    assert words(figure).count("no history") == 2


def test_confusions():
    """Shares of the true class in per cent over counts; empty places have no number."""
    confusions = {
        ("normal", "normal", 0, "best"): make_confusion([30, 150, 200, 100], faces=200),
        ("normal", "occluded", 0, "best"): make_confusion([200] * 4, faces=200),
    }
    figure = confusion_strip(make_facts(confusions=confusions), "normal", selection="best", seed=0)
    assert [axes.get_title() for axes in figure.axes] == [
        "tested on normal",
        "tested on occluded",
    ]
    found = [text.get_text() for text in figure.axes[0].texts]
    assert sorted(found) == sorted(
        ["15", "30", "85", "170", "75", "150", "25", "50", "100", "200", "50", "100", "50", "100"]
    )


def test_a_training_without_confusions_is_refused():
    """There is nothing to draw."""
    with pytest.raises(ValueError, match="Received: train='normal'"):
        confusion_strip(make_facts(confusions={}), "normal", selection="best", seed=0)


def test_many_classes_have_no_numbers():
    """They could not be read; the colours stay."""
    classes = tuple(f"class {number}" for number in range(20))
    confusions = {("normal", "normal", 0, "best"): make_confusion([50] * 20)}
    facts = make_facts(classes=classes, confusions=confusions)
    figure = confusion_strip(facts, "normal", selection="best", seed=0)
    assert len(figure.axes[0].texts) == 0
    assert len(figure.axes[0].images) == 1


def test_the_drop_of_each_class():
    """The largest loss stands on top, and clear losses are bold."""
    figure = class_drop(make_facts(), "best")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ["fear", "sad"]
    weights = {text.get_text(): text.get_weight() for text in axes.texts}
    assert weights == {"+70.0": "bold", "+20.0": "bold", "+5.0": "normal"}
    assert class_drop(make_facts(confusions={}), "best") is None


def test_class_names_are_no_formulas():
    """Dollar signs and backslashes are drawn as they stand."""
    classes = (r"$\frac$", "a_b", "<c>", "100 %")
    facts = make_facts(classes=classes)
    for figure in (
        class_drop(facts, "best"),
        confusion_strip(facts, "normal", selection="best", seed=0),
    ):
        assert set(classes) <= set(words(figure))


def all_figures():
    """One of each kind."""
    facts = make_facts()
    return {
        "heat": heat_map(facts.matrix, "best"),
        "curves": learning_curves(facts),
        "confusion": confusion_strip(facts, "normal", selection="best", seed=0),
        "drop": class_drop(facts, "best"),
    }


def test_saving_twice_gives_the_same_bytes(tmp_path):
    """The same figure twice, and the same figure built anew."""
    figures = all_figures()
    for folder, drawn in (("a", figures), ("b", figures), ("c", all_figures())):
        for name, figure in drawn.items():
            paths = save(figure, tmp_path / folder, name)
            assert [path.name for path in paths] == [f"{name}.png", f"{name}.svg"]
    for path in (tmp_path / "a").iterdir():
        data = path.read_bytes()
        assert data == (tmp_path / "b" / path.name).read_bytes()
        assert data == (tmp_path / "c" / path.name).read_bytes()


def test_files_hold_no_date(tmp_path):
    """Neither a date nor the version of the library is in a file."""
    png, svg = save(all_figures()["heat"], tmp_path, "heat")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert b"Software" not in png.read_bytes()
    text = svg.read_text(encoding="utf-8")
    assert "<svg" in text
    assert "dc:date" not in text
    assert matplotlib.__version__ not in text


def test_settings_stay_as_they_were(tmp_path):
    """Drawing leaves the settings of the program alone."""
    before = dict(matplotlib.rcParams)
    save(all_figures()["drop"], tmp_path, "drop")
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_not_imported():
    """It would choose a window system and keep figures for ever."""
    text = "import sys, occbench.report.page; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", text], check=False).returncode == 0
