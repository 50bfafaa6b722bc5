"""Users, passwords, sessions; the audit's interval; proposals and who approves them; pictures by ids alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dictionaries.loader import load_dictionary
from document.exceptions import InputError
from document.geometry import Box
from review import schema, service
from review.dashboard import clopper_pearson
from review.pictures import surroundings, sweep
from review.proposing import ideas, weight
from review.types import (
    Action,
    BadValue,
    FieldKind,
    FieldTaken,
    LoginRefused,
    LoginThrottled,
    NotAllowed,
    NotFound,
    ProposalKind,
    ProposalStatus,
    QueueFilter,
    ReasonKind,
    ReviewError,
    Role,
)
from tests.desk_sample import START, World, document, world

PASSWORD = "four words will do"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def test_logging_in_and_out(desk: World) -> None:
    made = service.add_user(desk.store, "Zoe", PASSWORD, Role.VIEWER)
    session = service.log_in(desk.store, "zoe", PASSWORD, "127.0.0.1", START)
    assert session.user.name == made.name == "Zoe"
    found = service.session_user(desk.store, session.token, START)
    assert found
    assert found.role is Role.VIEWER
    with desk.store.read() as connection:
        stored = connection.execute(sa.select(schema.SESSIONS.c.token)).scalars().all()
        hashed = connection.execute(sa.select(schema.USERS.c.password).where(schema.USERS.c.key == "zoe")).scalar_one()
    assert session.token not in stored
    assert hashed.startswith("$argon2id$")
    assert service.session_user(desk.store, session.token, START + timedelta(hours=13)) is None
    service.log_out(desk.store, session.token)
    assert service.session_user(desk.store, session.token, START) is None


def test_use_prolongs_a_session(desk: World) -> None:
    service.add_user(desk.store, "zoe", PASSWORD, Role.VIEWER)
    token = service.log_in(desk.store, "zoe", PASSWORD, "::1", START).token
    for hours in (11, 22, 33):
        assert service.session_user(desk.store, token, START + timedelta(hours=hours))


@pytest.mark.parametrize("change", ["password", "disable"])
def test_an_account_that_changes_ends_its_sessions(desk: World, change: str) -> None:
    service.add_user(desk.store, "zoe", PASSWORD, Role.VIEWER)
    token = service.log_in(desk.store, "zoe", PASSWORD, "::1", START).token
    if change == "password":
        service.set_password(desk.store, "zoe", "another four words")
    else:
        service.disable_user(desk.store, "ZOE")
        assert service.proxy_user(desk.store, "zoe") is None
    assert service.session_user(desk.store, token, START) is None
    with pytest.raises(LoginRefused):
        service.log_in(desk.store, "zoe", PASSWORD, "::1", START)


def test_failures_are_counted_by_name_and_address(desk: World) -> None:
    service.add_user(desk.store, "zoe", PASSWORD, Role.VIEWER)
    for _ in range(5):
        with pytest.raises(LoginRefused) as refused:
            service.log_in(desk.store, "zoe", "wrong wrong wrong", "10.0.0.1", START)
        assert not isinstance(refused.value, LoginThrottled)
    with pytest.raises(LoginThrottled) as throttled:
        service.log_in(desk.store, "zoe", PASSWORD, "10.0.0.1", START + timedelta(minutes=5))
    assert throttled.value.seconds == 600
    assert service.log_in(desk.store, "zoe", PASSWORD, "10.0.0.2", START)
    assert service.log_in(desk.store, "zoe", PASSWORD, "10.0.0.1", START + timedelta(minutes=16))


@pytest.mark.parametrize(
    ("name", "password"),
    [("", PASSWORD), ("a b", PASSWORD), ("<b>", PASSWORD), ("x" * 65, PASSWORD), ("ann", PASSWORD), ("new", "short")],
)
def test_users_that_are_not_added(desk: World, name: str, password: str) -> None:
    with pytest.raises(BadValue):
        service.add_user(desk.store, name, password, Role.VIEWER)


def test_who_is_not_there(desk: World) -> None:
    with pytest.raises(NotFound):
        service.set_role(desk.store, "nobody", Role.ADMIN)
    with pytest.raises(LoginRefused):
        service.log_in(desk.store, "nobody", PASSWORD, "::1", START)
    assert service.set_role(desk.store, "ann", Role.ADMIN).role is Role.ADMIN


def test_each_role_may_do_what_those_before_it_may() -> None:
    for n, role in enumerate(Role):
        assert [role.may(needed) for needed in Role] == [n >= m for m in range(4)]


# --- the audit ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "asked", "low", "high"),
    [  # Clopper and Pearson 1934, as tables print them
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (0, 0, 0.0, 1.0),
        (3, 1000, 0.0006, 0.0087),
    ],
)
def test_the_exact_interval(wrong: int, asked: int, low: float, high: float) -> None:
    assert clopper_pearson(wrong, asked) == pytest.approx((low, high), abs=6e-5)


def test_silent_errors_are_estimated_from_the_sample_alone(desk: World) -> None:
    one = desk.load("one", document(pages=4), share=1.0)
    asked = service.queue_page(desk.store, QueueFilter(reason=ReasonKind.AUDIT), limit=200)
    estimate = service.audit_estimate(desk.store)
    assert (estimate.asked, estimate.rate, estimate.waiting) == (0, None, len(asked))
    assert estimate.population == len(asked)
    for n, line in enumerate(asked[:10]):
        text = (
            (Action.EDIT, line.text + "错")
            if n < 2
            else (Action.EDIT, f" {line.text} ")
            if n < 5
            else (Action.ACCEPT, None)
        )
        service.decide(desk.desk, desk.ann, line.id, *text)
    service.decide(desk.desk, desk.ann, asked[10].id, Action.ILLEGIBLE)
    service.decide(desk.desk, desk.ann, desk.field_at(one, 3, 2), Action.EDIT, "30.00")  # flagged: not of the sample
    estimate = service.audit_estimate(desk.store)
    assert (estimate.asked, estimate.wrong, estimate.rate) == (10, 2, 0.2)
    assert estimate.low < 0.2 < estimate.high
    assert service.audit_estimate(desk.store, "none such").asked == 0


def test_the_dashboard(desk: World) -> None:
    one = desk.load("one", document())
    two = desk.load("two", document("b"))
    service.claim_field(desk.store, desk.ann, desk.field_at(one, 3, 2), now=desk.clock())
    service.decide(desk.desk, desk.ann, desk.field_at(one, 3, 2), Action.EDIT, "30.00", now=desk.clock(20))
    service.claim_field(desk.store, desk.ann, desk.field_at(one, 3, 1), now=desk.clock())
    service.decide(desk.desk, desk.ann, desk.field_at(one, 3, 1), Action.ACCEPT, now=desk.clock(4000))
    service.decide(desk.desk, desk.bob, desk.field_at(two, 3, 1), Action.AS_PRINTED_WRONG, now=desk.clock())
    view = service.dashboard(desk.store, now=desk.clock())
    assert (view.documents, view.documents_done, view.to_reemit) == (2, 0, 2)
    assert (view.corrected, view.accepted, view.printed_wrong, view.illegible) == (1, 1, 1, 0)
    assert (view.counts.waiting, view.counts.decided, view.counts.settled) == (5, 3, 2)
    (ann, bob) = view.operators
    assert (ann.user, ann.decided, ann.changed, ann.seconds) == ("ann", 2, 1, 320)
    assert ann.per_hour == pytest.approx(22.5)
    assert (bob.decided, bob.per_hour) == (1, None)
    assert [(c.value, c.waiting) for c in view.by_reason] == [("sum", 3), ("unclear", 2)]
    assert service.dashboard(desk.store, "none such").documents == 0


# --- proposals ---------------------------------------------------------------------------------------------


def said(raw: str, after: str, row_label: str = "", in_head: bool = False) -> list[tuple[ProposalKind, dict[str, str]]]:
    found = ideas(raw, after, FieldKind.LABEL, row_label, in_head, load_dictionary())
    return [(idea.kind, dict(idea.row)) for idea in found]


def test_what_a_correction_says() -> None:
    assert said("乡村振兴专顶", "乡村振兴专项") == [
        (ProposalKind.LOOK_ALIKE, {"left": "顶", "right": "项", "source": "复核"}),
        (ProposalKind.LABEL, {"kind": "row", "text": "乡村振兴专项", "source": "复核"}),
    ]
    assert said("x", "2024年追加数", in_head=True) == [
        (ProposalKind.LABEL, {"kind": "column", "text": "{年}年追加数", "source": "复核"})
    ]
    assert said("x", "新设科目名称", "2999901") == [
        (ProposalKind.SUBJECT, {"scheme": "functional", "code": "2999901", "name": "新设科目名称", "source": "复核"})
    ]


def test_what_says_nothing() -> None:
    """Known entries, amounts, names beside a code that the classification has, texts that differ all over."""
    assert said("x", "行政运行") == []
    assert said("x", "三、其他支出") == []
    assert said("x", "改了名的科目", "2010101") == []
    assert said("甲乙", "丙丁") == [(ProposalKind.LABEL, {"kind": "row", "text": "丙丁", "source": "复核"})]
    assert list(ideas("1.00", "7.00", FieldKind.AMOUNT, "", False, load_dictionary())) == []


def test_a_look_alike_weighs_more_the_more_speak_for_it() -> None:
    assert [weight(n) for n in (1, 2, 8)] == [0.67, 0.75, 0.9]


def test_an_approver_writes_proposals_into_the_dictionary(desk: World) -> None:
    doc = document(misread="乡村振兴专顶")
    cells = tuple(c for c in doc.tables[0].cells if c.col > 0 or c.row == 0)
    table = replace(doc.tables[0], cells=cells)  # without its codes
    one = desk.load("one", replace(doc, blocks=(doc.blocks[0], table, *doc.blocks[2:])))
    service.decide(desk.desk, desk.ann, desk.field_at(one, 3, 1), Action.EDIT, "乡村振兴专项")
    found = {p.kind: p for p in service.proposals(desk.store)}
    assert set(found) == {ProposalKind.LABEL, ProposalKind.LOOK_ALIKE}
    assert {p.support for p in found.values()} == {1}
    with pytest.raises(NotAllowed):
        service.approve(desk.desk, desk.ann, found[ProposalKind.LABEL].id)
    with pytest.raises(ReviewError, match="dictionary folder"):
        service.approve(replace(desk.desk, dictionaries=None), desk.chief, found[ProposalKind.LABEL].id)
    for proposal in found.values():
        assert service.approve(desk.desk, desk.chief, proposal.id).status is ProposalStatus.APPROVED
    words = load_dictionary(desk.desk.dictionaries)
    assert any(label.text == "乡村振兴专项" for label in words.labels)
    assert words.look_alikes["顶", "项"] == 0.67
    with pytest.raises(FieldTaken):
        service.reject(desk.desk, desk.chief, found[ProposalKind.LABEL].id)
    assert service.proposals(desk.store) == ()


def test_a_decision_taken_back_speaks_for_nothing(desk: World) -> None:
    one = desk.load("one", document(misread="乡村振兴专顶"))
    service.decide(desk.desk, desk.ann, desk.field_at(one, 3, 1), Action.EDIT, "乡村振兴专项")
    assert service.proposals(desk.store)
    service.undo(desk.desk, desk.ann)
    assert service.proposals(desk.store) == ()


# --- pictures ----------------------------------------------------------------------------------------------


def test_pictures_come_by_ids_and_are_kept(desk: World) -> None:
    one = desk.load("one", document())
    with pytest.raises(InputError, match="--source"):
        service.page_png(desk.desk, one, 1)
    with desk.store.write() as connection:
        connection.execute(sa.update(schema.DOCUMENTS).values(source_path="/scans/a.pdf"))
    with pytest.raises(NotFound):
        service.page_png(desk.desk, one, 99)
    with pytest.raises(NotFound):
        service.crop_png(desk.desk, 10**6)
    label = desk.field_at(one, 3, 1)
    box = service.crop_box(desk.store, label)
    assert service.crop_png(desk.desk, label) == f"1 False {box} 200".encode()
    assert service.crop_png(desk.desk, label, cleaned=True) == f"1 True {box} 200".encode()
    broken = replace(desk.desk, draw=lambda *_: b"drawn anew")
    assert service.crop_png(broken, label) == f"1 False {box} 200".encode()


@pytest.mark.parametrize(
    "box", [Box(0, 0, 595, 842), Box(590, 838, 595, 842), Box(-5, -5, 2, 2), Box(700, 900, 800, 950)]
)
def test_surroundings_stay_on_the_page(box: Box) -> None:
    shown = surroundings(box, 595, 842)
    assert 0 <= shown.left < shown.right <= 595
    assert 0 <= shown.top < shown.bottom <= 842


def test_the_pictures_longest_unused_go(tmp_path: Path) -> None:
    for n in range(5):
        (tmp_path / f"{n}.png").write_bytes(b"x" * 10)
        os.utime(tmp_path / f"{n}.png", (n, n))
    sweep(tmp_path, 25)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["3.png", "4.png"]
