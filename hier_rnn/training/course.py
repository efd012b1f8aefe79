"""The course of a run: its epochs and phases, the learning rate, and when the next phase begins."""

from __future__ import annotations

from collections.abc import Sequence

from hier_rnn.configuration.options import Training
from hier_rnn.training.phases import Stretch
from hier_rnn.training.schedule import learning_rate
from hier_rnn.training.state import Progress


def sentences_in_batch(options: Training, sentence_words: float) -> float:
    """Returns how many sentences a batch has, more or less.

    Args:
        options: The `training` options.
        sentence_words: Words in a sentence, on average.
    """
    if options.batch_by == "words":
        return max(1, options.batch_size / max(1, sentence_words))
    return options.batch_size


def passes_in_epoch(options: Training, examples: int, sentence_words: float) -> int:
    """Returns how often an epoch passes over the training data (`training.epoch_steps`).

    Few examples make few steps a pass: too few for the weights to get anywhere in all epochs, and
    for one validation to tell more than the last.

    Args:
        options: The `training` options.
        examples: Sentences of the training data.
        sentence_words: Words in a sentence, on average.
    """
    steps = max(1, examples / sentences_in_batch(options, sentence_words))
    return max(1, round(options.epoch_steps / steps))


def epochs_of_run(options: Training, examples: int, sentence_words: float) -> int:
    """Returns `training.epochs`, or fewer where they were more steps than `maximum_steps`.

    A pass over much training data has steps enough for the weights to get far. Arguments as
    `passes_in_epoch`.
    """
    if not options.maximum_steps:
        return options.epochs
    passes = passes_in_epoch(options, examples, sentence_words)
    steps = passes * examples / sentences_in_batch(options, sentence_words)
    return min(options.epochs, max(1, round(options.maximum_steps / steps)))


class Course:
    """Reads where a run stands off its progress, which it alone moves from phase to phase.

    Args:
        phases: The phases.
        options: The `training` options.
        epoch: Sentences of an epoch, whether or not a phase begins with one.
        progress: How far the run has come.
    """

    def __init__(
        self, phases: Sequence[Stretch], options: Training, epoch: int, progress: Progress
    ) -> None:
        self._phases, self._options = phases, options
        self._epoch, self._progress = epoch, progress

    @property
    def phase(self) -> Stretch | None:
        """The phase that the next step belongs to; None when training is over."""
        number = self._progress.phase
        return self._phases[number] if number < len(self._phases) else None

    @property
    def ends_epoch(self) -> bool:
        """Whether the last step was an epoch's last."""
        return self._progress.sentences >= (self._progress.epoch + 1) * self._epoch

    @property
    def ends(self) -> bool:
        """Whether the last step was the last phase's last."""
        return self._progress.phase == len(self._phases) - 1 and self._share(0, 0) >= 1

    @property
    def stalled(self) -> bool:
        """Whether the phase has gone `training.patience` epochs without a better score."""
        progress, patience = self._progress, self._options.patience
        since = max(progress.best_epoch, progress.phase_epoch)
        return bool(patience) and progress.epoch - since >= patience

    def rate(self, sentences: int) -> float:
        """Returns the learning rate of the next step, in the middle of it.

        Args:
            sentences: How many it trains on.
        """
        options, share = self._options, self._share(sentences / 2, 0.5)
        return learning_rate(self.phase.learning_rate, share, options.warmup, options.schedule)

    def advance(self) -> None:
        """Begins the next phase if this one has its length, or stalls."""
        progress = self._progress
        if self._share(0, 0) >= 1 or self.stalled:
            progress.phase += 1
            progress.phase_epoch = progress.epoch
            progress.phase_step = progress.step
            progress.phase_sentences = progress.sentences

    def total(self, sentence_words: float) -> int:
        """Returns how many sentences will be trained on if no phase stalls, more or less.

        Args:
            sentence_words: Words in a sentence, on average.
        """
        size = sentences_in_batch(self._options, sentence_words)
        return sum(
            phase.epochs * self._epoch if phase.epochs else round(phase.steps * size)
            for phase in self._phases
        )

    def _share(self, sentences: float, steps: float) -> float:
        """How much of the phase is done, from 0 to 1, after so much more."""
        phase, progress = self.phase, self._progress
        if phase.steps:
            return (progress.step - progress.phase_step + steps) / phase.steps
        done = progress.sentences - progress.phase_sentences + sentences
        return done / (phase.epochs * self._epoch)
