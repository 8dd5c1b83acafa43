"""Which event loop the tests run on; what is started as a process takes the one that its users get."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--loop", choices=["asyncio", "uvloop"], default="asyncio", help="Event loop of the tests."
    )


def pytest_configure() -> None:
    """What a test starts hears a hang-up, also where `nohup` has the tests themselves ignore it."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if config.getoption("--loop") == "asyncio":
        return {"asyncio": asyncio.new_event_loop}
    uvloop = pytest.importorskip("uvloop")
    return {"uvloop": uvloop.new_event_loop}
