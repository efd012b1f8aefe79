r"""Everything that a command writes: results to standard output, messages to standard error.

Nothing that a text holds can break it, whatever the streams can encode:

- Standard output that is a file or a pipe is UTF-8 (as every file that we write), also where the
  system's own encoding is another, as on Windows. `PYTHONIOENCODING` overrules that; a terminal
  keeps its own encoding.
- What a stream cannot encode is written as an escape, `\u20ac`; what we draw ourselves has a plain
  form (`#` for a block).
- Control characters in labels, texts and file names are written as escapes (`escaped`), so that
  they neither steer a terminal nor break a line or a column.
- A reader that goes away (`| head`) is no mistake, and a closed stream (`>&-`) is no error.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from hier_rnn.commands.terminal.flags import with_flags
from hier_rnn.files import write_atomically

STANDARD_STREAM = Path("-")
DRAWN = {"█": "#", "–": "-", "…": "...", "×": "x", "─": "-", "\u00a0": " "}
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029"
    "\u202a-\u202e\u2066-\u2069]"  # these reorder the letters around them (CVE-2021-42574)
)


def open_streams() -> None:
    """Makes the standard streams safe to write to; the first thing that a command does."""
    for descriptor in (0, 1, 2):  # closed ones would be taken by the next file that is opened
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    codecs.register_error("readable", _readable)
    for stream in (sys.stdout, sys.stderr):
        if not hasattr(stream, "reconfigure"):  # a notebook's or a test's own stream
            continue
        encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
        if not errors:
            stream.reconfigure(errors="readable")
        if not encoding and stream is sys.stdout and not stream.isatty():
            stream.reconfigure(encoding="utf-8")


def _readable(error: UnicodeError) -> tuple[str | bytes, int]:
    """What stands for characters that a stream cannot encode."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if character in DRAWN:
        return DRAWN[character], error.start + 1
    escape, _ = codecs.backslashreplace_errors(
        UnicodeEncodeError(error.encoding, error.object, error.start, error.start + 1, error.reason)
    )
    return escape, error.start + 1


def escaped(text: str) -> str:
    r"""Returns a text on one line, without what would steer a terminal: a tab becomes `\t`."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def escaped_for(text: str, stream: IO[str]) -> str:
    """Returns `escaped`, and what the stream cannot encode as escapes that lose nothing."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return escaped(text).encode(encoding, "backslashreplace").decode(encoding)


def write_line(line: str) -> None:
    """Writes a line to standard output."""
    sys.stdout.write(line + "\n")


def lines(rows: Iterable[str]) -> None:
    """Writes lines to standard output."""
    for row in rows:
        write_line(row)


def tell(message: str) -> None:
    """Writes a message for a person to standard error; its lines stay lines."""
    with contextlib.suppress(OSError):  # nobody reads messages: that must not end the work
        print("\n".join(map(escaped, message.split("\n"))), file=sys.stderr, flush=True)


def as_json(value: Any, indent: int | None = None) -> str:
    """Returns JSON that standard output loses nothing of: ASCII unless it is UTF-8."""
    ascii_only = codecs.lookup(sys.stdout.encoding or "utf-8").name != "utf-8"
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, allow_nan=False)
    # UTF-8 has no lone surrogates, JSON's escapes have.
    return re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)


def write_json(path: Path, value: Any) -> None:
    """Writes indented JSON to a file, or to standard output where the path is `-`."""
    if path == STANDARD_STREAM:
        write_line(as_json(value, indent=2))
        return
    with write_atomically(path) as file:
        json.dump(value, file, indent=2, allow_nan=False)
        file.write("\n")


def flush() -> None:
    """Hands on what is buffered; where nobody reads it, raises `BrokenPipeError`."""
    sys.stdout.flush()


def discard_output() -> None:
    """Lets what is still written go nowhere: nobody reads standard output any more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def interruptible(kept: str) -> Iterator[None]:
    """Says at Ctrl-C what is there of the work.

    Args:
        kept: A sentence's end: `interrupted: ` stands before it.
    """
    try:
        yield
    except KeyboardInterrupt as interruption:
        raise KeyboardInterrupt(str(interruption) or f"interrupted: {kept}") from None


class _LogHandler(logging.Handler):
    """Plain lines on standard error, above a progress bar where there is one.

    What was said is not said again: the check and the training each open the same files.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record's message."""
        if record.levelno < logging.WARNING:
            if record.getMessage() in self._said:
                return
            self._said.add(record.getMessage())
        bars = sys.modules.get("tqdm")
        message = with_flags(record.getMessage())
        if bars is None:
            tell(message)
            return
        with bars.tqdm.external_write_mode(file=sys.stderr):
            tell(message)


def show_log(quiet: bool) -> None:
    """Shows what the library has to say as plain lines on standard error.

    Args:
        quiet: Only warnings and errors.
    """
    logger = logging.getLogger("hier_rnn")
    logger.handlers = [_LogHandler()]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.propagate = False
