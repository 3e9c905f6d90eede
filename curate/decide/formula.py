"""A person's own rule: a small expression over columns, read by our own walker over Python's syntax tree. Nothing is run.

    answer_words > 3 * prompt_words and not contains(answer, "step by step")
    0.5 * length_s0 + 0.5 * (1 - bad_phrase)            a score of its own, with bounds
    own("rating") < 3 or own("source") == "forum"       the user's own columns
    not speaks("en", "de") or links("spam.example")     languages that are wanted, sites that are not
    about("questions of pet owners") < 0.2              domain: nearness of the prompt to a description, or to anchor rows
    perplexity("models/gpt2") > 200                     a model of the user's own, by folder or hub id

Values are float32 columns; true is 1, false 0, NaN = not measured. Logic is three-valued: a row fails only for what is known
(NaN or 1 is 1, NaN and 0 is 0, else NaN). What reads a row's text or own columns is a term: measured once per row under
its canonical text (curate/measure/terms.py) and then a column like any other.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from curate.decide.rule import Rule
from curate.errors import RecipeError
from curate.types import F32

LONGEST, MOST, DEEPEST = 1_000, 200, 40  # signs, nodes, levels: far above any rule a person reads
TEXTS = ("prompt", "answer", "system")
TERMS = ("contains", "matches", "count", "starts", "ends")
MODELS = (
    "about",
    "perplexity",
    "toxic_by",
    "named",
)  # one text: a description, or a model (curate/measure/model_terms.py)
GROUP = "Own rules"
LANGUAGE = (
    "columns, numbers, + - * /, comparisons, and, or, not, min(), max(), abs(), log(), missing(); "
    'contains / matches / count / starts / ends(prompt | answer | system, "text"); own("column"), own("column") == "text"; '
    'speaks("en", "de"), links("example.org"); about("a description"), like("column", "value"), like_evaluation(); '
    'perplexity("model"), toxic_by("model"), named("model")'
)


@dataclass(frozen=True, slots=True)
class Node:
    """One checked step. op: number, column, term or an operation; value: the number or the name; parts: what it works on."""

    op: str
    value: float | str = ""
    parts: tuple[Node, ...] = ()

    @property
    def logical(self) -> bool:
        """Whether it can only be 0, 1 or NaN."""
        return self.op in ("and", "or", "not", "missing", *_COMPARE.values()) or (self.op == "term" and self._asks())

    def _asks(self) -> bool:
        text = str(self.value)
        numbers = ("count(", "like", *(f"{name}(" for name in MODELS))
        return not text.startswith(numbers) and (not text.startswith("own(") or "==" in text)

    def walk(self) -> Iterator[Node]:
        yield self
        for part in self.parts:
            yield from part.walk()


_COMPARE: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_BINARY: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_CALLS: Mapping[str, tuple[int, int]] = {"min": (2, 8), "max": (2, 8), "abs": (1, 1), "log": (1, 1), "missing": (1, 1)}


@cache
def parse(text: str) -> Node:
    """The checked tree of an expression. Errors: RecipeError that names what is not allowed and what is."""
    if len(text) > LONGEST:
        raise RecipeError(f"a formula has {len(text)} signs; allowed are {LONGEST}")
    try:
        found = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise RecipeError(f"the formula can't be read; write an expression of {LANGUAGE}") from None
    if sum(1 for _ in ast.walk(found)) > 3 * MOST:
        raise RecipeError(f"the formula has more than {MOST} parts; make two rules of it")
    return _node(found.body, 0)


def _node(node: ast.expr, depth: int) -> Node:
    if depth > DEEPEST:
        raise RecipeError(f"the formula is nested deeper than {DEEPEST} levels; make two rules of it")
    deeper = depth + 1
    match node:
        case ast.Constant(value=bool(value)):
            return Node("number", float(value))
        case ast.Constant(value=int(value)) | ast.Constant(value=float(value)):
            return Node("number", _number(value))
        case ast.Name(id=name):
            return Node("column", name)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Node("not", parts=(_node(operand, deeper),))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Node("-", parts=(Node("number", 0.0), _node(operand, deeper)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return Node(_BINARY[type(op)], parts=(_node(left, deeper), _node(right, deeper)))
        case ast.BoolOp(op=op, values=values):
            return Node("and" if isinstance(op, ast.And) else "or", parts=tuple(_node(v, deeper) for v in values))
        case ast.Compare(left=left, ops=ops, comparators=rest) if all(type(op) in _COMPARE for op in ops):
            return _compared(left, ops, rest, deeper)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _called(name, args, deeper)
        case _:
            raise RecipeError(f"the formula has {type(node).__name__}, which is not allowed; allowed are {LANGUAGE}")


def _number(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not abs(number) < 1e30:
        raise RecipeError("a number in the formula is too large; allowed is up to 1e30")
    return number


def _compared(left: ast.expr, ops: list[ast.cmpop], rest: list[ast.expr], depth: int) -> Node:
    """`a < b < c` is `a < b and b < c`; an own column against a text is a term."""
    sides, out = [left, *rest], []
    for a, op, b in zip(sides, ops, rest, strict=False):
        sign, term = _COMPARE[type(op)], _own_text(a, b)
        if term is not None and sign in ("==", "!="):
            out.append(term if sign == "==" else Node("not", parts=(term,)))
        else:
            out.append(Node(sign, parts=(_node(a, depth), _node(b, depth))))
    return out[0] if len(out) == 1 else Node("and", parts=tuple(out))


def _own_text(a: ast.expr, b: ast.expr) -> Node | None:
    for column, text in ((a, b), (b, a)):
        match column, text:
            case ast.Call(func=ast.Name(id="own"), args=[ast.Constant(value=str(name))], keywords=[]), ast.Constant(
                value=str(wanted)
            ):
                return Node("term", f"own({_quoted(name)}) == {_quoted(wanted)}")
    return None


def _called(name: str, args: list[ast.expr], depth: int) -> Node:
    if name in _CALLS:
        least, most = _CALLS[name]
        if not least <= len(args) <= most:
            raise RecipeError(f"{name}() takes {least} to {most} values, not {len(args)}")
        return Node(name, parts=tuple(_node(a, depth) for a in args))
    match name, args:
        case "own", [ast.Constant(value=str(column))]:
            return Node("term", f"own({_quoted(column)})")
        case _, [ast.Constant(value=str(text))] if name in MODELS and text.strip():
            return Node("term", f"{name}({_quoted(text.strip())})")
        case "like", [ast.Constant(value=str(column)), ast.Constant(value=str(wanted))]:
            return Node("term", f"like({_quoted(column)}, {_quoted(wanted)})")
        case "like_evaluation", []:
            return Node("term", "like_evaluation()")
        case "speaks" | "links", [*listed] if listed and len(listed) <= MOST:
            return Node("term", f"{name}({', '.join(sorted(_quoted(_text_of(a, name)) for a in listed))})")
        case _, [ast.Name(id=text), ast.Constant(value=str(wanted))] if name in TERMS and text in TEXTS and wanted:
            return Node("term", f"{name}({text}, {_quoted(wanted)})")
    if name in TERMS:
        raise RecipeError(f'{name}() takes one of {", ".join(TEXTS)} and a text: {name}(answer, "as an AI")')
    raise RecipeError(f"the formula calls {name[:40]!r}; allowed are {LANGUAGE}")


def _text_of(node: ast.expr, name: str) -> str:
    match node:
        case ast.Constant(value=str(text)) if text.strip():
            return text.strip().lower()
    raise RecipeError(f'{name}() takes texts: speaks("en", "de"), links("example.org")')


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def terms_of(rules: tuple[Rule, ...]) -> tuple[str, ...]:
    """Canonical texts of every term that the formulas of these rules read, each once, sorted."""
    return tuple(sorted({str(n.value) for r in rules if r.formula for n in parse(r.formula).walk() if n.op == "term"}))


def columns_of(rule: Rule) -> frozenset[str]:
    """The columns that a rule reads, terms included."""
    if not rule.formula:
        return frozenset((rule.column,))
    return frozenset(str(n.value) for n in parse(rule.formula).walk() if n.op in ("column", "term"))


def values_of(rule: Rule, columns: Mapping[str, F32]) -> F32 | None:
    """float32 [n]: what a rule compares with its bounds; None where a column that it reads is not there."""
    if not rule.formula:
        return columns.get(rule.column)
    if not columns_of(rule) <= columns.keys():
        return None
    count = next(iter(columns.values())).shape[0] if columns else 0
    with np.errstate(all="ignore"):
        made = np.asarray(_value(parse(rule.formula), columns), dtype=np.float32)
    made = np.where(np.isinf(made), np.float32(np.nan), made)  # x / 0 is not measured
    return np.ascontiguousarray(np.broadcast_to(made, (count,)))


def _value(node: Node, columns: Mapping[str, F32]) -> Any:
    if node.op == "number":
        return np.float32(float(node.value))
    if node.op in ("column", "term"):
        return columns[str(node.value)]
    parts = [_value(p, columns) for p in node.parts]
    if node.op in ("and", "or"):
        return _logic(parts, 0.0 if node.op == "and" else 1.0)
    return _STEPS[node.op](*parts)


def _logic(parts: list[Any], decides: float) -> Any:
    """Three-valued and (decides 0), or (decides 1): one deciding part settles it, else an unknown part leaves it open."""
    sure = np.logical_or.reduce(np.broadcast_arrays(*[_truth(p) == decides for p in parts]))
    open_ = np.logical_or.reduce(np.broadcast_arrays(*[np.isnan(p) for p in parts]))
    return np.where(sure, decides, np.where(open_, np.nan, 1 - decides)).astype(np.float32)


def _truth(part: Any) -> Any:
    return np.where(np.isnan(part), np.nan, part != 0)


def _compare(ask: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: np.where(np.isnan(a) | np.isnan(b), np.nan, ask(a, b)).astype(np.float32)


_STEPS: Mapping[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide,
    "<": _compare(np.less), "<=": _compare(np.less_equal), ">": _compare(np.greater), ">=": _compare(np.greater_equal),
    "==": _compare(np.equal), "!=": _compare(np.not_equal),
    "not": lambda a: 1 - _truth(a), "missing": lambda a: np.isnan(a).astype(np.float32),
    "abs": np.abs, "log": lambda a: np.log(np.where(a > 0, a, np.nan)),
    "min": lambda *a: np.minimum.reduce(np.broadcast_arrays(*a)), "max": lambda *a: np.maximum.reduce(np.broadcast_arrays(*a)),
}  # fmt: skip


def own_rule(name: str, formula: str, **settings: Any) -> Rule:
    """A rule of the user's own. A yes/no formula fails where it is true, a number outside of its bounds. Errors: RecipeError."""
    logical = parse(formula).logical
    given: dict[str, Any] = (
        {"action": "review", "enabled": True, "help": formula} | ({"high": 0.5} if logical else {}) | settings
    )
    return Rule(name, "", formula=formula, fact=logical, group=GROUP, source="the recipe", **given)
