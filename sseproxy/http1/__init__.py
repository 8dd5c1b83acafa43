"""HTTP/1.1 as an intermediary has to write it: values in, bytes out.

The rules are RFC 9110, section 7.6 (what an intermediary changes) and RFC 9112 (the message syntax).
"""

from sseproxy.http1.answers import own_answer, plain_response, problem_response
from sseproxy.http1.checks import HEAD_LIMIT, asks_for_websocket, origin_form, refusal
from sseproxy.http1.framing import (
    SWITCHING_PROTOCOLS,
    ResponseFramer,
    chunk,
    last_chunk,
    persistent,
    response_framing,
)
from sseproxy.http1.heads import SCOPE, interim_head, request_head
from sseproxy.http1.intake import Intake, RefusedError

__all__ = [
    "HEAD_LIMIT",
    "SCOPE",
    "SWITCHING_PROTOCOLS",
    "Intake",
    "RefusedError",
    "ResponseFramer",
    "asks_for_websocket",
    "chunk",
    "interim_head",
    "last_chunk",
    "origin_form",
    "own_answer",
    "persistent",
    "plain_response",
    "problem_response",
    "refusal",
    "request_head",
    "response_framing",
]
