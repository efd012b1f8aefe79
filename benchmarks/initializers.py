"""Initializers: training curves of a few schemes, and which is best.

python -m benchmarks.initializers --data TRAIN VALIDATION --out DIR --plot FILE
"""

from __future__ import annotations

from typing import Any

from benchmarks.variants import Variant, compare

CHRONO_SPAN = 50  # words


def _rule(pattern: str, initializer: str, per_gate: bool = True, **options: Any) -> dict[str, Any]:
    return {
        "pattern": pattern,
        "initializer": initializer,
        "per_gate": per_gate,
        "options": options,
    }


SCHEMES = {
    "defaults": (),
    "fused orthogonal": (_rule(".*/recurrent_kernel", "orthogonal", per_gate=False),),
    "all Glorot": (
        _rule(".*/(kernel|recurrent_kernel)", "glorot_uniform"),
        _rule(".*/embedding", "glorot_uniform"),
    ),
    "unit scaling": (_rule(".*/(kernel|recurrent_kernel)", "uniform_unit_scaling"),),
    "chrono": (_rule(r".*/lstm_\d+/.*/bias", "chrono", maximum=CHRONO_SPAN),),
}


def variants() -> list[Variant]:
    """Returns the schemes."""
    return [
        Variant(name, {"initializers": {"rules": list(rules)}}) for name, rules in SCHEMES.items()
    ]


if __name__ == "__main__":
    compare("benchmarks.initializers", __doc__, variants())
