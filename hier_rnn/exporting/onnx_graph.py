"""A classifier as one ONNX graph of standard operators.

Inputs are the spelling of the distinct words of some sentences, and which word stands where:

- `characters` int32 `(time, words)`: ids of each word's characters, marks included, then 0;
- `word_lengths` int32 `(words,)`: characters of each word, marks included;
- `words` int32 `(steps, sentences)`: which word (a column of `characters`) stands where, then 0;
- `sentence_lengths` int32 `(sentences,)`: words of each sentence, which may be 0.

Each of them has at least one row and one column. Outputs are `logits`, `probabilities` (of the
logits divided by the temperature) `(sentences, classes)` and `vectors` `(sentences, 2 * units)`.

Weights are laid out as ONNX has them. The GRU's gates are in the same order as ours (update, reset,
candidate), the LSTM's are input, output, forget, cell, where ours are input, forget, cell, output.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper

from hier_rnn.configuration.options import (
    CharacterEncoderOptions,
    Configuration,
    SentenceEncoderOptions,
)
from hier_rnn.decisions.decision import Decision
from hier_rnn.exporting.onnx_builder import BOOL, FLOAT, INT32, INT64, GraphBuilder
from hier_rnn.exporting.rounding import StoredWeight
from hier_rnn.model.weight_specs import ATTENTION, DIRECTIONS, EMBEDDING, HEAD, PROJECTION
from hier_rnn.version import __version__

INPUTS = {
    "characters": ("time", "words"),
    "word_lengths": ("words",),
    "words": ("steps", "sentences"),
    "sentence_lengths": ("sentences",),
}
LOWEST = np.float32(np.finfo(np.float32).min)
ONNX_DIRECTIONS = {"forward": "forward", "backward": "reverse"}


def onnx_graph(
    configuration: Configuration,
    weights: Mapping[str, StoredWeight],
    decision: Decision,
) -> onnx.ModelProto:
    """Returns the graph, weights included.

    Args:
        configuration: The run's options.
        weights: By name.
        decision: What is made of logits.
    """
    graph = GraphBuilder()
    vectors = _CharacterEncoder(graph, configuration.character_encoder, weights).read()
    pooled = _SentenceEncoder(graph, configuration.sentence_encoder, weights).read(vectors)
    width = 2 * configuration.sentence_encoder.units
    graph("Identity", pooled, name="vectors")
    logits = _dense(graph, "vectors", HEAD, weights, name="logits")
    scaled = graph("Div", logits, graph.constant(np.array(decision.temperature, np.float32)))
    further = []
    if decision.thresholds is None:
        graph("Softmax", scaled, axis=-1, name="probabilities")
    else:
        graph("Sigmoid", scaled, name="probabilities")
        thresholds = graph.constant(np.array(decision.thresholds, np.float32))
        graph("GreaterOrEqual", "probabilities", thresholds, name="given")
        shape = ("sentences", len(decision.thresholds))
        further = [helper.make_tensor_value_info("given", BOOL, shape)]
    classes = weights[f"{HEAD}/bias"].stored.shape[0]
    inputs = [helper.make_tensor_value_info(name, INT32, shape) for name, shape in INPUTS.items()]
    outputs = [
        helper.make_tensor_value_info(name, FLOAT, ("sentences", columns))
        for name, columns in (("logits", classes), ("probabilities", classes), ("vectors", width))
    ]
    description = "A sentence classifier. How a text becomes its inputs is in export.json."
    return graph.model(inputs, [*outputs, *further], "hier_rnn", __version__, description)


class _CharacterEncoder:
    """From characters to the vectors of words."""

    def __init__(
        self,
        graph: GraphBuilder,
        options: CharacterEncoderOptions,
        weights: Mapping[str, StoredWeight],
    ) -> None:
        self._graph, self._options, self._weights = graph, options, weights

    def read(self) -> str:
        """Adds the nodes; returns the name of the words' vectors, `(words, width)`."""
        graph, options = self._graph, self._options
        embedding = graph.weight(EMBEDDING, [self._weights[EMBEDDING]], lambda values: values)
        embedded = graph("Gather", embedding, "characters", axis=0)
        states = [
            self._stack(embedded, direction)
            for direction in (DIRECTIONS if options.bidirectional else DIRECTIONS[:1])
        ]
        vectors = graph("Concat", *states, axis=-1)
        if not options.projection:
            return vectors
        return _dense(graph, vectors, PROJECTION, self._weights)

    def _stack(self, inputs: str, direction: str) -> str:
        """Adds the layers of a direction; returns the last one's states, `(words, units)`."""
        graph, options = self._graph, self._options
        suffix = f"/{direction}" if options.bidirectional else ""
        state = ""
        for layer in range(options.layers):
            layer_name = (
                f"character_encoder/gru_{0 if options.share_layer_weights else layer}{suffix}"
            )
            kernel, recurrent, bias = (
                self._weights[f"{layer_name}/{part}"]
                for part in ("kernel", "recurrent_kernel", "bias")
            )
            initial = ""
            if options.initial_state == "trainable":
                name = f"character_encoder/initial_state_{layer}{suffix}"
                values = self._weights[name].values[None, None]
                initial = _expanded(graph, graph.constant(values, name), "word_lengths")
            every, last = graph.several(
                "GRU",
                inputs,
                graph.weight(f"{layer_name}/kernel", [kernel], _transposed),
                graph.weight(f"{layer_name}/recurrent_kernel", [recurrent], _transposed),
                graph.constant(_gru_bias(bias.values)[None], f"{layer_name}/bias"),
                "word_lengths",
                initial,
                names=("", ""),
                hidden_size=options.units,
                linear_before_reset=int(options.reset_after),
                direction=ONNX_DIRECTIONS[direction],
            )
            inputs = graph("Squeeze", every, graph.integers(1))
            state = graph("Squeeze", last, graph.integers(0))
        return state


class _SentenceEncoder:
    """From the vectors of words to those of sentences.

    Everything between is `(steps, sentences, width)`. With `segment_words` the backward LSTM reads
    each segment by itself, so segments are sentences of their own to it; to the forward LSTM, which
    hands its state on, a document is one sentence.
    """

    def __init__(
        self,
        graph: GraphBuilder,
        options: SentenceEncoderOptions,
        weights: Mapping[str, StoredWeight],
    ) -> None:
        self._graph, self._options, self._weights = graph, options, weights
        # A sentence of no words is read as one of one word, and masked.
        self._lengths = graph("Max", "sentence_lengths", graph.constant(np.array([1], np.int32)))
        self._steps = graph("Slice", graph("Shape", "words"), *map(graph.integers, (0, 1)))
        # Which steps a sentence has, `(steps, sentences, 1)`.
        zero, one = (graph.constant(np.array(number)) for number in (0, 1))
        numbers = graph("Range", zero, graph("Squeeze", self._steps), one)
        steps = graph("Unsqueeze", numbers, graph.integers(1))
        inside = graph("Less", steps, graph("Cast", "sentence_lengths", to=INT64))
        self._mask = graph("Unsqueeze", inside, graph.integers(2))

    def read(self, vectors: str) -> str:
        """Adds the nodes; returns the name of the sentences' vectors, `(sentences, 2 * units)`."""
        graph, options = self._graph, self._options
        states = graph("Gather", vectors, "words", axis=0)
        forward = ""
        for layer in range(options.layers):
            if options.segment_words:
                states, forward = self._by_segments(states, layer)
            else:
                states, forward = self._whole(states, layer)
        return self._pooled(states, forward)

    def _whole(self, inputs: str, layer: int) -> tuple[str, str]:
        """Adds a layer; returns all its states, and the forward one after each sentence."""
        graph, units = self._graph, self._options.units
        every, last = self._lstm(inputs, layer, DIRECTIONS, self._lengths)
        aligned = graph("Transpose", every, perm=(0, 2, 1, 3))
        states = graph("Reshape", aligned, graph.integers(0, 0, 2 * units))
        return states, graph("Gather", last, graph.constant(np.array(0)), axis=0)

    def _by_segments(self, inputs: str, layer: int) -> tuple[str, str]:
        """As `_whole`, for documents that are read in segments."""
        graph, units = self._graph, self._options.units
        every, last = self._lstm(inputs, layer, DIRECTIONS[:1], self._lengths)
        forward = graph("Squeeze", every, graph.integers(1))
        # From (steps, sentences, width) to (size, segments of all sentences, width) and back.
        zero, one, rest = graph.integers(0), graph.integers(1), graph.integers(-1)
        sentences = graph("Shape", "sentence_lengths")
        size = graph("Min", self._steps, graph.integers(self._options.segment_words))
        count = graph("Div", graph("Sub", graph("Add", self._steps, size), one), size)
        whole = graph("Mul", count, size)
        missing = graph("Sub", whole, self._steps)
        none = graph.integers(0, 0, 0)
        padded = graph("Pad", inputs, graph("Concat", none, missing, zero, zero, axis=0))
        shape = graph("Concat", count, size, sentences, rest, axis=0)
        cut = graph("Transpose", graph("Reshape", padded, shape), perm=(1, 0, 2, 3))
        shape = graph("Concat", size, graph("Mul", count, sentences), rest, axis=0)
        every, _ = self._lstm(
            graph("Reshape", cut, shape), layer, DIRECTIONS[1:], self._segment_lengths(size, count)
        )
        shape = graph("Concat", size, count, sentences, rest, axis=0)
        cut = graph("Transpose", graph("Reshape", every, shape), perm=(1, 0, 2, 3))
        shape = graph("Concat", whole, sentences, graph.integers(units), axis=0)
        backward = graph("Slice", graph("Reshape", cut, shape), zero, self._steps, zero)
        states = graph("Concat", forward, backward, axis=-1)
        return states, graph("Squeeze", last, zero)

    def _segment_lengths(self, size: str, count: str) -> str:
        """Adds the words in each segment, 1 at the least, int32 `(count * sentences,)`.

        Args:
            size: Words in a segment, `(1,)`.
            count: Segments of a document, `(1,)`.
        """
        graph = self._graph
        zero, one = (graph.constant(np.array(number)) for number in (0, 1))
        numbers = graph("Range", zero, graph("Squeeze", count), one)
        begins = graph("Unsqueeze", graph("Mul", numbers, size), graph.integers(1))
        left = graph("Sub", graph("Cast", "sentence_lengths", to=INT64), begins)
        lengths = graph("Max", graph("Min", left, size), graph.integers(1))
        return graph("Cast", graph("Reshape", lengths, graph.integers(-1)), to=INT32)

    def _lstm(
        self, inputs: str, layer: int, directions: tuple[str, ...], lengths: str
    ) -> tuple[str, str]:
        """Adds an LSTM of one or two directions.

        Returns all its states, `(steps, directions, sentences, units)`, and the last ones,
        `(directions, sentences, units)`.
        """
        graph, options, units = self._graph, self._options, self._options.units
        cell = 0 if options.share_layer_weights else layer
        names = [f"sentence_encoder/lstm_{cell}/{direction}" for direction in directions]
        which = "both" if len(directions) == 2 else directions[0]

        def matrix(part: str) -> str:
            weights = [self._weights[f"{name}/{part}"] for name in names]
            return graph.weight(
                f"sentence_encoder/lstm_{cell}/{which}/{part}",
                weights,
                lambda *values: np.concatenate([_transposed(_lstm_gates(v)) for v in values]),
            )

        biases = [_lstm_gates(self._weights[f"{name}/bias"].values[None])[0] for name in names]
        bias = np.stack([np.concatenate([values, np.zeros_like(values)]) for values in biases])
        initial = ["", ""]
        if options.initial_state == "trainable":
            for state, kind in enumerate(("hidden", "cell")):
                base = f"sentence_encoder/initial_state_{layer}"
                values = np.stack(
                    [self._weights[f"{base}/{direction}/{kind}"].values for direction in directions]
                )
                constant = graph.constant(values[:, None], f"{base}/{which}/{kind}")
                initial[state] = _expanded(graph, constant, lengths)
        every, last = graph.several(
            "LSTM",
            inputs,
            matrix("kernel"),
            matrix("recurrent_kernel"),
            graph.constant(bias, f"sentence_encoder/lstm_{cell}/{which}/bias"),
            lengths,
            *initial,
            names=("", ""),
            hidden_size=units,
            direction="bidirectional" if which == "both" else ONNX_DIRECTIONS[which],
        )
        return every, last

    def _pooled(self, states: str, forward: str) -> str:
        """Adds the pooling; zeros for sentences of no words."""
        graph, units = self._graph, self._options.units
        has_words = graph(
            "Unsqueeze",
            graph("Greater", "sentence_lengths", graph.constant(np.array(0, np.int32))),
            graph.integers(1),
        )
        pooling = self._options.pooling
        if pooling == "last":
            first = graph("Gather", states, graph.constant(np.array(0)), axis=0)
            backward = graph(
                "Slice", first, graph.integers(units), graph.integers(2 * units), graph.integers(1)
            )
            pooled = graph("Concat", forward, backward, axis=-1)
        elif pooling == "max":
            floor = graph.constant(LOWEST)
            masked = graph("Where", self._mask, states, floor)
            pooled = graph("ReduceMax", masked, axes=[0], keepdims=0)
        elif pooling == "mean":
            summed = self._masked_sum(states)
            count = graph("Cast", graph("Unsqueeze", self._lengths, graph.integers(1)), to=FLOAT)
            pooled = graph("Div", summed, count)
        else:
            kernel, bias = self._weights[f"{ATTENTION}/kernel"], self._weights[f"{ATTENTION}/bias"]
            product = graph(
                "MatMul", states, graph.weight(f"{ATTENTION}/kernel", [kernel], lambda v: v)
            )
            hidden = graph(
                "Tanh", graph("Add", product, graph.constant(bias.values, f"{ATTENTION}/bias"))
            )
            query = self._weights[f"{ATTENTION}/query"].values[:, None]
            scores = graph("MatMul", hidden, graph.constant(query, f"{ATTENTION}/query"))
            masked = graph("Where", self._mask, scores, graph.constant(LOWEST))
            pooled = self._masked_sum(graph("Mul", states, graph("Softmax", masked, axis=0)))
        return graph("Where", has_words, pooled, graph.constant(np.float32(0)))

    def _masked_sum(self, states: str) -> str:
        """Adds the sum over a sentence's steps, `(sentences, width)`."""
        graph = self._graph
        masked = graph("Where", self._mask, states, graph.constant(np.float32(0)))
        return graph("ReduceSum", masked, graph.integers(0), keepdims=0)


def _dense(
    graph: GraphBuilder,
    inputs: str,
    weight: str,
    weights: Mapping[str, StoredWeight],
    name: str = "",
) -> str:
    """Adds a linear map of `(rows, inputs)`."""
    kernel = graph.weight(f"{weight}/kernel", [weights[f"{weight}/kernel"]], lambda values: values)
    bias = graph.constant(weights[f"{weight}/bias"].values, f"{weight}/bias")
    return graph("Gemm", inputs, kernel, bias, name=name)


def _expanded(graph: GraphBuilder, states: str, lengths: str) -> str:
    """Adds states `(directions, 1, units)` for each of what has a length."""
    ones = graph.integers(1)
    return graph("Expand", states, graph("Concat", ones, graph("Shape", lengths), ones, axis=0))


def _transposed(values: np.ndarray) -> np.ndarray:
    """From `(inputs, outputs)` to `(1, outputs, inputs)`."""
    return values.T[None]


def _gru_bias(bias: np.ndarray) -> np.ndarray:
    """Returns the bias of inputs and then that of states, `(6 * units,)`."""
    return bias.reshape(-1) if bias.ndim == 2 else np.concatenate([bias, np.zeros_like(bias)])


def _lstm_gates(values: np.ndarray) -> np.ndarray:
    """Puts the gates, which are columns, in the order of ONNX."""
    gate, forget, cell, output = np.split(values, 4, 1)
    return np.concatenate([gate, output, forget, cell], 1)
