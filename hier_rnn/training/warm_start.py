"""The warm start: before it learns from labels, the encoder learns to spell the training text.

A character encoder that starts from random weights has to learn spelling, meaning and syntax from
labels alone, and one that was pretrained on other text does not know this one's words. So it first
learns the word vectors that the training text itself gives by counting (`hier_rnn.pretraining`),
and what the labels say of each word; with `--encoder`, beside what it knows.
"""

from __future__ import annotations

from pathlib import Path

from hier_rnn.configuration.options import Configuration, Data, InitializerRule, Pretraining
from hier_rnn.pretraining.pretrain import pretrain
from hier_rnn.sources.example import Source

# As much as takes seconds: the most frequent words, and no held-out words worth speaking of.
VOCABULARY = 8_000


def warm_start(
    configuration: Configuration,
    rules: tuple[InitializerRule, ...],
    source: Source,
    words_model: Path | None,
    out: Path,
    quiet: bool,
) -> None:
    """Pretrains an encoder on the training text, or goes on where an earlier call was interrupted.

    Args:
        configuration: The options of the run.
        rules: Those of its initializer rules that decide weights of the encoder.
        source: The training data.
        words_model: The run's SentencePiece model, if words are its pieces.
        out: The encoder directory to write.
        quiet: Show nothing.

    Raises:
        UserError: Too little text to learn from.
        KeyboardInterrupt: Ctrl-C; what was done is saved.
    """
    text = configuration.text
    if words_model is not None:
        text = text.model_copy(update={"sentencepiece_model": str(words_model)})
    own = configuration.model_copy(
        update={
            "data": Data(encoder=configuration.data.encoder),
            "text": text,
            "initializers": configuration.initializers.model_copy(update={"rules": rules}),
            "pretraining": Pretraining(
                vocabulary=VOCABULARY,
                minimum_count=1,
                epochs=configuration.training.warm_start_epochs,
                patience=0,
            ),
        }
    )
    weight = configuration.training.warm_start_label_weight
    pretrain(own, out, quiet=quiet, source=source, label_weight=weight)
