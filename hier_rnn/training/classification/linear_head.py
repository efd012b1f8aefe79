"""The head's beginning where the sentence encoder is given: a linear classifier on its vectors.

With few labels a regularized linear classifier on what an encoder knows is hard to beat, and with
many it is the better place to begin from: what the encoder knows is not pulled about by a head that
knows nothing (Kumar et al. 2022, https://arxiv.org/abs/2202.10054).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from scipy.special import expit

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

Link: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""From logits to probabilities, both `(examples, classes)`."""


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

    Where a text may have several labels, one for each label.

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
    examples = sample(data.train, LARGEST, generator)
    total = len(examples)
    read = data.task.read(examples, data.train.name)
    link = softmax if read.ndim == 1 else sigmoid
    targets = as_indicators(read, len(class_weights))
    words = (data.words(example.text) for example in examples)

    blocks: list[np.ndarray] = []
    for block in inference.vector_blocks(words):
        blocks.append(block)
        on_event(Stage(STAGE, sum(map(len, blocks)), total, "sentences"))
    vectors = np.concatenate(blocks).astype(np.float64)
    with one_thread_each():  # the products are too small to share
        return _fit(vectors, targets, np.asarray(class_weights), link, generator)


def as_indicators(targets: np.ndarray, classes: int) -> np.ndarray:
    """Returns which classes each example has, float32 `(examples, classes)`.

    Args:
        targets: That already, or the one class of each, `(examples,)`.
        classes: How many there are.
    """
    if targets.ndim == 2:
        return targets.astype(np.float32)
    indicators: np.ndarray = np.eye(classes, dtype=np.float32)[targets]
    return indicators


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns the probabilities of classes of which an example has one, `(examples, classes)`."""
    powers: np.ndarray = np.exp(logits - logits.max(1, keepdims=True))
    powers /= powers.sum(1, keepdims=True)
    return powers


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Returns the probabilities of classes of which an example has any, `(examples, classes)`."""
    chances: np.ndarray = expit(logits)
    return chances


def _fit(
    vectors: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    link: Link,
    generator: np.random.Generator,
) -> LinearHead:
    mean, deviation = vectors.mean(0), vectors.std(0)
    deviation[deviation < 1e-6] = 1  # what is the same everywhere tells nothing
    vectors = (vectors - mean) / deviation
    few, theirs = vectors[:TUNED_ON], targets[:TUNED_ON]
    strength = choose_strength(few, theirs, weights, link, generator)
    kernel, bias = logistic_regression(vectors, targets, weights, link, strength)
    chances = link(vectors @ kernel + bias)
    loss = float(cross_entropy(chances, targets, weights, link, 1e-12).mean())
    kernel = kernel / deviation[:, None]
    bias = bias - mean @ kernel
    return LinearHead(kernel.astype(np.float32), bias.astype(np.float32), loss)


def cross_entropy(
    chances: np.ndarray, targets: np.ndarray, weights: np.ndarray, link: Link, least: float
) -> np.ndarray:
    """Returns the loss of each example, `(examples,)`, as the training has it.

    Args:
        chances: The probabilities, `(examples, classes)`.
        targets: Which classes each example has, 0 or 1, `(examples, classes)`.
        weights: Of each class in the loss.
        link: What the probabilities come from.
        least: Probabilities below it count as that.
    """
    terms = weights * targets * np.log(np.maximum(chances, least))
    if link is sigmoid:
        terms += (1 - targets) * np.log(np.maximum(1 - chances, least))
    losses: np.ndarray = -terms.sum(1)
    return losses


def choose_strength(
    vectors: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    link: Link,
    generator: np.random.Generator,
) -> float:
    """Returns the regularization whose probabilities are best in cross-validation.

    Args:
        vectors: `(examples, width)`.
        targets: Which classes each example has, 0 or 1, `(examples, classes)`.
        weights: Of each class in the loss.
        link: From logits to probabilities.
        generator: Decides the folds.
    """
    # Examples of a class are dealt out in turn, so that each fold has its share of them.
    order = generator.permutation(len(targets))
    order = order[np.argsort(targets[order].argmax(1), kind="stable")]
    fold = np.empty(len(targets), int)
    fold[order] = np.arange(len(targets)) % FOLDS
    losses = np.zeros(len(STRENGTHS))
    for number in range(FOLDS):
        held, rest = fold == number, fold != number
        if not held.any() or not rest.any():
            continue
        fitted = None
        for place, strength in enumerate(STRENGTHS):  # each from where the one before it ended
            fitted = logistic_regression(
                vectors[rest], targets[rest], weights, link, strength, fitted
            )
            chances = link(vectors[held] @ fitted[0] + fitted[1])
            own = cross_entropy(chances, targets[held], weights, link, LEAST_PROBABILITY)
            losses[place] += own.sum()
    return STRENGTHS[int(losses.argmin())]


def logistic_regression(
    vectors: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    link: Link,
    strength: float,
    start: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns kernel `(width, classes)` and bias `(classes,)` of a logistic regression.

    The sum of the losses, times `strength`, and half the square of the kernel are least. The bias
    is not regularized.

    Args:
        vectors: `(examples, width)`.
        targets: Which classes each example has, 0 or 1, `(examples, classes)`.
        weights: Of each class in the loss.
        link: From logits to probabilities: `softmax` or `sigmoid`.
        strength: Inverse of the regularization.
        start: Kernel and bias to begin from. Default zeros.
    """
    from scipy.optimize import minimize

    vectors = vectors.astype(np.float32)
    (examples, width), classes = vectors.shape, len(weights)
    # The loss is of what an example has and, with a sigmoid, of what it has not.
    has = weights * targets
    total = has + (1 - targets) if link is sigmoid else has.sum(1, keepdims=True)
    decay = 1 / (strength * examples)

    def loss_and_gradient(values: np.ndarray) -> tuple[float, np.ndarray]:
        kernel, bias = values[:-classes].reshape(width, classes), values[-classes:]
        chances = link(vectors @ kernel.astype(np.float32) + bias.astype(np.float32))
        loss = float(cross_entropy(chances, targets, weights, link, 1e-30).mean())
        slopes = (total * chances - has) / examples
        gradient = vectors.T @ slopes.astype(np.float32) + decay * kernel
        loss += decay / 2 * float((kernel * kernel).sum())
        return loss, np.concatenate([gradient.ravel(), slopes.sum(0)])

    first = np.zeros((width + 1) * classes)
    if start is not None:
        first = np.concatenate([start[0].ravel(), start[1]])
    limits = {"maxiter": ITERATIONS, "gtol": TOLERANCE, "ftol": 1e-7}
    found = minimize(loss_and_gradient, first, jac=True, method="L-BFGS-B", options=limits).x
    return found[:-classes].reshape(width, classes), found[-classes:]
