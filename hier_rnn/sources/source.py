"""From what a user writes for data (`FILE.tsv.gz`, `FOLDER/`, `tfds:NAME:SPLIT`) to a source."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from hier_rnn.errors import UserError, nearest
from hier_rnn.sources import delimited, fasttext, folder, jsonl
from hier_rnn.sources.example import Example, Source
from hier_rnn.tensorflow_setup import import_tensorflow

__all__ = ["Example", "Source", "open_source"]

READERS = {
    ".tsv": delimited.read_tsv,
    ".csv": delimited.read_csv,
    ".jsonl": jsonl.read_jsonl,
    ".txt": fasttext.read_txt,
}
TFDS_PREFIX = "tfds:"


def open_source(
    spec: str,
    label_column: str = "label",
    text_column: str = "text",
    tfds_data_dir: str = "",
    labelled: bool = True,
) -> Source:
    """Opens a source and reads its first example, so that most mistakes are told right away.

    Args:
        spec: `FILE.tsv`, `.csv`, `.jsonl` or `.txt`, any of them also `.gz`; a folder with a
            sub-folder per class; or `tfds:NAME[/CONFIG][:SPLIT]`.
        label_column: Name of the label's column where columns have names.
        text_column: Name of the text's column where columns have names.
        tfds_data_dir: Where TensorFlow Datasets are prepared; empty: TFDS's own default.
        labelled: False to leave labels out: they may then be absent, and a `.txt` is one text a
            line.

    Raises:
        UserError: Nothing there, an unknown ending, an unknown column, no example, a bad one.
    """
    if labelled and label_column == text_column:
        raise UserError(f"The label's and the text's column are both '{text_column}'.")
    if spec.startswith(TFDS_PREFIX):
        import_tensorflow()  # or what it writes at start-up would be shown
        from hier_rnn.sources import tensorflow_datasets

        name, split = tensorflow_datasets.parse(spec)
        reader = partial(tensorflow_datasets.read_tfds, name, split, tfds_data_dir)
    else:
        try:
            reader = _file_reader(Path(spec))
        except OSError as error:
            raise UserError(f"{spec}: can't read it: {error.strerror}.") from None
    source = Source(spec, partial(reader, label_column, text_column, labelled))
    examples = iter(source)
    next(examples)
    examples.close()
    return source


def _file_reader(path: Path) -> partial:
    if path.is_dir():
        return partial(folder.read_folder, path)
    if not path.exists():
        siblings = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UserError(f"{path}: no such file or folder.{nearest(path.name, siblings)}")
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending not in READERS:
        raise UserError(
            f"{path}: unknown ending '{ending or path.suffix}'.{nearest(ending, READERS)}"
            f" A file ends in {', '.join(READERS)}, and may have .gz after it."
        )
    return partial(READERS[ending], path)
