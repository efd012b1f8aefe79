"""TensorFlow Datasets that are prepared on this machine, `tfds:NAME[/CONFIG][:SPLIT]`.

They are read from their files alone: nothing is downloaded, and no code of theirs is needed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf.json_format import ParseError
from tensorflow_datasets.core.utils import file_utils

from hier_rnn.errors import UserError, nearest
from hier_rnn.sources.example import Example, quoted

# TensorFlow Datasets warns of its own use of it, many times over.
logging.getLogger("absl").addFilter(lambda r: "FeatureConnector.dtype" not in r.getMessage())

DEFAULT_SPLIT = "train"
BATCH = 256  # examples that cross from TensorFlow to Python at a time

_SPEC = re.compile(r"tfds:([^:]+(?::\d+\.\d+\.\d+)?)(?::(.+))?")

Feature = tfds.features.FeatureConnector


def parse(spec: str) -> tuple[str, str]:
    """`tfds:NAME[/CONFIG][:VERSION][:SPLIT]` as a TFDS name and a split in TFDS's own syntax."""
    match = _SPEC.fullmatch(spec)
    if not match:
        raise UserError(
            "A TensorFlow data set is written tfds:NAME[/CONFIG][:SPLIT], as in"
            f" tfds:trec:train[:90%]. Received: {spec}"
        )
    return match[1], match[2] or DEFAULT_SPLIT


def read_tfds(
    name: str, split: str, data_dir: str, label_column: str, text_column: str, labelled: bool
) -> Iterator[Example]:
    """Streams a prepared data set in its own order; class numbers become class names.

    A data set without a `label` or a `text` is read by its only class label or its only text.

    Args:
        name: As TFDS writes it: `NAME`, `NAME/CONFIG`, `NAME:VERSION`.
        split: In TFDS's syntax: `train`, `train[:90%]`, `train+test`.
        data_dir: Where it is prepared; empty: TFDS's own default.
        label_column: The label's feature.
        text_column: The text's feature.
        labelled: Read labels.

    Raises:
        UserError: It is not prepared there, the split or a column is unknown, a file is damaged.

    Source: https://www.tensorflow.org/datasets/splits
    """
    builder = _builder(name, data_dir)
    features = builder.info.features
    text_column = _column(name, features, text_column, "text", _is_text)
    columns = [text_column]
    if labelled:
        label_column = _column(name, features, label_column, "label", _is_label)
        columns.append(label_column)
    stream = _stream(builder, name, split, columns)
    try:
        for start, batch in enumerate(stream.as_numpy_iterator()):
            for index, text in enumerate(batch[text_column]):
                where = f"tfds:{name}:{split} example {start * BATCH + index + 1}"
                label = None
                if labelled:
                    label = _label(batch[label_column][index], features[label_column], where)
                yield Example(label, _decode(text, where), where)
    except tf.errors.OpError as error:
        # Without the name of the operation that TensorFlow puts around its reason.
        reason = re.sub(r"{{.*?}} | \[Op:.*", "", _first_line(error.message))
        raise UserError(f"tfds:{name}: a file of it is damaged or missing: {reason}") from None


def _builder(name: str, data_dir: str) -> tfds.core.DatasetBuilder:
    folders = [Path(folder) for folder in file_utils.list_data_dirs(data_dir or None)]
    for folder in folders if data_dir else []:
        if not folder.is_dir():
            raise UserError(f"--tfds-data-dir {folder}: no such folder.")
    try:
        return tfds.core.read_only_builder.builder_from_files(name, data_dir=data_dir or None)
    except tfds.core.DatasetNotFoundError:
        prepared = _prepared(folders)
        raise UserError(
            f"tfds:{name} is not prepared in {', '.join(map(str, folders))}."
            f"{nearest(name, prepared)} There is {quoted(prepared) or 'nothing'}. Prepare it with"
            " `tfds build`, or say where it is with --tfds-data-dir."
        ) from None
    except (ValueError, OSError, ParseError) as error:
        raise UserError(f"tfds:{name}: can't read it: {_first_line(error)}") from None


def _prepared(folders: list[Path]) -> list[str]:
    """The data sets in the folders, as NAME:VERSION or NAME/CONFIG:VERSION."""
    names = [
        f"{path.parent.parent.relative_to(folder).as_posix()}:{path.parent.name}"
        for folder in folders
        for pattern in ("*/*/features.json", "*/*/*/features.json")
        for path in folder.glob(pattern)
    ]
    return sorted(set(names))


def _column(
    name: str, features: Feature, column: str, default: str, fits: Callable[[Feature], bool]
) -> str:
    usable = [key for key, feature in features.items() if fits(feature)]
    if column in usable:
        return column
    if column == default and column not in features:
        kind = tfds.features.ClassLabel if default == "label" else tfds.features.Text
        only = [key for key in usable if isinstance(features[key], kind)]
        if len(only) == 1:
            return only[0]
    reason = f"holds no {default}" if column in features else "is unknown"
    raise UserError(
        f"tfds:{name}: the column '{column}' {reason}.{nearest(column, usable)} Columns there are:"
        f" {quoted(sorted(features))}. Name the one to read with --{default}-column."
    )


def _is_text(feature: Feature) -> bool:
    return feature.shape == () and feature.tf_dtype == tf.string


def _is_label(feature: Feature) -> bool:
    return feature.shape == () and (feature.tf_dtype == tf.string or feature.tf_dtype.is_integer)


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
        decoders=tfds.decode.PartialDecoding({column: True for column in columns}),
        # One file after another keeps the prepared order; a cache would hold all in memory.
        read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
    ).batch(BATCH)


def _label(value: bytes | int, feature: Feature, where: str) -> str:
    if not isinstance(feature, tfds.features.ClassLabel):
        label = _decode(value, where).strip() if isinstance(value, bytes) else str(value)
    else:
        label = feature.int2str(int(value)) if value >= 0 else ""  # TFDS writes -1 for none
    if not label:
        raise UserError(f"{where}: no label.")
    return label


def _decode(text: bytes, where: str) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{where}: not UTF-8: byte 0x{text[error.start]:02x} at position {error.start + 1}."
        ) from None


def _first_line(error: Exception | str) -> str:
    return str(error).partition("\n")[0]
