"""Training a classifier: the whole of a run, from the sources to the run directory."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Configuration, Training
from hier_rnn.errors import UserError
from hier_rnn.evaluation.metrics import Scores
from hier_rnn.files import write_atomically
from hier_rnn.inference.inference import Inference
from hier_rnn.initializers.rules import Decision, initialize, resolve, rules_deciding
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.model.shapes import character_encoder_shapes, weight_shapes
from hier_rnn.packing.batch import spelling_of
from hier_rnn.runs.claim import claim, to_do
from hier_rnn.runs.run_directory import RunDirectory, write_json
from hier_rnn.sources.source import open_source
from hier_rnn.training.batches import (
    LabelledBatch,
    PackedBatches,
    Sentence,
    endless_batches,
)
from hier_rnn.training.corpus import Corpus, with_words_decided
from hier_rnn.training.course import Course, epochs_of_run, passes_in_epoch
from hier_rnn.training.display import Display, tell
from hier_rnn.training.finish import finish
from hier_rnn.training.interruption import Interruption
from hier_rnn.training.introduction import introduce
from hier_rnn.training.known_words import KnownWords, vectors_stay
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.phases import Stretch, for_given_encoder, stretches
from hier_rnn.training.preparation import Preparation, prepare
from hier_rnn.training.state import TrainingState
from hier_rnn.training.step import Step, class_weights, training_step
from hier_rnn.training.tensorboard import TensorBoard
from hier_rnn.training.validation import validate
from hier_rnn.training.warm_start import warm_start


def train_classifier(
    configuration: Configuration,
    out: Path,
    *,
    force: bool = False,
    quiet: bool = False,
    tensorboard: bool = False,
) -> None:
    """Trains a classifier, or goes on where an earlier call was interrupted.

    Ends with an evaluation on the test data, if the options name some; the run keeps its figures.

    Args:
        configuration: The options.
        out: The run directory.
        force: Start over what `out` already holds. Default False.
        quiet: Show nothing. Default False.
        tensorboard: Also write TensorBoard's logs into the run directory. Default False.

    Raises:
        UserError: A mistake in the data or the options, or `out` holds a run with other options.
        KeyboardInterrupt: Ctrl-C; the run was saved and goes on when called again.
    """
    run, where = RunDirectory(Path(out)), configuration.data
    configuration = with_words_decided(
        configuration,
        None if force else run.configuration,
        lambda: open_source(
            where.train, where.label_column, where.text_column, where.tfds_data_dir
        ),
    )
    if to_do(run.path, run.configuration, configuration, run.finished, force):
        logs = TensorBoard(run.tensorboard) if tensorboard else None
        # A run that starts over has no SentencePiece model yet, whatever the old one has.
        data = prepare(configuration, None if force else run.words_model)
        training = ClassifierTraining(configuration, run, data, quiet)
        claim(run.path, run.configuration, configuration, force)
        training.run(logs)
    elif run.evaluation.exists() or not where.test:
        if not quiet:
            tell(f"{out}: the run is finished; nothing to do. --force starts it over.")
        return
    # A run that was killed between its end and this is finished, but for this.
    if where.test:
        from hier_rnn.evaluation.evaluate import evaluate_runs

        test = open_source(where.test, where.label_column, where.text_column, where.tfds_data_dir)
        evaluate_runs([run.path], test, json=run.evaluation, quiet=quiet)


class ClassifierTraining:
    """One run: its model, its state, and the loop that moves them.

    Args:
        configuration: The options.
        run: The run directory; nothing is written there before `run`.
        data: The run's data.
        quiet: Show nothing.

    Raises:
        UserError: An initializer's rule, a pattern or a class weight that fits nothing.
    """

    def __init__(
        self, configuration: Configuration, run: RunDirectory, data: Preparation, quiet: bool
    ) -> None:
        self.configuration, self.options = configuration, _options(configuration, data.corpus)
        self.directory, self.data, self.quiet = run, data, quiet
        self.labels = data.corpus.labels
        size, classes = data.alphabet.size, len(self.labels)
        self.classifier = Classifier(configuration, size, classes)
        self.weights = self.classifier.named_weights()
        self.phases = stretches(self.options, self.weights)
        corpus = data.corpus
        self.passes = passes_in_epoch(self.options, corpus.examples, corpus.sentence_words)
        self.class_weights = class_weights(self.options, self.labels, data.corpus.label_counts)
        shapes = weight_shapes(configuration, size, classes)
        rules, seed = configuration.initializers.rules, configuration.seed
        values = initialize(shapes, rules, seed, data.alphabet, configuration.data.encoder)
        assign(self.weights, values)
        self.spelling = spelling_of(configuration, data.alphabet)
        self.optimizer = Optimizer(self.options, self.weights)
        self.state = TrainingState(run.checkpoints, self.weights, self.optimizer)

    def run(self, logs: TensorBoard | None = None) -> None:
        """Trains to the end and writes the run directory.

        Args:
            logs: Where the figures of each evaluation also go. Default nowhere.
        """
        resumed = self._take_up()
        corpus, progress = self.data.corpus, self.state.progress
        course = Course(self.phases, self.options, self.passes * corpus.examples, progress)
        if not self.quiet:
            introduce(self.configuration, self.data, self.weights, self.passes, self.options.epochs)
            if resumed:
                tell(f"going on after step {progress.step:,}, epoch {progress.epoch + 1}")
        if not resumed:
            self._warm_start()
        total = course.total(corpus.sentence_words)
        with (
            Display(total, progress.sentences, self.quiet) as display,
            Interruption() as interruption,
        ):
            self._train(course, display, logs, interruption)
        self._finish()

    def _warm_start(self) -> None:
        """Gives the encoder the weights of one that has learnt to spell the training text."""
        configuration, run, data = self.configuration, self.directory, self.data
        if not configuration.warm_starts:
            return
        if len(data.corpus.vocabulary) < 2:  # a word has no vector but beside others
            return
        if not self.quiet:
            tell("warm start: learning to spell the words of the training text")
        path = run.checkpoints / "warm_start"
        model = run.words_model if data.words_model else None
        rules = rules_deciding(self._decisions_on_encoder(), configuration.initializers.rules)
        warm_start(configuration, rules, data.train, model, path, self.quiet)
        # No rules: they have had their say in where the warm start began.
        shapes = character_encoder_shapes(configuration.character_encoder, data.alphabet.size)
        values = initialize(shapes, (), configuration.seed, data.alphabet, str(path))
        assign(self.weights, values)
        for name in self.optimizer.averages.keys() & values.keys():
            self.optimizer.averages[name].assign(values[name])

    def _decisions_on_encoder(self) -> list[Decision]:
        configuration = self.configuration
        shapes = {name: tuple(weight.shape) for name, weight in self.weights.items()}
        rules, encoder = configuration.initializers.rules, configuration.data.encoder
        decisions = resolve(shapes, rules, encoder)
        return [decisions[name] for name in shapes if name.startswith("character_encoder/")]

    def _take_up(self) -> bool:
        """Enters the run directory; returns whether there was a checkpoint to go on from."""
        run, data = self.directory, self.data
        if data.words_model and not run.words_model.exists():
            with write_atomically(run.words_model, "wb") as file:
                file.write(data.words_model)
        if not run.labels.exists():
            write_json(run.labels, self.labels)
        if not run.alphabet.exists():
            data.alphabet.save(run.alphabet)
        same = run.read_labels() == self.labels and run.read_alphabet() == data.alphabet
        resumed = same and self.state.restore()
        examples = data.corpus.examples
        if not same or (resumed and self.state.progress.examples != examples):
            raise UserError(
                f"{data.train.name}: the training data are not those that the run in {run.path}"
                " began with. Give another --out, or --force to start over."
            )
        self.state.progress.examples = examples
        run.write_metrics(self.state.progress.metrics)
        return resumed

    def _train(
        self,
        course: Course,
        display: Display,
        logs: TensorBoard | None,
        interruption: Interruption,
    ) -> None:
        while (phase := course.phase) is not None:
            batches, step = self._begin(phase)
            # Closed however the loop ends: a stream that outlives it may hang as the program ends.
            with contextlib.closing(iter(batches)) as stream:
                self._phase(stream, step, course, display, logs, interruption)

    def _begin(self, phase: Stretch) -> tuple[PackedBatches, Step]:
        """Returns the batches and the step of a phase."""
        classifier, configuration = self.classifier, self.configuration
        vocabulary, known = self.data.corpus.vocabulary, None
        if vocabulary and vectors_stay(configuration, phase.trainable):
            known = KnownWords(classifier.character_encoder, self.spelling, vocabulary)
        batches = PackedBatches(self._batches_to_come, self.spelling, known)
        step = training_step(
            classifier,
            self.optimizer,
            phase.trainable,
            self.options,
            self.class_weights,
            batches.element_spec,
            configuration.seed,
            known,
        )
        return batches, step

    def _phase(
        self,
        batches: Iterator[LabelledBatch],
        step: Step,
        course: Course,
        display: Display,
        logs: TensorBoard | None,
        interruption: Interruption,
    ) -> None:
        """Trains on one batch after the other until the phase is over."""
        progress, phase = self.state.progress, course.phase
        saved = time.monotonic()
        begun = time.perf_counter()
        for batch in batches:
            loss = self._step(step, course, batch)
            seconds = time.perf_counter() - begun
            progress.seconds += seconds
            progress.epoch_seconds += seconds
            speed = progress.words / progress.epoch_seconds
            display.step(len(batch.labels), progress.epoch + 1, loss, speed)
            evaluated = course.ends_epoch or course.ends
            if evaluated:
                self._evaluate(display, logs)
                if course.stalled:
                    display.say(f"{self.options.patience} epochs without a better score: enough")
            course.advance()
            due = time.monotonic() - saved >= self.options.checkpoint_seconds
            if evaluated or due or interruption.requested:
                self.state.save()
                saved = time.monotonic()
            if evaluated:
                self.directory.write_metrics(progress.metrics)
            if interruption.requested:
                raise KeyboardInterrupt(
                    f"interrupted; saved after step {progress.step:,}. The same command again goes"
                    " on from here."
                )
            if course.phase is not phase:
                return
            begun = time.perf_counter()

    def _batches_to_come(self) -> Iterator[list[Sentence]]:
        numbers = {label: number for number, label in enumerate(self.labels)}
        data, progress = self.data, self.state.progress
        seed, place = self.configuration.seed, (progress.epoch, progress.batch, self.passes)
        return endless_batches(data.train, data.words, numbers, self.options, seed, *place)

    def _step(self, step: Step, course: Course, batch: LabelledBatch) -> float:
        phase, progress = course.phase, self.state.progress
        sentences = len(batch.labels)
        rate = tf.constant(course.rate(sentences), tf.float32)
        loss = float(step(batch, rate, tf.constant(progress.step, tf.int32)).numpy())
        if not math.isfinite(loss):
            raise self._diverged(f"step {progress.step + 1}: the loss", phase)
        progress.step += 1
        progress.batch += 1
        progress.sentences += sentences
        progress.words += int(batch.words)
        progress.loss += loss
        return loss

    def _diverged(self, what: str, phase: Stretch) -> UserError:
        return UserError(
            f"{what} is not finite: training diverged. What was saved before is kept; --force"
            f" starts over, with a lower training.learning_rate (now {phase.learning_rate:g}) or"
            f" training.clip_norm (now {self.options.clip_norm:g})."
        )

    def _evaluate(self, display: Display, logs: TensorBoard | None) -> None:
        """Ends an epoch: the scores, the line that says them, and the best weights."""
        progress, metric = self.state.progress, self.options.validation_metric
        begun = time.perf_counter()
        with self._averaged():
            scores, _ = self._validate()
            progress.seconds += time.perf_counter() - begun
            line = {
                "epoch": progress.epoch + 1,
                "step": progress.step,
                "train_loss": progress.loss / progress.batch,
                "validation_loss": scores.loss,
                "validation_accuracy": scores.accuracy,
                "validation_macro_f1": scores.macro_f1,
                "words_per_second": progress.words / progress.epoch_seconds,
                "seconds": progress.seconds,
            }
            score = line[f"validation_{metric}"] * (-1 if metric == "loss" else 1)
            best = score > progress.best_score
            if best:
                progress.best_score, progress.best_epoch = score, line["epoch"]
                self.state.best = self._values()
        progress.metrics.append(line)
        progress.epoch += 1
        progress.batch = progress.words = 0
        progress.loss = progress.epoch_seconds = 0.0
        if logs is not None:
            logs.write(line)
        display.evaluation(line, metric, best)

    def _validate(self) -> tuple[Scores, np.ndarray]:
        data = self.data
        inference = Inference(self.configuration, data.alphabet, self._values())
        scores, logits = validate(inference, data.validation, data.words, data.targets, self.labels)
        if not math.isfinite(scores.loss):
            raise self._diverged("the validation loss", self.phases[-1])
        return scores, logits

    @contextlib.contextmanager
    def _averaged(self) -> Iterator[None]:
        """The model with its averaged weights, if there is an average."""
        kept = self._values()
        assign(self.weights, {name: a.numpy() for name, a in self.optimizer.averages.items()})
        try:
            yield
        finally:
            assign(self.weights, kept)

    def _values(self) -> dict[str, np.ndarray]:
        return {name: weight.numpy() for name, weight in self.weights.items()}

    def _finish(self) -> None:
        assign(self.weights, self.state.best)
        scores, logits = self._validate()
        run = self.directory
        finish(run, self.configuration, self.data, self.state.best, logits, scores.accuracy)
        if not self.quiet:
            tell(
                f"finished: validation accuracy {100 * scores.accuracy:.2f} with the weights of"
                f" epoch {self.state.progress.best_epoch}, saved in {run.path}"
            )


def _options(configuration: Configuration, corpus: Corpus) -> Training:
    """Returns the `training` options with what the data and a given encoder decide."""
    training = configuration.training
    epochs = epochs_of_run(training, corpus.examples, corpus.sentence_words)
    training = training.model_copy(update={"epochs": epochs})
    return for_given_encoder(configuration.model_copy(update={"training": training}))
