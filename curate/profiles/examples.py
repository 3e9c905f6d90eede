"""Minimal rows made for the rule tables: each rule shows itself on one and keeps quiet on another."""

from __future__ import annotations

from curate.profiles.rule import Case

SYSTEM = '{"role": "system", "content": "s"}'
USER = '{"role": "user", "content": "q"}'
ANSWER = '{"role": "assistant", "content": "a"}'
TOOL = '{"role": "tool", "tool_call_id": "abcdefgh1", "content": "r"}'
CALL = (
    '{"role": "assistant", "content": null, "tool_calls": [{"id": "abcdefgh1", "type": "function", '
    '"function": {"name": "f", "arguments": "{}"}}]}'
)
HUMAN = '{"from": "human", "value": "q"}'
GPT = '{"from": "gpt", "value": "a"}'


def chat(*messages: str, more: str = "") -> Case:
    """A row of messages; `more` is what stands behind them."""
    return Case('{"messages": [' + ", ".join(messages) + "]" + more + "}")


def shared(*messages: str) -> Case:
    """A row of conversations."""
    return Case('{"conversations": [' + ", ".join(messages) + "]}")


def said(role: str, content: str = '"x"', more: str = "") -> str:
    """One message; content as JSON."""
    return f'{{"role": "{role}", "content": {content}{more}}}'


def image(url: str) -> str:
    """A content of one text and one image."""
    return f'[{{"type": "text", "text": "x"}}, {{"type": "image_url", "image_url": {{"url": "{url}"}}}}]'


def counted(case: Case, limit: int = 10, **tokens: float) -> Case:
    """The same row with token counts."""
    return Case(case.row, case.beside, tokens, limit)


GOOD = chat(USER, ANSWER)
ALPACA = Case('{"instruction": "q", "input": "", "output": "a"}')
PAIR = Case('{"prompt": "q", "completion": "a"}')
TEXT = Case('{"text": "x"}')
OTHER = Case('{"question": "q", "answer": "a"}')
PREFERENCE = Case('{"prompt": "q", "chosen": "a", "rejected": "b"}')
GEMINI = Case('{"contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"text": "a"}]}]}')
LONG = counted(GOOD, total_tokens=11, first_trained=6, trained_tokens=5, template_refused=0)
SHORT = counted(GOOD, total_tokens=10, first_trained=6, trained_tokens=4, template_refused=0)
UNREACHED = counted(PAIR, total_tokens=20, first_trained=10, trained_tokens=10, template_refused=0)
REACHED = counted(PAIR, total_tokens=20, first_trained=9, trained_tokens=11, template_refused=0)
REFUSED = counted(GOOD, total_tokens=float("nan"), template_refused=1)
