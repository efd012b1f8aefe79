"""Tuning a classifier: trials with other options until the time is up, the best one's run kept."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from hier_rnn.configuration.differences import differences
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.example import Source
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.lock import RunLock
from hier_rnn.storage.output_directory import TUNING, remove_half_written
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.training_record import read_training_record
from hier_rnn.storage.tuning.kept_run import keep_run, remove_run
from hier_rnn.storage.tuning.study import State, Study, Trial, read_study, score_sign
from hier_rnn.training.classification.train import train_classifier
from hier_rnn.training.classification.training_data import Sources, open_sources
from hier_rnn.training.distribution.cluster import require_one_process
from hier_rnn.training.events import EndTraining, Evaluated, Event, ModelBuilt, Started, to_nobody
from hier_rnn.training.interruption import interruptible
from hier_rnn.training.preparation.encoder_choice import choose_encoder
from hier_rnn.training.preparation.resumption import check_same_data, comparable, read_fingerprints
from hier_rnn.training.tuning.budget import Budget, fitting_epochs
from hier_rnn.training.tuning.events import (
    TrialEnded,
    TrialStarted,
    TuningEvent,
    TuningListener,
    TuningStarted,
)
from hier_rnn.training.tuning.search import Search, require_optuna
from hier_rnn.training.tuning.space import (
    Space,
    WholeRange,
    is_given,
    space_of,
    with_options,
)
from hier_rnn.training.tuning.trial_watch import Pruned, TimeUp, TooLong, TrialWatch

logger = logging.getLogger(__name__)

FAILURES_IN_A_ROW = 3
ADJUSTABLE = ("training.warm_start_epochs", "training.epochs")
"""What the first trial is shortened by, if it does not fit into the time."""


@dataclass(frozen=True)
class TuningResult:
    """What a tuning came to."""

    run: Path
    """The best trial's run directory."""
    best: Trial
    trials: Sequence[Trial]
    """All, in order."""
    score_name: str
    """Which of the metrics the score is, as `validation_accuracy`."""
    seconds: float
    """That it took, earlier calls included."""


def tune(
    configuration: Configuration,
    out: Path,
    *,
    minutes: float,
    trials: int | None = None,
    begun: float | None = None,
    sources: Sources | None = None,
    force: bool = False,
    on_event: TuningListener = to_nobody,
) -> TuningResult:
    """Tries options until the time is up, or goes on where an earlier call was interrupted.

    The first trial has the options as they were given, with fewer epochs if it would not be done
    in time. An option that somebody gave (`model_fields_set`) is not searched.

    Args:
        configuration: The options.
        out: The directory: the best trial's run, and the study (`tuning/study.json`).
        minutes: That all calls together may take. What is left when no further trial fits is not
            used.
        trials: No more than so many. Default None: as many as there is time for.
        begun: When this call began, by `time.monotonic`. Default None: now.
        sources: The examples. Default None: those that the options name.
        force: Start over what `out` already holds. Default False.
        on_event: Told what happens (`training/tuning/events.py`). Default nobody.

    Raises:
        UserError: Optuna is not installed, a mistake in the data or the options, `out` holds
            something else, or the time is too short for a single trial.
        KeyboardInterrupt: Ctrl-C or SIGTERM; the best run so far is in `out`, and the same call
            goes on.
    """
    require_optuna()
    require_one_process(configuration.training.distribute, "a tuning")
    if not (0 < minutes < float("inf")) or (trials is not None and trials < 1):
        raise UserError(
            "minutes: a number above 0 is expected, and trials, if there are any, at least 1."
            f" Received: {minutes!r}, {trials!r}."
        )
    begun = time.monotonic() if begun is None else begun
    out = Path(out)
    with RunLock(out):
        study, configuration = _open_study(configuration, out, sources, force)
        space = space_of(configuration)
        tuning = Tuning(study, configuration, out, space, sources, on_event)
        budget = Budget(60 * minutes, study.seconds, begun)
        with interruptible(lambda: tuning.kept(budget)):
            return tuning.run(budget, trials)


def _open_study(
    configuration: Configuration, out: Path, sources: Sources | None, force: bool
) -> tuple[Study, Configuration]:
    """Returns what was done so far, and the options with the encoder decided."""

    def open_text() -> Source:
        return (sources or open_sources(configuration)).train

    path = out / TUNING / "study.json"
    if force and path.exists():
        remove_run(out)
        shutil.rmtree(out / TUNING)
    if not path.exists():
        others = [entry.name for entry in out.iterdir() if entry.name[0] != "."]
        if others and others != [TUNING]:
            raise UserError(f"{out}: exists and holds no tuning. Give another `out`.")
        configuration = choose_encoder(configuration, None, open_text)
        return Study(configuration), configuration
    study = read_study(path)
    configuration = choose_encoder(configuration, study.options, open_text)
    compared = comparable(configuration, study.options, data_known=bool(study.data))
    if different := list(differences(study.options, compared)):
        raise UserError(
            f"{out}: holds a tuning with other options: {'; '.join(different)}. Give another"
            " `out`, or `force=True` to start over."
        )
    return study, configuration


class Tuning:
    """Trials, one after the other.

    Args:
        study: What was done so far.
        configuration: The options as they were given.
        out: The directory.
        space: What is searched.
        sources: The examples, or None: those that the options name.
        on_event: Told what happens.
    """

    def __init__(
        self,
        study: Study,
        configuration: Configuration,
        out: Path,
        space: Space,
        sources: Sources | None,
        on_event: TuningListener,
    ) -> None:
        self.study, self._configuration, self._sources = study, configuration, sources
        self._out, self._folder, self._space = out, out / TUNING, dict(space)
        self._trial = RunDirectory(self._folder / "trial")
        self._warm_start = self._folder / "warm_start"
        self._path = self._folder / "study.json"
        self._on_event = on_event
        self._first = {name: attrgetter(name)(configuration) for name in self._space}
        self._failures = 0
        self._refusal: UserError | None = None

    def run(self, budget: Budget, trials: int | None) -> TuningResult:
        """Runs trials until the time is up.

        Args:
            budget: The time.
            trials: How many there may be; None: as many as there is time for.
        """
        study = self.study
        self._folder.mkdir(exist_ok=True)
        remove_half_written(self._folder)
        self._forget_moved_warm_start()
        self._tell(TuningStarted(budget.seconds, budget.used, study.best, self._score_name))
        while trials is None or len(study.trials) < trials:
            options = self._next_options(budget)
            if options is None:
                break
            try:
                self._run_trial(options, budget)
            except TimeUp:
                break
        self._write(budget)
        best = study.best
        if best is None:
            raise UserError(
                f"{budget.seconds / 60:g} minutes are too few: the first trial had not come to a"
                " score. Give more minutes: the same command goes on from here."
            )
        for done_with in (self._trial.path, self._warm_start):
            shutil.rmtree(done_with, ignore_errors=True)
        return TuningResult(self._out, best, tuple(study.trials), self._score_name, budget.used)

    def kept(self, budget: Budget) -> str:
        """Says what is kept if the tuning is interrupted now, and keeps it."""
        self._write(budget)
        left = max(0.0, budget.seconds - budget.used) / 60
        goes_on = f"the same command again goes on, with {left:.1f} minutes left."
        if self.study.best is None:
            return f"no trial has come to a score; {goes_on}"
        trials = len(self.study.trials)
        return (
            f"the best of {trials} {'trial' if trials == 1 else 'trials'} is kept in {self._out};"
            f" {goes_on}"
        )

    def _forget_moved_warm_start(self) -> None:
        """Takes the warm start away if it names a SentencePiece model where none is any more."""
        directory = EncoderDirectory(self._warm_start)
        if directory.record.exists():
            model = directory.read_record().text.sentencepiece_model
            if model not in ("", str(self._trial.words_model)):
                shutil.rmtree(self._warm_start)

    def _next_options(self, budget: Budget) -> dict[str, Any] | None:
        """Returns the options of the next trial; None if there is no time for one."""
        study = self.study
        if budget.left(0) <= 0:
            return None
        if study.running is not None:
            return dict(study.running)
        if not study.trials:
            return {}
        shortened = {
            name: value for name, value in study.trials[0].options.items() if name in ADJUSTABLE
        }
        fitting = fitting_epochs(study.trials, budget.left(0))
        epochs = shortened.get("training.epochs", self._configuration.training.epochs)
        if "training.epochs" in self._space:
            fewest = max(1, round(epochs / 3))
            self._space["training.epochs"] = WholeRange(fewest, epochs)
        else:
            fewest = epochs
        if fitting is not None and fitting < fewest:
            return None
        options = {**shortened, **self._search().proposal}
        if fitting is not None:
            options["training.epochs"] = min(options.get("training.epochs", epochs), fitting)
        return options

    def _search(self) -> Search:
        study, seed = self.study, self._configuration.seed
        return Search(self._space, study.trials, self._first, self._score_name, seed)

    @property
    def _score_name(self) -> str:
        return (
            self.study.score_name or f"validation_{self._configuration.training.validation_metric}"
        )

    def _run_trial(self, options: Mapping[str, Any], budget: Budget) -> None:
        """Runs a trial to its end and keeps what it came to.

        Raises:
            TimeUp: There was not time enough to begin.
            UserError: The first trial failed, or several in a row.
            KeyboardInterrupt: Ctrl-C or SIGTERM.
        """
        study, number = self.study, len(self.study.trials)
        resumed = study.running is not None and self._trial.path.exists()
        if not resumed:
            shutil.rmtree(self._trial.path, ignore_errors=True)
            study.running = dict(options)
            self._write(budget)
        self._trial = RunDirectory(self._trial.path)
        adjustable = {
            name: attrgetter(name)(self._configuration)
            for name in ADJUSTABLE
            if number == 0
            and not resumed
            and not is_given(self._configuration, name)
            # What was shortened stays so.
            and name not in options
        }
        self._tell(TrialStarted(number, options, budget.used))
        watch = TrialWatch(budget, self._search(), adjustable, self._tell)
        message = ""
        state: State = "finished"
        try:
            self._train(options, watch)
            if watch.cut_short:
                state = "cut short"
        except Pruned:
            state = "pruned"
        except TooLong as much:
            logger.info("%s: %d, so that a trial fits into the time", much.name, much.value)
            study.running = None
            if much.name == "training.warm_start_epochs":
                shutil.rmtree(self._warm_start, ignore_errors=True)
            self._run_trial({**options, much.name: much.value}, budget)
            return
        except UserError as error:
            if not study.trials:  # with the mistake mended, the same `out` is free
                shutil.rmtree(self._folder, ignore_errors=True)
                raise
            if error is self._refusal:  # what was begun is of other data
                shutil.rmtree(self._trial.path, ignore_errors=True)
                raise
            self._failures += 1
            if self._failures == FAILURES_IN_A_ROW:
                raise
            state, message = "failed", str(error)
        except KeyboardInterrupt:
            if study.best is None and watch.epoch_scores:
                self._train(options, _end_at_once)
                self._record(options, "cut short", watch, budget)
            raise KeyboardInterrupt from None  # what is said of the trial alone is not of use
        self._record(options, state, watch, budget, message)

    def _train(self, options: Mapping[str, Any], listener: Any) -> None:
        def listen(event: Event) -> None:
            if isinstance(event, ModelBuilt):
                self._check_data()
            elif isinstance(event, Evaluated):
                self.study.score_name = event.score_name
            listener(event)

        train_classifier(
            with_options(self._configuration, options),
            self._trial.path,
            sources=self._sources,
            warm_start=self._warm_start,
            on_event=listen,
        )

    def _check_data(self) -> None:
        now = read_fingerprints(RunDirectory(self._trial.path))
        try:
            check_same_data(self._out, dict(self.study.data), now)
        except UserError as error:
            self._refusal = error
            raise
        self.study.data = now

    def _record(
        self,
        options: Mapping[str, Any],
        state: State,
        watch: TrialWatch,
        budget: Budget,
        message: str = "",
    ) -> None:
        """Keeps a trial that is over, and its run if none was as good."""
        study, scores = self.study, watch.epoch_scores
        if state in ("finished", "cut short"):
            rows = read_training_record(RunDirectory(self._trial.path))
            scores = rows.column(self._score_name)
        trial = Trial(
            number=len(study.trials),
            state=state,
            options=dict(options),
            score=self._best_of(scores),
            epoch_scores=tuple(scores),
            seconds=watch.seconds,
            beginning_seconds=watch.beginning_seconds,
            message=message,
        )
        if state != "failed":
            self._failures = 0
        study.trials.append(trial)
        better = study.best is trial
        if better:
            keep_run(RunDirectory(self._trial.path), self._out)
        study.running = None
        self._write(budget)
        self._tell(TrialEnded(trial, better, self._score_name, budget.used))

    def _best_of(self, scores: Sequence[float]) -> float | None:
        choose = min if score_sign(self._score_name) < 0 else max
        return choose(scores, default=None)

    def _write(self, budget: Budget) -> None:
        self.study.seconds = budget.used
        self.study.write(self._path)

    def _tell(self, event: TuningEvent) -> None:
        self._on_event(event)


def _end_at_once(event: Event) -> None:
    """Ends a training that goes on, with the best weights that it had."""
    if isinstance(event, Started):
        raise EndTraining
