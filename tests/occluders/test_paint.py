"""The painter covers exactly the region and nothing else."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.geometry.polygon import EMPTY, Region
from occbench.occluders.paint import paint
from tests.faces import turned

SHAPES = [(), (3,), (4,)]
KINDS = ["grey", "RGB", "RGBA"]
_UNIT = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
_FILLS = st.sampled_from(["black", "mean", "noise", (10, 200, 30), (255, 255, 255)])


def picture(height: int, width: int, channels: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Random pixels, none of them black, so that painting shows."""
    return np.random.default_rng(seed).integers(1, 256, (height, width, *channels), np.uint8)


@st.composite
def regions(draw) -> Region:
    """One to three turned rectangles in and around a small image."""
    polygons = []
    for _ in range(draw(st.integers(0, 3))):
        sides = draw(st.tuples(st.floats(0.5, 30), st.floats(0.5, 30)))
        centre = draw(st.tuples(st.floats(-10, 40), st.floats(-10, 40)))
        polygons.append(turned(_UNIT * sides, draw(st.floats(-4, 4))) + centre)
    return Region(tuple(polygons))


@st.composite
def pictures(draw) -> np.ndarray:
    """Small pictures of every kind."""
    height, width = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    return picture(height, width, draw(st.sampled_from(SHAPES)), draw(st.integers(0, 999)))


@given(image=pictures(), region=regions(), fill=_FILLS)
def test_pixels_outside_the_region_keep_every_bit(image, region, fill):
    """Whatever the fill, only the mask changes, and the input not at all."""
    before = image.copy()
    outside = ~region.mask((image.shape[1], image.shape[0]))

    painted = paint(image, region, fill, seed=3)

    assert (painted[outside] == before[outside]).all()
    assert (image == before).all()
    assert painted.dtype == np.uint8
    assert painted.shape == image.shape
    assert not np.shares_memory(painted, image)


@given(image=pictures(), region=regions())
def test_black_covers_exactly_the_mask(image, region):
    """Every colour level inside is 0, and transparency inside is gone."""
    inside = region.mask((image.shape[1], image.shape[0]))
    expected = image.copy()
    expected[inside] = (0, 0, 0, 255) if image.shape[2:] == (4,) else 0

    assert (paint(image, region) == expected).all()


@given(image=pictures(), region=regions())
def test_mean_is_the_mean_of_the_visible_pixels(image, region):
    """The mean of each channel in whole fractions, rounded, without the covered pixels."""
    inside = region.mask((image.shape[1], image.shape[0]))
    rows = image.reshape(*image.shape[:2], -1).tolist()
    visible = [
        pixel
        for row, covered in zip(rows, inside.tolist(), strict=True)
        for pixel, hidden in zip(row, covered, strict=True)
        if not hidden
    ]
    colours = min(len(rows[0][0]), 3)
    expected = [
        round(Fraction(sum(pixel[c] for pixel in visible), len(visible))) if visible else 0
        for c in range(colours)
    ] + [255] * (len(rows[0][0]) - colours)

    painted = paint(image, region, "mean").reshape(*image.shape[:2], -1)

    assert (painted[inside] == expected).all()


@pytest.mark.parametrize("channels", SHAPES, ids=KINDS)
def test_a_colour_is_painted_as_it_is_and_as_luma_in_grey(channels):
    """0.299 * 200 + 0.587 * 100 + 0.114 * 50 is 124.2."""
    image = picture(6, 7, channels)
    square = Region((_UNIT * 2.5 + 3,))

    painted = paint(image, square, (200, 100, 50))

    expected = {(): 124, (3,): (200, 100, 50), (4,): (200, 100, 50, 255)}[channels]
    assert (painted[2:5, 2:5] == expected).all()


@pytest.mark.parametrize("level", [0, 1, 77, 128, 254, 255])
def test_a_grey_colour_stays_that_grey_in_a_grey_image(level):
    """The weights of luma sum to one, without losing a level to rounding."""
    painted = paint(picture(3, 3, ()), Region((_UNIT * 9,)), (level, level, level))

    assert (painted == level).all()


@pytest.mark.parametrize("fill", ["black", "mean", "noise", (1, 2, 3)])
@pytest.mark.parametrize("channels", SHAPES, ids=KINDS)
def test_a_region_over_everything_covers_everything(fill, channels):
    """The mean of no visible pixel is black."""
    image = picture(5, 8, channels)
    painted = paint(image, Region((_UNIT * 99,)), fill)

    if fill == "mean":
        assert (painted == paint(image, Region((_UNIT * 99,)), "black")).all()
    if channels == (4,):
        assert (painted[..., 3] == 255).all()
    assert (painted != image).mean() > 0.9


@pytest.mark.parametrize("fill", ["black", "mean", "noise", (1, 2, 3)])
@pytest.mark.parametrize("channels", SHAPES, ids=KINDS)
def test_the_empty_region_gives_an_equal_copy(fill, channels):
    """Nothing is covered, and the copy is the caller's own."""
    image = picture(5, 8, channels)
    painted = paint(image, EMPTY, fill)

    assert (painted == image).all()
    assert not np.shares_memory(painted, image)


@pytest.mark.parametrize("fill", ["black", "mean", "noise", (9, 9, 9)])
@pytest.mark.parametrize("channels", SHAPES, ids=KINDS)
def test_one_pixel_images_are_painted(fill, channels):
    """The smallest image, covered and not."""
    image = picture(1, 1, channels)

    assert (paint(image, Region((_UNIT + 5,)), fill) == image).all()
    covered = paint(image, Region((_UNIT,)), fill, seed=1)
    assert covered.shape == image.shape
    if fill in ("black", "mean"):
        assert (covered.reshape(-1)[:3] == 0).all()


@pytest.mark.parametrize(
    "view",
    [
        lambda image: image[:, ::-1],
        lambda image: image[::-2, 1::3],
        lambda image: np.asfortranarray(image),
        lambda image: image.swapaxes(0, 1),
        lambda image: image[..., ::-1],
    ],
    ids=["mirrored", "strided", "Fortran order", "turned", "BGR view"],
)
@pytest.mark.parametrize("fill", ["black", "mean", "noise", (5, 6, 7)])
def test_views_are_painted_like_their_copies(view, fill):
    """The order in memory does not matter, and the viewed array stays as it was."""
    base = picture(30, 33, (3,))
    before = base.copy()
    image = view(base)
    region = Region((turned(_UNIT * (12, 7), 0.4) + np.array([9, 8]),))

    painted = paint(image, region, fill, seed=2)

    assert (painted == paint(np.ascontiguousarray(image), region, fill, seed=2)).all()
    assert (base == before).all()


def test_a_read_only_image_is_painted_into_a_writable_copy():
    """Memory-mapped pixels are read-only."""
    image = picture(9, 9, (3,))
    image.flags.writeable = False

    painted = paint(image, Region((_UNIT * 5 + 4,)))
    painted[0, 0] = 0

    assert (painted[4, 4] == 0).all()


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint16, np.int64, np.float32, np.float64])
def test_other_dtypes_are_refused(dtype):
    """Levels that are no bytes are never guessed at."""
    with pytest.raises(ValueError, match=f"dtype={np.dtype(dtype)}"):
        paint(np.zeros((4, 4, 3), dtype), EMPTY)


@pytest.mark.parametrize(
    "shape", [(), (4,), (4, 4, 2), (4, 4, 5), (2, 4, 4, 3), (0, 4, 3), (4, 0), (3, 9, 8), (4, 4, 0)]
)
def test_other_shapes_are_refused_and_named(shape):
    """Stacks of images, channels first and images without pixels."""
    with pytest.raises(ValueError, match="Received: ") as caught:
        paint(np.zeros(shape, np.uint8), EMPTY)

    assert f"shape={shape}" in str(caught.value)


@pytest.mark.parametrize("region", [EMPTY, Region((_UNIT * 5,))], ids=["empty", "some"])
@pytest.mark.parametrize("fill", ["grey", "", None, 0, [0, 0, 0], (0, 0), (0, 0, 256), (-1, 0, 0)])
def test_other_fills_are_refused_whether_or_not_something_is_covered(fill, region):
    """A wrong fill does not wait for the first face it shows on."""
    with pytest.raises(ValueError, match=r"fill|bytes|unpack"):
        paint(picture(4, 4, (3,)), region, fill)
