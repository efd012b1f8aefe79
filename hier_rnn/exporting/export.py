"""Exporting a run: `export_run` writes a folder that other programs use without us.

The folder is a run as well, with all that answering takes, how the training went, and nothing of
the data. `hier_rnn` uses it as any run, and answers with the weights that the exported model has,
rounded as they are. Beside what a run has there is

- with ONNX: `model.onnx`, and `export.json`, which says how a text becomes the graph's inputs;
- as a SavedModel: `1/`, the SavedModel; the folder's path is what TensorFlow Serving takes as
  `--model_base_path`.

The manifest, written last, has every file's size and checksum.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hier_rnn.configuration.options import Configuration, Data, Pretraining
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.decisions.decision import Decision
from hier_rnn.errors import UserError
from hier_rnn.exporting.rounding import PRECISIONS, Precision, store_weights
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.storage.directory import alphabet_bytes
from hier_rnn.storage.json_file import json_bytes
from hier_rnn.storage.run_directory import RunDirectory, calibration_bytes
from hier_rnn.storage.weights.weights_file import weights_bytes
from hier_rnn.text.alphabet import BOS, EOS, FIRST_CHARACTER, UNK, Alphabet
from hier_rnn.text.normalization import MARKS_IN_A_ROW
from hier_rnn.text.tokenizer import MAXIMUM_CHARACTERS

Format = Literal["onnx", "savedmodel"]
FORMATS: tuple[Format, ...] = ("onnx", "savedmodel")
EXPORT_FORMAT = 1  # of export.json
GRAPH, DESCRIPTION, SAVED_MODEL = "model.onnx", "export.json", "1"
READING = (
    *("label_column", "text_column", "delimiter", "quoting", "maximum_text_length"),
    *("multi_label", "label_separator"),
)


def export_run(
    run: str | Path,
    directory: str | Path,
    format: Format = "onnx",
    weights: Precision = "float32",
    verify: bool = True,
) -> dict[str, int]:
    """Writes a run as a folder for other programs; returns its files' sizes in bytes, by name.

    Args:
        run: The run directory.
        directory: The folder; it is made, or it is empty.
        format: `onnx` or `savedmodel`. Default `onnx`.
        weights: What the matrices' numbers are stored as: `float32`, `float16` or `int8`, the
            latter two for `onnx` alone; computed is in float32. Default `float32`.
        verify: Whether the run's files must be as its manifest says. Default True.

    Raises:
        UserError: The run is missing, incomplete or damaged; the folder can't be written or is not
            empty; an unknown format; a package is not installed; a weight is too large for fewer
            bits.
    """
    if format not in FORMATS:
        raise UserError(f"format: received {format!r}. Accepted: {', '.join(FORMATS)}.")
    if weights not in PRECISIONS:
        raise UserError(f"weights: received {weights!r}. Accepted: {', '.join(PRECISIONS)}.")
    if format == "savedmodel" and weights != "float32":
        raise UserError(
            f"weights: received {weights!r}. Accepted for a SavedModel: float32 alone; float16 and"
            " int8 with the format onnx."
        )
    exported = RunDirectory(Path(directory))
    _require_empty(exported.path)
    contents = _read(RunDirectory(Path(run), verify))
    stored = store_weights(contents.weights, weights)
    files: dict[Path, bytes] = {
        exported.configuration: format_configuration(contents.configuration).encode(),
        exported.alphabet: alphabet_bytes(contents.alphabet),
        exported.labels: json_bytes(contents.labels),
        exported.calibration: calibration_bytes(contents.decision),
        exported.weights: weights_bytes({name: w.narrow for name, w in stored.items()}),
    }
    if contents.words_model:
        files[exported.words_model] = contents.words_model
    if contents.metrics:
        files[exported.metrics] = contents.metrics
    if format == "onnx":
        onnx_graph = _import_onnx_graph()
        graph = onnx_graph(contents.configuration, stored, contents.decision)
        files[exported.path / GRAPH] = graph.SerializeToString(deterministic=True)
        files[exported.path / DESCRIPTION] = json_bytes(_description(contents, weights))
    else:
        files |= _saved_model(contents, exported.path / SAVED_MODEL)
    with _whole_or_not_there(exported.path):
        exported.write(files, complete=True)
    return {path.relative_to(exported.path).as_posix(): len(data) for path, data in files.items()}


@contextlib.contextmanager
def _whole_or_not_there(folder: Path) -> Iterator[None]:
    """Takes away what was written into a folder that was empty, unless all of it was."""
    existed, whole = folder.exists(), False
    try:
        yield
        whole = True
    finally:
        if not whole:
            shutil.rmtree(folder, ignore_errors=True)
            if existed:
                folder.mkdir(exist_ok=True)


@dataclass(frozen=True)
class _Contents:
    """What answering takes of a run, and how its training went."""

    configuration: Configuration
    alphabet: Alphabet
    labels: list[str]
    decision: Decision
    words_model: bytes
    metrics: bytes
    weights: Mapping[str, np.ndarray]


def _read(run: RunDirectory) -> _Contents:
    """Reads what answering takes of a run."""
    run.require()
    configuration = run.read_configuration()
    alphabet, labels = run.read_alphabet(), run.read_labels()
    weights = run.read_weights(weight_shapes(configuration, alphabet.size, len(labels)))
    model = run.read_words_model() if configuration.text.words == "sentencepiece" else b""
    exported = _without_training(configuration)
    return _Contents(
        exported,
        alphabet,
        labels,
        run.read_decision(len(labels), configuration.data.multi_label is True),
        model,
        run.read(run.metrics) if run.has(run.metrics) else b"",
        {name: weights[name] for name in weight_shapes(exported, alphabet.size, len(labels))},
    )


def _without_training(configuration: Configuration) -> Configuration:
    """Returns the options without where the data were, and without the auxiliary loss."""
    data = {name: getattr(configuration.data, name) for name in READING}
    changes = {
        "data": Data(**data),
        "text": configuration.text.model_copy(update={"sentencepiece_model": ""}),
        "training": configuration.training.model_copy(update={"next_character_weight": 0.0}),
        "pretraining": Pretraining(),
    }
    return configuration.model_copy(update=changes)


def _description(contents: _Contents, weights: Precision) -> dict[str, Any]:
    """Returns `export.json`: how a text becomes the inputs of the graph, and what comes out."""
    text = contents.configuration.text
    return {
        "format": EXPORT_FORMAT,
        "graph": GRAPH,
        "weights": weights,
        "text": {
            "normalization": text.normalization,
            "marks_in_a_row": MARKS_IN_A_ROW,
            "lowercase": text.lowercase,
            "words": "sentencepiece" if contents.words_model else "whitespace",
            "sentencepiece_model": "words.model" if contents.words_model else None,
            "maximum_text_length": MAXIMUM_CHARACTERS,
            "maximum_word_length": text.maximum_word_length,
        },
        "characters": {
            "unknown": UNK,
            "begin": BOS if text.boundary_marks else None,
            "end": EOS if text.boundary_marks else None,
            "first": FIRST_CHARACTER,
            "alphabet": "".join(contents.alphabet.characters),
        },
        "labels": contents.labels,
        "temperature": contents.decision.temperature,
        "probabilities": "softmax" if contents.decision.thresholds is None else "sigmoid",
        "thresholds": contents.decision.thresholds,
    }


def _saved_model(contents: _Contents, path: Path) -> dict[Path, bytes]:
    """Returns the files of a SavedModel that is to be at a path."""
    from hier_rnn.tensorflow_setup import import_tensorflow

    import_tensorflow()
    from hier_rnn.exporting.saved_model import save_saved_model

    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / SAVED_MODEL
        save_saved_model(
            written,
            contents.configuration,
            contents.alphabet,
            contents.labels,
            contents.decision,
            contents.words_model,
            contents.weights,
        )
        files = sorted(file for file in written.rglob("*") if file.is_file())
        return {path / file.relative_to(written): file.read_bytes() for file in files}


def _import_onnx_graph() -> Any:
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"the format onnx takes the package onnx, which can't be imported ({error}). Install"
            " it: pip install 'hier_rnn[onnx]'."
        ) from None
    from hier_rnn.exporting.onnx_graph import onnx_graph

    return onnx_graph


def _require_empty(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise UserError(f"{path}: a file; a folder is to be written there. Give another.")
    if path.is_dir() and any(path.iterdir()):
        raise UserError(f"{path}: not empty. Give a folder that is not there yet, or an empty one.")
