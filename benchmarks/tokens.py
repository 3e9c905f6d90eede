"""python -m benchmarks.tokens DATA [--tokenizer FOLDER]: time of all destinations, and of training tokens against a bare encode.

The peer encodes the same rendered texts with the same tokenizer and nothing else, in the same run; the quality beside the
speed is that the totals agree. Without a tokenizer folder one is trained on the data: byte-level BPE of 16,000 tokens.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from curate.load import load
from curate.measure.told import Teller
from curate.measure.training import BATCH, Counter, training_tokens
from curate.profiles import DESTINATIONS, View, fit_row, simulate
from curate.types import Dataset

TEMPLATE = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
TAUGHT = 20_000


def made(folder: Path, dataset: Dataset) -> Path:
    """A tokenizer folder with a ChatML template, trained on the first answers."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    reader = Tokenizer(models.BPE())
    reader.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    teacher = trainers.BpeTrainer(
        vocab_size=16_000,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    reader.train_from_iterator(dataset.rows.column("response").slice(0, TAUGHT).to_pylist(), teacher)
    reader.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": TEMPLATE}), encoding="utf-8")
    return folder


def bare(dataset: Dataset, counter: Counter) -> tuple[float, int]:
    """(seconds, tokens) of encoding the rendered texts, batch by batch; rendering is not timed."""
    reader = counter.tokenizer.reader()
    teller = Teller(counter.template.compile() if counter.template else None)
    texts = [told.text for told in teller.rows(dataset.rows, np.arange(len(dataset))) if told.text is not None]
    began, total = perf_counter(), 0
    for at in range(0, len(texts), BATCH):
        total += sum(map(len, reader.encode_batch_fast(texts[at : at + BATCH], add_special_tokens=False)))
    return perf_counter() - began, total


def measured(dataset: Dataset, counter: Counter) -> dict[str, Any]:
    began, cpu = perf_counter(), process_time()
    total = int(np.nansum(training_tokens(dataset, counter)["total_tokens"].astype(np.float64)))
    seconds, cpu = perf_counter() - began, process_time() - cpu
    theirs, same = bare(dataset, counter)
    return {"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2), "tokens": total, "bare_encode_seconds": round(theirs, 2),
            "ratio": round(theirs / seconds, 2), "totals_agree": total == same, "how": counter.how}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tokenizer", type=Path)
    given = parser.parse_args()
    dataset = load([given.data])
    began = perf_counter()
    view = View.of(dataset)
    walked = perf_counter() - began
    for d in DESTINATIONS:
        fit_row(simulate(view, d))
    found: dict[str, Any] = {"rows": len(dataset), "skeletons": len(view.outlines), "walk_seconds": round(walked, 2),
                             "destinations_seconds": round(perf_counter() - began - walked, 2)}  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="curate-bench-") as folder:
        place = given.tokenizer or made(Path(folder), dataset)
        found["training_tokens"] = measured(dataset, Counter.open(place))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
