"""The forms of a 部门决算公开: 公开01表 … with 行次 and 栏次, and a family without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.accounts import ALL, FISCAL, Accounts, ThreePublic, subjects
from benchmarks.forms import Part, Row, Slot, Style, money, slots
from benchmarks.forms_common import (
    CLASSES,
    FUND,
    GENERAL,
    NOT_IN_ACCOUNTS,
    NOTHING,
    OWN,
    account_head,
    amounts,
    basic,
    broad,
    closing,
    column_numbers,
    empty_rows,
    form,
    income,
    note,
    numbered,
    opening,
    project,
    spending,
    subject_rows,
    total,
    total_cells,
)

LISTED = tuple(c for c in CLASSES if c[0] not in NOT_IN_ACCOUNTS)


def _numbered_lines(left: Sequence[Row], right: Sequence[Row]) -> tuple[Row, ...]:
    """The two sides of a table with 行次 after each name, counted down the left and then down the right."""
    height = max(len(left), len(right))
    left = [*left, *empty_rows(height - len(left), len(left[0]))]
    right = [*right, *empty_rows(height - len(right), len(right[0]))]
    return tuple(
        (a[0], Slot(str(i)), *a[1:], b[0], Slot(str(height + i)), *b[1:])
        for i, (a, b) in enumerate(zip(left, right, strict=True), 1)
    )


def _classes(style: Style, *columns: Callable[[str], int]) -> list[Row]:
    """A row for each 类 with its amounts."""
    names = numbered(name for _, name in LISTED)
    return [
        slots(name, *amounts(style, *(column(code) for column in columns)))
        for (code, _), name in zip(LISTED, names, strict=True)
    ]


def overview(a: Accounts, style: Style) -> tuple[Part, ...]:
    """收入支出决算总表 with 行次."""
    kinds = numbered(
        (
            "一般公共预算财政拨款收入",
            "政府性基金预算财政拨款收入",
            "国有资本经营预算财政拨款收入",
            "上级补助收入",
            "事业收入",
            "经营收入",
            "附属单位上缴收入",
            "其他收入",
        )
    )
    got = (a.total(income, "", GENERAL), a.total(income, "", FUND), 0, 0, a.total(income, "", OWN), 0, 0, 0)
    left = [slots(k, money(v, style)) for k, v in zip(kinds, got, strict=True)]
    right = _classes(style, spending(a))
    left += list(empty_rows(len(right) - len(left), 2))
    start, end = a.total(opening), a.total(closing)
    left += [
        slots("本年收入合计", money(sum(got), style)),
        slots("使用非财政拨款结余（含专用结余）", ""),
        slots("年初结转和结余", money(start, style)),
        slots("总计", money(sum(got) + start, style)),
    ]
    right += [
        slots("本年支出合计", money(a.total(total), style)),
        slots("结余分配", ""),
        slots("年末结转和结余", money(end, style)),
        slots("总计", money(a.total(total) + end, style)),
    ]
    rows = (
        slots(Slot("收入", cols=3), Slot("支出", cols=3)),
        slots("项目", "行次", "金额", "项目", "行次", "金额"),
        slots("栏次", "", "1", "栏次", "", "2"),
        *_numbered_lines(left, right),
    )
    table = form("一、收入支出决算总表", rows, (28, 6, 14, 28, 6, 14), 3, "lcrlcr")
    remark = note("注：本表反映部门本年度的总收支和年末结转结余情况。本套报表金额单位转换时可能存在尾数误差。")
    return (*account_head(a, style, "收入支出决算总表", "公开01表"), table, remark)


def receipts(a: Accounts, style: Style) -> tuple[Part, ...]:
    """收入决算表."""
    columns = [(income, s) for s in (ALL, FISCAL, NOTHING, OWN, NOTHING, NOTHING, NOTHING)]
    tall = (
        "本年收入合计",
        "财政拨款收入",
        "上级补助收入",
        "事业收入",
        "经营收入",
        "附属单位上缴收入",
        "其他收入",
    )
    rows = (
        slots(Slot("项目", cols=2), *(Slot(t, rows=2) for t in tall)),
        slots(style.code_word, style.name_word),
        column_numbers(Slot("栏次", cols=2), 7),
        slots(Slot("合计", cols=2), *total_cells(a, style, columns)),
        *subject_rows(a, style, columns),
    )
    table = form("二、收入决算表", rows, (11, 25, 12, 12, 9, 10, 9, 9, 9), 3, "llrrrrrrr")
    remark = note("注：本表反映部门本年度取得的各项收入情况。")
    return (*account_head(a, style, "收入决算表", "公开02表"), table, remark)


def payments(a: Accounts, style: Style) -> tuple[Part, ...]:
    """支出决算表."""
    columns = [(total, ALL), (basic, ALL), (project, ALL), *[(total, NOTHING)] * 3]
    tall = ("本年支出合计", "基本支出", "项目支出", "上缴上级支出", "经营支出", "对附属单位补助支出")
    rows = (
        slots(Slot("项目", cols=2), *(Slot(t, rows=2) for t in tall)),
        slots(style.code_word, style.name_word),
        column_numbers(Slot("栏次", cols=2), 6),
        slots(Slot("合计", cols=2), *total_cells(a, style, columns)),
        *subject_rows(a, style, columns),
    )
    table = form("三、支出决算表", rows, (11, 27, 13, 13, 13, 9, 9, 10), 3, "llrrrrrr")
    remark = note("注：本表反映部门本年度各项支出情况。")
    return (*account_head(a, style, "支出决算表", "公开03表"), table, remark)


def fiscal(a: Accounts, style: Style) -> tuple[Part, ...]:
    """财政拨款收入支出决算总表: nine columns, 行次 twice."""
    kinds = numbered(("一般公共预算财政拨款", "政府性基金预算财政拨款", "国有资本经营预算财政拨款"))
    got = (a.total(income, "", GENERAL), a.total(income, "", FUND), 0)
    sides = (FISCAL, GENERAL, FUND, NOTHING)
    left = [slots(k, money(v, style)) for k, v in zip(kinds, got, strict=True)]
    right = _classes(style, *(spending(a, s) for s in sides))
    left += list(empty_rows(len(right) - len(left), 2))
    start = a.total(opening, "", FISCAL)
    spent = [a.total(total, "", s) for s in sides]
    left_over = [a.total(closing, "", s) for s in sides]
    both = [x + y for x, y in zip(spent, left_over, strict=True)]
    left += [
        slots("本年收入合计", money(sum(got), style)),
        slots("年初财政拨款结转和结余", money(start, style)),
        slots("总计", money(sum(got) + start, style)),
    ]
    right += [
        slots("本年支出合计", *amounts(style, *spent)),
        slots("年末财政拨款结转和结余", *amounts(style, *left_over)),
        slots("总计", *amounts(style, *both)),
    ]
    heads = ("合计", "一般公共预算财政拨款", "政府性基金预算财政拨款", "国有资本经营预算财政拨款")
    rows = (
        slots(Slot("收入", cols=3), Slot("支出", cols=6)),
        slots("项目", "行次", "金额", "项目", "行次", *heads),
        slots("栏次", "", "1", "栏次", "", "2", "3", "4", "5"),
        *_numbered_lines(left, right),
    )
    table = form("四、财政拨款收入支出决算总表", rows, (22, 5, 12, 24, 5, 12, 12, 10, 10), 3, "lcrlcrrrr")
    return (*account_head(a, style, "财政拨款收入支出决算总表", "公开04表"), table)


def general(a: Accounts, style: Style) -> tuple[Part, ...]:
    """一般公共预算财政拨款支出决算表."""
    columns = [(total, GENERAL), (basic, GENERAL), (project, GENERAL)]
    rows = (
        slots(Slot("项目", cols=2), Slot("本年支出", cols=3)),
        slots(style.code_word, style.name_word, "小计", "基本支出", "项目支出"),
        column_numbers(Slot("栏次", cols=2), 3),
        slots(Slot("合计", cols=2), *total_cells(a, style, columns)),
        *subject_rows(a, style, columns, GENERAL),
    )
    table = form("五、一般公共预算财政拨款支出决算表", rows, (14, 38, 16, 16, 16), 3, "llrrr")
    remark = note("注：本表反映部门本年度一般公共预算财政拨款支出情况。")
    return (*account_head(a, style, "一般公共预算财政拨款支出决算表", "公开05表"), table, remark)


def _economic_columns(a: Accounts, style: Style, groups: Sequence[Sequence[str]]) -> tuple[Row, ...]:
    """Subjects side by side: for each group of 类 a triple of code, name and amount."""
    names = subjects("economic")
    lists = [[c for c in sorted(names) if c.startswith(tuple(g))] for g in groups]

    def triple(codes: Sequence[str], i: int) -> Row:
        if i >= len(codes):
            return slots("", "", "")
        return slots(codes[i], names[codes[i]], money(a.economic_total(codes[i]), style))

    height = max(len(x) for x in lists)
    return tuple(sum((triple(x, i) for x in lists), ()) for i in range(height))


def economic_broad(a: Accounts, style: Style) -> tuple[Part, ...]:
    """一般公共预算财政拨款基本支出决算明细表: four triples side by side on a broad page."""
    title = "一般公共预算财政拨款基本支出决算明细表"
    groups = (("301", "303"), ("302",), ("307", "309", "310"), ("311", "312", "313", "399"))
    heads = (style.code_word, style.name_word, "决算数") * 4
    rows = (
        slots(Slot("人员经费", cols=3), Slot("公用经费", cols=9)),
        slots(*heads),
        *_economic_columns(a, style, groups),
        slots(
            Slot("人员经费合计", cols=2),
            money(a.personnel, style),
            Slot("公用经费合计", cols=8),
            money(a.running_cost, style),
        ),
    )
    table = form(f"六、{title}", rows, (7, 17, 9) * 4, 2, "llr" * 4, size=min(6.8, style.table_size))
    remark = note("注：本表反映部门本年度一般公共预算财政拨款基本支出明细情况。")
    return broad(*account_head(a, style, title, "公开06表"), table, remark)


def economic_pairs(a: Accounts, style: Style) -> tuple[Part, ...]:
    """一般公共预算财政拨款基本支出决算表: two triples side by side, upright."""
    title = "一般公共预算财政拨款基本支出决算表"
    rows = (
        slots(*(("经济分类科目编码", style.name_word, "决算数") * 2)),
        *_economic_columns(a, style, (("301", "303"), ("302", "310"))),
        slots(
            Slot("人员经费合计", cols=2),
            money(a.personnel, style),
            Slot("公用经费合计", cols=2),
            money(a.running_cost, style),
        ),
    )
    table = form(f"六、{title}", rows, (11, 25, 13) * 2, 1, "llr" * 2)
    return (*account_head(a, style, title, ""), table)


def fund(a: Accounts, style: Style) -> tuple[Part, ...]:
    """政府性基金预算财政拨款收入支出决算表: with subjects, or empty with a note."""
    title = "政府性基金预算财政拨款收入支出决算表"
    columns = [(m, FUND) for m in (opening, income, total, basic, project, closing)]
    rows = (
        slots(
            Slot("项目", cols=2),
            Slot("年初结转和结余", rows=2),
            Slot("本年收入", rows=2),
            Slot("本年支出", cols=3),
            Slot("年末结转和结余", rows=2),
        ),
        slots(style.code_word, style.name_word, "小计", "基本支出", "项目支出"),
        column_numbers(Slot("栏次", cols=2), 6),
        slots(Slot("合计", cols=2), *total_cells(a, style, columns)),
        *subject_rows(a, style, columns, FUND),
    )
    table = form(title, rows, (12, 26, 12, 12, 12, 12, 12, 12), 3, "llrrrrrr")
    empty = () if a.total(total, "", FUND) else (note("说明：本表无数据"),)
    remark = note("注：本表反映部门本年度政府性基金预算财政拨款收入、支出及结转和结余情况。")
    return (*account_head(a, style, title, "公开07表"), table, remark, *empty)


def _three(p: ThreePublic) -> tuple[int, ...]:
    return p.total, p.abroad, p.vehicles, p.purchase, p.running, p.reception


def three_public(a: Accounts, style: Style) -> tuple[Part, ...]:
    """财政拨款“三公”经费支出决算表: planned and spent in twelve columns."""
    half = (
        Slot("合计", rows=2),
        Slot("因公出国（境）费", rows=2),
        Slot("公务用车购置及运行维护费", cols=3),
        Slot("公务接待费", rows=2),
    )
    rows = (
        slots(Slot("预算数", cols=6), Slot("决算数", cols=6)),
        (*half, *half),
        slots(*(("小计", "公务用车购置费", "公务用车运行维护费") * 2)),
        slots(*map(str, range(1, 13))),
        slots(*amounts(style, *_three(a.planned), *_three(a.spent))),
    )
    table = form("九、财政拨款“三公”经费支出决算表", rows, (10, 9, 9, 9, 10, 9) * 2, 4, "r" * 12)
    remark = note("注：本表反映部门本年度“三公”经费支出预决算情况。")
    return (*account_head(a, style, "财政拨款“三公”经费支出决算表", "公开09表"), table, remark)


def three_public_pairs(a: Accounts, style: Style) -> tuple[Part, ...]:
    """财政拨款“三公”经费支出决算表 with 预算数 and 决算数 under each item."""
    title = "财政拨款“三公”经费支出决算表"
    plan, done = a.planned, a.spent
    order = ("total", "abroad", "vehicles", "purchase", "running", "reception")
    rows = (
        slots(
            Slot("合计", rows=2, cols=2),
            Slot("因公出国（境）费", rows=2, cols=2),
            Slot("公务用车购置及运行维护费", cols=6),
            Slot("公务接待费", rows=2, cols=2),
        ),
        slots(Slot("小计", cols=2), Slot("公务用车购置费", cols=2), Slot("公务用车运行维护费", cols=2)),
        slots(*(("预算数", "决算数") * 6)),
        slots(*(t for k in order for t in amounts(style, getattr(plan, k), getattr(done, k)))),
    )
    table = form(title, rows, (10,) * 12, 3, "r" * 12)
    return (*account_head(a, style, title, ""), table)


def information(a: Accounts, style: Style) -> tuple[Part, ...]:
    """部门决算公开相关信息统计表: bands over the whole width between the rows."""
    title = "部门决算公开相关信息统计表"
    goods, works, services = a.procurement
    cars = (
        "副部（省）级及以上领导用车",
        "主要负责人用车",
        "机要通信用车",
        "应急保障用车",
        "执法执勤用车",
        "特种专业技术用车",
        "离退休干部服务用车",
        "其他用车",
    )
    held = {"机要通信用车": min(1, a.cars), "执法执勤用车": max(0, a.cars - 1)}
    first = [("合计", goods + works + services), ("货物", goods), ("工程", works), ("服务", services)]
    second = [("（一）行政单位", a.running_cost), ("（二）参照公务员法管理事业单位", 0)]
    third = [
        ("（一）车辆数合计（辆）", a.cars),
        *((f"{i}.{n}", held.get(n, 0)) for i, n in enumerate(cars, 1)),
        ("（二）单价100万元（含）以上设备（不含车辆）", 0),
    ]

    def counted(items: Sequence[tuple[str, str]], start: int) -> list[Row]:
        return [slots(name, str(i), value) for i, (name, value) in enumerate(items, start)]

    rows = (
        slots(Slot("一、政府采购情况", cols=3)),
        slots("项目", "行次", "统计数"),
        *counted([(n, money(v, style)) for n, v in first], 1),
        slots(Slot("二、机关运行经费", cols=3)),
        slots("项目", "", "统计数"),
        *counted([(n, money(v, style)) for n, v in second], 5),
        slots(Slot("三、国有资产占用情况", cols=3)),
        *counted([(n, str(v or "")) for n, v in third], 7),
    )
    table = form(f"十、{title}", rows, (56, 12, 28), 0, "lcr")
    remark = note("注：本表反映部门本年度政府采购、机关运行经费和国有资产占用情况。")
    return (*account_head(a, style, title, "公开10表"), table, remark)


FORMS: dict[str, Callable[[Accounts, Style], tuple[Part, ...]]] = {
    "overview": overview,
    "receipts": receipts,
    "payments": payments,
    "fiscal": fiscal,
    "general": general,
    "economic_broad": economic_broad,
    "economic_pairs": economic_pairs,
    "fund": fund,
    "three_public": three_public,
    "three_public_pairs": three_public_pairs,
    "information": information,
}
"""Every form of a final account, by the name that a plan gives it."""
