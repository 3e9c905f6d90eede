"""python -m benchmarks.fit SET DIR: fit shipped coefficients on labelled rows and say how far to trust them.

Reads labels. Prints grouped cross-validation and leave-one-source-out figures, then writes the coefficients file that
ships with the package. Exit 3: nothing is fitted for that set yet.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import textmodels
from benchmarks.quality import Unanswered

Fit = Callable[[Path], Mapping[str, float]]


def contradiction(folder: Path) -> Mapping[str, float]:
    """The conflict model: curate/measure/data/conflict.json."""
    from benchmarks import contradiction

    return contradiction.fit(folder)


def near_dup(folder: Path) -> Mapping[str, float]:
    """The duplicate probability of a pair (benchmarks/near_dup.py)."""
    from benchmarks.near_dup import fit_near_dup

    return fit_near_dup(folder)


def decontamination(folder: Path) -> Mapping[str, float]:
    """The scores of reworded questions and rewritten code."""
    from benchmarks.decontamination import fit

    return fit(folder)


SETS: Mapping[str, Fit] = {
    "decontamination": decontamination,
    "refusal": textmodels.refusal,
    "toxicity": textmodels.toxicity,
    "contradiction": contradiction,
    "near_dup": near_dup,
}


def main(words: list[str]) -> int:
    if len(words) != 2 or words[0] not in SETS or not Path(words[1]).is_dir():
        sys.stderr.write(f"usage: python -m benchmarks.fit SET DIR; SET is one of {', '.join(SETS)}\n")
        return 2
    try:
        figures = SETS[words[0]](Path(words[1]))
    except Unanswered as e:
        sys.stderr.write(f"{words[0]} is not fitted: {e}\n")
        return 3
    except FileNotFoundError as e:
        sys.stderr.write(f"{words[0]}: {e.filename} is not there; DIR is a folder such as gold/dev\n")
        return 2
    for name, value in figures.items():
        print(f"{name:<60}{value:>10.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
