"""One training step: forward, loss, backward, and the weights move."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from hier_rnn.configuration.options import Training
from hier_rnn.errors import UserError, nearest
from hier_rnn.model.classifier import Classifier
from hier_rnn.recurrent.noise import Noise
from hier_rnn.training.batches import LabelledBatch
from hier_rnn.training.known_words import KnownWords
from hier_rnn.training.optimizer import Optimizer

Step = Callable[[LabelledBatch, tf.Tensor, tf.Tensor], tf.Tensor]


def class_weights(options: Training, labels: Sequence[str], counts: Sequence[int]) -> list[float]:
    """Returns the weight of each class in the loss.

    Args:
        options: The `training` options.
        labels: The classes' labels.
        counts: Training examples of each class.

    Raises:
        UserError: A weight for a label that there is not.
    """
    if options.class_weights == "none":
        return [1.0] * len(labels)
    if options.class_weights == "balanced":
        return [sum(counts) / (len(counts) * count) for count in counts]
    for label in options.class_weights:
        if label not in labels:
            raise UserError(
                f"training.class_weights: there is no label '{label}'.{nearest(label, labels)}"
                f" The labels are: {', '.join(labels)}."
            )
    return [options.class_weights.get(label, 1.0) for label in labels]


def training_step(
    classifier: Classifier,
    optimizer: Optimizer,
    trainable: Sequence[str],
    options: Training,
    weights: Sequence[float],
    signature: LabelledBatch,
    seed: int,
    known: KnownWords | None = None,
) -> Step:
    """Returns the step of a phase.

    It takes a batch, the learning rate and the step's number, and returns the batch's loss, without
    the next-character loss that may train along. It is the validation loss's sibling, but for
    dropout, misspelling, `class_weights` and `label_smoothing`, which raises it. It is not a number
    when the gradient is not.

    Args:
        classifier: The model.
        optimizer: Moves the weights.
        trainable: Names of the weights that train.
        options: The `training` options.
        weights: Each class's weight in the loss.
        signature: Types and shapes of a batch.
        seed: The run's seed.
        known: Words that a batch's tries leave out. Default none.
    """
    named = optimizer.weights
    moving = [named[name] for name in trainable]
    frozen = not any(name.startswith("character_encoder/") for name in trainable)
    by_class = tf.constant(weights, tf.float32)
    smoothing = options.label_smoothing

    @tf.function(
        input_signature=[signature, tf.TensorSpec([], tf.float32), tf.TensorSpec([], tf.int32)]
    )
    def step(batch, learning_rate, number):
        noise = Noise(tf.stack([seed, number]))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in moving])
            if options.next_character_weight:
                logits, auxiliary = classifier.jointly(batch.batch, noise, frozen)
            elif known:
                words = classifier.character_encoder(batch.batch.tries, differentiable=False)
                words = known.beside(words, batch.rows)
                logits, auxiliary = classifier.classify(words, batch.batch.sentences, noise), 0.0
            else:
                logits, auxiliary = classifier(batch.batch, noise=noise, frozen_encoder=frozen), 0.0
            targets = tf.one_hot(batch.labels, tf.shape(logits)[1])
            targets = targets * (1 - smoothing) + smoothing / len(weights)
            losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
            loss = tf.reduce_mean(losses * tf.gather(by_class, batch.labels))
            total = loss + options.next_character_weight * auxiliary
        gradients = tape.gradient(total, [weight.value for weight in moving])
        norm = optimizer.apply(dict(zip(trainable, gradients, strict=True)), learning_rate)
        return tf.where(tf.math.is_finite(norm), loss, float("nan"))

    return step
