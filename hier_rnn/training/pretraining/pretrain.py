"""Pretraining an encoder: the whole of a run, from the text to the encoder directory."""

from __future__ import annotations

import contextlib
import functools
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hier_rnn.configuration.options import (
    CHARACTER_ENCODER,
    SENTENCE_ENCODER,
    Configuration,
    Training,
)
from hier_rnn.errors import UserError
from hier_rnn.inference.sentence_vector_map import MAP as TEXT_MAP
from hier_rnn.inference.word_vector_map import MAP
from hier_rnn.initializers.beginning import encoder_beginning
from hier_rnn.initializers.rules import initialize, resolve
from hier_rnn.memory import check_training_memory
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import assign
from hier_rnn.model.weight_specs import encoder_shapes
from hier_rnn.packing.batch import trie_builder
from hier_rnn.sources.source import Source
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.json_file import json_bytes
from hier_rnn.storage.lock import RunLock
from hier_rnn.storage.output_directory import claim_output, needs_training
from hier_rnn.storage.weights.archive import read_tuple, write_tuple
from hier_rnn.storage.weights.target_vectors import open_target_vectors
from hier_rnn.text.alphabet import FIRST_CHARACTER, UNK, Alphabet
from hier_rnn.training.events import Listener, ModelBuilt, to_all, to_nobody
from hier_rnn.training.fingerprint import Fingerprints, fingerprint_of, fingerprint_of_encoder
from hier_rnn.training.interruption import interruptible
from hier_rnn.training.listeners import MetricsFile
from hier_rnn.training.loop import TrainingLoop
from hier_rnn.training.pretraining.counted_texts import CountedTexts, TaughtTexts
from hier_rnn.training.pretraining.next_character_objective import NextCharacterObjective
from hier_rnn.training.pretraining.prepare import COUNTED, Counted, Prepared, prepare
from hier_rnn.training.pretraining.sentence_vector_objective import SentenceVectorObjective
from hier_rnn.training.pretraining.text_corpus import text_source
from hier_rnn.training.pretraining.word_vector_objective import WordVectorObjective
from hier_rnn.training.resumption import check_same_data, comparable, read_fingerprints
from hier_rnn.training.state import COPIES
from hier_rnn.training.word_vectors.targets import Targets
from hier_rnn.training.words import load_words, resolve_word_segmentation
from hier_rnn.version import __version__

logger = logging.getLogger(__name__)

PREPARED = "prepared.safetensors"


class PretrainingResult(NamedTuple):
    """What a pretraining came to."""

    encoder: Path
    """The encoder directory."""
    trained: bool
    """False if it was finished before, and nothing was done."""


def pretrain(
    configuration: Configuration,
    out: Path,
    *,
    force: bool = False,
    source: Source | None = None,
    label_feature_weight: float = 0.0,
    on_event: Listener = to_nobody,
) -> PretrainingResult:
    """Pretrains an encoder, or goes on where an earlier call was interrupted.

    Args:
        configuration: The options.
        out: The encoder directory. Until it is finished it holds `checkpoints/`; what it was made
            with stays in `pretraining.toml`.
        force: Start over what `out` already holds. Default False.
        source: The text, instead of that which the options name; then this is a stage of another
            run, which has told what there is to tell of it. Default None.
        label_feature_weight: Length of the label features that are appended to a word's vector,
            from the labels of `source`. Default 0: the labels are not looked at.
        on_event: Told what happens (`training/events.py`). Default nobody.

    Raises:
        UserError: A mistake in the text or the options, or `out` holds a run with other options or
            other data, or training diverged.
        KeyboardInterrupt: Ctrl-C or SIGTERM; the run was saved and goes on when called again.
    """
    run, stage = EncoderDirectory(Path(out)), source is not None
    with RunLock(run.path), interruptible(lambda: _kept(run)):
        opened = functools.cache(lambda: source or _open_text(configuration))
        configuration, unfinished = _compare(configuration, run, opened, force)
        if not unfinished:
            # A process that was killed at its very end left them.
            shutil.rmtree(run.checkpoints, ignore_errors=True)
            logger.info(
                f"{out}: the encoder is finished; nothing to do (`force=True` starts it over)"
            )
            return PretrainingResult(run.path, trained=False)
        _check(configuration)
        kept = run.checkpoints / PREPARED
        counted: Counted
        if kept.exists() and not force:
            claim_output(run, configuration)
            counted = read_tuple(kept, COUNTED[configuration.pretraining.objective])
        else:
            prepared = prepare(configuration, opened(), label_feature_weight, on_event)
            counted = prepared.counted
            claim_output(run, configuration, force)
            _keep(run, prepared, configuration)
        level = logging.DEBUG if stage else logging.INFO
        training = PretrainingRun(configuration, run, counted, opened, level)
        training.run(to_all(on_event, MetricsFile(run)))
    return PretrainingResult(run.path, trained=True)


def _open_text(configuration: Configuration) -> Source | None:
    return text_source(configuration) if configuration.data.text else None


def _compare(
    configuration: Configuration,
    run: EncoderDirectory,
    opened: Callable[[], Source | None],
    force: bool,
) -> tuple[Configuration, bool]:
    """Returns the options with all decided, and whether there is anything to do.

    Raises:
        UserError: The directory holds a run with other options or other data.
    """
    begun = run.record.exists() and not force
    recorded = run.read_record() if begun else configuration
    # Ready vectors need no text: their words are as they stand.
    configuration = resolve_word_segmentation(
        configuration, recorded if begun else None, lambda: opened() or ()
    )
    fingerprints = read_fingerprints(run) if begun else {}
    compared = comparable(configuration, recorded, data_known=bool(fingerprints))
    unfinished = needs_training(run, compared, force)
    # Texts are read anew in each epoch; words are kept as they were counted.
    reads_on = bool(fingerprints) and unfinished and bool(configuration.data.targets)
    if configuration.data != recorded.data or reads_on:
        now = _encoder_fingerprint(configuration)
        if configuration.data.targets:
            now["targets"] = open_target_vectors(configuration.data.targets).check()
        if (text := opened()) is not None:
            now["text"] = fingerprint_of(text)
        check_same_data(run.path, fingerprints, now)
    return configuration, unfinished


def _encoder_fingerprint(configuration: Configuration) -> Fingerprints:
    if not configuration.data.encoder:
        return {}
    return {"encoder": fingerprint_of_encoder(Path(configuration.data.encoder))}


def _keep(run: EncoderDirectory, prepared: Prepared, configuration: Configuration) -> None:
    """Writes what was prepared, so that a resumed run learns from exactly the same."""
    if prepared.words_model:
        run.write({run.words_model: prepared.words_model})
    fingerprints = prepared.fingerprints | _encoder_fingerprint(configuration)
    run.write({run.data: json_bytes(fingerprints)})
    write_tuple(run.checkpoints / PREPARED, prepared.counted)


def _kept(run: EncoderDirectory) -> str:
    if any(run.checkpoints.glob("step-*")):
        return "what was saved before is kept, and the same command again goes on from there."
    if (run.checkpoints / PREPARED).exists():
        return "what was counted is kept, and the same command again goes on from there."
    return "nothing was counted to the end. The same command again begins it."


def _check(configuration: Configuration) -> None:
    """Finds mistakes in the options before the text is counted, which may take long."""
    options, objective = configuration.character_encoder, configuration.pretraining.objective
    sentences, targets = objective == "sentence-vectors", configuration.data.targets
    if sentences and not targets:
        raise UserError("data.targets is needed: which vectors shall the encoder learn?")
    if targets and not sentences:
        raise UserError(
            f"data.targets: {objective} learns no vectors of texts. Accepted: the objective"
            " sentence-vectors."
        )
    shapes = encoder_shapes(configuration, FIRST_CHARACTER, sentences)
    rules, encoder = configuration.initializers.rules, configuration.data.encoder
    resolve(shapes, rules, encoder, configuration.transferred)
    if objective == "next-character" and options.projection:
        raise UserError(
            "character_encoder.projection: next-character has nothing to teach it, since it is a"
            f" map of whole words. Received: {options.projection}. Accepted: 0, or the objective"
            " word-vectors."
        )


class PretrainingRun:
    """One run: its encoder, what it learns, and how.

    Args:
        configuration: The options.
        run: The encoder directory.
        counted: What is to be learnt.
        open_text: Opens the text, for an objective that reads it anew.
        level: At which level it is logged.
    """

    def __init__(
        self,
        configuration: Configuration,
        run: EncoderDirectory,
        counted: Counted,
        open_text: Callable[[], Source | None],
        level: int = logging.INFO,
    ) -> None:
        self.configuration, self.directory, self.level = configuration, run, level
        self.metadata = counted.metadata
        self.vocabulary = Counter(dict(zip(counted.words, counted.counts.tolist(), strict=True)))
        self.alphabet = _alphabet(configuration, counted, self.vocabulary)
        self.previous_words: Counter[str] = Counter()
        encoder = configuration.data.encoder
        if CHARACTER_ENCODER in configuration.transferred:
            directory = EncoderDirectory.find(Path(encoder))
            self.previous_words.update(directory.read_vocabulary())
            previous = directory.read_alphabet()
            self.alphabet = previous.extended(self.alphabet.characters)
        self.learns_sentences = isinstance(counted, CountedTexts)
        self.meets_unknown = (
            counted.rare_characters
            if isinstance(counted, CountedTexts)
            else not set().union(*self.vocabulary) <= set(self.alphabet.characters)
        )
        shapes = encoder_shapes(configuration, self.alphabet.size, self.learns_sentences)
        check_training_memory(shapes, COPIES)
        self.encoder_weights = tuple(shapes)
        self.encoder = CharacterEncoder(configuration.character_encoder, self.alphabet.size)
        self.objective = self._objective(counted, open_text)
        self._initialize()

    def run(self, on_event: Listener) -> None:
        """Trains to the end and writes the encoder directory.

        Args:
            on_event: Told what happens.
        """
        for line in _counted(self.metadata):
            logger.log(self.level, line)
        learnt = f"{len(self.vocabulary):,} words"
        if self.learns_sentences:
            learnt = f"{self.metadata['texts'] - self.metadata['held_out_texts']:,} texts"
        logger.log(
            self.level,
            f"{self.configuration.pretraining.objective}: learning {learnt}"
            f" of {len(self.alphabet.characters):,} characters",
        )
        weights = self.objective.named_weights()
        on_event(ModelBuilt({name: tuple(weight.shape) for name, weight in weights.items()}))
        checkpoints = Checkpoints(self.directory.checkpoints)
        checkpoint = checkpoints.latest()
        options, seed = training_options(self.configuration), self.configuration.seed
        loop = TrainingLoop(self.objective, options, seed, checkpoints, checkpoint)
        with contextlib.closing(loop.run()) as events:  # or its signal handlers might stay
            for event in events:
                on_event(event)
        self._finish(loop)

    def _objective(
        self, counted: Counted, open_text: Callable[[], Source | None]
    ) -> WordVectorObjective | NextCharacterObjective | SentenceVectorObjective:
        configuration = self.configuration
        builder = trie_builder(configuration, self.alphabet)
        options, seed = configuration.pretraining, configuration.seed
        if isinstance(counted, CountedTexts):
            source = open_text()
            assert source is not None  # the command asks for a text
            words, _ = load_words(configuration, source, self.directory)
            vectors = open_target_vectors(configuration.data.targets)
            texts = TaughtTexts(source, words, vectors, counted)
            return SentenceVectorObjective(
                configuration, self.encoder, self.alphabet, builder, texts
            )
        if isinstance(counted, Targets):
            return WordVectorObjective(
                self.encoder, builder, counted, options, configuration.text, seed
            )
        return NextCharacterObjective(self.encoder, builder, counted, options, seed)

    def _initialize(self) -> None:
        """Gives the weights their first values."""
        configuration, weights = self.configuration, self.objective.named_weights()
        rules, seed = configuration.initializers.rules, configuration.seed
        encoder = configuration.data.encoder
        shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
        # The rules are for the encoder; what only pretraining needs starts as by default.
        own = {name: shapes.pop(name) for name in self.encoder_weights}
        parts = configuration.transferred
        assign(weights, initialize(own, rules, seed, self.alphabet, encoder, parts))
        assign(weights, initialize(shapes, seed=seed))
        if SENTENCE_ENCODER in parts and self.learns_sentences:
            previous = EncoderDirectory.find(Path(encoder)).read_sentence_vector_map()
            if all(np.shape(previous.get(name)) == shape for name, shape in shapes.items()):
                assign(weights, previous)
        if encoder and isinstance(self.objective, WordVectorObjective):
            self.objective.fit_projection()

    def _finish(self, loop: TrainingLoop) -> None:
        """Writes the encoder directory; its manifest comes last, and says that it is finished."""
        directory, best, state = self.directory, loop.best, loop.state
        if not self.meets_unknown:
            # Never met, the unknown character starts out as an average one.
            embedding = best["character_encoder/embedding"].copy()
            embedding[UNK] = embedding[FIRST_CHARACTER:].mean(0)
            best = {**best, "character_encoder/embedding": embedding}
        maps = {name: value for name, value in best.items() if name.startswith((MAP, TEXT_MAP))}
        weights = {name: best[name] for name in self.encoder_weights}
        parts = (CHARACTER_ENCODER, *([SENTENCE_ENCODER] if self.learns_sentences else []))
        metrics = next(row for row in state.metrics if row["epoch"] == state.best_epoch)
        directory.finish(
            self.configuration,
            self.alphabet,
            weights,
            self.vocabulary + self.previous_words,
            {**self._metadata(metrics), **encoder_beginning(self.configuration, weights, parts)},
            directory.read_words_model() if directory.has(directory.words_model) else b"",
            None if self.learns_sentences else maps or None,
            state.metrics,
            maps if self.learns_sentences else None,
        )
        shutil.rmtree(directory.checkpoints)
        score = self.objective.score_name
        logger.log(
            self.level,
            f"finished: {score.replace('_', ' ')} {metrics[score]:.4f} after epoch"
            f" {state.best_epoch}, saved in {directory.path}",
        )

    def _metadata(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "objective": self.configuration.pretraining.objective,
            "corpus": list(self.configuration.data.text),
            "vectors": self.configuration.pretraining.vectors,
            "targets": self.configuration.data.targets,
            **self.metadata,
            "words": len(self.vocabulary),
            **{name: metrics[name] for name in metrics if name != "words_per_second"},
            "seed": self.configuration.seed,
            "version": __version__,
        }


def training_options(configuration: Configuration) -> Training:
    """Returns how the weights are trained, as the training loop takes it.

    Args:
        configuration: The run's options; only `pretraining` and what it starts from matter.
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
    configuration: Configuration, counted: Counted, vocabulary: Mapping[str, int]
) -> Alphabet:
    """The characters of the words, and if words are learnt in other cases, theirs."""
    if isinstance(counted, CountedTexts):
        return Alphabet(tuple(counted.characters))
    text, options = configuration.text, configuration.pretraining
    alphabet = Alphabet.count(vocabulary, text.minimum_character_count)
    if options.objective == "next-character" or text.lowercase or not options.rewrites_per_word:
        return alphabet
    return alphabet.with_other_cases()


def _counted(metadata: Mapping[str, float]) -> Iterator[str]:
    """Says what was counted, and what of it was forgotten to stay within the limits."""
    if "corpus_words" in metadata:
        yield f"counted {metadata['corpus_words']:,} words, {metadata['word_types']:,} distinct"
    if metadata.get("pruned_words"):
        yield (
            f"forgot {metadata['pruned_words']:,} of them, of rare words; no count is more than"
            f" {metadata['undercount']:,} too low (pretraining.maximum_types)"
        )
    if metadata.get("forgotten_pairs"):
        yield f"forgot {metadata['forgotten_pairs']:.1%} of the contexts, of rare pairs of words"
    if metadata.get("text_share", 1) < 1:
        yield f"counted which words stand in one text for {metadata['text_share']:.1%} of the texts"
    if metadata.get("unreadable"):
        yield f"left out {metadata['unreadable']:,} vectors of words that are never read so spelled"
