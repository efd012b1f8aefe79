"""Every weight's name and shape, from the options alone: `weight_shapes`.

This is the one place that names weights: the model makes its variables from it, and rules,
freezing, transfer and `inspect` go by these names. A recurrent cell's name has three weights below
it, a dense layer's two.
"""

from __future__ import annotations

from hier_rnn.configuration.options import (
    CharacterEncoderOptions,
    Configuration,
    SentenceEncoderOptions,
)
from hier_rnn.errors import UserError

Shapes = dict[str, tuple[int, ...]]

DIRECTIONS = ("forward", "backward")
EMBEDDING = "character_encoder/embedding"
PROJECTION = "character_encoder/projection"
ATTENTION = "sentence_encoder/attention"
HEAD = "head"


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


def encoder_shapes(configuration: Configuration, alphabet_size: int, sentence: bool) -> Shapes:
    """Returns the weights of an encoder directory, in the order of the flow.

    Args:
        configuration: Its options.
        alphabet_size: How many ids characters have, the special ones included.
        sentence: Whether it holds a sentence encoder.

    Raises:
        UserError: Layers share their weights but differ in width.
    """
    encoder = configuration.character_encoder
    shapes = character_encoder_shapes(encoder, alphabet_size)
    if sentence:
        shapes |= sentence_encoder_shapes(configuration.sentence_encoder, word_width(encoder))
    return shapes


def word_width(options: CharacterEncoderOptions) -> int:
    """Returns the width of a word's vector."""
    return options.projection or options.units * (2 if options.bidirectional else 1)


def character_encoder_shapes(options: CharacterEncoderOptions, alphabet_size: int) -> Shapes:
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
    shapes: Shapes = {EMBEDDING: (alphabet_size, inputs)}
    for number, cell in enumerate(gru_names(options)):
        first_layer = number < len(_directions(options))
        shapes[f"{cell}/kernel"] = (inputs if first_layer else units, 3 * units)
        shapes[f"{cell}/recurrent_kernel"] = (units, 3 * units)
        shapes[f"{cell}/bias"] = (2, 3 * units) if options.reset_after else (3 * units,)
    shapes |= {name: (units,) for name in character_state_names(options)}
    if options.projection:
        shapes |= _dense(PROJECTION, units * len(_directions(options)), options.projection)
    return shapes


def gru_names(options: CharacterEncoderOptions) -> list[str]:
    """Returns the names of the GRU cells, layer by layer and in each direction by direction."""
    layers = 1 if options.share_layer_weights else options.layers
    return [
        f"character_encoder/gru_{layer}{direction}"
        for layer in range(layers)
        for direction in _directions(options)
    ]


def character_state_names(options: CharacterEncoderOptions) -> list[str]:
    """Returns the names of the trained initial states, ordered as cells; empty for zeros."""
    layers = options.layers if options.initial_state == "trainable" else 0
    return [
        f"character_encoder/initial_state_{layer}{direction}"
        for layer in range(layers)
        for direction in _directions(options)
    ]


def sentence_encoder_shapes(options: SentenceEncoderOptions, inputs: int) -> Shapes:
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
    shapes: Shapes = {}
    for number, cell in enumerate(lstm_names(options)):
        width = inputs if number < len(DIRECTIONS) else 2 * units
        shapes[f"{cell}/kernel"] = (width, 4 * units)
        shapes[f"{cell}/recurrent_kernel"] = (units, 4 * units)
        shapes[f"{cell}/bias"] = (4 * units,)
    shapes |= {name: (units,) for name in sentence_state_names(options)}
    if options.pooling == "attention":
        shapes |= _dense(ATTENTION, 2 * units, 2 * units)
        shapes[f"{ATTENTION}/query"] = (2 * units,)
    return shapes


def lstm_names(options: SentenceEncoderOptions) -> list[str]:
    """Returns the names of the LSTM cells, layer by layer and in each the two directions."""
    layers = 1 if options.share_layer_weights else options.layers
    return [
        f"sentence_encoder/lstm_{layer}/{direction}"
        for layer in range(layers)
        for direction in DIRECTIONS
    ]


def sentence_state_names(options: SentenceEncoderOptions) -> list[str]:
    """Returns the names of the trained initial states; empty for zeros.

    Layer by layer, direction by direction, the hidden and then the cell state.
    """
    layers = options.layers if options.initial_state == "trainable" else 0
    return [
        f"sentence_encoder/initial_state_{layer}/{direction}/{state}"
        for layer in range(layers)
        for direction in DIRECTIONS
        for state in ("hidden", "cell")
    ]


def head_shapes(inputs: int, classes: int) -> Shapes:
    """Returns the head's weights.

    Args:
        inputs: Width of a sentence's vector.
        classes: How many labels there are.
    """
    return _dense(HEAD, inputs, classes)


def next_character_shapes(options: CharacterEncoderOptions, alphabet_size: int) -> Shapes:
    """Returns the weights that predict the next character, in each direction of reading.

    Args:
        options: The character encoder's options.
        alphabet_size: How many ids characters have, the special ones included.
    """
    shapes: Shapes = {}
    for direction in _directions(options):
        shapes |= _dense(f"next_character{direction}", options.units, alphabet_size)
    return shapes


def _directions(options: CharacterEncoderOptions) -> list[str]:
    """Returns how names end that there is one of per direction."""
    return [f"/{direction}" for direction in DIRECTIONS] if options.bidirectional else [""]


def _dense(name: str, inputs: int, outputs: int) -> Shapes:
    return {f"{name}/kernel": (inputs, outputs), f"{name}/bias": (outputs,)}
