"""The demo and the published Python library: what the library was made for must work with the demo."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import requests
from flowise import Flowise, PredictionData

from sseproxy.demo.flows import COMMENT
from tests.demo.support import QUESTION, STREAMING, steps


def predict(base: str, flow: str) -> list[Any]:
    """With the published Python library, which is synchronous."""
    data = PredictionData(chatflowId=flow, question=QUESTION, streaming=True)
    return list(Flowise(base).create_prediction(data))


@pytest.mark.parametrize("flow", STREAMING)
async def test_the_published_library_gets_the_events_in_order(base: str, flow: str) -> None:
    chunks = await asyncio.to_thread(predict, base, flow)
    events = [(message["event"], message["data"]) for message in map(json.loads, chunks)]
    assert events == [step for step in steps(flow) if step[0] != COMMENT]  # it drops comments


async def test_the_published_library_falls_back_to_json(base: str) -> None:
    [answer] = await asyncio.to_thread(predict, base, "plain")
    assert answer["question"] == QUESTION


async def test_the_published_library_raises_at_a_cut(base: str) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        await asyncio.to_thread(predict, base, "cut")


async def test_the_published_library_raises_for_a_missing_flow(base: str) -> None:
    with pytest.raises(requests.exceptions.HTTPError, match="500"):
        await asyncio.to_thread(predict, base, "nowhere")
