"""Records every flow of the published prediction server: `python -m tests.clients.real_server SERVER OUT`.

SERVER is the folder in which npm has installed it, OUT the folder that gets the cassettes. README.md beside
this file tells how to get there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from itertools import groupby
from pathlib import Path

import requests
from flowise import Flowise, PredictionData

from sseproxy.demo.flows import COMMENT
from sseproxy.demo.flows import FLOWS as DEMO
from tests.clients.harness import recording
from tests.clients.real_server import libraries, model, takeover
from tests.clients.real_server.flows import FLOWS, agent_flow_data, flow_data

HERE = Path(__file__).parent
START_S = 120.0
"""Seconds in which the server has to come up."""
QUESTION = "What is six times seven?"
SLOW = "slow"
"""The flow whose half minute of silence would tell nothing of a library."""
Verdict = tuple[bool, str]
"""Whether all is as it was, and a line that says what was seen."""


@contextlib.asynccontextmanager
async def real_server(installed: Path, home: Path) -> AsyncIterator[str]:
    """The server with an empty database; the value is its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = ("DATABASE_PATH", "SECRETKEY_PATH", "LOG_PATH", "BLOB_STORAGE_PATH", "HOME")
    secrets = ("JWT_AUTH_TOKEN_SECRET", "JWT_REFRESH_TOKEN_SECRET", "EXPRESS_SESSION_SECRET")
    env = {
        **os.environ,
        **dict.fromkeys(folders, str(home)),
        **dict.fromkeys(secrets, "of a server that lives for a minute"),
        "PORT": str(port),
        "HTTP_SECURITY_CHECK": "false",  # else it refuses to ask a model on this machine
        "DISABLE_FLOWISE_TELEMETRY": "true",
        "NODE_OPTIONS": f"--require {HERE / 'offline.cjs'}",
    }
    program = installed / "node_modules" / "flowise" / "bin" / "run"
    with (home / "server.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "node", program, "start", env=env, stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(START_S):
            while not await asyncio.to_thread(_answers, url):
                if process.returncode is not None:
                    raise SystemExit(f"the server ended:\n{(home / 'server.log').read_text()[-2000:]}")
                await asyncio.sleep(0.5)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # `node` may be a script that starts the real one
        await process.wait()


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"{url}/api/v1/ping", timeout=5).ok
    return False


def make_flows(server: str, model_url: str) -> dict[str, str]:
    """Makes an account and in it all flows; their ids by name."""
    session = requests.Session()
    session.headers["x-request-from"] = "internal"

    def post(path: str, **body: object) -> dict[str, str]:
        answer = session.post(f"{server}/api/v1/{path}", json=body, timeout=60)
        if not answer.ok:
            raise SystemExit(f"{path}: {answer.status_code} {answer.text}")
        said: dict[str, str] = answer.json()
        return said

    account = {"email": "somebody@example.com", "password": "Of-nobody-1"}
    user = {"name": "somebody", "email": account["email"], "credential": account["password"]}
    post("account/register", user=user)
    post("auth/login", **account)
    key = {"openAIApiKey": "sk-of-nobody"}
    credential = post("credentials", name="key", credentialName="openAIApi", plainDataObj=key)["id"]
    flows = [(flow.name, "CHATFLOW", flow_data(flow, model_url, credential)) for flow in FLOWS]
    flows.append(("agent", "AGENTFLOW", agent_flow_data("tool-user", model_url, credential)))
    made = {
        name: post("chatflows", name=name, type=kind, flowData=data, isPublic=True)["id"]
        for name, kind, data in flows
    }
    post(f"vector/internal-upsert/{made['retrieval']}")
    return made


def ask(base_url: str, flow: str) -> list[str]:
    """The kinds of the events of a prediction."""
    asked = PredictionData(chatflowId=flow, question=QUESTION, streaming=True)
    return [json.loads(chunk)["event"] for chunk in Flowise(base_url=base_url).create_prediction(asked)]


def runs(kinds: list[str]) -> list[str]:
    """Each kind once, however often it comes in a row."""
    return [kind for kind, _ in groupby(kinds)]


def as_in_the_demo(name: str) -> list[str]:
    steps = DEMO[name](QUESTION, 0, None).steps
    return runs([step.kind for step in steps if step.kind != COMMENT])


async def orders(server: str, flows: Mapping[str, str], cassettes: Path) -> AsyncIterator[Verdict]:
    """Each flow against the demo's flow of the same name."""
    async with recording(server, cassettes) as proxy:
        for name, flow in flows.items():
            kinds = await asyncio.to_thread(ask, proxy, flow)
            same = runs(kinds) == as_in_the_demo(name)
            told = "as in the demo" if same else "not as in the demo"
            yield same, f"{name}: {len(kinds)} events, {told}: {' '.join(runs(kinds))}"


async def one_chat(server: str, flow: str, cassettes: Path) -> AsyncIterator[Verdict]:
    """Two requests with one chat id at once."""
    async with recording(server, cassettes) as proxy:
        kinds = await takeover.ask_twice(proxy, flow)
    told = "taken over" if kinds.taken_over else "not taken over"
    given = "; ".join(" ".join(runs(each)) for each in kinds)
    yield kinds.taken_over, f"takeover: {len(kinds.first)} and {len(kinds.second)} events, {told}: {given}"


async def in_libraries(server: str, flows: Mapping[str, str], cassettes: Path) -> AsyncIterator[Verdict]:
    """What the server's libraries give their users: directly, recorded and replayed."""
    asked = {name: flow for name, flow in flows.items() if name != SLOW}
    for (name, program), each in (await libraries.answers(server, asked, cassettes)).items():
        told = "the same" if each.same else "not the same"
        yield each.same, f"{name} in {program}: {len(each.direct)} events, {told} recorded and replayed"


async def main(installed: Path, cassettes: Path) -> int:
    """The exit status: 1 where something is not as it was."""
    wrong = 0
    with tempfile.TemporaryDirectory() as home:
        async with model.serve() as model_url, real_server(installed, Path(home)) as server:
            flows = await asyncio.to_thread(make_flows, server, model_url)
            for verdicts in (
                orders(server, flows, cassettes),
                one_chat(server, flows["conversation"], cassettes / "takeover"),
                in_libraries(server, flows, cassettes / "libraries"),
            ):
                async for fine, line in verdicts:
                    wrong += not fine
                    print(line, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    sys.exit(asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]))))
