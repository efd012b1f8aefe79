"""Flair: its own character embeddings under its own document RNN.

Not the same function: a bidirectional LSTM reads a word's characters. Word vectors are as wide as
the others' (half from each direction).
"""

from __future__ import annotations

from collections.abc import Sequence

import flair
import numpy as np
import torch
from flair.data import Dictionary, Sentence
from flair.embeddings import CharacterEmbeddings, DocumentRNNEmbeddings
from flair.models import TextClassifier

from benchmarks.peers.spelling import by_length
from benchmarks.peers.task import ADAM_EPSILON, Batch, Task
from hier_rnn.text.tokenizer import Tokenizer

LABEL = "class"


class FlairCharacters:
    """Flair."""

    def __init__(self, task: Task) -> None:
        torch.set_num_threads(task.threads)
        flair.device = torch.device("cpu")
        options = task.configuration
        self.words = Tokenizer(options.text)
        self.inference_sentences = task.inference_sentences
        characters = Dictionary()
        for character in task.alphabet.characters:
            characters.add_item(character)
        words = CharacterEmbeddings(
            characters,
            options.character_encoder.embedding_dim,
            options.character_encoder.units // 2,
        )
        document = DocumentRNNEmbeddings(
            [words],
            hidden_size=options.sentence_encoder.units,
            reproject_words=False,
            bidirectional=True,
            dropout=0.0,
            rnn_type="LSTM",
        )
        labels = Dictionary(add_unk=False)
        for number in range(task.classes):
            labels.add_item(str(number))
        self.network = TextClassifier(document, label_type=LABEL, label_dictionary=labels)
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), options.training.learning_rate, eps=ADAM_EPSILON
        )

    def train(self, batches: Sequence[Batch]) -> tuple[list[float], int]:
        """Takes a step on each batch."""
        losses, count = [], 0
        self.network.train()
        for batch in batches:
            sentences = []
            for text, label in batch:
                sentence = Sentence(self.words(text))
                sentence.add_label(LABEL, str(label))
                sentences.append(sentence)
                count += len(sentence)
            self.optimizer.zero_grad()
            total, examples = self.network.forward_loss(sentences)
            loss = total / examples
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return losses, count

    @torch.inference_mode()
    def logits(self, texts: Sequence[str], warm: bool = False) -> tuple[np.ndarray, int]:
        """Returns the logits; nothing is remembered."""
        self.network.eval()
        read = [self.words(text) for text in texts]
        parts, numbers = [], []
        for batch in by_length(read, self.inference_sentences):
            sentences = [Sentence(read[n]) for n in batch]
            self.network.embeddings.embed(sentences)
            vectors = torch.stack([sentence.get_embedding() for sentence in sentences])
            parts.append(self.network.decoder(vectors).numpy())
            numbers += batch
        return np.concatenate(parts)[np.argsort(numbers)], sum(map(len, read))

    def close(self) -> None:
        """Nothing runs in the background."""
