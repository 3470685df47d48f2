"""The recipes of reports 000, 002, 003 and 004: what was published, without what was unsound."""

from __future__ import annotations

import pytest

from occbench.models.specs import plane_channels
from occbench.training.recipe import Recipe, recipe_names, recipe_summaries

# Backbone, preprocessing, optimizer, rate, batch and epochs as the reports have them.
PUBLISHED = {
    **{
        f"report-000-step-{step}": (
            f"report-000(step={step})",
            "unit",
            "adam",
            *((5e-4, 16) if step == 4 else (1e-3, 32)),
            30,
        )
        for step in range(8)
    },
    "report-002-cnn": ("report-002-cnn", "centered", "adam", 1e-3, 128, 30),
    "report-002-forward": ("report-002-forward", "centered", "adam", 1e-3, 32, 100),
    "report-002-resnet18": ("resnet18", "centered", "sgd", 1e-3, 128, 20),
    "report-003-model-1": ("report-003-plain", "unit", "adam", 1e-4, 10, 50),
    "report-003-model-2": ("report-003-inception", "unit", "adam", 1e-4, 10, 50),
    "report-004-r1": ("report-004-plain", "unit", "adam", 5e-5, 32, 36),
    "report-004-r2": ("report-004-inception", "unit", "adam", 1e-4, 32, 31),
}

# Copies of each training face besides itself: 000 has three times as many more, and so has 002.
COPIES = {"report-000-step-6": 3, "report-000-step-7": 3, "report-002-cnn": 3}


def test_every_recipe_of_a_report_is_tested():
    """A new one needs its published values above."""
    assert {name for name in recipe_names() if name.startswith("report-")} == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_values(name):
    """48 pixels, nothing but what the report says; the best epoch by validation loss is kept."""
    found = Recipe.load(name)
    assert (
        str(found.backbone),
        found.preprocessing,
        found.optimizer.name,
        found.learning_rate,
        found.batch_size,
        found.epochs,
    ) == PUBLISHED[name]
    assert (found.size, found.head, found.dropout, found.augment) == (48, (), 0.0, ())
    assert (found.class_weights, found.select) == ("none", "best-val-loss")
    assert found.schedule.name == "constant"
    assert len(found.copies) == COPIES.get(name, 0)
    assert found.early_stopping == (5 if name.startswith("report-000") else 0)
    assert (found.balance == "augment") == name.startswith("report-003")


@pytest.mark.parametrize(
    ("name", "channels"),
    [("report-000-step-0", 1), ("report-002-resnet18", 3), ("report-004-r1", 3)],
)
def test_what_the_first_layer_sees(name, channels):
    """ResNet-18 a grey face three times; R1 and R2 three planes made of it."""
    found = Recipe.load(name)
    assert plane_channels(found.planes, found.channels) == channels


def test_the_momentum_of_resnet18_is_pytorch_s():
    """0.9, not in Nesterov's form, which is the default of a recipe."""
    found = Recipe.load("report-002-resnet18").optimizer
    assert dict(found.arguments) == {"momentum": 0.9, "nesterov": False, "weight_decay": 0.0}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_recipe_names_its_report(name):
    """In the line that ``occbench list`` prints of it."""
    assert recipe_summaries()[name].startswith(f"Report {name.split('-')[1]}'s ")
