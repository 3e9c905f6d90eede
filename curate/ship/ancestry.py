"""The registry as a graph: inputs, then evidence and recipe, then versions, then the training runs that used them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from curate.ship.publish import NAME_LENGTH
from curate.ship.registry import Entry, Registry, Training
from curate.ship.sealed import Opening

Kind = Literal["input", "recipe", "version", "run"]
KINDS: tuple[Kind, ...] = ("input", "recipe", "version", "run")
SHOWN = 12  # versions of one name in one picture; older ones are left to `curate registry list`


@dataclass(frozen=True, slots=True)
class Node:
    """One thing. key: what tells it from others of its kind. title: how it is drawn. facts: what a person is told of it.

    text: a whole file to show (a recipe), "" = none.
    """

    kind: Kind
    key: str
    title: str
    facts: Mapping[str, Any]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Nodes in the order of KINDS, oldest first, and edges as places (from, to). older: versions that are not drawn."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]
    older: int = 0

    def of(self, kind: Kind) -> list[int]:
        """Places of the nodes of one kind."""
        return [n for n, node in enumerate(self.nodes) if node.kind == kind]

    def kin(self, place: int) -> frozenset[int]:
        """A node with everything it comes from and everything that comes from it."""
        return frozenset({place} | self._walk(place, 0, 1) | self._walk(place, 1, 0))

    def _walk(self, place: int, here: int, there: int) -> set[int]:
        seen: set[int] = set()
        todo = [place]
        while todo:
            at = todo.pop()
            found = {edge[there] for edge in self.edges if edge[here] == at} - seen
            seen |= found
            todo += sorted(found)
        return seen


@dataclass
class _Making:
    """Nodes by kind and key while they are met, and edges between such keys."""

    found: dict[tuple[Kind, str], Node] = field(default_factory=dict)
    edges: list[tuple[tuple[Kind, str], tuple[Kind, str]]] = field(default_factory=list)

    def meet(self, node: Node) -> tuple[Kind, str]:
        return (self.found.setdefault((node.kind, node.key), node).kind, node.key)


def ancestry(registry: Registry, name: str, openings: Sequence[Opening] = ()) -> Ancestry:
    """The last SHOWN versions of a name with what they came from, what was trained on them, and who opened test rows."""
    entries = registry.history(name)
    made = _Making()
    for entry in entries[-SHOWN:]:
        lineage: dict[str, Any] = json.loads(registry.file(entry.key, "lineage.json"))
        recipe = made.meet(_recipe(lineage, registry.file(entry.key, "recipe.toml").decode("utf-8")))
        for source in lineage["sources"]:
            made.edges.append((made.meet(_input(source)), recipe))
        version = made.meet(
            _version(entry, lineage, [o for o in openings if entry.fingerprint[:NAME_LENGTH] in o.versions])
        )
        made.edges.append((recipe, version))
        for run in registry.runs(entry.key):
            made.edges.append((version, made.meet(_run(run))))
    order = sorted(made.found, key=lambda key: KINDS.index(key[0]))  # stable: oldest first within a kind
    place = {key: n for n, key in enumerate(order)}
    edges = sorted({(place[a], place[b]) for a, b in made.edges})
    return Ancestry(tuple(made.found[key] for key in order), tuple(edges), max(len(entries) - SHOWN, 0))


def _input(source: Mapping[str, Any]) -> Node:
    role = "evaluation" if source["role"] == "frozen" else "input"
    facts = {"role": role, "rows read": source["rows"]["read"], "bytes": source["bytes"], "sha256": source["sha256"]}
    return Node("input", source["sha256"] + source["name"] + role, source["name"], facts)


def _recipe(lineage: Mapping[str, Any], text: str) -> Node:
    settings = tomllib.loads(text)
    preset = str(settings.get("preset", "default"))
    facts = {"preset": preset, "recipe": lineage["recipe"], "people's decisions": lineage["overrides"],
             "evidence": lineage["evidence"], "measured by": len(lineage["measures"]), "tool": lineage["tool"]}  # fmt: skip
    key = f"{lineage['dataset']} {lineage['recipe']} {lineage['overrides']} {lineage['evidence']}"
    return Node("recipe", key, f"{preset} {lineage['recipe'][:8]}", facts, text)


def _version(entry: Entry, lineage: Mapping[str, Any], opened: Sequence[Opening]) -> Node:
    bad = [c["id"] for c in lineage["checks"] if c["band"] == "warning"]
    facts = {"registered": entry.at[:19].replace("T", " "), "kept": entry.kept, "rejected": entry.rejected,
             "held for review": entry.review, "badges at warning": ", ".join(bad) or "none", "manifest sha256": entry.fingerprint,
             "notes": entry.notes, "folder": entry.path,
             **{f"test rows opened {n}": f"{o.at[:16].replace('T', ' ')} by {o.who} on {o.page}: {o.why}" for n, o in enumerate(opened, 1)}}  # fmt: skip
    return Node("version", entry.key, entry.version, facts)


def _run(run: Training) -> Node:
    scores = {f"{s.split} {s.metric}" + (f" (look {s.look})" if s.look > 1 else ""): s.value for s in run.scores}
    facts = {"model": run.model, "linked": run.at[:19].replace("T", " "), **run.params, **scores}
    return Node("run", run.run, run.run, facts)
