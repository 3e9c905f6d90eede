"""A model's chat template, rendered as transformers renders it: the text that a conversation becomes before tokens.

Read from chat_template.jinja, else from tokenizer_config.json, beside tokenizer.json. A template is a program of the
model's author: it runs in jinja2's immutable sandbox, which reaches no file, no import and no private attribute.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from curate.errors import BackendError

Render = Callable[..., str]  # (messages, tools, ask=False): ask adds the opening of the next answer
# Some templates print today's date; a fixed day keeps counts equal from one day to the next.
DAY = datetime(2024, 7, 26)
_TOKENS = ("bos_token", "eos_token", "pad_token", "unk_token")


class TemplateRefusal(Exception):
    """The template raised an error for this conversation. Caught by the counter, which marks the row."""


@dataclass(frozen=True, slots=True)
class Template:
    """Source text of the template, the special tokens that it may print, and where it was read."""

    source: str
    tokens: tuple[tuple[str, str], ...]
    place: str

    @property
    def key(self) -> str:
        """16 hex that change with the template or its tokens."""
        return blake2b(repr((self.source, self.tokens)).encode(), digest_size=8).hexdigest()

    @classmethod
    def beside(cls, tokenizer: Path) -> Template | None:
        """The template in the folder of a tokenizer.json; None when there is none. Errors: BackendError."""
        folder = tokenizer.parent
        config = _config(folder / "tokenizer_config.json")
        tokens = tuple((k, _token(config[k])) for k in _TOKENS if config.get(k))
        apart = folder / "chat_template.jinja"
        if apart.is_file():
            return cls(apart.read_text(encoding="utf-8"), tokens, apart.name)
        source = _chosen(config.get("chat_template"))
        return None if source is None else cls(source, tokens, "tokenizer_config.json")

    def compile(self) -> Render:
        """A function (messages, tools, ask=False) -> text; it raises TemplateRefusal. Errors: BackendError when it is no template."""
        from jinja2.exceptions import TemplateError

        try:
            made = _environment().from_string(self.source)
        except TemplateError as error:
            raise BackendError(
                f"{self.place} holds a chat template that jinja2 can't read ({type(error).__name__}, line "
                f"{getattr(error, 'lineno', '?')}); give another tokenizer folder"
            ) from None
        fixed = dict(self.tokens)

        def render(messages: list[dict[str, Any]], tools: Any, ask: bool = False) -> str:
            try:
                return str(
                    made.render(messages=messages, tools=tools, documents=None, add_generation_prompt=ask, **fixed)
                )
            except Exception as error:  # whatever a stranger's program raises, it raises for this conversation
                raise TemplateRefusal(type(error).__name__) from None

        return render


def _config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise BackendError(
            f"{path} can't be read ({type(error).__name__}); give a model's own tokenizer folder"
        ) from None
    return found if type(found) is dict else {}


def _token(value: Any) -> str:
    return str(value.get("content", "")) if type(value) is dict else str(value)


def _chosen(value: Any) -> str | None:
    """A template, or the one named default of several."""
    if type(value) is str:
        return value
    if type(value) is list:
        named = {v.get("name"): v.get("template") for v in value if type(v) is dict}
        found = named.get("default", next(iter(named.values()), None))
        return found if type(found) is str else None
    return None


def _environment() -> Any:
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[_generation(), loopcontrols])
    made.filters["tojson"] = _tojson
    made.globals["raise_exception"] = _raise
    made.globals["strftime_now"] = DAY.strftime
    return made


def _tojson(
    value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise(message: str) -> str:
    raise TemplateRefusal(message)


def _generation() -> Any:
    """The block {% generation %} of transformers, which marks the answer: here it prints what it holds."""
    from jinja2 import nodes
    from jinja2.ext import Extension

    class Generation(Extension):
        tags = {"generation"}  # noqa: RUF012

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.CallBlock(self.call_method("_said"), [], [], body).set_lineno(line)

        def _said(self, caller: Any) -> Any:
            return caller()

    return Generation
