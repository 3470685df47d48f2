"""Plans: read, written, compared with the one that a matrix was begun with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from occbench.errors import DataError, OccbenchError, SpecError, StaleState
from occbench.matrix.plan import Plan, split_of
from occbench.splits.partitioning import Partitioning
from occbench.training.recipe import Recipe
from tests.runs import TOGETHER, make_recipe

HEAD = 'schema = 1\ndata_set = "small"\n'
TABLE = '[recipe]\nbackbone = "resnet9"\nsize = 40\nchannels = 1\nbatch_size = 6\n'

FULL = Plan(
    "small",
    Recipe.from_mapping(TOGETHER[1]),
    occluder='headset(fill="mean")',
    train=("occluded", "mixed-paired"),
    test=("normal", "mixed"),
    seeds=(2, 5),
    select=("last",),
    assign="alternate",
    images="painted",
    keep="every-epoch",
    partitions=Partitioning(val_fraction=0.25, seed=3, keep_crossing=True, val_by="file"),
)


def load(folder, text):
    """The plan of a text."""
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return Plan.load(path)


def refusal(folder, text):
    """What is said about a text: one line that begins with the file."""
    with pytest.raises(DataError) as caught:
        load(folder, text)
    found = str(caught.value)
    assert found.startswith(f"The plan '{folder / 'plan.toml'}'")
    assert "\n" not in found
    return found


def test_the_shortest_plan(tmp_path):
    """A data set and a recipe give all rows, columns and selections, with one seed."""
    plan = load(tmp_path, HEAD + 'recipe = "demo"')
    assert plan == Plan("small", Recipe.load("demo"))
    assert plan.train == ("normal", "occluded", "mixed-unique", "mixed-paired")
    assert (plan.test, plan.select) == (("normal", "occluded", "mixed"), ("best", "last"))
    assert (plan.seeds, plan.occluder, plan.assign) == ((0,), "headset", "seeded")


def test_three_ways_to_give_the_recipe(tmp_path):
    """By its name, by a file beside the plan, or written into it."""
    assert load(tmp_path, HEAD + 'recipe = "small-48"').recipe == Recipe.load("small-48")
    assert load(tmp_path, HEAD + TABLE).recipe == make_recipe()
    (tmp_path / "mine.toml").write_text(make_recipe(epochs=3).to_toml())
    assert load(tmp_path, HEAD + 'recipe = "mine.toml"').recipe == make_recipe(epochs=3)


def test_the_file_beside_the_plan_is_meant(tmp_path, monkeypatch):
    """Not one of the same name in the folder where the command runs."""
    for folder, epochs in (("plans", 3), ("here", 4)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.toml").write_text(make_recipe(epochs=epochs).to_toml())
    monkeypatch.chdir(tmp_path / "here")
    assert load(tmp_path / "plans", HEAD + 'recipe = "mine.toml"').recipe.epochs == 3


@pytest.mark.parametrize(
    "plan",
    [
        Plan("small", make_recipe()),
        FULL,
        replace(FULL, keep="best-and-last"),
        replace(FULL, partitions=Partitioning("stratified", (0.5, 0.25, 0.25), folds=4, fold=2)),
        Plan(
            "small",
            make_recipe(),
            train=("normal",),
            test=("normal",),
            partitions=Partitioning(all_faces=True),
        ),
    ],
    ids=["defaults", "full", "kept", "drawn", "all faces"],
)
def test_a_plan_comes_back(plan, tmp_path):
    """What is written is complete: no recipe file is needed to read it."""
    assert load(tmp_path, plan.to_toml()) == plan


def test_equal_plans_are_equal_text():
    """Order and repetition do not matter, nor does the spelling of the occluder."""
    one = Plan("small", make_recipe(), test=("mixed", "normal"), seeds=(3, 1, 3))
    other = Plan(
        "small",
        make_recipe(),
        occluder=" headset( scale=1.0 ) ",
        test=("normal", "mixed", "normal"),
        seeds=(1, 3),
    )
    assert one == other
    assert one.to_toml() == other.to_toml()
    assert one.seeds == (1, 3)


def test_defaults_that_came_later_are_not_written(tmp_path):
    """The plan beside an old matrix is the same text, so nothing is computed again."""
    text = Plan("small", make_recipe()).to_toml()
    assert "keep" not in text.replace("keep_crossing", "")
    assert "val_by" not in text
    assert 'keep = "every-epoch"' in FULL.to_toml()
    assert 'val_by = "file"' in FULL.to_toml()


def test_the_splits_that_are_needed():
    """A split per row, and one for each column; both mixed modes have the same test part."""

    def needed(train, test):
        return Plan("small", make_recipe(), train=train, test=test).modes

    assert needed(("normal",), ("normal",)) == ("normal",)
    assert needed(("mixed-unique",), ("occluded",)) == ("occluded", "mixed-unique")
    assert needed(("normal",), ("mixed",)) == ("normal", "mixed-unique")
    assert [split_of(test) for test in ("normal", "occluded", "mixed")] == [
        "normal",
        "occluded",
        "mixed-unique",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("= 3", "is no valid TOML"),
        ('data_set = "small"\n' + TABLE, "needs the line 'schema = 1'"),
        ('schema = 2\ndata_set = "small"\n' + TABLE, "needs the line 'schema = 1'"),
        ("schema = 1\n" + TABLE, "the key 'data_set' is missing"),
        (HEAD, "the key 'recipe' is missing"),
        (HEAD + "recipe = 3", "recipe is 3; expected a name, a file or a table"),
        (HEAD + 'recipe = "dmo"', "Unknown recipe 'dmo'. Did you mean 'demo'?"),
        (HEAD + 'recipe = "none.toml"', "The recipe 'none.toml' is no file"),
        (HEAD + "[recipe]\nsize = 48", "the key 'backbone' is missing"),
        (HEAD + TABLE + "epoch = 3", "unknown key 'epoch'. Did you mean 'epochs'?"),
        (HEAD + "seed = [1]\n" + TABLE, "unknown key 'seed'. Did you mean 'seeds'?"),
        (HEAD + TABLE + "[partitions]\nfolts = 5", "Did you mean 'partitions.folds'?"),
        (HEAD + "seeds = 3\n" + TABLE, "seeds is 3; expected a list"),
        (HEAD + "seeds = []\n" + TABLE, "seeds is []; expected whole numbers"),
        (HEAD + "seeds = [-1]\n" + TABLE, "seeds is [-1]; expected whole numbers"),
        (HEAD + "seeds = [1.5]\n" + TABLE, "seeds is [1.5]; expected whole numbers"),
        (HEAD + "seeds = [true]\n" + TABLE, "seeds is [True]; expected whole numbers"),
        (HEAD + 'train = "normal"\n' + TABLE, "train is 'normal'; expected a list"),
        (HEAD + 'train = ["mixed"]\n' + TABLE, "train has 'mixed'; expected normal, occluded"),
        (HEAD + 'test = ["mixed-paired"]\n' + TABLE, "test has 'mixed-paired'; expected normal"),
        (HEAD + "test = []\n" + TABLE, "test is empty; expected some of normal"),
        (HEAD + 'select = ["first"]\n' + TABLE, "select has 'first'; expected best, last"),
        (HEAD + 'assign = "odd"\n' + TABLE, "assign has 'odd'; expected seeded, alternate"),
        (HEAD + 'images = "jpg"\n' + TABLE, "images has 'jpg'; expected on-the-fly, painted"),
        (HEAD + 'keep = "all"\n' + TABLE, "keep has 'all'; expected best-and-last, every-epoch"),
        (HEAD + "occluder = 3\n" + TABLE, "occluder is 3; expected text"),
        (HEAD + 'occluder = "hedset"\n' + TABLE, "Did you mean 'headset'?"),
        ("schema = 1\ndata_set = 3\n" + TABLE, "data_set is 3; expected text"),
        (HEAD + "partitions = 3\n" + TABLE, "partitions is 3; expected a table"),
        (HEAD + "partitions = []\n" + TABLE, "partitions is []; expected a table"),
        (HEAD + TABLE + '[partitions]\nseed = "x"', "partitions.seed is 'x'; expected a whole"),
        (HEAD + TABLE + "[partitions]\nfolds = true", "partitions.folds is True; expected a whole"),
        (HEAD + TABLE + '[partitions]\nall_faces = "no"', "expected true or false"),
        (HEAD + TABLE + '[partitions]\nval_fraction = "x"', "expected a number"),
        (HEAD + TABLE + "[partitions]\nval_fraction = 1", "val fraction 1.0 is not in"),
        (HEAD + TABLE + '[partitions]\nfractions = "abc"', "expected three numbers"),
        (HEAD + TABLE + "[partitions]\nfractions = [0.5, 0.5]", "expected three numbers"),
        (HEAD + TABLE + '[partitions]\nfractions = [0.5, 0.25, "x"]', "expected three numbers"),
        (HEAD + 'select = ["test-selected-3"]\n' + TABLE, "which needs keep = 'every-epoch'"),
        (HEAD + 'select = ["test-selected-0"]\n' + TABLE, "select has 'test-selected-0'"),
        (HEAD + TABLE + "[partitions]\nval_by = 3", "partitions.val_by is 3; expected text"),
        (HEAD + TABLE + '[partitions]\nval_by = "x"', "Validation by 'x'; expected face or file"),
    ],
)
def test_a_wrong_plan_is_refused(text, words, tmp_path):
    """The sentence has the file, and the key or the name that is wrong."""
    assert words in refusal(tmp_path, text)


def test_a_plan_that_is_not_there(tmp_path):
    """A missing file and bytes that are no text are named too."""
    with pytest.raises(DataError, match=r"none.toml' cannot be read: No such file or directory"):
        Plan.load(tmp_path / "none.toml")
    (tmp_path / "plan.toml").write_bytes(b'data_set = "\xff"')
    with pytest.raises(DataError, match=r"plan.toml' is no valid TOML"):
        Plan.load(tmp_path / "plan.toml")


def test_a_plan_made_in_a_script_is_checked_too():
    """The constructor refuses what a file may not say either."""
    with pytest.raises(SpecError):
        Plan("small", make_recipe(), occluder="headset(size=3)")
    with pytest.raises(DataError, match="seeds is"):
        Plan("small", make_recipe(), seeds=(2**31,))


STORED = Plan("small", make_recipe(), train=("normal",), test=("normal",), select=("last",))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seeds": (0, 1)},
        {"train": ("normal", "occluded")},
        {"test": ("occluded",)},
        {"select": ("best", "last")},
        {"keep": "every-epoch"},
    ],
)
def test_a_matrix_may_grow(changes, tmp_path):
    """Other rows, columns, seeds, selections or weights on disk leave the cells there right."""
    wanted = replace(STORED, **changes)
    assert wanted.after(STORED, tmp_path / "plan.toml") is wanted


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"data_set": "other"}, "(data_set differs)"),
        ({"occluder": "gear-vr"}, "(occluder differs)"),
        ({"assign": "alternate"}, "(assign differs)"),
        ({"images": "painted", "seeds": (1,)}, "(images differs)"),
        ({"partitions": Partitioning(seed=1)}, "(partitions differs)"),
        ({"partitions": Partitioning(all_faces=True)}, "(partitions differs)"),
        ({"partitions": Partitioning(val_by="file")}, "(partitions differs)"),
        ({"recipe": make_recipe(epochs=3, size=64)}, "(recipe.size, recipe.epochs differs)"),
        (
            {"occluder": "gear-vr", "recipe": make_recipe(dropout=0.5)},
            "(occluder, recipe.dropout differs)",
        ),
    ],
)
def test_what_decides_the_cells_may_not_change(changes, named, tmp_path):
    """The keys that differ are named, and what can be done."""
    path = tmp_path / "small" / "plan.toml"
    for stored in (STORED, replace(STORED, train=("normal", "mixed-unique"))):
        with pytest.raises(StaleState) as caught:
            replace(STORED, **changes).after(stored, path)
        assert f"The matrix in '{path.parent}' was made with another plan" in str(caught.value)
        assert named in str(caught.value)


def test_every_refusal_is_one_that_a_user_can_mend(tmp_path):
    """Any key of a plan with a value of any TOML kind gives a plan or a sentence."""
    values = ("3", "1.5", "true", '"x"', "[]", "[1]", '["x"]', "{}", "{a = 1}", "1979-05-27")
    keys = (
        "occluder",
        "train",
        "test",
        "seeds",
        "select",
        "assign",
        "images",
        "keep",
        "partitions",
    )
    refused = 0
    for key in keys:
        for value in values:
            try:
                load(tmp_path, f"{HEAD}{key} = {value}\n{TABLE}")
            except OccbenchError:
                refused += 1
    # An empty table of partitions and a list of one seed are all that is right.
    assert refused == len(keys) * len(values) - 2


def test_named_epochs_come_last_by_number():
    """Behind best and last, however they were written."""
    names = ("test-selected-10", "last", "test-selected-9", "best")
    plan = Plan("small", make_recipe(), select=names, keep="every-epoch")
    assert plan.select == ("best", "last", "test-selected-9", "test-selected-10")
