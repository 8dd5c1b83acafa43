"""The libraries themselves, each reading a body that a server has sent."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import anthropic
import httpx
import httpx2
import openai
import pytest
from flowise import Flowise, PredictionData
from httpx_sse import EventSource

MODULES = Path(__file__).parent.parent / "clients" / "node_modules"
"""Where the npm packages of tests are."""


class Seen(NamedTuple):
    """What a program that uses the library gets to see."""

    events: list[object]
    error: str = ""
    """The name of the exception that ended it."""


def _gather(read: Callable[[], Iterator[object]]) -> Seen:
    events: list[object] = []
    try:
        events.extend(read())
    except Exception as error:  # whatever the library lets out
        return Seen(events, type(error).__name__)
    return Seen(events)


def httpx_sse(body: bytes) -> Seen:
    """Pairs of type and data."""
    response = httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=body)
    return _gather(lambda: ((event.event, event.data) for event in EventSource(response).iter_sse()))


def _answering(body: bytes) -> httpx2.Client:
    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, content=body)

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def openai_sdk(body: bytes) -> Seen:
    """The ids of the chunks."""
    with openai.OpenAI(api_key="none", http_client=_answering(body), max_retries=0) as client:
        stream = client.chat.completions.create(model="m", messages=[], stream=True)
        return _gather(lambda: (getattr(chunk, "id", None) for chunk in stream))


def anthropic_sdk(body: bytes) -> Seen:
    """The indexes of content_block_stop events."""
    with anthropic.Anthropic(api_key="none", http_client=_answering(body), max_retries=0) as client:
        stream = client.messages.create(model="m", max_tokens=1, messages=[], stream=True)
        return _gather(lambda: (getattr(event, "index", None) for event in stream))


class _Handler(BaseHTTPRequestHandler):
    """A prediction server that answers with the body whose number is the flow's id."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # head and body in one packet
    bodies: Sequence[bytes] = ()

    def do_GET(self) -> None:
        self._answer("application/json", b'{"isStreaming":true}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer("text/event-stream", type(self).bodies[int(self.path.rpartition("/")[2])])

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _serving(bodies: Sequence[bytes]) -> Iterator[str]:
    handler = type("Handler", (_Handler,), {"bodies": bodies})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def flowise_python(bodies: Sequence[bytes]) -> list[Seen]:
    """The texts that it gives, for each body."""
    with _serving(bodies) as url:
        client = Flowise(base_url=url)
        asks = [PredictionData(chatflowId=str(n), question="", streaming=True) for n in range(len(bodies))]
        return [_gather(lambda ask=ask: client.create_prediction(ask)) for ask in asks]  # type: ignore[misc]


_PROGRAM = """
import sdk from 'flowise-sdk'
const client = new sdk.FlowiseClient({ baseUrl: process.argv[1] })
for (let flow = 0; flow < Number(process.argv[2]); flow++) {
  const events = []
  let error = ''
  try {
    const ask = { chatflowId: String(flow), question: '', streaming: true }
    for await (const event of await client.createPrediction(ask)) events.push(event)
  } catch (caught) { error = caught.name }
  console.log(JSON.stringify([events, error]))
}
process.exit() // it would wait for its idle connections
"""


def flowise_typescript(bodies: Sequence[bytes]) -> list[Seen]:
    """The values that it gives, for each body. Skips the test where it is not installed."""
    if not (MODULES / "flowise-sdk").is_dir() or not shutil.which("node"):
        pytest.skip("flowise-sdk is not installed: npm install --prefix tests/clients --no-package-lock")
    with _serving(bodies) as url:
        done = subprocess.run(
            ["node", "--input-type=module", "--eval", _PROGRAM, url, str(len(bodies))],
            cwd=MODULES.parent,
            capture_output=True,
            timeout=60,
            check=True,
        )
    seen: list[Any] = [json.loads(line) for line in done.stdout.splitlines()]
    return [Seen(*each) for each in seen]
