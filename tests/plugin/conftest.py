"""Runs of pytest inside a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import sseproxy.testing
import sseproxy.testing.report
from tests.support.live import Live, running

SHARED = requests, sseproxy.testing, sseproxy.testing.report
"""Imported here: pytester drops the modules that a run inside this process has been the first to load."""
EXAMPLE = Path(__file__).parent / "example"
collect_ignore = [str(EXAMPLE)]

QUIET = """\
asyncio_mode = strict
asyncio_default_fixture_loop_scope = function
filterwarnings = error
addopts = -p no:hypothesispytest
"""


@pytest.fixture
def live() -> Iterator[Live]:
    with running() as server:
        yield server


@pytest.fixture
def example(pytester: pytest.Pytester) -> pytest.Pytester:
    """The example suite, in a folder of its own."""
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True)
    return pytester


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder without tests yet."""
    pytester.makeini("[pytest]\n" + QUIET)
    return pytester
