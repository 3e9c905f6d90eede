"""A scripted judge: deterministic, offline, free. It lets a person try the flow; it is no model and says so everywhere."""

from __future__ import annotations

import json
import re

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
        answer = str(json.loads(found.group(2)).get("answer", "")) if found else ""
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
        text = json.dumps(body)
        return Reply("ok", text, "end_turn", Usage(self.count(request), len(text) // 4))

    def count(self, request: Request) -> int:
        return (len(request.system) + len(request.user)) // 4
