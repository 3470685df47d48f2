"""A whole classifier: levels 0..255 in, one logit per class out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from occbench.core.spec import Spec
from occbench.errors import DataError
from occbench.models.augmentation import augmentation_layers
from occbench.models.backend import load_keras
from occbench.models.base import Backbone, resolve_backbone
from occbench.models.blocks import initializer, layer_seeds
from occbench.models.planes import planes_tensor
from occbench.models.preprocessing import preprocess_tensor
from occbench.models.specs import ALL, HEAD


@dataclass(frozen=True)
class Architecture:
    """Everything that decides a classifier's layers.

    Attributes:
        backbone: its spec.
        size: side of the square input in pixels.
        channels: 1 grey, 3 RGB.
        preprocessing: see ``preprocess``.
        augment: checked specs, in order; active in training only.
        head: units of hidden layers between features and logits.
        dropout: share of features dropped before each layer of the head, in training only.
        trainable: ``all``, ``head``, or the first stage of the backbone that is trained;
            what lies before stays as it is, its batch normalisation in inference mode.
        precision: the Keras dtype policy; logits are float32 always.
        planes: checked specs of what the network sees of the augmented image; all of it if empty.
    """

    backbone: Spec
    size: int
    channels: int
    preprocessing: str
    augment: Sequence[Spec] = ()
    head: Sequence[int] = ()
    dropout: float = 0.0
    trainable: str = "all"
    precision: str = "float32"
    planes: Sequence[Spec] = ()


def build_classifier(architecture: Architecture, classes: int, *, seed: int) -> Any:
    """A Keras model from ``(N, size, size, channels)`` uint8 to logits ``(N, classes)``.

    Equal arguments give equal initial weights.

    Raises:
        SpecError: a parameter that the backbone does not have.
        DataError: the backbone cannot take such images or has no such stage.
    """
    keras = load_keras()
    backbone, parameters = resolve_backbone(architecture.backbone)
    _check(architecture, backbone)
    seeds = layer_seeds(seed)
    with _precision(architecture.precision):
        shape = (architecture.size, architecture.size, architecture.channels)
        images = keras.Input(shape, dtype="uint8", name="image")
        x = keras.ops.cast(images, "float32")
        for layer in augmentation_layers(architecture.augment, seeds):
            x = layer(x)
        x = planes_tensor(architecture.planes, x)
        x = preprocess_tensor(architecture.preprocessing, x)
        x = backbone.build(x, seeds, **parameters)
        model = keras.Model(images, _head(x, architecture, classes, seeds), name="classifier")
    freeze(model, architecture.trainable, architecture.backbone)
    return model


def _head(x: Any, architecture: Architecture, classes: int, seeds: Callable[[], int]) -> Any:
    layers = load_keras().layers
    if len(x.shape) > 2:
        x = layers.Flatten(name="head_flatten")(x)
    for number, units in enumerate((*architecture.head, classes), start=1):
        last = number > len(architecture.head)
        if architecture.dropout:
            x = layers.Dropout(architecture.dropout, seed=seeds(), name=f"head_dropout{number}")(x)
        x = layers.Dense(
            units,
            activation=None if last else "relu",
            kernel_initializer=initializer(seeds, relu=False),
            dtype="float32" if last else None,
            name="head_logits" if last else f"head_dense{number}",
        )(x)
    return x


def _check(architecture: Architecture, backbone: Backbone) -> None:
    name = architecture.backbone.name
    if architecture.size < backbone.smallest:
        raise DataError(
            f"'{name}' needs images of {backbone.smallest} pixels or more; the recipe has "
            f"size = {architecture.size}."
        )
    known = (ALL, HEAD, *backbone.stages)
    if architecture.trainable not in known:
        raise DataError(
            f"trainable is '{architecture.trainable}', which '{name}' has not; expected one of "
            f"{', '.join(known)}."
        )


def freeze(model: Any, trainable: str, backbone: Spec) -> None:
    """Freezes the layers of all stages before the first trained one, and only those.

    Args:
        model: of ``build_classifier``; to be compiled anew afterwards.
        trainable: as in ``Architecture``.
        backbone: the spec of its backbone.
    """
    stages = resolve_backbone(backbone)[0].stages
    first = {ALL: 0, HEAD: len(stages)}.get(trainable)
    frozen = stages[: stages.index(trainable) if first is None else first]
    for layer in model.layers:
        layer.trainable = not layer.name.startswith(tuple(f"{stage}_" for stage in frozen))


@contextmanager
def _precision(name: str) -> Iterator[None]:
    """Sets Keras' dtype policy for the layers made inside."""
    policies = load_keras().config
    before = policies.dtype_policy()
    policies.set_dtype_policy(name)
    try:
        yield
    finally:
        policies.set_dtype_policy(before)
