"""What a replay says to pages of other origins: the CORS protocol (WHATWG Fetch, section 3.3)."""

from __future__ import annotations

import pytest

from sseproxy.exchange import Framing, Headers
from sseproxy.mock.cors import admitted, asked_method, leave

from . import build

HERE: Headers = ((b"Origin", b"http://here.test"),)
PLAIN = (b"Content-Type", b"text/event-stream")
SESSION = (b"Mcp-Session-Id", b"7")
VARY = (b"Vary", b"Origin")


def allow(origin: bytes) -> tuple[bytes, bytes]:
    return b"Access-Control-Allow-Origin", origin


CREDENTIALS = (b"Access-Control-Allow-Credentials", b"true")


def expose(names: bytes) -> tuple[bytes, bytes]:
    return b"Access-Control-Expose-Headers", names


ADMITTED: dict[str, tuple[Headers, Headers, Headers]] = {
    "no page asks": ((), (PLAIN,), (PLAIN,)),
    "no page asks, another was recorded": (
        (),
        (allow(b"http://there.test"),),
        (allow(b"http://there.test"),),
    ),
    "recorded with cURL": (
        HERE,
        (PLAIN, SESSION),
        (
            PLAIN,
            SESSION,
            allow(b"http://here.test"),
            CREDENTIALS,
            expose(b"Content-Type, Mcp-Session-Id"),
            VARY,
        ),
    ),
    "a field that comes twice is named once": (
        HERE,
        (SESSION, SESSION, VARY),
        (SESSION, SESSION, VARY, allow(b"http://here.test"), CREDENTIALS, expose(b"Mcp-Session-Id, Vary")),
    ),
    "without any field": (HERE, (), (allow(b"http://here.test"), CREDENTIALS, VARY)),
    "recorded by the same page": (
        HERE,
        (allow(b"http://here.test"), PLAIN),
        (allow(b"http://here.test"), PLAIN),
    ),
    "recorded for everybody": (HERE, (allow(b"*"),), (allow(b"*"),)),
    # What the server refused to that page, cookies and headers, is refused to this one.
    "recorded by another page": (
        HERE,
        (allow(b"http://there.test"), PLAIN),
        (allow(b"http://here.test"), PLAIN, VARY),
    ),
    "in any case": (
        HERE,
        ((b"access-control-allow-origin", b"null"), (b"VARY", b"accept, ORIGIN")),
        ((b"access-control-allow-origin", b"http://here.test"), (b"VARY", b"accept, ORIGIN")),
    ),
    "a page of no origin": (
        ((b"origin", b"null"),),
        (allow(b"http://there.test"), (b"Vary", b"*")),
        (allow(b"null"), (b"Vary", b"*")),
    ),
}


@pytest.mark.parametrize(("asks", "recorded", "given"), ADMITTED.values(), ids=list(ADMITTED))
def test_the_page_that_asks_is_admitted(asks: Headers, recorded: Headers, given: Headers) -> None:
    head = build.response(recorded)
    assert admitted(head, build.request(headers=asks)).headers == given


ASKED = (b"Access-Control-Request-Method", b"POST")
PREFLIGHTS: dict[str, tuple[str, Headers, str | None]] = {
    "a preflight": ("OPTIONS", (*HERE, ASKED), "POST"),
    "in any case": ("OPTIONS", ((b"ORIGIN", b"null"), (b"access-control-request-method", b"PUT")), "PUT"),
    "a question for the server's options": ("OPTIONS", HERE, None),
    "no page": ("OPTIONS", (ASKED,), None),
    "another method": ("POST", (*HERE, ASKED), None),
}


@pytest.mark.parametrize(("method", "headers", "asked"), PREFLIGHTS.values(), ids=list(PREFLIGHTS))
def test_what_is_a_preflight(method: str, headers: Headers, asked: str | None) -> None:
    assert asked_method(build.request(method, headers=headers)) == asked


def test_leave_is_given_for_the_methods_and_for_every_header_asked_for() -> None:
    names = (b"Access-Control-Request-Headers", b"authorization,content-type")
    head = leave(build.request("OPTIONS", headers=(*HERE, ASKED, names)), ["GET", "POST"])
    assert (head.status, head.framing) == (204, Framing.NONE)
    granted = dict(head.headers)
    assert granted[b"Access-Control-Allow-Methods"] == b"GET, POST"
    assert granted[b"Access-Control-Allow-Headers"] == b"authorization,content-type"
    assert granted[b"Access-Control-Allow-Origin"] == b"http://here.test"
    assert granted[b"Access-Control-Allow-Credentials"] == b"true"
    assert granted[b"Vary"] == b"Origin"


def test_leave_names_no_header_where_none_is_asked_for() -> None:
    head = leave(build.request("OPTIONS", headers=(*HERE, ASKED)), ["POST"])
    assert b"Access-Control-Allow-Headers" not in dict(head.headers)
