"""Gradients of one's own: right in graphs and loops, and gone with their graph."""

from __future__ import annotations

import gc
import weakref

import pytest
import tensorflow as tf

from hier_rnn.recurrent.custom_gradient import custom_gradient


def doubled(x):
    """Its gradient is ten times what it should be, so that one sees that it is this one."""
    return 2 * x, lambda upstream: 20 * upstream


def in_a_loop(x):
    return tf.while_loop(
        lambda i, _: i < 3, lambda i, y: (i + 1, custom_gradient(doubled)(y)), (0, x)
    )[1]


@pytest.mark.parametrize("function", [custom_gradient(doubled), in_a_loop], ids=["plain", "loop"])
@pytest.mark.parametrize("eager", [True, False])
def test_the_gradient_is_the_given_one(function, eager):
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return y, tape.gradient(y, x)

    times = 1 if function is not in_a_loop else 3
    y, gradient = (slope if eager else tf.function(slope))(tf.constant(1.0))
    assert (float(y), float(gradient)) == (2.0**times, 20.0**times)


def test_second_derivatives_of_a_graph():
    @tf.function
    def slopes(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = custom_gradient(lambda x: (x**3, lambda u: u * 3 * x**2))(x)
            first = inner.gradient(y, x)
        return first, outer.gradient(first, x)

    assert [float(value) for value in slopes(tf.constant(2.0))] == [12.0, 12.0]


@pytest.mark.parametrize("function", [custom_gradient(doubled), in_a_loop], ids=["plain", "loop"])
def test_a_graph_goes_when_nobody_needs_it(function):
    """`tf.custom_gradient` keeps it, its variables and its data as long as the process lives."""

    def made():
        weight = tf.Variable(1.0)

        @tf.function
        def step():
            with tf.GradientTape() as tape:
                y = function(weight * 1.0)
            weight.assign_sub(tape.gradient(y, weight))
            return y

        step()
        step()
        return [weakref.ref(weight), weakref.ref(step.get_concrete_function().graph)]

    kept = made()
    gc.collect()
    assert [reference() for reference in kept] == [None, None]
