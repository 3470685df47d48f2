"""Images in a square: the image is centred, and landmarks move along to a fraction of a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from occbench.dataset.pixels import fitted


def disc(width, height, centre, radius=6.0):
    """A white disc with a soft edge on black, drawn from the formula of its distance."""
    y, x = np.mgrid[:height, :width]
    away = np.hypot(x - centre[0], y - centre[1])
    return (255 * np.clip(radius + 0.5 - away, 0, 1)).round().astype(np.uint8)


def middle(image):
    """The centre of brightness (x, y) of a grey image."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return (image * x).sum() / image.sum(), (image * y).sum() / image.sum()


@pytest.mark.parametrize("spot", [(10.0, 11.0), (14.5, 20.25)])
@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(48, 32, 24), (32, 48, 96), (40, 40, 40), (60, 30, 44), (30, 60, 100), (41, 33, 82)],
)
def test_a_landmark_stays_on_what_it_marks(width, height, size, spot):
    """A disc drawn at a point is found, in the square, where the point went.

    A mapping that forgot the half pixel would be off by 0.13 pixels or more where it scales.
    """
    square, (across, down, x, y) = fitted(disc(width, height, spot), size, 1)
    moved = across * spot[0] + x, down * spot[1] + y
    assert middle(square) == pytest.approx(moved, abs=0.06)
    assert (across if width > height else down) == size / max(width, height)


@pytest.mark.parametrize("spot", [(10.0, 9.0), (50.0, 21.0), (30.0, 15.0)])
def test_a_side_that_cannot_be_scaled_exactly_has_a_scale_of_its_own(spot):
    """30 pixels at 3/4 would be 22.5, so the image is a little flatter, and so its landmarks."""
    square, (across, down, x, y) = fitted(disc(60, 30, spot), 45, 1)
    assert (across, down) == (3 / 4, 22 / 30)
    moved = across * spot[0] + x, down * spot[1] + y
    assert middle(square) == pytest.approx(moved, abs=0.06)


@pytest.mark.parametrize(
    ("shape", "size", "placed"),
    [
        ((4, 4), 4, (1, 1, 0, 0)),
        # Doubled, the first pixel covers two whose middle is 0.5; two rows of black above.
        ((2, 4), 8, (2, 2, 0.5, 2.5)),
        ((4, 2), 8, (2, 2, 2.5, 0.5)),
        # Halved, the middle of the first two pixels, 0.5, is the new 0; one row above.
        ((4, 8), 4, (0.5, 0.5, -0.25, 0.75)),
        # One row of black is left over; it lies below.
        ((3, 4), 4, (1, 1, 0, 0)),
    ],
)
def test_where_pixel_centres_go(shape, size, placed):
    """Scale and shift by hand, from the edges of the image to the edges of its place."""
    assert fitted(np.ones(shape, np.uint8), size, 1)[1] == placed


def test_the_image_is_in_the_middle_of_black():
    """The stored pixels stand between black rows; what does not divide goes below."""
    image = np.arange(1, 19, dtype=np.uint8).reshape(3, 6)
    square, _ = fitted(image, 6, 1)
    assert square.shape == (6, 6)
    np.testing.assert_array_equal(square[1:4], image)
    assert square[[0, 4, 5]].max() == 0
    turned, _ = fitted(image.T, 6, 1)
    np.testing.assert_array_equal(turned, square.T)


def test_an_even_image_stays_even():
    """No edge darkens or rings, whichever way it is scaled."""
    for size in (24, 40, 100):
        square, _ = fitted(np.full((40, 40), 77, np.uint8), size, 3)
        assert (square == 77).all()


def test_a_line_of_pixels_is_still_seen():
    """An image a hundred times as wide as high has a row in the square."""
    square, _ = fitted(np.full((2, 400), 255, np.uint8), 20, 1)
    assert (square.max(axis=1) > 0).sum() == 1


def test_grey_and_colour():
    """Grey is repeated; colour becomes 0.299 R + 0.587 G + 0.114 B; transparency is dropped."""
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (8, 8, 4), dtype=np.uint8)
    luma = colour[..., :3] @ (0.299, 0.587, 0.114)
    for image in (colour, colour[..., :3]):
        np.testing.assert_allclose(fitted(image, 8, 1)[0], luma, atol=0.51)
        np.testing.assert_array_equal(fitted(image, 8, 3)[0], colour[..., :3])
    grey = colour[..., 0]
    np.testing.assert_array_equal(fitted(grey, 8, 1)[0], grey)
    np.testing.assert_array_equal(fitted(grey, 8, 3)[0], np.dstack([grey] * 3))
