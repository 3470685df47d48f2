"""The one fill that is drawn by chance."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from occbench.geometry.polygon import EMPTY, Region
from occbench.occluders.paint import paint

ALL = Region((np.array([[-1, -1], [999, -1], [999, 999], [-1, 999]]),))
BOX = Region((np.array([[2, 1], [6, 1], [6, 3], [2, 3]]),))


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_the_same_seed_gives_the_same_bytes(channels):
    """Whatever lies below the noise."""
    dark, light = (np.full((40, 50, *channels), level, np.uint8) for level in (0, 255))

    assert (
        paint(dark, ALL, "noise", seed=7).tobytes() == paint(light, ALL, "noise", seed=7).tobytes()
    )


@pytest.mark.parametrize("other", [0, 2, 10, 2**64 + 1])
def test_another_seed_gives_other_noise(other):
    """Nearly all levels differ: 255 of 256 on average."""
    image = np.zeros((60, 60, 3), np.uint8)

    one, two = paint(image, ALL, "noise", seed=1), paint(image, ALL, "noise", seed=other)

    assert (one != two).mean() > 0.98


def test_levels_are_uniform_by_a_chi_square_test():
    """255 degrees of freedom: 99.9 % of uniform samples lie below 330."""
    image = np.zeros((200, 200, 3), np.uint8)

    levels = paint(image, ALL, "noise", seed=11)

    expected = levels.size / 256
    counts = np.bincount(levels.ravel(), minlength=256)
    assert 180 < ((counts - expected) ** 2 / expected).sum() < 330


def test_channels_and_neighbours_are_independent():
    """The correlation of 40,000 independent pairs stays within four standard errors."""
    noise = paint(np.zeros((200, 200, 3), np.uint8), ALL, "noise", seed=12).astype(float)
    red, green = noise[..., 0].ravel(), noise[..., 1].ravel()

    assert abs(np.corrcoef(red, green)[0, 1]) < 4 / 200
    assert abs(np.corrcoef(red[1:], red[:-1])[0, 1]) < 4 / 200


def test_noise_is_the_shake_256_stream_of_the_seed_in_reading_order():
    """The published function on the seed's digits, laid out row by row, pixel by pixel."""
    painted = paint(np.zeros((5, 9, 3), np.uint8), BOX, "noise", seed=42)

    stream = hashlib.shake_256(b"42").digest(5 * 3 * 3)
    assert painted[1:4, 2:7].tobytes() == stream


def test_the_bytes_of_one_picture_are_pinned():
    """A change here changes every occluded data set that was drawn before."""
    image = np.arange(12 * 16 * 3, dtype=np.uint16).astype(np.uint8).reshape(12, 16, 3)

    digest = hashlib.sha256(paint(image, BOX, "noise", seed=2024).tobytes()).hexdigest()

    assert digest == "3b2079fb232ea718d050192d820ff0b4594e6ef5a160d05b072c3ed7bab0573b"


def test_noise_makes_transparent_pixels_opaque_and_leaves_alpha_out_of_the_draw():
    """RGB and RGBA get the same colours."""
    clear = np.zeros((5, 9, 4), np.uint8)

    painted = paint(clear, BOX, "noise", seed=42)

    assert (painted[1:4, 2:7, 3] == 255).all()
    assert (painted[..., :3] == paint(clear[..., :3], BOX, "noise", seed=42)).all()
    assert painted[..., 3].sum() == 15 * 255


def test_noise_on_nothing_is_nothing():
    """The empty region draws no byte."""
    image = np.full((3, 3), 9, np.uint8)

    assert (paint(image, EMPTY, "noise", seed=1) == 9).all()
