"""What a network begins with: another run's weights, a file, or random values."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from occbench.core.digest import file_digest
from occbench.errors import DataError
from occbench.models.base import resolve_backbone
from occbench.training.start import RANDOM, find_start
from occbench.workspace import Workspace
from tests.trainings import (
    PLAIN,
    TINY,
    array,
    fitting,
    folder_of,
    recipe,
    run_of,
    same_weights,
    train_in,
    weights_in,
)

pytestmark = pytest.mark.tf

SOURCE = recipe(TINY, epochs=2)


@pytest.fixture(scope="module")
def taught(untrained, tmp_path_factory):
    """A workspace with a run that others can begin from."""
    folder = tmp_path_factory.mktemp("taught") / "room"
    shutil.copytree(untrained, folder)
    room = Workspace.find(folder)
    train_in(room, SOURCE)
    return room


@pytest.fixture
def room(taught, tmp_path):
    """A copy of it."""
    shutil.copytree(taught.root, tmp_path / "room")
    return Workspace.find(tmp_path / "room")


def beginning(room: Workspace, **changes) -> object:
    """The tiny recipe, beginning with the run that is there."""
    source = run_of(room, SOURCE).id
    return recipe(TINY, **{"weights": source, "epochs": 1, "head": [5], "seed": 9} | changes)


def by_layer(model) -> dict[str, list[np.ndarray]]:
    """All weights of a network."""
    return {layer.name: [array(v) for v in layer.weights] for layer in model.layers}


def test_random_values_are_no_file():
    """And name no run."""
    assert RANDOM.path is None
    assert RANDOM.identity == ""


def test_a_run_is_known_by_its_weights(room):
    """The identity is the digest of the file, computed here by other means."""
    path = folder_of(room, SOURCE) / "best.weights.h5"
    start = find_start(room, beginning(room))
    assert start.path == path
    assert start.identity == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert file_digest(path) in start.identity
    assert f"the run {run_of(room, SOURCE).id}, epoch " in start.name


def test_the_backbone_begins_where_the_other_run_ended(room):
    """Bit by bit; the head, whose classes and layers may differ, is new."""
    from occbench.training.network import make_network
    from occbench.training.start_weights import load_start

    chosen = beginning(room)
    fresh, model = make_network(chosen, 3), make_network(chosen, 3)
    load_start(model, find_start(room, chosen), chosen)
    stages = tuple(f"{s}_" for s in resolve_backbone(chosen.backbone)[0].stages)
    theirs = weights_in(folder_of(room, SOURCE) / "best.weights.h5")
    stored = {value.tobytes() for value in theirs.values()}
    mine = by_layer(model)
    taken = [v for name, values in mine.items() if name.startswith(stages) for v in values]
    assert len(taken) > 20
    assert all(value.tobytes() in stored for value in taken)
    for name, values in by_layer(fresh).items():
        if name.startswith("head_"):
            assert all(map(np.array_equal, values, mine[name]))


def test_another_size_takes_the_same_weights(room):
    """What is averaged over the picture does not depend on its size."""
    from occbench.training.network import make_network
    from occbench.training.start_weights import load_start

    small, large = beginning(room), beginning(room, size=32)
    models = []
    for chosen in (small, large):
        models.append(make_network(chosen, 3))
        load_start(models[-1], find_start(room, chosen), chosen)
    first, second = map(by_layer, models)
    assert all(
        np.array_equal(*pair)
        for name in first
        for pair in zip(first[name], second[name], strict=True)
    )


def test_a_run_trains_from_another(room):
    """Its record says from what, its result differs from one that began at random."""
    chosen = beginning(room)
    start = find_start(room, chosen)
    run = replace(run_of(room, chosen), weights=start.identity)
    state = fit_with(room, chosen, run, start)
    assert state.facts["weights"] == start.name
    assert run.describe()["recipe"]["weights"] == start.identity
    other = fitting(room, replace(chosen, weights="none"))
    from occbench.training.fit import fit

    fit(other)
    assert not same_weights(room.run(run.id) / "last.weights.h5", other.folder / "last.weights.h5")


def fit_with(room, chosen, run, start):
    """Trains a run that begins with something."""
    from occbench.training.fit import fit

    folder = room.run(run.id)
    folder.mkdir(parents=True)
    run.write(folder)
    return fit(replace(fitting(room, chosen), run=run, start=start, folder=folder))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"backbone": "resnet9(width=2)"}, "has backbone = resnet9(width=1), this recipe resnet9("),
        ({"preprocessing": "unit"}, "has preprocessing = centered, this recipe unit"),
        ({"channels": 3}, "has channels = 1, this recipe 3"),
        ({"planes": ["sobel"]}, "has planes = [], this recipe [sobel]"),
    ],
)
def test_another_network_is_refused(changes, text, room):
    """So are weights that would see other numbers than they learnt from."""
    with pytest.raises(DataError) as caught:
        find_start(room, beginning(room, **changes))
    assert text in str(caught.value)


def test_a_run_that_has_not_ended_is_refused(room):
    """Or one whose weights were deleted."""
    path = folder_of(room, SOURCE)
    state = path / "state.json"
    state.write_text(state.read_text().replace('"finished"', '"running"'))
    with pytest.raises(DataError, match="has not ended or has lost its weights"):
        find_start(room, beginning(room))
    state.write_text(state.read_text().replace('"running"', '"finished"'))
    (path / "best.weights.h5").unlink()
    with pytest.raises(DataError, match="has not ended or has lost its weights"):
        find_start(room, beginning(room))


def test_a_broken_file_is_refused_in_a_sentence(room, tmp_path):
    """Before an epoch is trained."""
    path = tmp_path / "my net.h5"
    path.write_bytes(b"no weights")
    with pytest.raises(DataError, match=r"my net\.h5"):
        find_start(room, recipe(PLAIN, weights=str(path)))


def test_the_command_begins_from_a_run(room, tmp_path, monkeypatch):
    """`--weights RUN` of train and matrix; the report of the run says so."""
    from tests.cli.conftest import call_main

    source = run_of(room, SOURCE).id
    path = tmp_path / "second.toml"
    path.write_text(recipe(TINY, epochs=1, head=[4]).to_toml(), encoding="utf-8")
    given = ("train", path, "--split", "normal", "--weights", source, "--workspace", room.root)
    first = call_main(*given, "--json")
    assert first.exit_code == 0, first.output
    assert f"the run {source}" in first.stdout
    again = call_main(*given)
    assert again.exit_code == 0
    assert "has ended before" in again.stderr
    plain = call_main("train", path, "--split", "normal", "--json", "--workspace", room.root)
    assert "random values" in plain.stdout
    assert len(room.run_ids()) == 3


def test_a_matrix_begins_from_a_run_and_outlives_it(room):
    """Its rows begin alike; the finished table needs the weights no more."""
    from tests.cli.conftest import call_main

    source = run_of(room, SOURCE).id
    recipe_file = Path(room.root) / "second.toml"
    recipe_file.write_text(recipe(TINY, epochs=1, head=[4]).to_toml(), encoding="utf-8")
    given = ("matrix", "--recipe", recipe_file, "--weights", source, "--workspace", room.root)
    assert call_main(*given).exit_code == 0
    runs = set(room.run_ids())
    assert len(runs) == 5
    shutil.rmtree(room.run(source))
    assert call_main("matrix", "--workspace", room.root).exit_code == 0
    report = call_main("report", "--workspace", room.root)
    assert report.exit_code == 0, report.output
    assert set(room.run_ids()) == runs - {source}


def test_a_run_named_by_its_files_is_told_its_id(room):
    """People point at what they see in 'runs'."""
    source = run_of(room, SOURCE).id
    path = room.run(source) / "best.weights.h5"
    with pytest.raises(DataError, match=f"give its id: --weights {source}"):
        find_start(room, recipe(TINY, weights=str(path)))


def test_weights_of_another_network_leave_no_run(room, tmp_path):
    """Found out after the network is built: still nothing looks as if it had begun."""
    import h5py

    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = ["a"]
        file.create_group("a").attrs["weight_names"] = ["a/kernel:0"]
        file["a"].create_dataset("a/kernel:0", data=np.zeros((2, 2), np.float32))
    from tests.cli.conftest import call_main

    chosen = tmp_path / "chosen.toml"
    chosen.write_text(recipe(TINY, weights=str(path)).to_toml(), encoding="utf-8")
    before = set(room.run_ids())
    result = call_main("train", chosen, "--split", "normal", "--workspace", room.root)
    assert result.exit_code == 1
    assert "other.h5" in result.stderr
    assert set(room.run_ids()) == before


def test_random_weights_are_told_along_a_chain(room, monkeypatch):
    """A network that lives by its weights began at random, whatever stands between."""
    from occbench.training import start
    from occbench.training.start import at_random

    first = Path(room.run(run_of(room, SOURCE).id)) / "recipe.toml"
    face = recipe(TINY, backbone="vggface-resnet50", size=32, channels=3, weights="none")
    first.write_text(face.to_toml(), encoding="utf-8")
    monkeypatch.setattr(start, "read_recipe", lambda folder: face)
    second = replace(face, weights=run_of(room, SOURCE).id)
    assert at_random(second) == ""
    assert "RANDOM WEIGHTS" in at_random(second, room)


def test_a_run_is_fed_as_the_one_before(room):
    """Its preprocessing is its own and no foreign one, whatever was published for the network."""
    from occbench.training.start import foreign_input

    face = recipe(TINY, backbone="vggface-resnet50", size=32, channels=3, weights="none")
    assert foreign_input(replace(face, weights="normal-seed0-0123456789")) == ""
    other = replace(face, weights="published", preprocessing="centered")
    assert "vggface2" in foreign_input(other)
