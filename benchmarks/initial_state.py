"""Initial and carried states: trained against zero, carried against cut segments, against whole.

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
    for words in SEGMENTS:
        for name, carries in (("carried", True), ("cut", False)):
            listed.append(Variant(f"{name} {words}", options("trainable", words), carries))
    return listed


if __name__ == "__main__":
    compare("benchmarks.initial_state", __doc__, variants())
