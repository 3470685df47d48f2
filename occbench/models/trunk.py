"""Cuts a network in two: a trunk that training never changes, and the tail that it trains.

The trunk gives the same features of an image in every epoch, so they can be stored and the tail
be trained alone on them. Trunk and tail share their layers with the network: what the tail learns
is in the network, whose weights are saved as ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from occbench.errors import DataError
from occbench.models.backend import load_keras
from occbench.models.graph import Node, has_weights, is_random, learns, nodes_of, read_by, replay

keras = load_keras()


@dataclass(frozen=True, eq=False)
class Cut:
    """A network in its parts; images go through ``augment``, ``trunk`` and ``tail``.

    Attributes:
        augment: the random layers before the trunk and what lies before them; None without.
        trunk: gives the features to store, in inference mode.
        tail: from stored features to the network's output; all that training changes.
        shape: of the stored features of a face.
        place: the layer whose output is stored.
        step: 1, or more where only every ``step``-th pixel of the place is read and stored.
    """

    augment: Any | None
    trunk: Any
    tail: Any
    shape: tuple[int, ...]
    place: str
    step: int

    def digest(self) -> str:
        """SHA-256 in hex of the trunk's weights, in the order of its layers."""
        found = hashlib.sha256()
        for variable in self.trunk.weights:
            value = np.ascontiguousarray(keras.ops.convert_to_numpy(variable))
            found.update(f"{value.dtype} {value.shape}".encode())
            found.update(value.tobytes())
        return found.hexdigest()


def cut(model: Any, *, dtype: str = "float16") -> Cut:
    """Cuts a functional model before the first layers that training changes.

    The tail is every layer that is trained or random, and all that reads from one; random layers
    that see images before any weight has touched them are no part of it (augmentation). What is
    frozen between is the trunk.

    Args:
        model: from images to one output; its layers' ``trainable`` says what is trained.
        dtype: of the stored features, which the tail reads.

    Raises:
        DataError: nothing is frozen, or the tail reads more than one tensor of the trunk.
    """
    nodes = nodes_of(model)
    tail = _at_one_tensor(nodes, _tail(nodes))
    first = _augmentation(nodes, tail)
    trunk = [node for node in nodes if id(node) not in tail and id(node) not in first]
    if not any(map(has_weights, trunk)):
        raise DataError(
            "Nothing of this network is frozen from the image on, so there is nothing to store. "
            "Set cache_trunk = false in the recipe."
        )
    tails = [node for node in nodes if id(node) in tail]
    place = _only_tensor([node for node in nodes if id(node) not in tail], tails)
    begin = model.inputs[0]
    augment = None
    if first:
        begin = _only_tensor([node for node in nodes if id(node) in first], trunk)
        augment = keras.Model(model.inputs[0], begin, name="augmentation")
    step = _step([node for node in tails if id(place) in read_by([node])])
    return Cut(
        augment,
        _made_trunk([node for node in trunk if not node.is_input], begin, place, step),
        _made_tail(tails, model.outputs[0], place, step, dtype),
        _stored_shape(place, step),
        place._keras_history.operation.name,
        step,
    )


def _tail(nodes: Sequence[Node]) -> set[int]:
    """The calls, by ``id``, whose output changes from epoch to epoch, augmentation aside."""
    late: set[int] = set()
    weighted: set[int] = set()
    for node in nodes:
        parents = set(map(id, node.parent_nodes))
        if learns(node) or parents & late or (is_random(node) and parents & weighted):
            late.add(id(node))
        if has_weights(node) or parents & weighted:
            weighted.add(id(node))
    return late


def _at_one_tensor(nodes: Sequence[Node], tail: set[int]) -> set[int]:
    """The tail, and layers without weights that only it reads, until it reads one tensor.

    A branch of an inception module that begins with a pool is read beside the module's input.
    """
    if not tail:
        return tail
    grown = set(tail)
    for node in reversed(nodes):
        frozen = [each for each in nodes if id(each) not in grown]
        wanted = read_by([each for each in nodes if id(each) in grown])
        if sum(id(tensor) in wanted for each in frozen for tensor in each.outputs) < 2:
            return grown
        readers = [each for each in nodes if any(p is node for p in each.parent_nodes)]
        late = all(id(each) in grown for each in readers)
        if readers and late and not node.is_input and not has_weights(node):
            grown.add(id(node))
    return tail


def _augmentation(nodes: Sequence[Node], tail: Collection[int]) -> set[int]:
    """The random calls outside the tail and all that they read from, by ``id``."""
    found: set[int] = set()
    for node in reversed(nodes):
        if id(node) in found or (is_random(node) and id(node) not in tail):
            found.add(id(node))
            found.update(map(id, node.parent_nodes))
    return found


def _only_tensor(nodes: Sequence[Node], readers: Sequence[Node]) -> Any:
    """The one tensor of some calls that others read."""
    wanted = read_by(readers)
    found = [tensor for node in nodes for tensor in node.outputs if id(tensor) in wanted]
    if len(found) != 1:
        names = ", ".join(f"'{tensor._keras_history.operation.name}'" for tensor in found)
        raise DataError(
            f"The trained part of this network reads {len(found)} outputs of the frozen part "
            f"({names or 'none'}); a trunk cache can store one. Choose another trainable, or set "
            "cache_trunk = false in the recipe."
        )
    return found[0]


def _step(readers: Sequence[Node]) -> int:
    """The common stride of the readers if all are 1 x 1 convolutions, which skip pixels; else 1.

    Such a convolution needs no padding, so it reads the pixels 0, s, 2s, ... whatever its padding.
    """
    strides = set()
    for node in readers:
        layer = node.operation
        plain = type(layer) is keras.layers.Conv2D and tuple(layer.kernel_size) == (1, 1)
        if not plain or layer.data_format != "channels_last":
            return 1
        strides.update(layer.strides)
    return int(strides.pop()) if len(strides) == 1 else 1


def _made_trunk(nodes: Sequence[Node], begin: Any, place: Any, step: int) -> Any:
    given = keras.Input(begin.shape[1:], dtype=begin.dtype, name="trunk_image")
    values = {id(begin): given}
    replay(nodes, values)
    features = values[id(place)]
    return keras.Model(given, features[:, ::step, ::step] if step > 1 else features, name="trunk")


def _made_tail(nodes: Sequence[Node], output: Any, place: Any, step: int, dtype: str) -> Any:
    given = keras.Input(_stored_shape(place, step), dtype=dtype, name="features")
    values = {id(place): _spread(keras.ops.cast(given, place.dtype), step, place.shape[1:])}
    replay(nodes, values)
    return keras.Model(given, values[id(output)], name="tail")


def _stored_shape(place: Any, step: int) -> tuple[int, ...]:
    *sides, channels = place.shape[1:]
    return (*(-(-side // step) for side in sides), channels)


def _spread(pixels: Any, step: int, shape: Sequence[int]) -> Any:
    """Every ``step``-th pixel of a picture in its place, the others 0.

    So the convolutions that skip the others stay as they are and sum in the same order: their
    results and gradients are the same to the last bit, which at stride 1 they were not.
    """
    if step == 1:
        return pixels
    ops, (height, width, channels) = keras.ops, shape
    high, wide = pixels.shape[1:3]
    apart = ops.reshape(pixels, (-1, high, 1, wide, 1, channels))
    between = (0, step - 1)
    apart = ops.pad(apart, ((0, 0), (0, 0), between, (0, 0), between, (0, 0)))
    whole = ops.reshape(apart, (-1, high * step, wide * step, channels))
    return whole[:, :height, :width]
