"""Plans of studies: what they mean, what they refuse, and that they come back from their text."""

from __future__ import annotations

import pytest

from occbench.errors import DataError
from occbench.study.plan import StudyPlan
from tests.runs import make_recipe

HEAD = 'schema = 1\ndata_set = "small"\n'
ONE = '[[recipes]]\nrecipe = "own.toml"\n'


@pytest.fixture
def load(tmp_path):
    """Reads a plan from its text, beside a recipe ``own.toml``."""
    (tmp_path / "own.toml").write_text(make_recipe(epochs=4).to_toml(), encoding="utf-8")

    def loaded(text):
        path = tmp_path / "plan.toml"
        path.write_text(text, encoding="utf-8")
        return StudyPlan.load(path)

    return loaded


def test_recipes_are_named_files_tables_or_built_in(load):
    """A key beside 'recipe' takes the place of the recipe's; a name is the file's by itself."""
    plan = load(
        HEAD
        + ONE
        + '[[recipes]]\nname = "fast"\nrecipe = "own.toml"\n'
        + 'learning_rate = 0.5\ncopies = ["mirror"]\n'
        + '[[recipes]]\nrecipe = "small-48"\n'
        + '[[recipes]]\nrecipe = { backbone = "resnet9", size = 40, channels = 1 }\n'
    )
    assert list(plan.recipes) == ["own", "fast", "small-48", "recipe-4"]
    assert plan.recipes["own"] == make_recipe(epochs=4)
    assert plan.recipes["fast"] == make_recipe(epochs=4, learning_rate=0.5, copies=["mirror"])
    assert plan.recipes["small-48"].batch_size == 64


def test_a_plan_comes_back_from_its_text(load, tmp_path):
    """What is stored beside the results is the plan, whatever becomes of the recipe's file."""
    plan = load(
        HEAD
        + 'mode = "mixed-unique"\nseeds = [2, 3]\nfolds = 3\nsteps = 7\ntest = ["occluded"]\n'
        + ONE
        + '[partitions]\nsource = "stratified"\nfractions = [0.5, 0.25, 0.25]\n'
    )
    (tmp_path / "own.toml").unlink()
    assert load(plan.to_toml()) == plan


def test_each_fold_is_a_split_of_its_own(load):
    """Three folds, numbered from 1, with the plan's partitions; without folds it is one split."""
    plan = load(HEAD + "folds = 3\n" + ONE + "[partitions]\nseed = 5\n")
    assert plan.splits == (1, 2, 3)
    parts = [plan.matrix_plan("own", fold).partitions for fold in plan.splits]
    assert [(part.folds, part.fold, part.seed) for part in parts] == [
        (3, 1, 5),
        (3, 2, 5),
        (3, 3, 5),
    ]
    assert load(HEAD + ONE).splits == (0,)
    assert load(HEAD + ONE).matrix_plan("own", 0).partitions.folds == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data_set = 1", "needs the line 'schema = 1'"),
        ("schema = 1\n" + ONE, "the key 'data_set' is missing"),
        (HEAD, "the key 'recipes' is missing"),
        (HEAD + "recipes = []\n", "recipes is empty"),
        (HEAD + "recipes = 3\n", "recipes is 3; expected a table"),
        (HEAD + 'recipes = ["small-48"]\n', "table 1: expected a table with the key 'recipe'"),
        (HEAD + "seeds = 1\n" + ONE, "seeds is 1; expected a list"),
        (HEAD + "seeds = [-1]\n" + ONE, "seeds is [-1]"),
        (HEAD + "folds = 1\n" + ONE, "folds is 0, or 2 or more"),
        (HEAD + "folds = true\n" + ONE, "folds is True"),
        (HEAD + "steps = -1\n" + ONE, "steps is 0 or more"),
        (HEAD + 'mode = "all"\n' + ONE, "mode is 'all'"),
        (HEAD + 'test = ["all"]\n' + ONE, "test has 'all'"),
        (HEAD + "stepps = 5\n" + ONE, "Did you mean 'steps'"),
        (HEAD + ONE + ONE, "two of the recipes have the same name"),
        (HEAD + '[[recipes]]\nrecipe = "gone"\n', "gone"),
        (HEAD + '[[recipes]]\nname = ""\nrecipe = "own.toml"\n', "name is ''"),
        (HEAD + '[[recipes]]\nrecipe = "own.toml"\nepoch = 3\n', "Did you mean 'epochs'"),
        (HEAD + ONE + "[partitions]\nfolds = 3\nfold = 1\n", "outside of partitions"),
        (HEAD + "folds = 3\n" + ONE + "[partitions]\nval_fraction = 0.1\n", "a val fraction"),
        (HEAD + 'occluder = "hat"\n' + ONE, "hat"),
        ("schema = = 1", "no valid TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused(text, words, load):
    """One sentence that names the plan and what is wrong."""
    with pytest.raises(DataError, match=r"plan\.toml") as told:
        load(text)
    assert words in str(told.value)
    assert "\n" not in str(told.value).strip()


def test_a_plan_that_is_not_there(tmp_path):
    """Also a folder."""
    for path in (tmp_path / "no.toml", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            StudyPlan.load(path)


def test_rows_seeds_and_tests_may_be_added(load):
    """What decides the rows that are there may not change."""
    plan = load(HEAD + ONE)
    more = load(
        HEAD + 'seeds = [0, 1]\ntest = ["normal"]\n' + ONE + '[[recipes]]\nrecipe = "demo"\n'
    )
    assert more.differs_from(plan) == []
    changed = load(HEAD + "steps = 5\n" + '[[recipes]]\nrecipe = "own.toml"\nepochs = 9\n')
    assert changed.differs_from(plan) == ["steps", "recipe own"]
