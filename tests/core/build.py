"""Short ways to write down an exchange: a test names what it is about, the rest is plain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sseproxy.exchange import (
    HOLE,
    Arrival,
    End,
    Ending,
    Exchange,
    Framing,
    Head,
    Headers,
    Note,
    Request,
    ResponseHead,
)

EVENT_STREAM: Headers = (
    (b"Content-Type", b"text/event-stream"),
    (b"Transfer-Encoding", b"chunked"),
)


def head(
    id: str = "01M83A461QMGAYW5",
    *,
    wall: str = "2026-11-23T00:41:34.120415Z",
    session: str = "01M83A461QMGAYW4",
) -> Head:
    return Head(
        id=id, by="sseproxy/1", wall=wall, session=session, session_t=0, upstream="http://localhost:3000"
    )


def request(
    method: str = "POST",
    target: bytes = b"/api",
    body: bytes = b"",
    *,
    headers: Headers = (),
) -> Request:
    return Request(method, target, "1.1", headers, body)


def response(
    headers: Headers = EVENT_STREAM,
    *,
    t: int = 0,
    status: int = 200,
    reason: bytes = b"OK",
    framing: Framing = Framing.CHUNKED,
) -> ResponseHead:
    return ResponseHead(t, status, reason, "1.1", headers, framing)


def arrivals(*timed: tuple[int, bytes]) -> tuple[Arrival, ...]:
    return tuple(Arrival(t, data) for t, data in timed)


def bytewise(data: bytes, first: int = 0) -> tuple[Arrival, ...]:
    """An arrival for each byte, one microsecond apart."""
    return tuple(Arrival(first + i, data[i : i + 1]) for i in range(len(data)))


def hole(t: int, after: int) -> Note:
    return Note(t, "bytes are missing here", (HOLE,), after)


def exchange(
    came: Sequence[Arrival] = (),
    *,
    ending: Ending | None = Ending.CLEAN,
    end_t: int | None = None,
    head: Head = head(),  # noqa: B008 - a frozen value
    request: Request | None = request(),  # noqa: B008
    response: ResponseHead | None = response(),  # noqa: B008
    notes: Iterable[Note] = (),
) -> Exchange:
    """`ending` None: no end record. The end counts the bytes that came, as a recorder does."""
    end = None
    if ending:
        t = came[-1].t if came and end_t is None else end_t or 0
        end = End(t, ending, sum(len(arrival.data) for arrival in came))
    return Exchange(head, request, response, tuple(came), tuple(notes), end)
