"""Drawn disclosures: their sums hold, their grids are whole, and the paper says what the truth says."""

import random
from decimal import Decimal

import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import forms_account, forms_budget
from benchmarks.accounts import Source, invent, split, subjects
from benchmarks.draw import Plan, draw, parts_of
from benchmarks.forms import Form, Rules, Slot, Style, place, slots, truth_blocks
from benchmarks.forms_common import CLASSES, numeral, rate
from benchmarks.layout import face, printable, wrap
from benchmarks.metrics import normalise
from benchmarks.papers import Table, Text
from benchmarks.wording import SECTIONS
from ocr.layergrids import layer_grids
from ocr.textlayer import read_text_layer

FORMS = {"budget": forms_budget.FORMS, "account": forms_account.FORMS}
seeds = st.integers(0, 10**6)
kinds = st.sampled_from(["budget", "account"])
units = st.sampled_from(["万元", "元"])
lean = settings(max_examples=25, deadline=None)


def grid(table: Table) -> list[list[str]]:
    """The texts by row; a merged cell's text stands at its upper left."""
    rows = [[""] * table.n_cols for _ in range(table.n_rows)]
    for cell in table.cells:
        rows[cell.row][cell.col] = cell.text
    return rows


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", "") or "0")


def subject_table_complaints(rows: list[list[str]]) -> list[str]:
    """What does not add up in a table of 类, 款 and 项 with a 合计 row, read from its print alone."""
    body = [r for r in rows if r[0].isdigit() and len(r[0]) in (3, 5, 7) and not r[1].isdigit()]
    total = next(r for r in rows if r[0] == "合计")
    complaints = []
    for col in range(2, len(total)):
        amounts = {r[0]: number(r[col]) for r in body}
        if sum(v for k, v in amounts.items() if len(k) == 3) != number(total[col]):
            complaints.append(f"column {col}: 合计")
        complaints += [
            f"column {col}: {code}"
            for code, amount in amounts.items()
            if len(code) < 7
            and sum(v for k, v in amounts.items() if len(k) == len(code) + 2 and k.startswith(code)) != amount
        ]
    return complaints


def tables(accounts, name: str, style: Style | None = None) -> list[list[str]]:
    """The grid of the one form of that name."""
    blocks = truth_blocks(FORMS[accounts.kind][name](accounts, style or Style()))
    (table,) = (b for b in blocks if isinstance(b, Table))
    return grid(table)


@given(seeds, units, st.booleans())
@lean
def test_the_subjects_of_a_budget_add_up(seed, unit, thousands):
    accounts, style = invent(seed, "budget", unit), Style(thousands=thousands)
    for name in ("receipts", "payments"):
        assert subject_table_complaints(tables(accounts, name, style)) == []


@given(seeds, units)
@lean
def test_the_subjects_of_a_final_account_add_up(seed, unit):
    accounts = invent(seed, "account", unit)
    for name in ("receipts", "payments", "general", "fund"):
        assert subject_table_complaints(tables(accounts, name)) == []


def test_a_wrong_amount_is_complained_of():
    rows = tables(invent(5, "budget"), "payments")
    row = next(r for r in rows if len(r[0]) == 7 and r[0].isdigit())
    row[2] = str(number(row[2]) + Decimal("0.01"))
    assert [c.split(": ")[1] for c in subject_table_complaints(rows)] == [row[0][:5]]


@given(seeds)
@lean
def test_basic_and_project_spending_add_up_in_every_row(seed):
    for row in tables(invent(seed, "budget"), "payments")[2:]:
        assert number(row[2]) == number(row[3]) + number(row[4])


@given(seeds, kinds)
@lean
def test_income_and_spending_balance(seed, kind):
    last = tables(invent(seed, kind), "overview")[-1]
    left, right = (last[1], last[3]) if kind == "budget" else (last[2], last[5])
    assert number(left) == number(right) > 0


@given(seeds)
@lean
def test_tables_agree_with_each_other(seed):
    accounts = invent(seed, "account")
    general = next(r for r in tables(accounts, "general") if r[0] == "合计")
    economic = tables(accounts, "economic_pairs")[-1]
    assert number(general[3]) == number(economic[2]) + number(economic[5])
    overview = next(r for r in tables(accounts, "overview") if r[0] == "本年收入合计")
    assert number(overview[2]) == number(next(r for r in tables(accounts, "receipts") if r[0] == "合计")[2])


@given(seeds)
@lean
def test_side_by_side_lists_add_up(seed):
    rows = tables(invent(seed, "account"), "economic_broad")
    lines = [(r[c], number(r[c + 2])) for r in rows[2:-1] for c in (0, 3, 6, 9) if r[c]]
    for code, amount in lines:
        if len(code) == 3:
            assert sum(v for k, v in lines if len(k) == 5 and k.startswith(code)) == amount


@given(seeds)
@lean
def test_three_public_adds_up_and_no_more_is_spent_than_planned(seed):
    values = [number(v) for v in tables(invent(seed, "account"), "three_public")[-1]]
    for total, abroad, cars, bought, run, guests in (values[:6], values[6:]):
        assert (total, cars) == (abroad + cars + guests, bought + run)
    assert values[6] <= values[0]


@given(seeds, kinds)
@lean
def test_every_grid_position_is_covered_exactly_once(seed, kind):
    accounts = invent(seed, kind)
    for name, make in FORMS[kind].items():
        for table in (b for b in truth_blocks(make(accounts, Style())) if isinstance(b, Table)):
            covered = [
                (r, c)
                for cell in table.cells
                for r in range(cell.row, cell.row + cell.row_span)
                for c in range(cell.col, cell.col + cell.col_span)
            ]
            assert len(covered) == len(set(covered)) == table.n_rows * table.n_cols, name


def test_every_row_and_column_can_be_seen():
    """A truth with a column that no cell begins in asks for what the paper does not show."""
    for kind, forms in FORMS.items():
        parts = parts_of(Plan(seed=2, kind=kind, parts=(*forms, "duties", "target", "evaluation")))
        for table in (b for b in truth_blocks(parts) if isinstance(b, Table)):
            assert {c.col for c in table.cells} == set(range(table.n_cols)), table.title
            assert {c.row for c in table.cells} == set(range(table.n_rows)), table.title


@settings(max_examples=5, deadline=None)
@given(seeds)
def test_the_six_column_form_hides_one_column_edge_and_its_rules_are_pieced_there(seed):
    """The one exception: whoever reads the file finds the edge between the pieces of the level rules."""
    drawing = draw(Plan(seed=seed, kind="budget", parts=("six_column_target",)))
    (truth,) = (b for b in drawing.paper.blocks if isinstance(b, Table))
    assert set(range(truth.n_cols)) - {c.col for c in truth.cells} == {3}
    with pymupdf.open(stream=drawing.pdf, filetype="pdf") as opened:
        (grid,) = layer_grids(read_text_layer(opened[0], 1))
    assert {(c.row, c.col, c.row_span, c.col_span) for c in grid.cells} == {
        (c.row, c.col, c.row_span, c.col_span) for c in truth.cells
    }


@pytest.mark.parametrize(
    "rows",
    [
        (slots("甲", "乙"), slots("丙")),
        (slots("甲", "乙"), slots("丙", "丁", "戊")),
        (slots(Slot("甲", rows=3), "乙"), slots("丙")),
        (slots(Slot("甲", cols=3)),),
    ],
)
def test_a_grid_with_holes_or_overlaps_is_refused(rows):
    with pytest.raises(ValueError, match=r"row|without"):
        place(rows, 2)


@given(seeds)
@lean
def test_the_sections_say_what_the_tables_say(seed):
    accounts = invent(seed, "budget")
    text = "".join(
        b.text
        for b in truth_blocks(SECTIONS["explanation"](accounts, Style(), random.Random(seed)))
        if isinstance(b, Text)
    )
    last = tables(accounts, "overview")[-1]
    assert f"支出总计均为{number(last[3]):,.2f}万元" in text
    assert "{" not in text


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_rate_is_the_nearest_hundredth_of_a_per_cent(part, whole):
    assert abs(Decimal(rate(part, whole)) * whole - 100 * part) * 200 <= whole


def test_a_rate_rounds_halves_up_and_knows_nothing_of_nothing():
    assert rate(1, 20_000) == "0.01"
    assert rate(5, 0) == "0"


@given(seeds, st.integers(1, 40), st.integers(0, 10**9))
def test_a_split_adds_up(seed, parts, more):
    found = split(random.Random(seed), parts + more, parts)
    assert sum(found) == parts + more
    assert len(found) == parts
    assert min(found) > 0


def test_too_little_cannot_be_split():
    with pytest.raises(ValueError, match="cannot be split"):
        split(random.Random(1), 2, 3)


def test_the_same_seed_invents_the_same_and_another_seed_another():
    assert invent(3, "budget") == invent(3, "budget")
    assert invent(3, "budget") != invent(4, "budget")
    assert {x.source for s in range(40) for x in invent(s, "account").leaves} == set(Source)


def test_every_subject_has_its_group_and_class():
    for scheme in ("functional", "economic"):
        codes = subjects(scheme)
        assert all(code[:n] in codes for code in codes for n in (3, 5) if len(code) > n)
    assert dict(CLASSES).items() >= {c: n for c, n in subjects("functional").items() if len(c) == 3}.items()


def test_numerals():
    assert [numeral(n) for n in (1, 10, 11, 20, 23, 30)] == ["一", "十", "十一", "二十", "二十三", "三十"]


@given(st.text("办公费（境）1,234.56%，。 ", max_size=80), st.floats(30, 200))
def test_wrapping_loses_no_character_and_keeps_to_the_width(text, width):
    fonts = face()
    lines = wrap(text, width, 9, fonts)
    assert "".join(lines) == text
    assert all(fonts.width(line, 9) <= width for line in lines)


PLAN = Plan(
    seed=8,
    kind="account",
    parts=("cover", "contents", "duties", "payments", "economic_broad", "evaluation", "explanation"),
    style=Style(latin="tiro", repeat_header=True, running_head="决算公开", unnumbered=1),
)


def test_what_is_printed_is_what_the_truth_says():
    drawing = draw(PLAN)
    with pymupdf.open(stream=drawing.pdf, filetype="pdf") as pdf:
        printed = normalise("".join(page.get_text() for page in pdf))
        assert len(pdf) == drawing.paper.pages
    texts = [normalise(t.text) for t in drawing.paper.texts]
    cells = [normalise(c.text) for t in drawing.paper.tables for c in t.cells]
    assert [t for t in (*texts, *cells) if t not in printed and not all(c in printed for c in t)] == []
    assert sum(t in printed for t in texts) > 0.8 * len(texts)


def test_the_same_plan_gives_the_same_bytes():
    assert draw(PLAN).pdf == draw(PLAN).pdf


def test_no_text_leaves_the_page():
    with pymupdf.open(stream=draw(PLAN).pdf, filetype="pdf") as pdf:
        for page in pdf:
            assert all(page.rect.contains(word[:4]) for word in page.get_text("words"))


def test_every_character_has_a_glyph():
    fonts = face()
    for kind, forms in FORMS.items():
        parts = parts_of(Plan(seed=2, kind=kind, parts=(*SECTIONS, *forms)))
        texts = truth_blocks(parts)
        letters = {c for b in texts for c in (b.text if isinstance(b, Text) else "".join(x.text for x in b.cells))}
        assert [c for c in letters if not printable(c, fonts)] == []


def test_a_table_goes_on_over_pages_and_is_one_table():
    plan = Plan(seed=8, kind="account", parts=("overview",), style=Style(row_pad=16))
    drawing = draw(plan)
    assert drawing.paper.pages == 2
    assert len(drawing.paper.tables) == 1
    with pymupdf.open(stream=drawing.pdf, filetype="pdf") as pdf:
        assert ["栏次" in page.get_text() for page in pdf] == [True, True]
    once = draw(plan.model_copy(update={"style": Style(row_pad=16, repeat_header=False)}))
    with pymupdf.open(stream=once.pdf, filetype="pdf") as pdf:
        assert ["栏次" in page.get_text() for page in pdf] == [True, False]
    assert once.paper == drawing.paper


def test_page_numbers_stand_at_the_foot_of_upright_and_broad_pages():
    plan = Plan(seed=8, kind="account", parts=("payments", "economic_broad", "three_public"))
    with pymupdf.open(stream=draw(plan).pdf, filetype="pdf") as pdf:
        for page in pdf:
            left, top, right, _, text, *_ = max(page.get_text("blocks"), key=lambda block: block[1])
            assert text.strip() == f"- {page.number + 1} -"
            assert top > page.rect.height - 50
            assert (left + right) / 2 == pytest.approx(page.rect.width / 2, abs=2)


def rules_of(style: Style) -> tuple[int, int]:
    """How many level and how many upright rules are drawn."""
    drawn = draw(Plan(seed=8, kind="budget", parts=("five_cells",), style=style)).pdf
    with pymupdf.open(stream=drawn, filetype="pdf") as pdf:
        boxes = [d["rect"] for d in pdf[0].get_drawings() if d["type"] == "s" and len(d["items"]) == 1]
        lines = [i for d in pdf[0].get_drawings() for i in d["items"] if i[0] == "l"]
    assert boxes or lines
    level = {round(a.y, 1) for _, a, b in lines if abs(a.y - b.y) < 0.1}
    upright = {round(a.x, 1) for _, a, b in lines if abs(a.x - b.x) < 0.1}
    return len(level), len(upright)


@pytest.mark.parametrize(
    ("rules", "count"),
    [
        (Rules.ALL, (3, 6)),
        (Rules.OPEN, (3, 4)),
        (Rules.HORIZONTAL, (3, 0)),
        (Rules.THREE, (3, 0)),
        (Rules.DOUBLE, (3, 6)),
    ],
)
def test_a_table_has_the_rules_of_its_style(rules, count):
    assert rules_of(Style(rules=rules)) == count


def test_three_rules_stay_three_however_many_rows():
    drawn = draw(Plan(seed=8, kind="budget", parts=("payments",), style=Style(rules=Rules.THREE, row_pad=2))).pdf
    with pymupdf.open(stream=drawn, filetype="pdf") as pdf:
        lines = [i for d in pdf[0].get_drawings() for i in d["items"] if i[0] == "l"]
    assert len({round(a.y, 1) for _, a, b in lines}) == 3


@given(seeds)
@lean
def test_a_comparison_with_the_year_before_adds_up(seed):
    rows = tables(invent(seed, "budget"), "compared")
    assert all(number(r[3]) - number(r[2]) == number(r[4]) for r in rows[2:])
    assert subject_table_complaints([r[:5] for r in rows[2:]]) == []


def test_a_part_that_there_is_not_is_named():
    with pytest.raises(ValueError, match="nonsense"):
        parts_of(Plan(seed=1, kind="budget", parts=("nonsense",)))


def test_forms_of_a_plan_have_as_many_alignments_as_columns():
    for kind, forms in FORMS.items():
        parts = parts_of(Plan(seed=2, kind=kind, parts=tuple(forms)))
        assert all(len(f.aligns) == len(f.widths) for f in parts if isinstance(f, Form))
