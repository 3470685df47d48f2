"""Weights and optimizers on disk: they come back bit for bit, or one sentence says why not."""

from __future__ import annotations

import errno
import os
import resource
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from occbench.errors import DataError
from occbench.training.checkpoint import (
    final_path,
    forget,
    load_optimizer,
    load_weights,
    optimizer_path,
    save_optimizer,
    save_weights,
    sweep,
    weights_path,
)
from tests.trainings import TINY, array, recipe, weights_in

pytestmark = pytest.mark.tf

LEFT_ALONE = "Delete the run's folder to train anew."


def network(**changes: Any) -> Any:
    """An untrained network with its optimizer."""
    from occbench.training.network import compiled_network

    return compiled_network(recipe(TINY, **changes), 3, steps=1)


@pytest.fixture(scope="module")
def model():
    """A network whose optimizer's momenta are no longer zero."""
    found = network()
    found.run_eagerly = True
    images = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 1), dtype=np.uint8)
    found.train_on_batch(images, np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]])
    return found


def values(variables: Any) -> list[bytes]:
    """The bits of variables."""
    return [array(variable).tobytes() for variable in variables]


@pytest.fixture
def saved(model, tmp_path):
    """The weights file of that network."""
    path = weights_path(tmp_path, 1)
    save_weights(model, path)
    return path


@pytest.fixture
def stored(model, tmp_path):
    """The optimizer's file."""
    path = optimizer_path(tmp_path, 1)
    save_optimizer(model.optimizer, path)
    return path


def test_paths(tmp_path):
    """Names sort by epoch."""
    assert weights_path(tmp_path, 7) == tmp_path / "weights" / "epoch-0007.weights.h5"
    assert optimizer_path(tmp_path, 7) == tmp_path / "weights" / "epoch-0007.optimizer.npz"
    assert final_path(tmp_path, "best") == tmp_path / "best.weights.h5"


def test_weights_come_back_bit_for_bit(model, saved):
    """Into a network that began elsewhere; nothing lies beside the file."""
    other = network(seed=1)
    weights = [v for v in model.variables if "seed_generator" not in v.path]
    same = [v for v in other.variables if "seed_generator" not in v.path]
    assert values(weights) != values(same)
    load_weights(other, saved)
    assert values(weights) == values(same)
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_weights_hold_no_optimizer(model, saved):
    """As many numbers as the network has parameters, not three times that."""
    held = sum(value.size for value in weights_in(saved).values() if value.dtype == np.float32)
    assert held == model.count_params()


def test_an_optimizer_comes_back_bit_for_bit(model, stored):
    """Steps, rate and momenta."""
    other = network(seed=1).optimizer
    assert values(model.optimizer.variables) != values(other.variables)
    load_optimizer(other, stored)
    assert values(model.optimizer.variables) == values(other.variables)
    assert int(array(other.iterations)) == 1


@pytest.mark.parametrize("cut", [0, 1, 100, 0.5, 0.99])
def test_truncated_files_are_refused(cut, model, saved, stored):
    """Wherever a file ends too early, the sentence names it; the network is left usable."""
    for path, load, thing in (
        (saved, load_weights, model),
        (stored, load_optimizer, model.optimizer),
    ):
        data = path.read_bytes()
        path.write_bytes(data[: int(cut * len(data)) if isinstance(cut, float) else cut])
        with pytest.raises(DataError) as caught:
            load(thing, path)
        text = str(caught.value)
        assert str(path) in text
        assert text.endswith(LEFT_ALONE)
        assert "\n" not in text


@pytest.mark.parametrize("what", ["missing", "text", "folder"])
def test_files_that_are_none_are_refused(what, model, saved, stored):
    """A missing file, a text and a folder."""
    for path, load, thing in (
        (saved, load_weights, model),
        (stored, load_optimizer, model.optimizer),
    ):
        path.unlink()
        if what == "text":
            path.write_text("weights", encoding="utf-8")
        elif what == "folder":
            path.mkdir()
        with pytest.raises(DataError) as caught:
            load(thing, path)
        assert str(path) in str(caught.value)
        assert str(caught.value).endswith(LEFT_ALONE)


@pytest.mark.parametrize(
    "changes", [{"backbone": "resnet9(width=2)"}, {"head": [4]}, {"backbone": "convnet-chollet"}]
)
def test_weights_of_another_shape_are_refused(changes, saved):
    """Other widths, another head and another network altogether."""
    other = network(**({"size": 18} | changes))
    with pytest.raises(
        DataError, match="do not fit this network or are broken: its layers are others"
    ) as caught:
        load_weights(other, saved)
    assert str(saved) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("changes", [{"optimizer": "sgd"}, {"backbone": "resnet9(width=2)"}])
def test_another_optimizer_is_refused(changes, stored):
    """Of another kind, or of another network; nothing of it is taken over."""
    other = network(**changes).optimizer
    before = values(other.variables)
    with pytest.raises(DataError, match="belongs to another optimizer"):
        load_optimizer(other, stored)
    assert values(other.variables) == before


def test_an_optimizer_of_objects_is_refused(model, stored):
    """Pickles could run code."""
    with stored.open("wb") as file:
        np.savez(file, v0=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="cannot be read"):
        load_optimizer(model.optimizer, stored)


@contextmanager
def small_disk(limit: int):
    """No file may grow beyond ``limit`` bytes, as on a disk that is full there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_disk_that_ends_leaves_the_old_files(share, model, saved, stored, capfd):
    """Wherever a file stops growing, the error is the system's, and nothing goes to stderr."""
    for path, save, thing in (
        (saved, save_weights, model),
        (stored, save_optimizer, model.optimizer),
    ):
        before = path.read_bytes()
        with small_disk(int(share * len(before))), pytest.raises(OSError) as caught:  # noqa: PT011
            save(thing, path)
        assert caught.value.errno == errno.EFBIG
        assert path.read_bytes() == before
    assert capfd.readouterr().err == ""
    assert sorted(path.name for path in saved.parent.iterdir()) == [stored.name, saved.name]


def test_a_full_disk_while_moving_leaves_the_old_file(model, saved, monkeypatch):
    """The number of the error stays what it was."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = saved.read_bytes()
    monkeypatch.setattr("occbench.training.checkpoint.os.replace", full)
    with pytest.raises(OSError, match="No space left") as caught:
        save_weights(model, saved)
    assert caught.value.errno == errno.ENOSPC
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


@pytest.mark.parametrize(
    ("every_epoch", "left"),
    [
        (False, {"epoch-0002.weights.h5", "epoch-0002.optimizer.npz", "epoch-0003.weights.h5"}),
        (
            True,
            {f"epoch-000{n}.weights.h5" for n in (1, 2, 3)} | {"epoch-0002.optimizer.npz"},
        ),
    ],
)
def test_forgetting(every_epoch, left, tmp_path):
    """Weights and optimizers of epochs that are not kept go; on request weights stay."""
    weights_path(tmp_path, 1).parent.mkdir()
    for epoch in (1, 2, 3):
        weights_path(tmp_path, epoch).touch()
        if epoch < 3:
            optimizer_path(tmp_path, epoch).touch()
    forget(tmp_path, (2, 3), every_epoch=every_epoch)
    assert {path.name for path in (tmp_path / "weights").iterdir()} == left


def test_sweeping_removes_what_was_left_unfinished(saved):
    """Hidden files are parts of a killed process; finished ones stay."""
    (saved.parent / ".epoch-0002.weights.h5.1-00.part.weights.h5").touch()
    sweep(saved.parent.parent)
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    sweep(saved.parent)
