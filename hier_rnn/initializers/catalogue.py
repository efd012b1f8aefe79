"""Every initializer by its name: `initializer(name, options)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from hier_rnn.configuration.schema import explain
from hier_rnn.errors import UserError, nearest
from hier_rnn.initializers import pretrained, recurrent, standard
from hier_rnn.initializers.initializer import Initializer

CATALOGUE: dict[str, type[Initializer]] = {
    kind.name: kind
    for kind in (
        standard.Zeros,
        standard.Ones,
        standard.Constant,
        standard.Identity,
        standard.RandomNormal,
        standard.RandomUniform,
        standard.TruncatedNormal,
        standard.VarianceScaling,
        standard.GlorotNormal,
        standard.GlorotUniform,
        standard.HeNormal,
        standard.HeUniform,
        standard.LecunNormal,
        standard.LecunUniform,
        standard.Orthogonal,
        recurrent.UniformUnitScaling,
        recurrent.Chrono,
        pretrained.Pretrained,
    )
}

# Keras's other names for them: `GlorotUniform` and the like, and a few more.
ALIASES = {
    **{"".join(map(str.capitalize, name.split("_"))): name for name in CATALOGUE},
    "IdentityInitializer": "identity",
    "OrthogonalInitializer": "orthogonal",
    "normal": "random_normal",
    "uniform": "random_uniform",
    "one": "ones",
    "zero": "zeros",
}


def initializer(name: str, options: Mapping[str, Any], where: str = "") -> Initializer:
    """Returns an initializer with its options, those not given having their defaults.

    Args:
        name: Its name in `CATALOGUE`, or another of Keras's names for it.
        options: The initializer's own options.
        where: Where they were written, to open an error with.

    Raises:
        UserError: No such initializer or option, an option missing, or a value not accepted.
    """
    where = f"{where}: " if where else ""
    kind = CATALOGUE.get(ALIASES.get(name, name))
    if kind is None:
        raise UserError(
            f"{where}there is no initializer '{name}'.{nearest(name, CATALOGUE)}"
            f" There are: {', '.join(CATALOGUE)}."
        )
    try:
        return kind(**options)
    except ValidationError as error:
        schema = kind.model_json_schema()
        place = f"{where}{kind.name}"
        message = explain(error, schema, lambda option: f"{place}.{option}" if option else place)
        raise UserError(message) from None
