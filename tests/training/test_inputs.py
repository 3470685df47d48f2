"""Faces as training shows them are those that ``occbench occlude`` writes, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from occbench.dataset.batch import Style
from occbench.dataset.faces import ManifestFaces
from occbench.dataset.occlude import occlude, workspace_job
from occbench.errors import DataError, StaleState
from occbench.occluders.base import make_occluder, parameters
from occbench.training.data import open_data, painted_folders
from occbench.training.inputs import class_weights, epoch_order
from tests.makers import make_workspace, picture, read_picture
from tests.runs import make_recipe, small_manifest, varied

SPECS = (
    "headset",
    'headset(fill="mean")',
    'headset(fill="noise", seed=3)',
    "headset(fill=(10, 200, 90), scale=1.2)",
)

# Training faces of AffectNet's eight classes (report 001, table 2.1; 287,651), the weights that
# report 001 trained with, and N / (8 n).
AFFECTNET = (74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882, 3_750)
INVERSE = (0.0155727, 0.0086745, 0.0457986, 0.0827528, 0.1828140, 0.3065967, 0.0468607, 0.3109300)
BALANCED = (0.4802, 0.2675, 1.4123, 2.5519, 5.6376, 9.4547, 1.4451, 9.5884)


def recorded(*specs):
    """Variants as a split's record has them."""
    return {spec: parameters(make_occluder(spec)) for spec in specs}


def make_data(folder, specs, *, grey, painted=False, **changes):
    """The 24 faces of a workspace, a grey pixel stack or colour files, as a recipe sees them."""
    manifest = varied(small_manifest(stack=grey))
    ids = manifest.faces["id"]
    made = {face_id: picture(row, grey=grey) for row, face_id in enumerate(ids)}
    workspace = make_workspace(folder, manifest, made)
    recipe = make_recipe(**{"channels": 1 if grey else 3, **changes})
    return open_data(workspace, manifest, recipe, recorded(*specs), painted=painted), workspace


def cut(data, table, places=None):
    """The images of a table as training gets them, all or those at some places."""
    shown = data.shown(table)
    places = np.arange(len(shown)) if places is None else np.array(places)
    return shown.cut(data.pixels, data.show, places)


def table_of(data, variant):
    """All faces in one variant."""
    return pd.DataFrame({"id": data.manifest.faces["id"], "variant": variant})


@pytest.mark.parametrize("grey", [True, False], ids=["grey stack", "colour files"])
@pytest.mark.parametrize("spec", SPECS)
def test_training_sees_what_occlude_writes(spec, grey, tmp_path):
    """Every pixel of every face, for each fill, equals the PNG that was read back."""
    data, workspace = make_data(tmp_path / "ws", [spec], grey=grey)
    faces = ManifestFaces(data.manifest, workspace.data_root("small"))
    report = occlude(faces, make_occluder(spec), tmp_path / "out")
    assert (report.done, report.failed) == (24, 0)
    found = cut(data, table_of(data, spec))
    assert (found.dtype, found.shape) == (np.uint8, (24, 40, 40, 1 if grey else 3))
    for image, face_id in zip(found, faces.ids, strict=True):
        stored = read_picture(tmp_path / "out" / "images" / f"{face_id}_occ.png")
        np.testing.assert_array_equal(image, stored[..., None] if grey else stored)


@pytest.mark.parametrize("grey", [True, False], ids=["grey stack", "colour files"])
def test_painted_images_are_those_painted_on_the_fly(grey, tmp_path):
    """Reading what was painted gives the same batch as painting now."""
    specs = SPECS[1:3]
    data, workspace = make_data(tmp_path, specs, grey=grey)
    for spec in specs:
        faces, folder = workspace_job(workspace, "small", make_occluder(spec), Style())
        occlude(faces, make_occluder(spec), folder)
    stored = open_data(
        workspace,
        data.manifest,
        make_recipe(channels=1 if grey else 3),
        recorded(*specs),
        painted=True,
    )
    table = pd.concat([table_of(data, variant) for variant in ("normal", *specs)])
    assert len(table) == 72
    np.testing.assert_array_equal(cut(stored, table), cut(data, table))


def test_normal_faces_are_the_stored_ones(tmp_path):
    """Nothing touches a face that is not covered, and its neighbours' covers do not either."""
    data, _ = make_data(tmp_path, SPECS[:1], grey=True)
    variants = ["normal", "headset"] * 12
    found = cut(data, pd.DataFrame({"id": data.manifest.faces["id"], "variant": variants}))
    for row in range(0, 24, 2):
        np.testing.assert_array_equal(found[row, :, :, 0], picture(row, grey=True))
        assert (found[row + 1] == 0).sum() > 100
    np.testing.assert_array_equal(data.pixels.images[1], picture(1, grey=True))


def test_places_are_cut_in_their_order(tmp_path):
    """A batch is any choice of places, however often one is asked for."""
    data, _ = make_data(tmp_path, SPECS[2:3], grey=False)
    table = pd.concat([table_of(data, SPECS[2]), table_of(data, "normal")])
    whole, places = cut(data, table), [47, 0, 23, 24, 0]
    np.testing.assert_array_equal(cut(data, table, places), whole[places])
    assert len(data.shown(table)) == 48


def test_labels_are_numbers_in_class_order(tmp_path):
    """They go with the face, in whatever order faces are shown."""
    data, _ = make_data(tmp_path, [], grey=True)
    shown = data.shown(pd.DataFrame({"id": ["f5", "f3", "f4", "f5"], "variant": "normal"}))
    assert (shown.labels.tolist(), shown.labels.dtype) == ([2, 0, 1, 2], np.int64)
    assert shown.rows.tolist() == [5, 3, 4, 5]


def test_a_painted_image_that_is_missing_is_named(tmp_path):
    """A deleted PNG, or an occlusion that was not run to its end, is no black face."""
    data, workspace = make_data(tmp_path, SPECS[:1], grey=True)
    with pytest.raises(DataError, match=r"has no painted images. Run 'occbench occlude small"):
        painted_folders(workspace, "small", SPECS[:1])
    faces, folder = workspace_job(workspace, "small", make_occluder("headset"), Style())
    occlude(faces, make_occluder("headset"), folder, limit=20)
    assert painted_folders(workspace, "small", SPECS[:1]) == {"headset": folder}
    stored = open_data(workspace, data.manifest, make_recipe(), recorded("headset"), painted=True)
    table = table_of(data, "headset")
    cut(stored, table, range(20))
    with pytest.raises(DataError, match=r"f20_occ.png' is missing. Run 'occbench occlude'"):
        cut(stored, table, [3, 20])


def test_a_face_that_cannot_be_covered_is_named_before_training(tmp_path):
    """Landmarks that lie beside the image: the check names the face, unless it is normal."""
    data, workspace = make_data(tmp_path, SPECS[:1], grey=True)
    landmarks = data.manifest.landmarks.copy()
    landmarks[7] += 500
    manifest = replace(data.manifest, landmarks=landmarks)
    data = open_data(workspace, manifest, make_recipe(), recorded("headset"))
    data.check(data.shown(table_of(data, "normal")))
    with pytest.raises(DataError, match="covers no pixel of the image 'f7'"):
        data.check(data.shown(table_of(data, "headset")))


def test_a_spec_that_changed_its_meaning_is_refused(tmp_path):
    """A split recorded other parameters than the spec has now; tuples that became lists are none.

    The record went through JSON, which knows no tuples.
    """
    data, workspace = make_data(tmp_path, [], grey=True)
    colour = SPECS[3]
    same = {colour: {**parameters(make_occluder(colour)), "fill": [10, 200, 90]}}
    open_data(workspace, data.manifest, make_recipe(), same)
    other = {colour: {**same[colour], "scale": 1.25}}
    with pytest.raises(StaleState, match=r"means something else .* Run 'occbench build-splits'"):
        open_data(workspace, data.manifest, make_recipe(), other)


def test_the_order_of_an_epoch():
    """It is a permutation, the same each time, and another for each epoch and seed."""
    orders = {(seed, epoch): epoch_order(200, seed, epoch) for seed in (0, 1) for epoch in (1, 2)}
    for place, order in orders.items():
        np.testing.assert_array_equal(np.sort(order), np.arange(200))
        np.testing.assert_array_equal(epoch_order(200, *place), order)
    assert len({order.tobytes() for order in orders.values()}) == 4
    # Far fewer faces keep their place than in an order that was merely rotated or half sorted.
    assert all((order == np.arange(200)).sum() < 10 for order in orders.values())


def test_seed_and_epoch_are_told_apart():
    """Seed 1 in epoch 23 is not seed 12 in epoch 3, as it would be if the digits were joined."""
    assert not np.array_equal(epoch_order(50, 1, 23), epoch_order(50, 12, 3))


def labels_of(counts):
    """Labels with so many faces of each class."""
    return np.repeat(np.arange(len(counts)), counts)


def test_class_weights_of_the_study():
    """The published weights of AffectNet, and the balanced ones, within their printed digits."""
    labels = labels_of(AFFECTNET)
    assert len(labels) == 287_651
    inverse = class_weights(labels, 8, "inverse-sum-1")
    np.testing.assert_allclose(inverse, INVERSE, rtol=0, atol=6e-8)
    assert inverse.dtype == np.float32
    np.testing.assert_allclose(class_weights(labels, 8, "balanced"), BALANCED, rtol=0, atol=5.1e-5)


def test_class_weights_by_hand():
    """Counts 1, 2, 5: balanced 8/3, 8/6, 8/15; inverse 10/17, 5/17, 2/17; none 1."""
    labels = labels_of((1, 2, 5))
    np.testing.assert_allclose(class_weights(labels, 3, "balanced"), [8 / 3, 8 / 6, 8 / 15], 1e-6)
    np.testing.assert_allclose(
        class_weights(labels, 3, "inverse-sum-1"), [10 / 17, 5 / 17, 2 / 17], 1e-6
    )
    np.testing.assert_array_equal(class_weights(labels, 3, "none"), [1, 1, 1])


def test_a_class_without_an_image_has_no_weight():
    """Its number is named; unweighted losses do not mind."""
    with pytest.raises(DataError, match=r"^Class 1 has no image in train"):
        class_weights(labels_of((3, 0, 2)), 3, "balanced")
    with pytest.raises(DataError, match=r"^Class 3 has no image in train"):
        class_weights(labels_of((3, 1, 2)), 4, "inverse-sum-1")
    np.testing.assert_array_equal(class_weights(labels_of((3, 0, 2)), 3, "none"), [1, 1, 1])
