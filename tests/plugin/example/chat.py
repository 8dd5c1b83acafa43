"""A small application: it asks a prediction server and gives its answer word by word."""

import json
from collections.abc import AsyncIterator, Iterator

import aiohttp
import requests


def ask(base_url: str, question: str, flow: str = "conversation") -> Iterator[str]:
    body = {"question": question, "streaming": True}
    with requests.post(f"{base_url}/api/v1/prediction/{flow}", json=body, stream=True) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            yield from _token(line)


async def ask_async(base_url: str, question: str, flow: str = "conversation") -> AsyncIterator[str]:
    body = {"question": question, "streaming": True}
    url = f"{base_url}/api/v1/prediction/{flow}"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        response.raise_for_status()
        async for line in response.content:
            for token in _token(line):
                yield token


def _token(line: bytes) -> Iterator[str]:
    if line.startswith(b"data:"):
        event = json.loads(line[5:])
        if event["event"] == "token":
            yield event["data"]
