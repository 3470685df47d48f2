"""What a backbone is, and how a spec becomes one.

A backbone is a file of its own in ``backbones``, named like the backbone, that binds
``BACKBONE``. Nothing here imports Keras: names can be listed and checked in no time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from occbench.core.registry import Registry
from occbench.core.spec import Spec, parse_spec
from occbench.errors import SpecError

LARGEST_SHARE = 0.99
"""What a share of dropped features may be at most, as in a recipe."""

REGISTRY = Registry("backbone", "occbench.models.backbones", Path(__file__).parent / "backbones")


@dataclass(frozen=True)
class Reported:
    """One number that was published for a network, and how far it can be trusted.

    Attributes:
        arguments: of the spec of that variant; those at their default may be left out.
        size: side of its square input in pixels.
        channels: of its input.
        classes: how many logits stood behind it.
        head: units of the hidden layers between the features and the logits.
        parameters: how many the whole network has.
        statistics: whether the moving means and variances of batch normalisation are among them:
            Keras counts them, PyTorch does not.
        accuracy: the share of the faces that were right, 0..1.
        faces: what it was measured on, and after which training.
        contaminated: why the number says too much about unseen faces; empty if it does not.
    """

    arguments: Mapping[str, Any]
    size: int
    channels: int
    parameters: int
    accuracy: float
    faces: str
    contaminated: str = ""
    head: tuple[int, ...] = ()
    classes: int = 7
    statistics: bool = False


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
        allowed: all values that a parameter may have, for those where not every whole number from
            1, every share from 0 to 0.99 or every list of whole numbers from 1 will do.
        fit: ``fit(**parameters)`` gives ``stages`` and ``smallest`` of a variant where its
            parameters change them, and raises SpecError where they do not go together.
        preprocessing: what its published weights were trained with; empty where there are none.
        published: the name of the network in the files of its published weights, or empty.
        top: ``top(features, seeds)`` gives what the published network recognised faces with, the
            probabilities ``(N, identities)``.
        top_features: the shape of the features that ``top`` takes, without the ``N``.
        source: the report, paper or code that the layout is from.
        reported: the numbers published for it.
    """

    build: Callable[..., Any]
    stages: tuple[str, ...]
    smallest: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    allowed: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    fit: Callable[..., tuple[tuple[str, ...], int]] | None = None
    preprocessing: str = ""
    published: str = ""
    top: Callable[..., Any] | None = None
    top_features: tuple[int, ...] = ()
    source: str = ""
    reported: tuple[Reported, ...] = ()


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
    """A backbone as its parameters make it, and all of them, those at their default included.

    Raises:
        UnknownName: there is no such backbone.
        SpecError: an unknown parameter, a value that it may not have, or values that do not go
            together.
    """
    backbone: Backbone = REGISTRY.module(spec.name).BACKBONE
    unknown = sorted(set(spec.arguments) - set(backbone.parameters))
    if unknown:
        known = ", ".join(sorted(backbone.parameters)) or "none"
        raise SpecError(f"'{spec.name}' has no parameter '{unknown[0]}'. Known: {known}.")
    given = {key: _value(spec.name, backbone, key, value) for key, value in spec.arguments.items()}
    parameters = {**backbone.parameters, **given}
    if backbone.fit is not None:
        stages, smallest = backbone.fit(**parameters)
        backbone = replace(backbone, stages=stages, smallest=smallest)
    return backbone, parameters


def _value(name: str, backbone: Backbone, key: str, value: Any) -> Any:
    """The value of a parameter, a list as a tuple and a whole share as a float."""
    default, allowed = backbone.parameters[key], backbone.allowed.get(key, ())
    if allowed or isinstance(default, bool):
        allowed = allowed or (True, False)
        right = any(type(value) is type(each) and value == each for each in allowed)
        expected = ", ".join(map(repr, allowed))
    elif isinstance(default, tuple):
        right = isinstance(value, (tuple, list)) and all(map(_is_whole, value))
        expected = f"whole numbers of 1 or more in brackets, such as {default!r} or (8,)"
    elif isinstance(default, float):
        right = type(value) in (int, float) and 0 <= value <= LARGEST_SHARE
        expected = f"a number from 0 to {LARGEST_SHARE}"
    else:
        right = _is_whole(value)
        expected = f"a whole number of 1 or more, such as {default!r}"
    if not right:
        raise SpecError(f"'{key}' of '{name}' is {value!r}; expected {expected}.")
    return type(default)(value)


def _is_whole(value: Any) -> bool:
    return type(value) is int and value >= 1
