"""How often each reason for review is right (复核理由的命中率): on how many wrong and right cells it stands.

    python -m benchmarks.reasons TRUTH.json DOCUMENT.json [TRUTH.json DOCUMENT.json …]
    python -m benchmarks.reasons -v …       also every cell flagged in vain, and every wrong one that nothing flags

A kind of flag that hardly ever stands on a wrong cell costs an operator's attention and gains nothing. What differs
from cell to cell in a reason (quoted texts, numbers, sums in brackets) makes no other kind of it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import papers
from benchmarks.metrics import Pair, match

_QUOTED = re.compile(r"“[^”]*”")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?")
_ASIDE = re.compile(r"（.*", re.S)


def kind_of(reason: str) -> str:
    """The reason without what differs from cell to cell: “8”可能是“3” → “…”可能是“…”."""
    return _NUMBER.sub("#", _QUOTED.sub("“…”", _ASIDE.sub("", reason)))


def tally(pairs: Iterable[Pair]) -> dict[str, tuple[int, int]]:
    """For each kind of reason the wrong and the right cells it stands on, the commonest first."""
    wrong: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for pair in pairs:
        if pair.found is not None and pair.flagged:
            (right if pair.right else wrong).update({kind_of(r) for r in pair.found.reasons})
    return {kind: (wrong[kind], right[kind]) for kind, _ in (wrong + right).most_common()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reasons", description="How often reasons are right.")
    parser.add_argument("files", type=Path, nargs="+", help="truths and documents in turn")
    parser.add_argument("-v", "--verbose", action="store_true", help="print flags in vain and silent errors")
    given = parser.parse_args(arguments)
    found: list[Pair] = []
    for truth, document in zip(given.files[::2], given.files[1::2], strict=True):
        pairs = match(papers.read(truth), papers.read(document)).pairs
        found += pairs
        for pair in pairs if given.verbose else ():
            if pair.found is not None and pair.flagged == pair.right:
                said = "、".join(pair.found.reasons) or "silent"
                sys.stdout.write(f"{document}: {pair.got!r}, printed {pair.wanted!r}: {said}\n")
    sys.stdout.write("| reason | wrong cells | right cells |\n|---|---|---|\n")
    for kind, (wrong, right) in tally(found).items():
        sys.stdout.write(f"| {kind} | {wrong} | {right} |\n")
    silent = sum(p.silent for p in found)
    sys.stdout.write(f"{len(found)} cells, {sum(p.flagged for p in found)} flagged, {silent} wrong in silence\n")


if __name__ == "__main__":
    main()
