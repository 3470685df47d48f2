"""A run on cached features is the run without: the same faces, draws, history and scores."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from occbench.core import console
from occbench.dataset.manifest import Manifest
from occbench.dataset.occlude import occlude, workspace_job
from occbench.errors import Busy, DataError
from occbench.occluders.base import make_occluder
from occbench.splits.modes import MODES
from occbench.training.feature_store import DATA, FeatureStore, View
from occbench.training.inputs import PaintNow
from occbench.training.run import State
from tests.trainings import (
    NAME,
    TEST,
    TINY,
    TRAIN,
    VAL,
    array,
    data_for,
    folder_of,
    recipe,
    same_weights,
    split_of,
    train_in,
    without_times,
)

pytestmark = pytest.mark.tf

# Batch normalisation, a momentum, a schedule and dropout in the tail; no augmentation.
CACHED = {**TINY, "augment": [], "trainable": "stage3", "epochs": 2, "cache_trunk": True}
COPIES = {**CACHED, "augment": ["flip"], "augment_copies": 2}


def cached(like=CACHED, **changes):
    """A recipe that keeps its trunk's features."""
    return recipe(like, **changes)


def cache_for(room, chosen, weights=None, **how):
    """The cache of a fresh network of a recipe, and the network."""
    from occbench.training.network import make_network
    from occbench.training.trunk_cache import TrunkCache

    data = data_for(room, chosen, **how)
    model = make_network(chosen, 3)
    if weights is not None:
        model.set_weights(weights)
    return TrunkCache.open(model, data, chosen), model


def all_faces(cache, variant="normal"):
    """Every face of the data set that has landmarks."""
    manifest = cache.data.manifest
    ids = manifest.faces["id"][manifest.usable].tolist()
    return cache.data.shown(pd.DataFrame({"id": ids, "variant": variant}))


def some_of(shown, places):
    """Some of the faces."""
    ids, variants = ([each[place] for place in places] for each in (shown.ids, shown.variants))
    return replace(shown, ids=ids, rows=shown.rows[places], variants=variants,
                   labels=shown.labels[places])  # fmt: skip


def stored(cache, shown, copy=0):
    """The features of faces as the cache has them."""
    return cache.features(shown, copy).cut(np.arange(len(shown)))


def headset_of(room):
    """The one variant that is not normal."""
    (spec,) = split_of(room, "occluded").record["variants"]
    return spec


def store_in_32_bits(monkeypatch):
    """Features are stored as they are computed."""
    import occbench.training.trunk_cache as module

    whole = module.cut
    monkeypatch.setattr(module, "cut", lambda model: whole(model, dtype="float32"))
    monkeypatch.setattr(
        module,
        "FeatureStore",
        lambda *given, **named: FeatureStore(*given, **named, dtype="float32"),
    )


@pytest.fixture
def in_32_bits(monkeypatch):
    """See ``store_in_32_bits``."""
    store_in_32_bits(monkeypatch)


@pytest.mark.parametrize("like", [CACHED, {**CACHED, "trainable": "head", "head": [6]}])
def test_features_are_those_of_the_network(like, room):
    """Of every face, covered and not: what the network itself gives at that layer."""
    from occbench.models.backend import load_keras

    cache, model = cache_for(room, cached(like))
    place = {"stage3": "stage2_add", "head": "pool_average"}[like["trainable"]]
    inner = load_keras().Model(model.input, model.get_layer(place).output)
    for variant in ("normal", headset_of(room)):
        shown = all_faces(cache, variant)
        cache.fill((shown, (0,)))
        images = shown.cut(cache.data.pixels, cache.data.show, np.arange(len(shown)))
        expected = inner.predict(images, verbose=0)
        found = stored(cache, shown)
        assert found.dtype == np.float16
        np.testing.assert_allclose(found, expected, rtol=2**-10, atol=2**-24)
        assert np.array_equal(found, expected.astype(np.float16))


def test_a_face_has_the_same_features_whoever_is_computed_with_it(room):
    """All at once, or a few at a time in any order, with copies and covers between them."""
    chosen, spec = cached(COPIES), headset_of(room)
    one, _ = cache_for(room, chosen)
    for variant in ("normal", spec):
        one.fill((all_faces(one, variant), (0, 1, 2)))
    known = {
        (variant, copy): stored(one, all_faces(one, variant), copy)
        for variant in ("normal", spec)
        for copy in (0, 1, 2)
    }
    shutil.rmtree(one.store.folder)
    other, _ = cache_for(room, chosen)
    assert other.store.folder == one.store.folder
    assert len(other.store) == 0
    order = np.random.default_rng(5).permutation(len(all_faces(other)))
    for number, places in enumerate(np.array_split(order, 7)):
        variants = ("normal", spec)[:: 1 if number % 2 else -1]
        for variant in variants:
            some = some_of(all_faces(other, variant), places)
            other.fill((some, (2, 0)), (some, (number % 2,)))
    for variant in ("normal", spec):
        other.fill((all_faces(other, variant), (0, 1, 2)))
        for copy in (0, 1, 2):
            found = stored(other, all_faces(other, variant), copy)
            np.testing.assert_array_equal(found, known[variant, copy])


def test_augmented_copies_are_augmented_faces(room, in_32_bits):
    """With a flip, each copy of a face is the face or its mirror image, the same one covered."""
    # Wide enough that no face leaves all features at 0.
    cache, _ = cache_for(room, cached(COPIES, backbone="resnet9(width=4)"))
    assert cache.copies == (1, 2)
    turned = {}
    for variant in ("normal", headset_of(room)):
        shown = all_faces(cache, variant)
        cache.fill((shown, (0, 1, 2)))
        images = shown.cut(cache.data.pixels, cache.data.show, np.arange(len(shown)))
        both = [np.concatenate([some, some[:1].repeat(256 - len(some), 0)]).astype(np.float32)
                for some in (images, images[:, :, ::-1])]  # fmt: skip
        plain, mirrored = (cache.cut.trunk.predict_on_batch(some)[: len(shown)] for some in both)
        np.testing.assert_array_equal(stored(cache, shown), plain)
        for copy in (1, 2):
            found = stored(cache, shown, copy)
            same = [np.array_equal(*pair) for pair in zip(found, plain, strict=True)]
            other = [np.array_equal(*pair) for pair in zip(found, mirrored, strict=True)]
            assert all(np.logical_xor(same, other))
            turned.setdefault(copy, []).append(other)
    for copy in (1, 2):
        assert turned[copy][0] == turned[copy][1]
        assert 0.3 < np.mean(turned[copy][0]) < 0.7
    assert turned[1] != turned[2]


def test_epochs_show_the_copies_in_turn(room):
    """Three copies: epochs 1, 2, 3, 1, 2, ...; without copies the face as it is."""
    cache, _ = cache_for(room, cached(COPIES, augment_copies=3, epochs=5))
    assert [cache.copy_of(epoch) for epoch in range(1, 6)] == [1, 2, 3, 1, 2]
    assert cache.copies == (1, 2, 3)
    # A copy that no epoch shows is not computed.
    assert replace(cache, recipe=cached(COPIES, augment_copies=9, epochs=4)).copies == (1, 2, 3, 4)
    plain = replace(cache, recipe=cached())
    assert (plain.copies, plain.copy_of(7)) == ((0,), 0)


def test_seeds_share_faces_as_they_are(room):
    """Where the trunk is the same, as with published weights; augmented copies are each seed's."""
    one, model = cache_for(room, cached(COPIES))
    other, _ = cache_for(room, cached(COPIES, seed=1), weights=model.get_weights())
    assert one.store.folder == other.store.folder
    shown = some_of(all_faces(one), np.arange(40))
    one.fill((shown, (0, 1)))
    other.fill((shown, (0,)))
    assert len(other.store) == 80
    other.fill((shown, (1,)))
    assert len(other.store) == 120
    assert not np.array_equal(stored(one, shown, 1), stored(other, shown, 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"backbone": "resnet9(width=2)"},
        {"size": 18},
        {"preprocessing": "unit"},
        {"trainable": "stage2"},
        {"precision": "mixed_bfloat16"},
    ],
    ids=str,
)
def test_another_trunk_is_another_folder(changes, room):
    """Other weights, network, images, place or number type."""
    one, _ = cache_for(room, cached())
    other, _ = cache_for(room, cached(**changes))
    assert one.store.folder != other.store.folder


@pytest.mark.parametrize(
    "changes",
    [{"learning_rate": 0.5}, {"head": [4]}, {"dropout": 0}, {"epochs": 9}, {"batch_size": 4},
     {"head_epochs": 1}],
    ids=str,
)  # fmt: skip
def test_the_tail_and_its_training_do_not_change_the_folder(changes, room):
    """One store serves every recipe that freezes the same."""
    one, _ = cache_for(room, cached())
    other, _ = cache_for(room, cached(**changes))
    assert one.store.folder == other.store.folder


def test_another_image_is_another_folder(room):
    """The pixels' identity is the trunk's too: a file that was changed is computed again."""
    one, _ = cache_for(room, cached())
    manifest = Manifest.read(room.manifest(NAME))
    path = room.data_root(NAME) / manifest.faces["image"][0]
    path.write_bytes((room.data_root(NAME) / manifest.faces["image"][1]).read_bytes())
    other, _ = cache_for(room, cached())
    assert one.store.folder != other.store.folder


def test_variants_are_known_by_all_that_decides_how_they_look(room):
    """Parameters that a spec leaves out, and whether images were painted before."""
    from occbench.training.trunk_cache import shown_as

    spec = headset_of(room)
    faces, folder = workspace_job(room, NAME, make_occluder(spec), _style())
    occlude(faces, make_occluder(spec), folder)
    now, painted = data_for(room, cached()).show, data_for(room, cached(), painted=True).show
    names = [shown_as(show, spec) for show in (now, painted)]
    assert shown_as(now, "normal") == shown_as(painted, "normal") == "normal"
    larger = PaintNow(now.pixels, {spec: make_occluder("headset(scale=1.5)")})
    names.append(shown_as(larger, spec))
    (folder / "job.json").write_text("{}", encoding="utf-8")
    names.append(shown_as(painted, spec))
    assert len(set(names)) == 4
    with pytest.raises(TypeError, match="Received: show"):
        shown_as(lambda row, face_id, variant: None, spec)


def _style():
    from occbench.dataset.batch import Style

    return Style()


def test_what_will_be_computed_is_told_before(room, capfd, monkeypatch):
    """How many images, how many bytes and where; nothing when all is there."""
    # Whatever another test has left.
    monkeypatch.setattr(console, "_quiet", False)
    cache, _ = cache_for(room, cached())
    shown = all_faces(cache)
    cache.fill((shown, (0,)), (some_of(shown, np.arange(9)), (0,)))
    # A face has 2 x 2 x 4 numbers of 2 bytes.
    assert cache.store.face_bytes == 32
    told = capfd.readouterr().err
    size = f"{len(shown) * 32 / 1000:.1f} kB"
    assert f"trunk cache: {len(shown)} images to compute once, {size} in '" in told
    cache.fill((shown, (0,)))
    assert capfd.readouterr().err == ""


def test_too_little_room_is_refused_before_anything_is_computed(room, monkeypatch):
    """With the path, what is needed and what to do."""
    cache, _ = cache_for(room, cached())
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 1000))
    with pytest.raises(
        DataError, match=r"needs 1\.3 kB more and .* 1\.0 kB left.*cache_trunk = false"
    ):
        cache.fill((some_of(all_faces(cache), np.arange(40)), (0,)))
    assert not (cache.store.folder / DATA).stat().st_size


def test_another_process_that_fills_it_is_told(room):
    """Two trainings do not compute the same at once."""
    one, _ = cache_for(room, cached())
    other = FeatureStore(
        one.store.folder,
        identity=json.loads((one.store.folder / "meta.json").read_text())["identity"],
        shape=one.store.shape,
        faces=len(one.data.manifest),
    )
    with other.filling(), pytest.raises(Busy):
        one.fill((all_faces(one), (0,)))


def test_features_that_16_bits_cannot_hold_end_the_run_in_a_sentence(room):
    """A frozen layer that was blown up."""
    cache, model = cache_for(room, cached())
    gamma = model.get_layer("stage2_res2_bn").gamma
    gamma.assign(gamma + 1e9)
    with pytest.raises(DataError, match=r"float16 cannot hold .* Set cache_trunk = false"):
        cache.fill((all_faces(cache), (0,)))
    assert len(cache.store) == 0


@pytest.mark.parametrize("at", [1, 2, 3])
def test_killed_while_filling_it_goes_on(at, room, monkeypatch):
    """The file in the end is the undisturbed one, byte for byte."""

    class Killed(BaseException):
        """Stands for a kill."""

    import occbench.training.trunk_cache as module

    monkeypatch.setattr(module, "at_once", lambda side: 32)
    whole, calls = FeatureStore.append, iter(range(1, 100))

    def kill(self, view, rows, features):
        if next(calls) == at:
            raise Killed
        whole(self, view, rows, features)

    cache, _ = cache_for(room, cached(COPIES))
    wanted = all_faces(cache), (1, 0)
    cache.fill(wanted)
    known = (cache.store.folder / DATA).read_bytes()
    shutil.rmtree(cache.store.folder)
    cache, _ = cache_for(room, cached(COPIES))
    with monkeypatch.context() as patch:
        patch.setattr(FeatureStore, "append", kill)
        with pytest.raises(Killed):
            cache.fill(wanted)
    cache, _ = cache_for(room, cached(COPIES))
    assert len(cache.store) == 32 * (at - 1)
    cache.fill(wanted)
    assert (cache.store.folder / DATA).read_bytes() == known


def checked_same(room, one, other, **how):
    """The run of a recipe and that of another have the same history and weights, bit for bit."""
    states = [train_in(room, chosen, **how) for chosen in (one, other)]
    assert without_times(states[0].epochs) == without_times(states[1].epochs)
    folders = [folder_of(room, chosen, **how) for chosen in (one, other)]
    assert folders[0] != folders[1]
    for selection in ("best", "last"):
        assert same_weights(*(folder / f"{selection}.weights.h5" for folder in folders))
    return folders


@pytest.mark.parametrize(
    ("mode", "changes"),
    [
        ("mixed-unique", {"head_epochs": 1}),
        ("occluded", {"trainable": "head", "head": [5]}),
    ],
)
def test_cached_in_32_bits_a_run_is_the_same_run(mode, changes, room, in_32_bits):
    """Order, dropout, running averages, momenta and validation: the same to the last bit."""
    checked_same(room, cached(**changes), cached(**changes, cache_trunk=False), mode=mode)


def test_16_bits_only_round_what_is_stored(room, monkeypatch):
    """The run is, to the last bit, that on 32 bits of features that were rounded to 16."""
    chosen = cached()
    state, folder = train_in(room, chosen), folder_of(room, chosen)
    folder.rename(folder.with_name("kept"))
    whole = FeatureStore.append

    def rounded(self, view, rows, features):
        whole(self, view, rows, features.astype(np.float16).astype(np.float32))

    monkeypatch.setattr(FeatureStore, "append", rounded)
    shutil.rmtree(room.cache())
    store_in_32_bits(monkeypatch)
    again = train_in(room, chosen)
    assert without_times(state.epochs) == without_times(again.epochs)
    assert same_weights(folder / "last.weights.h5", folder.with_name("kept") / "last.weights.h5")
    plain = train_in(room, cached(cache_trunk=False))
    assert without_times(state.epochs) != without_times(plain.epochs)


def test_what_is_frozen_stays_as_it_began(room):
    """The saved weights of the trunk are the initial ones, those of the tail are not."""
    from occbench.training.network import make_network

    chosen = cached()
    model = make_network(chosen, 3)
    before = {layer.name: [array(w) for w in layer.weights] for layer in model.layers}
    train_in(room, chosen)
    model.load_weights(folder_of(room, chosen) / "last.weights.h5")
    for layer in model.layers:
        pairs = zip(before[layer.name], layer.weights, strict=True)
        same = [np.array_equal(first, array(last)) for first, last in pairs]
        tail = layer.name.startswith(("stage3_", "pool_", "head_"))
        assert not any(same) if tail else all(same)


def test_a_killed_run_goes_on_from_the_cache(room):
    """After an epoch: the same history and weights, and nothing is computed twice."""
    from occbench.training.fit import fit
    from tests.trainings import fitting

    class Killed(BaseException):
        """Stands for a kill."""

    def kill(row):
        raise Killed

    chosen = cached(COPIES, epochs=3, head_epochs=1)
    whole = train_in(room, chosen)
    folder = folder_of(room, chosen)
    kept = folder.with_name("kept")
    folder.rename(kept)
    (store,) = room.cache().glob("trunk-*")
    size = (store / DATA).stat().st_size
    for _ in range(2):
        with pytest.raises(Killed):
            fit(fitting(room, chosen, after_epoch=kill))
    assert State.read(folder).last == 2
    state = train_in(room, chosen)
    assert without_times(state.epochs) == without_times(whole.epochs)
    assert same_weights(folder / "last.weights.h5", kept / "last.weights.h5")
    assert (store / DATA).stat().st_size == size


def scores_of(room, chosen, mode="normal"):
    """The scores of a run for all test faces in both variants."""
    from occbench.training.predict import predict

    ids = split_of(room, "normal").parts["test"]["id"].tolist()
    wanted = {"normal": ids, headset_of(room): ids}
    return predict(folder_of(room, chosen, mode), data_for(room, chosen), wanted)


def test_predictions_are_those_of_the_network(room, in_32_bits):
    """Best and last, both variants: the scores that the whole network gives with these weights."""
    one, other = cached(), cached(cache_trunk=False)
    checked_same(room, one, other)
    found, expected = scores_of(room, one), scores_of(room, other)
    assert [len(each.ids) for each in found] == [TEST] * 4
    for mine, its in zip(found, expected, strict=True):
        assert (mine.variant, mine.selection, mine.epoch) == (its.variant, its.selection, its.epoch)
        np.testing.assert_array_equal(mine.scores, its.scores)


def test_a_matrix_computes_each_face_once(room):
    """Four rows and their tests share one store: every face in both variants, no more.

    With the weights of one seed, 54 training, 15 validation and 18 test faces.
    """
    chosen = cached(epochs=1)
    for mode in MODES:
        train_in(room, chosen, mode)
        scores_of(room, chosen, mode)
    (folder,) = room.cache().glob("trunk-*")
    assert (folder / DATA).stat().st_size == 2 * (TRAIN + VAL + TEST) * 32
    lines = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    views = {json.loads(line)["variant"].partition(" ")[0] for line in lines}
    assert views == {"normal", "headset"}


def test_a_forecast_knows_the_cache(room):
    """Runs with a cache say nothing of runs without, and a network is measured with its tail."""
    from occbench.training.estimate import measured_now, seconds_per_image

    train_in(room, cached())
    assert seconds_per_image(room, cached()) is not None
    assert seconds_per_image(room, cached(cache_trunk=False)) is None
    assert 0 < measured_now(cached(), 3) < 10


@pytest.mark.parametrize("trainable", ["all", "stem"])
def test_a_recipe_without_a_frozen_part_is_refused(trainable):
    """Before any network is built; the first stage means all of them."""
    with pytest.raises(DataError, match="cache_trunk = true needs a frozen part"):
        cached(trainable=trainable)


def test_a_view_is_a_key():
    """Variant and copy decide it, nothing else."""
    assert View("normal") == View("normal", 0)
    assert len({View("normal"), View("normal", 1), View("headset")}) == 3
