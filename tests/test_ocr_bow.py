"""Curled and folded sheets laid flat: what bow is left is measured on a drawn page whose bow is known."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from document.geometry import Box
from ocr.bow import Bow, Surface, flattened, posts, traced
from ocr.types import PageImage
from ocr.upright import straighten

HEIGHT, WIDTH, DPI = 1286, 909, 110


def page(pixels: np.ndarray) -> PageImage:
    height, width = pixels.shape[:2]
    return PageImage(1, pixels, DPI, np.eye(3), width * 72 / DPI, height * 72 / DPI)


def drawn() -> np.ndarray:
    """A table page: rules, and rows of small strokes for text."""
    rng = np.random.default_rng(3)
    pixels = np.full((HEIGHT, WIDTH), 255, np.uint8)
    for row in range(30):
        y = 120 + row * 36
        cv2.line(pixels, (80, y), (830, y), 0, 2)
        for x in range(100, 800, 14):
            if rng.random() < 0.6 and row < 29:
                cv2.rectangle(pixels, (x, y + 12), (x + 9, y + 22), 0, 1)
    for x in (80, 300, 500, 660, 830):
        cv2.line(pixels, (x, 120), (x, 120 + 29 * 36), 0, 2)
    return pixels


def bent(pixels: np.ndarray, down: np.ndarray, across: np.ndarray | float = 0.0) -> np.ndarray:
    """The pixel at (x, y) taken from (x + across, y + down): what a curled sheet's picture shows."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    maps = (x + np.float32(across)).astype(np.float32), (y + down).astype(np.float32)
    return np.asarray(cv2.remap(pixels, *maps, cv2.INTER_CUBIC, borderValue=255))


def curled(points: float, slant: float = 0.3) -> np.ndarray:
    """Level lines as an arc ``points`` high from the middle to the edges, more below than above."""
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH] / np.array([HEIGHT, WIDTH]).reshape(2, 1, 1) - 0.5
    return np.asarray(points * DPI / 72 * 4 * u * u * (1 + slant * v))


def folded(points: float) -> np.ndarray:
    """Upright lines kinked at two level folds, to one side at the left and to the other at the right."""
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH] / np.array([HEIGHT, WIDTH]).reshape(2, 1, 1) - 0.5
    return np.asarray(2 * u * np.interp(v, [-0.5, -0.2, 0.15, 0.5], [0, 1, -0.6, 0]) * points * DPI / 72)


@settings(max_examples=8, deadline=None)
@given(points=st.floats(2.5, 9), sign=st.sampled_from((-1, 1)), slant=st.floats(-0.4, 0.4))
def test_a_curled_page_is_laid_flat_to_a_point(points: float, sign: int, slant: float) -> None:
    photo = bent(drawn(), curled(sign * points, slant))
    straight = straighten(page(photo))
    left = traced(_ink(straight.pixels))
    assert left is not None
    assert left.bow * HEIGHT * 72 / DPI < 0.6
    assert left.bow < 0.4 * _bow_of(photo)


@settings(max_examples=6, deadline=None)
@given(points=st.floats(3, 8), sign=st.sampled_from((-1, 1)))
def test_a_box_is_mapped_back_to_where_it_lay_on_the_curled_page(points: float, sign: int) -> None:
    """A black square of the photograph, found on the flat page, is mapped to its own place again."""
    photo = bent(drawn(), curled(sign * points))
    squares = [(40, 700), (845, 300), (560, 30)]
    for x, y in squares:
        cv2.rectangle(photo, (x, y), (x + 20, y + 20), 0, -1)
    straight = straighten(page(photo))
    assert straight.bow is not None
    solid = cv2.erode((straight.pixels < 128).astype(np.uint8), np.ones((11, 11), np.uint8))
    _, _, _, middles = cv2.connectedComponentsWithStats(solid)
    for x, y in squares:
        places = [straight.on_page(Box(px, py, px, py)) for px, py in middles[1:] * 72 / DPI]
        there = np.array([(x + 10, y + 10)]) * 72 / DPI
        assert np.abs([p.center for p in places] - there).max(axis=1).min() < 0.7


@settings(max_examples=15, deadline=None)
@given(points=st.floats(-6, 6), degree=st.integers(2, 4))
def test_a_bow_undone_brings_a_box_back(points: float, degree: int) -> None:
    coefficients = np.zeros((7, 3))
    coefficients[degree, 0] = points / 842
    surface = Surface(coefficients, -1.0, 1.0)
    bow, box = Bow((surface,), (surface,)), Box(300, 400, 300, 400)
    back = bow.undone().around(bow.around(box, 595, 842), 595, 842)
    assert np.abs(np.subtract(back.center, box.center)).max() <= 0.3


@given(along=st.integers(0, 6), across=st.integers(0, 2), x=st.floats(0, 595), y=st.floats(0, 842))
def test_a_page_on_its_head_is_bowed_the_other_way_round(along: int, across: int, x: float, y: float) -> None:
    coefficients = np.zeros((7, 3))
    coefficients[along, across] = 0.01
    bow = Bow((Surface(coefficients, -0.8, 0.6),), (Surface(coefficients, -0.5, 0.9),))
    there = bow.around(Box(x, y, x, y), 595, 842).center
    on_head = Box(595 - x, 842 - y, 595 - x, 842 - y)
    turned = bow.upside_down().around(on_head, 595, 842).center
    assert np.allclose(turned, (595 - there[0], 842 - there[1]), atol=1e-6)


def test_a_folded_page_has_its_upright_rules_straight() -> None:
    photo = bent(drawn(), np.zeros((HEIGHT, WIDTH)), folded(6.0))
    before, after = (traced(posts(_ink(p), 25)) for p in (photo, straighten(page(photo)).pixels))
    assert before is not None
    assert after is not None
    assert after.bow < 0.5 * before.bow


@settings(max_examples=8, deadline=None)
@given(points=st.floats(0, 0.3), noise=st.floats(0, 30), seed=st.integers(0, 99))
def test_a_flat_page_stays_the_same_value(points: float, noise: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    grained = np.clip(bent(drawn(), curled(points)) + rng.normal(0, noise, (HEIGHT, WIDTH)), 0, 255)
    flat = page(grained.astype(np.uint8))
    assert straighten(flat) is flat


def test_a_page_of_few_marks_is_left_alone() -> None:
    blank = page(np.full((HEIGHT, WIDTH), 255, np.uint8))
    assert straighten(blank) is blank
    assert traced(np.zeros((HEIGHT, WIDTH), np.uint8)) is None


@settings(max_examples=15, deadline=None)
@given(points=st.floats(-8, 8), degree=st.integers(2, 5), across=st.integers(0, 2))
def test_flattening_undoes_the_surface_that_bent_the_page(points: float, degree: int, across: int) -> None:
    coefficients = np.zeros((7, 3))
    coefficients[degree, across] = points * DPI / 72 / HEIGHT
    bow = Bow(rows=(Surface(coefficients, -1.0, 1.0),))
    x, y = bow.places(WIDTH, HEIGHT)
    assert np.array_equal(x[0], np.arange(WIDTH)), "level lines move up and down alone"
    assert np.abs(y - np.arange(HEIGHT)[:, None]).max() <= abs(points) * DPI / 72 + 0.01
    ramp = np.repeat(np.linspace(0, 250, HEIGHT).astype(np.uint8)[:, None], WIDTH, axis=1)
    inner = slice(60, HEIGHT - 60)
    expected = np.interp(y, np.arange(HEIGHT), ramp[:, 0].astype(float))
    assert np.abs(flattened(ramp, bow).astype(float) - expected)[inner].max() <= 1.5


def test_the_straightening_and_the_bow_are_taken_out_at_once() -> None:
    """A page moved by 5 pixels: the flat picture's pixels come from there."""
    shifted = np.array([[1.0, 0, 5], [0, 1, 0], [0, 0, 1]])
    pixels = np.tile(np.arange(200, dtype=np.uint8), (100, 1))
    assert np.array_equal(flattened(pixels, Bow(), shifted)[:, :190], pixels[:, 5:195])


def _ink(pixels: np.ndarray) -> np.ndarray:
    return (pixels < 150).astype(np.uint8)


def _bow_of(pixels: np.ndarray) -> float:
    surface = traced(_ink(pixels))
    return 0.0 if surface is None else surface.bow
