"""A text's characters in one form, so that the same spelling is always the same characters."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, TypeAlias

Form: TypeAlias = Literal["none", "NFC", "NFKC", "NFD"]

_SURROGATE = re.compile("[\ud800-\udfff]")


def normalize(text: str, form: Form = "NFKC", lowercase: bool = False) -> str:
    """Returns `text` in a Unicode normalization form, optionally lower-cased.

    Lone surrogates, which no encoding can write, become U+FFFD (and pairs of them the character
    they stand for), so that what comes out is always valid text. Normalizing twice changes nothing.

    Args:
        text: Any string.
        form: `none`, `NFC`, `NFKC` or `NFD` (Unicode Standard Annex 15). The compatibility form
            NFKC also folds full-width letters and the like, and may write one character as
            several, white space included.
        lowercase: Whether to lower-case, by Unicode's full mapping.
    """
    if text.isascii():  # every form leaves ASCII as it is
        return text.lower() if lowercase else text
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if form != "none":
        text = unicodedata.normalize(form, text)
    if lowercase:
        text = text.lower()
        if form != "none":  # lower-casing can take a text out of its form: U+0130 (dotted I)
            text = unicodedata.normalize(form, text)
    return text
