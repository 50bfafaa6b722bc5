"""Tables with dark header rows come out as others do: black rules on them, white ones, or none."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ocr.grid import build_grids
from ocr.grounds import without_grounds
from ocr.rulings import find_rulings
from ocr.types import PageImage
from tests.drawn_tables import DrawnTable, Scan, page, photograph, regular, spans_of

HEADED = regular(6, 5, row=18, merges=((0, 0, 2, 1), (0, 1, 1, 2), (0, 3, 1, 2)))
UNIT = 200 / 72


def banner(table: DrawnTable, rows: int, rules: int | None, ground: int = 85, noise: float = 0.0) -> PageImage:
    """A page whose table has its first ``rows`` on a dark ground, light type on it, and rules of this grey, or none."""
    scan = Scan(noise=noise)
    pixels = page(table, replace(scan, noise=0)).pixels.copy()
    top, bottom = (round(table.rows[i] * UNIT) for i in (0, rows))
    left, right = (round(table.cols[i] * UNIT) for i in (0, -1))
    pixels[top:bottom, left:right] = ground
    for cell in table.cells:
        if cell[0] >= rows:
            continue
        x0, y0, x1, y1 = (round(v * UNIT) for v in table.box(cell))
        if rules is not None:
            cv2.rectangle(pixels, (x0, y0), (x1, y1), (rules,), 2)
        place = (round((x0 + x1) / 2) - 20, round((y0 + y1) / 2) + 6)
        cv2.putText(pixels, "EH8", place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (250,), 2)
    return photograph(pixels, scan)


@pytest.mark.parametrize("rules", [10, 250])
@pytest.mark.parametrize("noise", [0.0, 6.0])
@pytest.mark.parametrize("ground", [70, 130])
def test_a_head_on_a_dark_ground_has_its_cells(rules: int, noise: float, ground: int) -> None:
    (grid,) = build_grids(find_rulings(*without_grounds(banner(HEADED, 2, rules, ground, noise))))
    assert spans_of(grid) == HEADED.cells


def test_the_edge_of_a_ground_is_a_rule() -> None:
    """No frame, no rules on the ground: the rows below still have their head above them."""
    table = regular(5, 4, row=18, merges=((0, 0, 1, 4),))
    (grid,) = build_grids(find_rulings(*without_grounds(banner(table, 1, None))))
    assert spans_of(grid) == table.cells


def test_type_on_a_ground_becomes_dark_on_white() -> None:
    image = banner(HEADED, 2, 250)
    level, (box,) = without_grounds(image)
    inside = level.grey[round(box.top * UNIT) + 4 : round(box.bottom * UNIT) - 4, round(box.left * UNIT) + 4 :][:, :300]
    assert np.median(inside) > 240
    assert np.percentile(inside, 1) < 60


def test_a_ground_in_colour_becomes_white_in_all_channels() -> None:
    image = banner(HEADED, 2, 250)
    coloured = cv2.cvtColor(image.grey, cv2.COLOR_GRAY2BGR)
    coloured[..., 0] = np.maximum(coloured[..., 0], 150)  # a blue ground
    level, (box,) = without_grounds(replace(image, pixels=coloured))
    inside = level.pixels[round(box.top * UNIT) + 4 : round(box.bottom * UNIT) - 4, round(box.left * UNIT) + 4 :][
        :, :300
    ]
    assert inside.ndim == 3
    assert np.median(inside) > 240
    assert (inside.min(axis=2) == inside.max(axis=2)).all()


def test_the_corner_of_a_ground_that_type_fills_belongs_to_it() -> None:
    """A narrow first cell with two lines of type leaves no solid ground beside them."""
    image = banner(regular(5, 4, row=18, merges=((0, 0, 1, 4),)), 1, None)
    _, (whole,) = without_grounds(image)
    pixels = image.pixels.copy()
    top, left = round(whole.top * UNIT), round(whole.left * UNIT)
    for x in range(left + 4, left + 60, 7):
        cv2.line(pixels, (x, top + 3), (x, top + 24), (250,), 2)
    _, (box,) = without_grounds(replace(image, pixels=pixels))
    assert box.left == pytest.approx(whole.left, abs=1)


def test_pages_without_dark_grounds_come_back_as_they_are() -> None:
    image = page(HEADED)
    level, boxes = without_grounds(image)
    assert level is image
    assert boxes == ()


@pytest.mark.parametrize("gap", [20, 50, 160])
@pytest.mark.parametrize("ground", [110, 175])
def test_bars_of_a_chart_are_no_grounds(gap: int, ground: int) -> None:
    pixels = page((), Scan()).pixels.copy()
    for number in range(5):
        left = 80 + (70 + gap) * number
        pixels[300 - 40 * number : 500, left : left + 70] = ground
    pixels[500:503, 60:1000] = 60
    image = photograph(pixels, Scan(noise=5))
    assert without_grounds(image)[1] == ()
    assert build_grids(find_rulings(image)) == ()


def test_the_dark_around_the_paper_is_no_ground() -> None:
    """A photograph shows the desk beside the sheet, with something light lying on it."""
    image = banner(HEADED, 2, 250)
    pixels = image.pixels.copy()
    pixels[:, -70:] = 110
    pixels[300:330, -50:-20] = 250
    assert len(without_grounds(replace(image, pixels=pixels))[1]) == 1
