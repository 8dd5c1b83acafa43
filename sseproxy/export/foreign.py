"""An entry of anybody's HAR as an exchange. What it does not carry is noted and not made up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sseproxy.cassette.naming import wall_text
from sseproxy.exchange import (
    Arrival,
    End,
    Ending,
    Exchange,
    Framing,
    Head,
    Headers,
    Request,
    ResponseHead,
    header,
    media_type,
)
from sseproxy.export.imported import Import, notes
from sseproxy.export.own import content
from sseproxy.http1 import response_framing
from sseproxy.sse import EventStreamParser
from sseproxy.sse.serializer import serialize

_NO_REQUEST_TEXT = "the request's body was not in the HAR as text: it is empty here"
_DECODED = "the HAR holds the decoded body: Content-Encoding is left out"
_LENGTH = "Content-Length is left out: the HAR's body has another size"
_REMADE = "the HAR holds the events and not the stream's bytes: they are written anew from type, id and data"
_AN_EVENT_A_READ = "the HAR has a time for each event and no read boundaries: each event is a read of its own"
_NO_TIMES = "the HAR has no times within the body: all of it stands here as one read at its end"
_ENDING = "the HAR does not tell how the body ended: whether it was whole can't be told"
_NO_BODY = "the HAR has no body for this response"
_VERSION = "the HAR names no HTTP version in a form known here: 1.1 stands in for it"


class Foreign:
    """Reads one entry. KeyError, TypeError and ValueError say that it is none."""

    def __init__(self, entry: dict[str, Any], first: datetime, run: Import) -> None:
        self._entry = entry
        self._run = run
        self._lacking: list[str] = ["imported from a HAR"]
        wall = started(entry)
        if wall is None:
            raise ValueError("`startedDateTime` should be a date and time with a zone")
        self._wall = wall
        self._session_t = microseconds((wall - first).total_seconds() * 1e3)

    def exchange(self) -> Exchange:
        request, upstream = self._request(self._entry["request"])
        response = self._response(self._entry["response"], request.method)
        arrivals = self._arrivals(response)
        end = self._end(response, arrivals)
        head = Head(
            id=self._run.new_id(self._wall),
            by=self._entry["_by"] or "unknown",
            wall=wall_text(self._wall),
            session=self._run.session,
            session_t=self._session_t,
            upstream=upstream,
        )
        return Exchange(head, request, response, arrivals, notes(self._lacking), end)

    def _request(self, told: dict[str, Any]) -> tuple[Request, str]:
        where = urlsplit(string(told, "url"))
        target = (where.path or "/") + (f"?{where.query}" if where.query else "")
        posted = told.get("postData") or {}
        text = posted.get("text") or ""
        if not text and posted.get("params"):
            self._lacking.append(_NO_REQUEST_TEXT)
        request = Request(
            method=string(told, "method"),
            target=target.encode(),
            version=self._version(told),
            headers=headers(told),
            body=text.encode(),
        )
        return request, f"{where.scheme}://{where.netloc}"

    def _version(self, told: dict[str, Any]) -> str:
        found = re.fullmatch(r"(?:http/|h)([1-3])(?:\.([0-9]))?", str(told.get("httpVersion")).lower())
        if not found:
            self._lacking.append(_VERSION)
        return f"{found[1]}.{found[2] or 0}" if found else "1.1"

    def _response(self, told: dict[str, Any], method: str) -> ResponseHead | None:
        status = told["status"]
        if not isinstance(status, int) or not 100 <= status <= 999:
            return None
        fields = headers(told)
        body = content(told["content"])
        if header(fields, b"content-encoding") is not None:
            self._lacking.append(_DECODED)
            fields = without(fields, b"content-encoding")
        length = header(fields, b"content-length")
        if length is not None and length != b"%d" % len(body) and method != "HEAD":
            self._lacking.append(_LENGTH)
            fields = without(fields, b"content-length")
        timings = self._entry.get("timings") or {}
        phases = (timings.get(name) or 0 for name in ("blocked", "dns", "connect", "send", "wait"))
        return ResponseHead(
            t=microseconds(sum(max(0, phase) for phase in phases)),
            status=status,
            reason=one_line(str(told.get("statusText") or "")),
            version=self._version(told),
            headers=fields,
            framing=response_framing(method, status, fields),
        )

    def _arrivals(self, response: ResponseHead | None) -> tuple[Arrival, ...]:
        if response is None:
            return ()
        body = content(self._entry["response"]["content"])
        messages = self._entry.get("_eventSourceMessages") or []
        if messages and not body:
            self._lacking += [_REMADE, _AN_EVENT_A_READ]
            return tuple(Arrival(self._since(each), _block(each)) for each in messages)
        if not body:
            if self._entry["response"]["content"].get("size"):
                self._lacking.append(_NO_BODY)
            return ()
        is_stream = media_type(response.headers) == b"text/event-stream"
        if is_stream and (arrivals := tuple(self._by_event(body, messages))):
            self._lacking.append(_AN_EVENT_A_READ)
            return arrivals
        self._lacking.append(_NO_TIMES)
        return (Arrival(self._duration(), body),)

    def _by_event(self, body: bytes, messages: Sequence[dict[str, Any]]) -> Iterator[Arrival]:
        """The body cut behind each event that a message tells the time of; nothing where they don't agree."""
        events = [event for event in EventStreamParser().feed(body) if event.dispatched]
        if [event.data for event in events] != [each.get("data") for each in messages]:
            return
        start = latest = 0
        for event, message in zip(events, messages, strict=True):
            latest = max(latest, self._since(message))
            stop = event.stop if event is not events[-1] else len(body)
            yield Arrival(latest, body[start:stop])
            start = stop

    def _since(self, message: dict[str, Any]) -> int:
        return max(0, microseconds((float(message["time"]) - self._wall.timestamp()) * 1e3))

    def _duration(self) -> int:
        return max(0, microseconds(self._entry["time"]))

    def _end(self, response: ResponseHead | None, arrivals: Sequence[Arrival]) -> End:
        size = sum(len(data) for _, data in arrivals)
        t = max([self._duration(), *(arrival.t for arrival in arrivals)])
        if response is None:
            return End(t, Ending.ERROR, 0, detail=str(self._entry["response"].get("_error") or "no response"))
        if response.framing in (Framing.LENGTH, Framing.NONE):
            return End(t, Ending.CLEAN, size)
        self._lacking.append(_ENDING)
        return End(t, Ending.EOF_UNFRAMED, size)


def started(entry: dict[str, Any]) -> datetime | None:
    """When the entry began, None where it does not say so with a zone."""
    try:
        wall = datetime.fromisoformat(entry["startedDateTime"])
    except (KeyError, TypeError, ValueError):
        return None
    return wall.astimezone(UTC) if wall.tzinfo else None


def microseconds(milliseconds: float) -> int:
    """Raises ValueError for what is no number."""
    return round(milliseconds * 1e3)


def string(told: dict[str, Any], name: str) -> str:
    value = told[name]
    if not isinstance(value, str):
        raise ValueError(f"`{name}` should be a string")
    return value


def headers(told: dict[str, Any]) -> Headers:
    """HTTP/2's pseudo fields are no fields of HTTP/1.1. Chromium joins fields of one name by line ends."""
    fields = []
    for each in told["headers"]:
        name = one_line(string(each, "name"))
        if not name.startswith(b":"):
            fields += [(name, one_line(value)) for value in string(each, "value").split("\n")]
    return tuple(fields)


def one_line(text: str) -> bytes:
    return re.sub(rb"[\r\n\0]", b" ", text.encode())


def without(fields: Headers, name: bytes) -> Headers:
    return tuple(field for field in fields if field[0].lower() != name)


def _block(message: dict[str, Any]) -> bytes:
    kind = message.get("eventName") or ""
    id = message.get("eventId") or None
    return serialize(string(message, "data"), event="" if kind == "message" else kind, id=id)
