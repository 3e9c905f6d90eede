"""The cross-encoder, run for real: a tiny model that the test builds, whose labels stand in any order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curate.measure.nli import Encoder, nli_scores
from curate.store import Store

NAMES = ("entailment", "neutral", "contradiction")
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "yes", "no", "the", "sky", "is", "blue", "not"]


def built(folder: Path, order: tuple[int, ...]) -> str:
    """A BERT of 16 units with seeded weights, its outputs and their names put in `order`."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        num_labels=3, id2label={k: NAMES[n] for k, n in enumerate(order)}, initializer_range=1.0)  # fmt: skip
    model = transformers.BertForSequenceClassification(config)
    with torch.no_grad():
        model.classifier.weight.copy_(model.classifier.weight[list(order)].clone())
        model.classifier.bias.copy_(torch.tensor([0.1, 0.2, 0.3])[list(order)])
    model.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    transformers.BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


def test_a_cross_encoder_is_read_by_the_names_of_its_labels_whatever_their_order(tmp_path: Path) -> None:
    answers = ["The sky is blue.", "The sky is not blue.", "No."]
    i, j = np.array([0, 0], np.int32), np.array([1, 2], np.int32)
    scores = []
    for order in ((0, 1, 2), (2, 0, 1)):
        name = "".join(map(str, order))
        encoder = Encoder.open(built(tmp_path / name, order))
        assert encoder.place == order.index(2)
        scores.append(nli_scores(encoder, answers, i, j, Store(tmp_path / f"home{name}")))
    assert scores[0] == pytest.approx(scores[1], abs=1e-5) and ((scores[0] > 0) & (scores[0] < 1)).all()
    assert abs(scores[0][0] - scores[0][1]) > 1e-4, "the texts are read"
