"""The head first, then the rest; learning rates of stages."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from occbench.training import checkpoint
from occbench.training.run import State
from occbench.workspace import Workspace
from tests.trainings import (
    PLAIN,
    array,
    fitting,
    folder_of,
    recipe,
    same_weights,
    train_in,
    weights_in,
    without_times,
)

pytestmark = pytest.mark.tf

# Batch normalisation, dropout, augmentation, momenta and a schedule: all that two phases share.
PHASED = recipe(epochs=4, head_epochs=2, head_learning_rate=0.004)
ALL_KEPT = {"every_epoch": True}


class Killed(BaseException):
    """Stands for a kill inside this process; nothing catches it."""


@pytest.fixture(scope="module")
def whole(untrained, tmp_path_factory):
    """A training in two phases, all its weights kept: the state and the folder."""
    from occbench.training.fit import fit

    place = tmp_path_factory.mktemp("phases") / "room"
    shutil.copytree(untrained, place)
    job = fitting(Workspace.find(place), PHASED, **ALL_KEPT)
    return fit(job), job.folder


def network(chosen, path=None):
    """The recipe's network, with weights of a file if one is named; arrays by layer."""
    from occbench.training.network import make_network

    model = make_network(chosen, 3)
    if path is not None:
        checkpoint.load_weights(model, path)
    return {layer.name: [array(v) for v in layer.weights] for layer in model.layers}


def changed(before, after):
    """The layers that are not the same bit for bit."""
    return {
        name
        for name, values in before.items()
        for one, other in zip(values, after[name], strict=True)
        if one.tobytes() != other.tobytes() and "seed" not in name
    }


def trained_layers(before, after):
    """Those that hold weights; random layers keep a state that moves too."""
    return {name for name in changed(before, after) if not name.startswith(("random", "head_drop"))}


def test_the_head_learns_alone_at_first(whole):
    """Not a bit of the backbone moves, its batch normalisation's averages included."""
    _, folder = whole
    start = network(PHASED)
    first, second, third = (
        network(PHASED, checkpoint.weights_path(folder, epoch)) for epoch in (1, 2, 3)
    )
    assert trained_layers(start, first) == {"head_logits"}
    assert trained_layers(first, second) == {"head_logits"}
    later = trained_layers(second, third)
    assert {"stem_conv", "stem_bn", "stage3_res2_conv", "head_logits"} <= later


def test_the_phases_have_their_own_rates(whole):
    """The cosine begins with the second phase: after one of its two epochs it is half way."""
    rates = [row["learning_rate"] for row in whole[0].epochs]
    assert rates[:2] == pytest.approx([0.004, 0.004])
    # 0.1 of 6 steps are 1 step of warm-up; 5 are left of which 2 are done: cos(pi 2 / 5).
    assert rates[2] == pytest.approx(0.01 * (1 + np.cos(np.pi * 2 / 5)) / 2, rel=1e-5)
    assert rates[3] == pytest.approx(0, abs=1e-9)


def test_without_a_rate_of_its_own_the_head_has_the_recipes(room):
    """Whatever the schedule is."""
    state = train_in(room, recipe(epochs=2, head_epochs=1))
    assert state.epochs[0]["learning_rate"] == pytest.approx(0.01)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_kill_in_any_phase_is_resumed(after, whole, room):
    """Also at the very border, where the optimizer changes."""
    from occbench.training.fit import fit

    def stop(row):
        if row["epoch"] == after:
            raise Killed

    with pytest.raises(Killed):
        fit(fitting(room, PHASED, after_epoch=stop, **ALL_KEPT))
    folder = folder_of(room, PHASED)
    assert State.read(folder).last == after
    state = fit(fitting(room, PHASED, **ALL_KEPT))
    expected, other = whole
    assert without_times(state.epochs) == without_times(expected.epochs)
    for name in ("best.weights.h5", "last.weights.h5"):
        assert same_weights(folder / name, other / name)


def test_trainable_parameters_are_those_of_the_later_phase(whole):
    """All of them here: the facts do not tell of the head alone."""
    facts = whole[0].facts
    values = sum(v.size for v in weights_in(whole[1] / "last.weights.h5").values())
    assert facts["trainable_parameters"] > 0.9 * facts["parameters"]
    assert facts["parameters"] <= values


def test_patience_begins_with_the_second_phase(room):
    """Weights that do not move never get better: one epoch is the best, one is waited for."""
    still = recipe(PLAIN, epochs=9, head_epochs=3, early_stopping=1, learning_rate=1e-12)
    assert train_in(room, still).last == 5
    assert train_in(room, replace(still, head_epochs=0)).last == 2


def test_a_plateau_begins_with_the_second_phase(room):
    """A rate that falls after one epoch without progress keeps still while the head learns."""
    still = recipe(
        PLAIN, epochs=5, head_epochs=2, learning_rate=1e-10, schedule="plateau(patience=1)"
    )
    rates = [row["learning_rate"] for row in train_in(room, still).epochs]
    # 0.2 after the first epoch that was no better than the one before.
    assert rates == pytest.approx([1e-10, 1e-10, 1e-10, 1e-10, 2e-11])


@pytest.mark.parametrize(
    ("optimizer", "exact"), [("sgd(momentum=0, nesterov=False)", 1e-5), ("adam", 1e-4)]
)
def test_a_stage_steps_as_long_as_its_factor(optimizer, exact):
    """The first step of each variable, against the same step without factors.

    Adam's step has nearly the length of the rate whatever the gradient: a factor on the gradient
    would not be seen.
    """
    plain = recipe(PLAIN, optimizer=optimizer, learning_rate=0.01)
    factors = {"stage1": 0.25, "stage3": 2.0, "head": 0.5}
    steps = [first_step(chosen) for chosen in (plain, with_rates(plain, factors))]
    for name, step in steps[0].items():
        factor = factors.get(name.partition("_")[0], 1.0)
        assert np.abs(step).max() > 0
        scale = np.abs(step).max()
        np.testing.assert_allclose(steps[1][name], factor * step, rtol=0, atol=10 * exact * scale)


def test_factors_go_with_frozen_stages():
    """The order of the variables that are left does not shift the factors."""
    plain = recipe(PLAIN, optimizer="sgd(momentum=0, nesterov=False)", trainable="stage2")
    steps = [first_step(each) for each in (plain, with_rates(plain, {"stage3": 0.5}))]
    assert not steps[0]["stage1_conv"].any()
    np.testing.assert_allclose(steps[1]["stage2_conv"], steps[0]["stage2_conv"], atol=1e-8)
    np.testing.assert_allclose(steps[1]["stage3_conv"], steps[0]["stage3_conv"] / 2, atol=1e-8)


def with_rates(plain, factors):
    """The same recipe with factors."""
    return type(plain).from_mapping({**plain.describe(), "stage_rates": factors})


def first_step(chosen):
    """How the kernel of each layer moves in one step on a fixed batch."""
    from occbench.training.network import compiled_network

    model = compiled_network(chosen, 3)
    generator = np.random.default_rng(5)
    images = generator.integers(0, 256, (18, 18, 18, 1), dtype=np.uint8)
    truth = np.eye(3, dtype=np.float32)[generator.integers(0, 3, 18)]
    before = {layer.name: array(layer.weights[0]) for layer in model.layers if layer.weights}
    model.train_on_batch(images, truth)
    return {
        layer.name: array(layer.weights[0]) - before[layer.name]
        for layer in model.layers
        if layer.weights
    }
