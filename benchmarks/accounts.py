"""Invented figures of an invented body, whose sums hold as they do in a real disclosure.

Amounts are whole numbers of the smallest printed step: 0.01 万元 where the body counts in 万元, 0.01 元 (分)
where it counts in 元. Everything follows from the seed; nothing is taken from a real document. The subject
codes and names (政府收支分类科目) are public facts.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

Kind = Literal["budget", "account"]
Unit = Literal["万元", "元"]

PLACES = (
    "澄湖县",
    "青屏市",
    "落雁县",
    "望溪区",
    "怀璧市",
    "听松县",
    "枕流区",
    "丹枫市",
    "碧潭县",
    "鹿鸣区",
    "杏溪市",
    "朔羽县",
    "白蘋区",
    "归云县",
    "鹤洲市",
    "棠梨区",
    "砚山湖县",
    "长汀浦区",
)

BODIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("教育局", ("20501", "20502", "20503")),
    ("水利局", ("21303",)),
    ("卫生健康局", ("21004", "21007")),
    ("文化和旅游局", ("20701", "20702", "20703")),
    ("交通运输局", ("21401",)),
    ("市场监督管理局", ("20138",)),
    ("应急管理局", ("22401",)),
    ("自然资源局", ("22001", "21201")),
    ("民政局", ("20802", "20810")),
    ("城市管理局", ("21201", "21205")),
    ("司法局", ("20406",)),
    ("审计局", ("20108",)),
    ("统计局", ("20105",)),
    ("农业农村局", ("21301",)),
    ("财政局", ("20106",)),
    ("人民政府办公室", ("20103",)),
    ("生态环境局", ("21101", "21103")),
    ("职业中等专业学校", ("20503", "20599")),
    ("疾病预防控制中心", ("21004",)),
    ("图书馆", ("20701",)),
)
"""What the body is called, and the 款 that it is there for."""

PROJECTS = (
    "智慧停车诱导系统建设",
    "乡村道路安全隐患整治",
    "古树名木普查经费",
    "档案数字化加工费",
    "村级便民服务点补助",
    "应急物资储备轮换",
    "基层干部轮训经费",
    "政务信息系统等级保护测评",
    "老旧小区供水改造补助",
    "公益电影放映补贴",
    "劳务派遣人员经费",
    "法律顾问服务费",
    "河道清淤保洁经费",
    "校舍安全鉴定经费",
    "食品快速检测耗材费",
    "森林防火视频监控租赁",
    "第三方绩效评价服务费",
    "办公用房维修改造",
    "全民阅读推广活动经费",
    "统计调查员补贴",
)


class Source(StrEnum):
    """Where the money for a 项 comes from."""

    GENERAL = "general"
    """一般公共预算财政拨款."""
    FUND = "fund"
    """政府性基金预算财政拨款."""
    OWN = "own"
    """单位资金, 事业收入."""


FISCAL = frozenset({Source.GENERAL, Source.FUND})
"""财政拨款."""
ALL = frozenset(Source)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One 项 of the functional classification with its money for the year."""

    code: str
    """Seven digits."""
    basic: int
    """基本支出."""
    project: int
    """项目支出."""
    opening: int = 0
    """年初结转 spent or carried on under it."""
    closing: int = 0
    """年末结转."""
    source: Source = Source.GENERAL

    @property
    def spending(self) -> int:
        """本年支出."""
        return self.basic + self.project

    @property
    def income(self) -> int:
        """本年收入: what was spent, less what was there, plus what is left."""
        return self.spending - self.opening + self.closing


Measure = Callable[[Leaf], int]


@dataclass(frozen=True, slots=True)
class ThreePublic:
    """“三公”经费."""

    abroad: int
    reception: int
    purchase: int
    running: int

    @property
    def vehicles(self) -> int:
        """公务用车购置及运行维护费."""
        return self.purchase + self.running

    @property
    def total(self) -> int:
        """合计."""
        return self.abroad + self.reception + self.vehicles


@dataclass(frozen=True, slots=True)
class Accounts:
    """The year of one body: everything its tables and its prose print."""

    town: str
    body: str
    year: int
    kind: Kind
    unit: Unit
    leaves: tuple[Leaf, ...]
    economic: tuple[tuple[str, int], ...]
    """Amount of each 款 of the economic classification; together the 基本支出 out of GENERAL."""
    projects: tuple[tuple[str, int], ...]
    """Named projects; together the 项目支出 out of GENERAL."""
    planned: ThreePublic
    spent: ThreePublic
    procurement: tuple[int, int, int]
    """Goods, works, services."""
    last_year: int
    """Total of the year before."""
    last_leaves: tuple[int, ...]
    """The year before by 项, in the order of ``leaves``."""
    cars: int

    @property
    def entity(self) -> str:
        """Town and body."""
        return self.town + self.body

    def total(self, measure: Measure, prefix: str = "", sources: Iterable[Source] = ALL) -> int:
        """The sum of ``measure`` over the 项 whose code starts with ``prefix``, out of ``sources``."""
        wanted = frozenset(sources)
        return sum(measure(x) for x in self.leaves if x.code.startswith(prefix) and x.source in wanted)

    def last(self, prefix: str = "") -> int:
        """The year before under a code prefix."""
        both = zip(self.leaves, self.last_leaves, strict=True)
        return sum(amount for leaf, amount in both if leaf.code.startswith(prefix))

    def codes(self, sources: Iterable[Source] = ALL) -> tuple[str, ...]:
        """类, 款 and 项 that occur, in printed order."""
        wanted = frozenset(sources)
        leaves = [x.code for x in self.leaves if x.source in wanted]
        return tuple(sorted({code[:n] for code in leaves for n in (3, 5, 7)}))

    def economic_total(self, *prefixes: str) -> int:
        """The sum over the economic 款 that start with one of ``prefixes``."""
        return sum(amount for code, amount in self.economic if code.startswith(prefixes))

    @property
    def personnel(self) -> int:
        """人员经费."""
        return self.economic_total("301", "303")

    @property
    def running_cost(self) -> int:
        """公用经费."""
        return self.economic_total("302", "310")


@cache
def subjects(scheme: str) -> dict[str, str]:
    """Code and name of the subjects of ``scheme`` (functional or economic) that the samples may print."""
    with (Path(__file__).parent / "subjects.csv").open(encoding="utf-8", newline="") as handle:
        return {row["code"]: row["name"] for row in csv.DictReader(handle) if row["scheme"] == scheme}


def split(rng: random.Random, total: int, parts: int) -> tuple[int, ...]:
    """``parts`` random positive numbers that add up to ``total``; ValueError when there is too little."""
    if not 1 <= parts <= total:
        raise ValueError(f"{total} cannot be split into {parts} positive parts")
    weights = [rng.uniform(0.15, 1.0) ** 2 for _ in range(parts)]
    scale = (total - parts) / sum(weights)
    floors = [1 + math.floor(w * scale) for w in weights]
    floors[rng.randrange(parts)] += total - sum(floors)
    return tuple(floors)


def _amount(rng: random.Random, low: float, high: float, unit: Unit) -> int:
    """A random amount between ``low`` and ``high`` 万元, evenly spread over its logarithm."""
    tenthousands = math.exp(rng.uniform(math.log(low), math.log(high)))
    return round(tenthousands * (100 if unit == "万元" else 1_000_000))


def _leaf(rng: random.Random, code: str, unit: Unit, kind: Kind, source: Source) -> Leaf:
    """One 项: running costs are basic, the rest is basic, project or both."""
    amount = _amount(rng, 1.5, 2600, unit)
    wages = code.startswith(("20805", "21011", "22102")) or code.endswith(("01", "50"))
    basic = amount if wages else rng.choice((0, 0, amount, amount // 3))
    project = amount - basic
    opening = rng.randint(1, project // 2) if project > 10 and rng.random() < 0.25 else 0
    closing = rng.randint(1, project // 2) if kind == "account" and project > 10 and rng.random() < 0.2 else 0
    return Leaf(code, basic, project, opening, closing, source)


def _choose_codes(rng: random.Random, own: Sequence[str], size: int) -> list[str]:
    """``size`` or so 项 of the body's own 款, and those that every body has."""
    items = [code for code in subjects("functional") if len(code) == 7]
    mine = [c for c in items if c.startswith(tuple(own))]
    common = [
        "2080505",
        "2101101",
        "2210201",
        *rng.sample(
            ["2080501", "2080506", "2101102", "2101103", "2210203", "2089999", "2080801", "2210202"], rng.randint(1, 4)
        ),
    ]
    return sorted({*rng.sample(mine, min(len(mine), max(2, size - len(common)))), *common})


def _leaves(rng: random.Random, own: Sequence[str], size: int, unit: Unit, kind: Kind) -> tuple[Leaf, ...]:
    """The body's 项, some out of a government fund or its own money."""
    codes = _choose_codes(rng, own, size)
    leaves = [_leaf(rng, code, unit, kind, Source.GENERAL) for code in codes]
    if rng.random() < 0.4:
        code = rng.choice(("2120899", "2120803", "2296002", "2296003"))
        leaves.append(_leaf(rng, code, unit, kind, Source.FUND))
    if rng.random() < 0.4:
        index = rng.randrange(len(codes))
        leaves[index] = _leaf(rng, codes[index], unit, kind, Source.OWN)
    return tuple(sorted(leaves, key=lambda leaf: leaf.code))


def _economic(rng: random.Random, basic: int) -> tuple[tuple[str, int], ...]:
    """The basic spending by economic 款: mostly people, the rest goods, services and a little equipment."""
    names = [code for code in subjects("economic") if len(code) == 5]
    groups = {g: [c for c in names if c.startswith(g)] for g in ("301", "302", "303", "310")}
    chosen = [
        *rng.sample(groups["301"], rng.randint(6, len(groups["301"]))),
        *rng.sample(groups["303"], rng.randint(1, 5)),
    ]
    goods = [*rng.sample(groups["302"], rng.randint(8, 18)), *rng.sample(["31002", "31003", "31007"], 1)]
    people = basic * rng.randint(72, 92) // 100
    pairs = [*zip(chosen, split(rng, people, len(chosen)), strict=True)]
    pairs += zip(goods, split(rng, basic - people, len(goods)), strict=True)
    return tuple(sorted(pairs))


def _three_public(rng: random.Random, unit: Unit) -> tuple[ThreePublic, ThreePublic]:
    """Planned and spent; never more spent than planned."""
    planned = [_amount(rng, 0.3, 60, unit) if rng.random() < p else 0 for p in (0.25, 0.6, 0.3, 0.8)]
    spent = [amount * rng.randint(55, 100) // 100 for amount in planned]
    return ThreePublic(*planned), ThreePublic(*spent)


def invent(seed: int, kind: Kind, unit: Unit = "万元", size: int = 12) -> Accounts:
    """A body and its year. ``size`` is about the number of 项 (5–40)."""
    rng = random.Random(f"accounts/{seed}/{kind}/{unit}/{size}")
    town, (body, own) = rng.choice(PLACES), rng.choice(BODIES)
    leaves = _leaves(rng, own, size, unit, kind)
    basic = sum(x.basic for x in leaves if x.source is Source.GENERAL)
    project = sum(x.project for x in leaves if x.source is Source.GENERAL)
    names = rng.sample(PROJECTS, rng.randint(3, 6)) if project > 6 else []
    spending = sum(x.spending for x in leaves)
    planned, spent = _three_public(rng, unit)
    year = rng.randint(2019, 2026)
    economic = _economic(rng, basic)
    amounts = split(rng, project, len(names)) if names else ()
    procurement = (
        _amount(rng, 1, 90, unit),
        rng.choice((0, _amount(rng, 5, 300, unit))),
        _amount(rng, 1, 120, unit),
    )
    last_year = spending * rng.randint(70, 130) // 100 + rng.randint(1, 99)
    return Accounts(
        town=town,
        body=body,
        year=year,
        kind=kind,
        unit=unit,
        leaves=leaves,
        economic=economic,
        projects=tuple(zip(names, amounts, strict=True)),
        planned=planned,
        spent=spent,
        procurement=procurement,
        last_year=last_year,
        last_leaves=split(random.Random(f"last/{seed}"), last_year, len(leaves)),
        cars=rng.randint(0, 12),
    )
