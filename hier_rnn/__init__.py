"""hier_rnn: sentence classification with a recurrent network that reads words letter by letter.

`train(...)` makes a run and `load(run)` loads it: it classifies, explains and is evaluated.
`tune(...)` searches for the best options within a time, `cross_validate(...)` says how good they
are, and which labels are probably wrong.
`pretrain(...)` makes a character encoder, of text or of what `count(...)` counted of it, and
`load_encoder(directory)(words)` gives word vectors.
`TextClassifier` is an estimator of scikit-learn, `CharacterEncoderLayer` and
`SentenceClassifierLayer` are layers of Keras.

What is named here is imported when it is first used; to load and to classify takes no TensorFlow.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hier_rnn.errors import UserError

if TYPE_CHECKING:
    from hier_rnn.api.count import count
    from hier_rnn.api.cross_validate import cross_validate
    from hier_rnn.api.evaluate import evaluate
    from hier_rnn.api.keras_layers import CharacterEncoderLayer, SentenceClassifierLayer
    from hier_rnn.api.pretrain import pretrain
    from hier_rnn.api.run import Run
    from hier_rnn.api.text_classifier import TextClassifier
    from hier_rnn.api.train import train
    from hier_rnn.api.tune import tune
    from hier_rnn.configuration.options import Configuration
    from hier_rnn.inference.encoder import Encoder
    from hier_rnn.version import __version__

__all__ = [
    "CharacterEncoderLayer",
    "Configuration",
    "SentenceClassifierLayer",
    "TextClassifier",
    "UserError",
    "__version__",
    "count",
    "cross_validate",
    "evaluate",
    "load",
    "load_encoder",
    "pretrain",
    "train",
    "tune",
]

_MODULES = {
    "CharacterEncoderLayer": "hier_rnn.api.keras_layers",
    "Configuration": "hier_rnn.configuration.options",
    "SentenceClassifierLayer": "hier_rnn.api.keras_layers",
    "TextClassifier": "hier_rnn.api.text_classifier",
    "__version__": "hier_rnn.version",
    "count": "hier_rnn.api.count",
    "cross_validate": "hier_rnn.api.cross_validate",
    "evaluate": "hier_rnn.api.evaluate",
    "pretrain": "hier_rnn.api.pretrain",
    "train": "hier_rnn.api.train",
    "tune": "hier_rnn.api.tune",
}
_WITH_TENSORFLOW = {
    "hier_rnn.api.cross_validate",
    "hier_rnn.api.keras_layers",
    "hier_rnn.api.pretrain",
    "hier_rnn.api.train",
    "hier_rnn.api.tune",
}


def __getattr__(name: str) -> Any:
    """Imports what is used for the first time."""
    if name not in _MODULES:
        raise AttributeError(f"module 'hier_rnn' has no attribute '{name}'")
    module = _MODULES[name]
    if module in _WITH_TENSORFLOW:
        from hier_rnn.tensorflow_setup import import_tensorflow

        import_tensorflow()
    globals()[name] = getattr(importlib.import_module(module), name)
    return globals()[name]


def __dir__() -> list[str]:
    """Lists what is not imported yet as well."""
    return sorted({*globals(), *__all__})


def load(run: str | Path, verify: bool = True) -> Run:
    """Returns a trained classifier.

    Args:
        run: A run directory, as `hier_rnn.train` or `hier-rnn train` wrote it.
        verify: Whether its files must be as its manifest says. Default True.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """
    from hier_rnn.api.run import Run

    return Run(run, verify)


def load_encoder(directory: str | Path, verify: bool = True) -> Encoder:
    """Returns an encoder: called with words, it gives their vectors `(words, units)`.

    One that learnt vectors of texts gives those by `encode(texts)`, `(texts, dimensions)`.

    Args:
        directory: An encoder directory, a run directory (its encoder is taken), or `english`, the
            encoder in the package.
        verify: Whether its files must be as its manifest says. Default True.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """
    from hier_rnn.inference.encoder import Encoder

    return Encoder(directory, verify)
