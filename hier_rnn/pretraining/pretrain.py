"""Pretraining a character encoder: the whole of a run, from the text to the encoder directory."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import hier_rnn
from hier_rnn.configuration.options import Configuration, Training
from hier_rnn.configuration.transfer import encoder_directory
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.inference.encoder import Encoder
from hier_rnn.inference.neighbours import neighbours
from hier_rnn.inference.word_vector_map import MAP, MAP_FILE
from hier_rnn.initializers.rules import initialize, resolve
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import assign
from hier_rnn.model.shapes import character_encoder_shapes
from hier_rnn.packing.batch import spelling_of
from hier_rnn.pretraining.corpus import Corpus, text_source, vectors_to_learn, words_to_foresee
from hier_rnn.pretraining.known import beside_known
from hier_rnn.pretraining.label_information import beside_labels
from hier_rnn.pretraining.next_character import CountedWords, LanguageModel
from hier_rnn.pretraining.prepared import load_prepared, save_prepared
from hier_rnn.pretraining.spelling import Distillation
from hier_rnn.pretraining.targets import Targets
from hier_rnn.recurrent.noise import Noise
from hier_rnn.runs.claim import claim, to_do
from hier_rnn.runs.encoder_directory import write_encoder_directory
from hier_rnn.runs.run_directory import RunDirectory, read_vocabulary
from hier_rnn.runs.weights_file import write_weights
from hier_rnn.sources.source import Source
from hier_rnn.text.alphabet import FIRST, UNKNOWN, Alphabet
from hier_rnn.text.misspelling import misspell
from hier_rnn.training.corpus import with_words_decided
from hier_rnn.training.display import Display, tell
from hier_rnn.training.interruption import Interruption
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.schedule import learning_rate
from hier_rnn.training.state import TrainingState

RECORD = "pretraining.toml"
PREPARED = "prepared.npz"
OPTIMIZATION = Training(weight_decay=0.01, clip_norm=1.0)
WARMUP = 0.05
SHOWN_WORDS, SHOWN_NEIGHBOURS = 5, 5


def pretrain(
    configuration: Configuration,
    out: Path,
    *,
    force: bool = False,
    quiet: bool = False,
    source: Source | None = None,
    label_weight: float = 0.0,
) -> None:
    """Pretrains a character encoder, or goes on where an earlier call was interrupted.

    Args:
        configuration: The options.
        out: The encoder directory. Until it is finished it holds `checkpoints/`; what it was made
            with stays in `pretraining.toml`.
        force: Start over what `out` already holds. Default False.
        quiet: Show nothing. Default False.
        source: The text, instead of that which the options name; then this is a stage of another
            run, and only the bar is shown. Default None.
        label_weight: How long what the labels of `source` say of a word is, beside its vector of
            length one. Default 0: it has none, or they are not looked at.

    Raises:
        UserError: A mistake in the text or the options, or `out` holds a run with other options.
        KeyboardInterrupt: Ctrl-C; the run was saved and goes on when called again.
    """
    run, record = RunDirectory(out), out / RECORD
    finished = (out / "encoder.weights.h5").exists()
    configuration = with_words_decided(
        configuration,
        None if force else record,
        # Ready vectors need no text: their words are as they stand.
        lambda: source or (text_source(configuration) if configuration.data.text else ()),
    )
    if not to_do(out, record, configuration, finished, force):
        if not quiet:
            tell(f"{out}: the encoder is finished; nothing to do. --force starts it over.")
        return
    _check(configuration)
    kept = run.checkpoints / PREPARED
    kind = Targets if configuration.pretraining.objective == "word-vectors" else CountedWords
    if kept.exists() and not force:
        prepared = load_prepared(kept, kind)
    else:
        prepared, words_model = _prepare(configuration, quiet, source, label_weight)
        claim(out, record, configuration, force)
        if words_model:
            with write_atomically(run.words_model, "wb") as file:
                file.write(words_model)
        save_prepared(kept, prepared)
    PretrainingRun(configuration, run, prepared, quiet, lines=source is None).run()


def _check(configuration: Configuration) -> None:
    """Finds mistakes in the options before the text is counted, which may take long."""
    options, objective = configuration.character_encoder, configuration.pretraining.objective
    shapes = character_encoder_shapes(options, alphabet_size=FIRST)
    resolve(shapes, configuration.initializers.rules, configuration.data.encoder)
    if objective == "next-character" and options.projection:
        raise UserError(
            "character_encoder.projection: next-character has nothing to teach it, since it is a"
            f" map of whole words. Received: {options.projection}. Accepted: 0, or the objective"
            " word-vectors."
        )


def _prepare(
    configuration: Configuration, quiet: bool, source: Source | None, label_weight: float
) -> tuple[Targets | CountedWords, bytes]:
    """Counts; returns what is to be learnt, and the SentencePiece model if words are pieces."""
    there = source or configuration.data.text
    corpus = Corpus(configuration, quiet, source) if there else None
    of_vectors = configuration.pretraining.objective == "word-vectors"
    prepare = vectors_to_learn if of_vectors else words_to_foresee
    prepared = prepare(configuration, corpus)
    if configuration.data.encoder and of_vectors:
        prepared = beside_known(prepared, Encoder(Path(configuration.data.encoder)))
    if label_weight:
        texts = corpus.labelled_texts("counting words by label")
        prepared = beside_labels(prepared, texts, label_weight)
    return prepared, corpus.words_model if corpus else b""


def _alphabet(configuration: Configuration, vocabulary: Mapping[str, int]) -> Alphabet:
    """The characters of the words, and if words are learnt in other cases, theirs."""
    text, options = configuration.text, configuration.pretraining
    alphabet = Alphabet.count(vocabulary, text.minimum_character_count)
    if options.objective == "next-character" or text.lowercase or not options.variants:
        return alphabet
    return alphabet.with_other_cases()


def _counted(facts: Mapping[str, float]) -> Iterator[str]:
    """Says what was counted, and what of it was forgotten to stay within the limits."""
    if "corpus_words" in facts:
        yield f"counted {facts['corpus_words']:,} words, {facts['word_types']:,} distinct"
    if facts.get("pruned_words"):
        yield (
            f"forgot {facts['pruned_words']:,} of them, of rare words (pretraining.maximum_types);"
            f" no count is more than {facts['undercount']:,} too low"
        )
    if facts.get("forgotten_pairs"):
        yield f"forgot {facts['forgotten_pairs']:.1%} of the contexts, of rare pairs of words"
    if facts.get("text_share", 1) < 1:
        yield f"counted which words stand in one text for {facts['text_share']:.1%} of the texts"
    if facts.get("unreadable"):
        yield f"left out {facts['unreadable']:,} vectors of words that are never read so spelled"


class PretrainingRun:
    """One run.

    Args:
        configuration: The options.
        run: The encoder directory.
        prepared: What is to be learnt.
        quiet: Show nothing.
        lines: Besides the bar, print a line an epoch and the neighbours of some words.
    """

    def __init__(
        self,
        configuration: Configuration,
        run: RunDirectory,
        prepared: Targets | CountedWords,
        quiet: bool,
        lines: bool = True,
    ) -> None:
        self.configuration, self.options = configuration, configuration.pretraining
        self.directory, self.quiet, self.lines = run, quiet, lines and not quiet
        self.facts = prepared.facts
        self.vocabulary = Counter(dict(zip(prepared.words, prepared.counts.tolist(), strict=True)))
        self.alphabet = _alphabet(configuration, self.vocabulary)
        self.known_words: Counter[str] = Counter()
        encoder = configuration.data.encoder
        if encoder:
            directory = encoder_directory(Path(encoder))
            self.known_words.update(read_vocabulary(directory / "words.txt"))
            known = Alphabet.load(directory / "alphabet.json")
            self.alphabet = known.extended(self.alphabet.characters)
        self.encoder = CharacterEncoder(configuration.character_encoder, self.alphabet.size)
        self.objective = self._objective(prepared)
        self.weights = self.objective.named_weights()
        rules, seed = configuration.initializers.rules, configuration.seed
        shapes = {name: tuple(weight.shape) for name, weight in self.weights.items()}
        # The rules are for the encoder; what only pretraining needs starts as by default.
        taught = {name: shapes.pop(name) for name in self.encoder.named_weights()}
        assign(self.weights, initialize(taught, rules, seed, self.alphabet, encoder))
        assign(self.weights, initialize(shapes, seed=seed))
        if encoder and self.options.objective == "word-vectors":
            self.objective.fit_map()
        self.optimizer = Optimizer(OPTIMIZATION, self.weights)
        self.state = TrainingState(run.checkpoints, self.weights, self.optimizer)

    def run(self) -> None:
        """Trains to the end and writes the encoder directory."""
        resumed = self.state.restore()
        progress = self.state.progress
        for line in _counted(self.facts):
            self._tell(line)
        self._tell(
            f"{self.options.objective}: learning {len(self.vocabulary):,} words of"
            f" {len(self.alphabet.characters):,} characters"
            + (f"; going on after step {progress.step:,}" if resumed else "")
        )
        spellings = self.objective.steps * self.options.batch_size
        total = spellings * self.options.epochs
        display = Display(total, progress.sentences, self.quiet, unit="words")
        with display, Interruption() as interruption:
            self._train(display, interruption)
        self._finish()

    def _objective(self, prepared: Targets | CountedWords) -> Distillation | LanguageModel:
        configuration = self.configuration
        spelling = spelling_of(configuration, self.alphabet)
        model = (self.encoder, spelling, prepared, self.options)
        if isinstance(prepared, Targets):
            return Distillation(*model, configuration.text, configuration.seed)
        return LanguageModel(*model, configuration.seed)

    def _train(self, display: Display, interruption: Interruption) -> None:
        progress, options = self.state.progress, self.options
        if self._over():  # killed between the last step and the end
            return
        batches = self.objective.batches(progress.epoch, progress.batch)
        step = self._step(batches.element_spec)
        begun, saved = time.perf_counter(), time.monotonic()
        for batch in batches:
            loss, words = self._move(step, batch), self.objective.words_of(batch)
            progress.step += 1
            progress.batch += 1
            progress.loss += loss
            progress.sentences += words
            progress.words += words
            seconds = time.perf_counter() - begun
            progress.seconds += seconds
            progress.epoch_seconds += seconds
            display.step(words, progress.epoch + 1, loss, progress.words / progress.epoch_seconds)
            if batch.last:
                self._evaluate(display)
            due = time.monotonic() - saved >= options.checkpoint_seconds
            if batch.last or due or interruption.requested:
                self.state.save()
                saved = time.monotonic()
            if self._over():
                break
            if interruption.requested:
                raise KeyboardInterrupt(
                    f"interrupted; saved after step {progress.step:,}. The same command again goes"
                    " on from here."
                )
            begun = time.perf_counter()
        if progress.epoch < options.epochs:
            display.say(f"{options.patience} epochs without a better score: enough")

    def _over(self) -> bool:
        """Whether this was the last epoch, or too many passed without a better score."""
        progress, patience = self.state.progress, self.options.patience
        stalled = bool(patience) and progress.epoch - progress.best_epoch >= patience
        return progress.epoch >= self.options.epochs or stalled

    def _move(self, step: Callable[..., tf.Tensor], batch: Any) -> float:
        """Takes a step and returns the loss."""
        progress, peak = self.state.progress, self.options.learning_rate
        done = progress.epoch + min(progress.batch / self.objective.steps, 1)
        rate = learning_rate(peak, done / self.options.epochs, WARMUP, "cosine")
        loss = float(step(batch, tf.constant(rate, tf.float32), tf.constant(progress.step)))
        if not np.isfinite(loss):
            raise UserError(
                f"step {progress.step}: the loss is {loss}. Try a lower"
                f" pretraining.learning_rate (now {peak})."
            )
        return loss

    def _step(self, signature: Any) -> Callable[..., tf.Tensor]:
        """Returns a step, a function of batch, learning rate and the step's number to the loss."""
        seed = self.configuration.seed
        values = {name: weight.value for name, weight in self.weights.items()}

        @tf.function(
            input_signature=[signature, tf.TensorSpec([], tf.float32), tf.TensorSpec([], tf.int32)]
        )
        def step(batch, rate, number):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                loss = self.objective.loss(batch, Noise(tf.stack([seed, number])))
            self.optimizer.apply(tape.gradient(loss, values), rate)
            return loss

        return step

    def _evaluate(self, display: Display) -> None:
        """Ends an epoch: scores, the line in `metrics.jsonl`, the best weights."""
        progress, begun = self.state.progress, time.perf_counter()
        figures = self.objective.validate()
        progress.seconds += time.perf_counter() - begun
        line = {
            "epoch": progress.epoch + 1,
            "step": progress.step,
            "train_loss": progress.loss / max(progress.batch, 1),
            **figures,
            "words_per_second": progress.words / max(progress.epoch_seconds, 1e-9),
            "seconds": progress.seconds,
        }
        score = self.objective.score(figures)
        best = score > progress.best_score
        progress.epoch += 1
        progress.batch = progress.words = 0
        progress.loss = progress.epoch_seconds = 0.0
        if best:
            progress.best_score, progress.best_epoch = score, progress.epoch
            self.state.best = {name: weight.numpy() for name, weight in self.weights.items()}
        progress.metrics.append(line)
        self.directory.write_metrics(progress.metrics)
        shown = [f"{name.replace('_', ' ')} {value:.4f}" for name, value in figures.items()]
        display.score(shown[0])
        if self.lines:
            display.say(
                f"epoch {line['epoch']:3d}  train loss {line['train_loss']:.4f}  {'  '.join(shown)}"
                f"  {line['words_per_second']:,.0f} words/s  {line['seconds']:.0f} s"
                + ("  best" if best else "")
            )

    def _finish(self) -> None:
        """Writes the encoder directory; its weights come last, and say that it is finished."""
        path, best = self.directory.path, self.state.best
        if set().union(*self.vocabulary) <= set(self.alphabet.characters):
            # Never met, the unknown character starts out as an average one.
            embedding = best["character_encoder/embedding"].copy()
            embedding[UNKNOWN] = embedding[FIRST:].mean(0)
            best = {**best, "character_encoder/embedding": embedding}
        if self.options.objective == "word-vectors":
            own = {name: values for name, values in best.items() if name.startswith(MAP)}
            write_weights(path / MAP_FILE, own)
        model = self.directory.words_model
        write_encoder_directory(
            path,
            self.configuration,
            self.alphabet,
            {name: best[name] for name in self.encoder.named_weights()},
            self.vocabulary + self.known_words,
            self._facts(),
            model if model.exists() else None,
        )
        shutil.rmtree(self.directory.checkpoints)
        self._tell(
            f"finished: {self.objective.score_name.replace('_', ' ')}"
            f" {abs(self.state.progress.best_score):.4f} after epoch"
            f" {self.state.progress.best_epoch}, saved in {path}"
        )
        if self.lines:
            self._show_neighbours()

    def _facts(self) -> dict[str, Any]:
        progress = self.state.progress
        metrics = next(m for m in progress.metrics if m["epoch"] == progress.best_epoch)
        return {
            "objective": self.options.objective,
            "corpus": list(self.configuration.data.text),
            "vectors": self.options.vectors,
            **self.facts,
            "words": len(self.vocabulary),
            **{name: metrics[name] for name in metrics if name not in ("words_per_second",)},
            "seed": self.configuration.seed,
            "version": hier_rnn.__version__,
        }

    def _show_neighbours(self) -> None:
        """Prints the neighbours of a few frequent words, and of misspellings of them."""
        frequent = [word for word in self.vocabulary if word.isalpha() and len(word) > 5]
        shown = (frequent or list(self.vocabulary))[:SHOWN_WORDS]
        generator = np.random.default_rng(self.configuration.seed)
        written = misspell(shown, "mixed", 1.0, generator)
        queries = list(dict.fromkeys([*shown, *written]))
        for query, found in zip(
            queries, neighbours(self.directory.path, queries, SHOWN_NEIGHBOURS), strict=True
        ):
            self._tell(f"  {query}: {', '.join(word for word, _ in found)}")

    def _tell(self, line: str) -> None:
        if self.lines:
            tell(line)
