"""Drawn grids are found again: from pixels, from rules, through skew, noise, gaps and double rules."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.grid import build_grids
from ocr.rulings import find_rulings
from ocr.types import Grid, PageImage, Ruling, Rulings
from tests.drawn_tables import DrawnTable, Scan, page, photograph, regular, spans_of, tables, tiling

HEADER = regular(6, 5, merges=((0, 0, 2, 1), (0, 1, 1, 2), (0, 3, 1, 2), (2, 0, 1, 2), (4, 2, 2, 1)))

SCANS = {
    "plain": Scan(),
    "grey rules": Scan(ink=150),
    "hairlines at 150 dpi": Scan(dpi=150, thickness=0.3, ink=60),
    "thick rules at 300 dpi": Scan(dpi=300, thickness=1.2),
    "skew to the left": Scan(skew=0.3),
    "skew to the right": Scan(skew=-0.3, noise=4),
    "noise and specks": Scan(noise=9, speckles=300),
    "broken": Scan(broken=0.25),
    "broken, skewed, poor": Scan(dpi=150, broken=0.2, skew=0.25, noise=8, speckles=100),
    "double": Scan(double=True, thickness=0.5),
    "fax": Scan(bilevel=True, noise=30, speckles=300),
    "dotted": Scan(dotted=1.2),
    "600 dpi": Scan(dpi=600, width=350, height=150),
}


def found(image: PageImage) -> tuple[Grid, ...]:
    return build_grids(find_rulings(image))


def rules_of(table: DrawnTable) -> Rulings:
    """A rule for each side of each cell, as a PDF draws them."""
    boxes = [table.box(c) for c in table.cells]
    level = [Ruling(y, left, right) for left, top, right, bottom in boxes for y in (top, bottom)]
    upright = [Ruling(x, top, bottom) for left, top, right, bottom in boxes for x in (left, right)]
    return Rulings(tuple(level), tuple(upright))


@pytest.mark.parametrize("name", SCANS)
def test_a_header_with_spans_comes_out_exactly(name: str) -> None:
    grids = found(page(HEADER, SCANS[name]))
    assert [spans_of(g) for g in grids] == [HEADER.cells]


@given(tables())
def test_rules_of_any_grid_give_that_grid(table: DrawnTable) -> None:
    (grid,) = build_grids(rules_of(table))
    assert spans_of(grid) == table.cells
    assert np.allclose(grid.row_edges, table.rows, atol=0.01)
    assert np.allclose(grid.col_edges, table.cols, atol=0.01)


@settings(max_examples=40)
@given(tables(), st.sampled_from(["plain", "skew to the left", "hairlines at 150 dpi", "noise and specks"]))
def test_a_drawn_grid_is_found_again(table: DrawnTable, name: str) -> None:
    (grid,) = found(page(table, SCANS[name]))
    assert spans_of(grid) == table.cells


def test_hairlines_that_lie_on_one_pixel_here_and_on_two_there_are_rules() -> None:
    """At 150 dpi the rules at 40 and 50 points are half as dark again as those at 30, 60 and 70."""
    cells = tiling(4, 4, ((0, 0, 3, 3),))
    table = DrawnTable((30.0, 40.0, 50.0, 60.0, 70.4375), (25.0, 49.0, 73.0, 97.0, 121.0), cells)
    (grid,) = found(page(table, SCANS["hairlines at 150 dpi"]))
    assert spans_of(grid) == table.cells


@given(tables())
def test_every_position_is_covered_once(table: DrawnTable) -> None:
    (grid,) = build_grids(rules_of(table))
    count = np.zeros((grid.n_rows, grid.n_cols), dtype=int)
    for cell in grid.cells:
        count[cell.row : cell.row + cell.row_span, cell.col : cell.col + cell.col_span] += 1
    assert (count == 1).all()


@given(tables(), st.data())
def test_a_lost_rule_still_leaves_rectangles(table: DrawnTable, data: st.DataObject) -> None:
    rules = rules_of(table)
    keep = data.draw(st.lists(st.booleans(), min_size=len(rules.vertical), max_size=len(rules.vertical)))
    left = Rulings(rules.horizontal, tuple(r for r, k in zip(rules.vertical, keep, strict=True) if k))
    for grid in build_grids(left):
        assert sum(c.row_span * c.col_span for c in grid.cells) == grid.n_rows * grid.n_cols


def test_a_rule_that_ends_in_the_air_ran_on_to_the_next() -> None:
    """What is missing was taken off with a watermark; a rule that goes a little over the one across was not longer."""
    table = regular(4, 4, row=16, col=60)
    rules = rules_of(table)
    x, y = table.cols[2], table.rows
    others = tuple(r for r in rules.vertical if r.position != x)
    worn = Ruling(x, y[1] - 0.4 * (y[1] - y[0]), y[4])
    (grid,) = build_grids(Rulings(rules.horizontal, (*others, worn)))
    assert spans_of(grid) == table.cells
    (grid,) = build_grids(Rulings(rules.horizontal, (*others, Ruling(x, y[1] - 2.5, y[4]))))
    assert spans_of(grid) == regular(4, 4, row=16, col=60, merges=((0, 1, 1, 2),)).cells


def test_cells_lie_where_they_are_drawn_on_a_skewed_page() -> None:
    scan = Scan(skew=0.3, width=600, height=400)
    table = regular(8, 5, row=20, col=100)
    (grid,) = found(page(table, scan))
    turn = cv2.getRotationMatrix2D((300, 200), 0.3, 1)
    for cell in grid.cells:
        left, top, right, bottom = table.box((cell.row, cell.col, 1, 1))
        x, y = turn @ [(left + right) / 2, (top + bottom) / 2, 1]
        assert abs(cell.box.center[0] - x) < 0.8
        assert abs(cell.box.center[1] - y) < 0.8


def test_two_tables_stay_two_even_close() -> None:
    first = regular(3, 4)
    second = regular(4, 4).moved(0, 3 * 16 + 7)
    grids = found(page((first, second)))
    assert [(g.n_rows, g.n_cols) for g in grids] == [(3, 4), (4, 4)]


def test_two_tables_beside_each_other_stay_two() -> None:
    grids = found(page((regular(3, 2), regular(4, 2).moved(140, 5))))
    assert [(g.n_rows, g.n_cols) for g in grids] == [(3, 2), (4, 2)]


def test_open_sides_are_closed() -> None:
    (grid,) = found(page(regular(4, 4), Scan(open_sides=True)))
    assert spans_of(grid) == regular(4, 4).cells


@pytest.mark.parametrize("ink", [0, 120])
def test_a_short_rule_begins_at_an_open_side(ink: int) -> None:
    """科目编码 over 类, 款 and 项 where no frame stands at the left: the rule between them begins in the air."""
    rows, cols = (40, 57, 74, 92, 110), (30, 46, 62, 78, 170, 250)
    merges = ((0, 0, 1, 3), (0, 3, 2, 1), (0, 4, 2, 1))
    table = DrawnTable(rows, cols, tiling(4, 5, merges))
    (grid,) = found(page(table, Scan(open_sides=True, ink=ink, text=False)))
    assert spans_of(grid) == table.cells


def test_leaders_of_dots_are_no_rules() -> None:
    """A table of contents: nothing upright meets its dots."""
    canvas = np.full((900, 1100), 255, dtype=np.uint8)
    for y in range(100, 800, 60):
        canvas[y : y + 2, 300:1000:4] = 40
        canvas[y : y + 2, 301:1000:4] = 40
        cv2.putText(canvas, "12", (1010, y + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2)
    rulings = find_rulings(photograph(canvas, Scan()))
    assert not rulings.horizontal
    assert not rulings.vertical


def test_a_low_blank_row_is_kept() -> None:
    table = replace(regular(3, 4, merges=((1, 0, 1, 2),)), rows=(40, 56, 72, 75.8))
    (grid,) = found(page(table, Scan(text=False)))
    assert spans_of(grid) == table.cells


def test_a_frame_is_no_table() -> None:
    assert found(page(regular(1, 1, row=100, col=200))) == ()


def test_one_column_of_frames_is_no_table() -> None:
    assert found(page(regular(4, 1, col=200))) == ()


def test_a_table_in_a_frame_is_found_without_the_frame() -> None:
    frame = DrawnTable((10, 280), (10, 390), ((0, 0, 1, 1),))
    grids = found(page((frame, regular(3, 4))))
    assert [(g.n_rows, g.n_cols) for g in grids] == [(3, 4)]


def test_text_alone_has_no_rulings() -> None:
    image = page((), Scan())
    pixels = image.pixels.copy()
    for line in range(20):
        cv2.putText(pixels, "HEIL 0123456789 EFTLH", (60, 40 + 38 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0,), 2)
    assert found(replace(image, pixels=pixels)) == ()


def test_a_shaded_header_and_a_photograph_are_no_rules() -> None:
    image = page(HEADER)
    pixels = image.pixels.copy()
    pixels[112:200, 84:800] = np.minimum(pixels[112:200, 84:800], 205)
    pixels[500:700, 100:500] = np.random.default_rng(1).integers(20, 90, (200, 400))
    (grid,) = found(replace(image, pixels=pixels))
    assert spans_of(grid) == HEADER.cells


@pytest.mark.parametrize("grey", [90, 170])
def test_slanted_strokes_over_a_table_make_no_rules(grey: int) -> None:
    image = page(HEADER)
    pixels = image.pixels.copy()
    mark = np.full_like(pixels, 255)
    for x in range(0, 1100, 130):
        cv2.putText(mark, "EMH", (x, 420), cv2.FONT_HERSHEY_SIMPLEX, 2.5, (grey,), 6)
    turn = cv2.getRotationMatrix2D((500, 300), 30, 1)
    mark = cv2.warpAffine(mark, turn, (pixels.shape[1], pixels.shape[0]), borderValue=255)
    (grid,) = found(replace(image, pixels=np.minimum(pixels, mark)))
    assert spans_of(grid) == HEADER.cells


@pytest.mark.parametrize("swing", [(4.0, 3.1), (2.0, 7.0)])
def test_a_bent_page_keeps_its_grid(swing: tuple[float, float]) -> None:
    table = regular(9, 6, row=15, col=85, merges=((0, 0, 1, 2), (3, 2, 2, 1)))
    image = page(table, Scan(width=560, height=220))
    height, width = image.pixels.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bent = cv2.remap(
        image.pixels,
        (x + 2 * np.sin(y / height * 3.1)).astype(np.float32),
        (y + swing[0] * np.sin(x / width * swing[1])).astype(np.float32),
        cv2.INTER_LINEAR,
        borderValue=(255,),
    )
    (grid,) = found(replace(image, pixels=np.asarray(bent, dtype=np.uint8)))
    assert spans_of(grid) == table.cells


@pytest.mark.parametrize("contrast", [0.3, 0.6])
def test_a_faint_print_keeps_its_grid(contrast: float) -> None:
    image = page(HEADER, Scan(noise=3))
    pale = (255 - (255 - image.pixels.astype(np.float64)) * contrast).astype(np.uint8)
    (grid,) = found(replace(image, pixels=pale))
    assert spans_of(grid) == HEADER.cells


@pytest.mark.parametrize("seed", [1, 2])
def test_noise_has_no_rules(seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (900, 700)).astype(np.uint8)
    assert find_rulings(replace(page(()), pixels=pixels)) == Rulings()


def test_text_centred_in_line_with_a_rule_makes_the_rule_no_longer() -> None:
    table = regular(4, 4, row=14, merges=((0, 0, 1, 4),))
    image = page(table, Scan(text=False))
    pixels, unit = image.pixels.copy(), image.dpi / 72
    x = round(table.cols[2] * unit)
    pixels[round(42 * unit) : round(52 * unit), x - 1 : x + 1] = 0  # a stroke of 本 above the rule between two columns
    (grid,) = found(replace(image, pixels=pixels))
    assert spans_of(grid) == table.cells


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("strokes", [2, 3, 4])
def test_strokes_of_several_characters_in_line_with_a_rule_make_the_rule_no_longer(strokes: int, side: int) -> None:
    """本年支出合计 over two rows beside 项目: 本, 年 and 支 have strokes where the rule under 项目 would go on."""
    tall = tuple((0, col, 2, 1) for col in ((2, 3) if side > 0 else (0, 1)))
    table = regular(5, 4, row=16, col=62, merges=(*tall, (0, 1 - side, 1, 2)))
    image = page(table, Scan(text=False))
    pixels, unit = image.pixels.copy(), image.dpi / 72
    y = round(table.rows[1] * unit)
    for n in range(strokes):
        start = table.cols[2] + side * (4.4 + 11.2 * n)
        left, right = sorted((start, start + side * 8.8))
        pixels[y - 1 : y + 1, round(left * unit) : round(right * unit)] = 0
    (grid,) = found(replace(image, pixels=pixels))
    assert spans_of(grid) == table.cells


def test_a_broken_rule_that_crosses_others_is_no_type() -> None:
    """It has a piece longer than any stroke of a character, and ends in the air only where it is worn off."""
    table = regular(5, 4, row=16, col=62)
    image = page(table, Scan(text=False))
    pixels, unit = image.pixels.copy(), image.dpi / 72
    y, post = round(table.rows[2] * unit), table.cols[2]
    for left, right in ((post + 1.2, post + 4.5), (post + 40, table.cols[3] - 0.5)):
        pixels[y - 2 : y + 3, round(left * unit) : round(right * unit)] = 255
    (grid,) = found(replace(image, pixels=pixels))
    assert spans_of(grid) == table.cells


def test_type_in_a_narrow_head_makes_the_rule_under_it_no_longer() -> None:
    """科目编码 over 类, 款 and 项: a stroke of 目 stands where the rule between 类 and 款 would go on."""
    merges = ((0, 0, 1, 3), (0, 3, 2, 1), (0, 4, 2, 1))
    cols = (40.0, 58.0, 75.0, 92.0, 180.0, 250.0)
    table = DrawnTable(regular(6, 5, row=17).rows, cols, tiling(6, 5, merges))
    image = page(table, Scan(text=False))
    pixels, unit = image.pixels.copy(), image.dpi / 72
    top, bottom, x = table.rows[0] + 4, table.rows[1] - 2.2, round(cols[1] * unit)
    pixels[round(top * unit) : round(bottom * unit), x - 1 : x + 1] = 0
    (grid,) = found(replace(image, pixels=pixels))
    assert spans_of(grid) == table.cells


def test_a_rule_broken_behind_the_last_one_across_reaches_the_open_side() -> None:
    """The others end there too: what lies behind the gap is no type."""
    table = DrawnTable(regular(5, 4).rows, (40.0, 100.0, 160.0, 220.0, 244.0), regular(5, 4).cells)
    image = page(table, Scan(text=False, open_sides=True))
    pixels, unit = image.pixels.copy(), image.dpi / 72
    y, post = round(table.rows[2] * unit), table.cols[3]
    pixels[y - 2 : y + 3, round((post + 1.2) * unit) : round((post + 4.2) * unit)] = 255
    rules = find_rulings(replace(image, pixels=pixels)).horizontal
    (rule,) = (r for r in rules if abs(r.position - table.rows[2]) < 1)
    assert rule.end == pytest.approx(table.cols[4], abs=1)


@pytest.mark.parametrize("shift", [2.2, 2.5, 2.8, 3.1])
def test_type_that_fills_a_merged_cell_in_line_with_a_rule_is_no_rule(shift: float) -> None:
    """财政专户管理资金 over two rows of the head: its strokes lie where the rule of the next columns would go on."""
    table = regular(5, 4, row=15.35, col=53.1, merges=((0, 1, 2, 1),))
    image = page(table, Scan(text=False))
    pdf = pymupdf.open()
    sheet = pdf.new_page(width=image.width, height=image.height)
    sheet.insert_text((table.cols[1] + 2.5, table.rows[1] + shift), "财政专户管理资金", fontname="china-s", fontsize=6)
    shot = sheet.get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
    type_ = np.frombuffer(shot.samples, np.uint8).reshape(shot.height, shot.width)
    height, width = (min(a, b) for a, b in zip(type_.shape, image.pixels.shape, strict=True))
    both = np.minimum(type_[:height, :width], image.pixels[:height, :width])
    (grid,) = found(photographed(both))
    assert spans_of(grid) == table.cells


def photographed(pixels: np.ndarray) -> PageImage:
    """The page as a scanner with a little blur sees it."""
    return photograph(np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.5), dtype=np.uint8), Scan())


@pytest.mark.parametrize(("n_rows", "n_cols"), [(14, 4), (6, 5)])
def test_a_stroke_in_one_row_of_a_long_table_makes_no_column(n_rows: int, n_cols: int) -> None:
    cells = rules_of(regular(n_rows, 4))
    stroke = Ruling(55.0, 40 + 16 * 4, 40 + 16 * 5)
    (grid,) = build_grids(Rulings(cells.horizontal, (*cells.vertical, stroke)))
    assert grid.n_cols == n_cols  # in a short table, a form perhaps, it may be a rule


@pytest.mark.parametrize("row", [2, 3, 4])
def test_a_column_in_one_row_of_a_form_stays(row: int) -> None:
    """自评表: only the row 全年预算数 | 47 | 实际到位金额 divides what the rows around it have merged."""
    others = [r for r in range(14) if r != row]
    form = regular(14, 5, merges=((0, 1, 1, 3), (row + 1, 1, 1, 4), *((r, 2, 1, 2) for r in others)))
    (grid,) = build_grids(rules_of(form))
    assert spans_of(grid) == form.cells


def test_squared_paper_is_no_table() -> None:
    lines = tuple(Ruling(4.0 * i, 0, 600) for i in range(150))
    assert build_grids(Rulings(lines, lines)) == ()


def test_many_rules_cost_little() -> None:
    many = tuple(Ruling(float(i % 900), float(i // 900), float(i // 900) + 0.4) for i in range(20000))
    assert build_grids(Rulings(many, many)) == build_grids(Rulings(many, many))


def test_rows_of_dots_are_no_rules_on_a_fax() -> None:
    """One bit a pixel makes a shade of dots, in rows as even as those of a dotted rule."""
    image = page(HEADER, SCANS["dotted"])
    bits = np.where(image.pixels < 128, 0, 255).astype(np.uint8)
    assert [spans_of(g) for g in found(image)] == [HEADER.cells]
    assert not find_rulings(replace(image, pixels=bits, bilevel=True)).vertical


@pytest.mark.parametrize(("padding", "rows"), [(9, 1), (0, 2)])
def test_strokes_in_line_with_a_rule_are_none_where_they_keep_away_from_the_borders(padding: int, rows: int) -> None:
    """上缴上级 beside 项目: the strokes on which its characters stand lie as high as the rule under 项目 does."""
    pixels = np.full((400, 900), 255, np.uint8)
    for y in (100, 180, 230, 280):
        pixels[y : y + 2, 100:800] = 0
    for x in (100, 300, 500, 620, 800):
        pixels[100:282, x : x + 2] = 0
    pixels[140:142, 100:500] = 0
    for left in range(502 + padding, 620 - padding, 26):
        right = min(left + 25, 620 - padding)
        pixels[140:142, left:right] = 0
        pixels[128:140, left + 10 : left + 12] = 0
    (grid,) = found(PageImage(1, pixels, 200, np.eye(3), 324, 144))
    head = [c for c in grid.cells if c.col == 2 and c.row < 2]
    assert len(head) == rows
