"""How a stream was sent."""

from __future__ import annotations

import re

import orjson

from sseproxy.analysis.lint import rules
from sseproxy.analysis.lint.block import Findings, Found
from sseproxy.analysis.lint.finding import Place
from sseproxy.exchange import Ending, Framing, Headers, Request, ResponseHead, header, media_type, tokens
from sseproxy.printable import counted, printable_bytes
from sseproxy.sse import EVENT_STREAM

_BEGINS_LIKE_EVENTS = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:(?:data|event|id|retry):|:[^\r\n]*[\r\n]|message:\r?\n)"
)
_CUT = {
    Ending.TRUNCATED: "the connection was closed before the end that the framing promises",
    Ending.UPSTREAM_RESET: "the connection was reset",
    Ending.UPSTREAM_TIMEOUT: "nothing came for longer than the recorder waits",
    Ending.ERROR: "what came is no body",
}


def looks_like_events(body: bytes) -> bool:
    """Whether a body that is declared as something else begins as an event stream does."""
    return _BEGINS_LIKE_EVENTS.match(body) is not None


def check_type(headers: Headers, place: Place) -> Findings:
    """Of a body that is an event stream, whatever its head says."""
    kind = media_type(headers)
    if kind != EVENT_STREAM:
        told = f"is `{printable_bytes(kind)}`" if kind else "is missing"
        yield Found(rules.CONTENT_TYPE, place, f"the body is an event stream, its Content-Type {told}")


def check_head(request: Request | None, response: ResponseHead, place: Place) -> Findings:
    """The head of a stream."""
    headers = response.headers
    coding = header(headers, b"content-encoding")
    if coding and coding.lower() != b"identity":
        yield Found(rules.COMPRESSED, place, f"Content-Encoding is `{printable_bytes(coding)}`")
    yield from _check_caching(request, headers, place)
    buffering = header(headers, b"x-accel-buffering")
    if buffering is None or buffering.lower() != b"no":
        yield Found(rules.BUFFERING, place, "there is no `X-Accel-Buffering: no`")
    if response.framing is Framing.LENGTH:
        length = printable_bytes(header(headers, b"content-length") or b"")
        yield Found(rules.FIXED_LENGTH, place, f"Content-Length is {length}")
    elif response.framing is Framing.CLOSE:
        yield Found(rules.UNFRAMED, place, "the body is neither chunked nor has it a length")


def _check_caching(request: Request | None, headers: Headers, place: Place) -> Findings:
    said = {each.partition(b"=")[0]: each.partition(b"=")[2] for each in tokens(headers, b"cache-control")}
    if said.keys() & {b"no-cache", b"no-store", b"private"}:
        return
    kept = [name for name in (b"public", b"max-age", b"s-maxage") if name in said and said[name] != b"0"]
    if kept:
        value = printable_bytes(header(headers, b"cache-control") or b"")
        yield Found(rules.CACHEABLE, place, f"Cache-Control is `{value}`")
    elif request and request.method in ("GET", "HEAD") and b"max-age" not in said:
        yield Found(rules.CACHEABLE, place, "it answers a GET, and there is no `Cache-Control: no-cache`")
    else:
        yield Found(rules.NO_CACHE_CONTROL, place, "there is no `Cache-Control: no-cache`")


def check_not_streamed(request: Request | None, response: ResponseHead, place: Place) -> Findings:
    """The head of an answer that is no stream."""
    if request and response.status == 200 and media_type(response.headers) == b"application/json":
        try:
            body = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return
        for name in ("streaming", "stream"):
            if isinstance(body, dict) and body.get(name) in (True, "true"):
                message = f"the request says `{name}`, the answer is application/json"
                yield Found(rules.NOT_STREAMED, place, message)


def check_ending(ending: Ending, detail: str, events: int, place: Place) -> Findings:
    """`detail`: what the recorder said of it; may be empty. `events`: how many had come until then."""
    if ending in _CUT:
        message = f"{ending}: {detail or _CUT[ending]}; {counted(events, 'event')} had come"
        yield Found(rules.CUT, place, message)
