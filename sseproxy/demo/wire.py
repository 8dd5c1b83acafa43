"""Bytes in, a question out; a script in, timed bytes out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from sseproxy.demo.flows import COMMENT, Ending, Script, Step
from sseproxy.sse import serialize

_SURROGATE = re.compile("[\ud800-\udfff]")


class Dialect(StrEnum):
    """How an event is framed."""

    ENVELOPE = "envelope"
    """As deployed: a line that parsers ignore, then kind and data in one JSON object."""
    NAMED = "named"
    """As documented: the kind in `event:`, the text or the JSON of other data in `data:`."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What the demo reads of a prediction request."""

    question: str
    streaming: bool
    chat_id: str | None


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that go out together."""

    due: int
    """In microseconds since the request's arrival."""
    data: bytes


def read_ask(body: bytes) -> Ask:
    """The question of a request body. Raises ValueError with a sentence for the client."""
    try:
        ask = json.loads(body)
    except RecursionError:
        raise ValueError("The body is JSON of too many levels.") from None
    except ValueError as problem:
        raise ValueError(f"The body is not JSON: {problem}.") from None
    if not isinstance(ask, dict):
        raise ValueError('The body must be a JSON object such as {"question": "Hello", "streaming": true}.')
    question, chat_id = ask.get("question", ""), ask.get("chatId")
    if not isinstance(question, str):
        raise ValueError('"question" must be a string.')
    if not isinstance(chat_id, str | None):
        raise ValueError('"chatId" must be a string or null.')
    # The published server takes the string too: a form field can't say true in any other way.
    streaming = ask.get("streaming")
    return Ask(_whole(question), streaming is True or streaming == "true", chat_id and _whole(chat_id))


def encode(step: Step, dialect: Dialect) -> bytes:
    """A step as it stands in the stream."""
    if step.kind == COMMENT:
        return f":{step.data}\n\n".encode()  # no space behind the colon: so the published server does it
    if dialect is Dialect.NAMED:
        return serialize(step.data if isinstance(step.data, str) else compact(step.data), event=step.kind)
    return f"message:\ndata:{compact({'event': step.kind, 'data': step.data})}\n\n".encode()


def writes(script: Script, dialect: Dialect) -> list[Write]:
    """The stream of a script; steps without a delay share the write of the step before them."""
    pieces = [encode(step, dialect) for step in script.steps]
    if script.ending is Ending.CUT:
        pieces[-1] = pieces[-1][: len(pieces[-1]) // 2]
    due = 0
    out: list[Write] = []
    for step, piece in zip(script.steps, pieces, strict=True):
        due += step.delay
        if out and step.delay == 0:
            out[-1] = Write(due, out[-1].data + piece)
        else:
            out.append(Write(due, piece))
    return out


def whole_answer(script: Script) -> tuple[int, dict[str, object]]:
    """Status and JSON object for a client that doesn't stream: what the steps say, put together."""
    last = {step.kind: step.data for step in script.steps}
    if "error" in last:
        return 500, refusal(500, str(last["error"]))
    text = "".join(str(step.data) for step in script.steps if step.kind == "token")
    answer: dict[str, object] = {"text": text}
    answer |= {kind: last[kind] for kind in ("usedTools", "sourceDocuments") if kind in last}
    metadata = last["metadata"]
    assert isinstance(metadata, dict)
    answer |= {name: metadata[name] for name in ("question", "chatId", "chatMessageId")}
    # The published server says False here even of a flow that can stream, when it wasn't asked to.
    answer |= {"isStreamValid": False, "sessionId": metadata["sessionId"]}
    answer |= {name: metadata[name] for name in ("memoryType",) if name in metadata}
    return 200, answer


def refusal(status: int, sentence: str) -> dict[str, object]:
    """The JSON object of every error."""
    return {"statusCode": status, "success": False, "message": sentence, "stack": {}}


def compact(value: object) -> str:
    """JSON as the published server writes it: no spaces, raw UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _whole(text: str) -> str:
    # JSON can spell half a surrogate pair, UTF-8 can't; browsers and Node put U+FFFD in its place.
    return _SURROGATE.sub("\ufffd", text)
