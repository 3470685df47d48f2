"""Checks of the values of a recipe, one key at a time and all of them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from occbench.core.spec import Spec
from occbench.errors import DataError
from occbench.models.base import Backbone, checked_backbone
from occbench.models.specs import (
    ALL,
    AUGMENTATIONS,
    BALANCE,
    COLOUR,
    COPIES,
    HEAD,
    LOSSES,
    NO_BALANCE,
    OPTIMIZERS,
    PLANES,
    PRECISIONS,
    PREPROCESSINGS,
    SCHEDULES,
    Chain,
    checked,
    checked_chain,
    plane_channels,
)

if TYPE_CHECKING:
    from occbench.training.recipe import Recipe

CLASS_WEIGHTS = ("balanced", "none", "inverse-sum-1")
MONITORS = ("val-loss", "val-accuracy", "balanced-val-accuracy")
SELECTIONS = (
    "best-balanced-val-accuracy",
    "best-val-accuracy",
    "best-val-loss",
    "last",
)


def check_together(recipe: Recipe, backbone: Backbone) -> None:
    """Refuses keys of a recipe that exclude each other or do not fit its backbone.

    Raises:
        DataError: the first thing that does not fit.
    """
    _check_backbone(recipe, backbone)
    _check_images(recipe)
    if recipe.head_epochs and recipe.trainable == HEAD:
        raise DataError("head_epochs is for a recipe that trains more than the head afterwards.")
    if recipe.head_epochs >= recipe.epochs:
        raise DataError(
            f"head_epochs = {recipe.head_epochs} leaves nothing of epochs = {recipe.epochs}."
        )
    if recipe.head_learning_rate and not recipe.head_epochs:
        raise DataError("head_learning_rate goes with head_epochs.")
    if recipe.batch_size % recipe.devices:
        raise DataError(
            f"batch_size = {recipe.batch_size} cannot be shared equally by devices = "
            f"{recipe.devices}."
        )
    if recipe.augment_copies and not (recipe.cache_trunk and recipe.augment):
        raise DataError("augment_copies goes with cache_trunk = true and augment.")
    if recipe.cache_trunk and recipe.trainable in (ALL, backbone.stages[0]):
        raise DataError(
            "cache_trunk = true needs a frozen part: set trainable to a stage or to 'head'."
        )
    if recipe.cache_trunk and recipe.augment and not recipe.augment_copies:
        raise DataError(
            "cache_trunk = true and augment exclude each other, as the frozen part sees another "
            "image each time; augment_copies = 4, say, keeps 4 augmented copies of each face."
        )


def _check_backbone(recipe: Recipe, backbone: Backbone) -> None:
    name = recipe.backbone.name
    if recipe.size < backbone.smallest:
        raise DataError(
            f"'{name}' needs images of {backbone.smallest} pixels or more; size is {recipe.size}."
        )
    channels = plane_channels(recipe.planes, recipe.channels)
    if recipe.preprocessing in COLOUR and channels != 3:
        raise DataError(
            f"The preprocessing '{recipe.preprocessing}' needs 3 channels; got {channels}."
        )
    if recipe.trainable not in (ALL, HEAD, *backbone.stages):
        raise DataError(
            f"trainable is '{recipe.trainable}', which '{name}' has not; expected one of "
            f"{', '.join((ALL, HEAD, *backbone.stages))}."
        )
    trained = _trained(recipe.trainable, backbone)
    for stage, _ in recipe.stage_rates:
        if stage not in trained:
            raise DataError(
                f"stage_rates has '{stage}', which is not trained here; trained are "
                f"{', '.join(trained)}."
            )


def _check_images(recipe: Recipe) -> None:
    """What is done to images: colour needs colour, and copies no trunk cache."""
    if recipe.channels != 3 and any(spec.name == "saturation" for spec in recipe.augment):
        raise DataError(
            "The augmentation 'saturation' needs 3 channels; grey images have no colour to change."
        )
    names = list(map(str, recipe.copies))
    for name in names:
        if names.count(name) > 1:
            raise DataError(
                f"copies has '{name}' twice, which would be the same copy; name it once."
            )
    if recipe.cache_trunk and (recipe.copies or recipe.balance != NO_BALANCE):
        key = "copies" if recipe.copies else "balance"
        raise DataError(
            f"cache_trunk = true and {key} exclude each other, as the cache knows faces and not "
            "their copies; set cache_trunk = false."
        )


def _trained(trainable: str, backbone: Backbone) -> tuple[str, ...]:
    if trainable == ALL:
        return (*backbone.stages, HEAD)
    if trainable == HEAD:
        return (HEAD,)
    return (*backbone.stages[backbone.stages.index(trainable) :], HEAD)


def _whole(low: int, high: int) -> Callable[[str, Any], int]:
    def check(key: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise DataError(f"{key} is {value!r}; expected a whole number from {low} to {high}.")
        return value

    return check


def _number(low: float, high: float) -> Callable[[str, Any], float]:
    def check(key: str, value: Any) -> float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise DataError(f"{key} is {value!r}; expected a number from {low:g} to {high:g}.")
        return float(value)

    return check


def _one_of(*known: Any) -> Callable[[str, Any], Any]:
    def check(key: str, value: Any) -> Any:
        for word in known:
            if type(value) is type(word) and value == word:
                return value
        raise DataError(f"{key} is {value!r}; expected {', '.join(map(repr, known))}.")

    return check


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise DataError(f"{key} is {value!r}; expected text.")
    return value


def _list(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise DataError(f"{key} is {value!r}; expected a list.")
    return value


def _spec(kind: str, table: Mapping[str, Any]) -> Callable[[str, Any], Spec]:
    return lambda key, value: checked(kind, _text(key, value), table)


def _specs(kind: str, table: Mapping[str, Any]) -> Callable[[str, Any], tuple[Spec, ...]]:
    return lambda key, value: tuple(
        checked(kind, _text(key, item), table) for item in _list(key, value)
    )


def _copies(key: str, value: Any) -> tuple[Chain, ...]:
    return tuple(checked_chain("copy", _text(key, item), COPIES) for item in _list(key, value))


def _head(key: str, value: Any) -> tuple[int, ...]:
    return tuple(_whole(1, 65_536)(key, units) for units in _list(key, value))


def _rates(key: str, value: Any) -> tuple[tuple[str, float], ...]:
    if not isinstance(value, Mapping):
        raise DataError(f"{key} is {value!r}; expected a table such as {{ conv5 = 0.1 }}.")
    factor = _number(1e-6, 1e6)
    return tuple((stage, factor(f"{key}.{stage}", each)) for stage, each in sorted(value.items()))


CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "backbone": lambda key, value: checked_backbone(_text(key, value)),
    "size": _whole(8, 1024),
    "channels": _one_of(1, 3),
    "preprocessing": _one_of(*PREPROCESSINGS),
    "planes": _specs("plane", PLANES),
    "augment": _specs("augmentation", AUGMENTATIONS),
    "copies": _copies,
    "balance": _one_of(NO_BALANCE, BALANCE),
    "head": _head,
    "dropout": _number(0, 0.99),
    "trainable": _text,
    "weights": _text,
    "head_epochs": _whole(0, 100_000),
    "head_learning_rate": _number(0, 1e3),
    "stage_rates": _rates,
    "cache_trunk": _one_of(False, True),
    "augment_copies": _whole(0, 10_000),
    "loss": _spec("loss", LOSSES),
    "label_smoothing": _number(0, 0.99),
    "class_weights": _one_of(*CLASS_WEIGHTS),
    "optimizer": _spec("optimizer", OPTIMIZERS),
    "learning_rate": _number(1e-12, 1e3),
    "schedule": _spec("schedule", SCHEDULES),
    "batch_size": _whole(1, 65_536),
    "epochs": _whole(1, 100_000),
    "early_stopping": _whole(0, 100_000),
    "monitor": _one_of(*MONITORS),
    "select": _one_of(*SELECTIONS),
    "precision": _one_of(*PRECISIONS),
    "steps_per_execution": _whole(1, 10_000),
    "xla": _one_of(False, True),
    "devices": _whole(1, 1024),
    "seed": _whole(0, 2**31 - 1),
}
