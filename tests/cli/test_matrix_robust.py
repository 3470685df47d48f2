"""Some columns, edited inputs, lost files, damaged images: each ends in a result or a sentence."""

from __future__ import annotations

import json

import pytest

from occbench.dataset.manifest import Manifest
from occbench.errors import DataError
from occbench.training.run import READS, State
from occbench.training.train import Wish
from tests.cli.conftest import error_of
from tests.trainings import NAME, PLAIN, folder_of, recipe, train_in

pytestmark = pytest.mark.tf


@pytest.fixture
def at(trained, call, monkeypatch):
    """The workspace with a whole matrix as the current folder."""
    monkeypatch.chdir(trained.root)
    return trained


@pytest.mark.parametrize("tests", ['["normal", "mixed"]', '["mixed"]', '["occluded"]'])
def test_a_matrix_may_have_some_columns_only(tests, room, call, monkeypatch):
    """The check of the mixed column needs the other two and is left out without them."""
    monkeypatch.chdir(room.root)
    (room.root / "plain.toml").write_text(recipe(PLAIN).to_toml(), encoding="utf-8")
    (room.root / "plan.toml").write_text(
        f'schema = 1\ndata_set = "{NAME}"\nrecipe = "plain.toml"\ntrain = ["normal"]\n'
        f"test = {tests}\n",
        encoding="utf-8",
    )
    result = call("matrix", "some", "--plan", "plan.toml", "--json", "-q")
    assert result.exit_code == 0, result.output
    cells = json.loads(result.stdout)["cells"]
    assert [cell["test"] for cell in cells] == 2 * json.loads(tests)
    assert call("report", "some").exit_code == 0


def test_a_label_changed_by_hand_is_noticed(at, call):
    """The finished table is not printed for faces that are labelled otherwise by now."""
    path = at.manifest(NAME)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",angry,", ",happy,", 1), encoding="utf-8")
    assert "was changed" in error_of(call("matrix", "-q"))


def test_a_report_predicts_nothing(at, call):
    """Lost predictions are the matrix's business; a page is no reason to look at test faces."""
    (run,) = at.root.glob("runs/normal-seed0-*")
    for path in run.glob("predictions/*"):
        path.unlink()
    looks = (run / READS).read_bytes()
    assert "Run 'occbench matrix small' again" in error_of(call("report"))
    assert (run / READS).read_bytes() == looks


def test_a_forced_training_that_cannot_begin_leaves_the_old_run(trained, monkeypatch):
    """What could be refused is refused before anything is thrown away."""
    chosen = recipe(PLAIN, epochs=2)
    folder = folder_of(trained, chosen)
    before = {path.name: path.read_bytes() for path in folder.glob("*.*")}
    monkeypatch.setattr(
        "occbench.training.data.Data.check", lambda *_: (_ for _ in ()).throw(DataError("no"))
    )
    with pytest.raises(DataError, match="no"):
        train_in(trained, chosen, wish=Wish(force=True))
    assert {path.name: path.read_bytes() for path in folder.glob("*.*")} == before


def test_a_forced_training_keeps_the_count_of_looks(trained):
    """That somebody saw the test faces does not become untrue."""
    chosen = recipe(PLAIN, epochs=2)
    looks = (folder_of(trained, chosen) / READS).read_bytes()
    train_in(trained, chosen, wish=Wish(force=True))
    assert (folder_of(trained, chosen) / READS).read_bytes() == looks


def test_a_kill_while_a_run_is_thrown_away_leaves_nothing_that_looks_finished(trained, monkeypatch):
    """The state goes first."""
    chosen = recipe(PLAIN, epochs=2)

    def killed(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("occbench.training.train.shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        train_in(trained, chosen, wish=Wish(force=True))
    assert State.read(folder_of(trained, chosen)).last == 0


def test_a_painted_image_that_is_damaged_later_is_one_sentence(room, call, monkeypatch):
    """The error of a batch reaches the user as it is, from whatever thread."""
    monkeypatch.chdir(room.root)
    (room.root / "plain.toml").write_text(recipe(PLAIN, batch_size=2).to_toml(), encoding="utf-8")
    # Three faces have no landmarks, which is said and stops nothing.
    assert call("occlude", "-q").exit_code == 3
    faces = Manifest.read(room.manifest(NAME)).faces
    for face in faces["id"][faces["partition"] == "train"].tolist()[4:]:
        (image,) = room.root.glob(f"occluded/*/images/{face}_occ.png")
        image.write_bytes(image.read_bytes()[:40])
    result = call("train", "plain.toml", "--split", "occluded", "--images", "painted", "-q")
    assert "_occ.png' is damaged or no image" in error_of(result)
