"""What an occluder is, and how a spec becomes one.

An occluder is a frozen dataclass in a file of its own in this package, named like the file
(``gear_vr.py`` is ``gear-vr``) and bound there to ``OCCLUDER``. It says *where* a face is
covered; ``paint`` does the covering. ``docs/how-to/add-an-occluder.md`` walks through one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast, runtime_checkable

from occbench.core.digest import digest, digest_int
from occbench.core.registry import Registry
from occbench.core.spec import Spec, parse_spec
from occbench.errors import SpecError
from occbench.geometry.landmarks import Landmarks68
from occbench.geometry.polygon import Region

FILLS = ("black", "mean", "noise")
NORMAL = "normal"

Fill = str | tuple[int, int, int]

REGISTRY = Registry(
    "occluder",
    __package__,
    Path(__file__).parent,
    without=("base", "paint", "devices", "rules"),
)


@runtime_checkable
class Occluder(Protocol):
    """Says which part of a face is covered, and with what.

    Every parameter is a dataclass field with a default, so that the spec alone rebuilds the
    occluder. A wrong value raises ``SpecError`` on construction.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def fill(self) -> Fill:
        """``black``, ``mean``, ``noise`` or a colour (r, g, b), each 0..255."""
        ...

    @property
    def seed(self) -> int:
        """The seed of every random choice, 0 or more."""
        ...

    def region(self, landmarks: Landmarks68, *, size: tuple[int, int], seed: int) -> Region:
        """The covered region, possibly beyond the image's border.

        The same arguments give the same region. It moves, turns and grows with the
        landmarks. ``size`` is the image's (width, height); ``seed`` is the face's own, see
        ``face_seed``.
        """
        ...


def make_occluder(text: str) -> Occluder:
    """The occluder of a spec such as ``headset(device="quest-2", scale=1.1)``.

    Raises:
        SpecError: unreadable, an unknown parameter, or a value out of range.
        UnknownName: there is no occluder or device of that name.
    """
    spec = parse_spec(text)
    kind = REGISTRY.module(spec.name).OCCLUDER
    known = [field.name for field in dataclasses.fields(kind)]
    unknown = sorted(set(spec.arguments) - set(known))
    if unknown:
        raise SpecError(
            f"'{spec.name}' has no parameter '{unknown[0]}'. Known: {', '.join(sorted(known))}."
        )
    return cast("Occluder", kind(**spec.arguments))


def occluder_name(occluder: Occluder) -> str:
    """The name an occluder is registered under."""
    return type(occluder).__module__.rpartition(".")[2].replace("_", "-")


def variant_name(occluder: Occluder) -> str:
    """The canonical spelling: parameters at their default left out, the others sorted."""
    changed = {
        field.name: getattr(occluder, field.name)
        for field in dataclasses.fields(occluder)
        if getattr(occluder, field.name) != field.default
    }
    return str(Spec(occluder_name(occluder), changed))


def parameters(occluder: Occluder) -> dict[str, Any]:
    """Everything that decides what the occluder covers, defaults included, for JSON."""
    return {"name": occluder_name(occluder), **dataclasses.asdict(occluder)}


@lru_cache(maxsize=64)
def _identity(occluder: Hashable) -> str:
    return digest(parameters(cast("Occluder", occluder)))


def face_seed(occluder: Occluder, face_id: str) -> int:
    """The seed for one face: depends on the occluder, its seed and the face's id only."""
    return digest_int(_identity(cast("Hashable", occluder)), face_id)
