"""The alphabet of a run: what its encoder knows, what its text has, what the warm start adds.

In a file of its own: `inspect` needs it, and must not wait for TensorFlow, as training does.
"""

from __future__ import annotations

from pathlib import Path

from hier_rnn.configuration.options import CHARACTER_ENCODER, Configuration
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.text.alphabet import Alphabet


def run_alphabet(configuration: Configuration, seen: Alphabet) -> tuple[Alphabet, tuple[str, ...]]:
    """Returns the alphabet, and which characters of the text the encoder never saw.

    Args:
        configuration: The run's options.
        seen: The characters of the training text.
    """
    alphabet = seen
    if configuration.warm_starts and not configuration.text.lowercase:
        alphabet = seen.with_other_cases()  # in which the warm start writes words as well
    if CHARACTER_ENCODER not in configuration.transferred:
        return alphabet, ()
    known = EncoderDirectory.find(Path(configuration.encoder)).read_alphabet()
    new = known.extended(seen.characters).characters[len(known.characters) :]
    return known.extended(alphabet.characters), new
