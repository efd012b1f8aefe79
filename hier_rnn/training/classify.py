"""Training a classifier: the whole of a run, from the sources to the run directory."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

import hier_rnn
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.configuration.transfer import encoder_directory
from hier_rnn.errors import UserError
from hier_rnn.evaluation.calibration import fit_temperature
from hier_rnn.files import write_atomically
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.model.shapes import weight_shapes
from hier_rnn.packing.batch import spelling_of
from hier_rnn.prediction.inference import Inference
from hier_rnn.runs.encoder_directory import write_encoder_directory
from hier_rnn.runs.run_directory import RunDirectory, write_json, write_vocabulary
from hier_rnn.runs.weights_file import read_weights, write_weights
from hier_rnn.sources.source import Source, open_source
from hier_rnn.sources.split import stratified_split
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.training.batches import packed_batches, word_batches
from hier_rnn.training.corpus import Corpus, prepared_words, survey
from hier_rnn.training.display import Display, show_model
from hier_rnn.training.interruption import Interruption
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.phases import Stretch, stretches
from hier_rnn.training.schedule import learning_rate
from hier_rnn.training.state import TrainingState
from hier_rnn.training.step import Step, class_weights, training_step
from hier_rnn.training.validation import validate

VALIDATION_SHARE = 0.1


def train_classifier(
    configuration: Configuration,
    out: Path,
    *,
    force: bool = False,
    quiet: bool = False,
    tensorboard: bool = False,
) -> None:
    """Trains a classifier, or goes on where an earlier call was interrupted.

    Args:
        configuration: The options.
        out: The run directory.
        force: Start over what `out` already holds. Default False.
        quiet: Show no progress. Default False.
        tensorboard: Also write TensorBoard's logs into the run directory. Default False.

    Raises:
        UserError: A mistake in the data or the options, or `out` holds a run with other options.
        KeyboardInterrupt: Ctrl-C; the run was saved and goes on when called again.
    """
    run = RunDirectory(out)
    if not _claim(run, configuration, force):
        if not quiet:
            print(f"{out}: the run is finished; nothing to do. --force starts it over.")
        return
    ClassifierTraining(configuration, run, quiet, tensorboard).run()


def _claim(run: RunDirectory, configuration: Configuration, force: bool) -> bool:
    """Makes the directory this run's; returns False if the run is finished already."""
    if force and run.configuration.exists():
        shutil.rmtree(run.path)
    if run.configuration.exists():
        old = format_configuration(run.read_configuration()).splitlines()
        new = format_configuration(configuration).splitlines()
        if old != new:
            there = [line.split("  #")[0] for line in old if line not in new]
            now = [line.split("  #")[0] for line in new if line not in old]
            raise UserError(
                f"{run.path}: holds a run with other options: {'; '.join(there)}. Received:"
                f" {'; '.join(now)}. Give another --out, or --force to start over."
            )
        return not run.finished
    if run.path.exists() and (not run.path.is_dir() or any(run.path.iterdir())):
        raise UserError(f"{run.path}: exists and is not a run directory. Give another --out.")
    run.write_configuration(configuration)
    return True


class ClassifierTraining:
    """One run.

    Args:
        configuration: The options.
        run: The run directory.
        quiet: Show no progress.
        tensorboard: Also write TensorBoard's logs.
    """

    def __init__(
        self, configuration: Configuration, run: RunDirectory, quiet: bool, tensorboard: bool
    ) -> None:
        self.configuration, self.options = configuration, configuration.training
        self.directory, self.quiet = run, quiet
        self.train, self.validation = self._sources()
        self.words = prepared_words(configuration, self.train, run)
        self.corpus = survey(self.train, self.words, configuration.text.minimum_character_count)
        self.alphabet = self._alphabet()
        self.spelling = spelling_of(configuration, self.alphabet)
        labels = self.corpus.labels
        self.classifier = Classifier(configuration, self.alphabet.size, len(labels))
        self.weights = self.classifier.named_weights()
        self.phases = stretches(self.options, self.weights)
        self.class_weights = class_weights(self.options, labels, self.corpus.label_counts)
        self._initialize()
        self.optimizer = Optimizer(self.options, self.weights)
        self.state = TrainingState(run.checkpoints, self.weights, self.optimizer)
        self.inference = Inference(self.classifier, self.spelling)
        self.logs = _summary_writer(run.path / "tensorboard") if tensorboard else None
        self.best_weights = run.checkpoints / "best.weights.h5"

    def run(self) -> None:
        """Trains to the end and writes the run directory."""
        resumed = self.state.restore()
        self._keep_metrics_until(int(self.state.step.numpy()))
        if not self.quiet:
            self._introduce(resumed)
        display = Display(self._total(), int(self.state.sentences.numpy()), self.quiet)
        try:
            with Interruption() as interruption:
                self._train(display, interruption)
        finally:
            display.close()
        self._finish()

    def _sources(self) -> tuple[Source, Source]:
        train = self._open(self.configuration.data.train)
        if self.configuration.data.validation:
            return train, self._open(self.configuration.data.validation)
        return stratified_split(train, VALIDATION_SHARE, self.configuration.seed)

    def _open(self, source: str) -> Source:
        data = self.configuration.data
        return open_source(source, data.label_column, data.text_column, data.tfds_data_dir)

    def _alphabet(self) -> Alphabet:
        encoder = self.configuration.data.encoder
        if not encoder:
            return self.corpus.alphabet
        known = Alphabet.load(_encoder_file(encoder, "alphabet.json"))
        extended = known.extended(self.corpus.alphabet.characters)
        self.new_characters = extended.characters[len(known.characters) :]
        return extended

    def _initialize(self) -> None:
        shapes = weight_shapes(self.configuration, self.alphabet.size, len(self.corpus.labels))
        values = initialize(
            shapes,
            self.configuration.initializers.rules,
            self.configuration.seed,
            self.alphabet,
            self.configuration.data.encoder,
        )
        assign(self.weights, values)

    def _introduce(self, resumed: bool) -> None:
        """Says what is about to be trained."""
        corpus = self.corpus
        lines = [
            f"training on {self.train.name}: {corpus.examples:,} examples,"
            f" {corpus.word_count:,} words, {len(corpus.labels)} labels,"
            f" {len(corpus.alphabet.characters):,} characters"
        ]
        held_out = f"validation on {self.validation.name}"
        if not self.configuration.data.validation:
            held_out += " (no --validation was given: a stratified tenth is set aside)"
        lines.append(held_out)
        if corpus.cut:
            limit = self.configuration.text.maximum_word_length
            lines.append(
                f"{corpus.cut:,} words are longer than {limit} characters and keep head and tail"
            )
        if self.configuration.data.encoder:
            lines.append(f"character encoder from {self.configuration.data.encoder}")
            if self.new_characters:
                lines.append(f"characters it never saw: {' '.join(self.new_characters)}")
        if resumed:
            lines.append(
                f"going on after step {int(self.state.step.numpy()):,},"
                f" epoch {int(self.state.epoch.numpy()) + 1}"
            )
        for line in lines:
            _tell(line)
        show_model(self.weights)

    def _total(self) -> int:
        """Sentences trained on if no early stopping comes in between."""
        size = self.options.batch_size if self.options.batch_by == "sentences" else 1
        return sum(
            phase.epochs * self.corpus.examples if phase.epochs else phase.steps * size
            for phase in self.phases
        )

    def _train(self, display: Display, interruption: Interruption) -> None:
        state = self.state
        while int(state.phase.numpy()) < len(self.phases):
            phase = self.phases[int(state.phase.numpy())]
            step = None
            while not self._phase_done(phase):
                data = packed_batches(self._rest_of_epoch, self.spelling)
                step = step or training_step(
                    self.classifier,
                    self.optimizer,
                    phase.trainable,
                    self.options,
                    self.class_weights,
                    data.element_spec,
                    self.configuration.seed,
                )
                if self._epoch(phase, step, data, display, interruption):
                    self._evaluate(display)
                    if self._stop_early(display):
                        return
            state.phase.assign_add(1)
            state.phase_start.assign(self._place())
            self._save()
        if int(state.batch.numpy()):  # the last phase ended within an epoch
            self._evaluate(display)

    def _rest_of_epoch(self):
        numbers = {label: number for number, label in enumerate(self.corpus.labels)}
        return word_batches(
            self.train,
            self.words,
            numbers,
            self.options,
            self.configuration.seed,
            int(self.state.epoch.numpy()),
            int(self.state.batch.numpy()),
        )

    def _place(self) -> list[int]:
        state = self.state
        return [int(v.numpy()) for v in (state.epoch, state.step, state.sentences)]

    def _progress(self, phase: Stretch) -> float:
        epochs, steps, sentences = np.subtract(self._place(), self.state.phase_start.numpy())
        if phase.steps:
            return steps / phase.steps
        return sentences / (phase.epochs * self.corpus.examples)

    def _phase_done(self, phase: Stretch) -> bool:
        epochs, steps, _ = np.subtract(self._place(), self.state.phase_start.numpy())
        return steps >= phase.steps if phase.steps else epochs >= phase.epochs

    def _epoch(
        self,
        phase: Stretch,
        step: Step,
        data: tf.data.Dataset,
        display: Display,
        interruption: Interruption,
    ) -> bool:
        """Trains to the end of the epoch, or of the phase; returns whether the epoch ended."""
        state, options = self.state, self.options
        saved = time.monotonic()
        begun = time.perf_counter()
        for batch in data:
            rate = learning_rate(
                phase.learning_rate, self._progress(phase), options.warmup, options.schedule
            )
            number = tf.cast(state.step, tf.int32)
            loss = float(step(batch, tf.constant(rate, tf.float32), number).numpy())
            if not np.isfinite(loss):
                raise UserError(
                    f"step {int(number)}: the loss is {loss}. Try a lower"
                    f" training.learning_rate (now {phase.learning_rate}) or training.clip_norm."
                )
            sentences = len(batch.labels)
            now = time.perf_counter()
            state.step.assign_add(1)
            state.batch.assign_add(1)
            state.sentences.assign_add(sentences)
            state.words.assign_add(int(batch.words))
            state.loss.assign_add([loss, 1.0])
            state.seconds.assign_add(now - begun)
            state.epoch_seconds.assign_add(now - begun)
            begun = now
            speed = int(state.words.numpy()) / float(state.epoch_seconds.numpy())
            display.step(sentences, int(state.epoch.numpy()) + 1, loss, speed)
            if interruption.requested:
                self._save()
                display.close()
                if not self.quiet:
                    _tell(
                        f"interrupted; saved after step {int(state.step.numpy()):,}. The same"
                        " command again goes on from here."
                    )
                raise KeyboardInterrupt
            if time.monotonic() - saved >= options.checkpoint_seconds:
                self._save()
                saved = time.monotonic()
            if phase.steps and self._phase_done(phase):
                return False
        return True

    def _evaluate(self, display: Display) -> None:
        """Ends an epoch: scores, the line in `metrics.jsonl`, the best weights, a checkpoint."""
        state = self.state
        begun = time.perf_counter()
        with self._averaged():
            self.inference.cache.clear()
            scores, _, _ = validate(self.inference, self.validation, self.words, self.corpus.labels)
            state.seconds.assign_add(time.perf_counter() - begun)
            total, count = state.loss.numpy()
            line = {
                "epoch": int(state.epoch.numpy()) + 1,
                "step": int(state.step.numpy()),
                "train_loss": total / max(count, 1),
                "validation_loss": scores.loss,
                "validation_accuracy": scores.accuracy,
                "validation_macro_f1": scores.macro_f1,
                "words_per_second": int(state.words.numpy())
                / max(float(state.epoch_seconds.numpy()), 1e-9),
                "seconds": float(state.seconds.numpy()),
            }
            metric = self.options.validation_metric
            score = line[f"validation_{metric}"] * (-1 if metric == "loss" else 1)
            best = score > float(state.best.numpy()[0])
            if best:
                state.best.assign([score, line["epoch"]])
                write_weights(self.best_weights, self._values())
        with self.directory.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self.logs is not None:
            with self.logs.as_default():
                for name, value in line.items():
                    tf.summary.scalar(name, value, step=line["step"])
        display.evaluation(line, metric, best)
        state.epoch.assign_add(1)
        state.batch.assign(0)
        state.words.assign(0)
        state.epoch_seconds.assign(0.0)
        state.loss.assign([0.0, 0.0])
        self._save()

    def _stop_early(self, display: Display) -> bool:
        patience = self.options.patience
        waited = int(self.state.epoch.numpy()) - int(self.state.best.numpy()[1])
        if not patience or waited < patience:
            return False
        display.say(f"no better validation score for {patience} epochs: training ends")
        return True

    @contextlib.contextmanager
    def _averaged(self):
        """The model with its averaged weights, if there is an average."""
        if not self.optimizer.averages:
            yield
            return
        kept = self._values()
        assign(self.weights, {n: a.numpy() for n, a in self.optimizer.averages.items()})
        try:
            yield
        finally:
            assign(self.weights, kept)

    def _values(self) -> dict[str, np.ndarray]:
        return {name: weight.numpy() for name, weight in self.weights.items()}

    def _save(self) -> None:
        self.state.save()

    def _keep_metrics_until(self, step: int) -> None:
        """Drops the evaluations that come after the checkpoint: they will be made again."""
        path = self.directory.metrics
        if not path.exists():
            return
        kept = []
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):  # a line cut short when the process was killed
                if json.loads(line)["step"] <= step:
                    kept.append(line + "\n")
        with write_atomically(path) as file:
            file.writelines(kept)

    def _finish(self) -> None:
        """Writes what the run is for; the weights come last, and say that it is finished."""
        run, corpus = self.directory, self.corpus
        assign(self.weights, read_weights(self.best_weights))
        self.inference.cache.clear()
        scores, logits, truth = validate(self.inference, self.validation, self.words, corpus.labels)
        self.alphabet.save(run.alphabet)
        write_json(run.labels, corpus.labels)
        write_vocabulary(run.vocabulary, corpus.vocabulary)
        write_json(run.calibration, {"temperature": fit_temperature(logits, truth)})
        values = self._values()
        write_encoder_directory(
            run.encoder,
            self.configuration,
            self.alphabet,
            values,
            corpus.vocabulary,
            self._facts(scores.accuracy),
            run.words_model if run.words_model.exists() else None,
        )
        write_weights(run.weights, values)
        if not self.quiet:
            _tell(
                f"finished: validation accuracy {100 * scores.accuracy:.2f} with the weights of"
                f" epoch {int(self.state.best.numpy()[1])}, saved in {run.path}"
            )

    def _facts(self, accuracy: float) -> dict[str, object]:
        return {
            "objective": "classify",
            "corpus": self.train.name,
            "examples": self.corpus.examples,
            "words": self.corpus.word_count,
            "validation_accuracy": accuracy,
            "seed": self.configuration.seed,
            "version": hier_rnn.__version__,
        }


def _encoder_file(encoder: str, name: str) -> Path:
    return encoder_directory(Path(encoder)) / name


def _summary_writer(path: Path) -> tf.summary.SummaryWriter:
    try:
        return tf.summary.create_file_writer(str(path))
    except ImportError:
        raise UserError(
            "--tensorboard needs TensorBoard: pip install 'hier_rnn[tensorboard]'."
        ) from None


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
