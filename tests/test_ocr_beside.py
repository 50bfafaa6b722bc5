"""A line over names side by side is cut between them; group names, prose and lone names stay whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from document.geometry import Box
from document.types import Character, TextLine
from ocr.beside import parted_lines
from ocr.pieces import trimmed

SIZE = 9.0


def written(text: str, left: float, top: float, wider: float = 0.0) -> TextLine:
    """A line as a recogniser gives it: each character a narrow place in its middle; ``wider`` on the right (points)."""
    places = [left + SIZE * (n + 0.5) for n in range(len(text))]
    characters = tuple(Character(c, 0.99, x - 1, x + 1) for c, x in zip(text, places, strict=True))
    return TextLine(text, Box(left, top, left + SIZE * len(text) + wider, top + SIZE), 0.99, characters, size=SIZE)


def centred(text: str, middle: float, top: float) -> TextLine:
    return written(text, middle - SIZE * len(text) / 2, top)


@given(
    first=st.integers(2, 5),
    second=st.integers(2, 5),
    third=st.integers(0, 5),
    below=st.lists(st.integers(1, 4), min_size=3, max_size=3),
    above=st.booleans(),
)
def test_names_read_as_one_are_parted_where_their_next_lines_stand(
    first: int, second: int, third: int, below: list[int], above: bool
) -> None:
    lengths = [n for n in (first, second, third) if n > 1]
    middles, at = [], 100.0
    for length in lengths:
        middles.append(at + SIZE * length / 2)
        at += SIZE * length
    whole = written("政府性基金预算国有资本经营预算"[: sum(lengths)], 100, 50)
    step = -1.2 * SIZE if above else 1.2 * SIZE
    rest = [
        centred("拨款财政"[: min(count, length)], middle, 50 + step)
        for count, length, middle in zip(below, lengths, middles, strict=False)
    ]
    found = parted_lines([whole, *rest])
    assert [len(k.text) for k in found] == [*lengths, *(len(k.text) for k in rest)]
    assert "".join(k.text for k in found[: len(lengths)]) == whole.text


def test_a_name_over_a_group_of_columns_stays_whole() -> None:
    group = centred("公务用车购置及运行费", 200, 50)
    names = [centred("购置费", 177.5, 70), centred("运行费", 222.5, 70)]
    assert parted_lines([group, *names]) == (group, *names)


def test_a_name_over_the_parts_of_a_code_stays_whole() -> None:
    """类 款 项 stand in the middles of parts of any name over them that is about as wide."""
    name = written("科目编码", 100, 50)
    parts = [centred(text, 106 + 12 * n, 50 + 1.3 * SIZE) for n, text in enumerate("类款项")]
    assert parted_lines([name, *parts]) == (name, *parts)


def test_a_line_whose_next_ones_stand_elsewhere_stays_whole() -> None:
    line = written("一般公共预算财政拨款", 100, 50)
    names = [centred("收入", 125, 61), centred("支出", 145, 61)]
    assert parted_lines([line, *names]) == (line, *names)


def test_only_lines_in_tables_are_parted() -> None:
    whole = written("政府性基国有资本", 100, 50)
    rest = [centred("金预", 118, 61), centred("经营", 154, 61)]
    assert parted_lines([whole, *rest], within=[]) == (whole, *rest)
    assert len(parted_lines([whole, *rest], within=[Box(90, 40, 300, 80)])) == 4


def test_a_box_widened_by_what_a_mark_left_is_trimmed_to_its_characters() -> None:
    line = written("因公出国", 100, 50, wider=40)
    box = trimmed(line).box
    assert box.left == 100
    assert 136 <= box.right < 139
    amount = written("1,234.50", 100, 50, wider=40)  # digits are of other widths
    assert trimmed(amount) == amount
