"""The table of destinations: six providers, five trainers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from curate.errors import CurateError
from curate.profiles.axolotl import AXOLOTL
from curate.profiles.bedrock import BEDROCK
from curate.profiles.fireworks import FIREWORKS
from curate.profiles.llamafactory import LLAMA_FACTORY
from curate.profiles.mistral import MISTRAL
from curate.profiles.openai import OPENAI
from curate.profiles.rule import Destination
from curate.profiles.together import TOGETHER
from curate.profiles.torchtune import TORCHTUNE
from curate.profiles.trl import TRL
from curate.profiles.unsloth import UNSLOTH
from curate.profiles.vertex import VERTEX

DESTINATIONS: tuple[Destination, ...] = (
    OPENAI, TOGETHER, VERTEX, BEDROCK, FIREWORKS, MISTRAL, TRL, AXOLOTL, LLAMA_FACTORY, TORCHTUNE, UNSLOTH,
)  # fmt: skip
BY_NAME: Mapping[str, Destination] = {d.name: d for d in DESTINATIONS}


def destinations(names: Iterable[str] = ()) -> tuple[Destination, ...]:
    """The named ones in the table's order; all for no name. Errors: CurateError for a name that is none."""
    wanted = {n.lower() for n in names}
    unknown = sorted(wanted - BY_NAME.keys())
    if unknown:
        raise CurateError(f"no destination is called {unknown[0]!r}; allowed are {', '.join(BY_NAME)}")
    return tuple(d for d in DESTINATIONS if not wanted or d.name in wanted)
