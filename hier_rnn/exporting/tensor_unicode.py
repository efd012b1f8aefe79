"""Unicode in TensorFlow operations: what Python does to a text, inside a graph.

TensorFlow's own operations know other versions of Unicode than Python, and normalization is in none
of them. Here the tables are Python's (`unicodedata`), so a graph gives the very same characters.

Texts are flat: the code points of all of them, one text after the other, int32 `(characters,)`, and
the number of the text that each belongs to, int32 `(characters,)`, which never falls.
"""

from __future__ import annotations

import functools
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import tensorflow as tf

from hier_rnn.text.normalization import GRAPHEME_JOINER, MARKS_IN_A_ROW, Form

SIGMA, FINAL_SIGMA, JOINER = 0x3A3, 0x3C2, ord(GRAPHEME_JOINER)
HANGUL_VOWELS, HANGUL_ENDS = 21, 28
HANGUL, LEADING, VOWEL, END = 0xAC00, 0x1100, 0x1161, 0x11A7
HANGUL_SYLLABLES = 11_172
POINT_BITS = 21  # of a code point
# No character takes up so many marks of one class, one after the other. The first that stays keeps
# the others of its class away, however many there are.
MARKS_OF_A_CLASS = 8
CASED, IGNORABLE = 1, 2


class Texts(NamedTuple):
    """Texts as code points."""

    points: tf.Tensor
    rows: tf.Tensor


class Table:
    """A value for some integers, and another for all that are not among them.

    Args:
        values: By integer.
        default: For all others.
    """

    def __init__(self, values: Mapping[int, int], default: int) -> None:
        keys = np.array(sorted(values) or [-1], np.int64)
        kept = np.array([values.get(key, default) for key in keys.tolist()], np.int32)
        # As tensors they are in a graph once, however often it asks.
        self._keys, self._values, self._default = tf.constant(keys), tf.constant(kept), default

    def __call__(self, numbers: tf.Tensor) -> tf.Tensor:
        """Returns the values of integers, int32."""
        numbers = tf.cast(numbers, tf.int64)
        places = tf.minimum(tf.searchsorted(self._keys, numbers), tf.size(self._keys) - 1)
        found = tf.equal(tf.gather(self._keys, places), numbers)
        return tf.where(found, tf.gather(self._values, places), self._default)


class Replacement:
    """Some characters written as several others.

    Args:
        texts: What is written for a character, by code point.
    """

    def __init__(self, texts: Mapping[int, str]) -> None:
        self._number = Table({point: i + 1 for i, point in enumerate(texts)}, 0)
        # Number 0 is that of all other characters, which stand for themselves.
        self._lengths = tf.constant([1, *map(len, texts.values())], tf.int32)
        self._starts = tf.cumsum(self._lengths, exclusive=True)
        self._points = tf.constant([0, *map(ord, "".join(texts.values()))], tf.int32)

    def __call__(self, texts: Texts) -> Texts:
        """Returns the texts with these characters replaced."""
        numbers = self._number(texts.points)
        lengths = tf.gather(self._lengths, numbers)
        origins = tf.repeat(tf.range(tf.size(numbers)), lengths)
        within = tf.range(tf.size(origins)) - tf.gather(tf.cumsum(lengths, exclusive=True), origins)
        numbers = tf.gather(numbers, origins)
        replaced = tf.gather(self._points, tf.gather(self._starts, numbers) + within)
        points = tf.where(numbers > 0, replaced, tf.gather(texts.points, origins))
        return Texts(points, tf.gather(texts.rows, origins))


class Normalization:
    """A Unicode normalization form, and lower case: `hier_rnn.text.normalization.normalize`.

    Args:
        form: The form.
        lowercase: Whether to lower-case.
    """

    def __init__(self, form: Form, lowercase: bool) -> None:
        self._form, self._lowercase = form, lowercase
        steps: list[Callable[[Texts], Texts]] = [] if form == "none" else [_Form(form)]
        if lowercase:
            steps = [*steps, _LowerCase(), *steps]
        self._steps = steps

    def __call__(self, texts: Texts) -> Texts:
        """Returns the texts normalized."""

        def ascii_only() -> Texts:
            upper = (texts.points >= ord("A")) & (texts.points <= ord("Z")) & self._lowercase
            return Texts(tf.where(upper, texts.points + 32, texts.points), texts.rows)

        def any_text() -> Texts:
            return functools.reduce(lambda done, step: step(done), self._steps, texts)

        if not self._steps:
            return texts
        return Texts(*tf.cond(tf.reduce_all(texts.points < 128), ascii_only, any_text))


class _Form:
    """Decomposition, canonical order and composition (Unicode Standard Annex 15)."""

    def __init__(self, form: Form) -> None:
        decomposed: Literal["NFKD", "NFD"] = "NFKD" if form == "NFKC" else "NFD"
        self._decompose = Replacement(
            {
                ord(c): text
                for c in _characters()
                if (text := unicodedata.normalize(decomposed, c)) != c
            }
        )
        classes = {ord(c): unicodedata.combining(c) for c in _characters()}
        self._class = Table({point: value for point, value in classes.items() if value}, 0)
        self._composes = form in ("NFC", "NFKC")
        pairs = _pairs()
        self._composed = Table({a << POINT_BITS | b: c for (a, b), c in pairs.items()}, -1)
        # After which character another may compose with what is before it.
        ends = {(ord(unicodedata.normalize("NFD", chr(a))[-1]), b) for a, b in pairs}
        self._follows = Table({a << POINT_BITS | b: 1 for a, b in ends}, 0)

    def __call__(self, texts: Texts) -> Texts:
        """Returns the texts in this form."""
        points, rows = self._stream_safe(self._decompose(texts))
        classes = self._class(points)
        # The marks after a character, by class; those of one class stay in order.
        runs = tf.cumsum(tf.cast((classes == 0) | _begins(rows), tf.int32))
        order = tf.argsort(runs * 256 + classes, stable=True)
        points, classes = tf.gather(points, order), tf.gather(classes, order)
        texts = Texts(points, rows)
        return self._compose(texts, classes) if self._composes else texts

    def _stream_safe(self, texts: Texts) -> Texts:
        """Returns the texts with U+034F after each 30 marks in a row."""
        points, rows = texts
        marks = tf.cast(self._class(points) != 0, tf.int32)
        before = _rank_among_equals(marks, _begins(rows))
        joined = (before > 0) & (before % MARKS_IN_A_ROW == 0)
        own = tf.repeat(tf.range(tf.size(points)), tf.where(joined, 2, 1))
        points = tf.where(_begins(own) & tf.gather(joined, own), JOINER, tf.gather(points, own))
        return Texts(points, tf.gather(rows, own))

    def _compose(self, texts: Texts, classes: tf.Tensor) -> Texts:
        """Composes pairs of characters from left to right, in all blocks of a text at once.

        A block is a stretch into which nothing composes from outside.
        """
        points, rows = texts
        before = tf.concat([[0], points], 0)[:-1]
        begins = _begins(rows) | ((classes == 0) & (self._follows(_pair(before, points)) == 0))
        considered = tf.where(_rank_among_equals(classes, begins) < MARKS_OF_A_CLASS)[:, 0]
        considered = tf.cast(considered, tf.int32)
        starts = tf.cast(tf.where(tf.gather(begins, considered))[:, 0], tf.int32)
        ends = tf.concat([starts[1:], [tf.size(considered)]], 0)[: tf.size(starts)]
        longer = ends - starts > 1
        starts, ends = tf.boolean_mask(starts, longer), tf.boolean_mask(ends, longer)
        longest = tf.reduce_max(tf.concat([ends - starts, [0]], 0))
        bases = tf.gather(considered, starts)
        # Of each block the character that others compose with, where it stands, and the class of
        # the last character that stayed between: 0 for none. A mark at the very beginning is no
        # such character.
        base = tf.where(tf.gather(classes, bases) == 0, tf.gather(points, bases), -1)

        def step(
            k: tf.Tensor,
            points: tf.Tensor,
            gone: tf.Tensor,
            base: tf.Tensor,
            places: tf.Tensor,
            between: tf.Tensor,
        ) -> tuple[tf.Tensor, ...]:
            here = tf.gather(considered, tf.minimum(starts + k, ends - 1))
            there = starts + k < ends
            point, point_class = tf.gather(points, here), tf.gather(classes, here)
            composed = self._composed(_pair(base, point))
            free = (between == 0) | (between < point_class)
            joins = there & free & (base >= 0) & (composed >= 0)
            written = tf.boolean_mask(places, joins)[:, None]
            points = tf.tensor_scatter_nd_update(points, written, tf.boolean_mask(composed, joins))
            taken = tf.boolean_mask(here, joins)[:, None]
            gone = tf.tensor_scatter_nd_update(gone, taken, tf.ones_like(taken[:, 0], tf.bool))
            stays = there & ~joins
            new = stays & (point_class == 0)
            base = tf.where(joins, composed, tf.where(new, point, base))
            places = tf.where(new, here, places)
            between = tf.where(stays, point_class, between)
            return k + 1, points, gone, base, places, between

        gone = tf.zeros_like(points, tf.bool)
        between = tf.zeros_like(starts)
        _, points, gone, *_ = tf.while_loop(
            lambda k, *_: k < longest, step, (1, points, gone, base, bases, between)
        )
        return Texts(tf.boolean_mask(points, ~gone), tf.boolean_mask(rows, ~gone))


class _LowerCase:
    """Unicode's full mapping to lower case, in which a sigma at a word's end is another letter."""

    def __init__(self) -> None:
        lower = {ord(c): c.lower() for c in _characters() if c.lower() != c}
        del lower[SIGMA]
        self._replace = Replacement(lower)
        self._kind = Table(_kinds_beside_sigma(), 0)

    def __call__(self, texts: Texts) -> Texts:
        """Returns the texts in lower case."""
        points, rows = texts
        kinds = self._kind(points)
        counted = kinds != IGNORABLE
        # Each character's number among those that count, and their rows and kinds.
        numbers = tf.cumsum(tf.cast(counted, tf.int32))
        kinds, of = tf.boolean_mask(kinds, counted), tf.boolean_mask(rows, counted)
        kinds = tf.concat([[0], kinds, [0]], 0)
        of = tf.concat([[-1], of, [-1]], 0)

        def cased(neighbours: tf.Tensor) -> tf.Tensor:
            return (tf.gather(kinds, neighbours) == CASED) & (tf.gather(of, neighbours) == rows)

        after = tf.minimum(numbers + 1, tf.size(kinds) - 1)
        final = cased(tf.maximum(numbers - 1, 0)) & ~cased(after)
        sigma = tf.where(final, FINAL_SIGMA, SIGMA + 32)
        return self._replace(Texts(tf.where(points == SIGMA, sigma, points), rows))


class Whitespace:
    """Cutting texts at white space, as `str.split` does."""

    def __init__(self) -> None:
        self._is_space = Table({ord(c): 1 for c in _characters() if c.isspace()}, 0)

    def __call__(self, texts: Texts, count: tf.Tensor) -> tuple[tf.RaggedTensor, tf.Tensor]:
        """Returns the words of all texts, int32 `(words, None)`, and how many each text has.

        Args:
            texts: The texts.
            count: How many texts there are.
        """
        points, rows = texts
        solid = self._is_space(points) == 0
        before = tf.concat([[False], solid], 0)[:-1]
        begins = solid & (_begins(rows) | ~before)
        numbers = tf.boolean_mask(tf.cumsum(tf.cast(begins, tf.int32)) - 1, solid)
        words = tf.RaggedTensor.from_value_rowids(
            tf.boolean_mask(points, solid),
            tf.cast(numbers, tf.int64),
            nrows=tf.reduce_sum(tf.cast(begins, tf.int64)),
        )
        per_text = tf.math.unsorted_segment_sum(tf.cast(begins, tf.int32), rows, count)
        return words, per_text


def heads_and_tails(texts: Texts, count: tf.Tensor, limit: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns which characters are kept where texts are cut to a length, and the cuts.

    Args:
        texts: The texts.
        count: How many texts there are.
        limit: Half of it is the tail's; the head has one more if it is odd.

    Returns:
        Whether each character is kept, and whether it is the last of a head whose text was cut.
    """
    rows, tail = texts.rows, limit // 2
    lengths = tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, count)
    places = tf.range(tf.size(rows)) - tf.gather(tf.cumsum(lengths, exclusive=True), rows)
    text_lengths = tf.gather(lengths, rows)
    head = places < limit - tail
    return head | (places >= text_lengths - tail), (places == limit - tail - 1) & (
        text_lengths > limit
    )


def decoded(texts: tf.Tensor) -> Texts:
    """Returns the code points of UTF-8 texts, `(texts,)`; U+FFFD for bytes that are none."""
    points = tf.strings.unicode_decode(texts, "UTF-8")
    return Texts(points.values, tf.cast(points.value_rowids(), tf.int32))


def _pair(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Returns a number for each two characters, int64."""
    return tf.cast(first, tf.int64) * (1 << POINT_BITS) + tf.cast(second, tf.int64)


def _rank_among_equals(classes: tf.Tensor, begins: tf.Tensor) -> tf.Tensor:
    """Returns how many marks of its class come right before each mark, 0 for other characters.

    Args:
        classes: Of each character, 0 for one that is no mark.
        begins: Whether something begins that marks of before have nothing to do with.
    """
    changes = begins | (classes == 0) | (classes != tf.concat([[0], classes], 0)[:-1])
    places = tf.range(tf.size(classes))
    first = tf.boolean_mask(places, changes)
    return places - tf.gather(first, tf.cumsum(tf.cast(changes, tf.int32)) - 1)


def _begins(rows: tf.Tensor) -> tf.Tensor:
    """Returns whether a text begins at each character."""
    return tf.concat([[True], rows[1:] != rows[:-1]], 0)[: tf.size(rows)]


@functools.cache
def _characters() -> Sequence[str]:
    """Returns every character but surrogates, which no valid text holds."""
    points = (*range(0xD800), *range(0xE000, sys.maxunicode + 1))
    return [chr(point) for point in points if unicodedata.category(chr(point)) not in ("Cn", "Co")]


def _pairs() -> dict[tuple[int, int], int]:
    """Returns what each two characters compose to."""
    pairs = {}
    for character in _characters():
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and parts[0][0] != "<":  # a compatibility mapping begins with its kind
            first, second = (int(part, 16) for part in parts)
            if unicodedata.normalize("NFC", chr(first) + chr(second)) == character:
                pairs[first, second] = ord(character)
    for number in range(HANGUL_SYLLABLES):
        whole, end = HANGUL + number, number % HANGUL_ENDS
        if end:
            pairs[whole - end, END + end] = whole
        else:
            leading, vowel = divmod(number // HANGUL_ENDS, HANGUL_VOWELS)
            pairs[LEADING + leading, VOWEL + vowel] = whole
    return pairs


def _kinds_beside_sigma() -> dict[int, int]:
    """Returns which characters have a case, and which are looked past, found out by trying."""
    kinds = {}
    for character in _characters():
        if (character + chr(SIGMA)).lower()[-1] == chr(FINAL_SIGMA):
            kinds[ord(character)] = CASED
        elif ("A" + character + chr(SIGMA)).lower()[-1] == chr(FINAL_SIGMA):
            kinds[ord(character)] = IGNORABLE
    return kinds
