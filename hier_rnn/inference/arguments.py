"""What a caller hands in: every text is a `str`, or the caller is told which one is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized

SHOWN = 40  # characters of what was received instead


def checked_texts(texts: Iterable[str], name: str = "texts") -> Iterable[str]:
    """Returns `texts`, all of them checked; those of a stream are checked as they come.

    Args:
        texts: A list, an array, a column of a table, or a generator of texts.
        name: What the caller calls them, for the message.

    Raises:
        TypeError: It is a single text or a whole table, or one of the texts is not a `str`; the
            message says which one and what was received.
    """
    if isinstance(texts, (str, bytes, bytearray)):
        raise TypeError(
            f"{name}: a list is expected. Received: {_shown(texts)}. Put a single one in a list:"
            f" [{_shown(texts, '')}]."
        )
    if not isinstance(texts, Iterable):
        raise TypeError(f"{name}: a list is expected. Received: {_shown(texts)}.")
    if _is_table(texts):
        raise TypeError(
            f"{name}: a list is expected. Received: a {type(texts).__name__}. Give one of its"
            " columns or its values."
        )
    if hasattr(texts, "to_pylist"):  # Arrow's columns give scalars of their own
        texts = texts.to_pylist()
    if isinstance(texts, list) and set(map(type, texts)) <= {str}:
        return texts  # which is how most come, and the quickest way to tell
    if isinstance(texts, Sized):  # it can be looked through before anything is computed
        for _ in _checked(texts, name):
            pass
        return texts
    return _checked(texts, name)


def _is_table(texts: object) -> bool:
    """Whether going through it would give names of columns, or keys, and no texts."""
    if getattr(texts, "ndim", 1) != 1 or hasattr(texts, "columns"):
        return True
    is_column = hasattr(texts, "ndim")  # pandas' have keys as well: their index
    return hasattr(texts, "column_names") or (hasattr(texts, "keys") and not is_column)


def checked_sentences(sentences: Iterable[list[str]]) -> Iterator[list[str]]:
    """Yields sentences, each of them a list of words, checked as they come.

    Args:
        sentences: Each sentence's words.

    Raises:
        TypeError: A sentence is a single text, or a word is not a `str`; the message says where.
    """
    for position, words in enumerate(sentences):
        if isinstance(words, list) and set(map(type, words)) <= {str}:
            yield words  # which is how most come, and the quickest way to tell
        else:
            yield list(checked_texts(words, f"sentences[{position}]"))


def _checked(texts: Iterable[str], name: str) -> Iterator[str]:
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"{name}[{position}]: a str is expected. Received: {_shown(text)}.")
        yield text


def _shown(value: object, kind: str | None = None) -> str:
    text = repr(value)
    text = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    return text if kind == "" else f"{text} ({type(value).__name__})"
