"""Batches of faces as Keras takes them, for training and for prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.dataset.pixels import Pixels
from occbench.models.backend import load_keras
from occbench.training.inputs import Shower, Shown

keras = load_keras()

_AT_ONCE = 256


class TrainingBatches(keras.utils.PyDataset):  # type: ignore[misc, name-defined]
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
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=4)
        self._shown, self._pixels, self._show = shown, pixels, show
        self._batch_size, self._order, self._weights = batch_size, order, weights

    def __len__(self) -> int:
        return len(self._order) // self._batch_size

    def __getitem__(self, batch: int) -> tuple[Any, Any, Any]:
        places = self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
        labels = self._shown.labels[places]
        truth = np.eye(len(self._weights), dtype=np.float32)[labels]
        images = self._shown.cut(self._pixels, self._show, places)
        return images, truth, self._weights[labels]


class _Images(keras.utils.PyDataset):  # type: ignore[misc, name-defined]
    """All images once, in their order."""

    def __init__(self, shown: Shown, pixels: Pixels, show: Shower) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=4)
        self._shown, self._pixels, self._show = shown, pixels, show

    def __len__(self) -> int:
        return -(-len(self._shown) // _AT_ONCE)

    def __getitem__(self, batch: int) -> tuple[Any]:
        stop = min((batch + 1) * _AT_ONCE, len(self._shown))
        places = np.arange(batch * _AT_ONCE, stop, dtype=np.intp)
        return (self._shown.cut(self._pixels, self._show, places),)


def logits(model: Any, shown: Shown, pixels: Pixels, show: Shower) -> NDArray[np.float64]:
    """What a model says about faces, ``(n, K)``, in their order."""
    found = model.predict(_Images(shown, pixels, show), verbose=0)
    return np.asarray(found, dtype=np.float64)


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits ``(n, K)`` as log probabilities; NaN where a logit is no number."""
    with np.errstate(invalid="ignore"):
        shifted = scores - scores.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
