"""The command with a function, which loads no framework; and what the documentation shows."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from occbench.core.console import set_quiet, set_verbose
from occbench.dataset.labels import AFFECTNET, FER2013
from occbench.dataset.manifest import Manifest
from occbench.foreign.class_map import match_classes
from occbench.foreign.spec import ModelSpec, load_spec
from occbench.matrix.choose import store_plan
from occbench.matrix.job import open_job
from tests.cli.conftest import call_main, error_of
from tests.foreign.conftest import BANDS, PLAN
from tests.runs import write_run

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def call(workspace, write_module, write_spec):
    """The command beside ``bands:predict`` and ``spec.toml``."""
    write_module("bands", BANDS)
    write_spec()
    yield call_main
    set_quiet(False)
    set_verbose(False)


def test_a_traceback_of_somebody_elses_code_is_shown_on_request(call, write_module):
    """The sentence alone, and with -v how it came to be."""
    write_module("bands", BANDS.replace("bands =", "raise ValueError('why')\n    bands ="))
    quiet = call("evaluate", "bands:predict", "--spec", "spec.toml")
    assert error_of(quiet) == "'bands:predict' failed on 6 faces: ValueError: why"
    told = call("evaluate", "bands:predict", "--spec", "spec.toml", "-v")
    assert told.exit_code == 1
    assert "Traceback" in told.stderr
    assert "in predict" in told.stderr


def test_what_was_typed_is_written_down(call, workspace):
    """With the options that decide something."""
    done = call("evaluate", "bands:predict", "--spec", "spec.toml", "--as", "b", "--force", "-q")
    assert done.exit_code == 0, done.output
    path = workspace.matrix("small") / "models" / "b" / "test-reads.jsonl"
    look = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    assert look["command"] == "occbench evaluate bands:predict --spec spec.toml --as b --force"


def test_what_a_function_prints_is_not_in_the_json(call, write_module):
    """Neither what its module prints as it is imported."""
    noisy = "print('hello')\n" + BANDS.replace("return means", "print('noise')\n    return means")
    write_module("bands", noisy)
    done = call("evaluate", "bands:predict", "--spec", "spec.toml", "--json")
    assert json.loads(done.stdout)["model"] == "bands-predict"
    assert "hello" in done.stderr
    assert "noise" in done.stderr


def test_a_data_set_that_has_changed_since_the_matrix_is_warned_of(call, workspace):
    """The trained rows are of other faces; nothing is said while all is as it was."""
    plan = replace(PLAN, select=("best",))
    store_plan(workspace.matrix("small"), plan)
    job = open_job(workspace, "small", plan)
    run = job.run(job.rows[0])
    write_run(workspace.run(run.id), run, {("best", v): {"f18"} for v in ("normal", "headset")})
    job.compute()
    given = ("evaluate", "bands:predict", "--spec", "spec.toml", "-q")
    assert "Warning" not in call(*given).stderr
    path = workspace.manifest("small")
    manifest = Manifest.read(path)
    faces = manifest.faces.copy()
    faces.loc[0, "label"] = "sad"
    replace(manifest, faces=faces).write(path)
    told = call(*given, "--as", "again").stderr
    assert "Warning: The data set 'small' has changed since the matrix 'small' was made" in told
    assert "Run 'occbench matrix small'" in told


@pytest.mark.parametrize("cut", [False, True])
def test_a_file_that_is_no_keras_file_is_called_so(call, tmp_path, write_spec, cut):
    """Something else under that name, and an archive that was cut short."""
    path = tmp_path / "net.keras"
    path.write_bytes(b"net")
    if cut:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", "{}" * 1000)
        path.write_bytes(path.read_bytes()[:1000])
    write_spec("net.toml", channels=1, preprocessing="none")
    told = error_of(call("evaluate", "net.keras", "--spec", "net.toml"))
    assert told.startswith("'net.keras' is no Keras file, or is damaged;")


def test_a_dry_run_says_what_is_left(call, workspace):
    """Nothing, everything, or a refusal to come."""
    given = ("evaluate", "bands:predict", "--spec", "spec.toml")
    assert call(*given, "-q").exit_code == 0
    assert re.search(r"normal +6 +done", call(*given, "--dry-run").stdout)
    (workspace.root / "bands.py").write_text(BANDS + "\n", encoding="utf-8")
    told = call(*given, "--dry-run").stdout
    assert re.search(r"headset +6 +to show", told)
    assert "Changed since: the model. It would be refused without --force." in told


def test_a_leaderboard_without_a_row_says_how_to_get_one(call):
    """Before anything was trained or evaluated."""
    assert "has no row yet" in error_of(call("leaderboard"))
    assert call("evaluate", "bands:predict", "--spec", "spec.toml", "-q").exit_code == 0
    result = call("leaderboard", "small")
    assert result.exit_code == 0, result.output
    assert "Trained rows are left out" in result.stdout


def test_faces_of_a_painted_matrix_are_those_that_were_painted(call, workspace):
    """A matrix from painted images shows a given model painted images too."""
    assert call("evaluate", "bands:predict", "--spec", "spec.toml", "-q").exit_code == 0
    store_plan(workspace.matrix("painted"), replace(PLAN, images="painted"))
    given = ("evaluate", "bands:predict", "--spec", "spec.toml", "--matrix", "painted", "-q")
    refused = call(*given)
    assert "has no painted images" in error_of(refused)
    done = call("occlude", "small", "--occluder", "headset", "-q")
    assert done.exit_code == 0, done.output
    result = call(*given)
    assert result.exit_code == 0, result.output
    one, other = (
        next(workspace.matrix(name).glob("models/bands-predict/predictions/given-headset-*"))
        for name in ("small", "painted")
    )
    # Painted in the size of the network, both ways cover the same pixels.
    with np.load(one) as now, np.load(other) as before:
        np.testing.assert_array_equal(now["scores"], before["scores"])


def documented(language):
    """The blocks of a language in the page about models."""
    text = (DOCS / "how-to" / "evaluate-any-model.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def test_the_documented_specs_fit_the_data_sets_that_they_are_for(tmp_path):
    """FER+, a function and HSEmotion on FER2013; HSEmotion without its map on AffectNet."""
    specs = [block for block in documented("toml") if block.startswith("schema")]
    assert len(specs) == 3
    function = {"channels": 3, "preprocessing": "none", "layout": "NHWC"}
    charts = []
    for number, block in enumerate(specs):
        path = tmp_path / f"{number}.toml"
        path.write_text(block, encoding="utf-8")
        charts.append(match_classes(load_spec(path, function if number else {}), FER2013.names))
    assert [chart.dropped for chart in charts] == [("contempt",), (), ("Contempt",)]
    assert all(chart.never == () for chart in charts)
    path = tmp_path / "affectnet.toml"
    path.write_text(specs[2].partition("[map]")[0], encoding="utf-8")
    chart = match_classes(load_spec(path, function), AFFECTNET.names)
    assert (chart.dropped, chart.never) == ((), ())


def test_the_documented_modules_are_python():
    """They cannot run here, but they can be read."""
    blocks = documented("python")
    assert len(blocks) == 6
    for block in blocks:
        compile(block, "page", "exec")


def test_the_reference_has_every_key_of_a_spec():
    """In the order of ``ModelSpec`` or not, but all of them and no other."""
    text = (DOCS / "reference" / "file-formats.md").read_text(encoding="utf-8")
    part = text.partition("### Model spec\n")[2].partition("\n## ")[0]
    keys = re.findall(r"^\| `\[?(\w+)\]?` \|", part, re.M)
    assert sorted(keys) == sorted(["schema", *(each.name for each in fields(ModelSpec))])
