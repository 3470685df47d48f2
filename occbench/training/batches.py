"""Batches of faces as Keras takes them, for training and for prediction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from occbench.dataset.pixels import Pixels
from occbench.errors import OccbenchError
from occbench.models.backend import load_keras
from occbench.training.inputs import Shower, Shown

keras = load_keras()

# As many faces as have the pixels of 256 at 112 x 112, but at most 256 and at least 16.
_MOST, _FEWEST, _PIXELS = 256, 16, 256 * 112 * 112

MOST_KEPT = 512 * 2**20
"""How many bytes of covered or altered images are kept: 233,000 grey ones of 48 x 48."""


class Source(Protocol):
    """Faces in an order, as a network takes them."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class number of each."""
        ...

    @property
    def at_once(self) -> int:
        """How many go through a network at once outside training."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...

    def cut(self, places: NDArray[np.intp]) -> NDArray[Any]:
        """What the network takes of the faces at some places."""
        ...


@dataclass(frozen=True, eq=False)
class Faces:
    """Images, cut from mapped pixels and painted on the way.

    Attributes:
        shown: which, and how.
        pixels: of the data set.
        show: gives a face in a variant.
    """

    shown: Shown
    pixels: Pixels
    show: Shower

    @property
    def labels(self) -> NDArray[np.int64]:
        """See ``Source``."""
        return self.shown.labels

    @property
    def at_once(self) -> int:
        """See ``Source``."""
        return at_once(self.pixels.images.shape[1])

    def __len__(self) -> int:
        return len(self.shown)

    def cut(self, places: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Images, uint8 ``(n, size, size, channels)``."""
        return self.shown.cut(self.pixels, self.show, places)


@dataclass(frozen=True, eq=False)
class KeptFaces(Faces):
    """Images that are covered or altered once and then kept, so that later epochs only copy them.

    Painting 48 x 48 faces anew took most of an epoch on a GPU: docs/explanation/performance.md.
    """

    @classmethod
    def where_it_pays(cls, faces: Faces) -> Faces:
        """Kept faces where some are covered or altered and all fit into ``MOST_KEPT`` bytes."""
        few = len(faces) * faces.pixels.images[0].nbytes <= MOST_KEPT
        return cls(faces.shown, faces.pixels, faces.show) if few and faces.shown.altered else faces

    def cut(self, places: NDArray[np.intp]) -> NDArray[np.uint8]:
        """See ``Faces``."""
        images, known = self._kept
        fresh = places[~known[places]]
        if fresh.size:
            images[fresh] = super().cut(fresh)
            known[fresh] = True
        return images[places]

    @cached_property
    def _kept(self) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        side, channels = self.pixels.images.shape[1], self.pixels.images[:1, ..., None].shape[3]
        shape = (len(self), side, side, channels)
        return np.empty(shape, np.uint8), np.zeros(len(self), np.bool_)


class _Batches(keras.utils.PyDataset):  # type: ignore[misc, name-defined]
    """Cuts batches in a thread of its own and remembers what went wrong there."""

    def __init__(self, source: Source) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=4)
        self._source = source
        self._error: OccbenchError | None = None

    def _cut(self, places: NDArray[np.intp]) -> NDArray[Any]:
        try:
            return self._source.cut(places)
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
    """One epoch of whole batches: faces, one-hot labels and the weight of each face.

    What is left over at the end of the order is not shown in this epoch.
    """

    def __init__(
        self,
        source: Source,
        *,
        batch_size: int,
        order: NDArray[np.intp],
        weights: NDArray[np.float32],
    ) -> None:
        super().__init__(source)
        self._batch_size, self._order, self._weights = batch_size, order, weights

    def __len__(self) -> int:
        return len(self._order) // self._batch_size

    def __getitem__(self, batch: int) -> tuple[Any, Any, Any]:
        places = self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
        labels = self._source.labels[places]
        truth = np.eye(len(self._weights), dtype=np.float32)[labels]
        return self._cut(places), truth, self._weights[labels]


class _All(_Batches):
    """All faces once, in their order."""

    def __len__(self) -> int:
        return -(-len(self._source) // self._source.at_once)

    def __getitem__(self, batch: int) -> tuple[Any]:
        start, count = batch * self._source.at_once, len(self._source)
        places = np.arange(start, min(start + self._source.at_once, count), dtype=np.intp)
        return (self._cut(places),)


def at_once(side: int) -> int:
    """How many images of so many pixels a side go through a network at once outside training."""
    return max(_FEWEST, min(_MOST, _PIXELS // side**2))


def logits(model: Any, source: Source) -> NDArray[np.float64]:
    """What a model says about faces, ``(n, K)``, in their order."""
    faces = _All(source)
    with faces.own_errors():
        found = model.predict(faces, verbose=0)
    return np.asarray(found, dtype=np.float64)


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits ``(n, K)`` as log probabilities; NaN where a logit is no number."""
    with np.errstate(invalid="ignore"):
        shifted = scores - scores.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
