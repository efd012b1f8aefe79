"""The one error a user's mistake raises, and the nearest valid name to put into it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """A mistake of the person at the terminal, told in full: what, where, received, accepted.

    The command line prints the message alone (no traceback) and exits with status 2.
    """


def nearest(name: str, names: Iterable[str]) -> str:
    """Returns `" Did you mean 'units'?"` for the closest of `names`, or nothing if none is close.

    Args:
        name: What was received.
        names: What would be accepted.
    """
    match = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f" Did you mean '{match[0]}'?" if match else ""
