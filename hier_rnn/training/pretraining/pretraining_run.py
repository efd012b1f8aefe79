"""One pretraining: its encoder, what the encoder learns, and how."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from hier_rnn.configuration.options import (
    CHARACTER_ENCODER,
    SENTENCE_ENCODER,
    Configuration,
    Training,
)
from hier_rnn.initializers.rules import initialize
from hier_rnn.memory import check_training_memory
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import assign
from hier_rnn.model.precision import precision_of
from hier_rnn.model.weight_specs import encoder_shapes
from hier_rnn.packing.batch import trie_builder
from hier_rnn.sources.source import Source
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.weights.target_vectors import open_target_vectors
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.training.distribution.devices import where
from hier_rnn.training.distribution.workers import ALONE, Workers
from hier_rnn.training.events import Listener, ModelBuilt
from hier_rnn.training.loop import TrainingLoop
from hier_rnn.training.preparation.words import load_words
from hier_rnn.training.pretraining.encoder_output import write_encoder
from hier_rnn.training.pretraining.next_character_objective import NextCharacterObjective
from hier_rnn.training.pretraining.prepared import PreparedWords
from hier_rnn.training.pretraining.summary import log_summary
from hier_rnn.training.pretraining.word_vector_objective import WordVectorObjective
from hier_rnn.training.sentence_vectors.sentence_vector_objective import SentenceVectorObjective
from hier_rnn.training.sentence_vectors.taught_texts import CountedTexts, TaughtTexts
from hier_rnn.training.state import COPIES
from hier_rnn.training.word_vectors.targets import Targets

logger = logging.getLogger(__name__)


class PretrainingRun:
    """One run: its encoder, what it learns, and how.

    Args:
        configuration: The options.
        run: The encoder directory.
        words: What is to be learnt.
        open_text: Opens the text, for an objective that reads it anew.
        level: At which level it is logged.
        workers: Who trains together. Default this process alone.
    """

    def __init__(
        self,
        configuration: Configuration,
        run: EncoderDirectory,
        words: PreparedWords,
        open_text: Callable[[], Source | None],
        level: int = logging.INFO,
        workers: Workers = ALONE,
    ) -> None:
        self._workers = workers
        self.configuration, self.directory, self.level = configuration, run, level
        self.metadata = words.metadata
        self.vocabulary = Counter(dict(zip(words.words, words.counts.tolist(), strict=True)))
        self.alphabet = _alphabet(configuration, words, self.vocabulary)
        self.previous_words: Counter[str] = Counter()
        encoder = configuration.encoder
        if CHARACTER_ENCODER in configuration.transferred:
            directory = EncoderDirectory.find(Path(encoder))
            self.previous_words.update(directory.read_vocabulary())
            previous = directory.read_alphabet()
            self.alphabet = previous.extended(self.alphabet.characters)
        self.learns_texts = isinstance(words, CountedTexts)
        shapes = encoder_shapes(configuration, self.alphabet.size, self.learns_texts)
        check_training_memory(shapes, COPIES)
        self.encoder_weights = tuple(shapes)
        units = configuration.character_encoder.units
        precision = precision_of(configuration.pretraining.precision, units)
        self.encoder = CharacterEncoder(
            configuration.character_encoder, self.alphabet.size, precision
        )
        self.objective = self._objective(words, open_text)
        self._initialize()

    def run(self, on_event: Listener) -> None:
        """Trains to the end and writes the encoder directory.

        Args:
            on_event: Told what happens.
        """
        objective, characters = self.configuration.pretraining.objective, self.alphabet.characters
        learnt = f"{len(self.vocabulary):,} words"
        if self.learns_texts:
            learnt = f"{self.metadata['texts'] - self.metadata['held_out_texts']:,} texts"
        log_summary(objective, learnt, len(characters), self.metadata, self.level)
        logger.log(self.level, f"computing on {where(self._workers)}")
        weights = self.objective.named_weights()
        on_event(ModelBuilt({name: tuple(weight.shape) for name, weight in weights.items()}))
        checkpoints = Checkpoints(self.directory.checkpoints)
        checkpoint = checkpoints.latest()
        options, seed = training_options(self.configuration), self.configuration.seed
        workers = self._workers
        loop = TrainingLoop(self.objective, options, seed, checkpoints, checkpoint, workers=workers)
        with contextlib.closing(loop.run()) as events:  # or its signal handlers might stay
            for event in events:
                on_event(event)
        workers.from_chief(lambda: self._finish(loop))

    def _finish(self, loop: TrainingLoop) -> None:
        score, metrics = self.objective.score_name, loop.state.best_metrics()
        write_encoder(
            self.directory,
            self.configuration,
            self.alphabet,
            loop.best,
            self.vocabulary,
            self.previous_words,
            {**self.metadata, **metrics},
            loop.state.metrics,
        )
        logger.log(
            self.level,
            f"finished: {score.replace('_', ' ')} {metrics[score]:.4f} after epoch"
            f" {loop.state.best_epoch}, saved in {self.directory.path}",
        )

    def _objective(
        self, words: PreparedWords, open_text: Callable[[], Source | None]
    ) -> WordVectorObjective | NextCharacterObjective | SentenceVectorObjective:
        configuration = self.configuration
        builder = trie_builder(configuration, self.alphabet)
        options, seed = configuration.pretraining, configuration.seed
        if isinstance(words, CountedTexts):
            source = open_text()
            assert source is not None  # the command asks for a text
            tokenizer, _ = load_words(configuration, source, self.directory)
            vectors = open_target_vectors(configuration.data.targets or self.directory.targets)
            texts = TaughtTexts(source, tokenizer, vectors, words)
            return SentenceVectorObjective(
                configuration, self.encoder, self.alphabet, builder, texts
            )
        if isinstance(words, Targets):
            return WordVectorObjective(
                self.encoder, builder, words, options, configuration.text, seed
            )
        return NextCharacterObjective(self.encoder, builder, words, options, seed)

    def _initialize(self) -> None:
        """Gives the weights their first values."""
        configuration, weights = self.configuration, self.objective.named_weights()
        rules, seed = configuration.initializers.rules, configuration.seed
        encoder = configuration.encoder
        shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
        # The rules are for the encoder; what only pretraining needs starts as by default.
        own = {name: shapes.pop(name) for name in self.encoder_weights}
        parts = configuration.transferred
        assign(weights, initialize(own, rules, seed, self.alphabet, encoder, parts))
        assign(weights, initialize(shapes, seed=seed))
        if SENTENCE_ENCODER in parts and self.learns_texts:
            known = EncoderDirectory.find(Path(encoder)).read_sentence_vector_map()
            if {name: values.shape for name, values in known.items()} == shapes:
                assign(weights, known)
        if encoder and isinstance(self.objective, WordVectorObjective):
            self.objective.fit_projection()


def training_options(configuration: Configuration) -> Training:
    """Returns how the weights are trained, as the training loop takes it.

    Args:
        configuration: The run's options; what counts is `pretraining`, and if it goes on from an
            encoder.
    """
    options = configuration.pretraining
    training = Training(
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        warmup=0.05,
        schedule="cosine",
        weight_decay=0.01,
        clip_norm=1.0,
        moving_average=0.0,
        patience=options.patience,
        checkpoint_seconds=options.checkpoint_seconds,
        on_divergence=options.on_divergence,
    )
    if options.objective != "sentence-vectors":
        return training
    sentences, multipliers = options.sentences, {}
    if CHARACTER_ENCODER in configuration.transferred:
        multipliers[CHARACTER_ENCODER] = sentences.encoder_learning_rate_multiplier
    update = {
        "epochs": sentences.epochs,
        "learning_rate": sentences.learning_rate,
        "learning_rate_multipliers": multipliers,
        "moving_average": 0.999,
    }
    return training.model_copy(update=update)


def _alphabet(
    configuration: Configuration, words: PreparedWords, vocabulary: Mapping[str, int]
) -> Alphabet:
    """The characters of the words, and if words are learnt in other cases, theirs."""
    if isinstance(words, CountedTexts):
        return Alphabet(tuple(words.characters))
    text, options = configuration.text, configuration.pretraining
    alphabet = Alphabet.count(vocabulary, text.minimum_character_count)
    if options.objective == "next-character" or text.lowercase or not options.rewrites_per_word:
        return alphabet
    return alphabet.with_other_cases()
