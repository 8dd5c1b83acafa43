"""The server's own libraries against it: asked directly, through the recorder, and from the cassettes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.clients.harness import MODULES, Program, program, recording, replaying, use

PROGRAMS = ("flowise_client.py", "flowise_sdk.ts")
FRESH = {"chatId", "chatMessageId", "sessionId", "timeMetadata"}
"""What is another one in each run of the server."""

Given = list[Any]


@dataclass(slots=True)
class Answers:
    """What a library gave its user of one flow, from each of the three."""

    direct: Given
    recorded: Given
    replayed: Given

    @property
    def same(self) -> bool:
        """Replayed is what was recorded to the letter; directly asked, ids and times are others."""
        return self.recorded == self.replayed and _lasting(self.direct) == _lasting(self.recorded)


async def answers(server: str, flows: Mapping[str, str], cassettes: Path) -> dict[tuple[str, str], Answers]:
    """By flow and program. `flows`: ids by name."""
    if not MODULES.is_dir():
        raise SystemExit("the npm packages are not installed: npm install --prefix tests/clients")
    asked = {(flow, name): _asking(program(name), id) for flow, id in flows.items() for name in PROGRAMS}
    direct = {key: await _given(each, server) for key, each in asked.items()}
    async with recording(server, cassettes) as proxy:
        recorded = {key: await _given(each, proxy) for key, each in asked.items()}
    async with replaying(cassettes) as mock:
        replayed = {key: await _given(each, mock) for key, each in asked.items()}
    return {key: Answers(direct[key], recorded[key], replayed[key]) for key in asked}


def _asking(program: Program, flow: str) -> Program:
    return replace(program, text=program.text.replace("conversation", flow))


async def _given(program: Program, url: str) -> Given:
    used = await use(program, url)
    if used.status or used.complaint:
        raise SystemExit(f"a library failed at {url}, exit {used.status}:\n{used.complaint}")
    return used.events


def _lasting(given: Any) -> Any:
    """The same without what is fresh in each run."""
    if isinstance(given, dict):
        return {key: _lasting(value) for key, value in given.items() if key not in FRESH}
    return [_lasting(value) for value in given] if isinstance(given, list) else given
