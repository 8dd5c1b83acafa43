"""An entry of a HAR that `sseproxy export` wrote, read back."""

from __future__ import annotations

import base64
from typing import Any

import orjson

from sseproxy.cassette import encode
from sseproxy.cassette.decode import decode
from sseproxy.exchange import Exchange


def own(entry: dict[str, Any]) -> Exchange | None:
    """The exchange as it was; None where the entry is not ours, or a hand has changed the size of a body."""
    kept = entry.get("_sseproxy")
    if not isinstance(kept, dict):
        return None
    request, body = _request_body(entry, kept), _body(entry, kept)
    lines = []
    position = 0
    for record in kept["records"]:
        if record["k"] == "request":
            if record["body"]["bytes"] != len(request):
                return None
            record["body"] = {**encode.content(request), "bytes": len(request)}
        if record["k"] == "data":
            stop = position + record["bytes"]
            lines.append(encode.data(record["t"], body[position:stop]))
            position = stop
        else:
            lines.append(orjson.dumps(record) + b"\n")
    return decode(b"".join(lines)) if position == len(body) else None


def _request_body(entry: dict[str, Any], kept: dict[str, Any]) -> bytes:
    if "request_body" in kept:
        return base64.b64decode(kept["request_body"])
    text: str = entry["request"].get("postData", {}).get("text", "")
    return text.encode()


def _body(entry: dict[str, Any], kept: dict[str, Any]) -> bytes:
    if "body" in kept:
        return base64.b64decode(kept["body"])
    return content(entry["response"]["content"])


def content(told: dict[str, Any]) -> bytes:
    """The body bytes in a `content` of a HAR. Raises ValueError for what is no base64 and says it is."""
    text: str = told.get("text") or ""
    return base64.b64decode(text) if told.get("encoding") == "base64" else text.encode()
