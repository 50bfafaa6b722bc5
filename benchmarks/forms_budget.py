"""The forms of a 部门预算公开, in three families that real bodies use.

``numbered``: 预算公开表1 … with 表一 titles; ``use``: 公开01表 with 支出用途 beside the functions; ``split``: codes
in three columns 类, 款, 项. Each function gives the printed parts of one form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.accounts import ALL, FISCAL, Accounts, subjects
from benchmarks.forms import Part, Row, Slot, Style, money, slots
from benchmarks.forms_common import (
    CLASSES,
    FUND,
    GENERAL,
    NOTHING,
    OWN,
    amounts,
    basic,
    broad,
    budget_head,
    column_numbers,
    empty_rows,
    form,
    income,
    note,
    numbered,
    opening,
    project,
    rate,
    spending,
    split_code,
    subject_rows,
    total,
    total_cells,
)

GOVERNMENT_NAMES = {
    "301": "工资奖金津补贴",
    "30106": "社会福利和救助",
    "30107": "工资福利支出",
    "30108": "社会保障缴费",
    "30109": "社会保障缴费",
    "3011": "社会保障缴费",
    "30113": "住房公积金",
    "30114": "社会福利和救助",
    "30199": "其他工资福利支出",
    "302": "办公经费",
    "30215": "会议费",
    "30216": "培训费",
    "30217": "公务接待费",
    "30226": "委托业务费",
    "30227": "委托业务费",
    "30231": "公务用车运行维护费",
    "30299": "其他商品和服务支出",
    "303": "社会福利和救助",
    "30301": "离退休费",
    "30302": "离退休费",
    "310": "设备购置",
}
"""政府预算支出经济科目 for the beginning of a 部门预算 one; the longest beginning counts."""


def _side_by_side(left: Sequence[Row], right: Sequence[Row], width: int) -> tuple[Row, ...]:
    """The rows of ``left`` (``width`` cells) before those of ``right``, blank where they end."""
    blank = slots(*[""] * width)
    return tuple((left[i] if i < len(left) else blank) + row for i, row in enumerate(right))


def overview(a: Accounts, style: Style) -> tuple[Part, ...]:
    """预算收支总表."""
    title = f"{a.year}年预算收支总表"
    now, before = spending(a), a.total(opening)
    kinds = numbered(("一般公共预算", "政府性基金预算", "国有资本经营预算", "财政专户管理资金", "单位资金"))
    got = (a.total(income, "", GENERAL), a.total(income, "", FUND), 0, 0, a.total(income, "", OWN))
    left = [slots(k, money(v, style)) for k, v in zip(kinds, got, strict=True)]
    names = numbered(name for _, name in CLASSES)
    right = [
        slots(name, *amounts(style, now(code), a.total(income, code), a.total(opening, code)))
        for (code, _), name in zip(CLASSES, names, strict=True)
    ]
    rows = (
        slots(Slot("收入", cols=2), Slot("支出", cols=4)),
        slots("项目", f"{a.year}年", "项目", f"{a.year}年合计", "当年预算安排", "上年结转安排"),
        *_side_by_side(left, right, 2),
        slots("本年收入合计", money(sum(got), style), "本年支出合计", *amounts(style, now(""), sum(got), before)),
        slots("上年结转", money(before, style), "年终结转", "", "", ""),
        slots("收入总计", money(now(""), style), "支出总计", *amounts(style, now(""), sum(got), before)),
    )
    table = form(f"表一{title}", rows, (20, 12, 28, 12, 12, 12), 2, "lrlrrr")
    return (*budget_head(a, style, title, "预算公开表1"), table)


def receipts(a: Accounts, style: Style) -> tuple[Part, ...]:
    """预算收入总表: subjects by source, 上年结转 beside them."""
    title = f"{a.year}年预算收入总表"
    columns = [(income, s) for s in (ALL, GENERAL, FUND, NOTHING, NOTHING, OWN)] + [(opening, ALL)]
    heads = ("合计", "一般公共预算", "政府性基金", "国有资本经营预算", "财政专户管理资金", "单位资金")
    rows = (
        slots(Slot("项目", cols=2), Slot("本年收入", cols=6), Slot("上年结转", rows=2)),
        slots(style.code_word, style.name_word, *heads),
        slots(Slot("合计", cols=2), *total_cells(a, style, columns)),
        *subject_rows(a, style, columns),
    )
    table = form(f"表二{title}", rows, (11, 24, 11, 11, 9, 9, 9, 9, 9), 2, "llrrrrrrr")
    return (*budget_head(a, style, title, "预算公开表2"), table)


def payments(a: Accounts, style: Style) -> tuple[Part, ...]:
    """预算支出总表: subjects, 基本支出 and 项目支出."""
    title = f"{a.year}年预算支出总表"
    columns = [(total, ALL), (basic, ALL), (project, ALL)]
    rows = (
        slots(Slot("项目", cols=2), Slot(f"{a.year}年预算数", cols=3)),
        slots(style.code_word, style.name_word, "合计", "基本支出", "项目支出"),
        slots(Slot("合计", cols=2), *total_cells(a, style, columns)),
        *subject_rows(a, style, columns),
    )
    table = form(f"表三{title}", rows, (14, 34, 15, 15, 15), 2, "llrrr")
    return (*budget_head(a, style, title, "预算公开表3"), table)


def fiscal(a: Accounts, style: Style) -> tuple[Part, ...]:
    """财政拨款收支总表: three-storey header, all 类."""
    title = f"{a.year}年财政拨款收支总表"
    now, carried = [spending(a, s) for s in (FISCAL, GENERAL, FUND)], a.total(opening, "", FISCAL)
    kinds = numbered(("一般公共预算", "政府性基金预算", "国有资本经营预算"))
    got = (a.total(income, "", GENERAL), a.total(income, "", FUND), 0)
    left = [slots(k, money(v, style)) for k, v in zip(kinds, got, strict=True)]
    names = numbered(name for _, name in CLASSES)
    right = [
        slots(name, *amounts(style, *(n(code) for n in now), 0)) for (code, _), name in zip(CLASSES, names, strict=True)
    ]
    end = amounts(style, *(n("") for n in now), 0)
    rows = (
        slots(Slot("收入", cols=2), Slot("支出", cols=5)),
        slots(Slot("项目", rows=2), Slot("金额", rows=2), Slot("项目", rows=2), Slot("金额", cols=4)),
        slots("小计", "一般公共预算", "政府性基金预算", "国有资本经营预算"),
        *_side_by_side(left, right, 2),
        slots("本年收入合计", money(sum(got), style), "本年支出合计", *end),
        slots("上年财政拨款结转", money(carried, style), "年终结转", "", "", "", ""),
        slots("收入总计", money(now[0](""), style), "支出总计", *end),
    )
    table = form(f"表四{title}", rows, (20, 11, 27, 11, 11, 10, 10), 3, "lrlrrrr")
    return (*budget_head(a, style, title, "预算公开表4"), table)


def government_name(code: str) -> str:
    """The 政府预算支出经济科目 of a 部门预算 one."""
    return next(GOVERNMENT_NAMES[code[:n]] for n in (5, 4, 3) if code[:n] in GOVERNMENT_NAMES)


def economic(a: Accounts, style: Style) -> tuple[Part, ...]:
    """一般公共预算安排基本支出分经济科目表."""
    title = f"{a.year}年一般公共预算安排基本支出分经济科目表（不含上年结转）"
    names = subjects("economic")

    def row(name: str, government: str, amount: int, people: bool) -> Row:
        return slots(name, government, *amounts(style, amount, amount * people, amount * (not people)))

    rows: list[Row] = []
    for group in ("301", "302", "303", "310"):
        if not a.economic_total(group):
            continue
        people = group in ("301", "303")
        rows.append(row(names[group], "", a.economic_total(group), people))
        rows += [
            row(names[code], government_name(code), amount, people)
            for code, amount in a.economic
            if code.startswith(group)
        ]
    end = amounts(style, a.personnel + a.running_cost, a.personnel, a.running_cost)
    head = (
        slots(
            Slot("部门预算支出经济科目名称", rows=2),
            Slot("政府预算支出经济科目名称", rows=2),
            Slot(f"{a.year}年预算数", cols=3),
        ),
        slots("合计", "人员经费", "公用经费"),
        slots("合计", "", *end),
    )
    table = form(f"表六{title}", (*head, *rows), (28, 24, 14, 14, 14), 2, "llrrr")
    return (*budget_head(a, style, title, "预算公开表6"), table)


def no_fund(a: Accounts, style: Style) -> tuple[Part, ...]:
    """政府性基金预算支出表: the subjects, or an empty form with a note."""
    title = f"{a.year}年政府性基金预算支出表（不含上年结转）"
    columns = [(total, FUND), (basic, FUND), (project, FUND)]
    body = subject_rows(a, style, columns, FUND) or empty_rows(1, 5)
    rows = (
        slots(style.code_word, style.name_word, "合计", "基本支出", "项目支出"),
        slots(Slot("合计", cols=2), *total_cells(a, style, columns)),
        *body,
    )
    table = form(f"表八{title}", rows, (14, 34, 15, 15, 15), 1, "llrrr")
    empty = () if a.total(total, "", FUND) else (note("注：本表无数据"),)
    return (*budget_head(a, style, title, "预算公开表8"), table, *empty)


def capital(a: Accounts, style: Style) -> tuple[Part, ...]:
    """国有资本经营预算收支预算表: always empty, an odd header."""
    title = f"{a.year}年国有资本经营预算收支预算表（不含上年结转）"
    tall = ("国有资本经营收入预算", "科目编码", "科目名称", "合计", "基本支出", "项目支出")
    rows = (
        slots(Slot("国有资本经营预算收入", cols=3), Slot("国有资本经营预算支出", cols=5)),
        slots(Slot("项目", cols=2), *(Slot(t, rows=2) for t in tall)),
        slots("收入科目编码", "科目名称"),
        slots(Slot("合计", cols=2), "", "", "", "", "", ""),
    )
    table = form(f"表九{title}", rows, (12, 13, 13, 11, 13, 11, 11, 11), 3, "llrllrrr")
    return (*budget_head(a, style, title, "预算公开表9"), table, note("注：本表无数据"))


def three_public(a: Accounts, style: Style) -> tuple[Part, ...]:
    """财政拨款安排“三公”经费支出预算表."""
    title = f"{a.year}年财政拨款安排“三公”经费支出预算表"
    p = a.planned
    items = (
        ("因公出国（境）费", p.abroad),
        ("公务接待费", p.reception),
        ("公务用车购置及运行费", p.vehicles),
        ("①公务用车购置费", p.purchase),
        ("②公务用车运行维护费", p.running),
        ("合计", p.total),
    )
    rows = (
        slots(Slot("项目", rows=2), Slot(f"{a.year}年预算数", cols=4)),
        slots("合计", "一般公共预算", "政府性基金预算", "国有资本经营预算"),
        *(slots(name, *amounts(style, v, v, 0, 0)) for name, v in items),
    )
    table = form(f"表十{title}", rows, (30, 16, 16, 16, 16), 2, "lrrrr")
    return (*budget_head(a, style, title, "预算公开表10"), table)


def projects(a: Accounts, style: Style) -> tuple[Part, ...]:
    """项目支出预算表, with a row of column numbers."""
    title = f"{a.year}年项目支出预算表（本年预算）"
    amount = sum(v for _, v in a.projects)
    lines = [(a.entity, amount), *a.projects]
    rows = (
        slots(
            Slot("项目名称", rows=2),
            Slot("合计", rows=2),
            Slot(f"{a.year}年财政拨款", cols=3),
            Slot("财政专户管理资金", rows=2),
            Slot("单位资金", rows=2),
        ),
        slots("一般公共预算", "政府性基金预算", "国有资本经营预算"),
        column_numbers(Slot("1"), 7)[:1] + tuple(Slot(str(i)) for i in range(2, 8)),
        *(slots(name, *amounts(style, v, v, 0, 0, 0, 0)) for name, v in lines),
    )
    table = form(f"表十二{title}", rows, (30, 12, 12, 12, 12, 12, 12), 3, "lrrrrrr")
    return (*budget_head(a, style, title, "预算公开表12"), table)


def purchases(a: Accounts, style: Style) -> tuple[Part, ...]:
    """政府采购预算明细表: a broad page of many narrow columns with wrapped cells."""
    title = f"{a.year}年政府采购预算明细表"
    kinds = ("货物", "工程", "服务")
    things = ("台式计算机及便携式计算机购置", "办公用房维修工程", "物业管理及安全保卫服务")
    code, code1 = f"{a.year % 900 + 61:03d}", f"{a.year % 900 + 61:03d}001"
    lines = [(kinds[i], things[i], i * 2 + 1, v) for i, v in enumerate(a.procurement) if v]
    end = sum(v for *_, v in lines)
    tall = (
        "单位编码",
        "单位名称",
        "采购项目名称",
        "采购目录",
        "采购品目",
        "组织形式",
        "是否面向中小企业",
        "数量",
    )
    rows = (
        slots(*(Slot(t, rows=2) for t in tall), Slot("资金来源", cols=6)),
        slots("合计", "一般公共预算资金", "政府性基金预算资金", "国有资本经营预算资金", "财政专户管理资金", "单位资金"),
        slots(*map(str, range(1, 15))),
        slots(
            code,
            f"[{code}]{a.entity}",
            *[""] * 5,
            str(sum(n for *_, n, _ in lines)),
            *amounts(style, end, end, 0, 0, 0, 0),
        ),
        *(
            slots(
                code1,
                f"[{code1}]{a.entity}",
                thing,
                kind,
                thing,
                "集中采购",
                "是" if n > 1 else "否",
                str(n),
                *amounts(style, v, v, 0, 0, 0, 0),
            )
            for kind, thing, n, v in lines
        ),
    )
    table = form(title, rows, (8, 13, 15, 8, 14, 8, 9, 6, 10, 11, 10, 10, 9, 8), 3, "llllllcrrrrrrr", size=7)
    return broad(*budget_head(a, style, title, ""), table)


def by_use(a: Accounts, style: Style) -> tuple[Part, ...]:
    """收支预算总表 with functions and uses side by side: three lists of different length."""
    now, carried = spending(a), a.total(opening)
    got = (
        a.total(income, "", FISCAL),
        a.total(income, "", GENERAL),
        a.total(income, "", FUND),
        0,
        a.total(income, "", OWN),
    )
    kinds = ("一、财政拨款", "1.一般公共预算", "2.政府性基金预算", "二、财政专户管理资金", "三、其他资金")
    left = [slots(k, money(v, style)) for k, v in zip(kinds, got, strict=True)]
    used = [c for c in CLASSES if c[0] not in ("209", "227", "230", "231", "232", "233", "234")]
    names = numbered(name for _, name in used)
    middle = [slots(n, money(now(c), style)) for (c, _), n in zip(used, names, strict=True)]
    uses = [("一、基本支出", a.total(basic)), ("二、项目支出", a.total(project)), ("三、单位预留机动经费", 0)]
    right = [slots(n, money(v, style)) for n, v in uses] + list(empty_rows(len(middle) - len(uses), 2))
    end = money(now(""), style)
    rows = (
        slots(Slot("收入", cols=2), Slot("支出", cols=4)),
        slots(Slot("项目名称", rows=2), Slot("金额", rows=2), Slot("功能分类", cols=2), Slot("支出用途", cols=2)),
        slots("功能科目名称", "金额", "项目名称", "金额"),
        *_side_by_side(left, [m + r for m, r in zip(middle, right, strict=True)], 2),
        slots("当年收入小计", money(now("") - carried, style), Slot("当年支出小计", cols=3), end),
        slots("上年结转资金", money(carried, style), Slot("结转下年资金", cols=3), ""),
        slots("收入合计", end, Slot("支出合计", cols=3), end),
    )
    table = form("收支预算总表", rows, (19, 13, 25, 13, 19, 13), 3, "lrlrlr")
    return (*budget_head(a, style, "收支预算总表", "公开01表"), table)


def side_heads(a: Accounts, style: Style) -> tuple[Part, ...]:
    """收入预算总表 with the kinds of money as tall cells at the side."""
    general, fund, own = (a.total(income, "", s) for s in (GENERAL, FUND, OWN))
    carried = a.total(opening)
    groups = (
        ("一般公共预算资金", ("小计", "公共财政拨款（补助）资金", "专项收入"), (general, general, 0)),
        ("政府性基金", ("小计",), (fund,)),
        ("财政专户管理资金", ("小计", "专户管理教育收费", "其他非税收入"), (0, 0, 0)),
        ("其他资金", ("小计", "事业收入", "经营收入", "其他收入"), (own, own, 0, 0)),
        ("上年结转和结余资金", ("小计", "其中：动用上年结转和结余资金"), (carried, carried)),
    )
    rows: list[Row] = [
        slots(Slot("项目名称", cols=2), "金额"),
        slots(Slot("收入总计", cols=2), money(a.total(total), style)),
    ]
    for name, items, values in groups:
        first = Slot(name, rows=len(items))
        rows += [
            slots(*((first,) if i == 0 else ()), item, money(v, style))
            for i, (item, v) in enumerate(zip(items, values, strict=True))
        ]
    table = form("收入预算总表", rows, (26, 40, 26), 1, "clr")
    return (*budget_head(a, style, "收入预算总表", "公开02表"), table)


def five_cells(a: Accounts, style: Style) -> tuple[Part, ...]:
    """支出预算总表 of two rows."""
    rows = (
        slots("合计", "基本支出", "项目支出", "单位预留机动经费", "结转下年资金"),
        slots(*amounts(style, a.total(total), a.total(basic), a.total(project), 0, 0)),
    )
    table = form("支出预算总表", rows, (15, 15, 15, 17, 15), 1, "rrrrr")
    return (*budget_head(a, style, "支出预算总表", "公开03表"), table)


def economic_list(a: Accounts, style: Style) -> tuple[Part, ...]:
    """财政拨款基本支出预算表（经济科目）: three columns; the name's head reaches into the 合计 row."""
    names = subjects("economic")
    groups = [g for g in ("301", "302", "303", "310") if a.economic_total(g)]
    codes = sorted([*groups, *(code for code, _ in a.economic)])
    rows = (
        slots(style.code_word, style.name_word, "金额"),
        slots(Slot("合计", cols=2), money(a.personnel + a.running_cost, style)),
        *(slots(c, names[c], money(a.economic_total(c), style)) for c in codes),
    )
    table = form("财政拨款基本支出预算表（经济科目）", rows, (22, 44, 26), 1, "llr")
    head = budget_head(a, style, "财政拨款基本支出预算表（经济科目）", "公开06表")
    return (*head, table, note("注：“科目编码”和“科目名称”为必填项。"))


def _meetings(a: Accounts) -> tuple[int, int]:
    return a.economic_total("30215"), a.economic_total("30216")


def nested_heads(a: Accounts, style: Style) -> tuple[Part, ...]:
    """“三公”经费、会议费、培训费支出预算表: a header of three storeys over one row."""
    title = "“三公”经费、会议费、培训费支出预算表"
    p, (meetings, training) = a.planned, _meetings(a)
    rows = (
        slots(Slot("合计", rows=3), Slot("“三公”经费", cols=6), Slot("会议费", rows=3), Slot("培训费", rows=3)),
        slots(
            Slot("小计", rows=2),
            Slot("因公出国（境）费", rows=2),
            Slot("公务用车购置及运行维护费", cols=3),
            Slot("公务接待费", rows=2),
        ),
        slots("小计", "公务用车购置费", "公务用车运行维护费"),
        slots(
            *amounts(
                style,
                p.total + meetings + training,
                p.total,
                p.abroad,
                p.vehicles,
                p.purchase,
                p.running,
                p.reception,
                meetings,
                training,
            )
        ),
    )
    table = form(title, rows, (12, 11, 11, 11, 11, 11, 10, 10, 10), 3, "r" * 9)
    return (*budget_head(a, style, title, "公开09表"), table)


def compared(a: Accounts, style: Style) -> tuple[Part, ...]:
    """支出预算对比表: this year against the last; negative amounts and percentages."""
    title = f"{a.year}年部门支出预算与上年对比表"
    names = subjects("functional")

    def cells(prefix: str) -> Row:
        before, now = a.last(prefix), a.total(total, prefix)
        change = now - before
        sign = "-" if change < 0 else ""
        rise = f"{sign}{rate(abs(change), before)}%"
        return slots(*amounts(style, before, now), sign + money(abs(change), style), rise)

    rows = (
        slots(
            Slot("科目", cols=2),
            Slot(f"{a.year - 1}年预算数", rows=2),
            Slot(f"{a.year}年预算数", rows=2),
            Slot("增减情况", cols=2),
        ),
        slots(style.code_word, style.name_word, "增减额", "增减%"),
        *((*slots(code, names[code]), *cells(code)) for code in a.codes()),
        (Slot("合计", cols=2), *cells("")),
    )
    table = form(title, rows, (12, 32, 15, 15, 15, 11), 2, "llrrrr")
    return (*budget_head(a, style, title, "附表1"), table)


def split_payments(a: Accounts, style: Style) -> tuple[Part, ...]:
    """部门支出预算总表 with 类, 款 and 项 in columns of their own, the sum at the end, on a broad page."""
    title = f"{a.year}年部门支出预算总表"
    columns = [(total, ALL), (basic, ALL), (project, ALL)]
    rows = (
        slots(Slot("项目", cols=4), Slot("支出预算", cols=3)),
        slots(
            Slot("功能分类科目编码", cols=3),
            Slot("功能分类科目名称", rows=2),
            *(Slot(t, rows=2) for t in ("合计", "基本支出", "项目支出")),
        ),
        slots("类", "款", "项"),
        *(split_code(row) for row in subject_rows(a, style, columns)),
        slots(Slot("合计", cols=4), *total_cells(a, style, columns)),
    )
    table = form(title, rows, (6, 6, 6, 40, 18, 18, 18), 3, "ccclrrr")
    return broad(*budget_head(a, style, title, ""), table)


def split_economic(a: Accounts, style: Style) -> tuple[Part, ...]:
    """一般公共预算基本支出部门预算经济分类预算表: codes in two columns, people and running cost."""
    title = f"{a.year}年部门一般公共预算基本支出部门预算经济分类预算表"
    names = subjects("economic")
    groups = [g for g in ("301", "302", "303", "310") if a.economic_total(g)]
    codes = sorted([*groups, *(code for code, _ in a.economic)])

    def row(code: str) -> Row:
        amount, people = a.economic_total(code), code.startswith(("301", "303"))
        return slots(code[:3], code[3:], names[code], *amounts(style, amount, amount * people, amount * (not people)))

    end = amounts(style, a.personnel + a.running_cost, a.personnel, a.running_cost)
    rows = (
        slots(Slot("项目", cols=3), Slot("一般公共预算基本支出", cols=3)),
        slots(
            Slot("经济分类科目编码", cols=2),
            Slot("经济分类科目名称", rows=2),
            *(Slot(t, rows=2) for t in ("合计", "人员经费", "公用经费")),
        ),
        slots("类", "款"),
        *(row(c) for c in codes),
        slots(Slot("合计", cols=3), *end),
    )
    table = form(title, rows, (8, 8, 34, 15, 15, 15), 3, "cclrrr")
    return (*budget_head(a, style, title, ""), table)


FORMS: dict[str, Callable[[Accounts, Style], tuple[Part, ...]]] = {
    "overview": overview,
    "receipts": receipts,
    "payments": payments,
    "fiscal": fiscal,
    "economic": economic,
    "fund": no_fund,
    "capital": capital,
    "three_public": three_public,
    "projects": projects,
    "purchases": purchases,
    "by_use": by_use,
    "side_heads": side_heads,
    "five_cells": five_cells,
    "economic_list": economic_list,
    "nested_heads": nested_heads,
    "compared": compared,
    "split_payments": split_payments,
    "split_economic": split_economic,
}
"""Every form of a budget, by the name that a plan gives it."""
