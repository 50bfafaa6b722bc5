"""Documents to calibrate on, drawn from seeds: both kinds of disclosure, every way of scanning, marked or not."""

from __future__ import annotations

import random

from benchmarks.draw import Plan
from benchmarks.forms import Style
from benchmarks.make_samples import Sample
from benchmarks.scanner import PROFILES, Watermark

PARTS = {
    "budget": (
        ("duties", "overview", "receipts", "fiscal", "three_public", "target", "explanation"),
        ("overview", "payments", "economic", "projects", "purchases", "explanation"),
        ("overview", "split_payments", "split_economic", "compared", "by_use", "explanation"),
    ),
    "account": (
        ("overview", "receipts", "fiscal", "three_public_pairs", "evaluation", "explanation"),
        ("payments", "general", "economic_pairs", "three_public", "information", "explanation"),
        ("overview", "payments", "economic_broad", "fund", "evaluation", "terms"),
    ),
}
PHRASES = ("仅供内部审核", "内部资料", "征求意见稿", "送审稿", "未经许可不得外传", "内部使用 严禁外传")


def sample(seed: int) -> Sample:
    """The document of a seed: its scan goes round the profiles, all else is drawn by lot."""
    chance = random.Random(f"calibration {seed}")
    profile = sorted(PROFILES)[seed % len(PROFILES)]
    kind = chance.choice(("budget", "account"))
    grey = chance.uniform(0.35, 0.55)
    mark = Watermark(
        lines=(chance.choice(PHRASES),),
        angle=chance.uniform(-45, 45),
        colour=(grey, grey, grey) if chance.random() < 0.7 else (0.8, 0.25, 0.2),
        opacity=chance.uniform(0.4, 0.6),
        over=chance.random() < 0.7,
        size=chance.uniform(28, 48),
        period=(chance.uniform(220, 300), chance.uniform(150, 210)),
    )
    style = Style(
        latin=chance.choice(("china-s", "tiro", "helv")),
        thousands=chance.random() < 0.5,
        zero=chance.choice(("", "", "0.00")),
        table_size=chance.choice((8.5, 9.0, 9.5)),
    )
    plan = Plan(seed=seed, kind=kind, parts=chance.choice(PARTS[kind]), size=chance.randint(8, 16), style=style)
    return Sample(
        name=f"c{seed}-{profile}",
        shows="drawn to calibrate on",
        plan=plan,
        profile=profile,
        watermark=mark if chance.random() < 0.75 else None,
    )
