"""What the forms of budgets and final accounts have in common: heads, subject rows, the lists of 类."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from benchmarks.accounts import ALL, Accounts, Leaf, Measure, Source, subjects
from benchmarks.forms import Align, Form, Line, NewPage, Part, Row, Slot, Style, money, slots

L, C, R = Align.LEFT, Align.CENTER, Align.RIGHT

CLASSES: tuple[tuple[str, str], ...] = (
    ("201", "一般公共服务支出"),
    ("202", "外交支出"),
    ("203", "国防支出"),
    ("204", "公共安全支出"),
    ("205", "教育支出"),
    ("206", "科学技术支出"),
    ("207", "文化旅游体育与传媒支出"),
    ("208", "社会保障和就业支出"),
    ("209", "社会保险基金支出"),
    ("210", "卫生健康支出"),
    ("211", "节能环保支出"),
    ("212", "城乡社区支出"),
    ("213", "农林水支出"),
    ("214", "交通运输支出"),
    ("215", "资源勘探工业信息等支出"),
    ("216", "商业服务业等支出"),
    ("217", "金融支出"),
    ("219", "援助其他地区支出"),
    ("220", "自然资源海洋气象等支出"),
    ("221", "住房保障支出"),
    ("222", "粮油物资储备支出"),
    ("223", "国有资本经营预算支出"),
    ("224", "灾害防治及应急管理支出"),
    ("227", "预备费"),
    ("229", "其他支出"),
    ("230", "转移性支出"),
    ("231", "债务还本支出"),
    ("232", "债务付息支出"),
    ("233", "债务发行费用支出"),
    ("234", "抗疫特别国债安排的支出"),
)
"""All 类 of a budget's 收支总表, in printed order."""

NOT_IN_ACCOUNTS = frozenset({"209", "227", "230", "233"})
"""类 that a final account does not list."""

GENERAL, FUND, OWN = (frozenset({s}) for s in Source)
NOTHING: frozenset[Source] = frozenset()


def income(leaf: Leaf) -> int:
    """本年收入."""
    return leaf.income


def opening(leaf: Leaf) -> int:
    """上年结转, 年初结转和结余."""
    return leaf.opening


def closing(leaf: Leaf) -> int:
    """年末结转和结余."""
    return leaf.closing


def total(leaf: Leaf) -> int:
    """本年支出."""
    return leaf.spending


def basic(leaf: Leaf) -> int:
    """基本支出."""
    return leaf.basic


def project(leaf: Leaf) -> int:
    """项目支出."""
    return leaf.project


def numeral(n: int) -> str:
    """A Chinese numeral, 1–39: 一, 十, 十一, 二十 …"""
    digits = "零一二三四五六七八九"
    tens, ones = divmod(n, 10)
    return ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (digits[ones] if ones or not n else "")


def numbered(names: Iterable[str]) -> tuple[str, ...]:
    """The names with 一、 二、 … before them."""
    return tuple(f"{numeral(i)}、{name}" for i, name in enumerate(names, 1))


def rate(part: int, whole: int) -> str:
    """``part`` of ``whole`` as a percentage of two decimals, halves up."""
    if not whole:
        return "0"
    share = (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{share}"


def amounts(style: Style, *values: int) -> tuple[str, ...]:
    """The values as table cells print them."""
    return tuple(money(v, style) for v in values)


def spending(leaf_total: Accounts, sources: Iterable[Source] = ALL) -> Callable[[str], int]:
    """The spending under a code prefix, out of ``sources``."""
    wanted = tuple(sources)
    return lambda prefix: leaf_total.total(lambda leaf: leaf.spending, prefix, wanted)


def column_numbers(first: Slot, count: int) -> Row:
    """The 栏次 row."""
    return (first, *(Slot(str(i)) for i in range(1, count + 1)))


def subject_rows(
    accounts: Accounts,
    style: Style,
    columns: Sequence[tuple[Measure, frozenset[Source]]],
    sources: frozenset[Source] = ALL,
) -> tuple[Row, ...]:
    """A row for each 类, 款 and 项 out of ``sources``: code, name, and an amount for each column.

    A column is what to add up and out of which sources.
    """
    names = subjects("functional")

    def row(code: str) -> Row:
        indent = len(code) - 3 if style.indent_names else 0
        values = (accounts.total(measure, code, wanted & sources) for measure, wanted in columns)
        return (Slot(code), Slot(names[code], indent=indent), *slots(*amounts(style, *values)))

    return tuple(row(code) for code in accounts.codes(sources))


def total_cells(
    accounts: Accounts,
    style: Style,
    columns: Sequence[tuple[Measure, frozenset[Source]]],
    sources: frozenset[Source] = ALL,
) -> tuple[str, ...]:
    """The amounts of the 合计 row for the columns of ``subject_rows``."""
    return amounts(style, *(accounts.total(measure, "", wanted & sources) for measure, wanted in columns))


def split_code(row: Row) -> Row:
    """The row with its code in three columns: 类, 款, 项."""
    code = row[0].text
    parts = (code[:3], code[3:5], code[5:7])
    return (*(Slot(p) for p in parts), *row[1:])


def budget_head(accounts: Accounts, style: Style, title: str, number: str) -> tuple[Line, ...]:
    """Number, title, and on one line the body and the unit."""
    return (
        *((Line(number, small=True, above=10),) if number else ()),
        Line(title, size=style.title_size / style.body_size, align=C, bold=style.bold_titles),
        Line(f"{style.entity_word}{style.colon}{accounts.entity}", small=True),
        Line(f"单位{style.colon}{accounts.unit}", small=True, align=R, beside=True),
    )


def account_head(accounts: Accounts, style: Style, title: str, number: str) -> tuple[Line, ...]:
    """Title, number at the right, and on one line body, year and unit."""
    return (
        Line(title, size=style.title_size / style.body_size, align=C, bold=style.bold_titles, above=10),
        *((Line(number, small=True, align=R),) if number else ()),
        Line(f"{style.entity_word}{style.colon}{accounts.entity}", small=True),
        Line(f"{accounts.year}年度", small=True, align=C, beside=True),
        Line(f"金额单位{style.colon}{accounts.unit}", small=True, align=R, beside=True),
    )


def note(text: str) -> Line:
    """A note below a table."""
    return Line(text, small=True, above=2)


def broad(*parts: Part) -> tuple[Part, ...]:
    """The parts on a broad page of their own."""
    return (NewPage(landscape=True), *parts, NewPage())


def empty_rows(count: int, columns: int) -> tuple[Row, ...]:
    """Rows without ink."""
    return tuple(slots(*[""] * columns) for _ in range(count))


def form(
    title: str,
    rows: Iterable[Row],
    widths: Sequence[float],
    header: int,
    aligns: str,
    size: float | None = None,
) -> Form:
    """A form whose columns are aligned by one letter each: l, c or r."""
    letters = {"l": L, "c": C, "r": R}
    return Form(title, tuple(rows), tuple(widths), header, tuple(letters[a] for a in aligns), size)
