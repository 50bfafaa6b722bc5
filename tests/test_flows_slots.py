"""Slots of Prefect's concurrency limit: never more than there are, handed on to whoever waits, none lost for good."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from flows import slots
from flows.slots import EngineSlot, _Limit, existing_limit


@pytest.fixture
def limit(prefect_api: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A limit with one slot; questions come quickly."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate

    monkeypatch.setenv("QINGZHANG_CACHE", str(tmp_path))
    monkeypatch.setattr(slots, "_ASK", 0.2)
    monkeypatch.setattr(slots, "_GIVE_WAY", 0.6)
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


def test_who_has_a_slot_hands_it_on_to_another_run_that_waits(limit: str) -> None:
    """Two runs as two processes have them; the first takes turn after turn, as one over a large archive does."""
    first, second = _Limit(limit), _Limit(limit)
    order: list[str] = []

    def wait_for_a_slot() -> None:
        with second.slot():
            order.append("second")
            time.sleep(0.3)

    with first.slot():
        order.append("first")
        waiting = threading.Thread(target=wait_for_a_slot)
        waiting.start()
        time.sleep(1.0)
    for _ in range(2):
        with first.slot():
            assert active(limit) == 1
            order.append("first")
    waiting.join(30)
    assert order == ["first", "second", "first", "first"]


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
