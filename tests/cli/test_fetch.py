"""``occbench fetch``: the file that is there is found, and what has none is refused."""

from __future__ import annotations

import hashlib
import json

import pytest

from occbench.models.published import CONTENTS
from tests.cli.conftest import call_main
from tests.keras2 import write_hollow

NAME = "rcmalli_vggface_tf_notop_resnet50.h5"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of weights, and a home without any."""
    monkeypatch.setenv("OCCBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "cache" / "weights").mkdir(parents=True)
    return tmp_path / "cache" / "weights"


def test_a_file_placed_by_hand_is_taken(cache):
    """Without a network; its digest is told."""
    write_hollow(cache / NAME, *CONTENTS["resnet50"][False])
    result = call_main("fetch", "vggface-resnet50", "--json")
    assert result.exit_code == 0, result.output
    expected = hashlib.sha256((cache / NAME).read_bytes()).hexdigest()
    assert json.loads(result.stdout) == {"file": str(cache / NAME), "sha256": expected}


def test_a_network_without_weights_is_refused(cache):
    """And an unknown one with the nearest name."""
    result = call_main("fetch", "resnet9")
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: 'resnet9' has no published weights.\n",
    )
    result = call_main("fetch", "vggface-resnet5")
    assert result.exit_code == 1
    assert "Did you mean 'vggface-resnet50'?" in result.stderr


def test_a_dry_run_fetches_nothing(untrained, cache):
    """It says where the weights come from instead."""
    given = ("matrix", "--recipe", "vggface-resnet50-224", "--workspace", untrained, "--dry-run")
    result = call_main(*given)
    assert result.exit_code == 1
    assert "Run 'occbench fetch vggface-resnet50' first" in result.stderr
    assert not list(cache.iterdir())
