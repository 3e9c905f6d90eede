"""What a model would read to name topics: words and middle prompts of each; and its names as decisions that undo takes back.

The seam for a judge's back end: `Namer` is one method and an estimate. Nothing here sends anything; whoever calls `names_by`
has shown the estimate and had it confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from curate.decide import topics_of
from curate.types import Bool, Cancel, Dataset, Evidence, Progress, Verdicts

PROMPT = 300  # characters of a prompt that a card shows


@dataclass(frozen=True, slots=True)
class TopicCard:
    """One topic: the id of the row that stands for it, rows, the words of its own name, prompts nearest to its middle."""

    anchor: str
    rows: int
    words: tuple[str, ...]
    prompts: tuple[str, ...]


class Namer(Protocol):
    """Names topics from their cards. `name` says which model; `estimate` is in dollars, before anything is sent."""

    @property
    def name(self) -> str: ...

    def estimate(self, cards: Sequence[TopicCard]) -> float: ...

    def names(
        self, cards: Sequence[TopicCard], progress: Progress | None = None, cancel: Cancel | None = None
    ) -> list[str]: ...


def topic_cards(
    dataset: Dataset, evidence: Evidence, verdicts: Verdicts, hidden: Bool | None = None
) -> tuple[TopicCard, ...]:
    """A card for each topic that nobody has named; () without topics. hidden: rows of which no text is shown (of test splits)."""
    import numpy as np

    found = topics_of(evidence, verdicts)
    if found is None:
        return ()
    rows = np.bincount(found.label[found.label >= 0], minlength=len(found)).tolist()
    return tuple(
        TopicCard(
            anchor=evidence.ids[middle[0]].decode(),
            rows=rows[t],
            words=tuple(found.names[t].split(" / ")),
            prompts=tuple(
                dataset.text("prompt", r)[:PROMPT] for r in middle if r >= 0 and (hidden is None or not hidden[r])
            ),
        )
        for t, middle in enumerate(found.exemplars.tolist())
        if t not in found.given
    )


def names_by(
    namer: Namer, cards: Sequence[TopicCard], progress: Progress | None = None, cancel: Cancel | None = None
) -> list[tuple[str, str, str, str]]:
    """The names that a model gives, as topic edits (curate/overrides.py): one step, undone like a person's own.

    An empty answer names nothing. Errors: ValueError when it answers for another number of topics.
    """
    found = namer.names(cards, progress, cancel)
    pairs = zip(cards, found, strict=True)
    return [("topic_name", card.anchor, "", " ".join(name.split())[:120]) for card, name in pairs if name.strip()]
