"""The snippets of the prediction server's documentation and of our README, run as they stand there.

Only the flow's name and the address are filled in. And the terminal sessions, which go as they are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sseproxy.demo.flows import FLOWS, Ending
from sseproxy.demo.server import serve
from tests import docs_sessions
from tests.clients.harness import Program, recording, replaying, require, use
from tests.clients.matrix import FOLDER, Needs

README = FOLDER.parent.parent / "README.md"
QUESTION = re.compile(r"""question"?[=:] ?["'](.*?)["']""")
NEEDS = {"python": None, "typescript": Needs.NODE, "sh": Needs.CURL}
SEED = 7
ASKED = ("conversation", "tools", "retrieval", "error", "cut")
"""The flows, in the order in which they are asked."""


def snippets(page: Path) -> Iterator[Program]:
    """The blocks of a page that ask for a prediction."""
    text = page.read_text(encoding="utf-8")
    for language, block in re.findall(r"^```(python|typescript|sh)\n(.*?)^```$", text, re.M | re.S):
        if QUESTION.search(block):
            yield Program(language, block)


def parameters() -> Iterator[Any]:
    for page in (FOLDER / "documented.md", README):
        for snippet in snippets(page):
            # TypeScript needs packages from npm, the other two nothing that is not here every day.
            marks = [pytest.mark.clients] if snippet.language == "typescript" else []
            yield pytest.param(snippet, id=f"{page.name}, {snippet.language}", marks=marks)


def test_each_page_has_a_snippet_in_each_language() -> None:
    for page in (FOLDER / "documented.md", README):
        assert [snippet.language for snippet in snippets(page)] == ["python", "typescript", "sh"]


def sent(snippet: Program) -> list[list[dict[str, object]]]:
    """What the demo says to the snippet's question, flow by flow."""
    question = QUESTION.search(snippet.text)
    assert question
    said = []
    for number, flow in enumerate(ASKED):
        script = FLOWS[flow](question[1], SEED + number, None)
        steps = script.steps[:-1] if script.ending is Ending.CUT else script.steps
        said.append([{"event": step.kind, "data": step.data} for step in steps])
    return said


async def asked(snippet: Program, url: str) -> list[tuple[int, list[object]]]:
    """The exit status and the chunks of each flow."""
    got = []
    for flow in ASKED:
        text = re.sub(r"<flow-id>|\{flow-id\}", flow, snippet.text)
        # Values that are logged become JSON; nothing else of the snippet's world is changed.
        env = {"NODE_OPTIONS": "--import ./json_console.mjs"}
        used = await use(replace(snippet, text=text), url, env)
        got.append((used.status, used.events))
    return got


@pytest.mark.parametrize("snippet", [*parameters()])
async def test_a_snippet_prints_the_same_chunks(snippet: Program, tmp_path: Path) -> None:
    require(NEEDS[snippet.language])
    async with serve(seed=SEED, pace=0.1) as demo:
        direct = await asked(snippet, demo)
    async with serve(seed=SEED, pace=0.1) as demo, recording(demo, tmp_path) as proxy:
        recorded = await asked(snippet, proxy)
    async with replaying(tmp_path) as mock:
        replayed = await asked(snippet, mock)
    assert [chunks for _, chunks in direct] == sent(snippet)
    assert recorded == direct
    assert replayed == direct


def shown_sessions() -> Iterator[Any]:
    for page in docs_sessions.PAGES:
        for number, session in enumerate(docs_sessions.sessions(page.read_text(encoding="utf-8")), 1):
            yield pytest.param(*session, id=f"{page.name} session {number}")


@pytest.mark.clients
@pytest.mark.parametrize(("session", "files"), [*shown_sessions()])
def test_a_session_goes_as_it_is_shown(session: str, files: dict[str, str]) -> None:
    require(Needs.CURL)
    now = docs_sessions.lasting(docs_sessions.rerun(session, files))
    assert now == docs_sessions.lasting(session), "run: python -m tests.docs_sessions"
