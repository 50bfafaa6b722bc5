"""Slots of Prefect's concurrency limit: never more than there are, handed on to whoever waits, none lost for good."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from prefect_server import wait_for

from flows import slots
from flows.slots import EngineSlot, _Limit, existing_limit


@pytest.fixture
def limit(prefect_api: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A limit with one slot."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate

    monkeypatch.setenv("QINGZHANG_CACHE", str(tmp_path))
    name = f"test-{time.time_ns()}"
    with get_client(sync_client=True) as client:
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
    yield name
    slots._LIMITS.clear()


def active(name: str) -> int:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return client.read_global_concurrency_limit_by_name(name).active_slots


def test_a_slot_is_taken_and_given_back(limit: str) -> None:
    with EngineSlot(limit)():
        assert active(limit) == 1
    assert active(limit) == 0
    assert existing_limit(limit) == limit


def test_a_limit_that_is_not_there_limits_nothing(prefect_api: None) -> None:
    assert existing_limit("no such limit") is None
    assert existing_limit(None) is None
    with EngineSlot("no such limit")():
        pass


def test_who_has_a_slot_hands_it_on_to_another_run_that_waits(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs as two processes have them; the first takes turn after turn, as one over a large archive does.

    While it leaves the slot to others, the other comes to its turn: that the pause is long enough is told by the
    numbers, not tried out."""
    first, second = _Limit(limit), _Limit(limit)
    order: list[str] = []
    pauses: list[float] = []

    def wait_for_a_slot() -> None:
        with second.slot():
            order.append("second")

    waiting = threading.Thread(target=wait_for_a_slot)

    def sleep(seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():
            pauses.append(seconds)
            if seconds:
                waiting.join(300)
        else:
            time.sleep(min(seconds, 0.1))

    patient = SimpleNamespace(sleep=sleep, monotonic=time.monotonic, time=time.time)
    monkeypatch.setattr(slots, "time", patient)
    monkeypatch.setattr(slots, "_ASK", 600.0)
    monkeypatch.setattr(slots, "_GIVE_WAY", 1050.0)
    with first.slot():
        order.append("first")
        waiting.start()
        wait_for(second._note.exists, 300)
    for _ in range(2):
        with first.slot():
            assert active(limit) == 1
            order.append("first")
    assert order == ["first", "second", "first", "first"]
    assert pauses[0] == 0
    assert pauses[1] > 600.0 * 3 / 2, "shorter than between two questions of the other"


def test_a_pause_is_longer_than_between_two_questions() -> None:
    assert slots._GIVE_WAY > 1.5 * slots._ASK


def test_nobody_gives_way_where_nobody_waits(limit: str) -> None:
    alone = _Limit(limit)
    with alone.slot():
        pass
    assert alone._give_way < time.monotonic()


def test_work_goes_on_while_the_server_is_away(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise httpx.ConnectError("refused")

    alone = _Limit(limit)
    monkeypatch.setattr(alone._client, "increment_concurrency_slots_with_lease", gone)
    with alone.slot():
        assert active(limit) == 0


def test_the_name_of_the_machine_may_stand_in_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("flows.slots.platform.node", lambda: "one")
    monkeypatch.setattr(slots, "_limit", lambda name, _: _Asked(asked, name))
    with EngineSlot("engine-{host}")():
        pass
    assert asked == ["engine-one"]


class _Asked:
    def __init__(self, asked: list[str], name: str) -> None:
        asked.append(name)

    def slot(self) -> threading.Lock:
        return threading.Lock()
