"""A graph does to a text what Python does, whatever the text."""

from __future__ import annotations

import random
import sys
import time
import unicodedata

import pytest
import tensorflow as tf

from hier_rnn.exporting.tensor_unicode import Normalization, Whitespace, decoded
from hier_rnn.text.normalization import normalize

EVERY = [chr(p) for p in range(sys.maxunicode + 1) if not 0xD800 <= p < 0xE000]
ASSIGNED = [c for c in EVERY if unicodedata.category(c) not in ("Cn", "Co")]
MARKS = [c for c in ASSIGNED if unicodedata.combining(c)]
COMPOSED = [c for c in ASSIGNED if len(unicodedata.normalize("NFKD", c)) > 1]
SPECIAL = list("ΣσςΑα'ʰ.­İıſ각각ᆫ eéﬁ①Ａ \u3000\u00a0\x1c\x85ǰẛ\u0301\u0327\u0323Å\u0344ABZz0")
HANGUL = [chr(0x1100 + i) for i in range(19)] + [chr(0x1161 + i) for i in range(21)]
HANGUL += [chr(0x11A7 + i) for i in range(29)] + ["가", "각", "한"]


def random_texts(seed: int, count: int) -> list[str]:
    draw = random.Random(seed)
    pools = [ASSIGNED, MARKS + SPECIAL, SPECIAL, COMPOSED + MARKS, HANGUL + SPECIAL, EVERY]
    lengths = [*range(13), 40, 100]
    return ["".join(draw.choices(draw.choice(pools), k=draw.choice(lengths))) for _ in range(count)]


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("form", ["none", "NFC", "NFKC", "NFD"])
@pytest.mark.slow
def test_every_character_and_any_neighbours(form, lowercase):
    normalization, split = Normalization(form, lowercase), Whitespace()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def read(texts):
        normalized = normalization(decoded(texts))
        rows = tf.cast(normalized.rows, tf.int64)
        nrows = tf.size(texts, tf.int64)
        whole = tf.RaggedTensor.from_value_rowids(normalized.points, rows, nrows=nrows)
        words, lengths = split(normalized, tf.size(texts))
        encoded = [tf.strings.unicode_encode(part, "UTF-8") for part in (whole, words)]
        return *encoded, lengths

    seed = len(form) + lowercase
    for texts in (random_texts(seed, 4000), ASSIGNED, [], [""], ["plain ASCII", " Like This "]):
        whole, words, lengths = read(tf.constant(texts, tf.string, [len(texts)]))
        expected = [normalize(text, form, lowercase) for text in texts]
        assert [text.decode() for text in whole.numpy()] == expected
        split_up = [text.split() for text in expected]
        assert [word.decode() for word in words.numpy()] == [
            word for words in split_up for word in words
        ]
        assert lengths.numpy().tolist() == [len(words) for words in split_up]


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301\u0323\u0302" * 5_000 + "가\u11a8\u0301",
        "\u1161" * 20_000 + "\u1100\u1161\u11a8\u11a8\u1161",
        "\u0301" * 20_000 + "a\u0301\u0301",
        "\u09c7" + "\u09be" * 20_000 + "\u0dd9\u0dcf\u0dca\u0ccb",
        "".join(MARKS) * 10 + "e" + "".join(MARKS) * 3,
    ],
    ids=["marks on a letter", "vowels", "marks on nothing", "signs", "every mark"],
)
@pytest.mark.slow
def test_what_composes_slowly_is_composed_soon(text):
    """A stranger's text must not keep a server busy for minutes."""
    normalization = tf.function(Normalization("NFC", False))
    start = time.monotonic()
    points = normalization(decoded(tf.constant([text]))).points.numpy()
    assert time.monotonic() - start < 30
    assert "".join(map(chr, points)) == normalize(text, "NFC")


def test_bytes_that_are_no_text_are_replaced():
    texts = decoded(tf.constant([b"a\xffb", b"\xed\xa0\x80"]))
    points = texts.points.numpy().tolist()
    assert points[:3] == [ord("a"), 0xFFFD, ord("b")]
    assert set(points[3:]) == {0xFFFD}
