"""Tables without rules come out by alignment; what only looks a little like one stays text."""

from __future__ import annotations

from document.geometry import Box
from document.types import TextLine
from ocr.align import align_grids, without_lone_heads
from ocr.tables import fill_grids
from ocr.types import Grid, GridCell, Ruling, Rulings

NONE = Rulings()


def piece(text: str, left: float, top: float, size: float = 10) -> TextLine:
    wide = sum(1.0 if ord(c) > 255 else 0.5 for c in text)
    return TextLine(text, Box(left, top, left + wide * size, top + size), 0.95, size=size)


def rows(*cells: tuple[str, ...], lefts: tuple[float, ...] = (60, 200, 320, 440), pitch: float = 18) -> list[TextLine]:
    return [
        piece(text, left, 100 + pitch * number)
        for number, row in enumerate(cells)
        for text, left in zip(row, lefts, strict=False)
        if text
    ]


BUDGET = rows(
    ("项目", "合计", "基本支出", "项目支出"),
    ("教育支出", "1,614.72", "975.85", "638.87"),
    ("卫生健康支出", "181.48", "", "181.48"),
    ("住房保障支出", "206.11", "206.11", ""),
)

PROSE = "本部门负责本级年度预算和决算的编制并组织执行，按照规定做好公开。"


def filled(grids: tuple[Grid, ...], lines: list[TextLine]) -> list[list[str]]:
    (table,), _ = fill_grids(grids, tuple(lines), 1)
    return [[c.reading.text for c in table.cells if c.row == row] for row in range(table.grid.n_rows)]


def test_aligned_amounts_are_a_table() -> None:
    grids = align_grids(tuple(BUDGET), NONE, ())
    assert [(g.n_rows, g.n_cols, g.ruled) for g in grids] == [(4, 4, False)]
    assert filled(grids, BUDGET)[2] == ["卫生健康支出", "181.48", "", "181.48"]


def test_horizontal_rules_alone_make_rows() -> None:
    lines = rows(("科目", "名称"), ("201", "一般公共服务"), ("205", "教育"), lefts=(60, 200))
    rules = Rulings(tuple(Ruling(y, 50, 400) for y in (96, 114, 132, 150)))
    grids = align_grids(tuple(lines), rules, ())
    assert filled(grids, lines) == [["科目", "名称"], ["201", "一般公共服务"], ["205", "教育"]]


def test_the_rule_under_the_running_head_is_no_row_of_a_table_that_goes_on() -> None:
    """On a page on which a table goes on nothing stands between them; a caption parts them where it begins."""
    head = [piece("年度", 60, 82), piece("本年支出", 380, 82)]
    for levels in ((62, 78, 114, 168), (62, 66, 78, 114, 168)):
        rules = Rulings(tuple(Ruling(y, 50, 520) for y in levels))
        (grid,) = align_grids((*head, *BUDGET), rules, ())
        assert (grid.row_edges[0], grid.n_rows) == (78, 5)
    rules = Rulings(tuple(Ruling(y, 50, 520) for y in (62, 78, 114)))  # on to the next page
    (grid,) = align_grids((*head, *BUDGET), rules, ())
    assert (grid.row_edges[0], grid.n_rows) == (78, 5)


def test_rules_around_amounts_alone_still_end_them() -> None:
    rules = Rulings(tuple(Ruling(y, 50, 520) for y in (80, 96, 168)))
    (grid,) = align_grids((*BUDGET, piece("合计", 60, 172)), rules, ())
    assert grid.row_edges[-1] == 168


def test_a_table_of_three_rules_has_a_row_for_each_line() -> None:
    rules = Rulings(tuple(Ruling(y, 50, 520) for y in (96, 114, 168)))
    grids = align_grids(tuple(BUDGET), rules, ())
    assert [(g.n_rows, g.n_cols) for g in grids] == [(4, 4)]


def test_a_header_over_two_columns_spans_them() -> None:
    head = [piece("本年支出合计及其构成", 330, 82)]
    rules = Rulings(tuple(Ruling(y, 50, 520) for y in (78, 96, 114, 168)))
    (grid,) = align_grids((*head, *BUDGET), rules, ())
    assert [c.col_span for c in grid.cells if c.row == 0] == [1, 1, 2]


def test_prose_is_no_table() -> None:
    lines = [piece(PROSE, 60, 100 + 20 * n) for n in range(8)]
    assert align_grids(tuple(lines), NONE, ()) == ()


def test_prose_in_two_columns_is_no_table() -> None:
    lines = [piece(PROSE[:22], left, 100 + 18 * n) for n in range(12) for left in (50, 310)]
    assert align_grids(tuple(lines), NONE, ()) == ()
    rules = Rulings(tuple(Ruling(y, 40, 540) for y in (90, 300, 330)))
    assert align_grids(tuple(lines), rules, ()) == ()


def test_a_table_of_contents_is_no_table() -> None:
    dotted = [piece(f"第{n}部分 概况{'.' * 40}{n}", 60, 100 + 18 * n) for n in range(1, 9)]
    spaced = rows(*((f"第{n}部分 预算报表", str(n)) for n in range(1, 9)), lefts=(60, 500))
    split = [
        k
        for n in range(1, 9)
        for k in (piece("概况", 60, 18 * n), piece("......", 200, 18 * n), piece(str(n), 500, 18 * n))
    ]
    for lines in (dotted, spaced, split):
        assert align_grids(tuple(lines), NONE, ()) == ()


def test_the_leaders_of_a_table_of_contents_are_no_rules() -> None:
    lines = rows(*((f"第{n}部分 预算", str(n)) for n in range(1, 9)), lefts=(60, 500))
    rules = Rulings(tuple(Ruling(k.box.bottom, k.box.right + 2, 495) for k in lines if k.box.left < 100))
    assert align_grids(tuple(lines), rules, ()) == ()


def test_captions_above_a_table_are_not_in_it() -> None:
    captions = [piece("部门名称：石桥县水利局", 60, 82), piece("单位：万元", 440, 82)]
    (grid,) = align_grids((*captions, *BUDGET), NONE, ())
    assert grid.n_rows == 4
    assert grid.box.top > 92


def test_what_a_ruled_table_holds_is_left_to_it() -> None:
    assert align_grids(tuple(BUDGET), NONE, (Box(50, 90, 540, 190),)) == ()


def test_two_columns_of_names_are_no_table() -> None:
    lines = rows(*((f"联系人{n}", f"办公室{n}") for n in range(6)), lefts=(60, 300))
    assert align_grids(tuple(lines), NONE, ()) == ()


def test_a_name_over_some_columns_of_an_unruled_head_belongs_to_it() -> None:
    group = piece("本年支出", 380, 82)
    (grid,) = align_grids((group, *BUDGET), NONE, ())
    assert (grid.n_rows, grid.n_cols) == (5, 4)
    tall = piece("项目", 60, 91)  # beside both rows of the head
    (grid,) = align_grids((group, tall, *BUDGET[1:]), NONE, ())
    assert grid.n_rows == 5
    title = piece("部门支出总表", 240, 82)
    (grid,) = align_grids((title, *BUDGET), NONE, ())
    assert grid.n_rows == 4


def test_a_list_of_items_without_amounts_is_part_of_the_table() -> None:
    """收支总表: most items of the right list have no amount this year."""
    lines = rows(
        ("项目", "金额", "项目", "金额"),
        ("一、财政拨款", "1,614.72", "一、外交支出", ""),
        *(("", "", f"{n}、安排的支出", "") for n in "二三四五"),
        ("收入总计", "1,614.72", "支出总计", "1,614.72"),
    )
    (grid,) = align_grids(tuple(lines), NONE, ())
    assert (grid.n_rows, grid.n_cols) == (7, 4)


def ruled_head(rows: int = 1) -> tuple[Grid, list[TextLine]]:
    """A grid around the head of BUDGET, as a dark ground gives one, and the lines."""
    box = Box(50, 95, 520, 95 + 18 * rows)
    cells = tuple(GridCell(0, c, 1, 1, Box(50 + 117 * c, 95, 167 + 117 * c, box.bottom)) for c in range(4))
    return Grid(box, 1, 4, cells), BUDGET


def test_a_head_with_upright_rules_over_a_body_without_is_no_table_of_its_own() -> None:
    grid, lines = ruled_head()
    assert without_lone_heads((grid,), tuple(lines)) == ()
    rules = Rulings((Ruling(95, 50, 520), Ruling(113, 50, 520)))
    assert [g.n_rows for g in align_grids(tuple(lines), rules, ())] == [4]


def test_a_table_with_amounts_of_its_own_is_no_lone_head() -> None:
    grid, lines = ruled_head(rows=2)
    assert without_lone_heads((grid,), tuple(lines)) == (grid,)


def test_a_ruled_table_above_prose_stays() -> None:
    grid, lines = ruled_head()
    prose = piece("本部门年度预算安排1,614.72万元。", 60, 190)
    assert without_lone_heads((grid,), (*lines[:4], prose)) == (grid,)


def test_rules_of_the_head_alone_begin_a_table_that_goes_on() -> None:
    """The edges of a dark ground and a rule on it are no whole table."""
    head = [piece("年度", 60, 82), piece("本年支出", 380, 82)]
    rules = Rulings(tuple(Ruling(y, 50, 520) for y in (78, 96, 114)))
    (grid,) = align_grids((*head, *BUDGET), rules, ())
    assert grid.n_rows == 5


def test_a_body_ends_at_a_note_a_title_or_the_page_number() -> None:
    rules = Rulings((Ruling(96, 50, 520), Ruling(114, 50, 520)))
    for text in ("注：本表反映部门本年度收支情况", "项目支出决算表", "以上为本年度支出情况。"):
        (grid,) = align_grids((*BUDGET, piece(text, 60, 172)), rules, ())
        assert grid.n_rows == 4, text
    (grid,) = align_grids((*BUDGET, piece("- 3 -", 280, 172), piece("·", 400, 176)), rules, ())
    assert grid.n_rows == 4


def test_two_rules_that_are_one_make_no_row() -> None:
    """The edge of a dark ground is drawn beside the rule below it."""
    rules = Rulings(tuple(Ruling(y, 50, 520) for y in (96, 114, 115.5, 168)))
    assert [(g.n_rows, g.n_cols) for g in align_grids(tuple(BUDGET), rules, ())] == [(4, 4)]


def items_below(left: float) -> list[TextLine]:
    """A table of two lists side by side, without rules, whose last items have no amount this year."""
    names = ("一、外交支出", "二、国防支出", "三、教育支出", "四、科学支出", "五、卫生支出", "六、住房支出")
    full = [(f"第{n}项收入", f"{n}5.20", name, f"{n}5.20") for n, name in enumerate(names[:4], 1)]
    lines = rows(("收入项目", "金额", "支出项目", "金额"), *full)
    return lines + [piece(name, left, 100 + 18 * (5 + n)) for n, name in enumerate(names[4:])]


def test_items_without_amounts_below_those_of_an_inner_column_belong_to_the_table() -> None:
    lines = items_below(320)
    (grid,) = align_grids(tuple(lines), NONE, ())
    assert grid.n_rows == 7
    assert [row[2] for row in filled((grid,), lines)][-2:] == ["五、卫生支出", "六、住房支出"]


def test_what_begins_elsewhere_below_a_table_without_rules_is_text() -> None:
    assert [g.n_rows for g in align_grids(tuple(items_below(60)), NONE, ())] == [5]  # headings begin at the left
    assert [g.n_rows for g in align_grids(tuple(items_below(250)), NONE, ())] == [5]
