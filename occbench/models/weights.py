"""Published weights into a network: every array to its place, or nothing at all.

Keras 3's own loading by name skips, without a word, what it does not find: 213 of 265 arrays of
keras-vggface's ResNet-50. Here each array of the file is used once and each weight of the network
is filled once, and both are checked before the first one is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from occbench.core.console import note
from occbench.errors import DataError
from occbench.models.keras2_file import Weight, WeightsFile, open_weights

TOP = frozenset(("classifier", "fc6", "fc7", "fc8"))
"""Layers of the identity classifiers, in no file whose name has ``notop``."""

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Slot:
    """A layer to fill: its name, and the shape of each of its weights by kind."""

    name: str
    shapes: Shapes


def load_published(layers: Iterable[Any], path: Path) -> None:
    """Fills layers of Keras from a weights file of Keras 2.

    Layers are found by name, ``/`` in the file being ``_`` here; weights by their kind. If the
    names are others and all kinds and shapes fit in order, that order decides, and a note says so.

    Args:
        layers: those to fill, in the order of the network; those without weights are skipped.
        path: the file; its groups are described in ``keras2_file``.

    Raises:
        DataError: something does not fit; no weight has been changed.
    """
    filled = [layer for layer in layers if layer.weights]
    slots = [Slot(layer.name, {v.name: tuple(v.shape) for v in layer.weights}) for layer in filled]
    with open_weights(path) as file:
        chosen = match(slots, file)
        values = [
            [file.read(weights[variable.name]) for variable in layer.weights]
            for layer, weights in zip(filled, chosen, strict=True)
        ]
    for layer, arrays in zip(filled, values, strict=True):
        for variable, array in zip(layer.weights, arrays, strict=True):
            variable.assign(array)


def match(slots: Sequence[Slot], file: WeightsFile) -> list[dict[str, Weight]]:
    """For each slot the weights of the file by kind.

    Raises:
        DataError: they do not fit; the first misfit is named.
    """
    found = _by_layer(file)
    names = [_ours(name) for name in found]
    wanted = [slot.name for slot in slots]
    if sorted(names) == sorted(wanted):
        place = dict(zip(names, found.values(), strict=True))
        chosen = [place[slot.name] for slot in slots]
        misfits = (_misfit(slot, place[slot.name]) for slot in slots)
        wrong = next(filter(None, misfits), None)
    else:
        chosen = list(found.values())
        wrong = _wrong_names(slots, found)
        if wrong is None:
            pairs = zip(found, wanted, strict=True)
            other = next(name for name, mine in pairs if _ours(name) != mine)
            note(
                f"'{file.path}' calls its layers otherwise (such as '{other}'); they were taken "
                "in their order, in which all shapes fit."
            )
    if wrong:
        raise DataError(f"'{file.path}' does not fit the network: {wrong}")
    return chosen


def _by_layer(file: WeightsFile) -> dict[str, dict[str, Weight]]:
    found: dict[str, dict[str, Weight]] = {}
    for weight in file.weights:
        layer = found.setdefault(weight.layer, {})
        if weight.kind in layer:
            raise DataError(f"'{file.path}' has two arrays '{weight.kind}' in '{weight.layer}'.")
        layer[weight.kind] = weight
    return found


def _ours(name: str) -> str:
    """Keras 3 allows no ``/`` in names."""
    return name.replace("/", "_")


def _misfit(slot: Slot, weights: dict[str, Weight]) -> str | None:
    """What is wrong with a layer's arrays, if anything."""
    shapes = {kind: weight.shape for kind, weight in weights.items()}
    if shapes == slot.shapes:
        return None
    return f"layer '{slot.name}' expects {_told(slot.shapes)}; the file has {_told(shapes)}."


def _wrong_names(slots: Sequence[Slot], found: dict[str, dict[str, Weight]]) -> str | None:
    """What is wrong with layers of other names if taken in order; nothing if all fits."""
    pairs = list(zip_longest(slots, found.values()))
    if all(slot and weights and not _misfit(slot, weights) for slot, weights in pairs):
        return None
    wanted = {slot.name: slot for slot in slots}
    names = {_ours(name): name for name in found}
    missing = [name for name in wanted if name not in names]
    extra = [names[name] for name in names if name not in wanted]
    if set(extra) <= TOP and extra and not missing:
        return (
            f"it has the layer '{extra[0]}' of the identity classifier. This is the file with the "
            "classifier; the one without has 'notop' in its name."
        )
    if set(missing) <= TOP and missing and not extra:
        return (
            f"it lacks the layer '{missing[0]}' of the identity classifier. The file with the "
            "classifier has no 'notop' in its name."
        )
    parts = []
    if missing:
        parts.append(f"it has no layer '{missing[0]}' ({_told(wanted[missing[0]].shapes)})")
    if extra:
        parts.append(f"the network has no layer '{extra[0]}'")
    parts.append(f"{len(slots)} layers with weights were expected and {len(found)} found")
    return "; ".join(parts) + ". Choose the file that belongs to this network."


def _told(shapes: Shapes) -> str:
    return ", ".join(f"{kind} {shape}" for kind, shape in sorted(shapes.items())) or "no arrays"
