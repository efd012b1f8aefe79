"""Pretraining a character encoder: the whole of a run, from the text to the encoder directory."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import hier_rnn
from hier_rnn.configuration.options import Configuration, Training
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import assign
from hier_rnn.packing.batch import spelling_of
from hier_rnn.pretraining.corpus import Corpus, vectors_to_learn, words_to_foresee
from hier_rnn.pretraining.neighbours import neighbours
from hier_rnn.pretraining.next_character import CountedWords, LanguageModel
from hier_rnn.pretraining.prepared import load_prepared, save_prepared
from hier_rnn.pretraining.spelling import MAP, MAP_FILE, Distillation
from hier_rnn.pretraining.targets import Targets
from hier_rnn.recurrent.noise import Noise
from hier_rnn.runs.claim import claim, to_do
from hier_rnn.runs.encoder_directory import write_encoder_directory
from hier_rnn.runs.run_directory import RunDirectory
from hier_rnn.runs.weights_file import write_weights
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.misspelling import misspell
from hier_rnn.training.display import Display, tell
from hier_rnn.training.interruption import Interruption
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.schedule import learning_rate
from hier_rnn.training.state import TrainingState

RECORD = "pretraining.toml"
PREPARED = "prepared.npz"
WARMUP = 0.05
SHOWN_WORDS, SHOWN_NEIGHBOURS = 5, 5


def pretrain(
    configuration: Configuration, out: Path, *, force: bool = False, quiet: bool = False
) -> None:
    """Pretrains a character encoder, or goes on where an earlier call was interrupted.

    Args:
        configuration: The options.
        out: The encoder directory. Until it is finished it holds `checkpoints/`; what it was made
            with stays in `pretraining.toml`.
        force: Start over what `out` already holds. Default False.
        quiet: Show nothing. Default False.

    Raises:
        UserError: A mistake in the text or the options, or `out` holds a run with other options.
        KeyboardInterrupt: Ctrl-C; the run was saved and goes on when called again.
    """
    run, record = RunDirectory(out), out / RECORD
    finished = (out / "encoder.weights.h5").exists()
    if not to_do(out, record, configuration, finished, force):
        if not quiet:
            tell(f"{out}: the encoder is finished; nothing to do. --force starts it over.")
        return
    kept = run.checkpoints / PREPARED
    kind = Targets if configuration.pretraining.objective == "word-vectors" else CountedWords
    if kept.exists() and not force:
        prepared = load_prepared(kept, kind)
    else:
        prepared, words_model = _prepare(configuration, quiet)
        claim(out, record, configuration, force)
        if words_model:
            with write_atomically(run.words_model, "wb") as file:
                file.write(words_model)
        save_prepared(kept, prepared)
    PretrainingRun(configuration, run, prepared, quiet).run()


def _prepare(configuration: Configuration, quiet: bool) -> tuple[Targets | CountedWords, bytes]:
    """Counts; returns what is to be learnt, and the SentencePiece model if words are pieces."""
    corpus = Corpus(configuration, quiet) if configuration.data.text else None
    of_vectors = configuration.pretraining.objective == "word-vectors"
    prepare = vectors_to_learn if of_vectors else words_to_foresee
    return prepare(configuration, corpus), corpus.words_model if corpus else b""


class PretrainingRun:
    """One run.

    Args:
        configuration: The options.
        run: The encoder directory.
        prepared: What is to be learnt.
        quiet: Show nothing.
    """

    def __init__(
        self,
        configuration: Configuration,
        run: RunDirectory,
        prepared: Targets | CountedWords,
        quiet: bool,
    ) -> None:
        self.configuration, self.options = configuration, configuration.pretraining
        self.directory, self.quiet = run, quiet
        self.facts = prepared.facts
        self.vocabulary = dict(zip(prepared.words, prepared.counts.tolist(), strict=True))
        self.alphabet = Alphabet.count(self.vocabulary, configuration.text.minimum_character_count)
        self.encoder = CharacterEncoder(configuration.character_encoder, self.alphabet.size)
        self.objective = self._objective(prepared)
        self.weights = self.objective.named_weights()
        shapes = {name: tuple(weight.shape) for name, weight in self.weights.items()}
        rules, seed = configuration.initializers.rules, configuration.seed
        assign(self.weights, initialize(shapes, rules, seed, self.alphabet))
        self.optimizer = Optimizer(Training(), self.weights)
        self.state = TrainingState(run.checkpoints, self.weights, self.optimizer)

    def run(self) -> None:
        """Trains to the end and writes the encoder directory."""
        resumed = self.state.restore()
        progress = self.state.progress
        self._tell(
            f"{self.options.objective}: learning {len(self.vocabulary):,} words of"
            f" {len(self.alphabet.characters):,} characters"
            + (f"; going on after step {progress.step:,}" if resumed else "")
        )
        spellings = round(self.objective.steps() * self.options.batch_size)
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
        step = None
        progress = self.state.progress
        while progress.epoch < self.options.epochs and not self._stalled():
            data = self.objective.batches(progress.epoch, progress.batch)
            step = step or self._step(data.element_spec)
            self._epoch(step, data, display, interruption)
            self._evaluate(display)
            self.state.save()
        if self._stalled():
            display.say(f"no better score for {self.options.patience} epochs: training ends")

    def _stalled(self) -> bool:
        progress, patience = self.state.progress, self.options.patience
        return bool(patience) and progress.epoch - progress.best_epoch >= patience

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

    def _epoch(
        self,
        step: Callable[..., tf.Tensor],
        data: tf.data.Dataset,
        display: Display,
        interruption: Interruption,
    ) -> None:
        """Trains to the end of the epoch."""
        progress, steps = self.state.progress, self.objective.steps()
        begun, saved = time.perf_counter(), time.monotonic()
        for batch in data:
            share = (progress.epoch + min(progress.batch / steps, 1)) / self.options.epochs
            rate = learning_rate(self.options.learning_rate, share, WARMUP, "cosine")
            loss = float(step(batch, tf.constant(rate, tf.float32), tf.constant(progress.step)))
            if not np.isfinite(loss):
                raise UserError(
                    f"step {progress.step}: the loss is {loss}. Try a lower"
                    f" pretraining.learning_rate (now {self.options.learning_rate})."
                )
            words, now = self.objective.words_of(batch), time.perf_counter()
            progress.step += 1
            progress.batch += 1
            progress.sentences += words
            progress.words += words
            progress.loss += loss
            progress.epoch_seconds += now - begun
            progress.seconds += now - begun
            begun = now
            speed = progress.words / progress.epoch_seconds
            display.step(words, progress.epoch + 1, loss, speed)
            if interruption.requested:
                self.state.save()
                raise KeyboardInterrupt(
                    f"interrupted; saved after step {progress.step:,}. The same command again goes"
                    " on from here."
                )
            if time.monotonic() - saved >= self.options.checkpoint_seconds:
                self.state.save()
                saved = time.monotonic()

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
        with write_atomically(self.directory.metrics) as file:
            file.writelines(json.dumps(line) + "\n" for line in progress.metrics)
        shown = [f"{name.replace('_', ' ')} {value:.4f}" for name, value in figures.items()]
        display.score(shown[0])
        display.say(
            f"epoch {line['epoch']:3d}  train loss {line['train_loss']:.4f}  {'  '.join(shown)}"
            f"  {line['words_per_second']:,.0f} words/s  {line['seconds']:.0f} s"
            + ("  best" if best else "")
        )

    def _finish(self) -> None:
        """Writes the encoder directory; its weights come last, and say that it is finished."""
        path, best = self.directory.path, self.state.best
        if self.options.objective == "word-vectors":
            own = {name: values for name, values in best.items() if name.startswith(MAP)}
            write_weights(path / MAP_FILE, own)
        model = self.directory.words_model
        write_encoder_directory(
            path,
            self.configuration,
            self.alphabet,
            best,
            self.vocabulary,
            self._facts(),
            model if model.exists() else None,
        )
        shutil.rmtree(self.directory.checkpoints)
        self._tell(
            f"finished: {self.objective.score_name.replace('_', ' ')}"
            f" {abs(self.state.progress.best_score):.4f} after epoch"
            f" {self.state.progress.best_epoch}, saved in {path}"
        )
        if not self.quiet:
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
        frequent = [word for word in self.vocabulary if word.islower() and len(word) > 5]
        shown = (frequent or list(self.vocabulary))[:SHOWN_WORDS]
        generator = np.random.default_rng(self.configuration.seed)
        written = misspell(shown, "mixed", 1.0, generator)
        queries = list(dict.fromkeys([*shown, *written]))
        for query, found in zip(
            queries, neighbours(self.directory.path, queries, SHOWN_NEIGHBOURS), strict=True
        ):
            self._tell(f"  {query}: {', '.join(word for word, _ in found)}")

    def _tell(self, line: str) -> None:
        if not self.quiet:
            tell(line)
