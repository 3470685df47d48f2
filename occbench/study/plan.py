"""Plans of studies: which recipes are compared on which faces, read from TOML.

``docs/reference/file-formats.md`` lists the keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from occbench.core.toml_file import read_toml
from occbench.errors import DataError, OccbenchError
from occbench.matrix.cell import TESTS
from occbench.matrix.plan import Plan, described, partitioning_of
from occbench.splits.modes import MODES
from occbench.splits.partitioning import Partitioning
from occbench.training.recipe import Recipe, refuse_unknown

SCHEMA = 1


@dataclass(frozen=True)
class StudyPlan:
    """What a study compares.

    Attributes:
        data_set: its name in the workspace.
        recipes: by the name of their row.
        mode: how faces are shown in training and validation.
        occluder: spec of what covers the faces.
        seeds: of the runs of each recipe.
        folds: with k > 1, each recipe is trained on k splits, every face of train and validation
            in one validation part; 0 is one split.
        steps: so many steps for every run, whatever its batches and copies: epochs are
            ``steps`` x batch size / images, rounded, at least 1. 0 leaves the recipes' own epochs.
        test: columns that the chosen epochs are also tested on; empty leaves the test unseen.
        partitions: who goes where.
    """

    data_set: str
    recipes: Mapping[str, Recipe]
    mode: str = "normal"
    occluder: str = "headset"
    seeds: tuple[int, ...] = (0,)
    folds: int = 0
    steps: int = 0
    test: tuple[str, ...] = ()
    partitions: Partitioning = field(default_factory=Partitioning)

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise DataError(f"mode is {self.mode!r}; expected {', '.join(MODES)}.")
        if not self.recipes:
            raise DataError("recipes is empty; expected a table for each recipe.")
        if self.folds == 1 or self.folds < 0 or self.steps < 0:
            raise DataError("folds is 0, or 2 or more; steps is 0 or more.")
        if self.partitions.folds:
            raise DataError("folds stands outside of partitions in a study.")
        # The rest is checked as the rows of a matrix are.
        plan = self.matrix_plan(next(iter(self.recipes)), self.splits[0])
        object.__setattr__(self, "seeds", plan.seeds)

    @property
    def splits(self) -> tuple[int, ...]:
        """The folds that are trained, from 1; 0 alone without."""
        return tuple(range(1, self.folds + 1)) if self.folds else (0,)

    def matrix_plan(self, name: str, fold: int) -> Plan:
        """One recipe on one split, as a matrix of one row, its columns those of ``test``."""
        partitions = self.partitions
        if fold:
            partitions = replace(partitions, folds=self.folds, fold=fold)
        return Plan(
            data_set=self.data_set,
            recipe=self.recipes[name],
            occluder=self.occluder,
            train=(self.mode,),
            test=self.test or TESTS[:1],
            seeds=self.seeds,
            select=("best",),
            partitions=partitions,
        )

    @classmethod
    def load(cls, path: Path) -> StudyPlan:
        """Reads a plan.

        Raises:
            DataError: missing, no TOML, another schema, an unknown key or a wrong value.
        """
        values = read_toml(path, "plan", SCHEMA)
        try:
            return _from_mapping(values, path.parent)
        except OccbenchError as error:
            raise DataError(f"The plan '{path}': {error}") from error

    def to_toml(self) -> str:
        """The complete plan as TOML that ``load`` reads; the recipes stand in it."""
        import tomlkit

        partitions = described(self.partitions)
        # Folds stand outside of them.
        del partitions["folds"], partitions["fold"]
        values = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name not in ("recipes", "partitions")
        }
        lists = {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}
        tables = {
            "partitions": partitions,
            "recipes": [
                {"name": name, "recipe": recipe.describe()} for name, recipe in self.recipes.items()
            ],
        }
        return tomlkit.dumps({"schema": SCHEMA, **lists, **tables})

    def differs_from(self, other: StudyPlan) -> list[str]:
        """The keys in which two plans may not differ and be one study.

        Recipes, seeds and tests may be added or left out.
        """
        free = ("recipes", "seeds", "test")
        keys = [
            each.name
            for each in fields(self)
            if each.name not in free and getattr(self, each.name) != getattr(other, each.name)
        ]
        return keys + [
            f"recipe {name}"
            for name, recipe in self.recipes.items()
            if name in other.recipes and other.recipes[name] != recipe
        ]


_KINDS: Mapping[str, tuple[type, str]] = {
    "data_set": (str, "text"),
    "mode": (str, "text"),
    "occluder": (str, "text"),
    "seeds": (list, "a list of whole numbers"),
    "folds": (int, "a whole number"),
    "steps": (int, "a whole number"),
    "test": (list, "a list of test splits"),
    "recipes": (list, "a table [[recipes]] for each"),
}


def _from_mapping(values: Mapping[str, Any], folder: Path) -> StudyPlan:
    refuse_unknown(values, [each.name for each in fields(StudyPlan)], "")
    for key in ("data_set", "recipes"):
        if key not in values:
            raise DataError(f"the key '{key}' is missing.")
    for key, (kind, words) in _KINDS.items():
        wrong = key in values and not isinstance(values[key], kind)
        if wrong or isinstance(values.get(key), bool):
            raise DataError(f"{key} is {values[key]!r}; expected {words}.")
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }
    given["recipes"] = dict(_recipes(values["recipes"], folder))
    if len(given["recipes"]) < len(values["recipes"]):
        raise DataError("two of the recipes have the same name.")
    given["partitions"] = partitioning_of(values.get("partitions", {}))
    return StudyPlan(**given)


def _recipes(tables: list[Any], folder: Path) -> Any:
    """Name and recipe of each table; its other keys take the place of the recipe's."""
    for number, table in enumerate(tables, start=1):
        where = f"recipes, table {number}"
        if not isinstance(table, Mapping) or "recipe" not in table:
            raise DataError(f"{where}: expected a table with the key 'recipe'.")
        found = table["recipe"]
        if isinstance(found, str):
            beside = folder / found
            recipe = Recipe.load(beside if beside.is_file() else found)
            name = Path(found).stem
        elif isinstance(found, Mapping):
            recipe, name = Recipe.from_mapping(found), f"recipe-{number}"
        else:
            raise DataError(f"{where}: recipe is {found!r}; expected a name, a file or a table.")
        name = table.get("name", name)
        if not isinstance(name, str) or not name.strip():
            raise DataError(f"{where}: name is {name!r}; expected text.")
        changes = {key: value for key, value in table.items() if key not in ("name", "recipe")}
        if "seed" in changes:
            raise DataError(f"{where}: seed decides nothing there; write seeds into the plan.")
        yield name, Recipe.from_mapping({**recipe.describe(), **changes}) if changes else recipe
