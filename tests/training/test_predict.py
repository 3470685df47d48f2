"""Predictions: only of ended runs, every look is counted, and batches change nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from occbench.cli.main import main
from occbench.core.journal import read_journal
from occbench.dataset.manifest import Manifest
from occbench.errors import DataError
from occbench.training import checkpoint
from occbench.training.inputs import Shown
from occbench.training.predictions import Predictions, predictions_path
from occbench.training.run import State
from occbench.training.train import Wish, painted_digest, plan_run, train
from occbench.workspace import Workspace
from tests.trainings import (
    NAME,
    PLAIN,
    TEST,
    array,
    data_for,
    folder_of,
    recipe,
    run_of,
    same_weights,
    split_of,
    train_in,
    without_times,
)

pytestmark = pytest.mark.tf

CHOSEN = recipe(PLAIN, epochs=2, optimizer="rmsprop", learning_rate=0.01, select="best-val-loss")


def faces_of(room: Any) -> list[str]:
    """The test faces of the split with the headset."""
    return split_of(room, "occluded").parts["test"]["id"].tolist()


def wanted(room: Any) -> dict[str, list[str]]:
    """All test faces in both variants."""
    (headset,) = split_of(room, "occluded").record["variants"]
    return {"normal": faces_of(room), headset: faces_of(room)}


@pytest.fixture(scope="module")
def once(untrained, tmp_path_factory):
    """A workspace in which one run has ended."""
    place = tmp_path_factory.mktemp("once") / "room"
    shutil.copytree(untrained, place)
    train_in(Workspace.find(place), CHOSEN)
    return place


@pytest.fixture
def room(once, tmp_path):
    """A fresh copy of it."""
    return Workspace.find(shutil.copytree(once, tmp_path / "room"))


@pytest.fixture
def ended(room):
    """The folder of the run."""
    return folder_of(room, CHOSEN)


def read_counts(folder: Any) -> list[tuple[str, str, int]]:
    """What is written down about looks at the test faces."""
    entries = read_journal(folder / "test-reads.jsonl")
    return [(entry["selection"], entry["variant"], entry["faces"]) for entry in entries]


def test_a_look_tells_when_and_by_which_command(room, ended, monkeypatch):
    """In UTC, with the arguments as a shell would take them."""
    from occbench.training.predict import predict

    monkeypatch.setattr("sys.argv", ["/some/where/occbench", "matrix", "my study"])
    before = datetime.now(UTC).replace(microsecond=0)
    predict(ended, data_for(room, CHOSEN), wanted(room), selections=("last",))
    entry = next(iter(read_journal(ended / "test-reads.jsonl")))
    assert before <= datetime.fromisoformat(entry["when"]) <= datetime.now(UTC)
    assert entry["command"] == "occbench matrix 'my study'"


def test_a_run_that_has_not_ended_sees_no_test_face(room, ended):
    """Neither a file nor a count appears."""
    from occbench.training.predict import predict

    replace(State.read(ended), status="running").write(ended)
    with pytest.raises(DataError, match="has not ended; the test faces stay unseen"):
        predict(ended, data_for(room, CHOSEN), wanted(room))
    assert not (ended / "predictions").exists()
    assert not (ended / "test-reads.jsonl").exists()


def test_scores_are_the_softmax_of_the_chosen_weights(room, ended):
    """Probabilities of each class, computed again from the weights on disk in one batch."""
    from occbench.training.network import compiled_network
    from occbench.training.predict import predict

    data, state = data_for(room, CHOSEN), State.read(ended)
    found = predict(ended, data, wanted(room))
    assert [(each.selection, each.variant) for each in found] == [
        (selection, variant) for selection in ("best", "last") for variant in wanted(room)
    ]
    manifest = Manifest.read(room.manifest(NAME))
    labels = dict(zip(manifest.faces["id"], manifest.faces["label"], strict=True))
    model = compiled_network(CHOSEN, 3, steps=1)
    for each in found:
        assert each.epoch == state.epoch_of(each.selection)
        assert each.scores.shape == (TEST, 3)
        np.testing.assert_allclose(each.scores.sum(axis=1), 1, atol=1e-6)
        assert [manifest.classes.names[label] for label in each.labels] == [
            labels[face] for face in each.ids
        ]
        rows = data.pixels.rows_of(each.ids)
        images = Shown(each.ids, rows, [each.variant] * TEST, each.labels).cut(
            data.pixels, data.show, np.arange(TEST)
        )
        checkpoint.load_weights(model, checkpoint.final_path(ended, each.selection))
        powers = np.exp(array(model(images)).astype(np.float64))
        expected = powers / powers.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(each.scores, expected, atol=1e-5)
    normal, covered = found[:2]
    assert (normal.scores != covered.scores).any()


def test_every_look_at_the_test_faces_is_counted_once(room, ended):
    """A second call looks at nothing; one for fewer faces neither; one for more looks again."""
    from occbench.training.predict import predict

    data, all_faces = data_for(room, CHOSEN), wanted(room)
    few = {"normal": all_faces["normal"][:5]}
    predict(ended, data, few, selections=("last",))
    assert read_counts(ended) == [("last", "normal", 5)]
    predict(ended, data, few, selections=("last",))
    assert len(read_counts(ended)) == 1
    (whole,) = predict(ended, data, {"normal": all_faces["normal"]}, selections=("last",))
    assert read_counts(ended)[1:] == [("last", "normal", TEST)]
    assert len(whole.ids) == TEST
    (stored,) = predict(ended, data, few, selections=("last",))
    assert len(read_counts(ended)) == 2
    assert stored.of(few["normal"]).ids == tuple(few["normal"])


def test_best_and_last_of_one_epoch_are_one_look(room):
    """Two files of the same scores, and one line."""
    from occbench.training.predict import predict

    chosen = recipe(PLAIN)
    train_in(room, chosen)
    folder = folder_of(room, chosen)
    best, last = predict(folder, data_for(room, chosen), {"normal": faces_of(room)})
    assert (best.scores == last.scores).all()
    assert (best.selection, last.selection) == ("best", "last")
    assert read_counts(folder) == [("best", "normal", TEST)]


def test_a_broken_file_of_predictions_is_named(room, ended):
    """It is not made again silently: a look would be counted twice."""
    from occbench.training.predict import predict

    data, normal = data_for(room, CHOSEN), {"normal": faces_of(room)}
    predict(ended, data, normal, selections=("last",))
    path = predictions_path(ended, "last", "normal")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError) as caught:
        predict(ended, data, normal, selections=("last",))
    assert str(path) in str(caught.value)


def test_broken_final_weights_are_named(room, ended):
    """Nothing is stored."""
    from occbench.training.predict import predict

    path = ended / "last.weights.h5"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match="are broken") as caught:
        predict(ended, data_for(room, CHOSEN), {"normal": faces_of(room)}, selections=("last",))
    assert str(path) in str(caught.value)
    assert not (ended / "predictions").exists()


def test_the_border_of_a_batch_changes_nothing(room):
    """257 faces, one more than a batch, against some of them alone, the last two among them."""
    from occbench.training.batches import Faces, logits
    from occbench.training.network import compiled_network

    chosen = recipe()
    data, model = data_for(room, chosen), compiled_network(chosen, 3, steps=1)
    (headset,) = split_of(room, "occluded").record["variants"]
    ids = (faces_of(room) * 15)[:257]
    variants = [("normal", headset)[number % 2] for number in range(257)]
    shown = Shown(ids, data.pixels.rows_of(ids), variants, np.zeros(257, np.int64))
    found = logits(model, Faces(shown, data.pixels, data.show))
    assert found.shape == (257, 3)
    assert found.dtype == np.float64
    for place in (0, 1, 100, 254, 255, 256):
        image = shown.cut(data.pixels, data.show, np.array([place]))
        np.testing.assert_allclose(found[place], array(model(image, training=False))[0], atol=1e-5)


def test_the_logarithm_of_the_softmax():
    """Large logits do not overflow; what is no number stays none, without a warning."""
    from occbench.training.batches import log_softmax

    found = log_softmax(np.array([[1000.0, 1000.0], [0.0, np.log(3)], [np.nan, 0.0]]))
    expected = np.log([[0.5, 0.5], [0.25, 0.75]])
    np.testing.assert_allclose(found[:2], expected, rtol=1e-12)
    assert np.isnan(found[2]).all()


@pytest.fixture
def painted(room):
    """The workspace with all faces painted as PNG files, and their folder."""
    main(["occlude", "-q", "--workspace", str(room.root)], standalone_mode=False)
    (folder,) = room.root.glob("occluded/*/images")
    return folder


# The size and the channels of the files, so nothing is resized.
NATIVE = recipe(PLAIN, size=40, channels=3)


def train_painted(room: Any, mode: str) -> tuple[State, Any]:
    """Trains from painted images."""
    manifest, split = Manifest.read(room.manifest(NAME)), split_of(room, mode)
    run = replace(run_of(room, NATIVE, mode), painted=painted_digest(room, NAME, split))
    wish = Wish(painted=True)
    folder, _ = plan_run(room, manifest, split, run, wish)
    return train(room, manifest, split, run, wish), folder


def test_painted_images_train_as_those_painted_on_the_way(room, painted):
    """The same rows and weights, in a run of its own; predictions agree too."""
    from occbench.training.predict import predict

    one = train_in(room, NATIVE, "mixed-unique")
    two, folder = train_painted(room, "mixed-unique")
    assert without_times(one.epochs) == without_times(two.epochs)
    first = folder_of(room, NATIVE, "mixed-unique")
    assert folder != first
    assert same_weights(first / "last.weights.h5", folder / "last.weights.h5")
    (headset,) = split_of(room, "occluded").record["variants"]
    scores = [
        predict(
            place,
            data_for(room, NATIVE, painted=from_files),
            {headset: faces_of(room)},
            selections=("last",),
        )[0].scores
        for place, from_files in ((first, False), (folder, True))
    ]
    assert (scores[0] == scores[1]).all()


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_painted_image_that_is_missing_is_named_before_training(part, room, painted):
    """Whichever part it stands in; no epoch is begun."""
    face = split_of(room, "occluded").parts[part]["id"].iloc[-1]
    path = painted / f"{face}_occ.png"
    path.unlink()
    with pytest.raises(DataError) as caught:
        train_painted(room, "occluded")
    assert str(caught.value).startswith(f"'{path}' is missing.")
    assert not list(room.root.glob("runs/*/weights"))


def test_a_painted_test_image_that_is_missing_is_named(room, painted):
    """Nothing is stored, and the run is not lost."""
    from occbench.training.predict import predict

    _, folder = train_painted(room, "occluded")
    ids = faces_of(room)
    path = painted / f"{ids[-1]}_occ.png"
    path.unlink()
    (headset,) = split_of(room, "occluded").record["variants"]
    with pytest.raises(DataError) as caught:
        predict(folder, data_for(room, NATIVE, painted=True), {headset: ids})
    assert str(caught.value).startswith(f"'{path}' is missing.")
    assert not (folder / "predictions").exists()
    assert State.read(folder).ended


def test_without_painted_images_the_command_is_named(room):
    """Nothing was painted."""
    with pytest.raises(DataError, match="has no painted images"):
        train_painted(room, "occluded")


def test_stored_predictions_are_read_without_a_network(room, ended, monkeypatch):
    """The second call builds none."""
    from occbench.training import predict as module

    data, normal = data_for(room, CHOSEN), {"normal": faces_of(room)}
    first = module.predict(ended, data, normal)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a network was built")

    monkeypatch.setattr(module, "compiled_network", refuse)
    second: list[Predictions] = module.predict(ended, data, normal)
    assert [each.scores.tobytes() for each in first] == [each.scores.tobytes() for each in second]
