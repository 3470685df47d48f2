"""The section of a report that shows what networks look at, from stored explanations."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from occbench.errors import DataError
from occbench.explain.choose import Chosen
from occbench.explain.facial_parts import PARTS
from occbench.explain.importance import importances
from occbench.explain.record import Explanation
from occbench.explain.results import (
    Maps,
    activation_result,
    kernel_result,
    map_result,
    region_result,
)
from occbench.report.explanation_figures import drawings
from occbench.report.explanations import Explained, explanations_of
from occbench.report.gather import gather
from occbench.report.page import write_report
from occbench.report.region_map import estimate_text, matters
from tests.explain.test_importance import make_effects
from tests.matrix.test_record import made
from tests.report.made_facts import make_facts
from tests.report.test_page import Page

CLASSES = ("angry", "happy", "sad")
SHOWN = {"classes": CLASSES, "part": "val", "variant": "normal"}
CHOSEN = Chosen(("a/1", "b", "c"), (0, 0, 2), ("a/1", "c"))
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 12, 12, 1), dtype=np.uint8)


def map_of(method: str, **facts: object) -> Explanation:
    """Maps of three faces, none of them happy; the highest pixel of all is at (7, 4)."""
    pixels = np.zeros((3, 12, 12))
    pixels[:, 7, 4] = 0.5
    maps = Maps(IMAGES, np.array([0.5, 0.25, 0.75]), pixels, pixels, range(12), range(12))
    return map_result({"method": method, **SHOWN, **facts}, CHOSEN, maps, "drop")


def regions(labels: list[int]) -> Explanation:
    """Faces that lose more from part to part, by a patch always an eighth."""
    effects = make_effects(np.linspace(0.0, 0.5, 6), np.array(0.125), labels)
    table = importances(effects, CLASSES, effects.ids)
    return region_result({"method": "regions", **SHOWN}, effects, table, [])


def one_of_each() -> list[Explanation]:
    """An explanation of each method."""
    rng = np.random.default_rng(1)
    kernels = rng.normal(size=(5, 1, 3, 3)).astype(np.float32)
    maps = rng.normal(size=(2, 6, 6, 5)).astype(np.float32)
    layer = {**SHOWN, "layer": "stem"}
    return [
        kernel_result({"method": "kernels", "layer": "stem", "classes": CLASSES}, kernels),
        activation_result({"method": "activations", **layer}, CHOSEN, IMAGES[[0, 2]], maps),
        map_of("sensitivity", patch=4),
        map_of("grad-cam", layer="stem"),
        regions([0, 0, 0, 0, 0, 0, 2]),
    ]


def test_each_method_has_its_figures():
    """Those with pictures of faces say so."""
    found = {one.method: [(d.name, d.faces) for d in drawings(one)] for one in one_of_each()}
    maps = [("means", False), ("examples", True)]
    assert found == {
        "kernels": [("kernels", False)],
        "activations": [("activations-a-1", True), ("activations-c", True)],
        "sensitivity": maps,
        "grad-cam": maps,
        "regions": [("regions", False)],
    }


def test_a_map_says_where_it_is_highest():
    """For those who cannot see it: each class that has a face, each example."""
    means, examples = drawings(map_of("sensitivity", patch=4))
    assert means.alt.endswith("angry 0.50 at row 7, column 4; sad 0.50 at row 7, column 4.")
    assert "happy" not in means.alt
    assert "a/1 0.50 at row 7, column 4; c 0.50 at row 7, column 4." in examples.alt
    assert "What a patch of 4 pixels takes" in means.caption
    titles = [axes.get_title() for axes in means.figure.axes if axes.get_title()]
    assert titles == ["angry\n2 faces", "happy\n0 faces", "sad\n1 face"]


def test_kernel_tiles_lie_in_their_order():
    """Row by row, a gap between them, on a scale around zero."""
    kernels = np.arange(1.0, 41.0, dtype=np.float32).reshape(10, 1, 2, 2)
    (one,) = drawings(kernel_result({"method": "kernels", "layer": "stem"}, kernels))
    sheet = one.figure.axes[0].images[0]
    tiles = np.asarray(sheet.get_array().filled(np.nan))
    assert tiles.shape == (3 * 2 + 2, 4 * 2 + 3)
    for number in range(10):
        y, x = number // 4 * 3, number % 4 * 3
        np.testing.assert_array_equal(tiles[y : y + 2, x : x + 2], kernels[number, 0])
    assert np.isnan(tiles[2]).all()
    assert np.isnan(tiles[:, 2]).all()
    assert np.isnan(tiles[6:, 6:]).all()
    assert sheet.get_clim() == (-40.0, 40.0)


def test_the_heat_map_of_regions_has_expressions_in_rows_and_parts_in_columns():
    """Six faces give intervals, one does not; bold is what costs more than the patch."""
    found = regions([0, 0, 0, 0, 0, 0, 2])
    (one,) = drawings(found)
    axes = one.figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == list(PARTS)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["all", "angry", "sad"]
    bold = {text.get_position()[0] for text in axes.texts if text.get_fontweight() == "bold"}
    assert bold == {2, 3, 4, 5}
    assert [matters(found, 0, n) for n in range(6)] == [False, False, True, True, True, True]
    assert estimate_text(found, "drop", 1, 5) == "+50.0 (+50.0 to +50.0)"
    assert estimate_text(found, "drop", 2, 5) == "+50.0"
    assert "all: forehead +0.0 (+0.0 to +0.0), brows +10.0" in one.alt


def test_a_part_that_no_face_shows_is_left_empty():
    """It says none, and there is no number to tell."""
    effects = make_effects(np.array(0.25), np.array(0.125), [0] * 6)
    effects.areas[:, 2] = np.nan
    table = importances(effects, CLASSES, effects.ids)
    found = region_result({"method": "regions", **SHOWN}, effects, table, [])
    (one,) = drawings(found)
    assert [text.get_text() for text in one.figure.axes[0].texts].count("none") == 2
    assert estimate_text(found, "drop", 0, 2) == ""


def test_the_page_shows_them_and_leaves_faces_out_where_asked(tmp_path):
    """Figures of a report with faces are gone from one without; the rest stays."""
    explained = tuple(Explained("normal", 0, one.folder_name, one) for one in one_of_each())
    facts = make_facts(sheet=None, explained=explained)
    page = Page(write_report(facts, tmp_path))
    assert "explained" in page.ids
    assert "normal, seed 0: parts of the face, normal validation faces" in page.words
    assert "normal, seed 0: kernels of stem" in page.words
    names = {path.stem for path in (tmp_path / "figures").glob("explain-*.png")}
    assert len(names) == 7
    assert {path.stem for path in (tmp_path / "figures").glob("explain-*.svg")} == names
    write_report(replace(facts, lost=(), pictures=False), tmp_path)
    kept = {path.stem for path in (tmp_path / "figures").glob("explain-*.png")}
    assert kept == {name for name in names if "examples" not in name and "activ" not in name}


def test_without_explanations_the_page_has_no_section(tmp_path):
    """What an earlier report drew of them is gone."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "explain-normal-seed0-regions-old.png").touch()
    page = Page(write_report(make_facts(sheet=None, histories={}, studies={}), tmp_path))
    assert "explained" not in page.ids
    assert not list((tmp_path / "figures").glob("explain-*"))


def test_a_report_finds_what_the_runs_of_its_matrix_have(tmp_path):
    """Run by run; one that cannot be read stops it with a sentence."""
    job = made(tmp_path)
    assert gather(job, pictures=False).explained == ()
    folders = [job.workspace.run(job.run(row).id) / "explain" for row in job.rows]
    regions([0] * 6).write(folders[1])
    for one in one_of_each()[:3]:
        one.write(folders[0])
    found = gather(job, pictures=False).explained
    assert [(one.train, one.found.method) for one in found] == [
        ("normal", "sensitivity"),
        ("normal", "activations"),
        ("normal", "kernels"),
        ("mixed-paired", "regions"),
    ]
    path = folders[1] / "regions-normal" / "explain.json"
    path.write_text(json.dumps({"schema": 7}))
    with pytest.raises(DataError, match="cannot be read"):
        list(explanations_of(job))
