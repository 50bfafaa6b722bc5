"""The 绩效 forms: targets and self-evaluations, with tall cells at the side and amounts in 元."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from benchmarks.accounts import PROJECTS, Accounts
from benchmarks.forms import Align, Line, Part, Row, Slot, Style, slots
from benchmarks.forms_common import form


def _project(a: Accounts, rng: random.Random) -> tuple[str, int]:
    """The project that the form is about, with its amount."""
    return a.projects[0] if a.projects else (rng.choice(PROJECTS), 0)


def _wide(text: str, cols: int = 2) -> Slot:
    """A cell over ``cols`` columns that begins at the left."""
    return Slot(text, cols=cols, align=Align.LEFT)


def _yuan(a: Accounts, amount: int) -> str:
    """The amount in whole 元."""
    return f"{amount * 100 if a.unit == '万元' else amount // 100:,}"


def _funds(yuan: str) -> tuple[Row, ...]:
    """The rows of money: for the whole period at the left, for the year at the right."""
    first = slots(Slot("项目资金（元）", rows=4), "实施期资金总额：", yuan, "年度资金总额：", yuan)
    others = (("其中：上级财政资金", "0"), ("本级财政资金", yuan), ("单位自筹", "0"))
    return (first, *(slots(name, value, name, value) for name, value in others))


def _targets(rng: random.Random) -> tuple[Row, ...]:
    """The tree of indicators: three levels, the upper two in tall cells."""
    return (
        slots(
            Slot("产出指标", rows=6),
            Slot("数量指标", rows=2),
            _wide("举办培训班次", 1),
            _wide(f"≥{rng.randint(3, 20)}次/年"),
        ),
        slots(_wide("服务群众人次", 1), _wide(f"≥{rng.randint(2, 90) * 100}人次")),
        slots(Slot("质量指标", rows=2), _wide("验收合格率", 1), _wide(f"≥{rng.randint(90, 100)}%")),
        slots(_wide("信息系统故障率", 1), _wide(f"≤{rng.randint(1, 6)}%")),
        slots("时效指标", _wide("资金支付及时率", 1), _wide("100%")),
        slots("成本指标", _wide("人均培训成本", 1), _wide(f"≤{rng.randint(20, 60) * 10}元/人/天")),
        slots(Slot("效益指标", rows=2), "社会效益指标", _wide("公众知晓程度", 1), _wide("持续提高")),
        slots("可持续影响指标", _wide("长效管护机制健全性", 1), _wide("基本健全")),
        slots("满意度指标", "服务对象满意度指标", _wide("受益群众满意度", 1), _wide(f"≥{rng.randint(85, 98)}%")),
    )


def target(a: Accounts, style: Style, rng: random.Random) -> tuple[Part, ...]:
    """项目支出绩效目标申报表."""
    name, amount = _project(a, rng)
    yuan, code = _yuan(a, amount), f"{rng.randint(11, 899):03d}-{a.entity}"
    outline = f"为保障{name}顺利实施，安排设备购置、委托业务、劳务等费用共计{yuan}元，按进度分批支付。"
    basis = f"《{a.town}项目支出预算管理办法》（财预〔{a.year - 2}〕{rng.randint(3, 88)}号）"
    rows = (
        slots(Slot("项目名称", cols=2), Slot(name, cols=3)),
        slots(Slot("主管部门及代码", cols=2), code, "实施单位", a.entity),
        slots(Slot("项目属性", cols=2), "延续性项目（3年）", "项目期", "3年"),
        *_funds(yuan),
        slots(Slot("项目概况", cols=2), _wide(outline, 3)),
        slots(Slot("立项依据", cols=2), _wide(basis, 3)),
        slots("一级指标", "二级指标", "三级指标", Slot("指标值", cols=2)),
        *_targets(rng),
    )
    title = f"{a.town}项目支出绩效目标申报表"
    return (
        Line(title, size=1.3, align=Align.CENTER, bold=style.bold_titles, above=10),
        Line(f"（{a.year}年度）", small=True, align=Align.CENTER),
        form(f"{name}绩效目标表", rows, (13, 20, 30, 18, 18), 0, "ccccc"),
    )


def _shared_funds(yuan: str, rng: random.Random) -> tuple[Row, ...]:
    """The rows of money of the six-column form, with or without 其他资金."""
    others = [("其中：中央财政资金", "0"), ("省级财政资金", "0"), ("市县（区）财政资金", yuan), ("单位自筹", "0")]
    others += [("其他资金", "")] * rng.randint(0, 1)
    period = rng.choice(("实施期资金总额：", "预算期资金总额："))
    first = slots(Slot("项目资金（元）", rows=1 + len(others)), period, Slot(yuan, cols=2), "年度资金总额：", yuan)
    return (first, *(slots(name, Slot(value, cols=2), name, value) for name, value in others))


def _branch(name: str, kinds: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> tuple[Row, ...]:
    """The rows of a 一级指标: its 二级指标 with their indicators and values, each over two columns."""
    leaves = [(kind, i, pair) for kind, pairs in kinds for i, pair in enumerate(pairs)]
    counts = {kind: len(pairs) for kind, pairs in kinds}
    return tuple(
        slots(
            *((Slot(name, rows=len(leaves)),) if not at else ()),
            *((Slot(kind, rows=counts[kind]),) if not i else ()),
            *(Slot(text, cols=2) for text in pair),
        )
        for at, (kind, i, pair) in enumerate(leaves)
    )


def _six_column_tree(rng: random.Random) -> tuple[Row, ...]:
    """The indicators of the six-column form; some kinds stand there without one."""
    amounts = [("设备验收台数", f"≥{rng.randint(2, 60)}台"), ("检查点位数", f"≥{rng.randint(3, 40)}个/年")]
    outputs = (
        ("数量指标", amounts[: rng.randint(1, 2)]),
        ("质量指标", (("成果验收通过率", f"≥{rng.randint(90, 100)}%"), ("设施故障率", f"≤{rng.randint(1, 5)}%"))),
        ("时效指标", (("工作完成时限", "12月20日前"),)),
        ("成本指标", (("项目总成本", f"≤{rng.randint(20, 900)}万元"),)),
    )
    more = (("经济效益指标", (("", ""),)), ("生态效益指标", (("", ""),)))[: rng.randint(0, 2)]
    effects = (
        *more,
        ("社会效益指标", (("行业管理水平", "稳步提高"),)),
        ("可持续影响指标", (("制度健全程度", "完善"),)),
    )
    people = (("服务对象满意度指标", (("办事群众满意度", f"≥{rng.randint(85, 98)}%"),)),)
    return (*_branch("产出指标", outputs), *_branch("效益指标", effects), *_branch("满意度指标", people))


def six_column_target(a: Accounts, style: Style, rng: random.Random) -> tuple[Part, ...]:
    """项目支出绩效目标表 as several provinces print it: no row shows the edge between its third and fourth columns."""
    name, amount = _project(a, rng)
    yuan, code = _yuan(a, amount), f"{rng.randint(11, 899):03d}-{a.entity}"
    outline = f"保障{name}所需的设备购置、维修、培训等支出，共计{yuan}元，按合同约定的进度支付。"
    basis = f"《{a.town}项目支出绩效管理办法》（财绩〔{a.year - 2}〕{rng.randint(3, 88)}号）及本单位年度工作安排。"
    rows = (
        slots(Slot("项目名称", cols=2), Slot(name, cols=4)),
        slots(Slot("主管部门及代码", cols=2), Slot(code, cols=2), "实施单位", a.entity),
        slots(Slot("项目属性", cols=2), Slot("经常性项目（长期开展）", cols=2), "项目期", f"{rng.randint(1, 99)}年"),
        *_shared_funds(yuan, rng),
        slots(Slot("项目概况", cols=2), _wide(outline, 4)),
        slots(Slot("立项依据", cols=2), _wide(basis, 4)),
        slots("一级指标", "二级指标", Slot("三级指标", cols=2), Slot("指标值", cols=2)),
        *_six_column_tree(rng),
    )
    title = f"{a.town}预算部门（单位）项目支出绩效目标表"
    printed = form(f"{name}绩效目标表", rows, (13, 20, 16, 10, 20, 20), 0, "cccccc")
    return (
        Line(title, size=1.3, align=Align.CENTER, bold=style.bold_titles, above=10),
        Line(f"（{a.year}年度）", small=True, align=Align.CENTER),
        replace(printed, pieced=True),
    )


def _results(rng: random.Random, share: str) -> tuple[Row, ...]:
    """The scored indicators and their sum; the four outputs share one tall score."""
    output, effect, people, money = (rng.randint(low, high) for low, high in ((36, 40), (24, 30), (8, 10), (12, 20)))
    checks, leaflets = f"{rng.randint(12, 30)}次", f"{rng.randint(50, 90) * 100}份"
    return (
        slots(
            Slot("产出指标（40分）", rows=4),
            Slot("数量指标", rows=2),
            Slot("巡查检查次数", cols=2),
            "≥12次",
            checks,
            Slot(f"{output}分", rows=4),
        ),
        slots(Slot("印发宣传资料", cols=2), "≥5000份", leaflets),
        slots("质量指标", Slot("检验合格率", cols=2), "≥95%", f"{rng.randint(95, 100)}%"),
        slots("时效指标", Slot("任务按期完成率", cols=2), "100%", "100%"),
        slots("效益指标（30分）", "社会效益指标", Slot("服务保障水平", cols=2), "明显提升", "明显提升", f"{effect}分"),
        slots(
            "满意度指标（10分）",
            "服务对象满意度指标",
            Slot("公众满意度", cols=2),
            "≥90%",
            f"{rng.randint(90, 99)}%",
            f"{people}分",
        ),
        slots("预算执行（20分）", "执行率", Slot("资金使用情况", cols=2), "100%", f"{share}%", f"{money}分"),
        slots(Slot("总分", cols=6), f"{output + effect + people + money}分"),
    )


def evaluation(a: Accounts, style: Style, rng: random.Random) -> tuple[Part, ...]:
    """项目支出绩效自评表: scores beside tall cells."""
    name, amount = _project(a, rng)
    planned = amount // (100 if a.unit == "万元" else 1_000_000) or rng.randint(20, 400)
    hundredths = Decimal("0.01")
    spent = (Decimal(planned) * rng.randint(6000, 10000) / 10000).quantize(hundredths, ROUND_HALF_UP)
    share = str((spent * 100 / planned).quantize(hundredths, ROUND_HALF_UP))
    heads = ("全年预算数（万元）", "全年执行数（万元）")
    rows = (
        slots(Slot("项目名称", cols=2), Slot(name, cols=5)),
        slots(Slot("主管部门", cols=2), Slot(a.entity, cols=2), "实施单位", Slot(a.entity, cols=2)),
        slots(Slot(heads[0], cols=2), str(planned), heads[1], str(spent), "执行率", f"{share}%"),
        slots("一级指标", "二级指标", Slot("三级指标", cols=2), "年度指标值", "实际完成值", "得分"),
        *_results(rng, share),
    )
    title = f"{a.town}{a.year}年度项目支出绩效自评表"
    return (
        Line(title, size=1.3, align=Align.CENTER, bold=style.bold_titles, above=10),
        form(f"{name}绩效自评表", rows, (15, 16, 12, 14, 14, 14, 11), 0, "ccccccc"),
    )
