"""What stands in a workspace is told, whole or broken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from occbench.dataset.manifest import Manifest
from occbench.doctor import rooms
from occbench.doctor.finding import Finding, as_text
from occbench.doctor.inventory import look_at_all, look_at_weights
from occbench.doctor.rooms import find_workspace, look_at_data_set, size_text
from occbench.models import published
from occbench.training.run import State
from occbench.workspace import Workspace
from tests.keras2 import write_hollow
from tests.makers import make_manifest, make_workspace
from tests.matrix.test_record import made


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """A workspace with a data set, three splits, two finished runs and a finished matrix."""
    return made(tmp_path).workspace


def told(found: Sequence[Finding], area: str) -> list[tuple[str, str]]:
    """Status and text of an area."""
    return [(each.status, each.text) for each in found if each.area == area]


def test_a_workspace_in_order(workspace):
    """Every area is fine, and nothing is to do."""
    found = look_at_all(workspace)
    assert told(found, "data sets") == [
        ("ok", "small: 24 faces, 24 with usable landmarks; train 12, val 6, test 6"),
        (
            "ok",
            f"small: 24 of its images, taken at equal distances, found in '{workspace.root}"
            "/data/small'",
        ),
    ]
    assert told(found, "splits") == [("ok", "small: 4 fit the data set as it is")]
    assert told(found, "matrices") == [("ok", "small: finished")]
    assert not any(each.blocks for each in found)


def test_an_empty_workspace(tmp_path):
    """The first step is named."""
    workspace = Workspace.find_or_create(tmp_path)
    (found,) = look_at_all(workspace)
    assert (found.status, found.todo) == ("missing", "Run 'occbench scan'.")


def test_runs_that_are_not_whole(workspace):
    """Finished without weights, begun, diverged, unreadable: each is told by its name."""
    folders = sorted((workspace.root / "runs").iterdir())
    for name in ("best", "last"):
        (folders[0] / f"{name}.weights.h5").touch()
    state = State.read(folders[1])
    rest = "runs by hand"

    def runs():
        return [
            (status, text.replace(folders[1].name, rest))
            for status, text in told(look_at_all(workspace), "runs")
        ]

    gone = f"{rest}: its best and last weights"
    assert runs() == [("ok", "1 finished"), ("missing", gone)]
    replace(state, status="running", epochs=state.epochs[:2]).write(folders[1])
    assert runs()[1] == ("open", f"{rest}: 2 of at most 5 epochs")
    replace(state, status="diverged").write(folders[1])
    assert runs()[1][0] == "open"
    assert "diverged after epoch 3" in runs()[1][1]
    for text in ("", "[]", '{"schema": 1, "epochs": 3}', '{"schema": 9}', "\x00"):
        (folders[1] / "state.json").write_text(text)
        status, words = runs()[1]
        assert status == "broken"
        assert rest in words


def test_splits_of_a_data_set_that_has_changed(workspace):
    """Stale, with the call that builds them again; with the data set gone there is none."""
    path = workspace.manifest("small")
    manifest = Manifest.read(path)
    faces = manifest.faces.copy()
    faces.loc[0, "label"] = "sad"
    replace(manifest, faces=faces).write(path)
    found = [each for each in look_at_all(workspace) if each.area == "splits"]
    assert {each.status for each in found} == {"stale"}
    assert "'small' has changed since" in found[0].text
    assert "Run 'occbench build-splits small'" in found[0].todo
    (matrix,) = [each for each in look_at_all(workspace) if each.area == "matrices"]
    assert matrix.text == "small: the data set 'small' has changed"
    # The label of a training face decides both runs.
    assert matrix.todo == "Run 'occbench matrix small': 0 of 2 runs are reused, 2 to train."
    path.with_suffix(".json").write_text("{")
    found = look_at_all(workspace)
    assert all("'small' is gone or broken" in text for _, text in told(found, "splits"))
    assert told(found, "data sets")[0][0] == "broken"
    assert told(found, "matrices")[0][0] == "broken"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"data_set": 3}', "\x00"])
def test_a_broken_split_is_named(workspace, text):
    """One unreadable record does not hide the others."""
    folder = min((workspace.root / "splits").iterdir())
    (folder / "split.json").write_text(text)
    found = told(look_at_all(workspace), "splits")
    assert found[0] == ("ok", "small: 3 fit the data set as it is")
    assert found[1][0] == "broken"
    assert folder.name in found[1][1]


@pytest.mark.parametrize("text", ["", "schema = 2", "schema = 1\ndata_set = 3", "\x00"])
def test_a_broken_plan_is_named(workspace, text):
    """A matrix whose plan cannot be read is told, not raised."""
    (workspace.matrix("small") / "plan.toml").write_text(text)
    ((status, words),) = told(look_at_all(workspace), "matrices")
    assert status == "broken"
    assert "plan.toml" in words


def test_images_that_are_gone_are_counted(workspace):
    """Those looked for, the first by name, and what can be done."""
    images = sorted((workspace.root / "data" / "small").iterdir())
    images[0].unlink()
    images[3].unlink()
    found = [*look_at_data_set(workspace, "small", True)][-1]
    assert "2 of 24 files looked for are gone" in found.text
    assert found.blocks
    assert "set the root in occbench.toml" in found.todo


def test_a_large_data_set_is_sampled(tmp_path, monkeypatch):
    """Faces at equal distances are looked for: of 24 every fourth, and only these."""
    workspace = make_workspace(tmp_path, make_manifest(["a", "b"] * 12, name="many"))
    monkeypatch.setattr(rooms, "SAMPLE", 6)
    (tmp_path / "data" / "many" / "f1.png").unlink()
    assert "6 of its images" in [*look_at_data_set(workspace, "many")][-1].text
    (tmp_path / "data" / "many" / "f4.png").unlink()
    assert "the first 'f4.png'" in [*look_at_data_set(workspace, "many")][-1].text


def test_a_stack_is_one_file(tmp_path):
    """A pixel stack is there or not."""
    stacked = make_manifest(["a", "b"] * 3, stack=True, name="stacked")
    workspace = make_workspace(tmp_path, stacked)
    assert "its pixel stack found" in [*look_at_data_set(workspace, "stacked")][-1].text
    (tmp_path / "data" / "stacked" / "pixels.npy").unlink()
    assert "1 of 1 files" in [*look_at_data_set(workspace, "stacked")][-1].text


def test_faces_without_landmarks_cannot_be_covered(tmp_path):
    """The data set is there, but of no use for occlusion."""
    workspace = make_workspace(tmp_path, make_manifest(["a", "b"], without=[0, 1], name="bare"))
    found = [*look_at_data_set(workspace, "bare", True)]
    assert found[0].text == "bare: 2 faces, 0 with usable landmarks; no partitions of its own"
    assert (found[1].status, found[1].todo) == ("missing", "Scan again with --landmarks.")


def test_caches_are_told_with_their_size(workspace):
    """Bytes of all files of a folder."""
    folder = workspace.cache() / "small-40x1-abc"
    folder.mkdir(parents=True)
    (folder / "pixels.npy").write_bytes(bytes(1_500_000))
    (folder / "done.json").write_bytes(bytes(100_000))
    assert told(look_at_all(workspace), "caches") == [
        ("ok", "small-40x1-abc: 1.6 MB; may be deleted")
    ]


def test_a_workspace_is_found_or_not(tmp_path):
    """None, a broken marker, and a good one."""
    workspace, (none,) = find_workspace(tmp_path, needed=False)
    assert workspace is None
    assert (none.status, none.blocks) == ("missing", False)
    assert find_workspace(tmp_path, needed=True)[1][0].blocks
    (tmp_path / "occbench.toml").write_text("schema = 7\n")
    workspace, (broken,) = find_workspace(tmp_path, needed=False)
    assert workspace is None
    assert (broken.status, broken.blocks) == ("broken", True)
    (tmp_path / "occbench.toml").write_text("schema = 1\n")
    workspace, (good,) = find_workspace(tmp_path, needed=False)
    assert workspace is not None
    assert good.status == "ok"


def test_a_workspace_that_cannot_be_written_to(tmp_path, monkeypatch):
    """Said before anything is begun; a full disk likewise."""
    Workspace.find_or_create(tmp_path)
    monkeypatch.setattr(rooms.os, "access", lambda *_: False)
    monkeypatch.setattr(rooms, "free_bytes", lambda _: 1_000_000)
    found = find_workspace(tmp_path, needed=False)[1]
    assert [each.blocks for each in found] == [True, True]
    assert "cannot be written to" in found[0].text
    assert found[1].text.endswith("1.0 MB free")


def test_published_weights_are_looked_for_where_they_are_kept(tmp_path, monkeypatch):
    """A file that is there is named with its size; of the others where to put them."""
    monkeypatch.setenv("OCCBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "nobody")
    found = [*look_at_weights()]
    assert [each.status for each in found] == ["missing"] * 3
    name = published.file_name("resnet50", include_top=False)
    todo = found[0].todo
    assert name in todo
    assert str(tmp_path / "weights") in todo
    (tmp_path / "weights").mkdir()
    path = tmp_path / "weights" / name
    path.write_bytes(bytes(2_000_000))
    broken = next(look_at_weights())
    assert broken.status == "broken"
    assert "put the right one" in broken.text
    write_hollow(path, *published.CONTENTS["resnet50"][False])
    found = [*look_at_weights()]
    assert found[0].text == f"vggface-resnet50: '{path}', {size_text(path.stat().st_size)}"
    assert [each.status for each in found] == ["ok", "missing", "missing"]
    assert not any(each.blocks for each in found)


def test_the_text_has_each_area_once():
    """Areas in the order they came, what to do below its line."""
    found = [
        Finding("one", "ok", "fine"),
        Finding("two", "missing", "gone", "Get it."),
        Finding("one", "stale", "old"),
    ]
    assert as_text(found) == (
        "one:\n  ok       fine\n  stale    old\ntwo:\n  missing  gone\n           -> Get it."
    )


def test_nothing_is_written(workspace):
    """A look changes no file."""
    before = {path: path.stat().st_mtime_ns for path in workspace.root.rglob("*")}
    look_at_all(workspace)
    assert {path: path.stat().st_mtime_ns for path in workspace.root.rglob("*")} == before


def test_a_workspace_without_its_rooms(workspace):
    """Folders that somebody deleted are no error."""
    for name in ("splits", "runs", "matrices"):
        shutil.rmtree(workspace.root / name)
    assert {each.area for each in look_at_all(workspace)} == {"data sets"}
    assert json.dumps([each.to_json() for each in look_at_all(workspace)])
