"""Image files to arrays and back, against files that other programs wrote."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from occbench.dataset.images import (
    as_rgb,
    decode_image,
    encode_image,
    is_image,
    read_image,
    size_of,
)
from occbench.errors import DataError

GOLDEN = Path(__file__).parents[1] / "golden" / "images"
_SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda size: st.sampled_from([size, (*size, 3), (*size, 4)])
)


def ramp(height: int = 12, width: int = 16) -> np.ndarray:
    """The picture of ``tests/golden/make_images.py``: red to the right, green downwards."""
    rows = [[(16 * x % 256, 20 * y % 256, 90) for x in range(width)] for y in range(height)]
    return np.array(rows, np.uint8)


def bmp(image: np.ndarray) -> bytes:
    """A 24-bit Windows bitmap, written byte by byte: blue first and the last row first."""
    height, width, _ = image.shape
    rows = b"".join(
        b"".join(bytes((b, g, r)) for r, g, b in row) + bytes(-3 * width % 4)
        for row in reversed(image.tolist())
    )
    sizes = (40).to_bytes(4, "little") + width.to_bytes(4, "little") + height.to_bytes(4, "little")
    head = sizes + b"\1\0\x18\0" + bytes(4) + len(rows).to_bytes(4, "little") + bytes(16)
    start = b"BM" + (54 + len(rows)).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    return start + head + rows


def sampling(jpeg: bytes) -> list[int]:
    """The sampling factors of a JPEG's components, from its frame header."""
    at = max(jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2"))
    return [jpeg[at + 11 + 3 * component] for component in range(jpeg[at + 9])]


@pytest.mark.parametrize(("height", "width"), [(12, 16), (1, 1), (5, 7)])
def test_colours_and_rows_come_in_order(height, width):
    """A bitmap written by hand: red is red, and the top row is on top."""
    image = ramp(height, width)

    assert (decode_image(bmp(image), "hand.bmp") == image).all()


@pytest.mark.parametrize("name", ["progressive.jpg", "exif_turned.jpg", "cmyk.jpg"])
def test_jpegs_of_another_writer_are_read_to_a_few_levels(name):
    """Progressive, with an orientation that is not applied, and CMYK turned into RGB."""
    image = read_image(GOLDEN / name)

    assert image.shape == (12, 16, 3)
    assert np.abs(image.astype(int) - ramp()).max() <= 8


def test_an_orientation_is_not_applied():
    """Landmarks count stored pixels: the picture stays 16 wide and 12 high."""
    assert (read_image(GOLDEN / "exif_turned.webp") == ramp()).all()
    assert b"Exif" in (GOLDEN / "exif_turned.jpg").read_bytes()
    assert size_of(read_image(GOLDEN / "exif_turned.jpg")) == (16, 12)


def test_a_palette_becomes_colours():
    """Four colours in blocks of six rows and eight columns."""
    expected = ramp()[::6, ::8].repeat(6, axis=0).repeat(8, axis=1)

    assert (read_image(GOLDEN / "palette.png") == expected).all()


def test_one_bit_becomes_black_and_white_grey():
    """The right half is white."""
    expected = [[0] * 8 + [255] * 8] * 12

    assert read_image(GOLDEN / "one_bit.png").tolist() == expected


def test_grey_with_transparency_becomes_rgba():
    """Three equal levels and the alpha that was stored."""
    image = read_image(GOLDEN / "grey_alpha.png")

    assert (image == np.dstack([ramp()[..., 0]] * 3 + [np.full((12, 16), 128)])).all()


def test_sixteen_bits_of_another_writer_are_scaled():
    """Level 250 k of 65,535 is 250 k / 257 of 255."""
    expected = np.rint(ramp()[..., 0] * 250.0 / 257).astype(int)

    assert (read_image(GOLDEN / "sixteen_bit.png") == expected).all()


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_every_sixteen_bit_level_is_rounded_to_the_nearest(channels):
    """0 stays 0 and 65,535 becomes 255; in between the error is half a level at most."""
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    stored = np.stack([levels] * channels[0], axis=-1) if channels else levels

    image = decode_image(cv2.imencode(".png", stored)[1].tobytes(), "deep.png")

    expected = np.floor(levels.astype(np.float64) / 257 + 0.5)
    assert (image.reshape(256, 256, -1) == expected[..., None]).all()


def test_floating_point_pixels_are_refused_by_name():
    """Their range is anybody's guess."""
    with pytest.raises(DataError, match=r"float\.tif' has the sample type float32"):
        read_image(GOLDEN / "float.tif")


@pytest.mark.parametrize("form", ["png", "bmp", "webp", "tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_lossless_formats_are_read_exactly(form, channels, tmp_path):
    """OpenCV writes BGR; RGB comes back. A grey WebP is stored as colour."""
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, channels), np.uint8)
    swapped = pixels[..., [2, 1, 0, 3][:channels]] if channels > 1 else pixels
    options = [cv2.IMWRITE_WEBP_QUALITY, 101] if form == "webp" else []
    path = tmp_path / f"x.{form}"
    path.write_bytes(cv2.imencode(f".{form}", swapped, options)[1].tobytes())

    image = read_image(path)

    if channels == 1:
        image, pixels = as_rgb(image), pixels.repeat(3, axis=2)
    assert image.shape == pixels.shape
    assert (image == pixels).all()


@given(image=hnp.arrays(np.uint8, _SHAPES))
def test_png_keeps_every_bit(image):
    """Grey, RGB and RGBA of any size come back as they were."""
    again = decode_image(encode_image(image, "png", 90), "x.png")

    assert again.shape == image.shape
    assert (again == image).all()


def test_png_holds_what_another_reader_sees():
    """OpenCV's own reader finds blue first."""
    stored = cv2.imdecode(np.frombuffer(encode_image(ramp(), "png", 1), np.uint8), -1)

    assert (stored[..., ::-1] == ramp()).all()


def test_jpeg_quality_is_respected():
    """More quality, more bytes and less error, with colour at half resolution."""
    smooth = cv2.GaussianBlur(
        np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8), (9, 9), 3
    )
    coded = [encode_image(smooth, "jpg", quality) for quality in (10, 50, 90, 100)]
    errors = [
        float(np.abs(decode_image(data, "x.jpg").astype(int) - smooth).mean()) for data in coded
    ]

    assert [len(data) for data in coded] == sorted({len(data) for data in coded})
    assert errors == sorted(errors, reverse=True)
    assert all(sampling(data) == [0x22, 0x11, 0x11] for data in coded)


def test_jpeg_keeps_grey_grey_and_drops_transparency():
    """RGBA is coded like its RGB."""
    clear = np.dstack([ramp(), np.full((12, 16), 7, np.uint8)])

    assert decode_image(encode_image(ramp()[..., 0], "jpg", 95), "x").shape == (12, 16)
    assert encode_image(clear, "jpg", 95) == encode_image(ramp(), "jpg", 95)


def _coded(form: str, channels: tuple[int, ...]) -> bytes:
    pixels = np.random.default_rng(3).integers(0, 256, (48, 64, *channels), np.uint8)
    return encode_image(pixels, form, 90)


CUT = {
    "grey.jpg": _coded("jpg", ()),
    "colour.jpg": _coded("jpg", (3,)),
    "grey.png": _coded("png", ()),
    "colour.png": _coded("png", (3,)),
    "clear.png": _coded("png", (4,)),
    "progressive.jpg": (GOLDEN / "progressive.jpg").read_bytes(),
    "exif.jpg": (GOLDEN / "exif_turned.jpg").read_bytes(),
    "palette.png": (GOLDEN / "palette.png").read_bytes(),
}


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("tenths", range(11))
def test_a_file_cut_at_any_tenth_is_refused_by_name(name, tenths, tmp_path):
    """From nothing at all to one byte short of the whole."""
    data, path = CUT[name], tmp_path / name
    path.write_bytes(data)
    assert read_image(path).size

    path.write_bytes(data[: min(len(data) * tenths // 10, len(data) - 1)])
    with pytest.raises(DataError) as caught:
        read_image(path)

    assert f"'{path}'" in str(caught.value)


def test_a_whole_preview_does_not_hide_a_cut_picture():
    """A camera's JPEG holds a small JPEG with an end of its own, before the picture."""
    preview, picture = encode_image(ramp(), "jpg", 50), CUT["colour.jpg"]
    segment = b"\xff\xe1" + (2 + len(preview)).to_bytes(2, "big") + preview
    whole = picture[:2] + segment + picture[2:]

    assert decode_image(whole, "camera.jpg").shape == (48, 64, 3)
    with pytest.raises(DataError, match=r"camera\.jpg' is cut off"):
        decode_image(whole[: len(whole) * 2 // 3], "camera.jpg")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"<html>404</html>", "no image"),
        (b"GIF89a", "no image"),
        (b"\xff\xd8", "cut off"),
        (b"\x89PNG\r\n\x1a\n", "no image"),
        (bytes(999), "no image"),
    ],
)
def test_what_is_no_image_is_refused_by_name(data, reason, tmp_path):
    """Zero bytes, an error page, a magic number alone."""
    path = tmp_path / "face.jpg"
    path.write_bytes(data)

    with pytest.raises(DataError, match=rf"face\.jpg' .*{reason}"):
        read_image(path)


@pytest.mark.parametrize("name", ["日本 ü.png", "a'b\n.png", "x" * 200 + ".png"])
def test_names_may_hold_anything(name, tmp_path):
    """OpenCV never sees the name."""
    (tmp_path / name).write_bytes(encode_image(ramp(), "png", 1))

    assert (read_image(tmp_path / name) == ramp()).all()


def test_a_missing_file_is_an_os_error(tmp_path):
    """The caller decides what that means."""
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png")


@pytest.mark.parametrize("shape", [(0, 4), (0, 4, 3)])
def test_an_image_without_pixels_cannot_be_encoded(shape):
    """The codec's refusal becomes a sentence with the shape."""
    with pytest.raises(DataError, match=r"shape \(0, 4"):
        encode_image(np.zeros(shape, np.uint8), "png", 90)


def test_as_rgb_repeats_grey_and_drops_transparency():
    """The result lies in memory as codecs want it."""
    clear = np.dstack([ramp(), ramp()[..., 0]])

    assert (as_rgb(ramp()[..., 0]) == np.dstack([ramp()[..., 0]] * 3)).all()
    assert (as_rgb(clear) == ramp()).all()
    assert as_rgb(clear).flags.c_contiguous


def test_endings_tell_images_in_any_case():
    """Only what can be read counts."""
    assert [is_image(Path(name)) for name in ("a.JPG", "b/c.jpeg", "d.Png", "e.tiff")] == [True] * 4
    assert not any(is_image(Path(name)) for name in ("a.gif", "jpg", "a.jpg.txt", ".png"))
