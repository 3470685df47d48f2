"""Recipes: every key is read, kept and written; what cannot be trained is refused."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from occbench.errors import DataError, OccbenchError, SpecError, UnknownName
from occbench.training.recipe import Recipe, recipe_names, recipe_path, recipe_summaries
from tests.runs import BASE, OTHER, TOGETHER, make_recipe, pair

# Optimizers have the defaults of Keras 3, but SGD its usual momentum.
SPELLED_OUT = {
    ("optimizer", "adam"): "adam(beta_1=0.9, beta_2=0.999)",
    ("optimizer", "adamw"): "adamw(beta_1=0.9, beta_2=0.999, weight_decay=0.004)",
    ("optimizer", "rmsprop"): "rmsprop(momentum=0.0, rho=0.9)",
    ("optimizer", "sgd(momentum=0)"): "sgd(momentum=0.0, nesterov=True, weight_decay=0.0)",
    ("schedule", "plateau(patience=7)"): (
        "plateau(factor=0.2, min_delta=0.0001, minimum=0.0, patience=7.0)"
    ),
    ("schedule", "cosine"): "cosine(start=0.03, warmup=0.1)",
    ("loss", "focal"): "focal(gamma=2.0)",
    ("copies", "mirror+shift"): "mirror+shift(pixels=1)",
    ("copies", "rotate(degrees=+5)+move"): "rotate(degrees=5.0)+move(down=0, right=0)",
    ("planes", "gamma"): "gamma(exponent=2.0)",
}

# The keys of the first recipes.
FIRST_KEYS = {
    *("backbone", "size", "channels", "preprocessing", "augment", "head", "dropout", "trainable"),
    *("loss", "label_smoothing", "class_weights", "optimizer", "learning_rate", "schedule"),
    *("batch_size", "epochs", "early_stopping", "monitor", "select", "precision"),
    *("steps_per_execution", "xla", "seed"),
}


def refused(**changes):
    """What is said about a recipe with a wrong value: one line, ending in a full stop."""
    with pytest.raises(OccbenchError) as caught:
        make_recipe(**changes)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def test_another_value_is_known_for_every_key():
    """The tests below miss no key."""
    assert list(OTHER) == [each.name for each in fields(Recipe)]


@pytest.mark.parametrize("key", OTHER)
def test_each_key_is_kept(key, tmp_path):
    """A changed key changes itself alone and comes back from mapping, JSON and TOML."""
    usual, changed = pair(key)
    described = changed.describe()
    assert described == {**usual.describe(), key: OTHER[key]} != usual.describe()
    assert Recipe.from_mapping(described) == changed != usual
    assert Recipe.from_mapping(json.loads(json.dumps(described))) == changed
    path = tmp_path / "some.toml"
    path.write_text(changed.to_toml(), encoding="utf-8")
    assert Recipe.load(path) == changed


@pytest.mark.parametrize("values", TOGETHER, ids=["copies", "cache"])
def test_all_keys_at_once(values, tmp_path):
    """A recipe of nothing but other values round-trips, whatever the order of its keys."""
    recipe = Recipe.from_mapping(values)
    assert recipe.describe() == values
    assert Recipe.from_mapping(dict(reversed(values.items()))) == recipe
    path = tmp_path / "other.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8")
    assert Recipe.load(str(path)) == recipe


@pytest.mark.parametrize(("given", "full"), SPELLED_OUT.items(), ids=str)
def test_what_is_left_out_of_a_spec_is_spelled_out(given, full):
    """Two spellings of one optimizer are one recipe, defaults and spaces included."""
    key, spec = given
    wrap = (lambda text: [text]) if key in ("copies", "planes") else str
    assert make_recipe(**{key: wrap(spec)}).describe()[key] == wrap(full)
    assert make_recipe(**{key: wrap(full)}) == make_recipe(**{key: wrap(f"  {spec} ")})


def test_what_came_later_is_left_out_where_it_says_nothing():
    """So a recipe of before has the description, and its runs the names, that it had then."""
    assert set(make_recipe(planes=[], copies=[], balance="none").describe()) == FIRST_KEYS


def test_built_in_recipes_load():
    """Every file of the package is a recipe, and its text says more than its name."""
    assert {"small-48", "demo"} <= set(recipe_names())
    for name in recipe_names():
        assert Recipe.from_mapping(Recipe.load(name).describe()) == Recipe.load(name)
        assert len(recipe_summaries()[name].split()) > 3


def test_the_study_s_recipes_are_those_of_its_notebooks():
    """Report 001: RMSprop 0.001 for 5 epochs, Adam 1e-6 for 50; batches of 64, no flips."""
    for name, optimizer, rate, epochs in (
        ("convnet-chollet-224", "rmsprop", 0.001, 5),
        ("convnet-deep-224", "adam", 1e-6, 50),
    ):
        recipe = Recipe.load(name)
        assert (recipe.size, recipe.channels, recipe.batch_size) == (224, 3, 64)
        assert (recipe.optimizer.name, recipe.learning_rate) == (optimizer, rate)
        assert (recipe.epochs, recipe.augment, recipe.preprocessing) == (epochs, (), "unit")


def test_a_file_goes_before_a_built_in_name(tmp_path, monkeypatch):
    """A recipe beside is meant where it has the name of a built-in one."""
    monkeypatch.chdir(tmp_path)
    assert Recipe.load("demo").size == 48
    (tmp_path / "demo").write_text(make_recipe(size=32).to_toml(), encoding="utf-8")
    assert Recipe.load("demo").size == 32


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("size", 7, "expected a whole number from 8 to 1024"),
        ("size", 48.0, "expected a whole number"),
        ("size", "48", "expected a whole number"),
        ("channels", 2, "expected 1, 3"),
        ("channels", True, "expected 1, 3"),
        ("preprocessing", "caffe", "'imagenet-caffe'"),
        ("augment", "flip", "expected a list"),
        ("augment", [3], "expected text"),
        ("planes", "sobel", "expected a list"),
        ("copies", [None], "expected text"),
        ("balance", "copies", "'none', 'augment'"),
        ("head", 64, "expected a list"),
        ("head", [0], "expected a whole number from 1"),
        ("head", [True], "expected a whole number"),
        ("dropout", 1, "expected a number from 0 to 0.99"),
        ("dropout", float("nan"), "expected a number"),
        ("trainable", "", "expected text"),
        ("label_smoothing", -0.1, "expected a number from 0"),
        ("class_weights", "equal", "'balanced', 'none', 'inverse-sum-1'"),
        ("learning_rate", 0, "expected a number from 1e-12"),
        ("learning_rate", "fast", "expected a number"),
        ("batch_size", 0, "expected a whole number from 1"),
        ("epochs", 1.5, "expected a whole number"),
        ("early_stopping", -1, "expected a whole number from 0"),
        ("monitor", "loss", "'val-loss'"),
        ("select", "first", "'best-balanced-val-accuracy'"),
        ("precision", "float64", "'float32'"),
        ("steps_per_execution", 0, "expected a whole number"),
        ("xla", 1, "expected False, True"),
        ("seed", 2**31, "expected a whole number from 0"),
        ("backbone", "", "expected text"),
        ("loss", 3, "expected text"),
    ],
)
def test_a_wrong_value_is_named(key, value, words):
    """The sentence has the key, the value and what is expected."""
    text = refused(**{key: value})
    item = value[0] if isinstance(value, list) else value
    assert text.startswith(f"{key} is {item!r}; expected")
    assert words in text


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("backbone", "resnett9", "Unknown backbone 'resnett9'. Did you mean 'resnet9'?"),
        ("optimizer", "adamm", "Unknown optimizer 'adamm'. Did you mean 'adam"),
        ("schedule", "cosin", "Unknown schedule 'cosin'. Did you mean 'cosine'?"),
        ("loss", "focus", "Unknown loss 'focus'."),
        ("augment", ["flip", "flop"], "Unknown augmentation 'flop'. Did you mean 'flip'?"),
        ("planes", ["sobol"], "Unknown plane 'sobol'. Did you mean 'sobel'?"),
        ("copies", ["mirror+shft"], "Unknown copy 'shft'. Did you mean 'shift'?"),
    ],
)
def test_an_unknown_name_brings_the_nearest(key, value, words):
    """Names of components are suggested as everywhere."""
    with pytest.raises(UnknownName):
        make_recipe(**{key: value})
    assert refused(**{key: value}).startswith(words)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("optimizer", "adam(beta=1)", "'adam' has no parameter 'beta'. Known: beta_1, beta_2."),
        ("schedule", "constant(rate=1)", "'constant' has no parameter 'rate'. Known: none."),
        ("loss", "focal(gamma=-1)", "'gamma' of 'focal' is -1; expected a number from 0 to 10."),
        ("loss", "focal(gamma=True)", "'gamma' of 'focal' is True; expected a number"),
        ("loss", "focal(gamma=1e999)", "'gamma' of 'focal' is inf; expected a number"),
        ("augment", ["flip(axis='up')"], "'axis' of 'flip' is 'up'; expected 'horizontal'"),
        ("copies", ["shift(pixels=1.5)"], "'pixels' of 'shift' is 1.5; expected a whole number"),
        ("copies", ["shift(pixels=0)"], "'pixels' of 'shift' is 0; expected a whole number from 1"),
        ("copies", ["mirror(axis=1)"], "'mirror' has no parameter 'axis'. Known: none."),
        ("copies", ["mirror+"], "Cannot read ''."),
        ("planes", ["gamma(exponent=0)"], "'exponent' of 'gamma' is 0; expected a number from 0.1"),
        ("optimizer", "sgd(nesterov=1)", "'nesterov' of 'sgd' is 1; expected True, False."),
        ("optimizer", "sgd(0.9)", "Cannot read 'sgd(0.9)'."),
        ("backbone", "resnet9(", "Cannot read 'resnet9('."),
    ],
)
def test_a_wrong_parameter_is_named(key, value, words):
    """A spec says which of its parameters is wrong and what there is."""
    with pytest.raises(SpecError):
        make_recipe(**{key: value})
    assert refused(**{key: value}).startswith(words)


@pytest.mark.parametrize("key", ["backbone", "size", "channels"])
def test_the_keys_without_a_default_are_needed(key):
    """A recipe that lacks one says which."""
    values = {name: value for name, value in BASE.items() if name != key}
    with pytest.raises(DataError, match=f"^the key '{key}' is missing.$"):
        Recipe.from_mapping(values)


def test_an_unknown_key_brings_the_nearest():
    """A slip of the pen is no silent default."""
    assert refused(learning_rat=1).startswith(
        "unknown key 'learning_rat'. Did you mean 'learning_rate'? Known: backbone, size,"
    )
    assert "Did you mean" not in refused(zzz=1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"size = = 3", "is no valid TOML"),
        (b'backbone = "\xff"', "is no valid TOML"),
        (b"size = 48", "needs the line 'schema = 1'"),
        (b"schema = 2", "needs the line 'schema = 1'"),
        (b"schema = 1\nsize = 48", "the key 'backbone' is missing"),
        (b'schema = 1\nbackbone = "a"\nsize = 48\nchannels = 1', "Unknown backbone 'a'"),
    ],
)
def test_a_wrong_file_is_named(data, words, tmp_path):
    """Whatever is wrong in a file, the sentence begins with the file."""
    path = tmp_path / "wrong.toml"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        Recipe.load(path)
    assert str(caught.value).startswith(f"The recipe '{path}'")
    assert words in str(caught.value)


def test_an_unknown_recipe(tmp_path):
    """A name brings the nearest recipe, a path that is no file is said to be none."""
    with pytest.raises(UnknownName, match=r"Unknown recipe 'small48'. Did you mean 'small-48'"):
        recipe_path("small48")
    with pytest.raises(DataError, match=r"nowhere.toml' is no file"):
        Recipe.load(tmp_path / "nowhere.toml")
