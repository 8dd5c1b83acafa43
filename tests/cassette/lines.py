"""Lines of a cassette by hand, so that what is read is not what our own encoder thinks it should be."""

from __future__ import annotations

from typing import Any

import orjson

Record = dict[str, Any]

HEAD: Record = {
    "k": "head",
    "format": "sse-cassette",
    "version": 1,
    "id": "01M83A461QMGAYW5",
    "by": "sseproxy/0.1.0",
    "wall": "2026-11-23T00:41:34.120415Z",
    "session": "01M83A461QMGAYW4",
    "session_t": 5120331,
    "upstream": "http://localhost:3000",
}
REQUEST: Record = {
    "k": "request",
    "t": 0,
    "method": "POST",
    "target": "/api/v1/prediction/5f0c",
    "version": "1.1",
    "headers": [["Host", "localhost:8080"], ["Content-Type", "application/json"]],
    "body": {"text": '{"question":"Hi"}', "bytes": 17},
}
UPLOAD: Record = {"k": "upload", "t": 10, "text": "more"}
UPLOAD_END: Record = {"k": "upload_end", "t": 20, "bytes": 21, "complete": True}
RESPONSE: Record = {
    "k": "response",
    "t": 100,
    "status": 200,
    "reason": "OK",
    "version": "1.1",
    "headers": [["Content-Type", "text/event-stream"]],
    "framing": "chunked",
}
DATA: Record = {"k": "data", "t": 200, "text": "data: a\n\n"}
NOTE: Record = {"k": "note", "t": 250, "text": "here", "tags": ["mark"]}
END: Record = {"k": "end", "t": 300, "reason": "clean", "bytes": 9}

WHOLE = (HEAD, REQUEST, RESPONSE, DATA, END)
EACH = (HEAD, REQUEST, UPLOAD, UPLOAD_END, RESPONSE, DATA, NOTE, END)


def but(record: Record, **changed: object) -> Record:
    return {**record, **changed}


def without(record: Record, name: str) -> Record:
    return {key: value for key, value in record.items() if key != name}


def lines(*records: Record | bytes) -> bytes:
    """A cassette of these records; bytes are a line as they are, without its LF."""
    return b"".join((each if isinstance(each, bytes) else orjson.dumps(each)) + b"\n" for each in records)
