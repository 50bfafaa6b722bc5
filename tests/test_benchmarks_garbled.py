"""Garbled texts: the damage is what it says, and ``qingzhang clean`` mends nearly all of it and spoils nothing."""

from __future__ import annotations

from benchmarks.garbled import Damage, Line, Spoiler, Tally, document, garble, measure, score
from cleanup.plain_text import CleanText
from dictionaries.loader import load_dictionary


def test_a_cell_counts_as_right_left_or_other() -> None:
    lines = [Line("教育\t820. 66\tKEBA", "教育\t820.66\t"), Line("又供内部軍核", None, "mark_line")]
    tallies, wrong = score(lines, CleanText("教肓\t820.66\tKEBA", (), (1,)))
    assert tallies == {
        "debris": Tally(left=1),
        "mark_line": Tally(right=1),
        "number_space": Tally(right=1),
        "sound": Tally(other=1),
    }
    assert [kind for kind, *_ in wrong] == ["sound", "debris"]


def test_a_seed_always_gives_the_same_damage() -> None:
    paper, dictionary = document(4), load_dictionary()
    once, again = (garble(paper, Spoiler(4, "征求意见稿", dictionary, Damage())) for _ in range(2))
    assert once == again
    assert {line.kind for line in once} >= {"sound", "mark_line", "contents"}


def test_nearly_all_damage_is_mended_and_nothing_sound_spoiled() -> None:
    ((_, tallies, wrong),) = measure([5])
    assert tallies["sound"].right == tallies["sound"].total, wrong
    assert tallies["mark_line"].right == tallies["mark_line"].total
    assert sum(t.right for t in tallies.values()) >= 0.99 * sum(t.total for t in tallies.values()), wrong
