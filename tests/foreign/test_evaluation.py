"""A function on the test faces of a matrix: its row, its looks, and what is never mixed."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from occbench.core.lock import sole_writer
from occbench.dataset.batch import cover
from occbench.dataset.faces import ManifestFaces
from occbench.dataset.manifest import Manifest
from occbench.errors import Busy, DataError, StaleState
from occbench.foreign.evaluate import evaluate, plan_evaluation
from occbench.foreign.stored import stored_models
from occbench.matrix.cells import Matrix
from occbench.occluders.base import make_occluder
from tests.foreign.conftest import BANDS
from tests.makers import CLASSES
from tests.runs import TESTED

# Those that ``alternate`` covers in the mixed column, see ``PLAN``.
COVERED = {"f18", "f19", "f20"}


@pytest.fixture
def ready(workspace, write_module, write_spec):
    """The workspace with ``bands:predict`` and its ``spec.toml``."""
    write_module("bands", BANDS)
    write_spec()
    return workspace


def run(workspace, model="bands:predict", spec="spec.toml", **options):
    """The command without its command line."""
    force = options.pop("force", False)
    path = None if spec is None else workspace.root / spec
    task = plan_evaluation(workspace, model, spec_path=path, **options)
    return evaluate(task, command="occbench evaluate", force=force)


def truth():
    """The class number of each test face."""
    return {face: int(face[1:]) % 3 for face in TESTED}


def bands_by_hand(workspace, variant):
    """The class that ``bands:predict`` gives each test face, from its image file."""
    manifest = Manifest.read(workspace.manifest("small"))
    faces = ManifestFaces(manifest, workspace.data_root("small"))
    said = {}
    for face_id in TESTED:
        face = faces.read(face_id)
        image = face.image
        if variant != "normal":
            image = cover(face, face_id, make_occluder(variant))
        levels = image.astype(float)
        said[face_id] = int(np.argmax([levels[y : y + 8].mean() for y in (6, 14, 22)]))
    return said


def looks(workspace, name="bands-predict"):
    """What was written down before each look."""
    path = workspace.matrix("small") / "models" / name / "test-reads.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_row_is_what_the_function_says_of_the_image_files(ready):
    """Normal, covered and mixed faces, counted without the toolkit's own reading and cutting."""
    model = run(ready)
    right = {}
    for variant in ("normal", "headset"):
        said = bands_by_hand(ready, variant)
        right[variant] = {face for face, number in truth().items() if said[face] == number}
        found = model.predictions[variant]
        assert dict(zip(found.ids, found.predicted.tolist(), strict=True)) == said
    # Covering the first band must change something, or the test could not tell.
    assert right["normal"] != right["headset"]
    mixed = {f for f in TESTED if f in right["headset" if f in COVERED else "normal"]}
    counts = {cell.test: (cell.correct, cell.n) for cell in model.cells}
    assert counts == {
        "normal": (len(right["normal"]), 6),
        "occluded": (len(right["headset"]), 6),
        "mixed": (len(mixed), 6),
    }
    assert {(c.train, c.seed, c.selection, c.epoch) for c in model.cells} == {
        ("bands-predict", 0, "given", 0)
    }
    base = model.cells[0].accuracy
    changes = [cell.accuracy / base - 1 if base else None for cell in model.cells]
    assert [cell.relative_change for cell in model.cells[1:]] == pytest.approx(changes[1:])


def test_the_table_and_the_api_have_the_row(ready):
    """models.csv has the columns of cells.csv; what is stored is read again without the model."""
    first = run(ready)
    second = run(ready, name="again")
    folder = ready.matrix("small")
    with (folder / "models.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["train"] for row in rows] == ["again"] * 3 + ["bands-predict"] * 3
    assert Matrix.from_csv(folder / "models.csv").cells == (*second.cells, *first.cells)
    (ready.root / "bands.py").unlink()
    found = stored_models(ready, None)
    assert [model.name for model in found.models] == ["again", "bands-predict"]
    assert (found.models[1].cells, found.unfit) == (first.cells, {})
    assert "selection unknown" in found.models[0].remarks[0]
    assert not found.models[0].has_probabilities
    assert not (folder / "cells.csv").exists()


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0)])
def test_shuffled_outputs_with_their_names_give_the_same_row(
    ready, write_module, write_spec, order
):
    """A mistake in the order of classes is the one that costs most and shows least."""
    first = run(ready)
    write_module("turned", BANDS.replace("3, 4))", f"3, 4))[:, {list(order)}]"))
    write_spec("turned.toml", classes=[CLASSES[number] for number in order])
    turned = run(ready, "turned:predict", "turned.toml")
    assert [cell.correct for cell in turned.cells] == [cell.correct for cell in first.cells]
    for variant, found in first.predictions.items():
        np.testing.assert_array_equal(turned.predictions[variant].scores, found.scores)


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_the_number_of_faces_at_once_decides_nothing(ready, write_spec, batch_size):
    """Batches of one, uneven ones, and one larger than all faces."""
    first = run(ready)
    write_spec(batch_size=batch_size)
    other = run(ready, name="other")
    for variant, found in first.predictions.items():
        np.testing.assert_array_equal(other.predictions[variant].scores, found.scores)
    # Nor is it a change of the model under one name.
    run(ready)
    assert len(looks(ready)) == 2


def test_every_look_is_written_down_before_it_happens(ready, write_module):
    """When, which variant, how many faces and by what; also that of a model that fails."""
    write_module("bands", BANDS.replace("bands =", "raise MemoryError('too big')\n    bands ="))
    with pytest.raises(DataError, match="'bands:predict' failed on 6 faces: MemoryError: too big"):
        run(ready)
    (look,) = looks(ready)
    assert (look["variant"], look["faces"], look["selection"]) == ("normal", 6, "given")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", look["when"])
    assert look["command"] == "occbench evaluate"
    assert stored_models(ready, "small").models == ()


def test_a_killed_evaluation_goes_on(ready, monkeypatch):
    """The first variant is kept, the second is shown, and the row is that of an undisturbed one."""
    from occbench.foreign import evaluate as module

    whole = module._show_variant

    def kill(task, network, data, variant, command):
        if variant != "normal":
            raise KeyboardInterrupt
        whole(task, network, data, variant, command)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_show_variant", kill)
        with pytest.raises(KeyboardInterrupt):
            run(ready)
    folder = ready.matrix("small") / "models" / "bands-predict"
    (kept,) = (folder / "predictions").iterdir()
    before = kept.stat().st_mtime_ns
    assert "did not finish 'headset'" in stored_models(ready, "small").unfit["bands-predict"]
    found = run(ready)
    assert kept.stat().st_mtime_ns == before
    assert [look["variant"] for look in looks(ready)] == ["normal", "headset"]
    assert [c.correct for c in found.cells] == [c.correct for c in run(ready, name="b").cells]


def test_a_second_call_shows_nothing(ready, write_module):
    """Nor is the module imported again: its bytes are the same, but it would fail."""
    first = run(ready)
    assert run(ready).cells == first.cells
    assert len(looks(ready)) == 2


def test_another_model_under_the_same_name_is_refused_or_begun_anew(
    ready, write_module, write_spec
):
    """Module, spec and faces; --force throws all of it away, but not the count of looks."""
    first = run(ready)
    write_module("bands", BANDS + "\n# Another model.\n")
    with pytest.raises(StaleState, match=r"something else: the model has changed.*--as.*--force"):
        run(ready)
    write_spec(output="logits")
    with pytest.raises(StaleState, match="the model and its spec have changed"):
        run(ready)
    assert stored_models(ready, "small").models[0].cells == first.cells
    again = run(ready, force=True)
    assert again.has_probabilities
    assert len(looks(ready)) == 4
    record = json.loads((ready.matrix("small") / "models/bands-predict/model.json").read_text())
    assert record["spec"]["output"] == "logits"


def test_a_kill_in_the_middle_of_force_leaves_nothing_of_the_old_model(ready, monkeypatch):
    """Predictions go first, so none of the old model can stand beside the new one's record."""
    from occbench.foreign import evaluate as module

    def kill(*_):
        raise KeyboardInterrupt

    run(ready)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_write_record", kill)
        with pytest.raises(KeyboardInterrupt):
            run(ready, force=True)
    folder = ready.matrix("small") / "models" / "bands-predict"
    assert not (folder / "predictions").exists()
    assert not (folder / "model.json").exists()
    assert stored_models(ready, "small").models == ()


def test_two_at_once_are_refused(ready):
    """The second shows nothing."""
    models = ready.matrix("small") / "models"
    models.mkdir(parents=True)
    with sole_writer(models), pytest.raises(Busy, match="Another occbench process is writing"):
        run(ready)
    assert not (models / "bands-predict").exists()


def test_other_test_faces_leave_the_model_out_until_it_is_shown_them(ready):
    """A label that changed makes the old predictions unfit, by name."""
    run(ready)
    manifest = Manifest.read(ready.manifest("small"))
    faces = manifest.faces.copy()
    # Both faces change classes, so the split is the same but for the labels.
    faces.loc[faces["id"] == "f18", "label"] = "happy"
    faces.loc[faces["id"] == "f19", "label"] = "angry"
    replace(manifest, faces=faces).write(ready.manifest("small"))
    found = stored_models(ready, "small")
    assert found.models == ()
    assert "the test faces have changed" in found.unfit["bands-predict"]
    with pytest.raises(StaleState, match="the test faces has changed"):
        run(ready)
    assert len(run(ready, force=True).cells) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("return means", "return means[:, :2]", "gives 2 scores a face, but the spec names 3"),
        ("return means", "return means * np.nan", "no finite number for 6 of 6 faces, the first '"),
        ("return means", "return None", "'bands:predict' gives object; expected numbers"),
        ("return means", "return means[:1]", "for 6 faces; expected (6, 3)"),
        ("return means", "return 1 / 0", "failed on 6 faces: ZeroDivisionError: division by zero"),
        ("return means", "exit()", "failed on 6 faces: SystemExit"),
        ("def predict", "def other", "The module 'bands' has no 'predict'."),
        ("def predict", "predict = 3\ndef other", "'bands:predict' is no function."),
        (
            "import numpy",
            "import no_such_package_1",
            "The module 'bands' cannot be imported: Module",
        ),
        ("import numpy as np", "1 / 0", "The module 'bands' cannot be imported: ZeroDivisionError"),
        ("import numpy", "import ((", "The module 'bands' cannot be imported: SyntaxError"),
        ("(40, 40", "(48, 48", "failed on 6 faces: AssertionError"),
    ],
)
def test_a_function_that_fails_is_one_sentence(ready, write_module, old, new, message):
    """It names the function and what it did; no traceback of somebody else's code."""
    write_module("bands", BANDS.replace(old, new))
    with pytest.raises(DataError, match=re.escape(message)):
        run(ready)
    assert stored_models(ready, "small").models == ()


def test_a_function_may_be_put_right_after_it_failed(ready, write_module):
    """It never gave an answer that another model's could be mixed with."""
    write_module("bands", BANDS.replace("return means", "return 1 / 0"))
    with pytest.raises(DataError):
        run(ready)
    assert "did not finish" in stored_models(ready, "small").unfit["bands-predict"]
    write_module("bands", BANDS)
    assert len(run(ready).cells) == 3


def test_what_a_function_prints_is_no_result(ready, write_module, capsys):
    """It goes where notes go."""
    write_module("bands", BANDS.replace("return means", "print('noise')\n    return means"))
    run(ready)
    told = capsys.readouterr()
    assert told.out == ""
    assert "noise" in told.err


def test_half_precision_is_taken(ready, write_module):
    """And gives the row of the whole one where nothing is near a tie."""
    first = run(ready)
    write_module("half", BANDS.replace("return means", "return means.astype(np.float16)"))
    half = run(ready, "half:predict")
    assert [cell.correct for cell in half.cells] == [cell.correct for cell in first.cells]


def test_a_class_that_the_model_lacks_is_wrong_and_told(ready, write_module, write_spec):
    """Refused without the words; with them its faces are all wrong, and the row says so."""
    write_module("two", BANDS.replace("return means", "return means[:, :2]"))
    write_spec(classes=["angry", "joy"], map={"joy": "happy"})
    with pytest.raises(DataError, match="no output for 'sad'"):
        run(ready, "two:predict")
    write_spec(classes=["angry", "joy"], map={"joy": "happy"}, missing="never predicted")
    found = run(ready, "two:predict")
    assert set(found.predictions["normal"].predicted.tolist()) <= {0, 1}
    assert "never predicts 'sad'" in found.remarks[1]


def test_a_run_that_learnt_from_the_test_faces_is_refused(ready):
    """A run of another split of the same data set may have seen them in training."""
    from occbench.matrix.job import open_job
    from tests.foreign.conftest import PLAN
    from tests.runs import write_run

    job = open_job(ready, "small", PLAN)
    made = job.run(job.rows[0])
    write_run(ready.run(made.id), made)
    state = ready.run(made.id) / "state.json"
    values = json.loads(state.read_text(encoding="utf-8"))
    values["facts"]["classes"] = list(CLASSES)
    state.write_text(json.dumps(values), encoding="utf-8")
    (ready.run(made.id) / "best.weights.h5").write_bytes(b"weights")
    assert plan_evaluation(ready, made.id).todo == ("normal", "headset")
    train = ready.splits() / job.splits["normal"].folder / "train.csv"
    train.write_text(train.read_text(encoding="utf-8") + "f20,normal\n", encoding="utf-8")
    message = f"'{made.id}' was trained or chosen on 1 of the 6 faces that test .* first 'f20'"
    with pytest.raises(DataError, match=message):
        plan_evaluation(ready, made.id)
    shutil.rmtree(ready.splits() / job.splits["normal"].folder)
    assert plan_evaluation(ready, made.id).todo == ("normal", "headset")


def test_a_record_of_another_schema_is_named(ready):
    """It is left out, and not overwritten without --force."""
    run(ready)
    path = ready.matrix("small") / "models" / "bands-predict" / "model.json"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 9'), encoding="utf-8")
    assert "has schema 9; this version reads 1" in stored_models(ready, None).unfit["bands-predict"]
    with pytest.raises(DataError, match="has schema 9"):
        run(ready)
