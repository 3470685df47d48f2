"""The part of a network that a run trains: all of it, or what stands behind a cached trunk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from occbench.models.backend import shared_by
from occbench.training.batches import Faces, KeptFaces, Source
from occbench.training.data import Data
from occbench.training.inputs import Shown
from occbench.training.network import compile_as, make_ready
from occbench.training.recipe import Recipe
from occbench.training.trunk_cache import TrunkCache


@dataclass(frozen=True, eq=False)
class TrainedPart:
    """What is fitted, and what it is fitted on.

    Attributes:
        network: the whole, whose weights are saved and loaded.
        model: the network, or its tail, which shares its layers.
        data: the faces.
        recipe: of the training.
        cache: the trunk's features; None where the whole network is run.
    """

    network: Any
    model: Any
    data: Data
    recipe: Recipe
    cache: TrunkCache | None
    _known: list[tuple[Shown, Source]] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, network: Any, data: Data, recipe: Recipe) -> TrainedPart:
        """The part of a network that the recipe trains.

        Args:
            network: with its weights, and with all frozen that the recipe never trains.
            data: the faces.
            recipe: of the training.

        Raises:
            DataError: a trunk cache is wished for, and the network cannot be cut.
        """
        if not recipe.cache_trunk:
            return cls(network, network, data, recipe, None)
        with shared_by(recipe.devices):
            cache = TrunkCache.open(network, data, recipe)
        return cls(network, cache.cut.tail, data, recipe, cache)

    def ready(self, *, steps: int, head_alone: bool = False) -> None:
        """Compiles for a phase of the training; see ``make_ready``."""
        make_ready(self.network, self.recipe, steps=steps, head_alone=head_alone)
        if self.cache is not None:
            compile_as(self.model, self.network.optimizer, self.recipe)

    def prepare(self, as_they_are: Shown, trained: Shown | None = None) -> None:
        """Fills the cache, if there is one, with faces as they are and with all their copies.

        Raises:
            Busy, DataError: as ``TrunkCache.fill``.
        """
        if self.cache is not None:
            also = [] if trained is None else [(trained, self.cache.copies)]
            self.cache.fill(*also, (as_they_are, (0,)))

    def faces(self, shown: Shown) -> Source:
        """Faces as they are, for validation and tests."""
        if self.cache is not None:
            return self.cache.features(shown)
        for known, source in self._known:
            if known is shown:
                return source
        source = KeptFaces.where_it_pays(Faces(shown, self.data.pixels, self.data.show))
        self._known.append((shown, source))
        return source

    def faces_of(self, epoch: int, shown: Shown) -> Source:
        """Faces to train on in an epoch; without a cache the network augments them itself."""
        if self.cache is None:
            return self.faces(shown)
        return self.cache.features(shown, self.cache.copy_of(epoch))
