"""The counts of the AffectNet study and of FER2013, from manifests without images."""

from __future__ import annotations

import numpy as np
import pytest

from occbench.dataset.labels import AFFECTNET, FER2013
from occbench.dataset.manifest import Manifest
from occbench.occluders.base import make_occluder
from occbench.splits.build import build_split, partition
from occbench.splits.partitioning import Partitioning
from tests.makers import make_manifest

HEADSET = make_occluder("headset")

# Per class neutral to contempt, as the study counted them on disk (287,651 and 3,999).
AFFECTNET_TRAIN = (74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750)
AFFECTNET_TEST = (500, 500, 500, 500, 500, 500, 500, 499)
# Occluded and normal images per class in the study's mixed-unique training set.
TRAIN_PAIRS = (
    (37437, 37437),
    (67208, 67207),
    (12730, 12729),
    (7045, 7045),
    (3189, 3189),
    (1902, 1901),
    (12441, 12441),
    (1875, 1875),
)
# FER2013 per class angry to neutral (Goodfellow et al. 2013): all three partitions.
FER2013_ALL = (4953, 547, 5121, 8989, 6077, 4002, 6198)


@pytest.fixture(scope="module")
def affectnet() -> Manifest:
    """Manifest with the counts of AffectNet's eight classes; ids are numbers."""
    names = AFFECTNET.names
    labels = [n for n, count in zip(names, AFFECTNET_TRAIN, strict=True) for _ in range(count)]
    labels += [n for n, count in zip(names, AFFECTNET_TEST, strict=True) for _ in range(count)]
    parts = ["train"] * sum(AFFECTNET_TRAIN) + ["test"] * sum(AFFECTNET_TEST)
    ids = [str(number) for number in range(len(labels))]
    return make_manifest(labels, classes=names, ids=ids, partitions=parts)


def pairs(manifest: Manifest, shown: object) -> list[tuple[int, int]]:
    """Per class how many images are occluded and how many normal."""
    labels = dict(zip(manifest.faces["id"], manifest.faces["label"], strict=True))
    counts = {name: [0, 0] for name in manifest.classes.names}
    for face, variant in zip(shown["id"], shown["variant"], strict=True):
        counts[labels[face]][variant == "normal"] += 1
    return [tuple(counts[name]) for name in manifest.classes.names]


def test_mixed_unique_has_the_studys_counts(affectnet: Manifest) -> None:
    """Alternation gives the study's images per class, occluded and normal, in train and test."""
    split = build_split(
        affectnet,
        mode="mixed-unique",
        occluder=HEADSET,
        how=Partitioning(val_fraction=0),
        assign="alternate",
    )
    train, test = (pairs(affectnet, split.parts[part]) for part in ("train", "test"))
    assert tuple(train) == TRAIN_PAIRS
    assert (sum(o for o, _ in train), sum(n for _, n in train)) == (143827, 143824)
    assert test == [(250, 250)] * 7 + [(250, 249)]
    assert split.sizes() == {"train": 287651, "val": 0, "test": 3999}


def test_mixed_paired_has_the_studys_counts(affectnet: Manifest) -> None:
    """Every training face is there twice, 575,302 images; test is that of mixed-unique."""
    split = build_split(
        affectnet,
        mode="mixed-paired",
        occluder=HEADSET,
        how=Partitioning(val_fraction=0),
        assign="alternate",
    )
    assert split.sizes() == {"train": 575302, "val": 0, "test": 3999}
    assert pairs(affectnet, split.parts["train"]) == [(n, n) for n in AFFECTNET_TRAIN]
    assert pairs(affectnet, split.parts["test"]) == [(250, 250)] * 7 + [(250, 249)]


def test_a_fifth_of_affectnet_is_validation(affectnet: Manifest) -> None:
    """A val fraction of 0.2 gives the study's 57,530 and 230,121 faces, each class its share."""
    faces, _ = partition(affectnet, Partitioning(val_fraction=0.2))
    assert faces["part"].value_counts().to_dict() == {"train": 230121, "val": 57530, "test": 3999}
    val = faces[faces["part"] == "val"]["label"].value_counts()
    for name, count in zip(AFFECTNET.names, AFFECTNET_TRAIN, strict=True):
        assert abs(val[name] - count / 5) < 1


@pytest.mark.parametrize(
    ("mode", "train", "val"), [("mixed-unique", 230121, 57530), ("mixed-paired", 460242, 115060)]
)
def test_validation_by_file_has_the_studys_counts(
    affectnet: Manifest, mode: str, train: int, val: int
) -> None:
    """A plain fifth of the files, as Keras' loader told in the study's notebooks."""
    how = Partitioning(val_by="file")
    split = build_split(affectnet, mode=mode, occluder=HEADSET, how=how, assign="alternate")
    assert split.sizes() == {"train": train, "val": val, "test": 3999}


def test_fer2013_drawn_anew() -> None:
    """70/15/15 of FER2013 is 25,120, 5,384 and 5,383, each class within one face of its share."""
    names = FER2013.names
    labels = np.repeat(names, FER2013_ALL).tolist()
    manifest = make_manifest(labels, classes=names)
    faces, _ = partition(manifest, Partitioning("stratified", seed=3))
    assert faces["part"].value_counts().to_dict() == {"train": 25120, "val": 5384, "test": 5383}
    counts = faces.groupby(["part", "label"]).size()
    for part, fraction in (("train", 0.70), ("val", 0.15), ("test", 0.15)):
        for name, count in zip(names, FER2013_ALL, strict=True):
            assert abs(counts[part, name] - fraction * count) < 1


def test_alternation_follows_natural_order() -> None:
    """The first face of a class in natural order is occluded, then every other: 1, 10 of 1, 2, 10.

    Sorted as text, 1 and 2 would be; the order of rows would give 10 and 1.
    """
    labels, ids = ["happy", "happy", "happy", "sad", "sad"], ["10", "2", "1", "7", "3"]
    manifest = make_manifest(
        labels * 2, ids=[*ids, *(f"t{i}" for i in ids)], partitions=["train"] * 5 + ["test"] * 5
    )
    split = build_split(
        manifest,
        mode="mixed-unique",
        occluder=HEADSET,
        how=Partitioning(val_fraction=0),
        assign="alternate",
    )
    train, test = split.parts["train"], split.parts["test"]
    assert train["id"][train["variant"] != "normal"].tolist() == ["10", "1", "3"]
    assert test["id"][test["variant"] != "normal"].tolist() == ["t10", "t1", "t3"]
    assert set(train["variant"]) == {"normal", "headset"}
