"""Smooth curves through points, and the outlines made of them."""

from functools import cache

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

# Catmull and Rom (1974): weights of four neighbouring points for the powers 0 to 3.
_BASIS = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2


def _span_weights(samples: int) -> Points:
    t = np.arange(samples) / samples
    return np.asarray(np.stack([t**power for power in range(4)], axis=1) @ _BASIS)


@cache
def _line_weights(count: int, samples: int) -> Points:
    # One more point at each end continues the line straight on.
    padded = np.zeros((count + 2, count))
    padded[1:-1] = np.eye(count)
    padded[0, :2] = padded[-1, :-3:-1] = (2, -1)
    spans = [_span_weights(samples) @ padded[i : i + 4] for i in range(count - 1)]
    return np.concatenate([*spans, padded[-2:-1]])


@cache
def _loop_weights(count: int, samples: int) -> Points:
    own = np.eye(count)
    around = [[(i + step) % count for step in (-1, 0, 1, 2)] for i in range(count)]
    return np.concatenate([_span_weights(samples) @ own[four] for four in around])


def smooth_line(points: npt.ArrayLike, samples: int = 6) -> Points:
    """Gives a curve that runs through every point.

    Args:
        points: Shape ``(n, 2)``, at least two points.
        samples: Points per span.

    Returns:
        Shape ``((n - 1) * samples + 1, 2)``, float64; holds the given points.
    """
    p = np.asarray(points, dtype=np.float64)
    return np.asarray(np.einsum("mn,nd->md", _line_weights(len(p), samples), p))


def smooth_loop(points: npt.ArrayLike, samples: int = 5) -> Points:
    """Gives a closed curve that runs through every point.

    Args:
        points: Shape ``(n, 2)``, at least three points.
        samples: Points per span.

    Returns:
        Shape ``(n * samples, 2)``, float64; the last span returns to the first point.
    """
    p = np.asarray(points, dtype=np.float64)
    return np.asarray(np.einsum("mn,nd->md", _loop_weights(len(p), samples), p))


def resample(points: npt.ArrayLike, count: int) -> Points:
    """Gives a smooth curve through points with a fixed number of samples.

    Args:
        points: Shape ``(n, 2)``, at least two points.
        count: Number of samples, evenly spaced along the curve.

    Returns:
        Shape ``(count, 2)``, float64.
    """
    curve = smooth_line(points, 8)
    steps = np.hypot(*np.diff(curve, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0.0, along[-1], count)
    return np.stack([np.interp(wanted, along, curve[:, i]) for i in range(2)], axis=1)


def shift(points: Points, x: float, y: float) -> Points:
    """Gives points, shape ``(..., 2)``, moved by x and y."""
    return np.asarray(points + np.array((x, y)))


@cache
def swell(count: int) -> Points:
    """Gives weights that rise from nearly 0 to 1 and fall again, shape ``(count,)``."""
    return np.asarray(np.sin(np.linspace(0.15, np.pi - 0.15, count)))


def ribbon(line: Points, half_widths: npt.ArrayLike) -> Points:
    """Gives the outline of a stroke whose width changes along it.

    Args:
        line: Shape ``(n, 2)``, the middle of the stroke.
        half_widths: Shape ``(n,)`` or a number, in the unit of the line.

    Returns:
        Shape ``(2 * n, 2)``, float64.
    """
    along = np.empty_like(line)
    along[1:-1] = line[2:] - line[:-2]
    along[0], along[-1] = line[1] - line[0], line[-1] - line[-2]
    scale = half_widths / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    across = np.stack([-along[:, 1] * scale, along[:, 0] * scale], axis=1)
    return np.concatenate([line + across, (line - across)[::-1]])


@cache
def _unit_circle(samples: int) -> Points:
    turn = np.linspace(0, 2 * np.pi, samples, endpoint=False)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def ellipse(centre: Points, half_axes: tuple[float, float], samples: int = 28) -> Points:
    """Gives the outline of an ellipse whose axes are upright.

    Args:
        centre: Shape ``(2,)``.
        half_axes: Half the width and half the height.
        samples: Number of points.

    Returns:
        Shape ``(samples, 2)``, float64.
    """
    return np.asarray(centre + _unit_circle(samples) * half_axes)
