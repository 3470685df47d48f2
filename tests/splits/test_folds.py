"""k folds: disjoint, whole groups, even in every class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.dataset.manifest import PARTITIONS
from occbench.errors import DataError
from occbench.occluders.base import make_occluder
from occbench.splits.build import Partitioning, build_split
from occbench.splits.folds import folds
from tests.makers import CLASSES, make_manifest


@given(
    labels=st.lists(st.sampled_from(CLASSES), min_size=10, max_size=120),
    k=st.integers(2, 10),
    seed=st.integers(0, 99),
)
def test_single_faces_are_shared_out_evenly(labels: list[str], k: int, seed: int) -> None:
    """Each face is in one of the folds 1..k; folds differ by one face, in each class and in all."""
    faces = make_manifest(labels, classes=CLASSES).faces
    fold = folds(faces, k, seed=seed)
    assert set(fold) <= set(range(1, k + 1))
    assert list(fold.index) == list(faces.index)
    counts = pd.crosstab(faces["label"], fold).reindex(columns=range(1, k + 1), fill_value=0)
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()
    assert counts.sum().max() - counts.sum().min() <= 1


def test_the_last_fold_gets_its_share() -> None:
    """55 faces each of two classes in ten folds: five or six of each in every fold."""
    faces = make_manifest(["happy"] * 55 + ["sad"] * 55).faces
    counts = pd.crosstab(faces["label"], folds(faces, 10, seed=0))
    assert sorted(set(counts.to_numpy().ravel())) == [5, 6]
    assert set(counts.sum()) == {11}


@given(
    groups=st.lists(st.integers(0, 30), min_size=60, max_size=120).filter(
        lambda drawn: len(set(drawn)) >= 5
    ),
    seed=st.integers(0, 99),
)
def test_groups_stay_whole(groups: list[int], seed: int) -> None:
    """A group lies in one fold, whatever classes it mixes."""
    labels = [CLASSES[row % 3] for row in range(len(groups))]
    faces = make_manifest(labels, groups=[f"g{group}" for group in groups]).faces
    fold = folds(faces, 5, seed=seed)
    assert (fold.groupby(faces["group"]).nunique() == 1).all()


def test_many_small_groups_give_even_folds() -> None:
    """Forty groups of three faces in four folds are thirty faces each, within one group."""
    labels = [CLASSES[row % 3] for row in range(120)]
    faces = make_manifest(labels, groups=[f"g{row // 3}" for row in range(120)]).faces
    sizes = folds(faces, 4, seed=8).value_counts()
    assert set(sizes) == {30}


def test_validation_parts_cover_train_and_val_once() -> None:
    """Over all folds each face outside test is in val once and in train k-1 times."""
    parts = np.repeat(["train", "val", "test"], (60, 24, 30)).tolist()
    labels = [CLASSES[row % 3] for row in range(114)]
    manifest = make_manifest(labels, partitions=parts)
    headset = make_occluder("headset")
    seen: list[str] = []
    for fold in range(1, 5):
        how = Partitioning(folds=4, fold=fold)
        split = build_split(manifest, mode="normal", occluder=headset, how=how)
        inside = {part: set(split.parts[part]["id"]) for part in PARTITIONS}
        assert inside["test"] == {f"f{row}" for row in range(84, 114)}
        assert inside["train"] == {f"f{row}" for row in range(84)} - inside["val"]
        assert len(inside["val"]) == 21
        assert split.folder.startswith(f"normal-fold{fold}-")
        seen += inside["val"]
    assert sorted(seen) == sorted(f"f{row}" for row in range(84))


@pytest.mark.parametrize("k", [-1, 0, 1, 4])
def test_refused_numbers_of_folds(k: int) -> None:
    """Fewer than two folds, or more folds than groups, are refused with both numbers."""
    faces = make_manifest(["happy", "sad", "sad", "sad"], groups=["a", "b", "c", "c"]).faces
    with pytest.raises(DataError, match=f"{k} folds cannot be made of 3 groups; expected 2 to 3"):
        folds(faces, k, seed=0)


@pytest.mark.parametrize("fold", [0, 4, -1])
def test_refused_fold(fold: int) -> None:
    """A fold outside 1..k is refused."""
    with pytest.raises(DataError, match=f"no fold {fold} of 3"):
        Partitioning(folds=3, fold=fold)
