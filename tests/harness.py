"""Contracts that every component of a registry keeps.

``tests/occluders/test_contracts.py`` runs them over all names, so that a new file in
``occbench/occluders`` is tested the moment it exists. Nothing here knows a single occluder.
"""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest

from occbench.errors import DataError, SpecError
from occbench.geometry.landmarks import Landmarks68
from occbench.geometry.polygon import Region
from occbench.occluders.base import Occluder, make_occluder, occluder_name, variant_name
from tests.faces import faces, mirrored, turned

SIZE = 256, 256
_CENTRE = 127.5, 127.5


class OccluderContract:
    """The contract of one occluder, by its registered name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind = type(make_occluder(name))
        self.faces = list(faces(6, 301, width=(70, 120), centre=_CENTRE))

    def region(
        self,
        points: np.ndarray,
        *,
        size: tuple[int, int] = SIZE,
        seed: int = 5,
        occluder: Occluder | None = None,
    ) -> Region:
        """The region on one face, by a freshly made occluder unless one is given."""
        return (occluder or make_occluder(self.name)).region(
            Landmarks68(points), size=size, seed=seed
        )

    def check_docstring(self) -> None:
        """It says what it is and where it comes from."""
        text = self.kind.__doc__ or ""
        assert text.strip(), f"{self.name} has no docstring"
        assert "Source:" in text, f"the docstring of {self.name} names no 'Source:'"

    def check_fields(self) -> None:
        """It is a frozen dataclass; every field has a default; fill and seed are among them."""
        assert isinstance(make_occluder(self.name), Occluder)
        assert self.kind.__dataclass_params__.frozen
        fields = {field.name: field for field in dataclasses.fields(self.kind)}
        for field in fields.values():
            assert field.default is not dataclasses.MISSING, f"{field.name} has no default"
        assert fields["fill"].default == "black"
        assert fields["seed"].default == 0

    def check_name(self) -> None:
        """It is registered under the name of its file, and binds OCCLUDER there."""
        assert occluder_name(make_occluder(self.name)) == self.name
        assert sys.modules[self.kind.__module__].OCCLUDER is self.kind

    def check_spec(self) -> None:
        """Its spec alone rebuilds an equal occluder, with fill and seed changed or not."""
        for changed in ({}, {"fill": "noise", "seed": 12}, {"fill": (1, 2, 3)}):
            occluder = self.kind(**changed)
            again = make_occluder(variant_name(occluder))
            assert again == occluder
            assert hash(again) == hash(occluder)
            assert variant_name(again) == variant_name(occluder)

    def check_refusals(self) -> None:
        """A wrong fill or seed is refused when it is made, not when it is used."""
        for wrong in ({"fill": "plaid"}, {"fill": (0, 0, 256)}, {"seed": -1}, {"seed": 0.5}):
            with pytest.raises(SpecError):
                self.kind(**wrong)

    def check_covers(self) -> None:
        """It covers a part of a face in the middle of an image, and not all of it."""
        for points in self.faces:
            assert 0 < self.region(points).covered(SIZE) < 1

    def check_repeats(self) -> None:
        """The same arguments give the same region, whether the occluder is new or used."""
        used = make_occluder(self.name)
        for points in self.faces:
            one = self.region(points, occluder=used)
            assert_same(one, self.region(points, occluder=used))
            assert_same(one, self.region(points))

    def check_order(self) -> None:
        """The faces before a face do not change its region."""
        used = make_occluder(self.name)
        forward = [self.region(points, occluder=used) for points in self.faces]
        backward = [self.region(points, occluder=used) for points in reversed(self.faces)]
        for one, other in zip(forward, reversed(backward), strict=True):
            assert_same(one, other)

    def check_landmarks_untouched(self) -> None:
        """Neither its landmarks nor the caller's array change."""
        for points in self.faces:
            before = points.copy()
            self.region(points)
            assert (points == before).all()

    def check_mirrored(self) -> None:
        """Landmarks that were mirrored and not renumbered are refused."""
        for points in self.faces:
            with pytest.raises(DataError, match="renumbered"):
                self.region(mirrored(points, SIZE[0]))

    def check_doubled(self) -> None:
        """Landmarks twice as large give a region twice as large: corners and pixels."""
        double = SIZE[0] * 2, SIZE[1] * 2
        for points in self.faces:
            small, large = self.region(points), self.region(points * 2, size=double)
            assert_close(large, [polygon * 2 for polygon in small.polygons])
            pixels = small.mask(SIZE).sum(), large.mask(double).sum()
            assert pixels[1] / pixels[0] == pytest.approx(4, rel=0.1)

    def check_turned(self) -> None:
        """Landmarks turned about the image's centre give the region turned alike."""
        for points, angle in zip(self.faces, (0.1, -0.4, 0.9, 1.6, -2.5, 3.1), strict=True):
            straight = self.region(points).polygons
            expected = [turned(polygon, angle, _CENTRE) for polygon in straight]
            assert_close(self.region(turned(points, angle, _CENTRE)), expected)

    def check_shifted(self) -> None:
        """Landmarks moved by whole pixels give the region moved by as many."""
        for points in self.faces:
            expected = [polygon + np.array([7, -11]) for polygon in self.region(points).polygons]
            assert_close(self.region(points + np.array([7, -11])), expected)


def assert_same(one: Region, other: Region) -> None:
    """Two regions have the same corners, bit for bit."""
    assert len(one.polygons) == len(other.polygons)
    for polygon, twin in zip(one.polygons, other.polygons, strict=True):
        assert polygon.tobytes() == twin.tobytes()


def assert_close(region: Region, polygons: list[np.ndarray]) -> None:
    """A region has the given corners up to rounding."""
    assert len(region.polygons) == len(polygons)
    for polygon, expected in zip(region.polygons, polygons, strict=True):
        np.testing.assert_allclose(polygon, expected, atol=1e-7)


OCCLUDER_CHECKS = sorted(name for name in vars(OccluderContract) if name.startswith("check_"))
