"""Terms of a formula that a model answers: how near a row lies to a domain, and what a transformer of the user's own says.

    about("text")              cosine of the prompt and a description, by the recipe's embedder
    like("column", "value")    mean cosine with the nearest anchor prompts: rows whose own column has that value (experts' rows, say)
    like_evaluation()          the same with the evaluation rows as anchors
    perplexity("model")        of the answer, by a causal language model
    toxic_by("model")          the worse of prompt and answer, by a text classifier: the likeliest label that names harm
    named("model")             names that a token classifier finds in prompt and answer

A model is a folder or a hub id. What it says of a text is kept by text and model, so a second run asks nothing again; texts go one by
one, since padding moves the last bits. Nothing is sent anywhere.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from curate.decide.recipe import Recipe
from curate.errors import BackendError, RecipeError
from curate.measure.buffers import spans, text_keys
from curate.measure.classes import prompt_view
from curate.measure.fresh import vectors_of
from curate.measure.models import model_folder, model_name
from curate.measure.vectors import distinct
from curate.store import RowStore, Store
from curate.types import F32, Bool, Dataset, Measure

NEAREST = 5  # anchors that a row is held against: one could be a stray
ANCHORS = 4_096  # anchor prompts, those of the lowest keys: a sample that no order of rows changes
TOKENS = 512  # of a text; the rest is not read
BLOCK = 8_192
STEP = 256  # texts between two writes
HARM = ("toxic", "hate", "offens", "insult", "obscen", "threat", "abus", "label_1")
ASKS: dict[str, tuple[str, ...]] = {
    "perplexity": ("response",),
    "toxic_by": ("prompt", "response"),
    "named": ("prompt", "response"),
}
Ask = Callable[[str], float]


def by_model(term: str) -> bool:
    """Whether a term is one of these."""
    return term.startswith(("about(", "like(", "like_evaluation(", *(f"{name}(" for name in ASKS)))


def model_term(dataset: Dataset, term: str, recipe: Recipe, store: Store) -> F32:
    """float32 [n]: the term's column; NaN for a row without the text, or without an embedder. Errors: BackendError, RecipeError."""
    call = ast.parse(term, mode="eval").body  # written by the formula's own walker
    assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    texts = [str(a.value) for a in call.args if isinstance(a, ast.Constant)]
    match call.func.id:
        case "about":
            return _about(dataset, texts[0], recipe, store)
        case "like":
            return _like(dataset, _having(dataset, *texts), recipe, store)
        case "like_evaluation":
            return _like(dataset, dataset.frozen, recipe, store)
        case name:
            return _asked(dataset, name, texts[0], store)


def _about(dataset: Dataset, text: str, recipe: Recipe, store: Store) -> F32:
    import pyarrow as pa

    prompts = vectors_of(prompt_view(dataset.rows), recipe, store)
    wanted = vectors_of(pa.array([text], pa.large_string()), recipe, store)
    if prompts is None or wanted is None:
        return np.full(len(dataset), np.nan, dtype=np.float32)
    near = prompts.values.astype(np.float32) @ wanted.values[0].astype(np.float32)
    return _of_rows(near, prompts.place)


def _having(dataset: Dataset, column: str, value: str) -> Bool:
    """Rows whose own column has the value. Errors: RecipeError when no row has."""
    held = [json.loads(t).get(column) if t and len(t) > 2 else None for t in dataset.rows.column("extra").to_pylist()]
    found = np.array(
        [v is not None and (v if isinstance(v, str) else json.dumps(v)) == value for v in held], dtype=np.bool_
    )
    if not found.any():
        raise RecipeError(
            f"like({json.dumps(column[:40])}, …) names no row of this data; give a column of your own and a value of it"
        )
    return found


def _like(dataset: Dataset, anchors: Bool, recipe: Recipe, store: Store) -> F32:
    """Mean cosine with the NEAREST anchor prompts, a row's own prompt left out."""
    prompts = vectors_of(prompt_view(dataset.rows), recipe, store)
    if prompts is None or not anchors.any():
        return np.full(len(dataset), np.nan, dtype=np.float32)
    at = np.unique(prompts.place[anchors & (prompts.place >= 0)])
    at = np.sort(at[np.lexsort((prompts.keys[at, 1], prompts.keys[at, 0]))][:ANCHORS])
    values = prompts.values.astype(np.float32)
    near = np.empty(values.shape[0], dtype=np.float32)
    for start, stop in spans(values.shape[0], BLOCK):
        found = values[start:stop] @ values[at].T
        own = np.searchsorted(at, np.arange(start, stop)).clip(0, at.shape[0] - 1)
        same = at[own] == np.arange(start, stop)
        found[same, own[same]] = -np.inf
        best = np.sort(found, axis=1)[:, -min(NEAREST, at.shape[0]) :]
        best = np.where(np.isinf(best), np.nan, best)
        near[start:stop] = np.nansum(best, axis=1) / np.maximum((~np.isnan(best)).sum(axis=1), 1)
    return _of_rows(near, prompts.place)


def _of_rows(values: F32, place: np.ndarray) -> F32:
    return np.where(place >= 0, np.append(values, np.float32(np.nan))[place], np.float32(np.nan)).astype(np.float32)


def _asked(dataset: Dataset, name: str, model: str, store: Store) -> F32:
    """What a transformer says of each row: of its texts the worst (toxic_by), the sum (named), or the one (perplexity)."""
    folder = model_folder(model)
    if folder is None:
        raise BackendError(
            f"{name}({json.dumps(model[:80])}): no model is there; give a folder with a config.json, or a hub id that is kept here"
        )
    kept = RowStore(store, Measure(f"term {name}", 1, (), "row", model_name(model, folder, "float32")), 1, "<f4")
    opened: list[Ask] = []
    found = []
    for view in ASKS[name]:
        texts, place = distinct(dataset.rows.column(view))
        keys = text_keys(texts)
        values, missing = kept.get(keys)
        rows = np.flatnonzero(missing)
        for start in range(0, rows.shape[0], STEP):
            if not opened:
                opened.append(_OPENERS[name](folder, model))
            part = rows[start : start + STEP]
            values[part, 0] = [opened[0](texts[r]) for r in part]
            kept.put(keys[part], values[part])
        found.append(_of_rows(np.ascontiguousarray(values[:, 0], dtype=np.float32), place))
    return np.asarray(np.nansum(found, axis=0) if name == "named" else np.fmax.reduce(found), dtype=np.float32)


def _loaded(kind: str, folder: str, model: str) -> tuple[Any, Any]:
    """(tokenizer, model) by transformers. Errors: BackendError when the folder holds no such model."""
    import transformers

    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        made = getattr(transformers, kind).from_pretrained(folder)
    except (OSError, ValueError, KeyError) as error:
        raise BackendError(
            f"{Path(model).name[:80]} can't be opened as {kind} ({type(error).__name__}); give a model made for that"
        ) from None
    return tokenizer, made.eval()


def _encoded(tokenizer: Any, text: str, **options: Any) -> Any:
    return tokenizer(text, truncation=True, max_length=TOKENS, return_tensors="pt", **options)


def _perplexity(folder: str, model: str) -> Ask:
    import torch

    tokenizer, made = _loaded("AutoModelForCausalLM", folder, model)

    def ask(text: str) -> float:
        ids = _encoded(tokenizer, text)["input_ids"]
        if ids.shape[1] < 2:
            return float("nan")
        with torch.inference_mode():
            logits = made(input_ids=ids).logits[0, :-1]
        loss = torch.nn.functional.cross_entropy(logits.float(), ids[0, 1:])
        return float(torch.exp(loss))

    return ask


def _toxic(folder: str, model: str) -> Ask:
    import torch

    tokenizer, made = _loaded("AutoModelForSequenceClassification", folder, model)
    labels = {int(k): str(v).lower() for k, v in made.config.id2label.items()}
    harm = [k for k, name in labels.items() if any(h in name for h in HARM) and not name.startswith(("non", "not"))]
    if not harm:
        raise BackendError(
            f"toxic_by: the model's labels are {', '.join(labels.values())[:120]}; one of them must name harm ({', '.join(HARM)})"
        )
    several = made.config.problem_type == "multi_label_classification"

    def ask(text: str) -> float:
        with torch.inference_mode():
            logits = made(**_encoded(tokenizer, text)).logits[0].float()
        chance = torch.sigmoid(logits) if several or len(labels) == 1 else torch.softmax(logits, dim=0)
        return float(chance[harm].max())

    return ask


def _named(folder: str, model: str) -> Ask:
    recognise = recogniser(folder, model)
    return lambda text: float(len(recognise([text])[0]))


def recogniser(folder: str, model: str) -> Callable[[Sequence[str]], list[list[tuple[int, int, str]]]]:
    """What `pii.find` takes as `named`: (first sign, end sign, label) of each name in each text, by a token classifier. Pieces of one name
    that follow each other are one."""
    import torch

    tokenizer, made = _loaded("AutoModelForTokenClassification", folder, model)
    labels = {int(k): str(v) for k, v in made.config.id2label.items()}

    def one(text: str) -> list[tuple[int, int, str]]:
        read = _encoded(tokenizer, text, return_offsets_mapping=True)
        offsets = read.pop("offset_mapping")[0].tolist()
        with torch.inference_mode():
            best = made(**read).logits[0].argmax(dim=-1).tolist()
        out: list[tuple[int, int, str]] = []
        for (start, end), k in zip(offsets, best, strict=True):
            label = labels[k].split("-", 1)[-1]
            if labels[k] == "O" or start == end:
                continue
            if out and not labels[k].startswith("B-") and out[-1][2] == label and start - out[-1][1] <= 1:
                out[-1] = (out[-1][0], end, label)
            else:
                out.append((start, end, label))
        return out

    return lambda texts: [one(text) for text in texts]


_OPENERS: dict[str, Callable[[str, str], Ask]] = {"perplexity": _perplexity, "toxic_by": _toxic, "named": _named}
