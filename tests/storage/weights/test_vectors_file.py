"""The text format of word vectors, written and read."""

from __future__ import annotations

import gzip
import importlib.util

import numpy as np
import pytest

from hier_rnn.errors import UserError
from hier_rnn.storage.weights.vectors_file import read_vectors, write_vectors

WORDS = ["the", "\u0444\u0438\u043b\u044c\u043c", "\u9152\u5e97", "don't", ":)"]
VECTORS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def test_round_trip(tmp_path):
    path = tmp_path / "vectors.txt"
    write_vectors(path, WORDS, VECTORS)
    words, vectors = read_vectors(path)
    assert words == WORDS
    np.testing.assert_allclose(vectors, VECTORS, rtol=1e-5)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "5 4"
    assert lines[1].split(" ")[0] == "the" and len(lines[1].split(" ")) == 5


def test_other_tools_read_it(tmp_path):
    path = tmp_path / "vectors.txt"
    write_vectors(path, WORDS, VECTORS)
    if importlib.util.find_spec("gensim"):
        from gensim.models import KeyedVectors

        found = KeyedVectors.load_word2vec_format(str(path))
        words, vectors = found.index_to_key, found.vectors
    else:
        rows = [line.split(" ") for line in path.read_text(encoding="utf-8").split("\n")[1:-1]]
        words, vectors = [row[0] for row in rows], np.array([row[1:] for row in rows], float)
    assert words == WORDS
    np.testing.assert_allclose(vectors, VECTORS, rtol=1e-5)


def test_gzip_no_header_trailing_spaces_and_limit(tmp_path):
    path = tmp_path / "glove.txt.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("a 1 2 3 \r\n. . 4 5 6\nc 7 8 9")
    words, vectors = read_vectors(path)
    assert words == ["a", ". .", "c"]
    np.testing.assert_array_equal(vectors, [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    assert read_vectors(path, limit=2)[0] == ["a", ". ."]
    write_vectors(tmp_path / "whole.txt", WORDS, VECTORS)
    assert read_vectors(tmp_path / "whole.txt", limit=3)[0] == WORDS[:3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("2 2\na 1 2\nb 1\n", r":3: expected a word and 2 finite numbers, received 'b 1'"),
        ("2 2\na 1 2\nb 1 2 3\n", r":3: expected a word and 2 finite numbers, received 'b 1 2 3'"),
        ("1 2\na 1 x\n", r":2: expected a word and 2 finite numbers"),
        ("1 2\na 1 nan\n", r":2: .* finite"),
        ("2 2\na 1 2\na 1 2\n", r":3: the word 'a' a second time"),
        ("1 2\n 1 2\n", r":2: no word"),
        ("3 2\na 1 2\nb 1 2\n", r"announces 3 words, it has 2"),
        ("1 2\n\n", r":2: expected a word"),
        ("", r"no word vectors"),
        ("alone\n", r":1: expected a word and its finite numbers"),
    ],
)
def test_a_bad_line_is_named(tmp_path, content, message):
    path = tmp_path / "bad.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        read_vectors(path)


@pytest.mark.parametrize("word", ["", "two words", "tab\t", "\u2003"])
def test_what_the_format_cannot_hold_is_not_written(tmp_path, word):
    with pytest.raises(UserError, match="white space"):
        write_vectors(tmp_path / "v.txt", ["ok", word], VECTORS[:2])
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "v.txt"
    write_vectors(path, ["a"], VECTORS[:1])
    before = path.read_bytes()
    with pytest.raises(UserError):
        write_vectors(path, ["b", ""], VECTORS[:2])
    assert path.read_bytes() == before
