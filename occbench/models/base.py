"""What a backbone is, and how a spec becomes one.

A backbone is a file of its own in ``backbones``, named like the backbone, that binds
``BACKBONE``. Nothing here imports Keras: names can be listed and checked in no time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from occbench.core.registry import Registry
from occbench.core.spec import Spec, parse_spec
from occbench.errors import SpecError

REGISTRY = Registry("backbone", "occbench.models.backbones", Path(__file__).parent / "backbones")


@dataclass(frozen=True)
class Backbone:
    """A network without its head.

    Attributes:
        build: ``build(inputs, seeds, **parameters)`` gives the features of preprocessed images
            ``(N, size, size, channels)``: ``(N, F)``, or ``(N, h, w, F)``, which the head
            flattens. ``seeds()`` gives the seed of the next layer. Layers are named
            ``STAGE_...`` after the stage they belong to.
        stages: from the input to the output, for freezing.
        smallest: the smallest input side in pixels.
        parameters: the parameters of a spec, with their defaults.
        preprocessing: what its published weights were trained with; empty where there are none.
        published: the name of the network in the files of its published weights, or empty.
        top: ``top(features, seeds)`` gives what the published network recognised faces with, the
            probabilities ``(N, identities)``.
        top_features: the shape of the features that ``top`` takes, without the ``N``.
    """

    build: Callable[..., Any]
    stages: tuple[str, ...]
    smallest: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    preprocessing: str = ""
    published: str = ""
    top: Callable[..., Any] | None = None
    top_features: tuple[int, ...] = ()


def checked_backbone(text: str) -> Spec:
    """The spec of a backbone, whose parameters are not looked at.

    Raises:
        SpecError: it cannot be read.
        UnknownName: there is no such backbone.
    """
    spec = parse_spec(text)
    if spec.name not in REGISTRY.names():
        REGISTRY.module(spec.name)
    return spec


def resolve_backbone(spec: Spec) -> tuple[Backbone, dict[str, Any]]:
    """A backbone and all its parameters, those at their default included.

    Raises:
        UnknownName: there is no such backbone.
        SpecError: an unknown parameter, or one of another type than its default.
    """
    backbone: Backbone = REGISTRY.module(spec.name).BACKBONE
    unknown = sorted(set(spec.arguments) - set(backbone.parameters))
    if unknown:
        known = ", ".join(sorted(backbone.parameters)) or "none"
        raise SpecError(f"'{spec.name}' has no parameter '{unknown[0]}'. Known: {known}.")
    for key, value in spec.arguments.items():
        default = backbone.parameters[key]
        if type(value) is not type(default) or (isinstance(value, int) and value < 1):
            raise SpecError(f"'{key}' of '{spec.name}' is {value!r}; expected such as {default!r}.")
    return backbone, {**backbone.parameters, **spec.arguments}
