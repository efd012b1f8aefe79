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
Seconds = Annotated[float, Field(ge=1, le=10**6)]
AUTO: Literal["auto"] = "auto"  # until the training data are looked at
NO_ENCODER, ENGLISH = "none", "english"
CHARACTER_ENCODER, SENTENCE_ENCODER = "character_encoder", "sentence_encoder"
OnDivergence = Literal["stop", "skip", "restore"]
Precision = Literal["auto", "float32", "bfloat16"]
Distribute = Literal["none", "mirrored", "multi-worker"]
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
        default=2,
        description="characters seen fewer times in the training text are read as the unknown"
        " character",
    )
    boundary_marks: bool = Field(
        default=True,
        description="put a begin mark before and an end mark after each word's characters",
    )
    maximum_word_length: Annotated[int, Field(ge=2, le=10_000)] = Field(
        default=40,
        description="largest number of characters that are read of a word; of a longer word, the"
        " first half of them and the last",
    )
    sentencepiece_model: str = Field(
        default="",
        description="path of a SentencePiece model; empty: one is trained on the training text",
    )
    sentencepiece_type: Literal["unigram", "bpe"] = Field(
        default="unigram", description="kind of SentencePiece model that is trained"
    )
    vocabulary_size: Annotated[int, Field(gt=0, le=1_000_000)] = Field(
        default=8000, description="number of pieces of the SentencePiece model that is trained"
    )


class CharacterEncoderOptions(Options):
    """The character GRU, its weights shared across every word position."""

    embedding_dim: Width = Field(default=32, description="width of a character's embedding")
    units: Width = Field(default=512, description="width of the GRU's state, in each direction")
    layers: Layers = Field(default=1, description="number of stacked GRU layers")
    bidirectional: bool = Field(default=False, description="read each word from its end as well")
    reset_after: bool = Field(
        default=True,
        description="apply the reset gate after the recurrent matrix product, as cuDNN does;"
        " false: before",
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
        default=False,
        description="all layers have the same weights (embedding_dim must equal units)",
    )
    initial_state: Literal["zeros", "trainable"] = Field(
        default="zeros", description="the GRU's state before the first character: zeros, or learned"
    )


class SentenceEncoderOptions(Options):
    """The word-level bidirectional LSTM and the pooling of its states."""

    units: Width = Field(default=128, description="width of the LSTM's state, in each direction")
    layers: Layers = Field(default=1, description="number of stacked bidirectional LSTM layers")
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
        description="all layers have the same weights (word vectors must be 2 * units wide)",
    )
    initial_state: Literal["zeros", "trainable"] = Field(
        default="zeros", description="the LSTM's state before the first word: zeros, or learned"
    )
    segment_words: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        default=0,
        description="words that are read at once: longer documents are read in segments of this"
        " many, in less memory; 0: a document is read whole",
    )


class Head(Options):
    """From the sentence vector to class probabilities."""

    dropout: Rate = Field(default=0.3, description="dropout on the sentence vector")


class InitializerRule(Options):
    """An initializer for the weights, and of those the gate, that it names."""

    pattern: str = Field(description="regular expression that matches names of weights")
    gate: str | None = Field(
        default=None,
        description="part of the weight: update|reset|candidate (GRU), input|forget|cell|output"
        " (LSTM); none: all of it",
    )
    initializer: str = Field(description="name of the initializer")
    options: dict[str, Any] = Field(default={}, description="the initializer's own options")
    per_gate: bool = Field(
        default=True, description="draw each gate's part by itself; false: the fused matrix at once"
    )


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
    rate: Share = Field(
        default=0.2, description="share of the words of four letters or more that are misspelled"
    )


class PretrainingMisspell(Options):
    """Misspelled copies of words, with the vector of the word; drawn anew each epoch."""

    kind: MisspellKind = Field(default="mixed", description="kind of misspelling")
    copies_per_word: float = Field(
        default=1.0,
        ge=0,
        le=100,
        description="misspelled copies of each word, on average; frequent words have more",
    )
    edits: Annotated[int, Field(gt=0, le=100)] = Field(
        default=3,
        description="largest number of edits in a word; each edit is followed by another in a"
        " third of the words",
    )


class Phase(Options):
    """A part of the training in which some weights train and others are frozen."""

    train: tuple[str, ...] = Field(
        default=(".*",), description="patterns of the weights that train"
    )
    freeze: tuple[str, ...] = Field(
        default=(), description="patterns of weights that do not train although they match `train`"
    )
    epochs: Positive | None = Field(default=None, description="length in epochs")
    steps: Positive | None = Field(default=None, description="length in steps")
    learning_rate: float | None = Field(
        default=None, gt=0, description="peak learning rate; none: training.learning_rate"
    )


class Training(Options):
    """The optimization."""

    batch_size: Positive = Field(default=32, description="sentences (or words) in a batch")
    batch_by: Literal["sentences", "words"] = Field(
        default="sentences", description="what batch_size counts"
    )
    bucket_batches: Positive = Field(
        default=16,
        description="this many batches of sentences are sorted by length before they are cut into"
        " batches, so that sentences of a batch are about as long; 1: not sorted",
    )
    epochs: Positive = Field(default=12, description="largest number of epochs")
    maximum_steps: Count = Field(
        default=7500,
        description="about the largest number of steps in all: with much training data there are"
        " fewer epochs; 0: no limit",
    )
    minimum_steps_per_epoch: Count = Field(
        default=120,
        description="about the smallest number of steps in an epoch: with little training data an"
        " epoch passes over it several times; 0: always once",
    )
    learning_rate: float = Field(default=2e-3, gt=0, description="peak learning rate")
    learning_rate_multipliers: dict[str, float] = Field(
        default={},
        description="factors of the learning rate by pattern of weight names; the first that"
        " matches decides",
    )
    encoder_learning_rate_multiplier: float = Field(
        default=0.3,
        ge=0,
        description="with data.encoder: factor of the learning rate for the character encoder; 0:"
        " it does not train on labels",
    )
    frozen_encoder_share: Share = Field(
        default=0.5,
        description="with data.encoder: the character encoder is frozen in this share of the"
        " epochs, the first ones; the learning rate rises and falls in them and once more after"
        " them; 0: never frozen",
    )
    weight_decay: float = Field(
        default=0.01,
        ge=0,
        description="weight decay of AdamW, on matrices (not on biases or initial states)",
    )
    warmup: Share = Field(
        default=0.1,
        description="share of the steps, the first ones, in which the learning rate rises",
    )
    schedule: Literal["cosine", "linear", "constant"] = Field(
        default="cosine", description="how the learning rate falls after the warm-up"
    )
    clip_norm: float = Field(
        default=1.0,
        ge=0,
        description="largest norm of the gradient of all weights; a larger one is scaled down; 0:"
        " no limit",
    )
    patience: Count = Field(
        default=3,
        description="training stops after this many epochs without a better validation score; 0:"
        " never",
    )
    validation_metric: Literal["auto", "accuracy", "micro_f1", "macro_f1", "loss"] = Field(
        default=AUTO,
        description="metric on the validation data that decides which weights are kept and when to"
        " stop early; auto: accuracy, or micro_f1 where a text may have several labels",
    )
    moving_average: Rate = Field(
        default=0.99,
        description="decay of the moving average of the weights, which is evaluated and kept; 0:"
        " no average",
    )
    class_weights: Literal["none", "balanced"] | dict[str, float] = Field(
        default="none",
        description="weight of each class in the loss: none (all 1), balanced (rare classes weigh"
        " more), or a weight by label; where a text may have several, of the labels that it has",
    )
    label_smoothing: Rate = Field(
        default=0.1,
        description="share of the target probability that is spread evenly over all classes; where"
        " a text may have several labels: by how frequent each is",
    )
    shuffle_buffer: Positive = Field(
        default=100_000, description="number of examples held in memory to shuffle them"
    )
    checkpoint_seconds: float = Field(default=60.0, ge=0, description="seconds between checkpoints")
    on_divergence: OnDivergence = Field(
        default="stop",
        description="when a loss or gradient is not finite: stop with an error, skip the batch, or"
        " restore the last checkpoint and halve the learning rate (at most three times)",
    )
    precision: Precision = Field(
        default=AUTO,
        description="what the factors of the character encoder's recurrent matrix products are"
        " rounded to while it trains; auto: bfloat16 if the processor has instructions for it and"
        " there are 256 units or more",
    )
    distribute: Distribute = Field(
        default="none",
        description="who computes shares of each batch: none (this process all of it), mirrored"
        " (every GPU of this machine), multi-worker (the processes that the variable TF_CONFIG"
        " names)",
    )
    worker_timeout: Seconds = Field(
        default=600.0,
        description="multi-worker: seconds to wait for a worker that has not begun or is gone",
    )
    warm_start_epochs: Count = Field(
        default=40,
        description="epochs of the warm start, in which the character encoder learns word vectors"
        " of the training text before it learns from labels; 0: no warm start",
    )
    warm_start_label_feature_weight: float = Field(
        default=0.5,
        ge=0,
        description="length of the label features appended to each word's unit-length target"
        " vector in the warm start; 0: none are appended",
    )
    linear_head: bool = Field(
        default=True,
        description="with a sentence encoder from data.encoder: the head begins as a regularized"
        " linear classifier on its vectors, which is kept unless training makes a better one",
    )
    sentence_encoder_learning_rate_multiplier: float = Field(
        default=0.3,
        ge=0,
        description="with a sentence encoder from data.encoder: factor of its learning rate; 0: it"
        " does not train on labels",
    )
    freeze_encoder: bool = Field(default=False, description="the character encoder does not train")
    next_character_weight: float = Field(
        default=0.0,
        ge=0,
        le=1e6,
        description="weight of an auxiliary loss, the prediction of each next character; 0: none",
    )
    misspell: Misspell = Misspell()
    phases: tuple[Phase, ...] = Field(
        default=(),
        description="phases, one after the other, each with the weights that train in it; none:"
        " one phase in which all train",
    )


class SentencePretraining(Options):
    """The objective sentence-vectors: a teacher's vectors of texts."""

    batch_size: Positive = Field(default=128, description="texts in a batch")
    epochs: Positive = Field(default=5, description="passes over the texts")
    learning_rate: float = Field(default=2e-3, gt=0, description="peak learning rate")
    encoder_learning_rate_multiplier: float = Field(
        default=0.3,
        ge=0,
        description="with data.encoder: factor of the learning rate for the character encoder; 0:"
        " it does not train",
    )
    similarity_weight: float = Field(
        default=1.0,
        ge=0,
        description="weight of the loss on how the similarities between the texts of a batch differ"
        " from the teacher's, beside the cosine; 0: cosine alone",
    )
    misspelled_share: Share = Field(
        default=0.15,
        description="share of the words of four letters or more that are misspelled, drawn anew"
        " each epoch",
    )


class Pretraining(Options):
    """Learning an encoder from text without labels."""

    objective: Literal["word-vectors", "next-character", "sentence-vectors"] = Field(
        default="word-vectors",
        description="what the encoder learns: word vectors from spellings, to predict the next"
        " character, or a teacher's vectors of texts (then the sentence encoder learns too)",
    )
    vectors: str = Field(
        default="",
        description="file of ready word vectors in word2vec's text format, instead of counting",
    )
    vocabulary: Positive = Field(
        default=60_000, description="number of words that are learned, the most frequent ones"
    )
    minimum_count: Positive = Field(default=5, description="words seen fewer times are not learned")
    maximum_types: Positive = Field(
        default=1_000_000,
        description="distinct words held in memory, and kept; if there are more, the rarest are"
        " left out (and reported)",
    )
    window: Annotated[int, Field(gt=0, le=1000)] = Field(
        default=10, description="number of words on either side that are the context of a word"
    )
    context_smoothing: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="exponent of the contexts' counts; below 1 frequent contexts count for more",
    )
    dimensions: Width = Field(default=300, description="width of the word vectors")
    validation_share: float = Field(
        default=0.02,
        gt=0,
        lt=1,
        description="share of the words held out for validation (next-character, sentence-vectors:"
        " of the texts)",
    )
    frequency_exponent: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="word-vectors: a word's weight in the loss is its count to this power",
    )
    rewrites_per_word: Share = Field(
        default=0.25,
        description="word-vectors: copies of each word in another case or punctuation, on average",
    )
    misspell: PretrainingMisspell = PretrainingMisspell()
    sentences: SentencePretraining = SentencePretraining()
    batch_size: Positive = Field(default=512, description="distinct words in a batch")
    group_size: Positive = Field(
        default=4,
        description="words in a group of alphabetical neighbours, which stay in one batch since"
        " they share prefixes; 1: no groups",
    )
    epochs: Positive = Field(default=55, description="passes over the distinct words")
    learning_rate: float = Field(default=6e-3, gt=0, description="peak learning rate")
    patience: Count = Field(
        default=20,
        description="training stops after this many epochs without a better validation score; 0:"
        " never",
    )
    checkpoint_seconds: float = Field(
        default=60.0, ge=0, description="seconds between checkpoints, besides one after each epoch"
    )
    on_divergence: OnDivergence = Field(
        default="stop",
        description="when a loss or gradient is not finite: as for training.on_divergence",
    )
    precision: Precision = Field(
        default=AUTO, description="of matrix products: as for training.precision"
    )
    distribute: Distribute = Field(
        default="none",
        description="who computes shares of each batch: as for training.distribute",
    )
    worker_timeout: Seconds = Field(
        default=600.0,
        description="multi-worker: seconds to wait for a worker that has not begun or is gone",
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
    counts: str = Field(
        default="",
        description="directory of counts, as `hier-rnn count` writes it, instead of data.text",
    )
    targets: str = Field(
        default="",
        description="file of a teacher's vectors, one for each text of data.text: .npy,"
        " .safetensors, .h5 or .hdf5",
    )
    teacher: str = Field(
        default="",
        description="sentence-transformers model, by name or directory, that gives each text of"
        " data.text its vector; they are kept in data.targets if that is given",
    )
    label_column: str = Field(
        default="label",
        description="column or field of the label: its name, or its number from 1; where none is"
        " called label, it is found out",
    )
    text_column: str = Field(
        default="text",
        description="column or field of the text: its name, or its number from 1; where none is"
        " called text, it is found out",
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
        default=100_000,
        description="largest number of characters that are read of a text; the rest is cut off and"
        " reported",
    )
    tfds_data_dir: str = Field(default="", description="where TensorFlow Datasets are prepared")
    multi_label: Literal["auto"] | bool = Field(
        default=AUTO,
        description="whether a text may have several labels, or none; auto: if one of the first"
        " training texts has several",
    )
    label_separator: str = Field(
        default="",
        description="what separates the labels of a text that stand in one cell or string, as in"
        " billing|refund; it makes data.multi_label true",
    )
    encoder: str = Field(
        default=AUTO,
        description="what to start from: an encoder directory, a run directory (its encoder),"
        " english (the encoder in the package), or none; auto: a classifier of English text starts"
        " from english, everything else from none",
    )
    transfer: Literal["auto", "character", "sentence", "both"] = Field(
        default="auto",
        description="which encoder is taken from data.encoder: the character encoder, the sentence"
        " encoder or both; auto: what it holds, of english by the number of labels, which decides"
        " the defaults of training.epochs and training.warm_start_epochs as well",
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
            "multi_label": self.multi_label is True,
            "label_separator": self.label_separator,
        }


class Configuration(Options):
    """All options of a run."""

    seed: int = Field(
        default=0,
        ge=0,
        lt=2**31,
        description="seed of everything random: the same seed gives the same run",
    )
    data: Data = Data()
    text: Text = Text()
    character_encoder: CharacterEncoderOptions = CharacterEncoderOptions()
    sentence_encoder: SentenceEncoderOptions = SentenceEncoderOptions()
    head: Head = Head()
    initializers: Initializers = Initializers()
    training: Training = Training()
    pretraining: Pretraining = Pretraining()

    @property
    def encoder(self) -> str:
        """The encoder to start from, as `data.encoder` names it; empty: none, or not decided."""
        named = self.data.encoder
        return "" if named in (AUTO, NO_ENCODER) else named

    @property
    def transferred(self) -> tuple[str, ...]:
        """The parts of the model that come from the encoder, by the names of their weights."""
        if not self.encoder:
            return ()
        parts = {"sentence": (SENTENCE_ENCODER,), "both": (CHARACTER_ENCODER, SENTENCE_ENCODER)}
        return parts.get(self.data.transfer, (CHARACTER_ENCODER,))

    @property
    def warm_starts(self) -> bool:
        """Whether the encoder learns to spell the training text before the labels.

        Not if a sentence encoder is given: it would no longer know the words.
        """
        if SENTENCE_ENCODER in self.transferred:
            return False
        as_it_is = bool(self.encoder) and self.training.freeze_encoder
        return self.training.warm_start_epochs > 0 and not as_it_is
