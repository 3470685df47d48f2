"""What a report says of the weights that its networks began with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from occbench.matrix.job import open_job
from occbench.report.gather import gather
from tests.keras2 import write_hollow
from tests.makers import make_workspace
from tests.matrix.test_job import PLAN, train_by_hand
from tests.runs import make_recipe, small_manifest

FACE = {"backbone": "vggface-resnet50", "channels": 3}


@pytest.fixture
def told(tmp_path):
    """Gives what is said of a matrix of runs of a recipe, as if they had been trained."""

    def tell(file=None, **keys):
        workspace = make_workspace(tmp_path, small_manifest())
        if file is not None:
            write_hollow(file, 2, 8)
        plan = replace(PLAN, recipe=make_recipe(**keys))
        train_by_hand(workspace, plan).compute()
        return gather(open_job(workspace, "small", plan))

    return tell


def test_a_face_network_without_its_weights_is_shouted_about(told):
    """Nobody may take its numbers for those of the published network."""
    facts = told(**FACE, weights="none")
    assert facts.banner.startswith("RANDOM WEIGHTS: 'vggface-resnet50' began with random values")


def test_a_small_network_has_no_weights_to_miss(told):
    """Random values are how it always begins."""
    assert told().banner == ""


def test_foreign_means_are_a_limit(told, tmp_path):
    """Named with both; the right ones are not mentioned."""
    path = tmp_path / "face.h5"
    facts = told(path, **FACE, weights=str(path), preprocessing="imagenet-caffe")
    assert facts.banner == ""
    (limit,) = (text for text in facts.limits if "preprocessing" in text)
    assert "'vggface2'" in limit
    assert "'imagenet-caffe'" in limit


def test_the_right_means_are_no_limit(told, tmp_path):
    """Which are those that the backbone brings."""
    path = tmp_path / "face.h5"
    facts = told(path, **FACE, weights=str(path))
    assert not [text for text in facts.limits if "preprocessing" in text]
