"""How texts become words: at white space, or by a SentencePiece model, trained if need be."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from hier_rnn.configuration.options import AUTO, Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Source
from hier_rnn.storage.directory import Directory
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.text.normalization import normalize
from hier_rnn.text.segmentation import needs_sentencepiece, train_sentencepiece
from hier_rnn.text.tokenizer import Tokenizer


def resolve_word_segmentation(
    configuration: Configuration,
    recorded: Configuration | None,
    open_text: Callable[[], Iterable[Example]],
) -> Configuration:
    """Returns the configuration with `text.words` decided where it is `auto`.

    Args:
        configuration: The run's options.
        recorded: Those of the run that is gone on with; None if it begins.
        open_text: Opens the training text.

    Raises:
        UserError: What reading raises, or a SentencePiece model for words at white space.
    """
    text = configuration.text
    if text.words == "whitespace" and text.sentencepiece_model:
        raise UserError(
            f"text.sentencepiece_model: {text.sentencepiece_model} would not be used, since"
            " text.words is 'whitespace'. Leave out one of the two."
        )
    if text.words != AUTO:
        return configuration
    if recorded is not None:
        words = recorded.text.words
    elif text.sentencepiece_model or needs_sentencepiece(example.text for example in open_text()):
        words = "sentencepiece"
    else:
        words = "whitespace"
    return configuration.model_copy(update={"text": text.model_copy(update={"words": words})})


def load_words(
    configuration: Configuration, source: Source, begun: Directory | None = None
) -> tuple[Tokenizer, bytes]:
    """Returns how texts become words, and the SentencePiece model, empty for whitespace words.

    The model is the run's own if it has one already, else that of the encoder it starts from, or
    the one that the options name; else it is trained on the source.

    Args:
        configuration: The run's options.
        source: The training data.
        begun: The run's directory, if it may have its model already.

    Raises:
        UserError: A model that can't be read, or what SentencePiece refuses.
    """
    options, encoder = configuration.text, configuration.encoder
    if options.words != "sentencepiece":
        return Tokenizer(options), b""
    directories = [begun] if begun else []
    if encoder:
        directories.append(EncoderDirectory.find(Path(encoder)))
    for directory in directories:
        if directory.has(directory.words_model):
            kept = directory.read_words_model()
            return Tokenizer(options, kept), kept
    if ready := options.sentencepiece_model:
        return Tokenizer(options, ready), Path(ready).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "words.model"
        texts = (normalize(e.text, options.normalization, options.lowercase) for e in source)
        train_sentencepiece(
            texts, model, options.sentencepiece_type, options.vocabulary_size, configuration.seed
        )
        return Tokenizer(options, model), model.read_bytes()
