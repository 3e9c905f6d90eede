"""A scripted judge: deterministic, offline, free. It lets a person try the flow; it is no model and says so everywhere."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import Any

from curate.judge.prices import Usage
from curate.judge.prompt import Request
from curate.judge.wire import Reply

NAME = "scripted"
LABEL = "scripted judge (counts words; no model, its scores mean nothing)"
_BODY = re.compile(r"<(row-[0-9a-f]{16})>\n(.*)\n</\1>", re.DOTALL)


class ScriptedMessenger:
    """Answers as a judge would, from the number of words and the sentence's end: good for trying, for nothing else."""

    name = NAME
    local = True

    def ask(self, request: Request) -> Reply:
        found = _BODY.search(request.user)
        row = json.loads(found.group(2)) if found else {}
        if "rows" in request.schema["properties"]:
            return self._reply(request, json.dumps({"rows": _written(row, request.user.split(".", 1)[0])}))
        if "relation" in request.schema["properties"]:
            return self._reply(request, json.dumps(_compared(row)))
        if "topic" in request.schema["properties"]:
            named = " ".join(str(w) for w in row.get("words", [])[:3]) or "unnamed"
            return self._reply(request, json.dumps({"topic": f"{named} (scripted)"}))
        answer = str(row.get("answer", ""))
        names = [n for n in request.schema["properties"] if n not in ("reasoning", "overall", "exclude")]
        words = len(answer.split())
        overall = (
            1
            if not words
            else 2
            if words < 3
            else 3
            if words < 12 or not answer.rstrip().endswith((".", "!", "?", "`"))
            else 4
            if words < 60
            else 5
        )
        scores = {n: max(1, min(5, overall - (k + words) % 2)) for k, n in enumerate(names)}
        body = {"reasoning": f"Scripted: {words} words.", **scores, "overall": overall, "exclude": overall < 3}
        return self._reply(request, json.dumps(body))

    def _reply(self, request: Request, text: str) -> Reply:
        return Reply("ok", text, "end_turn", Usage(self.count(request), len(text) // 4))

    def count(self, request: Request) -> int:
        return (len(request.system) + len(request.user)) // 4


def _compared(row: dict[str, Any]) -> dict[str, str]:
    """Two rows by their answers' words alone: equal sets repeat, a lone "not" or another number contradicts, the rest differs."""
    one, two = (set(str(row.get(side, {}).get("answer", "")).lower().split()) for side in ("first", "second"))
    apart = one ^ two
    opposed = any(w in ("not", "no", "never") or w.strip(".,%").isdecimal() for w in apart)
    relation = "duplicate" if not apart else "contradiction" if opposed and len(apart) <= len(one & two) else "variant"
    return {"reasoning": f"Scripted: {len(apart)} words differ.", "relation": relation, "right": "unsure"}


def _written(row: dict[str, Any], request: str) -> list[dict[str, str]]:
    """Five rows that vary a seed by case numbers and a rotation of its words: unlike enough to pass as rows, plainly no model's."""
    turns = row.get("conversation") or [{"text": "?"}]
    question, answer = str(turns[-1].get("text", "")), str(row.get("answer", ""))
    out = []
    for n in range(5):
        case = int(blake2b(f"{request} {n}".encode(), digest_size=4).hexdigest(), 16) % 100_000
        words = answer.split() or ["?"]
        turn = case % len(words)
        out.append(
            {
                "user_message": f"Case {case}: {question}",
                "assistant_message": " ".join([f"(Scripted, case {case})", *words[turn:], *words[:turn]]),
            }
        )
    return out
