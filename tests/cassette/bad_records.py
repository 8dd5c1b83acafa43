"""Records that no reader should take for what they say they are, and what the decoder says of each.

The schema refuses all of them too.
"""

from __future__ import annotations

from typing import NamedTuple

from .lines import DATA, END, HEAD, NOTE, REQUEST, RESPONSE, UPLOAD, UPLOAD_END, Record, but, without


class Bad(NamedTuple):
    record: Record
    problem: str
    """As the error has it, behind the line."""

    @property
    def name(self) -> str:
        return self.problem


NUMBER = "a whole number from 0"
OCTETS = 'a string or {"b64": …}'
FRAMINGS = "chunked, length, close, none"
CONTENT = "there should be either `text` or `b64`, a string"
PAIRS = "a list of [name, value]"


def _missing(record: Record, *names: str) -> list[Bad]:
    return [Bad(without(record, name), f"`{record['k']}` record: `{name}` is missing") for name in names]


def _wrong(record: Record, name: str, expected: str, *values: object) -> list[Bad]:
    problem = f"`{record['k']}` record: `{name}` should be {expected}"
    return [Bad(but(record, **{name: value}), problem) for value in values]


BAD_HEADS = (
    *_missing(HEAD, "id", "by", "wall", "session", "session_t", "upstream"),
    *_wrong(HEAD, "id", "a string", 1, None, ["a"]),
    *_wrong(HEAD, "by", "a string", {}),
    *_wrong(HEAD, "wall", "a string", 1795394494),
    *_wrong(HEAD, "session", "a string", False),
    *_wrong(HEAD, "session_t", NUMBER, -1, 1.5, "1", True, None),
    *_wrong(HEAD, "upstream", "a string", None),
)

BAD_REQUESTS = (
    *_missing(REQUEST, "method", "target", "version", "headers", "body"),
    *_wrong(REQUEST, "method", "a string", 1, {"b64": "UE9TVA=="}),
    *_wrong(REQUEST, "target", OCTETS, 1, None, {}, {"b64": 1}, ["/"]),
    *_wrong(REQUEST, "target", "base64", {"b64": "/"}, {"b64": "L w=="}, {"b64": "Lw"}, {"b64": "é"}),
    *_wrong(REQUEST, "version", "a string", 1.1),
    *_wrong(REQUEST, "headers", "a list", {"Host": "a"}, "Host: a", None),
    *_wrong(REQUEST, "headers", PAIRS, ["Host: a"], [["Host"]], [["Host", "a", "b"]], [{"Host": "a"}]),
    *_wrong(REQUEST, "headers", OCTETS, [["Host", 1]], [[None, "a"]], [["Host", {"text": "a"}]]),
    *_wrong(REQUEST, "headers", "base64", [[{"b64": "?"}, "a"]], [["Host", {"b64": "YQ="}]]),
    *_wrong(REQUEST, "body", "an object", "a", None, ["a"]),
    *(
        Bad(but(REQUEST, body=body), f"`request` record: {CONTENT}")
        for body in ({"bytes": 0}, {"text": 1, "bytes": 1}, {"text": "a", "b64": "YQ==", "bytes": 1})
    ),
)

BAD_RESPONSES = (
    *_missing(RESPONSE, "t", "status", "reason", "version", "headers", "framing"),
    *_wrong(RESPONSE, "t", NUMBER, -1, 0.5, "0", None, False),
    *_wrong(RESPONSE, "status", NUMBER, "200", 200.5, -200),
    *_wrong(RESPONSE, "reason", OCTETS, None, 200),
    *_wrong(RESPONSE, "version", "a string", 11),
    *_wrong(RESPONSE, "headers", "a list", None),
    *_wrong(RESPONSE, "headers", PAIRS, [[]]),
    *_wrong(RESPONSE, "framing", "a string", None, 1),
    *_wrong(RESPONSE, "framing", f"one of {FRAMINGS}, not 'Chunked'", "Chunked"),
    *_wrong(RESPONSE, "framing", f"one of {FRAMINGS}, not ''", ""),
)


def _bad_contents(record: Record) -> list[Bad]:
    bare = without(record, "text")
    contents: tuple[Record, ...] = (
        {},
        {"text": None},
        {"text": 1},
        {"b64": ["YQ=="]},
        {"text": "a", "b64": "YQ=="},
    )
    return [
        *(Bad({**bare, **content}, f"`{record['k']}` record: {CONTENT}") for content in contents),
        *_wrong(bare, "b64", "base64", "?", "YQ=", "YQ", "Y Q=", "é", "YQ==YQ=="),
    ]


BAD_DATA = (
    *_missing(DATA, "t"),
    *_wrong(DATA, "t", NUMBER, -1, 2.5, None, "2"),
    *_bad_contents(DATA),
)
BAD_UPLOADS = (
    *_bad_contents(UPLOAD),
    *_missing(UPLOAD_END, "complete"),
    *_wrong(UPLOAD_END, "complete", "true or false", 1, "true", None),
)
BAD_NOTES = (
    *_missing(NOTE, "t", "text", "tags"),
    *_wrong(NOTE, "t", NUMBER, -1, None),
    *_wrong(NOTE, "text", "a string", 1, {"b64": "YQ=="}),
    *_wrong(NOTE, "tags", "a list", "mark", None),
)

REASONS = (
    "clean, eof_unframed, truncated, upstream_reset, upstream_timeout, connect_failed, client_left, "
    "proxy_stopped, limit, lossy, error"
)
BAD_ENDS = (
    *_missing(END, "t", "reason", "bytes"),
    *_wrong(END, "t", NUMBER, -1, None),
    *_wrong(END, "reason", "a string", None, 1),
    *_wrong(END, "bytes", NUMBER, -1, "9", 9.5, None),
    *_wrong(END, "trailers", "a list", None, {}),
    *_wrong(END, "trailers", PAIRS, ["a"]),
    *_wrong(END, "detail", "a string", None, 1),
)

BAD_RECORDS = (*BAD_REQUESTS, *BAD_RESPONSES, *BAD_DATA, *BAD_UPLOADS, *BAD_NOTES, *BAD_ENDS)
