"""Covered faces are painted once in a training, and stay the same bytes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from occbench.training import batches
from occbench.training.batches import Faces, KeptFaces
from occbench.training.copies import learned
from tests.runs import make_recipe
from tests.training.test_inputs import make_data, table_of

pytestmark = pytest.mark.tf


class Counting:
    """A painter that counts what it paints."""

    def __init__(self, show):
        self.show, self.calls = show, 0

    def __call__(self, row, face_id, variant):
        """See ``Shower``."""
        self.calls += 1
        return self.show(row, face_id, variant)


@pytest.fixture(params=[True, False], ids=["grey", "colour"])
def faces(request, tmp_path):
    """Each of 24 faces as it is and covered, and a mirrored copy of both."""
    data, _ = make_data(tmp_path, ["headset"], grey=request.param)
    table = pd.concat([table_of(data, "normal"), table_of(data, "headset")], ignore_index=True)
    recipe = make_recipe(copies=["mirror"], channels=1 if request.param else 3)
    return Faces(learned(data.shown(table), recipe), data.pixels, Counting(data.show))


def test_every_epoch_sees_the_same_and_paints_nothing_again(faces):
    """96 images in three orders; 24 covered faces and their 24 copies are painted once."""
    expected = faces.cut(np.arange(96))
    faces.show.calls = 0
    kept = KeptFaces.where_it_pays(faces)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(96)
        for places in np.split(order, 6):
            np.testing.assert_array_equal(kept.cut(places), expected[places])
    assert faces.show.calls == 48


def test_a_batch_may_be_changed_by_who_got_it(faces):
    """What is kept is not handed out."""
    kept = KeptFaces.where_it_pays(faces)
    expected = kept.cut(np.arange(96)).copy()
    kept.cut(np.arange(96))[:] = 0
    np.testing.assert_array_equal(kept.cut(np.arange(96)), expected)


def test_too_many_faces_are_painted_anew(faces, monkeypatch):
    """The bound is the whole of the images, 96 of 40 x 40 pixels."""
    size = 96 * faces.pixels.images[0].nbytes
    monkeypatch.setattr(batches, "MOST_KEPT", size)
    assert isinstance(KeptFaces.where_it_pays(faces), KeptFaces)
    monkeypatch.setattr(batches, "MOST_KEPT", size - 1)
    assert KeptFaces.where_it_pays(faces) is faces


def test_faces_as_they_are_need_no_copy(tmp_path):
    """They are read from the mapped pixels."""
    data, _ = make_data(tmp_path, ["headset"], grey=True)
    faces = Faces(data.shown(table_of(data, "normal")), data.pixels, data.show)
    assert KeptFaces.where_it_pays(faces) is faces
