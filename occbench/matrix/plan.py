"""Plans: which runs a matrix needs, read from TOML.

``docs/reference/file-formats.md`` lists the keys. The plan beside a matrix is complete: the recipe
stands in it, not only its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from occbench.core.toml_file import read_toml
from occbench.errors import DataError, OccbenchError, StaleState
from occbench.matrix.cell import SELECTIONS, TESTS, in_order
from occbench.occluders.base import make_occluder, variant_name
from occbench.splits.modes import ASSIGNMENTS, MODES
from occbench.splits.partitioning import Partitioning
from occbench.training.recipe import Recipe, refuse_unknown
from occbench.training.run import TEST_SELECTED

SCHEMA = 1
IMAGES = ("on-the-fly", "painted")
KEEPS = ("best-and-last", "every-epoch")

_LISTS = ("train", "test", "seeds", "select")

# What may change in a plan without making the cells that stand there wrong.
_GROWS = (*_LISTS, "keep")

# What the keys of the table ``partitions`` hold.
_PARTITIONS: Mapping[str, tuple[Any, str]] = {
    "source": (str, "text"),
    "fractions": (list, "three numbers"),
    "val_fraction": ((int, float), "a number"),
    "folds": (int, "a whole number"),
    "fold": (int, "a whole number"),
    "seed": (int, "a whole number"),
    "keep_crossing": (bool, "true or false"),
    "all_faces": (bool, "true or false"),
    "val_by": (str, "text"),
}


@dataclass(frozen=True)
class Plan:
    """What a train x test matrix is made of.

    Attributes:
        data_set: its name in the workspace.
        recipe: of every run; the seeds below take the place of its own.
        occluder: spec of what covers the faces.
        train: modes of the train splits, the rows.
        test: test splits, the columns.
        seeds: of the runs.
        select: which weights are tested.
        assign: which half of a mixed part is occluded.
        images: ``on-the-fly``, or ``painted`` to train from painted images.
        keep: which weights of a run stay on disk, one of ``KEEPS``; decides no result.
        partitions: who goes where.
    """

    data_set: str
    recipe: Recipe
    occluder: str = "headset"
    train: tuple[str, ...] = MODES
    test: tuple[str, ...] = TESTS
    seeds: tuple[int, ...] = (0,)
    select: tuple[str, ...] = SELECTIONS
    assign: str = "seeded"
    images: str = "on-the-fly"
    keep: str = KEEPS[0]
    partitions: Partitioning = field(default_factory=Partitioning)

    def __post_init__(self) -> None:
        for key, known in (("train", MODES), ("test", TESTS), ("select", self._selections())):
            _check_names(key, getattr(self, key), known)
            # One order, so that equal plans are equal text.
            ordered = tuple(name for name in known if name in getattr(self, key))
            object.__setattr__(self, key, ordered)
        for key, value, names in (
            ("assign", self.assign, ASSIGNMENTS),
            ("images", self.images, IMAGES),
            ("keep", self.keep, KEEPS),
        ):
            _check_names(key, (value,), names)
        seeds = self.seeds
        if not seeds or any(type(s) is not int or not 0 <= s < 2**31 for s in seeds):
            raise DataError(f"seeds is {list(seeds)}; expected whole numbers of 0 or more.")
        object.__setattr__(self, "seeds", tuple(sorted(set(seeds))))
        object.__setattr__(self, "occluder", variant_name(make_occluder(self.occluder)))

    def _selections(self) -> tuple[str, ...]:
        """What ``select`` may hold, in its order: epochs that are named come last."""
        named = [name for name in in_order(self.select) if TEST_SELECTED.match(name)]
        if named and self.keep != "every-epoch":
            raise DataError(f"select has '{named[0]}', which needs keep = 'every-epoch'.")
        return (*SELECTIONS, *named)

    @property
    def modes(self) -> tuple[str, ...]:
        """The splits that are needed: a row each, and those whose test parts are columns."""
        wanted = {*self.train, *(split_of(test) for test in self.test)}
        return tuple(mode for mode in MODES if mode in wanted)

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Reads a plan.

        Raises:
            DataError: missing, no TOML, another schema, an unknown key or a wrong value.
        """
        values = read_toml(path, "plan", SCHEMA)
        try:
            return _from_mapping(values, path.parent)
        except OccbenchError as error:
            raise DataError(f"The plan '{path}': {error}") from error
        except TypeError as error:
            raise DataError(f"The plan '{path}' has a value of the wrong kind: {error}.") from error

    def to_toml(self) -> str:
        """The complete plan as TOML that ``load`` reads.

        ``keep`` and ``val_by`` stand there only where they are not the default, so that plans
        from before these keys are still the same text.
        """
        import tomlkit

        values = {each.name: getattr(self, each.name) for each in fields(self)}
        if self.keep == KEEPS[0]:
            del values["keep"]
        lists = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
        tables = {"partitions": described(self.partitions), "recipe": self.recipe.describe()}
        return tomlkit.dumps({"schema": SCHEMA, **lists, **tables})

    def after(self, stored: Plan, path: Path) -> Plan:
        """This plan, if it may follow one that has cells already.

        Raises:
            StaleState: more differs than rows, columns, seeds, selections and what is kept.
        """
        changed = [
            each.name
            for each in fields(self)
            if each.name not in _GROWS and getattr(self, each.name) != getattr(stored, each.name)
        ]
        if "recipe" in changed:
            mine, theirs = self.recipe.describe(), stored.recipe.describe()
            keys = [f"recipe.{k}" for k in {**mine, **theirs} if mine.get(k) != theirs.get(k)]
            changed = [name for name in changed if name != "recipe"] + keys
        if changed:
            raise StaleState(
                f"The matrix in '{path.parent}' was made with another plan ({', '.join(changed)} "
                "differs). Give this one another NAME, or delete that folder; finished runs are "
                "kept either way."
            )
        return self


def split_of(test: str) -> str:
    """The mode whose test part is a column; that of both mixed modes is the same."""
    return "mixed-unique" if test == "mixed" else test


def _from_mapping(values: Mapping[str, Any], folder: Path) -> Plan:
    known = [each.name for each in fields(Plan)]
    refuse_unknown(values, known, "")
    for key in ("data_set", "recipe"):
        if key not in values:
            raise DataError(f"the key '{key}' is missing.")
    given = dict(values)
    recipe = given["recipe"]
    if isinstance(recipe, str):
        beside = folder / recipe
        given["recipe"] = Recipe.load(beside if beside.is_file() else recipe)
    elif isinstance(recipe, Mapping):
        given["recipe"] = Recipe.from_mapping(recipe)
    else:
        raise DataError(f"recipe is {recipe!r}; expected a name, a file or a table.")
    for key in ("data_set", "occluder"):
        if key in given and not isinstance(given[key], str):
            raise DataError(f"{key} is {given[key]!r}; expected text.")
    for key in _LISTS:
        if key in given and not isinstance(given[key], list):
            raise DataError(f"{key} is {given[key]!r}; expected a list.")
        if key in given:
            given[key] = tuple(given[key])
    given["partitions"] = partitioning_of(given.get("partitions", {}))
    return Plan(**given)


def described(partitions: Partitioning) -> dict[str, Any]:
    """The table ``partitions`` that ``partitioning_of`` reads."""
    found = {k: v for k, v in partitions.describe().items() if v is not None}
    return {**found, "fractions": list(partitions.fractions)}


def partitioning_of(values: Any) -> Partitioning:
    """The table ``partitions`` of a plan.

    Raises:
        DataError: an unknown key or a wrong value.
    """
    if not isinstance(values, Mapping):
        raise DataError(f"partitions is {values!r}; expected a table.")
    refuse_unknown(values, list(_PARTITIONS), "partitions.")
    for key, value in values.items():
        kind, words = _PARTITIONS[key]
        # TOML's switches are numbers to Python.
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise DataError(f"partitions.{key} is {value!r}; expected {words}.")
    numbers = values.get("fractions", [0, 0, 0])
    if len(numbers) != 3 or any(type(part) not in (int, float) for part in numbers):
        raise DataError(f"partitions.fractions is {numbers!r}; expected three numbers.")
    return Partitioning(**values)


def _check_names(key: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise DataError(f"{key} has {name!r}; expected {', '.join(known)}.")
    if not names:
        raise DataError(f"{key} is empty; expected some of {', '.join(known)}.")
