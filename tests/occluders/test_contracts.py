"""Every registered occluder keeps every contract of ``tests/harness.py``."""

from __future__ import annotations

import pytest

from occbench.occluders.base import REGISTRY
from tests.harness import OCCLUDER_CHECKS, OccluderContract


@pytest.mark.parametrize("check", OCCLUDER_CHECKS)
@pytest.mark.parametrize("name", REGISTRY.names())
def test_occluder_keeps_the_contract(name, check):
    """The check's own docstring says what is kept."""
    getattr(OccluderContract(name), check)()


def test_the_occluders_of_the_sources_are_registered():
    """Were the registry empty, the test above would pass on nothing."""
    assert {"headset", "gear-vr"} <= set(REGISTRY.names())


def test_modules_that_are_no_occluders_are_not_registered():
    """The painter and its helpers are files of the package, too."""
    assert not {"base", "paint", "devices", "rules"} & set(REGISTRY.names())
