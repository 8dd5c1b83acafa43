"""The flows of the demo: what each one sends, and when, as plain data.

The orders are those that the published server was seen to send; `error`, `midfail`, `slow` and `cut` are the
ones that a client meets least often and gets wrong most. Each flow is a function of the question and a seed.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sseproxy.demo.answers import ANSWERS, DOCUMENTS, RETRIEVED, TOOL_STORIES, pick
from sseproxy.demo.model import MS, Token, around, split, stream

COMMENT = ":"
"""The kind of a step that is a comment line, not an event."""
FAILURE = "Error: predictionsServices.buildChatflow - "
"""The published server puts this before what the model's server answered."""


@dataclass(frozen=True, slots=True)
class Step:
    """An event and how long after the one before it is sent; the first counts from the request's arrival."""

    delay: int
    """In microseconds. 0: it goes out in the same write as the step before it."""
    kind: str
    data: object
    """Any JSON value."""


class Ending(StrEnum):
    """How a stream stops."""

    CLEAN = "clean"
    CUT = "cut"
    """The last step's bytes are sent in part, then the connection is dropped."""


@dataclass(frozen=True, slots=True)
class Script:
    """All that a flow does for one request."""

    head: int
    """When the response head goes out, in microseconds since the request's arrival."""
    steps: tuple[Step, ...]
    ending: Ending = Ending.CLEAN


Flow = Callable[[str, int, str | None], Script]
"""Question, seed, and the chat to go on with (None: a new one)."""


class _Scene:
    """A script being written, all its chances drawn from one seed."""

    def __init__(self, question: str, seed: int, chat_id: str | None) -> None:
        self.rng = random.Random(seed)
        self.question = question
        new_chat = self.uuid()  # drawn in any case: a chat that goes on has the same rhythm as a new one
        self.chat_id = chat_id or new_chat
        self.head = self.rng.randint(7 * MS, 25 * MS)
        self.steps: list[Step] = []

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def soon(self, median: int = 12 * MS) -> int:
        """A delay of bookkeeping, not of the model, in microseconds."""
        return around(self.rng, median, 0.3)

    def add(self, kind: str, data: object, delay: int) -> None:
        self.steps.append(Step(delay, kind, data))

    def start(self) -> None:
        self.add("start", "", self.head + self.soon(45 * MS))

    def tokens(self, text: str) -> list[Token]:
        return list(stream(text, self.rng.getrandbits(64)))

    def say(self, tokens: list[Token]) -> None:
        for token in tokens:
            self.add("token", token.text, token.delay)

    def metadata(self, memory: str | None = None) -> None:
        data = {
            "chatId": self.chat_id,
            "chatMessageId": self.uuid(),
            "question": self.question,
            "sessionId": self.chat_id,
        }
        if memory:
            data["memoryType"] = memory
        self.add("metadata", data, self.soon())
        self.end()

    def end(self) -> None:
        self.add("end", "[DONE]", 0)  # the server writes it right behind metadata or error

    def script(self, ending: Ending = Ending.CLEAN) -> Script:
        return Script(self.head, tuple(self.steps), ending)


def _answer(question: str) -> str:
    return ANSWERS[pick(question, len(ANSWERS))]


def conversation(question: str, seed: int, chat_id: str | None = None) -> Script:
    """A chat with memory: start, tokens, metadata, end."""
    scene = _Scene(question, seed, chat_id)
    scene.start()
    scene.say(scene.tokens(_answer(question)))
    scene.metadata("Buffer Memory")
    return scene.script()


def tools(question: str, seed: int, chat_id: str | None = None) -> Script:
    """An agent that called a tool: usedTools behind the tokens."""
    scene = _Scene(question, seed, chat_id)
    story = TOOL_STORIES[pick(question, len(TOOL_STORIES))]
    scene.start()
    scene.say(scene.tokens(story.answer))
    used = {"tool": story.tool, "toolInput": story.input, "toolOutput": story.output}
    scene.add("usedTools", [used], scene.soon())
    scene.metadata("Buffer Memory")
    return scene.script()


def retrieval(question: str, seed: int, chat_id: str | None = None) -> Script:
    """An answer from documents: sourceDocuments behind the tokens."""
    scene = _Scene(question, seed, chat_id)
    scene.start()
    scene.say(scene.tokens(RETRIEVED))
    scene.add("sourceDocuments", list(DOCUMENTS), scene.soon())
    scene.metadata()
    return scene.script()


def agent(question: str, seed: int, chat_id: str | None = None) -> Script:
    """An agent flow of version 2: no start, but each node's progress, a tool call and the tokens' count."""
    scene = _Scene(question, seed, chat_id)
    story = TOOL_STORIES[pick(question, len(TOOL_STORIES))]

    def node(id: str, label: str, status: str) -> None:
        scene.add("nextAgentFlow", {"nodeId": id, "nodeLabel": label, "status": status}, scene.soon(4 * MS))

    def silence(count: int) -> None:
        for _ in range(count):  # a model that writes a tool call streams empty tokens
            scene.add("token", "", scene.soon(20 * MS))

    opening = _executed("startAgentflow_0", "Start", {"question": question}, {"question": question}, [])
    scene.add("agentFlowEvent", "INPROGRESS", scene.head + scene.soon())
    node("startAgentflow_0", "Start", "INPROGRESS")
    node("startAgentflow_0", "Start", "FINISHED")
    scene.add("agentFlowExecutedData", [opening], scene.soon(2 * MS))
    node("agentAgentflow_0", "Agent", "INPROGRESS")
    silence(8)
    called = {"tool": story.tool, "toolInput": story.input}
    scene.add("calledTools", [called | {"toolOutput": ""}], scene.soon())
    tokens = scene.tokens(story.answer)
    silence(1)
    scene.say(tokens)
    silence(2)
    used = [called | {"toolOutput": story.output}]
    usage: dict[str, object] = {"input_tokens": len(split(question)) + 7, "output_tokens": len(tokens)}
    usage |= {"total_tokens": len(split(question)) + 7 + len(tokens)}
    usage |= {"input_token_details": {}, "output_token_details": {}}
    scene.add("usedTools", used, scene.soon())
    scene.add("calledTools", [], scene.soon(2 * MS))
    scene.add("usageMetadata", usage, scene.soon(2 * MS))
    node("agentAgentflow_0", "Agent", "FINISHED")
    said = {"content": story.answer, "usedTools": used, "usageMetadata": usage}
    messages = {"messages": [{"role": "user", "content": question}]}
    closing = _executed("agentAgentflow_0", "Agent", messages, said, ["startAgentflow_0"])
    scene.add("agentFlowExecutedData", [opening, closing], scene.soon(2 * MS))
    scene.add("agentFlowEvent", "FINISHED", scene.soon())
    scene.metadata()
    return scene.script()


def _executed(
    id: str, label: str, given: Mapping[str, object], made: Mapping[str, object], before: list[str]
) -> dict[str, object]:
    data = {"id": id, "name": id.removesuffix("_0"), "input": given, "output": made, "state": {}}
    return {"nodeId": id, "nodeLabel": label, "data": data, "previousNodeIds": before, "status": "FINISHED"}


def error(question: str, seed: int, chat_id: str | None = None) -> Script:
    """The model's server answers 401: still HTTP 200, then error, end."""
    scene = _Scene(question, seed, chat_id)
    sentence = f"{FAILURE}401 the model's server doesn't know this key"
    scene.add("error", sentence, scene.head + scene.soon(90 * MS))
    scene.end()
    return scene.script()


def midfail(question: str, seed: int, chat_id: str | None = None) -> Script:
    """The model's server goes away in the middle: start, ten tokens, error, end."""
    scene = _Scene(question, seed, chat_id)
    scene.start()
    scene.say(scene.tokens(_answer(question))[:10])
    scene.add("error", f"{FAILURE}terminated", scene.soon(30 * MS))
    scene.end()
    return scene.script()


def slow(question: str, seed: int, chat_id: str | None = None) -> Script:
    """A model that falls silent for some 20 s after five tokens, with a heartbeat comment in between."""
    scene = _Scene(question, seed, chat_id)
    scene.start()
    tokens = scene.tokens(_answer(question))
    scene.say(tokens[:5])
    # One timer of the server beats for all streams, so a stream sees it at any phase.
    before, behind = (scene.rng.randint(7_000 * MS, 13_000 * MS) for _ in range(2))
    scene.add(COMMENT, "heartbeat", before)
    scene.say([Token(behind, tokens[5].text), *tokens[6:]])
    scene.metadata("Buffer Memory")
    return scene.script()


def cut(question: str, seed: int, chat_id: str | None = None) -> Script:
    """A server that dies: start, eight tokens, half of the ninth, and the connection is gone."""
    scene = _Scene(question, seed, chat_id)
    scene.start()
    scene.say(scene.tokens(_answer(question))[:9])
    return scene.script(Ending.CUT)


FLOWS: Mapping[str, Flow] = {
    flow.__name__: flow for flow in (conversation, tools, retrieval, agent, error, midfail, slow, cut)
} | {"plain": conversation}
CANNOT_STREAM = frozenset({"plain"})
"""Flows that answer one JSON object whatever is asked for."""
