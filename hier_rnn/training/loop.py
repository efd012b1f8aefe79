"""The training loop: one for everything that is learnt (`hier_rnn.training.objective`).

It takes steps, evaluates, keeps the best weights, saves checkpoints, stops when asked to, and lets
nothing that is not finite into the weights. It yields what happens as events.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Training
from hier_rnn.storage.checkpoints import Checkpoint, Checkpoints
from hier_rnn.training import events
from hier_rnn.training.distribution.workers import ALONE, Workers
from hier_rnn.training.divergence import Divergence, OnDivergence
from hier_rnn.training.events import Event
from hier_rnn.training.interruption import Interruption, interrupted_after
from hier_rnn.training.objective import BatchSize, Objective
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.phases import ResolvedPhase, resolve_phases
from hier_rnn.training.schedule import PhaseSchedule
from hier_rnn.training.state import NotFiniteError, TrainingState
from hier_rnn.training.step import TrainingStep, training_step


class TrainingLoop:
    """Trains the weights of an objective through all phases.

    Args:
        objective: What is learnt.
        options: The `training` options, those of the optimizer and the phases included.
        seed: The run's seed.
        checkpoints: Where the state is saved.
        checkpoint: The state to go on from. Default None: begin with the weights as they are.
        beginning: Figures for the row of metrics of the weights as they are, which are then
            evaluated, and kept unless training makes better ones. Default None: they are not.
        doubt: From the metrics of the weights as they began, by how much a score has to be better
            than theirs. Default: by anything.
        workers: Who trains together; all of them run this loop. Default this process alone.

    Raises:
        UserError: A phase or a learning rate names no weight, or the checkpoint does not fit.
    """

    def __init__(
        self,
        objective: Objective,
        options: Training,
        seed: int,
        checkpoints: Checkpoints,
        checkpoint: Checkpoint | None = None,
        beginning: Mapping[str, float] | None = None,
        doubt: Callable[[Mapping[str, float]], float] = lambda metrics: 0.0,
        workers: Workers = ALONE,
    ) -> None:
        self._objective, self._options, self._seed = objective, options, seed
        self._beginning, self._doubt, self._workers = beginning, doubt, workers
        self._weights = objective.named_weights()
        self._optimizer = Optimizer(options, self._weights)
        self._kept = TrainingState(checkpoints, self._weights, self._optimizer, workers)
        self._kept.begin(checkpoint)
        self.state = self._kept.progress
        phases = resolve_phases(options, self._weights)
        self._schedule = PhaseSchedule(phases, options, objective, self.state)
        self._on_divergence = OnDivergence(objective, options, self._kept)

    @property
    def best(self) -> dict[str, np.ndarray]:
        """The weights that reached the best score, by name."""
        return self._kept.best

    def run(self) -> Generator[Event, None, None]:
        """Trains to the end; whoever stops listening stops it.

        Yields:
            What happens.

        Raises:
            UserError: Training diverged, or a checkpoint can't be written.
            KeyboardInterrupt: Ctrl-C or SIGTERM; the state was saved.
        """
        with Interruption() as interruption:
            if self._beginning is not None and not self.state.metrics:
                yield self._started()
                yield self._evaluate_beginning(self._beginning)
            goes_back = self._options.on_divergence == "restore" or self._workers.count > 1
            if goes_back and self.state.step == 0:
                self._kept.save()  # or there would be nothing to go back to at first
            yield self._started()
            while (phase := self._schedule.phase) is not None:
                try:
                    yield from self._phase(phase, interruption)
                except Divergence as divergence:
                    yield self._on_divergence.restore(divergence)
                    yield self._started()
        yield events.Finished(self.state.best_epoch, self.state.best_score)

    def _phase(self, phase: ResolvedPhase, interruption: Interruption) -> Iterator[Event]:
        """Trains on one batch after the other until the phase is over."""
        state, objective, workers = self.state, self._objective, self._workers
        begin = objective.begin(phase, state.epoch, state.batch, workers.shares)
        how = (phase.trainable, begin.signature, self._seed, workers)
        step = training_step(begin.losses, self._optimizer, *how)
        saved, begun = time.monotonic(), time.perf_counter()
        # Closed however the loop ends: a stream that outlives it may hang as the program ends.
        with contextlib.closing(batch for batch in begin.batches) as stream:
            for shares in stream:
                batch = shares[0] if workers.shares else shares
                yield self._take(step, shares, objective.size(batch), begun)
                ends_epoch = objective.ends_epoch(batch, state) or self._schedule.ends
                if ends_epoch:
                    yield self.evaluate()
                stalled = self._schedule.stalled
                ends_phase = self._schedule.advance()
                due = time.monotonic() - saved >= self._options.checkpoint_seconds
                due, stop = workers.agree(due, interruption.requested)
                if ends_epoch or due or stop:
                    yield self._save()
                    saved = time.monotonic()
                if stop:
                    raise interrupted_after(state.step)
                if ends_phase:
                    yield events.PhaseEnded(stalled)
                    return
                begun = time.perf_counter()

    def _take(self, step: TrainingStep, batch: Any, size: BatchSize, begun: float) -> Event:
        """Takes a step, or leaves its batch out if that is what to do."""
        state, number = self.state, tf.constant(self.state.step, tf.int32)
        rate = tf.constant(self._schedule.rate(size.examples), tf.float32)
        with self._workers.noticed():
            loss = float(step(batch, rate, number).numpy())
        divergence = None if math.isfinite(loss) else self._on_divergence.leave_out()
        state.count_step(size.examples, size.words, time.perf_counter() - begun)
        if divergence is not None:
            state.skipped += 1
            return events.Diverged(divergence.step, divergence.texts, "skip")
        self._on_divergence.nothing()
        state.loss += loss
        speed = state.words / state.epoch_seconds
        return events.Step(state.step, state.epoch + 1, state.examples, loss, speed)

    def evaluate(self) -> Event:
        """Ends an epoch, also before its last batch: the metrics, and the best weights."""
        state, objective, begun = self.state, self._objective, time.perf_counter()
        with self._kept.averaged():
            metrics = self._validate()
            state.seconds += time.perf_counter() - begun
            if not all(map(math.isfinite, metrics.values())):
                raise Divergence("a metric on the validation data", state.step)
            row, score = state.row(metrics), objective.score(metrics)
            best = score > self._score_to_beat
            if best:
                state.best_score, state.best_epoch = score, state.epoch + 1
                self._kept.keep_as_best()
        if state.metrics and state.metrics[0]["epoch"] == 0:
            row["kept"] = int(best)
        state.metrics.append(row)
        state.begin_epoch()
        return events.Evaluated(row, objective.score_name, best)

    @property
    def _score_to_beat(self) -> float:
        state = self.state
        if state.metrics and state.best_epoch == 0 == state.metrics[0]["epoch"]:
            return state.best_score + self._doubt(state.metrics[0])
        return state.best_score

    def _evaluate_beginning(self, figures: Mapping[str, float]) -> Event:
        """Evaluates the weights as they are before the first step: epoch 0."""
        state, objective = self.state, self._objective
        metrics = self._validate()
        row = {"epoch": 0, "step": 0, **figures, **metrics, "seconds": state.seconds, "kept": 1}
        state.metrics.append(row)
        state.best_score = objective.score(metrics)
        self._kept.keep_as_best()
        return events.Evaluated(row, objective.score_name, True)

    def _validate(self) -> Mapping[str, float]:
        """The metrics on the validation data: the chief's."""
        return self._workers.from_chief(lambda: dict(self._objective.validate()))

    def _started(self) -> Event:
        state, objective = self.state, self._objective
        progress = (state.examples, objective.expected_examples, state.step, state.epoch)
        return events.Started(objective.unit, *progress, tuple(state.metrics))

    def _save(self) -> Event:
        try:
            self._kept.save()
        except NotFiniteError:
            raise Divergence("a weight", self.state.step) from None
        return events.Saved(self.state.step)
