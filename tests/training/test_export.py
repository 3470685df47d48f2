"""A trained network as a file for Keras alone, its preprocessing inside."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from occbench.training.exported import facts_of
from occbench.training.predictions import Predictions, predictions_path
from occbench.training.run import State
from occbench.workspace import Workspace
from tests.cli.conftest import call_main
from tests.trainings import NAME, TINY, data_for, folder_of, recipe, split_of, train_in

pytestmark = pytest.mark.tf

# Augmentation, dropout and batch normalisation, none of which may act any more; planes of colour
# and a channel order that nobody would guess.
PLANES = ["luma", "sobel", "rotate(degrees=20.0)"]
CHOSEN = recipe(TINY, epochs=2, channels=3, planes=PLANES, preprocessing="vggface2", head=[4])

# Opens the file as somebody would who never heard of this package.
_STRANGER = """
import sys
import numpy as np
import keras
model = keras.models.load_model(sys.argv[1])
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))
assert not [name for name in sys.modules if name.startswith("occbench")]
"""


@pytest.fixture(scope="module")
def made(untrained, tmp_path_factory):
    """A workspace with a run and its predictions for the test faces."""
    from occbench.training.predict import predict

    root = tmp_path_factory.mktemp("export") / "room"
    shutil.copytree(untrained, root)
    room = Workspace.find(root)
    train_in(room, CHOSEN)
    ids = split_of(room, "normal").parts["test"]["id"].tolist()
    predict(folder_of(room, CHOSEN), data_for(room, CHOSEN), {"normal": ids})
    return room


@pytest.mark.parametrize("selection", ["best", "last"])
def test_keras_alone_says_what_the_run_said(selection, made, tmp_path):
    """From raw levels, without this package: the preprocessing cannot be forgotten or skewed."""
    run = folder_of(made, CHOSEN)
    path = tmp_path / "my net.keras"
    result = call_main(
        "export", run.name, path, "--selection", selection, "--workspace", made.root, "--json"
    )
    assert result.exit_code == 0, result.output
    known = Predictions.read(predictions_path(run, selection, "normal"))
    data = data_for(made, CHOSEN)
    np.save(tmp_path / "in.npy", data.pixels.images[data.pixels.rows_of(known.ids)])
    given = [path, tmp_path / "in.npy", tmp_path / "out.npy"]
    subprocess.run([sys.executable, "-c", _STRANGER, *given], check=True, cwd=tmp_path)
    found = np.load(tmp_path / "out.npy")
    np.testing.assert_allclose(found, known.scores, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)

    facts = json.loads(result.stdout)
    assert facts == json.loads((tmp_path / "my net.json").read_text(encoding="utf-8"))
    assert facts_of(path) == facts
    assert facts["classes"] == ["angry", "happy", "sad"]
    weights = (run / f"{selection}.weights.h5").read_bytes()
    assert facts["weights"] == "sha256:" + hashlib.sha256(weights).hexdigest()
    state = State.read(run)
    assert facts["epoch"] == (state.best if selection == "best" else 2)
    assert (facts["size"], facts["channels"], facts["colour"]) == (16, 3, "RGB")
    assert facts["planes"] == PLANES


def test_what_cannot_be_exported_is_refused(made, tmp_path):
    """A run that is not there or has not ended, and a name that Keras would refuse."""
    run = folder_of(made, CHOSEN)
    root = tmp_path / "room"
    shutil.copytree(made.root, root)
    path = tmp_path / "net.keras"

    def refused(*given: object) -> str:
        result = call_main("export", *given, "--workspace", root)
        assert result.exit_code == 1
        assert not path.exists()
        return result.stderr

    assert "Unknown run 'normal-seed0-0'. Did you mean" in refused("normal-seed0-0", path)
    assert "must end in .keras" in refused(run.name, tmp_path / "net.h5")
    state = root / "runs" / run.name / "state.json"
    whole = state.read_text(encoding="utf-8")
    state.write_text(whole.replace('"finished"', '"running"'), encoding="utf-8")
    assert "has not ended" in refused(run.name, path)
    values = json.loads(whole)
    del values["facts"]["classes"]
    state.write_text(json.dumps(values), encoding="utf-8")
    assert "does not say its classes" in refused(run.name, path)
    state.write_text(whole, encoding="utf-8")
    (root / "runs" / run.name / "best.weights.h5").write_bytes(b"")
    assert "are broken" in refused(run.name, path)
    assert NAME in [each.stem for each in (root / "manifests").glob("*.csv")]
