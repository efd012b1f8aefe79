"""What the factors of products are rounded to."""

import pytest
import tensorflow as tf

from hier_rnn.model import precision
from hier_rnn.model.precision import has_instructions, precision_of


@pytest.fixture
def processor(tmp_path, monkeypatch):
    """`processor(flags)` is the one that this machine seems to have."""

    def make(flags: str | None) -> None:
        path = tmp_path / "cpuinfo"
        if flags is not None:
            path.write_text(f"processor : 0\nflags\t\t: {flags}\n\n" * 2)
        monkeypatch.setattr(precision, "PROCESSOR", path)
        has_instructions.cache_clear()

    yield make
    has_instructions.cache_clear()


@pytest.mark.parametrize("flags", ["fpu avx512_bf16 sse", "amx_bf16"])
def test_large_encoders_are_rounded_where_there_are_instructions(processor, flags):
    processor(flags)
    assert precision_of("auto", 512) == tf.bfloat16
    assert precision_of("auto", 128) is None
    assert precision_of("float32", 512) is None


@pytest.mark.parametrize("flags", ["fpu avx512f", "", None])
def test_nowhere_else(processor, flags):
    processor(flags)
    assert precision_of("auto", 512) is None
    assert precision_of("bfloat16", 8) == tf.bfloat16
