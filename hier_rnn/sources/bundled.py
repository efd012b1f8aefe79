"""`bundled`: where the data set that comes with the package is."""

from __future__ import annotations

from pathlib import Path

from hier_rnn.errors import UserError


def bundled(split: str) -> str:
    """Returns the file of a split of the bundled data set, the messages to an online shop.

    Args:
        split: `train`, `validation` or `test`.

    Raises:
        UserError: The installation lacks it.
    """
    package = Path(__file__).parents[1]
    for root in (package, package.parent):  # an installed wheel, a checkout
        path = root / "data" / "messages" / f"{split}.tsv"
        if path.is_file():
            return str(path)
    raise UserError("The bundled data set is not installed: name data of your own, data.train.")
