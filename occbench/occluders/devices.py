"""The table of headsets in ``devices.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from occbench.errors import UnknownName


@dataclass(frozen=True)
class Device:
    """A headset's front, in millimetres, and the source of the figures."""

    name: str
    width_mm: float
    height_mm: float
    source: str

    @property
    def aspect(self) -> float:
        """Height over width."""
        return self.height_mm / self.width_mm


@cache
def devices() -> dict[str, Device]:
    """All known headsets by their short name."""
    text = resources.files(__package__).joinpath("devices.toml").read_text(encoding="utf-8")
    return {key: Device(**entry) for key, entry in tomllib.loads(text).items()}


def device(name: str) -> Device:
    """One headset.

    Raises:
        UnknownName: it is not in the table.
    """
    if name not in devices():
        raise UnknownName("device", name, devices())
    return devices()[name]
