"""The graph of a Keras model: what reads what, and the same again with other beginnings.

The one file that reads how Keras keeps a graph (``keras/src/ops/node.py``; the same from 3.12 on).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from occbench.models.backend import load_keras

keras = load_keras()

# A call of a layer or an operation: what it read and what it gave.
Node = Any


def nodes_of(model: Any) -> list[Node]:
    """Every call in a functional model, each after those it reads from."""
    by_depth = model._nodes_by_depth
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]


def read_by(nodes: Iterable[Node]) -> set[int]:
    """The identities (``id``) of all tensors that some calls read."""
    return {id(tensor) for node in nodes for tensor in node.input_tensors}


def is_random(node: Node) -> bool:
    """Whether the call draws random numbers in training."""
    variables = getattr(node.operation, "variables", ())
    return any(v.path.endswith("seed_generator_state") for v in variables)


def has_weights(node: Node) -> bool:
    """Whether the called layer holds weights, trained or not."""
    return bool(getattr(node.operation, "weights", ()))


def learns(node: Node) -> bool:
    """Whether training changes what the call gives.

    Weights that are trained do so, and the running averages of a batch normalisation that is not
    frozen, even one without weights to train.
    """
    if not isinstance(node.operation, keras.Layer):
        return False
    parts = node.operation._flatten_layers(include_self=True, recursive=True)
    return any(
        part.trainable and (part._trainable_variables or part._non_trainable_variables)
        for part in parts
    )


def replay(nodes: Iterable[Node], values: dict[int, Any]) -> None:
    """Makes calls once more on other tensors, with the same layers.

    Args:
        nodes: in an order as that of ``nodes_of``.
        values: the tensor that takes the place of another, by the other's ``id``; what the calls
            give is added.
    """
    for node in nodes:
        arguments, named = node.arguments.fill_in(values)
        outputs = keras.tree.flatten(node.operation(*arguments, **named))
        values.update(zip(map(id, node.outputs), outputs, strict=True))
