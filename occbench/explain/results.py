"""What the methods found as explanations: their facts, arrays and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.explain.choose import Chosen
from occbench.explain.effects import Effects
from occbench.explain.facial_parts import PARTS
from occbench.explain.importance import Importance
from occbench.explain.record import Explanation, Table
from occbench.matrix.statistics import Estimate

MOST_TILES = 64
"""As many filters or kernels are drawn and written at most."""

_MOST_INPUTS = 8

_MEASURES = ("drop", "control", "difference", "accuracy_drop", "accuracy_control")


@dataclass(frozen=True, eq=False)
class Maps:
    """Maps of the chosen faces that Grad-CAM and occlusion sensitivity give alike.

    Attributes:
        images: uint8 ``(N, size, size, channels)``.
        scores: float64 ``(N,)``, the probability of each face's true class.
        values: float64 ``(N, P, Q)`` as they were computed.
        pixels: float64 ``(N, size, size)``, the same over the face.
        ys: the row of pixels that each of the P rows stands for.
        xs: the column of pixels that each of the Q columns stands for.
    """

    images: NDArray[np.uint8]
    scores: NDArray[np.float64]
    values: NDArray[np.float64]
    pixels: NDArray[np.float64]
    ys: Sequence[float]
    xs: Sequence[float]


def kernel_result(facts: dict[str, Any], kernels: NDArray[np.float32]) -> Explanation:
    """The kernels of a layer.

    Args:
        facts: of the call.
        kernels: ``(outputs, inputs, h, w)``. Up to 64 are kept: those of the first outputs, for
            the first eight inputs each.
    """
    outputs, inputs = kernels.shape[:2]
    across = min(inputs, _MOST_INPUTS)
    kept = kernels[: MOST_TILES // across, :across]
    shown = {"outputs": outputs, "inputs": inputs, "shown": list(kept.shape[:2])}
    rows = ((*place, float(weight)) for place, weight in np.ndenumerate(kept))
    table = Table(("output", "input", "row", "column", "weight"), rows)
    return Explanation({**facts, **shown}, {"kernels": kept}, {"kernels": table})


def activation_result(
    facts: dict[str, Any], chosen: Chosen, images: NDArray[np.uint8], maps: NDArray[np.float32]
) -> Explanation:
    """What a layer gives for the examples.

    Args:
        facts: of the call.
        chosen: the faces; ``images`` and ``maps`` are those of its examples.
        images: uint8 ``(E, size, size, channels)``.
        maps: float32 ``(E, h, w, filters)``; the first 64 filters are kept as pictures, all of
            them have a row in the table.
    """
    examples = _examples(facts, chosen)
    shown = {"filters": maps.shape[-1], "examples": examples}
    head = ("face", "expression", "filter", "mean", "share_of_zeros", "max", "row", "column")
    table = Table(head, _filter_rows(examples, maps))
    arrays: dict[str, NDArray[Any]] = {"images": images, "maps": maps[..., :MOST_TILES]}
    return Explanation({**facts, **shown}, arrays, {"activations": table})


def _filter_rows(
    examples: Sequence[dict[str, Any]], maps: NDArray[np.float32]
) -> Iterator[Sequence[object]]:
    for example, face in zip(examples, maps, strict=True):
        for number in range(face.shape[-1]):
            one = face[..., number]
            row, column = divmod(int(one.argmax()), one.shape[1])
            told = (float(one.mean()), float((one == 0).mean()), float(one.max()), row, column)
            yield (example["face"], example["expression"], number, *told)


def map_result(facts: dict[str, Any], chosen: Chosen, maps: Maps, value: str) -> Explanation:
    """Maps of the examples, and the mean over the faces of each class in the order of the classes.

    Args:
        facts: of the call.
        chosen: the faces.
        maps: theirs.
        value: the name of a value in the table.
    """
    labels, rows = np.array(chosen.labels), chosen.example_rows
    members = [labels == number for number in range(len(facts["classes"]))]
    examples = [
        {**example, "score": float(maps.scores[row])}
        for example, row in zip(_examples(facts, chosen), rows, strict=True)
    ]
    means = _means(maps.values, members)
    arrays: dict[str, NDArray[Any]] = {
        "images": maps.images[rows],
        "maps": maps.values[rows],
        "pixel_maps": maps.pixels[rows].astype(np.float32),
        "mean_maps": means,
        "mean_pixel_maps": _means(maps.pixels, members).astype(np.float32),
    }
    counts = [int(each.sum()) for each in members]
    names = [(example["face"], example["expression"]) for example in examples]
    classes = list(zip(facts["classes"], counts, strict=True))
    rows_of = (_map_rows(names, maps.values[rows], maps), _map_rows(classes, means, maps))
    tables = {
        "examples": Table(("face", "expression", "y", "x", value), rows_of[0]),
        "means": Table(("expression", "faces", "y", "x", value), rows_of[1]),
    }
    return Explanation({**facts, "examples": examples, "faces": counts}, arrays, tables)


def _map_rows(
    names: Sequence[tuple[object, object]], values: NDArray[np.float64], maps: Maps
) -> Iterator[Sequence[object]]:
    for name, one in zip(names, values, strict=True):
        for (row, column), value in np.ndenumerate(one):
            if not np.isnan(value):
                yield (*name, maps.ys[row], maps.xs[column], float(value))


def _means(
    values: NDArray[np.float64], members: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float64]:
    """The mean over the faces of each class, NaN for a class without one."""
    empty = np.full(values.shape[1:], np.nan)
    return np.stack([values[each].mean(axis=0) if each.any() else empty for each in members])


def region_result(
    facts: dict[str, Any], effects: Effects, found: Sequence[Importance], without: Sequence[str]
) -> Explanation:
    """What the parts of the face are worth.

    Args:
        facts: of the call.
        effects: of each face.
        found: per expression and part.
        without: faces that have no usable landmarks.
    """
    expressions = list(dict.fromkeys(one.expression for one in found))
    shown = {"expressions": expressions, "parts": list(PARTS), "without_landmarks": list(without)}
    arrays = {
        f"{measure}{end and '_'}{end}": _grid(expressions, found, measure, end or "value")
        for measure in _MEASURES
        for end in ("", "low", "high")
    }
    arrays["faces"] = np.zeros((len(expressions), len(PARTS)), np.int64)
    for one in found:
        arrays["faces"][expressions.index(one.expression), PARTS.index(one.part)] = one.faces
    ends = [f"{measure}{end}" for measure in _MEASURES for end in ("", "_low", "_high")]
    head = ("expression", "part", "faces", "groups", "area", "score", "accuracy", *ends)
    rows = (
        (one.expression, one.part, one.faces, one.groups, *_levels(one), *_ends(one))
        for one in found
    )
    own = ("face", "expression", "part", "area", "score", "right")
    each = (*own, "covered", "covered_right", "control", "control_right")
    tables = {"regions": Table(head, rows), "faces": Table(each, _face_rows(facts, effects))}
    return Explanation({**facts, **shown}, arrays, tables)


def _grid(
    expressions: Sequence[str], found: Sequence[Importance], measure: str, end: str
) -> NDArray[np.float64]:
    """One number of each row in its place, ``(expressions, parts)``, NaN where there is none."""
    grid = np.full((len(expressions), len(PARTS)), np.nan)
    for one in found:
        estimate: Estimate = getattr(one, measure)
        grid[expressions.index(one.expression), PARTS.index(one.part)] = getattr(estimate, end)
    return grid


def _levels(one: Importance) -> tuple[float, ...]:
    return one.area, one.score, one.accuracy


def _ends(one: Importance) -> Iterator[float]:
    for measure in _MEASURES:
        estimate: Estimate = getattr(one, measure)
        yield from (estimate.value, estimate.low, estimate.high)


def _face_rows(facts: dict[str, Any], effects: Effects) -> Iterator[Sequence[object]]:
    for row, (face, label) in enumerate(zip(effects.ids, effects.labels.tolist(), strict=True)):
        own = (float(effects.score[row]), int(effects.right[row]))
        for place, part in enumerate(PARTS):
            area = float(effects.areas[row, place])
            if not np.isnan(area):
                covered, control = effects.covered[row, place].tolist()
                right, control_right = (int(each) for each in effects.covered_right[row, place])
                told = (covered, right, control, control_right)
                yield (face, facts["classes"][label], part, area, *own, *told)


def _examples(facts: dict[str, Any], chosen: Chosen) -> list[dict[str, Any]]:
    classes = facts["classes"]
    return [
        {"face": chosen.ids[row], "expression": classes[chosen.labels[row]]}
        for row in chosen.example_rows
    ]
