"""What a run would cost, before anything is sent: tokens from characters, then from what was counted and answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.judge.prices import Prices, Usage
from curate.judge.prompt import Request

REPLY = 190.0  # tokens: 60 words of reasoning, seven scores and their names in JSON
THINKS = 4.0  # times as many where the model always thinks: a guess, and stated as one
LEAST = 10  # replies or counts from which a ratio of our own replaces the guess
SPREAD = 0.35  # of a guess by characters; tokenizers differ by a third


@dataclass(frozen=True, slots=True)
class Estimate:
    """A price before it is paid. low, high: what it may be instead. basis: what it rests on, in words."""

    rows: int
    input: float
    output: float
    dollars: float
    low: float
    high: float
    basis: str
    as_of: str


def characters(request: Request) -> int:
    return len(request.system) + len(request.user)


def estimate(
    sizes: Sequence[int], model: str, prices: Prices, *, batch: bool = False, counted: Sequence[tuple[int, int]] = (),
    replies: tuple[int, float] = (0, 0.0), reply: float = REPLY,
) -> Estimate:  # fmt: skip
    """What requests of these sizes (characters) cost.

    counted: (characters, tokens) of requests that the service counted; replies: (how many, mean output tokens) of this judge
    so far. From LEAST of either, they replace the guess (`reply` tokens each). Retries come on top: they are seldom, counted, and inside the cap.
    """
    line = prices.model(model)
    total, n = float(np.sum(sizes)) if len(sizes) else 0.0, len(sizes)
    if len(counted) >= LEAST:
        tokens, input_spread = _regressed(np.asarray(counted, float), np.asarray(sizes, float)), 0.05
        said = f"{len(counted)} rows counted by the service"
    else:
        tokens, input_spread = total / line.chars_per_token, SPREAD
        said = f"{line.chars_per_token:g} characters a token, a guess"
    if replies[0] >= LEAST:
        output, output_spread = n * replies[1], 0.1
        said += f"; {replies[1]:.0f} tokens a reply, the mean of {replies[0]:,}"
    else:
        each = reply * (THINKS if line.thinks else 1.0)
        output, output_spread = n * each, 2 * SPREAD if line.thinks else SPREAD
        said += f"; {each:.0f} tokens a reply, a guess"
    cost_in = prices.dollars(model, Usage(input=round(tokens)), batch=batch) if n else 0.0
    if n and line.long_after:  # the price of long prompts holds for one request, not for their sum
        cost_in = tokens * line.input / 1e6 * (prices.batch if batch else 1.0)
    cost_out = output * line.output / 1e6 * (prices.batch if batch else 1.0)
    slack = cost_in * input_spread + cost_out * output_spread
    whole = cost_in + cost_out
    return Estimate(n, tokens, output, whole, max(0.0, whole - slack), whole + slack, said, prices.as_of)


def _regressed(counted: np.ndarray, sizes: np.ndarray) -> float:
    """Tokens of all requests by a line through the counted ones; by their ratio when it has no slope to tell."""
    chars, tokens = counted[:, 0], counted[:, 1]
    if np.ptp(chars) < 1:
        return float(tokens.mean() / max(chars.mean(), 1.0) * sizes.sum())
    slope, base = np.polyfit(chars, tokens, 1)
    if slope <= 0:
        return float(tokens.sum() / chars.sum() * sizes.sum())
    return float(np.maximum(slope * sizes + base, 1.0).sum())
