"""Preprocessing: what a network sees of one pixel, against constants typed from their sources.

On arrays it needs no Keras; inside a network it does.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from occbench.errors import DataError, UnknownName
from occbench.models.preprocessing import preprocess, preprocess_tensor
from occbench.models.specs import PREPROCESSINGS

# One pixel: red 10, green 20, blue 30.
PIXEL = np.array([[[[10, 20, 30]]]], np.uint8)


def in_a_network(name: str, image: np.ndarray) -> np.ndarray:
    """The image as a network preprocesses it."""
    return np.asarray(preprocess_tensor(name, image))


WAYS = [preprocess, pytest.param(in_a_network, marks=pytest.mark.tf)]


@pytest.mark.parametrize("seen", WAYS)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unit", (10 / 255, 20 / 255, 30 / 255)),
        ("centered", (10 / 127.5 - 1, 20 / 127.5 - 1, 30 / 127.5 - 1)),
        # keras-vggface utils.py, version 1: the blue, green and red mean.
        ("vggface1", (30 - 93.5940, 20 - 104.7624, 10 - 129.1863)),
        # keras-vggface utils.py, version 2.
        ("vggface2", (30 - 91.4953, 20 - 103.8827, 10 - 131.0912)),
        # Keras imagenet_utils.py, mode caffe.
        ("imagenet-caffe", (30 - 103.939, 20 - 116.779, 10 - 123.68)),
    ],
)
def test_one_pixel(seen, name, expected):
    """Channel means are taken from blue, green, red in that order, and the order is turned."""
    found = seen(name, PIXEL)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0, 0, 0], expected, rtol=1e-6)


def test_every_preprocessing_is_tested():
    """A new one needs a line above."""
    assert set(PREPROCESSINGS) == {"unit", "centered", "vggface1", "vggface2", "imagenet-caffe"}


@pytest.mark.parametrize("seen", WAYS)
def test_the_ends_of_the_scale(seen):
    """Levels 0 and 255 are the ends of both scales."""
    ends = np.array([[[[0], [255]]]], np.uint8)
    assert seen("unit", ends).ravel().tolist() == [0.0, 1.0]
    assert seen("centered", ends).ravel().tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("seen", WAYS)
@pytest.mark.parametrize("name", ["vggface1", "vggface2", "imagenet-caffe"])
def test_channel_means_need_colour(seen, name):
    """Grey images have no blue mean."""
    with pytest.raises(DataError, match=f"'{name}' needs 3 channels; got 1"):
        seen(name, np.zeros((1, 2, 2, 1), np.uint8))


@pytest.mark.tf
@pytest.mark.parametrize("name", PREPROCESSINGS)
def test_arrays_and_tensors_are_preprocessed_alike(name):
    """Whichever of the two a network was fed with."""
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), dtype=np.uint8)
    np.testing.assert_allclose(preprocess(name, images), in_a_network(name, images), rtol=1e-6)


@pytest.mark.parametrize("name", PREPROCESSINGS)
@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.float64])
def test_what_is_given_stays_as_it_is(name, kind):
    """The result is float32 in memory of its own, of the type and the strides given."""
    images = np.arange(2 * 3 * 4 * 3).reshape(2, 3, 4, 3).astype(kind)[:, ::-1]
    before = images.copy()
    found = preprocess(name, images)
    assert found.dtype == np.float32
    assert found.shape == images.shape
    assert not np.shares_memory(found, images)
    found[:] = -1
    assert (images == before).all()


@pytest.mark.parametrize("name", PREPROCESSINGS)
def test_one_image_is_preprocessed_as_in_a_batch(name):
    """With or without the axis of the batch."""
    images = np.random.default_rng(1).integers(0, 256, (2, 3, 4, 3), dtype=np.uint8)
    np.testing.assert_array_equal(preprocess(name, images[1]), preprocess(name, images)[1])


def test_an_unknown_preprocessing_is_refused():
    """The nearest one is named."""
    with pytest.raises(UnknownName, match="Did you mean 'vggface2'"):
        preprocess("vggface3", PIXEL)


@pytest.mark.parametrize("images", [PIXEL[0, 0], PIXEL[None], PIXEL.astype(str), PIXEL > 3])
def test_what_are_no_images_is_refused(images):
    """The shape and the type stand in the message."""
    with pytest.raises(DataError, match="expected numbers") as caught:
        preprocess("vggface2", images)
    assert f"{images.shape} and type {images.dtype}" in str(caught.value)


def test_arrays_are_preprocessed_without_keras():
    """So that other programs can feed a network of their own in no time."""
    code = (
        "import sys, numpy, occbench; occbench.preprocess('vggface2', numpy.zeros((2, 2, 3))); "
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
