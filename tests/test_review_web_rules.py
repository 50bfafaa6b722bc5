"""The desk's pages without a server: who may write, what an address means, what the charts and sums are made of."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.datastructures import Headers

from review.types import (
    Action,
    AuditEstimate,
    BadValue,
    FieldKind,
    FieldStatus,
    FieldTaken,
    LoginThrottled,
    Order,
    ProposalKind,
    ProposalStatus,
    QueueFilter,
    ReasonKind,
    Role,
    SuggestionKind,
    SumTerm,
    SumView,
)
from review.web.cards import sum_state
from review.web.charts import audit_interval, bars, round_above, stack
from review.web.chosen import chosen_queue, query_of
from review.web.errors import problem_of
from review.web.options import DeskOptions, Language
from review.web.room import STATIC, TEMPLATES, templates
from review.web.security import POLICY, caller_address, is_known_host, is_own_write, own_origin, refusal
from review.web.texts import money, short
from review.web.visits import local_path
from review.web.words import WORDS, say, script_words

OPEN = DeskOptions()
BEHIND_TLS = DeskOptions(public_url="https://desk.example/")

# --- who may write -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "fetch_site", "heard"),
    [
        ("http://localhost:8750", "same-origin", True),
        ("http://localhost:8750", None, True),
        (None, "same-origin", True),
        (None, None, False),
        ("null", None, False),
        ("https://elsewhere.example", None, False),
        ("http://localhost:9999", "same-origin", False),
        ("http://localhost:8750", "same-site", False),
        (None, "cross-site", False),
        (None, "none", False),
    ],
)
def test_a_write_is_heard_from_the_desks_own_pages_alone(
    origin: str | None, fetch_site: str | None, heard: bool
) -> None:
    assert is_own_write(origin, fetch_site, "http://localhost:8750") is heard


def test_behind_tls_the_public_address_is_the_own_one() -> None:
    assert own_origin("127.0.0.1:8750", BEHIND_TLS) == "https://desk.example"
    assert own_origin("LocalHost:8750", OPEN) == "http://localhost:8750"


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost:8750", True),
        ("127.0.0.1:8750", True),
        ("[::1]:8750", True),
        ("192.0.2.7", True),
        ("rebound.example:8750", False),
        ("localhost.rebound.example", False),
        ("", False),
        (None, False),
    ],
)
def test_the_desk_answers_to_its_own_names(host: str | None, known: bool) -> None:
    assert is_known_host(host, OPEN) is known


def test_more_names_are_known_where_they_were_given() -> None:
    assert is_known_host("desk.example", BEHIND_TLS)
    assert is_known_host("Finance.Example:80".lower(), DeskOptions(hosts=("Finance.Example",)))


def _refused(method: str = "POST", **headers: str) -> str | None:
    own = {"host": "localhost:1", "origin": "http://localhost:1", "content-length": "10"}
    sent = {name: value for name, value in (own | headers).items() if value}
    problem = refusal(method, Headers(sent), OPEN)
    return None if problem is None else problem.code


def test_what_is_refused_before_anything_else_looks_at_it() -> None:
    assert _refused() is None
    assert _refused("GET", origin="https://elsewhere.example") is None
    assert _refused(origin="https://elsewhere.example") == "foreign_write"
    assert _refused("PUT") == _refused("DELETE") == "method"
    assert _refused("GET", host="rebound.example") == "wrong_host"
    assert _refused(**{"content-length": str(OPEN.max_body_bytes + 1)}) == "too_large"
    assert _refused(**{"content-length": "", "transfer-encoding": "chunked"}) == "length"
    assert _refused(**{"content-length": "-1"}) == "length"


def test_forwarded_addresses_are_believed_of_trusted_proxies_alone() -> None:
    assert caller_address("127.0.0.1", "198.51.100.9", OPEN) == "127.0.0.1"
    assert caller_address("127.0.0.1", "203.0.113.1, 198.51.100.9", BEHIND_TLS) == "198.51.100.9"
    assert caller_address("192.0.2.1", "198.51.100.9", BEHIND_TLS) == "192.0.2.1"


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    for file in (*TEMPLATES.iterdir(), *STATIC.iterdir()):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\son[a-z]+\s*=\s*\"|style=\"|javascript:", text), file.name
        assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", text), file.name


@pytest.mark.parametrize("url", ["desk.example", "ftp://desk.example", "https://desk.example/path", "https://"])
def test_a_public_address_is_scheme_and_host(url: str) -> None:
    with pytest.raises(ValidationError):
        DeskOptions(public_url=url)


def test_cookies_go_over_tls_alone_where_the_visitors_do() -> None:
    assert BEHIND_TLS.over_tls
    assert not OPEN.over_tls


@pytest.mark.parametrize("path", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere", "\\", "", "/a\n"])
def test_after_the_login_nobody_is_sent_elsewhere(path: str) -> None:
    assert local_path(path) == "/"


def test_after_the_login_one_goes_on_where_one_was() -> None:
    assert local_path("/work?kind=amount") == "/work?kind=amount"


def test_errors_have_one_shape_and_say_nothing_of_the_unexpected() -> None:
    assert problem_of(LoginThrottled("later", 30)).retry_after == 30
    assert problem_of(FieldTaken("x")).status == 409
    assert problem_of(RuntimeError("secret")).detail == ""


# --- which queue an address means ----------------------------------------------------------------------------


@given(
    archive=st.none() | st.text(min_size=1, max_size=8),
    document=st.none() | st.integers(1, 10**12),
    reason=st.none() | st.sampled_from(ReasonKind),
    kind=st.none() | st.sampled_from(FieldKind),
    order=st.sampled_from(Order),
)
def test_an_address_brings_back_its_queue(
    archive: str | None, document: int | None, reason: ReasonKind | None, kind: FieldKind | None, order: Order
) -> None:
    from urllib.parse import parse_qsl

    chosen = QueueFilter(archive, document, None, reason, kind)
    try:
        parts = dict(parse_qsl(query_of(chosen, order), keep_blank_values=True, errors="strict"))
    except UnicodeEncodeError:  # half of a surrogate pair: no address can hold it
        return
    again = chosen_queue(**parts)
    assert (again.filter, again.order) == (chosen, order)


@pytest.mark.parametrize("part", [{"reason": "no"}, {"kind": "'"}, {"document": "-1"}, {"document": "9" * 30}])
def test_parts_that_name_nothing_are_refused(part: dict[str, str]) -> None:
    with pytest.raises(BadValue):
        chosen_queue(**part)


# --- sums and charts -----------------------------------------------------------------------------------------


def _term(field_id: int, sign: int, value: str) -> SumTerm:
    return SumTerm(field_id, 1, f"field {field_id}", sign, Decimal(value), value)


SUM = SumView(
    id=7,
    name="分项合计",
    total=_term(1, 0, "100.10"),
    terms=(_term(2, 1, "60.05"), _term(3, 1, "50.05"), _term(4, -1, "10")),
    difference=Decimal("0.00"),
    should_be=Decimal("60.05"),
)


@pytest.mark.parametrize(("field_id", "own", "rest"), [(1, -1, "100.10"), (2, 1, "-60.05"), (4, -1, "10.00")])
def test_a_sum_is_rest_plus_own_times_value(field_id: int, own: int, rest: str) -> None:
    state = sum_state(SUM, field_id)
    assert (state["own"], Decimal(state["rest"])) == (own, Decimal(rest))
    value = {1: "100.10", 2: "60.05", 4: "10"}[field_id]
    assert Decimal(state["rest"]) + own * Decimal(value) == 0


def test_a_field_that_counts_twice_counts_twice() -> None:
    twice = replace(SUM, terms=(_term(2, 1, "60.05"), _term(2, 1, "60.05")))
    assert sum_state(twice, 2)["own"] == 2


def test_parts_of_a_stack_stand_side_by_side() -> None:
    chart = stack((("done", 1), ("waiting", 3), ("failed", 0)))
    assert [(p.left, p.width) for p in chart.parts] == [(0, 0.25), (0.25, 0.75), (1, 0)]
    assert [p.width for p in stack((("done", 0),)).parts] == [0]


def test_bars_are_measured_against_the_longest() -> None:
    assert [bar.share for bar in bars((("a", 2), ("b", 4)))] == [0.5, 1]
    assert bars(()) == ()


@pytest.mark.parametrize(("rate", "axis"), [(0, 0.01), (0.013, 0.02), (0.02, 0.02), (0.21, 0.5), (0.7, 1), (1, 1)])
def test_an_axis_ends_at_a_round_rate(rate: float, axis: float) -> None:
    assert round_above(rate) == pytest.approx(axis)


def test_the_interval_lies_on_its_axis() -> None:
    interval = audit_interval(AuditEstimate(200, 1, 3, 9000, 0.005, 0.0001, 0.0275))
    assert interval.axis == pytest.approx(0.05)
    assert interval.at(0.0275) == pytest.approx(0.55)


@pytest.mark.parametrize(
    ("value", "printed"), [("1234567.5", "1,234,567.50"), ("-0.125", "-0.125"), ("1E+3", "1,000.00"), ("0", "0.00")]
)
def test_money_keeps_every_digit(value: str, printed: str) -> None:
    assert money(Decimal(value)) == printed


def test_a_long_text_is_cut_for_a_list() -> None:
    assert short("甲" * 50, 10) == "甲" * 9 + "…"
    assert short("a\u202eb\nc") == "ab c"


# --- words ---------------------------------------------------------------------------------------------------

ENUMS = {
    "kind.": FieldKind,
    "status.": FieldStatus,
    "reason.": ReasonKind,
    "suggestion.": SuggestionKind,
    "action.": Action,
    "role.": Role,
    "proposals.": ProposalKind,
    "proposals.status.": ProposalStatus,
    "order.": Order,
}


def test_every_word_of_the_templates_and_scripts_exists_in_both_languages() -> None:
    templates_text = "".join(file.read_text(encoding="utf-8") for file in TEMPLATES.iterdir())
    used = set(re.findall(r"""\bt\(["']([a-z_.]+)["'][,)]""", templates_text))
    used |= {prefix + value for prefix, kind in ENUMS.items() for value in kind}
    scripts = "".join(file.read_text(encoding="utf-8") for file in STATIC.glob("*.js"))
    used |= {f"say.{key}" for key in re.findall(r"""\bsay\("([a-z_]+)\"""", scripts)}
    assert used <= set(WORDS)
    for key, (chinese, english) in WORDS.items():
        assert chinese
        assert english
        assert set(re.findall(r"\{\w+\}", chinese)) == set(re.findall(r"\{\w+\}", english)), key


def test_words_take_values() -> None:
    assert say(Language.ZH, "work.page", number=3) == "第 3 页"
    assert say(Language.EN, "work.page", number=3) == "page 3"
    assert "{n}" in script_words(Language.ZH)["left"]


def test_every_template_is_well_formed_and_escapes() -> None:
    environment = templates()
    for file in TEMPLATES.iterdir():
        environment.get_template(file.name)
        assert "|safe" not in file.read_text(encoding="utf-8")
    assert environment.from_string("{{ text }}").render(text="<script>") == "&lt;script&gt;"
