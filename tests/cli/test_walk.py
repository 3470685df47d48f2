"""A whole walk through the commands, once and once more."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from occbench.dataset.adapters.base import REGISTRY as ADAPTERS
from occbench.models.base import REGISTRY as BACKBONES
from occbench.occluders.base import REGISTRY as OCCLUDERS
from occbench.occluders.devices import devices
from occbench.training.recipe import recipe_names
from tests.cli.conftest import error_of
from tests.folders import contents

_STEPS = [
    ("scan", "drawn", "--count", 64, "--size", 48, "--workers", 1),
    ("audit", "--workers", 1),
    ("show", "--count", 2),
    ("occlude", "--workers", 2),
    ("occlude", "--format", "jpg", "--occluder", "gear-vr"),
    ("occlude", "--sham"),
    ("build-splits", "--mode", "all"),
    ("build-splits", "--mode", "occluded", "--partitions", "stratified", "--seed", 3),
]


def test_the_whole_walk_twice_changes_no_byte(call, tmp_path):
    """Every step works in an empty folder; all of them again leave the same bytes."""
    for step in _STEPS:
        result = call(*step)
        assert result.exit_code == 0, result.output
    first = contents(tmp_path)
    for step in _STEPS:
        result = call(*step)
        assert result.exit_code == 0, result.output
    assert contents(tmp_path) == first


@pytest.fixture
def walked(workspace: Path, call) -> Path:
    """A workspace after a first walk."""
    for step in (_STEPS[3], _STEPS[6]):
        assert call(*step).exit_code == 0
    return workspace


def test_painting_gives_one_image_per_face(walked):
    """64 faces, 64 images, 64 lines of the journal."""
    (folder,) = (walked / "occluded").iterdir()
    assert folder.name.startswith("headset-")
    names = {path.name for path in (folder / "images").iterdir()}
    assert names == {f"{number:06d}_occ.png" for number in range(64)}
    assert len((folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()) == 64


def test_a_sham_and_other_styles_have_folders_of_their_own(walked, call):
    """Nothing is painted over."""
    for step in (_STEPS[4], _STEPS[5]):
        assert call(*step).exit_code == 0
    kinds = sorted(path.name.rpartition("-")[0] for path in (walked / "occluded").iterdir())
    assert kinds == ["gear-vr", "headset", "sham"]


def test_splits_hold_no_face_on_two_sides(walked):
    """Read from the tables alone: the parts of a split share no id."""
    folders = list((walked / "splits").iterdir())
    assert len(folders) == 4
    for folder in folders:
        ids = []
        for part in ("train", "val", "test"):
            with (folder / f"{part}.csv").open(encoding="utf-8", newline="") as file:
                ids.append({row["id"] for row in csv.DictReader(file)})
        assert sum(map(len, ids)) == len(set.union(*ids)) > 0


def test_an_occlude_told_to_be_quiet_says_nothing_on_stderr(workspace, call):
    """Without -q the progress is there; the result stays on stdout."""
    loud = call("occlude", "--limit", 3)
    assert "occlude" in loud.stderr
    for flag in ("-q", "--quiet"):
        quiet = call("occlude", "--limit", 3, flag)
        assert quiet.stderr == ""
        assert "painted now" in quiet.stdout


@pytest.mark.parametrize(
    "step", [("scan", "drawn", "--count", 64, "--size", 32, "--workers", 1), *_STEPS[1:7]]
)
def test_each_step_can_be_quiet(step, workspace, call):
    """-q silences stderr where nothing is wrong."""
    result = call(*step, "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout


def test_verbose_says_what_is_written(workspace, call):
    """-v adds lines on stderr."""
    step = ("scan", "drawn", "--count", 64, "--size", 32, "--workers", 1)
    assert "Manifest: " in call(*step, "-v").stderr
    assert "Manifest: " not in call(*step).stderr


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("occluders", OCCLUDERS.names()),
        ("adapters", ADAPTERS.names()),
        ("devices", tuple(devices())),
        ("backbones", BACKBONES.names()),
        ("recipes", recipe_names()),
    ],
)
def test_list_names_all_of_a_kind_in_text_and_json(kind, names, call):
    """Each with one line about it."""
    listed = json.loads(call("list", kind, "--json").stdout)
    assert set(listed) == {kind}
    assert set(listed[kind]) == set(names)
    assert all(listed[kind].values())
    text = call("list", kind).stdout
    assert all(f"  {name} " in text for name in names)
    kinds = {"occluders", "devices", "adapters", "backbones", "recipes"}
    assert set(json.loads(call("list", "--json").stdout)) == kinds


def test_build_splits_prints_json(workspace, call):
    """One record per split, whose numbers are those of the folder it names."""
    found = json.loads(call("build-splits", "--mode", "all", "--json").stdout)
    assert len(found) == 4
    for split in found:
        assert Path(split["folder"]).is_dir()
        assert sum(split["faces"].values()) > 0


def test_build_splits_that_exports_prints_json_and_nothing_else(workspace, call):
    """Each record names its class folders; without an export there are none."""
    step = ("build-splits", "--mode", "normal", "--json")
    (without,) = json.loads(call(*step).stdout)
    assert without["exports"] == []
    (found,) = json.loads(call(*step, "--export", "out").stdout)
    assert found["exports"] == [str(Path("out/normal"))]
    assert len(list(Path("out/normal").rglob("*.png"))) == sum(found["faces"].values())


def test_build_splits_tells_of_its_export(workspace, call):
    """Without JSON the folder is named after the tables."""
    result = call("build-splits", "--mode", "normal", "--export", "out")
    assert "out/normal: 64 images in class folders (paint)." in result.stdout


def test_audit_prints_json_and_nothing_else(workspace, call):
    """The findings are those of the table on disk."""
    found = json.loads(call("audit", "--json", "--workers", 1).stdout)
    path = Path(found["report"]) / "summary.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["finding"] for row in rows] == [what.strip() for what, *_ in found["findings"]]
    assert [int(row["faces"]) for row in rows] == [faces for *_, faces in found["findings"]]


def test_audit_that_fixes_prints_json_and_nothing_else(workspace, call):
    """``--fix group`` does not break the JSON."""
    json.loads(call("audit", "--json", "--workers", 1, "--fix", "group").stdout)


def test_audit_exits_with_three_if_an_image_is_broken(workspace, call):
    """A broken image is a finding that a script can notice."""
    victim = next((workspace / "data").rglob("000003.png"))
    victim.write_bytes(b"")
    result = call("audit", "--workers", 1)
    assert result.exit_code == 3
    assert "is empty" in (workspace / "reports" / "audit-drawn" / "failures.csv").read_text(
        encoding="utf-8"
    )


def test_occlude_prints_json(workspace, call):
    """The counts add up to the total."""
    found = json.loads(call("occlude", "--limit", 5, "--json").stdout)
    assert Path(found.pop("output")).is_dir()
    assert found == {"total": 64, "done": 5, "kept": 0, "left": 59, "failed": 0}


def test_a_dry_run_says_what_would_be_done_and_does_nothing(workspace, call):
    """Counts and the first names, and no byte on disk."""
    call("occlude", "--limit", 4)
    before = contents(workspace)
    result = call("occlude", "--dry-run", "--limit", 10)
    assert "64 images: 4 done before, 10 to paint in this call." in result.stdout
    assert "000004 -> images/000004_occ.png" in result.stdout
    assert "and 5 more" in result.stdout
    assert contents(workspace) == before


def test_a_dry_run_in_json_is_json(workspace, call):
    """``--json`` holds for the dry run too."""
    found = json.loads(call("occlude", "--dry-run", "--limit", 10, "--json").stdout)
    assert (found["total"], found["kept"], found["todo"]) == (64, 0, 10)


def test_the_workspace_may_be_named_by_option_or_environment(workspace, call, monkeypatch):
    """From another folder both lead to the same place."""
    elsewhere = workspace.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert "no workspace" in error_of(call("occlude"))
    by_option = call("occlude", "--workspace", workspace, "--limit", 1)
    monkeypatch.setenv("OCCBENCH_WORKSPACE", str(workspace))
    by_environment = call("occlude", "--limit", 1)
    assert (by_option.exit_code, by_environment.exit_code) == (0, 0)
    assert "1 before" in by_environment.stdout


def test_a_folder_inside_the_workspace_finds_it(workspace, call, monkeypatch):
    """As git does."""
    (workspace / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(workspace / "deep" / "er")
    assert call("occlude", "--limit", 1).exit_code == 0
    assert (workspace / "occluded").is_dir()


def test_a_moved_workspace_goes_on(walked, call, monkeypatch):
    """Nothing that was painted is painted again."""
    target = walked.parent / "moved"
    walked.rename(target)
    monkeypatch.chdir(target)
    result = call("occlude", "--json")
    assert json.loads(result.stdout)["kept"] == 64
