"""The variables of a model, made from the names and shapes of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import keras
import tensorflow as tf

from hier_rnn.model.weight_specs import Shapes

Variables: TypeAlias = "dict[str, keras.Variable]"


def add_variables(layer: keras.layers.Layer, shapes: Shapes) -> Variables:
    """Adds the variables to a layer and returns them by name.

    Args:
        layer: The layer, or model, that owns them.
        shapes: Shapes by weight name.
    """
    return {
        name: layer.add_weight(shape=shape, name=name.rpartition("/")[2])
        for name, shape in shapes.items()
    }


def under(name: str, variables: Mapping[str, keras.Variable]) -> list[keras.Variable]:
    """Returns the variables below an outer name, in order.

    Args:
        name: Outer name.
        variables: Variables by name.
    """
    return [variable for key, variable in variables.items() if key.startswith(f"{name}/")]


def dense(inputs: tf.Tensor, kernel: keras.Variable, bias: keras.Variable) -> tf.Tensor:
    """Returns a linear map of the inputs, `(rows, outputs)`; in a graph one fused operation.

    Args:
        inputs: `(rows, inputs)`.
        kernel: `(inputs, outputs)`.
        bias: `(outputs,)`.
    """
    return keras.ops.add(keras.ops.matmul(inputs, kernel), bias)
