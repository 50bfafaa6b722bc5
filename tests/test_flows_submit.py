"""A run handed to Prefect: what is asked for beside what the deployment has, and what is said while it is followed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelling, Completed, Running, Scheduled, State

from flows.batch import BatchOptions, Watcher
from flows.submit import _followed, spread_for

NUMBER = uuid.uuid4()


class Ear(Watcher):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def said(self, message: str) -> None:
        self.heard.append(message)


class Server:
    """Answers with one state after the other; the last one stays."""

    def __init__(self, *states: State[Any]) -> None:
        self.states = list(states)
        self.asked: list[State[Any]] = []

    def read_flow_run(self, _: uuid.UUID) -> FlowRun:
        return run(self.states.pop(0) if len(self.states) > 1 else self.states[0])

    def set_flow_run_state(self, _: uuid.UUID, state: State[Any]) -> None:
        self.asked.append(state)


def run(state: State[Any]) -> FlowRun:
    return FlowRun(id=NUMBER, flow_id=NUMBER, name="quick-hare", state=state, work_pool_name="qingzhang")


def follow(server: Server, sleep: object = lambda _: None) -> tuple[FlowRun, list[str]]:
    ear = Ear()
    return _followed(server, run(Scheduled()), ear, sleep), ear.heard  # type: ignore[arg-type]


def test_what_the_deployment_says_of_spreading_holds_where_nothing_else_is_asked() -> None:
    own = {"scheduler": "tcp://dask:8786", "chunk_pages": 20, "jobs": 16}
    assert spread_for(own, BatchOptions()) == own
    assert spread_for(own, BatchOptions(jobs=2)) == {**own, "jobs": 2}
    assert spread_for(own, BatchOptions(page_seconds=9)) == {**own, "page_seconds": 9}
    assert spread_for(None, BatchOptions(jobs=2)) == {"jobs": 2}


def test_a_run_that_no_worker_takes_is_told_of_once() -> None:
    ended, heard = follow(Server(*[Scheduled()] * 100, Running(), Completed()))
    assert ended.state
    assert ended.state.is_completed()
    (message,) = heard
    assert "quick-hare" in message
    assert "prefect worker start --pool qingzhang" in message


def test_nothing_is_said_of_a_run_that_goes_on() -> None:
    assert follow(Server(Scheduled(), *[Running()] * 100, Completed()))[1] == []


def test_an_interrupt_here_cancels_the_run_there() -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    server = Server(Running())
    with pytest.raises(KeyboardInterrupt):
        follow(server, interrupted)
    assert [state.type for state in server.asked] == [Cancelling().type]
