"""The recipe: every setting of a decision as one frozen value, in and out of TOML.

    Recipe.from_toml('preset = "S1"\\n[rules.too_short_answer]\\nlow = 5\\n')   # S1's numbers, one of them changed

A recipe written by `to_toml` is complete, so a file keeps its meaning when a preset's numbers change.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, get_args, get_type_hints

from curate.decide.edit import Edit, Lengths, expected_words, redacted_kinds
from curate.decide.formula import own_rule
from curate.decide.rules import CODES, RULES, Act, Rule
from curate.decide.toml_values import toml_value, typed
from curate.errors import RecipeError
from curate.overrides import EMPTY, Overrides

VERSION = 1
RULE_FIELDS: Mapping[str, type] = {"low": float, "high": float, "action": str, "enabled": bool, "spare": float}
OWN_FIELDS: Mapping[str, type] = {**RULE_FIELDS, "formula": str, "help": str}  # of a rule of the user's own
OWN_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Near:
    """Duplicates. Thresholds act on the weaker of the two views unless `view` names one.

    exact: "content" (equal messages), "spaced" (S1: case and white space folded), "folded" (punctuation too), "off".
    guards: "on" = rows that differ in a number, unit, name, negation, antonym, word order, code or system prompt are none;
    "sure" = those differences are weighed instead: the fitted probability that both say the same (`same` in the pair
    table) is at least `sure`, only code and system prompt must be equal; "off" = nothing is asked (unsafe).
    match: "any" = near text or near meaning is enough, "all" = both must agree.
    keep: which row of a group stays: "longest" or "shortest" answer, "first" read, "newest" by its time, "best" judged.
    hashes and bands shape the candidate search (S1: 128 and 16; ours: 128 and 32, see curate/measure/minhash.py).
    """

    exact: str = "content"
    text_enabled: bool = True
    text: float = 0.8
    meaning_enabled: bool = True
    meaning: float = 0.95
    view: str = "both"
    guards: str = "on"
    sure: float = 0.5
    match: str = "any"
    keep: str = "longest"
    text_floor: float = 0.7
    meaning_floor: float = 0.8
    hashes: int = 128
    bands: int = 32


@dataclass(frozen=True, slots=True)
class Leak:
    """Sameness of questions. text and meaning act on prompts, against frozen rows and across splits.

    Against frozen rows also (curate/decide/leaks.py): the least share of an item's 13-word runs (quoted) and 5-word runs
    (alike) in a row, and the least fitted score of the question in other words (reworded) and of its program (code).
    """

    enabled: bool = True
    text: float = 0.8
    meaning: float = 0.9
    quoted: float = 0.5
    alike: float = 0.5
    reworded: float = 0.55  # at .5 one clean row of sample_data goes
    code: float = 0.5


@dataclass(frozen=True, slots=True)
class Conflict:
    """Contradictions: prompts at least `prompt` alike (cosine) and a conflict score of at least `score`.

    floor: prompts less alike (cosine) are not compared; the pair table reaches down to near.meaning_floor.
    backend: "builtin" (no download), or "nli": a sentence-transformers CrossEncoder besides; `model` is its hub id or folder.
    """

    enabled: bool = True
    prompt: float = 0.8
    score: float = 0.5
    floor: float = 0.8
    backend: str = "builtin"
    model: str = ""


@dataclass(frozen=True, slots=True)
class TopicCut:
    """The topic cut (curate/decide/topics.py).

    size: clustered prompts that a topic has at least; 0 = by how many there are. cap: rows kept of each topic, 0 = all.
    apart: rows farther than this from their ten nearest prompts have no topic (1 = as far as any two prompts), but never
    more than the share `noise` of all rows; noise = 0 gives every row its nearest topic.
    column: topics are the values of this column of the user's own; "" = of one that is called topic, category, … when there is
    one (curate/decide/topics.py), "none" = always by meaning.
    """

    size: int = 0
    cap: int = 0
    apart: float = 0.65
    noise: float = 0.1
    column: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """Shares of the kept rows; they are normalised to 1 (S3's ranges sum to 95-115 %, its exercise is 80/10/10).

    by: "random" or "time" (the past trains). group: "declared" (conversation, document or user, as found or named at load),
    "none", or a column. stratify: "", "topic", "source", or a column. validation_rows, test_rows: exact sizes in place of
    shares, 0 = by share. folds: cross-validation folds over train and validation, 0 = none.
    """

    train: float = 0.8
    validation: float = 0.1
    test: float = 0.1
    by: str = "random"
    group: str = "declared"
    stratify: str = ""
    validation_rows: int = 0
    test_rows: int = 0
    folds: int = 0


@dataclass(frozen=True, slots=True)
class Embed:
    """What makes the vectors. `model` is a sentence-transformers id or folder; dtype float32 or bfloat16."""

    enabled: bool = True
    model: str = "all-MiniLM-L6-v2"
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class Judge:
    """S1's judge settings. Scores exist only once a cost was confirmed; nothing here sends anything.

    enabled: scores of this model and rubric count. rubric: "" = the shipped one, else the fingerprint of one that the workspace
    keeps. max_chars: of the system prompt, the turns and the answer, each; max_tokens: of a reply, raised when one stops there.
    max_rows: rows of a run, 0 = every row of the frontier.
    """

    enabled: bool = True
    model: str = "claude-haiku-5-5"
    rubric: str = ""
    max_chars: int = 1500
    max_tokens: int = 512
    max_rows: int = 0


@dataclass(frozen=True, slots=True)
class Learned:
    """What a learned threshold rested on when it was taken over, in words; decides nothing. By setting of [near]."""

    text: str = ""
    meaning: str = ""
    sure: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """What the data is for: decides the size badge. "" = not chosen; see curate/decide/sizing.py for the names."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """Names that S1's config carries; the command line's --out wins over `dir`."""

    dir: str = "curated_dataset"
    name: str = "curated"


ALLOWED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("near", "exact"): ("content", "spaced", "folded", "off"),
    ("near", "view"): ("both", "prompt", "answer"),
    ("near", "guards"): ("on", "sure", "off"),
    ("near", "match"): ("any", "all"),
    ("near", "keep"): ("longest", "shortest", "first", "newest", "best"),
    ("embed", "dtype"): ("float32", "bfloat16"),
    ("split", "by"): ("random", "time"),
    ("conflict", "backend"): ("builtin", "nli"),
    ("", "on_review"): ("hold", "keep"),
}
UNIT: tuple[tuple[str, str], ...] = (
    ("near", "text"), ("near", "meaning"), ("near", "sure"), ("near", "text_floor"), ("near", "meaning_floor"), ("leak", "text"),
    ("leak", "meaning"), ("leak", "quoted"), ("leak", "alike"), ("leak", "reworded"), ("leak", "code"), ("conflict", "prompt"), ("conflict", "score"),
    ("conflict", "floor"),
    ("split", "train"), ("split", "validation"), ("split", "test"), ("topics", "apart"), ("topics", "noise"),
)  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """What we want. Equal recipes have equal fingerprints; overrides enter by their own fingerprint."""

    preset: str = "default"
    seed: int = 42
    on_review: str = "hold"
    rules: tuple[Rule, ...] = RULES
    near: Near = field(default_factory=Near)
    leak: Leak = field(default_factory=Leak)
    conflict: Conflict = field(default_factory=Conflict)
    topics: TopicCut = field(default_factory=TopicCut)
    split: Split = field(default_factory=Split)
    embed: Embed = field(default_factory=Embed)
    judge: Judge = field(default_factory=Judge)
    learned: Learned = field(default_factory=Learned)
    goal: Goal = field(default_factory=Goal)
    edit: Edit = field(default_factory=Edit)
    lengths: Lengths = field(default_factory=Lengths)
    output: Output = field(default_factory=Output)
    overrides: Overrides = EMPTY

    def __post_init__(self) -> None:
        _validate(self)

    @cached_property
    def fingerprint(self) -> str:
        """32 hex over everything that can change a verdict."""
        return blake2b(self.to_toml().encode(), digest_size=16).hexdigest()

    def rule(self, name: str) -> Rule:
        for rule in self.rules:
            if rule.name == name:
                return rule
        raise RecipeError(f"rule {name!r} is unknown; known are {', '.join(r.name for r in RULES)}; see `curate rules`")

    def with_rule(self, name: str, **changes: Any) -> Recipe:
        """The same recipe with one rule's low, high, action or enabled changed."""
        changed = replace(self.rule(name), **changes)
        return replace(self, rules=tuple(changed if r.name == name else r for r in self.rules))

    def with_own(self, name: str, formula: str, **settings: Any) -> Recipe:
        """The same recipe with a rule of the user's own added, or its formula changed. Errors: RecipeError."""
        old = next((r for r in self.rules if r.name == name), None)
        if (old is None and (not OWN_NAME.fullmatch(name) or name in CODES)) or (old is not None and not old.formula):
            raise RecipeError(
                f"{name[:60]!r} can't name a rule of your own; allowed are small letters, digits and _, at most 40, and no known code"
            )
        kept: dict[str, Any] = {} if old is None else {k: getattr(old, k) for k in ("action", "enabled", "spare")}
        made = own_rule(name, formula, **(kept | settings))
        if old is None:
            return replace(self, rules=(*self.rules, made))
        return replace(self, rules=tuple(made if r.name == name else r for r in self.rules))

    def without_own(self, name: str) -> Recipe:
        """The same recipe without that rule of the user's own."""
        return replace(self, rules=tuple(r for r in self.rules if r.name != name or not r.formula))

    def with_setting(self, section: str, **changes: Any) -> Recipe:
        """The same recipe with settings of one section changed: `with_setting("near", text=.85)`."""
        return replace(self, **{section: replace(getattr(self, section), **changes)})

    def to_toml(self) -> str:
        """A complete recipe as TOML, deterministic."""
        lines = [f"version = {VERSION}", f"preset = {toml_value(self.preset)}", f"seed = {int(self.seed)}",
                 f"on_review = {toml_value(self.on_review)}"]  # fmt: skip
        if self.overrides != EMPTY:
            lines.append(f"overrides = {toml_value(self.overrides.fingerprint)}")
        for section in SECTIONS:
            lines += ["", f"[{section}]"]
            part = getattr(self, section)
            kinds = get_type_hints(type(part))
            lines += [f"{f.name} = {toml_value(getattr(part, f.name), kinds[f.name])}" for f in fields(part)]
        for rule in self.rules:
            lines += ["", f"[rules.{rule.name}]"]
            of_rule = OWN_FIELDS if rule.formula else RULE_FIELDS
            lines += [f"{name} = {toml_value(getattr(rule, name), kind)}" for name, kind in of_rule.items()]
        return "\n".join(lines) + "\n"

    @classmethod
    def from_toml(cls, text: str, overrides: Overrides = EMPTY, name: str = "recipe") -> Recipe:
        """The recipe that `text` describes: its `preset` (default: "default") with the settings it names changed.

        Errors: RecipeError for TOML that does not parse, an unknown key (by name), a wrong type, a value out of range.
        """
        from curate.decide.presets import preset

        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RecipeError(f"{name} is no TOML: {error}; see `curate rules` for the settings") from None
        if data.pop("version", VERSION) != VERSION:
            raise RecipeError(f"{name} has another version; this program reads version {VERSION}")
        data.pop("overrides", None)
        base = preset(str(data.pop("preset", "default")))
        rules = data.pop("rules", {})
        recipe = _with_rules(base, rules, name)
        changes: dict[str, Any] = {}
        for key, value in data.items():
            if key in SECTIONS and isinstance(value, dict):
                changes[key] = _with_fields(getattr(recipe, key), value, f"{name} [{key}]")
            elif key in ("seed", "on_review"):
                changes[key] = typed(value, int if key == "seed" else str, f"{name} {key}")
            else:
                known = ("preset", "seed", "on_review", "rules", *SECTIONS)
                raise RecipeError(f"{name} has the unknown key {key!r}; allowed are {', '.join(known)}")
        return replace(recipe, overrides=overrides, **changes)


SECTIONS: tuple[str, ...] = (
    "near",
    "leak",
    "conflict",
    "topics",
    "split",
    "embed",
    "judge",
    "learned",
    "goal",
    "edit",
    "lengths",
    "output",
)


def _with_rules(base: Recipe, rules: object, name: str) -> Recipe:
    if not isinstance(rules, dict):
        raise RecipeError(f"{name} rules is no table; write [rules.NAME]")
    for rule, settings in rules.items():
        where = f"{name} [rules.{rule}]"
        if not isinstance(settings, dict):
            raise RecipeError(f"{where} is no table of low, high, action, enabled")
        allowed = OWN_FIELDS if "formula" in settings else RULE_FIELDS
        for key in settings:
            if key not in allowed:
                raise RecipeError(f"{where} has the unknown key {key!r}; allowed are {', '.join(allowed)}")
        given = {k: typed(v, allowed[k], f"{where} {k}") for k, v in settings.items()}
        base = base.with_own(rule, **given) if "formula" in given else base.with_rule(rule, **given)
    return base


def _with_fields(part: Any, settings: Mapping[str, Any], where: str) -> Any:
    types = get_type_hints(type(part))
    for key in settings:
        if key not in types:
            raise RecipeError(f"{where} has the unknown key {key!r}; allowed are {', '.join(types)}")
    return replace(part, **{k: typed(v, types[k], f"{where} {k}") for k, v in settings.items()})


def _validate(recipe: Recipe) -> None:
    for (section, key), allowed in ALLOWED.items():
        value = getattr(getattr(recipe, section) if section else recipe, key)
        if value not in allowed:
            raise RecipeError(f"{section or 'recipe'}.{key} is {value!r}; allowed are {', '.join(allowed)}")
    for section, key in UNIT:
        value = getattr(getattr(recipe, section), key)
        if not 0 <= value <= 1:
            raise RecipeError(f"{section}.{key} is {value}; allowed is 0 to 1")
    redacted_kinds(recipe.edit.redact)
    expected_words(recipe.lengths.expected)
    if not (
        1 <= recipe.judge.max_chars <= 1_000_000
        and 1 <= recipe.judge.max_tokens <= 32_000
        and recipe.judge.max_rows >= 0
    ):
        raise RecipeError(
            f"judge.max_chars is {recipe.judge.max_chars}, max_tokens {recipe.judge.max_tokens}, max_rows {recipe.judge.max_rows}; "
            "allowed: 1 to 1,000,000 characters, 1 to 32,000 tokens, rows >= 0"
        )
    if recipe.conflict.backend == "nli" and not recipe.conflict.model:
        raise RecipeError(
            "conflict.backend is 'nli' without a model; give a CrossEncoder's hub id or folder in conflict.model"
        )
    for rule in recipe.rules:
        if rule.action not in get_args(Act):
            raise RecipeError(f"rules.{rule.name}.action is {rule.action!r}; allowed are drop, review")
        if not 0 <= rule.spare <= 1:
            raise RecipeError(f"rules.{rule.name}.spare is {rule.spare}; allowed is 0 to 1, a share of the pool")
        if not rule.low <= rule.high:
            raise RecipeError(f"rules.{rule.name} has low {rule.low} above high {rule.high}")
    if recipe.split.train + recipe.split.validation + recipe.split.test <= 0:
        raise RecipeError("split shares are all 0; give at least one of train, validation, test")
    if min(recipe.split.validation_rows, recipe.split.test_rows) < 0 or not 0 <= recipe.split.folds <= 100:
        raise RecipeError("split.validation_rows, test_rows and folds are counts; allowed: rows >= 0, folds 0 to 100")
    if (recipe.topics.size < 2 and recipe.topics.size) or recipe.topics.cap < 0:
        raise RecipeError(
            f"topics.size is {recipe.topics.size}, cap {recipe.topics.cap}; allowed: size >= 2 or 0 (by the data), cap >= 0"
        )
    if not 1 <= recipe.near.bands <= recipe.near.hashes <= 512:
        raise RecipeError(
            f"near.bands is {recipe.near.bands} of {recipe.near.hashes} hashes; allowed: 1 <= bands <= hashes <= 512"
        )
