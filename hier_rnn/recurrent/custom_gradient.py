"""Functions with a gradient of their own, whose graphs go when nobody needs them any more.

While it makes a graph, `tf.custom_gradient` enters the gradient into a table of the whole process,
where it stays for ever: and with it the graph, its variables and its data. A process that trains
again and again, or searches for options, would grow by tens of megabytes each time.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

GRADIENTS = "hier_rnn/gradients"


def custom_gradient(function: Callable[..., tuple[Any, Callable[..., Any]]]) -> Callable[..., Any]:
    """Returns what `tf.custom_gradient` does; a graph that is made of it owns its gradient.

    Args:
        function: From tensors to its results and its gradient, a function of theirs.
    """
    differentiable = tf.custom_gradient(function)

    def call(*arguments: tf.Tensor) -> Any:
        results = differentiable(*arguments)
        if not tf.executing_eagerly():
            _leave_to_its_graph(tf.nest.flatten(results)[0].op)
        return results

    return call


def _leave_to_its_graph(operation: tf.Operation) -> None:
    """Has the table of gradients know that of an operation only as long as its graph lives."""
    name = operation.get_attr("_gradient_op_type").decode()
    entry = ops.gradient_registry._registry[name]
    gradient = entry["type"]
    graph = operation.graph
    # The body of a loop belongs to the graph that it is in.
    while isinstance(getattr(graph, "outer_graph", None), tf.__internal__.FuncGraph):
        graph = graph.outer_graph
    graph.add_to_collection(GRADIENTS, gradient)
    reference = weakref.ref(gradient)

    def while_it_lives(operation: tf.Operation, *upstream: tf.Tensor) -> Any:
        gradient = reference()
        assert gradient is not None  # the operation's graph is alive
        return gradient(operation, *upstream)

    entry["type"] = while_it_lives
