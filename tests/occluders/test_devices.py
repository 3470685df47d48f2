"""The table of headsets."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from occbench.errors import UnknownName
from occbench.occluders.devices import device, devices


def test_the_studys_headset_is_224_by_105_millimetres():
    """The aspect is the fraction 15/32, which a float holds exactly."""
    assert device("quest-2").aspect == Fraction(105, 224) == Fraction(15, 32)


def test_the_gear_vr_is_twice_as_wide_as_high():
    """VR_dimension = [20, 10] in the original."""
    assert device("gear-vr").aspect == Fraction(1, 2)


@pytest.mark.parametrize("name", sorted(devices()))
def test_every_device_is_wider_than_high_and_names_its_source(name):
    """A headset's front spans the eyes; a figure without a source is no figure."""
    entry = device(name)

    assert 50 < entry.height_mm < entry.width_mm < 400
    assert len(entry.source) > 20
    assert entry.name.strip() == entry.name != ""


def test_short_names_fit_a_spec_without_quotes_of_their_own():
    """Small letters, digits and hyphens."""
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in devices())


def test_devices_cannot_be_changed():
    """The table is the same for everyone."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        device("quest-2").width_mm = 1


def test_an_unknown_device_lists_the_known_ones():
    """With the nearest name in front."""
    with pytest.raises(UnknownName, match=r"'gear'.*Did you mean 'gear-vr'\?.*gear-vr, quest-2"):
        device("gear")
