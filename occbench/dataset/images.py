"""Image files to arrays and back: the only place that knows codecs and colour orders.

Arrays are uint8: grey ``(H, W)``, RGB ``(H, W, 3)`` or RGBA ``(H, W, 4)``. Pixels are taken
as they are stored: an EXIF orientation is not applied, because the landmarks of face data
sets, and the loaders of Keras and TensorFlow, count stored pixels.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from occbench.errors import DataError
from occbench.occluders.paint import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
FORMATS = ("png", "jpg")

# Broken files are reported by name; OpenCV's own messages name none.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def is_image(path: Path) -> bool:
    """Whether a file's ending is that of an image format which is read."""
    return path.suffix.lower() in SUFFIXES


def read_image(path: str | Path) -> Image:
    """The pixels of an image file, in the channels it has.

    Raises:
        DataError: empty, cut off or no image; the file is named.
        OSError: the file cannot be read.
    """
    return decode_image(Path(path).read_bytes(), str(path))


def decode_image(data: bytes, name: str) -> Image:
    """The pixels of an encoded image, in the channels it has.

    16-bit levels are scaled to 8 bits with rounding; CMYK becomes RGB as the codec does it.

    Raises:
        DataError: empty, cut off or no image; ``name`` tells which.
    """
    if not data:
        raise DataError(f"'{name}' is empty (0 bytes).")
    if _is_cut_jpeg(data):
        raise DataError(f"'{name}' is cut off: its JPEG data has no end ({len(data)} bytes).")
    try:
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise DataError(f"'{name}' cannot be decoded: {error.err}.") from error
    if stored is None:
        raise DataError(f"'{name}' is damaged or no image ({len(data)} bytes).")
    return _from_opencv(stored, name)


def encode_image(image: Image, form: str, quality: int) -> bytes:
    """An image as the bytes of a ``png`` or ``jpg`` file.

    ``quality`` is the JPEG quality, 1..100, with 4:2:0 colour; transparency is dropped in
    JPEG. PNG is lossless.

    Raises:
        DataError: the codec refuses the image.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if form == "jpg" else []
    try:
        done, data = cv2.imencode(f".{form}", _to_opencv(image), options)
    except cv2.error as error:
        raise DataError(
            f"An image of the shape {image.shape} cannot be encoded: {error.err}."
        ) from error
    if not done:
        raise DataError(f"An image of the shape {image.shape} cannot be encoded as {form}.")
    return data.tobytes()


def as_rgb(image: Image) -> Image:
    """An image as RGB ``(H, W, 3)``: grey is repeated, transparency dropped."""
    if image.ndim == 2:
        return np.repeat(image[:, :, None], 3, axis=2)
    return np.ascontiguousarray(image[:, :, :3])


def size_of(image: Image) -> tuple[int, int]:
    """The (width, height) of an image."""
    return image.shape[1], image.shape[0]


def _is_cut_jpeg(data: bytes) -> bool:
    """Whether a JPEG's last scan lacks the end marker; embedded previews are stepped over."""
    if not data.startswith(b"\xff\xd8"):
        return False
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xDA:
            return data.rfind(b"\xff\xd9") < position
        position += 1 if marker == 0xFF else 2 + int.from_bytes(data[position + 2 : position + 4])
    return True


def _from_opencv(stored: np.ndarray, name: str) -> Image:
    if stored.dtype == np.uint16:
        stored = ((stored.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    if stored.dtype != np.uint8:
        raise DataError(f"'{name}' has the sample type {stored.dtype}; expected 8 or 16 bits.")
    if stored.ndim == 2:
        return stored
    if stored.shape[2] == 3:
        return cv2.cvtColor(stored, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
    if stored.shape[2] == 4:
        return cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA).astype(np.uint8, copy=False)
    raise DataError(f"'{name}' has {stored.shape[2]} channels; expected 1, 3 or 4.")


def _to_opencv(image: Image) -> np.ndarray:
    if image.ndim == 2:
        return image
    return cv2.cvtColor(image, cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
