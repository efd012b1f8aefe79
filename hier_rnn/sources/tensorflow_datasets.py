"""TensorFlow Datasets that are prepared on this machine, `tfds:NAME[/CONFIG][:SPLIT]`.

They are read from their files alone: nothing is downloaded, and no code of theirs is run. A data
set's `features.json` names Python classes, whose modules TFDS would import: only TFDS's own, and
those that the user's program has imported already, are let through.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf.json_format import ParseError
from tensorflow_datasets.core.utils import file_utils

from hier_rnn.errors import UserError, nearest
from hier_rnn.lines import require_regular
from hier_rnn.sources.example import Example, Reading, quoted, shortened

# TensorFlow Datasets warns of its own use of it, many times over.
logging.getLogger("absl").addFilter(lambda r: "FeatureConnector.dtype" not in r.getMessage())

DEFAULT_SPLIT = "train"
BATCH = 256  # examples that cross from TensorFlow to Python at a time
LARGEST_DESCRIPTION = 1 << 24  # bytes of features.json
OWN_FEATURES = "tensorflow_datasets.core.features."

_SPEC = re.compile(r"tfds:([^:]+)(?::(\d+\.\d+\.\d+))?(?::(.+))?")

Feature: TypeAlias = tfds.features.FeatureConnector
Features = dict[str, Feature]


def open_tfds(spec: str, reading: Reading) -> Callable[[], Iterator[Example]]:
    """Opens a prepared data set, in its own order; class numbers become class names.

    A label is a class label, a string, an integer or a boolean, or a sequence of these; a feature
    within others is named by its path, `data/review_body`. A data set without a `label` or a `text`
    is read by its only class label or its only text.

    Args:
        spec: `tfds:NAME[/CONFIG][:VERSION][:SPLIT]`, the split in TFDS's own syntax: `train`,
            `train[:90%]`, `train+test`.
        reading: What the user chose.

    Returns:
        What starts a stream of its examples.

    Raises:
        UserError: It is not prepared there, the split or a column is unknown, it names foreign
            code, or a file is damaged.

    Source: https://www.tensorflow.org/datasets/splits
    """
    match = _SPEC.fullmatch(spec)
    if not match:
        raise UserError(
            "A TensorFlow data set is written tfds:NAME[/CONFIG][:SPLIT], as in"
            f" tfds:trec:train[:90%]. Received: {spec}"
        )
    name, version, split = match[1], match[2], match[3] or DEFAULT_SPLIT
    folder = _folder(name, version, reading.tfds_data_dir)
    name = f"{name}:{version}" if version else name
    return partial(_read, folder, name, split, reading)


def _read(folder: Path, name: str, split: str, reading: Reading) -> Iterator[Example]:
    builder = _builder(folder, name)
    features = _flatten(builder.info.features)
    text_column = _column(name, features, reading.text_column, "text", _is_text)
    columns = [text_column]
    label_column = None
    if reading.labelled:
        label_column = _column(name, features, reading.label_column, "label", _is_label)
        columns.append(label_column)
    stream = _stream(builder, name, split, columns)
    try:
        for start, batch in enumerate(stream.as_numpy_iterator()):
            labels = None if label_column is None else _rows(_at(batch, label_column))
            for index, text in enumerate(_at(batch, text_column)):
                where = f"tfds:{name}:{split} example {start * BATCH + index + 1}"
                text = _decode(text, where)
                if labels is None or label_column is None:
                    yield Example(None, text, where)
                else:
                    of_text = _labels(labels[index], features[label_column], where)
                    if not of_text and not reading.multi_label:
                        raise UserError(f"{where}: no label.")
                    label = of_text[0] if of_text else None
                    yield Example(label, text, where, labels=of_text)
    except tf.errors.OpError as error:
        # Without the name of the operation that TensorFlow puts around its reason.
        reason = re.sub(r"{{.*?}} | \[Op:.*", "", _first_line(error.message))
        raise UserError(f"tfds:{name}: a file of it is damaged or missing: {reason}") from None


def _folder(name: str, version: str | None, data_dir: str) -> Path:
    """Finds where a data set is prepared, without asking TFDS, which may import code to know."""
    folders = [Path(folder) for folder in file_utils.list_data_dirs(data_dir or None)]
    for folder in folders if data_dir else []:
        if not folder.is_dir():
            raise UserError(f"data.tfds_data_dir {folder}: no such folder.")
    prepared = {
        found: folder / found.replace(":", "/") for folder in folders for found in _prepared(folder)
    }
    wanted = f"{name}:{version}" if version else name
    fits = [found for found in prepared if found == wanted or found.rpartition(":")[0] == wanted]
    configs = [found for found in prepared if found.partition("/")[0] == name]
    if not fits and "/" not in name and not version:
        if len({found.rpartition(":")[0] for found in configs}) > 1:
            raise UserError(
                f"tfds:{name} is prepared in several configurations: name one of"
                f" {quoted(sorted(configs))}."
            )
        fits = configs
    if not fits:
        raise UserError(
            f"tfds:{wanted} is not prepared in {', '.join(map(str, folders))}."
            f"{nearest(wanted, prepared)} There is {quoted(sorted(prepared)) or 'nothing'}. Prepare"
            " it with `tfds build`, or say where it is with data.tfds_data_dir."
        )
    newest = max(fits, key=lambda found: tuple(map(int, found.rpartition(":")[2].split("."))))
    return prepared[newest]


def _prepared(folder: Path) -> list[str]:
    """The data sets in a folder, as NAME:VERSION or NAME/CONFIG:VERSION."""
    return [
        f"{path.parent.parent.relative_to(folder).as_posix()}:{path.parent.name}"
        for pattern in ("*/*/features.json", "*/*/*/features.json")
        for path in folder.glob(pattern)
        if re.fullmatch(r"\d{1,9}\.\d{1,9}\.\d{1,9}", path.parent.name)
    ]


def _builder(folder: Path, name: str) -> tfds.core.DatasetBuilder:
    try:
        _require_own_features(folder / "features.json", name)
        require_regular(folder / "dataset_info.json")
        return tfds.builder_from_directory(folder)
    except UserError:
        raise
    except (ValueError, OSError, KeyError, TypeError, AttributeError, ParseError) as error:
        reason = shortened(_first_line(error), 200)
        raise UserError(f"tfds:{name}: can't read it: {reason}") from None


def _require_own_features(path: Path, name: str) -> None:
    """Refuses a description that would have a module imported which is not TFDS's own."""
    require_regular(path)
    if path.stat().st_size > LARGEST_DESCRIPTION:
        raise UserError(f"{path}: larger than {LARGEST_DESCRIPTION:,} bytes.")
    try:
        description = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UserError(f"tfds:{name}: can't read it: {path} is not JSON: {error}.") from None
    known = Feature._registered_features  # no public way to ask which are imported
    for written in _class_names(description):
        own = isinstance(written, str) and re.fullmatch(
            re.escape(OWN_FEATURES) + r"\w+\.\w+", written, re.ASCII
        )
        if not own and written not in known:
            raise UserError(
                f"tfds:{name}: its {path} names the Python class {shortened(str(written), 100)!r},"
                " which is not one of TensorFlow Datasets' own: reading it would run foreign code,"
                " and it is refused. If the code is yours, import it first."
            )


def _class_names(description: Any) -> Iterator[Any]:
    """All names of Python classes in a description, however deep, in every spelling TFDS reads."""
    waiting = [description]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            for key, inner in value.items():
                # Also where a feature is called so, whose description is then no string.
                named = key in ("pythonClassName", "python_class_name") or (
                    key == "type" and "content" in value
                )
                if named and not isinstance(inner, dict):
                    yield inner
                else:
                    waiting.append(inner)


def _flatten(features: Feature, path: str = "") -> Features:
    """The features by their paths; those of nested dictionaries as `data/review_body`."""
    flat: Features = {}
    for key, feature in features.items():
        if isinstance(feature, tfds.features.FeaturesDict):
            flat.update(_flatten(feature, f"{path}{key}/"))
        else:
            flat[path + key] = feature
    return flat


def _at(batch: dict[str, Any], path: str) -> Any:
    """What a batch holds at a path; names may have slashes in them too."""
    if path in batch:
        return batch[path]
    for key, inner in batch.items():
        if path.startswith(f"{key}/") and isinstance(inner, dict):
            return _at(inner, path.removeprefix(f"{key}/"))
    raise KeyError(path)


def _column(
    name: str, features: Features, column: str, default: str, fits: Callable[[Feature], bool]
) -> str:
    usable = [key for key, feature in features.items() if fits(feature)]
    if column in usable:
        return column
    if column == default and column not in features:
        kind = tfds.features.ClassLabel if default == "label" else tfds.features.Text
        only = [key for key in usable if isinstance(_element(features[key]), kind)]
        if len(only) == 1:
            return only[0]
    reason = f"holds no {default}" if column in features else "is unknown"
    others = sorted(set(features) - set(usable))
    raise UserError(
        f"tfds:{name}: the column '{column}' {reason}.{nearest(column, usable)} Columns that can"
        f" be a {default}: {quoted(sorted(usable)) or 'none'}"
        + (f"; others: {quoted(others)}" if others else "")
        + f". Name it with data.{default}_column."
    )


def _is_text(feature: Feature) -> bool:
    return bool(feature.shape == () and feature.tf_dtype == tf.string)


def _is_label(feature: Feature) -> bool:
    feature = _element(feature)
    kind = feature.tf_dtype
    return bool(
        feature.shape == ()
        and isinstance(kind, tf.DType)
        and (kind in (tf.string, tf.bool) or kind.is_integer)
    )


def _element(feature: Feature) -> Feature:
    """What a sequence is one of; else the feature itself."""
    return feature.feature if isinstance(feature, tfds.features.Sequence) else feature


def _stream(
    builder: tfds.core.DatasetBuilder, name: str, split: str, columns: list[str]
) -> tf.data.Dataset:
    try:
        examples = builder.info.splits[split].num_examples
    except ValueError as error:
        splits = list(builder.info.splits)
        raise UserError(
            f"tfds:{name}: no split '{split}': {_first_line(error)}"
            f"{nearest(split.partition('[')[0], splits)} Splits there are: {quoted(splits)}, whole"
            " or sliced as in 'train[:90%]'."
        ) from None
    if examples <= 0:
        raise UserError(f"tfds:{name}: the split '{split}' is empty: there is no example in it.")
    return builder.as_dataset(
        split=split,
        decoders=tfds.decode.PartialDecoding(_nested(builder.info.features, columns)),
        # One file after another keeps the prepared order; a cache would hold all in memory.
        read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
    ).ragged_batch(BATCH)  # a sequence is as long as it is; all else is dense


def _nested(features: Feature, columns: list[str], path: str = "") -> dict[str, Any]:
    """The columns as TFDS wants to be told which to decode: True in dictionaries of its shape."""
    chosen: dict[str, Any] = {}
    for key, feature in features.items():
        if isinstance(feature, tfds.features.FeaturesDict):
            if inner := _nested(feature, columns, f"{path}{key}/"):
                chosen[key] = inner
        elif path + key in columns:
            chosen[key] = True
    return chosen


def _rows(column: Any) -> Any:
    """A column's values by row; those of sequences come flat, with where each row ends."""
    if not hasattr(column, "row_splits"):
        return column
    return np.split(column.values, column.row_splits[1:-1])


def _labels(value: Any, feature: Feature, where: str) -> tuple[str, ...]:
    element = _element(feature)
    values = [value] if element is feature else list(value)
    labels = (_label(one, element, where) for one in values)
    return tuple(label for label in labels if label.strip())


def _label(value: Any, feature: Feature, where: str) -> str:
    if not isinstance(feature, tfds.features.ClassLabel):
        return _decode(value, where) if isinstance(value, bytes) else str(value).lower()
    return feature.int2str(int(value)) if value >= 0 else ""  # TFDS writes -1 for none


def _decode(text: bytes, where: str) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{where}: not UTF-8: byte 0x{text[error.start]:02x} at position {error.start + 1}."
        ) from None


def _first_line(error: Exception | str) -> str:
    return str(error).partition("\n")[0]
