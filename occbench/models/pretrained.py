"""Backbones as networks of their own, with published weights or random ones."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from pathlib import Path
from typing import Any

from occbench.core.spec import parse_spec
from occbench.errors import DataError, SpecError
from occbench.models.backend import load_keras
from occbench.models.base import Backbone, resolve_backbone
from occbench.models.blocks import Seeds, layer_seeds
from occbench.models.published import fetch
from occbench.models.weights import load_published

POOLINGS = (None, "avg", "max")


def load_backbone(
    name: str,
    *,
    weights: str | Path | None = None,
    include_top: bool = False,
    input_shape: Sequence[int] = (224, 224, 3),
    pooling: str | None = None,
    seed: int = 0,
) -> Any:
    """A Keras model of preprocessed images, ``(N, *input_shape)`` to features or probabilities.

    Args:
        name: the spec of a backbone, such as ``vggface-resnet50``; ``preprocess`` prepares images
            by its ``Backbone.preprocessing``.
        weights: an .h5 file as published for keras-vggface, or ``published`` to find or download
            it; random values by ``seed`` without it.
        include_top: whether the published identity classifier follows the features.
        input_shape: height, width and channels.
        pooling: ``avg`` or ``max`` over the places of the features, which gives ``(N, F)``.
        seed: equal seeds give equal random values.

    Raises:
        UnknownName: there is no such backbone.
        SpecError: a parameter or an argument that it does not take.
        DataError: images of that shape do not fit, or the weights do not.
    """
    spec = parse_spec(name)
    backbone, parameters = resolve_backbone(spec)
    path = _weights(spec.name, backbone, weights, include_top)
    if pooling not in POOLINGS:
        raise SpecError(f"pooling is {pooling!r}; expected None, 'avg' or 'max'.")
    shape = _checked_shape(spec.name, backbone, input_shape)
    keras = load_keras()
    seeds = layer_seeds(seed)
    images = keras.Input(shape, name="image")
    features = backbone.build(images, seeds, **parameters)
    if include_top:
        outputs = _top(spec.name, backbone, features, seeds)
    else:
        outputs = _pooled(spec.name, features, pooling)
    model = keras.Model(images, outputs, name=spec.name.replace("-", "_"))
    if path is not None:
        load_published(model.layers, path)
    return model


def _weights(
    name: str, backbone: Backbone, weights: str | Path | None, include_top: bool
) -> Path | None:
    """The file that is meant; None for random values."""
    if weights is None or weights == "none":
        return None
    if not isinstance(weights, (str, Path)):
        raise SpecError(f"weights is {weights!r}; expected None, 'published' or a path.")
    if not backbone.published:
        raise SpecError(f"'{name}' has no published weights; leave weights out.")
    if weights == "published":
        return fetch(backbone.published, include_top=include_top)
    return Path(weights)


def _checked_shape(name: str, backbone: Backbone, shape: Sequence[int]) -> tuple[int, ...]:
    try:
        # NumPy's whole numbers are welcome.
        found = tuple(index(side) for side in shape)
    except TypeError:
        found = ()
    if len(found) != 3 or min(found) < 1:
        raise DataError(
            f"input_shape is {shape!r}; expected height, width and channels, such as (224, 224, 3)."
        )
    if min(found[:2]) < backbone.smallest:
        raise DataError(
            f"'{name}' needs images of {backbone.smallest} pixels or more; input_shape is {found}."
        )
    return found


def _top(name: str, backbone: Backbone, features: Any, seeds: Seeds) -> Any:
    """The classifier, whose first layer has a weight for each feature of a published size."""
    if backbone.top is None:
        raise SpecError(f"'{name}' has no published classifier; leave include_top out.")
    if features.shape[1:] != backbone.top_features:
        raise DataError(
            f"The identity classifier of '{name}' needs features {backbone.top_features}, which "
            f"input_shape = (224, 224, 3) gives; these are {tuple(features.shape[1:])}."
        )
    return backbone.top(features, seeds)


def _pooled(name: str, features: Any, pooling: str | None) -> Any:
    if pooling is None:
        return features
    if len(features.shape) != 4:
        raise SpecError(f"The features of '{name}' have no places to pool; leave pooling out.")
    layers = load_keras().layers
    kind = layers.GlobalAveragePooling2D if pooling == "avg" else layers.GlobalMaxPooling2D
    return kind(name=f"{pooling}_pooling")(features)
