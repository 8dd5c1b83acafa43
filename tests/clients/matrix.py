"""The clients of the matrix, as a table: who reads what, and how many events each is given.

tests/clients/test_matrix.py runs them; docs/clients.md is written from this table and the programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

FOLDER = Path(__file__).parent
PROGRAMS = FOLDER / "programs"


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
    """After how many a reader leaves who does not want the rest."""
    needs: Needs | None = None


ROWS = (
    Row("Flowise, Python", "flowise", "flowise_client.py", "prediction", events=7, leaves=4),
    Row("Flowise, TypeScript", "flowise-sdk", "flowise_sdk.ts", "prediction", 7, 4, Needs.NODE),
    Row("cURL", "", "curl.sh", "prediction", 7, 6, Needs.CURL),
    Row("fetch in a browser", "", "browser_fetch.mjs", "prediction", 7, 4, Needs.CHROMIUM),
    Row("EventSource in a browser", "", "browser_eventsource.mjs", "feed", 5, 4, Needs.CHROMIUM),
    Row("EventSource in Node.js", "eventsource", "eventsource.mjs", "feed", 5, 4, Needs.NODE),
    Row("fetch in Node.js", "eventsource-parser", "eventsource_parser.mjs", "events", 5, 3, Needs.NODE),
    Row("Vercel AI SDK", "ai", "vercel_ai.mjs", "chat", 15, 5, Needs.NODE),
    Row("OpenAI, chat completions", "openai", "openai_chat.py", "chat", 10, 4),
    Row("OpenAI, responses", "openai", "openai_responses.py", "responses", 16, 6),
    Row("Anthropic, messages", "anthropic", "anthropic_messages.py", "messages", 13, 5),
    Row("Ollama", "ollama", "ollama_chat.py", "ollama", 5, 3),
    Row("MCP over streamable HTTP", "mcp", "mcp_client.py", "mcp", 6, 5),
    Row("httpx", "httpx-sse", "httpx_sse_client.py", "events", 5, 3),
    Row("aiohttp", "aiohttp", "aiohttp_client.py", "events", 6, 4),
)

STREAMLIT = Row(
    "Streamlit", "streamlit", "streamlit_chat.mjs", "the demo", events=81, leaves=0, needs=Needs.CHROMIUM
)
"""Four flows of the demo, in tests/clients/test_streamlit.py."""
