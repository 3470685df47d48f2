"""Which images a recipe learns from: how many, of which faces, and the same ones each time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.dataset.manifest import Manifest
from occbench.errors import DataError
from occbench.occluders.base import make_occluder, parameters
from occbench.training.copies import WithCopies, count_learned, learned
from occbench.training.data import check_fit, count_images, open_data
from occbench.training.inputs import Shown, class_weights
from tests.makers import make_workspace, picture, shuffled
from tests.runs import make_recipe, small_manifest, varied
from tests.trainings import COUNTS, NAME, TRAIN, split_of

# Training faces of FER2013 by class, angry to neutral: 28,709 (its fer2013.csv, Usage = Training).
FER2013 = (3995, 436, 4097, 7215, 4830, 3171, 4965)

# What report 003 adds to each class: to 50,505, and what report 002 and 000 multiply by.
ADDED = (3220, 6779, 3118, 0, 2385, 4044, 2250)
REPORT_002 = ["mirror", "rotate(degrees=-10)", "rotate(degrees=10)"]
REPORT_000 = ["mirror", "shift(pixels=1)", "mirror+shift(pixels=1)"]

HEADSET = "headset"


def faces(counts: tuple[int, ...]) -> Shown:
    """So many images of each class, without pixels."""
    labels = np.repeat(np.arange(len(counts)), counts)
    ids = [f"f{row}" for row in range(len(labels))]
    return Shown(ids, np.arange(len(labels)), ["normal"] * len(labels), labels)


@pytest.mark.parametrize("copies", [REPORT_000, REPORT_002])
def test_three_copies_of_fer2013_are_four_times_as_many(copies):
    """28,709 become 114,836, each class four times; the images themselves stand first."""
    recipe = make_recipe(copies=copies)
    found = learned(faces(FER2013), recipe)
    assert len(found) == count_learned(recipe, FER2013) == 114_836
    assert np.bincount(found.labels).tolist() == [4 * count for count in FER2013]
    assert found.ids[:28_709] == faces(FER2013).ids
    assert Counter(found.ids) == {f"f{row}": 4 for row in range(28_709)}


def test_balanced_fer2013_has_seven_classes_of_the_largest():
    """50,505 = 7 x 7,215; every face of a class is copied as often as any other, or once more."""
    recipe = make_recipe(balance="augment")
    found = learned(faces(FER2013), recipe)
    assert len(found) == count_learned(recipe, FER2013) == 50_505
    assert np.bincount(found.labels).tolist() == [7215] * 7
    assert np.bincount(found.labels[28_709:], minlength=7).tolist() == list(ADDED)
    times = Counter(found.ids)
    for label in range(7):
        ids = {found.ids[place] for place in np.flatnonzero(found.labels == label)}
        assert len(ids) == FER2013[label]
        assert len({times[face] for face in ids}) <= 2
    np.testing.assert_array_equal(class_weights(found.labels, 7, "balanced"), np.ones(7))


def test_both_together():
    """Copies count before a class is filled: four times the largest class in each."""
    recipe = make_recipe(balance="augment", copies=REPORT_002)
    found = learned(faces((5, 2, 3)), recipe)
    assert np.bincount(found.labels).tolist() == [20, 20, 20]
    assert len(found) == count_learned(recipe, (5, 2, 3)) == 60


def test_a_recipe_without_copies_learns_what_the_split_shows():
    """Nothing is wrapped and nothing counted twice."""
    shown = faces((3, 2))
    assert learned(shown, make_recipe()) is shown
    assert count_learned(make_recipe(), (3, 2)) == 5


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=5),
    st.integers(0, 3),
    st.sampled_from(["none", "augment"]),
)
def test_what_is_counted_is_what_is_made(counts, copies, balance):
    """For any classes; every image is there, and copies have numbers of their own."""
    recipe = make_recipe(copies=REPORT_000[:copies], balance=balance)
    found = learned(faces(tuple(counts)), recipe)
    assert len(found) == count_learned(recipe, counts)
    assert found.ids[: sum(counts)] == faces(tuple(counts)).ids
    if isinstance(found, WithCopies):
        keys = zip(found.ids, found.made_by.tolist(), found.numbers.tolist(), strict=True)
        assert len(set(keys)) == len(found)


@pytest.fixture(scope="module", params=[True, False], ids=["grey", "colour"])
def data(request, tmp_path_factory):
    """24 faces of their own landmarks, as a recipe sees them, normal and with a headset."""
    manifest = varied(small_manifest(stack=request.param))
    made = {face: picture(row, grey=request.param) for row, face in enumerate(manifest.faces["id"])}
    workspace = make_workspace(tmp_path_factory.mktemp("copies"), manifest, made)
    recipe = make_recipe(channels=1 if request.param else 3)
    return open_data(workspace, manifest, recipe, {HEADSET: parameters(make_occluder(HEADSET))})


def pairs(data) -> Shown:
    """The first six faces, first as they are and then covered."""
    ids = data.manifest.faces["id"].tolist()[:6]
    return data.shown(pd.DataFrame({"id": ids * 2, "variant": ["normal"] * 6 + [HEADSET] * 6}))


def cut(data, shown, places=None) -> np.ndarray:
    """Images as training gets them."""
    places = np.arange(len(shown)) if places is None else places
    return shown.cut(data.pixels, data.show, places)


def test_copies_are_made_of_faces_as_they_are_shown(data):
    """The faces themselves are untouched, and a covered face is covered before it is changed."""
    shown = pairs(data)
    plain = cut(data, shown)
    found = cut(data, learned(shown, make_recipe(copies=["mirror", "move(down=3)"])))
    np.testing.assert_array_equal(found[:12], plain)
    np.testing.assert_array_equal(found[12:24], plain[:, :, ::-1])
    np.testing.assert_array_equal(found[24:, 3:], plain[:, :-3])
    assert not found[24:, :3].any()
    assert (plain[6:] == 0).any(axis=(1, 2, 3)).all()


def test_the_array_of_report_000(data):
    """Originals, mirrored, shifted, shifted mirrored; both images of a face go the same way."""
    shown = pairs(data)
    plain = cut(data, shown)
    found = cut(data, learned(shown, make_recipe(copies=REPORT_000))).reshape(
        4, 12, *plain.shape[1:]
    )
    np.testing.assert_array_equal(found[0], plain)
    np.testing.assert_array_equal(found[1], plain[:, :, ::-1])
    for begun, moved in ((found[0], found[2]), (found[1], found[3])):
        left = [np.array_equal(m[:, :-1], b[:, 1:]) for b, m in zip(begun, moved, strict=True)]
        right = [np.array_equal(m[:, 1:], b[:, :-1]) for b, m in zip(begun, moved, strict=True)]
        assert left == [not way for way in right]
        assert left[:6] == left[6:]


EVERYTHING = {"copies": REPORT_000, "balance": "augment"}


def test_any_order_and_batch_cuts_the_same_images(data):
    """An image is the same alone, in any company and the second time."""
    shown = learned(pairs(data), make_recipe(**EVERYTHING))
    whole = cut(data, shown)
    order = np.random.default_rng(0).permutation(len(shown))
    np.testing.assert_array_equal(cut(data, shown, order), whole[order])
    for place in (0, 17, len(shown) - 1):
        np.testing.assert_array_equal(cut(data, shown, np.array([place]))[0], whole[place])


def by_key(data, shown) -> dict[tuple[str, str, int, int], bytes]:
    """The bytes of each image by face, variant, alteration and number."""
    keys = zip(
        shown.ids, shown.variants, shown.made_by.tolist(), shown.numbers.tolist(), strict=True
    )
    return dict(zip(keys, map(np.ndarray.tobytes, cut(data, shown)), strict=True))


def table(data, ids) -> Shown:
    """Faces as they are, in an order."""
    return data.shown(pd.DataFrame({"id": ids, "variant": "normal"}))


def test_the_order_of_faces_changes_no_image(data):
    """The same faces in another order have the same copies, those that fill a class included."""
    ids = data.manifest.faces["id"].tolist()[:10]
    recipe = make_recipe(**EVERYTHING)
    found = by_key(data, learned(table(data, ids), recipe))
    turned = shuffled(data.manifest.where(np.arange(10)), 3).faces["id"].tolist()
    assert turned != ids
    assert by_key(data, learned(table(data, turned), recipe)) == found


def test_other_faces_change_no_image(data):
    """What a face and its number have in one train part, they have in any."""
    ids = data.manifest.faces["id"].tolist()
    recipe = make_recipe(**EVERYTHING)
    # Seven faces of the first class, three and two of the others.
    few = by_key(data, learned(table(data, [*ids[:19:3], *ids[1:9:3], *ids[2:6:3]]), recipe))
    many = by_key(data, learned(table(data, [*ids[:16:3], *ids[1:6:3], *ids[2:3:3]]), recipe))
    shared = few.keys() & many.keys()
    assert len({key for key in shared if key[2] == 4}) > 5
    assert all(few[key] == many[key] for key in shared)


def test_another_seed_draws_other_images(data):
    """Which face goes which way, which fills a class first, and what is drawn for it."""
    shown = table(data, data.manifest.faces["id"].tolist()[:10])
    recipe = make_recipe(**EVERYTHING)
    first, other = (by_key(data, learned(shown, replace(recipe, seed=seed))) for seed in (0, 1))
    shifted = [key for key in first if key[2] == 2]
    assert any(first[key] != other[key] for key in shifted)
    drawn = [key for key in first.keys() & other.keys() if key[2] == 4]
    assert drawn
    assert all(first[key] != other[key] for key in drawn)


def test_both_images_of_a_face_fill_a_class_alike(data):
    """In a paired split no twin is without the other, and both get the same changes."""
    ids = data.manifest.faces["id"].tolist()
    chosen = [*ids[0:12:3], *ids[1:6:3]]
    both = pd.DataFrame({"id": chosen * 2, "variant": ["normal"] * 6 + [HEADSET] * 6})
    found = learned(data.shown(both), make_recipe(balance="augment"))
    added = [
        (found.ids[place], found.variants[place], int(found.numbers[place]))
        for place in np.flatnonzero(found.made_by)
    ]
    assert len(added) == 4
    assert {(face, number) for face, variant, number in added if variant == HEADSET} == {
        (face, number) for face, variant, number in added if variant == "normal"
    }


def test_only_the_train_part_counts(room):
    """Classes of 24, 18 and 12 training faces: copies for each, or 24 of every class."""
    manifest, split = Manifest.read(room.manifest(NAME)), split_of(room, "mixed-paired")
    for changes, images in (
        ({}, 2 * TRAIN),
        ({"copies": REPORT_002}, 8 * TRAIN),
        ({"balance": "augment"}, 2 * 3 * max(COUNTS["train"])),
    ):
        assert count_images(make_recipe(**changes), split, manifest) == images


def test_a_batch_may_be_as_large_as_all_that_is_shown(room):
    """Of 54 faces with a mirror image each, 108 make a batch and 109 do not."""
    manifest, split = Manifest.read(room.manifest(NAME)), split_of(room, "normal")
    check_fit(make_recipe(copies=["mirror"], batch_size=108), split, manifest)
    with pytest.raises(DataError, match="batch_size = 109 is larger than the 108 training images"):
        check_fit(make_recipe(copies=["mirror"], batch_size=109), split, manifest)
