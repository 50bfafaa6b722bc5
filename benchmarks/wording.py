"""The words of a drawn disclosure around its forms: cover, contents, duties, explanations, 绩效 forms, terms."""

from __future__ import annotations

import random
from collections.abc import Callable

from benchmarks.accounts import FISCAL, Accounts, subjects
from benchmarks.forms import Align, Chart, Contents, Line, NewPage, Part, Style, money, slots
from benchmarks.forms_common import GENERAL, basic, closing, form, numeral, opening, project, rate, total
from benchmarks.forms_performance import evaluation, six_column_target, target

DUTIES = (
    "贯彻执行上级有关法律法规和方针政策，研究拟订本行业中长期发展规划、年度计划并组织实施。",
    "负责本系统干部队伍建设、教育培训和人才引进工作，指导所属单位开展业务技能竞赛。",
    "承担行业安全生产监督管理责任，定期组织隐患排查，参与突发事件的应急处置和调查评估。",
    "负责编制部门预算和决算，管理国有资产，按照规定及时公开预决算信息，接受社会监督。",
    "推进数字化转型，建设统一的业务平台和数据资源目录，实现跨部门信息共享与业务协同。",
    "受理群众来信来访和投诉举报，依法调解纠纷，维护公民、法人和其他组织的合法权益。",
    "组织开展对外交流与合作，统筹重大活动的策划、宣传和后勤保障工作。",
    "承办区委、区政府和上级主管部门交办的其他事项。",
)
REASONS = (
    "落实政府过紧日子要求，严控一般性支出",
    "年内新增信息化运维项目",
    "人员正常晋级晋档，社保缴费基数上调",
    "上年度一次性项目已完工",
    "部分项目跨年度实施，资金结转下年使用",
    "中央和省级专项转移支付减少",
)
TERMS = (
    (
        "财政拨款收入",
        "指单位从同级财政部门取得的财政预算资金，包括一般公共预算财政拨款、政府性基金预算财政拨款和国有资本经营预算财政拨款。",
    ),
    ("事业收入", "指事业单位开展专业业务活动及其辅助活动取得的收入，不含从财政专户核拨的教育收费。"),
    ("年初结转和结余", "指以前年度尚未完成、结转到本年仍按原规定用途继续使用的资金，或项目已完成等产生的结余资金。"),
    ("基本支出", "指为保障机构正常运转、完成日常工作任务而发生的人员经费和公用经费。"),
    ("项目支出", "指在基本支出之外，为完成特定的行政工作任务或事业发展目标所发生的各项支出。"),
    (
        "“三公”经费",
        "指用财政拨款安排的因公出国（境）费、公务用车购置及运行维护费和公务接待费，其中公务接待费反映按规定开支的各类公务接待（含外宾接待）费用。",
    ),
    (
        "机关运行经费",
        "指为保障行政单位（含参照公务员法管理的事业单位）运行，用于购买货物和服务的各项公用经费，包括办公及印刷费、邮电费、差旅费、会议费、维修（护）费等。",
    ),
)


def _p(text: str) -> Line:
    return Line(text, indent=True)


def _h(text: str, style: Style) -> Line:
    return Line(text, bold=style.bold_titles, indent=True, above=4)


def _part(text: str, style: Style) -> Line:
    return Line(text, size=1.35, bold=style.bold_titles, align=Align.CENTER, above=8)


def _say(amount: int, a: Accounts) -> str:
    return f"{money(amount, Style(), prose=True)}{a.unit}"


def heading(a: Accounts) -> str:
    """2025年度部门预算公开."""
    word = "单位" if a.body.endswith(("学校", "中心", "馆")) else "部门"
    return f"{a.year}年度{word}{'预算' if a.kind == 'budget' else '决算'}公开"


def cover(a: Accounts, style: Style, rng: random.Random) -> tuple[Part, ...]:
    """The first page."""
    return (
        Line(a.entity, size=1.9, align=Align.CENTER, bold=style.bold_titles, above=rng.uniform(150, 240)),
        Line(heading(a), size=1.7, align=Align.CENTER, bold=style.bold_titles, above=24),
        NewPage(),
    )


def contents(a: Accounts, style: Style, rng: random.Random) -> tuple[Part, ...]:
    """目录, with the page numbers of a longer document."""
    what = "预算" if a.kind == "budget" else "决算"
    entries = [
        "第一部分 概况",
        "一、主要职能",
        "二、机构设置",
        f"第二部分 {a.year}年度{what}表",
        *(f"{numeral(i)}、{t}" for i, t in enumerate(_titles(a), 1)),
        f"第三部分 {a.year}年度{what}情况说明",
        "第四部分 名词解释",
    ]
    page, lines = 1, []
    for entry in entries:
        page += rng.choice((0, 1, 1, 2))
        lines.append(Contents(entry, page))
    return (NewPage(), Line(rng.choice(("目 录", "目  录", "目录")), size=1.5, align=Align.CENTER, bold=True), *lines)


def _titles(a: Accounts) -> tuple[str, ...]:
    if a.kind == "budget":
        return (
            "收支预算总表",
            "收入预算总表",
            "支出预算总表",
            "财政拨款收支预算总表",
            "一般公共预算支出预算表",
            "一般公共预算基本支出预算表",
            "“三公”经费支出预算表",
            "政府性基金预算支出表",
        )
    return (
        "收入支出决算总表",
        "收入决算表",
        "支出决算表",
        "财政拨款收入支出决算总表",
        "一般公共预算财政拨款支出决算表",
        "一般公共预算财政拨款基本支出决算明细表",
        "政府性基金预算财政拨款收入支出决算表",
        "财政拨款“三公”经费支出决算表",
    )


def duties(a: Accounts, style: Style, rng: random.Random) -> tuple[Part, ...]:
    """第一部分: a numbered list, and a table of the units below."""
    chosen = rng.sample(DUTIES, rng.randint(3, 5))
    mark: Callable[[int], str] = rng.choice((lambda i: f"{i}.", lambda i: f"（{numeral(i)}）", lambda i: f"{i}、"))
    listed = [_p(f"{mark(i)}{text}") for i, text in enumerate(chosen, 1)]
    units = [f"{a.entity}（本级）", *(f"{a.town}{u}（下属事业单位）" for u in ("综合服务中心", "技术推广站"))]
    rows = (slots("序号", "单位名称", "备注"), *(slots(str(i), u, "") for i, u in enumerate(units, 1)))
    staff = (
        f"{a.entity}内设{rng.randint(4, 15)}个科室，核定编制{rng.randint(12, 90)}名，"
        f"实有在职人员{rng.randint(10, 80)}人，离退休人员{rng.randint(0, 40)}人。"
    )
    return (
        _part("第一部分 概况", style),
        _h("一、主要职能", style),
        *listed,
        _h("二、机构设置", style),
        _p(f"{staff}从预算单位构成看，纳入编制范围的单位包括："),
        form("机构设置情况表", rows, (10, 60, 20), 1, "clc"),
    )


def _compare(a: Accounts, now: int, rng: random.Random) -> str:
    change = now - a.last_year
    word = ("增加", "增长") if change >= 0 else ("减少", "下降")
    size = money(abs(change), Style(), prose=True)
    percent = rate(abs(change), a.last_year)
    return f"与上年相比{word[0]}{size}{a.unit}，{word[1]}{percent}%，主要原因是{rng.choice(REASONS)}。"


def _shares(a: Accounts) -> str:
    names, whole = subjects("functional"), a.total(total, "", GENERAL)
    classes = [c for c in a.codes(GENERAL) if len(c) == 3]
    parts = (
        f"{names[c]}（类）支出{_say(a.total(total, c, GENERAL), a)}，占{rate(a.total(total, c, GENERAL), whole)}%"
        for c in classes
    )
    return "；".join(parts) + "。"


EXPLANATION = (
    (
        "收支{what}总体情况",
        "{entity}{year}年度收入总计、支出总计均为{whole}，其中年初结转{opening}。{compared}",
    ),
    (
        "支出{what}情况",
        "本年支出合计{spent}，其中：基本支出{basic}，占{basic_rate}%；项目支出{project}，占{project_rate}%。",
    ),
    (
        "一般公共预算财政拨款支出{what}结构情况",
        "一般公共预算财政拨款支出{general}，主要用于以下方面：{shares}",
    ),
    (
        "一般公共预算财政拨款基本支出情况",
        "人员经费{people}，主要包括：{people_list}；公用经费{goods}，主要包括：{goods_list}。",
    ),
    (
        "“三公”经费情况",
        "财政拨款“三公”经费{what}{three}。其中：因公出国（境）费{abroad}；公务接待费{reception}；"
        "公务用车购置费{purchase}；公务用车运行维护费{running}。",
    ),
    (
        "国有资产占用情况",
        "截至{last}年12月31日，本部门共有车辆{cars}辆，财政拨款结转{fiscal_opening}。",
    ),
)
"""Headings and sentences of 第三部分; what stands in braces is filled in by ``_figures``."""


def _named(a: Accounts, *groups: str) -> str:
    names = subjects("economic")
    return "、".join(names[code] for code, _ in a.economic if code.startswith(groups))


def _figures(a: Accounts, rng: random.Random) -> dict[str, str]:
    """Every figure and list that the sentences need, as they are printed."""
    budget = a.kind == "budget"
    three, spent = (a.planned if budget else a.spent), a.total(total)
    whole = spent + (0 if budget else a.total(closing))
    sums = {
        "whole": whole,
        "opening": a.total(opening),
        "spent": spent,
        "basic": a.total(basic),
        "project": a.total(project),
        "general": a.total(total, "", GENERAL),
        "people": a.personnel,
        "goods": a.running_cost,
        "three": three.total,
        "abroad": three.abroad,
        "reception": three.reception,
        "purchase": three.purchase,
        "running": three.running,
        "fiscal_opening": a.total(opening, "", FISCAL),
    }
    return {name: _say(amount, a) for name, amount in sums.items()} | {
        "what": "预算" if budget else "决算",
        "entity": a.entity,
        "year": str(a.year),
        "last": str(a.year - budget),
        "cars": str(a.cars),
        "compared": _compare(a, whole, rng),
        "basic_rate": rate(a.total(basic), spent),
        "project_rate": rate(a.total(project), spent),
        "shares": _shares(a),
        "people_list": _named(a, "301", "303"),
        "goods_list": _named(a, "302", "310"),
    }


def explanation(a: Accounts, style: Style, rng: random.Random) -> tuple[Part, ...]:
    """第三部分: the figures in sentences; shares and changes in per cent."""
    figures = _figures(a, rng)
    title = _part("第三部分 {year}年度{what}情况说明".format_map(figures), style)
    sections = (
        (_h(f"{numeral(i)}、{heading.format_map(figures)}", style), _p(sentence.format_map(figures)))
        for i, (heading, sentence) in enumerate(EXPLANATION, 1)
    )
    return (title, *(line for section in sections for line in section))


def terms(a: Accounts, style: Style, rng: random.Random) -> tuple[Part, ...]:
    """第四部分 名词解释."""
    chosen = [t for t in TERMS if rng.random() < 0.75] or list(TERMS[:2])
    listed = [_p(f"{numeral(i)}、{name}：{text}") for i, (name, text) in enumerate(chosen, 1)]
    return (_part("第四部分 名词解释", style), *listed)


def chart(a: Accounts, style: Style, rng: random.Random) -> tuple[Part, ...]:
    """Bars for the 类, as high as their share of the largest."""
    classes = [a.total(total, c) for c in a.codes() if len(c) == 3]
    return (
        _h("支出结构图", style),
        Chart(tuple(amount / max(classes) for amount in classes)),
    )


SECTIONS: dict[str, Callable[[Accounts, Style, random.Random], tuple[Part, ...]]] = {
    "cover": cover,
    "contents": contents,
    "duties": duties,
    "explanation": explanation,
    "terms": terms,
    "chart": chart,
    "target": target,
    "six_column_target": six_column_target,
    "evaluation": evaluation,
}
"""Every section beside the forms, by the name that a plan gives it."""
