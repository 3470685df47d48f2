"""Preprocessing: what a network sees of one pixel, against constants typed from their sources."""

from __future__ import annotations

import numpy as np
import pytest

from occbench.errors import DataError
from occbench.models.preprocessing import preprocess
from occbench.models.specs import PREPROCESSINGS

pytestmark = pytest.mark.tf

# One pixel: red 10, green 20, blue 30.
PIXEL = np.array([[[[10, 20, 30]]]], np.uint8)


def seen(name: str, image: np.ndarray) -> np.ndarray:
    """The preprocessed image."""
    return np.asarray(preprocess(name, image).numpy())


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
def test_one_pixel(name, expected):
    """Channel means are taken from blue, green, red in that order, and the order is turned."""
    found = seen(name, PIXEL)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0, 0, 0], expected, rtol=1e-6)


def test_every_preprocessing_is_tested():
    """A new one needs a line above."""
    assert set(PREPROCESSINGS) == {"unit", "centered", "vggface1", "vggface2", "imagenet-caffe"}


def test_the_ends_of_the_scale():
    """Levels 0 and 255 are the ends of both scales."""
    ends = np.array([[[[0], [255]]]], np.uint8)
    assert seen("unit", ends).ravel().tolist() == [0.0, 1.0]
    assert seen("centered", ends).ravel().tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("name", ["vggface1", "vggface2", "imagenet-caffe"])
def test_channel_means_need_colour(name):
    """Grey images have no blue mean."""
    with pytest.raises(DataError, match=f"'{name}' needs 3 channels; got 1"):
        preprocess(name, np.zeros((1, 2, 2, 1), np.uint8))
