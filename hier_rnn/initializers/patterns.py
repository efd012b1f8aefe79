"""Which weights a pattern names: `matches` and `matching`.

A pattern is a regular expression. It matches a weight when it matches the *whole* of its name, or
the whole of an outer name (`sentence_encoder`, `sentence_encoder/lstm_0`), and so all below that.
Initializer rules, freezing and learning-rate multipliers all read their patterns this way, and in
an ordered list of patterns the first that matches decides.

It is read by RE2, which takes time in proportion to a name's length whatever the pattern, since a
run's patterns may come from a stranger; so it may not look ahead or back or name a group again.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

import re2

from hier_rnn.errors import UserError, nearest

CHARACTERS = 1_000  # of a pattern


def matches(pattern: str, name: str) -> bool:
    """Returns whether a pattern matches a weight's whole name or one of its outer names.

    `matching` says what is wrong with a pattern that a user wrote; call it first.

    Args:
        pattern: Regular expression.
        name: Weight name; its parts are separated by `/`.
    """
    expression = _compiled(pattern)
    return any(map(expression.fullmatch, (name, *outer_names([name]))))


def matching(pattern: str, names: Iterable[str], where: str) -> list[str]:
    """Returns the names that a pattern matches: at least one.

    Args:
        pattern: Regular expression.
        names: Weight names.
        where: The option that the pattern stands in, for the message.

    Raises:
        UserError: Not a regular expression, or it matches nothing.
    """
    names = list(names)
    try:
        _compiled(pattern)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    found = [name for name in names if matches(pattern, name)]
    if not found:
        raise UserError(
            f"{where}: the pattern '{pattern}' matches no weight."
            f"{nearest(pattern, [*names, *outer_names(names)])} A pattern matches a whole name, or"
            f" a whole outer name and all below it. The weights are: {', '.join(names)}."
        )
    return found


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    if len(pattern) > CHARACTERS:
        raise UserError(
            f"a pattern of {len(pattern):,} characters. Accepted: {CHARACTERS:,} at most."
        )
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0]
        reason = reason.decode() if isinstance(reason, bytes) else reason
        raise UserError(
            f"the pattern '{pattern}' is not a regular expression: {reason}. (In RE2's syntax:"
            " nothing looks ahead or back, and no group is named again.)"
        ) from None


def outer_names(names: Iterable[str]) -> list[str]:
    """Returns every outer name of `names`, once: of `a/b/c`, `a` and `a/b`."""
    return list(
        dict.fromkeys(name[: slash.start()] for name in names for slash in re.finditer("/", name))
    )
