"""Random numbers that depend on their key alone, not on what was drawn before."""

import hashlib
import random

import numpy as np
import numpy.typing as npt


def _digest(*key: object) -> int:
    text = "\x1f".join(str(part) for part in key)
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def random_for(*key: object) -> random.Random:
    """Gives the generator that belongs to a key.

    Args:
        *key: Integers and strings; equal keys give equal sequences on every run.

    Returns:
        A generator of its own, seeded with the SHA-256 digest of the key.
    """
    return random.Random(_digest(*key))  # noqa: S311


def noise_for(*key: object, count: int) -> npt.NDArray[np.float32]:
    """Gives nearly normal noise that belongs to a key.

    The sum of four bytes of PCG64's raw output is used, because NumPy promises a stable stream
    for the raw output only.

    Args:
        *key: Integers and strings; equal keys give equal noise.
        count: How many values.

    Returns:
        Shape ``(count,)``, float32, mean 0 and standard deviation 1.
    """
    words = np.random.PCG64(_digest(*key)).random_raw((count + 1) // 2)
    first, second, third, fourth = words.astype("<u8").view(np.uint8).reshape(4, -1)[:, :count]
    total = np.add(first, second, dtype=np.int16) + np.add(third, fourth, dtype=np.int16)
    # A uniform byte has mean 127.5 and variance (256**2 - 1) / 12.
    centred = total.astype(np.float32) - np.float32(4 * 127.5)
    return np.asarray(centred / np.float32(np.sqrt(4 * (256**2 - 1) / 12)), dtype=np.float32)
