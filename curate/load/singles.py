"""Shapes that name a question and its answer: Alpaca, instruct variants, prompt and completion, raw text, preferences."""

from __future__ import annotations

from curate.load import chats
from curate.load.fields import Object, first_of, history_of, side_of, system_of, text_of
from curate.load.problems import Notes, RowError, kind, note
from curate.load.turns import SHAREGPT, Turn, canonical, from_messages, unweighted

VARIANTS = (
    ("instruction", "response"), ("question", "answer"), ("query", "response"), ("question", "response"),
    ("INSTRUCTION", "RESPONSE"), ("Instruction", "Response"), ("prompt", "response"), ("prompt", "answer"),
    ("prompt", "generation"), ("prompt", "output"), ("instruction", "answer"), ("instruction", "completion"),
    ("instruction", "revision"), ("instruction", "corrected"), ("query", "answer"), ("input", "response"),
    ("message_1", "message_2"), ("article", "summary"), ("document", "summary"), ("dialogue", "summary"),
    ("input", "target"), ("inputs", "targets"), ("source", "target"), ("question", "output"), ("question", "solution"),
    ("question", "explanation"), ("problem", "solution"), ("problem", "answer"), ("Question", "Answer"),
    ("user", "assistant"), ("human", "assistant"), ("Human", "Assistant"),
)  # fmt: skip
BESIDE = ("context", "input", "article", "passage")
SYSTEMS = ("system_prompt", "system")
_DRAFTS = ("output", "reflection")


def alpaca(obj: Object, notes: Notes) -> list[Turn]:
    """instruction, input, output, with history and system as LLaMA-Factory has them."""
    answer = "output" if "output" in obj else "response"
    turns = [*alpaca_prompt(obj, notes), Turn("assistant", text_of(obj, answer))]
    return chats.rated(turns, obj, notes)


def alpaca_prompt(obj: Object, notes: Notes) -> list[Turn]:
    """What an Alpaca row asks."""
    asked = text_of(obj, "instruction")
    given = obj.get("input")
    if type(given) is list:
        return [*system_of(obj), Turn("system", asked), *from_messages(given, "input", notes, SHAREGPT)]
    if given is not None and given != "":
        given = text_of(obj, "input")
        asked = f"{asked}\n{given}" if asked else given
    return [*system_of(obj), *history_of(obj), Turn("user", asked)]


def instances(obj: Object, notes: Notes) -> list[Turn]:
    """Self-Instruct and Unnatural Instructions: an instruction with one example of input and output."""
    value = obj["instances"]
    if type(value) is dict and all(type(column) is list for column in value.values()):
        value = [dict(zip(value, cells, strict=False)) for cells in zip(*value.values(), strict=False)]
    if type(value) is not list or len(value) != 1 or type(value[0]) is not dict:
        said = f"{len(value)} examples" if type(value) is list else kind(value)
        raise RowError(
            "bad_content", "instances", f"instances is {said}, expected a list of one; give each its own row"
        )
    whole = value[0].get("instruction_with_input")
    asked = {"instruction": whole} if type(whole) is str else {"input": value[0].get("input")}
    return alpaca(obj | asked | {"output": value[0].get("output")}, notes)


def reflection(obj: Object, notes: Notes) -> list[Turn]:
    """axolotl's reflection rows: a draft, what is wrong with it, and the corrected answer, which is the target."""
    kept = {k: obj[k] for k in _DRAFTS if obj.get(k) is not None}
    tail = "".join(f',"{k}":{canonical(kept[k])}' for k in sorted(kept))
    return [*alpaca_prompt(obj, notes), Turn("assistant", text_of(obj, "corrected"), "", tail)]


def prompt_completion(obj: Object, notes: Notes) -> list[Turn]:
    """TRL, Together, legacy OpenAI: texts or message lists; with a label, KTO."""
    turns = side_of(obj, "prompt", "user", notes) + side_of(obj, "completion", "assistant", notes)
    return chats.rated(chats.with_system(turns, obj), obj, notes)


def stepwise(obj: Object, notes: Notes) -> list[Turn]:
    """TRL's stepwise supervision: one turn per step, those rated wrong with weight 0."""
    steps, labels = obj["completions"], obj["labels"]
    if type(steps) is not list or type(labels) is not list or len(steps) != len(labels) or not steps:
        raise RowError("bad_content", "labels", "completions and labels are not lists of one length")
    if not all(type(s) is str for s in steps) or not all(type(v) is bool for v in labels):
        raise RowError("bad_content", "completions", "completions must be texts, and labels true or false")
    note(notes, "preference_format", "labels", "the row rates each step; wrong steps have weight 0")
    made = [Turn("assistant", s) for s in steps]
    rated = [t if good else unweighted(t) for t, good in zip(made, labels, strict=True)]
    return side_of(obj, "prompt", "user", notes) + rated


def input_output(obj: Object, notes: Notes) -> list[Turn]:
    """input and output, either a text or messages (Nemotron)."""
    turns = side_of(obj, "input", "user", notes) + side_of(obj, "output", "assistant", notes)
    return chats.with_system(turns, obj, *SYSTEMS)


def instruct(obj: Object, notes: Notes) -> list[Turn]:
    """Two to four named texts: a question, its answer, perhaps a context and a system prompt."""
    full = {k for k, v in obj.items() if v is not None}
    ask, answer = _variant(full) or _variant(set(obj)) or VARIANTS[0]
    parts = side_of(obj, ask, "user", notes)
    beside = []
    if len(parts) == 1:
        beside = [obj[k] for k in BESIDE if k in full - {ask, answer} and not isinstance(dict.get(obj, k), list | dict)]
        beside = [b for b in beside if type(b) is str and b]
    if beside:
        parts = [Turn("user", "\n".join([parts[0].text, *beside]))]
    return [*system_of(obj, *SYSTEMS), *history_of(obj), *parts, Turn("assistant", text_of(obj, answer))]


def _variant(keys: set[str]) -> tuple[str, str] | None:
    return next((v for v in VARIANTS if v[0] in keys and v[1] in keys), None)


def raw_text(obj: Object, _notes: Notes) -> list[Turn]:
    """Text without a question."""
    return [Turn("assistant", text_of(obj, first_of(obj, ("text", "content")) or "text"))]


def token_ids(obj: Object, _notes: Notes) -> list[Turn]:
    """Rows that were tokenised already hold nothing to read."""
    raise RowError("token_ids", "input_ids", f"the row holds token ids ({kind(obj['input_ids'])}) and no text")


def preference(obj: Object, notes: Notes) -> list[Turn]:
    """The chosen side is the answer; the rejected side is never read."""
    chosen = first_of(obj, ("chosen", "chosen_response")) or "chosen"
    note(notes, "preference_format", chosen, "the row compares two answers")
    value = obj[chosen]
    if type(value) is str and value.startswith("\n\nHuman:"):
        return chats.transcript(value)
    answer = side_of(obj, chosen, "assistant", notes)
    if any(t.role == "user" for t in answer):
        return answer
    return _asked(obj, notes) + answer


def _asked(obj: Object, notes: Notes) -> list[Turn]:
    """What a preference row asks, in any of its shapes; nothing when the prompt is implicit and lost."""
    if obj.get("conversations") is not None:
        return chats.sharegpt(obj, notes)
    if obj.get("messages") is not None:
        return chats.messages(obj, notes)
    if obj.get("instruction") is not None:
        return alpaca_prompt(obj, notes)
    key = next((k for k in ("prompt", "question", "input", "query") if obj.get(k) is not None), None)
    return [] if key is None else chats.with_system(side_of(obj, key, "user", notes), obj, *SYSTEMS)


def chosen_messages(obj: Object, notes: Notes) -> list[Turn]:
    """Two whole conversations, of which the chosen one is read."""
    note(notes, "preference_format", "chosen_messages", "the row compares two answers")
    return from_messages(obj["chosen_messages"], "chosen_messages", notes, {})


def preferred_output(obj: Object, notes: Notes) -> list[Turn]:
    """OpenAI preference rows."""
    note(notes, "preference_format", "preferred_output", "the row compares two answers")
    asked = side_of(obj, "input", "user", notes) if obj.get("input") is not None else []
    return asked + side_of(obj, "preferred_output", "assistant", notes)


_QUESTIONS = ("question", "prompt", "instruction", "query", "input", "problem")


def question(obj: Object) -> list[Turn] | None:
    """The plain question of an evaluation row without a usable answer, or None."""
    key = next((k for k in _QUESTIONS if type(obj.get(k)) is str and obj[k]), None)
    if key is None:
        return None
    given = obj.get("input") if key == "instruction" else None
    text = f"{obj[key]}\n{given}" if type(given) is str and given else str(obj[key])
    return [*(system_of(obj) if type(obj.get("system")) is str else []), Turn("user", text)]
