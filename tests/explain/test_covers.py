"""Patches of an exact number of pixels, and the grey that covers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.explain.covers import block, mean_fill, random_patch


@given(data=st.data(), width=st.integers(1, 30), height=st.integers(1, 30))
def test_a_random_patch_has_exactly_so_many_pixels(data, width, height):
    """In one compact piece: its bounding box holds less than one row more than it."""
    pixels = data.draw(st.integers(1, width * height))
    mask = random_patch(pixels, (width, height), data.draw(st.text(max_size=5))).mask(
        (width, height)
    )
    assert mask.sum() == pixels
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert len(rows) * len(columns) - pixels < len(columns)
    assert (np.diff(rows) == 1).all()


def test_the_key_alone_decides_the_place():
    """The same key twice is the same place; many keys reach every place there is."""
    places = {
        tuple(np.argwhere(random_patch(4, (5, 4), f"face{n} mouth").mask((5, 4)))[0].tolist())
        for n in range(300)
    }
    assert places == {(y, x) for y in range(3) for x in range(4)}
    one, again = (random_patch(9, (48, 48), "f7 eyes").mask((48, 48)) for _ in range(2))
    assert np.array_equal(one, again)


@pytest.mark.parametrize("pixels", [0, 21])
def test_a_patch_must_fit(pixels):
    """Neither nothing nor more than the image."""
    with pytest.raises(ValueError, match=f"Expected 1 to 20 pixels. Received: pixels={pixels}"):
        random_patch(pixels, (5, 4), "any")


def test_a_block_covers_its_rectangle():
    """Columns 2 to 4 and rows 1 to 2."""
    expected = np.zeros((5, 6), bool)
    expected[1:3, 2:5] = True
    assert np.array_equal(block(2, 1, 3, 2).mask((6, 5)), expected)
    assert block(3, 3, 1, 1).mask((6, 5)).sum() == 1


def test_the_cover_has_the_mean_colour():
    """Rounded, channel by channel; grey counts for all three."""
    grey = np.array([[0, 255], [10, 10]], np.uint8)
    assert mean_fill(grey) == (69, 69, 69)
    assert mean_fill(grey[..., None]) == (69, 69, 69)
    colour = np.zeros((2, 2, 3), np.uint8)
    colour[0, 0] = 255, 100, 3
    assert mean_fill(colour) == (64, 25, 1)
