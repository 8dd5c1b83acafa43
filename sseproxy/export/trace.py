"""Chrome's Trace Event Format, which Perfetto and chrome://tracing open.

A session is a process, an exchange a thread of it, an event an instant. A slice spans the exchange; the waits
for the head, for the first event, and each stall are slices in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import orjson

from sseproxy.analysis.story import Story, read_story
from sseproxy.dialects import DIALECTS, Dialect
from sseproxy.exchange import Exchange
from sseproxy.printable import printable, printable_bytes

Json = dict[str, object]


def trace(sources: Iterable[tuple[str, Exchange]], dialects: Sequence[Dialect] = DIALECTS) -> Iterator[bytes]:
    """Times are in microseconds of the session's clock. Sessions have no common one: each begins at 0."""
    yield b'{"displayTimeUnit":"ms","traceEvents":['
    processes: dict[str, int] = {}
    separator = b"\n"
    for thread, (name, exchange) in enumerate(sources, 1):
        session = exchange.head.session
        if session not in processes:
            processes[session] = len(processes) + 1
            yield separator + orjson.dumps(_name("process", processes[session], 0, f"session {session}"))
            separator = b",\n"
        for each in _thread(name, read_story(exchange, dialects)):
            yield separator + orjson.dumps({**each, "pid": processes[session], "tid": thread})
    yield b"\n]}\n"


def _thread(name: str, story: Story) -> Iterator[Json]:
    exchange, heard = story.exchange, story.heard
    request, response = exchange.request, exchange.response
    begin = exchange.head.session_t
    title = f"{printable(request.method)} {printable_bytes(request.target)}" if request else "no request"
    yield _name("thread", 0, 0, title)
    about: Json = {
        "cassette": name,
        "id": exchange.head.id,
        "status": response.status if response else None,
        "ending": str(exchange.ending),
        "dialect": story.dialect.name,
    }
    # Slices of a thread have to nest, also where a hand has made times go back.
    head_at = response.t if response else 0
    latest = max([exchange.duration, head_at, *(moment.t for moment in heard)])
    yield _slice(title, "exchange", begin, latest, about)
    covered = max(head_at, heard[0].t) if heard else head_at
    if response:
        yield _slice("waiting for the head", "wait", begin, response.t, {})
        if heard:
            yield _slice(
                "waiting for the first event", "wait", begin + response.t, heard[0].t - response.t, {}
            )
    for gap in story.survey.stalls:
        if gap.before.t >= covered:
            yield _slice("stall", "stall", begin + gap.before.t, gap.length, {"late": gap.after.number})
            covered = gap.after.t
    for moment in story.moments:
        event = moment.event
        told: Json = {"number": moment.number, "read": moment.read}
        if event.dispatched:
            told |= {"event": event.type, "data": event.data, "id": event.id}
        else:
            told |= {"comment": "\n".join(event.comments)}
        yield _instant(moment.meaning.kind, "event", begin + moment.t, told)
    for note in exchange.notes:
        yield _instant("note", "note", begin + note.t, {"text": note.text, "tags": note.tags})
    yield _instant(str(exchange.ending), "ending", begin + exchange.duration, {})


def _name(of: str, process: int, thread: int, name: str) -> Json:
    return {"ph": "M", "name": f"{of}_name", "pid": process, "tid": thread, "args": {"name": name}}


def _slice(name: str, category: str, start: int, length: int, about: Json) -> Json:
    return {"ph": "X", "name": name, "cat": category, "ts": start, "dur": max(0, length), "args": about}


def _instant(name: str, category: str, t: int, about: Json) -> Json:
    return {"ph": "i", "s": "t", "name": name, "cat": category, "ts": t, "args": about}
