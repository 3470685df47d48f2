"""Faces drawn by occbench itself: 68 exact landmarks, eight expressions, many identities."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench.core.atomic import new_folder
from occbench.core.console import progress
from occbench.core.digest import digest_int, short_digest
from occbench.core.parallel import in_chunks
from occbench.dataset.adapters.base import Option, Scan
from occbench.dataset.labels import AFFECTNET
from occbench.dataset.manifest import Manifest
from occbench.errors import DataError

SUMMARY = "Draw faces: exact landmarks, eight expressions in AffectNet's order, many identities."
EXAMPLE = "occbench scan drawn --count 2000 --seed 1 --balance affectnet"
NEEDS_SOURCE = False
OPTIONS = (
    Option("count", int, 2000, "How many faces."),
    Option("seed", int, 0, "Another seed draws other faces."),
    Option("size", int, 224, "Side of the square images in pixels, 32 to 1024."),
    Option("identities", int, None, "How many people.  [default: one for 20 faces, 8 at least]"),
    Option(
        "balance",
        str,
        "even",
        "Classes in train: evenly many, or with AffectNet's skew. Test is even.",
        ("even", "affectnet"),
    ),
)

# Training images per class in AffectNet's class order, neutral to contempt, as counted on
# disk by LeanderWernst/facial-expression-recognition (287,651 in all).
AFFECTNET_TRAIN = (74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750)

# Raise it when drawing changes, so that no workspace mixes pictures of two versions.
_DRAWING = 1
_TEST_SHARE = 4
_FEWEST = 2
_CHUNK = 8


@dataclass(frozen=True)
class _Order:
    """One face to draw."""

    id: str
    index: int
    identity: int
    expression: str
    partition: str


@dataclass(frozen=True)
class _Wish:
    """What is to be drawn, as the options say it."""

    count: int = 2000
    seed: int = 0
    size: int = 224
    identities: int | None = None
    balance: str = "even"

    @property
    def people(self) -> int:
        """How many people there are to draw."""
        return max(8, self.count // 20) if self.identities is None else self.identities

    def describe(self) -> dict[str, Any]:
        """The options with the number of people filled in, for JSON."""
        return {**asdict(self), "identities": self.people}


def scan(
    source: Path | None,  # noqa: ARG001 - drawn faces have none
    *,
    name: str,
    room: Path,
    workers: int,
    **options: Any,
) -> Scan:
    """Draws the faces into ``room`` and describes them.

    A quarter of the identities is the test partition; nobody stands on both sides. The same
    options draw the same pixels on any number of workers.

    Raises:
        DataError: an option out of range, or too few faces or identities for eight classes
            on both sides.
    """
    wish = _Wish(**options)
    _check(wish)
    orders = _orders(wish)
    folder = room / short_digest({**wish.describe(), "drawing": _DRAWING})
    landmarks = _draw_all(orders, folder, wish, workers)
    faces = pd.DataFrame(
        {
            "id": [order.id for order in orders],
            "label": [order.expression for order in orders],
            "partition": [order.partition for order in orders],
            "group": [f"person-{order.identity:04d}" for order in orders],
            "image": [f"{order.id}.png" for order in orders],
        },
        dtype=str,
    )
    facts = {"adapter": "drawn", "options": wish.describe(), "left_out": {}}
    return Scan(Manifest(name, AFFECTNET, faces, landmarks, "files", facts), folder)


def _check(wish: _Wish) -> None:
    if not 64 <= wish.count <= 1_000_000:
        raise DataError(f"--count is {wish.count}; expected 64 to 1,000,000 faces.")
    if wish.seed < 0:
        raise DataError(f"--seed is {wish.seed}; expected 0 or more.")
    if not 32 <= wish.size <= 1024:
        raise DataError(f"--size is {wish.size}; expected 32 to 1024 pixels.")
    most = wish.count // 8
    if not 8 <= wish.people <= most:
        raise DataError(
            f"--identities is {wish.people}; expected 8 to {most} for {wish.count} faces."
        )


def _orders(wish: _Wish) -> list[_Order]:
    """Who is drawn with which expression, each class dealt over all people of its side."""
    tested, seed, people = wish.count // _TEST_SHARE, wish.seed, wish.people
    skew = AFFECTNET_TRAIN if wish.balance == "affectnet" else (1,) * 8
    sides = {"train": (wish.count - tested, skew), "test": (tested, (1,) * 8)}
    order = sorted(range(people), key=lambda person: digest_int(seed, "side", person))
    crowd = {"test": order[: people // _TEST_SHARE], "train": order[people // _TEST_SHARE :]}
    orders: list[_Order] = []
    for partition, (number, weights) in sides.items():
        for expression, drawn in zip(AFFECTNET.names, _shares(number, weights), strict=True):
            for place in range(drawn):
                start = digest_int(seed, partition, expression)
                person = crowd[partition][(start + place) % len(crowd[partition])]
                index = len(orders)
                orders.append(_Order(f"{index:06d}", index, person, expression, partition))
    return orders


def _shares(number: int, weights: Sequence[int]) -> list[int]:
    """Faces per class in proportion to the weights, two of each at least, summing to number."""
    exact = np.array(weights) * number / sum(weights)
    shares = np.maximum(np.floor(exact).astype(int), _FEWEST)
    while shares.sum() < number:
        shares[int(np.argmax(exact - shares))] += 1
    while shares.sum() > number:
        shares[int(np.argmax(np.where(shares > _FEWEST, shares - exact, -np.inf)))] -= 1
    result: list[int] = shares.tolist()
    return result


def _draw_all(
    orders: Sequence[_Order], folder: Path, wish: _Wish, workers: int
) -> NDArray[np.float32]:
    """Draws all faces, unless they stand there whole, and gives the landmarks ``(N, 68, 2)``."""
    stored = folder / "landmarks.npy"
    if folder.is_dir():
        names = {stored.name, *(f"{order.id}.png" for order in orders)}
        if names <= {path.name for path in folder.iterdir()}:
            known: NDArray[np.float32] = np.load(stored, allow_pickle=False)
            return known
        # A new folder never takes the place of one that stands there.
        shutil.rmtree(folder)
    with new_folder(folder) as part:
        draw = partial(_draw_some, folder=str(part), seed=wish.seed, size=wish.size)
        # Drawing is Python work, so it needs processes.
        drawn = chain.from_iterable(in_chunks(draw, orders, workers, chunk=_CHUNK, processes=True))
        points = np.stack(list(progress(drawn, total=len(orders), label="draw", unit=" faces")))
        np.save(part / stored.name, points, allow_pickle=False)
    return points


def _draw_some(
    orders: Sequence[_Order], *, folder: str, seed: int, size: int
) -> Iterator[NDArray[np.float32]]:
    """Draws faces, writes their pictures and gives the landmarks of each."""
    from occbench.dataset.drawing import draw_face
    from occbench.dataset.images import encode_image

    for order in orders:
        face = draw_face(
            identity=order.identity,
            expression=order.expression,
            index=order.index,
            seed=seed,
            size=size,
        )
        (Path(folder) / f"{order.id}.png").write_bytes(encode_image(face.image, "png", 100))
        yield face.landmarks
