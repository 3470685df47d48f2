"""Recipes: everything that decides a training, read from TOML.

``docs/reference/recipes.md`` lists the keys. A recipe is checked as far as it can be without
Keras and without the data.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from occbench.core.spec import Spec
from occbench.errors import DataError, OccbenchError, UnknownName
from occbench.models.base import resolve_backbone
from occbench.models.specs import LOSSES, NO_BALANCE, OPTIMIZERS, SCHEDULES, Chain, checked
from occbench.training.checks import CHECKS, check_together

SCHEMA = 1
BUILT_IN = Path(__file__).parents[1] / "recipes"

NO_WEIGHTS, PUBLISHED = "none", "published"

# A recipe that says nothing of these is described without them: it was one before they existed,
# and what was trained then is the same run.
_LATER = (
    "weights",
    "head_epochs",
    "head_learning_rate",
    "stage_rates",
    "cache_trunk",
    "augment_copies",
    "devices",
    "planes",
    "copies",
    "balance",
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training but the split and the seed.

    Attributes:
        backbone: spec of the network.
        size: side of the square input in pixels.
        channels: 1 grey, 3 RGB.
        planes: specs of what the network sees of the image; the image itself if empty.
        preprocessing: one of ``PREPROCESSINGS``.
        augment: specs, applied in order in training.
        copies: fixed copies of every training image besides itself, each a chain of changes.
        balance: ``augment`` fills up every class to the largest with altered copies; ``none``.
        head: units of hidden layers before the logits.
        dropout: before each layer of the head, 0..1.
        trainable: ``all``, ``head`` or the first trained stage.
        weights: what the backbone begins with: ``none`` random values, ``published`` those of
            its publication, a path of such a file, or the id of a run in the workspace.
        head_epochs: so many epochs at first train the head alone.
        head_learning_rate: the rate of those epochs; 0 is ``learning_rate``.
        stage_rates: factors of the learning rate of stages, and of ``head``.
        cache_trunk: keep what the frozen part gives on disk and train the rest on it.
        augment_copies: with ``cache_trunk``, so many augmented copies of a face in turn.
        loss: spec; computed from logits.
        label_smoothing: 0..1.
        class_weights: ``balanced`` is N / (K n_k); ``inverse-sum-1`` is 1 / n_k with sum 1, as in
            the AffectNet study; ``none``.
        optimizer: spec.
        learning_rate: the rate, or the highest one of a schedule.
        schedule: spec.
        batch_size: images per step.
        epochs: at most.
        early_stopping: epochs without a better ``monitor`` after which training ends; 0 never.
        monitor: what early stopping and the plateau schedule watch.
        select: which epoch is called best.
        precision: Keras dtype policy.
        steps_per_execution: as Keras' ``compile``.
        xla: compile the step with XLA.
        devices: accelerators that share each batch.
        seed: of initial weights, order and augmentation.
    """

    backbone: Spec
    size: int
    channels: int
    planes: tuple[Spec, ...] = ()
    preprocessing: str = "centered"
    augment: tuple[Spec, ...] = ()
    copies: tuple[Chain, ...] = ()
    balance: str = NO_BALANCE
    head: tuple[int, ...] = ()
    dropout: float = 0.0
    trainable: str = "all"
    weights: str = NO_WEIGHTS
    head_epochs: int = 0
    head_learning_rate: float = 0.0
    stage_rates: tuple[tuple[str, float], ...] = ()
    cache_trunk: bool = False
    augment_copies: int = 0
    loss: Spec = field(default_factory=lambda: checked("loss", "cross-entropy", LOSSES))
    label_smoothing: float = 0.0
    class_weights: str = "balanced"
    optimizer: Spec = field(default_factory=lambda: checked("optimizer", "adam", OPTIMIZERS))
    learning_rate: float = 0.001
    schedule: Spec = field(default_factory=lambda: checked("schedule", "constant", SCHEDULES))
    batch_size: int = 64
    epochs: int = 20
    early_stopping: int = 0
    monitor: str = "val-loss"
    select: str = "best-balanced-val-accuracy"
    precision: str = "float32"
    steps_per_execution: int = 1
    xla: bool = False
    devices: int = 1
    seed: int = 0

    @classmethod
    def load(cls, name: str | Path) -> Recipe:
        """Reads a recipe: a TOML file, or the name of a built-in recipe.

        Raises:
            UnknownName: neither a file nor a built-in recipe.
            DataError: no TOML, another schema, an unknown or missing key, a wrong value.
        """
        path = recipe_path(name)
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DataError(f"The recipe '{path}' is no valid TOML: {error}.") from error
        if values.pop("schema", None) != SCHEMA:
            raise DataError(f"The recipe '{path}' needs the line 'schema = {SCHEMA}'.")
        try:
            return cls.from_mapping(values, folder=path.parent)
        except OccbenchError as error:
            raise DataError(f"The recipe '{path}': {error}") from error

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], *, folder: Path | None = None) -> Recipe:
        """A recipe from plain values, as in TOML or JSON.

        A backbone with published weights begins with them and with their preprocessing unless
        the values say otherwise.

        Args:
            values: by key.
            folder: where a relative path of weights begins; the working folder if None.

        Raises:
            DataError: an unknown or missing key, a wrong value, or values that exclude each other.
        """
        refuse_unknown(values, [each.name for each in fields(cls)])
        missing = [key for key in ("backbone", "size", "channels") if key not in values]
        if missing:
            raise DataError(f"the key '{missing[0]}' is missing.")
        given = {key: CHECKS[key](key, value) for key, value in values.items()}
        backbone, _ = resolve_backbone(given["backbone"])
        if backbone.published:
            bound = {"weights": PUBLISHED, "preprocessing": backbone.preprocessing}
            given = {**bound, **given}
        if "weights" in given:
            given["weights"] = _placed(given["weights"], folder)
        recipe = cls(**given)
        check_together(recipe, backbone)
        return recipe

    def beginning_with(self, weights: str) -> Recipe:
        """The same recipe with other weights to begin with; a path is one of the working folder."""
        return replace(self, weights=_placed(CHECKS["weights"]("weights", weights), None))

    def describe(self) -> dict[str, Any]:
        """All keys as plain values: ``from_mapping`` gives the recipe again.

        Defaults are included, but for keys that came later.
        """
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        plain = {key: _plain(key, value) for key, value in values.items()}
        return {key: value for key, value in plain.items() if not self._unsaid(key)}

    def _unsaid(self, key: str) -> bool:
        if key not in _LATER:
            return False
        default = next(each.default for each in fields(self) if each.name == key)
        bound = key == "weights" and resolve_backbone(self.backbone)[0].published
        return default is not MISSING and getattr(self, key) == default and not bound

    def to_toml(self) -> str:
        """The recipe as TOML that ``load`` reads."""
        import tomlkit

        return tomlkit.dumps({"schema": SCHEMA, **self.describe()})


def refuse_unknown(values: Iterable[str], known: Sequence[str], where: str = "") -> None:
    """Refuses a key that is not known and suggests the nearest; ``where`` stands before both.

    Raises:
        DataError: there is such a key.
    """
    for key in values:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean '{where}{nearest[0]}'?" if nearest else ""
            raise DataError(f"unknown key '{where}{key}'.{hint} Known: {', '.join(known)}.")


def recipe_names() -> tuple[str, ...]:
    """The built-in recipes."""
    return tuple(sorted(path.stem for path in BUILT_IN.glob("*.toml")))


def recipe_summaries() -> dict[str, str]:
    """The built-in recipes with the first sentence of the comment each begins with."""
    found = {}
    for name in recipe_names():
        lines = recipe_path(name).read_text(encoding="utf-8").splitlines()
        comment = " ".join(line[1:].strip() for line in lines if line.startswith("#"))
        found[name] = comment.partition(": ")[0].rstrip(".")
    return found


def recipe_path(name: str | Path) -> Path:
    """The file of a recipe, which is a path or the name of a built-in recipe.

    Raises:
        UnknownName: neither.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        if not path.is_file():
            raise DataError(f"The recipe '{path}' is no file.")
        return path
    if str(name) not in recipe_names():
        raise UnknownName("recipe", str(name), recipe_names())
    return BUILT_IN / f"{name}.toml"


def is_file(weights: str) -> bool:
    """Whether a recipe's ``weights`` name a file, not a run."""
    return weights.endswith((".h5", ".hdf5")) or "/" in weights


def _placed(weights: str, folder: Path | None) -> str:
    """A path of weights made absolute, so that it means the same wherever a command is typed."""
    if not is_file(weights):
        return weights
    return str((folder or Path()).resolve() / Path(weights).expanduser())


def _plain(key: str, value: Any) -> Any:
    if key == "stage_rates":
        return dict(value)
    if isinstance(value, tuple):
        return [_plain("", item) for item in value]
    return str(value) if isinstance(value, (Spec, Chain)) else value
