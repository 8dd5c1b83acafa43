"""The clients of the matrix, as a table: who reads what, and how many events each is given.

tests/clients/test_matrix.py runs them; docs/clients.md is written from this table and the programs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

FOLDER = Path(__file__).parent
PROGRAMS = FOLDER / "programs"
PROXY = "http://127.0.0.1:8080"
"""What the programs ask; the server under test takes its place."""


class Needs(Enum):
    """What a client needs beside Python."""

    CURL = "curl"
    NODE = "Node.js and the npm packages"
    CHROMIUM = "Node.js, the npm packages and Chromium"


@dataclass(frozen=True, slots=True)
class Row:
    """A client, and what it reads."""

    client: str
    """As its users call it."""
    package: str
    """Its name in the registry that it comes from; empty where it is a program of the system."""
    program: str
    """In tests/clients/programs: what a user would write. The address in it is the proxy's."""
    upstream: str
    """The name, in tests/clients/answers.py, of the server that it asks."""
    events: int
    """How many it gives its user."""
    leaves: int
    """After how many a reader leaves who does not want the rest; 0: it can't be counted."""
    needs: Needs | None = None
    variable: tuple[str, str] | None = None
    """An environment variable that says the same as the address in the program, and the path behind it."""
    remark: str = ""
    """What else its users should know."""


ROWS = (
    Row(
        "Flowise, Python", "flowise", "flowise_client.py", "prediction", events=7, leaves=4,
        remark="It asks whether the flow can stream before it asks for the prediction: one question is two"
        " cassettes. It removes every `data:` inside a token; that is in the library, not in the recording.",
    ),
    Row(
        "Flowise, TypeScript", "flowise-sdk", "flowise_sdk.ts", "prediction", 7, 4, Needs.NODE,
        remark="Two cassettes, as in Python. Who leaves the loop early keeps the connection: the library"
        " never cancels its read, so the server goes on until the process ends.",
    ),
    Row("cURL", "", "curl.sh", "prediction", 7, 6, Needs.CURL),
    Row(
        "`fetch` in a browser", "", "browser_fetch.mjs", "prediction", 7, 4, Needs.CHROMIUM,
        remark="The recorder passes preflights and CORS headers on as they are: what the server allows works."
        " A replay admits every page, also with cassettes made by cURL ([more](#in-a-browser)).",
    ),
    Row(
        "`EventSource` in a browser", "", "browser_eventsource.mjs", "feed", 5, 4, Needs.CHROMIUM,
        remark="Each reconnection is a cassette of its own. A replay answers it with what was recorded behind"
        " the same `Last-Event-ID`, so a page that is loaded again reads the feed from its beginning.",
    ),
    Row("EventSource in Node.js", "eventsource", "eventsource.mjs", "feed", 5, 4, Needs.NODE),
    Row("`fetch` in Node.js", "eventsource-parser", "eventsource_parser.mjs", "events", 5, 3, Needs.NODE),
    Row("Vercel AI SDK", "ai", "vercel_ai.mjs", "chat", 15, 5, Needs.NODE),
    Row(
        "OpenAI, chat completions", "openai", "openai_chat.py", "chat", 10, 4,
        variable=("OPENAI_BASE_URL", "/v1"),
        remark="It closes the connection at `[DONE]`; the cassette is whole and says `clean` all the same.",
    ),
    Row(
        "OpenAI, responses", "openai", "openai_responses.py", "responses", 16, 6,
        variable=("OPENAI_BASE_URL", "/v1"),
    ),
    Row(
        "Anthropic, messages", "anthropic", "anthropic_messages.py", "messages", 13, 5,
        variable=("ANTHROPIC_BASE_URL", ""),
    ),
    Row(
        "Ollama", "ollama", "ollama_chat.py", "ollama", 5, 3, variable=("OLLAMA_HOST", ""),
        remark="Its events are lines of JSON, no server-sent events: `show` lists them like those.",
    ),
    Row(
        "MCP over streamable HTTP", "mcp", "mcp_client.py", "mcp", 6, 5,
        remark="Its GET stream ends when the client goes: `client_left` is as it should be.",
    ),
    Row("httpx", "httpx-sse", "httpx_sse_client.py", "events", 5, 3),
    Row("aiohttp", "aiohttp", "aiohttp_client.py", "events", 6, 4),
)  # fmt: skip

STREAMLIT = Row(
    "Streamlit", "streamlit", "streamlit_chat.mjs", "the demo", 81, 0, Needs.CHROMIUM,
    remark="What a person saw in Chromium of four flows: tokens one after another, used tools, sources, an"
    " error, a stream that broke off. Streamlit stops an app where it next shows something: a server that is"
    " silent does not learn that the reader has left before its next token.",
)  # fmt: skip
"""Run by tests/clients/test_streamlit.py."""


def pinned(package: str) -> str:
    """The version of a client that is tested. Raises KeyError for what is nowhere pinned."""
    npm: dict[str, str] = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lines = (FOLDER.parent.parent / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pypi = dict(line.split("==") for line in lines if "==" in line)
    return (npm | pypi)[package]
