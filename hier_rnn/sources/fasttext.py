"""fastText lines, `__label__NAME text`, and plain text, one text a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.files import read_lines
from hier_rnn.sources.example import Example

PREFIX = "__label__"
# fastText ends a token at these and at no other white space.
_LABEL = re.compile(r"[ \t\v\f\0]*__label__([^ \t\v\f\0]*)(?:[ \t\v\f\0](.*))?", re.DOTALL)


def read_txt(path: Path, label_column: str, text_column: str, labelled: bool) -> Iterator[Example]:
    """Streams a `.txt`: the label, a space and the text, or without labels a text a line.

    Empty lines are skipped. Without labels, one that is there is left out of the text.

    Args:
        path: The file.
        label_column: Not used: there are no columns.
        text_column: Not used: there are no columns.
        labelled: Read labels.

    Raises:
        UserError: A line without a label, or with more than one.

    Source: https://fasttext.cc/docs/en/supervised-tutorial.html
    """
    for number, line in read_lines(path):
        if not line or (labelled and not line.strip()):
            continue
        where = f"{path}:{number}"
        match = _LABEL.match(line)
        label, text = (match[1], match[2] or "") if match else (None, line)
        if labelled and not label:
            raise UserError(f"{where}: no label: a line is expected to start '{PREFIX}NAME '.")
        if labelled and text.startswith(PREFIX):
            raise UserError(f"{where}: more than one label: a text has one class.")
        yield Example(label if labelled else None, text, where)
