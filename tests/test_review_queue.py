"""The queue, decisions and undo, on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from review import reach, schema, service
from review.desk import Desk
from review.types import (
    Action,
    BadValue,
    FieldKind,
    FieldStatus,
    FieldTaken,
    NotAllowed,
    NotFound,
    Order,
    ProposalStatus,
    QueueFilter,
    ReasonKind,
    Role,
    SuggestionKind,
)
from tests.desk_sample import MISREAD, START, World, a_user, document, world
from tests.postgres import postgres


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres(tmp_path_factory.mktemp("postgres")) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = None
    if request.param == "postgresql":
        address = request.getfixturevalue("server")
        name = f"desk_{abs(hash(request.node.name)) % 10**9}"
        admin = sa.create_engine(f"postgresql+psycopg://postgres@{address}/postgres", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        admin.dispose()
        url = f"postgresql://postgres@{address}/{name}"
    with world(tmp_path / "w", url) as made:
        yield made


def test_importing_again_changes_nothing(desk: World) -> None:
    first = desk.load("one", document())
    before = service.queue_counts(desk.store)
    again = desk.take_in("one")
    assert (again.documents, again.updated, again.unchanged) == (0, 0, 1)
    assert service.find_document(desk.store, desk.out / "out" / "one") == first
    assert service.queue_counts(desk.store) == before
    assert before.waiting == 5


def test_worst_first(desk: World) -> None:
    desk.load("one", document())
    lines = service.queue_page(desk.store)
    assert [line.reason for line in lines[:3]] == [ReasonKind.SUM] * 3
    assert [line.text for line in lines] == ["38.00", "70.00", "100.00", MISREAD, lines[4].text]
    in_order = service.queue_page(desk.store, order=Order.DOCUMENT)
    assert [line.text for line in in_order][:4] == ["100.00", "70.00", MISREAD, "38.00"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (QueueFilter(kind=FieldKind.LABEL), 1),
        (QueueFilter(kind=FieldKind.TEXT), 1),
        (QueueFilter(reason=ReasonKind.SUM), 3),
        (QueueFilter(archive="out"), 5),
        (QueueFilter(archive="none such"), 0),
        (QueueFilter(table="支出决算表"), 4),
        (QueueFilter(document_id=0), 0),
    ],
)
def test_filters(desk: World, chosen: QueueFilter, expected: int) -> None:
    desk.load("one", document())
    assert len(service.queue_page(desk.store, chosen)) == expected
    assert service.queue_counts(desk.store, chosen).waiting == expected
    claim = service.claim_next(desk.store, desk.ann, chosen)
    assert (claim is not None) == bool(expected)


def test_choices_count_what_waits(desk: World) -> None:
    one = desk.load("one", document())
    choices = service.filter_choices(desk.store)
    assert [(c.value, c.waiting) for c in choices.archives] == [("out", 5)]
    assert [(c.value, c.label, c.waiting) for c in choices.documents] == [(str(one), "one", 5)]
    assert {(c.value, c.waiting) for c in choices.tables} == {("支出决算表", 4), ("", 1)}
    assert (choices.reasons[0].value, choices.reasons[0].waiting) == ("sum", 3)


def test_an_operator_keeps_a_claim_and_another_gets_the_next_field(desk: World) -> None:
    desk.load("one", document())
    mine = service.claim_next(desk.store, desk.ann, now=desk.clock())
    again = service.claim_next(desk.store, desk.ann, now=desk.clock(60))
    other = service.claim_next(desk.store, desk.bob, now=desk.clock())
    assert mine
    assert again
    assert other
    assert again.field_id == mine.field_id != other.field_id
    assert again.until > mine.until
    with pytest.raises(FieldTaken):
        service.decide(desk.desk, desk.bob, mine.field_id, Action.ACCEPT, now=desk.clock())


def test_a_claim_lapses(desk: World) -> None:
    desk.load("one", document())
    mine = service.claim_next(desk.store, desk.ann, now=desk.clock())
    theirs = service.claim_next(desk.store, desk.bob, now=desk.clock(601))
    assert mine
    assert theirs
    assert theirs.field_id == mine.field_id


def test_a_correction_that_mends_the_sum_settles_the_other_fields_of_it(desk: World) -> None:
    one = desk.load("one", document())
    wrong = desk.field_at(one, 3, 2)
    view = service.field_view(desk.store, wrong)
    (total,) = view.sums
    assert (total.difference, total.should_be, total.holds) == (8, 30, False)
    assert view.suggestions[0].text == "30.00"
    assert view.suggestions[0].kind is SuggestionKind.SUM
    assert [s.holds for s in service.sums_with(desk.store, wrong, "30.00")] == [True]
    done = service.decide(desk.desk, desk.ann, wrong, Action.EDIT, "30.00", view.revision, now=desk.clock())
    assert set(done.settled) == {desk.field_at(one, 1, 2), desk.field_at(one, 2, 2)}
    counts = service.queue_counts(desk.store)
    assert (counts.waiting, counts.decided, counts.settled) == (2, 1, 2)
    assert desk.notified == [one]
    back = service.undo(desk.desk, desk.ann, now=desk.clock())
    assert back.field_ids == (wrong,)
    assert service.queue_counts(desk.store).waiting == 5
    assert service.field_view(desk.store, wrong).text == "38.00"


def test_the_record_is_never_changed(desk: World) -> None:
    one = desk.load("one", document())
    service.decide(desk.desk, desk.ann, desk.field_at(one, 3, 2), Action.ACCEPT)
    for statement in ("UPDATE decisions SET after = 'x'", "DELETE FROM decisions"):
        with pytest.raises(DBAPIError, match="only ever added to"), desk.store.write() as connection:
            connection.execute(sa.text(statement))
    with desk.store.read() as connection:
        assert connection.execute(sa.select(schema.DECISIONS.c.after)).scalars().all() == ["38.00"]


def test_every_step_is_on_record(desk: World) -> None:
    one = desk.load("one", document())
    label = desk.field_at(one, 3, 1)
    service.claim_field(desk.store, desk.ann, label, now=desk.clock())
    service.decide(desk.desk, desk.ann, label, Action.SKIP, now=desk.clock(5))
    service.claim_field(desk.store, desk.ann, label, now=desk.clock())
    service.decide(desk.desk, desk.ann, label, Action.EDIT, " 事业单位医疗 ", now=desk.clock(7))
    service.undo(desk.desk, desk.ann, now=desk.clock(1))
    service.decide(desk.desk, desk.bob, label, Action.ILLEGIBLE, now=desk.clock())
    record = service.history(desk.store, label)
    assert [(d.user, d.action, d.before, d.after) for d in record] == [
        ("ann", Action.SKIP, MISREAD, MISREAD),
        ("ann", Action.EDIT, MISREAD, "事业单位医疗"),
        ("ann", Action.UNDO, "事业单位医疗", MISREAD),
        ("bob", Action.ILLEGIBLE, MISREAD, MISREAD),
    ]
    assert record[1].seconds == 7
    assert record[2].undoes == record[1].uid
    assert '"confidence"' in record[0].shown
    assert service.field_view(desk.store, label).status is FieldStatus.DECIDED


def test_what_was_skipped_comes_last_and_undo_brings_it_back(desk: World) -> None:
    desk.load("one", document())
    claim = service.claim_next(desk.store, desk.ann, now=desk.clock())
    assert claim
    service.decide(desk.desk, desk.ann, claim.field_id, Action.SKIP, now=desk.clock())
    assert service.queue_page(desk.store)[-1].id == claim.field_id
    assert desk.notified == []
    service.undo(desk.desk, desk.ann, now=desk.clock())
    assert service.queue_page(desk.store)[0].id == claim.field_id


def test_what_changed_since_it_was_shown_is_not_decided(desk: World) -> None:
    one = desk.load("one", document())
    label = desk.field_at(one, 3, 1)
    shown = service.field_view(desk.store, label).revision
    service.decide(desk.desk, desk.ann, label, Action.ACCEPT, revision=shown)
    with pytest.raises(FieldTaken):
        service.decide(desk.desk, desk.bob, label, Action.ACCEPT, revision=shown)


@pytest.mark.parametrize("text", [None, "x\x00", "x\x1b[31m", "\ud800", "长" * 10_001])
def test_values_that_are_not_taken(desk: World, text: str | None) -> None:
    one = desk.load("one", document())
    with pytest.raises(BadValue):
        service.decide(desk.desk, desk.ann, desk.field_at(one, 3, 1), Action.EDIT, text)
    assert service.history(desk.store, desk.field_at(one, 3, 1)) == ()


def test_who_may_decide(desk: World) -> None:
    one = desk.load("one", document())
    viewer = a_user(desk.store, "vera", Role.VIEWER)
    with pytest.raises(NotAllowed):
        service.decide(desk.desk, viewer, desk.field_at(one, 3, 1), Action.ACCEPT)
    with pytest.raises(NotAllowed):
        service.claim_next(desk.store, viewer)
    done = service.decide(desk.desk, desk.ann, desk.field_at(one, 3, 1), Action.ACCEPT)
    with pytest.raises(NotAllowed):
        service.undo(desk.desk, desk.bob, done.decision.id)
    assert service.undo(desk.desk, desk.chief, done.decision.id).field_ids == (desk.field_at(one, 3, 1),)
    with pytest.raises(NotFound):
        service.undo(desk.desk, desk.ann)


def test_the_same_mistake_elsewhere_is_accepted_at_once_and_undone_at_once(desk: World) -> None:
    one = desk.load("one", document("a", pages=3))
    two = desk.load("two", document("b"))
    other = desk.load("three", document("c", misread="事业单位医疗入"))
    done = service.decide(desk.desk, desk.ann, desk.field_at(one, 3, 1), Action.EDIT, "事业单位医疗")
    assert done.similar == 3
    found = service.similar_fields(desk.store, done.decision.id, desk.ann)
    assert (found.raw, found.after, len(found.fields)) == (MISREAD, "事业单位医疗", 3)
    taken = desk.field_at(one, 3, 1, page=3)
    service.claim_field(desk.store, desk.bob, taken)
    made = service.accept_similar(desk.desk, desk.ann, done.decision.id, [f.id for f in found.fields])
    assert {d.field_id for d in made} == {desk.field_at(one, 3, 1, page=2), desk.field_at(two, 3, 1)}
    assert len({d.batch for d in made}) == 1
    assert service.field_view(desk.store, desk.field_at(two, 3, 1)).text == "事业单位医疗"
    assert service.field_view(desk.store, desk.field_at(other, 3, 1)).text == "事业单位医疗入"
    back = service.undo(desk.desk, desk.ann)
    assert set(back.field_ids) == {d.field_id for d in made}
    assert service.field_view(desk.store, desk.field_at(two, 3, 1)).text == MISREAD
    assert service.field_view(desk.store, desk.field_at(one, 3, 1)).text == "事业单位医疗"


def test_the_same_mistake_in_ones_own_hand_is_among_them_until_another_takes_it(desk: World) -> None:
    one = desk.load("one", document("a", pages=3))
    done = service.decide(desk.desk, desk.ann, desk.field_at(one, 3, 1), Action.EDIT, "事业单位医疗")
    mine, theirs = desk.field_at(one, 3, 1, page=2), desk.field_at(one, 3, 1, page=3)
    service.claim_field(desk.store, desk.ann, mine, now=START)
    service.claim_field(desk.store, desk.bob, theirs, now=START)

    def listed(seconds: float) -> set[int]:
        now = START + timedelta(seconds=seconds)
        found = service.similar_fields(desk.store, done.decision.id, desk.ann, now=now)
        return {line.id for line in found.fields}

    assert listed(60) == {mine}
    assert listed(3600) == {mine, theirs}
    made = service.accept_similar(desk.desk, desk.ann, done.decision.id, [mine, theirs], now=START)
    assert [d.field_id for d in made] == [mine]
    assert service.field_view(desk.store, mine).claimed_by is None


def test_archives_that_are_done_can_still_be_chosen(desk: World) -> None:
    one = desk.load("one", document("a"), archive="done")
    desk.load("two", document("b"), archive="open")
    while claim := service.claim_next(desk.store, desk.ann, QueueFilter(document_id=one)):
        service.decide(desk.desk, desk.ann, claim.field_id, Action.ACCEPT)
    names = {choice.value: choice.waiting for choice in service.archive_choices(desk.store)}
    assert names["done"] == 0
    assert names["open"] > 0


def test_two_operators_never_get_the_same_field(desk: World) -> None:
    """Both take and decide as fast as they can until nothing is left."""
    for n in range(4):
        desk.load(f"d{n}", document("abcd"[n], pages=2))
    waiting = service.queue_counts(desk.store).waiting
    got: dict[str, list[int]] = {"ann": [], "bob": []}
    faults: list[BaseException] = []
    first = threading.Barrier(2)

    def work(name: str) -> None:
        user = desk.ann if name == "ann" else desk.bob
        try:
            while claim := service.claim_next(desk.store, user):
                if not got[name]:
                    first.wait(120)  # neither is through before the other has begun
                got[name].append(claim.field_id)
                service.decide(desk.desk, user, claim.field_id, Action.ACCEPT)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(name,)) for name in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert set(got["ann"]).isdisjoint(got["bob"])
    assert len(got["ann"]) + len(got["bob"]) == waiting
    assert min(map(len, got.values())) > 0


def test_other_reasons_stay_offered_beside_the_chosen_one(desk: World) -> None:
    """So do kinds and tables; what each would show is counted with the other parts of the filter as they are."""
    desk.load("one", document())
    free = service.filter_choices(desk.store)
    assert {c.value: c.waiting for c in free.reasons} == {"sum": 3, "unclear": 1, "dictionary": 1}
    by_reason = service.filter_choices(desk.store, QueueFilter(reason=ReasonKind.SUM))
    assert by_reason.reasons == free.reasons
    assert {c.value: c.waiting for c in by_reason.kinds} == {"amount": 3}
    both = service.filter_choices(desk.store, QueueFilter(reason=ReasonKind.SUM, kind=FieldKind.LABEL))
    assert {c.value: c.waiting for c in both.kinds} == {"amount": 3}
    assert {c.value for c in both.reasons} == {c.value for c in free.reasons if c.value == "dictionary"}
    assert both.tables == ()


# --- who sees which archive --------------------------------------------------------------------------------


def two_archives(desk: World) -> tuple[int, int, Desk]:
    """A document in each of two archives, and the desk as ann sees it, who is limited to the first."""
    one, two = desk.load("one", document("a"), archive="north"), desk.load("two", document("b"), archive="south")
    ann = service.set_archives(desk.store, "ann", ["north"])
    return one, two, desk.desk.seen_by(ann)


def test_another_archive_is_in_no_list_and_no_count(desk: World) -> None:
    one, two, hers = two_archives(desk)
    assert service.queue_counts(desk.store).waiting == 10
    assert (
        service.queue_counts(hers.store).waiting == service.queue_counts(hers.store, QueueFilter("north")).waiting == 5
    )
    assert {line.document_id for line in service.queue_page(hers.store)} == {one}
    choices = service.filter_choices(hers.store)
    assert [c.value for c in choices.archives] == [c.value for c in service.archive_choices(hers.store)] == ["north"]
    assert [c.value for c in choices.documents] == [str(one)]
    assert [d.id for d in service.documents(hers.store)] == [one]
    assert service.documents(hers.store, "south") == ()
    assert service.queue_page(hers.store, QueueFilter("south")) == ()
    assert service.queue_page(hers.store, QueueFilter(document_id=two)) == ()
    service.decide(desk.desk, desk.bob, desk.field_at(two, 3, 1), Action.EDIT, "乡村振兴专项")
    view = service.dashboard(hers.store)
    assert (view.documents, view.counts.waiting, view.counts.decided, view.corrected, view.proposals) == (1, 5, 0, 0, 0)
    assert sum(choice.waiting for choice in view.by_reason) == 5
    assert view.operators == ()
    assert view.audit.population == service.audit_estimate(desk.store, "north").population
    assert service.decisions_csv(hers.store).count("\n") == 1


def test_the_queue_gives_nobody_a_field_of_another_archive(desk: World) -> None:
    one, _, hers = two_archives(desk)
    given = []
    while claim := service.claim_next(hers.store, desk.ann):
        given.append(service.field_view(hers.store, claim.field_id).document_id)
        service.decide(hers, desk.ann, claim.field_id, Action.ACCEPT)
    assert given == [one] * 5
    assert service.queue_counts(desk.store).waiting == 5


def test_ids_of_another_archive_are_not_there(desk: World) -> None:
    _, two, hers = two_archives(desk)
    theirs = desk.field_at(two, 3, 1)
    decided = service.decide(desk.desk, desk.chief, desk.field_at(two, 3, 2), Action.ACCEPT).decision.id
    service.decide(desk.desk, desk.bob, desk.field_at(two, 1, 1), Action.EDIT, "乡村振兴专项")
    (proposal, *_) = service.proposals(desk.store)
    chief = service.set_archives(desk.store, "chief", ["north"])  # undoes what others did, approves
    his = desk.desk.seen_by(chief)
    before = service.queue_counts(desk.store)
    for deed in (
        lambda: service.field_view(his.store, theirs),
        lambda: service.sums_with(his.store, theirs, "1"),
        lambda: service.crop_box(his.store, theirs),
        lambda: service.crop_png(his, theirs),
        lambda: service.page_png(his, two, 1),
        lambda: service.page_view(his.store, two, 1),
        lambda: service.first_page(his.store, two),
        lambda: service.document_line(his.store, two),
        lambda: service.claim_field(his.store, chief, theirs),
        lambda: service.release(his.store, chief, theirs),
        lambda: service.decide(his, chief, theirs, Action.ACCEPT),
        lambda: service.similar_fields(his.store, decided, chief),
        lambda: service.accept_similar(his, chief, decided, [theirs]),
        lambda: service.undo(his, chief, decided),
        lambda: service.undo(his, chief),
        lambda: service.approve(his, chief, proposal.id),
        lambda: service.reject(his, chief, proposal.id),
    ):
        with pytest.raises(NotFound):
            deed()
    assert service.history(his.store, desk.field_at(two, 3, 2)) == ()
    assert service.proposals(his.store) == ()
    assert service.queue_counts(desk.store) == before
    assert service.proposals(desk.store)[0].status is ProposalStatus.OPEN
    assert hers.dictionaries is not None
    assert not hers.dictionaries.exists()


def test_the_same_mistake_in_another_archive_is_left_alone(desk: World) -> None:
    one, two, hers = two_archives(desk)
    done = service.decide(hers, desk.ann, desk.field_at(one, 3, 1), Action.EDIT, "乡村振兴专项")
    assert done.similar == 0
    assert service.accept_similar(hers, desk.ann, done.decision.id, [desk.field_at(two, 3, 1)]) == ()
    assert service.similar_fields(desk.store, done.decision.id, desk.bob).fields[0].document_id == two
    his = desk.desk.seen_by(service.set_archives(desk.store, "bob", ["south"]))
    shown = service.field_view(his.store, desk.field_at(two, 3, 1)).suggestions
    assert SuggestionKind.PRECEDENT not in {s.kind for s in shown}
    free = service.field_view(desk.store, desk.field_at(two, 3, 1)).suggestions
    assert SuggestionKind.PRECEDENT in {s.kind for s in free}


def test_a_user_limited_to_archives_and_freed_again(desk: World) -> None:
    one, two, _ = two_archives(desk)
    both = service.set_archives(desk.store, "ANN", ["south", "north", "north"])
    assert [archive.name for archive in both.archives] == ["north", "south"]
    assert {d.id for d in service.documents(desk.desk.seen_by(both).store)} == {one, two}
    with pytest.raises(NotFound, match="north、south"):
        service.set_archives(desk.store, "ann", ["north", "west"])
    assert next(u for u in service.list_users(desk.store) if u.name == "ann") == both
    assert service.set_archives(desk.store, "ann", []).archives == ()
    with pytest.raises(NotFound, match="no user"):
        service.set_archives(desk.store, "nobody", ["north"])


def test_an_admin_is_not_limited(desk: World) -> None:
    """Who may add users could add one who sees everything."""
    two_archives(desk)
    with pytest.raises(BadValue, match="admin"):
        service.set_role(desk.store, "ann", Role.ADMIN)
    assert service.proxy_user(desk.store, "ann").role is Role.OPERATOR
    service.set_role(desk.store, "bob", Role.ADMIN)
    with pytest.raises(BadValue, match="admin"):
        service.set_archives(desk.store, "bob", ["north"])
    assert service.proxy_user(desk.store, "bob").archives == ()
    with pytest.raises(BadValue, match="admin"):
        service.add_user(desk.store, "zoe", "four words will do", Role.ADMIN, ["north"])
    assert service.proxy_user(desk.store, "zoe") is None


def test_every_table_is_limited_or_has_nothing_of_a_document() -> None:
    free = {schema.TERMS, schema.PROPOSALS, schema.USERS, schema.USER_ARCHIVES, schema.SESSIONS, schema.FAILURES}
    limited = set(reach.BY_ARCHIVE) | reach.BY_DOCUMENT
    assert limited | free | {schema.SETTINGS} == set(schema.METADATA.tables.values())


def test_what_cannot_be_limited_does_not_run() -> None:
    inner = sa.select(schema.FIELDS.c.id).subquery()
    with pytest.raises(TypeError):
        reach.within(sa.select(inner), frozenset({1}))
    again = schema.DECISIONS.alias("again")
    assert "again.document_id IN" in str(reach.within(sa.select(again.c.id), frozenset({1})))
