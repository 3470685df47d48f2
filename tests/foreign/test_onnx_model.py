"""What an ONNX file is fed with, seen by a runtime made of a few lines.

``tests/cli/test_evaluate.py`` does the same with ONNX Runtime where that is installed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from occbench.errors import DataError
from occbench.foreign.evaluate import evaluate, plan_evaluation
from tests.foreign.conftest import BANDS

WHOLE = {"channels": 3, "preprocessing": "none", "layout": "NCHW"}


class Session:
    """A file that says how bright three bands are, and notes what it was given."""

    takes = (("image", "tensor(float)", ["n", 3, 40, 40]),)
    gives = (("scores", "tensor(float)", ["n", 3]),)
    scale = 1.0
    fed: ClassVar[list[np.ndarray]] = []

    def __init__(self, path, options, *, providers):
        if Path(path).read_bytes() != b"net":
            raise RuntimeError(f"Load model from {path} failed:\nwrong wire type")
        assert providers == ["CPUExecutionProvider"]

    def get_inputs(self):
        """As the runtime's."""
        return [SimpleNamespace(name=n, type=t, shape=s) for n, t, s in self.takes]

    def get_outputs(self):
        """As the runtime's."""
        return [SimpleNamespace(name=n, type=t, shape=s) for n, t, s in self.gives]

    def run(self, names, feed):
        """As the runtime's: all outputs, in a list."""
        ((name, images),) = feed.items()
        assert (names, name) == (None, "image")
        assert images.flags.c_contiguous
        self.fed.append(images)
        bands = images[:, :, 6:30].astype(np.float64).reshape(len(images), 3, 3, 8, 40)
        return [self.scale * bands.mean(axis=(1, 3, 4))]


@pytest.fixture
def session(workspace, write_module, write_spec, monkeypatch):
    """A runtime that can be changed, beside ``net.onnx`` and the function that says the same."""

    class Mine(Session):
        fed: ClassVar[list[np.ndarray]] = []

    runtime = SimpleNamespace(
        InferenceSession=Mine, SessionOptions=SimpleNamespace, __version__="0.0.0"
    )
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
    (workspace.root / "net.onnx").write_bytes(b"net")
    write_module("bands", BANDS)
    return Mine


def show(workspace, model, spec):
    """The predictions of a model by variant."""
    task = plan_evaluation(workspace, model, spec_path=spec)
    return evaluate(task, command="occbench evaluate").predictions


@pytest.mark.parametrize(
    ("type_", "dtype"),
    [
        ("tensor(float)", np.float32),
        ("tensor(float16)", np.float16),
        ("tensor(double)", np.float64),
        ("tensor(uint8)", np.uint8),
    ],
)
def test_channels_stand_first_and_levels_are_of_its_type(
    session, workspace, write_spec, type_, dtype
):
    """The function sees the same faces with channels last: the scores are the same."""
    session.takes = (("image", type_, ["n", 3, 40, 40]),)
    found = show(workspace, "net.onnx", write_spec(**WHOLE))
    known = show(workspace, "bands:predict", write_spec())
    assert {images.dtype for images in session.fed} == {np.dtype(dtype)}
    for variant, one in known.items():
        np.testing.assert_allclose(found[variant].scores, one.scores, atol=1e-6)


def test_preprocessing_comes_before_the_layout(session, workspace, write_spec):
    """With ``unit`` it is fed 0 to 1; a model that multiplies by 255 gives the same scores."""
    session.scale = 255.0
    found = show(workspace, "net.onnx", write_spec(**{**WHOLE, "preprocessing": "unit"}))
    known = show(workspace, "bands:predict", write_spec())
    assert max(float(images.max()) for images in session.fed) <= 1
    for variant, one in known.items():
        np.testing.assert_allclose(found[variant].scores, one.scores, atol=1e-4)


def test_a_file_for_four_faces_is_given_four(session, workspace, write_spec):
    """Six faces are four and two; the last is repeated and what it gives again is cut off."""
    session.takes = (("image", "tensor(float)", [4, 3, 40, 40]),)
    found = show(workspace, "net.onnx", write_spec(**WHOLE, batch_size=3))
    known = show(workspace, "bands:predict", write_spec())
    assert [len(images) for images in session.fed] == [4, 4, 4, 4]
    for variant, one in known.items():
        np.testing.assert_allclose(found[variant].scores, one.scores, atol=1e-6)


@pytest.mark.parametrize(
    ("takes", "changes", "message"),
    [
        ([("image", "tensor(float)", ["n", 40, 40, 3])], {}, "(NCHW). Write layout = NHWC."),
        ([("image", "tensor(float)", ["n", 3, 64, 64])], {}, "takes images 3 x 64 x 64, but its"),
        ([("image", "tensor(float)", ["n", 3, 40, 40])], {"size": 48}, "spec says 3 x 48 x 48"),
        ([("image", "tensor(string)", ["n", 3, 40, 40])], {}, "takes tensor(string); expected"),
        ([("image", "tensor(float)", ["n", 4800])], {}, "takes images 4800, but its spec says"),
        (
            [("image", "tensor(uint8)", ["n", 3, 40, 40])],
            {"preprocessing": "unit"},
            "takes uint8, which the preprocessing 'unit' does not give",
        ),
        (
            [("a", "tensor(float)", []), ("b", "tensor(float)", [])],
            {},
            "has 2 inputs and 1 outputs",
        ),
    ],
)
def test_another_input_than_the_spec_says_is_refused(
    session, workspace, write_spec, takes, changes, message
):
    """Before a face is seen."""
    session.takes = takes
    with pytest.raises(DataError) as error:
        show(workspace, "net.onnx", write_spec(**{**WHOLE, **changes}))
    assert message in str(error.value)
    assert session.fed == []
    assert not (workspace.matrix("small") / "models" / "net").exists()


def test_free_axes_take_any_size(session, workspace, write_spec):
    """Then only the spec knows the size."""
    session.takes = (("image", "tensor(float)", ["n", 3, "h", None]),)
    assert set(show(workspace, "net.onnx", write_spec(**WHOLE))) == {"normal", "headset"}


def test_a_file_that_cannot_be_opened_is_named(session, workspace, write_spec):
    """With the first line of what the runtime says."""
    (workspace.root / "net.onnx").write_bytes(b"torn")
    with pytest.raises(DataError, match=r"'net.onnx' cannot be opened: Load model .* failed:\.$"):
        show(workspace, "net.onnx", write_spec(**WHOLE))
