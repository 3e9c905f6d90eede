"""Formats: the kept rows in the shapes that trainers read, beside the files of the contract, which stay as they are.

    formats/NAME/train.jsonl ...      rows of each split that is not empty (--shard N: train-00000-of-00003.jsonl)
    formats/NAME/left_out.jsonl       {"id", "why"}: rows that the shape has no place for
    formats/NAME/about.json           rows, what converting loses, by field
    formats/NAME/axolotl.yml, dataset_info.json, trl.yml    ready configurations where the trainer reads the shape

`csv` holds one sheet per split, no cell of it a formula; `parquet` one table per split; `hf` the same as a folder that `datasets.load_dataset` opens, with a card.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from curate.errors import Cancelled, DataError, StoreError
from curate.load import convert
from curate.ship.card import card
from curate.ship.publish import Stage
from curate.ship.sheets import write_sheets
from curate.ship.tables import write_tables
from curate.types import Cancel, Dataset, Verdicts

AS_READ = "as-read"
CHUNK = 4_096
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """A shape for `load.convert`, a last touch on its row, and how each trainer is told to read it ("" = it does not).

    read_by: the destinations (curate/profiles) whose documents name this shape.
    """

    name: str
    shape: str
    help: str
    finish: Callable[[Row, Row], Row] = lambda row, _extra: row
    axolotl: str = ""
    llamafactory: Mapping[str, Any] | None = None
    trl: bool = False
    read_by: tuple[str, ...] = ()


def _with_rejected(row: Row, extra: Row) -> Row:
    """The rejected side as it came."""
    key = next(
        (k for k in ("rejected", "rejected_response", "rejected_messages", "non_preferred_output") if k in extra), None
    )
    if key is None:
        raise DataError("the row has no rejected answer")
    if "prompt" in row:  # one type in every row, or `load_dataset` stops
        sides = (
            ("prompt", "user", row["prompt"]),
            ("chosen", "assistant", row["chosen"]),
            ("rejected", "assistant", extra[key]),
        )
        return {k: [_said(role, v)] if type(v) is str else v for k, role, v in sides}
    return row | {"rejected" if key != "non_preferred_output" else key: extra[key]}


def _said(role: str, text: str) -> Row:
    return {"role": role, "content": text}


def _lists(row: Row, _extra: Row) -> Row:
    """Both sides as messages: a field that is text in one row and a list in another stops `load_dataset`."""
    sides = (("prompt", "user"), ("completion", "assistant"))
    return {k: [_said(role, row[k])] if type(row[k]) is str else row[k] for k, role in sides}


def _kto(row: Row, _extra: Row) -> Row:
    """prompt, completion and whether the answer was rated good (weight 0 = bad)."""
    talk = row["messages"]
    if len(talk) < 2 or talk[-1]["role"] != "assistant":
        raise DataError("the row does not end with an answer to rate")
    said = {k: v for k, v in talk[-1].items() if k != "weight"}
    return {"prompt": talk[:-1], "completion": [said], "label": talk[-1].get("weight") != 0}


MESSAGES = {"messages": "messages"}
_OPENAI_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}
_CHAT = {"formatting": "sharegpt", "columns": MESSAGES, "tags": _OPENAI_TAGS}
_SHAREGPT = {"formatting": "sharegpt", "columns": {"messages": "conversations", "system": "system"}}
_ALPACA = {
    "columns": {
        "prompt": "instruction",
        "query": "input",
        "response": "output",
        "system": "system",
        "history": "history",
    }
}
_AXOLOTL_CHAT = "type: chat_template\n    field_messages: messages"
_AXOLOTL_SHARE = ("type: chat_template\n    field_messages: conversations\n    message_property_mappings:\n      role: from\n"
                  "      content: value")  # fmt: skip

TABLE: tuple[Format, ...] = (
    Format("openai", "messages", "OpenAI chat messages; also Together, Fireworks.", axolotl=_AXOLOTL_CHAT, llamafactory=_CHAT, trl=True, read_by=("openai", "together", "fireworks")),
    Format("mistral", "messages", "Mistral chat messages.", read_by=("mistral",)),
    Format("trl", "messages", "TRL conversational: messages.", axolotl=_AXOLOTL_CHAT, llamafactory=_CHAT, trl=True, read_by=("trl", "axolotl", "llamafactory", "torchtune", "unsloth")),
    Format("sharegpt", "sharegpt", "ShareGPT conversations.", axolotl=_AXOLOTL_SHARE, llamafactory=_SHAREGPT, read_by=("axolotl", "llamafactory", "torchtune", "unsloth")),
    Format("alpaca", "alpaca", "Alpaca: instruction, input, output.", axolotl="type: alpaca", llamafactory=_ALPACA, read_by=("axolotl", "llamafactory", "torchtune", "unsloth")),
    Format("prompt-completion", "prompt_completion", "TRL prompt and completion, as messages.", _lists, trl=True, read_by=("trl",)),
    Format("gemini", "gemini", "Gemini and Vertex contents.", read_by=("vertex",)),
    Format("dpo", "preference", "TRL preference pairs, where rows have a rejected answer.", _with_rejected, trl=True, read_by=("trl",)),
    Format("kto", "messages", "TRL unpaired preference: prompt, completion, label.", _kto, trl=True, read_by=("trl",)),
)  # fmt: skip
BY_NAME = {f.name: f for f in TABLE}
FORMATS = (AS_READ, *BY_NAME, "csv", "parquet", "hf")


def parse_formats(text: str) -> tuple[str, ...]:
    """The formats of a comma list, in the table's order, without as-read. Errors: StoreError for an unknown one."""
    wanted = {part.strip() for part in text.split(",") if part.strip()}
    unknown = sorted(wanted - set(FORMATS))
    if unknown or not wanted:
        raise StoreError(f"export format {(unknown or [text])[0]!r}; allowed: {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in wanted and name != AS_READ)


def write_formats(
    stage: Stage,
    dataset: Dataset,
    verdicts: Verdicts,
    names: tuple[str, ...],
    shard: int = 0,
    cancel: Cancel | None = None,
) -> None:
    """The files of these formats. shard: rows per file, 0 = one file a split. Errors: Cancelled."""
    for name in names:
        if name in BY_NAME:
            _write_shape(stage, dataset, verdicts, BY_NAME[name], shard, cancel)
        elif name == "csv":
            write_sheets(stage, dataset, verdicts, cancel)
        else:
            _write_parquet(stage, dataset, verdicts, name, shard, cancel)


def _write_shape(
    stage: Stage, dataset: Dataset, verdicts: Verdicts, form: Format, shard: int, cancel: Cancel | None
) -> None:
    folder, places, lost, out = f"formats/{form.name}", dict[str, list[str]](), dict[str, int](), list[Row]()
    counts: dict[str, int] = {}
    columns: set[str] = set()
    for number, split in enumerate(verdicts.splits):
        lines = []
        for row in np.flatnonzero(verdicts.split == number).tolist():
            stop(cancel, row)
            made, why, losing = converted(dataset, row, form)
            if made is None:
                out.append({"id": dataset.text("id", row), "why": why})
                continue
            for field in losing:
                lost[field] = lost.get(field, 0) + 1
            columns |= made.keys()
            lines.append(json.dumps(made, ensure_ascii=False, allow_nan=False))
        counts[split] = len(lines)
        places[split] = _write_lines(stage, f"{folder}/{split}", lines, shard)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in out)
    stage.write(f"{folder}/left_out.jsonl", text, len(out))
    about = {"format": form.name, "rows": counts, "left_out": len(out), "lost": dict(sorted(lost.items()))}
    stage.write(f"{folder}/about.json", json.dumps(about, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    for name, made_text in configs(form, places, columns).items():
        stage.write(f"{folder}/{name}", made_text)


def converted(dataset: Dataset, row: int, form: Format) -> tuple[Row | None, str, tuple[str, ...]]:
    """(the row, why not, what converting loses)."""
    messages, extra = dataset.text("messages", row), dataset.text("extra", row) or "{}"
    try:
        written = convert(messages, extra, form.shape, lossy=True, own=False)
        lost = tuple(_field(x) for x in written.lost if not x.startswith("the own column"))
        return form.finish(written.row, json.loads(extra)), "", lost
    except DataError as error:
        return None, str(error), ()


def _field(said: str) -> str:
    """A loss without the number of its turn, so that losses of one kind add up."""
    head, _, tail = said.partition("].")
    return f"messages[].{tail}" if tail and head.startswith("messages[") else said


def _write_lines(stage: Stage, stem: str, lines: list[str], shard: int) -> list[str]:
    """JSONL files of some lines; none for no lines, since load_dataset refuses an empty file."""
    names = []
    for name, part in _sharded(stem, lines, shard):
        stage.write(f"{name}.jsonl", "".join(line + "\n" for line in part), len(part))
        names.append(f"{name}.jsonl")
    return names


def _sharded(stem: str, rows: list[Any], shard: int) -> Iterator[tuple[str, list[Any]]]:
    if not shard or len(rows) <= shard:
        if rows:
            yield stem, rows
        return
    count = -(-len(rows) // shard)
    for k in range(count):
        yield f"{stem}-{k:05d}-of-{count:05d}", rows[k * shard : (k + 1) * shard]


def configs(form: Format, places: Mapping[str, list[str]], columns: set[str]) -> dict[str, str]:
    """Trainer configurations that name the files, and the columns that some row has, by file name."""
    train = [name.rsplit("/", 1)[1] for name in places.get("train", [])]
    held = [name.rsplit("/", 1)[1] for name in places.get("validation", [])]
    out: dict[str, str] = {}
    if not train:
        return out
    if form.axolotl:
        parts = [_axolotl("datasets", train, form.axolotl), _axolotl("test_datasets", held, form.axolotl)]
        out["axolotl.yml"] = "# Add base_model and what else your run needs; start in this folder.\n" + "".join(parts)
    if form.llamafactory is not None:
        named = {k: v for k, v in form.llamafactory["columns"].items() if v in columns}
        entries = {
            f"curate_{split}" + (f"_{k}" if len(names) > 1 else ""): {
                "file_name": name,
                **form.llamafactory,
                "columns": named,
            }
            for split, names in (("train", train), ("validation", held))
            for k, name in enumerate(names)
        }
        out["dataset_info.json"] = json.dumps(entries, indent=1) + "\n"
    if form.trl:
        files = "".join(
            f"        {split}: {json.dumps(names)}\n"
            for split, names in (("train", train), ("validation", held))
            if names
        )
        out["trl.yml"] = (
            f"# trl sft --config trl.yml (dpo, kto for those formats); start in this folder.\ndatasets:\n  - path: json\n    data_files:\n{files}"
        )
    return out


def _axolotl(key: str, names: list[str], kind: str) -> str:
    lines = "".join(f"  - path: {name}\n    ds_type: json\n    {kind}\n" for name in names)
    return f"{key}:\n{lines}" if names else ""


SCHEMA = pa.schema([
    ("id", pa.string()), ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
    ("source", pa.string()), ("extra", pa.string()),
])  # fmt: skip


def _write_parquet(
    stage: Stage, dataset: Dataset, verdicts: Verdicts, name: str, shard: int, cancel: Cancel | None
) -> None:
    """One table per split: id, messages (content that is no text as JSON), source, extra (own columns as JSON)."""
    counts = {}
    for number, split in enumerate(verdicts.splits):
        rows = np.flatnonzero(verdicts.split == number).tolist()
        counts[split] = len(rows)
        stem = f"formats/{name}/data/{split}" if name == "hf" else f"formats/{name}/{split}"
        for place, some in _sharded(stem, rows, shard) if rows else [(stem, rows)]:
            stop(cancel, some[0] if some else 0)
            parts = (_table(dataset, some[k : k + CHUNK]) for k in range(0, max(len(some), 1), CHUNK))
            write_tables(stage, f"{place}.parquet", SCHEMA, parts)
    if name == "hf":
        stage.write("formats/hf/README.md", card(dataset, verdicts, counts))


def _table(dataset: Dataset, rows: list[int]) -> pa.Table:
    taken = dataset.rows.select(["id", "messages", "source", "extra"]).take(pa.array(rows, pa.int64()))
    talk = [
        [{"role": m["role"], "content": _text(m)} for m in json.loads(text)] for text in taken["messages"].to_pylist()
    ]
    sources = [dataset.sources[k].name for k in taken["source"].to_pylist()]
    return pa.table([taken["id"].cast(pa.string()), pa.array(talk, SCHEMA.field("messages").type), pa.array(sources, pa.string()),
                     taken["extra"].cast(pa.string())], schema=SCHEMA)  # fmt: skip


def _text(message: Row) -> str:
    content, rest = message.get("content"), {k: v for k, v in message.items() if k not in ("role", "content")}
    return (
        content if type(content) is str and not rest else json.dumps({"content": content, **rest}, ensure_ascii=False)
    )


def stop(cancel: Cancel | None, row: int) -> None:
    """Raises Cancelled when a person asked for it."""
    if cancel is not None and cancel.is_set():
        raise Cancelled(f"export stopped at row {row}; nothing was published")
