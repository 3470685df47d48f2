"""Batches of faces as Keras takes them, for training and for prediction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.dataset.pixels import Pixels
from occbench.errors import OccbenchError
from occbench.models.backend import load_keras
from occbench.training.inputs import Shower, Shown

keras = load_keras()

# As many faces as have the pixels of 256 at 112 x 112, but at most 256 and at least 16.
_MOST, _FEWEST, _PIXELS = 256, 16, 256 * 112 * 112


class _Batches(keras.utils.PyDataset):  # type: ignore[misc, name-defined]
    """Cuts batches in a thread of its own and remembers what went wrong there."""

    def __init__(self, shown: Shown, pixels: Pixels, show: Shower) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=4)
        self._shown, self._pixels, self._show = shown, pixels, show
        self._error: OccbenchError | None = None

    def _cut(self, places: NDArray[np.intp]) -> NDArray[np.uint8]:
        try:
            return self._shown.cut(self._pixels, self._show, places)
        except OccbenchError as error:
            self._error = error
            raise

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Raises what went wrong in a batch instead of what the backend makes of it."""
        try:
            yield
        except Exception:
            if self._error is not None:
                raise self._error from None
            raise


class TrainingBatches(_Batches):
    """One epoch of whole batches: images, one-hot labels and the weight of each image.

    What is left over at the end of the order is not shown in this epoch.
    """

    def __init__(
        self,
        shown: Shown,
        pixels: Pixels,
        show: Shower,
        *,
        batch_size: int,
        order: NDArray[np.intp],
        weights: NDArray[np.float32],
    ) -> None:
        super().__init__(shown, pixels, show)
        self._batch_size, self._order, self._weights = batch_size, order, weights

    def __len__(self) -> int:
        return len(self._order) // self._batch_size

    def __getitem__(self, batch: int) -> tuple[Any, Any, Any]:
        places = self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
        labels = self._shown.labels[places]
        truth = np.eye(len(self._weights), dtype=np.float32)[labels]
        return self._cut(places), truth, self._weights[labels]


class _Images(_Batches):
    """All images once, in their order."""

    @property
    def _at_once(self) -> int:
        return max(_FEWEST, min(_MOST, _PIXELS // int(np.prod(self._pixels.images.shape[1:3]))))

    def __len__(self) -> int:
        return -(-len(self._shown) // self._at_once)

    def __getitem__(self, batch: int) -> tuple[Any]:
        stop = min((batch + 1) * self._at_once, len(self._shown))
        return (self._cut(np.arange(batch * self._at_once, stop, dtype=np.intp)),)


def logits(model: Any, shown: Shown, pixels: Pixels, show: Shower) -> NDArray[np.float64]:
    """What a model says about faces, ``(n, K)``, in their order."""
    images = _Images(shown, pixels, show)
    with images.own_errors():
        found = model.predict(images, verbose=0)
    return np.asarray(found, dtype=np.float64)


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits ``(n, K)`` as log probabilities; NaN where a logit is no number."""
    with np.errstate(invalid="ignore"):
        shifted = scores - scores.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
