"""Initial and carried states: trained against zero, documents in segments against whole ones.

For long documents, such as IMDB's reviews:

    python -m benchmarks.initial_state --data TRAIN VALIDATION --out DIR
"""

from __future__ import annotations

from benchmarks.variants import Variant, compare

SEGMENTS = (50, 200)


def variants() -> list[Variant]:
    """Returns whole documents with both kinds of initial state, and each kind of segments."""

    def options(initial_state: str, segment_words: int) -> dict[str, object]:
        return {
            "sentence_encoder": {"initial_state": initial_state, "segment_words": segment_words}
        }

    listed = [Variant(f"whole, {state}", options(state, 0)) for state in ("zeros", "trainable")]
    segments = [Variant(f"segments of {n}", options("trainable", n)) for n in SEGMENTS]
    return listed + segments


if __name__ == "__main__":
    compare("benchmarks.initial_state", __doc__, variants())
