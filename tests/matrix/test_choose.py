"""Which plan a command means: the stored one, a file's, or what the options say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from occbench.errors import DataError, StaleState, UnknownName
from occbench.matrix.choose import RECIPE, Choices, choose_plan, store_plan, stored_plan
from occbench.matrix.plan import Plan
from occbench.splits.partitioning import Partitioning
from occbench.training.recipe import Recipe
from tests.makers import make_workspace
from tests.runs import make_recipe, small_manifest

STORED = Plan("small", make_recipe(), occluder="gear-vr", seeds=(1, 2))


@pytest.fixture
def workspace(tmp_path):
    """A workspace with the data set ``small``."""
    return make_workspace(tmp_path, small_manifest())


@pytest.fixture
def begun(workspace):
    """In it, a matrix of that name was begun."""
    store_plan(workspace.matrix("small"), STORED)
    return workspace


def add_data_set(workspace, name="other"):
    """A second data set."""
    make_workspace(workspace.root, small_manifest(name=name))


def test_without_anything_the_defaults_are_meant(workspace):
    """The only data set gives the matrix its name; the recipe is the one for small faces."""
    assert choose_plan(workspace, None, None, Choices()) == (
        "small",
        Plan("small", Recipe.load(RECIPE)),
    )


def test_options_make_a_plan(workspace, tmp_path):
    """Each of them goes into its place."""
    (tmp_path / "mine.toml").write_text(make_recipe().to_toml())
    choices = Choices(
        data_set="small",
        recipe=str(tmp_path / "mine.toml"),
        occluder="gear-vr",
        seeds=(4, 3),
        images="painted",
        partitions="stratified",
    )
    assert choose_plan(workspace, "trial", None, choices) == (
        "trial",
        Plan(
            "small",
            make_recipe(),
            occluder="gear-vr",
            seeds=(3, 4),
            images="painted",
            partitions=Partitioning("stratified"),
        ),
    )


def test_the_data_set_of_a_new_matrix(workspace):
    """A name that is a data set means it; else an option must, where there are several."""
    add_data_set(workspace)
    assert choose_plan(workspace, "other", None, Choices())[1].data_set == "other"
    name, plan = choose_plan(workspace, None, None, Choices(data_set="small"))
    assert (name, plan.data_set) == ("small", "small")
    for matrix, choices in ((None, Choices()), ("trial", Choices(occluder="gear-vr"))):
        with pytest.raises(DataError, match=r"holds 2 data sets. Choose one of: other, small"):
            choose_plan(workspace, matrix, None, choices)


def test_a_mistyped_name_begins_nothing(workspace):
    """A new matrix of another name than a data set's must be told what it is made of."""
    with pytest.raises(DataError, match=r"no matrix and no data set 'smal'.*--recipe"):
        choose_plan(workspace, "smal", None, Choices())
    assert choose_plan(workspace, "wide", None, Choices(seeds=(1,)))[1].data_set == "small"


def test_an_unknown_data_set(workspace, tmp_path):
    """The nearest is suggested, from options and from a file."""
    with pytest.raises(UnknownName, match=r"Unknown data set 'smal'. Did you mean 'small'"):
        choose_plan(workspace, None, None, Choices(data_set="smal"))
    store_plan(tmp_path, replace(STORED, data_set="smal"))
    with pytest.raises(UnknownName, match="Unknown data set 'smal'"):
        choose_plan(workspace, None, tmp_path / "plan.toml", Choices())


def test_a_stored_plan_wins_over_the_defaults(begun):
    """A second call needs no option; the matrix goes on as it was begun."""
    assert choose_plan(begun, None, None, Choices()) == ("small", STORED)
    assert choose_plan(begun, "small", None, Choices(occluder="gear-vr")) == ("small", STORED)


def test_options_add_seeds(begun):
    """The runs of the stored plan stay; everything else is the stored plan's."""
    _, plan = choose_plan(begun, None, None, Choices(seeds=(1, 2, 3)))
    assert plan == replace(STORED, seeds=(1, 2, 3))


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        (Choices(occluder="headset"), "occluder"),
        (Choices(images="painted"), "images"),
        (Choices(partitions="stratified"), "partitions"),
        (Choices(recipe="demo"), "recipe.backbone"),
        (Choices(data_set="other"), "data_set"),
    ],
)
def test_options_that_contradict_the_stored_plan(choices, named, begun):
    """What would make the cells there wrong is refused and named; another matrix may have it."""
    add_data_set(begun)
    with pytest.raises(StaleState, match=named):
        choose_plan(begun, "small", None, choices)
    choose_plan(begun, "trial", None, replace(choices, data_set=choices.data_set or "small"))


def test_a_plan_file_decides_alone(workspace, tmp_path):
    """The matrix has the data set's name unless it is given one."""
    store_plan(tmp_path / "plans", STORED)
    path = tmp_path / "plans" / "plan.toml"
    assert choose_plan(workspace, None, path, Choices()) == ("small", STORED)
    assert choose_plan(workspace, "trial", path, Choices()) == ("trial", STORED)
    with pytest.raises(DataError, match="--plan decides everything; leave --data-set out"):
        choose_plan(workspace, None, path, Choices(data_set="small", seeds=(1,)))


def test_a_plan_file_may_extend_a_matrix(begun, tmp_path):
    """More seeds and fewer rows are a continuation; another occluder is not."""
    plans = tmp_path / "plans"
    wanted = replace(STORED, seeds=(1, 2, 3), train=("normal",))
    store_plan(plans, wanted)
    assert choose_plan(begun, None, plans / "plan.toml", Choices()) == ("small", wanted)
    store_plan(plans, replace(STORED, occluder="headset"))
    with pytest.raises(StaleState, match="occluder differs"):
        choose_plan(begun, None, plans / "plan.toml", Choices())


def test_a_begun_matrix_is_found(begun):
    """The only one needs no name."""
    assert stored_plan(begun, None) == stored_plan(begun, "small") == ("small", STORED)


def test_no_matrix_or_several(workspace):
    """Without a name there must be exactly one; a wrong name brings the nearest."""
    with pytest.raises(DataError, match=r"holds 0 matrices. Run 'occbench matrix' first"):
        stored_plan(workspace, None)
    for name in ("trial", "small"):
        store_plan(workspace.matrix(name), STORED)
    with pytest.raises(DataError, match=r"holds 2 matrices. Choose one of: small, trial"):
        stored_plan(workspace, None)
    with pytest.raises(UnknownName, match=r"Unknown matrix 'tril'. Did you mean 'trial'"):
        stored_plan(workspace, "tril")


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a b", ".hidden"])
def test_a_name_that_is_no_folder(name, workspace):
    """A matrix cannot lie outside its place."""
    with pytest.raises(DataError, match="cannot be the name of a matrix"):
        choose_plan(workspace, name, None, Choices(data_set="small"))
