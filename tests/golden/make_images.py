"""Writes the image files of ``tests/golden/images`` with Pillow, a writer independent of OpenCV.

Run ``python tests/golden/make_images.py`` (needs Pillow 10 or newer) and review the difference.
The pictures are 16 pixels wide and 12 high and drawn from one formula, which
``tests/dataset/test_images.py`` computes again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent / "images"


def ramp() -> np.ndarray:
    """Red grows to the right, green downwards, blue stays."""
    y, x = np.mgrid[0:12, 0:16]
    return np.stack([x * 16, y * 20, np.full_like(x, 90)], axis=-1).astype(np.uint8)


def main() -> None:
    """Writes all files."""
    FOLDER.mkdir(exist_ok=True)
    colour = Image.fromarray(ramp())
    grey = Image.fromarray(ramp()[..., 0])
    colour.convert("CMYK").save(FOLDER / "cmyk.jpg", quality=95, subsampling=0)
    flat = Image.fromarray(np.repeat(np.repeat(ramp()[::6, ::8], 6, 0), 8, 1))
    flat.quantize(4).save(FOLDER / "palette.png")
    grey.point(lambda level: 255 * (level >= 128)).convert("1").save(FOLDER / "one_bit.png")
    colour.save(FOLDER / "progressive.jpg", quality=95, subsampling=0, progressive=True)
    turned = Image.Exif()
    turned[0x0112] = 6
    colour.save(FOLDER / "exif_turned.jpg", quality=95, subsampling=0, exif=turned)
    colour.save(FOLDER / "exif_turned.webp", lossless=True, exif=turned)
    Image.merge("LA", [grey, Image.new("L", grey.size, 128)]).save(FOLDER / "grey_alpha.png")
    Image.fromarray(ramp()[..., 0].astype(np.uint16) * 250).save(FOLDER / "sixteen_bit.png")
    Image.fromarray(ramp()[..., 0].astype(np.float32)).save(FOLDER / "float.tif")


if __name__ == "__main__":
    main()
