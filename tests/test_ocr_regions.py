"""Regions reach to the ends of their ink, not over rules, and not for specks or pale residue."""

import cv2
import numpy as np
import pytest

from document.geometry import Box
from ocr.engine import Region
from ocr.ink import ink_of
from ocr.regions import reaching, regions_to_read, without_overlaps
from ocr.types import Grid, GridCell, PageImage

LINE = Box(60, 40, 160, 60)


def page() -> np.ndarray:
    """72 dpi, so that points are pixels: a line of strokes in ``LINE``."""
    pixels = np.full((120, 400), 255, np.uint8)
    for x in range(63, 158, 12):
        cv2.rectangle(pixels, (x, 43), (x + 7, 57), 0, 2)
    return pixels


def image(pixels: np.ndarray) -> PageImage:
    return PageImage(1, pixels, 72, np.eye(3), pixels.shape[1], pixels.shape[0])


def reached(pixels: np.ndarray, *others: Box, grids: tuple[Grid, ...] = ()) -> Box:
    boxes = (LINE, *others)
    return reaching(ink_of(image(pixels), boxes, 0.55), boxes, grids)[0]


def test_a_thin_one_before_the_line_is_taken_in() -> None:
    pixels = page()
    cv2.line(pixels, (44, 50), (56, 50), 0, 2)
    box = reached(pixels)
    assert 40 <= box.left <= 44
    assert box.right == LINE.right


def test_a_pale_two_and_its_comma_before_the_line_are_taken_in() -> None:
    """二、 in 宋体 on a poor scan: thin strokes of half the darkness, the comma between them and the found line."""
    pixels = page()
    for y in (46, 55):
        cv2.line(pixels, (36, y), (46, y), 150, 1)
    cv2.circle(pixels, (52, 55), 1, 0, -1)
    assert 32 <= reached(pixels).left <= 36


def test_a_one_cut_by_the_box_is_taken_in_whole() -> None:
    pixels = page()
    cv2.line(pixels, (57, 50), (66, 50), 150, 1)
    assert 53 <= reached(pixels).left <= 57


def test_a_character_after_the_line_is_taken_in() -> None:
    pixels = page()
    cv2.rectangle(pixels, (166, 43), (176, 57), 0, 2)
    assert 176 <= reached(pixels).right <= 182


def test_a_box_does_not_grow_over_one_that_begins_within_it() -> None:
    pixels = page()
    for x in range(164, 230, 12):
        cv2.rectangle(pixels, (x, 43), (x + 7, 57), 0, 2)
    assert reached(pixels, Box(152, 40, 230, 60)).right == LINE.right


def test_ink_that_goes_on_at_the_end_of_the_reach_is_followed_to_its_end() -> None:
    """Three characters that the detector left out: the third would be cut in two."""
    pixels = page()
    for x in (164, 179, 194):
        cv2.rectangle(pixels, (x, 43), (x + 11, 57), 0, 2)
    assert 206 <= reached(pixels).right <= 212
    cv2.rectangle(pixels, (230, 43), (241, 57), 0, 2)  # after a gap another text begins
    assert 206 <= reached(pixels).right <= 212


@pytest.mark.parametrize("what", ["nothing", "speck", "pale", "far", "rule", "pale stroke", "below"])
def test_what_is_no_ink_of_the_line_is_left_out(what: str) -> None:
    pixels = page()
    match what:
        case "speck":
            cv2.circle(pixels, (52, 50), 1, 0, -1)
        case "pale":
            cv2.rectangle(pixels, (44, 43), (56, 57), 200, 2)
        case "far":
            cv2.rectangle(pixels, (20, 43), (34, 57), 0, 2)
        case "rule":
            cv2.line(pixels, (52, 0), (52, 119), 0, 2)
        case "pale stroke":
            cv2.line(pixels, (44, 50), (56, 50), 190, 1)
        case "below":
            cv2.line(pixels, (30, 59), (58, 59), 0, 2)
    assert reached(pixels) == LINE


def test_not_into_another_box_nor_over_its_cell() -> None:
    pixels = page()
    cv2.rectangle(pixels, (44, 43), (56, 57), 0, 2)
    neighbour = Box(30, 40, 57, 60)
    assert reached(pixels, neighbour).left >= neighbour.right
    cell = GridCell(0, 0, 1, 1, Box(58, 30, 300, 70))
    grid = Grid(cell.box, 1, 1, (cell,))
    assert reached(pixels, grids=(grid,)).left >= 58


def test_turned_regions_stay_as_found() -> None:
    turned = Region(Box(0, 0, 50, 50), ((0, 40), (40, 0), (50, 10), (10, 50)), 45.0)
    assert regions_to_read(image(page()), (), (turned,)) == (turned,)


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (Box(60, 41, 110, 59), LINE),  # 三、国防 of 三、国防支出
        (Box(130, 40, 220, 60), Box(60, 40, 220, 60)),  # two parts that share characters
    ],
)
def test_what_a_detector_draws_twice_is_read_once(part: Box, whole: Box) -> None:
    for order in ([LINE, part], [part, LINE]):
        assert [r.box for r in without_overlaps([Region(b) for b in order])] == [whole]


@pytest.mark.parametrize(
    "other",
    [
        Box(158, 40, 220, 60),  # the next cell, its box loose by a little
        Box(60, 52, 160, 72),  # the next line, set tightly
        Box(60, 20, 160, 80),  # a box over three lines is no line of theirs
    ],
)
def test_neighbours_stay_apart(other: Box) -> None:
    assert len(without_overlaps([Region(LINE), Region(other)])) == 2


def test_a_line_that_the_detector_passed_over_is_read_with_the_others() -> None:
    pixels = np.full((260, 400), 255, np.uint8)
    lines = [Box(60, top, 260, top + 20) for top in range(20, 220, 30)]
    for box in lines:
        for x in range(63, 250, 12):
            cv2.rectangle(pixels, (x, int(box.top) + 3), (x + 7, int(box.top) + 17), 0, 2)
    found = tuple(Region(box, score=0.9) for index, box in enumerate(lines) if index != 3)
    read = regions_to_read(image(pixels), (), found)
    (more,) = [region for region in read if region.score == 0]
    assert lines[3].cover(more.box) > 0.8
    assert regions_to_read(image(pixels), (), (*found, Region(lines[3], score=0.9)))[3].score == 0.9
