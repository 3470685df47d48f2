"""Splits are found by mode or by folder, and never an outdated one."""

from __future__ import annotations

import json

import pytest

from occbench.dataset.manifest import read_digest
from occbench.errors import DataError, StaleState, UnknownName
from occbench.occluders.base import make_occluder
from occbench.splits.build import Partitioning, build_split
from occbench.splits.find import find_split
from tests.makers import make_workspace
from tests.runs import small_manifest


@pytest.fixture
def workspace(tmp_path):
    """A workspace with one data set and no split."""
    return make_workspace(tmp_path, small_manifest())


def build(workspace, mode, *, name="small", seed=0):
    """A split of a data set as it is now, on disk."""
    split = build_split(
        small_manifest(name=name),
        mode=mode,
        occluder=make_occluder("headset"),
        how=Partitioning(seed=seed),
        manifest_digest=read_digest(workspace.manifest(name)),
    )
    split.write(workspace.splits())
    return split


def change_data_set(workspace):
    """The data set is scanned again and has other landmarks."""
    small_manifest(without=[0]).write(workspace.manifest("small"))


def test_by_mode_and_by_folder(workspace):
    """Both names give the same split, and each mode its own."""
    manifest = small_manifest()
    for mode in ("mixed-unique", "normal"):
        split = build(workspace, mode)
        for name in (mode, split.folder):
            found = find_split(workspace, manifest, name)
            assert found.folder == split.folder
            assert found.record["mode"] == mode
            assert found.sizes() == split.sizes() == {"train": 12, "val": 6, "test": 6}


def test_a_mode_that_was_not_built(workspace):
    """The sentence has the command that builds it."""
    build(workspace, "normal")
    with pytest.raises(DataError) as caught:
        find_split(workspace, small_manifest(), "occluded")
    assert str(caught.value) == (
        "'small' has no split 'occluded'. Run 'occbench build-splits small --mode occluded' first."
    )


def test_a_name_that_is_neither(workspace):
    """Modes and folders are listed, and the nearest is suggested."""
    split = build(workspace, "normal")
    with pytest.raises(UnknownName, match="Did you mean 'mixed-unique'") as caught:
        find_split(workspace, small_manifest(), "mixed-uniqe")
    assert split.folder in str(caught.value)


def test_two_of_one_mode(workspace):
    """One of them has to be named, and can be."""
    splits = [build(workspace, "mixed-unique", seed=seed) for seed in (0, 1)]
    with pytest.raises(DataError, match="There are 2 splits 'mixed-unique'") as caught:
        find_split(workspace, small_manifest(), "mixed-unique")
    for split in splits:
        assert split.folder in str(caught.value)
        assert find_split(workspace, small_manifest(), split.folder).folder == split.folder


def test_a_stale_split_is_refused(workspace):
    """Once the data set has changed, neither mode nor folder gives the old split."""
    old = build(workspace, "normal")
    change_data_set(workspace)
    for name in ("normal", old.folder):
        with pytest.raises(StaleState, match=r"has changed since .* Run 'occbench build-splits'"):
            find_split(workspace, small_manifest(without=[0]), name)


def test_a_stale_split_does_not_hide_a_fresh_one(workspace):
    """The mode means the one that was built from the data set as it is."""
    old = build(workspace, "normal")
    change_data_set(workspace)
    manifest = small_manifest(without=[0])
    fresh = build_split(
        manifest,
        mode="normal",
        occluder=make_occluder("headset"),
        manifest_digest=read_digest(workspace.manifest("small")),
    )
    fresh.write(workspace.splits())
    assert fresh.folder != old.folder
    assert find_split(workspace, manifest, "normal").sizes()["train"] == 11


def test_splits_of_another_data_set_are_none(workspace):
    """Neither does one count, nor does it make a mode ambiguous."""
    make_workspace(workspace.root, small_manifest(name="other"))
    other = build(workspace, "normal", name="other")
    with pytest.raises(DataError, match="'small' has no split 'normal'"):
        find_split(workspace, small_manifest(), "normal")
    mine = build(workspace, "normal")
    assert mine.folder != other.folder
    assert find_split(workspace, small_manifest(), "normal").folder == mine.folder


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_a_broken_record_is_passed_over(text, workspace):
    """It is no split of any mode; named itself, it is said to be broken."""
    split = build(workspace, "normal")
    broken = workspace.splits() / "normal-broken"
    broken.mkdir()
    (broken / "split.json").write_text(text)
    assert find_split(workspace, small_manifest(), "normal").folder == split.folder
    with pytest.raises(DataError, match="normal-broken"):
        find_split(workspace, small_manifest(), "normal-broken")


def test_a_leak_is_noticed_on_reading(workspace):
    """A face that was copied into test by hand does not get through."""
    folder = workspace.splits() / build(workspace, "normal").folder
    with (folder / "test.csv").open("a") as file:
        file.write("f0,normal\n")
    assert json.loads((folder / "split.json").read_text())["mode"] == "normal"
    with pytest.raises(DataError, match="'f0' stands in train and in test: a leak"):
        find_split(workspace, small_manifest(), "normal")
