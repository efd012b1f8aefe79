"""How new data for a run is read: as its training data was, where it is of the same kind."""

from __future__ import annotations

from pathlib import Path

from hier_rnn.configuration.options import Configuration, Data

TFDS = "tfds:"


def reading_for(source: str, configuration: Configuration) -> Data:
    """Returns how a source is read: as the run's training data if it is of the same kind.

    But for `tfds_data_dir`: what a data set is read with may be code, and the run's folder for
    data sets a stranger's.

    Args:
        source: As the user wrote it.
        configuration: The run's.
    """
    trained = configuration.data
    if _kind(source) == _kind(next(iter(trained.train), "")):
        return trained.model_copy(update={"tfds_data_dir": ""})
    return Data(maximum_text_length=trained.maximum_text_length, multi_label=trained.multi_label)


def _kind(source: str) -> str:
    """What decides where the label is: `tfds`, a file's ending, or nothing for a folder."""
    return "tfds" if source.startswith(TFDS) else Path(source.removesuffix(".gz")).suffix
