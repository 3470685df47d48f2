"""Which images a recipe learns from: those of the train part, and fixed copies of them.

A transform of the train part's table, after the split and after faces are covered; validation and
test faces never come here. Copies are made when a batch is cut; what grows is the table, by about
50 bytes for each image, and what ``KeptFaces`` keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from occbench.core.digest import digest_int
from occbench.dataset.pixels import Pixels
from occbench.models.specs import NO_BALANCE
from occbench.training.alterations import Alteration, FilledCopy, FixedCopy
from occbench.training.inputs import Shower, Shown
from occbench.training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class WithCopies(Shown):
    """Images as a split shows them, and altered copies of them.

    Attributes:
        alterations: what copies are made by.
        made_by: of each image, the place of its alteration, counted from 1; 0 for none.
        numbers: of each image, the how manieth it is of its face and alteration.
    """

    alterations: Sequence[Alteration]
    made_by: NDArray[np.int64]
    numbers: NDArray[np.int64]

    @property
    def altered(self) -> bool:
        """See ``Shown``."""
        return True

    def cut(self, pixels: Pixels, show: Shower, places: NDArray[np.intp]) -> NDArray[np.uint8]:
        """See ``Shown``."""
        batch = super().cut(pixels, show, places)
        for image, place in zip(batch, places.tolist(), strict=True):
            which = int(self.made_by[place])
            if which:
                alter = self.alterations[which - 1]
                image[...] = alter(image.copy(), self.ids[place], int(self.numbers[place]))
        return batch


def learned(shown: Shown, recipe: Recipe) -> Shown:
    """The images that a recipe learns from, those of the train part first.

    Each of the recipe's ``copies`` adds a copy of every image. ``balance`` then fills up every
    class to the largest one: the images of a class are gone through in an order drawn by seed and
    face, again and again, until there are enough.

    Args:
        shown: the images of the train part.
        recipe: gives ``copies``, ``balance`` and the seed.
    """
    count, copies = len(shown), len(recipe.copies)
    alterations: list[Alteration] = [FixedCopy(chain, recipe.seed) for chain in recipe.copies]
    of = [np.arange(count)] * (1 + copies)
    made_by = [np.full(count, which) for which in range(1 + copies)]
    numbers = [np.zeros(count, np.int64)] * (1 + copies)
    if recipe.balance != NO_BALANCE:
        alterations.append(FilledCopy(recipe.seed))
        for filled, rounds in _filling(shown, recipe.seed, 1 + copies):
            of.append(filled)
            made_by.append(np.full(len(filled), len(alterations)))
            numbers.append(rounds)
    if not alterations:
        return shown
    places = np.concatenate(of)
    return WithCopies(
        [shown.ids[place] for place in places.tolist()],
        shown.rows[places],
        [shown.variants[place] for place in places.tolist()],
        shown.labels[places],
        alterations,
        np.concatenate(made_by),
        np.concatenate(numbers),
    )


def count_learned(recipe: Recipe, counts: Sequence[int]) -> int:
    """How many images an epoch has.

    Args:
        recipe: gives ``copies`` and ``balance``.
        counts: images of each class in the train part.
    """
    filled = recipe.balance != NO_BALANCE
    images = max(counts, default=0) * sum(map(bool, counts)) if filled else sum(counts)
    return images * (1 + len(recipe.copies))


def _filling(
    shown: Shown, seed: int, times: int
) -> list[tuple[NDArray[np.intp], NDArray[np.int64]]]:
    """For each class the images to copy until it is full, and the round of each, from 0.

    Args:
        shown: the images of the train part.
        seed: of their order.
        times: how often each image is there already.
    """
    counts = np.bincount(shown.labels)
    found = []
    for label in np.flatnonzero(counts).tolist():
        missing = np.arange(times * int(counts.max() - counts[label]))
        # The sort is stable, so both images of a face in a paired split stay together.
        drawn = sorted(
            np.flatnonzero(shown.labels == label).tolist(),
            key=lambda place: digest_int(seed, "fill", shown.ids[place]),
        )
        order = np.array(drawn, np.intp)
        found.append((order[missing % len(order)], missing // len(order)))
    return found
