"""What a request costs: a price table with a date, as data that people can replace."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from curate.errors import RecipeError

SHIPPED = Path(__file__).with_name("prices.toml")
MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the service counted them; input leaves out what was read from or written to its cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @property
    def prompt(self) -> int:
        return self.input + self.cache_read + self.cache_write


@dataclass(frozen=True, slots=True)
class Model:
    """One model's prices in dollars per million tokens, and what its requests need.

    thinking: what switches thinking off there, "" = nothing to send. thinks: it always does, so output is longer.
    """

    input: float
    output: float
    chars_per_token: float = 3.0
    long_after: int = 0
    long_input: float = 0.0
    long_output: float = 0.0
    thinking: str = ""
    thinks: bool = False


@dataclass(frozen=True)
class Prices:
    """A price table: its date, factors, models, and models that are gone."""

    as_of: str
    batch: float
    cache_write: float
    cache_read: float
    models: Mapping[str, Model]
    retired: Mapping[str, str]

    def model(self, name: str) -> Model:
        """The model's line. Errors: RecipeError that says whether it is retired or not in the table."""
        if name in self.retired:
            raise RecipeError(f"model {name!r} was retired on {self.retired[name]}; choose one of {self._offered()}")
        if name not in self.models:
            raise RecipeError(f"model {name!r} is not in the price table of {self.as_of} ({self._offered()}); add it to prices.toml in the "
                              "workspace, or choose one of these")  # fmt: skip
        return self.models[name]

    def _offered(self) -> str:
        return ", ".join(n for n in self.models if n != "scripted")

    def dollars(self, name: str, usage: Usage, *, batch: bool = False) -> float:
        """What a request with this usage costs."""
        m = self.model(name)
        long = bool(m.long_after) and usage.prompt > m.long_after
        rate, out = (m.long_input, m.long_output) if long else (m.input, m.output)
        prompt = usage.input + self.cache_write * usage.cache_write + self.cache_read * usage.cache_read
        return (prompt * rate + usage.output * out) / MILLION * (self.batch if batch else 1.0)

    def most(self, name: str, prompt_bytes: int, max_tokens: int, *, batch: bool = False) -> float:
        """The most that a request can cost: a token is at least a byte, all of it written to the cache, all output used."""
        return self.dollars(name, Usage(cache_write=prompt_bytes, output=max_tokens), batch=batch)


@lru_cache(maxsize=8)
def parse_prices(text: str, where: str = "prices.toml") -> Prices:
    """The table of a file. Errors: RecipeError that names the key."""
    try:
        data = tomllib.loads(text)
        models = {name: _model(name, line, where) for name, line in data["models"].items()}
        return Prices(str(data["as_of"]), float(data["batch"]), float(data["cache_write"]), float(data["cache_read"]), models,
                      {k: str(v) for k, v in data.get("retired", {}).items()})  # fmt: skip
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{where} is no TOML: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecipeError(
            f"{where} lacks or misspells {error}; it needs as_of, batch, cache_write, cache_read and [models.NAME]"
        ) from None


def _model(name: str, line: Mapping[str, object], where: str) -> Model:
    known = {f.name for f in fields(Model)}
    for key, value in line.items():
        if key not in known:
            raise RecipeError(
                f"{where} [models.{name}] has the unknown key {key!r}; allowed are {', '.join(sorted(known))}"
            )
        if isinstance(value, float | int) and not isinstance(value, bool) and not 0 <= value < 1e9:
            raise RecipeError(f"{where} [models.{name}] {key} is {value}; give a number from 0")
    made = Model(**line)  # type: ignore[arg-type]
    if made.chars_per_token <= 0:
        raise RecipeError(f"{where} [models.{name}] chars_per_token is {made.chars_per_token}; give a number above 0")
    return made


def read_prices(home: Path, path: Path | None = None) -> Prices:
    """The table of a file, else of the workspace, else the shipped one. Errors: RecipeError."""
    own = path or home / "prices.toml"
    if path is None and not own.is_file():
        return parse_prices(SHIPPED.read_text("utf-8"), "the shipped prices.toml")
    try:
        return parse_prices(own.read_text("utf-8"), own.name)
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{own} can't be read ({type(error).__name__}); give a TOML file in UTF-8") from None
