"""Answers of our own, where there is none of the upstream's to pass on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from sseproxy.exchange import End, Ending, Framing, Headers, ResponseHead


def plain_response(status: int, sentence: str, headers: Headers = ()) -> tuple[ResponseHead, bytes]:
    """An answer of our own: the head and a body of one sentence."""
    body = f"{sentence}\n".encode()
    fields = (
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"Content-Length", str(len(body)).encode()),
        *headers,
    )
    return _head(status, fields), body


def problem_response(problem: Mapping[str, object], headers: Headers = ()) -> tuple[ResponseHead, bytes]:
    """An answer of our own: a problem detail object (RFC 9457), which has a `status`."""
    body = json.dumps(problem, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    fields = (
        (b"Content-Type", b"application/problem+json"),
        (b"Content-Length", str(len(body)).encode()),
        *headers,
    )
    status = problem["status"]
    assert isinstance(status, int)
    return _head(status, fields), body


def _head(status: int, headers: Headers) -> ResponseHead:
    try:
        reason = HTTPStatus(status).phrase.encode()
    except ValueError:
        reason = b""  # a number of someone's own
    return ResponseHead(0, status, reason, "1.1", headers, Framing.LENGTH)


_OWN_STATUS = {
    Ending.UPSTREAM_TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    Ending.PROXY_STOPPED: HTTPStatus.SERVICE_UNAVAILABLE,
}
_SILENT = frozenset({Ending.CLIENT_LEFT, Ending.INCOMPLETE})


def own_answer(end: End) -> tuple[ResponseHead, bytes] | None:
    """What the client gets where the upstream gave no head; None: the connection just closes.

    The recorder and the replay both come here, so they say the same.
    """
    if end.reason in _SILENT:
        return None
    return plain_response(_OWN_STATUS.get(end.reason, HTTPStatus.BAD_GATEWAY), f"sseproxy: {end.detail}")
