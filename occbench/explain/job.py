"""Explains a run: one method after the other, all on the same faces and the same network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench.core.console import note
from occbench.core.journal import Journal
from occbench.errors import NothingToExplain
from occbench.explain.choose import Chosen
from occbench.explain.grad_cam import grad_cam
from occbench.explain.importance import importances
from occbench.explain.kernels import activations, kernels
from occbench.explain.network import (
    first_convolution,
    kernel_layer_of,
    last_pictures,
    layer_of,
    open_network,
    scores_of,
)
from occbench.explain.plan import Plan, Wish, tell_without, with_landmarks
from occbench.explain.record import Explanation
from occbench.explain.regions import Placed, region_effects
from occbench.explain.results import (
    Maps,
    activation_result,
    kernel_result,
    map_result,
    region_result,
)
from occbench.explain.sensitivity import sensitivity
from occbench.explain.subject import SELECTION, Subject
from occbench.geometry.landmarks import Landmarks68
from occbench.occluders.base import NORMAL
from occbench.training.data import Data, open_data
from occbench.training.inputs import Shown
from occbench.training.predict import look
from occbench.training.run import READS
from occbench.workspace import Workspace


@dataclass(frozen=True, eq=False)
class _Room:
    """What all methods of a call share."""

    subject: Subject
    wish: Wish
    data: Data
    model: Any
    facts: dict[str, Any]
    few: Chosen
    many: Chosen

    def shown(self, ids: Sequence[str]) -> Shown:
        """Faces in the variant that was wished for."""
        return self.data.shown(pd.DataFrame({"id": list(ids), "variant": self.wish.variant}))

    def cut(self, shown: Shown, *rows: int) -> NDArray[np.uint8]:
        """Some of the faces shown, all if none is named: uint8 ``(n, size, size, channels)``."""
        places = np.array(rows or range(len(shown)), np.intp)
        return shown.cut(self.data.pixels, self.data.show, places)


def explain(workspace: Workspace, plan: Plan) -> Iterator[Explanation]:
    """What each method finds, in their order.

    A look at test faces is counted in the run's folder before they are seen. With several methods,
    one that has nothing to work on is told and left out.

    Raises:
        DataError: a face cannot be shown, a layer cannot be had, or the only method has nothing to
            work on.
    """
    subject, wish = plan.subject, plan.wish
    variants: dict[str, dict[str, object]] = {} if wish.variant == NORMAL else {wish.variant: {}}
    data = open_data(workspace, subject.manifest, subject.recipe, variants)
    model = open_network(subject)
    _check_layer(model, wish)
    facts = {
        "run": subject.run,
        "selection": SELECTION,
        "epoch": subject.epoch,
        "weights": subject.weights_digest(),
        "data_set": subject.manifest.name,
        "classes": list(subject.classes),
        "size": subject.recipe.size,
    }
    if wish.part == "test" and plan.seen:
        with Journal(subject.folder / READS) as reads:
            reads.append([look(SELECTION, wish.variant, len(plan.seen))])
    room = _Room(subject, wish, data, model, facts, plan.few, plan.many)
    for method in wish.methods:
        try:
            yield _METHODS[method](room)
        except NothingToExplain as error:
            if len(wish.methods) == 1:
                raise
            note(f"{method} is left out: {error}")


def _check_layer(model: Any, wish: Wish) -> None:
    """Refuses a layer that one of the methods cannot use before any is begun."""
    if wish.layer and "kernels" in wish.methods:
        kernel_layer_of(model, wish.layer)
    if wish.layer and {"activations", "grad-cam"} & set(wish.methods):
        layer_of(model, wish.layer)


def _kernels(room: _Room) -> Explanation:
    layer = room.wish.layer or first_convolution(room.model)
    return kernel_result(
        {"method": "kernels", "layer": layer, **room.facts}, kernels(room.model, layer)
    )


def _activations(room: _Room) -> Explanation:
    layer = room.wish.layer or first_convolution(room.model)
    images = room.cut(room.shown(room.few.examples))
    maps = activations(room.model, images, layer)
    return activation_result(_facts(room, "activations", layer=layer), room.few, images, maps)


def _sensitivity(room: _Room) -> Explanation:
    images, wish = room.cut(room.shown(room.few.ids)), room.wish
    found = sensitivity(room.model, images, room.few.labels, patch=wish.patch, stride=wish.stride)
    scores = found.scores[np.arange(len(room.few)), list(room.few.labels)]
    facts = _facts(room, "sensitivity", patch=found.patch, cover="mean colour of the face")
    starts = found.tops.tolist()
    maps = Maps(images, scores, found.drops, found.pixel_maps(), starts, found.lefts.tolist())
    return map_result(facts, room.few, maps, "drop")


def _grad_cam(room: _Room) -> Explanation:
    layer = room.wish.layer or last_pictures(room.model)
    images, labels = room.cut(room.shown(room.few.ids)), room.few.labels
    found = grad_cam(room.model, images, labels, layer)
    scores = scores_of(room.model, len(images), lambda row: images[row], label="scores")
    true = scores[np.arange(len(images)), list(labels)]
    ys, xs = (_centres(count, found.size) for count in found.maps.shape[1:])
    maps = Maps(images, true, found.maps, found.pixel_maps(), ys, xs)
    facts = _facts(room, "grad-cam", layer=layer, flat=int((found.peaks == 0).sum()))
    return map_result(facts, room.few, maps, "grad_cam")


def _regions(room: _Room) -> Explanation:
    chosen, without = with_landmarks(room.subject, room.many)
    if not len(chosen):
        raise NothingToExplain(
            f"None of the faces chosen ({len(without)}) has usable landmarks, so their parts are "
            "not known. Scan the data set with --landmarks, or take another --method."
        )
    if without:
        tell_without(without, len(room.many), "the regions")
    points = room.data.pixels.landmarks[room.data.pixels.rows_of(chosen.ids)]
    placed = [
        Placed(face, label, Landmarks68(own))
        for face, label, own in zip(chosen.ids, chosen.labels, points, strict=True)
    ]
    shown = room.shown(chosen.ids)

    def picture(row: int) -> NDArray[np.uint8]:
        image: NDArray[np.uint8] = room.cut(shown, row)[0]
        return image[..., 0] if image.shape[-1] == 1 else image

    effects = region_effects(room.model, placed, picture)
    groups = room.subject.manifest.faces.set_index("id")["group"].loc[list(chosen.ids)]
    found = importances(effects, room.subject.classes, groups.to_numpy(str))
    facts = _facts(room, "regions", cover="mean colour of the face")
    return region_result(facts, effects, found, without)


_METHODS: dict[str, Callable[[_Room], Explanation]] = {
    "kernels": _kernels,
    "activations": _activations,
    "sensitivity": _sensitivity,
    "grad-cam": _grad_cam,
    "regions": _regions,
}


def _facts(room: _Room, method: str, **more: Any) -> dict[str, Any]:
    how = {"part": room.wish.part, "variant": room.wish.variant}
    return {"method": method, **more, **room.facts, **how}


def _centres(count: int, size: int) -> list[float]:
    """The row or column of pixels at the middle of each of ``count`` equal parts of a side."""
    return [(place + 0.5) * size / count - 0.5 for place in range(count)]
