"""What holds for all tests."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import hypothesis
import pytest

# a shared machine is at times slow: that is no failure of the code
hypothesis.settings.register_profile(
    "qingzhang",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("qingzhang")


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[None]:
    """Prefect's temporary server, once for all tests of a process."""
    from prefect_server import temporary_server

    with temporary_server():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true nothing is skipped: what a test needs and does not find is a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI=true does not allow: {report.longrepr}"
    return report
