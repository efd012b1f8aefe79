"""Examples as programs have them: of whatever library, and with every mistake named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hier_rnn.api.data.examples import labelled_source, source_names, texts_of, unlabelled_source
from hier_rnn.configuration.options import Data
from hier_rnn.errors import UserError

TEXTS = ["where is it", "nice café", "why", "sad and late"]
LABELS = ["question", "good", "question", "bad"]
COLUMNS = {"id": [4, 3, 2, 1], "intent": LABELS, "message": TEXTS}


def columns_of(library: str):
    if library == "list":
        return TEXTS
    if library == "NumPy":
        return np.array(TEXTS)
    if library == "NumPy objects":
        return np.array(TEXTS, dtype=object)
    if library == "Arrow":
        return pytest.importorskip("pyarrow").array(TEXTS)
    if library == "Arrow chunks":
        return pytest.importorskip("pyarrow").chunked_array([TEXTS[:1], TEXTS[1:]])
    if library == "pandas":
        return pytest.importorskip("pandas").Series(TEXTS, index=[7, 7, 1, 0])
    if library == "pandas strings":
        return pytest.importorskip("pandas").Series(TEXTS, dtype="string")
    if library == "Polars":
        return pytest.importorskip("polars").Series(TEXTS)
    assert library == "datasets"
    return pytest.importorskip("datasets").Dataset.from_dict({"text": TEXTS})["text"]


LIBRARIES = [
    *("list", "NumPy", "NumPy objects", "Arrow", "Arrow chunks"),
    *("pandas", "pandas strings", "Polars", "datasets"),
]


@pytest.mark.parametrize("library", LIBRARIES)
def test_texts_of_every_library(library):
    read = texts_of(columns_of(library), "X")
    assert read == TEXTS
    assert all(isinstance(text, str) for text in read)


def table_of(library: str):
    if library == "dictionary":
        return COLUMNS
    if library == "pandas":
        return pytest.importorskip("pandas").DataFrame(COLUMNS, index=[5, 5, 6, 0])
    if library == "Polars":
        return pytest.importorskip("polars").DataFrame(COLUMNS)
    if library == "Arrow":
        return pytest.importorskip("pyarrow").table(COLUMNS)
    assert library == "datasets"
    return pytest.importorskip("datasets").Dataset.from_dict(COLUMNS)


@pytest.mark.parametrize("library", ["dictionary", "pandas", "Polars", "Arrow", "datasets"])
@pytest.mark.parametrize("named", [True, False])
def test_tables_of_every_library(library, named):
    # Named or not: such columns are found as in a file with that header.
    options = Data(label_column="intent", text_column="message") if named else Data()
    source = labelled_source(table_of(library), "train", options)
    assert [(e.label, e.text) for e in source] == list(zip(LABELS, TEXTS, strict=True))


def test_class_numbers_of_datasets_are_names():
    datasets = pytest.importorskip("datasets")
    names = sorted(set(LABELS))
    features = datasets.Features(
        {"label": datasets.ClassLabel(names=names), "text": datasets.Value("string")}
    )
    numbers = [names.index(label) for label in LABELS]
    table = datasets.Dataset.from_dict({"label": numbers, "text": TEXTS}, features=features)
    assert [e.label for e in labelled_source(table, "train", Data())] == LABELS


def test_pairs_and_two_lists_are_the_same_examples():
    pairs = labelled_source(list(zip(LABELS, TEXTS, strict=True)), "train", Data())
    lists = labelled_source((TEXTS, np.array(LABELS)), "train", Data())
    assert list(pairs) == list(lists)
    assert [e.where for e in lists] == ["train[0]", "train[1]", "train[2]", "train[3]"]
    assert list(lists) == list(lists)  # again and again


@pytest.mark.parametrize(
    ("label", "name"), [(1, "1"), (np.int64(2), "2"), (True, "true"), (np.bool_(False), "false")]
)
def test_labels_that_are_no_strings(label, name):
    [example, _] = labelled_source((["a", "b"], [label, "x"]), "train", Data())
    assert example.label == name


def test_labels_are_tidied_and_texts_cut_as_those_of_files():
    [example] = labelled_source(
        (["abcdef"], [" caf\u0065\u0301 "]), "train", Data(maximum_text_length=3)
    )
    assert (example.label, example.text) == ("café", "abc")


@pytest.mark.parametrize("missing", [None, float("nan"), b"bytes", 3])
def test_what_is_no_text_is_named_with_its_row(missing):
    with pytest.raises(TypeError, match=r"X\[2\]: a str is expected. Received: "):
        texts_of(["a", "b", missing], "X")
    with pytest.raises(TypeError, match=r"train\[2\]"):
        labelled_source([("x", "a"), ("y", "b"), ("x", missing)], "train", Data())
    with pytest.raises(TypeError, match=r"train\['text'\]\[2\]"):
        labelled_source({"label": list("xyx"), "text": ["a", "b", missing]}, "train", Data())


def test_missing_texts_of_pandas_are_named_with_their_row():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match=r"X\[1\]"):
        texts_of(pandas.Series(["a", None], dtype="string"), "X")


@pytest.mark.parametrize("missing", [None, float("nan"), "", " ", [], np.datetime64("2020-01-01")])
def test_what_is_no_label_is_named_with_its_row(missing):
    with pytest.raises(UserError, match=r"train\[1\]: no label"):
        list(labelled_source((["a", "b"], ["x", missing]), "train", Data()))


@pytest.mark.parametrize(
    "texts", ["one text", b"bytes", 5, None, {"a": 1}, np.array([["a"], ["b"]])]
)
def test_what_is_no_column_of_texts(texts):
    with pytest.raises(TypeError, match=r"X: .*expected"):
        texts_of(texts, "X")


def test_a_table_is_no_column_of_texts():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(
        TypeError, match="X: a list is expected. Received: a DataFrame"
    ):  # iterating it would give its names
        texts_of(pandas.DataFrame({"text": TEXTS}), "X")


@pytest.mark.parametrize("data", [5, [1, 2], [("a", "b", "c")], [("only",)], b"bytes"])
def test_what_is_no_examples(data):
    with pytest.raises(TypeError, match=r"train.*Accepted: the name of a source"):
        labelled_source(data, "train", Data())


def test_as_many_labels_as_texts():
    with pytest.raises(UserError, match="Received: 2 texts and 1 labels"):
        labelled_source((["a", "b"], ["x"]), "train", Data())


def test_a_column_that_is_not_there():
    with pytest.raises(UserError, match="train.*'intend'.*Did you mean 'intent'"):
        labelled_source(COLUMNS, "train", Data(label_column="intend", text_column="message"))


@pytest.mark.parametrize("empty", [[], ([], []), {"label": [], "text": []}])
def test_no_examples(empty):
    with pytest.raises(UserError, match="train: it is empty"):
        list(labelled_source(empty, "train", Data()))


def test_names_of_sources():
    assert source_names("a.tsv") == ("a.tsv",)
    assert source_names([Path("a.tsv"), "b.tsv"]) == ("a.tsv", "b.tsv")
    assert source_names([("x", "a")]) is None
    assert source_names([]) is None
    assert source_names((["a"], ["x"])) is None


def test_texts_without_labels():
    source = unlabelled_source((text for text in TEXTS), "text", 4)
    assert [e.text for e in source] == [e.text for e in source] == ["wher", "nice", "why", "sad "]
