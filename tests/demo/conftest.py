"""A demo server that doesn't wait, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sseproxy.demo.server import serve
from tests.demo.support import SEED


@pytest.fixture
async def base() -> AsyncIterator[str]:
    async with serve(seed=SEED, pace=0) as url:
        yield url


@pytest.fixture
async def http(base: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base) as session:
        yield session
