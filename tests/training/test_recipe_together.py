"""Keys of a recipe that exclude each other, and what a backbone binds."""

from __future__ import annotations

from pathlib import Path

import pytest

from occbench.errors import DataError
from occbench.training.recipe import Recipe
from tests.runs import make_recipe

STAGED = {"trainable": "stage3"}
FACE = {"backbone": "vggface-resnet50", "size": 64, "channels": 3}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"size": 15}, "'resnet9' needs images of 16 pixels or more; size is 15"),
        ({"preprocessing": "vggface2"}, "'vggface2' needs 3 channels; got 1"),
        ({"trainable": "stage9"}, "trainable is 'stage9', which 'resnet9' has not; expected one"),
        ({"head_epochs": 20}, "head_epochs = 20 leaves nothing of epochs = 20"),
        ({"head_epochs": 1, "trainable": "head"}, "head_epochs is for a recipe that trains more"),
        ({"head_learning_rate": 0.1}, "head_learning_rate goes with head_epochs"),
        ({"stage_rates": {"stage9": 0.1}}, "stage_rates has 'stage9', which is not trained here"),
        (
            STAGED | {"stage_rates": {"stage2": 0.1}},
            "stage_rates has 'stage2', which is not trained here; trained are stage3, pool, head.",
        ),
        ({"stage_rates": {"stage1": 0}}, "stage_rates.stage1 is 0; expected a number"),
        ({"stage_rates": [0.1]}, "stage_rates is [0.1]; expected a table"),
        ({"cache_trunk": True}, "cache_trunk = true needs a frozen part"),
        (STAGED | {"cache_trunk": True, "augment": ["flip"]}, "exclude each other"),
        (STAGED | {"augment_copies": 2, "augment": ["flip"]}, "goes with cache_trunk"),
        (STAGED | {"augment_copies": 2, "cache_trunk": True}, "and augment"),
        (
            {"preprocessing": "vggface2", "planes": ["luma", "sobel"]},
            "'vggface2' needs 3 channels; got 2",
        ),
        ({"augment": ["saturation"]}, "The augmentation 'saturation' needs 3 channels"),
        ({"copies": ["mirror", "mirror"]}, "copies has 'mirror' twice"),
        (STAGED | {"cache_trunk": True, "copies": ["mirror"]}, "cache_trunk = true and copies"),
        (STAGED | {"cache_trunk": True, "balance": "augment"}, "cache_trunk = true and balance"),
        ({"devices": 4}, "batch_size = 6 cannot be shared equally by devices = 4"),
        ({"weights": ""}, "weights is ''; expected text"),
    ],
)
def test_what_does_not_go_together_is_refused(changes, text):
    """When the recipe is read, before anything is loaded or decoded."""
    with pytest.raises(DataError) as caught:
        make_recipe(**changes)
    assert text in str(caught.value)


def test_a_backbone_with_published_weights_begins_with_them():
    """And with what they were trained to see; both can be set otherwise."""
    recipe = Recipe.from_mapping(FACE)
    assert (recipe.weights, recipe.preprocessing) == ("published", "vggface2")
    older = Recipe.from_mapping({**FACE, "backbone": "vggface-vgg16"})
    assert (older.weights, older.preprocessing) == ("published", "vggface1")
    other = Recipe.from_mapping({**FACE, "weights": "none", "preprocessing": "imagenet-caffe"})
    assert (other.weights, other.preprocessing) == ("none", "imagenet-caffe")


@pytest.mark.parametrize("weights", ["none", "published", "normal-seed0-abc"])
def test_what_is_bound_comes_back(weights):
    """Random values, too, are written down where a reader would expect published ones."""
    recipe = Recipe.from_mapping({**FACE, "weights": weights})
    assert recipe.describe()["weights"] == weights
    assert Recipe.from_mapping(recipe.describe()) == recipe
    assert "weights" not in make_recipe(weights="none").describe()


def test_a_path_in_a_recipe_begins_at_the_recipe(tmp_path, monkeypatch):
    """Wherever the command is typed; one on the command line begins there."""
    folder = tmp_path / "some where"
    folder.mkdir()
    (folder / "face.toml").write_text(
        make_recipe(backbone="resnet9").to_toml() + 'weights = "nets/face.h5"\n', encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    recipe = Recipe.load(Path("some where") / "face.toml")
    assert recipe.weights == str(folder / "nets" / "face.h5")
    assert recipe.beginning_with("face.h5").weights == str(tmp_path / "face.h5")
    assert recipe.beginning_with("/a/b.h5").weights == "/a/b.h5"
    assert recipe.beginning_with("normal-seed0-abc").weights == "normal-seed0-abc"
