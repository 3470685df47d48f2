"""A trained network as it is asked here: scores of pictures made on the way, and its layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.core.console import Bar, bar
from occbench.errors import DataError, NothingToExplain
from occbench.explain.subject import Subject
from occbench.models.backend import load_keras
from occbench.training.batches import at_once, log_softmax, logits
from occbench.training.export import plain_network

keras = load_keras()

Make = Callable[[int], NDArray[np.uint8]]


def open_network(subject: Subject) -> Any:
    """The network of a run with the weights of its selected epoch, without augmentation.

    From uint8 ``(N, size, size, channels)`` to logits ``(N, K)``, in float32.

    Raises:
        DataError: the weights are missing or broken.
    """
    return plain_network(subject.recipe, len(subject.classes), subject.weights)


@dataclass(eq=False)
class _Made:
    """Pictures that are made when their batch is cut; a ``Source`` of ``training.batches``."""

    count: int
    make: Make
    side: int
    moved: Bar
    _done: int = 0

    @property
    def labels(self) -> NDArray[np.int64]:
        """Nobody asks for them here."""
        return np.zeros(self.count, np.int64)

    @property
    def at_once(self) -> int:
        """See ``Source``."""
        return at_once(self.side)

    def __len__(self) -> int:
        return self.count

    def cut(self, places: NDArray[np.intp]) -> NDArray[np.uint8]:
        """See ``Source``."""
        pictures = [self.make(place) for place in places.tolist()]
        # Keras asks for the first ones once more, should there be another epoch.
        last = int(places[-1]) + 1
        self.moved.move(max(0, last - self._done))
        self._done = max(self._done, last)
        batch = np.stack(pictures)
        return batch if batch.ndim == 4 else batch[..., None]


def scores_of(model: Any, count: int, make: Make, *, label: str) -> NDArray[np.float64]:
    """The probability of each class (softmax of the logits) for pictures, ``(count, K)``.

    Args:
        model: from uint8 ``(N, size, size, channels)`` to logits.
        count: how many pictures.
        make: gives one of them by its number, uint8 ``(size, size)`` or ``(size, size, 3)``; it is
            called from another thread.
        label: of the progress bar.
    """
    with bar(total=count, label=label, unit=" pictures") as moved:
        found = logits(model, _Made(count, make, int(model.inputs[0].shape[1]), moved))
    return np.exp(log_softmax(found))


def layer_of(model: Any, name: str) -> Any:
    """A layer whose output is a picture per filter, ``(N, h, w, filters)``.

    Raises:
        DataError: there is no such layer, or its output is something else; those that there are
            are named.
    """
    known = dict(picture_layers(model))
    if name not in known:
        raise _no_layer(name, "whose output is a picture", list(known))
    return known[name]


def picture_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Name and layer of each whose output is ``(N, h, w, filters)``, from the image on."""
    for layer in model.layers:
        if not isinstance(layer, keras.layers.InputLayer) and len(_shape(layer)) == 4:
            yield layer.name, layer


def kernel_layer_of(model: Any, name: str) -> Any:
    """A layer with a kernel ``(h, w, inputs, outputs)``.

    Raises:
        DataError: as ``layer_of``.
    """
    known = dict(kernel_layers(model))
    if name not in known:
        raise _no_layer(name, "with a kernel", list(known))
    return known[name]


def kernel_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Name and layer of each with a kernel of two sides, from the image on."""
    for layer in model.layers:
        if len(getattr(getattr(layer, "kernel", None), "shape", ())) == 4:
            yield layer.name, layer


def first_convolution(model: Any) -> str:
    """The name of the first layer with a kernel.

    Raises:
        NothingToExplain: there is none.
    """
    for name, _ in kernel_layers(model):
        return name
    raise NothingToExplain("The network has no convolution, so it has neither kernels nor maps.")


def last_pictures(model: Any) -> str:
    """The name of the last layer whose output is a picture of more than one pixel.

    Raises:
        NothingToExplain: there is none.
    """
    names = [name for name, layer in picture_layers(model) if max(_shape(layer)[1:3]) > 1]
    if not names:
        raise NothingToExplain("The network has no convolution, so it has no maps to weight.")
    return names[-1]


def _shape(layer: Any) -> tuple[int, ...]:
    """The shape of a layer's output; empty if it has several."""
    output = layer.output
    return () if isinstance(output, (list, tuple)) else tuple(output.shape)


def _no_layer(name: str, what: str, known: list[str]) -> DataError:
    return DataError(
        f"The network has no layer '{name}' {what}. Those it has: {', '.join(known) or 'none'}."
    )
