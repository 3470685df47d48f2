"""What every split keeps, for random data sets, modes, seeds and assignments."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from occbench.dataset.manifest import PARTITIONS, Manifest
from occbench.occluders.base import make_occluder
from occbench.splits.build import build_split, partition
from occbench.splits.modes import ASSIGNMENTS, MODES, show
from occbench.splits.partitioning import Partitioning
from occbench.splits.split import Split
from tests.makers import CLASSES, make_manifest, manifests, shuffled

HEADSET = make_occluder("headset")
SEEDS = st.integers(0, 2**16)


@st.composite
def plans(draw: st.DrawFn, *, seed: int | None = None) -> Partitioning:
    """Random ways to share out faces."""
    drawn = draw(SEEDS) if seed is None else seed
    kind = draw(st.sampled_from(("official", "carved", "stratified", "folds")))
    if kind == "stratified":
        return Partitioning("stratified", (0.5, 0.25, 0.25), seed=drawn)
    if kind == "folds":
        return Partitioning(folds=3, fold=draw(st.integers(1, 3)), seed=drawn)
    if kind == "carved":
        return Partitioning(val_fraction=0.4, seed=drawn)
    return Partitioning(seed=drawn)


def build(manifest: Manifest, mode: str, how: Partitioning, assign: str = "seeded") -> Split:
    """A split with the plain headset."""
    return build_split(manifest, mode=mode, occluder=HEADSET, how=how, assign=assign)


def members(split: Split) -> dict[str, set[str]]:
    """The faces of each part."""
    return {part: set(split.parts[part]["id"]) for part in PARTITIONS}


def rows(split: Split) -> dict[str, list[tuple[str, str]]]:
    """The faces of each part and how they are shown, in any order."""
    return {p: sorted(split.parts[p].itertuples(index=False, name=None)) for p in PARTITIONS}


@given(manifest=manifests(official=True), how=plans(), mode=st.sampled_from(MODES))
def test_no_face_and_no_group_in_two_parts(
    manifest: Manifest, how: Partitioning, mode: str
) -> None:
    """Faces and groups stand in one part each, however groups mix classes and partitions."""
    split = build(manifest, mode, how)
    groups = dict(zip(manifest.faces["id"], manifest.faces["group"], strict=True))
    faces = members(split)
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        assert not faces[one] & faces[other]
        assert not {groups[f] for f in faces[one]} & {groups[f] for f in faces[other]}


@settings(max_examples=25)
@given(manifest=manifests(), seed=SEEDS, assign=st.sampled_from(ASSIGNMENTS))
def test_each_usable_face_once_or_twice(manifest: Manifest, seed: int, assign: str) -> None:
    """Faces with landmarks are all there: once, or once per variant in paired train and val."""
    how = Partitioning("stratified", (0.5, 0.25, 0.25), seed=seed)
    usable = set(manifest.faces["id"][manifest.usable])
    for mode in MODES:
        split = build(manifest, mode, how, assign)
        uses = Counter(face for part in PARTITIONS for face in split.parts[part]["id"])
        assert set(uses) == usable
        for part in PARTITIONS:
            twice = mode == "mixed-paired" and part != "test"
            for face in split.parts[part]["id"]:
                assert uses[face] == (2 if twice else 1)
        if mode == "mixed-paired":
            shown = rows(split)["train"]
            faces = members(split)["train"]
            assert shown == sorted((f, v) for f in faces for v in ("normal", "headset"))


@settings(max_examples=25)
@given(manifest=manifests(), seed=SEEDS, assign=st.sampled_from(ASSIGNMENTS))
def test_half_of_each_class_is_occluded(manifest: Manifest, seed: int, assign: str) -> None:
    """In mixed parts ceil(n/2) of the n faces of each class are occluded."""
    how = Partitioning("stratified", (0.5, 0.25, 0.25), seed=seed)
    label = dict(zip(manifest.faces["id"], manifest.faces["label"], strict=True))
    for mode, parts in (("mixed-unique", PARTITIONS), ("mixed-paired", ("test",))):
        split = build(manifest, mode, how, assign)
        for part in parts:
            shown = rows(split)[part]
            for name in CLASSES:
                mine = [variant for face, variant in shown if label[face] == name]
                assert mine.count("headset") == -(-len(mine) // 2)


@settings(max_examples=25)
@given(manifest=manifests(official=True), how=plans(), mode=st.sampled_from(MODES), seed=SEEDS)
def test_order_of_rows_changes_nothing(
    manifest: Manifest, how: Partitioning, mode: str, seed: int
) -> None:
    """A manifest with its rows in another order gives the same faces, shown the same way."""
    for assign in ASSIGNMENTS:
        one = build(manifest, mode, how, assign)
        assert rows(one) == rows(build(shuffled(manifest, seed), mode, how, assign))


def test_alternation_of_equal_numbers_ignores_rows() -> None:
    """Ids that are equal in natural order, 1 and 01, alternate alike in any order of rows."""
    ids = ["01", "1", "001", "2"]
    manifest = make_manifest(["happy"] * 4, classes=CLASSES, ids=ids)
    shown = set()
    for seed in range(8):
        faces = shuffled(manifest, seed).faces
        half = show(faces, "mixed-unique", "test", variant="v", assign="alternate", seed=0)
        shown.add(frozenset(half["id"][half["variant"] == "v"]))
    assert len(shown) == 1


@settings(max_examples=25)
@given(manifest=manifests(official=True), how=plans())
def test_all_modes_have_the_same_faces(manifest: Manifest, how: Partitioning) -> None:
    """The faces of each part do not depend on the mode, nor does the mixed test part at all."""
    splits = {mode: build(manifest, mode, how) for mode in MODES}
    normal = members(splits["normal"])
    assert all(members(split) == normal for split in splits.values())
    unique, paired = (splits[mode].parts["test"] for mode in ("mixed-unique", "mixed-paired"))
    assert unique.equals(paired)
    for mode, variant in (("normal", "normal"), ("occluded", "headset")):
        shown = {v for part in rows(splits[mode]).values() for _, v in part}
        assert shown == {variant}


@settings(max_examples=15)
@given(manifest=manifests(), seed=SEEDS, mode=st.sampled_from(MODES))
def test_same_seed_same_bytes(manifest: Manifest, seed: int, mode: str) -> None:
    """Built twice, a split has the same bytes on disk in a folder of the same name."""
    how = Partitioning("stratified", (0.5, 0.25, 0.25), seed=seed)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        folders = [build(manifest, mode, how).write(Path(root)) for root in (one, other)]
        assert folders[0].name == folders[1].name
        files = [{p.name: p.read_bytes() for p in folder.iterdir()} for folder in folders]
        assert files[0] == files[1]
        assert set(files[0]) == {"train.csv", "val.csv", "test.csv", "split.json"}


@pytest.mark.parametrize("source", ["official", "stratified"])
def test_another_seed_is_another_split(source: str) -> None:
    """Another seed draws other parts and other halves, and goes to another folder."""
    parts = ["train"] * 200 + ["test"] * 100
    manifest = make_manifest(["happy", "sad"] * 150, partitions=parts)
    one, other = (
        build(manifest, "mixed-unique", Partitioning(source, seed=seed)) for seed in (1, 2)
    )
    assert members(one)["train"] != members(other)["train"]
    assert rows(one)["test"] != rows(other)["test"]
    assert one.folder != other.folder


@given(labels=st.lists(st.sampled_from(CLASSES), min_size=1, max_size=60), seed=SEEDS)
def test_a_new_face_moves_one_other_half_at_most(labels: list[str], seed: int) -> None:
    """One face more changes the seeded half of one other face at most, and of its class only."""
    faces = make_manifest([*labels, "happy"], classes=CLASSES).faces
    before, after = (
        show(part, "mixed-unique", "test", variant="v", assign="seeded", seed=seed)
        for part in (faces.iloc[:-1], faces)
    )
    changed = before["variant"].to_numpy() != after["variant"].to_numpy()[:-1]
    assert changed.sum() <= 1
    assert set(faces["label"].iloc[:-1][changed]) <= {"happy"}


def test_a_new_face_moves_few_others_between_parts() -> None:
    """One face more moves a handful of 900 others, where a new draw would move over 300."""
    manifest = make_manifest([CLASSES[row % 3] for row in range(901)])
    how = Partitioning("stratified", (0.5, 0.25, 0.25), seed=5)
    without = manifest.where(manifest.faces["id"].to_numpy() != "f450")
    one, other = (partition(data, how)[0].set_index("id")["part"] for data in (manifest, without))
    assert (one.loc[other.index] != other).sum() <= 6
    redrawn = partition(without, Partitioning("stratified", (0.5, 0.25, 0.25), seed=6))[0]
    assert (redrawn.set_index("id")["part"] != other).sum() > 300
