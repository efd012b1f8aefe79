"""Every option there is: its name, type, default, range and meaning, in one place.

A group is a table of the TOML file, a prefix on the command line (`--sentence_encoder.units 256`)
and an attribute in Python (`configuration.sentence_encoder.units`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Rate = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
# Whole numbers have an upper limit, far above what is of use, so that none runs over or out.
Positive = Annotated[int, Field(gt=0, le=10**9)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Width = Annotated[int, Field(gt=0, le=16_384)]
Layers = Annotated[int, Field(gt=0, le=64)]
AUTO: Literal["auto"] = "auto"  # text.words until the training text is looked at
OnDivergence = Literal["stop", "skip", "restore"]
MisspellKind = Literal["none", "swap", "drop", "add", "key", "repeat", "case", "accents", "mixed"]


class Options(BaseModel):
    """A group of options: read-only, and an unknown name is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Text(Options):
    """From a text to words and from words to characters."""

    words: Literal["auto", "whitespace", "sentencepiece"] = Field(
        default=AUTO,
        description="how a text is cut into words; auto: sentencepiece if most of the training"
        " text is Korean or in a script without spaces between words, else whitespace",
    )
    normalization: Literal["none", "NFC", "NFKC", "NFD"] = Field(
        default="NFKC", description="Unicode normalization; NFD splits Hangul into jamo"
    )
    lowercase: bool = Field(default=False, description="lower-case every character")
    minimum_character_count: Positive = Field(
        default=2, description="characters seen less often in training become the unknown character"
    )
    boundary_marks: bool = Field(
        default=True,
        description="put a begin mark before and an end mark after each word's characters",
    )
    maximum_word_length: Annotated[int, Field(ge=2, le=10_000)] = Field(
        default=40,
        description="longer words keep this many characters, half from the head, half the tail",
    )
    sentencepiece_model: str = Field(
        default="", description="path of a SentencePiece model; empty: trained on the training text"
    )
    sentencepiece_type: Literal["unigram", "bpe"] = Field(
        default="unigram", description="kind of SentencePiece model to train"
    )
    vocabulary_size: Annotated[int, Field(gt=0, le=1_000_000)] = Field(
        default=8000, description="pieces of the SentencePiece model to train"
    )


class CharacterEncoder(Options):
    """The character GRU, its weights shared across every word position."""

    embedding_dim: Width = Field(default=32, description="width of a character's embedding")
    units: Width = Field(default=512, description="width of the GRU's state, each direction")
    layers: Layers = Field(default=1, description="stacked GRU layers")
    bidirectional: bool = Field(default=False, description="also read each word from its end")
    reset_after: bool = Field(
        default=True,
        description="apply the reset gate after the recurrent product (as cuDNN) or before",
    )
    projection: Annotated[int, Field(ge=0, le=16_384)] = Field(
        default=0, description="width of a linear map of the word vector; 0: none"
    )
    embedding_dropout: Rate = Field(default=0.0, description="dropout on character embeddings")
    dropout: Rate = Field(default=0.0, description="dropout between stacked GRU layers")
    recurrent_dropout: Rate = Field(
        default=0.0, description="variational dropout on the GRU's state"
    )
    share_layer_weights: bool = Field(
        default=False, description="one cell at every depth (embedding_dim must equal units)"
    )
    initial_state: Literal["zeros", "trainable"] = Field(
        default="zeros", description="state before a word"
    )


class SentenceEncoder(Options):
    """The word-level bidirectional LSTM and the pooling of its states."""

    units: Width = Field(default=128, description="width of the LSTM's state, each direction")
    layers: Layers = Field(default=1, description="stacked bidirectional LSTM layers")
    pooling: Literal["last", "max", "mean", "attention"] = Field(
        default="max", description="how the states of a sentence's words become one vector"
    )
    word_dropout: Rate = Field(default=0.0, description="share of words replaced by a zero vector")
    input_dropout: Rate = Field(default=0.3, description="dropout on word vectors")
    dropout: Rate = Field(default=0.3, description="dropout between stacked LSTM layers")
    recurrent_dropout: Rate = Field(
        default=0.0, description="variational dropout on the LSTM's state"
    )
    share_layer_weights: bool = Field(
        default=False,
        description="one cell a direction at every depth (word vectors as wide as 2 * units)",
    )
    initial_state: Literal["zeros", "trainable"] = Field(
        default="zeros", description="state before a sentence"
    )
    segment_words: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        default=0, description="read longer documents in segments of this many words; 0: whole"
    )


class Head(Options):
    """From the sentence vector to class probabilities."""

    dropout: Rate = Field(default=0.3, description="dropout on the sentence vector")


class InitializerRule(Options):
    """An initializer for the weights, and of those the gate, that it names."""

    pattern: str = Field(description="regular expression on weight names")
    gate: str | None = Field(
        default=None, description="update|reset|candidate (GRU), input|forget|cell|output (LSTM)"
    )
    initializer: str = Field(description="initializer name")
    options: dict[str, Any] = Field(default={}, description="the initializer's own options")
    per_gate: bool = Field(default=True, description="gate by gate, or the fused matrix at once")


class Initializers(Options):
    """Where each weight starts: the first rule that matches decides, then the defaults."""

    rules: tuple[InitializerRule, ...] = Field(
        default=(),
        description="ordered rules; the first that matches decides, so put an inner name's rule"
        " (sentence_encoder/lstm_0) above its outer name's (sentence_encoder)",
    )


class Misspell(Options):
    """Corruption of the training words, drawn anew each epoch."""

    kind: MisspellKind = Field(default="mixed", description="kind of misspelling")
    rate: Share = Field(default=0.2, description="share of eligible words (four letters or more)")


class PretrainingMisspell(Options):
    """Misspelled copies of words, with the vector of the word; drawn anew each epoch."""

    kind: MisspellKind = Field(default="mixed", description="kind of misspelling")
    copies_per_word: float = Field(
        default=1.0,
        ge=0,
        le=100,
        description="misspelled copies per word, on average; frequent words have more",
    )
    edits: Annotated[int, Field(gt=0, le=100)] = Field(
        default=3, description="most edits in a word; a third has a further one"
    )


class Phase(Options):
    """A part of the training in which some weights train and others are frozen."""

    train: tuple[str, ...] = Field(
        default=(".*",), description="patterns of the weights that train"
    )
    freeze: tuple[str, ...] = Field(
        default=(), description="patterns of the weights that do not, though they match train"
    )
    epochs: Positive | None = Field(default=None, description="length in epochs")
    steps: Positive | None = Field(default=None, description="length in steps")
    learning_rate: float | None = Field(
        default=None, gt=0, description="peak rate; none: training's own"
    )


class Training(Options):
    """The optimization."""

    batch_size: Positive = Field(default=32, description="sentences (or words) in a batch")
    batch_by: Literal["sentences", "words"] = Field(
        default="sentences", description="what batch_size counts"
    )
    bucket_batches: Positive = Field(
        default=16, description="batches cut from as many sentences sorted by length; 1: not sorted"
    )
    epochs: Positive = Field(default=12, description="largest number of epochs")
    maximum_steps: Count = Field(
        default=7500,
        description="with much training data there are fewer epochs, so that all have about this"
        " many steps together; 0: no limit",
    )
    minimum_steps_per_epoch: Count = Field(
        default=120,
        description="with little training data an epoch passes over it several times, so that it"
        " has about this many steps; 0: once",
    )
    learning_rate: float = Field(default=2e-3, gt=0, description="peak learning rate")
    learning_rate_multipliers: dict[str, float] = Field(
        default={}, description="factor by pattern of weight names; the first match wins"
    )
    encoder_learning_rate_multiplier: float = Field(
        default=0.3,
        ge=0,
        description="with data.encoder: factor of the learning rate for the character encoder;"
        " 0: it does not train on labels",
    )
    frozen_encoder_share: Share = Field(
        default=0.5,
        description="with data.encoder: share of the epochs in which the character encoder is"
        " frozen, at first; the learning rate rises and falls both before and after; 0: none",
    )
    weight_decay: float = Field(
        default=0.01, ge=0, description="AdamW's, on matrices (not on biases or initial states)"
    )
    warmup: Share = Field(default=0.1, description="share of all steps in which the rate rises")
    schedule: Literal["cosine", "linear", "constant"] = Field(
        default="cosine", description="how the rate falls after the warm-up"
    )
    clip_norm: float = Field(
        default=1.0, ge=0, description="largest global gradient norm; 0: no clipping"
    )
    patience: Count = Field(
        default=3, description="epochs without a better validation score before stopping; 0: never"
    )
    validation_metric: Literal["accuracy", "macro_f1", "loss"] = Field(
        default="accuracy", description="what the best weights and early stopping go by"
    )
    moving_average: Rate = Field(
        default=0.99, description="decay of the exponential moving average of weights; 0: none"
    )
    class_weights: Literal["none", "balanced"] | dict[str, float] = Field(
        default="none", description="none, balanced, or a weight by label"
    )
    label_smoothing: Rate = Field(
        default=0.1, description="probability mass spread over all classes"
    )
    shuffle_buffer: Positive = Field(
        default=100_000, description="examples held in memory for shuffling"
    )
    checkpoint_seconds: float = Field(default=60.0, ge=0, description="seconds between checkpoints")
    on_divergence: OnDivergence = Field(
        default="stop",
        description="when a loss or gradient is not finite: stop with an error, skip the batch, or"
        " restore the last checkpoint and halve the learning rate (at most three times)",
    )
    warm_start_epochs: Count = Field(
        default=40,
        description="epochs in which the character encoder first learns to spell word vectors of"
        " the training text; 0: none",
    )
    warm_start_label_feature_weight: float = Field(
        default=0.5,
        ge=0,
        description="length of the label features appended to each word's unit-length vector in"
        " the warm start; 0: none",
    )
    freeze_encoder: bool = Field(default=False, description="the character encoder does not train")
    next_character_weight: float = Field(
        default=0.0, ge=0, le=1e6, description="weight of the auxiliary next-character loss"
    )
    misspell: Misspell = Misspell()
    phases: tuple[Phase, ...] = Field(
        default=(), description="ordered phases; none: all weights train"
    )


class Pretraining(Options):
    """Learning the character encoder from text without labels."""

    objective: Literal["word-vectors", "next-character"] = Field(
        default="word-vectors", description="what the encoder learns"
    )
    vectors: str = Field(
        default="", description="ready word vectors (word2vec text format) instead of counting"
    )
    vocabulary: Positive = Field(default=60_000, description="most frequent words to learn")
    minimum_count: Positive = Field(default=5, description="a word must be seen this often")
    maximum_types: Positive = Field(
        default=1_000_000,
        description="word types counted at once; rarer ones are pruned (and reported)",
    )
    window: Annotated[int, Field(gt=0, le=1000)] = Field(
        default=10, description="words of context on either side"
    )
    context_smoothing: float = Field(
        default=1.0, gt=0, le=1, description="exponent of context counts"
    )
    dimensions: Width = Field(default=300, description="width of the word vectors")
    validation_share: float = Field(
        default=0.02,
        gt=0,
        lt=1,
        description="held-out share of the words (next-character: of the texts)",
    )
    frequency_exponent: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="word-vectors: a word's weight in the loss is its count to this power",
    )
    rewrites_per_word: Share = Field(
        default=0.25,
        description="word-vectors: copies per word in another case or punctuation, on average",
    )
    misspell: PretrainingMisspell = PretrainingMisspell()
    batch_size: Positive = Field(default=512, description="word types in a batch")
    group_size: Positive = Field(
        default=4, description="alphabetical neighbours in a batch together; they share prefixes"
    )
    epochs: Positive = Field(default=55, description="passes over the word types")
    learning_rate: float = Field(default=6e-3, gt=0, description="peak learning rate")
    patience: Count = Field(
        default=20, description="epochs without a better validation score before stopping; 0: never"
    )
    checkpoint_seconds: float = Field(
        default=60.0, ge=0, description="seconds between checkpoints, besides one after each epoch"
    )
    on_divergence: OnDivergence = Field(
        default="stop",
        description="when a loss or gradient is not finite: as for training.on_divergence",
    )


class Data(Options):
    """Where the examples came from; recorded so that a run explains itself."""

    # One source alone, as runs of before wrote it, is a list of one.
    train: Annotated[
        tuple[str, ...],
        BeforeValidator(lambda value: [value] if isinstance(value, str) and value else value or ()),
    ] = Field(default=(), description="training sources, read one after the other")
    validation: str = Field(default="", description="validation source")
    test: str = Field(default="", description="test source")
    text: tuple[str, ...] = Field(default=(), description="sources of text without labels")
    label_column: str = Field(
        default="label",
        description="column or field of the label: its name, or its number from 1; label: found"
        " out where none is called so",
    )
    text_column: str = Field(
        default="text",
        description="column or field of the text: its name, or its number from 1; text: found out"
        " where none is called so",
    )
    delimiter: str = Field(
        default="auto",
        description="what separates the columns of a table: comma, semicolon, tab, pipe or a"
        " character; auto: found out from the file",
    )
    quoting: Literal["auto", "double", "backslash", "none"] = Field(
        default="auto",
        description="how a table writes quotes within quoted cells: doubled, after a backslash;"
        " none: quotes are part of the text; auto: found out from the file",
    )
    maximum_text_length: Positive = Field(
        default=100_000, description="characters read of one text; the rest is cut off and counted"
    )
    tfds_data_dir: str = Field(default="", description="where TensorFlow Datasets are prepared")
    encoder: str = Field(
        default="", description="start from this encoder directory, or a run directory's encoder"
    )

    @property
    def reading(self) -> dict[str, Any]:
        """How sources are read: what `open_source` takes beside the source."""
        return {
            "label_column": self.label_column,
            "text_column": self.text_column,
            "delimiter": self.delimiter,
            "quoting": self.quoting,
            "maximum_text_length": self.maximum_text_length,
            "tfds_data_dir": self.tfds_data_dir,
        }


class Configuration(Options):
    """All options of a run."""

    seed: int = Field(default=0, ge=0, lt=2**31, description="decides everything random")
    data: Data = Data()
    text: Text = Text()
    character_encoder: CharacterEncoder = CharacterEncoder()
    sentence_encoder: SentenceEncoder = SentenceEncoder()
    head: Head = Head()
    initializers: Initializers = Initializers()
    training: Training = Training()
    pretraining: Pretraining = Pretraining()

    @property
    def warm_starts(self) -> bool:
        """Whether the encoder learns to spell the training text before the labels."""
        as_it_is = bool(self.data.encoder) and self.training.freeze_encoder
        return self.training.warm_start_epochs > 0 and not as_it_is
