"""The head's beginning where the sentence encoder is given: a linear classifier on its vectors.

With few labels a regularized linear classifier on what an encoder knows is hard to beat, and with
many it is the better place to begin from: what the encoder knows is not pulled about by a head that
knows nothing (Kumar et al. 2022, https://arxiv.org/abs/2202.10054).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hier_rnn.inference.engine.threads import one_thread_each
from hier_rnn.inference.inference import Inference
from hier_rnn.sources.sampling.shuffle import sample
from hier_rnn.training.classification.training_data import TrainingData
from hier_rnn.training.events import Listener, Stage

LARGEST = 20_000  # examples that the classifier is fitted on
TUNED_ON = 2_000  # examples that its regularization is chosen on
STRENGTHS = (3e-3, 1e-2, 3e-2, 1e-1, 3e-1)  # inverse, as scikit-learn's C
FOLDS = 3
LEAST_PROBABILITY = 1e-3  # of a class that a fold lacks
ITERATIONS = 100
TOLERANCE = 1e-4  # of the gradient of the mean loss
STAGE = "fitting the head"


class LinearHead(NamedTuple):
    """The weights of the head, and how well they fit.

    Attributes:
        kernel: `(width, classes)`.
        bias: `(classes,)`.
        loss: Mean cross-entropy on the examples that it was fitted on.
    """

    kernel: np.ndarray
    bias: np.ndarray
    loss: float


def fit_linear_head(
    inference: Inference,
    data: TrainingData,
    class_weights: Sequence[float],
    seed: int,
    on_event: Listener,
) -> LinearHead:
    """Fits a logistic regression on the vectors of the training sentences, as they are spelled.

    How strongly it is regularized is chosen by cross-validation. Of many examples, a random 20,000
    are looked at.

    Args:
        inference: Gives the sentences' vectors.
        data: The run's data.
        class_weights: Each class's weight in the loss.
        seed: Of the choice of examples and folds.
        on_event: Told how far it is.
    """
    generator = np.random.default_rng(seed)
    indices = {label: index for index, label in enumerate(data.corpus.labels)}
    examples = sample(data.train, LARGEST, generator)
    total = len(examples)
    targets = np.array([indices[example.required_label] for example in examples])
    words = (data.words(example.text) for example in examples)

    blocks: list[np.ndarray] = []
    for block in inference.vector_blocks(words):
        blocks.append(block)
        on_event(Stage(STAGE, sum(map(len, blocks)), total, "sentences"))
    vectors = np.concatenate(blocks).astype(np.float64)
    with one_thread_each():  # the products are too small to share
        return _fit(vectors, targets, np.asarray(class_weights), generator)


def _fit(
    vectors: np.ndarray, targets: np.ndarray, weights: np.ndarray, generator: np.random.Generator
) -> LinearHead:
    mean, deviation = vectors.mean(0), vectors.std(0)
    deviation[deviation < 1e-6] = 1  # what is the same everywhere tells nothing
    vectors = (vectors - mean) / deviation
    strength = choose_strength(vectors[:TUNED_ON], targets[:TUNED_ON], weights, generator)
    kernel, bias = logistic_regression(vectors, targets, weights, strength)
    chances = probabilities(vectors, kernel, bias)[np.arange(len(targets)), targets]
    losses = -np.log(np.maximum(chances, 1e-12)) * weights[targets]
    kernel = kernel / deviation[:, None]
    bias = bias - mean @ kernel
    return LinearHead(kernel.astype(np.float32), bias.astype(np.float32), float(losses.mean()))


def choose_strength(
    vectors: np.ndarray, targets: np.ndarray, weights: np.ndarray, generator: np.random.Generator
) -> float:
    """Returns the regularization whose probabilities are best in cross-validation.

    Args:
        vectors: `(examples, width)`.
        targets: Classes, `(examples,)`.
        weights: Of each class in the loss.
        generator: Decides the folds.
    """
    # Examples of a class are dealt out in turn, so that each fold has its share of them.
    order = generator.permutation(len(targets))
    order = order[np.argsort(targets[order], kind="stable")]
    fold = np.empty(len(targets), int)
    fold[order] = np.arange(len(targets)) % FOLDS
    losses = np.zeros(len(STRENGTHS))
    for number in range(FOLDS):
        held, rest = fold == number, fold != number
        if not held.any() or not rest.any():
            continue
        fitted = None
        for place, strength in enumerate(STRENGTHS):  # each from where the one before it ended
            fitted = logistic_regression(vectors[rest], targets[rest], weights, strength, fitted)
            chances = probabilities(vectors[held], *fitted)
            chances = chances[np.arange(len(chances)), targets[held]]
            own = -np.log(np.maximum(chances, LEAST_PROBABILITY)) * weights[targets[held]]
            losses[place] += own.sum()
    return STRENGTHS[int(losses.argmin())]


def logistic_regression(
    vectors: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    strength: float,
    start: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns kernel `(width, classes)` and bias `(classes,)` of a logistic regression.

    The sum of the losses, times `strength`, and half the square of the kernel are least. The bias
    is not regularized.

    Args:
        vectors: `(examples, width)`.
        targets: Classes, `(examples,)`.
        weights: Of each class in the loss.
        strength: Inverse of the regularization.
        start: Kernel and bias to begin from. Default zeros.
    """
    from scipy.optimize import minimize

    vectors = vectors.astype(np.float32)
    (examples, width), classes = vectors.shape, len(weights)
    own, rows = weights[targets][:, None], np.arange(examples)
    decay = 1 / (strength * examples)

    def loss_and_gradient(values: np.ndarray) -> tuple[float, np.ndarray]:
        kernel, bias = values[:-classes].reshape(width, classes), values[-classes:]
        chances = probabilities(vectors, kernel.astype(np.float32), bias.astype(np.float32))
        losses = -np.log(np.maximum(chances[rows, targets], 1e-30)) * own[:, 0]
        chances[rows, targets] -= 1
        chances *= own / examples
        gradient = vectors.T @ chances.astype(np.float32) + decay * kernel
        loss = float(losses.mean() + decay / 2 * (kernel * kernel).sum())
        return loss, np.concatenate([gradient.ravel(), chances.sum(0)])

    first = np.zeros((width + 1) * classes)
    if start is not None:
        first = np.concatenate([start[0].ravel(), start[1]])
    limits = {"maxiter": ITERATIONS, "gtol": TOLERANCE, "ftol": 1e-7}
    found = minimize(loss_and_gradient, first, jac=True, method="L-BFGS-B", options=limits).x
    return found[:-classes].reshape(width, classes), found[-classes:]


def probabilities(vectors: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Returns each class's probability, `(examples, classes)`; arguments as `LinearHead`."""
    logits = vectors @ kernel + bias
    powers: np.ndarray = np.exp(logits - logits.max(1, keepdims=True))
    powers /= powers.sum(1, keepdims=True)
    return powers
