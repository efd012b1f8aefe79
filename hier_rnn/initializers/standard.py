"""Keras's initializers, by Keras's names, options, defaults and formulas.

They compute in NumPy: no TensorFlow is needed to see where weights start, the values do not depend
on its version, and orthogonal blocks come out of a float64 decomposition.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from hier_rnn.initializers.initializer import Block, Initializer, Random

# Deviation of a standard normal variable truncated at two deviations.
TRUNCATED_DEVIATION = 0.87962566103423978

Mode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["truncated_normal", "normal", "untruncated_normal", "uniform"]


class Zeros(Initializer):
    """All 0."""

    name: ClassVar[str] = "zeros"

    def draw(self, block: Block) -> np.ndarray:
        return np.zeros(block.shape)


class Ones(Initializer):
    """All 1."""

    name: ClassVar[str] = "ones"

    def draw(self, block: Block) -> np.ndarray:
        return np.ones(block.shape)


class Constant(Initializer):
    """All one value."""

    name: ClassVar[str] = "constant"
    value: float = Field(0.0, description="the value")

    def draw(self, block: Block) -> np.ndarray:
        return np.full(block.shape, self.value)


class Identity(Initializer):
    """Ones on the diagonal; gate by gate, so that a recurrent gate is a true identity."""

    name: ClassVar[str] = "identity"
    gain: float = Field(1.0, description="factor")

    def shape_problem(self, weight: str, shape: tuple[int, ...]) -> str:
        return "" if len(shape) == 2 else "it needs a matrix"

    def draw(self, block: Block) -> np.ndarray:
        return self.gain * np.eye(block.shape[0], block.shape[1])


class RandomNormal(Random):
    """Normal."""

    name: ClassVar[str] = "random_normal"
    mean: float = Field(0.0, description="mean")
    stddev: float = Field(0.05, ge=0, description="standard deviation")

    def draw(self, block: Block) -> np.ndarray:
        return self.mean + self.stddev * self.stream(block).standard_normal(block.shape)


class TruncatedNormal(Random):
    """Normal, redrawn beyond two `stddev` of the mean (so it deviates by 0.88 `stddev`)."""

    name: ClassVar[str] = "truncated_normal"
    mean: float = Field(0.0, description="mean")
    stddev: float = Field(0.05, ge=0, description="standard deviation before truncation")

    def draw(self, block: Block) -> np.ndarray:
        return self.mean + self.stddev * truncated(self.stream(block), block.shape)


class RandomUniform(Random):
    """Uniform between two values."""

    name: ClassVar[str] = "random_uniform"
    minval: float = Field(-0.05, description="least value")
    maxval: float = Field(0.05, description="bound above")

    @model_validator(mode="after")
    def _ordered(self) -> RandomUniform:
        if self.minval > self.maxval:
            raise ValueError(f"minval {self.minval} is above maxval {self.maxval}.")
        return self

    def draw(self, block: Block) -> np.ndarray:
        return self.stream(block).uniform(self.minval, self.maxval, block.shape)


class Orthogonal(Random):
    """A uniformly distributed matrix of orthonormal columns, or rows if they are fewer.

    Saxe et al. 2014, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks".
    """

    name: ClassVar[str] = "orthogonal"
    gain: float = Field(1.0, description="factor")

    def shape_problem(self, weight: str, shape: tuple[int, ...]) -> str:
        return "" if len(shape) >= 2 else "it needs a matrix"

    def draw(self, block: Block) -> np.ndarray:
        *outer, columns = block.shape
        rows = math.prod(outer)
        tall = self.stream(block).standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(tall)
        q *= np.where(np.diag(r) < 0, -1.0, 1.0)  # without this, q is not uniformly distributed
        return self.gain * (q if rows >= columns else q.T).reshape(block.shape)


class Scaling(Random):
    """An initializer whose variance is `scale / fan`, the fans being those of the block."""

    def fans(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Returns fan in and fan out; for a vector of n, both are n."""
        if len(shape) < 2:
            return math.prod(shape), math.prod(shape)
        inputs, outputs = shape
        return inputs, outputs

    def scaled(
        self, block: Block, scale: float, mode: Mode, distribution: Distribution
    ) -> np.ndarray:
        """Returns values of variance `scale` over the fan that `mode` names."""
        fan_in, fan_out = self.fans(block.shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
        deviation = math.sqrt(scale / max(1.0, fan))
        stream = self.stream(block)
        if distribution == "uniform":
            return stream.uniform(-1, 1, block.shape) * (math.sqrt(3) * deviation)
        if distribution == "untruncated_normal":
            return stream.standard_normal(block.shape) * deviation
        return truncated(stream, block.shape) * (deviation / TRUNCATED_DEVIATION)


class VarianceScaling(Scaling):
    """Variance `scale / fan`."""

    name: ClassVar[str] = "variance_scaling"
    scale: float = Field(1.0, gt=0, description="numerator of the variance")
    mode: Mode = Field("fan_in", description="which fan divides it")
    distribution: Distribution = Field("truncated_normal", description="shape of the distribution")

    def draw(self, block: Block) -> np.ndarray:
        return self.scaled(block, self.scale, self.mode, self.distribution)


class GlorotUniform(Scaling):
    """Uniform, variance 2 / (fan in + fan out) (Glorot and Bengio 2010)."""

    name: ClassVar[str] = "glorot_uniform"

    def draw(self, block: Block) -> np.ndarray:
        return self.scaled(block, 1.0, "fan_avg", "uniform")


class GlorotNormal(Scaling):
    """Truncated normal, variance 2 / (fan in + fan out) (Glorot and Bengio 2010)."""

    name: ClassVar[str] = "glorot_normal"

    def draw(self, block: Block) -> np.ndarray:
        return self.scaled(block, 1.0, "fan_avg", "truncated_normal")


class HeUniform(Scaling):
    """Uniform, variance 2 / fan in (He et al. 2015)."""

    name: ClassVar[str] = "he_uniform"

    def draw(self, block: Block) -> np.ndarray:
        return self.scaled(block, 2.0, "fan_in", "uniform")


class HeNormal(Scaling):
    """Truncated normal, variance 2 / fan in (He et al. 2015)."""

    name: ClassVar[str] = "he_normal"

    def draw(self, block: Block) -> np.ndarray:
        return self.scaled(block, 2.0, "fan_in", "truncated_normal")


class LecunUniform(Scaling):
    """Uniform, variance 1 / fan in (LeCun et al. 1998)."""

    name: ClassVar[str] = "lecun_uniform"

    def draw(self, block: Block) -> np.ndarray:
        return self.scaled(block, 1.0, "fan_in", "uniform")


class LecunNormal(Scaling):
    """Truncated normal, variance 1 / fan in (LeCun et al. 1998)."""

    name: ClassVar[str] = "lecun_normal"

    def draw(self, block: Block) -> np.ndarray:
        return self.scaled(block, 1.0, "fan_in", "truncated_normal")


def truncated(stream: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Returns standard normal values, drawn anew where they are beyond 2."""
    values = stream.standard_normal(shape)
    while (far := np.abs(values) > 2).any():
        values[far] = stream.standard_normal(np.count_nonzero(far))
    return values
