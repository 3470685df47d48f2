"""What one plan needs: each thing that is missing is named, and nothing else keeps it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from occbench.core.digest import file_digest
from occbench.doctor import needs
from occbench.doctor.needs import Diagnosis, look_at_plan, matrix_name
from occbench.matrix.choose import store_plan
from occbench.matrix.plan import Plan
from occbench.models import published
from occbench.workspace import Workspace
from tests.cli.conftest import call_main
from tests.folders import contents
from tests.keras2 import write_hollow
from tests.makers import make_manifest, make_workspace
from tests.runs import make_recipe, small_manifest

HEAD = 'schema = 1\ndata_set = "small"\n'
RECIPE = "[recipe]\nbackbone = 'resnet9'\nsize = 40\nchannels = 1\nbatch_size = 6\n"
FACES = "[recipe]\nbackbone = 'vggface-resnet50'\nsize = 224\nchannels = 3\nbatch_size = 6\n"


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """24 faces of three classes with official parts."""
    return make_workspace(tmp_path / "room", small_manifest())


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty place for published weights."""
    monkeypatch.setenv("OCCBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "nobody")
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def diagnose(start: Path, text: str, name: str = "plan.toml") -> Diagnosis:
    """The diagnosis of a plan of this text in a folder called study."""
    folder = start.parent / "study"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return look_at_plan(start, folder / name)


def blocking(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """Area and status of what keeps a plan back."""
    return [(each.area, each.status) for each in diagnosis.findings if each.blocks]


def test_a_plan_that_can_begin(workspace, monkeypatch):
    """All is there; the call is that of the file."""
    found = diagnose(workspace.root, HEAD + RECIPE)
    assert found.ready
    path = workspace.root.parent / "study" / "plan.toml"
    expected = f"occbench matrix study --plan {path}"
    assert found.command == f"{expected} --workspace {workspace.root}"
    monkeypatch.chdir(workspace.root)
    assert diagnose(workspace.root, HEAD + RECIPE).command == expected
    texts = [each.text for each in found.findings]
    assert f"'{path}': 4 runs of resnet9" in texts
    assert "small: dealt as the plan says, train 12, val 6, test 6" in texts
    # 24 faces of 40 x 40 grey pixels.
    assert any(text.endswith("wanted at most 38 kB for decoded pixels") for text in texts)


def test_nothing_is_written(workspace):
    """A diagnosis builds no split and fills no cache."""
    diagnose(workspace.root, HEAD + RECIPE)
    before = contents(workspace.root)
    assert diagnose(workspace.root, HEAD + RECIPE).ready
    assert contents(workspace.root) == before


@pytest.mark.parametrize("text", ["x =", "schema = 2", HEAD, HEAD + "[recipe]\nsize = 3"])
def test_a_plan_that_cannot_be_read(workspace, text):
    """The only finding that counts is that of the file."""
    assert blocking(diagnose(workspace.root, text)) == [("plan", "broken")]


def test_a_data_set_that_was_not_scanned(workspace):
    """With the call that scans it; AffectNet has a reader of its own."""
    found = diagnose(workspace.root, 'schema = 1\ndata_set = "affectnet"\n' + RECIPE)
    assert blocking(found) == [("data sets", "missing")]
    assert found.findings[-1].todo == "Run 'occbench scan affectnet'."
    found = diagnose(workspace.root, 'schema = 1\ndata_set = "mine"\n' + RECIPE)
    assert found.findings[-1].todo == "Run 'occbench scan ... --name mine'."


def test_without_a_workspace(tmp_path):
    """Both are missing, the workspace and what would be in it."""
    (tmp_path / "nothing").mkdir()
    found = diagnose(tmp_path / "nothing", HEAD + RECIPE)
    assert blocking(found) == [("workspace", "missing"), ("data sets", "missing")]


def test_images_that_are_gone(workspace):
    """No matrix can be made of them."""
    for path in (workspace.root / "data" / "small").iterdir():
        path.unlink()
    assert blocking(diagnose(workspace.root, HEAD + RECIPE)) == [("data sets", "missing")]


def test_a_manifest_that_was_edited(workspace):
    """Told as the command would tell it."""
    path = workspace.manifest("small")
    path.write_text(path.read_text().replace("happy", "sad", 1))
    found = diagnose(workspace.root, HEAD + RECIPE)
    assert blocking(found) == [("data sets", "broken")]
    assert "was changed after it was scanned" in found.findings[-1].text


def test_a_data_set_without_partitions(tmp_path):
    """Official partitions cannot be had; drawn ones can."""
    room = make_workspace(tmp_path / "room", make_manifest(["a", "b", "c"] * 10, name="small"))
    found = diagnose(room.root, HEAD + RECIPE)
    assert blocking(found) == [("data sets", "missing")]
    assert any("Add --partitions stratified" in each.text for each in found.findings)
    assert diagnose(room.root, HEAD + '[partitions]\nsource = "stratified"\n' + RECIPE).ready


def test_too_few_faces_for_a_batch(workspace):
    """Twelve images do not fill a batch of 13; twice as many, all faces paired, do."""
    found = diagnose(workspace.root, HEAD + RECIPE.replace("size = 6", "size = 13"))
    (few,) = [each.text for each in found.findings if each.blocks]
    assert few == "small: 12 training images do not fill a batch of 13"
    paired = HEAD + 'train = ["mixed-paired"]\n' + RECIPE
    assert diagnose(workspace.root, paired.replace("size = 6", "size = 24")).ready
    assert not diagnose(workspace.root, paired.replace("size = 6", "size = 25")).ready
    # A quarter of twelve goes to validation: nine are left.
    text = HEAD + "[partitions]\nval_by = 'file'\nval_fraction = 0.25\n" + RECIPE
    assert blocking(diagnose(workspace.root, text.replace("size = 6", "size = 10"))) == [
        ("data sets", "missing")
    ]
    assert diagnose(workspace.root, text.replace("size = 6", "size = 9")).ready


def test_nobody_left_for_validation(workspace):
    """A plan that counts only cannot train."""
    found = diagnose(workspace.root, HEAD + "[partitions]\nval_fraction = 0\n" + RECIPE)
    (none,) = [each for each in found.findings if each.blocks]
    assert none.text == "small: no face is left for validation"


def test_painted_images_are_wanted_by_some_plans(workspace):
    """With the call that paints them; a finished job is enough."""
    text = HEAD + 'images = "painted"\n' + RECIPE
    (gone,) = [each for each in diagnose(workspace.root, text).findings if each.blocks]
    assert "has no painted images. Run 'occbench occlude small" in gone.text
    assert call_main("occlude", "--workspace", workspace.root, "-q").exit_code == 0
    assert diagnose(workspace.root, text).ready


def test_published_weights_that_are_missing(workspace, cache):
    """They are named with the place where they belong; a file there is what is needed."""
    found = diagnose(workspace.root, HEAD + FACES)
    assert blocking(found) == [("weights", "missing")]
    name = published.file_name("resnet50", include_top=False)
    (missing,) = [each for each in found.findings if each.blocks]
    assert name in missing.todo
    assert str(cache) in missing.todo
    write_hollow(cache / name, *published.CONTENTS["resnet50"][False])
    found = diagnose(workspace.root, HEAD + FACES)
    assert found.ready
    assert file_digest(cache / name)
    assert any(name in each.text for each in found.findings if each.area == "weights")
    random = diagnose(workspace.root, HEAD + FACES + 'weights = "none"\n')
    (note,) = [each for each in random.findings if each.area == "weights"]
    assert note.status == "note"
    assert note.text.startswith("RANDOM WEIGHTS: 'vggface-resnet50'")
    assert random.ready


def test_published_weights_that_are_damaged(workspace, cache):
    """What was put there by hand is looked into."""
    name = published.file_name("resnet50", include_top=False)
    (cache / name).write_bytes(b"weights")
    (broken,) = [each for each in diagnose(workspace.root, HEAD + FACES).findings if each.blocks]
    assert name in broken.text
    assert "put the right one" in broken.text


def test_a_preprocessing_that_the_weights_do_not_know_is_noted(workspace, cache):
    """As in the AffectNet study; it keeps nothing back."""
    name = published.file_name("resnet50", include_top=False)
    write_hollow(cache / name, *published.CONTENTS["resnet50"][False])
    found = diagnose(workspace.root, HEAD + FACES + 'preprocessing = "imagenet-caffe"\n')
    assert found.ready
    (note,) = [each for each in found.findings if each.status == "note"]
    assert "trained with the preprocessing 'vggface2'" in note.text


def test_weights_of_every_epoch_need_room(workspace, cache):
    """Four runs of 20 epochs of 23,561,152 floats, and 24 faces of 224 x 224 x 3 bytes.

    Whether the weights are there does not matter for it.
    """
    found = diagnose(workspace.root, HEAD + 'keep = "every-epoch"\n' + FACES)
    (disk,) = [each for each in found.findings if each.area == "disk"]
    assert disk.text.endswith(
        "wanted at most 3.6 MB for decoded pixels and 7.5 GB for the weights of every epoch"
    )


def test_a_disk_that_is_too_small(workspace, monkeypatch):
    """38,400 bytes are wanted; what is in the cache already needs no more."""
    monkeypatch.setattr(needs, "free_bytes", lambda _: 38_399)
    assert blocking(diagnose(workspace.root, HEAD + RECIPE)) == [("disk", "missing")]
    done = workspace.cache() / "small-40x1-0123456789"
    done.mkdir(parents=True)
    (done / "done.json").touch()
    assert diagnose(workspace.root, HEAD + RECIPE).ready


def test_a_stack_of_the_right_size_needs_no_cache(tmp_path):
    """It is mapped as it lies there; in another size it is decoded."""
    labels = ["a", "b", "c"] * 8
    parts = ["train"] * 12 + ["val"] * 6 + ["test"] * 6
    stacked = make_manifest(labels, partitions=parts, stack=True, name="small")
    room = make_workspace(tmp_path / "room", stacked)
    colour = RECIPE.replace("channels = 1", "channels = 3")
    for recipe, words in (
        (colour, "wanted at most little"),
        (RECIPE, "38 kB for decoded pixels"),
    ):
        found = diagnose(room.root, HEAD + recipe)
        assert any(words in each.text for each in found.findings if each.area == "disk")


def test_the_size_of_a_trunk_cache_is_said_later(workspace):
    """It needs the network; that it comes on top is said."""
    recipe = RECIPE + "cache_trunk = true\ntrainable = 'stage3'\n"
    found = diagnose(workspace.root, HEAD + recipe)
    assert found.ready
    assert any("cache_trunk" in each.text for each in found.findings if each.status == "note")


def test_a_matrix_of_that_name_with_another_plan(workspace):
    """It would be refused, so it is told before; the same plan goes on."""
    path = workspace.root.parent / "study" / "plan.toml"
    diagnose(workspace.root, HEAD + RECIPE)
    store_plan(workspace.matrix("study"), Plan("small", make_recipe(epochs=3)))
    found = look_at_plan(workspace.root, path)
    assert blocking(found) == [("matrices", "stale")]
    assert "recipe.epochs differs" in found.findings[-1].text
    store_plan(workspace.matrix("study"), Plan.load(path))
    found = look_at_plan(workspace.root, path)
    assert found.ready
    assert found.findings[-1].text == (
        "study: begun; what is finished is not made again: 0 of 4 runs are reused, 4 to train"
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("study/plan.toml", "study"),
        ("study/sound-plan.toml", "study-sound"),
        ("study/other.toml", "study-other"),
        ("my study/plan.toml", "study"),
        ("study/été.toml", "study"),
    ],
)
def test_what_the_matrix_is_called(path, name, tmp_path):
    """By folder and file, where that can be a name."""
    assert matrix_name(tmp_path / path) == name
