"""Every figure on documents small enough to be scored by hand."""

from dataclasses import replace

import pytest

from benchmarks import papers
from benchmarks.metrics import (
    Bin,
    CorrectionScore,
    align,
    calibration_error,
    character_error_rate,
    corrections,
    corrections_by_rule,
    is_amount,
    match,
    normalise,
    reliability,
    residue,
    score,
)
from benchmarks.papers import Cell, Correction, Paper, Table, Text


def table(*rows: str, **more) -> Table:
    """A table from rows of cells parted by |."""
    cells = [Cell(r, c, text) for r, row in enumerate(rows) for c, text in enumerate(row.split("|"))]
    return Table(tuple(cells), **more)


def change(paper: Paper, row: int, col: int, **new) -> Paper:
    """The paper with one cell of its first table changed."""
    first = paper.tables[0]
    cells = tuple(replace(c, **new) if (c.row, c.col) == (row, col) else c for c in first.cells)
    return replace(paper, blocks=tuple(replace(first, cells=cells) if b is first else b for b in paper.blocks))


TRUTH = Paper(
    blocks=(
        Text("收入支出决算总表"),
        Text("本年收入合计1,119.20万元，比上年减少。"),
        table("项目|金额|备注", "办公费|10.50|", "水费|3.20|", "合计|13.70|"),
    ),
    pages=2,
    watermark="内部\n审核",
)


def test_a_text_is_compared_after_nfkc_without_white_space_and_with_one_kind_of_quotes():
    assert normalise("“三公” 经费（１）—") == normalise('"三公"经费(1)-')
    assert normalise(None) == ""
    assert normalise("办公费") != normalise("办公贵")


@pytest.mark.parametrize("text", ["12", "1,234.50", "-3.1", "98.3%", "+0.5"])
def test_amounts(text):
    assert is_amount(text)


@pytest.mark.parametrize("text", ["", "一", "1.", "12月", "2024年", ".5", "3-4"])
def test_no_amounts(text):
    assert not is_amount(text)


def test_the_truth_against_itself_is_perfect():
    found = score(TRUTH, TRUTH)
    assert (found.amount_exact, found.label_exact, found.rows_exact, found.paragraph_exact) == (1, 1, 1, 1)
    assert (found.silent_errors, found.extra_rows, found.text_cer, found.chars_extra) == (0, 0, 0, 0)
    assert (found.tables, found.tables_found, found.fields) == (1, 1, 12)
    assert found.review_useful == 1


def test_a_wrong_amount_is_silent_until_it_is_flagged():
    wrong = change(TRUTH, 1, 1, text="10.60")
    found = score(TRUTH, wrong)
    assert found.amount_exact == pytest.approx(2 / 3)
    assert found.label_exact == 1
    assert found.rows_exact == 3 / 4
    assert found.silent_errors == 1
    assert found.silent_per_10k == pytest.approx(10_000 / 12)
    seen = score(TRUTH, change(wrong, 1, 1, needs_review=True))
    assert seen.silent_errors == 0
    assert seen.amount_exact == pytest.approx(2 / 3)
    assert seen.review_load == pytest.approx(1 / 12)
    assert seen.review_useful == 1


def test_a_needless_flag_costs_usefulness():
    both = change(change(TRUTH, 1, 1, text="10.60", needs_review=True), 2, 0, needs_review=True)
    found = score(TRUTH, both)
    assert found.review_load == pytest.approx(2 / 12)
    assert found.review_useful == 0.5


def test_ink_in_a_blank_cell_is_a_silent_error_but_neither_amount_nor_label():
    found = score(TRUTH, change(TRUTH, 1, 2, text="供"))
    assert (found.amount_exact, found.label_exact, found.silent_errors) == (1, 1, 1)
    assert found.chars_extra == pytest.approx(1 / len(_printed()))


def _printed() -> str:
    return "".join(normalise(t.text) for t in TRUTH.texts) + "".join(normalise(c.text) for c in TRUTH.tables[0].cells)


def test_a_right_text_in_the_wrong_column_is_wrong():
    cells = tuple(replace(c, col=c.col + 1) if c.row == 1 else c for c in TRUTH.tables[0].cells)
    shifted = replace(TRUTH, blocks=(*TRUTH.texts, Table(cells)))
    found = score(TRUTH, shifted)
    assert found.amount_exact == pytest.approx(2 / 3)
    assert found.label_exact == pytest.approx(5 / 6)


def test_a_lost_row_is_silent_unless_its_table_says_so():
    rest = tuple(c for c in TRUTH.tables[0].cells if c.row != 2)
    lost = replace(TRUTH, blocks=(*TRUTH.texts, Table(rest)))
    assert score(TRUTH, lost).silent_errors == 2
    told = replace(TRUTH, blocks=(*TRUTH.texts, Table(rest, needs_review=True)))
    found = score(TRUTH, told)
    assert found.silent_errors == 0
    assert found.review_load == pytest.approx(3 / 12)


def test_rows_that_are_none_of_the_truth_are_counted():
    more = Table((*TRUTH.tables[0].cells, Cell(4, 0, "仅供"), Cell(4, 1, "内部")))
    assert score(TRUTH, replace(TRUTH, blocks=(*TRUTH.texts, more))).extra_rows == 1


def test_spans():
    truth = Paper((Table((Cell(0, 0, "项目", col_span=2), Cell(1, 0, "编码"), Cell(1, 1, "名称"))),))
    flat = Paper((Table((Cell(0, 0, "项目"), Cell(1, 0, "编码"), Cell(1, 1, "名称"))),))
    assert score(truth, truth).spans_exact == 1
    assert score(truth, flat).spans_exact == 0
    assert score(truth, flat).rows_exact == 1


def test_prose_may_break_anywhere_but_a_paragraph_only_counts_whole():
    sentence = TRUTH.texts[1].text
    broken = Paper((Text(TRUTH.texts[0].text), Text(sentence[:9]), Text(sentence[9:]), *TRUTH.tables), 2)
    found = score(TRUTH, broken)
    assert found.text_cer == 0
    assert found.paragraph_exact == 0


def test_headers_and_seals_are_no_part_of_the_clean_text():
    noisy = replace(TRUTH, blocks=(*TRUTH.blocks, Text("内部审核", "header"), Text("财政局", "seal")))
    found = score(TRUTH, noisy)
    assert (found.chars_extra, found.watermark_bigrams_per_page) == (0, 0)
    leaked = score(TRUTH, replace(TRUTH, blocks=(*TRUTH.blocks, Text("内部审核", "paragraph"))))
    assert leaked.watermark_bigrams_per_page == 3 / 2
    assert leaked.chars_extra == pytest.approx(4 / len(_printed()))


def test_residue_counts_only_what_no_page_prints():
    assert residue("仅供内部", "供内", "供内供内部") == 2  # 供内 once more than printed, 内部 once
    assert residue(None, "", "仅供") == 0


@pytest.mark.parametrize(
    ("texts", "out", "rate"),
    [
        (["办公费"], "前言办公费后", 0),
        (["办公费"], "前言办公贵后", 1 / 3),
        (["办公费", "水费"], "办公费", 1 / 5),
        (["办公费", "水土"], "办公费", 2 / 5),
        (["办公费"], "", 1),
        ([], "办公费", 0),
    ],
)
def test_character_error_rate(texts, out, rate):
    assert character_error_rate(texts, out) == pytest.approx(rate)


def test_rows_are_aligned_in_order_by_likeness():
    assert align(["甲乙|1", "丙丁|2", "戊己|3"], ["甲乙|1", "戊己|8"]) == {0: 0, 2: 1}
    assert align([], ["甲"]) == {}
    assert align(["甲乙丙"], ["1234"]) == {}


def test_corrections_are_counted_by_what_they_did():
    def output(**raws: str) -> Paper:
        paper = TRUTH
        for row, raw in zip((1, 2, 3), raws.values(), strict=True):
            read, _, text = raw.partition(">")
            paper = change(paper, row, 0, raw=read, text=text)
        return paper

    done = output(mended="办公贵>办公费", spoiled="水费>电费", missed="合汁>合汁")
    found = corrections(match(TRUTH, done), "label")
    assert found == CorrectionScore(changed=2, mended=1, spoiled=1, misread=2)
    assert (found.precision, found.recall) == (0.5, 0.5)
    assert corrections(match(TRUTH, done), "amount") == CorrectionScore(0, 0, 0, 0)


def test_corrections_are_counted_for_each_rule_that_changed_a_cell():
    mended = (Correction("办公贵", "办公费", "fixed_label"),)
    spoiled = (Correction("水 费", "水费", "white_space"), Correction("水费", "电费", "subject_name"))
    done = change(TRUTH, 1, 0, raw="办公贵", corrections=mended)
    done = change(done, 2, 0, raw="水费", text="电费", corrections=spoiled)
    found = corrections_by_rule(match(TRUTH, done).pairs)
    assert found == {
        "fixed_label": CorrectionScore(changed=1, mended=1, spoiled=0, misread=1),
        "subject_name": CorrectionScore(changed=1, mended=0, spoiled=1, misread=1),
    }


def test_a_change_of_white_space_is_no_correction():
    spaced = change(TRUTH, 1, 0, raw="办 公费")
    assert corrections(match(TRUTH, spaced), "label") == CorrectionScore(0, 0, 0, 0)


def test_reliability_sets_confidence_against_truth():
    sure = change(change(change(TRUTH, 1, 0, confidence=0.95), 2, 0, confidence=0.99), 3, 0, confidence=0.31)
    wrong = change(sure, 2, 0, text="电费")
    bins = reliability(match(TRUTH, wrong).pairs)
    assert bins == (Bin(1, 0.31, 1.0), Bin(2, pytest.approx(0.97), 0.5))
    assert calibration_error(bins) == pytest.approx((0.69 + 2 * 0.47) / 3)


def test_a_truth_file_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "a.truth.json"
    path.write_text(papers.truth_json(replace(TRUTH, title="标题", kind="account", profile="poor")), encoding="utf-8")
    assert papers.read(path) == replace(TRUTH, title="标题", kind="account", profile="poor")
