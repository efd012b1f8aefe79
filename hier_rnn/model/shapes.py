"""Every weight's name and shape, from the options alone: `weight_shapes`.

This is the one place that names weights: the model makes its variables from it, and rules,
freezing, transfer and `inspect` go by these names.
"""

from __future__ import annotations

from collections.abc import Iterator

from hier_rnn.configuration.options import CharacterEncoder, Configuration, SentenceEncoder
from hier_rnn.errors import UserError

Shapes = dict[str, tuple[int, ...]]

DIRECTIONS = ("forward", "backward")


def weight_shapes(configuration: Configuration, alphabet_size: int, classes: int) -> Shapes:
    """Returns every weight of a classifier, in the order of the flow.

    The weights of the auxiliary next-character loss are among them if it has a weight.

    Args:
        configuration: The options.
        alphabet_size: How many ids characters have, the special ones included.
        classes: How many labels there are.

    Raises:
        UserError: Layers share their weights but differ in width.
    """
    encoder, sentence = configuration.character_encoder, configuration.sentence_encoder
    auxiliary: Shapes = {}
    if configuration.training.next_character_weight:
        auxiliary = next_character_shapes(encoder, alphabet_size)
    return {
        **character_encoder_shapes(encoder, alphabet_size),
        **sentence_encoder_shapes(sentence, word_width(encoder)),
        **head_shapes(2 * sentence.units, classes),
        **auxiliary,
    }


def word_width(options: CharacterEncoder) -> int:
    """Returns the width of a word's vector."""
    return options.projection or options.units * (2 if options.bidirectional else 1)


def character_encoder_shapes(options: CharacterEncoder, alphabet_size: int) -> Shapes:
    """Returns the character encoder's weights.

    Each direction stacks by itself: a layer reads the states of its own direction below.

    Args:
        options: The character encoder's options.
        alphabet_size: How many ids characters have, the special ones included.

    Raises:
        UserError: Layers share their weights but differ in width.
    """
    units, inputs = options.units, options.embedding_dim
    if options.share_layer_weights and inputs != units:
        raise UserError(
            "character_encoder.share_layer_weights: one cell at every depth reads embeddings and"
            f" states alike, so embedding_dim must equal units. Received: embedding_dim {inputs},"
            f" units {units}."
        )
    directions = [f"/{direction}" for direction in DIRECTIONS] if options.bidirectional else [""]
    shapes: Shapes = {"character_encoder/embedding": (alphabet_size, inputs)}
    for layer in range(1 if options.share_layer_weights else options.layers):
        for direction in directions:
            cell = f"character_encoder/gru_{layer}{direction}"
            shapes[f"{cell}/kernel"] = (inputs if layer == 0 else units, 3 * units)
            shapes[f"{cell}/recurrent_kernel"] = (units, 3 * units)
            shapes[f"{cell}/bias"] = (2, 3 * units) if options.reset_after else (3 * units,)
    if options.initial_state == "trainable":
        for layer in range(options.layers):
            for direction in directions:
                shapes[f"character_encoder/initial_state_{layer}{direction}"] = (units,)
    if options.projection:
        projection = "character_encoder/projection"
        shapes[f"{projection}/kernel"] = (units * len(directions), options.projection)
        shapes[f"{projection}/bias"] = (options.projection,)
    return shapes


def sentence_encoder_shapes(options: SentenceEncoder, inputs: int) -> Shapes:
    """Returns the sentence encoder's weights, pooling included.

    A layer reads the states of both directions below.

    Args:
        options: The sentence encoder's options.
        inputs: Width of a word's vector.

    Raises:
        UserError: Layers share their weights but differ in width.
    """
    units = options.units
    if options.share_layer_weights and inputs != 2 * units:
        raise UserError(
            "sentence_encoder.share_layer_weights: one cell at every depth reads word vectors and"
            " the states of both directions alike, so word vectors must be 2 * units wide."
            f" Received: word vectors {inputs}, units {units}. Set sentence_encoder.units,"
            " character_encoder.units or character_encoder.projection."
        )
    return dict(_sentence_encoder(options, inputs))


def _sentence_encoder(
    options: SentenceEncoder, inputs: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    units = options.units
    for layer in range(1 if options.share_layer_weights else options.layers):
        for direction in DIRECTIONS:
            cell = f"sentence_encoder/lstm_{layer}/{direction}"
            yield f"{cell}/kernel", (inputs if layer == 0 else 2 * units, 4 * units)
            yield f"{cell}/recurrent_kernel", (units, 4 * units)
            yield f"{cell}/bias", (4 * units,)
    if options.initial_state == "trainable":
        for layer in range(options.layers):
            for direction in DIRECTIONS:
                for part in ("hidden", "cell"):
                    yield (f"sentence_encoder/initial_state_{layer}/{direction}/{part}", (units,))
    if options.pooling == "attention":
        yield "sentence_encoder/attention/kernel", (2 * units, 2 * units)
        yield "sentence_encoder/attention/bias", (2 * units,)
        yield "sentence_encoder/attention/query", (2 * units,)


def head_shapes(inputs: int, classes: int) -> Shapes:
    """Returns the head's weights.

    Args:
        inputs: Width of a sentence's vector.
        classes: How many labels there are.
    """
    return {"head/kernel": (inputs, classes), "head/bias": (classes,)}


def next_character_shapes(options: CharacterEncoder, alphabet_size: int) -> Shapes:
    """Returns the weights that predict the next character, in each direction of reading.

    Args:
        options: The character encoder's options.
        alphabet_size: How many ids characters have, the special ones included.
    """
    shapes: Shapes = {}
    for direction in [f"/{d}" for d in DIRECTIONS] if options.bidirectional else [""]:
        shapes[f"next_character{direction}/kernel"] = (options.units, alphabet_size)
        shapes[f"next_character{direction}/bias"] = (alphabet_size,)
    return shapes
