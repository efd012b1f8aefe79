"""PyTorch: packed sequences of characters, then packed sequences of words. No padded step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from benchmarks.peers.spelling import by_length, padded, spell
from benchmarks.peers.task import ADAM_BETA_2, ADAM_EPSILON, Batch, Task
from hier_rnn.text.tokenizer import Tokenizer


class Network(nn.Module):
    """Character embedding, GRU over packed words, bidirectional LSTM over packed sentences, head.

    Args:
        task: The sizes.
    """

    def __init__(self, task: Task) -> None:
        super().__init__()
        options = task.configuration
        units, sentence_units = options.character_encoder.units, options.sentence_encoder.units
        embedding = options.character_encoder.embedding_dim
        self.pooling = options.sentence_encoder.pooling
        self.embedding = nn.Embedding(task.alphabet.size, embedding)
        self.gru = nn.GRU(embedding, units, batch_first=True)
        self.lstm = nn.LSTM(units, sentence_units, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * sentence_units, task.classes)

    def forward(
        self,
        characters: torch.Tensor,
        word_lengths: torch.Tensor,
        rows: torch.Tensor,
        sentence_lengths: torch.Tensor,
    ) -> torch.Tensor:
        """Returns the logits, `(sentences, classes)`.

        Args:
            characters: `(words, longest)`.
            word_lengths: `(words,)`.
            rows: Which word stands where, `(sentences, longest)`.
            sentence_lengths: `(sentences,)`.
        """
        packed = _packed(characters, word_lengths)
        _, state = self.gru(packed._replace(data=self.embedding(packed.data)))
        packed = _packed(rows, sentence_lengths)
        states, (hidden, _) = self.lstm(packed._replace(data=state[0][packed.data]))
        if self.pooling == "max":
            steps, _ = pad_packed_sequence(states, padding_value=-torch.inf)
            return self.head(steps.max(0).values)
        return self.head(torch.cat([hidden[0], hidden[1]], 1))


def _packed(values: torch.Tensor, lengths: torch.Tensor) -> PackedSequence:
    return pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)


class PyTorchPacked:
    """Every word position by itself."""

    distinct = False

    def __init__(self, task: Task) -> None:
        torch.set_num_threads(task.threads)
        self.words = Tokenizer(task.configuration.text)
        self.table = task.alphabet.table().astype(np.int64)
        self.marks = task.configuration.text.boundary_marks
        self.inference_sentences = task.inference_sentences
        self.network = Network(task)
        _assign(self.network, task.weights)
        moving = [weight for weight in self.network.parameters() if weight.requires_grad]
        rate = task.configuration.training.learning_rate
        self.optimizer = torch.optim.Adam(moving, rate, (0.9, ADAM_BETA_2), fused=True)
        self.steps = 0

    def _inputs(self, sentences: Sequence[Sequence[str]]) -> tuple[torch.Tensor, ...]:
        words = [word for sentence in sentences for word in sentence]
        rows = np.arange(len(words))
        if self.distinct:
            numbers: dict[str, int] = {}
            rows = np.array([numbers.setdefault(word, len(numbers)) for word in words])
            words = list(numbers)
        characters, lengths = spell(words, self.table, self.marks)
        counts = np.array([len(sentence) for sentence in sentences])
        arrays = (padded(characters, lengths), lengths, padded(rows, counts), counts)
        return tuple(map(torch.from_numpy, arrays))

    def train(self, batches: Sequence[Batch]) -> tuple[list[float], int]:
        """Takes a step on each batch."""
        losses, count = [], 0
        self.network.train()
        for batch in batches:
            sentences = [self.words(text) for text, _ in batch]
            labels = torch.tensor([label for _, label in batch])
            self.optimizer.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(self.network(*self._inputs(sentences)), labels)
            loss.backward()
            self._step()
            losses.append(loss.item())
            count += sum(map(len, sentences))
        return losses, count

    def _step(self) -> None:
        # TensorFlow adds epsilon before it corrects the second moment's bias, PyTorch after.
        self.steps += 1
        corrected = (1 - ADAM_BETA_2**self.steps) ** 0.5
        self.optimizer.param_groups[0]["eps"] = ADAM_EPSILON / corrected
        self.optimizer.step()

    @torch.inference_mode()
    def logits(self, texts: Sequence[str], warm: bool = False) -> tuple[np.ndarray, int]:
        """Returns the logits; nothing is remembered."""
        self.network.eval()
        sentences = [self.words(text) for text in texts]
        parts, numbers = [], []
        for batch in by_length(sentences, self.inference_sentences):
            parts.append(self.network(*self._inputs([sentences[n] for n in batch])).numpy())
            numbers += batch
        return np.concatenate(parts)[np.argsort(numbers)], sum(map(len, sentences))

    def close(self) -> None:
        """Nothing runs in the background."""


class PyTorchDistinct(PyTorchPacked):
    """Every distinct word of a batch once."""

    distinct = True


@torch.no_grad()
def _assign(network: Network, weights: dict[str, np.ndarray]) -> None:
    """Sets hier_rnn's weights.

    PyTorch has kernels transposed, GRU gates in the order reset, update, candidate, and two biases
    a cell, of which one is enough for the LSTM: the other stays zero.
    """

    def put(parameter: nn.Parameter, value: np.ndarray) -> None:
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))

    def reset_first(value: np.ndarray) -> np.ndarray:
        update, reset, candidate = np.split(value, 3, -1)
        return np.concatenate([reset, update, candidate], -1)

    put(network.embedding.weight, weights["character_encoder/embedding"])
    gru = "character_encoder/gru_0"
    put(network.gru.weight_ih_l0, reset_first(weights[f"{gru}/kernel"]).T)
    put(network.gru.weight_hh_l0, reset_first(weights[f"{gru}/recurrent_kernel"]).T)
    input_bias, recurrent_bias = reset_first(weights[f"{gru}/bias"])
    put(network.gru.bias_ih_l0, input_bias)
    put(network.gru.bias_hh_l0, recurrent_bias)
    for direction, ending in (("forward", ""), ("backward", "_reverse")):
        lstm = f"sentence_encoder/lstm_0/{direction}"
        put(getattr(network.lstm, f"weight_ih_l0{ending}"), weights[f"{lstm}/kernel"].T)
        put(getattr(network.lstm, f"weight_hh_l0{ending}"), weights[f"{lstm}/recurrent_kernel"].T)
        put(getattr(network.lstm, f"bias_ih_l0{ending}"), weights[f"{lstm}/bias"])
        nn.init.zeros_(getattr(network.lstm, f"bias_hh_l0{ending}")).requires_grad_(False)
    put(network.head.weight, weights["head/kernel"].T)
    put(network.head.bias, weights["head/bias"])
