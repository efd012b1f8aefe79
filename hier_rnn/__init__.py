"""hier_rnn: sentence classification with a recurrent network that reads words letter by letter.

`load(run).predict(texts)` classifies; `load_encoder(directory)(words)` gives word vectors. Neither
needs TensorFlow.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hier_rnn.errors import UserError

if TYPE_CHECKING:
    from hier_rnn.inference.encoder import Encoder
    from hier_rnn.inference.predictor import Predictor

__all__ = ["UserError", "__version__", "load", "load_encoder"]


def load(run: str | Path, verify: bool = True) -> Predictor:
    """Returns a trained classifier.

    Args:
        run: A run directory, as training a classifier wrote it.
        verify: Whether its files must be as its manifest says. Default True.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """
    from hier_rnn.inference.predictor import Predictor

    return Predictor(run, verify)


def load_encoder(directory: str | Path, verify: bool = True) -> Encoder:
    """Returns a character encoder: called with words, it gives their vectors `(words, units)`.

    Args:
        directory: An encoder directory, or a run directory (its encoder is taken).
        verify: Whether its files must be as its manifest says. Default True.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """
    from hier_rnn.inference.encoder import Encoder

    return Encoder(directory, verify)


def __getattr__(name: str) -> str:
    """Looks the version up where it is asked for: that takes longer than to load a run."""
    if name == "__version__":
        from hier_rnn.version import __version__

        return __version__
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
