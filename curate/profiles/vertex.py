"""What Vertex AI does with a row for Gemini supervised tuning."""

from __future__ import annotations

from curate.profiles.examples import GEMINI, GOOD, LONG, SHORT, SYSTEM, USER, chat, said
from curate.profiles.files import all_json, at_least, at_most, no_bigger, only_jsonl
from curate.profiles.messages import late_system, listed, role, roles
from curate.profiles.rule import Case, Destination, Fate, Rule, laid_out, longer_than_limit, not_laid_out
from curate.profiles.skeleton import Object

PREPARE = "cloud.google.com/vertex-ai/generative-ai/docs/models/gemini-supervised-tuning-about (prepare data)"
LIMITS = "cloud.google.com/vertex-ai/generative-ai/docs, tuning limitations"
STATS = "Vertex AI REST SupervisedTuningDataStats.droppedExampleReasons"
KINDS = {"text", "fileData", "inlineData", "functionCall", "functionResponse"}


def _contents(row: Object) -> list[Object]:
    return listed(row, "contents")


def _parts_of(message: Object) -> list[Object] | None:
    found = message.get("parts")
    return [p for p in found if type(p) is dict] if type(found) is list and found else None


def _bad_parts(row: Object) -> bool:
    return any(p is None or any(not x.keys() & KINDS for x in p) for p in map(_parts_of, _contents(row)))


def _files(row: Object) -> int:
    return sum("fileData" in p or "inlineData" in p for m in _contents(row) for p in _parts_of(m) or ())


def _pictured(count: int) -> Case:
    part = '{"fileData": {"mimeType": "image/png", "fileUri": "gs://b/x.png"}}'
    return Case(
        '{"contents": [{"role": "user", "parts": [{"text": "q"}' + f", {part}" * count
        + ']}, {"role": "model", "parts": [{"text": "a"}]}]}'
    )  # fmt: skip


RULES: tuple[Rule, ...] = (
    Rule("shape", Fate.ERROR, not_laid_out("contents messages"),
         "A row needs `contents` (user and model, each with parts), or the older `messages`.", PREPARE,
         Case('{"prompt": "q", "completion": "a"}'), GEMINI),
    Rule("messages_role", Fate.ERROR, laid_out("messages", lambda r: not {*roles(listed(r))} <= {"system", "user", "model"}),
         "The older `messages` form knows system, user and model: `assistant` is refused. Write contents.", PREPARE,
         GOOD, chat(USER, said("model"))),
    Rule("messages_system", Fate.ERROR, laid_out("messages", lambda r: late_system(listed(r))),
         "In the older form system stands first only.", PREPARE, chat(USER, said("model"), SYSTEM), chat(SYSTEM, USER, said("model"))),
    Rule("role", Fate.ERROR, laid_out("contents", lambda r: any(role(m) not in ("user", "model", "function") for m in _contents(r))),
         "Contents have the roles user and model; a system text goes to systemInstruction.", PREPARE,
         Case(GEMINI.row.replace('"model"', '"assistant"')), GEMINI),
    Rule("parts", Fate.ERROR, laid_out("contents", _bad_parts),
         "Each content has a list of parts: text, file data, function call or response.", PREPARE,
         Case(GEMINI.row.replace('"parts": [{"text": "q"}]', '"content": "q"')), GEMINI),
    Rule("images", Fate.DROPPED, laid_out("contents", lambda r: _files(r) > 30),
         "A row with more than 30 images is left out of training.", f"{STATS}; {LIMITS}", _pictured(31), _pictured(30)),
    Rule("too_long", Fate.DROPPED, longer_than_limit, "A row over the token limit is left out of training.", f"{STATS}; {LIMITS}",
         Case(GEMINI.row, tokens=LONG.tokens, limit=10), Case(GEMINI.row, tokens=SHORT.tokens, limit=10)),
)  # fmt: skip

VERTEX = Destination(
    "vertex", "Vertex AI (Gemini)", "provider", "supervised tuning of a Gemini model", RULES,
    (only_jsonl(PREPARE), all_json(PREPARE), at_least(16, f"{PREPARE}, older page; the newer one advises 100"),
     at_most(1_000_000, f"{LIMITS}: Gemini 2.5 Flash takes 1M text-only or 300K multimodal examples"), no_bigger(1e9, f"{LIMITS}: 1 GB")),
    131_072, f"{LIMITS}: Gemini 2.5 Flash, maximum input and output training tokens",
)  # fmt: skip
