"""A reading's doubts and its pieces: every rule that flags or joins goes through these."""

from document.types import Correction, Reading, Rule


def test_a_doubt_is_said_once() -> None:
    once = Reading("820,66", "820,66", 0.9).doubted("小数点不清")
    assert once.needs_review
    assert once.reasons == ("小数点不清",)
    assert once.doubted("小数点不清", "与合计不符").reasons == ("小数点不清", "与合计不符")
    assert (once.text, once.raw, once.confidence) == ("820,66", "820,66", 0.9)


def test_two_pieces_are_as_unsure_as_the_less_sure_one_and_keep_their_history() -> None:
    record = Correction("上撖", "上缴", Rule.FIXED_LABEL, 0.9)
    left = Reading("上缴", "上撖", 0.8, corrections=(record,)).doubted("识别不清")
    joined = left.joined(Reading("上级支出", "上级支出", 0.99).doubted("识别不清"))
    assert (joined.text, joined.raw, joined.confidence) == ("上缴上级支出", "上撖上级支出", 0.8)
    assert joined.needs_review
    assert joined.reasons == ("识别不清",)
    assert joined.corrections == (record,)
