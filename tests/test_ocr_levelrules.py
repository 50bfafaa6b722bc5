"""Three rules, no columns and no rows ruled: the head's middles, the body's gaps and heights give them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from document.geometry import Box
from document.types import TextLine
from ocr.align import align_grids, without_lone_heads
from ocr.tables import fill_grids
from ocr.types import Grid, GridCell, Ruling, Rulings

LEFT, RIGHT, TOP, SIZE, HEIGHT = 50.0, 530.0, 100.0, 9.0, 16.0


def piece(text: str, left: float, middle: float) -> TextLine:
    wide = sum(1.0 if ord(c) > 255 else 0.5 for c in text)
    return TextLine(text, Box(left, middle - SIZE / 2, left + wide * SIZE, middle + SIZE / 2), 0.95, size=SIZE)


def width(text: str) -> float:
    return SIZE * sum(1.0 if ord(c) > 255 else 0.5 for c in text)


def centred(text: str, left: float, right: float, middle: float) -> TextLine:
    return piece(text, (left + right - width(text)) / 2, middle)


class Sheet:
    """A table as it is set: head names in the middle of their cells, labels at the left, amounts at the right."""

    def __init__(self, edges: Sequence[float]) -> None:
        self.edges, self.lines = edges, list[TextLine]()

    def head(self, text: str, col: int, cols: int, row: float, rows: float = 1) -> None:
        parts = text.split("/")
        middle = TOP + (row + rows / 2) * HEIGHT
        for n, part in enumerate(parts):
            offset = (n - (len(parts) - 1) / 2) * 1.15 * SIZE
            self.lines.append(centred(part, self.edges[col], self.edges[col + cols], middle + offset))

    def body(self, row: float, *texts: str) -> None:
        middle = TOP + (row + 0.5) * HEIGHT
        for col, text in enumerate(texts):
            if text[:1].isdigit() and "." in text:
                self.lines.append(piece(text, self.edges[col + 1] - 2 - width(text), middle))
            elif text:
                self.lines.append(piece(text, self.edges[col] + 2, middle))

    def read(self, head: int, rows: int) -> list[list[tuple[str, int, int]]]:
        """Texts with their row and column spans, row by row; empty when no table was found."""
        at = (TOP, TOP + head * HEIGHT, TOP + rows * HEIGHT)
        grids = align_grids(tuple(self.lines), Rulings(tuple(Ruling(y, LEFT, RIGHT) for y in at)), ())
        tables, _ = fill_grids(grids, tuple(self.lines), 1)
        return [
            [(c.reading.text, c.row_span, c.col_span) for c in table.cells if c.row == row]
            for table in tables
            for row in range(table.grid.n_rows)
        ]


def account(names: Sequence[tuple[str, str, str]]) -> Sheet:
    """收入决算表: code and name under 项目, 合计 over both, columns that nothing fills."""
    sheet = Sheet((LEFT, 110, 250, 320, 390, 460, RIGHT))
    sheet.head("项目", 0, 2, 0)
    sheet.head("科目编码", 0, 1, 1)
    sheet.head("科目名称", 1, 1, 1)
    for col, name in enumerate(("本年收入合/计", "财政拨款/收入", "上级补助收入", "其他收入"), 2):
        sheet.head(name, col, 1, 0, 2)
    sheet.head("栏次", 0, 2, 2)
    for col in range(2, 6):
        sheet.head(str(col - 1), col, 1, 2)
    sheet.head("合计", 0, 2, 3)
    sheet.body(3, "", "", "300.00", "300.00")
    for row, (code, name, amount) in enumerate(names, 4):
        sheet.body(row, code, name, amount, amount)
    return sheet


NAMES = [
    ("208", "社会保障和就业支出", "120.50"),
    ("20805", "行政事业单位养老支出", "120.50"),
    ("221", "住房支出", "179.50"),
]


def test_columns_that_nothing_fills_are_kept() -> None:
    found = account(NAMES).read(3, 7)
    assert found[0] == [
        ("项目", 1, 2),
        ("本年收入合计", 2, 1),
        ("财政拨款收入", 2, 1),
        ("上级补助收入", 2, 1),
        ("其他收入", 2, 1),
    ]
    assert found[1] == [("科目编码", 1, 1), ("科目名称", 1, 1)]
    assert found[3] == [("合计", 1, 2), ("300.00", 1, 1), ("300.00", 1, 1), ("", 1, 1), ("", 1, 1)]
    assert [cell[0] for cell in found[4]] == ["208", "社会保障和就业支出", "120.50", "120.50", "", ""]


def test_a_label_over_two_lines_is_one_row() -> None:
    sheet = account(NAMES)
    sheet.body(7.5, "2080505", "", "9.00", "9.00")
    sheet.body(7.15, "", "机关事业单位基本养老保险缴")
    sheet.body(7.85, "", "费支出")
    sheet.body(9, "229", "其他支出", "1.00", "1.00")
    found = sheet.read(3, 10)
    assert [cell[0] for cell in found[7]] == ["2080505", "机关事业单位基本养老保险缴费支出", "9.00", "9.00", "", ""]
    assert len(found) == 9


def items_set_wide(second: str) -> list[str]:
    """The labels of three rules' rows 24 points apart, one with a line that begins ``second`` 14 points below it."""
    sheet = Sheet((LEFT, 170, 290, RIGHT))
    for col, name in enumerate(("项目", "合计", "基本支出")):
        sheet.head(name, col, 1, 0)
    for row in (1.0, 2.5, 4.0, 7.0):
        sheet.body(row, f"第{row:.0f}项支出", f"{row:.0f},501.27", "3.00")
    sheet.body(5.5, "文化旅游体育与传媒发展支")
    sheet.body(5.5 + 14 / HEIGHT, second)
    return [row[0][0] for row in sheet.read(1, 8)]


def test_lines_of_a_label_set_wide_apart_are_one_where_rows_are_further_apart() -> None:
    assert "文化旅游体育与传媒发展支出" in items_set_wide("出")
    assert "六、卫生健康支出" in items_set_wide("六、卫生健康支出")


def test_an_amount_that_touches_the_next_label_is_no_part_of_it() -> None:
    sheet = Sheet((LEFT, 200, 290, 440, RIGHT))
    for col, name in enumerate(("收入项目", "金额", "支出项目", "金额")):
        sheet.head(name, col, 1, 0)
    for row in range(1, 5):
        text = f"{row},501.27"
        sheet.body(row, f"第{row}项收入", text, "", "3.00")
        sheet.lines.append(piece("本年支出", 291, TOP + (row + 0.5) * HEIGHT))
    assert [cell[0] for cell in sheet.read(1, 5)[2]] == ["第2项收入", "2,501.27", "本年支出", "3.00"]


@given(
    widths=st.lists(st.floats(55, 110), min_size=3, max_size=7),
    filled=st.lists(st.lists(st.booleans(), min_size=7, max_size=7), min_size=3, max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_any_centred_head_gives_its_columns_back(widths: list[float], filled: list[list[bool]]) -> None:
    total = sum(widths)
    edges = [LEFT]
    for part in widths:
        edges.append(edges[-1] + part * (RIGHT - LEFT) / total)
    sheet = Sheet(edges)
    texts = [["项目", *(f"金额{c}" for c in range(1, len(widths)))]]
    for col, name in enumerate(texts[0]):
        sheet.head(name, col, 1, 0)
    for row, marks in enumerate(filled, 1):
        cells = [f"第{row}项", *(f"{row}{c}.50" if marks[c] else "" for c in range(1, len(widths)))]
        if not any(cells[1:]):
            cells[1] = f"{row}1.50"
        sheet.body(row, *cells)
        texts.append(cells)
    assert [[cell[0] for cell in row] for row in sheet.read(1, len(filled) + 1)] == texts


def blank(*body: str) -> Sheet:
    """政府性基金预算支出表 of a body that has none: names, and at most labels below."""
    sheet = Sheet((LEFT, 130, 290, 370, 450, RIGHT))
    for col, name in enumerate(("科目编码", "科目名称", "合计", "基本支出", "项目支出")):
        sheet.head(name, col, 1, 0)
    for row, label in enumerate(body, 1):
        sheet.body(row, label)
    return sheet


def test_a_form_that_nobody_filled_in_is_a_table() -> None:
    """空表: no amount shows that it is a table, but a head between rules and a rule below its rows do."""
    assert blank("合计").read(1, 3)[1] == [("合计", 1, 1), *[("", 1, 1)] * 4]
    assert [len(row) for row in blank().read(1, 3)] == [5, 5]


def test_lines_of_text_between_rules_are_no_form() -> None:
    sheet = Sheet((LEFT, 300, RIGHT))
    for row, text in enumerate(("第一部分 部门概况", "一、主要职责", "二、机构设置", "第二部分 公开表")):
        sheet.body(row, text)
    assert sheet.read(1, 4) == []
    sheet = blank("合计")
    assert align_grids(tuple(sheet.lines), Rulings(tuple(Ruling(y, LEFT, RIGHT) for y in (TOP, TOP + 16))), ()) == ()


def test_prose_between_rules_is_no_table() -> None:
    sheet = Sheet((LEFT, RIGHT))
    for row in range(6):
        sheet.body(row, "本部门负责本级年度预算和决算的编制并组织执行，按照规定做好公开。"[: 30 + row])
    assert sheet.read(1, 6) == []


def items(sheet: Sheet, first: int, amounts: Sequence[str]) -> None:
    for row, amount in enumerate(amounts, first):
        sheet.body(row, f"{'一二三四五六七八'[row - first]}、安排的支出", str(row - first + 14), amount)


def test_items_without_amounts_are_no_names_of_the_head() -> None:
    sheet = Sheet((LEFT, 250, 320, RIGHT))
    for col, name in enumerate(("项目", "行次", "金额")):
        sheet.head(name, col, 1, 0)
    items(sheet, 1, ["", "", "", "12.50", "12.50"])
    found = sheet.read(1, 6)
    assert [row[0][0] for row in found] == ["项目", *(f"{n}、安排的支出" for n in "一二三四五")]


def test_a_part_without_a_head_has_the_columns_of_its_rows() -> None:
    """A table goes on over the page and repeats no head; the numbers of its rows go on too."""
    sheet = Sheet((LEFT, 250, 320, RIGHT))
    for row, (name, amount) in enumerate([("工程", ""), ("货物", "3.00"), ("服务", "4.50"), ("其他", "1.00")]):
        sheet.body(row, name, str(row + 3), amount)
    at = tuple(Ruling(TOP + HEIGHT * n, LEFT, RIGHT) for n in range(5))
    grids = align_grids(tuple(sheet.lines), Rulings(at), ())
    assert [(g.n_rows, g.n_cols) for g in grids] == [(4, 3)]


def test_an_exact_row_of_the_head_puts_the_edges_of_the_others() -> None:
    """A name that was found too wide, and no long label in the body: the numbers of the columns know better."""
    sheet = account([("208", "保障支出", "120.50")])
    sheet.lines = [k for k in sheet.lines if k.text not in ("本年收入合", "计")]
    name = centred("本年收入", 250, 320, TOP + HEIGHT)
    sheet.lines.append(replace(name, box=Box(name.box.left - 40, name.box.top, name.box.right, name.box.bottom)))
    found = sheet.read(3, 5)
    assert found[0][0] == ("项目", 1, 2)
    assert found[2][0] == ("栏次", 1, 2)


def test_the_names_of_three_rows_of_a_head_each_stand_in_their_own() -> None:
    """The middle row's middle is the whole head's too."""
    sheet = Sheet((LEFT, 200, 290, 440, RIGHT))
    for col, name in ((0, "收入"), (2, "支出")):
        sheet.head(name, col, 2, 0)
    for col, name in enumerate(("项目", "金额", "项目", "金额")):
        sheet.head(name, col, 1, 1)
        sheet.head("栏次" if name == "项目" else str(col // 2 + 1), col, 1, 2)
    for row in range(3, 6):
        sheet.body(row, "本级收入", f"{row},501.27", "本级支出", "3.00")
    found = sheet.read(3, 6)
    assert found[0] == [("收入", 1, 2), ("支出", 1, 2)]
    assert [cell[0] for cell in found[2]] == ["栏次", "1", "栏次", "2"]
    assert len(found) == 6


def test_a_part_of_a_name_that_was_found_again_is_no_name() -> None:
    sheet = account(NAMES)
    name = next(k for k in sheet.lines if k.text == "上级补助收入")
    box = name.box
    sheet.lines.append(piece("收入", box.right - 20, box.center[1] + 1))
    found = sheet.read(3, 7)
    assert [len(row) for row in found] == [5, 2, 5, 5, 6, 6, 6]


def test_lines_of_a_name_set_wide_apart_are_one_name() -> None:
    """They nearly stand in the middles of the two rows of the head: that they fit better as one decides."""
    sheet = Sheet((LEFT, 110, 250, 390, RIGHT))
    sheet.head("项目", 0, 2, 0)
    sheet.head("科目编码", 0, 1, 1)
    sheet.head("科目名称", 1, 1, 1)
    for col in (2, 3):
        for part, off in (("本年收入", -0.7), ("合计", 0.7)):
            sheet.lines.append(centred(part, sheet.edges[col], sheet.edges[col + 1], TOP + HEIGHT + off * SIZE))
    for row, (code, name, amount) in enumerate(NAMES, 2):
        sheet.body(row, code, name, amount, amount)
    found = sheet.read(2, 5)
    assert found[0] == [("项目", 1, 2), ("本年收入合计", 2, 1), ("本年收入合计", 2, 1)]


def test_codes_below_a_head_with_upright_rules_show_that_it_is_a_head() -> None:
    """Its first rows may have no amount this year."""
    lines = [
        centred(text, left, left + 120, TOP + HEIGHT * (row + 0.5))
        for row, texts in enumerate([("编码", "名称", "金额"), *((f"310{n}", "资本性支出", "") for n in range(11, 15))])
        for text, left in zip(texts, (LEFT, 210.0, 370.0), strict=True)
        if text
    ]
    box = Box(LEFT, TOP, RIGHT, TOP + HEIGHT)
    cells = tuple(GridCell(0, c, 1, 1, Box(LEFT + 160 * c, TOP, LEFT + 160 * (c + 1), box.bottom)) for c in range(3))
    assert without_lone_heads((Grid(box, 1, 3, cells),), tuple(lines)) == ()


def test_two_names_part_a_column_whose_number_was_lost() -> None:
    """A mark lay over 3 in the row that counts the columns; and one name's box reaches over its neighbour's end."""
    sheet = account(NAMES)
    sheet.lines = [k for k in sheet.lines if k.text != "3"]
    wide = next(k for k in sheet.lines if k.text == "上级补助收入")
    sheet.lines.remove(wide)
    name = next(k for k in sheet.lines if k.text == "财政拨款")
    box = Box(name.box.right - 6, wide.box.top, wide.box.right, wide.box.bottom)
    sheet.lines.append(replace(wide, box=box))
    found = sheet.read(3, 7)
    assert [cell[0] for cell in found[0]] == ["项目", "本年收入合计", "财政拨款收入", "上级补助收入", "其他收入"]
    assert [cell[0] for cell in found[2]] == ["栏次", "1", "2", "", "4"]


def test_a_name_whose_last_line_was_lost_does_not_reach_over_a_rule() -> None:
    """公务接待 without its 费 stands higher than the middle of its rows, but below the rule under 预算数."""
    edges = tuple(LEFT + 60 * n for n in range(9))
    sheet, half = Sheet(edges), 4
    for first, name in ((0, "预算数"), (half, "决算数")):
        sheet.head(name, first, half, 0)
        sheet.head("合计", first, 1, 1, 3)
        sheet.head("公务用车", first + 1, 2, 1)
        sheet.head("购置/费", first + 1, 1, 2, 2)
        sheet.head("运行/维护/费", first + 2, 1, 2, 2)
    sheet.head("公务接/待费", 7, 1, 1, 3)
    sheet.lines.append(centred("公务接", edges[3], edges[4], TOP + 2.2 * HEIGHT))
    for row in range(4, 7):
        sheet.body(row, *["4.00", "1.00", "2.00", "1.00"] * 2)
    at = (TOP, TOP + HEIGHT, TOP + 4 * HEIGHT, TOP + 7 * HEIGHT)
    partial = tuple(Ruling(TOP + 2 * HEIGHT, edges[n], edges[n + 2]) for n in (1, 5))
    rules = Rulings((*(Ruling(y, LEFT, RIGHT) for y in at), *partial))
    (table,), _ = fill_grids(align_grids(tuple(sheet.lines), rules, ()), tuple(sheet.lines), 1)
    first = [(c.reading.text, c.col_span) for c in table.cells if c.row == 0]
    assert first == [("预算数", half), ("决算数", half)]


def test_a_label_that_begins_where_all_do_is_not_centred_over_columns() -> None:
    """The edge before it lies left of it, as no rule shows it, and its middle is that of two columns."""
    sheet = Sheet((LEFT, 110, 200, 380, RIGHT))
    for col, name in enumerate(("项目", "金额", "项目", "金额")):
        sheet.head(name, col, 1, 0)
    names = ("二、外交支出", "三、国防支出", "四、公共安全支出", "五、教育支出", "六、科学技术支出")
    for row, name in enumerate(names, 1):
        middle = TOP + (row + 0.5) * HEIGHT
        sheet.body(row, "收入", f"{row}.00" if row != 2 else "", "", f"{row}.00")
        sheet.lines.append(piece(name, 218, middle))
    found = sheet.read(1, 6)
    assert [cell[0] for cell in found[2]] == ["收入", "", "三、国防支出", "2.00"]


def test_a_name_off_its_middle_does_not_part_the_rows_of_a_ruled_head() -> None:
    """Of few names none may stand off; but the rules know the head's rows."""
    sheet = Sheet((LEFT, 170, 290, 410, RIGHT))
    sheet.head("合计", 0, 1, 0, 3)
    sheet.head("公务用车", 1, 2, 0)
    sheet.head("购置/费", 1, 1, 1, 2)
    sheet.head("运行/维护费", 2, 1, 1, 2)
    sheet.lines.append(centred("公务接", 410, RIGHT, TOP + 0.8 * HEIGHT))  # its second line was lost
    for row in range(3, 6):
        sheet.body(row, "4.00", "1.00", "2.00", "1.00")
    at = (TOP, TOP + 3 * HEIGHT, TOP + 6 * HEIGHT)
    rules = Rulings((*(Ruling(y, LEFT, RIGHT) for y in at), Ruling(TOP + HEIGHT, 170, 410)))
    (table,), _ = fill_grids(align_grids(tuple(sheet.lines), rules, ()), tuple(sheet.lines), 1)
    head = [(c.reading.text, c.row_span, c.col_span) for c in table.cells if c.row == 0]
    assert head == [("合计", 2, 1), ("公务用车", 1, 2), ("公务接", 2, 1)]


def test_a_head_without_a_rule_above_is_as_high_as_its_names_say() -> None:
    """As a scan at 300 dpi gave it: the first row is a point lower than those of the body."""
    head = {
        ("收入", 129, 377, 151, 391), ("支出", 369, 378, 390, 390), ("行", 155, 400, 168, 413),
        ("次", 155, 410, 168, 423),
        ("一般公共预", 401, 399, 448, 411), ("算财政拨款", 401, 411, 448, 422), ("国有资本", 495, 394, 533, 405),
        ("政府性基", 452, 394, 492, 405), ("金预算财", 452, 405, 492, 416), ("政拨款", 456, 416, 488, 427),
        ("经营预算", 495, 405, 533, 416), ("财政拨款", 495, 417, 534, 428), ("项目", 93, 405, 114, 418),
        ("金额", 187, 405, 209, 418), ("项目", 264, 405, 284, 418), ("行", 330, 398, 344, 424),
        ("合计", 363, 404, 384, 417),
        ("栏次", 93, 431, 115, 445), ("1", 195, 433, 202, 444), ("栏次", 263, 431, 285, 445), ("2", 369, 432, 377, 444),
        ("4", 468, 432, 476, 442), ("5", 510, 432, 519, 443),
    }  # fmt: skip
    lines = [TextLine(text, Box(*box), 0.95, size=9) for text, *box in head]
    for row in range(8):
        middle = 457 + 18.2 * row
        lines += [
            piece("一、项目收入", 58, middle),
            piece(f"{row}.50", 190, middle),
            piece("二、项目支出", 225, middle),
        ]
        lines += [piece(str(row + 1), 158, middle), piece(str(row + 30), 331, middle), piece("1.50", 378, middle)]
    (grid,) = align_grids(tuple(lines), Rulings(), ())
    assert (grid.n_rows, grid.n_cols) == (11, 9)


def test_a_name_alone_over_a_group_of_columns_is_no_row_of_a_body_without_rules() -> None:
    sheet = Sheet((LEFT, 170, 230, 350, 410, 470, RIGHT))
    for col, cols, name in ((0, 2, "收入"), (2, 4, "支出")):
        sheet.head(name, col, cols, 0)
    sheet.head("金额", 3, 3, 1)
    for col, name in enumerate(("项目", "金额", "项目")):
        sheet.head(name, col, 1, 1, 2.6)
    for col, name in enumerate(("小计", "一般公共/预算", "政府性/基金"), 3):
        sheet.head(name, col, 1, 2, 1.6)
    for row in range(8):
        amount = f"{row}5.20"
        sheet.body(row + 3.6, "本级收入", amount, f"{'一二三四五六七八'[row]}、安排的支出", amount, amount)
    (grid,) = align_grids(tuple(sheet.lines), Rulings(), ())
    assert (grid.n_rows, grid.n_cols) == (11, 6)
