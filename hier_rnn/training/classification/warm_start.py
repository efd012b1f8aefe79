"""The warm start: before it learns from labels, the encoder learns to spell the training text.

A character encoder that starts from random weights has to learn spelling, meaning and syntax from
labels alone, and one that was pretrained on other text does not know this one's words. So it first
learns the word vectors that the training text itself gives by counting (`training/word_vectors`),
and what the labels say of each word; if it was pretrained, beside what it knows.
"""

from __future__ import annotations

from pathlib import Path

from hier_rnn.configuration.options import (
    CHARACTER_ENCODER,
    Configuration,
    Data,
    InitializerRule,
    Pretraining,
)
from hier_rnn.sources.example import Source
from hier_rnn.training.events import Event, Listener, Stage, Started, Step
from hier_rnn.training.pretraining.pretrain import pretrain

# The most frequent words: a vocabulary that is learnt within seconds.
VOCABULARY = 8_000
SPELLING = "learning to spell"
"""The stage in which it takes its steps."""


def warm_start(
    configuration: Configuration,
    rules: tuple[InitializerRule, ...],
    source: Source,
    words_model: Path | None,
    out: Path,
    on_event: Listener,
) -> None:
    """Pretrains an encoder on the training text, or goes on where an earlier call was interrupted.

    Args:
        configuration: The options of the run.
        rules: Those of its initializer rules that decide weights of the encoder.
        source: The training data.
        words_model: The run's SentencePiece model, if words are its pieces.
        out: The encoder directory to write.
        on_event: Told of the stages.

    Raises:
        UserError: Too little text to learn from.
        KeyboardInterrupt: Ctrl-C or SIGTERM; what was done is saved.
    """
    text, training = configuration.text, configuration.training
    known = CHARACTER_ENCODER in configuration.transferred
    if words_model is not None:
        text = text.model_copy(update={"sentencepiece_model": str(words_model)})
    # With what decides it alone, so that runs which differ in the rest can share it.
    pretraining = Configuration(
        seed=configuration.seed,
        data=Data(encoder=configuration.encoder if known else ""),
        text=text,
        character_encoder=configuration.character_encoder,
        initializers=configuration.initializers.model_copy(update={"rules": rules}),
        pretraining=Pretraining(
            vocabulary=VOCABULARY,
            minimum_count=1,
            epochs=training.warm_start_epochs,
            patience=0,
            on_divergence=training.on_divergence,
            precision=training.precision,
        ),
    )
    pretrain(
        pretraining,
        out,
        source=source,
        label_feature_weight=training.warm_start_label_feature_weight,
        on_event=_as_stages(on_event),
    )


def _as_stages(on_event: Listener) -> Listener:
    """Returns a listener that passes training steps on as a stage of another training."""
    total = 0

    def listen(event: Event) -> None:
        nonlocal total
        if isinstance(event, Stage):
            on_event(event)
        elif isinstance(event, Started):
            total = event.total
        elif isinstance(event, Step):
            on_event(Stage(SPELLING, min(event.done, total), total, "words"))

    return listen
